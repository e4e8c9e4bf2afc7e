//! Answers of commands, first time and repeated.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, HttpResponseBuilder};

use super::problem::Problem;
use crate::error::AppError;
use crate::services::idempotency::Answer;

/// Sends what a command answered, byte for byte, and says when it is a repetition.
///
/// # Errors
/// Internal, when the answer has no valid status.
pub fn send(answer: Answer) -> Result<HttpResponse, Problem> {
    let status = StatusCode::from_u16(answer.status).map_err(|error| AppError::Internal(error.into()))?;
    let mut response = HttpResponseBuilder::new(status);
    for (name, value) in [
        (header::LOCATION, answer.headers.location),
        (header::ETAG, answer.headers.etag),
        (header::CONTENT_LANGUAGE, answer.headers.content_language),
    ] {
        if let Some(value) = value {
            response.insert_header((name, value));
        }
    }
    if answer.replayed {
        response.insert_header(("Idempotent-Replayed", "true"));
    }
    if answer.body.is_empty() {
        return Ok(response.finish());
    }
    Ok(response.content_type("application/json").body(answer.body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::idempotency::AnswerHeaders;

    #[test]
    fn a_repetition_differs_by_one_header_only() {
        let headers = AnswerHeaders {
            location: Some("/v1/x/1".to_owned()),
            ..AnswerHeaders::default()
        };
        let first = Answer {
            status: 201,
            headers,
            body: "{}".to_owned(),
            replayed: false,
        };
        let again = Answer {
            replayed: true,
            ..first.clone()
        };
        let (first, again) = (send(first).expect("fine"), send(again).expect("fine"));
        assert_eq!(
            (first.status(), again.status()),
            (StatusCode::CREATED, StatusCode::CREATED)
        );
        assert_eq!(first.headers().get("location"), again.headers().get("location"));
        assert!(first.headers().get("idempotent-replayed").is_none());
        assert_eq!(again.headers().get("idempotent-replayed").expect("set"), "true");
        let wrong = Answer {
            status: 7,
            headers: AnswerHeaders::default(),
            body: String::new(),
            replayed: false,
        };
        assert!(send(wrong).is_err());
    }
}

//! Answers of commands: made inside the transaction of the effect, stored under the idempotency key, sent as they are.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, HttpResponseBuilder};
use serde::Serialize;

use super::etag;
use super::problem::Problem;
use crate::error::AppError;
use crate::services::idempotency::{Answer, AnswerHeaders};

/// The answer `status` with `dto` as its body. `version` is the prefix and version for its entity tag, `location` where a
/// created object is.
///
/// # Errors
/// Internal, when the DTO cannot be written as JSON.
pub fn answer<T: Serialize>(
    status: StatusCode,
    dto: &T,
    version: Option<(&str, i64)>,
    location: Option<String>,
) -> Result<Answer, AppError> {
    let body = serde_json::to_string(dto).map_err(|error| AppError::Internal(error.into()))?;
    let etag = version.map(|(kind, version)| etag::tag(kind, version, body.as_bytes()));
    Ok(Answer {
        status: status.as_u16(),
        headers: AnswerHeaders {
            location,
            etag,
            content_language: None,
        },
        body,
        replayed: false,
    })
}

/// Sends an answer; one that was sent before says so in `Idempotent-Replayed`.
///
/// # Errors
/// Internal, when a stored status is none.
pub fn send(answer: Answer) -> Result<HttpResponse, Problem> {
    let status = StatusCode::from_u16(answer.status).map_err(|error| AppError::Internal(error.into()))?;
    let mut response = HttpResponseBuilder::new(status);
    let headers = [
        (header::LOCATION, answer.headers.location),
        (header::ETAG, answer.headers.etag),
        (header::CONTENT_LANGUAGE, answer.headers.content_language),
    ];
    for (name, value) in headers {
        if let Some(value) = value {
            response.insert_header((name, value));
        }
    }
    if answer.replayed {
        response.insert_header(("idempotent-replayed", "true"));
    }
    Ok(response.content_type("application/json").body(answer.body))
}

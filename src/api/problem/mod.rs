//! RFC 9457 problem documents: the one shape of every answer with a status of 400 or more.
//!
//! A handler returns [`Problem`] (`?` turns an [`AppError`] into one). It is kept with its language-free facts until the
//! envelope middleware, which knows the caller's language and the request id, renders it.

mod code;
mod document;
mod mapping;

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use serde_json::{Map, Value};

use crate::domain::localized::{Locale, LocalizedText};
use crate::error::{FieldError, Source};

pub use code::ProblemCode;
pub use document::{ProblemDocument, ProblemField};

/// Media type of every problem document.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// What a problem document says about the request; known to the envelope middleware only.
#[derive(Debug, Clone, Default)]
pub struct ProblemContext {
    /// Language of the texts.
    pub locale: Locale,
    /// Id of the request.
    pub request_id: Option<String>,
    /// Path of the request.
    pub instance: Option<String>,
}

/// A refused or failed request, before it is put into the caller's language.
#[derive(Debug)]
pub struct Problem(Box<Facts>);

/// Boxed, so that a `Result` stays small on the way where nothing fails.
#[derive(Debug)]
struct Facts {
    code: ProblemCode,
    detail: Option<LocalizedText>,
    errors: Vec<FieldError>,
    members: Map<String, Value>,
    headers: Vec<(header::HeaderName, String)>,
    source: Option<Source>,
}

impl Problem {
    /// A problem whose detail is the explanation of its code.
    pub fn new(code: ProblemCode) -> Self {
        Self(Box::new(Facts {
            code,
            detail: None,
            errors: Vec::new(),
            members: Map::new(),
            headers: Vec::new(),
            source: None,
        }))
    }

    /// Says what happened this time.
    #[must_use]
    pub fn detail(mut self, detail: LocalizedText) -> Self {
        self.0.detail = Some(detail);
        self
    }

    /// Lists the wrong values.
    #[must_use]
    pub fn errors(mut self, errors: Vec<FieldError>) -> Self {
        self.0.errors = errors;
        self
    }

    /// Adds an extension member; the members of the standard shape cannot be overwritten.
    #[must_use]
    pub fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        if !document::RESERVED_MEMBERS.contains(&name) {
            self.0.members.insert(name.to_owned(), value.into());
        }
        self
    }

    /// Adds a response header.
    #[must_use]
    pub fn header(mut self, name: header::HeaderName, value: impl Into<String>) -> Self {
        self.0.headers.push((name, value.into()));
        self
    }

    /// Keeps the cause for the log.
    #[must_use]
    pub fn caused_by(mut self, source: Source) -> Self {
        self.0.source = Some(source);
        self
    }

    /// Its code.
    pub fn code(&self) -> ProblemCode {
        self.0.code
    }

    /// The cause and its chain of causes in one line, for the log.
    pub fn cause(&self) -> Option<String> {
        let source = self.0.source.as_ref()?;
        let mut text = source.to_string();
        let mut next = source.source();
        while let Some(cause) = next {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            next = cause.source();
        }
        Some(text)
    }

    /// The response in the language of `context`.
    pub fn respond(&self, context: &ProblemContext) -> HttpResponse {
        let document = ProblemDocument::build(self, context);
        let mut response = HttpResponse::build(self.0.code.status());
        response
            .insert_header((header::CONTENT_TYPE, PROBLEM_JSON))
            .insert_header((header::CONTENT_LANGUAGE, context.locale.as_str()))
            .insert_header((header::CACHE_CONTROL, "no-store"));
        for (name, value) in &self.0.headers {
            response.insert_header((name.clone(), value.as_str()));
        }
        response.body(serde_json::to_vec(&document).unwrap_or_default())
    }
}

/// Only for the log: code and detail, never the cause.
impl std::fmt::Display for Problem {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.0.code.as_str())
    }
}

impl std::error::Error for Problem {}

impl actix_web::ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.0.code.status()
    }

    fn error_response(&self) -> HttpResponse {
        self.respond(&ProblemContext::default())
    }
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;
    use serde_json::json;

    use super::*;
    use crate::domain::violation::Violation;
    use crate::error::{AppError, AuthFailure, OAuthError};

    async fn render(problem: Problem, locale: Locale) -> (HttpResponse<()>, Value) {
        let context = ProblemContext {
            locale,
            request_id: Some("req_1".to_owned()),
            instance: Some("/v1/subscriptions".to_owned()),
        };
        let (head, body) = problem.respond(&context).into_parts();
        let bytes = to_bytes(body).await.unwrap_or_default();
        (head, serde_json::from_slice(&bytes).expect("a JSON document"))
    }

    #[actix_web::test]
    async fn a_refused_command_carries_its_code_params_and_pointer() {
        let violation = Violation::conflict("plan_change_pending", "Schon vorgemerkt.", "Already scheduled.")
            .at("/plan")
            .with("plan_change_id", "pch_1")
            .with("status", "ignored");
        let (head, body) = render(AppError::from(violation).into(), Locale::De).await;
        assert_eq!(head.status(), StatusCode::CONFLICT);
        assert_eq!(head.headers().get("content-language").expect("set"), "de");
        assert_eq!(
            body,
            json!({
                "type": "/problems/plan_change_pending", "title": "Vertragswechsel bereits vorgemerkt", "status": 409,
                "detail": "Schon vorgemerkt.", "instance": "/v1/subscriptions", "code": "plan_change_pending",
                "request_id": "req_1",
                "errors": [{"pointer": "/plan", "code": "plan_change_pending", "detail": "Schon vorgemerkt."}],
                "plan_change_id": "pch_1",
            })
        );
    }

    #[actix_web::test]
    async fn an_unknown_violation_code_never_becomes_a_server_error() {
        let (head, body) = render(
            AppError::from(Violation::invalid("nobody_knows", "a", "b")).into(),
            Locale::En,
        )
        .await;
        assert_eq!(head.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(
            (body["code"].as_str(), body["detail"].as_str()),
            (Some("validation_failed"), Some("b"))
        );
    }

    #[actix_web::test]
    async fn field_errors_answer_422_in_the_body_and_400_elsewhere() {
        let body_error = FieldError::body("/quantity", "out_of_range", "zu groß", "too big").with("max", 5);
        let (head, body) = render(AppError::field(body_error).into(), Locale::En).await;
        assert_eq!(head.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(body["errors"][0]["params"], json!({"max": 5}));
        let query_error = FieldError::query("limit", "out_of_range", "zu groß", "too big");
        let (head, body) = render(AppError::field(query_error).into(), Locale::En).await;
        assert_eq!(head.status(), StatusCode::BAD_REQUEST);
        assert_eq!(body["code"], "invalid_parameter");
        assert_eq!(
            body["errors"][0],
            json!({"parameter": "limit", "in": "query", "code": "out_of_range", "detail": "too big"})
        );
    }

    #[actix_web::test]
    async fn the_causes_of_faults_stay_inside() {
        let problem = Problem::from(AppError::internal("password of the database"));
        assert_eq!(problem.cause().as_deref(), Some("password of the database"));
        let (head, body) = render(problem, Locale::En).await;
        assert_eq!(head.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!body.to_string().contains("password"));
        let (head, _) = render(AppError::Unavailable("down".into()).into(), Locale::En).await;
        assert_eq!(head.headers().get("retry-after").expect("set"), "1");
    }

    #[actix_web::test]
    async fn a_missing_login_is_challenged() {
        let (head, body) = render(AppError::Unauthenticated(AuthFailure::TokenExpired).into(), Locale::En).await;
        let challenge = head
            .headers()
            .get("www-authenticate")
            .expect("set")
            .to_str()
            .expect("text");
        assert!(
            challenge.starts_with("Bearer") && challenge.contains("invalid_token"),
            "{challenge}"
        );
        assert_eq!(body["code"], "token_expired");
        let refused = AppError::OAuth(OAuthError::InvalidGrant, LocalizedText::new("Nein.", "No."));
        let (head, body) = render(refused.into(), Locale::En).await;
        assert_eq!(head.status(), StatusCode::BAD_REQUEST);
        assert_eq!(
            (body["error"].as_str(), body["error_description"].as_str()),
            (Some("invalid_grant"), Some("No."))
        );
    }
}

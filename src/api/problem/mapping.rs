//! The one place where what a use case answers becomes a problem of the API.

use actix_web::http::header;

use super::{Problem, ProblemCode};
use crate::domain::localized::LocalizedText;
use crate::domain::violation::{Violation, ViolationKind};
use crate::error::{AppError, AuthFailure, FieldError, FieldPlace, OAuthError};

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Refused(violation) => refused(*violation),
            AppError::Validation(errors) => invalid(errors),
            AppError::NotFound => Self::new(ProblemCode::NotFound),
            AppError::Forbidden { required_scopes } => {
                let challenge = format!(
                    "Bearer error=\"insufficient_scope\", scope=\"{}\"",
                    required_scopes.join(" ")
                );
                Self::new(ProblemCode::InsufficientScope)
                    .member("required_scopes", required_scopes)
                    .header(header::WWW_AUTHENTICATE, challenge)
            }
            AppError::Unauthenticated(failure) => unauthenticated(failure),
            AppError::PreviewStale(preview) => Self::new(ProblemCode::PreviewStale).member("preview", *preview),
            AppError::IdempotencyKeyReused => Self::new(ProblemCode::IdempotencyKeyReused),
            AppError::PreconditionFailed { current_etag } => Self::new(ProblemCode::PreconditionFailed)
                .header(header::ETAG, current_etag.clone())
                .member("current_etag", current_etag),
            AppError::RateLimited { retry_after_seconds } => Self::new(ProblemCode::RateLimited)
                .header(header::RETRY_AFTER, retry_after_seconds.to_string())
                .member("retry_after_seconds", retry_after_seconds),
            AppError::OAuth(error, description) => oauth(error, description),
            AppError::Unavailable(source) => Self::new(ProblemCode::ServiceUnavailable)
                .header(header::RETRY_AFTER, "1")
                .caused_by(source),
            AppError::Internal(source) => Self::new(ProblemCode::InternalError).caused_by(source),
        }
    }
}

fn refused(violation: Violation) -> Problem {
    let code = ProblemCode::parse(violation.code).unwrap_or_else(|| {
        tracing::error!(
            code = violation.code,
            "a rule uses a problem code the API does not know"
        );
        match violation.kind {
            ViolationKind::Conflict => ProblemCode::StateConflict,
            ViolationKind::Invalid => ProblemCode::ValidationFailed,
        }
    });
    let mut problem = Problem::new(code);
    if let Some(pointer) = violation.pointer {
        let place = FieldPlace::Pointer(pointer);
        problem = problem.errors(vec![FieldError::new(place, violation.code, violation.detail.clone())]);
    }
    for (name, value) in *violation.params {
        problem = problem.member(&name, value);
    }
    problem.detail(violation.detail)
}

/// Faults in the body are 422; where only parameters or headers are wrong the request itself is malformed (400).
fn invalid(errors: Vec<FieldError>) -> Problem {
    let in_body = errors.iter().any(|error| matches!(error.place, FieldPlace::Pointer(_)));
    let in_header = errors.iter().any(|error| matches!(error.place, FieldPlace::Header(_)));
    let code = match (in_body, in_header) {
        (true, _) => ProblemCode::ValidationFailed,
        (false, true) => ProblemCode::InvalidHeader,
        (false, false) => ProblemCode::InvalidParameter,
    };
    Problem::new(code).errors(errors)
}

fn unauthenticated(failure: AuthFailure) -> Problem {
    let (code, challenge) = match failure {
        AuthFailure::Missing => (ProblemCode::Unauthenticated, "Bearer realm=\"api\""),
        AuthFailure::InvalidToken => (
            ProblemCode::InvalidToken,
            "Bearer realm=\"api\", error=\"invalid_token\"",
        ),
        AuthFailure::TokenExpired => (
            ProblemCode::TokenExpired,
            "Bearer realm=\"api\", error=\"invalid_token\", error_description=\"The token has expired\"",
        ),
    };
    Problem::new(code).header(header::WWW_AUTHENTICATE, challenge)
}

/// `error` and `error_description` join the problem, so that OAuth clients find the members they expect; the description is
/// English, as RFC 6749 allows ASCII only.
fn oauth(error: OAuthError, description: LocalizedText) -> Problem {
    let code = match error {
        OAuthError::InvalidRequest => ProblemCode::InvalidRequest,
        OAuthError::InvalidClient => ProblemCode::InvalidClient,
        OAuthError::InvalidGrant => ProblemCode::InvalidGrant,
        OAuthError::UnsupportedGrantType => ProblemCode::UnsupportedGrantType,
        OAuthError::InvalidScope => ProblemCode::InvalidScope,
    };
    let mut problem = Problem::new(code)
        .member("error", code.as_str())
        .member("error_description", description.en.clone());
    if error == OAuthError::InvalidClient {
        problem = problem.header(header::WWW_AUTHENTICATE, "Bearer realm=\"api\"");
    }
    problem.detail(description)
}

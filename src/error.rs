//! What a use case answers when it does not succeed. Knows nothing of HTTP: `api::problem` maps it to a response.
//!
//! `Display` is deliberately not implemented on [`AppError`]: its sources are for the log, never for a client.

use serde_json::{Map, Value};

use crate::db::DbError;
use crate::domain::localized::LocalizedText;
use crate::domain::violation::Violation;

/// A cause for the log.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why a use case did not succeed. Nothing has changed, whatever the variant.
#[derive(Debug)]
pub enum AppError {
    /// A rule of the domain refused the command: 409 when the present state forbids it, 422 when it is wrong in any state.
    Refused(Box<Violation>),
    /// Fields of the request are wrong, all of them listed: 422, or 400 when they are query parameters or headers.
    Validation(Vec<FieldError>),
    /// It does not exist, or the caller may not see it (another provider's, another customer's).
    NotFound,
    /// The caller sees the object, but the role or the scopes never allow this action.
    Forbidden {
        /// The scopes that would allow it.
        required_scopes: Vec<String>,
    },
    /// Nobody is logged in, or the token is not good.
    Unauthenticated(AuthFailure),
    /// The preview that was confirmed no longer describes what would happen; carries the fresh preview.
    PreviewStale(Box<Value>),
    /// The idempotency key was used before with another request.
    IdempotencyKeyReused,
    /// The object has changed since the caller read it.
    PreconditionFailed {
        /// The entity tag it has now, quoted.
        current_etag: String,
    },
    /// Too many requests or attempts.
    RateLimited {
        /// Seconds after which the next attempt may succeed.
        retry_after_seconds: u64,
    },
    /// The token endpoint refuses in the words of RFC 6749 section 5.2.
    OAuth(OAuthError, LocalizedText),
    /// Something the server needs is not there right now (database down, busy); worth a retry.
    Unavailable(Source),
    /// A fault of the server; the source goes to the log, never to the client.
    Internal(Source),
}

impl AppError {
    /// A fault of the server, described for the log.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::Internal(message.into().into())
    }

    /// One wrong field of the request.
    pub fn field(error: FieldError) -> Self {
        Self::Validation(vec![error])
    }
}

impl From<Violation> for AppError {
    fn from(violation: Violation) -> Self {
        Self::Refused(Box::new(violation))
    }
}

impl From<DbError> for AppError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Unavailable(_) | DbError::Collision(_) => Self::Unavailable(Box::new(error)),
            DbError::UniqueViolation(_) | DbError::Other(_) => Self::Internal(Box::new(error)),
        }
    }
}

/// Why nobody counts as logged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthFailure {
    /// No credentials were sent.
    Missing,
    /// The token is malformed, unknown, revoked or wrongly signed.
    InvalidToken,
    /// The token was good once.
    TokenExpired,
}

/// Error codes of RFC 6749 section 5.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OAuthError {
    /// A parameter is missing, repeated or malformed.
    InvalidRequest,
    /// The `client_id` names no provider.
    InvalidClient,
    /// User name and password, or the refresh token, are not good.
    InvalidGrant,
    /// The grant type is not one of ours.
    UnsupportedGrantType,
    /// The scopes asked for are unknown or more than the user has.
    InvalidScope,
}

/// Where in the request a wrong value stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldPlace {
    /// JSON pointer (RFC 6901) into the request body.
    Pointer(String),
    /// Name of a query parameter.
    Query(String),
    /// Name of a path parameter.
    Path(String),
    /// Name of a header.
    Header(String),
}

/// One wrong value of a request.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldError {
    /// Where it stands.
    pub place: FieldPlace,
    /// Stable snake_case code.
    pub code: &'static str,
    /// What is wrong, in words.
    pub detail: LocalizedText,
    /// What the caller needs to mend it (`min`, `max`, `allowed` …).
    pub params: Map<String, Value>,
}

impl FieldError {
    /// A wrong value in the request body, named by JSON pointer (`/plan`).
    pub fn body(pointer: impl Into<String>, code: &'static str, de: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(FieldPlace::Pointer(pointer.into()), code, LocalizedText::new(de, en))
    }

    /// A wrong query parameter.
    pub fn query(name: impl Into<String>, code: &'static str, de: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(FieldPlace::Query(name.into()), code, LocalizedText::new(de, en))
    }

    /// A wrong value at `place`.
    pub fn new(place: FieldPlace, code: &'static str, detail: LocalizedText) -> Self {
        Self {
            place,
            code,
            detail,
            params: Map::new(),
        }
    }

    /// Adds what the caller needs to mend it.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.params.insert(name.to_owned(), value.into());
        self
    }
}

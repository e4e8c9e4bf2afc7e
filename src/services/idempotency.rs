//! Repetition without doubling: the key is claimed first in the transaction of the effect, and the response is stored in
//! it too. A concurrent command with the same key waits for this transaction and then gets the same answer.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::context::IdempotencyRequest;
use crate::db::DbConnection;
use crate::domain::access::Principal;
use crate::error::AppError;
use crate::repositories::idempotency::{self, IdempotencyKeyRow};

/// A response ready to be sent, and to be sent again byte by byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status, always 2xx: a refused command changed nothing and is not stored.
    pub status: u16,
    /// Headers that belong to the answer.
    pub headers: AnswerHeaders,
    /// JSON text.
    pub body: String,
    /// Whether it was stored before and is sent again.
    pub replayed: bool,
}

/// Headers that belong to an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerHeaders {
    /// Where the created object is.
    pub location: Option<String>,
    /// Entity tag of the body.
    pub etag: Option<String>,
    /// Language of the body.
    pub content_language: Option<String>,
}

/// Runs `command` once per key: a repetition gets the stored answer, the same key with another request is refused.
///
/// # Errors
/// [`AppError::IdempotencyKeyReused`], and those of `command`, after which the key is free again.
pub fn run(
    conn: &mut DbConnection,
    principal: &Principal,
    request: Option<&IdempotencyRequest>,
    now: OffsetDateTime,
    command: impl FnOnce(&mut DbConnection) -> Result<Answer, AppError>,
) -> Result<Answer, AppError> {
    let Some(request) = request else { return command(conn) };
    let row = IdempotencyKeyRow {
        principal_id: principal.id.clone(),
        key: request.key.clone(),
        fingerprint: request.fingerprint.clone(),
        response_status: None,
        response_headers: None,
        response_body: None,
        created_at: now.into(),
    };
    if !idempotency::claim(conn, &row)? {
        let stored = idempotency::find(conn, &principal.id, &request.key)?;
        return replay(request, stored);
    }
    let answer = command(conn)?;
    let headers = serde_json::to_string(&answer.headers).map_err(|error| AppError::Internal(error.into()))?;
    idempotency::store(
        conn,
        &principal.id,
        &request.key,
        i32::from(answer.status),
        &headers,
        &answer.body,
    )?;
    Ok(answer)
}

fn replay(request: &IdempotencyRequest, stored: Option<IdempotencyKeyRow>) -> Result<Answer, AppError> {
    let stored = stored.ok_or_else(|| AppError::internal("an idempotency key was taken and then gone"))?;
    if stored.fingerprint != request.fingerprint {
        return Err(AppError::IdempotencyKeyReused);
    }
    let (Some(status), Some(headers), Some(body)) =
        (stored.response_status, stored.response_headers, stored.response_body)
    else {
        return Err(AppError::internal(
            "an idempotency key was committed without a response",
        ));
    };
    Ok(Answer {
        status: u16::try_from(status).map_err(|error| AppError::Internal(error.into()))?,
        headers: serde_json::from_str(&headers).map_err(|error| AppError::Internal(error.into()))?,
        body,
        replayed: true,
    })
}

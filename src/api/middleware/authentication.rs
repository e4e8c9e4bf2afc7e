//! Finds out who is asking, before anything else of the request is read: so a bad token is answered before a bad body.
//!
//! The result waits in the request's extensions for the [`Principal`] extractor; operations without login never look.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::AUTHORIZATION;
use actix_web::middleware::Next;
use actix_web::{HttpMessage, web};

use crate::api::blocking;
use crate::api::problem::Problem;
use crate::domain::access::Principal;
use crate::error::{AppError, AuthFailure};
use crate::services::auth;
use crate::state::AppState;

/// What came of the credentials of a request. Absent when none were sent.
#[derive(Debug, Clone)]
pub struct Authentication(pub Result<Principal, AuthFailure>);

/// Middleware (`actix_web::middleware::from_fn`). A JWT is verified on the spot; an API key is looked up in the database.
///
/// # Errors
/// Only when the database is not available: whoever sends a key then learns nothing about it.
pub async fn authenticate(
    state: web::Data<AppState>,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    if let Some(credentials) = bearer(&request) {
        let outcome = match credentials {
            Err(failure) => Err(failure),
            Ok(token) => principal_of(&state, token).await?,
        };
        request.extensions_mut().insert(Authentication(outcome));
    }
    next.call(request).await
}

async fn principal_of(state: &web::Data<AppState>, token: String) -> Result<Result<Principal, AuthFailure>, Problem> {
    if !auth::is_api_key(&token) {
        return Ok(state.auth.tokens.verify(&token, state.clock.now()));
    }
    blocking(state, move |state| match auth::api_key_authenticate(state, &token) {
        Ok(principal) => Ok(Ok(principal)),
        Err(AppError::Unauthenticated(failure)) => Ok(Err(failure)),
        Err(error) => Err(error),
    })
    .await
}

/// The bearer token; `None` if there is no Authorization header or it uses another scheme.
fn bearer(request: &ServiceRequest) -> Option<Result<String, AuthFailure>> {
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let first = headers.next()?;
    if headers.next().is_some() {
        return Some(Err(AuthFailure::InvalidToken));
    }
    let Ok(text) = first.to_str() else {
        return Some(Err(AuthFailure::InvalidToken));
    };
    let (scheme, token) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| Ok(token.trim().to_owned()))
}

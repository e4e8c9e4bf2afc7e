//! The HTTP floor: handlers, DTOs, problems and the OpenAPI document. Knows the services, never the database.
//!
//! A handler unwraps its input with the extractors of [`extract`], makes one service call through [`blocking`], and maps the
//! answer to a DTO. Its errors are [`problem::Problem`]s (`?` makes one from an [`AppError`]).

pub mod add_ons;
pub mod answer;
pub mod api_keys;
pub mod auth;
pub mod choices;
pub mod customers;
pub mod etag;
pub mod extract;
pub mod instant;
pub mod jwks;
pub mod legal_documents;
pub mod locale;
pub mod me;
pub mod middleware;
pub mod money;
pub mod offer;
pub mod pagination;
pub mod plans;
pub mod problem;
pub mod products;
pub mod public;
pub mod sessions;

use actix_web::web;

use crate::error::AppError;
use crate::state::AppState;
use problem::Problem;

/// Runs a service function on the pool for blocking work, so that the database never stalls the thread that serves requests.
///
/// # Errors
/// Those of `work`; a panic in it becomes an internal error.
pub async fn blocking<T, F>(state: &web::Data<AppState>, work: F) -> Result<T, Problem>
where
    T: Send + 'static,
    F: FnOnce(&AppState) -> Result<T, AppError> + Send + 'static,
{
    let state = state.clone().into_inner();
    match web::block(move || work(&state)).await {
        Ok(result) => result.map_err(Problem::from),
        Err(_) => Err(AppError::internal("a service function panicked").into()),
    }
}

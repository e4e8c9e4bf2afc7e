//! The HTTP floor: handlers, DTOs, problems and the OpenAPI document. Knows the services, never the database.
//!
//! A handler unwraps its input with the extractors of [`extract`], makes one service call through [`blocking`], and maps the
//! answer to a DTO. Its errors are [`problem::Problem`]s (`?` makes one from an [`AppError`]).

pub mod add_on_bookings;
pub mod add_ons;
pub mod amounts;
pub mod answer;
pub mod api_keys;
pub mod auth;
pub mod because;
pub mod calculators;
pub mod cancellations;
pub mod charges;
pub mod choices;
pub mod civil_date;
pub mod commands;
pub mod contract_choices;
pub mod customers;
pub mod data_protection;
pub mod declarations;
pub mod emails;
pub mod entitlements;
pub mod etag;
pub mod events;
pub mod evidence;
pub mod extract;
pub mod health;
pub mod instant;
pub mod invoices;
pub mod jwks;
pub mod legal_documents;
pub mod locale;
pub mod me;
pub mod middleware;
pub mod money;
pub mod offer;
pub mod openapi;
pub mod options;
pub mod orders;
pub mod pages;
pub mod pagination;
mod parties;
pub mod payments;
pub mod plan_changes;
pub mod plans;
pub mod preview;
pub mod problem;
pub mod problems;
pub mod products;
pub mod public;
pub mod revocation;
pub mod sessions;
pub mod slot_kinds;
pub mod slots;
pub mod subscriptions;
pub mod test_clocks;
pub mod timeline;
pub mod usage;
pub mod webhook_deliveries;
pub mod webhook_endpoints;
pub mod withdrawals;

use actix_web::web;

use crate::error::AppError;
use crate::state::AppState;
use problem::Problem;

/// Mounts every operation. The server and the OpenAPI document are both made from this one list.
pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(utoipa_actix_web::scope("/v1").configure(configure_v1));
    config
        .configure(health::configure)
        .configure(jwks::configure)
        .configure(problems::configure)
        .configure(jwks::configure)
        .service(openapi::get_document);
}

/// The versioned API; each resource module mounts its own operations.
fn configure_v1(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config
        .configure(auth::configure)
        .configure(me::configure)
        .configure(products::configure)
        .configure(plans::configure)
        .configure(add_ons::configure)
        .configure(slot_kinds::configure)
        .configure(legal_documents::configure)
        .configure(public::configure)
        .configure(declarations::configure)
        .configure(data_protection::configure)
        .configure(customers::configure)
        .configure(sessions::configure)
        .configure(entitlements::configure)
        .configure(options::configure)
        .configure(subscriptions::configure)
        .configure(add_on_bookings::configure)
        .configure(slots::configure)
        .configure(orders::configure)
        .configure(timeline::configure)
        .configure(evidence::configure)
        .configure(plan_changes::configure)
        .configure(cancellations::configure)
        .configure(withdrawals::configure)
        .configure(charges::configure)
        .configure(usage::configure)
        .configure(invoices::configure)
        .configure(payments::configure)
        .configure(events::configure)
        .configure(emails::configure)
        .configure(webhook_endpoints::configure)
        .configure(webhook_deliveries::configure)
        .configure(calculators::configure)
        .configure(test_clocks::configure)
        .configure(api_keys::configure);
}

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
    let span = tracing::Span::current();
    match web::block(move || span.in_scope(|| work(&state))).await {
        Ok(result) => result.map_err(Problem::from),
        Err(_) => Err(AppError::internal("a service function panicked").into()),
    }
}

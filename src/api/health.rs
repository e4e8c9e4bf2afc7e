//! Is the process alive, can it serve, and how is it doing.

use actix_web::http::header;
use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::blocking;
use super::problem::Problem;
use crate::error::AppError;
use crate::services::health;
use crate::state::AppState;

/// A good state of health.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// Always `ok`; anything else is a problem document.
    #[schema(example = "ok", pattern = "^ok$", max_length = 2)]
    status: &'static str,
}

/// Mounts the operations of this module.
pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(get_liveness).service(get_readiness).service(get_metrics);
}

/// The process is alive.
#[utoipa::path(
    tag = "Operations",
    operation_id = "getLiveness",
    summary = "Check that the process is alive",
    description = "Answers as long as the process can answer at all; looks at nothing else.",
    security(()),
    responses((status = 200, description = "The process is alive.", body = Health))
)]
#[get("/livez")]
pub async fn get_liveness() -> HttpResponse {
    HttpResponse::Ok().json(Health { status: "ok" })
}

/// The server can serve.
#[utoipa::path(
    tag = "Operations",
    operation_id = "getReadiness",
    summary = "Check that the server can serve",
    description = "Asks the database and whether its migrations are current; 503 when requests should go elsewhere.",
    security(()),
    responses((status = 200, description = "The server can serve.", body = Health))
)]
#[get("/readyz")]
pub async fn get_readiness(state: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    blocking(&state, health::check).await?;
    Ok(HttpResponse::Ok().json(Health { status: "ok" }))
}

/// Figures about the server.
#[utoipa::path(
    tag = "Operations",
    operation_id = "getMetrics",
    summary = "Read the server's figures",
    description = "Counters and gauges in the OpenMetrics text format, for Prometheus and its kin. They name no customer.",
    security(()),
    responses((status = 200, description = "The figures.", body = String, content_type = "application/openmetrics-text",
        example = "vertragswerk_http_requests_in_flight 1\n# EOF\n"))
)]
#[get("/metrics")]
pub async fn get_metrics(state: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    if blocking(&state, health::refresh_figures).await.is_err() {
        tracing::warn!("the database is not available; the figures about due work are old");
    }
    let text = state.metrics.text().map_err(|error| AppError::Internal(error.into()))?;
    Ok(HttpResponse::Ok()
        .insert_header((
            header::CONTENT_TYPE,
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        ))
        .body(text))
}

//! Reading what is kept, and confirming what was erased.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};

use super::dto::{AcknowledgeErasure, DataErasure, DataRetentionDto};
use crate::api::answer::{answer, send};
use crate::api::blocking;
use crate::api::commands::{command, in_language};
use crate::api::extract::{CustomerId, ErasureId, NoParameters, OptionalJson, Query};
use crate::api::problem::Problem;
use crate::context::RequestContext;
use crate::domain::access::Principal;
use crate::services::retention::{self, Erasure};
use crate::state::AppState;

pub(super) fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(get_data_retention).service(acknowledge_erasure);
}

/// What is kept of a customer.
#[utoipa::path(
    tag = "Data protection",
    operation_id = "getDataRetention",
    summary = "Fetch what is kept of a customer",
    description = "What is kept, why and until when, and what was erased because a cancellation asked for it. While a contract goes on \
        nothing has a day of deletion.",
    params(CustomerId),
    responses((status = 200, description = "What is kept.", body = DataRetentionDto)),
    extensions(("x-required-scopes" = json!(["customers:read"])))
)]
#[get("/customers/{customer_id}/data-retention")]
pub async fn get_data_retention(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    customer_id: CustomerId,
    _query: Query<NoParameters>,
) -> Result<HttpResponse, Problem> {
    let find = move |state: &AppState| retention::find(state, &principal, &customer_id.0);
    let found = blocking(&state, find).await?;
    Ok(HttpResponse::Ok().json(DataRetentionDto::new(found, context.locale)))
}

/// Confirm an erasure.
#[utoipa::path(
    tag = "Data protection",
    operation_id = "acknowledgeErasure",
    summary = "Confirm erasure in own systems",
    description = "The provider confirms that its own systems have erased what the event `customer.data_erasure_due` told them to. Confirming \
        again changes nothing. The body may be left out.",
    params(ErasureId),
    request_body(content = Option<AcknowledgeErasure>, description = "A note for the record, if any."),
    responses((status = 200, description = "The erasure.", body = DataErasure)),
    extensions(
        ("x-required-scopes" = json!(["customers:write"])),
        ("x-problem-codes" = json!(["test_clock_advancing"]))
    )
)]
#[post("/erasures/{erasure_id}/acknowledge")]
pub async fn acknowledge_erasure(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    erasure_id: ErasureId,
    body: OptionalJson<AcknowledgeErasure>,
) -> Result<HttpResponse, Problem> {
    let locale = context.locale;
    let command = command(principal, context, body.body_hash, None);
    let note = body.value.note;
    let render = move |erasure: &Erasure| {
        let dto = DataErasure::from(erasure.clone());
        Ok(in_language(answer(StatusCode::OK, &dto, None, None)?, locale))
    };
    let work = move |state: &AppState| retention::acknowledge(state, &command, &erasure_id.0, note.as_deref(), &render);
    send(blocking(&state, work).await?)
}

//! The operations on webhook endpoints.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::dto::{
    CreateWebhookEndpoint, ReplayWebhooks, UpdateWebhookEndpoint, WebhookEndpointDto, WebhookEndpointList,
    WebhookEndpointSecret,
};
use crate::api::answer::{answer, send};
use crate::api::commands::command;
use crate::api::extract::{IfMatch, Json, MergePatch, NoParameters, Query, WebhookEndpointId};
use crate::api::pagination::{PageParams, Paging};
use crate::api::problem::Problem;
use crate::api::webhook_deliveries::{WebhookDeliveryDto, rendered_delivery};
use crate::api::{blocking, etag};
use crate::context::RequestContext;
use crate::domain::access::Principal;
use crate::domain::ids::IdKind;
use crate::error::AppError;
use crate::services::command::Command;
use crate::services::idempotency::Answer;
use crate::services::webhooks::{self, Endpoint, EndpointPatch, NewEndpoint, Revealed};
use crate::state::AppState;

/// Mounts the operations of this module.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(create_webhook_endpoint)
        .service(list_webhook_endpoints)
        .service(get_webhook_endpoint)
        .service(update_webhook_endpoint)
        .service(delete_webhook_endpoint)
        .service(rotate_webhook_secret)
        .service(send_test_webhook)
        .service(replay_webhooks);
}

/// A new webhook endpoint.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "createWebhookEndpoint",
    summary = "Create a webhook endpoint",
    description = "Messages by Standard Webhooks 1.0 about everything that is recorded from now on. The answer shows the secret. No other call shows it; a repetition with the same `Idempotency-Key` repeats this answer with the secret for as long as keys are kept (7 days unless the operator chose otherwise). The webhooks of this document say what is sent.",
    request_body(content = CreateWebhookEndpoint),
    responses((status = 201, description = "The endpoint and its secret.", body = WebhookEndpointSecret)),
    extensions(("x-required-scopes" = json!(["webhooks:write"])))
)]
#[post("/webhook-endpoints")]
pub async fn create_webhook_endpoint(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    body: Json<CreateWebhookEndpoint>,
) -> Result<HttpResponse, Problem> {
    let new = NewEndpoint::from(body.value);
    let command = command(principal, context, body.body_hash, None);
    let reveal = |revealed: Revealed| {
        let location = format!("/v1/webhook-endpoints/{}", revealed.endpoint.id);
        revealed_answer(StatusCode::CREATED, revealed, Some(location))
    };
    send(blocking(&state, move |state| webhooks::create(state, &command, &new, &reveal)).await?)
}

/// The provider's webhook endpoints.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "listWebhookEndpoints",
    summary = "List webhook endpoints",
    description = "The provider's webhook endpoints, newest first, without their secrets.",
    params(PageParams),
    responses((status = 200, description = "A page of endpoints.", body = WebhookEndpointList)),
    extensions(("x-required-scopes" = json!(["webhooks:read"])))
)]
#[get("/webhook-endpoints")]
pub async fn list_webhook_endpoints(
    state: web::Data<AppState>,
    principal: Principal,
    paging: Paging,
    _query: Query<NoParameters>,
) -> Result<HttpResponse, Problem> {
    let request = paging.request.clone();
    let page = blocking(&state, move |state| webhooks::list(state, &principal, &request)).await?;
    paging.respond::<_, WebhookEndpointList>(page.map(WebhookEndpointDto::from))
}

/// One webhook endpoint.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "getWebhookEndpoint",
    summary = "Fetch a webhook endpoint",
    description = "Where it is, what it hears of, and whether it works: `failing_since`, `paused_until`, `disabled_at` and `disabled_reason`.",
    params(WebhookEndpointId),
    responses((status = 200, description = "The endpoint.", body = WebhookEndpointDto)),
    extensions(("x-required-scopes" = json!(["webhooks:read"])), ("x-entity-tag" = json!(true)))
)]
#[get("/webhook-endpoints/{webhook_endpoint_id}")]
pub async fn get_webhook_endpoint(
    state: web::Data<AppState>,
    principal: Principal,
    webhook_endpoint_id: WebhookEndpointId,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let endpoint = blocking(&state, move |state| {
        webhooks::find(state, &principal, &webhook_endpoint_id.0)
    })
    .await?;
    let (kind, version) = (IdKind::WebhookEndpoint.prefix(), endpoint.version);
    etag::respond(&request, kind, version, &WebhookEndpointDto::from(endpoint))
}

/// Changes to a webhook endpoint.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "updateWebhookEndpoint",
    summary = "Update a webhook endpoint",
    description = "A merge patch (RFC 7396). While an endpoint is disabled nothing is queued for it; `enabled: true` goes on where it stopped, so nothing is missed. What was queued goes to the new URL.",
    params(WebhookEndpointId),
    request_body(content((UpdateWebhookEndpoint = "application/merge-patch+json"), (UpdateWebhookEndpoint = "application/json"))),
    responses((status = 200, description = "The endpoint as it is now.", body = WebhookEndpointDto)),
    extensions(("x-required-scopes" = json!(["webhooks:write"])), ("x-entity-tag" = json!(true)))
)]
#[patch("/webhook-endpoints/{webhook_endpoint_id}")]
pub async fn update_webhook_endpoint(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    webhook_endpoint_id: WebhookEndpointId,
    if_match: IfMatch,
    body: MergePatch<UpdateWebhookEndpoint>,
) -> Result<HttpResponse, Problem> {
    let patch = EndpointPatch::from(body.value);
    let command = command(principal, context, body.body_hash, None);
    let update = move |state: &AppState| {
        webhooks::update(state, &command, &webhook_endpoint_id.0, &if_match.0, &patch, &rendered)
    };
    send(blocking(&state, update).await?)
}

/// Removes a webhook endpoint.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "deleteWebhookEndpoint",
    summary = "Delete a webhook endpoint",
    description = "With everything that was queued for it and the list of its deliveries.",
    params(WebhookEndpointId),
    responses((status = 204, description = "Deleted.")),
    extensions(("x-required-scopes" = json!(["webhooks:write"])), ("x-idempotency-key" = json!(false)))
)]
#[delete("/webhook-endpoints/{webhook_endpoint_id}")]
pub async fn delete_webhook_endpoint(
    state: web::Data<AppState>,
    principal: Principal,
    webhook_endpoint_id: WebhookEndpointId,
) -> Result<HttpResponse, Problem> {
    blocking(&state, move |state| {
        webhooks::delete(state, &principal, &webhook_endpoint_id.0)
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A new secret.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "rotateWebhookSecret",
    summary = "Rotate the secret of a webhook endpoint",
    description = "The answer shows the new secret. No other call shows it; a repetition with the same `Idempotency-Key` repeats this answer with the secret for as long as keys are kept (7 days unless the operator chose otherwise). For 24 hours messages carry two signatures, by the new secret and by the one before, so that the receiver can change over in its own time.",
    params(WebhookEndpointId),
    responses((status = 200, description = "The endpoint and its new secret.", body = WebhookEndpointSecret)),
    extensions(("x-required-scopes" = json!(["webhooks:write"])))
)]
#[post("/webhook-endpoints/{webhook_endpoint_id}/rotate-secret")]
pub async fn rotate_webhook_secret(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    webhook_endpoint_id: WebhookEndpointId,
) -> Result<HttpResponse, Problem> {
    let command = without_body(principal, context);
    let reveal = |revealed: Revealed| revealed_answer(StatusCode::OK, revealed, None);
    let rotate = move |state: &AppState| webhooks::rotate_secret(state, &command, &webhook_endpoint_id.0, &reveal);
    send(blocking(&state, rotate).await?)
}

/// A test message.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "sendTestWebhook",
    summary = "Send a test webhook",
    description = "Queues a message of the type `webhook.test`, whatever the endpoint's filter. It goes before everything that waits and ends a pause the receiver asked for (`paused_until`). Fetch the delivery to see what the receiver answered.",
    params(WebhookEndpointId),
    responses((status = 201, description = "The delivery.", body = WebhookDeliveryDto)),
    extensions(("x-required-scopes" = json!(["webhooks:write"])), ("x-problem-codes" = json!(["webhook_endpoint_disabled"])))
)]
#[post("/webhook-endpoints/{webhook_endpoint_id}/test")]
pub async fn send_test_webhook(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    webhook_endpoint_id: WebhookEndpointId,
) -> Result<HttpResponse, Problem> {
    let command = without_body(principal, context);
    let render = |delivery| rendered_delivery(StatusCode::CREATED, delivery);
    let test = move |state: &AppState| webhooks::send_test(state, &command, &webhook_endpoint_id.0, &render);
    send(blocking(&state, test).await?)
}

/// Events once more.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "replayWebhooks",
    summary = "Replay events from a position",
    description = "Sets the endpoint back: every event after the position is queued again if the endpoint wants its type. The messages have the same `webhook-id` as before.",
    params(WebhookEndpointId),
    request_body = ReplayWebhooks,
    responses((status = 200, description = "The endpoint at its new position.", body = WebhookEndpointDto)),
    extensions(("x-required-scopes" = json!(["webhooks:write"])))
)]
#[post("/webhook-endpoints/{webhook_endpoint_id}/replay")]
pub async fn replay_webhooks(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    webhook_endpoint_id: WebhookEndpointId,
    body: Json<ReplayWebhooks>,
) -> Result<HttpResponse, Problem> {
    let after = body.value.after;
    let command = command(principal, context, body.body_hash, None);
    let render = |endpoint| answer(StatusCode::OK, &WebhookEndpointDto::from(endpoint), None, None);
    let replay = move |state: &AppState| webhooks::replay(state, &command, &webhook_endpoint_id.0, after, &render);
    send(blocking(&state, replay).await?)
}

fn without_body(principal: Principal, context: RequestContext) -> Command {
    Command {
        principal,
        idempotency: context.idempotency_without_body(),
        context,
        preview_token: None,
    }
}

fn rendered(endpoint: Endpoint) -> Result<Answer, AppError> {
    let version = Some((IdKind::WebhookEndpoint.prefix(), endpoint.version));
    answer(StatusCode::OK, &WebhookEndpointDto::from(endpoint), version, None)
}

fn revealed_answer(status: StatusCode, revealed: Revealed, location: Option<String>) -> Result<Answer, AppError> {
    answer(status, &WebhookEndpointSecret::from(revealed), None, location)
}

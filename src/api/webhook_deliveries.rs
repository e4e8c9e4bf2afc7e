//! Deliveries of webhooks: what was sent, what was answered, and sending it again.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::answer::{answer, send};
use super::blocking;
use super::events::known_types;
use super::extract::{Query, WebhookDeliveryId, WebhookEndpointId};
use super::instant::Instant;
use super::pagination::{PageParams, Paging};
use super::problem::Problem;
use crate::context::RequestContext;
use crate::domain::access::Principal;
use crate::error::AppError;
use crate::list_of;
use crate::services::command::Command;
use crate::services::idempotency::Answer;
use crate::services::webhooks::{self, Attempt, Delivery, DeliveryQuery, DeliveryStatus};
use crate::state::AppState;

/// Mounts the operations of this module.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_webhook_deliveries)
        .service(get_webhook_delivery)
        .service(retry_webhook_delivery);
}

/// Which deliveries a list shows.
#[derive(Debug, Clone, Default, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WebhookDeliveryParams {
    /// Only deliveries in this status.
    #[param(nullable = false, inline)]
    pub status: Option<DeliveryStatusDto>,
    /// Only deliveries of this event type.
    #[param(
        nullable = false,
        rename = "type",
        max_length = 60,
        pattern = r"^[a-z_]+\.[a-z_]+$",
        example = "plan_change.applied"
    )]
    #[serde(rename = "type")]
    #[validate(length(min = 1, max = 60))]
    pub r#type: Option<String>,
    /// Only deliveries of this event.
    #[param(nullable = false, max_length = 30, example = "evt_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    #[validate(length(max = 30))]
    pub event_id: Option<String>,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WebhookDeliveryStatus, example = "delivered")]
pub enum DeliveryStatusDto {
    /// Not attempted yet, being attempted, or to be attempted again at `next_attempt_at`.
    Pending,
    /// Answered with 2xx.
    Delivered,
    /// Given up after ten attempts.
    Failed,
}

impl From<DeliveryStatus> for DeliveryStatusDto {
    fn from(status: DeliveryStatus) -> Self {
        match status {
            DeliveryStatus::Pending => Self::Pending,
            DeliveryStatus::Delivered => Self::Delivered,
            DeliveryStatus::Failed => Self::Failed,
        }
    }
}

impl From<DeliveryStatusDto> for DeliveryStatus {
    fn from(status: DeliveryStatusDto) -> Self {
        match status {
            DeliveryStatusDto::Pending => Self::Pending,
            DeliveryStatusDto::Delivered => Self::Delivered,
            DeliveryStatusDto::Failed => Self::Failed,
        }
    }
}

list_of!(
    /// Deliveries, newest first.
    WebhookDeliveryList of WebhookDeliveryDto
);

/// One message to one endpoint.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookDelivery)]
pub struct WebhookDeliveryDto {
    /// Id of the delivery.
    #[schema(
        pattern = "^dlv_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "dlv_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub id: String,
    /// The endpoint.
    #[schema(max_length = 30, example = "whe_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub webhook_endpoint_id: String,
    /// `webhook-id` of the message, the same in every attempt and replay: the id of the event, for tests of the delivery.
    #[schema(max_length = 30, example = "evt_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub message_id: String,
    /// Type of the event.
    #[serde(rename = "type")]
    #[schema(max_length = 60, pattern = r"^[a-z_]+\.[a-z_]+$", example = "plan_change.applied")]
    pub event_type: String,
    /// The event; `null` for tests.
    #[schema(required, max_length = 30, example = "evt_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub event_id: Option<String>,
    /// Position of the event; `null` for tests.
    #[schema(required, minimum = 1, maximum = 9_000_000_000_000_000_i64, example = 42)]
    pub position: Option<i64>,
    /// Where it stands.
    pub status: DeliveryStatusDto,
    /// Whether an attempt is under way; its result follows in `attempts`.
    #[schema(example = false)]
    pub attempting: bool,
    /// When it is attempted next, the present moment if it is due; after a pause of the endpoint. `null` once it is settled, while
    /// an attempt is under way and while the endpoint is disabled.
    #[schema(required, example = json!(null))]
    pub next_attempt_at: Option<Instant>,
    /// When it was queued.
    pub created_at: Instant,
    /// When it was delivered or given up.
    #[schema(required)]
    pub settled_at: Option<Instant>,
    /// How many attempts have begun.
    #[schema(minimum = 0, maximum = 2_000_000_000, example = 1)]
    pub attempt_count: i32,
    /// The latest attempts that have ended, oldest first.
    #[schema(max_items = 50)]
    pub attempts: Vec<WebhookAttemptDto>,
}

/// One attempt and its answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookAttempt)]
pub struct WebhookAttemptDto {
    /// Counts the delivery's attempts.
    #[schema(minimum = 1, maximum = 2_000_000_000, example = 1)]
    pub number: i32,
    /// When it began.
    pub started_at: Instant,
    /// How long it took; `null` if the worker was interrupted.
    #[schema(required, minimum = 0, maximum = 9_000_000_000_000_000_i64, example = 87)]
    pub duration_ms: Option<i64>,
    /// HTTP status of the answer; `null` without one.
    #[schema(required, minimum = 100, maximum = 999, example = 204)]
    pub status: Option<i32>,
    /// Why there was no answer: `timeout`, `connection_failed`, `invalid_answer`, `internal_address`, `https_required`,
    /// `interrupted`; others may join.
    #[schema(required, max_length = 40, pattern = "^[a-z_]+$", example = json!(null))]
    pub error: Option<String>,
    /// The first 2 KiB of the answer's body.
    #[schema(required, max_length = 2048, example = json!(null))]
    pub answer: Option<String>,
}

impl From<Attempt> for WebhookAttemptDto {
    fn from(attempt: Attempt) -> Self {
        Self {
            number: attempt.number,
            started_at: attempt.started_at.into(),
            duration_ms: attempt.duration_ms,
            status: attempt.status,
            error: attempt.error,
            answer: attempt.answer,
        }
    }
}

impl From<Delivery> for WebhookDeliveryDto {
    fn from(delivery: Delivery) -> Self {
        Self {
            id: delivery.id,
            webhook_endpoint_id: delivery.endpoint_id,
            message_id: delivery.message_id,
            event_type: delivery.event_type,
            event_id: delivery.event_id,
            position: delivery.position,
            status: delivery.status.into(),
            attempting: delivery.attempting,
            next_attempt_at: delivery.next_attempt_at.map(Instant),
            created_at: delivery.created_at.into(),
            settled_at: delivery.settled_at.map(Instant),
            attempt_count: delivery.attempt_count,
            attempts: delivery.attempts.into_iter().map(Into::into).collect(),
        }
    }
}

/// The answer of a command that queues a delivery.
pub(super) fn rendered_delivery(status: StatusCode, delivery: Delivery) -> Result<Answer, AppError> {
    let location = (status == StatusCode::CREATED).then(|| format!("/v1/webhook-deliveries/{}", delivery.id));
    answer(status, &WebhookDeliveryDto::from(delivery), None, location)
}

/// The deliveries to an endpoint.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "listWebhookDeliveries",
    summary = "List deliveries of a webhook endpoint",
    description = "What was sent to the endpoint, newest first, with every attempt and its answer. Finished deliveries are kept for 30 days unless the operator chose otherwise.",
    params(WebhookEndpointId, WebhookDeliveryParams, PageParams),
    responses((status = 200, description = "A page of deliveries.", body = WebhookDeliveryList)),
    extensions(("x-required-scopes" = json!(["webhooks:read"])))
)]
#[get("/webhook-endpoints/{webhook_endpoint_id}/deliveries")]
pub async fn list_webhook_deliveries(
    state: web::Data<AppState>,
    principal: Principal,
    webhook_endpoint_id: WebhookEndpointId,
    paging: Paging,
    query: Query<WebhookDeliveryParams>,
) -> Result<HttpResponse, Problem> {
    let params = query.0;
    let query = DeliveryQuery {
        status: params.status.map(Into::into),
        event_type: known_types(params.r#type.as_deref())?.into_iter().next(),
        event_id: params.event_id,
    };
    let request = paging.request.clone();
    let page = blocking(&state, move |state| {
        webhooks::list_deliveries(state, &principal, &webhook_endpoint_id.0, &query, &request)
    })
    .await?;
    paging.respond::<_, WebhookDeliveryList>(page.map(WebhookDeliveryDto::from))
}

/// One delivery.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "getWebhookDelivery",
    summary = "Fetch a webhook delivery",
    description = "Where the delivery stands, with its attempts and what was answered.",
    params(WebhookDeliveryId),
    responses((status = 200, description = "The delivery.", body = WebhookDeliveryDto)),
    extensions(("x-required-scopes" = json!(["webhooks:read"])))
)]
#[get("/webhook-deliveries/{webhook_delivery_id}")]
pub async fn get_webhook_delivery(
    state: web::Data<AppState>,
    principal: Principal,
    webhook_delivery_id: WebhookDeliveryId,
) -> Result<HttpResponse, Problem> {
    let delivery = blocking(&state, move |state| {
        webhooks::find_delivery(state, &principal, &webhook_delivery_id.0)
    })
    .await?;
    Ok(HttpResponse::Ok().json(WebhookDeliveryDto::from(delivery)))
}

/// One more attempt.
#[utoipa::path(
    tag = "Webhooks",
    operation_id = "retryWebhookDelivery",
    summary = "Retry a webhook delivery",
    description = "Attempts the delivery at once, also one that was delivered or given up; the schedule begins anew. It goes before everything that waits and ends a pause the receiver asked for. While an attempt is under way (`attempting`) the answer is 409 `state_conflict`. The message has the same `webhook-id`.",
    params(WebhookDeliveryId),
    responses((status = 200, description = "The delivery, pending again.", body = WebhookDeliveryDto)),
    extensions(("x-required-scopes" = json!(["webhooks:write"])), ("x-problem-codes" = json!(["webhook_endpoint_disabled", "state_conflict"])))
)]
#[post("/webhook-deliveries/{webhook_delivery_id}/retry")]
pub async fn retry_webhook_delivery(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    webhook_delivery_id: WebhookDeliveryId,
) -> Result<HttpResponse, Problem> {
    let command = Command {
        principal,
        idempotency: context.idempotency_without_body(),
        context,
        preview_token: None,
    };
    let render = |delivery| rendered_delivery(StatusCode::OK, delivery);
    let retry = move |state: &AppState| webhooks::retry(state, &command, &webhook_delivery_id.0, &render);
    send(blocking(&state, retry).await?)
}

//! Webhook endpoints on the wire.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::api::instant::Instant;
use crate::domain::webhook::schedule::DisabledReason;
use crate::list_of;
use crate::services::webhooks::{Endpoint, EndpointPatch, Failure, NewEndpoint, Revealed};

/// A webhook endpoint to be created.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"url": "https://example.com/hooks/vertragswerk", "event_types": ["subscription.created", "cancellation.created"], "description": "ERP"}))]
pub struct CreateWebhookEndpoint {
    /// Where messages are sent by POST: https, no internal address, no fragment; stored in its normal form. Sandboxes may use `http://localhost` where the operator allows it.
    #[validate(length(min = 1, max = 2000))]
    #[schema(
        format = "uri",
        min_length = 1,
        max_length = 2000,
        example = "https://example.com/hooks/vertragswerk"
    )]
    pub url: String,
    /// What the endpoint is for.
    #[validate(length(min = 1, max = 200))]
    #[schema(nullable = false, min_length = 1, max_length = 200, example = "ERP")]
    pub description: Option<String>,
    /// Types it wants to hear of, or `*` for all, also those that join later. `*` with others is stored as `*` alone, doubles once.
    #[serde(default = "every_type")]
    #[validate(length(min = 1, max = 100))]
    #[schema(required = false, min_items = 1, max_items = 100, default = json!(["*"]), example = json!(["subscription.created"]))]
    pub event_types: Vec<String>,
    /// Whether messages are sent.
    #[serde(default = "yes")]
    #[schema(required = false, default = true, example = true)]
    pub enabled: bool,
}

fn every_type() -> Vec<String> {
    vec![crate::domain::webhook::EVERY_TYPE.to_owned()]
}

fn yes() -> bool {
    true
}

/// Changes to a webhook endpoint (merge patch, RFC 7396): absent members stay as they are.
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateWebhookEndpoint {
    /// Where messages are sent.
    #[validate(length(min = 1, max = 2000))]
    #[serde(default, deserialize_with = "not_null")]
    #[schema(
        nullable = false,
        format = "uri",
        min_length = 1,
        max_length = 2000,
        example = "https://example.com/hooks/v2"
    )]
    pub url: Option<String>,
    /// What the endpoint is for; `null` removes it.
    #[serde(default, deserialize_with = "present")]
    #[validate(length(min = 1, max = 200))]
    #[schema(value_type = Option<String>, required = false, min_length = 1, max_length = 200, example = "ERP")]
    pub description: Option<Option<String>>,
    /// Types it wants to hear of, or `*`.
    #[validate(length(min = 1, max = 100))]
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, min_items = 1, max_items = 100, example = json!(["*"]))]
    pub event_types: Option<Vec<String>>,
    /// Whether messages are sent. Enabling goes on where the endpoint stopped.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, example = true)]
    pub enabled: Option<bool>,
}

/// Tells `null` (`Some(None)`) from an absent member (`None`).
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// An absent member is `None`; `null` is refused, as there is nothing to remove.
fn not_null<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// From where events are sent again.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"after": 41}))]
pub struct ReplayWebhooks {
    /// Every event after this position is sent again, in order, if the endpoint wants its type; 0 begins with the first one.
    #[validate(range(min = 0, max = 9_000_000_000_000_000_i64))]
    #[schema(minimum = 0, maximum = 9_000_000_000_000_000_i64, example = 41)]
    pub after: i64,
}

/// Why an endpoint gets no messages.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WebhookDisabledReason, example = "failing")]
pub enum DisabledReasonDto {
    /// You switched it off.
    Requested,
    /// Every attempt of five days failed.
    Failing,
    /// It answered 410 Gone.
    Gone,
}

impl From<DisabledReason> for DisabledReasonDto {
    fn from(reason: DisabledReason) -> Self {
        match reason {
            DisabledReason::Requested => Self::Requested,
            DisabledReason::Failing => Self::Failing,
            DisabledReason::Gone => Self::Gone,
        }
    }
}

/// A failed attempt: with the status of the answer, or why there was none.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = WebhookFailure)]
pub struct WebhookFailureDto {
    /// When the attempt began.
    pub at: Instant,
    /// HTTP status of the answer; redirects are not followed.
    #[schema(required, minimum = 100, maximum = 599, example = 500)]
    pub status: Option<i32>,
    /// Why there was no answer: `timeout`, `connection_failed`, `internal_address`, `invalid_answer`; others may join.
    #[schema(required, max_length = 60, example = json!(null))]
    pub error: Option<String>,
}

impl From<Failure> for WebhookFailureDto {
    fn from(failure: Failure) -> Self {
        Self {
            at: failure.at.into(),
            status: failure.status,
            error: failure.error,
        }
    }
}

list_of!(
    /// Webhook endpoints, newest first.
    WebhookEndpointList of WebhookEndpointDto
);

/// A webhook endpoint, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookEndpoint)]
pub struct WebhookEndpointDto {
    /// Id of the endpoint.
    #[schema(
        pattern = "^whe_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "whe_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub id: String,
    /// Where messages are sent.
    #[schema(
        format = "uri",
        max_length = 2000,
        example = "https://example.com/hooks/vertragswerk"
    )]
    pub url: String,
    /// What the endpoint is for.
    #[schema(required, max_length = 200, example = "ERP")]
    pub description: Option<String>,
    /// Types it hears of; `*` stands for all.
    #[schema(max_items = 100, example = json!(["*"]))]
    pub event_types: Vec<String>,
    /// Whether messages are sent.
    #[schema(example = true)]
    pub enabled: bool,
    /// Since when no messages are sent.
    #[schema(required, example = json!(null))]
    pub disabled_at: Option<Instant>,
    /// Why no messages are sent. `failing` and `gone` are decided by the server: mend the receiver, then enable the endpoint.
    #[schema(required)]
    pub disabled_reason: Option<DisabledReasonDto>,
    /// Since when every attempt has failed; after five days the endpoint is disabled.
    #[schema(required, example = json!(null))]
    pub failing_since: Option<Instant>,
    /// The last of these failures; `null` while the last attempt was a success.
    #[schema(required)]
    pub last_failure: Option<WebhookFailureDto>,
    /// Until when nothing is sent because the receiver asked for it with `Retry-After`; a test or a retry by hand ends the pause.
    #[schema(required, example = json!(null))]
    pub paused_until: Option<Instant>,
    /// Position of the last event that was queued for the endpoint or passed over because of its filter.
    #[schema(minimum = 0, maximum = 9_000_000_000_000_000_i64, example = 42)]
    pub position: i64,
    /// Until when messages are also signed with the secret before the last rotation.
    #[schema(required, example = json!(null))]
    pub previous_secret_until: Option<Instant>,
    /// When it was created.
    pub created_at: Instant,
    /// When it last changed.
    pub updated_at: Instant,
}

impl From<Endpoint> for WebhookEndpointDto {
    fn from(endpoint: Endpoint) -> Self {
        Self {
            id: endpoint.id,
            url: endpoint.url,
            description: endpoint.description,
            event_types: endpoint.event_types,
            enabled: endpoint.enabled,
            disabled_at: endpoint.disabled_at.map(Instant),
            disabled_reason: endpoint.disabled_reason.map(Into::into),
            failing_since: endpoint.failing_since.map(Instant),
            last_failure: endpoint.last_failure.map(Into::into),
            paused_until: endpoint.paused_until.map(Instant),
            position: endpoint.position,
            previous_secret_until: endpoint.previous_secret_until.map(Instant),
            created_at: endpoint.created_at.into(),
            updated_at: endpoint.updated_at.into(),
        }
    }
}

/// A webhook endpoint with its new secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookEndpointSecret {
    /// What messages are signed with (Standard Webhooks, `v1`). Store it now: only a repetition with the same `Idempotency-Key` shows it again.
    #[schema(
        max_length = 60,
        pattern = "^whsec_[A-Za-z0-9+/]+=*$",
        example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    )]
    pub secret: String,
    /// The endpoint.
    pub webhook_endpoint: WebhookEndpointDto,
}

impl From<Revealed> for WebhookEndpointSecret {
    fn from(revealed: Revealed) -> Self {
        Self {
            secret: revealed.secret,
            webhook_endpoint: revealed.endpoint.into(),
        }
    }
}

impl From<CreateWebhookEndpoint> for NewEndpoint {
    fn from(body: CreateWebhookEndpoint) -> Self {
        Self {
            url: body.url,
            description: body.description,
            event_types: body.event_types,
            enabled: body.enabled,
        }
    }
}

impl From<UpdateWebhookEndpoint> for EndpointPatch {
    fn from(body: UpdateWebhookEndpoint) -> Self {
        Self {
            url: body.url,
            description: body.description,
            event_types: body.event_types,
            enabled: body.enabled,
        }
    }
}

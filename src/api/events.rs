//! `/v1/events`: everything that happened at a provider, numbered without gaps.

use actix_web::{HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::blocking;
use super::extract::Query;
use super::instant::Instant;
use super::pagination::Paging;
use super::problem::Problem;
use crate::domain::access::Principal;
use crate::domain::event_type::EventType;
use crate::error::{AppError, FieldError};
use crate::services::events::{self, EventQuery, EventView};
use crate::state::AppState;

/// Mounts the operations of this module.
pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(list_events);
}

/// Which events a reader wants.
#[derive(Debug, Clone, Default, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventParams {
    /// Only events after this position; 0 begins with the first one.
    #[param(
        nullable = false,
        minimum = 0,
        maximum = 9_000_000_000_000_000_i64,
        default = 0,
        example = 0
    )]
    #[validate(range(min = 0, max = 9_000_000_000_000_000_i64))]
    pub after: Option<i64>,
    /// Only these types, separated by commas; the webhooks of this document are the list of them.
    #[param(
        nullable = false,
        rename = "type",
        max_length = 1000,
        pattern = r"^[a-z_]+\.[a-z_]+(,[a-z_]+\.[a-z_]+)*$",
        example = "plan_change.applied,cancellation.created"
    )]
    #[serde(rename = "type")]
    #[validate(length(min = 1, max = 1000))]
    pub r#type: Option<String>,
    /// Only events of this customer.
    #[param(nullable = false, max_length = 30, example = "cus_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    #[validate(length(max = 30))]
    pub customer_id: Option<String>,
}

/// The size of a page of events, for its documentation; `Paging` reads it.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation only; Paging reads the value")]
struct LimitParam {
    /// Events per page.
    #[param(minimum = 1, maximum = 100, default = 20, nullable = false, example = 20)]
    limit: Option<u32>,
}

/// Events in the order of their positions.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventList {
    /// The events of this page.
    #[schema(max_items = 100)]
    pub data: Vec<EventDto>,
    /// Whether there are further ones now.
    #[schema(example = false)]
    pub has_more: bool,
    /// Parameter `after` of the next call: the position of the last event of this page, or the one asked for.
    #[schema(minimum = 0, maximum = 9_000_000_000_000_000_i64, example = 42)]
    pub next_after: i64,
}

/// Something that happened. Never changed, chained to the customer's event before.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub struct EventDto {
    /// Id of the event.
    #[schema(
        pattern = "^evt_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "evt_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub id: String,
    /// Type; new ones may join.
    #[serde(rename = "type")]
    #[schema(max_length = 60, pattern = r"^[a-z_]+\.[a-z_]+$", example = "plan_change.applied")]
    pub event_type: String,
    /// Counts the provider's events without gaps, in the order in which they became visible.
    #[schema(minimum = 1, maximum = 9_000_000_000_000_000_i64, example = 42)]
    pub position: i64,
    /// Counts the customer's events without gaps.
    #[schema(minimum = 1, maximum = 9_000_000_000_000_000_i64, example = 7)]
    pub sequence: i64,
    /// The customer.
    #[schema(max_length = 30, example = "cus_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub customer_id: String,
    /// The contract, if it is about one.
    #[schema(required, max_length = 30, example = "sub_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub subscription_id: Option<String>,
    /// When it happened, on the customer's time: the due instant for what falls due by itself.
    pub occurred_at: Instant,
    /// When it was written down, on the wall clock.
    pub recorded_at: Instant,
    /// Who did it.
    pub actor: EventActor,
    /// The customer for whom staff or a program acted.
    #[schema(required, max_length = 30, example = json!(null))]
    pub on_behalf_of: Option<String>,
    /// The request it came with.
    #[schema(required, max_length = 128, example = "req_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub request_id: Option<String>,
    /// Snapshots of what it is about, by object name, in no language; evidence of consents where there is some.
    #[schema(value_type = Object, additional_properties = true, example = json!({"plan_change": {"id": "pch_01k9w3x8kqf0wvm2n6c1c9t7xh"}}))]
    pub data: Value,
    /// Hash over this event and the customer's event before (SHA-256).
    #[schema(
        max_length = 64,
        pattern = "^[0-9a-f]{64}$",
        example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    )]
    pub hash: String,
}

/// Who caused an event.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventActor {
    /// `user`, `api_key`, `session`, `declaration` for what was declared without login, or `system` for what falls due by itself.
    #[serde(rename = "type")]
    #[schema(max_length = 20, pattern = "^[a-z_]+$", example = "user")]
    pub actor_type: String,
    /// Id of the user, key, customer or declaration; `null` for the system.
    #[schema(required, max_length = 30, example = "usr_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub id: Option<String>,
}

impl From<EventView> for EventDto {
    fn from(view: EventView) -> Self {
        Self {
            id: view.id,
            event_type: view.event_type,
            position: view.position,
            sequence: view.sequence,
            customer_id: view.customer_id,
            subscription_id: view.subscription_id,
            occurred_at: view.occurred_at.into(),
            recorded_at: view.recorded_at.into(),
            actor: EventActor {
                actor_type: view.actor_type,
                id: view.actor_id,
            },
            on_behalf_of: view.on_behalf_of,
            request_id: view.request_id,
            data: view.data,
            hash: view.hash,
        }
    }
}

/// The types a caller asks for; a misspelled one would otherwise be an empty list for ever.
pub(super) fn known_types(asked: Option<&str>) -> Result<Vec<EventType>, AppError> {
    let parse = |text: &str| {
        EventType::parse(text).ok_or_else(|| {
            let known: Vec<&str> = EventType::ALL.iter().map(|known| known.as_str()).collect();
            let error = FieldError::query(
                "type",
                "invalid_choice",
                "Diesen Ereignistyp gibt es nicht.",
                "There is no such event type.",
            );
            AppError::field(error.with("value", text).with("allowed", known))
        })
    };
    asked
        .into_iter()
        .flat_map(|types| types.split(','))
        .map(parse)
        .collect()
}

/// List events.
#[utoipa::path(
    tag = "Events",
    operation_id = "listEvents",
    summary = "List events",
    description = "The provider's events in the order in which they became visible. Ask again with `after` set to `next_after`: positions have no gaps and a late commit is never skipped, so nothing is missed.",
    params(EventParams, LimitParam),
    responses((status = 200, description = "A page of events.", body = EventList)),
    extensions(("x-required-scopes" = json!(["events:read"])))
)]
#[get("/events")]
pub async fn list_events(
    state: web::Data<AppState>,
    principal: Principal,
    paging: Paging,
    query: Query<EventParams>,
) -> Result<HttpResponse, Problem> {
    let params = query.0;
    let after = params.after.unwrap_or(0);
    let types = known_types(params.r#type.as_deref())?;
    let query = EventQuery {
        after,
        types,
        customer_id: params.customer_id,
    };
    let limit = paging.request.limit;
    let (views, has_more) = blocking(&state, move |state| {
        let mut rows = events::list(state, &principal, &query, limit)?;
        let has_more = rows.len() > usize::try_from(limit).unwrap_or(usize::MAX);
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let views = rows
            .into_iter()
            .map(EventView::try_from)
            .collect::<Result<Vec<_>, AppError>>()?;
        Ok((views, has_more))
    })
    .await?;
    let next_after = views.last().map_or(after, |view| view.position);
    let data = views.into_iter().map(EventDto::from).collect();
    Ok(HttpResponse::Ok().json(EventList {
        data,
        has_more,
        next_after,
    }))
}

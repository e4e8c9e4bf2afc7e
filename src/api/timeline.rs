//! `/v1/subscriptions/{subscription_id}/timeline`: the story of a contract in words.

use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::blocking;
use super::extract::{NoParameters, Query, SubscriptionId};
use super::instant::Instant;
use super::problem::Problem;
use crate::context::RequestContext;
use crate::domain::access::Principal;
use crate::domain::localized::Locale;
use crate::domain::timeline::TimelineEntry;
use crate::services::timeline;
use crate::state::AppState;

/// Mounts the operations of this module.
pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(get_timeline);
}

/// What happened to a contract and what is scheduled.
#[derive(Debug, Serialize, ToSchema)]
pub struct Timeline {
    /// Entries, oldest first; scheduled ones last.
    #[schema(max_items = 1100)]
    pub data: Vec<TimelineEntryDto>,
}

/// One entry of a timeline.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TimelineEntry)]
pub struct TimelineEntryDto {
    /// Type of the event; for scheduled entries of the event that will come.
    #[serde(rename = "type")]
    #[schema(max_length = 60, pattern = r"^[a-z_]+\.[a-z_]+$", example = "plan_change.created")]
    pub event_type: String,
    /// Its day in the provider's zone.
    #[schema(format = "date", max_length = 10, example = "2021-03-15")]
    pub on: String,
    /// Its instant.
    pub at: Instant,
    /// Whether it is still to come.
    #[schema(example = false)]
    pub scheduled: bool,
    /// The change, charge or contract it is about; for a charge to come the contract or booking that will be charged.
    #[schema(required, max_length = 30, example = "pch_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub object_id: Option<String>,
    /// The entry in words, in the caller's language.
    #[schema(max_length = 2000, example = "Vertragswechsel zum 01.07.2021 erklärt.")]
    pub text: String,
}

impl TimelineEntryDto {
    fn new(entry: TimelineEntry, locale: Locale) -> Self {
        Self {
            text: entry.text.get(locale).to_owned(),
            event_type: entry.event_type,
            on: entry.on.to_string(),
            at: entry.at.into(),
            scheduled: entry.scheduled,
            object_id: entry.object_id,
        }
    }
}

/// Fetch the timeline of a contract.
#[utoipa::path(
    tag = "Subscriptions",
    operation_id = "getSubscriptionTimeline",
    summary = "Fetch timeline of subscription",
    description = "What happened to the contract, from its events, and what is scheduled, from its dates, with the next charge of the contract and of each add-on as far as it is known now; in the caller's language.",
    params(SubscriptionId),
    responses((status = 200, description = "The timeline.", body = Timeline)),
    extensions(("x-required-scopes" = json!(["subscriptions:read"])))
)]
#[get("/subscriptions/{subscription_id}/timeline")]
pub async fn get_timeline(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    subscription_id: SubscriptionId,
    _query: Query<NoParameters>,
) -> Result<HttpResponse, Problem> {
    let entries = blocking(&state, move |state| {
        timeline::of_subscription(state, &principal, &subscription_id.0)
    })
    .await?;
    let data = entries
        .into_iter()
        .map(|entry| TimelineEntryDto::new(entry, context.locale))
        .collect();
    Ok(HttpResponse::Ok().json(Timeline { data }))
}

//! From the feed of events to deliveries: each endpoint has a position in the feed, and whoever holds its row moves it on.

use time::OffsetDateTime;

use super::deliveries::DeliveryStatus;
use crate::domain::ids::IdKind;
use crate::domain::webhook::wants;
use crate::error::AppError;
use crate::repositories::events;
use crate::repositories::webhook_deliveries::{self, WebhookDeliveryRow};
use crate::repositories::webhook_endpoints::{self, WebhookEndpointRow};
use crate::services::events::sequence_all;
use crate::state::AppState;

/// How many events one transaction looks at.
const EVENTS_AT_ONCE: i64 = 500;

/// Numbers new events and queues deliveries of them for every endpoint that wants them; says how many events were looked at.
/// At most one transaction per endpoint, so that a long replay of one never keeps the others waiting.
///
/// # Errors
/// Those of the database.
pub fn fan_out(state: &AppState) -> Result<usize, AppError> {
    sequence_all(state)?;
    let mut looked_at = 0;
    for id in state.db.read(webhook_endpoints::behind)? {
        looked_at += advance(state, &id)?;
    }
    Ok(looked_at)
}

fn advance(state: &AppState, endpoint_id: &str) -> Result<usize, AppError> {
    let now = state.clock.now();
    state.db.write(|conn| {
        let Some(endpoint) = webhook_endpoints::claim(conn, endpoint_id)? else {
            return Ok(0);
        };
        let events = events::headings(conn, &endpoint.provider_id, endpoint.position, EVENTS_AT_ONCE)?;
        let rows: Vec<WebhookDeliveryRow> = events
            .iter()
            .filter(|(_, _, event_type)| wants(&endpoint.event_types.0, event_type))
            .map(|(position, id, event_type)| delivery(&endpoint, Some((id, *position)), event_type, now))
            .collect();
        webhook_deliveries::insert(conn, &rows)?;
        if let Some((Some(position), ..)) = events.last() {
            webhook_endpoints::set_position(conn, endpoint_id, *position)?;
        }
        Ok::<_, AppError>(events.len())
    })
}

/// A new delivery to an endpoint, to be attempted at once; `event` is id and position, nothing for a test.
pub(super) fn delivery(
    endpoint: &WebhookEndpointRow,
    event: Option<(&str, Option<i64>)>,
    event_type: &str,
    now: OffsetDateTime,
) -> WebhookDeliveryRow {
    WebhookDeliveryRow {
        id: IdKind::WebhookDelivery.generate(),
        provider_id: endpoint.provider_id.clone(),
        endpoint_id: endpoint.id.clone(),
        event_id: event.map(|(id, _)| id.to_owned()),
        event_type: event_type.to_owned(),
        position: event.and_then(|(_, position)| position),
        status: DeliveryStatus::Pending.as_str().to_owned(),
        attempts: 0,
        failures: 0,
        next_attempt_at: Some(now.into()),
        attempt_started_at: None,
        created_at: now.into(),
        settled_at: None,
    }
}

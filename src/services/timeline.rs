//! The timeline of a contract: what happened and what is scheduled.

use crate::domain::access::Principal;
use crate::domain::timeline::{self, TimelineEntry};
use crate::error::AppError;
use crate::repositories::events;
use crate::services::subscriptions;
use crate::state::AppState;

/// How many past entries are told.
const MOST_ENTRIES: i64 = 1_000;

/// The timeline of one contract, oldest first, the scheduled entries last.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Forbidden`] without `subscriptions:read`.
pub fn of_subscription(state: &AppState, principal: &Principal, id: &str) -> Result<Vec<TimelineEntry>, AppError> {
    let view = subscriptions::find(state, principal, id)?;
    let rows = state.db.read(|conn| events::of_subscription(conn, id, MOST_ENTRIES))?;
    let mut entries = Vec::with_capacity(rows.len());
    for row in rows {
        let data = serde_json::from_str(&row.data).map_err(|error| AppError::Internal(error.into()))?;
        entries.push(timeline::past(
            &row.event_type,
            &data,
            row.occurred_at.instant(),
            &view.zone,
        ));
    }
    entries.extend(timeline::scheduled(&view.subscription, view.today, &view.zone));
    Ok(entries)
}

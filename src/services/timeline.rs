//! The timeline of a contract: what happened and what is scheduled.

use serde_json::Value;

use crate::domain::access::{Principal, Scope};
use crate::domain::subscription::Subscription;
use crate::domain::timeline::{self, Related, TimelineEntry};
use crate::error::AppError;
use crate::repositories::events::{self, EventRow};
use crate::services::{add_ons, subscriptions};
use crate::state::AppState;

/// How many past entries are told, the latest ones.
const MOST_ENTRIES: i64 = 1_000;

/// The timeline of one contract, oldest first, the scheduled entries last. Invoices and payments are told to those who may read
/// invoices.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Forbidden`] without `subscriptions:read`.
pub fn of_subscription(state: &AppState, principal: &Principal, id: &str) -> Result<Vec<TimelineEntry>, AppError> {
    let view = subscriptions::find(state, principal, id)?;
    let bookings: Vec<Subscription> = add_ons::list(state, principal, id)?
        .into_iter()
        .map(|booking| booking.booking)
        .collect();
    let with_money = principal.require(Scope::InvoicesRead).is_ok();
    let rows = state.db.read(|conn| {
        let mut rows = events::of_subscription(conn, id, MOST_ENTRIES)?;
        let types = Related::TYPES.map(|event_type| event_type.as_str());
        let types: &[&str] = if with_money { &types } else { &[] };
        rows.extend(events::without_contract(conn, &view.customer_id, types, MOST_ENTRIES)?);
        Ok::<_, AppError>(rows)
    })?;
    let mut entries: Vec<TimelineEntry> = told(rows)?
        .into_iter()
        .map(|(row, data)| timeline::past(&row.event_type, &data, row.occurred_at.instant(), &view.zone))
        .collect();
    entries.extend(timeline::scheduled(
        &view.subscription,
        &bookings,
        view.today,
        &view.zone,
    ));
    Ok(entries)
}

/// The latest events with their data, as far as they belong to the contract, in order. `rows` begin with those of the contract
/// itself, from which the others are recognised.
fn told(rows: Vec<EventRow>) -> Result<Vec<(EventRow, Value)>, AppError> {
    let mut related = Related::default();
    let mut told = Vec::with_capacity(rows.len());
    for row in rows {
        let data: Value = serde_json::from_str(&row.data).map_err(|error| AppError::Internal(error.into()))?;
        let belongs = if row.subscription_id.is_some() {
            related.learn(&data);
            true
        } else {
            related.takes_up(&row.event_type, &data)
        };
        if belongs {
            told.push((row, data));
        }
    }
    told.sort_by_key(|(row, _)| row.sequence);
    let most = usize::try_from(MOST_ENTRIES).unwrap_or(usize::MAX);
    Ok(told.split_off(told.len().saturating_sub(most)))
}

//! Erasing, in the transaction in which the contract ends.

use serde_json::{Value, json};

use crate::db::DbConnection;
use crate::domain::account::Account;
use crate::domain::calendar::parse_date;
use crate::domain::event::DraftEvent;
use crate::domain::event_type::EventType;
use crate::domain::retention::{is_product_data, is_profile, profile_is_needed};
use crate::error::AppError;
use crate::repositories::retention::{self, ErasureRow};
use crate::services::chain::ERASED_DATA;

/// Erases what has fallen due with these events and adds what was erased to them.
///
/// # Errors
/// Those of the database.
pub fn erase_due(
    conn: &mut DbConnection,
    provider_id: &str,
    account: &Account,
    drafts: &mut Vec<DraftEvent>,
) -> Result<(), AppError> {
    let due: Vec<DraftEvent> = drafts
        .iter()
        .filter(|draft| draft.event_type == EventType::CustomerDataErasureDue)
        .cloned()
        .collect();
    for draft in due {
        let erased = erase(conn, provider_id, account, &draft)?;
        drafts.push(erased);
    }
    Ok(())
}

fn erase(
    conn: &mut DbConnection,
    provider_id: &str,
    account: &Account,
    due: &DraftEvent,
) -> Result<DraftEvent, AppError> {
    let erasure = &due.data["erasure"];
    let subscription_id = text(erasure, "subscription_id")?;
    let customer_id = account.customer_id.as_str();
    let whole_profile = !profile_is_needed(account);
    let mut payloads = retention::erase_payloads(
        conn,
        customer_id,
        Some(subscription_id),
        &types(is_product_data),
        ERASED_DATA,
    )?;
    let slots = retention::erase_slots(conn, subscription_id)?;
    if whole_profile {
        payloads += retention::erase_payloads(conn, customer_id, None, &types(is_profile), ERASED_DATA)?;
        retention::erase_profile(conn, customer_id)?;
    }
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let row = ErasureRow {
        id: text(erasure, "id")?.to_owned(),
        provider_id: provider_id.to_owned(),
        customer_id: customer_id.to_owned(),
        subscription_id: subscription_id.to_owned(),
        cancellation_id: text(erasure, "cancellation_id")?.to_owned(),
        due_on: day(erasure, "due_on")?,
        deadline_on: day(erasure, "deadline_on")?,
        erased_at: due.occurred_at.into(),
        erased_event_payloads: count(payloads),
        erased_slots: count(slots),
        erased_profile: whole_profile,
        acknowledged_at: None,
        acknowledged_by: None,
        note: None,
        version: 1,
    };
    retention::insert(conn, &row)?;
    Ok(DraftEvent {
        event_type: EventType::CustomerDataErased,
        subscription_id: Some(row.subscription_id.clone()),
        occurred_at: due.occurred_at,
        by_caller: false,
        data: json!({
            "erasure": {
                "id": row.id,
                "erased_event_payloads": row.erased_event_payloads,
                "erased_slots": row.erased_slots,
                "erased_profile": row.erased_profile,
            },
        }),
    })
}

fn types(belongs: impl Fn(EventType) -> bool) -> Vec<&'static str> {
    EventType::ALL
        .iter()
        .filter(|event_type| belongs(**event_type))
        .map(|event_type| event_type.as_str())
        .collect()
}

fn text<'a>(erasure: &'a Value, name: &str) -> Result<&'a str, AppError> {
    erasure[name]
        .as_str()
        .ok_or_else(|| AppError::internal(format!("an erasure without {name}")))
}

fn day(erasure: &Value, name: &str) -> Result<time::Date, AppError> {
    parse_date(text(erasure, name)?).ok_or_else(|| AppError::internal(format!("an erasure whose {name} is no day")))
}

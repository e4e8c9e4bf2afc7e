//! Erasing, in the transaction in which the contract ends.

use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::db::DbConnection;
use crate::domain::account::Account;
use crate::domain::calendar::parse_date;
use crate::domain::event::DraftEvent;
use crate::domain::event_type::EventType;
use crate::domain::retention::{is_product_data, is_profile, profile_is_needed};
use crate::error::AppError;
use crate::repositories::events::EventRow;
use crate::repositories::idempotency;
use crate::repositories::retention::{self, ErasureRow};
use crate::services::chain::ERASED_DATA;

/// What an erasure takes: product data of one contract, or everything of the customer with the profile.
#[derive(Debug)]
pub struct Erased {
    subscription_id: String,
    everything: bool,
}

impl Erased {
    fn takes(&self, event_type: &str, subscription_id: Option<&str>) -> bool {
        let Some(event_type) = EventType::parse(event_type) else {
            return false;
        };
        let is_concerned = self.everything || subscription_id == Some(self.subscription_id.as_str());
        (is_product_data(event_type) && is_concerned) || (is_profile(event_type) && self.everything)
    }
}

/// Erases what has fallen due with these events and adds what was erased to them.
///
/// # Errors
/// Those of the database.
pub fn erase_due(
    conn: &mut DbConnection,
    provider_id: &str,
    account: &Account,
    drafts: &mut Vec<DraftEvent>,
    recorded_at: OffsetDateTime,
) -> Result<Vec<Erased>, AppError> {
    let due: Vec<DraftEvent> = drafts
        .iter()
        .filter(|draft| draft.event_type == EventType::CustomerDataErasureDue)
        .cloned()
        .collect();
    let mut all_erased = Vec::with_capacity(due.len());
    for draft in due {
        let erased = Erased {
            subscription_id: text(&draft.data["erasure"], "subscription_id")?.to_owned(),
            everything: !profile_is_needed(account),
        };
        let told = erase(conn, provider_id, account, (&draft, &erased), (drafts, recorded_at))?;
        drafts.push(told);
        all_erased.push(erased);
    }
    Ok(all_erased)
}

/// Takes the data out of events of the same transaction, which are chained but not stored yet: the slots a contract gives up when
/// it ends, for example. Their hashes stay.
pub fn blank(rows: &mut [EventRow], erased: &[Erased]) {
    for row in rows {
        let takes = |one: &Erased| one.takes(&row.event_type, row.subscription_id.as_deref());
        if erased.iter().any(takes) {
            ERASED_DATA.clone_into(&mut row.data);
        }
    }
}

fn erase(
    conn: &mut DbConnection,
    provider_id: &str,
    account: &Account,
    (due, erased): (&DraftEvent, &Erased),
    (drafts, recorded_at): (&[DraftEvent], OffsetDateTime),
) -> Result<DraftEvent, AppError> {
    let (erasure, customer_id) = (&due.data["erasure"], account.customer_id.as_str());
    // Without a contract that goes on nothing of it serves a purpose any more.
    let of_contract = (!erased.everything).then_some(erased.subscription_id.as_str());
    let mut payloads = retention::erase_payloads(conn, customer_id, of_contract, &types(is_product_data), ERASED_DATA)?;
    let slots = retention::erase_slots(conn, customer_id, of_contract)?;
    retention::erase_usage_references(conn, customer_id, of_contract)?;
    idempotency::erase(conn, of_contract.unwrap_or(customer_id))?;
    if erased.everything {
        payloads += retention::erase_payloads(conn, customer_id, None, &types(is_profile), ERASED_DATA)?;
        retention::erase_profile(conn, customer_id, recorded_at.into())?;
    }
    let takes = |draft: &&DraftEvent| erased.takes(draft.event_type.as_str(), draft.subscription_id.as_deref());
    payloads += drafts.iter().filter(takes).count();
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let row = ErasureRow {
        id: text(erasure, "id")?.to_owned(),
        provider_id: provider_id.to_owned(),
        customer_id: customer_id.to_owned(),
        subscription_id: erased.subscription_id.clone(),
        cancellation_id: text(erasure, "cancellation_id")?.to_owned(),
        due_on: day(erasure, "due_on")?,
        deadline_on: day(erasure, "deadline_on")?,
        erased_at: due.occurred_at.into(),
        erased_event_payloads: count(payloads),
        erased_slots: count(slots),
        erased_profile: erased.everything,
        acknowledged_at: None,
        acknowledged_by: None,
        note: None,
        version: 1,
    };
    retention::insert(conn, &row)?;
    Ok(told(row, due))
}

fn told(row: ErasureRow, due: &DraftEvent) -> DraftEvent {
    DraftEvent {
        event_type: EventType::CustomerDataErased,
        subscription_id: Some(row.subscription_id),
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
    }
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

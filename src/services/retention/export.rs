//! A customer's own data, all of them, for the customer (Art. 15 Abs. 3, Art. 20 GDPR; § 327p Abs. 3 BGB).

use serde_json::{Value, json};

use super::note;
use crate::context::RequestContext;
use crate::domain::access::{Principal, Role, Scope};
use crate::domain::digest;
use crate::domain::event::DraftEvent;
use crate::domain::event_type::EventType;
use crate::domain::ids::IdKind;
use crate::error::AppError;
use crate::page::{Page, PageKey, PageRequest};
use crate::services::restriction;
use crate::state::AppState;

/// How many items are read at once.
const AT_ONCE: u32 = 100;

/// Puts the archive together. `compose` reads everything as a principal who sees exactly this customer and all of it. That it was
/// handed over, and its hash, become part of the customer's chain.
///
/// # Errors
/// [`AppError::NotFound`] for customers the caller may not see, [`AppError::Forbidden`] without `customers:export`, and those of
/// `compose`.
pub fn export(
    state: &AppState,
    principal: &Principal,
    context: &RequestContext,
    customer_id: &str,
    compose: &dyn Fn(&Principal) -> Result<Value, AppError>,
) -> Result<String, AppError> {
    if !IdKind::Customer.matches(customer_id) || !principal.may_see_customer(customer_id) {
        return Err(AppError::NotFound);
    }
    let reader = Principal {
        customer_id: Some(customer_id.to_owned()),
        scopes: Role::Admin.scopes(),
        ..principal.clone()
    };
    // Found before anything is read: what may not be seen is 404 before it is 403.
    crate::services::customers::find(state, &reader, customer_id)?;
    principal.require(Scope::CustomersExport)?;
    state
        .db
        .read(|conn| restriction::check(conn, principal, Some(customer_id)))?;
    let archive = compose(&reader)?;
    let text = serde_json::to_string_pretty(&archive).map_err(|error| AppError::Internal(error.into()))?;
    let sha256 = digest::sha256(text.as_bytes());
    state.db.write(|conn| {
        note(state, conn, principal, context, customer_id, |now| DraftEvent {
            event_type: EventType::CustomerDataExported,
            subscription_id: None,
            occurred_at: now,
            by_caller: true,
            data: json!({ "export": { "format": "json", "sha256": sha256, "bytes": text.len() } }),
        })
    })?;
    Ok(text)
}

/// All items of a list.
///
/// # Errors
/// Those of the list.
pub fn all<T>(list: impl Fn(&PageRequest) -> Result<Page<T>, AppError>) -> Result<Vec<T>, AppError> {
    let mut items = Vec::new();
    let mut after: Option<PageKey> = None;
    loop {
        let request = PageRequest { limit: AT_ONCE, after };
        let page = list(&request)?;
        items.extend(page.items);
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(items),
        }
    }
}

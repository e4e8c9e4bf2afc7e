//! A customer's own data, all of them, for the customer (Art. 15 Abs. 3, Art. 20 GDPR; § 327p Abs. 3 BGB).

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::note;
use crate::context::RequestContext;
use crate::domain::access::{Principal, Role, Scope};
use crate::domain::digest;
use crate::domain::event::DraftEvent;
use crate::domain::event_type::EventType;
use crate::domain::ids::IdKind;
use crate::error::AppError;
use crate::page::{Page, PageKey, PageRequest};
use crate::repositories::events::EventRow;
use crate::repositories::users;
use crate::services::restriction;
use crate::state::AppState;

/// How many items are read at once.
const AT_ONCE: u32 = 100;

/// A customer's own login, without what proves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// Login name as stored.
    pub username: String,
    /// When it was created.
    pub created_at: OffsetDateTime,
    /// When it was switched off.
    pub disabled_at: Option<OffsetDateTime>,
}

/// From where the customer itself caused an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Address of the caller.
    pub address: Option<String>,
    /// The caller's program.
    pub user_agent: Option<String>,
}

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

/// The customer's logins.
///
/// # Errors
/// Those of the database.
pub fn logins(state: &AppState, reader: &Principal, customer_id: &str) -> Result<Vec<Login>, AppError> {
    let rows = state
        .db
        .read(|conn| Ok::<_, AppError>(users::users_of_customer(conn, &reader.provider_id, customer_id)?))?;
    let logins = rows.into_iter().map(|row| Login {
        username: row.username,
        created_at: row.created_at.instant(),
        disabled_at: row.disabled_at.map(OffsetDateTime::from),
    });
    Ok(logins.collect())
}

/// From where the customer caused an event; `None` for what staff, programs of the provider or time did, and for declarations that
/// only staff took for the customer's: whose they are, nobody has proven. The evidence shows customers the same.
///
/// # Errors
/// When the event cannot be read.
pub fn origin(event: &EventRow) -> Result<Option<Origin>, AppError> {
    let actor: Value = serde_json::from_str(&event.actor).map_err(|error| AppError::Internal(error.into()))?;
    let is_own = event.on_behalf_of.is_none() && actor["type"] != "system" && actor["matched_by"].is_null();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Ok(is_own.then(|| Origin {
        address: text(&actor["address"]),
        user_agent: text(&actor["user_agent"]),
    }))
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

//! Evidence: every declaration about a contract with who made it, what was shown and agreed to, and how it was confirmed.

use std::collections::HashMap;

use serde_json::Value;
use time::OffsetDateTime;

use super::catalogue::document_content;
use super::chain::{BrokenChain, ProvenChain, verify_chain};
use super::events::ChainEnd;
use crate::db::DbConnection;
use crate::domain::access::Principal;
use crate::domain::email::EmailKind;
use crate::domain::event_type::EventType;
use crate::error::AppError;
use crate::repositories::customers;
use crate::repositories::emails::{self, EmailRow};
use crate::repositories::events::{self, EventRow};
use crate::repositories::legal_documents::{self, LegalDocumentHeading};
use crate::services::subscriptions;
use crate::state::AppState;

/// The evidence about a contract.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// The declarations, oldest first.
    pub entries: Vec<EvidenceEntry>,
    /// Whether the customer's whole chain of events holds.
    pub chain: Result<ProvenChain, BrokenChain>,
}

/// One declaration.
#[derive(Debug, Clone)]
pub struct EvidenceEntry {
    /// The event (`evt_`).
    pub event_id: String,
    /// Its type.
    pub event_type: String,
    /// Number among the customer's events.
    pub sequence: i64,
    /// When it was declared, on the customer's time.
    pub occurred_at: OffsetDateTime,
    /// When it was written down, on the wall clock.
    pub recorded_at: OffsetDateTime,
    /// Kind of the actor.
    pub actor_type: String,
    /// Id of the actor.
    pub actor_id: Option<String>,
    /// Who opened the session in which it was declared.
    pub opened_by: Option<String>,
    /// For whom staff or a program acted.
    pub on_behalf_of: Option<String>,
    /// Address of the caller. Customers are shown their own, not those of staff and not of declarations that only staff took for
    /// theirs.
    pub address: Option<String>,
    /// The caller's program; shown like the address.
    pub user_agent: Option<String>,
    /// The request.
    pub request_id: Option<String>,
    /// Label of the button that was pressed.
    pub order_button_text: Option<String>,
    /// Whether it was expressly requested to begin before the withdrawal period is over; `None` where that was not asked.
    pub early_start_requested: Option<bool>,
    /// What was agreed to.
    pub consents: Vec<ConsentEvidence>,
    /// The confirmations of it.
    pub confirmations: Vec<Confirmation>,
    /// Hash over this event and the one before.
    pub hash: String,
}

/// A consent as it was given.
#[derive(Debug, Clone)]
pub struct ConsentEvidence {
    /// Id under which the wording is kept (`doc_`).
    pub document_id: String,
    /// Key of the document.
    pub document: String,
    /// What it is.
    pub kind: String,
    /// The version.
    pub version: String,
    /// Its language.
    pub language: String,
    /// Title as shown.
    pub title: String,
    /// SHA-256 of the content.
    pub sha256: String,
    /// The sentence beside the checkbox.
    pub wording: Option<String>,
    /// Whether the document that is kept is still the one that was agreed to.
    pub document_intact: bool,
}

/// An e-mail that confirmed a declaration.
#[derive(Debug, Clone)]
pub struct Confirmation {
    /// The e-mail (`eml_`).
    pub email_id: String,
    /// Where it stands.
    pub status: String,
    /// When the mail server accepted it.
    pub sent_at: Option<OffsetDateTime>,
}

/// The evidence about one contract.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Forbidden`] without `subscriptions:read`.
pub fn of_subscription(state: &AppState, principal: &Principal, id: &str) -> Result<Evidence, AppError> {
    let view = subscriptions::find(state, principal, id)?;
    state.db.read_consistent(|conn| {
        let customer = customers::find(conn, &principal.provider_id, &view.customer_id)?.ok_or(AppError::NotFound)?;
        let rows = events::of_customer(conn, &view.customer_id)?;
        let end = ChainEnd {
            sequence: customer.last_event_sequence,
            hash: customer.last_event_hash,
        };
        let chain = verify_chain(&rows, &end);
        let declared: Vec<EventRow> = rows
            .into_iter()
            .filter(|row| row.subscription_id.as_deref() == Some(id))
            .collect();
        let ids: Vec<&str> = declared.iter().map(|row| row.id.as_str()).collect();
        let mut confirmations = HashMap::<String, Vec<Confirmation>>::new();
        for row in emails::of_events(conn, &ids)? {
            let event_id = row.event_id.clone().unwrap_or_default();
            confirmations.entry(event_id).or_default().push(confirmation(row));
        }
        // Declarations are confirmed to the address they give before anybody knows whose they are: by no event, but by their id.
        let declarations: HashMap<String, String> = declared.iter().filter_map(received_declaration).collect();
        let ids: Vec<&str> = declarations.keys().map(String::as_str).collect();
        for row in emails::of_objects(conn, &ids)? {
            let event_id = row.object_id.as_ref().and_then(|id| declarations.get(id));
            if let Some(event_id) = event_id.filter(|_| row.kind == EmailKind::DeclarationReceived.as_str()) {
                confirmations
                    .entry(event_id.clone())
                    .or_default()
                    .push(confirmation(row));
            }
        }
        let entry = |row| entry(row, principal, &mut confirmations);
        let mut entries: Vec<EvidenceEntry> = declared.into_iter().filter_map(entry).collect();
        check_documents(conn, &principal.provider_id, &mut entries)?;
        Ok(Evidence { entries, chain })
    })
}

/// Holds each document that was agreed to against the one that is kept.
fn check_documents(conn: &mut DbConnection, provider_id: &str, entries: &mut [EvidenceEntry]) -> Result<(), AppError> {
    let mut kept = HashMap::<String, Option<LegalDocumentHeading>>::new();
    for consent in entries.iter_mut().flat_map(|entry| &mut entry.consents) {
        if !kept.contains_key(&consent.document_id) {
            let found = legal_documents::find(conn, provider_id, &consent.document_id)?;
            let readable = found.filter(|(heading, content)| document_content(heading, content.clone()).is_ok());
            kept.insert(consent.document_id.clone(), readable.map(|(heading, _)| heading));
        }
        let heading = kept.get(&consent.document_id).and_then(Option::as_ref);
        consent.document_intact = heading.is_some_and(|heading| {
            heading.sha256 == consent.sha256 && heading.version == consent.version && heading.title == consent.title
        });
    }
    Ok(())
}

/// The declaration whose receipt an event tells, with the event.
fn received_declaration(row: &EventRow) -> Option<(String, String)> {
    if row.event_type != EventType::DeclarationReceived.as_str() {
        return None;
    }
    let data: Value = serde_json::from_str(&row.data).ok()?;
    Some((data["declaration"]["id"].as_str()?.to_owned(), row.id.clone()))
}

fn confirmation(row: EmailRow) -> Confirmation {
    Confirmation {
        email_id: row.id,
        status: row.status,
        sent_at: row.sent_at.map(crate::db::Utc::instant),
    }
}

/// An event as evidence; `None` for what time did by itself, which nobody declared.
fn entry(
    row: EventRow,
    principal: &Principal,
    confirmations: &mut HashMap<String, Vec<Confirmation>>,
) -> Option<EvidenceEntry> {
    // What can no longer be read was tampered with: the chain says so, and everything else is still shown.
    let actor: Value = serde_json::from_str(&row.actor).unwrap_or_default();
    if actor["type"] == "system" {
        return None;
    }
    let data: Value = serde_json::from_str(&row.data).unwrap_or_default();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    // Whether a declaration that staff matched is the customer's own, nobody has proven.
    let is_own = row.on_behalf_of.is_none() && actor["matched_by"].is_null();
    let shows_caller = principal.is_staff() || is_own;
    let consents = data["evidence"]["consents"].as_array();
    Some(EvidenceEntry {
        confirmations: confirmations.remove(&row.id).unwrap_or_default(),
        event_id: row.id,
        event_type: row.event_type,
        sequence: row.sequence,
        occurred_at: row.occurred_at.instant(),
        recorded_at: row.recorded_at.instant(),
        actor_type: text(&actor["type"]).unwrap_or_default(),
        actor_id: text(&actor["id"]),
        opened_by: text(&actor["opened_by"]).filter(|_| principal.is_staff()),
        on_behalf_of: row.on_behalf_of,
        address: text(&actor["address"]).filter(|_| shows_caller),
        user_agent: text(&actor["user_agent"]).filter(|_| shows_caller),
        request_id: row.request_id,
        order_button_text: text(&data["evidence"]["order_button_text"]),
        early_start_requested: data["evidence"]["early_start_requested"].as_bool(),
        consents: consents.into_iter().flatten().map(consent).collect(),
        hash: row.hash,
    })
}

fn consent(given: &Value) -> ConsentEvidence {
    let text = |member: &str| given[member].as_str().unwrap_or_default().to_owned();
    ConsentEvidence {
        document_id: text("document_id"),
        document: text("document"),
        kind: text("kind"),
        version: text("version"),
        language: text("language"),
        title: text("title"),
        sha256: text("sha256"),
        wording: given["wording"].as_str().map(str::to_owned),
        document_intact: false,
    }
}

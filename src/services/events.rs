//! Writing events down: append-only, hash-chained per customer, with who did it and for whom; and numbering them for readers.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::context::RequestContext;
use crate::db::DbConnection;
use crate::domain::access::{Principal, Scope};
use crate::domain::digest::{sha256, sha256_of_parts};
use crate::domain::event::{DraftEvent, instant};
use crate::domain::event_type::EventType;
use crate::domain::ids::IdKind;
use crate::error::AppError;
use crate::repositories::customers;
use crate::repositories::declarations::DeclarationRow;
use crate::repositories::events::{self, EventRow};
use crate::state::AppState;

/// How many events one transaction of the sequencer numbers.
const SEQUENCED_AT_ONCE: i64 = 5_000;

/// What stands in the place of data that are kept only because the law demands it.
pub const RESTRICTED_DATA: &str = "{\"restricted\":true}";

/// Who caused a command, as events remember it.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    /// The actor, as JSON; empty for the system itself.
    actor: Option<Value>,
    /// The customer for whom staff or a program acted.
    on_behalf_of: Option<String>,
    /// The request.
    request_id: Option<String>,
    /// Who made the declaration that is dealt with, where that was somebody else: its receipt is theirs.
    declarant: Option<Box<Self>>,
}

impl Caller {
    /// The principal of a request, acting for a customer.
    pub fn of(principal: &Principal, context: &RequestContext, customer_id: &str) -> Self {
        let actor = json!({
            "type": principal.kind.as_str(),
            "id": principal.id,
            "opened_by": principal.opened_by,
            "address": context.ip,
            "user_agent": context.user_agent,
        });
        let is_own = principal.customer_id.as_deref() == Some(customer_id);
        Self {
            actor: Some(actor),
            on_behalf_of: (!is_own).then(|| customer_id.to_owned()),
            request_id: Some(context.request_id.clone()),
            declarant: None,
        }
    }

    /// Someone who made a declaration without login. `matched_by` are staff who say whose it is; `None` where it proves its
    /// contract.
    pub fn declarant(declaration: &DeclarationRow, matched_by: Option<&str>) -> Self {
        let mut actor = json!({
            "type": "declaration",
            "id": declaration.id,
            "address": declaration.origin,
            "user_agent": declaration.user_agent,
        });
        if let Some(staff) = matched_by {
            actor["matched_by"] = json!(staff);
        }
        Self {
            actor: Some(actor),
            on_behalf_of: None,
            request_id: Some(declaration.request_id.clone()),
            declarant: None,
        }
    }

    /// This caller, who deals with what `declarant` declared.
    #[must_use]
    pub fn dealing_with(self, declarant: Self) -> Self {
        Self {
            declarant: Some(Box::new(declarant)),
            ..self
        }
    }

    /// Whose an event of this type is.
    fn author_of(&self, event_type: EventType) -> &Self {
        match &self.declarant {
            Some(declarant) if event_type == EventType::DeclarationReceived => declarant,
            _ => self,
        }
    }

    /// Time itself: the due loop.
    pub fn system() -> Self {
        Self::default()
    }
}

/// Where a customer's chain ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainEnd {
    /// Number of the last event; 0 before the first.
    pub sequence: i64,
    /// Its hash; empty before the first.
    pub hash: String,
}

/// Appends events to a customer's chain and says their ids in order. The customer's row must be locked; the caller stores the
/// new end in it.
///
/// # Errors
/// Those of the database.
pub fn append(
    conn: &mut DbConnection,
    provider_id: &str,
    customer_id: &str,
    end: &mut ChainEnd,
    drafts: &[DraftEvent],
    caller: &Caller,
    recorded_at: OffsetDateTime,
) -> Result<Vec<String>, AppError> {
    let rows = chained(provider_id, customer_id, end, drafts, caller, recorded_at);
    events::insert(conn, &rows)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// The rows of events that continue a customer's chain; `end` moves on to the last of them.
pub fn chained(
    provider_id: &str,
    customer_id: &str,
    end: &mut ChainEnd,
    drafts: &[DraftEvent],
    caller: &Caller,
    recorded_at: OffsetDateTime,
) -> Vec<EventRow> {
    let mut rows = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let row = row(provider_id, customer_id, end, draft, caller, recorded_at);
        end.sequence = row.sequence;
        end.hash.clone_from(&row.hash);
        rows.push(row);
    }
    rows
}

fn row(
    provider_id: &str,
    customer_id: &str,
    end: &ChainEnd,
    draft: &DraftEvent,
    caller: &Caller,
    recorded_at: OffsetDateTime,
) -> EventRow {
    let sequence = end.sequence + 1;
    let data = draft.data.to_string();
    let caller = caller.author_of(draft.event_type);
    let by_caller = draft.by_caller && caller.actor.is_some();
    let system = || json!({ "type": "system" });
    let actor = if by_caller {
        caller.actor.clone().unwrap_or_else(system)
    } else {
        system()
    };
    let mut row = EventRow {
        id: IdKind::Event.derive(
            crate::clock::unix_millis(draft.occurred_at),
            &[customer_id, &sequence.to_string()],
        ),
        provider_id: provider_id.to_owned(),
        customer_id: customer_id.to_owned(),
        subscription_id: draft.subscription_id.clone(),
        sequence,
        position: None,
        event_type: draft.event_type.as_str().to_owned(),
        occurred_at: draft.occurred_at.into(),
        recorded_at: recorded_at.into(),
        actor: actor.to_string(),
        on_behalf_of: caller.on_behalf_of.clone().filter(|_| by_caller),
        request_id: caller.request_id.clone().filter(|_| by_caller),
        data_hash: sha256(data.as_bytes()),
        data,
        previous_hash: end.hash.clone(),
        hash: String::new(),
    };
    row.hash = chain_hash(&row);
    row
}

/// The hash of an event: over everything that is told about it, the hash of its data, and the event before. The data itself
/// can be erased one day without breaking the chain.
pub fn chain_hash(row: &EventRow) -> String {
    sha256_of_parts(&[
        row.previous_hash.as_str(),
        &row.id,
        &row.customer_id,
        row.subscription_id.as_deref().unwrap_or(""),
        &row.sequence.to_string(),
        &row.event_type,
        &instant(row.occurred_at.instant()),
        &instant(row.recorded_at.instant()),
        &row.actor,
        row.on_behalf_of.as_deref().unwrap_or(""),
        row.request_id.as_deref().unwrap_or(""),
        &row.data_hash,
    ])
}

/// Numbers the committed events of all providers that wait for it; says how many.
///
/// # Errors
/// Those of the database.
pub fn sequence_all(state: &AppState) -> Result<usize, AppError> {
    let providers: Vec<String> = state.db.read(events::providers_with_unsequenced)?;
    let mut numbered = 0;
    for provider_id in providers {
        numbered += sequence(state, &provider_id)?;
    }
    Ok(numbered)
}

/// Numbers what is committed of one provider's events, if something waits for it.
///
/// # Errors
/// Those of the database.
pub fn sequence_provider(state: &AppState, provider_id: &str) -> Result<(), AppError> {
    if state.db.read(|conn| events::has_unsequenced(conn, provider_id))? {
        sequence(state, provider_id)?;
    }
    Ok(())
}

fn sequence(state: &AppState, provider_id: &str) -> Result<usize, AppError> {
    let mut numbered = 0;
    loop {
        let batch = state
            .db
            .write(|conn| events::assign_positions(conn, provider_id, SEQUENCED_AT_ONCE))?;
        numbered += batch;
        if i64::try_from(batch).unwrap_or(0) < SEQUENCED_AT_ONCE {
            return Ok(numbered);
        }
    }
}

/// Which events a reader wants.
#[derive(Debug, Clone, Default)]
pub struct EventQuery {
    /// Only those after this position.
    pub after: i64,
    /// Only these types; empty means all.
    pub types: Vec<EventType>,
    /// Only those of this customer.
    pub customer_id: Option<String>,
}

/// The provider's events after a position, in order. Everything
/// committed before the call is numbered first, so nothing is late and nothing is skipped.
///
/// # Errors
/// [`AppError::Forbidden`] without `events:read`.
pub fn list(
    state: &AppState,
    principal: &Principal,
    query: &EventQuery,
    limit: u32,
) -> Result<Vec<EventRow>, AppError> {
    principal.require(Scope::EventsRead)?;
    let provider_id = &principal.provider_id;
    sequence_provider(state, provider_id)?;
    let customer_id = principal.customer_filter().or(query.customer_id.as_deref());
    let types: Vec<&str> = query.types.iter().map(|event_type| event_type.as_str()).collect();
    let rows = i64::from(limit) + 1;
    state.db.read_consistent(|conn| {
        let mut rows = events::list(conn, provider_id, query.after, &types, customer_id, rows)?;
        if !principal.may_process_restricted() {
            withhold_restricted(conn, provider_id, &mut rows)?;
        }
        Ok(rows)
    })
}

/// Keeps the place of events whose data are restricted, but not the data: readers of the stream see no gap.
fn withhold_restricted(conn: &mut DbConnection, provider_id: &str, rows: &mut [EventRow]) -> Result<(), AppError> {
    let concerned: BTreeSet<&str> = rows.iter().map(|row| row.customer_id.as_str()).collect();
    let restricted = customers::restricted_of(conn, provider_id, &concerned.into_iter().collect::<Vec<_>>())?;
    for row in rows
        .iter_mut()
        .filter(|row| restricted.iter().any(|(id, _)| *id == row.customer_id))
    {
        RESTRICTED_DATA.clone_into(&mut row.data);
    }
    Ok(())
}

/// An event as readers see it.
#[derive(Debug, Clone)]
pub struct EventView {
    /// Id (`evt_`).
    pub id: String,
    /// Type.
    pub event_type: String,
    /// Number among the provider's events.
    pub position: i64,
    /// Number among the customer's events.
    pub sequence: i64,
    /// The customer.
    pub customer_id: String,
    /// The contract.
    pub subscription_id: Option<String>,
    /// When it happened.
    pub occurred_at: OffsetDateTime,
    /// When it was written down.
    pub recorded_at: OffsetDateTime,
    /// Kind of the actor.
    pub actor_type: String,
    /// Id of the actor.
    pub actor_id: Option<String>,
    /// For whom.
    pub on_behalf_of: Option<String>,
    /// With which request.
    pub request_id: Option<String>,
    /// Snapshots.
    pub data: Value,
    /// Hash.
    pub hash: String,
}

impl TryFrom<EventRow> for EventView {
    type Error = AppError;

    fn try_from(row: EventRow) -> Result<Self, AppError> {
        let unreadable = |error: serde_json::Error| AppError::Internal(error.into());
        let actor: Value = serde_json::from_str(&row.actor).map_err(unreadable)?;
        Ok(Self {
            id: row.id,
            event_type: row.event_type,
            position: row.position.unwrap_or_default(),
            sequence: row.sequence,
            customer_id: row.customer_id,
            subscription_id: row.subscription_id,
            occurred_at: row.occurred_at.instant(),
            recorded_at: row.recorded_at.instant(),
            actor_type: actor["type"].as_str().unwrap_or("system").to_owned(),
            actor_id: actor["id"].as_str().map(str::to_owned),
            on_behalf_of: row.on_behalf_of,
            request_id: row.request_id,
            data: serde_json::from_str(&row.data).map_err(unreadable)?,
            hash: row.hash,
        })
    }
}

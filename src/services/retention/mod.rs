//! The end of data: erased with the contract where the customer asked for it, kept where the law asks for it, handed over on
//! request.

mod erase;
mod export;

pub use erase::{blank, erase_due};
pub use export::{Login, Origin, all, export, logins, origin};

use time::{Date, OffsetDateTime};

use crate::context::RequestContext;
use crate::db::DbConnection;
use crate::domain::access::{Principal, Scope};
use crate::domain::catalogue::Consequence;
use crate::domain::event::{DraftEvent, instant};
use crate::domain::event_type::EventType;
use crate::domain::ids::IdKind;
use crate::domain::retention::{RetainedClass, earliest_deletion};
use crate::error::AppError;
use crate::repositories::account::AccountKey;
use crate::repositories::retention::{self, ErasureRow, Extent};
use crate::services::agreements::consequence;
use crate::services::chain::ERASED_DATA;
use crate::services::command::Command;
use crate::services::due;
use crate::services::events::Caller;
use crate::services::idempotency::{self, Answer};
use crate::services::workbench::{self, Opening};
use crate::state::AppState;

/// What a withdrawal means to whoever has asked for erasure: the contract is over, so nothing waits for its end.
pub fn erased_at_once() -> Consequence {
    consequence(
        "data_erased",
        "Ihr Wunsch nach Löschung der Daten wird mit dem Widerruf erfüllt: Was nicht aufbewahrt werden muss, wird sofort gelöscht.",
        "Your wish to have your data erased is fulfilled with the withdrawal: what need not be retained is erased at once.",
    )
}

/// What was erased with the end of a contract.
#[derive(Debug, Clone)]
pub struct Erasure {
    /// Id (`ers_`).
    pub id: String,
    /// Whose data.
    pub customer_id: String,
    /// The contract that ended.
    pub subscription_id: String,
    /// The cancellation that asked for it.
    pub cancellation_id: String,
    /// The day on which it fell due.
    pub due_on: Date,
    /// Last day for the provider's own systems.
    pub deadline_on: Date,
    /// When the data here were erased.
    pub erased_at: OffsetDateTime,
    /// How many events lost their data.
    pub erased_event_payloads: i64,
    /// How many slots lost the name and address of what they held.
    pub erased_slots: i64,
    /// Whether the customer's profile was erased too.
    pub erased_profile: bool,
    /// When the provider confirmed the erasure in its own systems.
    pub acknowledged_at: Option<OffsetDateTime>,
    /// The provider's note.
    pub note: Option<String>,
    /// Counts its states, from 1.
    pub version: i64,
}

impl From<ErasureRow> for Erasure {
    fn from(row: ErasureRow) -> Self {
        Self {
            id: row.id,
            customer_id: row.customer_id,
            subscription_id: row.subscription_id,
            cancellation_id: row.cancellation_id,
            due_on: row.due_on,
            deadline_on: row.deadline_on,
            erased_at: row.erased_at.instant(),
            erased_event_payloads: row.erased_event_payloads,
            erased_slots: row.erased_slots,
            erased_profile: row.erased_profile,
            acknowledged_at: row.acknowledged_at.map(OffsetDateTime::from),
            note: row.note,
            version: row.version,
        }
    }
}

/// What is kept of one class.
#[derive(Debug, Clone, Copy)]
pub struct Retained {
    /// The class.
    pub class: RetainedClass,
    /// How much, from when.
    pub extent: Extent,
    /// The first day on which the oldest of it may be deleted.
    pub first_deletion_on: Option<Date>,
    /// The first day on which all of it may be deleted; unknown while a contract goes on.
    pub last_deletion_on: Option<Date>,
}

/// What is kept of a customer, why and until when.
#[derive(Debug, Clone)]
pub struct DataRetention {
    /// The customer.
    pub customer_id: String,
    /// Whether a contract goes on: then the data serve it, and more may join them.
    pub in_use: bool,
    /// Whether the data are kept only because the law demands it and processed for nothing else.
    pub restricted: bool,
    /// What must be kept.
    pub retained: Vec<Retained>,
    /// What was erased.
    pub erasures: Vec<Erasure>,
}

/// What is kept of a customer, everything due applied.
///
/// # Errors
/// [`AppError::NotFound`] for customers the caller may not see, [`AppError::Forbidden`] without `customers:read`.
pub fn find(state: &AppState, principal: &Principal, customer_id: &str) -> Result<DataRetention, AppError> {
    if !IdKind::Customer.matches(customer_id) || !principal.may_see_customer(customer_id) {
        return Err(AppError::NotFound);
    }
    let provider_id = &principal.provider_id;
    due::catch_up_visible(state, provider_id, customer_id)?;
    state.db.read_consistent(|conn| {
        let opening = Opening {
            provider_id,
            only_customer: None,
            by_staff: false,
            restricted_too: true,
            key: AccountKey::Customer(customer_id),
            locked: false,
            advancing_to: None,
            reaches_back_to: None,
        };
        let bench = workbench::open(state, conn, opening)?;
        principal.require(Scope::CustomersRead)?;
        let in_use = crate::domain::retention::profile_is_needed(&bench.account);
        let zone = &bench.ground.zone;
        let extents = [
            retention::extent_of_invoices(conn, customer_id)?,
            retention::extent_of_letters(conn, customer_id, zone)?,
            retention::extent_of_evidence(conn, customer_id, ERASED_DATA, zone)?,
        ];
        let retained = RetainedClass::ALL
            .into_iter()
            .zip(extents)
            .filter(|(_, extent)| extent.count > 0);
        let deletion = |class, day: Option<Date>| day.map(|day| earliest_deletion(class, day));
        Ok(DataRetention {
            customer_id: customer_id.to_owned(),
            in_use,
            restricted: bench.is_restricted(),
            retained: retained
                .map(|(class, extent)| Retained {
                    class,
                    extent,
                    first_deletion_on: deletion(class, extent.from_on).filter(|_| !in_use),
                    last_deletion_on: deletion(class, extent.through_on).filter(|_| !in_use),
                })
                .collect(),
            erasures: retention::of_customer(conn, customer_id)?
                .into_iter()
                .map(Erasure::from)
                .collect(),
        })
    })
}

/// The provider confirms that its own systems have erased too. Confirming again changes nothing.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Forbidden`] without `customers:write`, `test_clock_advancing`.
pub fn acknowledge(
    state: &AppState,
    command: &Command,
    erasure_id: &str,
    note: Option<&str>,
    render: &dyn Fn(&Erasure) -> Result<Answer, AppError>,
) -> Result<Answer, AppError> {
    let principal = &command.principal;
    if !IdKind::Erasure.matches(erasure_id) {
        return Err(AppError::NotFound);
    }
    let now = state.clock.now();
    state.db.write(|conn| {
        idempotency::run(conn, principal, command.idempotency.as_ref(), now, |conn| {
            let customer_id = retention::customer_of(conn, &principal.provider_id, erasure_id)?
                .filter(|customer_id| principal.may_see_customer(customer_id))
                .ok_or(AppError::NotFound)?;
            principal.require(Scope::CustomersWrite)?;
            // Erasing is what the restriction is for.
            let opening = Opening {
                restricted_too: true,
                ..command.opening(AccountKey::Customer(&customer_id), true)
            };
            let mut bench = workbench::open(state, conn, opening)?;
            let mut row = retention::lock(conn, &principal.provider_id, erasure_id)?.ok_or(AppError::NotFound)?;
            if row.acknowledged_at.is_none() {
                row.acknowledged_at = Some(bench.ground.now.into());
                row.acknowledged_by = Some(principal.id.clone());
                row.note = note.map(str::to_owned);
                row.version += 1;
                retention::acknowledge(conn, &row)?;
                bench.account.events.push(acknowledged(&row, bench.ground.now));
            }
            bench.stamp();
            bench.save(conn, &Caller::of(principal, &command.context, &customer_id), now)?;
            render(&row.into())
        })
    })
}

fn acknowledged(row: &ErasureRow, at: OffsetDateTime) -> DraftEvent {
    DraftEvent {
        event_type: EventType::CustomerDataErasureAcknowledged,
        subscription_id: Some(row.subscription_id.clone()),
        occurred_at: at,
        by_caller: true,
        data: serde_json::json!({
            "erasure": {
                "id": row.id,
                "deadline_on": row.deadline_on.to_string(),
                "acknowledged_at": row.acknowledged_at.map(|at| instant(at.instant())),
                "note": row.note,
            },
        }),
    }
}

/// Appends an event about a customer to its chain, everything due applied before.
fn note(
    state: &AppState,
    conn: &mut DbConnection,
    principal: &Principal,
    context: &RequestContext,
    customer_id: &str,
    event: impl FnOnce(OffsetDateTime) -> DraftEvent,
) -> Result<(), AppError> {
    let opening = crate::services::command::opening(principal, AccountKey::Customer(customer_id), true);
    let mut bench = workbench::open(state, conn, opening)?;
    let draft = event(bench.ground.now);
    bench.account.events.push(draft);
    bench.stamp();
    bench.save(conn, &Caller::of(principal, context, customer_id), state.clock.now())
}

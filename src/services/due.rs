//! Applying what has fallen due, customer by customer: for the worker, for late readers and for test clocks.

use std::collections::{BTreeMap, HashMap};

use time::{Duration, OffsetDateTime};

use super::billing::{self, Books};
use super::events::Caller;
use super::workbench::{self, Ground, Opening};
use crate::db::{DbConnection, Utc};
use crate::domain::customer_type::CustomerType;
use crate::domain::invoice::BillingDetails;
use crate::error::AppError;
use crate::repositories::account::{self, AccountKey, AccountRow};
use crate::repositories::{due_customers, test_clocks};
use crate::state::AppState;

/// How many customers a worker takes into one transaction.
const BATCH: i64 = 250;

/// A customer's business time and due date, and what decides on the tax of what is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusinessInstant {
    /// The customer's now.
    pub now: OffsetDateTime,
    /// When something next falls due.
    pub next_due_at: Option<OffsetDateTime>,
    /// Whether the data are kept only because the law demands it.
    pub is_restricted: bool,
    /// Consumer or business.
    pub customer_type: CustomerType,
    /// To whom invoices go.
    pub billing: BillingDetails,
}

impl BusinessInstant {
    /// Whether something has fallen due that nobody has applied yet.
    pub fn is_due(&self) -> bool {
        self.next_due_at.is_some_and(|due| due <= self.now)
    }
}

/// Business time and due date of some customers.
///
/// # Errors
/// Those of the database.
pub fn business_instants(
    state: &AppState,
    conn: &mut DbConnection,
    customer_ids: &[&str],
) -> Result<BTreeMap<String, BusinessInstant>, AppError> {
    let rows = due_customers::due_dates(conn, customer_ids)?;
    let clock_ids: Vec<&str> = rows.iter().filter_map(|row| row.test_clock_id.as_deref()).collect();
    let clocks: HashMap<String, Utc> = if clock_ids.is_empty() {
        HashMap::new()
    } else {
        test_clocks::instants(conn, &clock_ids)?
    };
    let wall = state.clock.now();
    let instant = |row: due_customers::DueDateRow| {
        let clock = row.test_clock_id.as_ref().and_then(|id| clocks.get(id));
        let customer_type = CustomerType::parse(&row.customer_type)
            .ok_or_else(|| AppError::internal(format!("the type of {} cannot be read", row.id)))?;
        let instant = BusinessInstant {
            now: clock.map_or(wall, |at| at.instant()),
            next_due_at: row.next_due_at.map(Utc::instant),
            is_restricted: row.restricted_at.is_some(),
            customer_type,
            billing: row.billing.0,
        };
        Ok((row.id, instant))
    };
    rows.into_iter().map(instant).collect()
}

/// Applies what is due for one customer, on the customer's own time. Nothing happens when nothing is due.
///
/// # Errors
/// Those of the database; `test_clock_advancing`.
pub fn catch_up(state: &AppState, provider_id: &str, customer_id: &str) -> Result<(), AppError> {
    state
        .db
        .write(|conn| apply_in_txn(state, conn, provider_id, customer_id, None))
}

/// Like [`catch_up`], for readers: a customer whose test clock is being advanced is left to the clock, and a customer this
/// provider does not have is nobody's business.
///
/// # Errors
/// Those of the database.
pub fn catch_up_visible(state: &AppState, provider_id: &str, customer_id: &str) -> Result<(), AppError> {
    match catch_up(state, provider_id, customer_id) {
        Err(AppError::Refused(violation)) if violation.code == "test_clock_advancing" => Ok(()),
        Err(AppError::NotFound) => Ok(()),
        outcome => outcome,
    }
}

/// Applies what is due for one customer at `advancing_to`, the next stop of the customer's test clock.
///
/// # Errors
/// Those of the database.
pub fn apply_at(
    state: &AppState,
    provider_id: &str,
    customer_id: &str,
    advancing_to: OffsetDateTime,
) -> Result<(), AppError> {
    state
        .db
        .write(|conn| apply_in_txn(state, conn, provider_id, customer_id, Some(advancing_to)))
}

fn apply_in_txn(
    state: &AppState,
    conn: &mut DbConnection,
    provider_id: &str,
    customer_id: &str,
    advancing_to: Option<OffsetDateTime>,
) -> Result<(), AppError> {
    let opening = Opening {
        provider_id,
        only_customer: None,
        by_staff: false,
        restricted_too: true,
        key: AccountKey::Customer(customer_id),
        locked: true,
        advancing_to,
        reaches_back_to: None,
    };
    let mut bench = workbench::open(state, conn, opening)?;
    if bench.needs_saving() {
        bench.stamp();
        bench.save(conn, &Caller::system(), state.clock.now())?;
    }
    Ok(())
}

/// One turn of the worker: claims a batch of due customers nobody else holds and applies what is due for them. A batch is
/// one transaction; after a failure its customers are taken one by one, and the one that fails waits (design 5).
///
/// # Errors
/// Those of the database; a single customer's failure is recorded on the customer instead.
pub fn run_batch(state: &AppState) -> Result<usize, AppError> {
    let now = state.clock.now();
    let batch = state.db.write(|conn| run_in_txn(state, conn));
    match batch {
        Ok(done) => {
            state.metrics.due_batch(u64::try_from(done).unwrap_or(u64::MAX), 0);
            Ok(done)
        }
        Err(AppError::Unavailable(source)) => Err(AppError::Unavailable(source)),
        Err(error) => {
            tracing::warn!(?error, "a batch of due customers failed; taking them one by one");
            run_one_by_one(state, now)
        }
    }
}

/// Claims a batch and applies what is due for it within an open write transaction; says how many customers it took.
///
/// # Errors
/// Those of the database, and of any single customer.
pub fn run_in_txn(state: &AppState, conn: &mut DbConnection) -> Result<usize, AppError> {
    let now = state.clock.now();
    let claimed = account::claim(conn, now.into(), BATCH)?;
    apply_batch_in_txn(state, conn, claimed, now)
}

/// Applies what is due for locked customers on the wall clock: loaded with one query per table, decided in memory, written with
/// one statement per table.
fn apply_batch_in_txn(
    state: &AppState,
    conn: &mut DbConnection,
    claimed: Vec<AccountRow>,
    now: OffsetDateTime,
) -> Result<usize, AppError> {
    let count = claimed.len();
    let mut grounds: HashMap<String, Ground> = HashMap::new();
    for row in &claimed {
        if !grounds.contains_key(&row.provider_id) {
            let ground = workbench::ground_at(state, conn, &row.provider_id, now, false)?;
            grounds.insert(row.provider_id.clone(), ground);
        }
    }
    let ground_of = |row: &AccountRow| grounds.get(&row.provider_id).ok_or(AppError::NotFound);
    let mut charges_from = None;
    for row in &claimed {
        let from = workbench::charges_from(row, ground_of(row)?, None);
        charges_from = charges_from.min(Some(from)).or(Some(from));
    }
    let Some(charges_from) = charges_from else {
        return Ok(0);
    };
    let ids: Vec<&str> = claimed.iter().map(|row| row.id.as_str()).collect();
    let mut accounts = account::load_many(conn, &ids, charges_from)?;
    let books = Books::load(conn, &ids, accounts.values().flat_map(|account| &account.charges))?;
    let plans = workbench::plans_of(state, conn, accounts.values())?;
    let mut benches = Vec::with_capacity(count);
    for row in claimed {
        let ground = ground_of(&row)?.clone();
        let rows = accounts.remove(&row.id).unwrap_or_default();
        let mut bench = workbench::assemble(ground, row, rows, &plans, &books)?;
        if bench.needs_saving() {
            bench.stamp();
            benches.push(bench);
        }
    }
    if !benches.is_empty() {
        billing::save_all(conn, &mut benches, &Caller::system(), state.clock.now())?;
    }
    Ok(count)
}

fn run_one_by_one(state: &AppState, now: OffsetDateTime) -> Result<usize, AppError> {
    let waiting = state.db.read(|conn| due_customers::waiting(conn, now.into(), BATCH))?;
    for customer in &waiting {
        let outcome = state.db.write(|conn| {
            if due_customers::claim_one(conn, &customer.id, now.into())? {
                apply_in_txn(state, conn, &customer.provider_id, &customer.id, None)?;
            }
            Ok::<_, AppError>(())
        });
        match outcome {
            Ok(()) => state.metrics.due_batch(1, 0),
            Err(AppError::Unavailable(source)) => return Err(AppError::Unavailable(source)),
            Err(error) => postpone(state, &customer.id, customer.due_failures, now, &error)?,
        }
    }
    Ok(waiting.len())
}

/// Lets a customer whose due work fails wait, longer each time, so that one bad customer never blocks the rest.
fn postpone(
    state: &AppState,
    customer_id: &str,
    failures: i32,
    now: OffsetDateTime,
    error: &AppError,
) -> Result<(), AppError> {
    state.metrics.due_batch(0, 1);
    let failures = failures.saturating_add(1);
    let minutes = 1_i64 << failures.clamp(0, 10);
    tracing::error!(customer_id, failures, ?error, "due work failed");
    let retry_at = now + Duration::minutes(minutes);
    state
        .db
        .write(|conn| Ok::<_, AppError>(due_customers::postpone(conn, customer_id, failures, retry_at.into())?))
}

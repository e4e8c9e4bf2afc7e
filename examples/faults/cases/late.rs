//! A provider whose customers have not been billed for a hundred days, and what must come of it.

use diesel::prelude::*;
use time::{Date, Duration, OffsetDateTime};
use vertragswerk::clock::Clock;
use vertragswerk::db::schema::{charges, customers, events, invoices};
use vertragswerk::db::{Backend, DbConnection, DbError, Utc};
use vertragswerk::error::AppError;
use vertragswerk::repositories::due_customers;
use vertragswerk::services::due;
use vertragswerk::state::AppState;

use super::client::{Client, Fault};
use super::commands::{self, Commands, Kind};
use super::ground::{PROVIDER, is_sound, state_on, told};
use super::inside;
use crate::helpers::TestDatabase;

/// How late everything is: three billing periods, and a week from the next invoice to fall due.
pub const LATE: Duration = Duration::days(100);
/// What each customer does on the first day, besides concluding a contract.
const COMMANDS: usize = 3;

/// A database with everything due, to be copied, and what billing it undisturbed leaves.
pub struct Late {
    database: TestDatabase,
    /// When it is billed.
    pub now: OffsetDateTime,
    /// What is there when everything is billed.
    pub billed: Vec<String>,
}

impl Late {
    /// As many customers with contracts, add-ons, changes, cancellations; `None` where this machine has no such database.
    pub fn new(backend: Backend, count: usize, seed: u64) -> Result<Option<Self>, Fault> {
        let database = match backend {
            Backend::Sqlite => Some(TestDatabase::sqlite_demo()),
            Backend::Postgres => TestDatabase::postgres_demo(),
        };
        let Some(database) = database else { return Ok(None) };
        let now = Clock::System.now();
        let began = now - LATE;
        let state = state_on(database.open(4), Clock::manual(began));
        inside::serve(state, |address| {
            let mut client = Client::connect(address, database.api_key(PROVIDER))?;
            let customers = commands::customers(&mut client, "late", count)?;
            for (number, customer) in (0..).zip(&customers) {
                let own = std::slice::from_ref(customer);
                let mut stream = Commands::new(seed.wrapping_add(number), &format!("late-{number}"), own);
                for step in 0..=COMMANDS {
                    let sent = if step == 0 {
                        stream.command(Kind::Conclude)
                    } else {
                        stream.draw()
                    };
                    let answer = sent.send(&mut client)?;
                    stream.learn(&sent, &answer);
                }
            }
            Ok(())
        })?;
        let mut late = Self {
            database,
            now,
            billed: Vec::new(),
        };
        let reference = late.copy();
        let state = state_on(reference.open(2), Clock::manual(now));
        bill(&state)?;
        is_sound(&state)?;
        late.billed = outcome(&state)?;
        Ok(Some(late))
    }

    /// A copy of it, nothing billed yet.
    pub fn copy(&self) -> TestDatabase {
        self.database.copy()
    }

    /// What is there is what undisturbed billing leaves, and every invariant holds.
    pub fn is_billed(&self, state: &AppState) -> Result<(), Fault> {
        let found = outcome(state)?;
        if found != self.billed {
            let missing = self.billed.iter().find(|line| !found.contains(line));
            let surplus = found.iter().find(|line| !self.billed.contains(line));
            let (found, expected) = (found.len(), self.billed.len());
            let told = format!("{found} rows instead of {expected}; missing {missing:?}, surplus {surplus:?}");
            return Err(told.into());
        }
        is_sound(state)
    }
}

/// Bills until nothing waits; a database that is busy is tried again.
pub fn bill(state: &AppState) -> Result<usize, Fault> {
    let mut done = 0;
    let began = std::time::Instant::now();
    loop {
        match due::run_batch(state) {
            Ok(count) => done += count,
            Err(AppError::Unavailable(_)) => {}
            Err(error) => return Err(told(error)),
        }
        if let Ok(true) = nothing_waits(state) {
            return Ok(done);
        }
        if began.elapsed() > super::ground::PATIENCE {
            return Err("billing does not come to an end".into());
        }
    }
}

/// Whether nobody is due any more, others at work included.
pub fn nothing_waits(state: &AppState) -> Result<bool, Fault> {
    let now = state.clock.now();
    let since = state.db.read(|conn| due_customers::waiting_since(conn, now.into()));
    Ok(since.map_err(|error| error.to_string())?.is_none())
}

/// How many invoices there are.
pub fn invoices_so_far(state: &AppState) -> Result<i64, Fault> {
    let count = state
        .db
        .read(|conn: &mut DbConnection| Ok::<_, DbError>(invoices::table.count().get_result(conn)?));
    Ok(count.map_err(|error| error.to_string())?)
}

/// Customer, days of issue and payment, status, and the sums.
type BilledRow = (String, Date, Date, String, i64, i64, i64, i64);

/// Everything billing leaves, a line per row, without what may differ: document numbers and when it was recorded.
pub fn outcome(state: &AppState) -> Result<Vec<String>, Fault> {
    let read = state.db.read_consistent(|conn: &mut DbConnection| {
        let billed: Vec<BilledRow> = invoices::table
            .select((
                invoices::customer_id,
                invoices::issued_on,
                invoices::due_on,
                invoices::status,
                invoices::net,
                invoices::gross,
                invoices::balance_applied,
                invoices::credited,
            ))
            .load(conn)?;
        let charged: Vec<(String, String, String, i64, Date, Date)> = charges::table
            .select((
                charges::id,
                charges::kind,
                charges::status,
                charges::amount,
                charges::period_from,
                charges::period_through,
            ))
            .load(conn)?;
        let happened: Vec<(String, i64, String, Utc)> = events::table
            .select((
                events::customer_id,
                events::sequence,
                events::event_type,
                events::occurred_at,
            ))
            .load(conn)?;
        let standing: Vec<(String, i64, String, Option<Utc>)> = customers::table
            .select((
                customers::id,
                customers::balance,
                customers::payment_status,
                customers::next_due_at,
            ))
            .load(conn)?;
        let mut lines: Vec<String> = billed.iter().map(|row| format!("invoice {row:?}")).collect();
        lines.extend(charged.iter().map(|row| format!("charge {row:?}")));
        lines.extend(happened.iter().map(|row| format!("event {row:?}")));
        lines.extend(standing.iter().map(|row| format!("customer {row:?}")));
        lines.sort_unstable();
        Ok::<_, DbError>(lines)
    });
    read.map_err(|error| error.to_string().into())
}

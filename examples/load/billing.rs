//! The billing run: customers with three contracts whose next period begins on one day, billed by the due loop.

use std::error::Error;
use std::thread;
use std::time::{Duration, Instant};

use time::macros::{date, datetime};
use vertragswerk::clock::Clock;
use vertragswerk::config::Config;
use vertragswerk::db::{Backend, Database, DbConnection, JsonText};
use vertragswerk::demo::CATALOGUES;
use vertragswerk::domain::ids::IdKind;
use vertragswerk::domain::invoice::{Address, BillingDetails};
use vertragswerk::error::AppError;
use vertragswerk::repositories::customers::{self, CustomerRow, Metadata};
use vertragswerk::repositories::subscriptions::{self, PhaseRow, SubscriptionRow};
use vertragswerk::services::catalogue::import;
use vertragswerk::services::providers::{self, ProviderMode};
use vertragswerk::services::{due, events};
use vertragswerk::state::AppState;

/// Customers seeded in one transaction.
const SEEDED_AT_ONCE: usize = 1_000;
/// Contracts of each customer.
const CONTRACTS: usize = 3;

/// What a billing run took.
pub struct Run {
    /// Customers billed, each with one invoice of three lines.
    pub customers: usize,
    /// How long it took until nothing was due.
    pub took: Duration,
    /// How long it took to number the events.
    pub numbering: Duration,
    /// A turn of the due loop with nothing due.
    pub idle: Duration,
}

/// Seeds due customers and bills them in this process, with the workers of a server and of `work` beside it.
pub fn run(database_url: &str, count: usize) -> Result<Run, Box<dyn Error + Send + Sync>> {
    let database = Database::connect(database_url, 4)?;
    let clock = Clock::manual(datetime!(2026-02-16 10:00 UTC));
    let state = AppState::with_database(Config::default(), clock, database)?;
    seed(&state, count).map_err(told)?;
    let began = Instant::now();
    let workers: Vec<_> = (0..workers(&state))
        .map(|_| {
            let state = state.clone();
            thread::spawn(move || bill(&state))
        })
        .collect();
    let mut customers = 0;
    for worker in workers {
        customers += worker.join().map_err(|_| "a worker panicked")??;
    }
    let took = began.elapsed();
    let began = Instant::now();
    events::sequence_all(&state).map_err(told)?;
    let numbering = began.elapsed();
    let began = Instant::now();
    due::run_batch(&state).map_err(told)?;
    Ok(Run {
        customers,
        took,
        numbering,
        idle: began.elapsed(),
    })
}

/// One worker per processor where they share the work; SQLite has one writer at a time.
fn workers(state: &AppState) -> usize {
    match state.db.backend() {
        Backend::Postgres => thread::available_parallelism().map_or(1, usize::from),
        Backend::Sqlite => 1,
    }
}

/// What one worker bills until nothing is due.
fn bill(state: &AppState) -> Result<usize, String> {
    let mut customers = 0;
    loop {
        match due::run_batch(state).map_err(told)? {
            0 => return Ok(customers),
            turn => customers += turn,
        }
    }
}

fn told(error: AppError) -> String {
    format!("{error:?}")
}

/// The most memory this process has used.
pub fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(|| "unknown".to_owned(), |text| text.trim().to_owned())
}

fn seed(state: &AppState, count: usize) -> Result<(), AppError> {
    let (_, catalogue) = CATALOGUES
        .iter()
        .find(|(name, _)| *name == "hosting.json")
        .ok_or_else(|| AppError::internal("no demo catalogue"))?;
    let at = datetime!(2026-01-16 10:00 UTC);
    let provider_id = state.db.write(|conn: &mut DbConnection| {
        let provider = providers::create(conn, "hafenrechner", "Hafenrechner", ProviderMode::Live, at)?;
        import(conn, &provider.id, "hafenrechner", catalogue, at)?;
        Ok::<_, AppError>(provider.id)
    })?;
    let published = state.db.read(|conn| state.catalogues.current(conn, &provider_id))?;
    let version = published
        .plan_by_key("hosting_s")
        .map(|(_, reference)| reference.plan_version_id.clone())
        .ok_or_else(|| AppError::internal("no such plan"))?;
    let mut number = 0;
    while number < count {
        let upto = (number + SEEDED_AT_ONCE).min(count);
        state.db.write(|conn| {
            let (mut contracts, mut phases) = (Vec::new(), Vec::new());
            for index in number..upto {
                let row = customer(&provider_id, index);
                customers::insert(conn, &row)?;
                for _ in 0..CONTRACTS {
                    let (contract, phase) = contract(&provider_id, &row.id, &version);
                    contracts.push(contract);
                    phases.push(phase);
                }
            }
            subscriptions::insert(conn, &contracts)?;
            subscriptions::insert_phases(conn, &phases)?;
            Ok::<_, AppError>(())
        })?;
        number = upto;
    }
    Ok(())
}

fn customer(provider_id: &str, index: usize) -> CustomerRow {
    let at = datetime!(2026-01-16 10:00 UTC);
    CustomerRow {
        id: IdKind::Customer.generate(),
        provider_id: provider_id.to_owned(),
        customer_number: format!("K-{index}"),
        customer_type: "business".to_owned(),
        name: format!("Firma {index}"),
        email: format!("post@firma-{index}.example"),
        locale: "de".to_owned(),
        holiday_region: None,
        external_id: None,
        metadata: JsonText(Metadata::new()),
        test_clock_id: None,
        next_due_at: Some(datetime!(2026-02-15 23:00 UTC).into()),
        due_failures: 0,
        retry_at: None,
        last_event_sequence: 0,
        last_event_hash: String::new(),
        version: 1,
        created_at: at.into(),
        updated_at: at.into(),
        billing: JsonText(BillingDetails {
            address: Some(Address {
                addition: None,
                street: "Musterstraße 1".to_owned(),
                postal_code: "20095".to_owned(),
                city: "Hamburg".to_owned(),
                country: "DE".to_owned(),
            }),
            ..BillingDetails::default()
        }),
        balance: 0,
        balance_currency: "EUR".to_owned(),
        payment_status: "paid_up".to_owned(),
    }
}

fn contract(provider_id: &str, customer_id: &str, plan_version_id: &str) -> (SubscriptionRow, PhaseRow) {
    let at = datetime!(2026-01-16 10:00 UTC);
    let starts_on = date!(2026 - 01 - 16);
    let id = IdKind::Subscription.generate();
    let contract = SubscriptionRow {
        id: id.clone(),
        provider_id: provider_id.to_owned(),
        customer_id: customer_id.to_owned(),
        contract_number: id.clone(),
        customer_type: "business".to_owned(),
        concluded_at: at.into(),
        instructed_at: None,
        early_start_requested: false,
        starts_on,
        ends_on: None,
        ended_by_change_id: None,
        withdrawn_on: None,
        billed_through_on: Some(date!(2026 - 02 - 15)),
        started_recorded: true,
        ended_recorded: false,
        version: 1,
        created_at: at.into(),
        updated_at: at.into(),
        parent_id: None,
        add_on_id: None,
        included: false,
        created_by_change_id: None,
        performed_on: None,
    };
    let phase = PhaseRow {
        id: IdKind::Phase.generate(),
        customer_id: customer_id.to_owned(),
        subscription_id: id,
        plan_version_id: Some(plan_version_id.to_owned()),
        quantity: 1,
        from_on: starts_on,
        through_on: None,
        billing_anchor_on: starts_on,
        billing_interval_months: 1,
        created_by_change_id: None,
        ended_by_change_id: None,
        removed: false,
        suspended: false,
        add_on_version_id: None,
    };
    (contract, phase)
}

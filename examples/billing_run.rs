//! Measures the billing run: `cargo run --release --example billing_run -- DATABASE_URL CUSTOMERS`.
//!
//! The database must be empty. Each customer gets three contracts whose next period begins on one day, so each invoice has three
//! lines. Printed are the time of the run, that of a turn with nothing due, and the most memory the process has used.

use std::error::Error;
use std::time::Instant;

use time::macros::{date, datetime};
use vertragswerk::clock::Clock;
use vertragswerk::config::Config;
use vertragswerk::db::{self, Database, DbConnection, JsonText};
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

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().ok_or("DATABASE_URL is missing")?;
    let count: usize = arguments.next().unwrap_or_else(|| "1000".to_owned()).parse()?;
    let database = Database::connect(&url, 4)?;
    db::migrate(&database)?;
    let clock = Clock::manual(datetime!(2026-02-16 10:00 UTC));
    let state = AppState::with_database(Config::default(), clock, database)?;
    seed(&state, count).map_err(told)?;
    let began = Instant::now();
    let mut done = 0;
    loop {
        let turn = due::run_batch(&state).map_err(told)?;
        if turn == 0 {
            break;
        }
        done += turn;
    }
    let run = began.elapsed();
    let began = Instant::now();
    let numbered = events::sequence_all(&state).map_err(told)?;
    println!("{numbered} events numbered: {:.3?}", began.elapsed());
    let began = Instant::now();
    due::run_batch(&state).map_err(told)?;
    println!("{done} customers with {CONTRACTS} lines each: {run:.3?}");
    println!("nothing due: {:.3?}", began.elapsed());
    println!("most memory: {}", peak_memory());
    Ok(())
}

fn told(error: AppError) -> String {
    format!("{error:?}")
}

fn peak_memory() -> String {
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
        add_on_version_id: None,
    };
    (contract, phase)
}

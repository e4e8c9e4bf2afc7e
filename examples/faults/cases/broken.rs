//! A build that must be caught: billing by workers that neither claim their customers nor have the unique key on item and period.
//!
//! The server's own workers cannot double anything even without the key, because they lock the customer first and make a charge's
//! id from what it is for. So the broken worker here does what a careless one would: it reads what is charged, adds the next
//! period, and stores that under an id of its own. Two of them at once double every period, unless the key refuses the second.

use std::collections::HashMap;
use std::sync::Barrier;
use std::thread;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use vertragswerk::clock::Clock;
use vertragswerk::db::schema::charges;
use vertragswerk::db::{Backend, DbConnection, DbError, JsonText};
use vertragswerk::domain::calendar::next_day;
use vertragswerk::domain::ids::IdKind;
use vertragswerk::domain::verification::Invariant;
use vertragswerk::repositories::charges::{self as charge_rows, ChargeRow};
use vertragswerk::services::verification;
use vertragswerk::state::AppState;

use super::client::Fault;
use super::ground::{state_on, told};
use super::late::Late;
use super::process::Program;

/// With the key one of two careless workers is refused; without it both bill, and both `verify` and the comparison that every
/// billing case makes find it.
pub fn is_caught(_: &Program, backend: Backend, rounds: u32, seed: u64, customers: usize) -> Result<String, Fault> {
    let Some(late) = Late::new(backend, customers, seed)? else {
        return Ok("no such database on this machine".to_owned());
    };
    let mut doubled = 0;
    for round in 0..rounds {
        for key in [true, false] {
            let database = late.copy();
            let state = state_on(database.open(4), Clock::manual(late.now));
            if !key {
                state.db.write(drop_key).map_err(|error| error.to_string())?;
            }
            let refused = two_at_once(&state)?;
            let twins = twins(&state)?;
            let caught = late.is_billed(&state).is_err();
            let right = if key {
                refused == 1 && twins == 0
            } else {
                refused == 0 && twins > 0 && caught
            };
            if !right {
                let told = format!("round {round}, key {key}: {refused} refused, {twins} doubled, caught: {caught}");
                return Err(told.into());
            }
            doubled += twins;
        }
    }
    Ok(format!(
        "with the key one of two careless workers is refused each time; without it {doubled} periods are billed twice and found"
    ))
}

fn drop_key(conn: &mut DbConnection) -> Result<(), DbError> {
    Ok(conn.batch_execute("DROP INDEX charges_once_per_period")?)
}

/// How many of two careless workers were refused by the key.
fn two_at_once(state: &AppState) -> Result<usize, Fault> {
    let both_have_read = Barrier::new(2);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let next = state.db.read(next_periods);
                    both_have_read.wait();
                    let next = next?;
                    match state.db.write(|conn| charge_rows::insert(conn, &next)) {
                        Err(error) if error.unique_key().is_some() => Ok(1),
                        outcome => outcome.map(|()| 0),
                    }
                })
            })
            .collect();
        let mut refused = 0;
        for worker in workers {
            refused += worker
                .join()
                .map_err(|_| "a worker panicked")?
                .map_err(|error: DbError| error.to_string())?;
        }
        Ok(refused)
    })
}

/// The period after the last one charged, of everything charged by the period.
fn next_periods(conn: &mut DbConnection) -> Result<Vec<ChargeRow>, DbError> {
    let charged: Vec<ChargeRow> = charges::table
        .filter(charges::kind.eq("recurring"))
        .filter(charges::status.ne("voided"))
        .order(charges::period_from)
        .select(ChargeRow::as_select())
        .load(conn)?;
    let mut last: HashMap<(String, String), ChargeRow> = HashMap::new();
    for row in charged {
        last.insert((row.item_id.clone(), row.price_key.clone()), row);
    }
    let next = last.into_values().map(|row| {
        let length = row.period_through - row.period_from;
        let from = next_day(row.period_through);
        ChargeRow {
            id: IdKind::Charge.generate(),
            status: "draft".to_owned(),
            invoice_id: None,
            credit_note_id: None,
            period_from: from,
            period_through: from + length,
            billing_from: from,
            billing_through: from + length,
            charged_on: from,
            label: JsonText(row.label.0.clone()),
            ..row
        }
    });
    Ok(next.collect())
}

/// How many periods `verify` finds charged twice.
fn twins(state: &AppState) -> Result<usize, Fault> {
    let findings = verification::verify(state).map_err(told)?;
    let offences = findings.offences().iter();
    let twice = offences.filter(|one| one.invariant == Invariant::BilledOnce && one.detail.contains("same period"));
    Ok(twice.count())
}

//! Billing runs: killed in the middle, and several at once.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use vertragswerk::clock::Clock;
use vertragswerk::db::{Backend, Database};

use super::client::Fault;
use super::ground::{Ground, state_on, wait_until};
use super::late::{Late, bill, invoices_so_far, nothing_waits};
use super::process::Program;

/// Kills a server at work on `customers` due customers, lets the next one finish, and compares with an undisturbed run.
pub fn killed(program: &Program, backend: Backend, rounds: u32, seed: u64, customers: usize) -> Result<String, Fault> {
    let Some(late) = Late::new(backend, customers, seed)? else {
        return Ok("no such database on this machine".to_owned());
    };
    let mut random = StdRng::seed_from_u64(seed);
    let longest = undisturbed(program, &late)?;
    let mut amid = 0;
    for round in 0..rounds {
        let ground = Ground::on(program, late.copy());
        let before = invoices_so_far(&ground.state)?;
        let mut child = ground.spawn()?;
        // Starting takes a while too; the last tenth meets those that have just finished.
        let share = random.random_range(20..=110);
        thread::sleep(longest * share / 100);
        child.kill()?;
        child.wait()?;
        let begun = invoices_so_far(&ground.state)? > before;
        amid += u32::from(begun && !nothing_waits(&ground.state)?);
        let server = ground.server()?;
        wait_until("the next server bills", || nothing_waits(&ground.state))?;
        server.kill()?;
        late.is_billed(&ground.state)
            .map_err(|error| format!("round {round}: {error}"))?;
    }
    Ok(format!(
        "{customers} customers billed as by an undisturbed run, each invoice once; {amid} kills between two transactions"
    ))
}

/// How long a server needs from its start to the end of the run.
fn undisturbed(program: &Program, late: &Late) -> Result<Duration, Fault> {
    let ground = Ground::on(program, late.copy());
    let began = Instant::now();
    let server = ground.server()?;
    wait_until("a server bills", || nothing_waits(&ground.state))?;
    let took = began.elapsed();
    server.kill()?;
    late.is_billed(&ground.state)?;
    Ok(took)
}

/// Two and then eight runs at once, each with connections and (on SQLite) a queue of writers of its own, like processes.
pub fn at_once(_: &Program, backend: Backend, rounds: u32, seed: u64, customers: usize) -> Result<String, Fault> {
    let Some(late) = Late::new(backend, customers, seed)? else {
        return Ok("no such database on this machine".to_owned());
    };
    let mut shared = 0;
    for round in 0..rounds {
        for runs in [2, 8] {
            let done = together(&late, runs).map_err(|error| format!("round {round}, {runs} at once: {error}"))?;
            shared += u32::from(done.iter().filter(|count| **count > 0).count() > 1);
        }
    }
    Ok(format!(
        "2 and 8 at once, {customers} customers billed as by a single run; the work was shared in {shared} of {} runs",
        rounds * 2
    ))
}

/// How many customers each of the runs has billed.
fn together(late: &Late, runs: usize) -> Result<Vec<usize>, Fault> {
    let database = late.copy();
    let start = Barrier::new(runs);
    let done = thread::scope(|scope| {
        let runs: Vec<_> = (0..runs)
            .map(|_| {
                scope.spawn(|| {
                    let own = Database::connect(database.url(), 2);
                    start.wait();
                    bill(&state_on(own?, Clock::manual(late.now)))
                })
            })
            .collect();
        let mut done = Vec::new();
        for run in runs {
            done.push(run.join().map_err(|_| "a run panicked")??);
        }
        Ok::<_, Fault>(done)
    })?;
    late.is_billed(&state_on(database.open(2), Clock::manual(late.now)))?;
    Ok(done)
}

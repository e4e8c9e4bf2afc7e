//! A due loop that is three months late, and clocks that jump: what comes of it is what a punctual loop would have left.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use time::Duration;
use vertragswerk::clock::Clock;
use vertragswerk::db::Backend;
use vertragswerk::state::AppState;

use super::client::Fault;
use super::ground::state_on;
use super::late::{LATE, Late, bill};
use super::process::Program;

/// Jumps until the clock stands still.
const JUMPS: u32 = 24;

/// Compares a punctual loop with one that is three months late, and with `rounds` clocks that jump forward and back.
pub fn late_and_jumping(
    _: &Program,
    backend: Backend,
    rounds: u32,
    seed: u64,
    customers: usize,
) -> Result<String, Fault> {
    let Some(late) = Late::new(backend, customers, seed)? else {
        return Ok("no such database on this machine".to_owned());
    };
    let mut random = StdRng::seed_from_u64(seed);
    // What is expected is what the late loop has left, all at once.
    on_copy(&late, "punctual", |state| {
        for _ in 0..LATE.whole_days() {
            state.clock.advance(Duration::days(1));
            bill(state)?;
        }
        Ok(())
    })?;
    for round in 0..rounds {
        let path: Vec<Duration> = (0..JUMPS)
            .map(|_| Duration::minutes(random.random_range(0..=LATE.whole_minutes())))
            .collect();
        on_copy(&late, &format!("round {round}, jumping"), |state| {
            for after in &path {
                state.clock.set(late.now - LATE + *after);
                bill(state)?;
            }
            Ok(())
        })?;
    }
    Ok(format!(
        "{customers} customers: {} days late, day by day, and {rounds} clocks of {JUMPS} jumps leave the same {} rows",
        LATE.whole_days(),
        late.billed.len()
    ))
}

/// Bills a copy as `work` does, then up to now, and compares.
fn on_copy(late: &Late, name: &str, work: impl FnOnce(&AppState) -> Result<(), Fault>) -> Result<(), Fault> {
    let database = late.copy();
    let state = state_on(database.open(2), Clock::manual(late.now - LATE));
    let billed = work(&state).and_then(|()| {
        state.clock.set(late.now);
        bill(&state)?;
        late.is_billed(&state)
    });
    billed.map_err(|error| format!("{name}: {error}").into())
}

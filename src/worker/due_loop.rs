//! The due loop: applies what has fallen due until nothing is left, numbers new events, and sleeps a moment.
//!
//! Any number of processes may run it against one PostgreSQL: a customer's row lock is the claim, so each due effect happens once.

use std::time::Duration;

use super::Shutdown;
use crate::error::AppError;
use crate::repositories::idempotency;
use crate::services::{declarations, due, events};
use crate::state::AppState;

/// How long the loop sleeps when nothing is due.
const IDLE: Duration = Duration::from_millis(500);

/// The longest sleep while the database is away.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// How many turns pass between two clearings of expired keys.
const TURNS_BETWEEN_CLEARINGS: u32 = 600;

/// Runs until `shutdown`. Blocks the calling thread. A database that is away is waited for; nothing ends the loop but the signal.
pub fn run(state: &AppState, shutdown: &Shutdown) {
    let mut turn: u32 = 0;
    let mut wait = IDLE;
    while !shutdown.is_stopped() {
        if turn.is_multiple_of(TURNS_BETWEEN_CLEARINGS) {
            clear(state);
        }
        turn = turn.wrapping_add(1);
        wait = match work(state, shutdown) {
            Ok(()) => IDLE,
            Err(error) => {
                tracing::warn!(?error, "the due loop could not work; trying again");
                (wait * 2).min(LONGEST_WAIT)
            }
        };
        if shutdown.sleep(wait) {
            return;
        }
    }
}

fn work(state: &AppState, shutdown: &Shutdown) -> Result<(), AppError> {
    while !shutdown.is_stopped() && due::run_batch(state)? > 0 {}
    events::sequence_all(state)?;
    Ok(())
}

/// Forgets idempotency keys past their retention, and drafts nobody confirmed.
fn clear(state: &AppState) {
    let retention = time::Duration::days(i64::from(state.config.idempotency_retention_days));
    let before = (state.clock.now() - retention).into();
    let outcome = state
        .db
        .write(|conn| Ok::<_, AppError>(idempotency::delete_before(conn, before)?));
    if let Err(error) = outcome {
        tracing::warn!(?error, "expired idempotency keys could not be cleared");
    }
    if let Err(error) = declarations::forget_expired_drafts(state) {
        tracing::warn!(?error, "expired drafts of withdrawals could not be cleared");
    }
}

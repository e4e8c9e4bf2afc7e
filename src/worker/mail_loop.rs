//! The mail loop: delivers the outbox mail by mail and sleeps a moment.
//!
//! In a thread of its own, so that a slow mail server delays nothing that falls due.

use std::time::Duration;

use super::Shutdown;
use crate::services::emails;
use crate::state::{AppState, Delivery};

/// How long the loop sleeps when nothing waits.
const IDLE: Duration = Duration::from_millis(500);

/// The longest sleep while the database is away.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Runs until `shutdown`. Blocks the calling thread; a mail in hand is finished first.
pub fn run(state: &AppState, shutdown: &Shutdown) {
    if matches!(*state.delivery, Delivery::Wait) {
        tracing::warn!("SMTP_URL is not set: e-mails wait in the outbox until a process with a mail server runs");
        return;
    }
    let mut wait = IDLE;
    while !shutdown.is_stopped() {
        match emails::deliver_next(state) {
            Ok(true) => {
                wait = IDLE;
                continue;
            }
            Ok(false) => wait = IDLE,
            Err(error) => {
                tracing::warn!(?error, "the mail loop could not work; trying again");
                wait = (wait * 2).min(LONGEST_WAIT);
            }
        }
        if shutdown.sleep(wait) {
            return;
        }
    }
}

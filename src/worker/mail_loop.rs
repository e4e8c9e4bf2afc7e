//! The mail loop: a few senders deliver the outbox, each mail by mail, and sleep a moment.
//!
//! In threads of their own, so that a slow mail server delays nothing that falls due.

use std::time::Duration;

use super::Shutdown;
use crate::services::emails;
use crate::state::{AppState, Delivery};

/// How long the loop sleeps when nothing waits.
const IDLE: Duration = Duration::from_millis(500);

/// The longest sleep while the database is away.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// How many mails are sent at the same time. A mail server may think about one recipient for as long as it likes; that must not
/// delay the confirmations of everybody else. Few, because many mail servers take only a handful of connections from one sender.
const SENDERS: usize = 4;

/// Runs until `shutdown`. Blocks the calling thread; the mails in hand are finished first.
pub fn run(state: &AppState, shutdown: &Shutdown) {
    if matches!(*state.delivery, Delivery::Wait) {
        tracing::warn!("SMTP_URL is not set: e-mails wait in the outbox until a process with a mail server runs");
        return;
    }
    std::thread::scope(|scope| {
        for _ in 0..SENDERS {
            scope.spawn(|| send(state, shutdown));
        }
    });
}

/// One sender. Leases keep several from taking the same mail, and a mail from overtaking one another has in hand.
fn send(state: &AppState, shutdown: &Shutdown) {
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

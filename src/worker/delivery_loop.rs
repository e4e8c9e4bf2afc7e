//! The delivery loop: fans events out to webhook endpoints, leases deliveries and sends them.
//!
//! It has a thread and a runtime of its own. Attempts run beside each other, a few per endpoint and one for an endpoint that
//! keeps failing, so a receiver that is slow or dead only delays itself. Of the database's connections it uses two at most.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::Shutdown;
use super::sender::Sender;
use crate::error::AppError;
use crate::services::webhooks::{self, Shipment};
use crate::state::AppState;

/// Attempts under way in one process.
const MOST_AT_ONCE: usize = 256;
/// Attempts under way at one endpoint, per process.
const MOST_PER_ENDPOINT: usize = 8;
/// How long the loop sleeps when there is nothing to do.
const IDLE: Duration = Duration::from_millis(250);
/// The longest sleep while the database is away.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// How long attempts under way are waited for when the process is told to stop; after that their leases run out.
const GRACE: Duration = Duration::from_secs(5);
/// How many turns pass between two clearings of old deliveries.
const TURNS_BETWEEN_CLEARINGS: u32 = 1_000;

/// Runs until `shutdown`. Blocks the calling thread. A database that is away is waited for; nothing ends the loop but the signal.
pub fn deliver(state: &AppState, shutdown: &Shutdown) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let sender = Sender::new(state);
    match (runtime, sender) {
        (Ok(runtime), Ok(sender)) => {
            runtime.block_on(Deliveries::new(state, sender).run(shutdown));
            // A look-up of a name that hangs must not hold up the end of the process.
            runtime.shutdown_background();
        }
        (Err(error), _) => tracing::error!(%error, "webhooks are not delivered: no runtime"),
        (_, Err(error)) => tracing::error!(%error, "webhooks are not delivered: no HTTP client"),
    }
}

/// How many attempts one endpoint may have under way. One that keeps failing gets one; and once half of what a process does at
/// once is under way every endpoint gets one, so that a few slow receivers never take up all of it.
fn share(is_failing: bool, left: usize) -> usize {
    if is_failing || left < MOST_AT_ONCE / 2 {
        1
    } else {
        MOST_PER_ENDPOINT
    }
}

/// The loop's state.
struct Deliveries {
    state: AppState,
    sender: Arc<Sender>,
    database: Arc<Semaphore>,
    running: JoinSet<String>,
    per_endpoint: HashMap<String, usize>,
}

impl Deliveries {
    fn new(state: &AppState, sender: Sender) -> Self {
        Self {
            state: state.clone(),
            sender: Arc::new(sender),
            // One for the loop itself, one for the results.
            database: Arc::new(Semaphore::new(1)),
            running: JoinSet::new(),
            per_endpoint: HashMap::new(),
        }
    }

    async fn run(mut self, shutdown: &Shutdown) {
        let mut turn: u32 = 0;
        let mut wait = IDLE;
        while !shutdown.is_stopped() {
            if turn.is_multiple_of(TURNS_BETWEEN_CLEARINGS) {
                self.clear().await;
            }
            turn = turn.wrapping_add(1);
            wait = match self.turn().await {
                Ok(true) => Duration::ZERO,
                Ok(false) => IDLE,
                Err(error) => {
                    tracing::warn!(?error, "the delivery loop could not work; trying again");
                    (wait * 2).clamp(IDLE, LONGEST_WAIT)
                }
            };
            self.pause(wait).await;
        }
        // What does not end in time is sent again by whoever finds its lease run out.
        let _ = tokio::time::timeout(GRACE, async { while self.running.join_next().await.is_some() {} }).await;
    }

    /// Fans out and begins attempts; says whether there may be more to do at once.
    async fn turn(&mut self) -> Result<bool, AppError> {
        let state = self.state.clone();
        let busy = self.per_endpoint.clone();
        let free = MOST_AT_ONCE - self.running.len();
        let (looked_at, shipments) = in_background(move || {
            let looked_at = webhooks::fan_out(&state)?;
            let room = |endpoint: &str, is_failing: bool, left: usize| {
                share(is_failing, left).saturating_sub(busy.get(endpoint).copied().unwrap_or(0))
            };
            let shipments = webhooks::claim(&state, free, room)?;
            Ok((looked_at, shipments))
        })
        .await?;
        let worked = looked_at > 0 || !shipments.is_empty();
        for shipment in shipments {
            *self.per_endpoint.entry(shipment.endpoint_id.clone()).or_default() += 1;
            let (state, sender) = (self.state.clone(), Arc::clone(&self.sender));
            self.running
                .spawn(attempt(state, sender, Arc::clone(&self.database), shipment));
        }
        Ok(worked)
    }

    /// Sleeps until it is time for another turn or an attempt has ended, which may have made room.
    async fn pause(&mut self, wait: Duration) {
        let mut ended = self.running.try_join_next();
        if ended.is_none() {
            ended = tokio::time::timeout(wait, self.running.join_next())
                .await
                .ok()
                .flatten();
            if ended.is_none() && self.running.is_empty() {
                tokio::time::sleep(wait).await;
            }
        }
        while let Some(outcome) = ended {
            if let Ok(endpoint_id) = outcome {
                self.make_room(&endpoint_id);
            }
            ended = self.running.try_join_next();
        }
    }

    fn make_room(&mut self, endpoint_id: &str) {
        if let Some(count) = self.per_endpoint.get_mut(endpoint_id) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.per_endpoint.remove(endpoint_id);
            }
        }
    }

    async fn clear(&self) {
        let state = self.state.clone();
        if let Err(error) = in_background(move || webhooks::clear(&state)).await {
            tracing::warn!(?error, "old webhook deliveries could not be cleared");
        }
    }
}

/// Sends one message and writes down what came of it; gives back the endpoint whose room is free again.
async fn attempt(state: AppState, sender: Arc<Sender>, database: Arc<Semaphore>, shipment: Shipment) -> String {
    let outcome = sender.send(&shipment).await;
    state.metrics.webhook_attempt(outcome.response.is_success());
    let endpoint_id = shipment.endpoint_id.clone();
    // The semaphore is never closed.
    let _turn = database.acquire().await;
    if let Err(error) = in_background(move || webhooks::record(&state, &shipment, &outcome)).await {
        tracing::warn!(
            ?error,
            endpoint_id,
            "the outcome of a webhook attempt could not be stored; it will be repeated"
        );
    }
    endpoint_id
}

async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, AppError> + Send + 'static,
) -> Result<T, AppError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(_) => Err(AppError::internal("a service function panicked")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Endpoint after endpoint takes what it may have and gives nothing back.
    #[test]
    fn forty_slow_receivers_leave_room_for_others() {
        let mut free = MOST_AT_ONCE;
        for _ in 0..40 {
            free -= share(false, free);
        }
        assert!(free > MOST_AT_ONCE / 3, "{free}");
        assert_eq!(
            (share(true, MOST_AT_ONCE), share(false, MOST_AT_ONCE)),
            (1, MOST_PER_ENDPOINT)
        );
    }
}

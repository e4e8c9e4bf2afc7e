//! Webhooks: endpoints that hear of events, and the deliveries to them.
//!
//! Nothing of this hangs in a command. The feed of numbered events is the queue: each endpoint has a position in it, the
//! fan-out moves it on and queues deliveries, workers lease and send them. So a command never waits for a receiver, and a
//! replay is nothing but an earlier position.

mod attempt;
mod deliveries;
mod endpoints;
mod fan_out;
mod input;
mod notice;

pub use attempt::{Outcome, Shipment, claim, record};
pub use deliveries::{
    Attempt, Delivery, DeliveryQuery, DeliveryStatus, clear, find_delivery, list_deliveries, retry, send_test,
};
pub use endpoints::{
    Endpoint, EndpointPatch, Failure, NewEndpoint, Revealed, create, delete, find, list, replay, rotate_secret, update,
};
pub use fan_out::fan_out;

use crate::db::DbConnection;
use crate::error::AppError;
use crate::repositories::providers::{ProviderRow, provider_find};
use crate::state::AppState;

/// Whether messages of this provider may go to the machine itself: the operator's switch, for sandbox providers only.
fn allows_loopback(state: &AppState, provider: &ProviderRow) -> bool {
    state.config.webhooks.allow_loopback && provider.mode != "live"
}

fn provider(conn: &mut DbConnection, id: &str) -> Result<ProviderRow, AppError> {
    provider_find(conn, id)?.ok_or(AppError::NotFound)
}

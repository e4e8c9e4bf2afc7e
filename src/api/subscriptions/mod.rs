//! `/v1/subscriptions`: contracts, concluded and read.

mod dto;
mod handlers;
mod notice;

pub use dto::{PendingChangeDto, SubscriptionDto};
pub use handlers::configure;

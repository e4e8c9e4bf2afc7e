//! `/v1/subscriptions`: contracts, concluded and read.

mod dto;
mod handlers;

pub use dto::SubscriptionDto;
pub use handlers::configure;

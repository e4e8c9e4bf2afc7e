//! `/v1/webhook-endpoints`: who is told of events by HTTP.

mod dto;
mod handlers;

pub use handlers::configure;

//! `/v1/subscriptions/{subscription_id}/add-ons`: what is booked on top of a contract.

mod commands;
mod dto;
mod handlers;
mod input;

pub use dto::AddOnBookingDto;

/// Mounts the operations of this module.
pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.configure(handlers::configure).configure(commands::configure);
}

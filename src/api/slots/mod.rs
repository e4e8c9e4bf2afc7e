//! `/v1/slots` and `/v1/subscriptions/{subscription_id}/slots`: what occupies the slots of packages.

mod commands;
mod dto;
mod handlers;
mod input;

pub use dto::SlotDto;
pub(super) use input::{plain_name, presence, web_address};

/// Mounts the operations of this module.
pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.configure(handlers::configure).configure(commands::configure);
}

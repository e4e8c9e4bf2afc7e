//! Cancellations: of one contract, of several, of all but one; revoked by customers, decided by the provider.

mod declare;
mod dto;
mod handlers;
mod input;

pub(super) use declare::one;
pub use dto::CancellationDto;

/// Mounts the operations of this module.
pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    declare::configure(config);
    handlers::configure(config);
}

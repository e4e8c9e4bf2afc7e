//! Withdrawals (§ 355 BGB): declaring, previewing and reading them.

mod dto;
mod handlers;
mod input;

pub use dto::WithdrawalDto;

/// Mounts the operations of this module.
pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    handlers::configure(config);
}

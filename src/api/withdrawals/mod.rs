//! Withdrawals (§ 355 BGB): declaring, previewing and reading them.

mod dto;
mod handlers;
mod input;

/// Mounts the operations of this module.
pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    handlers::configure(config);
}

//! What is kept of a customer, what was erased, and a customer's own data as an archive.

mod dto;
mod export;
mod handlers;

/// Mounts the operations of this module.
pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.configure(handlers::configure).configure(export::configure);
}

//! Declarations without login (§§ 312k, 356a BGB): the public functions, and the inbox of staff.

mod dto;
mod functions;
mod inbox;
mod input;
mod public;

pub use dto::DeclarationDto;
pub use input::{PublicCancellation, PublicWithdrawal};
pub use public::{even_out, is_statutory};

/// Mounts the operations of this module.
pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config
        .configure(functions::configure)
        .configure(public::configure)
        .configure(inbox::configure);
}

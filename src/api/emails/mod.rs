//! `/v1/emails`: what was written to customers, when, and what became of it.

mod choices;
mod dto;
mod handlers;

pub use dto::EmailDto;
pub use handlers::configure;

//! E-mail: what it says ([`content`]), how it looks ([`render`]) and how it travels ([`smtp`]).
//!
//! Nothing here knows the database; `services::emails` writes the outbox and `worker` sends from it.

mod audience;
pub mod content;
pub mod render;
mod settlement;
pub mod smtp;

pub use smtp::is_address;

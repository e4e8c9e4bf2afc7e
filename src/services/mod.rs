//! Use cases: load, decide (`domain`), store. A service owns its transaction and knows nothing of HTTP.

pub mod auth;
pub mod catalogue;
pub mod command;
pub mod customers;
pub mod due;
pub mod events;
pub mod idempotency;
pub mod preview_token;
pub mod providers;
pub mod views;
pub mod workbench;

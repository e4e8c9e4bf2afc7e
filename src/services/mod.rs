//! Use cases: load, decide (`domain`), store. A service owns its transaction and knows nothing of HTTP.

pub mod auth;
pub mod catalogue;
pub mod customers;
pub mod providers;

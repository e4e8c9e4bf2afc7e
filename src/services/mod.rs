//! Use cases: load, decide (`domain`), store. A service owns its transaction and knows nothing of HTTP.

pub mod auth;

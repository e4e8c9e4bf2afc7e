//! Rows of the database, and functions over an open connection that read and write them.

pub mod api_keys;
pub mod customer_profiles;
pub mod providers;
pub mod refresh_tokens;
pub mod users;

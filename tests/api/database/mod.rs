//! The database layer itself, on both engines.

mod connections;
mod schema;
mod transactions;
mod types;

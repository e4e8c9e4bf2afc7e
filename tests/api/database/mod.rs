//! The database layer itself, on both engines.

mod connections;
mod indexes;
mod schema;
mod transactions;
mod types;

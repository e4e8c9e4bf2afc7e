//! A database per case, as the tests have it: the same code.

#[path = "../../tests/api/helpers/database.rs"]
pub mod database;
#[path = "../../tests/api/helpers/demo.rs"]
pub mod demo;
#[path = "../../tests/api/helpers/postgres.rs"]
pub mod postgres;

pub use database::TestDatabase;

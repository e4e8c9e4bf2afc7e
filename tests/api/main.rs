//! The tests that need a database or the whole server, in one binary, so that they link once and share one PostgreSQL.

mod helpers;

mod architecture;
mod database;

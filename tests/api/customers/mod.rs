//! Customers over HTTP: creating, reading, changing, and who may.

mod access;
mod change;
mod create;

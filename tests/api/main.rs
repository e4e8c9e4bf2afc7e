//! The tests that need a database or the whole server, in one binary, so that they link once and share one PostgreSQL.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that panics has failed, which is its purpose"
)]

mod helpers;

mod architecture;
mod auth;
mod calculators;
mod catalogue;
mod cli;
mod concurrency;
mod contracts;
mod coverage;
mod customers;
mod database;
mod declarations;
mod emails;
mod event_feed;
mod evidence;
mod faults;
mod found_by_strangers;
mod invoices;
mod manners;
mod model;
mod pages;
mod retention;
mod scenarios;
mod server;
mod verification;
mod webhooks;

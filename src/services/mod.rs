//! Use cases: load, decide (`domain`), store. A service owns its transaction and knows nothing of HTTP.

pub mod add_ons;
pub mod agreements;
pub mod auth;
pub mod cancellations;
pub mod catalogue;
pub mod chain;
pub mod charges;
pub mod command;
pub mod customers;
pub mod due;
pub mod emails;
pub mod events;
pub mod evidence;
pub mod health;
pub mod idempotency;
pub mod options;
pub mod plan_changes;
pub mod preview_token;
pub mod providers;
pub mod revocations;
pub mod subscriptions;
pub mod test_clocks;
pub mod timeline;
pub mod views;
pub mod webhooks;
pub mod workbench;

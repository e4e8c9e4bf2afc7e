//! Rows of the database, and functions over an open connection that read and write them.

pub mod account;
pub mod api_keys;
pub mod catalogues;
pub mod changes;
pub mod charges;
pub mod customers;
pub mod declarations;
pub mod due_customers;
pub mod emails;
pub mod events;
pub mod idempotency;
pub mod invoices;
pub mod legal_documents;
pub mod payments;
pub mod providers;
pub mod refresh_tokens;
pub mod retention;
pub mod slots;
pub mod subscriptions;
pub mod test_clocks;
pub mod usage;
pub mod users;
pub mod verification;
pub mod webhook_deliveries;
pub mod webhook_endpoints;
pub mod withdrawals;

//! The rules: pure functions over plain data. Nothing here reads a clock, speaks HTTP or knows a database.

pub mod access;
pub mod account;
pub mod add_on;
pub mod because;
pub mod calendar;
pub mod cancellation;
pub mod catalogue;
pub mod change;
pub mod charge;
pub mod charging;
pub mod conclusion;
pub mod consent;
#[cfg(test)]
mod contract_tests;
pub mod customer_type;
pub mod declaration;
pub mod digest;
pub mod due;
pub mod email;
pub mod entitlements;
pub mod event;
pub mod event_type;
#[cfg(test)]
mod hard_cases;
pub mod holidays;
pub mod ids;
pub mod invoice;
pub mod localized;
pub mod money;
pub mod notices;
pub mod options;
pub mod order;
pub mod period;
pub mod plan_change;
pub mod plan_version;
pub mod preview;
pub mod proration;
pub mod retention;
pub mod revocation;
pub mod slots;
pub mod subscription;
pub mod tax;
pub mod terms;
pub mod text;
pub mod time_zone;
pub mod timeline;
#[cfg(test)]
mod vectors;
pub mod verification;
pub mod violation;
pub mod webhook;
pub mod withdrawal;

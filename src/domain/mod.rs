//! The rules: pure functions over plain data. Nothing here reads a clock, speaks HTTP or knows a database.

pub mod access;
pub mod because;
pub mod calendar;
pub mod catalogue;
pub mod customer_type;
pub mod holidays;
pub mod ids;
pub mod localized;
pub mod money;
pub mod period;
pub mod plan_version;
pub mod proration;
pub mod tax;
pub mod terms;
pub mod time_zone;
pub mod violation;
pub mod withdrawal;

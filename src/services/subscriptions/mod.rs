//! Contracts: concluding them and reading them.

mod conclude;
mod read;

pub use conclude::{NewSubscription, conclude, preview_conclusion};
pub(super) use conclude::{contract_number, customer_of, foresee, order, starts_text};
pub use read::{SubscriptionQuery, find, list};

//! Contracts: concluding them and reading them.

mod conclude;
mod read;

pub use conclude::{NewSubscription, conclude, preview_conclusion};
pub use read::{SubscriptionQuery, find, list};

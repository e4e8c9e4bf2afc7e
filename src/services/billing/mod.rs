//! The billing side of accounts: loaded with the contracts, and stored with them in as few statements as the databases allow,
//! for one customer of a command as for a whole batch of the due loop.

mod load;
mod numbers;
mod store;

pub use load::{Books, billing, terms};
pub use store::save_all;

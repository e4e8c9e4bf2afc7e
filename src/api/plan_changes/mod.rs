//! Plan changes: another plan or quantity, made, read and taken back.

mod dto;
mod handlers;

pub use dto::{ChangeParams, PlanChangeDto};
pub use handlers::configure;
pub(super) use handlers::created;

//! E-mails: what is written, what arrives at a mail server, and what the history tells.

mod add_ons;
mod attachments;
mod contracts;
mod delivery;
mod early_start;
mod history;
mod order;
mod senders;
pub mod settlement;

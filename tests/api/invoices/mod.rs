//! Charges become invoices: over HTTP, under a moving clock, with crowds of workers.

mod month_ends;
mod runs;
pub mod settling;
pub mod story;
mod tax;
mod usage;

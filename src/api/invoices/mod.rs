//! `/v1/invoices`, `/v1/credit-notes`: what was invoiced, what corrected it, and what will be invoiced next.

mod document;
mod dto;
mod handlers;

pub use dto::{CreditNoteDto, InvoiceDto, SetOffDto};
pub use handlers::configure;

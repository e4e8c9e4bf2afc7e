//! Invoices: when charges are invoiced, what stands on the invoice, what corrects it and what pays it.
//!
//! One consolidated invoice per customer, currency and price mode (design decision 10). It is issued on the day on which any
//! recurring item begins a period, after everything else of that day, and takes up every draft charge of the customer; at the
//! end of the last contract it takes up the rest. A sum of zero or less makes no invoice: its charges stay drafts and meet the
//! next one, or are paid out by an invoice correction at the last end. Issued documents are never changed (§ 14 UStG, § 146
//! Abs. 4 AO); only their status and what has been paid of them moves on.

mod billing;
mod collect;
mod credit;
mod days;
mod document;
mod entries;
mod offset;
mod party;
mod payment;
#[cfg(test)]
mod tests;
mod treatment;
mod usage;
mod vat_id;

pub use billing::{BilledUsage, Billing, BillingTerms, InvoiceHead, InvoiceStatus, PaymentStatus};
pub use collect::as_invoiced;
pub(super) use collect::original_invoice;
pub use credit::{Credited, void_or_credit};
pub(super) use credit::{Taken, correct, invoice_of, void};
pub(super) use days::{BillingStep, next_step, perform, period_begins, withdrawal_ends};
pub use days::{PreparedInvoice, next_invoice};
pub use document::{
    CorrectedInvoice, Correction, CreditReason, Document, DocumentType, Line, Note, SetOff, TaxGroupLine,
};
pub use party::{Address, BillingDetails, Invoicing, Recipient, Supplier, document_number, is_number_format};
pub use payment::{Allocation, Payment, PaymentOrder, record_payment};
pub use treatment::TaxTreatment;
pub use usage::{UsageRecord, UsageReport, UsageTotal, charge_usage_now, check_repetition, record_usage};
pub use vat_id::is_vat_id;

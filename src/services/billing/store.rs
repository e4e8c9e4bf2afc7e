//! Storing what has been decided on one workbench or many: each table gets its rows of all customers in one statement.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::numbers::{self, Place};
use crate::db::{DbConnection, JsonText, Utc};
use crate::domain::invoice::{BilledUsage, Document, DocumentType, InvoiceHead, Payment, UsageRecord};
use crate::error::AppError;
use crate::repositories::account::{self, AccountDifference, AccountRows, AccountUpdate};
use crate::repositories::customers;
use crate::repositories::emails as email_rows;
use crate::repositories::events as event_rows;
use crate::repositories::invoices::{self, CreditNoteRow, InvoiceProgress, InvoiceRow};
use crate::repositories::payments::{self, AllocationEntry, PaymentRow};
use crate::repositories::usage::{self, UnbilledRow, UsageRow};
use crate::repositories::withdrawals;
use crate::services::emails;
use crate::services::events::{self, Caller, ChainEnd};
use crate::services::retention;
use crate::services::workbench::Workbench;

/// Writes the differences, documents, events and customers' rows of all workbenches. The customers must be locked; numbers are
/// taken after everything that can wait for another lock.
///
/// # Errors
/// Those of the database.
pub fn save_all(
    conn: &mut DbConnection,
    benches: &mut [Workbench],
    caller: &Caller,
    recorded_at: OffsetDateTime,
) -> Result<(), AppError> {
    let mut difference = AccountDifference::default();
    for bench in benches.iter() {
        bench.keep_add_on_versions(conn, recorded_at)?;
        let after = AccountRows::of(&bench.ground.provider.id, &bench.account);
        difference.add(bench.loaded(), after);
    }
    account::write(conn, &difference)?;
    for bench in benches.iter() {
        if bench.needs_data_again() {
            customers::lift_restriction(conn, bench.customer_id())?;
        }
        let (provider_id, customer_id) = (&bench.ground.provider.id, bench.customer_id());
        withdrawals::insert(conn, provider_id, customer_id, &bench.account.withdrawals)?;
    }
    let places = numbers::number(conn, benches)?;
    store_documents(conn, benches, &places, recorded_at)?;
    store_progress(conn, benches)?;
    store_payments_and_usage(conn, benches)?;
    let (mut rows, mut told) = (Vec::new(), Vec::with_capacity(benches.len()));
    let mut updates = Vec::with_capacity(benches.len());
    for bench in benches.iter_mut() {
        let mut end: ChainEnd = bench.chain_end();
        let mut drafts = std::mem::take(&mut bench.account.events);
        let (provider_id, customer_id) = (&bench.ground.provider.id, bench.customer_id());
        let erased = retention::erase_due(conn, provider_id, &bench.account, &mut drafts, recorded_at)?;
        let mut chained = events::chained(provider_id, customer_id, &mut end, &drafts, caller, recorded_at);
        retention::blank(&mut chained, &erased);
        let event_ids: Vec<String> = chained.iter().map(|row| row.id.clone()).collect();
        rows.extend(chained);
        told.push((drafts, event_ids));
        updates.push(AccountUpdate {
            id: customer_id.to_owned(),
            next_due_at: bench.next_due_at().map(Utc::from),
            due_failures: 0,
            retry_at: None,
            last_event_sequence: end.sequence,
            last_event_hash: end.hash,
            balance: bench.account.billing.balance.minor,
            balance_currency: bench.account.billing.balance.currency.as_str().to_owned(),
            payment_status: bench.account.billing.payment_status().as_str().to_owned(),
            swept_on: bench.account.billing.swept_on,
        });
    }
    event_rows::insert(conn, &rows)?;
    let mut mails = Vec::new();
    for (bench, (drafts, event_ids)) in benches.iter().zip(&told) {
        mails.extend(emails::for_events(
            conn,
            &bench.addressee(),
            drafts,
            event_ids,
            recorded_at,
        )?);
    }
    email_rows::insert(conn, &mails)?;
    account::update_all(conn, &updates)?;
    Ok(())
}

/// Stores each document as its canonical JSON with its hash, beside what is filtered by.
fn store_documents(
    conn: &mut DbConnection,
    benches: &mut [Workbench],
    places: &BTreeMap<String, Place>,
    recorded_at: OffsetDateTime,
) -> Result<(), AppError> {
    let (mut invoice_rows, mut note_rows, mut corrected) = (Vec::new(), Vec::new(), Vec::new());
    for bench in benches.iter_mut() {
        let owner = (bench.ground.provider.id.clone(), bench.customer_id().to_owned());
        for document in std::mem::take(&mut bench.account.billing.issued) {
            let place = places
                .get(&document.id)
                .ok_or_else(|| AppError::internal(format!("{} was given no number", document.id)))?;
            let stored = Stored::new(&document, place, &owner, recorded_at);
            match document.document_type {
                DocumentType::Invoice => {
                    let head =
                        bench.account.billing.invoice(&document.id).ok_or_else(|| {
                            AppError::internal(format!("{} was not entered in the books", document.id))
                        })?;
                    invoice_rows.push(stored.invoice(&document, head));
                }
                DocumentType::CreditNote => {
                    let correction = document.correction.iter().flat_map(|correction| &correction.invoices);
                    corrected.extend(correction.map(|invoice| (document.id.clone(), invoice.id.clone())));
                    note_rows.push(stored.credit_note(&document));
                }
            }
        }
    }
    invoices::insert(conn, &invoice_rows)?;
    invoices::credit_notes_insert(conn, &note_rows, &corrected)?;
    Ok(())
}

/// What invoices and corrections are stored with alike.
struct Stored<'a> {
    place: &'a Place,
    owner: &'a (String, String),
    canonical: String,
    sha256: String,
    recorded_at: Utc,
}

impl<'a> Stored<'a> {
    fn new(document: &Document, place: &'a Place, owner: &'a (String, String), recorded_at: OffsetDateTime) -> Self {
        let canonical = document.canonical();
        Self {
            place,
            owner,
            sha256: Document::sha256(&canonical),
            canonical,
            recorded_at: recorded_at.into(),
        }
    }

    fn invoice(self, document: &Document, head: &InvoiceHead) -> InvoiceRow {
        InvoiceRow {
            id: document.id.clone(),
            provider_id: self.owner.0.clone(),
            customer_id: self.owner.1.clone(),
            number: document.number.clone(),
            series: self.place.series.clone(),
            year: self.place.year,
            sequence: self.place.sequence,
            status: head.status.as_str().to_owned(),
            issued_on: document.issued_on,
            due_on: head.due_on,
            currency: document.currency.as_str().to_owned(),
            treatment: head.treatment.as_str().to_owned(),
            net: document.totals.net.minor,
            tax: document.totals.tax.minor,
            gross: document.totals.gross.minor,
            balance_applied: document.balance_applied.minor,
            paid: head.paid.minor,
            credited: head.credited.minor,
            settled_at: head.settled_at.map(Utc::from),
            document: self.canonical,
            sha256: self.sha256,
            recorded_at: self.recorded_at,
            set_off: head.set_off.minor,
        }
    }

    fn credit_note(self, document: &Document) -> CreditNoteRow {
        CreditNoteRow {
            id: document.id.clone(),
            provider_id: self.owner.0.clone(),
            customer_id: self.owner.1.clone(),
            number: document.number.clone(),
            series: self.place.series.clone(),
            year: self.place.year,
            sequence: self.place.sequence,
            issued_on: document.issued_on,
            document: self.canonical,
            sha256: self.sha256,
            recorded_at: self.recorded_at,
        }
    }
}

/// Status and sums of invoices that were issued before.
fn store_progress(conn: &mut DbConnection, benches: &[Workbench]) -> Result<(), AppError> {
    let mut moved = Vec::new();
    for bench in benches {
        for head in &bench.account.billing.invoices {
            let before = bench.invoices_before().iter().find(|before| before.id == head.id);
            if before.is_some_and(|before| before != head) {
                moved.push(InvoiceProgress {
                    id: head.id.clone(),
                    status: head.status.as_str().to_owned(),
                    paid: head.paid.minor,
                    credited: head.credited.minor,
                    settled_at: head.settled_at.map(Utc::from),
                    set_off: head.set_off.minor,
                });
            }
        }
    }
    invoices::progress(conn, &moved)?;
    Ok(())
}

fn store_payments_and_usage(conn: &mut DbConnection, benches: &mut [Workbench]) -> Result<(), AppError> {
    let (mut payment_rows, mut usage_rows, mut billed) = (Vec::new(), Vec::new(), Vec::new());
    for bench in benches.iter_mut() {
        let owner = (bench.ground.provider.id.clone(), bench.customer_id().to_owned());
        let billing = &mut bench.account.billing;
        payment_rows.extend(
            std::mem::take(&mut billing.payments)
                .iter()
                .map(|each| payment_row(each, &owner)),
        );
        for record in std::mem::take(&mut billing.recorded_usage) {
            usage_rows.push(usage_row(&record, &owner)?);
        }
        let taken = std::mem::take(&mut billing.billed_usage).into_iter();
        billed.extend(taken.map(|each| (owner.1.clone(), each)));
    }
    payments::insert(conn, &payment_rows)?;
    usage::insert(conn, &usage_rows)?;
    for (customer_id, each) in &billed {
        let BilledUsage {
            total,
            billed_on,
            charge_id,
        } = each;
        let row = UnbilledRow {
            customer_id: customer_id.clone(),
            subscription_id: total.subscription_id.clone(),
            plan_version_id: total.plan_version_id.clone(),
            price_key: total.price_key.clone(),
            recorded_on: total.recorded_on,
            first_used_on: total.first_used_on,
            quantity: total.quantity,
        };
        usage::set_billed(conn, &row, *billed_on, charge_id.as_deref())?;
    }
    Ok(())
}

fn payment_row(payment: &Payment, (provider_id, customer_id): &(String, String)) -> PaymentRow {
    let entries = payment.allocations.iter().map(|part| AllocationEntry {
        invoice_id: part.invoice_id.clone(),
        amount: part.amount.minor,
    });
    PaymentRow {
        id: payment.id.clone(),
        provider_id: provider_id.clone(),
        customer_id: customer_id.clone(),
        amount: payment.amount.minor,
        currency: payment.amount.currency.as_str().to_owned(),
        received_on: payment.received_on,
        invoice_id: payment.invoice_id.clone(),
        method: payment.method.clone(),
        reference: payment.reference.clone(),
        allocations: JsonText(entries.collect()),
        to_balance: payment.to_balance.minor,
        recorded_at: payment.recorded_at.into(),
    }
}

fn usage_row(record: &UsageRecord, (provider_id, customer_id): &(String, String)) -> Result<UsageRow, AppError> {
    Ok(UsageRow {
        id: record.id.clone(),
        provider_id: provider_id.clone(),
        customer_id: customer_id.clone(),
        subscription_id: record.subscription_id.clone(),
        plan_version_id: record.plan_version_id.clone(),
        price_key: record.price_key.clone(),
        quantity: i32::try_from(record.quantity)
            .map_err(|_| AppError::internal(format!("quantity of {} is out of range", record.id)))?,
        reference: record.reference.clone(),
        used_at: record.used_at.into(),
        used_on: record.used_on,
        recorded_on: record.recorded_on,
        recorded_at: record.recorded_at.into(),
        billed_on: None,
        charge_id: None,
    })
}

//! Giving issued documents their numbers: gapless per provider, kind of document and year, live and sandbox apart. The counters
//! are the last locks of a transaction (design 5), so that commands of different customers hardly wait for each other.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::db::DbConnection;
use crate::domain::event_type::EventType;
use crate::domain::invoice::{Document, DocumentType, document_number};
use crate::error::AppError;
use crate::repositories::invoices;
use crate::services::workbench::Workbench;

/// Where a document stands in its range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// `live` or `sandbox`.
    pub series: String,
    /// Year of issue.
    pub year: i32,
    /// Number within the year.
    pub sequence: i64,
}

/// A range of numbers: provider, series, kind, year. In this order the counters are locked.
type Range = (String, String, DocumentType, i32);

/// Takes the numbers of everything issued on the workbenches with one statement per range, and writes them into documents and
/// events. The places are returned by document id.
pub(super) fn number(conn: &mut DbConnection, benches: &mut [Workbench]) -> Result<BTreeMap<String, Place>, AppError> {
    let mut ranges: BTreeMap<Range, Vec<(usize, usize)>> = BTreeMap::new();
    for (bench_index, bench) in benches.iter().enumerate() {
        for (index, document) in bench.account.billing.issued.iter().enumerate() {
            let provider = &bench.ground.provider;
            let range = (
                provider.id.clone(),
                provider.mode.clone(),
                document.document_type,
                document.issued_on.year(),
            );
            ranges.entry(range).or_default().push((bench_index, index));
        }
    }
    let mut places = BTreeMap::new();
    for ((provider_id, series, document_type, year), mut members) in ranges {
        let issued = |(bench, index): &(usize, usize)| benches[*bench].account.billing.issued[*index].issued_on;
        members.sort_by_key(issued);
        let count = i64::try_from(members.len()).unwrap_or(i64::MAX);
        let last = invoices::take_numbers(conn, &provider_id, &series, document_type.as_str(), year, count)?;
        for (sequence, (bench, index)) in (last - count + 1..).zip(members) {
            let bench = &mut benches[bench];
            let number = document_number(&format(bench, document_type), year, sequence, series == "sandbox");
            let place = Place {
                series: series.clone(),
                year,
                sequence,
            };
            places.insert(bench.account.billing.issued[index].id.clone(), place);
            write_number(bench, index, &number);
        }
    }
    // A correction may name an invoice of the same transaction, whose number is only known now.
    for bench in benches.iter_mut() {
        let billing = &mut bench.account.billing;
        for correction in billing
            .issued
            .iter_mut()
            .filter_map(|document| document.correction.as_mut())
        {
            for corrected in &mut correction.invoices {
                if let Some(head) = billing.invoices.iter().find(|head| head.id == corrected.id) {
                    corrected.number.clone_from(&head.number);
                }
            }
            for set_off in &mut correction.set_off {
                if let Some(head) = billing.invoices.iter().find(|head| head.id == set_off.invoice_id) {
                    set_off.number.clone_from(&head.number);
                }
            }
        }
    }
    Ok(places)
}

fn format(bench: &Workbench, document_type: DocumentType) -> String {
    let invoicing = bench.ground.settings().invoicing.as_ref();
    match document_type {
        DocumentType::Invoice => invoicing.map_or("RE-{year}-{number}", |invoicing| &invoicing.number_format),
        DocumentType::CreditNote => {
            invoicing.map_or("RK-{year}-{number}", |invoicing| &invoicing.correction_number_format)
        }
    }
    .to_owned()
}

fn write_number(bench: &mut Workbench, index: usize, number: &str) {
    let account = &mut bench.account;
    let Document { id, number: own, .. } = &mut account.billing.issued[index];
    own.clear();
    own.push_str(number);
    if let Some(head) = account.billing.invoices.iter_mut().find(|head| head.id == *id) {
        head.number.clone_from(own);
    }
    for event in &mut account.events {
        let tells_number = matches!(
            event.event_type,
            EventType::InvoiceIssued | EventType::InvoicePaid | EventType::InvoiceOverdue | EventType::CreditNoteIssued
        );
        if tells_number
            && let Some(snapshot) = event.data.get_mut(event.event_type.object())
            && snapshot["id"] == Value::String(id.clone())
        {
            snapshot["number"] = Value::String(number.to_owned());
        }
        // A correction of the same transaction may name this invoice.
        for (list, member) in [
            ("/credit_note/correction/invoices", "id"),
            ("/credit_note/correction/set_off", "invoice_id"),
        ] {
            let named = event
                .data
                .pointer_mut(list)
                .and_then(Value::as_array_mut)
                .into_iter()
                .flatten();
            for invoice in named.filter(|invoice| invoice[member] == Value::String(id.clone())) {
                invoice["number"] = Value::String(number.to_owned());
            }
        }
    }
}

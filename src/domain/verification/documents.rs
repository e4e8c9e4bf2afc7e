//! Invoices and their corrections as they were issued.

use super::{Findings, Invariant};
use crate::domain::{
    invoice::{Document, DocumentType},
    tax::PriceMode,
};

/// A document as it is stored, with what stands beside it.
#[derive(Debug, Clone)]
pub struct IssuedDocument<'a> {
    /// Id of the row.
    pub id: &'a str,
    /// Number of the row.
    pub number: &'a str,
    /// Canonical JSON.
    pub canonical: &'a str,
    /// SHA-256 of it when it was issued.
    pub sha256: &'a str,
    /// Net, tax and gross total of the row in minor units; corrections have none.
    pub totals: Option<(i64, i64, i64)>,
}

/// Checks that a document is as it was issued and adds up.
pub fn check_document(findings: &mut Findings, issued: &IssuedDocument<'_>) -> Option<Document> {
    let unchanged = Document::sha256(issued.canonical) == issued.sha256;
    findings.check(Invariant::DocumentsUnchanged, issued.id, unchanged, || {
        "is not what was issued: its hash differs".to_owned()
    });
    findings.look(Invariant::LinesAddUp, 1);
    let Ok(document) = serde_json::from_str::<Document>(issued.canonical) else {
        findings.offend(Invariant::DocumentsUnchanged, issued.id, "cannot be read");
        return None;
    };
    if document.id != issued.id || document.number != issued.number {
        findings.offend(
            Invariant::DocumentsUnchanged,
            issued.id,
            "is stored under another id or number",
        );
    }
    for wrong in sums(&document, issued.totals) {
        findings.offend(Invariant::LinesAddUp, issued.id, wrong);
    }
    Some(document)
}

fn sums(document: &Document, row: Option<(i64, i64, i64)>) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut equal = |what: &str, left: i64, right: i64| {
        if left != right {
            wrong.push(format!("{what}: {left} instead of {right} minor units"));
        }
    };
    let totals = &document.totals;
    let lines: i64 = document.lines.iter().map(|line| line.amount.minor).sum();
    match document.price_mode {
        PriceMode::Net => equal("lines", lines, totals.net.minor),
        PriceMode::Gross => equal("lines", lines, totals.gross.minor),
    }
    let groups = &document.tax_groups;
    equal(
        "net of the tax groups",
        groups.iter().map(|group| group.net.minor).sum(),
        totals.net.minor,
    );
    equal(
        "tax of the tax groups",
        groups.iter().map(|group| group.tax.minor).sum(),
        totals.tax.minor,
    );
    equal("net and tax", totals.net.minor + totals.tax.minor, totals.gross.minor);
    if let Some((net, tax, gross)) = row.filter(|_| document.document_type == DocumentType::Invoice) {
        equal("net of the row", net, totals.net.minor);
        equal("tax of the row", tax, totals.tax.minor);
        equal("gross of the row", gross, totals.gross.minor);
    }
    wrong
}

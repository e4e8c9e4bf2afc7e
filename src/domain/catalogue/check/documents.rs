//! Legal documents: one entry per language, the same version in all of them.

use std::collections::{HashMap, HashSet};

use time::{Date, macros::date};

use super::{Catalogue, Faults, texts};
use crate::domain::catalogue::LegalDocument;

const EARLIEST: Date = date!(2000 - 01 - 01);
const LATEST: Date = date!(2100 - 12 - 31);

/// Largest PDF in bytes.
const LARGEST_PDF: usize = 5_000_000;

/// A wording or a PDF, and only one of them.
fn content(faults: &mut Faults, at: &impl Fn(&str) -> String, document: &LegalDocument) {
    if document.pdf.is_none() {
        texts::plain(faults, &at("text"), &document.text, texts::DOCUMENT);
        return;
    }
    if !document.text.is_empty() {
        faults.add(
            at("text"),
            "member_not_allowed",
            "Ein Dokument ist entweder Text oder PDF.",
            "A document is either text or PDF.",
        );
    }
    let bytes = document.pdf_bytes().unwrap_or_default();
    if !bytes.starts_with(b"%PDF-") {
        faults.add(
            at("pdf"),
            "pdf_invalid",
            "Das ist kein PDF in Base64.",
            "This is not a PDF in base64.",
        );
    } else if bytes.len() > LARGEST_PDF {
        faults.add(
            at("pdf"),
            "pdf_too_large",
            format!("Das PDF ist größer als {LARGEST_PDF} Bytes."),
            format!("The PDF is larger than {LARGEST_PDF} bytes."),
        );
    }
}

pub fn check(faults: &mut Faults, catalogue: &Catalogue) {
    let documents = &catalogue.legal_documents;
    let mut seen = HashSet::new();
    let mut first_of = HashMap::new();
    for (index, document) in documents.iter().enumerate() {
        let at = |member: &str| format!("/legal_documents/{index}/{member}");
        texts::key(faults, &at("key"), &document.key);
        texts::version(faults, &at("version"), &document.version);
        texts::plain(faults, &at("title"), &document.title, texts::NAME);
        content(faults, &at, document);
        if !(EARLIEST..=LATEST).contains(&document.valid_from) {
            faults.add(
                at("valid_from"),
                "date_out_of_range",
                format!("Das Datum muss zwischen {EARLIEST} und {LATEST} liegen."),
                format!("The date must lie between {EARLIEST} and {LATEST}."),
            );
        }
        if !seen.insert((&document.key, document.language)) {
            let language = document.language.as_str();
            faults.add(
                at("key"),
                "key_duplicate",
                format!(
                    "Das Dokument „{}“ kommt in der Sprache „{language}“ schon vor.",
                    document.key
                ),
                format!(
                    "The document `{}` already stands there in the language `{language}`.",
                    document.key
                ),
            );
        }
        let first = *first_of.entry(&document.key).or_insert(document);
        for (member, differs) in [
            ("kind", first.kind != document.kind),
            ("version", first.version != document.version),
            ("valid_from", first.valid_from != document.valid_from),
        ] {
            if differs {
                faults.add(
                    at(member),
                    "document_translation_differs",
                    format!(
                        "Das Dokument „{}“ sagt hier in einer anderen Sprache etwas anderes.",
                        document.key
                    ),
                    format!(
                        "The document `{}` says otherwise here in another language.",
                        document.key
                    ),
                );
            }
        }
    }
    let own_language = catalogue.provider.default_locale;
    let mut reported = HashSet::new();
    for (index, document) in documents.iter().enumerate() {
        if !seen.contains(&(&document.key, own_language)) && reported.insert(&document.key) {
            let language = own_language.as_str();
            faults.add(
                format!("/legal_documents/{index}/language"),
                "document_language_missing",
                format!(
                    "Das Dokument „{}“ fehlt in der Sprache des Anbieters („{language}“).",
                    document.key
                ),
                format!(
                    "The document `{}` is missing in the provider's own language (`{language}`).",
                    document.key
                ),
            );
        }
    }
}

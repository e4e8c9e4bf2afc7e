//! What events prove by a hash and is kept beside them: documents that were agreed to, and declarations made without login.

use std::collections::HashMap;

use serde_json::Value;

use super::{Findings, Happening, Invariant};
use crate::domain::event_type::EventType;

/// What is kept, by id, as it is now.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    /// The legal documents.
    pub documents: HashMap<String, KeptDocument>,
    /// The declarations.
    pub declarations: HashMap<String, KeptDeclaration>,
}

/// A legal document as it is kept.
#[derive(Debug, Clone)]
pub struct KeptDocument {
    /// SHA-256 of its content.
    pub sha256: String,
    /// Its version.
    pub version: String,
    /// Its title.
    pub title: String,
}

/// A declaration as it is kept.
#[derive(Debug, Clone)]
pub struct KeptDeclaration {
    /// SHA-256 as [`crate::domain::declaration::DeclarationRecord`] computes it.
    pub sha256: String,
    /// Whose it is taken for now.
    pub customer_id: Option<String>,
    /// Where it stands.
    pub status: String,
}

/// Checks what the events of a customer prove against what is kept.
pub fn check_proofs(findings: &mut Findings, customer_id: &str, happenings: &[Happening], kept: &Kept) {
    let mut last_told: HashMap<&str, (&Happening, &Value)> = HashMap::new();
    for happening in happenings {
        let Some(data) = &happening.data else {
            continue;
        };
        let consents = data["evidence"]["consents"].as_array();
        for consent in consents.into_iter().flatten() {
            check_document(findings, consent, kept, happening);
        }
        let declaration = &data["declaration"];
        let Some(id) = declaration["id"].as_str() else {
            continue;
        };
        if happening.event_type == EventType::DeclarationReceived.as_str() {
            check_declaration(findings, (id, declaration), kept, happening);
        }
        last_told.insert(id, (happening, declaration));
    }
    for (id, (happening, told)) in last_told {
        let Some(now) = kept.declarations.get(id) else {
            continue;
        };
        if now.customer_id.as_deref() == Some(customer_id) && told["status"] != now.status.as_str() {
            let detail = format!("is {}, but {} tells otherwise", now.status, happening.id);
            findings.offend(Invariant::SnapshotIsPresent, id, detail);
        }
    }
}

fn check_document(findings: &mut Findings, consent: &Value, kept: &Kept, happening: &Happening) {
    let Some(id) = consent["document_id"].as_str() else {
        return;
    };
    let now = kept.documents.get(id);
    let is_same = |now: &KeptDocument| {
        consent["sha256"] == now.sha256.as_str()
            && consent["version"] == now.version.as_str()
            && consent["title"] == now.title.as_str()
    };
    findings.check(
        Invariant::DocumentsUnchanged,
        id,
        now.is_some_and(is_same),
        || match now {
            Some(_) => format!("is not what was agreed to in {}", happening.id),
            None => format!("was agreed to in {} and is gone", happening.id),
        },
    );
}

fn check_declaration(findings: &mut Findings, (id, declaration): (&str, &Value), kept: &Kept, happening: &Happening) {
    let Some(sha256) = declaration["record_hash"].as_str() else {
        return;
    };
    let now = kept.declarations.get(id);
    let unchanged = now.is_some_and(|now| now.sha256 == sha256);
    findings.check(Invariant::DocumentsUnchanged, id, unchanged, || match now {
        Some(_) => format!("is not what was declared in {}", happening.id),
        None => format!("was declared in {} and is gone", happening.id),
    });
}

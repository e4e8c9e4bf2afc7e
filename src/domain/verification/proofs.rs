//! What events prove by a hash and is kept beside them: documents that were agreed to, and declarations made without login.

use std::collections::HashMap;

use serde_json::Value;

use super::{Findings, Happening, Invariant};
use crate::domain::event_type::EventType;

/// What is kept, by id, with the hash it has now.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    /// SHA-256 of the legal documents.
    pub documents: HashMap<String, String>,
    /// SHA-256 of the declarations, as [`crate::domain::declaration::DeclarationRecord`] computes it.
    pub declarations: HashMap<String, String>,
}

/// Checks what one customer's events prove against what is kept.
pub fn check_proofs(findings: &mut Findings, happenings: &[Happening], kept: &Kept) {
    for happening in happenings {
        let Some(data) = &happening.data else {
            continue;
        };
        let consents = data["evidence"]["consents"].as_array();
        for consent in consents.into_iter().flatten() {
            let document = (&consent["document_id"], &consent["sha256"]);
            check(findings, document, &kept.documents, "was agreed to", happening);
        }
        if happening.event_type == EventType::DeclarationReceived.as_str() {
            let declaration = &data["declaration"];
            let declaration = (&declaration["id"], &declaration["record_hash"]);
            check(findings, declaration, &kept.declarations, "was declared", happening);
        }
    }
}

fn check(
    findings: &mut Findings,
    (id, sha256): (&Value, &Value),
    kept: &HashMap<String, String>,
    what: &str,
    happening: &Happening,
) {
    let (Some(id), Some(sha256)) = (id.as_str(), sha256.as_str()) else {
        return;
    };
    let now = kept.get(id);
    let unchanged = now.is_some_and(|now| now == sha256);
    findings.check(Invariant::DocumentsUnchanged, id, unchanged, || match now {
        Some(_) => format!("is not what {what} in {}", happening.id),
        None => format!("{what} in {} and is gone", happening.id),
    });
}

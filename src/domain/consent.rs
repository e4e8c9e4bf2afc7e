//! Consents: which documents must be accepted, whether they were, and what is kept as evidence (§§ 305, 312j BGB).

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    catalogue::{DocumentKind, Plan},
    customer_type::CustomerType,
    localized::{Locale, LocalizedText},
    violation::Violation,
};

/// A document that a command asks to accept, in the caller's language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequiredDocument {
    /// Id (`doc_`) under which the wording is kept.
    pub document_id: String,
    /// Key in the catalogue; `document` wherever it is written down, as in the consent itself.
    #[serde(rename = "document")]
    pub key: String,
    /// What it is.
    pub kind: DocumentKind,
    /// Version that must be accepted.
    pub version: String,
    /// Language of title and wording.
    pub language: Locale,
    /// Title as shown.
    pub title: String,
    /// SHA-256 of the wording.
    pub sha256: String,
}

/// A consent as declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentGiven {
    /// Key or id of the document.
    pub document: String,
    /// Version that was shown.
    pub version: String,
    /// Whether it was accepted.
    pub accepted: bool,
    /// The sentence beside the checkbox, if there was one.
    pub wording: Option<String>,
}

/// What a command brings along to be binding: consents and the order button's label.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Agreement {
    /// Documents that must be accepted.
    pub required: Vec<RequiredDocument>,
    /// Other documents of the provider that consents are about: nobody asked, but what was agreed to is kept.
    pub unasked: Vec<RequiredDocument>,
    /// Consents as declared.
    pub given: Vec<ConsentGiven>,
    /// Label of the button that was pressed (§ 312j Abs. 3 BGB).
    pub order_button_text: Option<String>,
    /// Whether the button of the cart was checked for all its items together.
    pub is_covered_by_cart: bool,
    /// Whether the customer expressly asked that the service begin before the withdrawal period is over (§ 356 Abs. 5, § 357a
    /// Abs. 2 BGB).
    pub early_start_requested: bool,
    /// In a preview nothing needs to be agreed to yet.
    pub is_preview: bool,
}

impl Agreement {
    /// Adds a consent to `shown`, which is the document in the language in which it was shown.
    pub fn give(&mut self, shown: RequiredDocument, consent: ConsentGiven) {
        let asked = self.required.iter_mut().find(|document| document.key == shown.key);
        self.given.push(ConsentGiven {
            document: shown.key.clone(),
            ..consent
        });
        match asked {
            Some(document) => *document = shown,
            None => self.unasked.push(shown),
        }
    }

    /// Checks the consents against what is required.
    ///
    /// # Errors
    /// `consent_required` naming each missing document, `consent_outdated` naming the current version.
    pub fn check_consents(&self) -> Result<(), Violation> {
        for (index, consent) in self.given.iter().enumerate() {
            let Some(required) = self.find(&consent.document) else {
                continue;
            };
            if consent.version != required.version {
                return Err(outdated(required).at(format!("/consents/{index}/version")));
            }
        }
        let missing: Vec<&RequiredDocument> = self
            .required
            .iter()
            .filter(|document| !self.is_accepted(document))
            .collect();
        if self.is_preview || missing.is_empty() {
            return Ok(());
        }
        let titles = missing
            .iter()
            .map(|document| document.title.as_str())
            .collect::<Vec<_>>()
            .join(", ");
        Err(Violation::invalid(
            "consent_required",
            format!("Bitte stimmen Sie zu: {titles}."),
            format!("Please accept: {titles}."),
        )
        .at("/consents")
        .with("consents", json!(missing)))
    }

    /// Checks the order button: a consumer's paid order is binding only with the prescribed label (§ 312j Abs. 3 BGB).
    ///
    /// # Errors
    /// `order_button_required` with the expected label.
    pub fn check_order_button(&self, label: &LocalizedText) -> Result<(), Violation> {
        let pressed = self.order_button_text.as_deref();
        if self.is_preview
            || self.is_covered_by_cart
            || pressed == Some(label.de.as_str())
            || pressed == Some(label.en.as_str())
        {
            return Ok(());
        }
        Err(Violation::invalid(
            "order_button_required",
            format!(
                "Die Bestellung braucht die Schaltfläche „{}“ (§ 312j Abs. 3 BGB).",
                label.de
            ),
            format!("The order needs the button \"{}\" (§ 312j para. 3 BGB).", label.en),
        )
        .at("/order_button_text")
        .with("order_button", json!(label)))
    }

    /// Whether the withdrawal instruction is among the accepted documents.
    pub fn includes_withdrawal_instruction(&self) -> bool {
        self.required
            .iter()
            .any(|document| document.kind == DocumentKind::WithdrawalInstruction && self.is_accepted(document))
    }

    /// What is kept as evidence: version, hash and wording of everything that was accepted, and the button.
    pub fn evidence(&self) -> Value {
        let consents: Vec<Value> = self
            .documents()
            .filter(|document| self.is_accepted(document))
            .filter_map(|document| {
                let given = self
                    .given
                    .iter()
                    .find(|given| given.accepted && names(document, &given.document))?;
                Some(json!({
                    "document_id": document.document_id,
                    "document": document.key,
                    "kind": document.kind,
                    "version": document.version,
                    "language": document.language,
                    "title": document.title,
                    "sha256": document.sha256,
                    "wording": given.wording,
                }))
            })
            .collect();
        json!({
            "consents": consents,
            "order_button_text": self.order_button_text,
            "early_start_requested": self.early_start_requested,
        })
    }

    fn is_accepted(&self, document: &RequiredDocument) -> bool {
        let about = || self.given.iter().filter(|given| names(document, &given.document));
        // Who says both yes and no has not agreed.
        about().all(|given| given.accepted) && about().any(|given| given.version == document.version)
    }

    fn find(&self, name: &str) -> Option<&RequiredDocument> {
        self.documents().find(|document| names(document, name))
    }

    fn documents(&self) -> impl Iterator<Item = &RequiredDocument> {
        self.required.iter().chain(&self.unasked)
    }
}

/// The refusal of a consent to what the provider has not published: it would prove nothing.
pub fn unknown_document() -> Violation {
    Violation::invalid(
        "unknown_document",
        "Dieses Dokument gibt es nicht, oder es gilt noch nicht.",
        "There is no such document, or it is not in force yet.",
    )
}

fn names(document: &RequiredDocument, name: &str) -> bool {
    document.key == name || document.document_id == name
}

fn outdated(document: &RequiredDocument) -> Violation {
    Violation::invalid(
        "consent_outdated",
        format!(
            "„{}“ gilt inzwischen in der Fassung {}.",
            document.title, document.version
        ),
        format!(
            "\"{}\" is now in force in version {}.",
            document.title, document.version
        ),
    )
    .with("document", document.key.clone())
    .with("document_id", document.document_id.clone())
    .with("current_version", document.version.clone())
}

/// The order button a command needs: consumers who will pay must press exactly this label (design decision 19).
pub fn order_button(plan: &Plan, customer_type: CustomerType, pays: bool) -> Option<LocalizedText> {
    (pays && customer_type == CustomerType::Consumer).then(|| plan.order_button.clone())
}

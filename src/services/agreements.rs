//! What commands on contracts take in common: consents and the order button.

use super::workbench::Ground;
use crate::domain::catalogue::Consequence;
use crate::domain::consent::{Agreement, ConsentGiven, unknown_document};
use crate::domain::ids::IdKind;
use crate::domain::localized::{Locale, LocalizedText};
use crate::domain::preview::{OrderButton, PreviewText};
use crate::domain::violation::Violation;

/// Consents and order button as they came with the request.
#[derive(Debug, Clone, Default)]
pub struct Declared {
    /// Consents.
    pub consents: Vec<ConsentGiven>,
    /// Label of the button that was pressed.
    pub order_button_text: Option<String>,
    /// Whether the customer expressly asks that the service begin before the withdrawal period is over.
    pub early_start_requested: bool,
}

impl Declared {
    /// As a preview holds it against the documents behind `keys`: each in the language of the text that was agreed to, or in
    /// `locale` where the consent names the document by its key.
    ///
    /// # Errors
    /// `unknown_document` for a consent to something the provider has not published.
    pub fn against(&self, ground: &Ground, keys: &[String], locale: Locale) -> Result<Agreement, Violation> {
        let mut agreement = Agreement {
            required: ground.documents(keys, locale),
            order_button_text: self.order_button_text.clone(),
            early_start_requested: self.early_start_requested,
            is_preview: true,
            ..Agreement::default()
        };
        for (index, given) in self.consents.iter().enumerate() {
            let shown = ground.document_named(&given.document, locale);
            let shown = shown.ok_or_else(|| unknown_document().at(format!("/consents/{index}/document")))?;
            // Who names the text that was shown has agreed to no other, whatever version it says.
            let is_older = IdKind::LegalDocument.matches(&given.document) && shown.document_id != given.document;
            let version = if is_older { String::new() } else { given.version.clone() };
            agreement.give(
                shown,
                ConsentGiven {
                    version,
                    ..given.clone()
                },
            );
        }
        Ok(agreement)
    }

    /// What only the button says.
    pub fn pressed(&self) -> Agreement {
        Agreement {
            order_button_text: self.order_button_text.clone(),
            ..Agreement::default()
        }
    }
}

/// The order button of a preview: the label for consumers who will pay is binding, any other a suggestion.
pub fn order_button(required_label: Option<LocalizedText>, suggested: &LocalizedText) -> OrderButton {
    OrderButton {
        required: required_label.is_some(),
        label: required_label.unwrap_or_else(|| suggested.clone()),
    }
}

/// A sentence of a preview.
pub fn text(code: &'static str, de: impl Into<String>, en: impl Into<String>) -> PreviewText {
    PreviewText::new(code, de, en)
}

/// A consequence that follows from the rules rather than from the catalogue.
pub fn consequence(code: &str, de: impl Into<String>, en: impl Into<String>) -> Consequence {
    Consequence {
        code: code.to_owned(),
        text: LocalizedText::new(de, en),
    }
}

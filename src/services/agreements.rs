//! What commands on contracts take in common: consents and the order button.

use crate::domain::catalogue::Consequence;
use crate::domain::consent::{Agreement, ConsentGiven, RequiredDocument};
use crate::domain::localized::LocalizedText;
use crate::domain::preview::{OrderButton, PreviewText};

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
    /// Together with what is required.
    pub fn against(&self, required: Vec<RequiredDocument>, is_preview: bool) -> Agreement {
        Agreement {
            required,
            given: self.consents.clone(),
            order_button_text: self.order_button_text.clone(),
            is_covered_by_cart: false,
            early_start_requested: self.early_start_requested,
            is_preview,
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

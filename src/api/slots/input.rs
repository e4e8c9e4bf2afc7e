//! What is said to book something for a presence, and to move it.

use serde::Deserialize;
use url::Url;
use utoipa::{IntoParams, ToSchema};
use validator::{Validate, ValidationError};

use crate::api::commands::{ConsentInput, declared, with_early_start};
use crate::domain::slots::Presence;
use crate::domain::text::is_plain_line;
use crate::services::slots::{Move, NewAllocation, NewSlot, SlotItem};

/// Something for a presence, wherever there is room.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "kind": "presence", "target": "shop_hosted", "name": "Mein Laden", "url": "https://laden.example.com"
}))]
pub struct BookSlot {
    /// The customer; needed by staff and API keys.
    #[validate(length(max = 30))]
    #[schema(max_length = 30, example = "cus_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub customer_id: Option<String>,
    /// Kind of slot, see `GET /v1/slot-kinds`.
    #[validate(length(min = 1, max = 60))]
    #[schema(min_length = 1, max_length = 60, example = "presence")]
    pub kind: String,
    /// Target of that kind.
    #[validate(length(min = 1, max = 60))]
    #[schema(min_length = 1, max_length = 60, example = "shop_hosted")]
    pub target: String,
    /// The customer's name for it.
    #[validate(length(min = 1, max = 200), custom(function = "plain_name"))]
    #[schema(min_length = 1, max_length = 200, example = "Mein Laden")]
    pub name: String,
    /// Its address (http or https).
    #[validate(length(max = 2000), custom(function = "web_address"))]
    #[schema(format = "uri", max_length = 2000, example = "https://laden.example.com")]
    pub url: Option<String>,
    /// Consents to the documents that the preview names; none where a free slot is taken.
    #[serde(default)]
    #[validate(length(max = 50), nested)]
    #[schema(required = false, max_items = 50)]
    pub consents: Vec<ConsentInput>,
    /// Label of the button that was pressed; consumers who will pay need exactly that of the preview (§ 312j BGB).
    #[validate(length(max = 500))]
    #[schema(max_length = 500, example = "zahlungspflichtig bestellen")]
    pub order_button_text: Option<String>,
    /// Whether the customer expressly asks that a contract concluded for it begin before the withdrawal period is over (§ 356
    /// Abs. 5, § 357a Abs. 2 BGB).
    #[serde(default)]
    #[schema(required = false, default = false, example = true)]
    pub early_start_requested: bool,
    /// Token of the preview that is confirmed; previews ignore it.
    #[validate(length(max = 2000))]
    #[schema(max_length = 2000, example = json!(null))]
    pub preview_token: Option<String>,
}

impl From<BookSlot> for NewSlot {
    fn from(body: BookSlot) -> Self {
        Self {
            customer_id: body.customer_id,
            presence: presence(body.kind, body.target, &body.name, body.url),
            declared: with_early_start(
                declared(body.consents, body.order_button_text),
                body.early_start_requested,
            ),
        }
    }
}

/// Something for a presence, in a free slot of the contract.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "presence", "target": "marketplace_general", "name": "Mein Marktstand"}))]
pub struct AllocateSlot {
    /// Kind of slot, see `GET /v1/slot-kinds`.
    #[validate(length(min = 1, max = 60))]
    #[schema(min_length = 1, max_length = 60, example = "presence")]
    pub kind: String,
    /// Target of that kind.
    #[validate(length(min = 1, max = 60))]
    #[schema(min_length = 1, max_length = 60, example = "marketplace_general")]
    pub target: String,
    /// The customer's name for it.
    #[validate(length(min = 1, max = 200), custom(function = "plain_name"))]
    #[schema(min_length = 1, max_length = 200, example = "Mein Marktstand")]
    pub name: String,
    /// Its address (http or https).
    #[validate(length(max = 2000), custom(function = "web_address"))]
    #[schema(format = "uri", max_length = 2000, example = json!(null))]
    pub url: Option<String>,
    /// Token of the preview that is confirmed; previews ignore it.
    #[validate(length(max = 2000))]
    #[schema(max_length = 2000, example = json!(null))]
    pub preview_token: Option<String>,
}

impl AllocateSlot {
    /// The allocation in this contract.
    pub fn for_subscription(self, subscription_id: String) -> NewAllocation {
        NewAllocation {
            subscription_id,
            presence: presence(self.kind, self.target, &self.name, self.url),
        }
    }
}

/// The contract to move into.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"subscription_id": "sub_01k9w3x8kqf0wvm2n6c1c9t7xh"}))]
pub struct MoveSlot {
    /// Another contract of the same customer, with a free slot of the kind.
    #[validate(length(min = 1, max = 30))]
    #[schema(min_length = 1, max_length = 30, example = "sub_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub subscription_id: String,
    /// Token of the preview that is confirmed; previews ignore it.
    #[validate(length(max = 2000))]
    #[schema(max_length = 2000, example = json!(null))]
    pub preview_token: Option<String>,
}

impl MoveSlot {
    /// The move of this slot.
    pub fn of(self, item: SlotItem) -> Move {
        Move {
            item,
            into_id: self.subscription_id,
        }
    }
}

/// The confirmation of a release.
#[derive(Debug, Clone, Default, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReleaseParams {
    /// Token of the preview that is confirmed.
    #[validate(length(max = 2000))]
    #[param(
        nullable = false,
        max_length = 2000,
        example = "v1.1795259000000.9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08.c2lnbmF0dXJl"
    )]
    pub preview_token: Option<String>,
}

/// What is to go into a slot.
pub fn presence(kind: String, target: String, name: &str, url: Option<String>) -> Presence {
    Presence {
        kind,
        target,
        name: name.trim().to_owned(),
        url,
    }
}

/// Not only blanks, and what [`is_plain_line`] admits.
pub fn plain_name(name: &str) -> Result<(), ValidationError> {
    if name.trim().is_empty() || !is_plain_line(name) {
        return Err(ValidationError::new("invalid_text"));
    }
    Ok(())
}

/// An absolute address of the web: it is shown to others as a link, so nothing else may hide in it.
pub fn web_address(text: &str) -> Result<(), ValidationError> {
    let is_plain = !text
        .chars()
        .any(|character| character.is_control() || character.is_whitespace());
    let is_web = |url: Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    if is_plain && Url::parse(text).is_ok_and(is_web) {
        return Ok(());
    }
    Err(ValidationError::new("invalid_url"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_are_addresses() {
        for (text, good) in [
            ("https://laden.example.com", true),
            ("http://laden.example.com/pfad?x=1", true),
            ("https://lädchen.example", true),
            ("javascript:alert(1)", false),
            ("mailto:a@example.com", false),
            ("laden.example.com", false),
            ("https://", false),
            ("https://a b", false),
            ("https://a\u{0}b.example", false),
            ("", false),
        ] {
            assert_eq!(web_address(text).is_ok(), good, "{text:?}");
        }
        for (text, good) in [("Mein Laden", true), ("  ", false), ("a\u{0}b", false), ("a\nb", false)] {
            assert_eq!(plain_name(text).is_ok(), good, "{text:?}");
        }
    }
}

//! Consumer or business: the question on which most protective rules hang.

use serde::{Deserialize, Serialize};

/// Whether a contract is concluded by a consumer (§ 13 BGB) or in the course of business (§ 14 BGB).
///
/// Fixed on the contract when it is concluded; a later change of the customer's data never changes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CustomerType {
    /// A natural person acting mainly for purposes neither commercial nor self-employed (§ 13 BGB).
    Consumer,
    /// A natural or legal person acting in a commercial or self-employed capacity (§ 14 BGB).
    Business,
}

impl CustomerType {
    /// The name used in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Consumer => "consumer",
            Self::Business => "business",
        }
    }

    /// Reads the stored or sent name; `None` for any other text.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "consumer" => Some(Self::Consumer),
            "business" => Some(Self::Business),
            _ => None,
        }
    }
}

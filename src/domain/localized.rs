//! Texts in the two languages of the system, and the choice between them.

use serde::{Deserialize, Serialize};

/// A language in which users are addressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Locale {
    /// German, the default: the law that is applied is German.
    #[default]
    De,
    /// English.
    En,
}

impl Locale {
    /// The language tag as in `Accept-Language` and `Content-Language`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::De => "de",
            Self::En => "en",
        }
    }

    /// Parses a stored or requested language tag; `None` for a language we do not speak.
    pub fn parse(tag: &str) -> Option<Self> {
        match tag {
            "de" => Some(Self::De),
            "en" => Some(Self::En),
            _ => None,
        }
    }
}

/// One text in German and English.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalizedText {
    /// German wording.
    pub de: String,
    /// English wording.
    pub en: String,
}

impl LocalizedText {
    /// Builds a text from its two wordings.
    pub fn new(de: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            de: de.into(),
            en: en.into(),
        }
    }

    /// The wording in `locale`.
    pub fn get(&self, locale: Locale) -> &str {
        match locale {
            Locale::De => &self.de,
            Locale::En => &self.en,
        }
    }
}

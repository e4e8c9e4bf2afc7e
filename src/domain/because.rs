//! Reasons: why a date or an amount is what it is, with the rule and its source.

use serde::Serialize;

use super::localized::{Locale, LocalizedText};

/// [`Because::source`] of a step that follows from what was agreed.
pub const CONTRACT_TERMS: &str = "contract terms";

/// One step of the reasoning behind a date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Because {
    /// Stable code of the rule, snake_case, for example `notice_period`.
    pub rule: &'static str,
    /// Where the rule stands, for example `§ 188 Abs. 2 BGB` or `contract terms`.
    pub source: &'static str,
    /// The step in words, with the dates filled in.
    pub text: LocalizedText,
}

impl Because {
    /// The source in the language of the reader. Statutes and judgments are cited as they are; there is no other name for them.
    pub fn source_in(&self, locale: Locale) -> &'static str {
        match locale {
            Locale::De if self.source == CONTRACT_TERMS => "Vertragsbedingungen",
            _ => self.source,
        }
    }
}

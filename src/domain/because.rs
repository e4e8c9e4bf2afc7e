//! Reasons: why a date or an amount is what it is, with the rule and its source.

use serde::Serialize;

use super::localized::LocalizedText;

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

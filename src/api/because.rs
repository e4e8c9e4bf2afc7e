//! Reasons on the wire: why a date is what it is.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::because::Because;
use crate::domain::localized::Locale;

/// One step of the reasoning behind a date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Because)]
pub struct BecauseDto {
    /// Stable name of the rule; new ones may join.
    #[schema(pattern = "^[a-z_]+$", max_length = 60, example = "notice_period")]
    pub rule: &'static str,
    /// Where the rule stands: statute, judgment or the terms of the contract.
    #[schema(max_length = 200, example = "§ 187 Abs. 1, § 188 Abs. 2 BGB")]
    pub source: &'static str,
    /// The step in words, in the caller's language.
    #[schema(
        max_length = 1000,
        example = "Zugang am 01.01.2021; dieser Tag zählt nicht mit. Kündigungsfrist (3 Monate) bis 01.04.2021."
    )]
    pub text: String,
}

impl BecauseDto {
    /// The steps in the language of the caller.
    pub fn list(steps: &[Because], locale: Locale) -> Vec<Self> {
        steps
            .iter()
            .map(|step| Self {
                rule: step.rule,
                source: step.source_in(locale),
                text: step.text.get(locale).to_owned(),
            })
            .collect()
    }
}

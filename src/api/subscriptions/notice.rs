//! Notices on a contract, on the wire.

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::civil_date::CivilDate;
use crate::api::plans::ConsequenceDto;
use crate::domain::localized::Locale;
use crate::domain::notices::Notice;

/// What a contract's page must say while a change is pending, ready to show.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Notice)]
pub struct NoticeDto {
    /// `plan_change_pending`, `quantity_change_pending`, `cancellation_pending`, `ends_by_itself`; new ones may join.
    #[schema(max_length = 60, pattern = "^[a-z_]+$", example = "plan_change_pending")]
    pub code: &'static str,
    /// The plan change or cancellation it is about; `null` where the term ends by itself.
    #[schema(required, max_length = 30, example = "pch_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub change_id: Option<String>,
    /// Last day on which everything is as it was.
    pub through_on: CivilDate,
    /// The words to show, in the caller's language.
    #[schema(
        max_length = 5000,
        example = "Ihr aktueller Vertrag wird zum 30.06.2021 gekündigt. Bis dahin können Sie Ihre bisherigen Funktionen in vollem Umfang nutzen."
    )]
    pub text: String,
    /// What else the customer must know, as the catalogue says it of this transition.
    #[schema(max_items = 2000)]
    pub consequences: Vec<ConsequenceDto>,
}

impl NoticeDto {
    /// The notice in the caller's language.
    pub fn new(notice: &Notice, locale: Locale) -> Self {
        let consequences = notice.consequences.iter().map(|consequence| ConsequenceDto {
            code: consequence.code.clone(),
            text: consequence.text.get(locale).to_owned(),
        });
        Self {
            code: notice.code,
            change_id: notice.change_id.clone(),
            through_on: notice.through_on.into(),
            text: notice.text.get(locale).to_owned(),
            consequences: consequences.collect(),
        }
    }
}

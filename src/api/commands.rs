//! What the commands on contracts have in common on the wire: consents, the order button, the answer's language.

use actix_web::HttpResponse;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::preview::PreviewDto;
use crate::context::RequestContext;
use crate::domain::access::Principal;
use crate::domain::consent::ConsentGiven;
use crate::domain::localized::Locale;
use crate::services::agreements::Declared;
use crate::services::command::Command;
use crate::services::idempotency::Answer;
use crate::services::preview_token::IssuedPreview;

/// A consent: which document, in which version, and whether it was accepted.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Consent, example = json!({"document": "terms", "version": "2026-01", "accepted": true}))]
pub struct ConsentInput {
    /// Id of the document as the preview gave it, which also says the language in which it was shown; or its key, for the language
    /// of this request.
    #[validate(length(min = 1, max = 60))]
    #[schema(min_length = 1, max_length = 60, example = "terms")]
    pub document: String,
    /// The version that was shown.
    #[validate(length(min = 1, max = 60))]
    #[schema(min_length = 1, max_length = 60, example = "2026-01")]
    pub version: String,
    /// Whether it was accepted.
    #[schema(example = true)]
    pub accepted: bool,
    /// The sentence beside the checkbox; kept as evidence.
    #[validate(length(max = 2000))]
    #[schema(max_length = 2000, example = "Ich habe die AGB gelesen und stimme ihnen zu.")]
    pub wording: Option<String>,
}

impl From<ConsentInput> for ConsentGiven {
    fn from(consent: ConsentInput) -> Self {
        Self {
            document: consent.document,
            version: consent.version,
            accepted: consent.accepted,
            wording: consent.wording,
        }
    }
}

/// Consents and order button as services want them, without the wish for an early start.
pub fn declared(consents: Vec<ConsentInput>, order_button_text: Option<String>) -> Declared {
    Declared {
        consents: consents.into_iter().map(Into::into).collect(),
        order_button_text,
        early_start_requested: false,
    }
}

/// Adds whether the customer expressly asks that the service begin before the withdrawal period is over.
pub fn with_early_start(declared: Declared, early_start_requested: bool) -> Declared {
    Declared {
        early_start_requested,
        ..declared
    }
}

/// The command of a request. `preview_token` is the one it confirms; previews have none.
pub fn command(
    principal: Principal,
    context: RequestContext,
    body_hash: [u8; 32],
    preview_token: Option<String>,
) -> Command {
    Command {
        principal,
        idempotency: context.idempotency(body_hash),
        context,
        preview_token,
    }
}

/// Notes the language of an answer, so that a repetition is sent in the language it was made in.
pub fn in_language(mut answer: Answer, locale: Locale) -> Answer {
    answer.headers.content_language = Some(locale.as_str().to_owned());
    answer
}

/// Answers with a preview.
pub fn preview_response(issued: &IssuedPreview, locale: Locale) -> HttpResponse {
    HttpResponse::Ok().json(PreviewDto::new(issued, locale))
}

//! E-mails on the wire.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::choices::{EmailKindDto, EmailStatusDto};
use crate::api::choices::LanguageDto;
use crate::api::instant::Instant;
use crate::domain::localized::Locale;
use crate::list_of;
use crate::services::emails::{EmailQuery, EmailView};

/// Which e-mails a list shows.
#[derive(Debug, Clone, Default, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EmailParams {
    /// Only e-mails to this customer.
    #[param(nullable = false, max_length = 30, example = "cus_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub customer_id: Option<String>,
    /// Only e-mails about this contract.
    #[param(nullable = false, max_length = 30, example = "sub_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub subscription_id: Option<String>,
    /// Only e-mails of this kind.
    #[param(nullable = false, inline)]
    pub kind: Option<EmailKindDto>,
    /// Only e-mails in this status.
    #[param(nullable = false, inline)]
    pub status: Option<EmailStatusDto>,
}

impl From<EmailParams> for EmailQuery {
    fn from(params: EmailParams) -> Self {
        Self {
            customer_id: params.customer_id,
            subscription_id: params.subscription_id,
            kind: params.kind.map(Into::into),
            status: params.status.map(Into::into),
        }
    }
}

list_of!(
    /// E-mails, newest first.
    EmailList of EmailDto
);

/// An e-mail: what was written, to whom, when, and what became of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Email)]
pub struct EmailDto {
    /// Id of the e-mail.
    #[schema(
        pattern = "^eml_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "eml_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub id: String,
    /// The customer; `null` where a declaration was confirmed whose sender is not known.
    #[schema(required, max_length = 30, example = "cus_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub customer_id: Option<String>,
    /// The contract it is about.
    #[schema(required, max_length = 30, example = "sub_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub subscription_id: Option<String>,
    /// The event it tells about.
    #[schema(required, max_length = 30, example = "evt_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub event_id: Option<String>,
    /// The e-mail it repeats.
    #[schema(required, max_length = 30, example = json!(null))]
    pub resent_from_id: Option<String>,
    /// What it is about.
    pub kind: EmailKindDto,
    /// Language of the e-mail.
    pub language: LanguageDto,
    /// Address it goes to.
    #[schema(max_length = 320, example = "erika@example.com")]
    pub to: String,
    /// Subject.
    #[schema(max_length = 200, example = "Eingang Ihrer Kündigung (7K3M9QXA)")]
    pub subject: String,
    /// The plain text.
    #[schema(
        max_length = 1_000_000,
        example = "Guten Tag Erika Mustermann,\n\nIhre Kündigung ist bei uns eingegangen."
    )]
    pub text: String,
    /// The same as HTML; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        max_length = 2_000_000,
        example = "<!DOCTYPE html><html lang=\"de\"><body><p>Guten Tag</p></body></html>"
    )]
    pub html: Option<String>,
    /// Legal documents that go with it, as accepted.
    #[schema(max_items = 100)]
    pub attachments: Vec<EmailAttachmentDto>,
    /// Header `Message-ID` without the angle brackets; the same at every attempt.
    #[schema(max_length = 300, example = "eml_01k9w3x8kqf0wvm2n6c1c9t7xh@example.com")]
    pub message_id: String,
    /// Where it stands.
    pub status: EmailStatusDto,
    /// How often it was tried.
    #[schema(minimum = 0, maximum = 1000, example = 1)]
    pub attempts: i32,
    /// Not before then it is tried again; `null` once it is settled.
    #[schema(required)]
    pub next_attempt_at: Option<Instant>,
    /// What the mail server said to the last attempt that failed.
    #[schema(required, max_length = 500, example = json!(null))]
    pub last_error: Option<String>,
    /// Why it was not sent.
    #[schema(required)]
    pub skipped: Option<SkippedDto>,
    /// When that happened which it tells about, on the customer's time.
    pub occurred_at: Instant,
    /// When it was written, on the wall clock.
    pub created_at: Instant,
    /// When the mail server accepted it.
    #[schema(required)]
    pub sent_at: Option<Instant>,
}

/// A document that goes with an e-mail.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EmailAttachment)]
pub struct EmailAttachmentDto {
    /// Id of the legal document; `/v1/legal-documents/{id}/content` is the file.
    #[schema(max_length = 30, example = "doc_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub legal_document_id: String,
    /// Name of the file.
    #[schema(max_length = 200, example = "terms-2026-01-de.txt")]
    pub file_name: String,
}

/// Why an e-mail was not sent: what it would have said no longer held.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EmailSkipped)]
pub struct SkippedDto {
    /// Stable code; new ones may join.
    #[schema(max_length = 60, pattern = "^[a-z_]+$", example = "plan_change_not_in_force")]
    pub code: &'static str,
    /// The reason in words.
    #[schema(
        max_length = 300,
        example = "Nicht gesendet: Der mitgeteilte Tarif oder die Menge gilt inzwischen nicht mehr."
    )]
    pub text: String,
}

impl EmailDto {
    /// The e-mail as it stands in lists, without its HTML; explanations in the caller's language.
    pub fn in_list(view: EmailView, locale: Locale) -> Self {
        Self {
            html: None,
            ..Self::whole(view, locale)
        }
    }

    /// The whole e-mail; explanations in the caller's language.
    pub fn whole(view: EmailView, locale: Locale) -> Self {
        let attachments = view.attachments.into_iter().map(|attachment| EmailAttachmentDto {
            legal_document_id: attachment.legal_document_id,
            file_name: attachment.file_name,
        });
        Self {
            id: view.id,
            customer_id: view.customer_id,
            subscription_id: view.subscription_id,
            event_id: view.event_id,
            resent_from_id: view.resent_from_id,
            kind: view.kind.into(),
            language: view.locale.into(),
            to: view.to,
            subject: view.subject,
            text: view.text,
            html: Some(view.html),
            attachments: attachments.collect(),
            message_id: view.message_id,
            status: view.status.into(),
            attempts: view.attempts,
            next_attempt_at: view.next_attempt_at.map(Into::into),
            last_error: view.last_error,
            skipped: view.skip_reason.map(|reason| SkippedDto {
                code: reason.as_str(),
                text: reason.text().get(locale).to_owned(),
            }),
            occurred_at: view.occurred_at.into(),
            created_at: view.created_at.into(),
            sent_at: view.sent_at.map(Into::into),
        }
    }
}

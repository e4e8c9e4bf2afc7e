//! `/v1/subscriptions/{subscription_id}/evidence`: who declared what, with which documents, and how it was confirmed.

use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::blocking;
use super::extract::{NoParameters, Query, SubscriptionId};
use super::instant::Instant;
use super::problem::Problem;
use crate::domain::access::Principal;
use crate::services::evidence::{self, Confirmation, ConsentEvidence, Evidence, EvidenceEntry};
use crate::state::AppState;

/// Mounts the operations of this module.
pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(get_evidence);
}

/// The evidence about a contract.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Evidence)]
pub struct EvidenceDto {
    /// What was declared, oldest first; what time did by itself is in the timeline.
    #[schema(max_items = 100_000)]
    pub data: Vec<EvidenceEntryDto>,
    /// Whether the record of this customer is unbroken.
    pub chain: ChainDto,
}

/// The customer's chain of events, computed anew for this answer: each event carries a hash over itself and the one before.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventChain)]
pub struct ChainDto {
    /// Whether no event was changed, removed, added or moved.
    #[schema(example = true)]
    pub intact: bool,
    /// How many events the customer has; `null` if the chain is broken.
    #[schema(required, minimum = 0, maximum = 9_000_000_000_000_000_i64, example = 7)]
    pub events: Option<i64>,
    /// Hash of the last one, which stands for all of them; `null` if the chain is broken.
    #[schema(
        required,
        max_length = 64,
        example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    )]
    pub hash: Option<String>,
    /// Events whose data were erased by law; that they happened stays proven.
    #[schema(required, minimum = 0, maximum = 9_000_000_000_000_000_i64, example = 0)]
    pub erased: Option<i64>,
    /// Where the chain is broken, in English; `null` if it is intact.
    #[schema(required, max_length = 200, example = json!(null))]
    pub fault: Option<String>,
}

/// A declaration.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EvidenceEntry)]
pub struct EvidenceEntryDto {
    /// The event.
    #[schema(max_length = 30, example = "evt_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub event_id: String,
    /// Its type.
    #[serde(rename = "type")]
    #[schema(max_length = 60, pattern = r"^[a-z_]+\.[a-z_]+$", example = "subscription.created")]
    pub event_type: String,
    /// Number among the customer's events.
    #[schema(minimum = 1, maximum = 9_000_000_000_000_000_i64, example = 2)]
    pub sequence: i64,
    /// When it was received, on the customer's time.
    pub occurred_at: Instant,
    /// When it was written down, on the wall clock.
    pub recorded_at: Instant,
    /// Who declared it.
    pub actor: EvidenceActor,
    /// The customer for whom staff or a program acted.
    #[schema(required, max_length = 30, example = json!(null))]
    pub on_behalf_of: Option<String>,
    /// The request.
    #[schema(required, max_length = 128, example = "req_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub request_id: Option<String>,
    /// Label of the button that was pressed.
    #[schema(required, max_length = 200, example = "zahlungspflichtig bestellen")]
    pub order_button_text: Option<String>,
    /// Whether the customer expressly requested that the service begin before the withdrawal period is over (§ 356 Abs. 5, § 357a
    /// Abs. 2 BGB); `null` for declarations that cannot ask for it.
    #[schema(required, example = true)]
    pub early_start_requested: Option<bool>,
    /// Documents that were agreed to.
    #[schema(max_items = 100)]
    pub consents: Vec<ConsentEvidenceDto>,
    /// E-mails that confirmed it.
    #[schema(max_items = 1000)]
    pub confirmations: Vec<ConfirmationDto>,
    /// Hash over this event and the customer's event before.
    #[schema(
        max_length = 64,
        pattern = "^[0-9a-f]{64}$",
        example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    )]
    pub hash: String,
}

/// Who declared something, and from where.
#[derive(Debug, Serialize, ToSchema)]
pub struct EvidenceActor {
    /// `user`, `api_key`, `session`, or `declaration` for someone who declared without login.
    #[serde(rename = "type")]
    #[schema(max_length = 20, pattern = "^[a-z_]+$", example = "user")]
    pub actor_type: String,
    /// Id of the user, key, customer or declaration.
    #[schema(required, max_length = 30, example = "usr_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub id: Option<String>,
    /// The key or user that opened the session; for staff only.
    #[schema(required, max_length = 30, example = json!(null))]
    pub opened_by: Option<String>,
    /// Address of the caller; customers are shown neither those of staff nor those of declarations that staff took for theirs.
    #[schema(required, max_length = 60, example = "192.0.2.7")]
    pub address: Option<String>,
    /// The caller's program; customers are not shown that of staff.
    #[schema(required, max_length = 256, example = "Mozilla/5.0")]
    pub user_agent: Option<String>,
}

/// A consent as it was given.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConsentEvidence)]
pub struct ConsentEvidenceDto {
    /// Id of the document in the version and language that was shown.
    #[schema(max_length = 30, example = "doc_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub document_id: String,
    /// Key of the document.
    #[schema(max_length = 60, example = "terms")]
    pub document: String,
    /// What the document is.
    #[schema(max_length = 60, example = "terms")]
    pub kind: String,
    /// The version.
    #[schema(max_length = 60, example = "2026-01")]
    pub version: String,
    /// Its language.
    #[schema(max_length = 2, example = "de")]
    pub language: String,
    /// Title as shown.
    #[schema(max_length = 500, example = "Allgemeine Geschäftsbedingungen")]
    pub title: String,
    /// SHA-256 of the content.
    #[schema(
        max_length = 64,
        pattern = "^[0-9a-f]{64}$",
        example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    )]
    pub sha256: String,
    /// The sentence beside the checkbox.
    #[schema(required, max_length = 2000, example = "Ich stimme den AGB zu.")]
    pub wording: Option<String>,
    /// Where the document can be downloaded as accepted.
    #[schema(
        max_length = 100,
        example = "/v1/legal-documents/doc_01k9w3x8kqf0wvm2n6c1c9t7xh/content"
    )]
    pub content_href: String,
    /// Whether what is kept there is still, byte by byte, what was agreed to.
    #[schema(example = true)]
    pub document_intact: bool,
}

/// An e-mail that confirmed a declaration.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Confirmation)]
pub struct ConfirmationDto {
    /// The e-mail.
    #[schema(max_length = 30, example = "eml_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub email_id: String,
    /// Where it stands.
    #[schema(max_length = 20, pattern = "^[a-z]+$", example = "sent")]
    pub status: String,
    /// When the mail server accepted it.
    #[schema(required)]
    pub sent_at: Option<Instant>,
}

impl From<Evidence> for EvidenceDto {
    fn from(evidence: Evidence) -> Self {
        let proven = evidence.chain.as_ref().ok();
        Self {
            chain: ChainDto {
                intact: proven.is_some(),
                events: proven.map(|chain| chain.events),
                hash: proven.map(|chain| chain.hash.clone()),
                erased: proven.map(|chain| chain.erased),
                fault: evidence.chain.as_ref().err().map(ToString::to_string),
            },
            data: evidence.entries.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<EvidenceEntry> for EvidenceEntryDto {
    fn from(entry: EvidenceEntry) -> Self {
        Self {
            event_id: entry.event_id,
            event_type: entry.event_type,
            sequence: entry.sequence,
            occurred_at: entry.occurred_at.into(),
            recorded_at: entry.recorded_at.into(),
            actor: EvidenceActor {
                actor_type: entry.actor_type,
                id: entry.actor_id,
                opened_by: entry.opened_by,
                address: entry.address,
                user_agent: entry.user_agent,
            },
            on_behalf_of: entry.on_behalf_of,
            request_id: entry.request_id,
            order_button_text: entry.order_button_text,
            early_start_requested: entry.early_start_requested,
            consents: entry.consents.into_iter().map(Into::into).collect(),
            confirmations: entry.confirmations.into_iter().map(Into::into).collect(),
            hash: entry.hash,
        }
    }
}

impl From<ConsentEvidence> for ConsentEvidenceDto {
    fn from(consent: ConsentEvidence) -> Self {
        Self {
            content_href: format!("/v1/legal-documents/{}/content", consent.document_id),
            document_id: consent.document_id,
            document: consent.document,
            kind: consent.kind,
            version: consent.version,
            language: consent.language,
            title: consent.title,
            sha256: consent.sha256,
            wording: consent.wording,
            document_intact: consent.document_intact,
        }
    }
}

impl From<Confirmation> for ConfirmationDto {
    fn from(confirmation: Confirmation) -> Self {
        Self {
            email_id: confirmation.email_id,
            status: confirmation.status,
            sent_at: confirmation.sent_at.map(Into::into),
        }
    }
}

/// Fetch the evidence about a contract.
#[utoipa::path(
    tag = "Subscriptions",
    operation_id = "getSubscriptionEvidence",
    summary = "Fetch evidence of subscription",
    description = "What can be proven about a contract: every declaration with who made it, for whom, from where and when, the \
        documents agreed to in the version and wording that was shown, the label of the button, and the e-mails that confirmed it. \
        The hashes chain all events of the customer; the chain is checked anew for each answer.",
    params(SubscriptionId),
    responses((status = 200, description = "The evidence.", body = EvidenceDto)),
    extensions(("x-required-scopes" = json!(["subscriptions:read"])))
)]
#[get("/subscriptions/{subscription_id}/evidence")]
pub async fn get_evidence(
    state: web::Data<AppState>,
    principal: Principal,
    subscription_id: SubscriptionId,
    _query: Query<NoParameters>,
) -> Result<HttpResponse, Problem> {
    let find = move |state: &AppState| evidence::of_subscription(state, &principal, &subscription_id.0);
    let found = blocking(&state, find).await?;
    Ok(HttpResponse::Ok().json(EvidenceDto::from(found)))
}

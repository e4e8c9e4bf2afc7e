//! Declarations on the wire: the receipt everyone gets, and what staff see.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::input::{DeclarantIdentity, WishedDay};
use crate::api::civil_date::CivilDate;
use crate::api::contract_choices::CancellationKindDto;
use crate::api::instant::Instant;
use crate::domain::declaration::{
    DeclarationContent, DeclarationKind, DeclarationStatus, DeclaredCancellation, DeclaredWithdrawal, Match,
};
use crate::list_of;
use crate::services::declarations::{DeclarationView, Draft, Received};

/// What a declaration is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DeclarationType, example = "cancellation")]
pub enum DeclarationTypeDto {
    /// A cancellation (§ 312k BGB).
    Cancellation,
    /// A withdrawal (§ 356a BGB).
    Withdrawal,
}

impl From<DeclarationKind> for DeclarationTypeDto {
    fn from(kind: DeclarationKind) -> Self {
        match kind {
            DeclarationKind::Cancellation => Self::Cancellation,
            DeclarationKind::Withdrawal => Self::Withdrawal,
        }
    }
}

impl From<DeclarationTypeDto> for DeclarationKind {
    fn from(kind: DeclarationTypeDto) -> Self {
        match kind {
            DeclarationTypeDto::Cancellation => Self::Cancellation,
            DeclarationTypeDto::Withdrawal => Self::Withdrawal,
        }
    }
}

/// Where a declaration stands. It was received in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DeclarationStatus, example = "received")]
pub enum DeclarationStatusDto {
    /// Nobody has found its contract yet.
    Received,
    /// Staff know which contract it is about.
    Matched,
    /// It has its effect on the contract.
    Executed,
    /// Staff found that it has no effect, and said why.
    Rejected,
}

impl From<DeclarationStatus> for DeclarationStatusDto {
    fn from(status: DeclarationStatus) -> Self {
        match status {
            DeclarationStatus::Received => Self::Received,
            DeclarationStatus::Matched => Self::Matched,
            DeclarationStatus::Executed => Self::Executed,
            DeclarationStatus::Rejected => Self::Rejected,
        }
    }
}

impl From<DeclarationStatusDto> for DeclarationStatus {
    fn from(status: DeclarationStatusDto) -> Self {
        match status {
            DeclarationStatusDto::Received => Self::Received,
            DeclarationStatusDto::Matched => Self::Matched,
            DeclarationStatusDto::Executed => Self::Executed,
            DeclarationStatusDto::Rejected => Self::Rejected,
        }
    }
}

/// What was declared. Cancellations have `kind`, `reason`, `identity` and `wish_on`; withdrawals have `name` and `part`.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeclaredContent {
    /// Cancellation or withdrawal.
    #[serde(rename = "type")]
    pub declaration_type: DeclarationTypeDto,
    /// Kind of cancellation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub kind: Option<CancellationKindDto>,
    /// Reason of the cancellation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 2000)]
    pub reason: Option<String>,
    /// Who cancels.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub identity: Option<DeclarantIdentity>,
    /// Who withdraws.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 200)]
    pub name: Option<String>,
    /// The contract, as the person named it.
    #[schema(max_length = 500, example = "7KQ2M9XW")]
    pub contract: String,
    /// The part that is withdrawn from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 500)]
    pub part: Option<String>,
    /// When the contract shall end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub wish_on: Option<WishedDay>,
    /// Where the receipt is confirmed.
    #[schema(max_length = 254, example = "erika@example.com")]
    pub confirmation_email: String,
}

impl From<DeclarationContent> for DeclaredContent {
    fn from(content: DeclarationContent) -> Self {
        let declaration_type = content.kind().into();
        match content {
            DeclarationContent::Cancellation(declared) => Self::cancellation(declaration_type, declared),
            DeclarationContent::Withdrawal(declared) => Self::withdrawal(declaration_type, declared),
        }
    }
}

impl DeclaredContent {
    fn cancellation(declaration_type: DeclarationTypeDto, declared: DeclaredCancellation) -> Self {
        Self {
            declaration_type,
            kind: Some(declared.kind.into()),
            reason: declared.reason,
            identity: Some(DeclarantIdentity {
                name: declared.identity.name,
                email: declared.identity.email,
                customer_number: declared.identity.customer_number,
                address: declared.identity.address,
            }),
            name: None,
            contract: declared.contract,
            part: None,
            wish_on: declared.wish_on.map(WishedDay),
            confirmation_email: declared.confirmation_email,
        }
    }

    fn withdrawal(declaration_type: DeclarationTypeDto, declared: DeclaredWithdrawal) -> Self {
        Self {
            declaration_type,
            kind: None,
            reason: None,
            identity: None,
            name: Some(declared.name),
            contract: declared.contract,
            part: declared.part,
            wish_on: None,
            confirmation_email: declared.confirmation_email,
        }
    }
}

/// The confirmation of receipt in text form (§ 126b BGB), to be stored or printed. It is sent by e-mail at once as well.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReceiptConfirmation {
    /// Title.
    #[schema(max_length = 200, example = "Bestätigung Ihrer Kündigung")]
    pub title: String,
    /// The whole text.
    #[schema(max_length = 20_000, example = "Bestätigung Ihrer Kündigung\n\n…")]
    pub text: String,
    /// Path of a page with the same content, ready to be printed.
    #[schema(
        format = "uri-reference",
        max_length = 300,
        example = "/p/sprechfenster/bestaetigung/2n8Zt0QmX5cVb7LkPq3RsWy1UaHdJfGeTiOoKlMnBvC"
    )]
    pub page_href: String,
    /// Path of the text as a file.
    #[schema(
        format = "uri-reference",
        max_length = 300,
        example = "/p/sprechfenster/bestaetigung/2n8Zt0QmX5cVb7LkPq3RsWy1UaHdJfGeTiOoKlMnBvC.txt"
    )]
    pub download_href: String,
}

/// The receipt of a declaration. It is the same whether or not a contract was found.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeclarationReceipt {
    /// Reference by which person and provider talk about it.
    #[schema(max_length = 11, pattern = "^[2-9A-Z]{5}-[2-9A-Z]{5}$", example = "7KQ2M-9XW4T")]
    pub reference: String,
    /// When it was received.
    pub received_at: Instant,
    /// What was declared, as it was understood: without control characters.
    pub declaration: DeclaredContent,
    /// The confirmation.
    pub confirmation: ReceiptConfirmation,
}

impl DeclarationReceipt {
    /// The receipt of a declaration to the provider with this slug.
    pub fn new(received: Received, slug: &str) -> Self {
        let page_href = format!("/p/{slug}/bestaetigung/{}", received.receipt_token);
        Self {
            reference: received.receipt.reference.clone(),
            received_at: received.receipt.received_at.into(),
            confirmation: ReceiptConfirmation {
                title: received.receipt.title().to_owned(),
                text: received.text,
                download_href: format!("{page_href}.txt"),
                page_href,
            },
            declaration: received.receipt.content.into(),
        }
    }
}

/// A withdrawal that is entered, but not declared: show it, and let the person confirm it.
#[derive(Debug, Serialize, ToSchema)]
pub struct WithdrawalDraft {
    /// Confirms it.
    #[schema(
        max_length = 43,
        pattern = "^[0-9A-Za-z]{43}$",
        example = "2n8Zt0QmX5cVb7LkPq3RsWy1UaHdJfGeTiOoKlMnBvC"
    )]
    pub token: String,
    /// Until when it can be confirmed.
    pub expires_at: Instant,
    /// What will be declared.
    pub declaration: DeclaredContent,
    /// Words of the button that confirms it, verbatim (§ 356a Abs. 3 BGB).
    #[schema(max_length = 100, example = "Widerruf bestätigen")]
    pub confirm_label: String,
    /// Path of the confirmation: `POST`, without a body.
    #[schema(
        format = "uri-reference",
        max_length = 300,
        example = "/v1/public/sprechfenster/withdrawals/2n8Zt0QmX5cVb7LkPq3RsWy1UaHdJfGeTiOoKlMnBvC/confirm"
    )]
    pub confirm_href: String,
}

impl WithdrawalDraft {
    /// The draft of a declaration to the provider with this slug.
    pub fn new(draft: Draft, slug: &str) -> Self {
        Self {
            confirm_href: format!("/v1/public/{slug}/withdrawals/{}/confirm", draft.token),
            token: draft.token,
            expires_at: draft.expires_at.into(),
            declaration: draft.content.into(),
            confirm_label: crate::domain::declaration::function(DeclarationKind::Withdrawal)
                .confirm
                .label
                .to_owned(),
        }
    }
}

list_of!(
    /// Declarations, newest first.
    DeclarationList of DeclarationDto
);

/// A contract that could be meant.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeclarationCandidate {
    /// The contract.
    #[schema(max_length = 30, example = "sub_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub subscription_id: String,
    /// Its number.
    #[schema(max_length = 60, example = "7KQ2M9XW")]
    pub contract_number: String,
    /// Whose contract it is.
    #[schema(max_length = 30, example = "cus_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub customer_id: String,
    /// The customer's number.
    #[schema(max_length = 50, example = "K-1000")]
    pub customer_number: String,
    /// The customer's name.
    #[schema(max_length = 200, example = "Erika Mustermann")]
    pub name: String,
    /// What speaks for it, the strongest first: `contract_number`, `email`, `customer_number`, `name`.
    #[schema(max_items = 4, value_type = Vec<String>, example = json!(["email", "name"]))]
    pub evidence: Vec<&'static str>,
}

impl From<Match> for DeclarationCandidate {
    fn from(found: Match) -> Self {
        Self {
            subscription_id: found.candidate.subscription_id,
            contract_number: found.candidate.contract_number,
            customer_id: found.candidate.customer_id,
            customer_number: found.candidate.customer_number,
            name: found.candidate.name,
            evidence: found.evidence.into_iter().map(|evidence| evidence.as_str()).collect(),
        }
    }
}

/// Whether a withdrawal came in time, by the time of its declaration. For staff only.
#[derive(Debug, Serialize, ToSchema)]
pub struct WithdrawalTimeliness {
    /// Whether there is a right of withdrawal at all (§ 312g Abs. 1 BGB).
    #[schema(example = true)]
    pub right_exists: bool,
    /// Last day of the period.
    #[schema(required)]
    pub last_day_on: Option<CivilDate>,
    /// Whether it was declared before the period was over.
    #[schema(example = true)]
    pub timely: bool,
}

/// A declaration without login, as staff see it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Declaration)]
pub struct DeclarationDto {
    /// Id of the declaration.
    #[schema(
        pattern = "^dcl_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "dcl_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub id: String,
    /// Reference the person was given.
    #[schema(max_length = 11, example = "7KQ2M-9XW4T")]
    pub reference: String,
    /// Where it stands.
    pub status: DeclarationStatusDto,
    /// When it was received (§ 130 BGB).
    pub received_at: Instant,
    /// What was declared.
    pub declaration: DeclaredContent,
    /// The request exactly as it arrived.
    #[schema(max_length = 65_536, example = "{\"contract\": \"7KQ2M9XW\"}")]
    pub raw: String,
    /// SHA-256 of the request, also in the person's confirmation.
    #[schema(
        max_length = 64,
        pattern = "^[0-9a-f]{64}$",
        example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    )]
    pub content_hash: String,
    /// Address it came from.
    #[schema(required, max_length = 45, example = "203.0.113.7")]
    pub origin: Option<String>,
    /// `User-Agent` it came with.
    #[schema(required, max_length = 256, example = json!(null))]
    pub user_agent: Option<String>,
    /// Whether more declarations came from this address within an hour than are executed automatically.
    #[schema(example = false)]
    pub over_limit: bool,
    /// Whether it was executed automatically.
    #[schema(example = false)]
    pub automatic: bool,
    /// The customer it was matched to.
    #[schema(required, max_length = 30, example = json!(null))]
    pub customer_id: Option<String>,
    /// The contract it was matched to.
    #[schema(required, max_length = 30, example = json!(null))]
    pub subscription_id: Option<String>,
    /// For matched withdrawals: whether they came in time.
    #[schema(required)]
    pub timeliness: Option<WithdrawalTimeliness>,
    /// The cancellation or withdrawal it became.
    #[schema(required, max_length = 30, example = json!(null))]
    pub result_id: Option<String>,
    /// Staff's reason for a rejection.
    #[schema(required, max_length = 2000, example = json!(null))]
    pub reason: Option<String>,
    /// Who decided last; the declaration's own id where it was executed automatically.
    #[schema(required, max_length = 30, example = json!(null))]
    pub decided_by: Option<String>,
    /// When.
    #[schema(required)]
    pub decided_at: Option<Instant>,
    /// The contracts that could be meant, the best founded first; empty in lists.
    #[schema(max_items = 50)]
    pub candidates: Vec<DeclarationCandidate>,
}

impl From<DeclarationView> for DeclarationDto {
    fn from(view: DeclarationView) -> Self {
        Self {
            id: view.id,
            reference: view.receipt.reference,
            status: view.status.into(),
            received_at: view.receipt.received_at.into(),
            declaration: view.receipt.content.into(),
            raw: view.raw,
            content_hash: view.receipt.content_hash,
            origin: view.origin,
            user_agent: view.user_agent,
            over_limit: view.over_limit,
            automatic: view.automatic,
            customer_id: view.customer_id,
            subscription_id: view.subscription_id,
            timeliness: view.timeliness.map(|answer| WithdrawalTimeliness {
                right_exists: answer.right_exists,
                last_day_on: answer.last_day_on.map(CivilDate),
                timely: answer.timely,
            }),
            result_id: view.result_id,
            reason: view.reason,
            decided_by: view.decided_by,
            decided_at: view.decided_at.map(Instant),
            candidates: view.candidates.into_iter().map(DeclarationCandidate::from).collect(),
        }
    }
}

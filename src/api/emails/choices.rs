//! Kinds and statuses of e-mails on the wire, the twins of the domain's.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::email::{EmailKind, EmailStatus};

/// What an e-mail is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EmailKind, example = "cancellation_received")]
pub enum EmailKindDto {
    /// A contract was concluded, with its content (§ 312f Abs. 2 BGB).
    ContractConcluded,
    /// A plan change was declared.
    PlanChangeReceived,
    /// A plan change has taken effect.
    PlanChangeApplied,
    /// A plan change was taken back.
    PlanChangeRevoked,
    /// A cancellation was declared (§ 312k Abs. 4 BGB).
    CancellationReceived,
    /// Staff decided on an extraordinary cancellation.
    CancellationDecided,
    /// A cancellation was taken back.
    CancellationRevoked,
    /// A cancellation has taken effect.
    CancellationEffective,
    /// A withdrawal was declared (§ 356a Abs. 4 BGB).
    WithdrawalReceived,
    /// An add-on was booked.
    AddOnBooked,
    /// The quantity of an add-on was changed.
    AddOnQuantityChanged,
    /// A change of an add-on's quantity was taken back.
    AddOnQuantityChangeRevoked,
    /// An add-on was cancelled.
    AddOnCancellationReceived,
    /// The cancellation of an add-on was taken back.
    AddOnCancellationRevoked,
    /// The booking of an add-on was withdrawn from.
    AddOnWithdrawn,
    /// An invoice was issued.
    InvoiceIssued,
    /// An invoice was corrected.
    CreditNoteIssued,
    /// A declaration arrived through the statutory functions, whether or not a contract was recognised.
    DeclarationReceived,
    /// Staff found that such a declaration has no effect, and say why.
    DeclarationRejected,
    /// A webhook endpoint was disabled, because it kept failing or answered 410; to the provider itself.
    WebhookEndpointDisabled,
}

impl From<EmailKind> for EmailKindDto {
    fn from(value: EmailKind) -> Self {
        match value {
            EmailKind::ContractConcluded => Self::ContractConcluded,
            EmailKind::PlanChangeReceived => Self::PlanChangeReceived,
            EmailKind::PlanChangeApplied => Self::PlanChangeApplied,
            EmailKind::PlanChangeRevoked => Self::PlanChangeRevoked,
            EmailKind::CancellationReceived => Self::CancellationReceived,
            EmailKind::CancellationDecided => Self::CancellationDecided,
            EmailKind::CancellationRevoked => Self::CancellationRevoked,
            EmailKind::CancellationEffective => Self::CancellationEffective,
            EmailKind::WithdrawalReceived => Self::WithdrawalReceived,
            EmailKind::AddOnBooked => Self::AddOnBooked,
            EmailKind::AddOnQuantityChanged => Self::AddOnQuantityChanged,
            EmailKind::AddOnQuantityChangeRevoked => Self::AddOnQuantityChangeRevoked,
            EmailKind::AddOnCancellationReceived => Self::AddOnCancellationReceived,
            EmailKind::AddOnCancellationRevoked => Self::AddOnCancellationRevoked,
            EmailKind::AddOnWithdrawn => Self::AddOnWithdrawn,
            EmailKind::InvoiceIssued => Self::InvoiceIssued,
            EmailKind::CreditNoteIssued => Self::CreditNoteIssued,
            EmailKind::DeclarationReceived => Self::DeclarationReceived,
            EmailKind::DeclarationRejected => Self::DeclarationRejected,
            EmailKind::WebhookEndpointDisabled => Self::WebhookEndpointDisabled,
        }
    }
}

impl From<EmailKindDto> for EmailKind {
    fn from(value: EmailKindDto) -> Self {
        match value {
            EmailKindDto::ContractConcluded => Self::ContractConcluded,
            EmailKindDto::PlanChangeReceived => Self::PlanChangeReceived,
            EmailKindDto::PlanChangeApplied => Self::PlanChangeApplied,
            EmailKindDto::PlanChangeRevoked => Self::PlanChangeRevoked,
            EmailKindDto::CancellationReceived => Self::CancellationReceived,
            EmailKindDto::CancellationDecided => Self::CancellationDecided,
            EmailKindDto::CancellationRevoked => Self::CancellationRevoked,
            EmailKindDto::CancellationEffective => Self::CancellationEffective,
            EmailKindDto::WithdrawalReceived => Self::WithdrawalReceived,
            EmailKindDto::AddOnBooked => Self::AddOnBooked,
            EmailKindDto::AddOnQuantityChanged => Self::AddOnQuantityChanged,
            EmailKindDto::AddOnQuantityChangeRevoked => Self::AddOnQuantityChangeRevoked,
            EmailKindDto::AddOnCancellationReceived => Self::AddOnCancellationReceived,
            EmailKindDto::AddOnCancellationRevoked => Self::AddOnCancellationRevoked,
            EmailKindDto::AddOnWithdrawn => Self::AddOnWithdrawn,
            EmailKindDto::InvoiceIssued => Self::InvoiceIssued,
            EmailKindDto::CreditNoteIssued => Self::CreditNoteIssued,
            EmailKindDto::DeclarationReceived => Self::DeclarationReceived,
            EmailKindDto::DeclarationRejected => Self::DeclarationRejected,
            EmailKindDto::WebhookEndpointDisabled => Self::WebhookEndpointDisabled,
        }
    }
}

/// Where an e-mail stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EmailStatus, example = "sent")]
pub enum EmailStatusDto {
    /// Waits to be sent, or to be tried again.
    Queued,
    /// A worker has it in hand.
    Sending,
    /// The mail server has accepted it.
    Sent,
    /// Given up after too many attempts, or because the mail server refused it for good.
    Failed,
    /// Not sent, because what it says no longer holds.
    Skipped,
    /// Not sent, because no mail server is configured in the demo; to be read through the API.
    Kept,
}

impl From<EmailStatus> for EmailStatusDto {
    fn from(value: EmailStatus) -> Self {
        match value {
            EmailStatus::Queued => Self::Queued,
            EmailStatus::Sending => Self::Sending,
            EmailStatus::Sent => Self::Sent,
            EmailStatus::Failed => Self::Failed,
            EmailStatus::Skipped => Self::Skipped,
            EmailStatus::Kept => Self::Kept,
        }
    }
}

impl From<EmailStatusDto> for EmailStatus {
    fn from(value: EmailStatusDto) -> Self {
        match value {
            EmailStatusDto::Queued => Self::Queued,
            EmailStatusDto::Sending => Self::Sending,
            EmailStatusDto::Sent => Self::Sent,
            EmailStatusDto::Failed => Self::Failed,
            EmailStatusDto::Skipped => Self::Skipped,
            EmailStatusDto::Kept => Self::Kept,
        }
    }
}

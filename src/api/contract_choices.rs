//! Closed choices of contracts, changes and charges on the wire, each the twin of a type of the domain.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::change::{CancellationKind, ChangeKind, ChangeStatus, Review};
use crate::domain::charge::{ChargeKind, ChargeStatus};
use crate::domain::subscription::SubscriptionStatus;
use crate::domain::withdrawal::WithdrawalKind;

/// Where a contract stands. A pending change is told separately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SubscriptionStatus, example = "active")]
pub enum SubscriptionStatusDto {
    /// Concluded, but its first day has not come.
    Scheduled,
    /// Running.
    Active,
    /// Its last day is over.
    Ended,
    /// Undone by a statutory withdrawal.
    Withdrawn,
}

impl From<SubscriptionStatus> for SubscriptionStatusDto {
    fn from(status: SubscriptionStatus) -> Self {
        match status {
            SubscriptionStatus::Scheduled => Self::Scheduled,
            SubscriptionStatus::Active => Self::Active,
            SubscriptionStatus::Ended => Self::Ended,
            SubscriptionStatus::Withdrawn => Self::Withdrawn,
        }
    }
}

impl From<SubscriptionStatusDto> for SubscriptionStatus {
    fn from(status: SubscriptionStatusDto) -> Self {
        match status {
            SubscriptionStatusDto::Scheduled => Self::Scheduled,
            SubscriptionStatusDto::Active => Self::Active,
            SubscriptionStatusDto::Ended => Self::Ended,
            SubscriptionStatusDto::Withdrawn => Self::Withdrawn,
        }
    }
}

/// What a pending change is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ChangeType, example = "plan_change")]
pub enum ChangeTypeDto {
    /// Another plan or another quantity.
    PlanChange,
    /// The end of the contract.
    Cancellation,
}

impl From<ChangeKind> for ChangeTypeDto {
    fn from(kind: ChangeKind) -> Self {
        match kind {
            ChangeKind::PlanChange => Self::PlanChange,
            ChangeKind::Cancellation => Self::Cancellation,
        }
    }
}

/// Where a plan change or cancellation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ChangeStatus, example = "scheduled")]
pub enum ChangeStatusDto {
    /// Pending: its day has not come.
    Scheduled,
    /// In effect.
    Applied,
    /// Taken back before its day.
    Revoked,
    /// Replaced by a later declaration.
    Superseded,
    /// Undone by a withdrawal (§ 355 BGB).
    Withdrawn,
}

impl From<ChangeStatus> for ChangeStatusDto {
    fn from(status: ChangeStatus) -> Self {
        match status {
            ChangeStatus::Scheduled => Self::Scheduled,
            ChangeStatus::Applied => Self::Applied,
            ChangeStatus::Revoked => Self::Revoked,
            ChangeStatus::Superseded => Self::Superseded,
            ChangeStatus::Withdrawn => Self::Withdrawn,
        }
    }
}

impl From<ChangeStatusDto> for ChangeStatus {
    fn from(status: ChangeStatusDto) -> Self {
        match status {
            ChangeStatusDto::Scheduled => Self::Scheduled,
            ChangeStatusDto::Applied => Self::Applied,
            ChangeStatusDto::Revoked => Self::Revoked,
            ChangeStatusDto::Superseded => Self::Superseded,
            ChangeStatusDto::Withdrawn => Self::Withdrawn,
        }
    }
}

/// Ordinary or extraordinary cancellation (§ 314 BGB).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CancellationKind, example = "ordinary")]
pub enum CancellationKindDto {
    /// With the agreed notice; needs no reason.
    #[default]
    Ordinary,
    /// For good cause; needs a reason and is reviewed by the provider.
    Extraordinary,
}

impl From<CancellationKind> for CancellationKindDto {
    fn from(kind: CancellationKind) -> Self {
        match kind {
            CancellationKind::Ordinary => Self::Ordinary,
            CancellationKind::Extraordinary => Self::Extraordinary,
        }
    }
}

impl From<CancellationKindDto> for CancellationKind {
    fn from(kind: CancellationKindDto) -> Self {
        match kind {
            CancellationKindDto::Ordinary => Self::Ordinary,
            CancellationKindDto::Extraordinary => Self::Extraordinary,
        }
    }
}

/// What a declaration is to be taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "cancellation")]
pub enum CancellationChoice {
    /// A cancellation with notice.
    Cancellation,
}

/// What a cancellation was treated as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "cancellation")]
pub enum TreatedAs {
    /// A cancellation.
    Cancellation,
    /// A withdrawal (§ 355 BGB), with effect at once.
    Withdrawal,
}

/// What was withdrawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WithdrawalKind, example = "add_on")]
pub enum WithdrawalKindDto {
    /// The whole contract, and with it the add-ons on it.
    Contract,
    /// An add-on booking; the plan goes on.
    AddOn,
    /// Some units.
    Quantity,
    /// A plan change; the old plan goes on.
    PlanChange,
}

impl From<WithdrawalKind> for WithdrawalKindDto {
    fn from(kind: WithdrawalKind) -> Self {
        match kind {
            WithdrawalKind::Contract => Self::Contract,
            WithdrawalKind::AddOn => Self::AddOn,
            WithdrawalKind::Quantity => Self::Quantity,
            WithdrawalKind::PlanChange => Self::PlanChange,
        }
    }
}

/// How the provider decided on an extraordinary cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CancellationReview, example = "pending")]
pub enum ReviewDto {
    /// Not decided yet; meanwhile the ordinary end is scheduled.
    Pending,
    /// The good cause is accepted: the contract ends with the day of receipt.
    Accepted,
    /// Rejected: the ordinary end stays.
    Rejected,
}

impl From<Review> for ReviewDto {
    fn from(review: Review) -> Self {
        match review {
            Review::Pending => Self::Pending,
            Review::Accepted => Self::Accepted,
            Review::Rejected => Self::Rejected,
        }
    }
}

/// Why an amount is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ChargeKind, example = "proration")]
pub enum ChargeKindDto {
    /// A billing period's price.
    Recurring,
    /// Part of a period's price, because of a change.
    Proration,
    /// A credit: negative, names the charge it reduces.
    Credit,
    /// A price charged once.
    OneOff,
    /// Units used, charged in arrears.
    Usage,
}

impl From<ChargeKind> for ChargeKindDto {
    fn from(kind: ChargeKind) -> Self {
        match kind {
            ChargeKind::Recurring => Self::Recurring,
            ChargeKind::Proration => Self::Proration,
            ChargeKind::Credit => Self::Credit,
            ChargeKind::OneOff => Self::OneOff,
            ChargeKind::Usage => Self::Usage,
        }
    }
}

/// Where a charge stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ChargeStatus, example = "draft")]
pub enum ChargeStatusDto {
    /// Waits for the next invoice.
    Draft,
    /// Taken up by an invoice.
    Invoiced,
    /// Void: taken back before it was invoiced, or by an invoice correction.
    Voided,
}

impl From<ChargeStatus> for ChargeStatusDto {
    fn from(status: ChargeStatus) -> Self {
        match status {
            ChargeStatus::Draft => Self::Draft,
            ChargeStatus::Invoiced => Self::Invoiced,
            ChargeStatus::Voided => Self::Voided,
        }
    }
}

impl From<ChargeStatusDto> for ChargeStatus {
    fn from(status: ChargeStatusDto) -> Self {
        match status {
            ChargeStatusDto::Draft => Self::Draft,
            ChargeStatusDto::Invoiced => Self::Invoiced,
            ChargeStatusDto::Voided => Self::Voided,
        }
    }
}

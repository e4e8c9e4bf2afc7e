//! Plan changes and cancellations: effective-dated declarations that can be pending, applied, revoked or superseded.

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

use super::catalogue::TransitionTiming;

/// What a change is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// Another plan or another quantity.
    PlanChange,
    /// The end of the contract.
    Cancellation,
}

impl ChangeKind {
    /// The name used in the database and as prefix of event types.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PlanChange => "plan_change",
            Self::Cancellation => "cancellation",
        }
    }
}

/// Where a change stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeStatus {
    /// Pending: its day has not come.
    Scheduled,
    /// In effect.
    Applied,
    /// Taken back by the customer before its day.
    Revoked,
    /// Replaced by a later declaration.
    Superseded,
    /// Undone by a withdrawal (§ 355 BGB); plan changes only.
    Withdrawn,
}

impl ChangeStatus {
    /// The name used in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Applied => "applied",
            Self::Revoked => "revoked",
            Self::Superseded => "superseded",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Reads the stored name; `None` for any other text.
    pub fn parse(name: &str) -> Option<Self> {
        [
            Self::Scheduled,
            Self::Applied,
            Self::Revoked,
            Self::Superseded,
            Self::Withdrawn,
        ]
        .into_iter()
        .find(|status| status.as_str() == name)
    }
}

/// A declaration that changes or ends a contract.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Id (`pch_` or `cxl_`).
    pub id: String,
    /// Where it stands.
    pub status: ChangeStatus,
    /// When the declaration was received (Zugang, § 130 BGB).
    pub received_at: OffsetDateTime,
    /// Plan change: first day of the new plan. Cancellation: last day of the contract.
    pub effective_on: Date,
    /// The declaration that replaced this one.
    pub superseded_by_id: Option<String>,
    /// When it was applied, revoked, superseded or withdrawn from.
    pub settled_at: Option<OffsetDateTime>,
    /// Counts its states, from 1.
    pub version: i64,
    /// When it was recorded.
    pub created_at: OffsetDateTime,
    /// What was declared.
    pub details: ChangeDetails,
}

impl Change {
    /// Plan change or cancellation.
    pub fn kind(&self) -> ChangeKind {
        match self.details {
            ChangeDetails::PlanChange(_) => ChangeKind::PlanChange,
            ChangeDetails::Cancellation(_) => ChangeKind::Cancellation,
        }
    }

    /// Whether it is pending.
    pub fn is_scheduled(&self) -> bool {
        self.status == ChangeStatus::Scheduled
    }

    /// Its plan-change part, if it is one.
    pub fn plan_change(&self) -> Option<&PlanChangeDetails> {
        match &self.details {
            ChangeDetails::PlanChange(details) => Some(details),
            ChangeDetails::Cancellation(_) => None,
        }
    }

    /// Its cancellation part, if it is one.
    pub fn cancellation(&self) -> Option<&CancellationDetails> {
        match &self.details {
            ChangeDetails::Cancellation(details) => Some(details),
            ChangeDetails::PlanChange(_) => None,
        }
    }

    /// Moves it out of `scheduled` and notes when.
    pub(super) fn settle(&mut self, status: ChangeStatus, at: OffsetDateTime) {
        self.status = status;
        self.settled_at = Some(at);
        self.version += 1;
    }
}

/// What was declared, by kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeDetails {
    /// Another plan or quantity.
    PlanChange(PlanChangeDetails),
    /// The end of the contract.
    Cancellation(CancellationDetails),
}

/// A plan change: from what to what, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanChangeDetails {
    /// When it takes effect.
    pub timing: TransitionTiming,
    /// Plan (`pln_`) that is left.
    pub from_plan_id: String,
    /// Version that is left.
    pub from_plan_version_id: String,
    /// Quantity before.
    pub from_quantity: u32,
    /// Plan (`pln_`) that is entered.
    pub to_plan_id: String,
    /// Version that is entered.
    pub to_plan_version_id: String,
    /// Quantity after.
    pub to_quantity: u32,
    /// Last day of the contract before the change, restored by a revocation.
    pub previous_ends_on: Option<Date>,
    /// Contracts it took in: they ended with it, and what occupied their slots moved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub absorbed_subscription_ids: Vec<String>,
    /// When the consumer was instructed about the right to withdraw from this change, if with it.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub instructed_at: Option<OffsetDateTime>,
    /// Whether the customer expressly asked that it begin before the withdrawal period is over.
    #[serde(default)]
    pub early_start_requested: bool,
}

impl PlanChangeDetails {
    /// Whether only the quantity changes, so that paid units stay paid (design decisions 8 and 13).
    pub fn is_quantity_only(&self) -> bool {
        self.from_plan_version_id == self.to_plan_version_id
    }

    /// Whether it does nothing but lower the quantity.
    pub fn is_pure_decrease(&self) -> bool {
        self.is_quantity_only() && self.to_quantity < self.from_quantity
    }
}

/// Ordinary or extraordinary cancellation (§ 314 BGB).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancellationKind {
    /// With the agreed notice; needs no reason.
    Ordinary,
    /// For good cause, at once; needs a reason and is reviewed by staff.
    Extraordinary,
}

impl CancellationKind {
    /// The name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ordinary => "ordinary",
            Self::Extraordinary => "extraordinary",
        }
    }
}

/// How staff decided on an extraordinary cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Review {
    /// Not decided yet; meanwhile the ordinary end is scheduled (design decision 12).
    Pending,
    /// The good cause is accepted: the contract ends with the day of receipt.
    Accepted,
    /// Rejected: the ordinary end stays.
    Rejected,
}

impl Review {
    /// The name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
        }
    }
}

/// A cancellation as declared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancellationDetails {
    /// Ordinary or extraordinary.
    pub kind: CancellationKind,
    /// The customer's reason; mandatory for extraordinary ones.
    pub reason: Option<String>,
    /// The date the customer wished for.
    pub wish_on: Option<Date>,
    /// Whether the customer also asks for erasure of the data.
    pub delete_data: bool,
    /// Legal day of receipt.
    pub received_on: Date,
    /// Last day on which a declaration would still have reached the same end.
    pub latest_receipt_on: Option<Date>,
    /// Staff's decision, for extraordinary ones.
    pub review: Option<Review>,
    /// Last day of the contract before the cancellation, restored by a revocation.
    pub previous_ends_on: Option<Date>,
    /// The pending plan change that this cancellation replaced; a revocation does not bring it back (design decision 11).
    pub superseded_plan_change_id: Option<String>,
    /// The withdrawal it was treated as, where the catalogue says so.
    #[serde(default)]
    pub withdrawal_id: Option<String>,
}

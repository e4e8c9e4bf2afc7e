//! Transitions: which plan may be changed into which.

use serde::{Deserialize, Serialize};

use crate::domain::localized::LocalizedText;

/// When a plan change takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransitionTiming {
    /// At once; both plans are prorated.
    Immediate,
    /// With the end of the running billing period.
    PeriodEnd,
    /// With the end of the old plan's notice period, as if it had been cancelled.
    NoticeEnd,
}

impl TransitionTiming {
    /// The name used in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Immediate => "immediate",
            Self::PeriodEnd => "period_end",
            Self::NoticeEnd => "notice_end",
        }
    }
}

/// A plan change that the provider offers. There is at most one between two plans.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transition {
    /// Key of the plan that is left.
    pub from: String,
    /// Key of the plan that is entered.
    pub to: String,
    /// When the change takes effect.
    pub timing: TransitionTiming,
    /// Keys of the documents that must be accepted.
    #[serde(default)]
    pub consents: Vec<String>,
    /// What the customer must know before agreeing.
    #[serde(default)]
    pub consequences: Vec<Consequence>,
}

/// Something that happens to the customer with a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consequence {
    /// Stable code, snake_case, for example `extra_users_deleted`.
    pub code: String,
    /// What customers read.
    pub text: LocalizedText,
}

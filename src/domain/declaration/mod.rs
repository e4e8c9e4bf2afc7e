//! Declarations made without login: cancellations (§ 312k BGB) and withdrawals (§ 356a BGB). What they contain, what may be
//! done about them, to which contract they belong and how their receipt is confirmed.
//!
//! A declaration takes effect on receipt whether or not anybody finds its contract: it is always received and confirmed, and
//! what is decided about it afterwards never changes what was declared or when.

mod matching;
mod receipt;
mod record;
mod statutory;
#[cfg(test)]
mod tests;

pub use matching::{Candidate, Evidence, Match, Named, contract_number_in, is_proven, named, rank};
pub use receipt::{Receipt, confirmation_text};
pub use record::DeclarationRecord;
pub use statutory::{Button, Field, FieldKind, Function, function};

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

use super::cancellation::reason_required;
use super::change::CancellationKind;
use super::text::is_deceptive;
use super::violation::Violation;
use super::withdrawal::{WithdrawalPeriod, WithdrawalQuestion, withdrawal_period};

/// What a declaration is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeclarationKind {
    /// A cancellation through the cancellation button (§ 312k BGB).
    Cancellation,
    /// A withdrawal through the withdrawal function (§ 356a BGB).
    Withdrawal,
}

impl DeclarationKind {
    /// The name used in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cancellation => "cancellation",
            Self::Withdrawal => "withdrawal",
        }
    }

    /// Reads the stored name; `None` for any other text.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Cancellation, Self::Withdrawal]
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }
}

/// Who declares: what identifies the consumer unambiguously (§ 312k Abs. 2 Satz 3 Nr. 1 lit. b BGB). Only the name is needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Name of the person.
    pub name: String,
    /// E-mail address the provider knows, where it differs from the one for the confirmation.
    pub email: Option<String>,
    /// Customer number.
    pub customer_number: Option<String>,
    /// Postal address.
    pub address: Option<String>,
}

/// A cancellation with exactly what § 312k Abs. 2 Satz 3 Nr. 1 BGB lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclaredCancellation {
    /// a) Ordinary or extraordinary.
    pub kind: CancellationKind,
    /// a) The reason of an extraordinary one.
    pub reason: Option<String>,
    /// b) Who declares.
    pub identity: Identity,
    /// c) The contract, in the consumer's own words or by its number.
    pub contract: String,
    /// d) When it shall end; in doubt as soon as possible (§ 312k Abs. 5 BGB).
    pub wish_on: Option<Date>,
    /// e) Where the confirmation is sent.
    pub confirmation_email: String,
}

/// A withdrawal with exactly what § 356a Abs. 2 BGB lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclaredWithdrawal {
    /// 1. Name of the consumer.
    pub name: String,
    /// 2. The contract, in the consumer's own words or by its number.
    pub contract: String,
    /// 2. The part of the contract, if not all of it is withdrawn from.
    pub part: Option<String>,
    /// 3. Where the receipt is confirmed.
    pub confirmation_email: String,
}

/// What was declared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum DeclarationContent {
    /// A cancellation.
    Cancellation(DeclaredCancellation),
    /// A withdrawal.
    Withdrawal(DeclaredWithdrawal),
}

impl DeclarationContent {
    /// Cancellation or withdrawal.
    pub fn kind(&self) -> DeclarationKind {
        match self {
            Self::Cancellation(_) => DeclarationKind::Cancellation,
            Self::Withdrawal(_) => DeclarationKind::Withdrawal,
        }
    }

    /// Name of the person who declares.
    pub fn name(&self) -> &str {
        match self {
            Self::Cancellation(declared) => &declared.identity.name,
            Self::Withdrawal(declared) => &declared.name,
        }
    }

    /// The contract as the person named it.
    pub fn contract(&self) -> &str {
        match self {
            Self::Cancellation(declared) => &declared.contract,
            Self::Withdrawal(declared) => &declared.contract,
        }
    }

    /// Where the confirmation is sent.
    pub fn confirmation_email(&self) -> &str {
        match self {
            Self::Cancellation(declared) => &declared.confirmation_email,
            Self::Withdrawal(declared) => &declared.confirmation_email,
        }
    }

    /// The e-mail addresses given, the one to know the person by first.
    pub fn emails(&self) -> Vec<&str> {
        let known = match self {
            Self::Cancellation(declared) => declared.identity.email.as_deref(),
            Self::Withdrawal(_) => None,
        };
        known.into_iter().chain([self.confirmation_email()]).collect()
    }

    /// The declaration with every text [readable](readable); the raw request is kept elsewhere.
    #[must_use]
    pub fn cleaned(self) -> Self {
        let line = |text: String| readable(&text, false);
        let lines = |text: Option<String>| text.map(|text| readable(&text, true)).filter(|text| !text.is_empty());
        match self {
            Self::Cancellation(declared) => Self::Cancellation(DeclaredCancellation {
                kind: declared.kind,
                reason: lines(declared.reason),
                identity: Identity {
                    name: line(declared.identity.name),
                    email: declared.identity.email.map(line).filter(|text| !text.is_empty()),
                    customer_number: declared
                        .identity
                        .customer_number
                        .map(line)
                        .filter(|text| !text.is_empty()),
                    address: lines(declared.identity.address),
                },
                contract: readable(&declared.contract, true),
                wish_on: declared.wish_on,
                confirmation_email: line(declared.confirmation_email),
            }),
            Self::Withdrawal(declared) => Self::Withdrawal(DeclaredWithdrawal {
                name: line(declared.name),
                contract: readable(&declared.contract, true),
                part: lines(declared.part),
                confirmation_email: line(declared.confirmation_email),
            }),
        }
    }

    /// Checks what the law wants to be said: a reason for an extraordinary cancellation. Nothing else is a condition.
    ///
    /// # Errors
    /// `reason_required`.
    pub fn check(&self) -> Result<(), Violation> {
        match self {
            Self::Cancellation(declared) if declared.kind == CancellationKind::Extraordinary => {
                // Whether the reason is a good one is not for the form to say.
                match &declared.reason {
                    Some(reason) if !reason.is_empty() => Ok(()),
                    _ => Err(reason_required()),
                }
            }
            _ => Ok(()),
        }
    }
}

/// A text as it can be shown, printed and mailed: without control characters and without characters that turn the direction
/// of what stands around them (which could make a confirmation read as something else). Line breaks stay where `lines` says.
pub fn readable(text: &str, lines: bool) -> String {
    let shown: String = text
        .replace("\r\n", "\n")
        .chars()
        .filter_map(|character| match character {
            '\n' if lines => Some('\n'),
            '\t' | '\n' | '\r' | '\u{2028}' | '\u{2029}' => Some(' '),
            character if is_deceptive(character) => None,
            character if character.is_control() => Some('\u{fffd}'),
            character => Some(character),
        })
        .collect();
    shown.trim().to_owned()
}

/// Where a declaration stands with the provider. It was received in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeclarationStatus {
    /// Received and confirmed; nobody has found its contract yet.
    Received,
    /// Staff know which contract it is about.
    Matched,
    /// It has its effect on the contract.
    Executed,
    /// Staff found that it has no effect, and said why.
    Rejected,
}

impl DeclarationStatus {
    /// The name used in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Matched => "matched",
            Self::Executed => "executed",
            Self::Rejected => "rejected",
        }
    }

    /// Reads the stored name; `None` for any other text.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Received, Self::Matched, Self::Executed, Self::Rejected]
            .into_iter()
            .find(|status| status.as_str() == name)
    }

    /// Whether staff may do `step` now. Only an effect on the contract is final: a wrong match or a wrong rejection is mended
    /// by matching anew.
    ///
    /// # Errors
    /// `declaration_decided`, `declaration_not_matched`.
    pub fn check(self, step: DeclarationStep) -> Result<(), Violation> {
        match (self, step) {
            (Self::Executed, _) => Err(decided(
                "Diese Erklärung ist bereits ausgeführt.",
                "This declaration has been executed already.",
            )),
            (Self::Rejected, DeclarationStep::Reject) => Err(decided(
                "Diese Erklärung ist bereits zurückgewiesen.",
                "This declaration has been rejected already.",
            )),
            (Self::Received | Self::Rejected, DeclarationStep::Execute) => Err(Violation::conflict(
                "declaration_not_matched",
                "Ordnen Sie die Erklärung zuerst einem Vertrag zu.",
                "Match the declaration to a contract first.",
            )),
            _ => Ok(()),
        }
    }
}

fn decided(de: &str, en: &str) -> Violation {
    Violation::conflict("declaration_decided", de, en)
}

/// What staff can do about a declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeclarationStep {
    /// Say which contract it is about.
    Match,
    /// Give it its effect.
    Execute,
    /// Say that it has none.
    Reject,
}

/// Whether a withdrawal came in time. Known to staff only: the person who declares is told the receipt, not the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeliness {
    /// Whether there is a right of withdrawal at all (§ 312g Abs. 1 BGB).
    pub right_exists: bool,
    /// Last day of the period.
    pub last_day_on: Option<Date>,
    /// Whether the declaration was sent before the period was over (§ 355 Abs. 1 Satz 5, § 356a Abs. 5 BGB).
    pub timely: bool,
}

/// Decides on the time of the declaration alone: not when it was matched, read or executed.
pub fn timeliness(question: &WithdrawalQuestion<'_>, declared_at: OffsetDateTime) -> Timeliness {
    let period: WithdrawalPeriod = withdrawal_period(question);
    Timeliness {
        right_exists: period.exists,
        last_day_on: period.last_day_on,
        timely: period.timely(declared_at).unwrap_or(false),
    }
}

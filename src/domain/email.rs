//! E-mails to customers, and notices to the provider itself: what kinds there are, when one is written, and whether it may
//! still be sent.
//!
//! A confirmation of receipt tells what was declared and when it arrived; that stays true whatever happens afterwards, so
//! it is always sent (§§ 312f, 312i, 312k Abs. 4, 356a Abs. 4 BGB). A notice tells how things stand; it is sent only while
//! they stand so.

use time::Date;

use super::{
    change::{ChangeKind, ChangeStatus},
    event_type::EventType,
    localized::LocalizedText,
    subscription::{Subscription, SubscriptionStatus},
};

/// What an e-mail is about; each kind has its templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EmailKind {
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
    /// A webhook endpoint was disabled; to the provider itself.
    WebhookEndpointDisabled,
}

impl EmailKind {
    /// Every kind.
    pub const ALL: [Self; 20] = [
        Self::ContractConcluded,
        Self::PlanChangeReceived,
        Self::PlanChangeApplied,
        Self::PlanChangeRevoked,
        Self::CancellationReceived,
        Self::CancellationDecided,
        Self::CancellationRevoked,
        Self::CancellationEffective,
        Self::WithdrawalReceived,
        Self::AddOnBooked,
        Self::AddOnQuantityChanged,
        Self::AddOnQuantityChangeRevoked,
        Self::AddOnCancellationReceived,
        Self::AddOnCancellationRevoked,
        Self::AddOnWithdrawn,
        Self::InvoiceIssued,
        Self::CreditNoteIssued,
        Self::DeclarationReceived,
        Self::DeclarationRejected,
        Self::WebhookEndpointDisabled,
    ];

    /// The name used in JSON, in the database and for the templates.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ContractConcluded => "contract_concluded",
            Self::PlanChangeReceived => "plan_change_received",
            Self::PlanChangeApplied => "plan_change_applied",
            Self::PlanChangeRevoked => "plan_change_revoked",
            Self::CancellationReceived => "cancellation_received",
            Self::CancellationDecided => "cancellation_decided",
            Self::CancellationRevoked => "cancellation_revoked",
            Self::CancellationEffective => "cancellation_effective",
            Self::WithdrawalReceived => "withdrawal_received",
            Self::AddOnBooked => "add_on_booked",
            Self::AddOnQuantityChanged => "add_on_quantity_changed",
            Self::AddOnQuantityChangeRevoked => "add_on_quantity_change_revoked",
            Self::AddOnCancellationReceived => "add_on_cancellation_received",
            Self::AddOnCancellationRevoked => "add_on_cancellation_revoked",
            Self::AddOnWithdrawn => "add_on_withdrawn",
            Self::InvoiceIssued => "invoice_issued",
            Self::CreditNoteIssued => "credit_note_issued",
            Self::DeclarationReceived => "declaration_received",
            Self::DeclarationRejected => "declaration_rejected",
            Self::WebhookEndpointDisabled => "webhook_endpoint_disabled",
        }
    }

    /// Reads the stored name; `None` for any other text.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The kind of e-mail an event of this type asks for; most events ask for none.
    pub fn of_event(event_type: EventType) -> Option<Self> {
        Some(match event_type {
            EventType::SubscriptionCreated => Self::ContractConcluded,
            EventType::PlanChangeCreated => Self::PlanChangeReceived,
            EventType::PlanChangeApplied => Self::PlanChangeApplied,
            EventType::PlanChangeRevoked => Self::PlanChangeRevoked,
            EventType::CancellationCreated => Self::CancellationReceived,
            EventType::CancellationAccepted | EventType::CancellationRejected => Self::CancellationDecided,
            EventType::CancellationRevoked => Self::CancellationRevoked,
            EventType::CancellationApplied => Self::CancellationEffective,
            EventType::WithdrawalCreated => Self::WithdrawalReceived,
            EventType::AddOnCreated => Self::AddOnBooked,
            EventType::AddOnQuantityChangeCreated => Self::AddOnQuantityChanged,
            EventType::AddOnQuantityChangeRevoked => Self::AddOnQuantityChangeRevoked,
            EventType::AddOnCancellationCreated => Self::AddOnCancellationReceived,
            EventType::AddOnCancellationRevoked => Self::AddOnCancellationRevoked,
            EventType::InvoiceIssued => Self::InvoiceIssued,
            EventType::CreditNoteIssued => Self::CreditNoteIssued,
            _ => return None,
        })
    }

    /// Whether it only tells how things stand. All others confirm what was received and are always sent.
    pub fn is_notice(self) -> bool {
        matches!(self, Self::PlanChangeApplied | Self::CancellationEffective)
    }

    /// Whether it confirms the receipt of what a customer declared or ordered. Such a mail is owed at once (§ 312i Abs. 1 Nr. 3,
    /// § 312k Abs. 4, § 356a Abs. 4 BGB) and waits for no other; all others keep their place behind what was written before.
    pub fn goes_at_once(self) -> bool {
        match self {
            Self::ContractConcluded
            | Self::PlanChangeReceived
            | Self::CancellationReceived
            | Self::WithdrawalReceived
            | Self::AddOnBooked
            | Self::AddOnQuantityChanged
            | Self::AddOnCancellationReceived
            | Self::AddOnWithdrawn
            | Self::DeclarationReceived => true,
            // What was taken back reads as such only after what it takes back.
            Self::PlanChangeRevoked
            | Self::CancellationRevoked
            | Self::AddOnQuantityChangeRevoked
            | Self::AddOnCancellationRevoked
            | Self::PlanChangeApplied
            | Self::CancellationDecided
            | Self::CancellationEffective
            | Self::InvoiceIssued
            | Self::CreditNoteIssued
            | Self::DeclarationRejected
            | Self::WebhookEndpointDisabled => false,
        }
    }
}

/// Where an e-mail stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EmailStatus {
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

impl EmailStatus {
    /// Every status.
    pub const ALL: [Self; 6] = [
        Self::Queued,
        Self::Sending,
        Self::Sent,
        Self::Failed,
        Self::Skipped,
        Self::Kept,
    ];

    /// The name used in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Kept => "kept",
        }
    }

    /// Reads the stored name; `None` for any other text.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// Whether its way is at an end.
    pub fn is_settled(self) -> bool {
        !matches!(self, Self::Queued | Self::Sending)
    }
}

/// Why a notice is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SkipReason {
    /// The plan or quantity it announces is no longer the one in force.
    PlanChangeNotInForce,
    /// The contract whose end it announces has not ended by this cancellation.
    CancellationNotInEffect,
    /// What it is about is gone.
    ObjectGone,
}

impl SkipReason {
    /// Every reason.
    pub const ALL: [Self; 3] = [
        Self::PlanChangeNotInForce,
        Self::CancellationNotInEffect,
        Self::ObjectGone,
    ];

    /// The name used in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PlanChangeNotInForce => "plan_change_not_in_force",
            Self::CancellationNotInEffect => "cancellation_not_in_effect",
            Self::ObjectGone => "object_gone",
        }
    }

    /// Reads the stored name; `None` for any other text.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }

    /// The reason in words, for the history.
    pub fn text(self) -> LocalizedText {
        match self {
            Self::PlanChangeNotInForce => LocalizedText::new(
                "Nicht gesendet: Der mitgeteilte Tarif oder die Menge gilt inzwischen nicht mehr.",
                "Not sent: the plan or quantity it announces is no longer in force.",
            ),
            Self::CancellationNotInEffect => LocalizedText::new(
                "Nicht gesendet: Der Vertrag ist nicht durch diese Kündigung beendet.",
                "Not sent: the contract has not ended by this cancellation.",
            ),
            Self::ObjectGone => LocalizedText::new(
                "Nicht gesendet: Worum es ging, gibt es nicht mehr.",
                "Not sent: what it was about no longer exists.",
            ),
        }
    }
}

/// Whether an e-mail still says the truth on `today`, asked when it is about to be sent. Confirmations of receipt always do.
///
/// # Errors
/// The reason why it must not be sent.
pub fn still_holds(
    kind: EmailKind,
    subscription: Option<&Subscription>,
    change_id: Option<&str>,
    today: Date,
) -> Result<(), SkipReason> {
    if !kind.is_notice() {
        return Ok(());
    }
    let subscription = subscription.ok_or(SkipReason::ObjectGone)?;
    let change = change_id
        .and_then(|id| subscription.change(id))
        .ok_or(SkipReason::ObjectGone)?;
    let is_applied = change.status == ChangeStatus::Applied;
    let status = subscription.status_on(today);
    match change.kind() {
        ChangeKind::PlanChange => {
            let phase = subscription.phase_on(today);
            let in_force = phase.is_some_and(|phase| phase.created_by_change_id.as_deref() == Some(change.id.as_str()));
            (is_applied && in_force && status == SubscriptionStatus::Active)
                .then_some(())
                .ok_or(SkipReason::PlanChangeNotInForce)
        }
        ChangeKind::Cancellation => (is_applied && status == SubscriptionStatus::Ended)
            .then_some(())
            .ok_or(SkipReason::CancellationNotInEffect),
    }
}

/// Seconds to wait before the next attempt after `attempts` failed ones: a minute, doubled each time, at most six hours.
/// `jitter` (0 to 1000) takes away up to a quarter, so that mails which failed together are not tried together again.
pub fn retry_after_seconds(attempts: i32, jitter: u16) -> i64 {
    const LONGEST: i64 = 6 * 60 * 60;
    let doublings = u32::try_from(attempts.saturating_sub(1).clamp(0, 16)).unwrap_or(0);
    let full = (60_i64 << doublings).min(LONGEST);
    full - full * i64::from(jitter.min(1000)) / 4000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive_the_way_to_text_and_back() {
        for kind in EmailKind::ALL {
            assert_eq!(EmailKind::parse(kind.as_str()), Some(kind));
        }
        for status in EmailStatus::ALL {
            assert_eq!(EmailStatus::parse(status.as_str()), Some(status));
        }
        for reason in SkipReason::ALL {
            assert_eq!(SkipReason::parse(reason.as_str()), Some(reason));
        }
        assert_eq!(EmailKind::of_event(EventType::ChargeCreated), None);
        assert_eq!(
            EmailKind::of_event(EventType::CancellationCreated),
            Some(EmailKind::CancellationReceived)
        );
    }

    #[test]
    fn waiting_doubles_to_six_hours_and_jitter_only_shortens() {
        assert_eq!(
            [1, 2, 3, 4].map(|attempts| retry_after_seconds(attempts, 0)),
            [60, 120, 240, 480]
        );
        assert_eq!(retry_after_seconds(99, 0), 21_600);
        assert_eq!(retry_after_seconds(1, 1000), 45);
        for attempts in [i32::MIN, 0, 1, 7, i32::MAX] {
            for jitter in [0, 500, u16::MAX] {
                assert!((45..=21_600).contains(&retry_after_seconds(attempts, jitter)));
            }
        }
    }

    #[test]
    fn confirmations_of_receipt_hold_whatever_happened() {
        let day = time::macros::date!(2026 - 03 - 16);
        for kind in EmailKind::ALL {
            let outcome = still_holds(kind, None, None, day);
            assert_eq!(outcome.is_err(), kind.is_notice(), "{kind:?}");
        }
    }
}

//! A withdrawal as it is recorded: what was withdrawn from, when, and what became of the money.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::{Date, OffsetDateTime};

use crate::domain::{
    catalogue::Compensation, event::instant, invoice::SetOff, localized::LocalizedText, money::Money, preview::Totals,
};

/// What was withdrawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithdrawalKind {
    /// The whole contract, and with it the add-ons on it (§ 360 BGB).
    Contract,
    /// An add-on booking; the plan goes on.
    AddOn,
    /// Some units of a contract or booking.
    Quantity,
    /// A plan change: the old plan goes on.
    PlanChange,
}

impl WithdrawalKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Contract, Self::AddOn, Self::Quantity, Self::PlanChange];

    /// The name used in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Contract => "contract",
            Self::AddOn => "add_on",
            Self::Quantity => "quantity",
            Self::PlanChange => "plan_change",
        }
    }

    /// Reads the stored name; `None` for any other text.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// What became of the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithdrawalAmounts {
    /// Drafts that are void: never invoiced.
    pub dropped: Totals,
    /// What had been invoiced and is credited.
    pub credited: Totals,
    /// What is charged anew because of the withdrawal: compensation, and what the restored plan costs.
    pub charged: Totals,
    /// The part of it that compensates for use before the withdrawal (§ 357a Abs. 2 BGB).
    pub compensation: Totals,
    /// What is to be returned, with tax: what was paid beyond what remains owed, compensation and what stays included.
    pub refund: Money,
}

/// What a withdrawal touched, by id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithdrawalTraces {
    /// Charges that are void.
    pub voided_charge_ids: Vec<String>,
    /// Invoiced charges that are credited.
    pub credited_charge_ids: Vec<String>,
    /// The invoice corrections.
    pub credit_note_ids: Vec<String>,
    /// Add-on bookings that go with what was withdrawn.
    pub withdrawn_add_on_booking_ids: Vec<String>,
    /// Contracts and bookings that the withdrawn upgrade had ended and that go on.
    pub restored_ids: Vec<String>,
    /// Plan changes that are undone.
    pub withdrawn_plan_change_ids: Vec<String>,
    /// Pending plan changes and cancellations that are dropped.
    pub superseded_change_ids: Vec<String>,
    /// Other open invoices that what was paid too much settles (§ 387 BGB).
    #[serde(default)]
    pub set_off: Vec<SetOff>,
}

impl WithdrawalTraces {
    /// What is settled instead of being refunded, in words: `14,99 EUR mit der Rechnung RE-2026-7`. `None` for nothing.
    pub fn set_off_in_words(&self) -> Option<LocalizedText> {
        let told = |words: fn(&SetOff) -> String| self.set_off.iter().map(words).collect::<Vec<_>>().join(", ");
        let de = |one: &SetOff| {
            let (amount, currency) = (one.amount.german(), one.amount.currency.as_str());
            format!("{amount} {currency} mit der Rechnung {}", one.number)
        };
        let en = |one: &SetOff| {
            let (amount, currency) = (one.amount.amount(), one.amount.currency.as_str());
            format!("{amount} {currency} against the invoice {}", one.number)
        };
        (!self.set_off.is_empty()).then(|| LocalizedText::new(told(de), told(en)))
    }
}

/// A withdrawal.
#[derive(Debug, Clone, PartialEq)]
pub struct Withdrawal {
    /// Id (`wdr_`).
    pub id: String,
    /// The contract.
    pub subscription_id: String,
    /// The contract itself, or the add-on booking on it.
    pub item_id: String,
    /// What was withdrawn from.
    pub kind: WithdrawalKind,
    /// Units, where only some were withdrawn from.
    pub quantity: Option<u32>,
    /// The plan change or quantity change named.
    pub plan_change_id: Option<String>,
    /// The cancellation that was treated as this withdrawal.
    pub cancellation_id: Option<String>,
    /// The reason, if one was given.
    pub reason: Option<String>,
    /// When the declaration was received.
    pub received_at: OffsetDateTime,
    /// When a letter was sent.
    pub dispatched_at: Option<OffsetDateTime>,
    /// The day on which access ended.
    pub withdrawn_on: Date,
    /// The last day on which it could have been declared.
    pub last_day_on: Date,
    /// The day by which payments are returned (§ 357 Abs. 1 BGB).
    pub refund_by_on: Date,
    /// How use before the withdrawal is settled.
    pub compensation: Compensation,
    /// What became of the money.
    pub amounts: WithdrawalAmounts,
    /// What it touched.
    pub traces: WithdrawalTraces,
    /// When it was recorded.
    pub created_at: OffsetDateTime,
}

impl Withdrawal {
    /// The add-on booking, where one was withdrawn from, wholly or in part.
    pub fn add_on_booking_id(&self) -> Option<&str> {
        (self.item_id != self.subscription_id).then_some(self.item_id.as_str())
    }
}

/// A withdrawal as events tell it.
pub fn withdrawal_snapshot(withdrawal: &Withdrawal) -> Value {
    json!({
        "id": withdrawal.id,
        "subscription_id": withdrawal.subscription_id,
        "add_on_booking_id": withdrawal.add_on_booking_id(),
        "kind": withdrawal.kind.as_str(),
        "quantity": withdrawal.quantity,
        "plan_change_id": withdrawal.plan_change_id,
        "cancellation_id": withdrawal.cancellation_id,
        "reason": withdrawal.reason,
        "received_at": instant(withdrawal.received_at),
        "dispatched_at": withdrawal.dispatched_at.map(instant),
        "withdrawn_on": withdrawal.withdrawn_on.to_string(),
        "last_day_on": withdrawal.last_day_on.to_string(),
        "refund_by_on": withdrawal.refund_by_on.to_string(),
        "compensation": withdrawal.compensation,
        "amounts": withdrawal.amounts,
        "traces": withdrawal.traces,
    })
}

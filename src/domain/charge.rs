//! Charges: every amount a contract causes, as a draft until an invoice takes it up.

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

use super::{
    localized::LocalizedText,
    money::{Money, UnitPrice},
    tax::{PriceMode, TaxRate},
};

/// Why an amount is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChargeKind {
    /// A billing period's price, charged when the period begins. Once per item, price and first day.
    Recurring,
    /// Part of a period's price, charged because of a change.
    Proration,
    /// A contractual credit: negative, names the charge it reduces (design decision 9).
    Credit,
    /// A price charged once, when the contract begins.
    OneOff,
    /// Units used in a period that is over, charged in arrears.
    Usage,
}

impl ChargeKind {
    /// The name used in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recurring => "recurring",
            Self::Proration => "proration",
            Self::Credit => "credit",
            Self::OneOff => "one_off",
            Self::Usage => "usage",
        }
    }

    /// Reads the stored name; `None` for any other text.
    pub fn parse(name: &str) -> Option<Self> {
        [
            Self::Recurring,
            Self::Proration,
            Self::Credit,
            Self::OneOff,
            Self::Usage,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == name)
    }
}

/// Where a charge stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChargeStatus {
    /// Waits for the next invoice; counts as paid for all rules of proration (design decision 8).
    Draft,
    /// Taken up by an invoice.
    Invoiced,
    /// Void: taken back before it was invoiced, or by an invoice correction afterwards.
    Voided,
}

impl ChargeStatus {
    /// The name used in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Invoiced => "invoiced",
            Self::Voided => "voided",
        }
    }

    /// Reads the stored name; `None` for any other text.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Draft, Self::Invoiced, Self::Voided]
            .into_iter()
            .find(|status| status.as_str() == name)
    }
}

/// One amount, with all that explains it. It keeps the price under which the item was sold.
#[derive(Debug, Clone, PartialEq)]
pub struct Charge {
    /// Id (`chg_`).
    pub id: String,
    /// What was sold: the subscription, later also a booking on it.
    pub item_id: String,
    /// Key of the price in the plan.
    pub price_key: String,
    /// Why it is charged.
    pub kind: ChargeKind,
    /// Where it stands.
    pub status: ChargeStatus,
    /// The change that caused it, if one did.
    pub change_id: Option<String>,
    /// The charge that a credit reduces.
    pub original_charge_id: Option<String>,
    /// The invoice that took it up, itself or by a correction.
    pub invoice_id: Option<String>,
    /// The invoice correction that took it back, that pays it out, or that put it in the place of what it took back.
    pub credit_note_id: Option<String>,
    /// What the customer reads.
    pub label: LocalizedText,
    /// The calculation in words: `16/31 days of 24.90`.
    pub arithmetic: LocalizedText,
    /// Units.
    pub quantity: u32,
    /// Price of one unit for a whole billing period.
    pub unit_price: UnitPrice,
    /// The amount; negative for credits. Net or gross as `price_mode` says.
    pub amount: Money,
    /// Whether the amount is net or gross of tax.
    pub price_mode: PriceMode,
    /// Rate of value added tax in per cent.
    pub tax_rate: TaxRate,
    /// First day charged.
    pub period_from: Date,
    /// Last day charged.
    pub period_through: Date,
    /// First day of the billing period whose days are the denominator.
    pub billing_from: Date,
    /// Last day of that billing period.
    pub billing_through: Date,
    /// Legal day on which it came to be.
    pub charged_on: Date,
    /// When it came to be: the due instant, not the moment a worker got to it.
    pub created_at: OffsetDateTime,
}

impl Charge {
    /// Whether it counts: a voided charge does not.
    pub fn counts(&self) -> bool {
        self.status != ChargeStatus::Voided
    }
}

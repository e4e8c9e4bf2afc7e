//! Plans: what a contract is about, what it costs and how it ends.

use serde::{Deserialize, Serialize};

use crate::domain::{
    customer_type::CustomerType,
    localized::LocalizedText,
    money::UnitPrice,
    period::{BillingAlignment, BillingInterval},
    tax::{PriceMode, TaxRate},
    terms::Terms,
};

/// A plan. Once published it is never changed; contracts keep the version under which they were concluded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Key by which transitions, add-ons and the API refer to it.
    pub key: String,
    /// Key of the product it belongs to.
    pub product: String,
    /// Name shown to customers.
    pub name: LocalizedText,
    /// For whom it is, in a sentence or two.
    pub description: LocalizedText,
    /// Who may conclude it. A plan sold to consumers must pass § 309 Nr. 9 BGB.
    pub sold_to: Vec<CustomerType>,
    /// Whether all prices of the plan are net or gross of tax; consumers are always quoted gross prices.
    pub price_mode: PriceMode,
    /// Rate of value added tax in per cent.
    pub tax_rate: TaxRate,
    /// Length of a billing period; every recurring price is a price for one such period.
    pub billing_interval: BillingInterval,
    /// Whether billing periods run from the contract's start or with the calendar.
    pub billing_alignment: BillingAlignment,
    /// Minimum term, renewal and notice.
    pub terms: Terms,
    /// What it costs. A free plan has a flat price of 0.00.
    pub prices: Vec<Price>,
    /// The price in a customer's words, for example `€ 19,- pro Monat und Benutzer, zzgl. MwSt.`.
    pub price_label: LocalizedText,
    /// What it offers, in the order in which to show it.
    #[serde(default)]
    pub features: Vec<Feature>,
    /// What it offers a counted number of.
    #[serde(default)]
    pub limits: Vec<Limit>,
    /// How many units a contract may have.
    pub quantity: QuantityRule,
    /// Keys of the documents that must be accepted to conclude a contract.
    #[serde(default)]
    pub consents: Vec<String>,
    /// The label of the order button (§ 312j Abs. 3 BGB where a consumer pays).
    pub order_button: LocalizedText,
    /// How a statutory withdrawal is settled.
    pub withdrawal: WithdrawalSettings,
    /// Add-ons and one-off services that the plan already contains, without further charge.
    #[serde(default)]
    pub included_add_ons: Vec<IncludedAddOn>,
    /// Place in lists, ascending.
    #[serde(default)]
    pub position: u32,
    /// Whether new contracts can be concluded; existing ones go on either way.
    #[serde(default = "yes")]
    pub available: bool,
}

impl Plan {
    /// Whether the plan is sold to customers of this type.
    pub fn is_sold_to(&self, customer_type: CustomerType) -> bool {
        self.sold_to.contains(&customer_type)
    }

    /// Whether any of its prices is more than zero, so that ordering it is an order with obligation to pay.
    pub fn is_paid(&self) -> bool {
        self.prices.iter().any(|price| price.amount.ten_thousandths > 0)
    }

    /// The limit with this key.
    pub fn limit(&self, key: &str) -> Option<&Limit> {
        self.limits.iter().find(|limit| limit.key == key)
    }
}

pub(super) fn yes() -> bool {
    true
}

/// How a price is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceKind {
    /// Once per billing period, whatever the quantity.
    Flat,
    /// Per billing period and unit of the quantity.
    PerUnit,
    /// Per unit used, for example per text message, charged after use.
    Usage,
    /// Once, when the contract or booking begins.
    OneOff,
}

impl PriceKind {
    /// The name used in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Flat => "flat",
            Self::PerUnit => "per_unit",
            Self::Usage => "usage",
            Self::OneOff => "one_off",
        }
    }

    /// Whether the price falls due anew with every billing period, known in advance.
    pub fn is_recurring(self) -> bool {
        matches!(self, Self::Flat | Self::PerUnit)
    }
}

/// One component of what a plan or add-on costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Key by which charges refer to it, unique within its plan or add-on.
    pub key: String,
    /// How it is charged.
    pub kind: PriceKind,
    /// The price: per billing period (`flat`), per billing period and unit (`per_unit`), per unit used (`usage`), or once
    /// (`one_off`).
    pub amount: UnitPrice,
    /// What is counted, for `usage` only, for example `sms`.
    #[serde(default)]
    pub unit: Option<String>,
    /// What the charge is called on an invoice.
    pub label: LocalizedText,
}

/// Something a plan offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// Key by which the provider's software asks for it.
    pub key: String,
    /// What customers read.
    pub text: LocalizedText,
}

/// Something a plan offers a counted number of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// What is counted: `users`, `storage_gb`, or `slots:` and the kind of slot.
    pub key: String,
    /// How many at most; `null` for no limit.
    pub maximum: Option<u64>,
}

/// How many units a contract or booking may have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuantityRule {
    /// What is counted, for example `user`; `contract` where there is only ever one.
    pub unit: String,
    /// Least number, at least 1.
    pub minimum: u32,
    /// Greatest number; `null` for no maximum beyond the system's own.
    pub maximum: Option<u32>,
}

impl QuantityRule {
    /// The greatest quantity that the system accepts where the catalogue sets no maximum.
    pub const SYSTEM_MAXIMUM: u32 = 1_000_000;

    /// Whether `quantity` is allowed.
    pub fn allows(&self, quantity: u32) -> bool {
        (self.minimum..=self.effective_maximum()).contains(&quantity)
    }

    /// The allowed quantity nearest to `quantity`; a change to a plan with a lower limit clamps to it.
    pub fn clamp(&self, quantity: u32) -> u32 {
        quantity.min(self.effective_maximum()).max(self.minimum)
    }

    /// The maximum, or the system's own where there is none.
    pub fn effective_maximum(&self) -> u32 {
        self.maximum.unwrap_or(Self::SYSTEM_MAXIMUM)
    }
}

/// What a customer pays for use before a withdrawal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compensation {
    /// Nothing: the charge disappears as a whole.
    None,
    /// By the day, where the consumer expressly asked for an early start and was instructed (§ 357a Abs. 2 BGB).
    ProRata,
}

impl Compensation {
    /// The name used in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ProRata => "pro_rata",
        }
    }

    /// Reads the stored name; `None` for any other text.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::None, Self::ProRata].into_iter().find(|one| one.as_str() == name)
    }
}

/// How a withdrawal (§ 355 BGB) is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WithdrawalSettings {
    /// What is paid for use before the withdrawal.
    pub compensation: Compensation,
    /// Whether a cancellation within the withdrawal period is treated as a withdrawal.
    #[serde(default)]
    pub cancel_within_14d_is_withdrawal: bool,
    /// Whether businesses, who have no statutory right, are granted the same right by contract.
    #[serde(default)]
    pub granted_to_business: bool,
}

/// An add-on that a plan already contains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IncludedAddOn {
    /// Key of the add-on.
    pub add_on: String,
    /// How many units of it.
    pub quantity: u32,
}

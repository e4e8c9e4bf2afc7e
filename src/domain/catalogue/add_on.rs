//! Add-ons: what can be booked on top of a contract.

use serde::{Deserialize, Serialize};

use super::plan::{Plan, Price, QuantityRule, WithdrawalSettings, yes};
use super::support::SupportHours;
use crate::domain::{
    calendar::CalendarDuration,
    customer_type::CustomerType,
    localized::LocalizedText,
    period::{BillingAlignment, BillingInterval},
    tax::{PriceMode, TaxRate},
    terms::{AllowedEnd, Terms},
};

/// Whether an add-on goes on until it is cancelled or is performed once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddOnCharging {
    /// Goes on; charged per billing period.
    Recurring,
    /// Performed and charged once, for example a migration.
    OneOff,
}

/// Whose billing periods a recurring add-on follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddOnBilling {
    /// Those of the contract: the first one is prorated, later ones are billed together.
    WithContract,
    /// Its own, counted from the booking.
    Independent,
}

/// What one unit of an add-on adds to the contract's limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entitlement {
    /// Key of the limit, for example `storage_gb`.
    pub key: String,
    /// How much one unit adds: 10 for a pack of 10 GB.
    pub per_unit: u64,
}

/// Something only those entitled to an add-on may know, for example a service number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detail {
    /// Key by which the provider's software asks for it.
    pub key: String,
    /// What it is.
    pub label: LocalizedText,
    /// The value as shown.
    pub value: String,
}

/// An add-on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddOn {
    /// Key by which plans and the API refer to it.
    pub key: String,
    /// Key of the product it belongs to.
    pub product: String,
    /// Name shown to customers.
    pub name: LocalizedText,
    /// What it brings, in a sentence or two.
    pub description: LocalizedText,
    /// Who may book it. An add-on sold to consumers must pass § 309 Nr. 9 BGB.
    pub sold_to: Vec<CustomerType>,
    /// Whether all its prices are net or gross of tax; consumers are always quoted gross prices.
    pub price_mode: PriceMode,
    /// Rate of value added tax in per cent.
    pub tax_rate: TaxRate,
    /// Recurring or one-off.
    pub charging: AddOnCharging,
    /// Whose billing periods it follows; only for recurring add-ons.
    #[serde(default)]
    pub billing: Option<AddOnBilling>,
    /// Length of a billing period, to which its recurring prices refer; only for recurring add-ons.
    #[serde(default)]
    pub billing_interval: Option<BillingInterval>,
    /// Minimum term, renewal and notice; only for recurring add-ons.
    #[serde(default)]
    pub terms: Option<Terms>,
    /// What it costs.
    pub prices: Vec<Price>,
    /// The price in a customer's words, for example `5,90 € / 10 GB / Monat`.
    pub price_label: LocalizedText,
    /// What one unit adds to the contract's limits.
    #[serde(default)]
    pub entitlements: Vec<Entitlement>,
    /// How many units a booking may have.
    pub quantity: QuantityRule,
    /// Keys of the plans on which it can be booked.
    #[serde(default)]
    pub allowed_for: Vec<String>,
    /// Whether it can only be used while the account is active and paid up.
    #[serde(default)]
    pub requires_active_account: bool,
    /// What is told only to those entitled, for example a service number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Detail>,
    /// When support is there and how soon it answers, where the add-on brings support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support: Option<SupportHours>,
    /// Keys of the documents that must be accepted to book it.
    #[serde(default)]
    pub consents: Vec<String>,
    /// The label of the order button (§ 312j Abs. 3 BGB where a consumer pays).
    pub order_button: LocalizedText,
    /// How a statutory withdrawal is settled.
    pub withdrawal: WithdrawalSettings,
    /// Place in lists, ascending.
    #[serde(default)]
    pub position: u32,
    /// Whether it can be booked anew; existing bookings go on either way.
    #[serde(default = "yes")]
    pub available: bool,
}

impl AddOn {
    /// Whether the add-on is sold to customers of this type.
    pub fn is_sold_to(&self, customer_type: CustomerType) -> bool {
        self.sold_to.contains(&customer_type)
    }

    /// Whether any of its prices is more than zero, so that booking it is an order with obligation to pay.
    pub fn is_paid(&self) -> bool {
        self.prices.iter().any(|price| price.amount.ten_thousandths > 0)
    }

    /// The add-on as what a booking of it is about: prices, terms and limits in the place of those of a plan. A one-off
    /// service has no terms; it ends when it is performed.
    pub fn as_plan(&self) -> Plan {
        Plan {
            key: self.key.clone(),
            product: self.product.clone(),
            name: self.name.clone(),
            description: self.description.clone(),
            sold_to: self.sold_to.clone(),
            price_mode: self.price_mode,
            tax_rate: self.tax_rate,
            billing_interval: self.billing_interval.unwrap_or(BillingInterval::MONTH),
            billing_alignment: BillingAlignment::Anniversary,
            terms: self.terms.unwrap_or(Terms {
                initial_term: None,
                renewal: None,
                notice: CalendarDuration::Days(0),
                to: AllowedEnd::AnyDay,
            }),
            prices: self.prices.clone(),
            price_label: self.price_label.clone(),
            features: Vec::new(),
            limits: Vec::new(),
            quantity: self.quantity.clone(),
            consents: self.consents.clone(),
            order_button: self.order_button.clone(),
            withdrawal: self.withdrawal,
            included_add_ons: Vec::new(),
            position: self.position,
            available: self.available,
        }
    }
}

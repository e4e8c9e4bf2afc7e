//! Money: exact amounts in minor units, unit prices in ten-thousandths of the major unit, and their decimal text form.

use serde::{Deserialize, Serialize};

/// An ISO 4217 currency code we can bill in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Currency {
    /// Euro, two decimal places.
    EUR,
    /// Swiss franc, two decimal places.
    CHF,
    /// US dollar, two decimal places.
    USD,
    /// Pound sterling, two decimal places.
    GBP,
}

/// An amount in the currency's minor unit (cents). Negative for credits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    /// Cents.
    pub minor: i64,
    /// Currency of the amount.
    pub currency: Currency,
}

/// A price per unit with up to four decimal places, kept in 1/10,000 of the major unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UnitPrice {
    /// Ten-thousandths of the major unit: 5.90 is 59,000.
    pub ten_thousandths: i64,
    /// Currency of the price.
    pub currency: Currency,
}

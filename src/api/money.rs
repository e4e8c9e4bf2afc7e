//! Money on the wire: a decimal string and a currency, never a number.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::money::{Currency, Money, UnitPrice};
use crate::domain::violation::Violation;

/// An exact amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Money)]
pub struct MoneyDto {
    /// Decimal string with two decimals; unit prices have up to four. Negative for credits.
    #[schema(pattern = r"^-?\d{1,13}\.\d{2,4}$", max_length = 19, example = "19.90")]
    pub amount: String,
    /// Currency (ISO 4217).
    pub currency: CurrencyDto,
}

/// A currency (ISO 4217).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Currency, example = "EUR")]
pub enum CurrencyDto {
    /// Euro.
    EUR,
    /// Swiss franc.
    CHF,
    /// US dollar.
    USD,
    /// Pound sterling.
    GBP,
}

impl From<Currency> for CurrencyDto {
    fn from(currency: Currency) -> Self {
        match currency {
            Currency::EUR => Self::EUR,
            Currency::CHF => Self::CHF,
            Currency::USD => Self::USD,
            Currency::GBP => Self::GBP,
        }
    }
}

/// An exact amount, as it is sent.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MoneyInput)]
pub struct MoneyInput {
    /// Decimal string with exactly two decimals.
    #[schema(
        pattern = r"^-?(0|[1-9]\d{0,12})\.\d{2}$",
        min_length = 4,
        max_length = 17,
        example = "19.90"
    )]
    amount: String,
    /// Currency (ISO 4217).
    #[schema(value_type = CurrencyDto)]
    currency: Currency,
}

impl MoneyInput {
    /// The amount; `pointer` is where it stands in the body.
    ///
    /// # Errors
    /// `validation_failed` for text that is no amount.
    pub fn parse(&self, pointer: &str) -> Result<Money, Violation> {
        Money::parse(&self.amount, self.currency)
            .map_err(|error| Violation::from(error).at(format!("{pointer}/amount")))
    }
}

impl From<Money> for MoneyDto {
    fn from(money: Money) -> Self {
        Self {
            amount: money.amount(),
            currency: money.currency.into(),
        }
    }
}

impl From<UnitPrice> for MoneyDto {
    fn from(price: UnitPrice) -> Self {
        Self {
            amount: price.amount(),
            currency: price.currency.into(),
        }
    }
}

//! Money on the wire: a decimal string and a currency, never a number.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::money::{Currency, Money, UnitPrice};

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

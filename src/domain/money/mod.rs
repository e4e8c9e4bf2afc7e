//! Money: exact amounts in minor units, unit prices in ten-thousandths of the major unit, and their decimal text form.
//!
//! In JSON both are `{"amount":"19.90","currency":"EUR"}`: a decimal string, never a number. Amounts carry exactly two
//! decimals, unit prices up to four. Rounding is half away from zero, so that a credit mirrors its charge.

use std::{fmt, str::FromStr};

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::violation::Violation;

/// The greatest amount we handle, in minor units: 10^13, a hundred billion of the major unit.
pub const MAX_MINOR: i64 = 10_000_000_000_000;
const MAX_TEN_THOUSANDTHS: i64 = MAX_MINOR * 100;

/// An ISO 4217 currency code we can bill in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
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

/// What can go wrong with money. Nothing is ever wrapped, cut or rounded silently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a decimal string of the admitted form.
    #[error("expected a decimal string such as \"19.90\"")]
    Malformed,
    /// More decimals than the currency (amount) or a unit price has.
    #[error("an amount has exactly two decimal places, a unit price at most four")]
    Precision,
    /// Beyond a hundred billion.
    #[error("the amount is out of range")]
    OutOfRange,
    /// Two currencies in one sum.
    #[error("amounts in different currencies cannot be added")]
    CurrencyMismatch,
    /// No currency we bill in.
    #[error("the currency must be one of EUR, CHF, USD, GBP")]
    UnknownCurrency,
}

impl From<MoneyError> for Violation {
    fn from(error: MoneyError) -> Self {
        let de = match error {
            MoneyError::Malformed => "Erwartet wird eine Dezimalzahl als Text, zum Beispiel \"19.90\".",
            MoneyError::Precision => "Ein Betrag hat genau zwei Nachkommastellen, ein Stückpreis höchstens vier.",
            MoneyError::OutOfRange => "Der Betrag liegt außerhalb des zulässigen Bereichs.",
            MoneyError::CurrencyMismatch => "Beträge in verschiedenen Währungen lassen sich nicht addieren.",
            MoneyError::UnknownCurrency => "Die Währung muss EUR, CHF, USD oder GBP sein.",
        };
        let mut en = error.to_string();
        en[..1].make_ascii_uppercase();
        Self::invalid("validation_failed", de, format!("{en}."))
    }
}

impl Currency {
    /// Reads an ISO 4217 code; `None` for a currency we cannot bill in.
    pub fn parse(code: &str) -> Option<Self> {
        [Self::EUR, Self::CHF, Self::USD, Self::GBP]
            .into_iter()
            .find(|currency| currency.as_str() == code)
    }

    /// The ISO 4217 code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EUR => "EUR",
            Self::CHF => "CHF",
            Self::USD => "USD",
            Self::GBP => "GBP",
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        [Self::EUR, Self::CHF, Self::USD, Self::GBP]
            .into_iter()
            .find(|currency| currency.as_str() == code)
            .ok_or(MoneyError::UnknownCurrency)
    }
}

impl Money {
    /// An amount of `minor` cents; fails beyond [`MAX_MINOR`].
    pub fn new(minor: i64, currency: Currency) -> Result<Self, MoneyError> {
        if (-MAX_MINOR..=MAX_MINOR).contains(&minor) {
            Ok(Self { minor, currency })
        } else {
            Err(MoneyError::OutOfRange)
        }
    }

    /// Nothing, in `currency`.
    pub fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// Reads `19.90`: exactly two decimals.
    pub fn parse(amount: &str, currency: Currency) -> Result<Self, MoneyError> {
        let (value, decimals) = parse_decimal(amount)?;
        if decimals != 2 {
            return Err(MoneyError::Precision);
        }
        Self::from_decimal(value, currency)
    }

    /// The amount nearest to a decimal number of major units, half a cent away from zero.
    pub fn from_decimal(value: Decimal, currency: Currency) -> Result<Self, MoneyError> {
        let rounded = round_half_away(value, 2)
            .checked_mul(Decimal::ONE_HUNDRED)
            .ok_or(MoneyError::OutOfRange)?;
        Self::new(i64::try_from(rounded).map_err(|_| MoneyError::OutOfRange)?, currency)
    }

    /// The amount as a decimal number of major units.
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(self.minor, 2)
    }

    /// The amount without its currency, as in JSON: `19.90`, `-0.05`.
    pub fn amount(self) -> String {
        self.to_decimal().to_string()
    }

    /// The amount as Germans write it, without currency: `19,90`.
    pub fn german(self) -> String {
        self.amount().replace('.', ",")
    }

    /// Sum; fails on different currencies and out of range.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch);
        }
        Self::new(
            self.minor.checked_add(other.minor).ok_or(MoneyError::OutOfRange)?,
            self.currency,
        )
    }

    /// Difference; fails on different currencies and out of range.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.checked_add(other.negated())
    }

    /// The amount divided by a whole number, rounded half away from zero.
    ///
    /// # Errors
    /// When `parts` is zero.
    pub fn divided_by(self, parts: u32) -> Result<Self, MoneyError> {
        let share = self
            .to_decimal()
            .checked_div(Decimal::from(parts))
            .ok_or(MoneyError::OutOfRange)?;
        Self::from_decimal(share, self.currency)
    }

    /// The same amount the other way round: the credit to a charge.
    #[must_use]
    pub fn negated(self) -> Self {
        Self {
            minor: self.minor.saturating_neg(),
            currency: self.currency,
        }
    }

    /// Whether the amount is nothing.
    pub fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// The sum of amounts in `currency`; fails on another currency and out of range.
    pub fn sum(amounts: impl IntoIterator<Item = Self>, currency: Currency) -> Result<Self, MoneyError> {
        amounts.into_iter().try_fold(Self::zero(currency), Self::checked_add)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.amount(), self.currency)
    }
}

impl UnitPrice {
    /// A price of `ten_thousandths`; fails beyond a hundred billion of the major unit.
    pub fn new(ten_thousandths: i64, currency: Currency) -> Result<Self, MoneyError> {
        if (-MAX_TEN_THOUSANDTHS..=MAX_TEN_THOUSANDTHS).contains(&ten_thousandths) {
            Ok(Self {
                ten_thousandths,
                currency,
            })
        } else {
            Err(MoneyError::OutOfRange)
        }
    }

    /// Reads `5.90` or `0.0333`: up to four decimals.
    pub fn parse(amount: &str, currency: Currency) -> Result<Self, MoneyError> {
        let (value, decimals) = parse_decimal(amount)?;
        if decimals > 4 {
            return Err(MoneyError::Precision);
        }
        let scaled = value
            .checked_mul(Decimal::new(10_000, 0))
            .ok_or(MoneyError::OutOfRange)?;
        Self::new(i64::try_from(scaled).map_err(|_| MoneyError::OutOfRange)?, currency)
    }

    /// The price as a decimal number of major units.
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(self.ten_thousandths, 4)
    }

    /// The price without its currency, as in JSON: two decimals, or as many of four as it needs.
    pub fn amount(self) -> String {
        let mut value = self.to_decimal().normalize();
        if value.scale() < 2 {
            value.rescale(2);
        }
        value.to_string()
    }

    /// The price as Germans write it, without currency: `5,90`.
    pub fn german(self) -> String {
        self.amount().replace('.', ",")
    }

    /// Price times quantity, rounded once to cents; fails out of range.
    pub fn times(self, quantity: i64) -> Result<Money, MoneyError> {
        let total = self
            .to_decimal()
            .checked_mul(Decimal::from(quantity))
            .ok_or(MoneyError::OutOfRange)?;
        Money::from_decimal(total, self.currency)
    }

    /// The same price the other way round: the unit price of a credit.
    #[must_use]
    pub fn negated(self) -> Self {
        Self {
            ten_thousandths: self.ten_thousandths.saturating_neg(),
            currency: self.currency,
        }
    }
}

impl fmt::Display for UnitPrice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.amount(), self.currency)
    }
}

impl From<Money> for UnitPrice {
    fn from(money: Money) -> Self {
        Self {
            ten_thousandths: money.minor.saturating_mul(100),
            currency: money.currency,
        }
    }
}

/// Rounds to `decimals` places, a half away from zero: 0.475 becomes 0.48 and -0.475 becomes -0.48. Never banker's.
pub fn round_half_away(value: Decimal, decimals: u32) -> Decimal {
    value.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero)
}

/// Reads `-?digits[.digits]` with at most 13 digits before the point and 4 after; also gives the number of decimals.
pub(super) fn parse_decimal(text: &str) -> Result<(Decimal, usize), MoneyError> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match unsigned.split_once('.') {
        Some((_, "")) => return Err(MoneyError::Malformed),
        Some(parts) => parts,
        None => (unsigned, ""),
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || (whole.len() > 1 && whole.starts_with('0')) {
        return Err(MoneyError::Malformed);
    }
    if fraction.len() > 4 {
        return Err(MoneyError::Precision);
    }
    if whole.len() > 13 {
        return Err(MoneyError::OutOfRange);
    }
    Ok((
        Decimal::from_str_exact(text).map_err(|_| MoneyError::Malformed)?,
        fraction.len(),
    ))
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AmountAndCurrency {
    amount: String,
    currency: Currency,
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        AmountAndCurrency {
            amount: self.amount(),
            currency: self.currency,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = AmountAndCurrency::deserialize(deserializer)?;
        Self::parse(&text.amount, text.currency).map_err(de::Error::custom)
    }
}

impl Serialize for UnitPrice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        AmountAndCurrency {
            amount: self.amount(),
            currency: self.currency,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for UnitPrice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = AmountAndCurrency::deserialize(deserializer)?;
        Self::parse(&text.amount, text.currency).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests;

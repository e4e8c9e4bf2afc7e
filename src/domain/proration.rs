//! Proration by civil day (rules 8.4): price × quantity × days used / days of the billing period, both counted
//! inclusively, the first day counted, rounded once per line, half away from zero. The rest is total − part.

use rust_decimal::Decimal;
use time::Date;

use super::{
    calendar::{days_between_inclusive, english, german},
    localized::LocalizedText,
    money::{Money, MoneyError, UnitPrice},
    violation::Violation,
};

/// The greatest quantity of anything we sell.
pub const MAX_QUANTITY: i64 = 1_000_000;

/// The share of a period's price that falls on some of its days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proration {
    /// Days of the whole period.
    pub period_days: u32,
    /// Days that are charged.
    pub used_days: u32,
    /// The part for the days used.
    pub amount: Money,
    /// The rest of the full price: `full` − `amount`, never rounded a second time.
    pub remainder: Money,
    /// Price × quantity for the whole period.
    pub full: Money,
    /// Price of one unit for the whole period.
    pub unit_price: UnitPrice,
    /// Units.
    pub quantity: i64,
}

impl Proration {
    /// The calculation in words: `16/31 Tage von 24,90`, `16/31 days of 24.90`; with units `16/31 days of 3 × 5.90`.
    pub fn arithmetic(&self) -> LocalizedText {
        let units = if self.quantity == 1 {
            String::new()
        } else {
            format!("{} × ", self.quantity)
        };
        let days = format!("{}/{}", self.used_days, self.period_days);
        LocalizedText::new(
            format!("{days} Tage von {units}{}", self.unit_price.german()),
            format!("{days} days of {units}{}", self.unit_price.amount()),
        )
    }
}

/// Prorates a price over the days `used` of `period` (first and last day, both inclusive).
///
/// A credit is the proration of the negative price; it mirrors the charge exactly. Refused: days outside the period,
/// a period that ends before it starts, a quantity outside 0..=[`MAX_QUANTITY`], an amount out of range.
pub fn prorate(
    unit_price: UnitPrice,
    quantity: i64,
    period: (Date, Date),
    used: (Date, Date),
) -> Result<Proration, Violation> {
    check_quantity(quantity)?;
    check_order(period, "/period")?;
    check_order(used, "/used")?;
    if used.0 < period.0 || used.1 > period.1 {
        return Err(Violation::invalid(
            "proration_invalid",
            format!(
                "Die genutzten Tage müssen zwischen dem {} und dem {} liegen.",
                german(period.0),
                german(period.1)
            ),
            format!(
                "The days used must lie between {} and {}.",
                english(period.0),
                english(period.1)
            ),
        )
        .at("/used"));
    }
    let period_days = days_between_inclusive(period.0, period.1);
    let used_days = days_between_inclusive(used.0, used.1);
    let full = unit_price.times(quantity)?;
    let part = unit_price
        .to_decimal()
        .checked_mul(Decimal::from(quantity))
        .and_then(|total| total.checked_mul(Decimal::from(used_days)))
        .and_then(|total| total.checked_div(Decimal::from(period_days)))
        .ok_or(MoneyError::OutOfRange)?;
    let amount = Money::from_decimal(part, unit_price.currency)?;
    let remainder = full.checked_sub(amount)?;
    Ok(Proration {
        period_days,
        used_days,
        amount,
        remainder,
        full,
        unit_price,
        quantity,
    })
}

/// Refuses a quantity nobody sells.
pub(super) fn check_quantity(quantity: i64) -> Result<(), Violation> {
    if (0..=MAX_QUANTITY).contains(&quantity) {
        return Ok(());
    }
    Err(Violation::invalid(
        "quantity_out_of_range",
        format!("Die Menge muss zwischen 0 und {MAX_QUANTITY} liegen."),
        format!("The quantity must be between 0 and {MAX_QUANTITY}."),
    )
    .at("/quantity"))
}

fn check_order((from, through): (Date, Date), pointer: &str) -> Result<(), Violation> {
    if from <= through {
        return Ok(());
    }
    Err(Violation::invalid(
        "proration_invalid",
        "Der letzte Tag liegt vor dem ersten.",
        "The last day is before the first.",
    )
    .at(pointer))
}

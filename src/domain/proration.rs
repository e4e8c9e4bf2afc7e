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
            "validation_failed",
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
        "validation_failed",
        "Der letzte Tag liegt vor dem ersten.",
        "The last day is before the first.",
    )
    .at(pointer))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;
    use time::{Duration, macros::date};

    use super::*;
    use crate::domain::{
        money::Currency::EUR,
        vectors::{cases, date as date_of, read},
    };

    fn span(request: &Value, name: &str) -> (Date, Date) {
        let span = &request[name];
        (
            date_of(span, "from_on").expect("from_on"),
            date_of(span, "through_on").expect("through_on"),
        )
    }

    #[test]
    fn every_vector_is_answered_exactly() {
        for case in cases(include_str!("../../tests/vectors/proration.json")) {
            let unit_price: UnitPrice = read(&case.request, "unit_price");
            let quantity: i64 = read(&case.request, "quantity");
            let found = prorate(
                unit_price,
                quantity,
                span(&case.request, "period"),
                span(&case.request, "used"),
            )
            .expect("a proration");
            assert_eq!(
                u64::from(found.period_days),
                case.response["period_days"],
                "{}",
                case.id
            );
            assert_eq!(u64::from(found.used_days), case.response["used_days"], "{}", case.id);
            assert_eq!(found.amount, read(&case.response, "amount"), "{}", case.id);
            assert_eq!(found.remainder, read(&case.response, "remainder"), "{}", case.id);
        }
    }

    #[test]
    fn the_arithmetic_can_be_read() {
        let march = (date!(2026 - 03 - 18), date!(2026 - 04 - 17));
        let price = UnitPrice::parse("24.90", EUR).expect("a price");
        let one = prorate(price, 1, march, (date!(2026 - 04 - 02), march.1)).expect("a proration");
        assert_eq!(
            one.arithmetic(),
            LocalizedText::new("16/31 Tage von 24,90", "16/31 days of 24.90")
        );
        let three = prorate(price, 3, march, march).expect("a proration");
        assert_eq!(
            three.arithmetic(),
            LocalizedText::new("31/31 Tage von 3 × 24,90", "31/31 days of 3 × 24.90")
        );
    }

    #[test]
    fn senseless_requests_are_refused_at_the_field_to_blame() {
        let price = UnitPrice::parse("24.90", EUR).expect("a price");
        let most = UnitPrice::parse("100000000000", EUR).expect("a price");
        let (from, through) = (date!(2026 - 03 - 01), date!(2026 - 03 - 31));
        let pointer = |result: Result<Proration, Violation>| result.expect_err("a refusal").pointer;
        let at = |text: &str| Some(text.to_owned());
        assert_eq!(
            pointer(prorate(price, -1, (from, through), (from, through))),
            at("/quantity")
        );
        assert_eq!(
            pointer(prorate(price, i64::MAX, (from, through), (from, through))),
            at("/quantity")
        );
        assert_eq!(
            pointer(prorate(price, 1, (through, from), (from, through))),
            at("/period")
        );
        assert_eq!(
            pointer(prorate(price, 1, (from, through), (through, from))),
            at("/used")
        );
        let next_month = date!(2026 - 04 - 01);
        assert_eq!(
            pointer(prorate(price, 1, (from, through), (from, next_month))),
            at("/used")
        );
        let refused = prorate(most, 2, (from, through), (from, through)).expect_err("a refusal");
        assert_eq!(refused.code, "validation_failed");
    }

    proptest! {
        /// Part and rest add up to the full price, a credit mirrors its charge, and the part is the exact quotient
        /// rounded half away from zero (checked in whole numbers).
        #[test]
        fn parts_add_up_to_the_total(
            price in -9_999_999_999i64..=9_999_999_999,
            quantity in 0..=10_000i64,
            length in 1..=1_827i64,
            first in 0..1_827i64,
            days in 1..=1_827i64,
        ) {
            let from = date!(2024 - 02 - 29);
            let first = first % length;
            let days = days.min(length - first);
            let period = (from, from + Duration::days(length - 1));
            let used = (from + Duration::days(first), from + Duration::days(first + days - 1));
            let price = UnitPrice { ten_thousandths: price, currency: EUR };
            let charge = prorate(price, quantity, period, used).expect("a proration");
            prop_assert_eq!(charge.amount.checked_add(charge.remainder), Ok(charge.full));
            let credit = prorate(price.negated(), quantity, period, used).expect("a proration");
            prop_assert_eq!(credit.amount, charge.amount.negated());
            prop_assert_eq!(credit.remainder, charge.remainder.negated());
            let numerator = i128::from(price.ten_thousandths) * i128::from(quantity) * i128::from(days);
            let denominator = i128::from(length) * 100;
            let exact = (2 * numerator.abs() + denominator) / (2 * denominator) * numerator.signum();
            prop_assert_eq!(i128::from(charge.amount.minor), exact);
        }
    }
}

//! Value-added tax (rules 8.4, § 14 Abs. 4 UStG, EN 16931): each line is rounded, lines are grouped by rate, the tax of a
//! group is rounded once, totals are sums of rounded values. The tax of a group is not the sum of the lines' taxes.

use std::{fmt, str::FromStr};

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{
    money::{Currency, Money, MoneyError, UnitPrice, parse_decimal, round_half_away},
    proration::check_quantity,
    violation::Violation,
};

/// Whether prices are net (tax comes on top) or gross (tax is contained, the gross price is authoritative).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PriceMode {
    /// Tax comes on top.
    Net,
    /// Tax is contained.
    Gross,
}

impl PriceMode {
    /// The name used in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Net => "net",
            Self::Gross => "gross",
        }
    }

    /// Reads the stored name; `None` for any other text.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Net, Self::Gross].into_iter().find(|mode| mode.as_str() == name)
    }
}

/// A tax rate in percent, 0 to 100 with up to two decimals. Written without trailing zeros: `19`, `7`, `5.5`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaxRate(Decimal);

/// The text is not a tax rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a tax rate is a percentage from 0 to 100 with up to two decimals, such as \"19\"")]
pub struct InvalidTaxRate;

impl TaxRate {
    /// A rate in percent.
    pub fn new(percent: Decimal) -> Result<Self, InvalidTaxRate> {
        let percent = percent.normalize();
        let admitted = percent >= Decimal::ZERO && percent <= Decimal::ONE_HUNDRED && percent.scale() <= 2;
        // `abs` turns a negative zero, which would be written "-0", into zero.
        if admitted {
            Ok(Self(percent.abs()))
        } else {
            Err(InvalidTaxRate)
        }
    }

    /// The rate in percent.
    pub fn percent(self) -> Decimal {
        self.0
    }
}

impl FromStr for TaxRate {
    type Err = InvalidTaxRate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_decimal(text)
            .map_err(|_| InvalidTaxRate)
            .and_then(|(percent, _)| Self::new(percent))
    }
}

impl fmt::Display for TaxRate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Serialize for TaxRate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TaxRate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// One line to be taxed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaxLine {
    /// Price of one unit, net or gross as the mode says; negative for credits.
    pub unit_price: UnitPrice,
    /// Units.
    pub quantity: i64,
    /// Rate by the date of the service, not of the invoice.
    pub rate: TaxRate,
}

impl TaxLine {
    /// A line whose amount is already rounded.
    pub fn of_amount(amount: Money, rate: TaxRate) -> Self {
        Self {
            unit_price: amount.into(),
            quantity: 1,
            rate,
        }
    }
}

/// The lines of one rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaxGroup {
    /// The rate.
    pub rate: TaxRate,
    /// Taxable amount.
    pub net: Money,
    /// Tax on it.
    pub tax: Money,
}

/// Totals of a set of lines: `gross` = `net` + `tax`, exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxTotals {
    /// Sum of the groups' net amounts.
    pub net: Money,
    /// Sum of the groups' taxes.
    pub tax: Money,
    /// What is to be paid.
    pub gross: Money,
    /// One entry for each rate, the lowest rate first.
    pub breakdown: Vec<TaxGroup>,
}

/// Totals and tax of lines in one currency. Refused: an amount out of range, another currency, a senseless quantity.
pub fn tax(lines: &[TaxLine], mode: PriceMode, currency: Currency) -> Result<TaxTotals, Violation> {
    let mut sums: Vec<(TaxRate, Money)> = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let at_line = |violation: Violation, field: &str| violation.at(format!("/lines/{index}/{field}"));
        check_quantity(line.quantity).map_err(|violation| at_line(violation, "quantity"))?;
        let amount = line
            .unit_price
            .times(line.quantity)
            .map_err(|error| at_line(error.into(), "unit_price"))?;
        match sums.iter_mut().find(|(rate, _)| *rate == line.rate) {
            Some((_, sum)) => *sum = sum.checked_add(amount)?,
            None => sums.push((line.rate, Money::zero(currency).checked_add(amount)?)),
        }
    }
    sums.sort_by_key(|(rate, _)| *rate);
    let mut totals = TaxTotals {
        net: Money::zero(currency),
        tax: Money::zero(currency),
        gross: Money::zero(currency),
        breakdown: Vec::with_capacity(sums.len()),
    };
    for (rate, sum) in sums {
        let group = group(rate, sum, mode)?;
        totals.net = totals.net.checked_add(group.net)?;
        totals.tax = totals.tax.checked_add(group.tax)?;
        totals.breakdown.push(group);
    }
    totals.gross = totals.net.checked_add(totals.tax)?;
    Ok(totals)
}

/// Net: tax = sum · rate / 100. Gross: tax = sum · rate / (100 + rate) and net = sum − tax, so the gross sum stands.
fn group(rate: TaxRate, sum: Money, mode: PriceMode) -> Result<TaxGroup, MoneyError> {
    let whole = match mode {
        PriceMode::Net => Decimal::ONE_HUNDRED,
        PriceMode::Gross => Decimal::ONE_HUNDRED + rate.0,
    };
    let tax = sum
        .to_decimal()
        .checked_mul(rate.0)
        .and_then(|product| product.checked_div(whole));
    let tax = Money::from_decimal(round_half_away(tax.ok_or(MoneyError::OutOfRange)?, 2), sum.currency)?;
    let net = match mode {
        PriceMode::Net => sum,
        PriceMode::Gross => sum.checked_sub(tax)?,
    };
    Ok(TaxGroup { rate, net, tax })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::{
        money::Currency::EUR,
        vectors::{cases, read},
    };

    fn line(line: &Value) -> TaxLine {
        let price = line["unit_price"].as_str().expect("a bare decimal string");
        TaxLine {
            unit_price: UnitPrice::parse(price, EUR).expect("a price"),
            quantity: read(line, "quantity"),
            rate: read(line, "tax_rate"),
        }
    }

    #[test]
    fn every_vector_is_answered_exactly() {
        for case in cases(include_str!("../../tests/vectors/tax.json")) {
            let lines: Vec<TaxLine> = case.request["lines"]
                .as_array()
                .expect("lines")
                .iter()
                .map(line)
                .collect();
            let currency: Currency = read(&case.request, "currency");
            let totals = tax(&lines, read(&case.request, "prices"), currency).expect("totals");
            let groups = totals
                .breakdown
                .iter()
                .map(|group| json!({"tax_rate": group.rate, "net": group.net.amount(), "tax": group.tax.amount()}));
            let found = json!({
                "net": totals.net.amount(),
                "tax": totals.tax.amount(),
                "gross": totals.gross.amount(),
                "breakdown": groups.collect::<Vec<_>>(),
            });
            for (field, expected) in case.response.as_object().expect("an object") {
                assert_eq!(&found[field], expected, "{} {field}", case.id);
            }
        }
    }

    #[test]
    fn rates_are_percentages_without_trailing_zeros() {
        for (text, written) in [
            ("19", "19"),
            ("19.00", "19"),
            ("5.5", "5.5"),
            ("0", "0"),
            ("-0", "0"),
            ("100", "100"),
        ] {
            assert_eq!(text.parse::<TaxRate>().expect("a rate").to_string(), written);
        }
        for text in ["", "-1", "100.01", "19.001", "19 %", "0x13", "1e1"] {
            assert!(text.parse::<TaxRate>().is_err(), "{text}");
        }
    }

    #[test]
    fn refusals_name_the_line() {
        let rate = "19".parse().expect("a rate");
        let price = UnitPrice::parse("100000000000", EUR).expect("a price");
        let good = TaxLine {
            unit_price: UnitPrice::parse("1", EUR).expect("a price"),
            quantity: 1,
            rate,
        };
        let refused = tax(&[good, TaxLine { quantity: -1, ..good }], PriceMode::Net, EUR).expect_err("a refusal");
        assert_eq!(refused.pointer.as_deref(), Some("/lines/1/quantity"));
        let refused = tax(
            &[TaxLine {
                unit_price: price,
                quantity: 2,
                rate,
            }],
            PriceMode::Net,
            EUR,
        )
        .expect_err("a refusal");
        assert_eq!(refused.pointer.as_deref(), Some("/lines/0/unit_price"));
        // The sum is in range, but with the tax on top it is not.
        let refused = tax(
            &[TaxLine {
                unit_price: price,
                quantity: 1,
                rate,
            }],
            PriceMode::Net,
            EUR,
        )
        .expect_err("a refusal");
        assert_eq!(refused.code, "validation_failed");
        assert!(tax(&[good], PriceMode::Net, Currency::CHF).is_err());
    }

    #[test]
    fn no_lines_cost_nothing() {
        let totals = tax(&[], PriceMode::Gross, EUR).expect("totals");
        assert!(totals.gross.is_zero() && totals.breakdown.is_empty());
    }
}

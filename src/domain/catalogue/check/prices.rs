//! Prices and tax rates.

use rust_decimal::Decimal;

use super::{Faults, texts};
use crate::domain::{
    catalogue::{Price, PriceKind},
    money::Currency,
    tax::TaxRate,
};

/// 1,000,000.00 in ten-thousandths: more is a slip of the finger.
const HIGHEST: i64 = 10_000_000_000;
/// Ten-thousandths in a cent.
const CENT: i64 = 100;
/// Highest tax rate in per cent; the highest in Europe is 27.
const HIGHEST_TAX_RATE: Decimal = Decimal::from_parts(30, 0, 0, false, 0);

pub fn check(faults: &mut Faults, at: &str, prices: &[Price], currency: Currency) {
    if prices.is_empty() {
        faults.add(
            format!("{at}/prices"),
            "list_empty",
            "Mindestens ein Preis ist nötig; was nichts kostet, hat den Preis 0.00.",
            "At least one price is needed; what is free has the price 0.00.",
        );
    }
    let keys = prices.iter().map(|price| price.key.as_str());
    super::keys(faults, &format!("{at}/prices"), "key", keys, texts::key);
    for (index, price) in prices.iter().enumerate() {
        let at = format!("{at}/prices/{index}");
        texts::localized(faults, &format!("{at}/label"), &price.label, texts::NAME);
        amount(faults, &format!("{at}/amount"), price, currency);
        unit(faults, &format!("{at}/unit"), price);
    }
}

/// A plan or recurring add-on has a price that falls due with each billing period, if only 0.00.
pub fn recurring(faults: &mut Faults, at: &str, prices: &[Price]) {
    if !prices.is_empty() && !prices.iter().any(|price| price.kind.is_recurring()) {
        faults.add(
            format!("{at}/prices"),
            "recurring_price_missing",
            "Ein wiederkehrender Preis („flat“ oder „per_unit“) ist nötig; er darf 0.00 sein.",
            "A recurring price (`flat` or `per_unit`) is needed; it may be 0.00.",
        );
    }
}

pub fn tax_rate(faults: &mut Faults, pointer: String, rate: TaxRate) {
    if rate.percent() > HIGHEST_TAX_RATE {
        faults.add(
            pointer,
            "tax_rate_out_of_range",
            "Der Steuersatz muss zwischen 0 und 30 Prozent liegen.",
            "The tax rate must lie between 0 and 30 per cent.",
        );
    }
}

fn amount(faults: &mut Faults, at: &str, price: &Price, currency: Currency) {
    let ten_thousandths = price.amount.ten_thousandths;
    if price.amount.currency != currency {
        faults.add(
            format!("{at}/currency"),
            "currency_mixed",
            format!(
                "Alle Preise stehen in der Währung des Anbieters ({}).",
                currency.as_str()
            ),
            format!("All prices are in the provider's currency ({}).", currency.as_str()),
        );
    }
    if ten_thousandths < 0 {
        faults.add(
            format!("{at}/amount"),
            "amount_negative",
            "Ein Preis ist nicht negativ.",
            "A price is not negative.",
        );
    }
    if ten_thousandths > HIGHEST {
        faults.add(
            format!("{at}/amount"),
            "amount_out_of_range",
            "Ein Preis ist höchstens 1.000.000,00.",
            "A price is 1,000,000.00 at most.",
        );
    }
    if matches!(price.kind, PriceKind::Flat | PriceKind::OneOff) && ten_thousandths % CENT != 0 {
        faults.add(
            format!("{at}/amount"),
            "amount_too_precise",
            "Feste und einmalige Preise lauten auf ganze Cent.",
            "Flat and one-off prices are in whole cents.",
        );
    }
}

fn unit(faults: &mut Faults, pointer: &str, price: &Price) {
    match (&price.unit, price.kind) {
        (Some(unit), PriceKind::Usage) => texts::key(faults, pointer, unit),
        (None, PriceKind::Usage) => faults.add(
            pointer,
            "member_missing",
            "Ein Preis nach Nutzung braucht die Einheit, die gezählt wird.",
            "A price by use needs the unit that is counted.",
        ),
        (Some(_), _) => faults.add(
            pointer,
            "member_not_allowed",
            "Eine eigene Einheit haben nur Preise nach Nutzung.",
            "Only prices by use have a unit of their own.",
        ),
        (None, _) => {}
    }
}

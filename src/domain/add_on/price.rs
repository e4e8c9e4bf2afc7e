//! What a service that is performed once costs.

use crate::domain::{
    catalogue::PriceKind,
    money::Currency,
    preview::Totals,
    subscription::{Phase, Subscription},
    tax::{TaxLine, tax},
    violation::Violation,
};

/// The price of a one-off service as it was sold; nothing where the plan contains it (seed 000: the audit of the largest package).
///
/// # Errors
/// When an amount leaves the range of money.
pub fn one_off_price(booking: &Subscription, phase: &Phase, currency: Currency) -> Result<Totals, Violation> {
    let plan = &phase.plan.plan;
    let is_included = booking.booking.as_ref().is_some_and(|booking| booking.included);
    let mut lines = Vec::new();
    for price in plan
        .prices
        .iter()
        .filter(|price| !is_included && !price.kind.is_recurring())
    {
        let quantity = if price.kind == PriceKind::OneOff {
            phase.quantity
        } else {
            0
        };
        lines.push(TaxLine::of_amount(
            price.amount.times(i64::from(quantity))?,
            plan.tax_rate,
        ));
    }
    let sum = tax(&lines, plan.price_mode, currency)?;
    Ok(Totals {
        net: sum.net,
        tax: sum.tax,
        gross: sum.gross,
    })
}

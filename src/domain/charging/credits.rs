//! Credits: what was charged and is not owed any more, charge by charge and day by day.

use time::Date;

use super::{ChargeOccasion, unix_millis};
use crate::domain::{
    calendar::{next_day, previous_day},
    charge::{Charge, ChargeKind, ChargeStatus},
    ids::IdKind,
    money::Money,
    proration::prorate,
    subscription::Subscription,
    violation::Violation,
};

/// Credits what is charged for `from` and later. Each credit names its charge: full price × rest / days of the period, at
/// most the charge less its earlier credits (design decision 8); never computed from the last prorated amount. Prices that
/// fall due once are credited only where the contract never began.
///
/// # Errors
/// When an amount leaves the range of money.
pub fn credit_rest(subscription: &mut Subscription, from: Date, occasion: ChargeOccasion<'_>) -> Result<(), Violation> {
    let never_began = subscription.ends_on.is_some_and(|end| end < subscription.starts_on);
    let originals: Vec<Charge> = subscription
        .charges
        .iter()
        .filter(|charge| charge.counts() && charge.period_through >= from)
        .filter(|charge| match charge.kind {
            ChargeKind::Recurring | ChargeKind::Proration => true,
            ChargeKind::OneOff => never_began,
            ChargeKind::Credit | ChargeKind::Usage => false,
        })
        .cloned()
        .collect();
    for original in originals {
        credit_one(subscription, &original, from, occasion)?;
    }
    if subscription.billed_through_on.is_some_and(|through| through >= from) {
        subscription.billed_through_on = Some(previous_day(from)).filter(|day| *day >= subscription.starts_on);
    }
    Ok(())
}

/// Credits what is left of one charge from `from` on: the days that no earlier credit has taken.
///
/// # Errors
/// When an amount leaves the range of money.
pub(in crate::domain) fn credit_one(
    subscription: &mut Subscription,
    original: &Charge,
    from: Date,
    occasion: ChargeOccasion<'_>,
) -> Result<(), Violation> {
    let mut credited: Vec<(Date, Date)> = credits_of(subscription, original)
        .map(|credit| (credit.period_from, credit.period_through))
        .collect();
    credited.sort_unstable();
    let mut open_from = from.max(original.period_from);
    let mut stretches = Vec::new();
    for (credited_from, credited_through) in credited {
        if open_from < credited_from {
            stretches.push((open_from, previous_day(credited_from)));
        }
        open_from = open_from.max(next_day(credited_through));
    }
    if open_from <= original.period_through {
        stretches.push((open_from, original.period_through));
    }
    for stretch in stretches {
        credit_stretch(subscription, original, stretch, occasion)?;
    }
    Ok(())
}

/// The credits that reduce a charge.
pub(in crate::domain) fn credits_of<'a>(
    subscription: &'a Subscription,
    original: &'a Charge,
) -> impl Iterator<Item = &'a Charge> {
    let reduces =
        |charge: &&Charge| charge.counts() && charge.original_charge_id.as_deref() == Some(original.id.as_str());
    subscription.charges.iter().filter(reduces)
}

fn credit_stretch(
    subscription: &mut Subscription,
    original: &Charge,
    (rest_from, rest_through): (Date, Date),
    occasion: ChargeOccasion<'_>,
) -> Result<(), Violation> {
    let credited = Money::sum(
        credits_of(subscription, original).map(|credit| credit.amount.negated()),
        original.amount.currency,
    )?;
    let left = original.amount.checked_sub(credited)?;
    if left.minor <= 0 {
        return Ok(());
    }
    let billing = (original.billing_from, original.billing_through);
    let proration = prorate(
        original.unit_price.negated(),
        i64::from(original.quantity),
        billing,
        (rest_from, rest_through),
    )?;
    let amount = Money {
        minor: proration.amount.minor.max(-left.minor),
        currency: left.currency,
    };
    if amount.is_zero() {
        return Ok(());
    }
    let facts = [
        original.id.as_str(),
        "credit",
        &rest_from.to_string(),
        occasion.change_id.unwrap_or(""),
    ];
    let credit = Charge {
        id: IdKind::Charge.derive(unix_millis(occasion.moment.at), &facts),
        kind: ChargeKind::Credit,
        status: ChargeStatus::Draft,
        change_id: occasion.change_id.map(str::to_owned),
        original_charge_id: Some(original.id.clone()),
        invoice_id: None,
        credit_note_id: None,
        arithmetic: proration.arithmetic(),
        amount,
        period_from: rest_from,
        period_through: rest_through,
        charged_on: occasion.moment.on,
        created_at: occasion.moment.at,
        unit_price: original.unit_price.negated(),
        ..original.clone()
    };
    subscription.charges.push(credit);
    Ok(())
}

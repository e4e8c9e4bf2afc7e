//! What a contract costs: recurring charges, parts of periods after a change, and credits for what will not be used.
//!
//! Arithmetic by day, the first day counted, rounded once per line (design decisions 4 and 7 to 9).

mod credits;

use time::{Date, OffsetDateTime};

use super::{
    account::Moment,
    calendar::{next_day, previous_day},
    catalogue::{Price, PriceKind},
    charge::{Charge, ChargeKind, ChargeStatus},
    ids::IdKind,
    localized::LocalizedText,
    money::UnitPrice,
    period::{BillingSchedule, Period},
    proration::{Proration, prorate},
    subscription::{Phase, Subscription},
    violation::Violation,
};

pub use credits::credit_rest;
pub(super) use credits::{credit_one, credits_of};

/// When and why charges are made.
#[derive(Debug, Clone, Copy)]
pub struct ChargeOccasion<'a> {
    /// Legal day and due instant.
    pub moment: Moment,
    /// The change that causes them, if one does.
    pub change_id: Option<&'a str>,
}

/// First day for which `subscription` has not been charged but will be, and the phase that pays for it. `None` when nothing
/// recurring is left to charge: the plan is free, or everything up to the known end is charged.
pub fn next_uncharged_day(subscription: &Subscription) -> Option<(Date, &Phase)> {
    let mut day = subscription
        .billed_through_on
        .map_or(subscription.starts_on, next_day)
        .max(subscription.starts_on);
    for phase in subscription.phases.iter().filter(|phase| !phase.removed) {
        if phase.through_on.is_some_and(|through| through < day) {
            continue;
        }
        day = day.max(phase.from_on);
        if subscription.ends_on.is_some_and(|end| end < day) || subscription.withdrawn_on.is_some() {
            return None;
        }
        if phase.recurring_prices().next().is_some() {
            return Some((day, phase)).filter(|_| !is_free_last_day(subscription, phase, day));
        }
        day = phase.through_on.map(next_day)?;
    }
    None
}

/// Charges the recurring prices from `from` to the end of the billing period, or to the known end of phase or contract.
///
/// # Errors
/// When an amount leaves the range of money.
pub fn charge_period(
    subscription: &mut Subscription,
    from: Date,
    kind: ChargeKind,
    occasion: ChargeOccasion<'_>,
) -> Result<(), Violation> {
    let Some(phase) = subscription.phases.iter().find(|phase| phase.covers(from)).cloned() else {
        return Ok(());
    };
    let Some(period) = phase.schedule.period_containing(from) else {
        // Past the end of the calendar nothing is charged, but time goes on.
        extend_billed_through(subscription, from);
        return Ok(());
    };
    let through = [Some(period.through_on), phase.through_on, subscription.ends_on]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(period.through_on);
    if through < from || is_free_last_day(subscription, &phase, from) {
        return Ok(());
    }
    for price in phase.recurring_prices() {
        let quantity = if price.kind == PriceKind::PerUnit {
            phase.quantity
        } else {
            1
        };
        let mut proration = prorate(price.amount, i64::from(quantity), days_of(&period), (from, through))?;
        if phase.from_on <= period.from_on && from > period.from_on {
            // A known end had clipped the period, and then the contract went on: the parts add up to the full price.
            let so_far = |day| {
                prorate(
                    price.amount,
                    i64::from(quantity),
                    days_of(&period),
                    (period.from_on, day),
                )
            };
            proration.amount = so_far(through)?
                .amount
                .checked_sub(so_far(previous_day(from))?.amount)?;
        }
        push_charge(
            subscription,
            &phase,
            price,
            quantity,
            &proration,
            &period,
            (from, through),
            kind,
            occasion,
        );
    }
    extend_billed_through(subscription, through);
    Ok(())
}

/// Charges `added` further units from `from` to the end of what is already charged (design decision 8: only the increase).
///
/// # Errors
/// When an amount leaves the range of money.
pub fn charge_increase(
    subscription: &mut Subscription,
    from: Date,
    added: u32,
    occasion: ChargeOccasion<'_>,
) -> Result<(), Violation> {
    let Some(phase) = subscription.phases.iter().find(|phase| phase.covers(from)).cloned() else {
        return Ok(());
    };
    let Some(charged_through) = subscription.billed_through_on else {
        return Ok(());
    };
    let mut day = from;
    while day <= charged_through {
        let Some(period) = phase.schedule.period_containing(day) else {
            return Ok(());
        };
        let through = period.through_on.min(charged_through);
        for price in phase
            .recurring_prices()
            .filter(|price| price.kind == PriceKind::PerUnit)
        {
            let proration = prorate(price.amount, i64::from(added), days_of(&period), (day, through))?;
            let kind = ChargeKind::Proration;
            push_charge(
                subscription,
                &phase,
                price,
                added,
                &proration,
                &period,
                (day, through),
                kind,
                occasion,
            );
        }
        day = next_day(through);
    }
    Ok(())
}

/// Charges the prices that fall due once, when the contract begins: a set-up price once, a service as often as it was ordered.
///
/// # Errors
/// When an amount leaves the range of money.
pub fn charge_one_off(subscription: &mut Subscription, occasion: ChargeOccasion<'_>) -> Result<(), Violation> {
    let Some(phase) = subscription
        .phases
        .iter()
        .find(|phase| phase.covers(occasion.moment.on))
        .cloned()
    else {
        return Ok(());
    };
    let day = Period {
        index: 0,
        from_on: occasion.moment.on,
        through_on: occasion.moment.on,
    };
    let units = if subscription.is_one_off_service() {
        phase.quantity
    } else {
        1
    };
    for price in phase
        .plan
        .plan
        .prices
        .iter()
        .filter(|price| price.kind == PriceKind::OneOff)
    {
        let proration = prorate(price.amount, i64::from(units), days_of(&day), days_of(&day))?;
        push_charge(
            subscription,
            &phase,
            price,
            units,
            &proration,
            &day,
            days_of(&day),
            ChargeKind::OneOff,
            occasion,
        );
    }
    Ok(())
}

/// Whether `day` is the last one of the contract and free, see [`is_statutory_extra_day`].
pub fn is_free_last_day(subscription: &Subscription, phase: &Phase, day: Date) -> bool {
    subscription.ends_on == Some(day)
        && phase
            .schedule
            .period_containing(day)
            .is_some_and(|period| is_statutory_extra_day(&phase.schedule, &period, day))
}

/// Whether `day` is the one day by which a term of § 188 BGB outlasts the billing periods: an anchor on the 29th to 31st,
/// clamped to a shorter month, begins a new period on the very day on which the term ends. It costs nothing (decision 3).
pub fn is_statutory_extra_day(schedule: &BillingSchedule, period: &Period, day: Date) -> bool {
    day == period.from_on && period.index > 0 && day.day() < schedule.anchor_on.day()
}

/// Charges `quantity` units of a price for some days of a period; nothing where that is nothing or the plan contains it.
#[expect(
    clippy::too_many_arguments,
    reason = "one place that fills in a charge; a struct of them would be the charge itself"
)]
pub(super) fn push_charge(
    subscription: &mut Subscription,
    phase: &Phase,
    price: &Price,
    quantity: u32,
    proration: &Proration,
    period: &Period,
    (from, through): (Date, Date),
    kind: ChargeKind,
    occasion: ChargeOccasion<'_>,
) {
    let is_included = subscription.booking.as_ref().is_some_and(|booking| booking.included);
    if proration.amount.is_zero() || is_included {
        return;
    }
    let from_on = from.to_string();
    let mut facts = vec![
        subscription.id.as_str(),
        price.key.as_str(),
        kind.as_str(),
        &from_on,
        occasion.change_id.unwrap_or(""),
    ];
    let mut id = IdKind::Charge.derive(unix_millis(occasion.moment.at), &facts);
    // What was taken back may be charged anew at the same instant, which a test clock can hold.
    while subscription.charges.iter().any(|charge| charge.id == id) {
        facts.push("again");
        id = IdKind::Charge.derive(unix_millis(occasion.moment.at), &facts);
    }
    subscription.charges.push(Charge {
        id,
        item_id: subscription.id.clone(),
        price_key: price.key.clone(),
        kind,
        status: ChargeStatus::Draft,
        change_id: occasion.change_id.map(str::to_owned),
        original_charge_id: None,
        invoice_id: None,
        credit_note_id: None,
        label: price.label.clone(),
        // What is charged once has no days to count.
        arithmetic: match kind {
            ChargeKind::OneOff => units_times_price(quantity, price.amount),
            _ => proration.arithmetic(),
        },
        quantity,
        unit_price: price.amount,
        amount: proration.amount,
        price_mode: phase.plan.plan.price_mode,
        tax_rate: phase.plan.plan.tax_rate,
        period_from: from,
        period_through: through,
        billing_from: period.from_on,
        billing_through: period.through_on,
        charged_on: occasion.moment.on,
        created_at: occasion.moment.at,
    });
}

/// The calculation of what has no days: `3 × 149.00`.
pub(super) fn units_times_price(quantity: impl std::fmt::Display, price: UnitPrice) -> LocalizedText {
    LocalizedText::new(
        format!("{quantity} × {}", price.german()),
        format!("{quantity} × {}", price.amount()),
    )
}

/// Notes that everything up to a day is charged.
pub(super) fn extend_billed_through(subscription: &mut Subscription, through: Date) {
    subscription.billed_through_on = Some(
        subscription
            .billed_through_on
            .map_or(through, |before| before.max(through)),
    );
}

fn days_of(period: &Period) -> (Date, Date) {
    (period.from_on, period.through_on)
}

/// Milliseconds since 1970, as used in derived ids.
pub(super) fn unix_millis(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(0)
}

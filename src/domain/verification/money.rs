//! What is charged for each day of each price, and what is credited of it.

use std::collections::BTreeMap;

use time::Date;

use super::{Findings, Invariant};
use crate::domain::{
    calendar::{next_day, previous_day},
    catalogue::PriceKind,
    change::ChangeKind,
    charge::{Charge, ChargeKind},
    charging::is_free_last_day,
    subscription::{Phase, Subscription},
};

/// How many units are charged for a day of a price.
type Units<'a> = BTreeMap<(Date, &'a str), i64>;

/// Credits lie within the charge they reduce and never exceed it.
pub(super) fn check_credits(findings: &mut Findings, subscription: &Subscription) {
    let counting = || subscription.charges.iter().filter(|charge| charge.counts());
    let mut credited: BTreeMap<&str, i64> = BTreeMap::new();
    for credit in counting().filter(|charge| charge.kind == ChargeKind::Credit) {
        findings.look(Invariant::CreditsBounded, 1);
        let original = credit
            .original_charge_id
            .as_deref()
            .and_then(|id| subscription.charges.iter().find(|charge| charge.id == id));
        match original {
            Some(original) if !original.counts() => {
                findings.offend(
                    Invariant::CreditsBounded,
                    &credit.id,
                    format!("credits {}, which is void", original.id),
                );
            }
            Some(original) => *credited.entry(&original.id).or_default() -= credit.amount.minor,
            None => findings.offend(Invariant::CreditsBounded, &credit.id, "credits no charge of its item"),
        }
    }
    for charge in counting() {
        let credited = credited.get(charge.id.as_str()).copied().unwrap_or(0);
        if charge.kind != ChargeKind::Credit && credited > charge.amount.minor {
            let detail = format!("{credited} credited of {} minor units", charge.amount.minor);
            findings.offend(Invariant::CreditsBounded, &charge.id, detail);
        }
    }
}

/// Each day up to the last one charged is charged once for each unit and price in force on it, net of credits; no other day is
/// charged at all, and nothing past is left out.
pub(super) fn check_days(findings: &mut Findings, subscription: &Subscription, charged_up_to: Option<Date>) {
    check_twins(findings, subscription);
    let charged = charged(subscription);
    let expected = expected(subscription);
    findings.look(Invariant::BilledOnce, expected.len() as u64);
    findings.look(Invariant::NothingAfterEnd, 1);
    // Of what was withdrawn from only such use is paid for as was asked for early: it may be all, some or none of a day's units.
    let is_withdrawn = subscription.withdrawn_on.is_some();
    let is_right = |units: i64, asked: i64| units == asked || (is_withdrawn && (0..=asked).contains(&units));
    let is_wrong = |key: &(Date, &str), units: i64| !is_right(units, expected.get(key).copied().unwrap_or(0));
    let mut wrong: Vec<(Date, &str)> = charged
        .iter()
        .filter(|(key, units)| is_wrong(key, **units))
        .map(|(key, _)| *key)
        .collect();
    let left_out = expected.keys().filter(|key| !charged.contains_key(*key));
    wrong.extend(left_out.filter(|_| !is_withdrawn));
    wrong.sort_unstable();
    let ended_on = subscription.ends_on.filter(|_| subscription.ended_recorded);
    let after_end = |day: Date| ended_on.is_some_and(|end| day > end);
    for invariant in [Invariant::BilledOnce, Invariant::NothingAfterEnd] {
        let here = |key: &&(Date, &str)| after_end(key.0) == (invariant == Invariant::NothingAfterEnd);
        let days = wrong.iter().filter(here).count();
        if let Some(key @ (day, price)) = wrong.iter().find(here) {
            let of = |units: &Units<'_>| units.get(key).copied().unwrap_or(0);
            let detail = format!(
                "{day} is charged for {} units of {price} instead of {} ({days} days)",
                of(&charged),
                of(&expected)
            );
            findings.offend(invariant, &subscription.id, detail);
        }
    }
    check_past(findings, subscription, charged_up_to);
}

/// Two charges of the same period of the same price, none of them credited, would be paid twice.
fn check_twins(findings: &mut Findings, subscription: &Subscription) {
    let mut first: BTreeMap<(&str, Date), &str> = BTreeMap::new();
    let counting = subscription.charges.iter().filter(|charge| charge.counts());
    for charge in counting.filter(|charge| charge.kind == ChargeKind::Recurring) {
        if let Some(twin) = first.insert((&charge.price_key, charge.period_from), &charge.id) {
            let detail = format!("charges the same period of {} as {twin}", charge.price_key);
            findings.offend(Invariant::BilledOnce, &charge.id, detail);
        }
    }
}

/// Units charged per day and price, credits taken off; usage and one-off prices are not charged by the day.
fn charged(subscription: &Subscription) -> Units<'_> {
    let one_off = |id: &str| {
        let mut charges = subscription.charges.iter();
        charges.any(|charge| charge.id == id && charge.kind == ChargeKind::OneOff)
    };
    let by_day = |charge: &&Charge| {
        charge.counts()
            && charge.kind != ChargeKind::Usage
            && !one_off(charge.original_charge_id.as_deref().unwrap_or(&charge.id))
    };
    let mut charged = Units::new();
    for charge in subscription.charges.iter().filter(by_day) {
        let sign = if charge.kind == ChargeKind::Credit { -1 } else { 1 };
        let mut day = charge.period_from;
        while day <= charge.period_through {
            *charged.entry((day, charge.price_key.as_str())).or_default() += sign * i64::from(charge.quantity);
            day = next_day(day);
        }
    }
    charged.retain(|_, units| *units != 0);
    charged
}

/// Units that must be charged per day and price, up to the last day charged; none after the end. Of what was withdrawn from, these
/// are the days whose use may be compensated.
fn expected(subscription: &Subscription) -> Units<'_> {
    let included = subscription.booking.as_ref().is_some_and(|booking| booking.included);
    let mut expected = Units::new();
    if included {
        return expected;
    }
    let pending = subscription.pending(ChangeKind::PlanChange);
    let ended_on = subscription.ends_on.filter(|_| subscription.ended_recorded);
    let through = subscription
        .billed_through_on
        .map(|billed| ended_on.map_or(billed, |end| end.min(billed)));
    let mut day = subscription.starts_on;
    while through.is_some_and(|through| day <= through) {
        // Until a pending change comes, the plan before it has paid for the days beyond.
        let changed_by = pending
            .filter(|change| change.effective_on <= day)
            .map(|change| &change.id);
        let pays = |phase: &&Phase| match changed_by {
            Some(id) => phase.ended_by_change_id.as_ref() == Some(id),
            None => phase.covers(day),
        };
        let phase = subscription.phases.iter().find(pays);
        let prices = phase
            .into_iter()
            .flat_map(|phase| phase.recurring_prices().map(move |price| (phase, price)));
        for (phase, price) in prices {
            let units = if price.kind == PriceKind::PerUnit {
                phase.quantity
            } else {
                1
            };
            expected.insert((day, price.key.as_str()), i64::from(units));
        }
        day = next_day(day);
    }
    expected
}

/// What runs and has a recurring price is charged up to today at least, up to its end if that is past.
fn check_past(findings: &mut Findings, subscription: &Subscription, charged_up_to: Option<Date>) {
    let Some(today) = charged_up_to.filter(|today| subscription.starts_on <= *today) else {
        return;
    };
    let has_price = |phase: &Phase| phase.recurring_prices().next().is_some();
    let included = subscription.booking.as_ref().is_some_and(|booking| booking.included);
    if included || subscription.withdrawn_on.is_some() || !subscription.phase_on(today).is_some_and(has_price) {
        return;
    }
    let through = subscription.ends_on.map_or(today, |end| end.min(today));
    let is_free = |phase: &Phase| is_free_last_day(subscription, phase, through);
    let through = if subscription.phase_on(through).is_some_and(is_free) {
        previous_day(through)
    } else {
        through
    };
    // What a package took in on its first day ended before it began.
    if through < subscription.starts_on {
        return;
    }
    if subscription.billed_through_on.is_none_or(|billed| billed < through) {
        let detail = format!(
            "is charged through {:?}, but {through} is past",
            subscription.billed_through_on.map(|day| day.to_string())
        );
        findings.offend(Invariant::BilledOnce, &subscription.id, detail);
    }
}

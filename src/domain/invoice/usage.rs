//! Usage: reported as it happens, charged in arrears as one line per price when its billing period, or the contract, is over.

use time::{Date, OffsetDateTime};

use super::{
    billing::{BilledUsage, Billing},
    days::period_begins,
};
use crate::domain::{
    account::{Account, Circumstances, Moment},
    calendar::{english, german, next_day, previous_day},
    catalogue::{Price, PriceKind},
    charge::{Charge, ChargeKind, ChargeStatus},
    charging::{units_times_price, unix_millis},
    event::DraftEvent,
    event_type::EventType,
    ids::IdKind,
    money::MoneyError,
    subscription::{Phase, Subscription},
    violation::Violation,
};

/// The most units of one price that may wait to be charged.
const MOST_UNBILLED: i64 = 1_000_000_000;

/// Usage as a provider's system reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageReport {
    /// The contract.
    pub subscription_id: String,
    /// Key of the price, or the unit it counts.
    pub price: String,
    /// Units used, at least 1.
    pub quantity: u32,
    /// When they were used; now when not named.
    pub used_at: Option<OffsetDateTime>,
    /// The reporter's own id, by which a repetition is recognised.
    pub reference: Option<String>,
}

/// Usage as it is kept. The price is that of the plan in force on the day of use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageRecord {
    /// Id (`usg_`).
    pub id: String,
    /// The contract.
    pub subscription_id: String,
    /// The plan version whose price applies.
    pub plan_version_id: String,
    /// Key of the price.
    pub price_key: String,
    /// Units used.
    pub quantity: u32,
    /// The reporter's own id.
    pub reference: Option<String>,
    /// When they were used.
    pub used_at: OffsetDateTime,
    /// The legal day of use.
    pub used_on: Date,
    /// The legal day of the report; decides with which period it is charged.
    pub recorded_on: Date,
    /// When it was reported, in business time.
    pub recorded_at: OffsetDateTime,
}

/// Usage of one price, reported on one day and not yet charged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageTotal {
    /// The contract.
    pub subscription_id: String,
    /// The plan version whose price applies.
    pub plan_version_id: String,
    /// Key of the price.
    pub price_key: String,
    /// Day of the reports.
    pub recorded_on: Date,
    /// First day of use.
    pub first_used_on: Date,
    /// Units.
    pub quantity: i64,
}

impl UsageTotal {
    fn is_of(&self, record: &UsageRecord) -> bool {
        self.subscription_id == record.subscription_id
            && self.plan_version_id == record.plan_version_id
            && self.price_key == record.price_key
            && self.recorded_on == record.recorded_on
    }
}

/// Records usage of a contract.
///
/// # Errors
/// `not_found`, `usage_outside_contract` before the first and after the last day, `usage_not_priced`, `date_out_of_range` for
/// use in the future, `quantity_out_of_range`.
pub fn record_usage(
    account: &mut Account,
    circumstances: &Circumstances<'_>,
    report: &UsageReport,
) -> Result<UsageRecord, Violation> {
    let used_at = report.used_at.unwrap_or(circumstances.now);
    if used_at > circumstances.now {
        return Err(Violation::invalid(
            "date_out_of_range",
            "Nutzung kann nicht in der Zukunft liegen.",
            "Usage cannot lie in the future.",
        )
        .at("/used_at"));
    }
    let used_on = circumstances.zone.local_date(used_at);
    let subscription = account.subscription(&report.subscription_id)?;
    check_running(subscription, used_on)?;
    let (phase, price) = priced(subscription, used_on, &report.price)?;
    let waiting: i64 = account
        .billing
        .usage
        .iter()
        .filter(|total| total.subscription_id == report.subscription_id)
        .map(|total| total.quantity)
        .sum();
    let sum = waiting + i64::from(report.quantity);
    if report.quantity == 0 || sum > MOST_UNBILLED || price.amount.times(sum).is_err() {
        return Err(too_much());
    }
    let record = UsageRecord {
        id: IdKind::Usage.generate(),
        subscription_id: subscription.id.clone(),
        plan_version_id: phase.plan.id.clone(),
        price_key: price.key.clone(),
        quantity: report.quantity,
        reference: report.reference.clone(),
        used_at,
        used_on,
        recorded_on: circumstances.today,
        recorded_at: circumstances.now,
    };
    let billing = &mut account.billing;
    match billing.usage.iter_mut().find(|total| total.is_of(&record)) {
        Some(total) => {
            total.quantity += i64::from(record.quantity);
            total.first_used_on = total.first_used_on.min(record.used_on);
        }
        None => billing.usage.push(UsageTotal {
            subscription_id: record.subscription_id.clone(),
            plan_version_id: record.plan_version_id.clone(),
            price_key: record.price_key.clone(),
            recorded_on: record.recorded_on,
            first_used_on: record.used_on,
            quantity: i64::from(record.quantity),
        }),
    }
    account.events.push(DraftEvent::of_usage(&record));
    account.billing.recorded_usage.push(record.clone());
    Ok(record)
}

/// Holds a report to what is recorded under its reference: the same again is a repetition, anything else would be lost.
///
/// # Errors
/// `usage_reference_taken`.
pub fn check_repetition(account: &Account, recorded: &UsageReport, report: &UsageReport) -> Result<(), Violation> {
    let is_unit_of_price = |subscription: &Subscription| {
        let mut prices = subscription.phases.iter().flat_map(|phase| &phase.plan.plan.prices);
        prices.any(|price| price.key == recorded.price && price.unit.as_deref() == Some(report.price.as_str()))
    };
    let same_price = recorded.price == report.price
        || account
            .subscription(&recorded.subscription_id)
            .is_ok_and(is_unit_of_price);
    let same = same_price
        && recorded.subscription_id == report.subscription_id
        && recorded.quantity == report.quantity
        && report.used_at.is_none_or(|at| recorded.used_at == Some(at));
    if same {
        return Ok(());
    }
    Err(Violation::conflict(
        "usage_reference_taken",
        "Unter dieser Referenz ist andere Nutzung gemeldet.",
        "Other usage is recorded under this reference.",
    )
    .at("/reference"))
}

fn too_much() -> Violation {
    Violation::invalid(
        "quantity_out_of_range",
        "Die Menge muss mindestens 1 sein, und was auf die Abrechnung wartet, darf nicht über alle Grenzen wachsen.",
        "The quantity must be at least 1, and what waits to be charged must stay within bounds.",
    )
    .at("/quantity")
}

/// Usage of a contract that was withdrawn from would never be charged (§ 355 Abs. 3 BGB), so it is not taken as if it were.
fn check_running(subscription: &Subscription, used_on: Date) -> Result<(), Violation> {
    let last = subscription.withdrawn_on.or(subscription.ends_on);
    let is_within = used_on >= subscription.starts_on && last.is_none_or(|last| used_on <= last);
    if is_within && subscription.withdrawn_on.is_none() {
        return Ok(());
    }
    let from = subscription.starts_on;
    let (de, en) = match last {
        Some(last) => (
            format!("Der Vertrag läuft vom {} bis zum {}.", german(from), german(last)),
            format!("The contract runs from {} to {}.", english(from), english(last)),
        ),
        None => (
            format!("Der Vertrag beginnt am {}.", german(from)),
            format!("The contract begins on {}.", english(from)),
        ),
    };
    Err(Violation::conflict("usage_outside_contract", de, en).at("/used_at"))
}

fn priced<'a>(subscription: &'a Subscription, day: Date, name: &str) -> Result<(&'a Phase, &'a Price), Violation> {
    subscription
        .phase_on(day)
        .and_then(|phase| {
            let price = phase.plan.plan.prices.iter().find(|price| {
                price.kind == PriceKind::Usage && (price.key == name || price.unit.as_deref() == Some(name))
            })?;
            Some((phase, price))
        })
        .ok_or_else(|| {
            Violation::invalid(
                "usage_not_priced",
                format!("Für „{name}“ hat der Tarif an diesem Tag keinen Preis nach Nutzung."),
                format!("On that day the plan has no price by use for `{name}`."),
            )
            .at("/price")
        })
}

/// The day on which usage of a contract is next charged: after the end of the period in which it was reported, or of the
/// contract. Reported later than that, it is charged on the day of the report. What a withdrawal leaves
/// to be paid for is due at once.
pub(super) fn next_day_of(subscription: &Subscription, billing: &Billing) -> Option<Date> {
    let totals = billing
        .usage
        .iter()
        .filter(|total| total.subscription_id == subscription.id);
    totals.filter_map(|total| day_of(subscription, total)).min()
}

fn day_of(subscription: &Subscription, total: &UsageTotal) -> Option<Date> {
    if let Some(withdrawn_on) = subscription.withdrawn_on {
        return Some(withdrawn_on);
    }
    let phase = subscription.phase_on(total.recorded_on)?;
    let end_of_period = phase.schedule.period_containing(total.recorded_on)?.through_on;
    let end = subscription.ends_on.map_or(end_of_period, |end| end.min(end_of_period));
    Some(next_day(end).max(total.recorded_on))
}

/// Charges all usage of a contract that waits, at its withdrawal.
///
/// # Errors
/// When an amount leaves the range of money.
pub fn charge_usage_now(account: &mut Account, id: &str, moment: Moment) -> Result<(), Violation> {
    match account
        .subscriptions
        .iter()
        .position(|subscription| subscription.id == id)
    {
        Some(index) => charge(account, index, moment.on, moment),
        None => Ok(()),
    }
}

/// Charges the usage of the contract at `index` that is due on `day`: one line per price.
///
/// # Errors
/// When an amount leaves the range of money.
pub(super) fn charge(account: &mut Account, index: usize, day: Date, moment: Moment) -> Result<(), Violation> {
    let Account {
        subscriptions,
        billing,
        events,
        ..
    } = account;
    let subscription = &mut subscriptions[index];
    let is_due = |total: &UsageTotal| {
        total.subscription_id == subscription.id && day_of(subscription, total).is_some_and(|due| due <= day)
    };
    let (due, rest): (Vec<UsageTotal>, Vec<UsageTotal>) =
        std::mem::take(&mut billing.usage).into_iter().partition(is_due);
    billing.usage = rest;
    let mut lines: Vec<Vec<UsageTotal>> = Vec::new();
    for total in due {
        let same = |line: &&mut Vec<UsageTotal>| {
            line[0].plan_version_id == total.plan_version_id && line[0].price_key == total.price_key
        };
        match lines.iter_mut().find(same) {
            Some(line) => line.push(total),
            None => lines.push(vec![total]),
        }
    }
    for line in lines {
        // What costs nothing is done with, but is no charge.
        let charge = usage_charge(subscription, &line, day, moment)?.filter(|charge| !charge.amount.is_zero());
        billing.billed_usage.extend(line.into_iter().map(|total| BilledUsage {
            total,
            billed_on: day,
            charge_id: charge.as_ref().map(|charge| charge.id.clone()),
        }));
        if let Some(charge) = charge {
            events.push(DraftEvent::of_charge(
                EventType::ChargeCreated,
                subscription.contract_id(),
                &charge,
            ));
            subscription.charges.push(charge);
        }
    }
    let is_over = subscription.ends_on.is_some_and(|end| end < day) || subscription.withdrawn_on.is_some();
    let begins = subscription
        .phase_on(day)
        .and_then(|phase| phase.schedule.period_containing(day));
    if !is_over && begins.is_some_and(|period| period.from_on == day) {
        period_begins(account, day);
    }
    Ok(())
}

/// The line for usage of one price.
fn usage_charge(
    subscription: &Subscription,
    totals: &[UsageTotal],
    day: Date,
    moment: Moment,
) -> Result<Option<Charge>, Violation> {
    let first = &totals[0];
    let Some(phase) = subscription
        .phases
        .iter()
        .find(|phase| phase.plan.id == first.plan_version_id)
    else {
        return Ok(None);
    };
    let Some(price) = phase.plan.plan.prices.iter().find(|price| price.key == first.price_key) else {
        return Ok(None);
    };
    let quantity: i64 = totals.iter().map(|total| total.quantity).sum();
    let first_used = totals.iter().map(|total| total.first_used_on).min().unwrap_or(day);
    let last = subscription
        .ends_on
        .map_or(previous_day(day), |end| end.min(previous_day(day)));
    let through = last.max(first_used);
    let from = phase
        .schedule
        .period_containing(through)
        .map_or(first_used, |period| period.from_on.max(subscription.starts_on))
        .min(first_used);
    let amount = price.amount.times(quantity)?;
    let facts = [
        subscription.id.as_str(),
        price.key.as_str(),
        &first.plan_version_id,
        ChargeKind::Usage.as_str(),
        &day.to_string(),
        &first.recorded_on.to_string(),
        &quantity.to_string(),
    ];
    Ok(Some(Charge {
        id: IdKind::Charge.derive(unix_millis(moment.at), &facts),
        item_id: subscription.id.clone(),
        price_key: price.key.clone(),
        kind: ChargeKind::Usage,
        status: ChargeStatus::Draft,
        change_id: None,
        original_charge_id: None,
        invoice_id: None,
        credit_note_id: None,
        label: price.label.clone(),
        arithmetic: units_times_price(quantity, price.amount),
        quantity: u32::try_from(quantity).map_err(|_| MoneyError::OutOfRange)?,
        unit_price: price.amount,
        amount,
        price_mode: phase.plan.plan.price_mode,
        tax_rate: phase.plan.plan.tax_rate,
        period_from: from,
        period_through: through,
        billing_from: from,
        billing_through: through,
        charged_on: moment.on,
        created_at: moment.at,
    }))
}

//! What falls due by itself: beginnings, changes, ends and the charge of each new period, in order of their days.
//!
//! The same steps run in the worker, before every command, in every preview and when a test clock is advanced; run twice
//! they do nothing, run late they give what they would have given on time (design decision 5).

use time::Date;

use super::{
    account::{Account, Moment},
    calendar::next_day,
    change::{ChangeKind, ChangeStatus},
    charge::ChargeKind,
    charging::{
        ChargeOccasion, charge_increase, charge_one_off, charge_period, credit_rest, is_free_last_day,
        next_uncharged_day,
    },
    event::DraftEvent,
    event_type::{ChangeVerb, EventType},
    subscription::Subscription,
    time_zone::TimeZone,
    violation::Violation,
};

/// The kinds of due steps; on the same day they run in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum DueStep {
    End,
    Start,
    PlanChange,
    Charge,
}

/// Brings the account to the end of what is due on or before `today`.
///
/// # Errors
/// When an amount leaves the range of money.
pub fn advance(account: &mut Account, today: Date, zone: &TimeZone) -> Result<(), Violation> {
    let punctual = |day| Moment {
        on: day,
        at: zone.start_of_day(day),
    };
    advance_with(account, today, punctual, false)
}

/// Like [`advance`], for what a command brings about when everything due has been applied before it: it is the doing of the
/// caller and occurs at the instant of the command, even where the day it counts from is past (a letter entered late).
///
/// # Errors
/// When an amount leaves the range of money.
pub fn advance_now(account: &mut Account, now: Moment) -> Result<(), Violation> {
    advance_with(account, now.on, |_| now, true)
}

/// The next day on which something falls due for the account.
pub fn next_due_on(account: &Account) -> Option<Date> {
    account
        .subscriptions
        .iter()
        .filter_map(next_due)
        .map(|(day, _)| day)
        .min()
}

fn advance_with(
    account: &mut Account,
    today: Date,
    moment: impl Fn(Date) -> Moment,
    by_caller: bool,
) -> Result<(), Violation> {
    loop {
        let next = account
            .subscriptions
            .iter()
            .enumerate()
            .filter_map(|(index, subscription)| next_due(subscription).map(|(day, step)| (day, step, index)))
            .min();
        let Some((day, step, index)) = next.filter(|(day, ..)| *day <= today) else {
            return Ok(());
        };
        let Account {
            subscriptions, events, ..
        } = account;
        let subscription = &mut subscriptions[index];
        let (known_charges, known_events) = (subscription.charges.len(), events.len());
        perform(subscription, step, day, moment(day), events)?;
        for charge in &subscription.charges[known_charges..] {
            events.push(DraftEvent::of_charge(
                EventType::ChargeCreated,
                subscription.contract_id(),
                charge,
            ));
        }
        for event in &mut events[known_events..] {
            event.by_caller = by_caller;
        }
    }
}

fn next_due(subscription: &Subscription) -> Option<(Date, DueStep)> {
    if subscription.ended_recorded || subscription.withdrawn_on.is_some() {
        return None;
    }
    let end = subscription.ends_on.map(|end| (next_day(end), DueStep::End));
    let starts = !subscription.started_recorded && subscription.ends_on.is_none_or(|end| subscription.starts_on <= end);
    let start = starts.then_some((subscription.starts_on, DueStep::Start));
    let plan_change = subscription
        .pending(ChangeKind::PlanChange)
        .map(|change| (change.effective_on, DueStep::PlanChange));
    let charge = next_uncharged_day(subscription).map(|(day, _)| (day, DueStep::Charge));
    [end, start, plan_change, charge].into_iter().flatten().min()
}

fn perform(
    subscription: &mut Subscription,
    step: DueStep,
    day: Date,
    moment: Moment,
    events: &mut Vec<DraftEvent>,
) -> Result<(), Violation> {
    match step {
        DueStep::Start => {
            subscription.started_recorded = true;
            events.push(DraftEvent::of_subscription(
                EventType::SubscriptionStarted,
                subscription,
                moment,
                false,
            ));
            charge_one_off(
                subscription,
                ChargeOccasion {
                    moment,
                    change_id: None,
                },
            )
        }
        DueStep::PlanChange => apply_plan_change(subscription, day, moment, events),
        DueStep::Charge => charge_period(
            subscription,
            day,
            ChargeKind::Recurring,
            ChargeOccasion {
                moment,
                change_id: None,
            },
        ),
        DueStep::End => settle_end(subscription, moment, events),
    }
}

/// Puts a pending plan change into effect: credit for the rest of the old plan, charge for the rest of the new one.
fn apply_plan_change(
    subscription: &mut Subscription,
    day: Date,
    moment: Moment,
    events: &mut Vec<DraftEvent>,
) -> Result<(), Violation> {
    let Some(change) = subscription.pending(ChangeKind::PlanChange).cloned() else {
        return Ok(());
    };
    let Some(details) = change.plan_change().cloned() else {
        return Ok(());
    };
    if let Some(change) = subscription.change_mut(&change.id) {
        change.settle(ChangeStatus::Applied, moment.at);
    }
    let occasion = ChargeOccasion {
        moment,
        change_id: Some(&change.id),
    };
    let already_charged = subscription.billed_through_on.is_some_and(|through| through >= day);
    if details.is_quantity_only() {
        charge_increase(
            subscription,
            day,
            details.to_quantity.saturating_sub(details.from_quantity),
            occasion,
        )?;
    } else if already_charged {
        credit_rest(subscription, day, occasion)?;
        charge_period(subscription, day, ChargeKind::Proration, occasion)?;
    }
    if let Some(change) = subscription.change(&change.id) {
        events.push(DraftEvent::of_change(
            ChangeVerb::Applied,
            subscription,
            change,
            moment,
            false,
        ));
    }
    Ok(())
}

/// Settles the end of a contract: what was charged beyond it is credited, the cancellation is in effect.
fn settle_end(subscription: &mut Subscription, moment: Moment, events: &mut Vec<DraftEvent>) -> Result<(), Violation> {
    subscription.ended_recorded = true;
    let cancellation = subscription
        .pending(ChangeKind::Cancellation)
        .map(|change| change.id.clone());
    let occasion = ChargeOccasion {
        moment,
        change_id: cancellation.as_deref(),
    };
    credit_rest(subscription, first_unused_day(subscription), occasion)?;
    if let Some(id) = &cancellation {
        // A booking may end before the day it was cancelled to: with its contract.
        let ended_by = subscription
            .ended_by_change_id
            .clone()
            .filter(|ended_by| ended_by != id);
        let (status, verb) = match ended_by {
            Some(_) => (ChangeStatus::Superseded, ChangeVerb::Superseded),
            None => (ChangeStatus::Applied, ChangeVerb::Applied),
        };
        if let Some(change) = subscription.change_mut(id) {
            change.settle(status, moment.at);
            change.superseded_by_id = ended_by;
        }
        if let Some(change) = subscription.change(id) {
            events.push(DraftEvent::of_change(verb, subscription, change, moment, false));
        }
    }
    events.push(DraftEvent::of_subscription(
        EventType::SubscriptionEnded,
        subscription,
        moment,
        false,
    ));
    Ok(())
}

/// The day after the end, or the last day itself where it is the free extra day of § 188 BGB.
fn first_unused_day(subscription: &Subscription) -> Date {
    let Some(end) = subscription.ends_on else {
        return subscription.starts_on;
    };
    let is_free = subscription
        .phase_on(end)
        .is_some_and(|phase| is_free_last_day(subscription, phase, end));
    if is_free { end } else { next_day(end) }
}

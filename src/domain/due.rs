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
    invoice::{self, BillingStep},
    plan_change::undo_phases,
    retention::erasure_due,
    slots::{release_of_ended, settle},
    subscription::Subscription,
    time_zone::TimeZone,
    violation::Violation,
};

/// The kinds of due steps of a contract; on the same day they run in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum DueStep {
    End,
    Start,
    PlanChange,
    Charge,
}

/// A step of the account: what happens to contracts comes before what is billed on the same day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Contract(DueStep, usize),
    Billing(BillingStep),
}

/// Who brings a step about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// Time.
    Time,
    /// A command that is still being decided: the invoice waits for its end.
    Command,
    /// A command that has been decided.
    CommandEnd,
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
    advance_with(account, today, punctual, Cause::Time)
}

/// Like [`advance`], for what a command brings about when everything due has been applied before it: it is the doing of the
/// caller and occurs at the instant of the command, even where the day it counts from is past (a letter entered late).
///
/// # Errors
/// When an amount leaves the range of money.
pub fn advance_now(account: &mut Account, now: Moment) -> Result<(), Violation> {
    advance_with(account, now.on, |_| now, Cause::Command)
}

/// Ends a command: what began a period with it is invoiced at once, everything in one invoice.
///
/// # Errors
/// When an amount leaves the range of money.
pub fn end_command(account: &mut Account, now: Moment) -> Result<(), Violation> {
    advance_with(account, now.on, |_| now, Cause::CommandEnd)
}

/// The next day on which something falls due for the account.
pub fn next_due_on(account: &Account) -> Option<Date> {
    next_step(account).map(|(day, _)| day)
}

fn next_step(account: &Account) -> Option<(Date, Step)> {
    let contracts = account
        .subscriptions
        .iter()
        .enumerate()
        .filter_map(|(index, subscription)| {
            let (day, step) = next_due(subscription)?;
            Some((day, Step::Contract(step, index)))
        });
    let billing = invoice::next_step(account).map(|(day, step)| (day, Step::Billing(step)));
    contracts.chain(billing).min()
}

fn advance_with(
    account: &mut Account,
    today: Date,
    moment: impl Fn(Date) -> Moment,
    cause: Cause,
) -> Result<(), Violation> {
    while let Some((day, step)) = next_step(account).filter(|(day, _)| *day <= today) {
        let known_events = account.events.len();
        match step {
            Step::Contract(step, index) => perform_on_contract(account, step, index, day, moment(day))?,
            Step::Billing(BillingStep::Invoice) if cause == Cause::Command => break,
            Step::Billing(step) => invoice::perform(account, step, day, moment(day))?,
        }
        for event in &mut account.events[known_events..] {
            event.by_caller = cause != Cause::Time;
        }
    }
    settle(account, moment(today), cause != Cause::Time);
    Ok(())
}

fn perform_on_contract(
    account: &mut Account,
    step: DueStep,
    index: usize,
    day: Date,
    moment: Moment,
) -> Result<(), Violation> {
    let Account {
        subscriptions, events, ..
    } = account;
    let subscription = &mut subscriptions[index];
    let known_charges = subscription.charges.len();
    perform(subscription, step, day, moment, events)?;
    for charge in &subscription.charges[known_charges..] {
        let contract_id = subscription.contract_id();
        events.push(DraftEvent::of_charge(EventType::ChargeCreated, contract_id, charge));
    }
    if step == DueStep::End {
        let ended_id = subscription.id.clone();
        release_of_ended(account, &ended_id, moment);
    }
    if begins_period(account, index, step, day) {
        invoice::period_begins(account, day);
    }
    Ok(())
}

/// Whether a billing period begins with a step: a period's charge on its first day or on that of the contract, and a plan
/// change that moves the anchor. All that is open is invoiced on such a day (design decision 10). The first charge of a booking
/// that is billed with its contract waits for the contract's next invoice.
fn begins_period(account: &Account, index: usize, step: DueStep, day: Date) -> bool {
    let subscription = &account.subscriptions[index];
    let Some(phase) = subscription.phase_on(day) else {
        return false;
    };
    let is_first_day = phase
        .schedule
        .period_containing(day)
        .is_some_and(|period| period.from_on == day);
    match step {
        DueStep::Charge if subscription.booking.is_some() && subscription.starts_on == day => {
            let contract = account.subscription(subscription.contract_id()).ok();
            let of_contract = contract.and_then(|contract| contract.phase_on(day));
            is_first_day && of_contract.is_none_or(|of_contract| of_contract.schedule != phase.schedule)
        }
        DueStep::Charge => is_first_day || subscription.starts_on == day,
        DueStep::PlanChange => {
            // Also a phase that began on this very day, and of which nothing is left.
            let mut before = subscription.phases.iter();
            let change_id = phase.created_by_change_id.as_ref();
            is_first_day
                && change_id.is_some()
                && before.any(|each| each.ended_by_change_id.as_ref() == change_id && each.schedule != phase.schedule)
        }
        DueStep::End | DueStep::Start => false,
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
    events.extend(drop_overtaken(subscription, moment));
    let cancellation = subscription
        .pending(ChangeKind::Cancellation)
        .map(|change| change.id.clone());
    // A contract may be ended by another one's plan change, which takes it in; a booking also ends with its contract.
    let cause = subscription
        .ended_by_change_id
        .clone()
        .filter(|_| subscription.booking.is_none())
        .or_else(|| cancellation.clone());
    let occasion = ChargeOccasion {
        moment,
        change_id: cause.as_deref(),
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
    // The change that ended it, wherever it stands now: staff may have accepted it for good cause.
    let ended_by = subscription.ended_by_change_id.clone();
    events.extend(ended_by.and_then(|id| erasure_due(subscription, &id, moment)));
    Ok(())
}

/// Settles a change of quantity that the end overtook: a booking ends with its contract, whatever was still to come. Until then it
/// stays, because the contract's cancellation may be taken back.
fn drop_overtaken(subscription: &mut Subscription, moment: Moment) -> Option<DraftEvent> {
    let id = subscription.pending(ChangeKind::PlanChange)?.id.clone();
    let (ends_on, ended_by) = (subscription.ends_on, subscription.ended_by_change_id.clone());
    undo_phases(subscription, &id);
    subscription.ends_on = ends_on;
    let change = subscription.change_mut(&id)?;
    change.settle(ChangeStatus::Superseded, moment.at);
    change.superseded_by_id = ended_by;
    let change = subscription.change(&id)?;
    let verb = ChangeVerb::Superseded;
    Some(DraftEvent::of_change(verb, subscription, change, moment, false))
}

/// The day after the end, or the last day itself where it is the free extra day of § 188 BGB.
pub(super) fn first_unused_day(subscription: &Subscription) -> Date {
    let Some(end) = subscription.ends_on else {
        return subscription.starts_on;
    };
    let is_free = subscription
        .phase_on(end)
        .is_some_and(|phase| is_free_last_day(subscription, phase, end));
    if is_free { end } else { next_day(end) }
}

//! Putting back what an upgrade or an increase had changed: plan and price, units, bookings and contracts it had ended.

use std::sync::Arc;

use time::Date;

use super::{
    charges::{Pass, Stretch, charges_since, rewind_billing},
    effect::Effect,
    going_on::{Idle, reopen},
    object::Part,
    orders::OwedUse,
    right::Right,
};
use crate::domain::{
    account::{Account, Moment},
    add_on::{align_bookings, is_allowed_for, is_included_in},
    calendar::{next_day, previous_day},
    catalogue::PriceKind,
    change::{Change, ChangeDetails, ChangeStatus},
    charge::{Charge, ChargeKind, ChargeStatus},
    charging::unix_millis,
    due,
    event::DraftEvent,
    event_type::EventType,
    ids::IdKind,
    plan_change::{supersede, undo_phases},
    plan_version::PlanVersion,
    subscription::{Phase, Subscription},
    violation::Violation,
};

impl Effect<'_> {
    /// Undoes a change of plan and whatever was built upon it. Old plan and price hold from the day of the change as if it had
    /// never been; where use is to be paid (§ 357a Abs. 2 BGB), from the day of the withdrawal.
    pub(super) fn undo_change(
        &mut self,
        account: &mut Account,
        change_id: &str,
        right: &Right,
    ) -> Result<(), Violation> {
        let id = self.request.item_id.clone();
        let subscription = account.subscription(&id)?;
        let Some(change) = subscription.change(change_id).cloned() else {
            return Ok(());
        };
        let had_ended = subscription.ended_recorded;
        let (from, chain) = (change.effective_on, built_upon(subscription, change_id));
        let is_paid_for = right.is_compensated && change.status == ChangeStatus::Applied;
        let back_on = if is_paid_for { from.max(self.received_on) } else { from };
        let mut charges = charges_since(subscription, &chain, from, false);
        let is_split = back_on > from;
        if is_split {
            // The days until then belong to the new plan: the credit for the old one stands, or is made anew.
            charges.retain(|id| !is_draft_credit(subscription, id));
        }
        let credited_anew = is_split && charges.iter().any(|id| is_credit(subscription, id));
        self.take_back(account, &[&id], &charges)?;
        let subscription = account.subscription_mut(&id)?;
        let mut lived = phases_between(subscription, from, back_on);
        // Units that came on top and were not asked for early are not paid for.
        let owed = OwedUse::of(subscription);
        for phase in &mut lived {
            let units = owed.units(&phase.id, PriceKind::PerUnit).unwrap_or(phase.quantity);
            phase.quantity = units.max(phase.plan.plan.quantity.minimum);
        }
        self.undo_plan(subscription, &chain);
        if is_split {
            resume(
                subscription,
                &chain,
                lived,
                back_on,
                &self.request.withdrawal_id,
                self.moment,
            );
        }
        if credited_anew {
            self.credit_again(account, &id, from)?;
        }
        let subscription = account.subscription_mut(&id)?;
        rewind_billing(subscription, from);
        let mut restored = self.restore_ended(account, &chain, back_on)?;
        self.end_what_came_along(account, &id, &change, &chain)?;
        align_bookings(account, &id, self.moment);
        let today = self.moment.on;
        let pass = Pass::of("restored");
        let made = self.charge(account, &id, Stretch::From { from_on: from, today }, pass)?;
        self.compensate(made.into_iter().filter(|charge| charge.period_from < back_on));
        let subscription = account.subscription(&id)?;
        if subscription.ended_recorded {
            // What the old plan had charged beyond the end counts again now that its credit was taken back.
            let beyond = due::first_unused_day(subscription);
            self.credit_again(account, &id, beyond)?;
        }
        let goes_on = had_ended && !account.subscription(&id)?.ended_recorded;
        // The term of the new plan had run out, that of the old one has not.
        restored.extend(goes_on.then(|| (id.clone(), EventType::SubscriptionRestored)));
        for (id, event_type) in restored {
            let event = DraftEvent::of_subscription(event_type, account.subscription(&id)?, self.moment, true);
            self.events.push(event);
        }
        Ok(())
    }

    /// Takes the phases of the changes out again, the latest first. A cancellation declared meanwhile stands.
    fn undo_plan(&mut self, subscription: &mut Subscription, chain: &[String]) {
        let cancelled = subscription.ended_by_change_id.clone().zip(subscription.ends_on);
        for id in chain.iter().rev() {
            if subscription.change(id).is_some_and(Change::is_scheduled) && chain.first() != Some(id) {
                supersede(subscription, id, &self.request.withdrawal_id, self.moment);
                self.traces.superseded_change_ids.push(id.clone());
            } else {
                undo_phases(subscription, id);
                // What was withdrawn from before stays so.
                let is_in_effect = |change: &Change| change.status != ChangeStatus::Withdrawn;
                if subscription.change(id).is_some_and(is_in_effect) {
                    self.settle_change(subscription, id);
                }
            }
        }
        let Some((by_id, cancelled_to)) = cancelled else {
            let is_over = subscription.ends_on.is_some_and(|end| end < self.moment.on);
            subscription.ended_recorded = subscription.ended_recorded && is_over;
            return;
        };
        let natural = subscription.ends_on;
        let ends_on = natural.map_or(cancelled_to, |natural| natural.min(cancelled_to));
        subscription.ends_on = Some(ends_on);
        if let Some(change) = subscription.change_mut(&by_id).filter(|change| change.is_scheduled()) {
            change.effective_on = ends_on;
            if let ChangeDetails::Cancellation(details) = &mut change.details {
                details.previous_ends_on = natural;
            }
        }
        subscription.ended_by_change_id = Some(by_id);
    }

    /// Contracts and bookings that the changes had ended go on: every row they ended names them (design decision 14). Where the use
    /// of the new plan is paid for, they go on only from `back_on`: until then they were not delivered, and what was delivered
    /// instead is paid (§§ 357a Abs. 2, 361 Abs. 1 BGB). Answers the events that are to tell of them in the end.
    fn restore_ended(
        &mut self,
        account: &mut Account,
        chain: &[String],
        back_on: Date,
    ) -> Result<Vec<(String, EventType)>, Violation> {
        let is_ended = |subscription: &&Subscription| {
            let ended_by = subscription.ended_by_change_id.as_ref();
            ended_by.is_some_and(|id| chain.contains(id)) && subscription.withdrawn_on.is_none()
        };
        // Bookings follow their contracts: what ended each is noted before the first of them goes on.
        let (contracts, bookings): (Vec<&Subscription>, Vec<&Subscription>) = account
            .subscriptions
            .iter()
            .filter(is_ended)
            .partition(|one| one.booking.is_none());
        let ended = contracts.into_iter().chain(bookings);
        let ended: Vec<(String, Date)> = ended.filter_map(|one| Some((one.id.clone(), one.ends_on?))).collect();
        let mut told = Vec::new();
        for (id, end) in ended {
            let subscription = account.subscription_mut(&id)?;
            let is_aligned = subscription.ends_on != Some(end);
            let contract_id = subscription.contract_id().to_owned();
            let had_ended = subscription.ended_recorded;
            reopen(subscription, chain, self.moment.on);
            let goes_on_from = back_on.max(next_day(end));
            let idle = Idle {
                from_on: next_day(end),
                back_on: goes_on_from,
                chain,
                withdrawal_id: &self.request.withdrawal_id,
            };
            idle.suspend(subscription, self.moment);
            // For days on which it was not delivered the credit stands.
            let is_idle = goes_on_from > next_day(end);
            let credits = subscription
                .charges
                .iter()
                .filter(|charge| charge.counts() && charge.kind == ChargeKind::Credit && charge.period_from > end);
            // What its own changes had credited stays credited.
            let is_own = |credit: &Charge| {
                credit
                    .change_id
                    .as_ref()
                    .is_some_and(|id| subscription.change(id).is_some())
            };
            let credits = credits.filter(|credit| !is_idle && !is_own(credit));
            let credits: Vec<String> = credits.map(|credit| credit.id.clone()).collect();
            self.take_back(account, &[&id], &credits)?;
            align_bookings(account, &contract_id, self.moment);
            let subscription = account.subscription_mut(&id)?;
            rewind_billing(subscription, next_day(end));
            let from = Stretch::From {
                from_on: goes_on_from,
                today: self.moment.on,
            };
            self.charge(account, &id, from, Pass::of("restored"))?;
            let is_booking = account.subscription(&id)?.booking.is_some();
            match (had_ended, is_booking) {
                (true, false) => told.push((id.clone(), EventType::SubscriptionRestored)),
                (true, true) => told.push((id.clone(), EventType::AddOnRestored)),
                (false, true) if !is_aligned => told.push((id.clone(), EventType::AddOnEndChanged)),
                (false, _) => {}
            }
            self.traces.restored_ids.push(id);
        }
        Ok(told)
    }

    /// What the new plan had brought along, and what was booked under it and the old plan contains or does not allow, goes.
    fn end_what_came_along(
        &mut self,
        account: &mut Account,
        contract_id: &str,
        change: &Change,
        chain: &[String],
    ) -> Result<(), Violation> {
        let contract = account.subscription(contract_id)?;
        let plan = contract.phase_on(self.moment.on).map(|phase| Arc::clone(&phase.plan));
        let goes = |booking: &&Subscription| {
            let details = booking.booking.as_ref();
            let brought_by = details.and_then(|details| details.created_by_change_id.as_ref());
            let was_brought = brought_by.is_some_and(|id| chain.contains(id));
            let was_booked_since = booking.concluded_at >= change.received_at && brought_by.is_none();
            let fits = plan.as_ref().is_some_and(|plan| fits(booking, plan));
            booking.withdrawn_on.is_none() && !booking.ended_recorded && (was_brought || (was_booked_since && !fits))
        };
        let going = account.bookings_of(contract_id).filter(goes);
        let going: Vec<String> = going.map(|one| one.id.clone()).collect();
        for id in going {
            self.end_linked(account, id)?;
        }
        Ok(())
    }
}

/// Whether a booking can stand under a plan: a one-off service ordered stays ordered.
fn fits(booking: &Subscription, plan: &PlanVersion) -> bool {
    let add_on = booking.phases.iter().find_map(|phase| phase.plan.add_on.as_ref());
    booking.is_one_off_service()
        || add_on.is_none_or(|add_on| is_allowed_for(add_on, &plan.plan) && !is_included_in(&add_on.key, &plan.plan))
}

fn is_credit(subscription: &Subscription, charge_id: &str) -> bool {
    let is = |charge: &Charge| charge.id == charge_id && charge.kind == ChargeKind::Credit;
    subscription.charges.iter().any(is)
}

fn is_draft_credit(subscription: &Subscription, charge_id: &str) -> bool {
    let is_draft = |charge: &Charge| charge.id == charge_id && charge.status == ChargeStatus::Draft;
    is_credit(subscription, charge_id) && subscription.charges.iter().any(is_draft)
}

/// A change and those that later changed what it had brought, in order; with the withdrawals from these, which put it back.
fn built_upon(subscription: &Subscription, change_id: &str) -> Vec<String> {
    let mut chain = vec![change_id.to_owned()];
    let is_withdrawal =
        |id: &str| phase_of(subscription, Some(id)).is_some_and(|phase| !phase.suspended && !phase.removed);
    while let Some(next) = phase_of(subscription, chain.last().map(String::as_str))
        .and_then(|phase| phase.ended_by_change_id.clone())
        .filter(|next| !chain.contains(next) && (subscription.change(next).is_some() || is_withdrawal(next)))
    {
        chain.push(next);
    }
    chain
}

/// The phase that a change began; for `None` the first one.
fn phase_of<'a>(subscription: &'a Subscription, change_id: Option<&str>) -> Option<&'a Phase> {
    let mut phases = subscription.phases.iter();
    phases.find(|phase| phase.created_by_change_id.as_deref() == change_id)
}

/// The phases that were in force on days from `from` to before `until`, as they were.
fn phases_between(subscription: &Subscription, from: Date, until: Date) -> Vec<Phase> {
    let phases = subscription.phases.iter().filter(|phase| !phase.removed);
    phases
        .filter(|phase| phase.from_on >= from && phase.from_on < until)
        .cloned()
        .collect()
}

/// Lets the plan before the changes go on only from `back_on`; until then the phases that were lived stay.
fn resume(
    subscription: &mut Subscription,
    chain: &[String],
    lived: Vec<Phase>,
    back_on: Date,
    withdrawal_id: &str,
    moment: Moment,
) {
    let (Some(from), Some(change_id)) = (lived.first().map(|phase| phase.from_on), chain.first()) else {
        return;
    };
    let Some(old) = subscription.phases.iter_mut().find(|phase| phase.covers(from)) else {
        return;
    };
    let resumed = Phase {
        id: IdKind::Phase.derive(unix_millis(moment.at), &[withdrawal_id]),
        from_on: back_on,
        created_by_change_id: Some(withdrawal_id.to_owned()),
        ..old.clone()
    };
    old.ended_by_change_id = Some(change_id.clone());
    if old.from_on >= from {
        old.removed = true;
    } else {
        old.through_on = Some(previous_day(from));
    }
    let last = lived.len().saturating_sub(1);
    for (index, was) in lived.into_iter().enumerate() {
        if let Some(phase) = subscription.phases.iter_mut().find(|phase| phase.id == was.id) {
            *phase = was;
            if index == last {
                phase.through_on = Some(previous_day(back_on));
                phase.ended_by_change_id = Some(withdrawal_id.to_owned());
            }
        }
    }
    subscription.phases.push(resumed);
}

/// Takes units out of the order they came with and of all that followed from it.
pub(super) fn reduce(subscription: &mut Subscription, part: &Part) {
    for (id, units) in &part.in_phases {
        for phase in subscription.phases.iter_mut().filter(|phase| phase.id == *id) {
            let minimum = phase.plan.plan.quantity.minimum;
            phase.quantity = phase.quantity.saturating_sub(*units).max(minimum);
        }
    }
    if let Some(change_id) = part
        .change_id
        .as_deref()
        .filter(|_| part.is_all && !part.is_compensated)
    {
        merge(subscription, change_id);
    }
}

/// Lets the phase before an increase go on in the place of one that no longer differs from it.
fn merge(subscription: &mut Subscription, change_id: &str) {
    let is_last = |phase: &Phase| {
        let is_begun = phase.created_by_change_id.as_deref() == Some(change_id);
        is_begun && phase.through_on.is_none() && !phase.removed
    };
    if !subscription.phases.iter().any(is_last) {
        return;
    }
    for phase in &mut subscription.phases {
        if is_last(phase) {
            phase.removed = true;
        } else if phase.ended_by_change_id.as_deref() == Some(change_id) {
            phase.ended_by_change_id = None;
            phase.through_on = None;
            phase.removed = false;
        }
    }
}

/// Gives the units back for the days on which they were used and are to be paid for.
pub(super) fn lend_until(
    subscription: &mut Subscription,
    part: &Part,
    back_on: Date,
    withdrawal_id: &str,
    moment: Moment,
) {
    let mut resumed = None;
    let lent = subscription
        .phases
        .iter_mut()
        .filter(|phase| !phase.removed && phase.from_on < back_on);
    for phase in lent {
        let Some((_, units)) = part.in_phases.iter().find(|(id, _)| *id == phase.id) else {
            continue;
        };
        if phase.through_on.is_none_or(|through| through >= back_on) {
            resumed = Some(Phase {
                id: IdKind::Phase.derive(unix_millis(moment.at), &[withdrawal_id, &phase.id]),
                from_on: back_on,
                created_by_change_id: Some(withdrawal_id.to_owned()),
                ..phase.clone()
            });
            phase.through_on = Some(previous_day(back_on));
            phase.ended_by_change_id = Some(withdrawal_id.to_owned());
        }
        phase.quantity += units;
    }
    subscription.phases.extend(resumed);
}

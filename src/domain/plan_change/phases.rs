//! What a plan change writes into a contract, and how it is taken out again.

use std::sync::Arc;

use time::{Date, OffsetDateTime};

use super::{Intention, PlanChangeRequest};
use crate::domain::{
    account::Moment,
    calendar::previous_day,
    change::{Change, ChangeDetails, ChangeStatus, PlanChangeDetails},
    charging::unix_millis,
    event::DraftEvent,
    event_type::ChangeVerb,
    ids::IdKind,
    period::schedule_for,
    subscription::{Phase, Subscription, natural_end},
};

/// Writes the change and both phases: the old one ends on the eve, the new one begins on the day.
pub(super) fn schedule(
    subscription: &mut Subscription,
    current: &Phase,
    intention: &Intention,
    effective_on: Date,
    request: &PlanChangeRequest,
    now: OffsetDateTime,
) {
    let previous_ends_on = subscription.ends_on;
    for phase in subscription.phases.iter_mut().filter(|phase| phase.id == current.id) {
        phase.ended_by_change_id = Some(request.change_id.clone());
        if effective_on <= phase.from_on {
            // The change day belongs to the new plan (design decision 4): the old phase has no day left.
            phase.removed = true;
        } else {
            phase.through_on = Some(previous_day(effective_on));
        }
    }
    let plan = &intention.plan.plan;
    let same_interval = plan.billing_interval == current.schedule.interval;
    subscription.phases.push(Phase {
        id: IdKind::Phase.derive(unix_millis(now), &[&request.change_id]),
        plan: Arc::clone(&intention.plan),
        quantity: intention.quantity,
        from_on: effective_on,
        through_on: None,
        schedule: if same_interval {
            current.schedule
        } else {
            schedule_for(effective_on, plan.billing_interval, plan.billing_alignment)
        },
        created_by_change_id: Some(request.change_id.clone()),
        ended_by_change_id: None,
        removed: false,
        suspended: false,
    });
    if intention.plan.plan_id != current.plan.plan_id {
        let term_started_on = subscription.term_started_on(effective_on);
        subscription.ends_on = natural_end(&intention.plan, term_started_on);
        subscription.ended_by_change_id = None;
    }
    subscription.changes.push(Change {
        id: request.change_id.clone(),
        status: ChangeStatus::Scheduled,
        received_at: now,
        effective_on,
        superseded_by_id: None,
        settled_at: None,
        version: 1,
        created_at: now,
        details: ChangeDetails::PlanChange(PlanChangeDetails {
            timing: intention.timing,
            from_plan_id: current.plan.plan_id.clone(),
            from_plan_version_id: current.plan.id.clone(),
            from_quantity: current.quantity,
            to_plan_id: intention.plan.plan_id.clone(),
            to_plan_version_id: intention.plan.id.clone(),
            to_quantity: intention.quantity,
            previous_ends_on,
            absorbed_subscription_ids: request
                .absorb
                .iter()
                .map(|absorption| absorption.subscription_id.clone())
                .collect(),
            instructed_at: request.agreement.includes_withdrawal_instruction().then_some(now),
            early_start_requested: request.agreement.early_start_requested,
        }),
    });
}

/// Replaces a pending plan change: its phase never comes, the one it would have ended goes on.
pub(in crate::domain) fn supersede(
    subscription: &mut Subscription,
    change_id: &str,
    by_id: &str,
    moment: Moment,
) -> Option<DraftEvent> {
    undo_phases(subscription, change_id);
    let change = subscription.change_mut(change_id)?;
    change.settle(ChangeStatus::Superseded, moment.at);
    change.superseded_by_id = Some(by_id.to_owned());
    let change = subscription.change(change_id)?;
    Some(DraftEvent::of_change(
        ChangeVerb::Superseded,
        subscription,
        change,
        moment,
        true,
    ))
}

/// Takes back what a pending plan change had planned. Every row it ended names it, so exactly those are restored.
pub(in crate::domain) fn undo_phases(subscription: &mut Subscription, change_id: &str) {
    for phase in &mut subscription.phases {
        if phase.created_by_change_id.as_deref() == Some(change_id) {
            phase.removed = true;
        }
        if phase.ended_by_change_id.as_deref() == Some(change_id) {
            phase.ended_by_change_id = None;
            phase.through_on = None;
            phase.removed = false;
        }
    }
    // A booking's end is derived from facts that may have changed since; no change of its quantity moves it.
    let previous = subscription
        .change(change_id)
        .filter(|_| subscription.booking.is_none())
        .and_then(Change::plan_change)
        .map(|details| details.previous_ends_on);
    if let Some(previous_ends_on) = previous {
        subscription.ends_on = previous_ends_on;
    }
}

//! Contracts and bookings that an upgrade had ended and that go on after all; and the days on which they did not run, where what was
//! delivered in their place is paid for.

use time::Date;

use crate::domain::{
    account::Moment,
    calendar::previous_day,
    change::{Change, ChangeKind, ChangeStatus, PlanChangeDetails},
    charging::unix_millis,
    ids::IdKind,
    subscription::{Phase, Subscription, natural_end},
};

/// Days on which something did not run, because a plan that was withdrawn from later had taken its place.
pub(super) struct Idle<'a> {
    /// The first of them.
    pub from_on: Date,
    /// The day on which it goes on.
    pub back_on: Date,
    /// The changes that ended it.
    pub chain: &'a [String],
    /// The withdrawal from them.
    pub withdrawal_id: &'a str,
}

impl Idle<'_> {
    /// Puts the idle days into the phases: nothing is charged for them.
    pub fn suspend(&self, subscription: &mut Subscription, moment: Moment) {
        let Some(before) = subscription
            .phases
            .iter()
            .find(|phase| phase.covers(self.from_on))
            .cloned()
        else {
            return;
        };
        if self.from_on >= self.back_on {
            return;
        }
        let id = |phase: &str| IdKind::Phase.derive(unix_millis(moment.at), &[self.withdrawal_id, phase]);
        let mut resumed = None;
        for phase in subscription.phases.iter_mut().filter(|phase| {
            let reaches = phase.through_on.is_none_or(|through| through >= self.from_on);
            !phase.removed && phase.from_on < self.back_on && reaches
        }) {
            let goes_on = phase.through_on.is_none_or(|through| through >= self.back_on);
            if phase.from_on >= self.from_on {
                // It would have begun on an idle day.
                phase.removed = !goes_on;
                if goes_on {
                    phase.from_on = self.back_on;
                }
                continue;
            }
            if goes_on {
                resumed = Some(Phase {
                    id: id(&phase.id),
                    from_on: self.back_on,
                    created_by_change_id: Some(self.withdrawal_id.to_owned()),
                    ..phase.clone()
                });
                phase.ended_by_change_id = Some(self.withdrawal_id.to_owned());
            }
            phase.through_on = Some(previous_day(self.from_on));
        }
        let idle = Phase {
            id: id(&subscription.id),
            from_on: self.from_on,
            through_on: Some(previous_day(self.back_on)),
            created_by_change_id: self.chain.first().cloned(),
            ended_by_change_id: Some(self.withdrawal_id.to_owned()),
            suspended: true,
            ..before
        };
        subscription.phases.push(idle);
        subscription.phases.extend(resumed);
        subscription.phases.sort_by_key(|phase| phase.from_on);
    }
}

/// Lets a contract or booking go on that a change had ended; what this end had overtaken (a
/// cancellation, a decrease, a change still to come) stands again.
pub(super) fn reopen(subscription: &mut Subscription, chain: &[String], today: Date) {
    subscription.ended_recorded = false;
    subscription.ends_on = None;
    subscription.ended_by_change_id = None;
    // A change of plan whose day has passed meanwhile stays dropped; fewer units, once declared, stay fewer.
    let is_overtaken = |change: &&Change| {
        let by = change.superseded_by_id.as_ref();
        let is_quantity_only = change.plan_change().is_none_or(PlanChangeDetails::is_quantity_only);
        by.is_some_and(|id| chain.contains(id)) && (is_quantity_only || change.effective_on > today)
    };
    let overtaken: Vec<Change> = subscription.changes.iter().filter(is_overtaken).cloned().collect();
    let mut planned_end = None;
    for change in overtaken {
        if let Some(details) = change.plan_change() {
            let begun = plan_again(subscription, &change);
            planned_end = begun.filter(|_| !details.is_quantity_only());
        }
        if let Some(change) = subscription.change_mut(&change.id) {
            change.status = ChangeStatus::Scheduled;
            change.superseded_by_id = None;
            change.settled_at = None;
            change.version += 1;
        }
    }
    let cancellation = subscription.pending(ChangeKind::Cancellation);
    if let Some((on, id)) = cancellation.map(|change| (change.effective_on, change.id.clone())) {
        subscription.ends_on = Some(on);
        subscription.ended_by_change_id = Some(id);
    } else if let Some(phase) = planned_end {
        subscription.ends_on = natural_end(&phase.plan, phase.from_on);
    } else if !subscription.is_one_off_service() {
        let phase = subscription.phase_on(today).cloned();
        let term_started_on = subscription.term_started_on(today);
        subscription.ends_on = phase.and_then(|phase| natural_end(&phase.plan, term_started_on));
    }
}

/// Lets the phase of a change that an end had overtaken come after all; answers that phase.
fn plan_again(subscription: &mut Subscription, change: &Change) -> Option<Phase> {
    let eve = previous_day(change.effective_on);
    let mut begun = None;
    for phase in &mut subscription.phases {
        if phase.created_by_change_id.as_ref() == Some(&change.id) {
            phase.removed = false;
            begun = Some(phase.clone());
        } else if phase.covers(eve) {
            phase.through_on = Some(eve);
            phase.ended_by_change_id = Some(change.id.clone());
        }
    }
    begun
}

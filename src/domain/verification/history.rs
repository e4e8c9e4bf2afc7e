//! Events against what they tell about.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use time::Date;

use super::{Findings, Invariant};
use crate::domain::{
    change::{Change, ChangeStatus},
    charge::{Charge, ChargeStatus},
    event::{change_snapshot, subscription_snapshot},
    event_type::{ChangeVerb, EventType},
    subscription::Subscription,
};

/// An event as it stands in the log.
#[derive(Debug, Clone)]
pub struct Happening {
    /// Id.
    pub id: String,
    /// Type.
    pub event_type: String,
    /// The customer's legal day on which it happened.
    pub on: Date,
    /// Snapshots; `None` where they were erased.
    pub data: Option<Value>,
}

/// What one customer has, to be told by events.
#[derive(Debug, Clone, Copy)]
pub struct Recorded<'a> {
    /// Contracts and bookings, with changes and charges.
    pub subscriptions: &'a [Subscription],
    /// Ids of what came to be once, by the type of event that tells it: documents, withdrawals, payments.
    pub singles: &'a [(EventType, String)],
}

/// Checks one customer's events against what is recorded: each effect has one event, and the last one about an object tells how
/// it is.
pub fn check_history(findings: &mut Findings, recorded: &Recorded<'_>, happenings: &[Happening]) {
    let told = Told::of(happenings);
    for (event_type, id) in recorded.singles {
        told.once(findings, *event_type, id);
    }
    for subscription in recorded.subscriptions {
        let of = |event_type: EventType| match &subscription.booking {
            None => event_type,
            Some(_) => event_type.of_booking(),
        };
        told.once(findings, of(EventType::SubscriptionCreated), &subscription.id);
        if subscription.withdrawn_on.is_none() {
            // What a withdrawal restored may end again.
            let ended = of(EventType::SubscriptionEnded);
            let restored = told.count(of(EventType::SubscriptionRestored), &subscription.id);
            let times = restored + u32::from(subscription.ended_recorded);
            told.times(findings, ended, &subscription.id, times);
        }
        for change in &subscription.changes {
            check_change(findings, &told, change, &of);
            let names = ["plan_change", "cancellation"];
            // What was withdrawn from is told by the withdrawal.
            if change.status != ChangeStatus::Withdrawn {
                check_last(findings, happenings, &change.id, &names, |_| change_snapshot(change));
            }
        }
        for charge in &subscription.charges {
            check_charge(findings, &told, charge);
        }
        check_last(
            findings,
            happenings,
            &subscription.id,
            &["subscription", "add_on"],
            |on| subscription_snapshot(subscription, on),
        );
    }
}

fn check_change(findings: &mut Findings, told: &Told<'_>, change: &Change, of: &impl Fn(EventType) -> EventType) {
    let verbs = match change.status {
        ChangeStatus::Scheduled | ChangeStatus::Withdrawn => None,
        ChangeStatus::Applied => Some(ChangeVerb::Applied),
        ChangeStatus::Revoked => Some(ChangeVerb::Revoked),
        ChangeStatus::Superseded => Some(ChangeVerb::Superseded),
    };
    for verb in [Some(ChangeVerb::Created), verbs].into_iter().flatten() {
        told.once(findings, of(EventType::of_change(change.kind(), verb)), &change.id);
    }
}

fn check_charge(findings: &mut Findings, told: &Told<'_>, charge: &Charge) {
    told.once(findings, EventType::ChargeCreated, &charge.id);
    if charge.status == ChargeStatus::Voided {
        told.once(findings, EventType::ChargeVoided, &charge.id);
    }
}

/// The last event with a snapshot of the object must tell what the object is now.
fn check_last(
    findings: &mut Findings,
    happenings: &[Happening],
    id: &str,
    names: &[&str],
    present: impl Fn(Date) -> Value,
) {
    let last = happenings.iter().rev().find_map(|happening| {
        let data = happening.data.as_ref()?;
        let snapshot = names.iter().map(|name| &data[*name]).find(|value| value["id"] == id)?;
        Some((happening, snapshot))
    });
    let Some((happening, snapshot)) = last else {
        return;
    };
    let present = present(happening.on);
    let differs = || {
        let members = present.as_object().into_iter().flatten();
        let names: Vec<&str> = members
            .filter(|(name, value)| snapshot[name.as_str()] != **value)
            .map(|(name, _)| name.as_str())
            .collect();
        format!(
            "{} ({}) tells otherwise: {}",
            happening.event_type,
            happening.id,
            names.join(", ")
        )
    };
    findings.check(Invariant::SnapshotIsPresent, id, *snapshot == present, differs);
}

/// The member of an event's data that names the effect: of changes to a booking the change, not the booking.
fn subject(event_type: EventType) -> &'static str {
    use EventType as Type;
    match event_type {
        Type::AddOnQuantityChangeCreated
        | Type::AddOnQuantityChangeApplied
        | Type::AddOnQuantityChangeRevoked
        | Type::AddOnQuantityChangeSuperseded => "plan_change",
        Type::AddOnCancellationCreated
        | Type::AddOnCancellationApplied
        | Type::AddOnCancellationRevoked
        | Type::AddOnCancellationSuperseded => "cancellation",
        other => other.object(),
    }
}

/// How often each effect is told.
struct Told<'a> {
    by_object: BTreeMap<(&'a str, &'a str), u32>,
    erased: BTreeSet<&'a str>,
}

impl<'a> Told<'a> {
    fn of(happenings: &'a [Happening]) -> Self {
        let mut told = Self {
            by_object: BTreeMap::new(),
            erased: BTreeSet::new(),
        };
        for happening in happenings {
            let Some(data) = &happening.data else {
                told.erased.insert(&happening.event_type);
                continue;
            };
            let subject = EventType::parse(&happening.event_type).map_or("", subject);
            if let Some(id) = data[subject]["id"].as_str() {
                *told.by_object.entry((&happening.event_type, id)).or_default() += 1;
            }
        }
        told
    }

    fn count(&self, event_type: EventType, id: &str) -> u32 {
        self.by_object.get(&(event_type.as_str(), id)).copied().unwrap_or(0)
    }

    /// The effect is told exactly once.
    fn once(&self, findings: &mut Findings, event_type: EventType, id: &str) {
        self.times(findings, event_type, id, 1);
    }

    /// The effect is told as often as it came; where events of its type were erased, fewer can be seen.
    fn times(&self, findings: &mut Findings, event_type: EventType, id: &str, times: u32) {
        let count = self.count(event_type, id);
        let holds = count == times || (count < times && self.erased.contains(event_type.as_str()));
        findings.check(Invariant::OneEventPerEffect, id, holds, || {
            format!("{} is told {count} times instead of {times}", event_type.as_str())
        });
    }
}

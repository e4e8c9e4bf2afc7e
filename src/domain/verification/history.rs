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
    withdrawal::{Withdrawal, withdrawal_snapshot},
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
    /// The withdrawals themselves.
    pub withdrawals: &'a [Withdrawal],
}

/// Checks one customer's events against what is recorded: each effect has one event, nothing that was told is gone, and the last
/// event about an object tells how it is.
pub fn check_history(findings: &mut Findings, recorded: &Recorded<'_>, happenings: &[Happening]) {
    let told = Told::of(happenings);
    for (event_type, id) in recorded.singles {
        told.once(findings, *event_type, id);
    }
    told.nothing_is_gone(findings, recorded);
    for withdrawal in recorded.withdrawals {
        // What it touched is told in more detail from version to version; what was declared never is.
        let declared = |mut snapshot: Value| {
            snapshot["traces"] = Value::Null;
            snapshot
        };
        check_last(findings, happenings, &withdrawal.id, &["withdrawal"], declared, |_| {
            withdrawal_snapshot(withdrawal)
        });
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
                check_last(findings, happenings, &change.id, &names, whole, |_| {
                    change_snapshot(change)
                });
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
            whole,
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

/// A snapshot is compared as a whole.
fn whole(snapshot: Value) -> Value {
    snapshot
}

/// The last event with a snapshot of the object must tell what the object is now, as far as it is `compared`.
fn check_last(
    findings: &mut Findings,
    happenings: &[Happening],
    id: &str,
    names: &[&str],
    compared: impl Fn(Value) -> Value,
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
    let (snapshot, present) = (compared(snapshot.clone()), compared(present(happening.on)));
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
    findings.check(Invariant::SnapshotIsPresent, id, snapshot == present, differs);
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

/// Whether an event of this type tells of something that is recorded from then on.
fn begins_a_record(event_type: EventType) -> bool {
    use EventType as Type;
    matches!(
        event_type,
        Type::SubscriptionCreated
            | Type::AddOnCreated
            | Type::PlanChangeCreated
            | Type::CancellationCreated
            | Type::AddOnQuantityChangeCreated
            | Type::AddOnCancellationCreated
            | Type::ChargeCreated
            | Type::InvoiceIssued
            | Type::CreditNoteIssued
            | Type::PaymentRecorded
            | Type::WithdrawalCreated
    )
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

    /// What an event says has come to be is still there.
    fn nothing_is_gone(&self, findings: &mut Findings, recorded: &Recorded<'_>) {
        let mut known: BTreeSet<&str> = recorded.singles.iter().map(|(_, id)| id.as_str()).collect();
        for subscription in recorded.subscriptions {
            known.insert(&subscription.id);
            known.extend(subscription.changes.iter().map(|change| change.id.as_str()));
            known.extend(subscription.charges.iter().map(|charge| charge.id.as_str()));
        }
        let begun = self.by_object.keys();
        let begun = begun.filter(|(name, _)| EventType::parse(name).is_some_and(begins_a_record));
        for (name, id) in begun.filter(|(_, id)| !known.contains(id)) {
            findings.offend(
                Invariant::OneEventPerEffect,
                id,
                format!("{name} tells of it, but it is gone"),
            );
        }
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

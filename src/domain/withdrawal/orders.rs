//! Which order brought which units, and of whose use is to be paid for: each order is a contract with a right of withdrawal of its
//! own (rules 2.4), and for each the customer has asked for an early start or not (§ 357a Abs. 2 BGB).

use std::collections::HashMap;

use super::right::owes_compensation;
use crate::domain::{
    catalogue::PriceKind,
    change::{Change, ChangeStatus},
    customer_type::CustomerType,
    subscription::{Phase, Subscription},
};

/// Units of a phase that came with one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Share {
    /// The change of plan or quantity they came with; `None` for the first order.
    pub change_id: Option<String>,
    /// How many of them are there in the phase.
    pub units: u32,
    /// How many of them were withdrawn from until then.
    pub withdrawn: u32,
}

/// The phases up to the present one, in order, each with the orders behind its units, the oldest first. What was reduced is taken
/// off the newest.
pub(super) fn shares(item: &Subscription) -> Vec<(&Phase, Vec<Share>)> {
    let mut lived: Vec<(&Phase, Vec<Share>)> = Vec::new();
    for phase in chain(item) {
        let created_by = phase.created_by_change_id.as_deref();
        let is_order = created_by.is_none_or(|id| item.change(id).is_some());
        let same_plan = lived.iter().rev().find(|(before, _)| before.plan.id == phase.plan.id);
        let went_on = match lived.last() {
            Some((before, shares)) if before.plan.id == phase.plan.id => Some(shares.clone()),
            // A withdrawal has put an earlier plan back.
            Some(_) if !is_order => same_plan.map(|(_, shares)| shares.clone()),
            _ => None,
        };
        let mut shares = went_on.unwrap_or_default();
        grow(&mut shares, phase.quantity, created_by);
        shrink(item, &mut shares, phase.quantity, is_order);
        lived.push((phase, shares));
    }
    lived
}

/// What is new came as an order of its own.
fn grow(shares: &mut Vec<Share>, quantity: u32, created_by: Option<&str>) {
    let before: u32 = shares.iter().map(|share| share.units).sum();
    if quantity > before {
        shares.push(Share {
            change_id: created_by.map(str::to_owned),
            units: quantity - before,
            withdrawn: 0,
        });
    }
}

/// What is less was taken off the newest; by a withdrawal first off the orders that were wholly withdrawn from.
fn shrink(item: &Subscription, shares: &mut [Share], quantity: u32, is_order: bool) {
    let before: u32 = shares.iter().map(|share| share.units).sum();
    let mut less = before.saturating_sub(quantity);
    let is_withdrawn = |share: &Share| {
        let change = share.change_id.as_deref().and_then(|id| item.change(id));
        !is_order && change.is_some_and(|change| change.status == ChangeStatus::Withdrawn)
    };
    // Of several that were, the one that went first.
    let mut named: Vec<usize> = (0..shares.len())
        .filter(|place| is_withdrawn(&shares[*place]))
        .collect();
    let settled_at = |place: &usize| {
        let change = shares[*place].change_id.as_deref().and_then(|id| item.change(id));
        change.and_then(|change| change.settled_at)
    };
    named.sort_by_key(settled_at);
    let newest = (0..shares.len()).rev();
    for place in named.into_iter().chain(newest) {
        let share = &mut shares[place];
        let off = share.units.min(less);
        share.units -= off;
        less -= off;
        if !is_order {
            share.withdrawn += off;
        }
    }
}

/// The phases that lead to the present one, the first of them first.
fn chain(item: &Subscription) -> Vec<&Phase> {
    let mut found: Vec<&Phase> = Vec::new();
    let mut current = last_phase(item);
    while let Some(phase) = current.filter(|phase| found.iter().all(|known| known.id != phase.id)) {
        found.push(phase);
        let created_by = phase.created_by_change_id.as_deref();
        let mut before = item.phases.iter();
        current = created_by.and_then(|id| before.find(|other| other.ended_by_change_id.as_deref() == Some(id)));
    }
    found.reverse();
    found
}

/// The latest phase that was or is in force, not only planned.
pub(super) fn last_phase(item: &Subscription) -> Option<&Phase> {
    let is_pending = |id: &str| item.change(id).is_some_and(Change::is_scheduled);
    let in_force = |phase: &&Phase| !phase.removed && !phase.created_by_change_id.as_deref().is_some_and(is_pending);
    item.phases.iter().filter(in_force).max_by_key(|phase| phase.from_on)
}

/// What the use of an item before its withdrawal asks to be paid for.
#[derive(Debug, Clone, Default)]
pub(super) struct OwedUse {
    /// By phase: how many of its units, and whether the plan itself.
    by_phase: HashMap<String, (u32, bool)>,
}

impl OwedUse {
    /// The use of everything that was ordered with an early start.
    pub(super) fn of(item: &Subscription) -> Self {
        let by_phase = shares(item).into_iter().map(|(phase, shares)| {
            let is_owed = |share: &&Share| is_owed(item, phase, share.change_id.as_deref());
            let units = shares.iter().filter(is_owed).map(|share| share.units).sum();
            (phase.id.clone(), (units, shares.first().as_ref().is_some_and(is_owed)))
        });
        Self {
            by_phase: by_phase.collect(),
        }
    }

    /// Whether nothing is owed.
    pub(super) fn is_nothing(&self) -> bool {
        self.by_phase.values().all(|(units, plan)| *units == 0 && !plan)
    }

    /// Whether the use of a phase's plan is owed, and so what was measured while it ran.
    pub(super) fn plan_of(&self, phase_id: &str) -> bool {
        self.by_phase.get(phase_id).is_some_and(|(_, plan)| *plan)
    }

    /// How many units of a price are owed in a phase; `None` where that is not asked.
    pub(super) fn units(&self, phase_id: &str, kind: PriceKind) -> Option<u32> {
        self.by_phase.get(phase_id).map(|(units, plan)| match kind {
            PriceKind::PerUnit => *units,
            _ => u32::from(*plan),
        })
    }
}

/// Whether the use of what an order brought is owed.
fn is_owed(item: &Subscription, phase: &Phase, change_id: Option<&str>) -> bool {
    let change = change_id.and_then(|id| item.change(id));
    let (concluded_at, instructed_at, early_start_requested) = match change {
        None => (item.concluded_at, item.instructed_at, item.early_start_requested),
        Some(change) => match change.plan_change() {
            Some(details) => {
                let earlier = item.instructed_at.filter(|_| details.is_quantity_only());
                let instructed_at = details.instructed_at.or(earlier);
                (change.received_at, instructed_at, details.early_start_requested)
            }
            None => return false,
        },
    };
    let instructed_at = match item.customer_type {
        CustomerType::Consumer => instructed_at,
        CustomerType::Business => Some(concluded_at),
    };
    owes_compensation(phase.plan.plan.withdrawal, early_start_requested, instructed_at)
}

//! What a declaration is about: the whole item, a plan change, or some of its units.

use time::{Date, OffsetDateTime};

use super::{
    WithdrawalKind, WithdrawalRequest, check_in_effect,
    right::{Right, right_of_change, right_of_item},
};
use crate::domain::{
    account::{Account, Circumstances},
    change::{Change, ChangeStatus},
    subscription::{Phase, Subscription},
    violation::Violation,
};

/// What is withdrawn from, with the right to do so.
pub(super) enum Object {
    /// The contract or booking.
    Item(Right),
    /// A change to another plan.
    PlanChange { change_id: String, right: Right },
    /// Units, the newest first; the right is that of the oldest.
    Units { parts: Vec<Part>, right: Right },
}

/// Units that came with one order.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// The increase they came with; `None` for those of the first order.
    pub change_id: Option<String>,
    /// The day on which they came.
    pub from_on: Date,
    /// How many of them.
    pub units: u32,
    /// Whether these are all that the order brought.
    pub is_all: bool,
    /// Whether their use is paid for.
    pub is_compensated: bool,
}

impl Object {
    pub(super) fn right(&self) -> &Right {
        match self {
            Self::Item(right) | Self::PlanChange { right, .. } | Self::Units { right, .. } => right,
        }
    }

    pub(super) fn kind(&self, item: &Subscription) -> WithdrawalKind {
        match self {
            Self::Item(_) if item.booking.is_some() => WithdrawalKind::AddOn,
            Self::Item(_) => WithdrawalKind::Contract,
            Self::PlanChange { .. } => WithdrawalKind::PlanChange,
            Self::Units { .. } => WithdrawalKind::Quantity,
        }
    }

    pub(super) fn quantity(&self) -> Option<u32> {
        match self {
            Self::Units { parts, .. } => Some(parts.iter().map(|part| part.units).sum()),
            Self::Item(_) | Self::PlanChange { .. } => None,
        }
    }
}

/// Finds out what a declaration is about, and whether it is in time.
pub(super) fn object_of(
    account: &Account,
    circumstances: &Circumstances<'_>,
    item: &Subscription,
    request: &WithdrawalRequest,
) -> Result<Object, Violation> {
    let declared_at = request.dispatched_at.unwrap_or(request.received_at);
    match (&request.plan_change_id, request.quantity) {
        (None, None) => {
            let right = right_of_item(account, circumstances, item)?;
            right.check(declared_at)?;
            Ok(Object::Item(right))
        }
        (Some(change_id), quantity) => of_change(account, circumstances, item, (change_id, quantity), declared_at),
        (None, Some(quantity)) => of_units(account, circumstances, item, quantity, declared_at),
    }
}

/// The change of plan that could be withdrawn from today, the latest of them.
pub fn withdrawable_change<'a>(
    account: &Account,
    circumstances: &Circumstances<'_>,
    item: &'a Subscription,
) -> Option<(&'a Change, Right)> {
    item.changes.iter().rev().find_map(|change| {
        let is_in_effect = change.status == ChangeStatus::Applied;
        let right = right_of_change(account, circumstances, item, change).ok()?;
        (is_in_effect && right.check(circumstances.now).is_ok()).then_some((change, right))
    })
}

fn of_change(
    account: &Account,
    circumstances: &Circumstances<'_>,
    item: &Subscription,
    (change_id, quantity): (&str, Option<u32>),
    declared_at: OffsetDateTime,
) -> Result<Object, Violation> {
    let change = item.change(change_id).filter(|change| change.plan_change().is_some());
    let change = change.ok_or_else(unknown_change)?;
    let right = right_of_change(account, circumstances, item, change);
    let last_day_on = right.as_ref().ok().and_then(|right| right.period.last_day_on);
    check_in_effect(change.status, last_day_on)?;
    if declared_at < change.received_at {
        return Err(Violation::invalid(
            "instant_out_of_range",
            "Der Widerruf kann nicht vor dem Wechsel erklärt worden sein.",
            "The withdrawal cannot have been declared before the change.",
        )
        .at("/received_at"));
    }
    let right = right?;
    right.check(declared_at)?;
    let is_quantity_only = change.plan_change().is_some_and(|details| details.is_quantity_only());
    if !is_quantity_only {
        if quantity.is_some() {
            return Err(Violation::invalid(
                "quantity_out_of_range",
                "Ein Wechsel des Tarifs wird als Ganzes widerrufen.",
                "A change of plan is withdrawn from as a whole.",
            )
            .at("/quantity"));
        }
        return Ok(Object::PlanChange {
            change_id: change_id.to_owned(),
            right,
        });
    }
    let found = orders(item)
        .into_iter()
        .find(|order| order.change_id.as_deref() == Some(change_id));
    let available = found.as_ref().map_or(0, |order| order.units);
    let units = quantity.unwrap_or(available);
    let Some(order) = found.filter(|_| (1..=available).contains(&units)) else {
        return Err(out_of_range(available));
    };
    check_rest(item, units, available)?;
    Ok(Object::Units {
        parts: vec![order.part(units, &right)],
        right,
    })
}

/// Units of the item, the newest orders first, as far as each can still be withdrawn from. All of them are the item itself.
fn of_units(
    account: &Account,
    circumstances: &Circumstances<'_>,
    item: &Subscription,
    quantity: u32,
    declared_at: OffsetDateTime,
) -> Result<Object, Violation> {
    let (mut parts, mut rights) = (Vec::new(), Vec::new());
    let (mut left, mut available) = (quantity, 0u32);
    let mut refusal = None;
    for order in orders(item).into_iter().filter(|order| order.units > 0) {
        let right = order.right(account, circumstances, item);
        let right = match right.and_then(|right| right.check(declared_at).map(|()| right)) {
            Ok(right) => right,
            Err(refused) => {
                // Whatever was ordered still earlier is too late as well.
                refusal = Some(refused);
                break;
            }
        };
        available = available.saturating_add(order.units);
        let units = order.units.min(left);
        if units > 0 {
            parts.push(order.part(units, &right));
            rights.push(right);
            left -= units;
        }
    }
    if let (0, Some(refusal)) = (available, refusal) {
        return Err(refusal);
    }
    if quantity == 0 || left > 0 {
        return Err(out_of_range(available));
    }
    let current = last_phase(item).map_or(0, |phase| phase.quantity);
    match rights.pop() {
        Some(right) if quantity == current && parts.iter().any(|part| part.change_id.is_none()) => {
            Ok(Object::Item(right))
        }
        Some(right) => {
            check_rest(item, quantity, available)?;
            Ok(Object::Units { parts, right })
        }
        None => Err(out_of_range(available)),
    }
}

/// Units that one order brought and that are still there.
struct Order {
    change_id: Option<String>,
    from_on: Date,
    units: u32,
}

impl Order {
    fn right(
        &self,
        account: &Account,
        circumstances: &Circumstances<'_>,
        item: &Subscription,
    ) -> Result<Right, Violation> {
        match self.change_id.as_deref().map(|id| item.change(id)) {
            None => right_of_item(account, circumstances, item),
            Some(None) => Err(unknown_change()),
            Some(Some(change)) => right_of_change(account, circumstances, item, change),
        }
    }

    fn part(&self, units: u32, right: &Right) -> Part {
        Part {
            change_id: self.change_id.clone(),
            from_on: self.from_on,
            units,
            is_all: units == self.units,
            is_compensated: right.is_compensated,
        }
    }
}

/// The orders behind the units that are there now, the newest first: each increase of the present plan, and the first order
/// where the plan was never changed. What was reduced in between is taken off the newest.
fn orders(item: &Subscription) -> Vec<Order> {
    let (mut orders, mut reduced) = (Vec::new(), 0u32);
    let mut current = last_phase(item);
    while let Some(phase) = current {
        let Some(created_by) = phase.created_by_change_id.as_deref() else {
            orders.push(Order {
                change_id: None,
                from_on: phase.from_on,
                units: phase.quantity.saturating_sub(reduced),
            });
            break;
        };
        let mut before = item.phases.iter();
        let before = before.find(|other| other.ended_by_change_id.as_deref() == Some(created_by));
        let before = before.filter(|before| before.plan.id == phase.plan.id);
        if let Some(before) = before {
            reduced = reduced.saturating_add(before.quantity.saturating_sub(phase.quantity));
            let added = phase.quantity.saturating_sub(before.quantity);
            let kept = added.saturating_sub(reduced);
            reduced -= added - kept;
            if added > 0 {
                orders.push(Order {
                    change_id: Some(created_by.to_owned()),
                    from_on: phase.from_on,
                    units: kept,
                });
            }
        }
        current = before;
    }
    orders
}

/// The latest phase that was or is in force, not only planned.
fn last_phase(item: &Subscription) -> Option<&Phase> {
    let is_pending = |id: &str| item.change(id).is_some_and(Change::is_scheduled);
    let in_force = |phase: &&Phase| !phase.removed && !phase.created_by_change_id.as_deref().is_some_and(is_pending);
    item.phases.iter().filter(in_force).max_by_key(|phase| phase.from_on)
}

/// What is left must be a quantity the plan allows.
fn check_rest(item: &Subscription, units: u32, available: u32) -> Result<(), Violation> {
    let phase = last_phase(item).ok_or_else(|| out_of_range(0))?;
    let rest = phase.quantity.saturating_sub(units);
    let minimum = phase.plan.plan.quantity.minimum;
    if rest >= minimum {
        return Ok(());
    }
    Err(out_of_range(available.min(phase.quantity.saturating_sub(minimum))))
}

fn out_of_range(maximum: u32) -> Violation {
    Violation::invalid(
        "quantity_out_of_range",
        format!("Widerrufen lassen sich davon jetzt höchstens {maximum}."),
        format!("At most {maximum} of them can be withdrawn from now."),
    )
    .at("/quantity")
    .with("maximum", maximum)
}

fn unknown_change() -> Violation {
    Violation::conflict(
        "not_found",
        "Diesen Wechsel gibt es bei diesem Vertrag nicht.",
        "There is no such change of this contract.",
    )
    .at("/plan_change_id")
}

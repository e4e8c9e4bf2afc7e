//! What a declaration is about: the whole item, a plan change, or some of its units.

use time::{Date, OffsetDateTime};

use super::{
    WithdrawalKind, WithdrawalRequest, check_in_effect,
    orders::{Share, last_phase, shares},
    right::{Right, right_of_change, right_of_item},
};
use crate::domain::{
    account::{Account, Circumstances},
    change::{Change, ChangeStatus},
    subscription::Subscription,
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
    /// How many of them there were in each phase: some may have been given up since.
    pub in_phases: Vec<(String, u32)>,
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
    // Who names no number withdraws from all that was ordered, although some may have been given up since (§ 355 Abs. 1 BGB).
    let (brought, available) = found.as_ref().map_or((0, 0), |order| (order.brought, order.left));
    let units = quantity.unwrap_or(brought);
    let is_possible = units > 0 && (quantity.is_none() || units <= available);
    let Some(order) = found.filter(|_| is_possible) else {
        return Err(out_of_range(available));
    };
    check_rest(item, units.min(order.left), available)?;
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
    for order in orders(item).into_iter().filter(|order| order.left > 0) {
        let right = order.right(account, circumstances, item);
        let right = match right.and_then(|right| right.check(declared_at).map(|()| right)) {
            Ok(right) => right,
            Err(refused) => {
                // Whatever was ordered still earlier is too late as well.
                refusal = Some(refused);
                break;
            }
        };
        available = available.saturating_add(order.left);
        let units = order.left.min(left);
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

/// What one order brought.
struct Order {
    change_id: Option<String>,
    from_on: Date,
    /// How many units it brought.
    brought: u32,
    /// How many of them are still there.
    left: u32,
    /// How many of them were withdrawn from already.
    withdrawn: u32,
    /// How many of them there were in each phase.
    in_phases: Vec<(String, u32)>,
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
        let of_phase = |(id, there): &(String, u32)| (id.clone(), units.min(*there));
        Part {
            change_id: self.change_id.clone(),
            from_on: self.from_on,
            units,
            is_all: units == self.brought,
            is_compensated: right.is_compensated,
            in_phases: self.in_phases.iter().map(of_phase).collect(),
        }
    }
}

/// The orders of the present plan's units, the newest first: each increase, and the first order where the plan was never changed.
fn orders(item: &Subscription) -> Vec<Order> {
    let lived = shares(item);
    let Some((last, _)) = lived.last() else {
        return Vec::new();
    };
    let begins = lived.iter().rposition(|(phase, _)| phase.plan.id != last.plan.id);
    let of_present_plan = &lived[begins.map_or(0, |place| place + 1)..];
    let mut orders: Vec<Order> = Vec::new();
    for (phase, shares) in of_present_plan {
        for share in shares.iter().filter(|share| is_by_units(item, share)) {
            let left = if phase.id == last.id { share.units } else { 0 };
            let in_phase = (phase.id.clone(), share.units + share.withdrawn);
            match orders.iter_mut().find(|order| order.change_id == share.change_id) {
                Some(order) => {
                    order.left = left;
                    order.withdrawn = share.withdrawn;
                    order.in_phases.push(in_phase);
                }
                None => orders.push(Order {
                    change_id: share.change_id.clone(),
                    from_on: phase.from_on,
                    brought: share.units,
                    left,
                    withdrawn: share.withdrawn,
                    in_phases: vec![in_phase],
                }),
            }
        }
    }
    for order in &mut orders {
        // What was withdrawn from before is settled: where its use is paid for, the units stay in the phases until then.
        order.brought = order.brought.saturating_sub(order.withdrawn);
        for (_, there) in &mut order.in_phases {
            *there = there.saturating_sub(order.withdrawn);
        }
    }
    orders.reverse();
    orders
}

/// Whether units can be withdrawn from by their number; those of another plan go with it.
fn is_by_units(item: &Subscription, share: &Share) -> bool {
    let is_quantity = |change: &Change| change.plan_change().is_some_and(|details| details.is_quantity_only());
    let change_id = share.change_id.as_deref();
    change_id.is_none_or(|id| item.change(id).is_some_and(is_quantity))
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

//! How occupied slots follow their contracts: into a package that absorbs them, back when that is undone, and free when a
//! contract is over. Derived from the facts each time one of them changes, as the ends of bookings are.

use time::Date;

use super::{EventType, SlotAllocation, SlotMove, SubscriptionStatus, capacity, lowest_free, occupied};
use crate::domain::{
    account::{Account, Moment},
    change::ChangeStatus,
};

/// Moves an occupied slot into another contract; the caller has made sure that there is room. `cause` names the plan change
/// that moves it, if one does.
pub(in crate::domain) fn move_in(
    account: &mut Account,
    slot_id: &str,
    into_id: &str,
    (change_id, moment): (Option<&str>, Moment),
    by_caller: bool,
) {
    let Some(kind) = account
        .slots
        .iter()
        .find(|slot| slot.id == slot_id)
        .map(|slot| slot.presence.kind.clone())
    else {
        return;
    };
    let number = lowest_free(account, into_id, &kind);
    let moved = account.slots.iter_mut().find(|slot| slot.id == slot_id).map(|slot| {
        let from_subscription_id = std::mem::replace(&mut slot.subscription_id, into_id.to_owned());
        slot.moves.push(SlotMove {
            from_subscription_id: from_subscription_id.clone(),
            on: moment.on,
            change_id: change_id.map(str::to_owned),
        });
        settle_in(slot, number, moment.on);
        slot.event(EventType::SlotMoved, moment, by_caller)
            .with("from_subscription_id", from_subscription_id.into())
    });
    account.events.extend(moved);
}

fn settle_in(slot: &mut SlotAllocation, number: u32, from_on: Date) {
    slot.number = number;
    slot.from_on = from_on;
    slot.version += 1;
}

/// Frees what a contract that is over still occupies.
pub(in crate::domain) fn release_of_ended(account: &mut Account, subscription_id: &str, moment: Moment) {
    let ids: Vec<String> = occupied(account, subscription_id).map(|slot| slot.id.clone()).collect();
    release_these(account, &ids, moment, false);
}

fn release_these(account: &mut Account, ids: &[String], moment: Moment, by_caller: bool) {
    let Account { slots, events, .. } = account;
    for slot in slots.iter_mut().filter(|slot| ids.contains(&slot.id)) {
        slot.released_on = Some(moment.on);
        slot.version += 1;
        events.push(slot.event(EventType::SlotReleased, moment, by_caller));
    }
}

/// Brings all allocations in line with the contracts: what a plan change had moved and was taken back (a withdrawal, § 355
/// BGB) moves back; what a withdrawn contract occupied is free; what no longer fits, because the larger plan was withdrawn,
/// is free, the youngest first. In all other cases there is nothing to do, because no command leaves less room than is taken.
pub(in crate::domain) fn settle(account: &mut Account, moment: Moment, by_caller: bool) {
    if !account.slots.iter().any(SlotAllocation::is_occupied) {
        return;
    }
    move_back(account, moment, by_caller);
    let today = moment.on;
    let mut leaving: Vec<String> = Vec::new();
    for contract in &account.subscriptions {
        let mut slots: Vec<&SlotAllocation> = occupied(account, &contract.id).collect();
        if contract.status_on(today) == SubscriptionStatus::Withdrawn {
            leaving.extend(slots.iter().map(|slot| slot.id.clone()));
            continue;
        }
        slots.sort_by_key(|slot| (slot.allocated_at, &slot.id));
        let mut seen = std::collections::BTreeMap::<&str, u32>::new();
        for slot in slots {
            let taken = seen.entry(&slot.presence.kind).or_default();
            *taken += 1;
            if *taken > capacity(contract, &slot.presence.kind, today) {
                leaving.push(slot.id.clone());
            }
        }
    }
    release_these(account, &leaving, moment, by_caller);
}

/// Undoes the moves of plan changes that no longer stand.
fn move_back(account: &mut Account, moment: Moment, by_caller: bool) {
    let stands = |id: &String| {
        let mut changes = account.subscriptions.iter().flat_map(|contract| &contract.changes);
        let change = changes.find(|change| change.id == *id);
        change.is_some_and(|change| matches!(change.status, ChangeStatus::Scheduled | ChangeStatus::Applied))
    };
    let runs = |id: &str| {
        let contract = account.subscription(id).ok();
        contract.is_some_and(|contract| contract.status_on(moment.on) == SubscriptionStatus::Active)
    };
    let returning: Vec<(String, String)> = account
        .slots
        .iter()
        .filter(|slot| slot.is_occupied())
        .filter_map(|slot| {
            let last = slot.moves.last()?;
            let is_undone = last.change_id.as_ref().is_some_and(|id| !stands(id));
            (is_undone && runs(&last.from_subscription_id))
                .then(|| (slot.id.clone(), last.from_subscription_id.clone()))
        })
        .collect();
    for (slot_id, home) in returning {
        move_in(account, &slot_id, &home, (None, moment), by_caller);
        // The move and its undoing cancel out: the presence is where it was before.
        if let Some(slot) = account.slots.iter_mut().find(|slot| slot.id == slot_id) {
            slot.moves.truncate(slot.moves.len().saturating_sub(2));
        }
    }
}

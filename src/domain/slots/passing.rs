//! Slots that are free today and yet not given, because they will not last: the package ends, or a pending change leaves it
//! without room.
//!
//! A presence whose package ends goes where it can stay; who names the package himself takes the slot until its end. A pending
//! change is another matter: it was only accepted because everything in the slots finds room after it
//! (`super::check_room`), so what would have to leave on its day is not let in meanwhile. Taking the change back opens the
//! slots again.

use time::Date;

use super::occupied;
use crate::domain::{
    account::Account,
    calendar::previous_day,
    catalogue::Plan,
    subscription::{Phase, Subscription, SubscriptionStatus},
};

/// Why a free slot does not last.
#[derive(Debug, Clone, Copy)]
pub(super) enum Passing<'a> {
    /// The contract was cancelled and ends with this day.
    Ends(Date),
    /// What a pending change begins has no room for it.
    Shrinks(&'a Phase),
}

impl Passing<'_> {
    /// The last day on which the slot is there.
    pub(super) fn last_day(&self) -> Date {
        match self {
            Self::Ends(on) => *on,
            Self::Shrinks(phase) => previous_day(phase.from_on),
        }
    }
}

/// The plan that has a slot of this kind free today, and why that is not given to whoever asks; `None` where no slot is free,
/// or where it lasts.
pub(super) fn of<'a>(
    account: &Account,
    contract: &'a Subscription,
    kind: &str,
    today: Date,
) -> Option<(&'a Plan, Passing<'a>)> {
    let phase = contract.phase_on(today)?;
    let taken = occupied(account, &contract.id).filter(|slot| slot.presence.kind == kind);
    let taken = u32::try_from(taken.count()).unwrap_or(u32::MAX);
    let has_room = |phase: &Phase| phase.plan.plan.slots(kind, phase.quantity) > taken;
    if contract.status_on(today) != SubscriptionStatus::Active || !has_room(phase) {
        return None;
    }
    let mut ahead = contract.phases.iter().filter(|one| !one.removed && one.from_on > today);
    let passing = match ahead.find(|one| !has_room(one)) {
        Some(narrow) => Passing::Shrinks(narrow),
        None => Passing::Ends(contract.ends_on.filter(|_| contract.ended_by_change_id.is_some())?),
    };
    Some((&phase.plan.plan, passing))
}

/// The first such contract of a customer, leaving out `home`, where the presence went.
pub(super) fn in_account<'a>(
    account: &'a Account,
    kind: &str,
    today: Date,
    home: Option<&str>,
) -> Option<(&'a Plan, Passing<'a>)> {
    let contracts = account
        .contracts()
        .filter(|contract| Some(contract.id.as_str()) != home);
    let mut passing: Vec<_> = contracts
        .filter_map(|contract| Some((contract.concluded_at, of(account, contract, kind, today)?)))
        .collect();
    passing.sort_by_key(|(concluded_at, _)| *concluded_at);
    passing.into_iter().map(|(_, found)| found).next()
}

//! Contracts that an upgrade takes in: they end the same day with their credit, and what occupied their slots moves into the
//! package (seed 000). Each names the plan change that ended it, so that a withdrawal restores it (design decision 14).

use super::{Intention, PlanChangeRequest};
use crate::domain::{
    account::{Account, Moment},
    add_on::align_bookings,
    calendar::previous_day,
    catalogue::{Transition, TransitionTiming},
    change::ChangeKind,
    plan_change::supersede,
    slots::{check_room, move_in, occupied},
    subscription::SubscriptionStatus,
    violation::Violation,
};

/// A contract to be taken in.
#[derive(Debug, Clone)]
pub struct Absorption {
    /// The contract.
    pub subscription_id: String,
    /// The transition the catalogue offers from its plan to the new one, if it does.
    pub transition: Option<Transition>,
}

/// Refuses contracts that cannot be taken in, and a plan that has too few slots for everything that is to go into them.
pub(super) fn check(
    account: &Account,
    request: &PlanChangeRequest,
    intention: &Intention,
    today: time::Date,
) -> Result<(), Violation> {
    for (index, absorption) in request.absorb.iter().enumerate() {
        check_one(account, request, intention, absorption, today)
            .map_err(|violation| violation.at(format!("/absorb_subscription_ids/{index}")))?;
    }
    let concerned: Vec<&str> = std::iter::once(&request.subscription_id)
        .chain(request.absorb.iter().map(|absorption| &absorption.subscription_id))
        .map(String::as_str)
        .collect();
    check_room(account, &concerned, &intention.plan.plan, intention.quantity)
}

fn check_one(
    account: &Account,
    request: &PlanChangeRequest,
    intention: &Intention,
    absorption: &Absorption,
    today: time::Date,
) -> Result<(), Violation> {
    let contract = account.subscription(&absorption.subscription_id)?;
    let is_immediate = |transition: &Transition| transition.timing == TransitionTiming::Immediate;
    let is_offered = intention.timing == TransitionTiming::Immediate
        && contract.booking.is_none()
        && contract.id != request.subscription_id
        && absorption.transition.as_ref().is_some_and(is_immediate);
    if !is_offered {
        return Err(Violation::invalid(
            "absorption_not_offered",
            "Dieser Vertrag kann nicht in das Paket übernommen werden.",
            "This contract cannot be taken into the package.",
        ));
    }
    match contract.status_on(today) {
        SubscriptionStatus::Active => Ok(()),
        SubscriptionStatus::Scheduled => Err(Violation::conflict(
            "subscription_not_active",
            "Der Vertrag hat noch nicht begonnen.",
            "The contract has not begun yet.",
        )),
        SubscriptionStatus::Ended | SubscriptionStatus::Withdrawn => Err(contract.ended()),
    }
}

/// Ends the contracts with the eve, because the day of the change belongs to the package (design decision 4), and moves what
/// occupied their slots.
pub(super) fn absorb(account: &mut Account, request: &PlanChangeRequest, moment: Moment) -> Result<(), Violation> {
    for absorption in &request.absorb {
        let contract = account.subscription_mut(&absorption.subscription_id)?;
        let pending = contract.pending(ChangeKind::PlanChange).map(|change| change.id.clone());
        let superseded = pending.and_then(|id| supersede(contract, &id, &request.change_id, moment));
        contract.ends_on = Some(previous_day(moment.on));
        contract.ended_by_change_id = Some(request.change_id.clone());
        account.events.extend(superseded);
        align_bookings(account, &absorption.subscription_id, moment);
        let moving: Vec<String> = occupied(account, &absorption.subscription_id)
            .map(|slot| slot.id.clone())
            .collect();
        for slot_id in moving {
            let cause = (Some(request.change_id.as_str()), moment);
            move_in(account, &slot_id, &request.subscription_id, cause, true);
        }
    }
    Ok(())
}

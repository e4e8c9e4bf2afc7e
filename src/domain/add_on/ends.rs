//! When a booking ends: with its own cancellation or term, with its contract, or with a plan that contains or forbids it
//! (design decision 14). The end is derived from these facts each time one of them changes, so that taking one back restores
//! exactly what it ended.

use time::Date;

use super::{is_allowed_for, is_included_in};
use crate::domain::{
    account::{Account, Moment},
    calendar::previous_day,
    change::{Change, ChangeKind},
    event::DraftEvent,
    event_type::EventType,
    plan_version::PlanVersion,
    subscription::{Subscription, natural_end},
};

/// Why a booking ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// It was cancelled, or its term is over.
    Own,
    /// It was performed.
    Performed,
    /// Its contract ends.
    ContractEnds,
    /// The new plan of its contract contains it.
    IncludedInNewPlan,
    /// The new plan of its contract does not allow it.
    NotAllowedForNewPlan,
    /// The plan change that would have brought it was taken back.
    NeverCame,
}

/// An end and what brings it about.
struct End {
    on: Date,
    change_id: Option<String>,
}

/// Brings the ends of a contract's bookings in line with the facts. Call it after anything that moves an end.
pub(in crate::domain) fn align_bookings(account: &mut Account, subscription_id: &str, moment: Moment) {
    let Ok(contract) = account.subscription(subscription_id) else {
        return;
    };
    let contract_end = contract.ends_on.map(|on| End {
        on,
        change_id: contract.ended_by_change_id.clone(),
    });
    let new_plan = contract.pending(ChangeKind::PlanChange).and_then(|change| {
        let begins = |phase: &&crate::domain::subscription::Phase| {
            !phase.removed && phase.created_by_change_id.as_deref() == Some(change.id.as_str())
        };
        let phase = contract.phases.iter().find(begins)?;
        Some((
            change.id.clone(),
            change.effective_on,
            std::sync::Arc::clone(&phase.plan),
        ))
    });
    let taken_back: Vec<String> = contract
        .changes
        .iter()
        .filter(|change| !change.is_scheduled() && change.status != crate::domain::change::ChangeStatus::Applied)
        .map(|change| change.id.clone())
        .collect();
    let mut events = Vec::new();
    let bookings = account.subscriptions.iter_mut().filter(|subscription| {
        let booking = subscription.booking.as_ref();
        booking.is_some_and(|booking| booking.subscription_id == subscription_id)
            && !subscription.ended_recorded
            && subscription.withdrawn_on.is_none()
    });
    for booking in bookings {
        let ends = [
            own_end(booking, &taken_back),
            contract_end.as_ref().map(|end| End {
                on: end.on,
                change_id: end.change_id.clone(),
            }),
            new_plan
                .as_ref()
                .and_then(|(change_id, effective_on, plan)| end_with_plan(booking, change_id, *effective_on, plan)),
        ];
        // The first of equal ends counts: what the customer did to the booking itself explains it best.
        let earliest = ends.into_iter().flatten().min_by_key(|end| end.on);
        let (on, change_id) = earliest.map_or((None, None), |end| (Some(end.on), end.change_id));
        if booking.ends_on != on || booking.ended_by_change_id != change_id {
            let moved = booking.ends_on != on;
            booking.ends_on = on;
            booking.ended_by_change_id = change_id;
            if moved {
                events.push(DraftEvent::of_subscription(
                    EventType::AddOnEndChanged,
                    booking,
                    moment,
                    true,
                ));
            }
        }
    }
    account.events.extend(events);
}

/// The end a booking has by itself.
fn own_end(booking: &Subscription, taken_back: &[String]) -> Option<End> {
    let details = booking.booking.as_ref()?;
    if let Some(change_id) = details
        .created_by_change_id
        .as_ref()
        .filter(|id| taken_back.contains(id))
    {
        return Some(End {
            on: previous_day(booking.starts_on),
            change_id: Some(change_id.clone()),
        });
    }
    if let Some(on) = details.performed_on {
        return Some(End { on, change_id: None });
    }
    if let Some(cancellation) = booking.pending(ChangeKind::Cancellation) {
        return Some(End {
            on: cancellation.effective_on,
            change_id: Some(cancellation.id.clone()),
        });
    }
    let phase = booking.phases.iter().find(|phase| !phase.removed)?;
    let on = natural_end(&phase.plan, booking.starts_on).filter(|_| !phase.plan.is_one_off_service())?;
    Some(End { on, change_id: None })
}

/// The end a pending change of the contract's plan sets: recurring add-ons only, a one-off service ordered stays ordered.
fn end_with_plan(booking: &Subscription, change_id: &str, effective_on: Date, plan: &PlanVersion) -> Option<End> {
    let add_on = booking.phases.iter().find_map(|phase| phase.plan.add_on.as_ref())?;
    let goes_on = booking.is_one_off_service()
        || (is_allowed_for(add_on, &plan.plan) && !is_included_in(&add_on.key, &plan.plan));
    (!goes_on).then(|| End {
        on: previous_day(effective_on),
        change_id: Some(change_id.to_owned()),
    })
}

/// Why a booking ends; `None` while no end is known.
pub fn end_reason(account: &Account, booking: &Subscription) -> Option<EndReason> {
    booking.ends_on?;
    let details = booking.booking.as_ref()?;
    // A service performed after its contract's end had ended with the contract.
    if details.performed_on.is_some_and(|on| booking.ends_on == Some(on)) {
        return Some(EndReason::Performed);
    }
    let Some(change_id) = &booking.ended_by_change_id else {
        let contract_ends_on = account.subscription(&details.subscription_id).ok()?.ends_on;
        let with_contract = contract_ends_on == booking.ends_on;
        return Some(if with_contract {
            EndReason::ContractEnds
        } else {
            EndReason::Own
        });
    };
    if booking.change(change_id).is_some() {
        return Some(EndReason::Own);
    }
    if details.created_by_change_id.as_ref() == Some(change_id) {
        return Some(EndReason::NeverCame);
    }
    let contract = account.subscription(&details.subscription_id).ok()?;
    let target = contract
        .change(change_id)
        .and_then(Change::plan_change)
        .and_then(|details| {
            let mut phases = contract.phases.iter();
            phases.find(|phase| phase.plan.id == details.to_plan_version_id)
        });
    Some(match target {
        None => EndReason::ContractEnds,
        Some(phase) => {
            let key = booking.phases.first().map_or("", |phase| phase.plan.plan.key.as_str());
            if is_included_in(key, &phase.plan.plan) {
                EndReason::IncludedInNewPlan
            } else {
                EndReason::NotAllowedForNewPlan
            }
        }
    })
}

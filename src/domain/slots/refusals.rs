//! Why a slot cannot be had.

use serde_json::{Value, json};

use super::{SlotAllocation, passing::Passing};
use crate::domain::{
    calendar::{english, german},
    catalogue::Plan,
    localized::LocalizedText,
    subscription::SubscriptionStatus,
    violation::Violation,
};

pub(super) fn kind_unknown() -> Violation {
    Violation::invalid(
        "slot_kind_unknown",
        "Diese Art von Plätzen gibt es nicht.",
        "There is no such kind of slot.",
    )
    .at("/kind")
}

pub(super) fn target_unknown() -> Violation {
    Violation::invalid(
        "slot_target_unknown",
        "Dieses Ziel gibt es nicht.",
        "There is no such target.",
    )
    .at("/target")
}

pub(super) fn unknown_slot() -> Violation {
    Violation::conflict(
        "not_found",
        "Diesen belegten Platz gibt es nicht.",
        "There is no such occupied slot.",
    )
}

pub(super) fn already_there() -> Violation {
    Violation::invalid(
        "nothing_to_change",
        "Die Präsenz ist schon in diesem Vertrag.",
        "The presence is in this contract already.",
    )
    .at("/subscription_id")
}

pub(super) fn not_running(status: SubscriptionStatus) -> Violation {
    if status == SubscriptionStatus::Scheduled {
        return Violation::conflict(
            "subscription_not_active",
            "Der Vertrag hat noch nicht begonnen.",
            "The contract has not begun yet.",
        );
    }
    Violation::conflict(
        "subscription_ended",
        "Der Vertrag ist beendet.",
        "The contract has ended.",
    )
}

pub(super) fn kind_not_offered(plan: Option<&LocalizedText>) -> Violation {
    let (de, en) = plan.map_or(("", ""), |name| (name.de.as_str(), name.en.as_str()));
    Violation::conflict(
        "slot_kind_not_offered",
        format!("Plätze dieser Art gehören nicht zu {de}."),
        format!("Slots of this kind are not part of {en}."),
    )
}

pub(super) fn full(kind: &str, capacity: u32) -> Violation {
    Violation::conflict(
        "slots_full",
        "Es ist kein Platz mehr frei.",
        "There is no free slot left.",
    )
    .with("kind", kind)
    .with("capacity", capacity)
}

/// A slot that is free today, and why it is not given.
pub(super) fn passes(plan: &Plan, why: Passing<'_>, kind: &str, capacity: u32) -> Violation {
    let last = why.last_day();
    let (name_de, name_en) = (&plan.name.de, &plan.name.en);
    let (de, en) = match why {
        Passing::Ends(_) => (
            format!("{name_de} hat noch einen freien Platz, endet aber am {}.", german(last)),
            format!("{name_en} still has a free slot but ends on {}.", english(last)),
        ),
        Passing::Shrinks(phase) => (
            format!(
                "{name_de} hat nur noch bis {} einen freien Platz, nach der vorgemerkten Änderung zum {} keinen mehr. Solange sie vorgemerkt ist, wird er nicht vergeben.",
                german(last),
                german(phase.from_on)
            ),
            format!(
                "{name_en} has a free slot until {} only, and none after the pending change of {}. As long as that is pending, the slot is not given.",
                english(last),
                english(phase.from_on)
            ),
        ),
    };
    let violation = Violation::conflict("slots_full", de, en)
        .with("kind", kind)
        .with("capacity", capacity)
        .with("free_through_on", last.to_string());
    match why {
        Passing::Shrinks(phase) => violation.with("plan_change_id", phase.created_by_change_id.clone()),
        Passing::Ends(_) => violation,
    }
}

/// Names what must go, so that the caller can offer exactly these.
pub(super) fn occupied(plan: &Plan, surplus: &[&SlotAllocation]) -> Violation {
    let names: Vec<&str> = surplus.iter().map(|slot| slot.presence.name.as_str()).collect();
    let names = names.join(", ");
    let count = surplus.len();
    let slots: Vec<Value> = surplus
        .iter()
        .map(|slot| {
            json!({
                "id": slot.id,
                "subscription_id": slot.subscription_id,
                "kind": slot.presence.kind,
                "target": slot.presence.target,
                "name": slot.presence.name,
                "url": slot.presence.url,
            })
        })
        .collect();
    Violation::conflict(
        "slots_occupied",
        format!(
            "{} hat zu wenig Plätze: {count} belegte müssen vorher frei werden, zuletzt belegt: {names}.",
            plan.name.de
        ),
        format!(
            "{} has too few slots: {count} occupied ones must be released first, most recently taken: {names}.",
            plan.name.en
        ),
    )
    .with("slots", slots)
}

//! Kinds of slots: targets lie in groups, and each plan named carries slots of the kind.

use super::{Catalogue, Faults, texts, unknown_reference};
use crate::domain::catalogue::SlotKind;

pub fn check(faults: &mut Faults, catalogue: &Catalogue) {
    let keys = catalogue.slot_kinds.iter().map(|kind| kind.key.as_str());
    super::keys(faults, "/slot_kinds", "key", keys, texts::key);
    for (index, kind) in catalogue.slot_kinds.iter().enumerate() {
        let at = format!("/slot_kinds/{index}");
        texts::localized(faults, &format!("{at}/name"), &kind.name, texts::NAME);
        texts::localized(faults, &format!("{at}/from_label"), &kind.from_label, texts::PARAGRAPH);
        if let Some(plan) = &kind.single_plan {
            carrying(faults, catalogue, &format!("{at}/single_plan"), &kind.key, plan);
        }
        groups(faults, &at, kind);
        targets(faults, catalogue, &at, kind);
        packages(faults, catalogue, &at, kind);
    }
    limits(faults, catalogue);
}

fn groups(faults: &mut Faults, at: &str, kind: &SlotKind) {
    let keys = kind.groups.iter().map(|group| group.key.as_str());
    super::keys(faults, &format!("{at}/groups"), "key", keys, texts::key);
    for (number, group) in kind.groups.iter().enumerate() {
        texts::localized(faults, &format!("{at}/groups/{number}/name"), &group.name, texts::NAME);
    }
}

fn targets(faults: &mut Faults, catalogue: &Catalogue, at: &str, kind: &SlotKind) {
    let list = format!("{at}/targets");
    if kind.targets.is_empty() {
        faults.add(
            list.clone(),
            "slot_targets_missing",
            "Ohne Ziele kann niemand einen Platz belegen.",
            "Without targets nobody can take a slot.",
        );
    }
    let keys = kind.targets.iter().map(|target| target.key.as_str());
    super::keys(faults, &list, "key", keys, texts::key);
    for (number, target) in kind.targets.iter().enumerate() {
        let at = format!("{list}/{number}");
        texts::localized(faults, &format!("{at}/name"), &target.name, texts::NAME);
        if kind.groups.iter().all(|group| group.key != target.group) {
            unknown_reference(faults, format!("{at}/group"), "groups", &target.group);
        }
        if let Some(plan) = &target.single_plan {
            carrying(faults, catalogue, &format!("{at}/single_plan"), &kind.key, plan);
        }
        if let Some(label) = &target.from_label {
            texts::localized(faults, &format!("{at}/from_label"), label, texts::PARAGRAPH);
        }
    }
}

fn packages(faults: &mut Faults, catalogue: &Catalogue, at: &str, kind: &SlotKind) {
    let list = format!("{at}/packages");
    let plans = kind.packages.iter().map(|package| package.plan.as_str());
    super::keys(faults, &list, "plan", plans, |_, _, _| {});
    for (number, package) in kind.packages.iter().enumerate() {
        let at = format!("{list}/{number}");
        carrying(faults, catalogue, &format!("{at}/plan"), &kind.key, &package.plan);
        texts::localized(faults, &format!("{at}/text"), &package.text, texts::PARAGRAPH);
    }
}

/// The plan exists and carries at least one slot of the kind.
fn carrying(faults: &mut Faults, catalogue: &Catalogue, at: &str, kind: &str, plan: &str) {
    match catalogue.plan(plan) {
        None => unknown_reference(faults, at, "plans", plan),
        Some(found) if found.slots(kind, found.quantity.minimum.max(1)) == 0 => faults.add(
            at,
            "slots_missing",
            format!("Der Tarif „{plan}“ hat keine Plätze „slots:{kind}“."),
            format!("The plan `{plan}` has no slots `slots:{kind}`."),
        ),
        Some(_) => {}
    }
}

/// Every kind of slot that a plan carries is described.
fn limits(faults: &mut Faults, catalogue: &Catalogue) {
    for (index, plan) in catalogue.plans.iter().enumerate() {
        for (number, limit) in plan.limits.iter().enumerate() {
            let Some(kind) = limit.key.strip_prefix("slots:").filter(|kind| !kind.is_empty()) else {
                continue;
            };
            if catalogue.slot_kinds.iter().all(|known| known.key != kind) {
                unknown_reference(
                    faults,
                    format!("/plans/{index}/limits/{number}/key"),
                    "slot_kinds",
                    kind,
                );
            }
        }
    }
}

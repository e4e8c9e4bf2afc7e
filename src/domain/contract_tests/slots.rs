//! Slots: where a presence goes, what it costs, and what becomes of it when contracts change, end or take others in.

use proptest::prelude::*;
use serde_json::{Value, json};
use time::macros::date;

use super::{
    fixture::World,
    plans::{per_unit, plan, price, units},
};
use crate::domain::{
    catalogue::{Plan, TransitionTiming},
    change::ChangeStatus,
    conclusion::Conclusion,
    due,
    ids::IdKind,
    plan_change::{Absorption, PlanChangeRequest},
    slots::{Presence, SlotHome, SlotOrder, SlotRequest, allocate, book, capacity, free, move_to, occupied, release},
    violation::Violation,
};

fn request(world: &mut World, name: &str) -> SlotRequest {
    SlotRequest {
        slot_id: world.next_id(IdKind::SlotAllocation),
        presence: Presence {
            kind: "presence".to_owned(),
            target: "shop_hosted".to_owned(),
            name: name.to_owned(),
            url: None,
        },
    }
}

/// Books something for a presence, with a single contract where there is no room; answers the slot and where it went.
pub(in crate::domain::contract_tests) fn try_book(
    world: &mut World,
    name: &str,
) -> Result<(String, SlotHome), Violation> {
    let request = request(world, name);
    let single = world.order("single");
    let home = world.run(|account, circumstances| book(account, circumstances, &request, Some(&single)))?;
    Ok((request.slot_id, home))
}

/// The same as an item of a cart.
pub(in crate::domain::contract_tests) fn slot_order(world: &mut World, name: &str) -> SlotOrder {
    let kind = world.catalogue.slot_kinds[0].clone();
    let request = request(world, name);
    SlotOrder {
        target: kind.target(&request.presence.target).expect("a target").clone(),
        kind,
        single: Some(world.order("single")),
        request,
    }
}

fn booked(world: &mut World, name: &str) -> (String, SlotHome) {
    try_book(world, name).expect("a slot")
}

/// Puts something into a slot of this contract.
pub(in crate::domain::contract_tests) fn try_allocate(
    world: &mut World,
    name: &str,
    contract: &str,
) -> Result<String, Violation> {
    let request = request(world, name);
    world.run(|account, circumstances| allocate(account, circumstances, &request, contract))?;
    Ok(request.slot_id)
}

/// What is in the slots of a contract: `1 A`.
fn in_slots(world: &World, contract: &str) -> Vec<String> {
    let mut slots: Vec<String> = occupied(&world.account, contract)
        .map(|slot| format!("{} {}", slot.number, slot.presence.name))
        .collect();
    slots.sort_unstable();
    slots
}

/// The request for another plan that takes these contracts in, with the transitions the catalogue offers.
pub(in crate::domain::contract_tests) fn absorbing(
    world: &mut World,
    contract: &str,
    key: &str,
    others: &[&str],
) -> PlanChangeRequest {
    let absorb = others.iter().map(|id| {
        let phase = world.subscription(id).phase_on(world.today).expect("a phase");
        Absorption {
            subscription_id: (*id).to_owned(),
            transition: world.catalogue.transition(&phase.plan.plan.key, key).cloned(),
        }
    });
    let absorb = absorb.collect();
    PlanChangeRequest {
        absorb,
        ..world.plan_request(contract, key)
    }
}

fn legal_texts() -> World {
    World::demo("legal_texts", date!(2026 - 03 - 01))
}

fn carrying(slots: Value, differences: Value) -> Value {
    let mut all = json!({ "limits": [{ "key": "slots:presence", "maximum": slots }] });
    if let (Value::Object(all), Value::Object(differences)) = (&mut all, differences) {
        all.extend(differences);
    }
    all
}

#[test]
fn the_limit_counts_for_each_unit() {
    let limited = |slots: Value| plan("p", carrying(slots, units("5.00")));
    for (slots, quantity, expected) in [
        (json!(0), 3, 0),
        (json!(1), 1, 1),
        (json!(5), 3, 15),
        (json!(null), 1, u32::MAX),
        (json!(u64::MAX), 2, u32::MAX),
    ] {
        assert_eq!(
            limited(slots.clone()).slots("presence", quantity),
            expected,
            "{slots} × {quantity}"
        );
    }
    assert_eq!(limited(json!(5)).slots("shelf", 1), 0, "another kind");
    assert_eq!(per_unit("p", "5.00").slots("presence", 1), 0, "none at all");
}

#[test]
fn the_oldest_package_that_is_not_ending_is_filled_and_then_a_contract_is_concluded() {
    let mut world = legal_texts();
    world.by_staff = true;
    let first = world.conclude("premium");
    world.on(date!(2026 - 03 - 05));
    let second = world.conclude("premium");
    world.take_events();
    for name in ["A", "B", "C", "D", "E"] {
        assert_eq!(booked(&mut world, name).1, SlotHome::Existing(first.clone()));
    }
    assert_eq!(booked(&mut world, "F").1, SlotHome::Existing(second.clone()));
    assert_eq!(world.take_events(), ["slot.allocated"; 6], "nothing is charged");
    world.cancel(&second);
    world.take_events();
    let (_, home) = booked(&mut world, "G");
    let SlotHome::New(single) = home else {
        panic!("the second package is ending: {home:?}");
    };
    assert_eq!(in_slots(&world, &single), ["1 G"]);
    assert_eq!(
        world.take_events(),
        [
            "subscription.created",
            "subscription.started",
            "charge.created",
            "slot.allocated"
        ]
    );
    assert_eq!(
        world.bill(&single),
        ["2026-03-05 recurring 2026-03-05..2026-04-04 1 × 5.90 = 5.90"]
    );
    // By name an ending contract can still be used until its end.
    try_allocate(&mut world, "H", &second).expect("a slot");
    assert_eq!(in_slots(&world, &second), ["1 F", "2 H"]);
}

#[test]
fn released_slots_are_taken_again() {
    let mut world = legal_texts();
    let (slot, home) = booked(&mut world, "A");
    let SlotHome::New(single) = home else {
        panic!("no room at first")
    };
    world
        .run(|account, circumstances| release(account, circumstances, &single, &slot))
        .expect("a release");
    let again = world.run(|account, circumstances| release(account, circumstances, &single, &slot));
    assert_eq!(again.expect_err("it is gone").code, "not_found");
    assert_eq!(booked(&mut world, "B").1, SlotHome::Existing(single.clone()), "0.00");
    assert_eq!(in_slots(&world, &single), ["1 B"]);
}

#[test]
fn refusals_name_the_reason() {
    let mut world = legal_texts();
    let single = world.conclude("single");
    try_allocate(&mut world, "A", &single).expect("a slot");
    let full = try_allocate(&mut world, "B", &single).expect_err("full");
    assert_eq!((full.code, &full.params["capacity"]), ("slots_full", &json!(1)));
    let coming = Conclusion {
        starts_on: Some(date!(2026 - 04 - 01)),
        ..world.order("premium")
    };
    let coming = world.try_conclude(&coming).expect("a contract");
    assert_eq!(
        try_allocate(&mut world, "B", &coming).expect_err("not begun").code,
        "subscription_not_active"
    );
    let mut other_kind = request(&mut world, "B");
    other_kind.presence.kind = "shelf".to_owned();
    let refused = world.run(|account, circumstances| allocate(account, circumstances, &other_kind, &single));
    assert_eq!(refused.expect_err("no shelves").code, "slot_kind_not_offered");
    let nowhere = world.run(|account, circumstances| book(account, circumstances, &other_kind, None));
    assert_eq!(nowhere.expect_err("no shelves").code, "slots_full");
    world.by_staff = true;
    world.cancel(&single);
    world.on(date!(2026 - 05 - 01));
    assert_eq!(
        try_allocate(&mut world, "B", &single).expect_err("over").code,
        "subscription_ended"
    );
}

#[test]
fn moving_needs_room_in_the_other_contract() {
    let mut world = legal_texts();
    let (single, premium) = (world.conclude("single"), world.conclude("premium"));
    let slot = try_allocate(&mut world, "A", &single).expect("a slot");
    let go = |world: &mut World, from: &str, into: &str| {
        let (from, slot) = (from.to_owned(), slot.clone());
        world.run(|account, circumstances| move_to(account, circumstances, (&from, &slot), into))
    };
    assert_eq!(
        go(&mut world, &single, &single).expect_err("there").code,
        "nothing_to_change"
    );
    go(&mut world, &single, &premium).expect("a move");
    assert_eq!(
        (in_slots(&world, &single), in_slots(&world, &premium)),
        (vec![], vec!["1 A".to_owned()])
    );
    assert_eq!(go(&mut world, &single, &premium).expect_err("gone").code, "not_found");
    try_allocate(&mut world, "B", &single).expect("a slot");
    let full = go(&mut world, &premium, &single).expect_err("full");
    assert_eq!(
        (full.code, full.pointer.as_deref()),
        ("slots_full", Some("/subscription_id"))
    );
}

#[test]
fn an_upgrade_keeps_the_presences_and_takes_other_contracts_in() {
    let mut world = legal_texts();
    let ids: Vec<String> = (0..3).map(|_| world.conclude("single")).collect();
    for (id, name) in ids.iter().zip(["A", "B", "C"]) {
        try_allocate(&mut world, name, id).expect("a slot");
    }
    world.on(date!(2026 - 03 - 16)).take_events();
    let request = absorbing(&mut world, &ids[0], "premium", &[&ids[1], &ids[2]]);
    world.try_change(&request).expect("an upgrade");
    assert_eq!(in_slots(&world, &ids[0]), ["1 A", "2 B", "3 C"]);
    for id in &ids[1..] {
        let contract = world.subscription(id);
        assert_eq!(
            contract.ends_on,
            Some(date!(2026 - 03 - 15)),
            "the day belongs to the package"
        );
        assert_eq!(contract.ended_by_change_id.as_ref(), Some(&request.change_id));
        assert!(contract.ended_recorded);
        assert_eq!(
            world.bill_since(id, world.today),
            ["2026-03-16 credit 2026-03-16..2026-03-31 1 × -5.90 = -3.05"]
        );
        let credit = world.subscription(id).charges.last().expect("a credit");
        assert_eq!(credit.change_id.as_ref(), Some(&request.change_id));
    }
    let events = world.take_events();
    let count = |name: &str| events.iter().filter(|event| **event == name).count();
    assert_eq!(
        (count("slot.moved"), count("subscription.ended"), count("slot.released")),
        (2, 2, 0)
    );
}

#[test]
fn what_a_plan_change_moved_moves_back_when_it_is_undone() {
    let mut world = legal_texts();
    let ids: Vec<String> = (0..2).map(|_| world.conclude("single")).collect();
    for (id, name) in ids.iter().zip(["A", "B"]) {
        try_allocate(&mut world, name, id).expect("a slot");
    }
    let request = absorbing(&mut world, &ids[0], "premium", &[&ids[1]]);
    world.try_change(&request).expect("an upgrade");
    try_allocate(&mut world, "C", &ids[0]).expect("a slot");
    // As a withdrawal leaves it: the old plan again, and what the change had ended goes on.
    let account = &mut world.account;
    let upgraded = account.subscription_mut(&ids[0]).expect("a contract");
    upgraded.change_mut(&request.change_id).expect("a change").status = ChangeStatus::Superseded;
    crate::domain::plan_change::undo_phases(upgraded, &request.change_id);
    let absorbed = account.subscription_mut(&ids[1]).expect("a contract");
    (absorbed.ends_on, absorbed.ended_by_change_id, absorbed.ended_recorded) = (None, None, false);
    due::advance(account, world.today, &world.zone).expect("an advance");
    assert_eq!(
        in_slots(&world, &ids[0]),
        ["1 A"],
        "what no longer fits is free, the youngest first"
    );
    assert_eq!(in_slots(&world, &ids[1]), ["1 B"]);
    let moves = world.account.slots.iter().map(|slot| slot.moves.len());
    assert_eq!(moves.sum::<usize>(), 0, "as if nothing had been");
}

#[test]
fn only_contracts_that_could_change_into_the_package_are_taken_in() {
    let mut world = legal_texts();
    let (single, premium) = (world.conclude("single"), world.conclude("premium"));
    let coming = Conclusion {
        starts_on: Some(date!(2026 - 04 - 01)),
        ..world.order("single")
    };
    let coming = world.try_conclude(&coming).expect("a contract");
    for (other, code) in [
        (&single, "absorption_not_offered"),
        (&premium, "absorption_not_offered"),
        (&coming, "subscription_not_active"),
    ] {
        let request = absorbing(&mut world, &single, "premium", &[other]);
        let refused = world.try_change(&request).expect_err("refused");
        assert_eq!(
            (refused.code, refused.pointer.as_deref()),
            (code, Some("/absorb_subscription_ids/0"))
        );
    }
    // Neither a mere change of quantity nor one at a later day takes anything in.
    let slots = |key: &str, count: u32| {
        plan(
            key,
            carrying(json!(count), json!({ "prices": [price("base", "flat", "9.00")] })),
        )
    };
    let mut world = World::selling(
        vec![slots("s", 1), slots("m", 5)],
        TransitionTiming::PeriodEnd,
        world.today,
    );
    let (one, two) = (world.conclude("s"), world.conclude("s"));
    let request = absorbing(&mut world, &one, "m", &[&two]);
    assert_eq!(
        world.try_change(&request).expect_err("later").code,
        "absorption_not_offered"
    );
}

#[test]
fn a_package_too_small_is_refused_with_what_must_go() {
    let mut world = legal_texts();
    let premium = world.conclude("premium");
    let ids: Vec<String> = (0..6).map(|_| world.conclude("single")).collect();
    for (number, id) in ids.iter().enumerate() {
        try_allocate(&mut world, &format!("P{number}"), id).expect("a slot");
    }
    let others: Vec<&str> = ids[1..].iter().map(String::as_str).collect();
    let request = absorbing(&mut world, &ids[0], "premium", &others);
    let refused = world.try_change(&request).expect_err("six into five");
    assert_eq!(refused.code, "slots_occupied");
    let names: Vec<&Value> = refused.params["slots"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|slot| &slot["name"])
        .collect();
    assert_eq!(names, ["P5"], "the youngest");
    let request = absorbing(&mut world, &ids[0], "unlimited", &others);
    world.try_change(&request).expect("seventy are enough");
    assert_eq!(occupied(&world.account, &ids[0]).count(), 6);
    assert_eq!(
        free(&world.account, world.subscription(&premium), "presence", world.today),
        5
    );
}

#[test]
fn a_smaller_quantity_needs_its_slots_released_and_keeps_them_free() {
    let sold: Vec<Plan> = vec![plan("p", carrying(json!(2), units("5.00")))];
    let mut world = World::selling(sold, TransitionTiming::PeriodEnd, date!(2026 - 01 - 01));
    let id = world.conclude_with("p", 3);
    let slots: Vec<String> = ["A", "B", "C", "D", "E"]
        .iter()
        .map(|name| try_allocate(&mut world, name, &id).expect("a slot"))
        .collect();
    let decrease = world.quantity_request(&id, Some(2));
    let refused = world.try_change(&decrease).expect_err("five in four");
    assert_eq!(
        (refused.code, &refused.params["slots"][0]["name"]),
        ("slots_occupied", &json!("E"))
    );
    world
        .run(|account, circumstances| release(account, circumstances, &id, &slots[1]))
        .expect("a release");
    world.try_change(&decrease).expect("a pending decrease");
    // Until then there are six slots; but the four from then on are taken.
    assert_eq!(capacity(world.subscription(&id), "presence", world.today), 4);
    assert_eq!(
        try_allocate(&mut world, "F", &id).expect_err("no room then").code,
        "slots_full"
    );
    world.revoke(&id, &decrease.change_id);
    try_allocate(&mut world, "F", &id).expect("a slot");
    assert_eq!(in_slots(&world, &id), ["1 A", "2 F", "3 C", "4 D", "5 E"]);
}

#[test]
fn the_end_of_a_contract_frees_its_slots_and_a_revocation_keeps_them() {
    let mut world = legal_texts();
    world.by_staff = true;
    let single = world.conclude("single");
    try_allocate(&mut world, "A", &single).expect("a slot");
    let cancelled = world.cancel(&single);
    world.revoke(&single, &cancelled.change_id);
    assert_eq!(in_slots(&world, &single), ["1 A"]);
    let cancelled = world.cancel(&single);
    world.on(cancelled.ends_on);
    assert_eq!(in_slots(&world, &single), ["1 A"], "to the last day");
    world.take_events();
    world.on(cancelled.ends_on.next_day().expect("a day"));
    assert_eq!(in_slots(&world, &single), Vec::<String>::new());
    assert!(world.take_events().contains(&"slot.released"));
}

/// Something customers do with slots, and time; contracts and slots by number.
#[derive(Debug, Clone)]
enum Step {
    Book,
    Allocate(usize),
    Release(usize),
    Move(usize, usize),
    Upgrade(usize, bool, Vec<usize>),
    Conclude(bool),
    Cancel(usize),
    Pass(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let number = 0..6usize;
    prop_oneof![
        6 => Just(Step::Book),
        3 => number.clone().prop_map(Step::Allocate),
        3 => number.clone().prop_map(Step::Release),
        3 => (number.clone(), number.clone()).prop_map(|(slot, into)| Step::Move(slot, into)),
        4 => (number.clone(), any::<bool>(), prop::collection::vec(0..6usize, 0..4))
            .prop_map(|(contract, large, others)| Step::Upgrade(contract, large, others)),
        1 => any::<bool>().prop_map(Step::Conclude),
        1 => number.prop_map(Step::Cancel),
        3 => (0..40i64).prop_map(Step::Pass),
    ]
}

fn take(world: &mut World, step: &Step) -> Result<(), Violation> {
    let contracts: Vec<String> = world.account.contracts().map(|contract| contract.id.clone()).collect();
    let contract = |number: usize| {
        contracts
            .get(number % contracts.len().max(1))
            .cloned()
            .unwrap_or_default()
    };
    let slots = &world.account.slots;
    let slot = |number: usize| {
        let slot = slots.get(number % slots.len().max(1));
        slot.map_or_else(Default::default, |slot| (slot.subscription_id.clone(), slot.id.clone()))
    };
    match step {
        Step::Book => try_book(world, "P").map(drop),
        Step::Allocate(number) => try_allocate(world, "P", &contract(*number)).map(drop),
        Step::Release(number) => {
            let (from, id) = slot(*number);
            world.run(|account, circumstances| release(account, circumstances, &from, &id))
        }
        Step::Move(number, into) => {
            let (from, id) = slot(*number);
            let into = contract(*into);
            world.run(|account, circumstances| move_to(account, circumstances, (&from, &id), &into))
        }
        Step::Upgrade(number, large, others) if !contracts.is_empty() => {
            let others: std::collections::BTreeSet<String> = others.iter().map(|number| contract(*number)).collect();
            let others: Vec<&str> = others.iter().map(String::as_str).collect();
            let key = if *large { "unlimited" } else { "premium" };
            let request = absorbing(world, &contract(*number), key, &others);
            world.try_change(&request).map(drop)
        }
        Step::Conclude(large) => {
            world.conclude(if *large { "premium" } else { "single" });
            Ok(())
        }
        Step::Cancel(number) if !contracts.is_empty() => {
            let request = world.cancellation(&[&contract(*number)]);
            world.try_cancel(&request).map(drop)
        }
        Step::Pass(days) => {
            world.on(world.today + time::Duration::days(*days));
            Ok(())
        }
        Step::Upgrade(..) | Step::Cancel(_) => Ok(()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever customers do with their slots, no contract holds more than it has, no slot is taken twice, and what is over
    /// holds nothing: [`super::invariants`] are checked after every step.
    #[test]
    fn slots_are_never_taken_twice(steps in prop::collection::vec(step(), 1..30)) {
        let mut world = legal_texts();
        world.by_staff = true;
        for step in &steps {
            let _refused = take(&mut world, step);
        }
    }
}

//! Withdrawn upgrades that had ended bookings, taken contracts in or moved presences: all of it is as it was before (design
//! decision 17).

use serde_json::json;
use time::{Duration, macros::date};

use super::super::{
    fixture::World,
    plans::{flat, plan, price},
    slots::{absorbing, slot_order},
};
use crate::domain::{
    cancellation::CancellationRequest,
    catalogue::TransitionTiming,
    change::ChangeStatus,
    slots::occupied,
    subscription::SubscriptionStatus,
    withdrawal::{Withdrawal, WithdrawalRequest},
};

fn withdrawn(world: &mut World, id: &str, change_id: &str) -> Withdrawal {
    let request = WithdrawalRequest {
        plan_change_id: Some(change_id.to_owned()),
        ..world.withdrawal(id)
    };
    world.try_withdraw(&request).expect("a withdrawal")
}

fn in_slots(world: &World, id: &str) -> Vec<String> {
    let names = occupied(&world.account, id).map(|slot| slot.presence.name.clone());
    let mut names: Vec<String> = names.collect();
    names.sort_unstable();
    names
}

/// Seed 000's packages at a provider that grants businesses the right.
fn legal_texts() -> World {
    let mut world = World::demo("legal_texts", date!(2026 - 03 - 01));
    for key in ["single", "premium", "unlimited"] {
        let mut plan = world.plan(key).plan.clone();
        plan.withdrawal.granted_to_business = true;
        world.publish(key, plan);
    }
    world
}

#[test]
fn what_an_upgrade_took_in_goes_on_by_itself() {
    let mut world = legal_texts();
    let mut contracts = Vec::new();
    for name in ["A", "B", "C"] {
        let order = slot_order(&mut world, name);
        let home = world
            .run(|account, circumstances| order.place(account, circumstances))
            .expect("a contract of its own");
        contracts.push(home.subscription_id().to_owned());
    }
    world.on(date!(2026 - 03 - 16));
    let bills: Vec<Vec<String>> = contracts.iter().map(|id| world.counting_bill(id)).collect();
    let request = absorbing(&mut world, &contracts[0], "premium", &[&contracts[1], &contracts[2]]);
    world.try_change(&request).expect("an upgrade");
    assert_eq!(in_slots(&world, &contracts[0]), ["A", "B", "C"]);
    world.on(date!(2026 - 03 - 20)).take_events();
    let withdrawal = withdrawn(&mut world, &contracts[0], &request.change_id);
    let mut restored = withdrawal.traces.restored_ids.clone();
    restored.sort_unstable();
    assert_eq!(restored, contracts[1..]);
    for ((id, name), bill) in contracts.iter().zip(["A", "B", "C"]).zip(&bills) {
        let contract = world.subscription(id);
        assert_eq!(contract.status_on(world.today), SubscriptionStatus::Active);
        assert_eq!((contract.ends_on, &contract.ended_by_change_id), (None, &None));
        assert_eq!(in_slots(&world, id), [name], "each presence is back where it was");
        assert_eq!(
            world.counting_bill(id),
            *bill,
            "credits and the package's price are gone"
        );
    }
    let events = world.take_events();
    assert_eq!(events.iter().filter(|event| **event == "slot.moved").count(), 2);
    world.on(date!(2026 - 04 - 01));
    for id in &contracts {
        assert_eq!(
            world.bill_since(id, world.today),
            ["2026-04-01 recurring 2026-04-01..2026-04-30 1 × 5.90 = 5.90"]
        );
    }
}

/// What was booked for the package meanwhile has no place any more: the youngest presence goes, those from before stay.
#[test]
fn a_presence_that_came_with_the_package_leaves_with_it() {
    let mut world = legal_texts();
    let order = slot_order(&mut world, "A");
    let home = world
        .run(|account, circumstances| order.place(account, circumstances))
        .expect("a contract of its own");
    let id = home.subscription_id().to_owned();
    let (change, _) = world.change(&id, "premium");
    let free = slot_order(&mut world, "B");
    let home = world
        .run(|account, circumstances| free.place(account, circumstances))
        .expect("a free slot");
    assert_eq!(home.subscription_id(), id);
    withdrawn(&mut world, &id, &change);
    assert_eq!(in_slots(&world, &id), ["A"]);
}

#[test]
fn a_booking_that_the_upgrade_contained_goes_on_and_is_charged_again() {
    let contained = json!({
        "prices": [price("base", "flat", "60.00")], "included_add_ons": [{ "add_on": "extra_storage", "quantity": 1 }],
    });
    let mut plans = vec![flat("hosting_s", "30.00"), plan("all_in", contained)];
    for plan in &mut plans {
        plan.withdrawal.granted_to_business = true;
    }
    let mut world = World::selling(plans, TransitionTiming::Immediate, date!(2026 - 04 - 01));
    let id = world.conclude("hosting_s");
    let storage = world.book(&id, "extra_storage", 2);
    let before = world.counting_bill(&storage);
    world.on(date!(2026 - 04 - 11));
    let (change, _) = world.change(&id, "all_in");
    assert_eq!(
        world.subscription(&storage).status_on(world.today),
        SubscriptionStatus::Ended
    );
    assert_eq!(
        world.bill_since(&storage, world.today),
        ["2026-04-11 credit 2026-04-11..2026-04-30 2 × -2.90 = -3.87"]
    );
    world.on(date!(2026 - 04 - 14));
    let withdrawal = withdrawn(&mut world, &id, &change);
    assert_eq!(withdrawal.traces.restored_ids, [storage.as_str()]);
    let booking = world.subscription(&storage);
    assert_eq!(booking.status_on(world.today), SubscriptionStatus::Active);
    assert_eq!(
        (booking.ends_on, booking.billed_through_on),
        (None, Some(date!(2026 - 04 - 30)))
    );
    assert_eq!(world.counting_bill(&storage), before);
    assert_eq!(world.change_of(&id, &change).status, ChangeStatus::Withdrawn);
}

/// The upgrade that ended a booking overtook its pending decrease; both come back.
#[test]
fn a_decrease_that_the_upgrade_overtook_stands_again() {
    let mut plans = vec![flat("hosting_s", "30.00"), flat("without", "60.00")];
    for plan in &mut plans {
        plan.withdrawal.granted_to_business = true;
    }
    let mut world = World::selling(plans, TransitionTiming::Immediate, date!(2026 - 04 - 01));
    let id = world.conclude("hosting_s");
    let storage = world.book(&id, "extra_storage", 3);
    let (decrease, effective_on) = world.change_quantity(&storage, 1);
    assert_eq!(effective_on, date!(2026 - 05 - 01));
    world.on(date!(2026 - 04 - 11));
    let (change, _) = world.change(&id, "without");
    assert_eq!(world.change_of(&storage, &decrease).status, ChangeStatus::Superseded);
    withdrawn(&mut world, &id, &change);
    assert!(world.change_of(&storage, &decrease).is_scheduled());
    world.on(date!(2026 - 05 - 01));
    assert_eq!(
        world.phases(&storage),
        ["2026-04-01..2026-04-30 3 extra_storage", "2026-05-01.. 1 extra_storage"]
    );
    assert_eq!(
        world.bill_since(&storage, world.today),
        ["2026-05-01 recurring 2026-05-01..2026-05-31 1 × 2.90 = 2.90"]
    );
}

/// Cancelled as of a day that is past, then the upgrade is withdrawn from: what the old plan had charged beyond the end counts again
/// with its credit gone, and is credited anew.
#[test]
fn nothing_is_charged_beyond_the_end_after_a_withdrawal() {
    let mut plans = vec![flat("s", "31.00"), flat("m", "62.00")];
    for plan in &mut plans {
        plan.withdrawal.granted_to_business = true;
    }
    let mut world = World::selling(plans, TransitionTiming::Immediate, date!(2026 - 05 - 01));
    let id = world.conclude("s");
    world.on(date!(2026 - 05 - 11));
    let (change, _) = world.change(&id, "m");
    let cause = world.good_cause(&id);
    let outcome = world.try_cancel(&cause).expect("a cancellation").remove(0);
    world.by_staff = true;
    world
        .try_review(&id, &outcome.change_id, crate::domain::change::Review::Accepted)
        .expect("accepted");
    world.on(date!(2026 - 05 - 12));
    assert_eq!(world.subscription(&id).ends_on, Some(date!(2026 - 05 - 11)));
    withdrawn(&mut world, &id, &change);
    world.on(date!(2026 - 07 - 01));
    let charges = world.subscription(&id).charges.iter().filter(|charge| charge.counts());
    let left: i64 = charges.map(|charge| charge.amount.minor).sum();
    assert_eq!(
        left,
        1_100,
        "eleven days of the smaller plan: {:#?}",
        world.counting_bill(&id)
    );
}

/// Staff enter a letter of two days ago: the contract had ended before the upgrade. Withdrawn from, the upgrade leaves nothing
/// charged beyond that end, though its credit had taken the later days of the month and the end only the first.
#[test]
fn an_end_before_the_upgrade_leaves_nothing_charged_beyond_it() {
    let mut plans = vec![flat("s", "30.00"), flat("m", "60.00")];
    for plan in &mut plans {
        plan.withdrawal.granted_to_business = true;
    }
    let mut world = World::selling(plans, TransitionTiming::Immediate, date!(2026 - 04 - 01));
    let id = world.conclude("s");
    world.on(date!(2026 - 05 - 02));
    let (change, _) = world.change(&id, "m");
    world.by_staff = true;
    let letter = CancellationRequest {
        received_at: world.now() - Duration::days(2),
        ..world.cancellation(&[&id])
    };
    let outcome = world.try_cancel(&letter).expect("a cancellation").remove(0);
    assert_eq!(outcome.ends_on, date!(2026 - 04 - 30));
    world.on(date!(2026 - 05 - 03));
    withdrawn(&mut world, &id, &change);
    world.on(date!(2026 - 07 - 01));
    let charges = world.subscription(&id).charges.iter().filter(|charge| charge.counts());
    let left: i64 = charges.map(|charge| charge.amount.minor).sum();
    assert_eq!(left, 3_000, "April: {:#?}", world.counting_bill(&id));
}

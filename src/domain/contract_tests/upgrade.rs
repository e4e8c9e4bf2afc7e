//! Plan changes at once: credit for the rest of the old plan, charge for the rest of the new one.

use serde_json::json;
use time::{Date, macros::date};

use super::{
    fixture::World,
    plans::{flat, per_unit, plan, price, terms, units},
};
use crate::domain::{catalogue::TransitionTiming, conclusion::Conclusion};

fn world(plans: Vec<crate::domain::catalogue::Plan>, today: Date) -> World {
    World::selling(plans, TransitionTiming::Immediate, today)
}

#[test]
fn the_same_interval_keeps_the_anchor_and_prorates_both_plans() {
    let mut world = world(vec![flat("s", "29.00"), flat("m", "59.00")], date!(2026 - 01 - 01));
    let id = world.conclude("s");
    world.on(date!(2026 - 01 - 16)).take_events();
    let (_, effective_on) = world.change(&id, "m");
    assert_eq!(effective_on, world.today);
    assert_eq!(
        world.bill_since(&id, world.today),
        [
            "2026-01-16 credit 2026-01-16..2026-01-31 1 × -29.00 = -14.97",
            "2026-01-16 proration 2026-01-16..2026-01-31 1 × 59.00 = 30.45",
        ]
    );
    assert_eq!(
        world.take_events(),
        [
            "plan_change.created",
            "plan_change.applied",
            "charge.created",
            "charge.created"
        ]
    );
    assert_eq!(world.phases(&id), ["2026-01-01..2026-01-15 1 s", "2026-01-16.. 1 m"]);
    world.on(date!(2026 - 02 - 01));
    assert_eq!(
        world.bill_since(&id, world.today),
        ["2026-02-01 recurring 2026-02-01..2026-02-28 1 × 59.00 = 59.00"]
    );
}

#[test]
fn an_upgrade_on_the_first_day_leaves_nothing_of_the_old_plan() {
    let mut world = world(vec![flat("s", "29.00"), flat("m", "59.00")], date!(2026 - 01 - 31));
    let id = world.conclude("s");
    world.change(&id, "m");
    world.on(date!(2026 - 02 - 28));
    assert_eq!(
        world.bill(&id),
        [
            "2026-01-31 recurring 2026-01-31..2026-02-27 1 × 29.00 = 29.00",
            "2026-01-31 credit 2026-01-31..2026-02-27 1 × -29.00 = -29.00",
            "2026-01-31 proration 2026-01-31..2026-02-27 1 × 59.00 = 59.00",
            "2026-02-28 recurring 2026-02-28..2026-03-30 1 × 59.00 = 59.00",
        ]
    );
    assert_eq!(world.phases(&id), ["2026-01-31.. 1 m"]);
}

#[test]
fn from_free_to_paid_and_back() {
    let mut world = world(vec![flat("free", "0.00"), flat("paid", "30.00")], date!(2026 - 04 - 01));
    let id = world.conclude("free");
    world.on(date!(2026 - 06 - 11));
    world.change(&id, "paid");
    assert_eq!(
        world.bill(&id),
        ["2026-06-11 recurring 2026-06-11..2026-06-30 1 × 30.00 = 20.00"]
    );
    world.on(date!(2026 - 06 - 21));
    world.change(&id, "free");
    world.on(date!(2026 - 08 - 16));
    assert_eq!(
        world.bill(&id)[1..],
        ["2026-06-21 credit 2026-06-21..2026-06-30 1 × -30.00 = -10.00"]
    );
    world.change(&id, "paid");
    world.change(&id, "free");
    world.change(&id, "paid");
    let charged: i64 = world.subscription(&id).charges[2..]
        .iter()
        .map(|charge| charge.amount.minor)
        .sum();
    // 16 of 31 days, however often the customer changed their mind on that day.
    assert_eq!(charged, 1548);
}

/// One-off prices belong to the beginning of a contract, not to a change of its plan.
#[test]
fn a_plan_change_charges_no_one_off_prices() {
    let with_setup = plan(
        "l",
        json!({ "prices": [price("base", "flat", "39.90"), price("setup", "one_off", "25.00")] }),
    );
    let mut world = world(vec![flat("s", "9.90"), with_setup], date!(2026 - 01 - 01));
    let upgraded = world.conclude("s");
    let concluded = world.conclude("l");
    world.change(&upgraded, "l");
    world.change(&concluded, "s");
    let one_off = |id: &str| world.bill(id).iter().filter(|line| line.contains(" one_off ")).count();
    assert_eq!((one_off(&upgraded), one_off(&concluded)), (0, 1));
    let setup: i64 = world
        .subscription(&concluded)
        .charges
        .iter()
        .map(|charge| charge.amount.minor)
        .sum();
    assert_eq!(setup, 2500 + 990, "the setup was done and is not credited");
}

#[test]
fn the_minimum_term_restarts_with_the_plan_but_not_with_the_quantity() {
    let mut differences = units("10.00");
    differences["terms"] = terms(Some("P12M"), Some("P12M"), "P3M", "term_end");
    let mut world = world(
        vec![
            plan("a", differences.clone()),
            plan("b", differences),
            per_unit("c", "10.00"),
        ],
        date!(2026 - 01 - 01),
    );
    let id = world.conclude("a");
    world.on(date!(2026 - 03 - 10));
    world.change_quantity(&id, 5);
    world.on(date!(2026 - 05 - 01));
    world.change_quantity(&id, 2);
    world.on(date!(2026 - 07 - 15));
    let mut cancelled = world.clone();
    assert_eq!(cancelled.cancel(&id).ends_on, date!(2026 - 12 - 31));
    world.change(&id, "b");
    assert_eq!(
        world.subscription(&id).term_started_on(world.today),
        date!(2026 - 07 - 15)
    );
    assert_eq!(world.cancel(&id).ends_on, date!(2027 - 07 - 14));
}

#[test]
fn a_fixed_term_begins_and_disappears_with_its_plan() {
    let fixed = |key: &str, term: &str| plan(key, json!({ "terms": terms(Some(term), None, "P0D", "term_end") }));
    let mut world = world(
        vec![flat("open", "30.00"), fixed("year", "P12M"), fixed("half", "P6M")],
        date!(2026 - 01 - 01),
    );
    let id = world.conclude("open");
    world.on(date!(2026 - 01 - 11));
    world.change(&id, "year");
    assert_eq!(world.subscription(&id).ends_on, Some(date!(2027 - 01 - 10)));
    // There and back on the same day is as if nothing had happened.
    world.on(date!(2026 - 02 - 20));
    world.change(&id, "half");
    assert_eq!(world.subscription(&id).ends_on, Some(date!(2026 - 08 - 19)));
    world.change(&id, "year");
    assert_eq!(world.subscription(&id).ends_on, Some(date!(2027 - 01 - 10)));
    assert_eq!(world.clone().cancel(&id).ends_on, date!(2027 - 01 - 10));
    world.change(&id, "open");
    assert_eq!(world.subscription(&id).ends_on, None);
}

#[test]
fn a_plan_change_keeps_to_what_is_offered() {
    let plans = vec![
        flat("a", "30.00"),
        plan("shops", json!({ "sold_to": ["business"] })),
        plan("old", json!({ "available": false })),
        flat("alone", "30.00"),
        per_unit("team", "10.00"),
    ];
    let mut world = world(plans, date!(2026 - 01 - 01)).consumer();
    world
        .catalogue
        .transitions
        .retain(|transition| transition.to != "alone");
    let id = world.conclude("a");
    for (key, quantity, code) in [
        ("shops", None, "not_for_customer_type"),
        ("old", None, "plan_not_available"),
        ("alone", None, "transition_not_allowed"),
        ("a", None, "nothing_to_change"),
        ("team", Some(0), "quantity_out_of_range"),
        ("team", Some(101), "quantity_out_of_range"),
    ] {
        let mut request = world.plan_request(&id, key);
        request.quantity = quantity;
        assert_eq!(world.try_change(&request).expect_err("a refusal").code, code, "{key}");
    }
    let mut request = world.plan_request(&id, "team");
    request.agreement.order_button_text = None;
    assert_eq!(
        world.try_change(&request).expect_err("a refusal").code,
        "order_button_required"
    );
}

#[test]
fn only_a_running_contract_that_is_not_cancelled_is_changed() {
    let mut world = world(vec![flat("s", "29.00"), flat("m", "59.00")], date!(2026 - 01 - 01));
    let order = Conclusion {
        starts_on: Some(date!(2026 - 01 - 10)),
        ..world.order("s")
    };
    let id = world.try_conclude(&order).expect("a contract");
    let refusal = |world: &mut World| {
        let request = world.plan_request(&id, "m");
        world.try_change(&request).expect_err("a refusal")
    };
    assert_eq!(refusal(&mut world).code, "subscription_not_active");
    world.on(date!(2026 - 01 - 10));
    let cancellation = world.cancel(&id);
    let refused = refusal(&mut world);
    assert_eq!(refused.code, "cancellation_in_effect");
    assert_eq!(refused.params["cancellation_id"], json!(cancellation.change_id));
    world.on(date!(2026 - 02 - 10));
    assert_eq!(refusal(&mut world).code, "subscription_ended");
}

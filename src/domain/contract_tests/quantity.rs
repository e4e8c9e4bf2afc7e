//! More or fewer units: paid is paid, more is charged for the rest of the period, fewer wait for its end.

use serde_json::json;
use time::{Date, macros::date};

use super::{
    fixture::World,
    plans::{flat, per_unit, plan, terms, units},
};
use crate::domain::{catalogue::TransitionTiming, change::ChangeStatus};

fn world(amount: &str, today: Date) -> World {
    World::selling(
        vec![per_unit("team", amount), flat("flat", "30.00")],
        TransitionTiming::PeriodEnd,
        today,
    )
}

#[test]
fn more_units_are_charged_for_the_rest_of_the_period() {
    let mut world = world("10.00", date!(2026 - 04 - 01));
    let id = world.conclude_with("team", 3);
    world.on(date!(2026 - 04 - 16)).take_events();
    let (_, effective_on) = world.change_quantity(&id, 5);
    assert_eq!(effective_on, date!(2026 - 04 - 16));
    assert_eq!(
        world.take_events(),
        ["plan_change.created", "plan_change.applied", "charge.created"]
    );
    world.on(date!(2026 - 05 - 01));
    assert_eq!(
        world.bill(&id)[1..],
        [
            "2026-04-16 proration 2026-04-16..2026-04-30 2 × 10.00 = 10.00",
            "2026-05-01 recurring 2026-05-01..2026-05-31 5 × 10.00 = 50.00",
        ]
    );
    assert_eq!(
        world.phases(&id),
        ["2026-04-01..2026-04-15 3 team", "2026-04-16.. 5 team"]
    );
}

#[test]
fn fewer_units_wait_for_the_end_of_the_charged_period() {
    let mut world = world("10.00", date!(2026 - 01 - 31));
    let id = world.conclude_with("team", 5);
    world.on(date!(2026 - 02 - 03));
    let (change_id, effective_on) = world.change_quantity(&id, 2);
    assert_eq!(effective_on, date!(2026 - 02 - 28));
    assert_eq!(world.bill(&id).len(), 1, "nothing is credited");
    assert_eq!(
        world
            .subscription(&id)
            .phase_on(date!(2026 - 02 - 27))
            .expect("a phase")
            .quantity,
        5
    );
    world.on(date!(2026 - 02 - 28));
    assert_eq!(world.change_of(&id, &change_id).status, ChangeStatus::Applied);
    assert_eq!(
        world.bill(&id)[1..],
        ["2026-02-28 recurring 2026-02-28..2026-03-30 2 × 10.00 = 20.00"]
    );
}

/// Lago: 10 → 5 costs and brings nothing, 10 → 5 → 15 costs five more, not ten.
#[test]
fn h14_paid_units_stay_paid() {
    let mut world = world("10.00", date!(2026 - 04 - 01));
    let id = world.conclude_with("team", 10);
    let (decrease, _) = world.change_quantity(&id, 5);
    assert_eq!(world.bill(&id).len(), 1);
    let mut increase = world.quantity_request(&id, Some(15));
    let refused = world.try_change(&increase).expect_err("a refusal");
    assert_eq!(
        (refused.code, &refused.params["plan_change_id"]),
        ("plan_change_pending", &json!(decrease))
    );
    assert!(refused.detail.en.starts_with("A quantity change is"), "{refused:?}");
    increase.supersedes = Some(decrease.clone());
    world.try_change(&increase).expect("a plan change");
    assert_eq!(
        world.bill(&id)[1..],
        ["2026-04-01 proration 2026-04-01..2026-04-30 5 × 10.00 = 50.00"]
    );
    assert_eq!(world.change_of(&id, &decrease).status, ChangeStatus::Superseded);
    world.on(date!(2026 - 05 - 01));
    assert_eq!(
        world.bill_since(&id, world.today),
        ["2026-05-01 recurring 2026-05-01..2026-05-31 15 × 10.00 = 150.00"]
    );
}

/// Kill Bill: 7 × 29.95 = 209.65; 10 from the first day of the next period are 299.50 and nothing else.
#[test]
fn h37_on_the_first_day_of_a_period_the_increase_is_charged_whole() {
    let mut world = world("29.95", date!(2025 - 11 - 27));
    let id = world.conclude_with("team", 7);
    world.on(date!(2025 - 12 - 27));
    world.change_quantity(&id, 10);
    let charges = world.subscription(&id).charges.iter();
    let amounts: Vec<i64> = charges.map(|charge| charge.amount.minor).collect();
    assert_eq!(amounts, [20_965, 20_965, 8_985]);
    assert_eq!(amounts[1] + amounts[2], 29_950);
}

#[test]
fn a_decrease_replaces_an_earlier_decrease() {
    let mut world = world("10.00", date!(2026 - 04 - 01));
    let id = world.conclude_with("team", 10);
    let (first, _) = world.change_quantity(&id, 5);
    let (second, effective_on) = world.change_quantity(&id, 7);
    assert_eq!(effective_on, date!(2026 - 05 - 01));
    let replaced = world.change_of(&id, &first);
    assert_eq!(
        (replaced.status, replaced.superseded_by_id.as_ref()),
        (ChangeStatus::Superseded, Some(&second))
    );
    world.on(date!(2026 - 05 - 01));
    assert_eq!(
        world.phases(&id),
        ["2026-04-01..2026-04-30 10 team", "2026-05-01.. 7 team"]
    );
    // But it does not replace a change of plan.
    let (to_flat, _) = world.change(&id, "flat");
    let request = world.quantity_request(&id, Some(3));
    let refused = world.try_change(&request).expect_err("a refusal");
    assert_eq!(
        (refused.code, &refused.params["plan_change_id"]),
        ("plan_change_pending", &json!(to_flat))
    );
}

/// OpenMeter, here with units: up, down and up again are segments of their own, never an overwrite.
#[test]
fn h42_each_quantity_has_its_own_phase() {
    let mut world = world("10.00", date!(2026 - 04 - 01));
    let id = world.conclude("team");
    world.on(date!(2026 - 04 - 11));
    world.change_quantity(&id, 3);
    world.change_quantity(&id, 1);
    world.on(date!(2026 - 05 - 11));
    world.change_quantity(&id, 3);
    assert_eq!(
        world.phases(&id),
        [
            "2026-04-01..2026-04-10 1 team",
            "2026-04-11..2026-04-30 3 team",
            "2026-05-01..2026-05-10 1 team",
            "2026-05-11.. 3 team",
        ]
    );
}

#[test]
fn impossible_quantities_are_refused() {
    let mut world = world("10.00", date!(2026 - 04 - 01));
    let id = world.conclude_with("team", 10);
    for (quantity, code) in [
        (None, "nothing_to_change"),
        (Some(10), "nothing_to_change"),
        (Some(0), "quantity_out_of_range"),
        (Some(101), "quantity_out_of_range"),
    ] {
        let request = world.quantity_request(&id, quantity);
        assert_eq!(world.try_change(&request).expect_err("a refusal").code, code);
    }
}

/// Decision 20: whoever changes the quantity, or names the plan they have, keeps the version they agreed to.
#[test]
fn a_change_of_quantity_keeps_the_agreed_version() {
    let mut world = world("10.00", date!(2026 - 04 - 01));
    let id = world.conclude_with("team", 2);
    let agreed = world.plan("team");
    let mut dearer = per_unit("team", "12.00");
    dearer.available = false;
    world.publish("team", dearer);
    world.on(date!(2026 - 04 - 16));
    world.change_quantity(&id, 4);
    let mut request = world.plan_request(&id, "team");
    request.quantity = Some(6);
    world.try_change(&request).expect("a plan change");
    world.on(date!(2026 - 05 - 01));
    assert_eq!(
        world.bill(&id)[1..],
        [
            "2026-04-16 proration 2026-04-16..2026-04-30 2 × 10.00 = 10.00",
            "2026-04-16 proration 2026-04-16..2026-04-30 2 × 10.00 = 10.00",
            "2026-05-01 recurring 2026-05-01..2026-05-31 6 × 10.00 = 60.00",
        ]
    );
    let phases = &world.subscription(&id).phases;
    assert!(phases.iter().all(|phase| phase.plan.id == agreed.id));
}

/// The last period of a term that ends by itself is charged up to its end: fewer units could only come when the contract
/// is over, and more units pay for no day beyond it, nor for the free extra day of § 188 BGB.
#[test]
fn in_the_last_period_of_a_fixed_term() {
    let mut differences = units("28.00");
    differences["terms"] = terms(Some("P1M"), None, "P0D", "term_end");
    let fixed = plan("fixed", differences);
    let mut world = World::selling(vec![fixed], TransitionTiming::Immediate, date!(2026 - 01 - 01));
    let id = world.conclude_with("fixed", 2);
    let request = world.quantity_request(&id, Some(1));
    let refused = world.try_change(&request).expect_err("a refusal");
    assert_eq!(refused.code, "nothing_to_change");
    assert!(refused.detail.en.contains("31 January 2026"), "{}", refused.detail.en);

    world.on(date!(2026 - 01 - 31));
    let id = world.conclude_with("fixed", 2);
    assert_eq!(world.subscription(&id).ends_on, Some(date!(2026 - 02 - 28)));
    world.on(date!(2026 - 02 - 14));
    world.change_quantity(&id, 3);
    world.on(date!(2026 - 02 - 28));
    world.change_quantity(&id, 4);
    world.on(date!(2026 - 04 - 01));
    assert_eq!(
        world.bill(&id),
        [
            "2026-01-31 recurring 2026-01-31..2026-02-27 2 × 28.00 = 56.00",
            "2026-02-14 proration 2026-02-14..2026-02-27 1 × 28.00 = 14.00",
        ]
    );
}

/// A year billed ahead for a term of six months is charged up to the end of the term, and so are more units.
#[test]
fn more_units_are_charged_up_to_a_known_end_only() {
    let mut differences = units("365.00");
    differences["billing_interval"] = json!("P12M");
    differences["terms"] = terms(Some("P6M"), None, "P0D", "term_end");
    let mut world = World::selling(
        vec![plan("fixed", differences)],
        TransitionTiming::Immediate,
        date!(2026 - 01 - 01),
    );
    let id = world.conclude("fixed");
    world.on(date!(2026 - 06 - 01));
    world.change_quantity(&id, 3);
    world.on(date!(2026 - 08 - 01));
    assert_eq!(
        world.bill(&id),
        [
            "2026-01-01 recurring 2026-01-01..2026-06-30 1 × 365.00 = 181.00",
            "2026-06-01 proration 2026-06-01..2026-06-30 2 × 365.00 = 60.00",
        ]
    );
}

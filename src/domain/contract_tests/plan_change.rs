//! Plan changes that wait: for the end of the billing period or of the notice period; and what stands in their way.

use serde_json::json;
use time::{Date, macros::date};

use super::{
    fixture::World,
    plans::{flat, per_unit, plan, price, terms},
};
use crate::domain::{
    calendar::previous_day,
    catalogue::{Plan, TransitionTiming},
    change::ChangeStatus,
};

fn waiting(plans: Vec<Plan>, today: Date) -> World {
    World::selling(plans, TransitionTiming::PeriodEnd, today)
}

/// Two plans with three months' notice to the end of a quarter.
fn quarterly() -> Vec<Plan> {
    let quarterly = |key: &str, amount: &str| {
        plan(
            key,
            json!({ "terms": terms(None, None, "P3M", "quarter_end"), "prices": [price("base", "flat", amount)] }),
        )
    };
    vec![
        quarterly("l", "60.00"),
        quarterly("s", "30.00"),
        per_unit("team", "10.00"),
    ]
}

/// Seed 001: from plus to basis, three months to the end of a quarter.
#[test]
fn seed_001_changes_with_the_end_of_the_notice_period() {
    for (received_on, latest_on, effective_on) in [
        (date!(2021 - 03 - 15), date!(2021 - 03 - 31), date!(2021 - 07 - 01)),
        (date!(2021 - 03 - 31), date!(2021 - 03 - 31), date!(2021 - 07 - 01)),
        (date!(2021 - 04 - 01), date!(2021 - 06 - 30), date!(2021 - 10 - 01)),
    ] {
        let mut world = World::demo("video_consultation", date!(2020 - 05 - 18));
        let id = world.conclude_with("plus", 3);
        world.on(received_on).take_events();
        let request = world.plan_request(&id, "basis");
        let outcome = world.try_change(&request).expect("a plan change");
        assert_eq!(
            (outcome.effective_on, outcome.latest_receipt_on),
            (effective_on, Some(latest_on))
        );
        let codes: Vec<&str> = outcome.consequences.iter().map(|each| each.code.as_str()).collect();
        assert_eq!(
            codes,
            [
                "features_until_end",
                "extra_users_deleted",
                "appointments_void",
                "quantity_reduced"
            ],
            "users over the limit are told and refuse nothing (H41)"
        );
        let eve = previous_day(effective_on);
        world.on(eve);
        assert_eq!(world.subscription(&id).phase_on(eve).expect("a phase").quantity, 3);
        assert_eq!(
            world
                .take_events()
                .iter()
                .filter(|event| **event != "charge.created")
                .count(),
            1
        );
        world.on(effective_on);
        assert_eq!(world.take_events(), ["plan_change.applied"]);
        let phase = world.subscription(&id).phase_on(effective_on).expect("a phase");
        assert_eq!((phase.plan.plan.key.as_str(), phase.quantity), ("basis", 1));
        // The last period was charged up to the eve only, and the free plan costs nothing.
        assert_eq!(world.subscription(&id).billed_through_on, Some(eve));
        world.on(date!(2022 - 06 - 01));
        assert_eq!(world.subscription(&id).billed_through_on, Some(eve));
        let last = world.bill(&id).pop().expect("a charge");
        assert!(last.contains(&format!("-18..{eve} 3 × 19.00")), "{last}");
    }
}

#[test]
fn in_the_middle_of_a_period_each_plan_pays_for_its_days() {
    let mut world = World::selling(quarterly(), TransitionTiming::NoticeEnd, date!(2026 - 01 - 16));
    let id = world.conclude("l");
    let (_, effective_on) = world.change(&id, "s");
    assert_eq!(effective_on, date!(2026 - 07 - 01));
    world.on(date!(2026 - 07 - 16));
    assert_eq!(
        world.bill_since(&id, date!(2026 - 06 - 01)),
        [
            "2026-06-16 recurring 2026-06-16..2026-06-30 1 × 60.00 = 30.00",
            "2026-07-01 recurring 2026-07-01..2026-07-15 1 × 30.00 = 15.00",
            "2026-07-16 recurring 2026-07-16..2026-08-15 1 × 30.00 = 30.00",
        ]
    );
}

/// Decision 9: what was charged beyond the day of the change is credited when it comes, and not before.
#[test]
fn what_was_charged_beyond_the_change_is_credited_on_its_day() {
    let yearly = |key: &str, amount: &str| {
        let terms = terms(None, None, "P3M", "quarter_end");
        plan(
            key,
            json!({ "billing_interval": "P12M", "terms": terms, "prices": [price("base", "flat", amount)] }),
        )
    };
    let plans = vec![yearly("l", "365.00"), yearly("s", "73.00"), flat("month", "31.00")];
    for (target, charge) in [
        ("s", "2026-07-01 proration 2026-07-01..2026-12-31 1 × 73.00 = 36.80"),
        ("month", "2026-07-01 proration 2026-07-01..2026-07-31 1 × 31.00 = 31.00"),
    ] {
        let mut world = World::selling(plans.clone(), TransitionTiming::NoticeEnd, date!(2026 - 01 - 01));
        let id = world.conclude("l");
        world.on(date!(2026 - 02 - 15));
        let (change_id, _) = world.change(&id, target);
        world.on(date!(2026 - 06 - 30));
        assert_eq!(world.bill(&id).len(), 1);
        let mut revoked = world.clone();
        revoked.revoke(&id, &change_id);
        revoked.on(date!(2027 - 01 - 01));
        assert_eq!(
            revoked.bill(&id)[1..],
            ["2027-01-01 recurring 2027-01-01..2027-12-31 1 × 365.00 = 365.00"]
        );
        world.on(date!(2026 - 07 - 01));
        assert_eq!(
            world.bill(&id)[1..],
            ["2026-07-01 credit 2026-07-01..2026-12-31 1 × -365.00 = -184.00", charge]
        );
    }
}

/// Lago: 129.00 a month to 1188 a year stays pending until the end of the period. The year is then charged in full.
#[test]
fn h38_a_downgrade_waits_for_the_end_of_the_period() {
    let year = plan(
        "year",
        json!({ "billing_interval": "P12M", "prices": [price("base", "flat", "1188.00")] }),
    );
    let mut world = waiting(vec![flat("month", "129.00"), year], date!(2023 - 10 - 19));
    let id = world.conclude("month");
    world.on(date!(2023 - 11 - 09));
    let (change_id, effective_on) = world.change(&id, "year");
    assert_eq!(effective_on, date!(2023 - 11 - 19));
    world.on(date!(2023 - 11 - 18));
    assert_eq!(world.change_of(&id, &change_id).status, ChangeStatus::Scheduled);
    world.on(date!(2024 - 11 - 19));
    assert_eq!(world.change_of(&id, &change_id).status, ChangeStatus::Applied);
    assert_eq!(
        world.bill(&id)[1..],
        [
            "2023-11-19 recurring 2023-11-19..2024-11-18 1 × 1188.00 = 1188.00",
            "2024-11-19 recurring 2024-11-19..2025-11-18 1 × 1188.00 = 1188.00",
        ]
    );
}

/// Decision 11 and Meteroid (H36): a second change is refused with the id of the first, unless it names it.
#[test]
fn h36_one_pending_change_at_a_time() {
    let mut world = waiting(
        vec![flat("a", "30.00"), flat("b", "20.00"), flat("c", "10.00")],
        date!(2026 - 01 - 01),
    );
    let id = world.conclude("a");
    let (first, _) = world.change(&id, "b");
    world.take_events();
    let mut second = world.plan_request(&id, "c");
    let refused = world.try_change(&second).expect_err("a refusal");
    assert_eq!(
        (refused.code, &refused.params["plan_change_id"]),
        ("plan_change_pending", &json!(first))
    );
    second.supersedes = Some("pch_of_someone_else".to_owned());
    let refused = world.try_change(&second).expect_err("a refusal");
    assert_eq!(
        (refused.code, refused.pointer.as_deref()),
        ("change_not_pending", Some("/supersedes"))
    );
    second.supersedes = Some(first.clone());
    let outcome = world.try_change(&second).expect("a plan change");
    assert_eq!(outcome.superseded_id.as_ref(), Some(&first));
    assert_eq!(world.take_events(), ["plan_change.superseded", "plan_change.created"]);
    let replaced = world.change_of(&id, &first);
    assert_eq!(replaced.status, ChangeStatus::Superseded);
    assert_eq!(replaced.superseded_by_id.as_ref(), Some(&second.change_id));
    // Naming it again is naming one that is not pending any more.
    let mut third = world.plan_request(&id, "b");
    third.supersedes = Some(first);
    assert_eq!(
        world.try_change(&third).expect_err("a refusal").code,
        "change_not_pending"
    );
    world.on(date!(2026 - 02 - 01));
    assert_eq!(world.phases(&id), ["2026-01-01..2026-01-31 1 a", "2026-02-01.. 1 c"]);
    assert_eq!(
        world.bill(&id)[1..],
        ["2026-02-01 recurring 2026-02-01..2026-02-28 1 × 10.00 = 10.00"]
    );
    // Nothing is pending now, so there is nothing to name.
    let mut late = world.plan_request(&id, "a");
    late.supersedes = Some(second.change_id);
    assert_eq!(
        world.try_change(&late).expect_err("a refusal").code,
        "change_not_pending"
    );
}

#[test]
fn an_upgrade_at_once_can_replace_a_pending_downgrade() {
    let mut world = waiting(
        vec![flat("s", "30.00"), flat("m", "60.00"), flat("l", "90.00")],
        date!(2026 - 04 - 01),
    );
    for transition in &mut world.catalogue.transitions {
        if transition.to == "l" {
            transition.timing = TransitionTiming::Immediate;
        }
    }
    let id = world.conclude("m");
    world.on(date!(2026 - 04 - 11));
    let (downgrade, _) = world.change(&id, "s");
    let mut upgrade = world.plan_request(&id, "l");
    assert_eq!(
        world.try_change(&upgrade).expect_err("a refusal").code,
        "plan_change_pending"
    );
    upgrade.supersedes = Some(downgrade.clone());
    world.try_change(&upgrade).expect("a plan change");
    world.on(date!(2026 - 05 - 01));
    assert_eq!(world.phases(&id), ["2026-04-01..2026-04-10 1 m", "2026-04-11.. 1 l"]);
    assert_eq!(
        world.bill(&id)[1..],
        [
            "2026-04-11 credit 2026-04-11..2026-04-30 1 × -60.00 = -40.00",
            "2026-04-11 proration 2026-04-11..2026-04-30 1 × 90.00 = 60.00",
            "2026-05-01 recurring 2026-05-01..2026-05-31 1 × 90.00 = 90.00",
        ]
    );
    assert_eq!(world.change_of(&id, &downgrade).status, ChangeStatus::Superseded);
}

/// The period was charged up to the day of the pending change only; when an upgrade replaces it, the rest follows.
#[test]
fn replacing_a_pending_change_after_its_clipped_period_was_charged() {
    let mut world = World::selling(quarterly(), TransitionTiming::NoticeEnd, date!(2026 - 01 - 16));
    for transition in &mut world.catalogue.transitions {
        if transition.to == "team" {
            transition.timing = TransitionTiming::Immediate;
        }
    }
    let id = world.conclude("l");
    let (pending, _) = world.change(&id, "s");
    world.on(date!(2026 - 06 - 21));
    let mut request = world.plan_request(&id, "team");
    request.supersedes = Some(pending);
    world.try_change(&request).expect("a plan change");
    world.on(date!(2026 - 07 - 16));
    assert_eq!(
        world.bill_since(&id, date!(2026 - 06 - 01)),
        [
            "2026-06-16 recurring 2026-06-16..2026-06-30 1 × 60.00 = 30.00",
            "2026-06-21 credit 2026-06-21..2026-06-30 1 × -60.00 = -20.00",
            "2026-06-21 proration 2026-06-21..2026-07-15 1 × 10.00 = 8.33",
            "2026-07-16 recurring 2026-07-16..2026-08-15 1 × 10.00 = 10.00",
        ]
    );
}

#[test]
fn a_lower_limit_clamps_the_quantity_and_says_so() {
    let small = plan(
        "small",
        json!({ "prices": [price("base", "per_unit", "5.00")], "quantity": { "unit": "user", "minimum": 2, "maximum": 5 } }),
    );
    let mut world = waiting(vec![per_unit("team", "10.00"), small], date!(2026 - 01 - 01));
    for (quantity, asked, expected, told) in [
        (10, None, 5, true),
        (5, None, 5, false),
        (1, None, 2, false),
        (10, Some(3), 3, true),
    ] {
        let mut world = world.clone();
        let id = world.conclude_with("team", quantity);
        let mut request = world.plan_request(&id, "small");
        request.quantity = asked;
        let outcome = world.try_change(&request).expect("a plan change");
        assert_eq!(
            outcome.consequences.iter().any(|each| each.code == "quantity_reduced"),
            told
        );
        world.on(date!(2026 - 02 - 01));
        assert_eq!(world.phases(&id)[1], format!("2026-02-01.. {expected} small"));
    }
    let id = world.conclude_with("team", 10);
    let mut request = world.plan_request(&id, "small");
    request.quantity = Some(6);
    assert_eq!(
        world.try_change(&request).expect_err("a refusal").code,
        "quantity_out_of_range"
    );
}

/// A term without renewal ends by itself. A plan change with the end of a period comes at the latest on the day after.
#[test]
fn a_waiting_change_never_lengthens_a_term_that_ends_by_itself() {
    let prepaid = plan(
        "half_year",
        json!({ "billing_interval": "P12M", "terms": terms(Some("P6M"), None, "P0D", "term_end") }),
    );
    for timing in [TransitionTiming::PeriodEnd, TransitionTiming::NoticeEnd] {
        let plans = vec![prepaid.clone(), flat("month", "31.00")];
        let mut world = World::selling(plans, timing, date!(2026 - 01 - 01));
        let id = world.conclude("half_year");
        assert_eq!(world.subscription(&id).ends_on, Some(date!(2026 - 06 - 30)));
        world.on(date!(2026 - 03 - 10));
        let (_, effective_on) = world.change(&id, "month");
        assert_eq!(effective_on, date!(2026 - 07 - 01), "{timing:?}");
        assert_eq!(world.subscription(&id).ends_on, None);
        world.on(date!(2026 - 08 - 01));
        assert_eq!(
            world.bill(&id)[1..],
            [
                "2026-07-01 recurring 2026-07-01..2026-07-31 1 × 31.00 = 31.00",
                "2026-08-01 recurring 2026-08-01..2026-08-31 1 × 31.00 = 31.00",
            ]
        );
    }
}

/// A pending change to a plan with a fixed term says when the contract will end; taken back, nothing of it stays.
#[test]
fn the_end_that_a_pending_change_brings_goes_with_it() {
    let fixed = plan("fixed", json!({ "terms": terms(Some("P1M"), None, "P0D", "term_end") }));
    let bound = plan("bound", json!({ "terms": terms(None, None, "P6M", "month_end") }));
    let mut world = waiting(vec![bound, fixed], date!(2026 - 01 - 01));
    let id = world.conclude("bound");
    let (change_id, _) = world.change(&id, "fixed");
    assert_eq!(world.subscription(&id).ends_on, Some(date!(2026 - 02 - 28)));
    let mut revoked = world.clone();
    revoked.revoke(&id, &change_id);
    assert_eq!(revoked.subscription(&id).ends_on, None);
    // A cancellation replaces the change, so the notice period of the running plan counts, not the end of the other.
    assert_eq!(world.cancel(&id).ends_on, date!(2026 - 07 - 31));
    assert_eq!(world.subscription(&id).ends_on, Some(date!(2026 - 07 - 31)));
}

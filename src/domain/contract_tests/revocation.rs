//! Taking plan changes and cancellations back before their day.

use serde_json::json;
use time::macros::date;

use super::{
    fixture::World,
    plans::{flat, plan, price, terms},
};
use crate::domain::{cancellation::CancellationRequest, catalogue::TransitionTiming, change::ChangeStatus};

/// Seed 001: possible until the date, and the notice clock starts anew.
#[test]
fn until_its_day_a_plan_change_can_be_taken_back() {
    let mut world = World::demo("video_consultation", date!(2021 - 01 - 01));
    let id = world.conclude_with("plus", 3);
    world.on(date!(2021 - 03 - 15));
    let (change_id, _) = world.change(&id, "basis");
    world.on(date!(2021 - 06 - 30)).take_events();
    let mut late = world.clone();
    world.revoke(&id, &change_id);
    assert_eq!(world.take_events(), ["plan_change.revoked"]);
    assert_eq!(world.change_of(&id, &change_id).settled_at, Some(world.now()));
    assert_eq!(world.phases(&id), ["2021-01-01.. 3 plus"]);
    let (_, effective_on) = world.change(&id, "basis");
    assert_eq!(effective_on, date!(2021 - 10 - 01), "the notice clock starts anew");
    late.on(date!(2021 - 07 - 01));
    let refused = late.try_revoke(&id, &change_id).expect_err("a refusal");
    assert_eq!(refused.code, "already_applied");
    assert!(!refused.detail.en.contains("-0"), "a date in words: {refused:?}");
    assert!(refused.detail.de.contains("01.07.2021"), "{}", refused.detail.de);
}

/// The period was charged up to the known end; when the contract goes on, the rest of it is charged, and the period costs
/// what it would have cost anyway.
#[test]
fn the_rest_of_a_clipped_period_is_charged_afterwards() {
    let quarterly = |key: &str| {
        plan(
            key,
            json!({ "terms": terms(None, None, "P3M", "quarter_end"), "prices": [price("base", "flat", "19.99")] }),
        )
    };
    let mut world = World::selling(
        vec![quarterly("a"), quarterly("b")],
        TransitionTiming::NoticeEnd,
        date!(2026 - 01 - 16),
    );
    for by_cancellation in [true, false] {
        let id = world.conclude("a");
        let mut world = world.clone();
        let change_id = if by_cancellation {
            world.cancel(&id).change_id
        } else {
            world.change(&id, "b").0
        };
        world.on(date!(2026 - 06 - 20));
        world.revoke(&id, &change_id);
        assert_eq!(
            world.bill_since(&id, world.today),
            [""; 0],
            "nothing is due before 1 July"
        );
        world.on(date!(2026 - 07 - 16));
        assert_eq!(
            world.bill_since(&id, date!(2026 - 06 - 01)),
            [
                // 15 of 30 days each are 9.995; the rest is the full price less the part (decision 7).
                "2026-06-16 recurring 2026-06-16..2026-06-30 1 × 19.99 = 10.00",
                "2026-07-01 recurring 2026-07-01..2026-07-15 1 × 19.99 = 9.99",
                "2026-07-16 recurring 2026-07-16..2026-08-15 1 × 19.99 = 19.99",
            ]
        );
    }
}

/// Clipped twice, at different ends, the parts still add up to the price of the period.
#[test]
fn parts_of_a_period_add_up_however_often_it_was_clipped() {
    let daily = plan(
        "daily",
        json!({ "terms": terms(None, None, "P0D", "any_day"), "prices": [price("base", "flat", "0.10")] }),
    );
    let mut world = World::selling(vec![daily], TransitionTiming::Immediate, date!(2026 - 04 - 01));
    let id = world.conclude("daily");
    for (declared_on, wish_on) in [
        (date!(2026 - 04 - 20), date!(2026 - 05 - 05)),
        (date!(2026 - 05 - 05), date!(2026 - 05 - 12)),
        (date!(2026 - 05 - 12), date!(2026 - 05 - 17)),
    ] {
        world.on(declared_on);
        let request = CancellationRequest {
            wish_on: Some(wish_on),
            ..world.cancellation(&[&id])
        };
        let outcome = world.try_cancel(&request).expect("a cancellation").remove(0);
        world.on(wish_on);
        world.revoke(&id, &outcome.change_id);
    }
    world.on(date!(2026 - 05 - 31));
    let may = world
        .subscription(&id)
        .charges
        .iter()
        .filter(|charge| charge.period_from >= date!(2026 - 05 - 01));
    assert_eq!(may.clone().count(), 4);
    assert_eq!(may.map(|charge| charge.amount.minor).sum::<i64>(), 10);
}

/// H39: cancel, revoke, cancel again; the second cancellation is one of its own.
#[test]
fn h39_cancel_revoke_cancel() {
    let mut world = World::demo("hosting", date!(2026 - 01 - 15));
    let id = world.conclude("hosting_s");
    let first = world.cancel(&id);
    world.on(date!(2026 - 02 - 10));
    world.revoke(&id, &first.change_id);
    let second = world.cancel(&id);
    assert_ne!(second.change_id, first.change_id);
    assert_eq!(
        (first.ends_on, second.ends_on),
        (date!(2026 - 02 - 28), date!(2026 - 03 - 31))
    );
    assert_eq!(world.change_of(&id, &first.change_id).status, ChangeStatus::Revoked);
    // Taking the first one back a second time does not touch the second.
    assert_eq!(
        world.try_revoke(&id, &first.change_id).expect_err("a refusal").code,
        "already_revoked"
    );
    assert_eq!(world.subscription(&id).ends_on, Some(date!(2026 - 03 - 31)));
}

/// Chargebee refuses this under a contract term; seed 001 wants it.
#[test]
fn h40_a_cancellation_is_taken_back_under_a_minimum_term() {
    let mut world = World::demo("hosting", date!(2026 - 01 - 15));
    let id = world.conclude("hosting_l");
    let outcome = world.cancel(&id);
    assert_eq!(outcome.ends_on, date!(2027 - 01 - 14));
    world.revoke(&id, &outcome.change_id);
    world.on(date!(2027 - 03 - 15));
    assert_eq!(world.subscription(&id).ends_on, None);
    assert_eq!(world.bill(&id).len(), 1 + 15);
}

#[test]
fn the_end_that_a_term_has_by_itself_comes_back() {
    let fixed = plan(
        "fixed",
        json!({ "terms": terms(Some("P12M"), None, "P1M", "term_end") }),
    );
    let mut world = World::selling(
        vec![fixed, flat("open", "30.00")],
        TransitionTiming::Immediate,
        date!(2026 - 01 - 15),
    );
    let id = world.conclude("fixed");
    let outcome = world.cancel(&id);
    assert_eq!(outcome.ends_on, date!(2027 - 01 - 14));
    world.revoke(&id, &outcome.change_id);
    let subscription = world.subscription(&id);
    assert_eq!(
        (subscription.ends_on, &subscription.ended_by_change_id),
        (Some(date!(2027 - 01 - 14)), &None)
    );
}

#[test]
fn before_the_start_too() {
    let mut world = World::demo("hosting", date!(2026 - 01 - 15));
    let order = crate::domain::conclusion::Conclusion {
        starts_on: Some(date!(2026 - 02 - 01)),
        ..world.order("hosting_s")
    };
    let id = world.try_conclude(&order).expect("a contract");
    let outcome = world.cancel(&id);
    world.on(date!(2026 - 01 - 31));
    world.revoke(&id, &outcome.change_id);
    world.on(date!(2026 - 02 - 01));
    assert_eq!(
        world.bill(&id),
        ["2026-02-01 recurring 2026-02-01..2026-02-28 1 × 9.90 = 9.90"]
    );
}

#[test]
fn what_is_settled_or_not_offered_is_not_taken_back() {
    let mut world = World::demo("hosting", date!(2026 - 01 - 15));
    let id = world.conclude("hosting_m");
    let (downgrade, _) = world.change(&id, "hosting_s");
    let cancellation = world.cancel(&id).change_id;
    for (change_id, code) in [(downgrade.as_str(), "change_superseded"), ("pch_unknown", "not_found")] {
        assert_eq!(world.try_revoke(&id, change_id).expect_err("a refusal").code, code);
    }
    world.catalogue.provider.revocation_offered = false;
    assert_eq!(
        world.try_revoke(&id, &cancellation).expect_err("a refusal").code,
        "revocation_not_offered"
    );
    world.by_staff = true;
    world.revoke(&id, &cancellation);
    let again = world.cancel(&id);
    world.on(date!(2026 - 03 - 01));
    assert_eq!(
        world.try_revoke(&id, &again.change_id).expect_err("a refusal").code,
        "already_applied"
    );
}

/// A decrease of the quantity is taken back like any other change.
#[test]
fn a_pending_decrease_is_taken_back() {
    let mut world = World::demo("video_consultation", date!(2026 - 04 - 01));
    let id = world.conclude_with("plus", 5);
    let (decrease, _) = world.change_quantity(&id, 2);
    world.on(date!(2026 - 04 - 30));
    world.revoke(&id, &decrease);
    world.on(date!(2026 - 05 - 01));
    assert_eq!(
        world.bill(&id)[1..],
        ["2026-05-01 recurring 2026-05-01..2026-05-31 5 × 19.00 = 95.00"]
    );
}

/// The rest of a clipped period may cost a cent less than its days; no more than that is credited (decision 8).
#[test]
fn a_credit_is_never_more_than_its_charge() {
    let daily = json!({ "terms": terms(None, None, "P0D", "any_day"), "prices": [price("base", "flat", "19.99")] });
    let mut world = World::selling(
        vec![plan("daily", daily), flat("free", "0.00")],
        TransitionTiming::Immediate,
        date!(2026 - 05 - 16),
    );
    let id = world.conclude("daily");
    let request = CancellationRequest {
        wish_on: Some(date!(2026 - 06 - 30)),
        ..world.cancellation(&[&id])
    };
    let outcome = world.try_cancel(&request).expect("a cancellation").remove(0);
    world.on(date!(2026 - 06 - 20));
    world.revoke(&id, &outcome.change_id);
    world.on(date!(2026 - 07 - 01));
    world.change(&id, "free");
    assert_eq!(
        world.bill_since(&id, world.today),
        [
            "2026-07-01 recurring 2026-07-01..2026-07-15 1 × 19.99 = 9.99",
            "2026-07-01 credit 2026-07-01..2026-07-15 1 × -19.99 = -9.99",
        ]
    );
}

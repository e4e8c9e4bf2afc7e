//! Extraordinary cancellations (§ 314 BGB, decision 12).

use serde_json::json;
use time::macros::date;

use super::{
    fixture::World,
    plans::{plan, price},
};
use crate::domain::{
    catalogue::TransitionTiming, change::Review, conclusion::Conclusion, subscription::SubscriptionStatus,
};

/// Decision 12: the ordinary end is scheduled at once; accepted, the contract ends with the day of receipt.
#[test]
fn a_good_cause_ends_the_contract_with_the_day_of_receipt_once_accepted() {
    let mut world = World::demo("hosting", date!(2026 - 01 - 01));
    let id = world.conclude("hosting_m_yearly");
    world.on(date!(2026 - 03 - 10));
    let request = world.good_cause(&id);
    let outcome = world.try_cancel(&request).expect("a cancellation").remove(0);
    assert_eq!(outcome.ends_on, date!(2026 - 12 - 31));
    assert!(world.try_cancel(&request).expect("a cancellation")[0].already_cancelled);
    assert!(
        world.cancel(&id).already_cancelled,
        "the ordinary end is scheduled already"
    );
    world.on(date!(2026 - 03 - 20)).take_events();
    let mut rejected = world.clone();
    world
        .try_review(&id, &outcome.change_id, Review::Accepted)
        .expect("a decision");
    assert_eq!(
        world.take_events(),
        [
            "cancellation.accepted",
            "cancellation.applied",
            "subscription.ended",
            "charge.created"
        ]
    );
    let subscription = world.subscription(&id);
    assert_eq!(
        (subscription.ends_on, subscription.status_on(world.today)),
        (Some(date!(2026 - 03 - 10)), SubscriptionStatus::Ended)
    );
    assert_eq!(
        world.bill(&id)[1..],
        // 296 of 365 days, credited on the day of the decision.
        ["2026-03-20 credit 2026-03-11..2026-12-31 1 × -199.00 = -161.38"]
    );
    let again = world
        .try_review(&id, &outcome.change_id, Review::Rejected)
        .expect_err("a refusal");
    assert_eq!(again.code, "extraordinary_already_decided");
    rejected
        .try_review(&id, &outcome.change_id, Review::Rejected)
        .expect("a decision");
    assert_eq!(rejected.take_events(), ["cancellation.rejected"]);
    assert_eq!(rejected.subscription(&id).ends_on, Some(date!(2026 - 12 - 31)));
    // Another cause is another declaration.
    let other = rejected.good_cause(&id);
    let other = rejected.try_cancel(&other).expect("a cancellation").remove(0);
    assert_eq!((other.already_cancelled, other.ends_on), (false, date!(2026 - 12 - 31)));
}

/// Kill Bill: 2399.95 a year from 18 August 2013, ended with 16 September: 335 of 365 days come back.
#[test]
fn h16_a_good_cause_on_the_day_it_is_declared() {
    let year = plan(
        "year",
        json!({ "billing_interval": "P12M", "prices": [price("base", "flat", "2399.95")] }),
    );
    let mut world = World::selling(vec![year], TransitionTiming::Immediate, date!(2013 - 08 - 18));
    let id = world.conclude("year");
    world.on(date!(2013 - 09 - 16));
    let request = world.good_cause(&id);
    let outcome = world.try_cancel(&request).expect("a cancellation").remove(0);
    world
        .try_review(&id, &outcome.change_id, Review::Accepted)
        .expect("a decision");
    assert_eq!(
        world.subscription(&id).status_on(world.today),
        SubscriptionStatus::Active,
        "to the end of the day"
    );
    world.on(date!(2013 - 09 - 17));
    assert_eq!(
        world.bill(&id)[1..],
        ["2013-09-17 credit 2013-09-17..2014-08-17 1 × -2399.95 = -2202.69"]
    );
}

#[test]
fn a_good_cause_replaces_an_ordinary_cancellation_without_losing_its_date() {
    let mut world = World::demo("video_consultation", date!(2026 - 01 - 01));
    let id = world.conclude("plus");
    world.on(date!(2026 - 03 - 31));
    let ordinary = world.cancel(&id);
    world.on(date!(2026 - 04 - 10));
    let request = world.good_cause(&id);
    let extraordinary = world.try_cancel(&request).expect("a cancellation").remove(0);
    // On its own it would end on 30 September.
    assert_eq!(
        (ordinary.ends_on, extraordinary.ends_on),
        (date!(2026 - 06 - 30), date!(2026 - 06 - 30))
    );
    world
        .try_review(&id, &extraordinary.change_id, Review::Rejected)
        .expect("a decision");
    world.on(date!(2026 - 07 - 01));
    assert_eq!(
        world.subscription(&id).status_on(world.today),
        SubscriptionStatus::Ended
    );
}

#[test]
fn a_good_cause_before_the_start_ends_the_contract_on_the_eve() {
    let mut world = World::demo("hosting", date!(2026 - 01 - 15));
    let order = Conclusion {
        starts_on: Some(date!(2026 - 02 - 01)),
        ..world.order("hosting_l")
    };
    let id = world.try_conclude(&order).expect("a contract");
    let request = world.good_cause(&id);
    let outcome = world.try_cancel(&request).expect("a cancellation").remove(0);
    world
        .try_review(&id, &outcome.change_id, Review::Accepted)
        .expect("a decision");
    assert_eq!(world.subscription(&id).ends_on, Some(date!(2026 - 01 - 31)));
    world.on(date!(2026 - 03 - 01));
    assert!(world.bill(&id).is_empty());
}

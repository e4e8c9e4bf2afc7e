//! Cancelling one contract: when it ends, what it costs until then, and what is declared twice.

use serde_json::json;
use time::{Date, Duration, macros::date};

use super::{
    fixture::World,
    plans::{flat, plan, terms},
};
use crate::domain::{
    cancellation::CancellationRequest,
    catalogue::TransitionTiming,
    change::{ChangeStatus, Review},
    conclusion::Conclusion,
    subscription::SubscriptionStatus,
};

/// Demo provider, plan, consumer, first day, receipt, end (rules 2.1 and 2.2).
type Case = (&'static str, &'static str, bool, Date, Date, Date);

#[test]
fn a_contract_ends_on_the_first_day_its_terms_allow() {
    let cases: [Case; 14] = [
        (
            "legal_texts",
            "single",
            false,
            date!(2025 - 07 - 03),
            date!(2026 - 01 - 31),
            date!(2026 - 02 - 28),
        ),
        (
            "legal_texts",
            "single",
            false,
            date!(2025 - 07 - 03),
            date!(2026 - 02 - 01),
            date!(2026 - 03 - 31),
        ),
        (
            "video_consultation",
            "plus",
            false,
            date!(2025 - 07 - 03),
            date!(2026 - 03 - 31),
            date!(2026 - 06 - 30),
        ),
        (
            "video_consultation",
            "plus",
            false,
            date!(2025 - 07 - 03),
            date!(2026 - 04 - 01),
            date!(2026 - 09 - 30),
        ),
        (
            "video_consultation",
            "plus",
            false,
            date!(2025 - 07 - 03),
            date!(2026 - 11 - 30),
            date!(2027 - 03 - 31),
        ),
        (
            "video_consultation",
            "basis",
            false,
            date!(2025 - 07 - 03),
            date!(2026 - 03 - 31),
            date!(2026 - 03 - 31),
        ),
        (
            "crm",
            "crm_monthly",
            true,
            date!(2026 - 03 - 18),
            date!(2026 - 04 - 17),
            date!(2026 - 04 - 17),
        ),
        (
            "crm",
            "crm_monthly",
            true,
            date!(2026 - 03 - 18),
            date!(2026 - 04 - 18),
            date!(2026 - 05 - 17),
        ),
        (
            "crm",
            "crm_yearly",
            true,
            date!(2025 - 05 - 01),
            date!(2026 - 03 - 31),
            date!(2026 - 04 - 30),
        ),
        (
            "crm",
            "crm_yearly",
            true,
            date!(2025 - 05 - 01),
            date!(2026 - 04 - 01),
            date!(2026 - 05 - 01),
        ),
        (
            "hosting",
            "hosting_l",
            false,
            date!(2024 - 02 - 29),
            date!(2024 - 11 - 30),
            date!(2025 - 02 - 28),
        ),
        (
            "hosting",
            "hosting_l",
            false,
            date!(2024 - 02 - 29),
            date!(2024 - 12 - 01),
            date!(2026 - 02 - 28),
        ),
        (
            "newsletter",
            "private_term",
            true,
            date!(2026 - 01 - 31),
            date!(2027 - 04 - 30),
            date!(2027 - 05 - 30),
        ),
        (
            "hosting",
            "crm_server",
            false,
            date!(2026 - 01 - 15),
            date!(2026 - 01 - 15),
            date!(2026 - 02 - 28),
        ),
    ];
    for (file, key, consumer, starts_on, received_on, ends_on) in cases {
        let mut world = World::demo(file, starts_on);
        if consumer {
            world = world.consumer();
        }
        world.catalogue.provider.keep_last_contract = false;
        let id = world.conclude(key);
        world.on(received_on).take_events();
        // A wish for the earliest day makes it a cancellation even where it could be a withdrawal.
        let request = CancellationRequest {
            wish_on: Some(received_on),
            ..world.cancellation(&[&id])
        };
        let outcome = world.try_cancel(&request).expect("a cancellation").remove(0);
        assert_eq!(outcome.ends_on, ends_on, "{key} received {received_on}");
        assert!(outcome.latest_receipt_on >= Some(received_on));
        assert!(!outcome.already_cancelled && !outcome.because.is_empty());
        assert_eq!(world.take_events(), ["cancellation.created"]);
        world.on(ends_on);
        assert_eq!(
            world.subscription(&id).status_on(ends_on),
            SubscriptionStatus::Active,
            "usable to its last day"
        );
        world.take_events();
        world.on(ends_on + Duration::days(1));
        let ended: Vec<&str> = world
            .take_events()
            .into_iter()
            .filter(|event| *event != "charge.created")
            .collect();
        assert_eq!(ended, ["cancellation.applied", "subscription.ended"], "{key}");
        world.on(ends_on + Duration::days(400));
        assert!(world.subscription(&id).billed_through_on <= Some(ends_on), "{key}");
    }
}

#[test]
fn before_its_start_a_contract_ends_on_the_eve_and_costs_nothing() {
    let mut world = World::demo("hosting", date!(2026 - 01 - 15));
    let order = Conclusion {
        starts_on: Some(date!(2026 - 02 - 01)),
        ..world.order("hosting_l")
    };
    let id = world.try_conclude(&order).expect("a contract");
    world.on(date!(2026 - 01 - 31)).take_events();
    let mut later = world.clone();
    assert_eq!(world.cancel(&id).ends_on, date!(2026 - 01 - 31));
    world.on(date!(2026 - 03 - 01));
    assert!(world.bill(&id).is_empty());
    assert_eq!(
        world.take_events(),
        ["cancellation.created", "cancellation.applied", "subscription.ended"]
    );
    assert_eq!(
        world.subscription(&id).status_on(world.today),
        SubscriptionStatus::Ended
    );
    // A letter that was there before the start counts, even if it is only recorded afterwards: all is credited, the
    // setup included.
    later.on(date!(2026 - 02 - 10));
    later.by_staff = true;
    let received_at = later.zone.start_of_day(date!(2026 - 01 - 20));
    let letter = CancellationRequest {
        received_at,
        ..later.cancellation(&[&id])
    };
    later.take_events();
    let outcome = later.try_cancel(&letter).expect("a cancellation").remove(0);
    assert_eq!(outcome.ends_on, date!(2026 - 01 - 31));
    let charges = &later.subscription(&id).charges;
    assert_eq!(
        charges.iter().map(|charge| charge.amount.minor).sum::<i64>(),
        0,
        "{:#?}",
        later.bill(&id)
    );
    assert!(
        charges[2..]
            .iter()
            .all(|credit| credit.charged_on == later.today && credit.created_at == later.now())
    );
    let settled_at = later.change_of(&id, &outcome.change_id).settled_at;
    assert_eq!(
        settled_at,
        Some(later.now()),
        "nothing takes effect before it is recorded"
    );
}

#[test]
fn a_wish_is_met_on_the_first_allowed_day_after_it() {
    for (wish_on, ends_on) in [
        (date!(2026 - 02 - 28), date!(2026 - 02 - 28)),
        (date!(2026 - 01 - 20), date!(2026 - 02 - 28)),
        (date!(2026 - 05 - 10), date!(2026 - 05 - 31)),
    ] {
        let mut world = World::demo("hosting", date!(2025 - 07 - 03));
        let id = world.conclude("hosting_s");
        world.on(date!(2026 - 01 - 15));
        let request = CancellationRequest {
            wish_on: Some(wish_on),
            ..world.cancellation(&[&id])
        };
        assert_eq!(world.try_cancel(&request).expect("a cancellation")[0].ends_on, ends_on);
    }
}

#[test]
fn repeating_a_cancellation_returns_the_one_that_stands() {
    let mut world = World::demo("hosting", date!(2025 - 07 - 03));
    let id = world.conclude("hosting_s");
    world.on(date!(2026 - 01 - 15));
    let wish = CancellationRequest {
        wish_on: Some(date!(2026 - 05 - 31)),
        ..world.cancellation(&[&id])
    };
    let first = world.try_cancel(&wish).expect("a cancellation").remove(0);
    world.take_events();
    let version = world.subscription(&id).clone();
    let again = world.try_cancel(&wish).expect("a cancellation").remove(0);
    assert!(again.already_cancelled);
    assert_eq!((&again.change_id, again.ends_on), (&first.change_id, first.ends_on));
    // A later wish does not lengthen a contract that was cancelled.
    let later = CancellationRequest {
        wish_on: Some(date!(2026 - 08 - 31)),
        ..world.cancellation(&[&id])
    };
    assert!(world.try_cancel(&later).expect("a cancellation")[0].already_cancelled);
    assert_eq!(world.subscription(&id), &version);
    assert!(world.take_events().is_empty());
    // An earlier end is a declaration of its own.
    let earlier = world.cancel(&id);
    assert_eq!(
        (earlier.already_cancelled, earlier.ends_on),
        (false, date!(2026 - 02 - 28))
    );
    assert_eq!(world.take_events(), ["cancellation.superseded", "cancellation.created"]);
    assert_eq!(world.change_of(&id, &first.change_id).status, ChangeStatus::Superseded);
    // Taken back, the contract goes on as before the first of them.
    world.revoke(&id, &earlier.change_id);
    assert_eq!(world.subscription(&id).ends_on, None);
}

/// The year is paid in advance; when notice after the minimum term ends it inside the year, the rest comes back at the end.
#[test]
fn a_consumer_gets_back_what_was_prepaid_beyond_the_end() {
    let mut world = World::demo("crm", date!(2025 - 05 - 01)).consumer();
    let id = world.conclude("crm_yearly");
    world.on(date!(2026 - 06 - 10));
    assert_eq!(world.cancel(&id).ends_on, date!(2026 - 07 - 10));
    world.on(date!(2026 - 07 - 10));
    assert_eq!(world.bill(&id).len(), 2, "the credit comes with the end, not before");
    world.on(date!(2026 - 07 - 11));
    assert_eq!(
        world.bill(&id)[2..],
        ["2026-07-11 credit 2026-07-11..2027-04-30 1 × -199.00 = -160.29"]
    );
    assert_eq!(world.subscription(&id).billed_through_on, Some(date!(2026 - 07 - 10)));
}

/// § 309 Nr. 9 BGB: no consumer waits longer than a month once no minimum term runs, whatever the terms say.
#[test]
fn a_consumer_never_waits_longer_than_a_month() {
    let strict = plan("strict", json!({ "terms": terms(None, None, "P3M", "year_end") }));
    for (consumer, ends_on) in [(true, date!(2026 - 04 - 15)), (false, date!(2026 - 12 - 31))] {
        let mut world = World::selling(vec![strict.clone()], TransitionTiming::Immediate, date!(2026 - 01 - 01));
        if consumer {
            world = world.consumer();
        }
        let id = world.conclude("strict");
        world.on(date!(2026 - 03 - 15));
        assert_eq!(world.cancel(&id).ends_on, ends_on);
    }
}

#[test]
fn a_cancellation_replaces_a_pending_plan_change_for_good() {
    let mut world = World::demo("video_consultation", date!(2021 - 01 - 01));
    let id = world.conclude_with("plus", 3);
    let (change_id, _) = world.change(&id, "basis");
    world.take_events();
    let outcome = world.cancel(&id);
    assert_eq!(outcome.superseded_id.as_ref(), Some(&change_id));
    assert_eq!(world.take_events(), ["plan_change.superseded", "cancellation.created"]);
    assert_eq!(world.phases(&id), ["2021-01-01.. 3 plus"]);
    world.revoke(&id, &outcome.change_id);
    assert_eq!(world.change_of(&id, &change_id).status, ChangeStatus::Superseded);
    world.on(date!(2022 - 01 - 01));
    assert_eq!(world.phases(&id), ["2021-01-01.. 3 plus"]);
    assert_eq!(world.bill(&id).len(), 13);
}

#[test]
fn what_cannot_be_cancelled() {
    let mut world = World::selling(
        vec![flat("a", "30.00")],
        TransitionTiming::Immediate,
        date!(2026 - 01 - 10),
    );
    let id = world.conclude("a");
    for reason in [None, Some("  ".to_owned())] {
        let request = CancellationRequest {
            reason,
            ..world.good_cause(&id)
        };
        let refused = world.try_cancel(&request).expect_err("a refusal");
        assert_eq!(
            (refused.code, refused.pointer.as_deref()),
            ("reason_required", Some("/reason"))
        );
    }
    for offset in [Duration::days(-1), Duration::milliseconds(1)] {
        let received_at = world.now() + offset;
        let request = CancellationRequest {
            received_at,
            ..world.cancellation(&[&id])
        };
        assert_eq!(
            world.try_cancel(&request).expect_err("a refusal").code,
            "instant_out_of_range"
        );
    }
    let unknown = world.cancellation(&["sub_unknown"]);
    assert_eq!(world.try_cancel(&unknown).expect_err("a refusal").code, "not_found");
    let outcome = world.cancel(&id);
    let review = world
        .try_review(&id, &outcome.change_id, Review::Accepted)
        .expect_err("a refusal");
    assert_eq!(
        review.code, "extraordinary_already_decided",
        "an ordinary one needs no decision"
    );
    world.on(date!(2026 - 02 - 10));
    let request = world.cancellation(&[&id]);
    assert_eq!(
        world.try_cancel(&request).expect_err("a refusal").code,
        "subscription_ended"
    );
}

/// Receipt counts, not the day on which staff enters the letter.
#[test]
fn a_letter_counts_from_its_receipt() {
    let mut world = World::demo("video_consultation", date!(2025 - 07 - 03));
    let id = world.conclude("plus");
    world.on(date!(2026 - 04 - 02));
    world.by_staff = true;
    let received_at = world.zone.start_of_day(date!(2026 - 04 - 01)) - Duration::seconds(1);
    let letter = CancellationRequest {
        received_at,
        ..world.cancellation(&[&id])
    };
    assert_eq!(
        world.try_cancel(&letter).expect("a cancellation")[0].ends_on,
        date!(2026 - 06 - 30)
    );
}

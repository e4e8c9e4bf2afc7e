//! Concluding contracts.

use serde_json::json;
use time::macros::date;

use super::{
    fixture::World,
    plans::{flat, per_unit, plan, price, terms, units},
};
use crate::domain::{
    catalogue::{DocumentKind, TransitionTiming},
    conclusion::Conclusion,
    consent::{Agreement, ConsentGiven, RequiredDocument},
    event_type::EventType,
    localized::Locale,
    subscription::SubscriptionStatus,
    violation::ViolationKind,
};

fn world() -> World {
    World::selling(
        vec![
            flat("basic", "30.00"),
            per_unit("team", "10.00"),
            plan(
                "server",
                json!({ "billing_alignment": "calendar", "prices": [price("base", "flat", "31.00")] }),
            ),
            plan(
                "setup",
                json!({ "prices": [price("setup", "one_off", "25.00"), price("base", "flat", "30.00")] }),
            ),
            plan("year", json!({ "terms": terms(Some("P12M"), None, "P0D", "term_end") })),
            plan("old", json!({ "available": false })),
            plan("shops", json!({ "sold_to": ["business"] })),
            flat("free", "0.00"),
        ],
        TransitionTiming::Immediate,
        date!(2026 - 01 - 15),
    )
}

#[test]
fn a_contract_from_today_begins_and_is_charged_at_once() {
    let mut world = world();
    let id = world.conclude_with("team", 3);
    assert_eq!(
        world.take_events(),
        ["subscription.created", "subscription.started", "charge.created"]
    );
    assert_eq!(
        world.bill(&id),
        ["2026-01-15 recurring 2026-01-15..2026-02-14 3 × 10.00 = 30.00"]
    );
    let subscription = world.subscription(&id);
    assert_eq!(subscription.status_on(world.today), SubscriptionStatus::Active);
    assert_eq!(subscription.billed_through_on, Some(date!(2026 - 02 - 14)));
    assert_eq!(subscription.ends_on, None);
    assert_eq!(subscription.concluded_at, world.now());
    let created_at: Vec<_> = subscription.charges.iter().map(|charge| charge.created_at).collect();
    assert_eq!(created_at, [world.now()]);
}

#[test]
fn a_contract_for_later_waits_and_is_charged_on_its_first_day() {
    let mut world = world();
    let order = Conclusion {
        starts_on: Some(date!(2026 - 02 - 28)),
        ..world.order("setup")
    };
    let id = world.try_conclude(&order).expect("a contract");
    assert_eq!(world.take_events(), ["subscription.created"]);
    assert_eq!(
        world.subscription(&id).status_on(world.today),
        SubscriptionStatus::Scheduled
    );
    world.on(date!(2026 - 02 - 27));
    assert!(world.bill(&id).is_empty() && world.take_events().is_empty());
    world.on(date!(2026 - 02 - 28));
    assert_eq!(
        world.subscription(&id).status_on(world.today),
        SubscriptionStatus::Active
    );
    assert_eq!(
        world.bill(&id),
        [
            "2026-02-28 one_off 2026-02-28..2026-02-28 1 × 25.00 = 25.00",
            "2026-02-28 recurring 2026-02-28..2026-03-27 1 × 30.00 = 30.00",
        ]
    );
    world.on(date!(2026 - 04 - 01));
    let one_off = world.bill(&id).iter().filter(|line| line.contains("one_off")).count();
    assert_eq!(one_off, 1, "one-off prices are charged once");
}

#[test]
fn the_first_day_is_today_to_two_years_ahead() {
    let mut world = world();
    for (starts_on, allowed) in [
        (date!(2026 - 01 - 14), false),
        (date!(2026 - 01 - 15), true),
        (date!(2028 - 01 - 15), true),
        (date!(2028 - 01 - 16), false),
    ] {
        let order = Conclusion {
            starts_on: Some(starts_on),
            ..world.order("basic")
        };
        match world.try_conclude(&order) {
            Ok(_) => assert!(allowed, "{starts_on}"),
            Err(refused) => {
                assert!(!allowed, "{starts_on}");
                assert_eq!(
                    (refused.code, refused.pointer.as_deref()),
                    ("date_out_of_range", Some("/starts_on"))
                );
            }
        }
    }
}

#[test]
fn calendar_billing_begins_with_a_stub_over_the_full_regular_period() {
    let mut world = world();
    let id = world.conclude("server");
    world.on(date!(2026 - 02 - 01));
    assert_eq!(
        world.bill(&id),
        [
            // 17 of 31 days, the first one counted.
            "2026-01-15 recurring 2026-01-15..2026-01-31 1 × 31.00 = 17.00",
            "2026-02-01 recurring 2026-02-01..2026-02-28 1 × 31.00 = 31.00",
        ]
    );
}

#[test]
fn a_term_without_renewal_ends_by_itself() {
    let mut world = world();
    let id = world.conclude("year");
    assert_eq!(world.subscription(&id).ends_on, Some(date!(2027 - 01 - 14)));
    world.on(date!(2027 - 01 - 14));
    assert_eq!(
        world.subscription(&id).status_on(world.today),
        SubscriptionStatus::Active
    );
    world.take_events();
    world.on(date!(2027 - 01 - 15));
    assert_eq!(world.take_events(), ["subscription.ended"]);
    assert_eq!(
        world.subscription(&id).status_on(world.today),
        SubscriptionStatus::Ended
    );
    world.on(date!(2027 - 06 - 15));
    assert_eq!(world.bill(&id).len(), 12);
    assert_eq!(world.subscription(&id).billed_through_on, Some(date!(2027 - 01 - 14)));
}

#[test]
fn a_free_plan_makes_no_charges() {
    let mut world = world();
    let id = world.conclude("free");
    world.on(date!(2030 - 01 - 01));
    assert!(world.bill(&id).is_empty());
    assert_eq!(world.subscription(&id).billed_through_on, None);
    assert_eq!(world.take_events(), ["subscription.created", "subscription.started"]);
}

#[test]
fn quantities_keep_to_the_limits_of_the_plan() {
    let mut world = world();
    world.catalogue.plans.push(plan("odd", units("1.00")));
    let order = world.order("team");
    for (quantity, allowed) in [(0, false), (1, true), (100, true), (101, false), (u32::MAX, false)] {
        let order = Conclusion {
            quantity: Some(quantity),
            ..order.clone()
        };
        let mut world = world.clone();
        match world.try_conclude(&order) {
            Ok(_) => assert!(allowed, "{quantity}"),
            Err(refused) => {
                assert!(!allowed, "{quantity}");
                assert_eq!(
                    (refused.code, refused.pointer.as_deref()),
                    ("quantity_out_of_range", Some("/quantity"))
                );
                assert_eq!(
                    (&refused.params["minimum"], &refused.params["maximum"]),
                    (&json!(1), &json!(100))
                );
            }
        }
    }
}

#[test]
fn only_what_is_sold_to_the_customer_can_be_ordered() {
    let mut consumer = world().consumer();
    for (key, code) in [("old", "plan_not_available"), ("shops", "not_for_customer_type")] {
        let order = consumer.order(key);
        let refused = consumer.try_conclude(&order).expect_err("a refusal");
        assert_eq!((refused.code, refused.kind), (code, ViolationKind::Invalid));
    }
    world().conclude("shops");
}

#[test]
fn consumers_must_press_the_prescribed_button_where_they_pay() {
    let mut world = world();
    for (consumer, key, text, accepted) in [
        (true, "basic", None, false),
        (true, "basic", Some("Wechseln"), false),
        (true, "basic", Some("zahlungspflichtig bestellen"), true),
        (true, "basic", Some("order with obligation to pay"), true),
        (true, "free", None, true),
        (false, "basic", None, true),
    ] {
        let mut order = world.order(key);
        order.agreement.order_button_text = text.map(str::to_owned);
        let mut world = if consumer {
            world.clone().consumer()
        } else {
            world.clone()
        };
        match world.try_conclude(&order) {
            Ok(_) => assert!(accepted, "{key} {text:?}"),
            Err(refused) => {
                assert!(!accepted, "{key} {text:?}");
                assert_eq!(refused.code, "order_button_required");
                assert_eq!(refused.params["order_button"]["de"], "zahlungspflichtig bestellen");
            }
        }
    }
}

fn document(key: &str, kind: DocumentKind) -> RequiredDocument {
    RequiredDocument {
        document_id: format!("doc_{key}"),
        key: key.to_owned(),
        kind,
        version: "2026-01".to_owned(),
        language: Locale::De,
        title: key.to_uppercase(),
        sha256: "0".repeat(64),
    }
}

fn consent(document: &str, version: &str, accepted: bool) -> ConsentGiven {
    ConsentGiven {
        document: document.to_owned(),
        version: version.to_owned(),
        accepted,
        wording: None,
    }
}

#[test]
fn documents_must_be_accepted_in_their_present_version() {
    let mut world = world();
    let given = |consents: Vec<ConsentGiven>| Agreement {
        required: vec![
            document("terms", DocumentKind::Terms),
            document("instruction", DocumentKind::WithdrawalInstruction),
        ],
        given: consents,
        ..Agreement::default()
    };
    let terms = || consent("terms", "2026-01", true);
    for (consents, refusal) in [
        (vec![], Some(("consent_required", "/consents", 2))),
        (vec![terms()], Some(("consent_required", "/consents", 1))),
        (
            vec![terms(), consent("instruction", "2026-01", false)],
            Some(("consent_required", "/consents", 1)),
        ),
        (
            vec![terms(), consent("instruction", "2025-07", true)],
            Some(("consent_outdated", "/consents/1/version", 0)),
        ),
        (vec![terms(), consent("doc_instruction", "2026-01", true)], None),
        // A consent nobody asked for does no harm.
        (
            vec![
                terms(),
                consent("doc_instruction", "2026-01", true),
                consent("privacy", "1", true),
            ],
            None,
        ),
    ] {
        let order = Conclusion {
            agreement: given(consents),
            ..world.order("basic")
        };
        match (world.try_conclude(&order), refusal) {
            (Ok(id), None) => {
                assert_eq!(world.subscription(&id).instructed_at, Some(world.now()));
                let event = world
                    .account
                    .events
                    .iter()
                    .find(|event| event.event_type == EventType::SubscriptionCreated);
                let evidence = &event.expect("an event").data["evidence"]["consents"];
                assert_eq!(evidence.as_array().map(Vec::len), Some(2));
                world.take_events();
            }
            (Err(refused), Some((code, pointer, missing))) => {
                assert_eq!((refused.code, refused.pointer.as_deref()), (code, Some(pointer)));
                assert_eq!(
                    refused
                        .params
                        .get("consents")
                        .map_or(0, |it| it.as_array().map_or(0, Vec::len)),
                    missing
                );
            }
            (result, expected) => panic!("{result:?} instead of {expected:?}"),
        }
    }
    // A preview shows what is to be agreed to before anyone agrees; an outdated version it refuses all the same.
    let preview = Agreement {
        is_preview: true,
        ..given(vec![])
    };
    preview.check_consents().expect("nothing to agree to yet");
    let outdated = Agreement {
        is_preview: true,
        ..given(vec![consent("terms", "2025-07", true)])
    };
    assert_eq!(
        outdated.check_consents().expect_err("a refusal").code,
        "consent_outdated"
    );
}

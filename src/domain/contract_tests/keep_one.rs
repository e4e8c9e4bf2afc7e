//! Several contracts at once, and "all but one" (decision 16, seed 000).

use serde_json::json;
use time::macros::date;

use super::{
    fixture::World,
    plans::{plan, terms},
};
use crate::domain::{
    cancellation::CancellationRequest, change::Review, conclusion::Conclusion, customer_type::CustomerType,
    violation::ViolationKind,
};

/// A business with three running contracts at the provider of legal texts.
fn world() -> (World, Vec<String>) {
    let mut world = World::demo("legal_texts", date!(2026 - 01 - 15));
    let ids = (0..3).map(|_| world.conclude("single")).collect();
    (world, ids)
}

fn names(ids: &[String]) -> Vec<&str> {
    ids.iter().map(String::as_str).collect()
}

#[test]
fn several_are_cancelled_together_each_within_its_own_notice() {
    let mut world = World::demo("hosting", date!(2026 - 01 - 15));
    let monthly = world.conclude("hosting_s");
    let yearly = world.conclude("hosting_l");
    let request = world.cancellation(&[&monthly, &yearly]);
    let outcomes = world.try_cancel(&request).expect("cancellations");
    let ends: Vec<_> = outcomes.iter().map(|outcome| outcome.ends_on).collect();
    assert_eq!(ends, [date!(2026 - 02 - 28), date!(2027 - 01 - 14)]);
    // All or none: one that has ended stands in the way of the other.
    world.on(date!(2026 - 03 - 01));
    let fresh = world.conclude("hosting_m");
    let request = world.cancellation(&[&fresh, &monthly]);
    assert_eq!(
        world.try_cancel(&request).expect_err("a refusal").code,
        "subscription_ended"
    );
    assert_eq!(world.subscription(&fresh).ends_on, None);
}

#[test]
fn a_business_keeps_one_contract() {
    let (mut world, ids) = world();
    let all = world.cancellation(&names(&ids));
    let refused = world.try_cancel(&all).expect_err("a refusal");
    assert_eq!((refused.code, refused.kind), ("last_contract", ViolationKind::Conflict));
    assert_eq!(
        refused.params["contact"]["email"],
        json!(world.catalogue.provider.contact.email)
    );
    let all_but_one = world.cancellation(&names(&ids[..2]));
    let outcomes = world.try_cancel(&all_but_one).expect("cancellations");
    assert!(outcomes.iter().all(|outcome| outcome.ends_on == date!(2026 - 02 - 28)));
    // The others still run, but they are going to end: the third is the last.
    let last = world.cancellation(&[&ids[2]]);
    assert_eq!(world.try_cancel(&last).expect_err("a refusal").code, "last_contract");
    // Repeating the declaration for those that are cancelled is no harm.
    assert!(
        world
            .try_cancel(&all_but_one)
            .expect("cancellations")
            .iter()
            .all(|outcome| outcome.already_cancelled)
    );
}

#[test]
fn a_contract_that_ends_by_itself_is_not_one_that_is_kept() {
    let (mut world, ids) = world();
    let fixed = plan(
        "fixed",
        json!({ "terms": terms(Some("P12M"), None, "P0D", "term_end") }),
    );
    let mut order = world.order("single");
    order.plan = std::sync::Arc::new(crate::domain::plan_version::PlanVersion {
        plan: fixed,
        ..(*order.plan).clone()
    });
    let fixed = world.try_conclude(&order).expect("a contract");
    let request = world.cancellation(&names(&ids));
    assert_eq!(world.try_cancel(&request).expect_err("a refusal").code, "last_contract");
    // And cancelling it takes nothing away.
    world.cancel(&fixed);
    // One that begins later is kept.
    let order = Conclusion {
        starts_on: Some(date!(2026 - 03 - 01)),
        ..world.order("premium")
    };
    world.try_conclude(&order).expect("a contract");
    world.try_cancel(&request).expect("cancellations");
}

#[test]
fn it_never_binds_consumers_good_causes_or_staff() {
    let (world, ids) = world();
    let mut staff = world.clone();
    staff.by_staff = true;
    let request = staff.cancellation(&names(&ids));
    staff.try_cancel(&request).expect("cancellations");

    let mut good_cause = world.clone();
    for id in &ids {
        let request = good_cause.good_cause(id);
        let outcome = good_cause.try_cancel(&request).expect("a cancellation").remove(0);
        good_cause
            .try_review(id, &outcome.change_id, Review::Rejected)
            .expect("a decision");
    }

    let mut consumer = world.clone();
    for subscription in &mut consumer.account.subscriptions {
        subscription.customer_type = CustomerType::Consumer;
    }
    let request = consumer.cancellation(&names(&ids));
    consumer.try_cancel(&request).expect("cancellations");

    let mut elsewhere = world;
    elsewhere.catalogue.provider.keep_last_contract = false;
    let request = elsewhere.cancellation(&names(&ids));
    elsewhere.try_cancel(&request).expect("cancellations");
}

/// Taking a cancellation back makes the contract one that is kept again.
#[test]
fn a_revocation_frees_the_last_contract() {
    let (mut world, ids) = world();
    let request = world.cancellation(&names(&ids[..2]));
    let outcomes = world.try_cancel(&request).expect("cancellations");
    world.revoke(&ids[0], &outcomes[0].change_id);
    let last = CancellationRequest {
        wish_on: Some(date!(2026 - 12 - 31)),
        ..world.cancellation(&[&ids[2]])
    };
    assert_eq!(
        world.try_cancel(&last).expect("a cancellation")[0].ends_on,
        date!(2026 - 12 - 31)
    );
}

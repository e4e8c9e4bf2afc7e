//! Hard cases of other systems about what hangs on a contract: add-ons that end and come back with it (H31, H32, H33), and
//! withdrawals (H34). Kill Bill names the first day after an end; here ends are last days.

use serde_json::json;
use time::{Date, macros::date};

use super::{
    fixture::World,
    plans::{flat, plan, price, terms},
};
use crate::domain::{
    add_on::{EndReason, end_reason},
    catalogue::{AddOn, Plan, TransitionTiming},
    change::ChangeStatus,
    subscription::SubscriptionStatus,
};

/// An add-on at 10.00 a month with these terms, at most two of it, for the plans named.
fn add_on(key: &str, own_terms: serde_json::Value, allowed_for: &[&str]) -> AddOn {
    let text = json!({ "de": key, "en": key });
    serde_json::from_value(json!({
        "key": key, "product": "hosting", "name": text, "description": text, "price_label": text,
        "sold_to": ["business"], "price_mode": "net", "tax_rate": "19", "charging": "recurring",
        "billing": "with_contract", "billing_interval": "P1M", "terms": own_terms,
        "prices": [price("unit", "per_unit", "10.00")], "quantity": { "unit": "unit", "minimum": 1, "maximum": 2 },
        "allowed_for": allowed_for, "order_button": { "de": "buchen", "en": "book" },
        "withdrawal": { "compensation": "none" },
    }))
    .expect("an add-on")
}

fn endless() -> serde_json::Value {
    terms(None, None, "P0D", "billing_period_end")
}

fn world(plans: Vec<Plan>, add_ons: Vec<AddOn>, timing: TransitionTiming, today: Date) -> World {
    let mut world = World::selling(plans, timing, today);
    world.catalogue.add_ons = add_ons;
    world
}

fn ends(world: &World, id: &str) -> (Option<Date>, Option<EndReason>) {
    let booking = world.subscription(id);
    (booking.ends_on, end_reason(&world.account, booking))
}

/// Kill Bill, testCancelUncancelBPWithAddon: the add-on follows its contract's cancellation and its revocation, twice.
#[test]
fn h31_a_cancelled_contract_takes_its_add_on_along_and_brings_it_back() {
    let sold = vec![add_on("users", endless(), &["base"])];
    let mut world = world(
        vec![flat("base", "30.00")],
        sold,
        TransitionTiming::Immediate,
        date!(2026 - 04 - 01),
    );
    let id = world.conclude("base");
    let users = world.book(&id, "users", 1);
    for _ in 0..2 {
        let cancelled = world.cancel(&id);
        assert_eq!(
            ends(&world, &users),
            (Some(date!(2026 - 04 - 30)), Some(EndReason::ContractEnds))
        );
        world.revoke(&id, &cancelled.change_id);
        assert_eq!(ends(&world, &users), (None, None));
    }
    world.cancel(&id);
    world.on(date!(2026 - 05 - 01));
    let status = |id: &str| world.subscription(id).status_on(world.today);
    assert_eq!(
        (status(&id), status(&users)),
        (SubscriptionStatus::Ended, SubscriptionStatus::Ended)
    );
    for (item, sentence) in [(&id, "The contract has ended."), (&users, "The add-on has ended.")] {
        let request = world.cancellation(&[item]);
        let refused = world.try_cancel(&request).expect_err("over");
        assert_eq!(
            (refused.code, refused.detail.en.as_str()),
            ("subscription_ended", sentence)
        );
    }
}

#[test]
fn a_limit_of_one_is_told_in_the_singular() {
    let mut single = add_on("users", endless(), &["base"]);
    single.quantity.maximum = Some(1);
    let plans = vec![flat("base", "30.00")];
    let mut world = world(plans, vec![single], TransitionTiming::Immediate, date!(2026 - 04 - 01));
    let id = world.conclude("base");
    world.book(&id, "users", 1);
    let refused = world.try_book(&id, "users", 1).expect_err("at most one");
    assert_eq!(refused.detail.en, "At most 1 of users is possible; 1 is booked.");
    assert_eq!(refused.detail.de, "Von users ist höchstens 1 möglich; 1 ist gebucht.");
}

/// Kill Bill: a fixed-term base ends on 04-01 (here: with 31 March); what is booked for six months or without end goes with it,
/// what is booked for two ends alone on 03-01 (28 February), and what was cancelled before stays cancelled.
#[test]
fn h32_no_add_on_outlasts_its_contract() {
    let base = plan("base", json!({ "terms": terms(Some("P3M"), None, "P0D", "term_end") }));
    let sold = vec![
        add_on("six_months", terms(Some("P6M"), None, "P0D", "term_end"), &["base"]),
        add_on("endless", endless(), &["base"]),
        add_on("two_months", terms(Some("P2M"), None, "P0D", "term_end"), &["base"]),
        add_on("cancelled", endless(), &["base"]),
    ];
    let mut world = world(vec![base], sold, TransitionTiming::Immediate, date!(2026 - 01 - 01));
    let id = world.conclude("base");
    let booked = ["six_months", "endless", "two_months", "cancelled"].map(|key| world.book(&id, key, 1));
    let [six, endless, two, cancelled] = &booked;
    world.on(date!(2026 - 01 - 10));
    world.cancel(cancelled);
    let with_contract = (Some(date!(2026 - 03 - 31)), Some(EndReason::ContractEnds));
    assert_eq!(ends(&world, six), with_contract);
    assert_eq!(ends(&world, endless), with_contract);
    assert_eq!(ends(&world, two), (Some(date!(2026 - 02 - 28)), Some(EndReason::Own)));
    let own = (Some(date!(2026 - 01 - 31)), Some(EndReason::Own));
    assert_eq!(ends(&world, cancelled), own);
    world.on(date!(2026 - 04 - 01));
    for id in &booked {
        assert_eq!(world.subscription(id).status_on(world.today), SubscriptionStatus::Ended);
    }
    assert_eq!(
        ends(&world, cancelled),
        own,
        "ended by its own cancellation, not by the contract"
    );
    let days = |id: &str| world.subscription(id).billed_through_on;
    assert_eq!(days(six), Some(date!(2026 - 03 - 31)));
    assert_eq!(days(two), Some(date!(2026 - 02 - 28)));
    assert_eq!(days(cancelled), Some(date!(2026 - 01 - 31)));
}

/// Kill Bill: a plan that contains the add-on ends it at once, with the reason; a pending change of plan on 09-06 lets a booking
/// go on where the new plan has it and ends it on the eve where not; a third one of at most two is refused.
#[test]
fn h33_plans_that_contain_or_do_not_allow_an_add_on_end_it_and_no_more_than_two_are_booked() {
    let plans = || {
        let containing = json!({ "included_add_ons": [{ "add_on": "users", "quantity": 1 }] });
        vec![
            flat("base", "30.00"),
            flat("same", "40.00"),
            flat("without", "20.00"),
            plan("containing", containing),
        ]
    };
    let sold = || vec![add_on("users", endless(), &["base", "same"])];
    let mut at_once = world(plans(), sold(), TransitionTiming::Immediate, date!(2026 - 08 - 06));
    let id = at_once.conclude("base");
    let (first, second) = (at_once.book(&id, "users", 1), at_once.book(&id, "users", 1));
    let third = at_once.try_book(&id, "users", 1).expect_err("at most two");
    assert_eq!(
        (third.code, &third.params["maximum"]),
        ("add_on_limit_reached", &json!(2))
    );
    assert_eq!(third.detail.en, "At most 2 of users are possible; 2 are booked.");
    at_once.on(date!(2026 - 08 - 20));
    at_once.change(&id, "containing");
    for booking in [&first, &second] {
        assert_eq!(
            ends(&at_once, booking),
            (Some(date!(2026 - 08 - 19)), Some(EndReason::IncludedInNewPlan))
        );
        assert_eq!(
            at_once.subscription(booking).status_on(at_once.today),
            SubscriptionStatus::Ended
        );
    }

    for (target, end) in [
        ("same", (None, None)),
        (
            "without",
            (Some(date!(2026 - 09 - 05)), Some(EndReason::NotAllowedForNewPlan)),
        ),
    ] {
        let mut later = world(plans(), sold(), TransitionTiming::PeriodEnd, date!(2026 - 08 - 06));
        let id = later.conclude("base");
        let users = later.book(&id, "users", 1);
        let (change, effective_on) = later.change(&id, target);
        assert_eq!(effective_on, date!(2026 - 09 - 06));
        assert_eq!(ends(&later, &users), end, "{target}");
        later.on(date!(2026 - 09 - 10));
        assert_eq!(later.change_of(&id, &change).status, ChangeStatus::Applied);
        let goes_on = later.subscription(&users).status_on(later.today) == SubscriptionStatus::Active;
        assert_eq!(goes_on, target == "same");
    }
}

/// Kill Bill: a year from 2015-09-01, cancelled on 09-06 as of the start of the term: access ends on 09-06, and nothing is billed
/// any more. Cancelled before it starts, it ends on the eve, 08-31.
#[test]
fn h34_access_ends_on_the_day_and_nothing_stays_billed() {
    let year = || {
        let mut year = plan(
            "year",
            json!({ "billing_interval": "P12M", "prices": [price("base", "flat", "365.00")] }),
        );
        year.withdrawal.granted_to_business = true;
        vec![year]
    };
    let mut world = World::selling(year(), TransitionTiming::Immediate, date!(2015 - 09 - 01));
    let id = world.conclude("year");
    assert_eq!(world.subscription(&id).billed_through_on, Some(date!(2016 - 08 - 31)));
    world.on(date!(2015 - 09 - 06));
    world.withdraw(&id);
    let contract = world.subscription(&id);
    assert_eq!(contract.status_on(world.today), SubscriptionStatus::Withdrawn);
    assert_eq!(
        (contract.withdrawn_on, contract.billed_through_on),
        (Some(date!(2015 - 09 - 06)), None)
    );
    assert_eq!(world.counting_bill(&id), [""; 0]);

    let mut world = World::selling(year(), TransitionTiming::Immediate, date!(2015 - 08 - 20));
    let order = crate::domain::conclusion::Conclusion {
        starts_on: Some(date!(2015 - 09 - 01)),
        ..world.order("year")
    };
    let id = world.try_conclude(&order).expect("a contract");
    assert_eq!(world.cancel(&id).ends_on, date!(2015 - 08 - 31));
    world.on(date!(2015 - 09 - 02));
    assert_eq!(world.bill(&id), [""; 0]);
}

/// A decrease that is still to come when the contract ends never comes; taken back in time, the cancellation leaves it pending.
#[test]
fn the_end_of_a_contract_overtakes_a_decrease_of_what_is_booked_on_it() {
    let sold = vec![add_on("users", endless(), &["base"])];
    let mut world = world(
        vec![flat("base", "30.00")],
        sold,
        TransitionTiming::Immediate,
        date!(2026 - 04 - 01),
    );
    let id = world.conclude("base");
    let users = world.book(&id, "users", 2);
    let (decrease, effective_on) = world.change_quantity(&users, 1);
    assert_eq!(effective_on, date!(2026 - 05 - 01));
    let cancelled = world.cancel(&id);
    world.revoke(&id, &cancelled.change_id);
    assert!(world.change_of(&users, &decrease).is_scheduled());
    world.cancel(&id);
    world.take_events();
    world.on(date!(2026 - 05 - 01));
    assert_eq!(world.change_of(&users, &decrease).status, ChangeStatus::Superseded);
    assert_eq!(world.phases(&users), ["2026-04-01.. 2 users"]);
    assert_eq!(
        world.take_events(),
        [
            "cancellation.applied",
            "subscription.ended",
            "add_on.quantity_change_superseded",
            "add_on.ended"
        ]
    );
}

/// The end that a cancellation of the contract brought stays when a decrease that was declared before it is replaced.
#[test]
fn a_replaced_decrease_never_lets_a_booking_outlast_its_contract() {
    let mut users = add_on("users", endless(), &["base"]);
    users.quantity.maximum = Some(3);
    let mut world = world(
        vec![flat("base", "30.00")],
        vec![users],
        TransitionTiming::Immediate,
        date!(2026 - 04 - 01),
    );
    let id = world.conclude("base");
    let users = world.book(&id, "users", 2);
    let (decrease, _) = world.change_quantity(&users, 1);
    world.cancel(&id);
    let mut increase = world.quantity_request(&users, Some(3));
    increase.supersedes = Some(decrease);
    world.try_change(&increase).expect("more users");
    assert_eq!(
        ends(&world, &users),
        (Some(date!(2026 - 04 - 30)), Some(EndReason::ContractEnds))
    );
}

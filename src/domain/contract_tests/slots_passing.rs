//! Slots that are free today and do not last: what is said about them is true, and why they are not given.

use serde_json::json;
use time::macros::date;

use super::{
    fixture::World,
    plans::{plan, price},
    slots::{slot_order, try_allocate},
};
use crate::domain::{
    catalogue::{Plan, TransitionTiming},
    slots::{SlotHome, book},
    violation::Violation,
};

/// Sells `bare` without slots, `single` with one and `package` with five; changes take effect with the period.
fn world() -> World {
    let carrying = |key: &str, slots: u32| -> Plan {
        let limits = json!([{ "key": "slots:presence", "maximum": slots }]);
        plan(
            key,
            json!({ "limits": limits, "prices": [price("base", "flat", "9.00")] }),
        )
    };
    let plans = vec![carrying("bare", 0), carrying("single", 1), carrying("package", 5)];
    let mut world = World::selling(plans, TransitionTiming::PeriodEnd, date!(2026 - 01 - 10));
    world.catalogue.slot_kinds = World::demo("legal_texts", world.today).catalogue.slot_kinds;
    world.by_staff = true;
    world
}

/// Orders a slot; where it goes, and the code and sentence that say why.
fn told(world: &mut World) -> (SlotHome, &'static str, String) {
    let order = slot_order(world, "A");
    let home = world.run(|account, circumstances| order.place(account, circumstances));
    let home = home.expect("a slot");
    let account = world.account.clone();
    let texts = world.run(|_, circumstances| order.texts(&home, &account, circumstances));
    let text = texts.expect("texts").remove(1);
    (home, text.code, text.text.en)
}

fn booked_nowhere(world: &mut World) -> Violation {
    let order = slot_order(world, "A");
    let booked = world.run(|account, circumstances| book(account, circumstances, &order.request, None));
    booked.expect_err("no lasting slot")
}

#[test]
fn without_any_free_slot_that_is_what_is_said() {
    let mut world = world();
    let (home, code, _) = told(&mut world);
    assert!(matches!(home, SlotHome::New(_)));
    assert_eq!(code, "no_free_slot");
    // A contract that is full, and about to end, has none either.
    world.cancel(home.subscription_id());
    assert_eq!(told(&mut world).1, "no_free_slot");
}

#[test]
fn a_package_that_ends_is_named_with_its_last_day() {
    let mut world = world();
    let package = world.conclude("package");
    let end = world.cancel(&package).ends_on;
    assert_eq!(end, date!(2026 - 02 - 09));
    assert_eq!(
        booked_nowhere(&mut world).detail.en,
        "package still has a free slot but ends on 9 February 2026."
    );
    let (home, code, sentence) = told(&mut world);
    assert!(matches!(home, SlotHome::New(_)));
    assert_eq!(code, "free_slot_ends");
    assert_eq!(
        sentence,
        "package still has a free slot but ends on 9 February 2026; therefore a contract single is concluded."
    );
    // By name it can be used until then.
    try_allocate(&mut world, "B", &package).expect("a slot");
}

#[test]
fn a_pending_change_is_the_reason_that_is_named() {
    let mut world = world();
    let package = world.conclude("package");
    let (change, on) = world.change(&package, "bare");
    assert_eq!(on, date!(2026 - 02 - 10));
    let refused = try_allocate(&mut world, "B", &package).expect_err("no room then");
    let member = |name: &str| refused.params[name].clone();
    assert_eq!(
        (
            refused.code,
            member("plan_change_id"),
            member("free_through_on"),
            member("capacity")
        ),
        ("slots_full", json!(change), json!("2026-02-09"), json!(0))
    );
    assert_eq!(
        refused.detail.en,
        "package has a free slot until 9 February 2026 only, and none after the pending change of 10 February 2026. As long as that is pending, the slot is not given."
    );
    assert!(refused.detail.de.contains("vorgemerkten Änderung zum 10.02.2026"));
    assert_eq!(booked_nowhere(&mut world).params["plan_change_id"], json!(change));
    let (home, code, sentence) = told(&mut world);
    assert!(matches!(home, SlotHome::New(_)));
    assert_eq!(
        (code, sentence.as_str()),
        (
            "free_slot_ends",
            "package has no free slot after the pending change of 10 February 2026; therefore a contract single is concluded."
        )
    );
    world.revoke(&package, &change);
    try_allocate(&mut world, "B", &package).expect("a slot");
    // Where the plan never had any, that is the reason.
    let bare = world.conclude("bare");
    let refused = try_allocate(&mut world, "C", &bare).expect_err("none");
    assert_eq!(refused.code, "slot_kind_not_offered");
}

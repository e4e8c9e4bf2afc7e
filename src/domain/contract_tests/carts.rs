//! Carts: all items or none, each building on those before, one button for all of them.

use time::macros::date;

use super::{fixture::World, plans::per_unit, slots::slot_order};
use crate::domain::{
    catalogue::TransitionTiming,
    order::{OrderItem, PlacedItem, cart_button, place},
    slots::SlotHome,
    violation::Violation,
};

fn ordered(world: &mut World, items: Vec<OrderItem>) -> Result<Vec<PlacedItem>, Violation> {
    world.run(|account, circumstances| place(account, circumstances, items))
}

#[test]
fn a_package_and_its_presences_fit_into_one_cart() {
    let mut world = World::demo("legal_texts", date!(2026 - 03 - 01));
    let package = world.order("premium");
    let id = package.subscription_id.clone();
    let mut items = vec![OrderItem::Contract(Box::new(package))];
    for name in ["A", "B", "C", "D", "E", "F"] {
        items.push(OrderItem::Slot(Box::new(slot_order(&mut world, name))));
    }
    let placed = ordered(&mut world, items).expect("an order");
    for item in &placed[1..6] {
        assert!(item.is_in_free_slot());
        assert_eq!(item.item_id(), id);
    }
    assert!(!placed[6].is_in_free_slot(), "the sixth finds no room");
    assert_eq!(world.account.contracts().count(), 2);
    assert_eq!(
        world.bill(placed[6].item_id()),
        ["2026-03-01 recurring 2026-03-01..2026-03-31 1 × 5.90 = 5.90"]
    );
}

#[test]
fn one_refusal_leaves_everything_as_it_was() {
    let mut world = World::demo("legal_texts", date!(2026 - 03 - 01));
    let mut homeless = slot_order(&mut world, "B");
    homeless.single = None;
    homeless.request.presence.kind = "shelf".to_owned();
    let items = vec![
        OrderItem::Slot(Box::new(slot_order(&mut world, "A"))),
        OrderItem::Slot(Box::new(homeless)),
    ];
    let refused = ordered(&mut world, items).expect_err("nowhere to go");
    assert_eq!(
        (refused.code, refused.pointer.as_deref()),
        ("slots_full", Some("/items/1"))
    );
    assert!(world.account.subscriptions.is_empty() && world.account.slots.is_empty());
}

/// § 312j Abs. 3 BGB: more units of a plan are an order with costs too, fewer are none; what goes into a free slot is none.
#[test]
fn whoever_pays_more_presses_the_button() {
    let mut world = World::selling(
        vec![per_unit("team", "10.00")],
        TransitionTiming::Immediate,
        date!(2026 - 04 - 01),
    )
    .consumer();
    let id = world.conclude_with("team", 3);
    for (quantity, required) in [(5, true), (2, false)] {
        let request = world.quantity_request(&id, Some(quantity));
        let placed = ordered(&mut world.clone(), vec![OrderItem::PlanChange(Box::new(request))]).expect("an order");
        let button = cart_button(world.account.customer_type, &placed);
        assert_eq!(button.is_some_and(|button| button.required), required, "{quantity}");
    }

    let mut world = World::demo("legal_texts", date!(2026 - 03 - 01));
    let package = world.conclude("premium");
    let free = OrderItem::Slot(Box::new(slot_order(&mut world, "A")));
    let placed = ordered(&mut world, vec![free]).expect("a free slot");
    assert!(cart_button(world.account.customer_type, &placed).is_none());
    assert!(placed[0].required().is_empty());
    let home = placed.into_iter().map(|item| item.outcome).next();
    assert!(
        matches!(home, Some(crate::domain::order::PlacedAs::Slot(SlotHome::Existing(id))) if id == package),
        "it costs nothing"
    );
}

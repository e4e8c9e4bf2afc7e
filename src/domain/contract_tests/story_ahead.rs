//! What a contract's timeline tells of the days to come.

use serde_json::json;
use time::macros::date;

use super::{
    fixture::World,
    plans::{plan, price, terms},
};
use crate::domain::{catalogue::TransitionTiming, timeline};

fn ahead(world: &World, id: &str) -> Vec<String> {
    timeline::scheduled(world.subscription(id), &[], world.today, &world.zone)
        .into_iter()
        .map(|entry| format!("{} {} {}", entry.on, entry.event_type, entry.text.de))
        .collect()
}

#[test]
fn the_next_charge_is_told_until_the_end_is_paid() {
    let prices = [
        price("base", "flat", "10.00"),
        price("unit", "per_unit", "2.50"),
        price("setup", "one_off", "25.00"),
    ];
    let differences = json!({
        "prices": prices,
        "quantity": { "unit": "user", "minimum": 1, "maximum": 5 },
        "terms": terms(None, None, "P1M", "billing_period_end"),
    });
    let monthly = plan("monthly", differences);
    let mut world = World::selling(vec![monthly], TransitionTiming::Immediate, date!(2026 - 01 - 15));
    let id = world.conclude_with("monthly", 2);
    let next = "2026-02-15 charge.created 15,00 EUR für 15.02.2026 bis 14.03.2026 werden berechnet.";
    assert_eq!(ahead(&world, &id), [next]);

    // Still to be charged before the end, and then no more.
    world.cancel(&id);
    let end = "2026-03-15 subscription.ended Der Vertrag endet mit Ablauf des 14.03.2026.";
    assert_eq!(ahead(&world, &id), [next, end]);
    world.on(date!(2026 - 02 - 15));
    assert_eq!(ahead(&world, &id), [end]);
}

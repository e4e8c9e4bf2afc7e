//! What falls due by itself: on time or late, once or twice, it comes to the same.

use proptest::prelude::*;
use serde_json::json;
use time::{Date, Duration, macros::date};

use super::{
    fixture::World,
    invariants,
    plans::{flat, per_unit, plan, terms},
};
use crate::domain::{
    calendar::next_day, cancellation::CancellationRequest, catalogue::TransitionTiming, charge::ChargeKind, due,
    event_type::EventType, period::BillingSchedule,
};

fn world(today: Date) -> World {
    World::selling(
        vec![
            flat("basic", "30.00"),
            per_unit("team", "10.00"),
            plan("month", json!({ "terms": terms(Some("P1M"), None, "P0D", "term_end") })),
            plan("year", json!({ "terms": terms(Some("P12M"), None, "P0D", "term_end") })),
            plan("quarters", json!({ "terms": terms(None, None, "P3M", "quarter_end") })),
        ],
        TransitionTiming::NoticeEnd,
        today,
    )
}

/// Two contracts with a pending plan change, a pending cancellation and a natural end before them.
fn busy_account() -> World {
    let mut world = world(date!(2026 - 01 - 31));
    let changing = world.conclude("quarters");
    world.conclude("year");
    world.on(date!(2026 - 02 - 10));
    let ending = world.conclude_with("team", 7);
    world.change(&changing, "team");
    world.on(date!(2026 - 02 - 20));
    world.cancel(&ending);
    world
}

#[test]
fn late_is_as_good_as_on_time() {
    let on_time = {
        let mut world = busy_account();
        while world.today < date!(2027 - 03 - 01) {
            world.on(next_day(world.today));
        }
        world.account
    };
    let mut late = busy_account();
    due::advance(&mut late.account, date!(2027 - 03 - 01), &late.zone).expect("an advance");
    assert_eq!(late.account, on_time);
    invariants::check(&late.account, date!(2027 - 03 - 01));
    let mut again = late.account.clone();
    due::advance(&mut again, date!(2027 - 03 - 01), &late.zone).expect("an advance");
    assert_eq!(again, late.account, "run twice it does nothing");
    let tomorrow = due::next_due_on(&again).expect("a day");
    assert!(tomorrow > date!(2027 - 03 - 01));
}

#[test]
fn events_come_in_the_order_of_their_days() {
    let mut world = busy_account();
    world.take_events();
    due::advance(&mut world.account, date!(2026 - 10 - 31), &world.zone).expect("an advance");
    let instants: Vec<_> = world.account.events.iter().map(|event| event.occurred_at).collect();
    assert!(instants.is_sorted(), "{instants:?}");
    let changed = world
        .account
        .events
        .iter()
        .position(|event| event.event_type == EventType::PlanChangeApplied);
    let changed = &world.account.events[changed.expect("the plan change")];
    assert_eq!(changed.occurred_at, world.zone.start_of_day(date!(2026 - 07 - 01)));
    assert!(!changed.by_caller, "time did it");
    world
        .account
        .events
        .retain(|event| event.event_type != EventType::ChargeCreated);
    assert_eq!(
        world.take_events(),
        ["cancellation.applied", "subscription.ended", "plan_change.applied"]
    );
}

/// Whoever puts a due change into effect, the charge it causes is not the doing of the one who came by.
#[test]
fn what_time_does_is_nobodys_doing() {
    let mut world = busy_account();
    world.take_events();
    due::advance(&mut world.account, date!(2026 - 10 - 31), &world.zone).expect("an advance");
    let blamed: Vec<_> = world.account.events.iter().filter(|event| event.by_caller).collect();
    assert!(blamed.is_empty(), "{blamed:#?}");
    // What a command brings about at once is the doing of its caller.
    let mut world = self::world(date!(2026 - 01 - 31));
    world.conclude("basic");
    assert!(
        world.account.events.iter().all(|event| event.by_caller),
        "{:#?}",
        world.account.events
    );
}

#[test]
fn a_known_end_clips_the_last_period() {
    let mut world = world(date!(2026 - 01 - 15));
    let id = world.conclude("quarters");
    assert_eq!(world.cancel(&id).ends_on, date!(2026 - 06 - 30));
    world.on(date!(2026 - 08 - 01));
    assert_eq!(
        world.bill_since(&id, date!(2026 - 06 - 01)),
        // 16 of 30 days.
        ["2026-06-15 recurring 2026-06-15..2026-06-30 1 × 30.00 = 16.00"]
    );
    assert_eq!(world.subscription(&id).billed_through_on, Some(date!(2026 - 06 - 30)));
}

/// Decision 3: a term from the 31st lasts a day longer than the clamped billing periods; the day costs nothing.
#[test]
fn the_extra_day_of_a_statutory_term_is_free() {
    let mut world = world(date!(2026 - 01 - 31));
    let id = world.conclude("month");
    assert_eq!(world.subscription(&id).ends_on, Some(date!(2026 - 02 - 28)));
    world.on(date!(2026 - 04 - 01));
    assert_eq!(
        world.bill(&id),
        ["2026-01-31 recurring 2026-01-31..2026-02-27 1 × 30.00 = 30.00"]
    );
    assert_eq!(world.subscription(&id).billed_through_on, Some(date!(2026 - 02 - 27)));
}

/// A cancellation to the extra day that is taken back on it leaves no day unpaid.
#[test]
fn the_extra_day_is_paid_for_when_the_contract_goes_on_after_all() {
    let daily = plan("daily", json!({ "terms": terms(None, None, "P0D", "any_day") }));
    let mut world = World::selling(vec![daily], TransitionTiming::Immediate, date!(2026 - 01 - 31));
    let id = world.conclude("daily");
    let request = CancellationRequest {
        wish_on: Some(date!(2026 - 02 - 28)),
        ..world.cancellation(&[&id])
    };
    let outcome = world.try_cancel(&request).expect("a cancellation").remove(0);
    assert_eq!(outcome.ends_on, date!(2026 - 02 - 28));
    world.on(date!(2026 - 02 - 28));
    assert_eq!(world.bill(&id).len(), 1, "the extra day costs nothing");
    world.revoke(&id, &outcome.change_id);
    assert_eq!(
        world.bill_since(&id, world.today),
        ["2026-02-28 recurring 2026-02-28..2026-03-30 1 × 30.00 = 30.00"]
    );
}

/// The same day is free whether the end was known when its period began or became known on it.
#[test]
fn the_extra_day_is_credited_when_it_was_charged() {
    let daily = plan("daily", json!({ "terms": terms(None, None, "P0D", "any_day") }));
    let mut world = World::selling(vec![daily], TransitionTiming::Immediate, date!(2026 - 01 - 31));
    let id = world.conclude("daily");
    world.on(date!(2026 - 02 - 28));
    assert_eq!(world.cancel(&id).ends_on, date!(2026 - 02 - 28));
    world.on(date!(2026 - 03 - 01));
    assert_eq!(
        world.bill(&id)[1..],
        [
            "2026-02-28 recurring 2026-02-28..2026-03-30 1 × 30.00 = 30.00",
            "2026-03-01 credit 2026-02-28..2026-03-30 1 × -30.00 = -30.00",
        ]
    );
    assert_eq!(world.subscription(&id).billed_through_on, Some(date!(2026 - 02 - 27)));
}

#[test]
fn equal_accounts_give_equal_ids() {
    let ids = |mut world: World| {
        world.on(date!(2026 - 12 - 31));
        let subscriptions = world.account.subscriptions.into_iter();
        subscriptions
            .flat_map(|each| each.charges)
            .map(|charge| charge.id)
            .collect::<Vec<_>>()
    };
    let first = ids(busy_account());
    assert_eq!(first, ids(busy_account()));
    assert!(first.len() > 20);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Fifty years of monthly bills from any anchor: every day charged once, each period its full price.
    #[test]
    fn months_are_billed_for_fifty_years_without_gap_or_overlap(
        offset in 0..1_500i64, months in prop::sample::select(vec![1u32, 3, 6, 12, 24]),
    ) {
        let starts_on = date!(2023 - 12 - 01) + Duration::days(offset);
        let mut world = World::selling(
            vec![plan("any", json!({ "billing_interval": format!("P{months}M") }))],
            TransitionTiming::Immediate,
            starts_on,
        );
        let id = world.conclude("any");
        let through = starts_on + Duration::days(50 * 366);
        due::advance(&mut world.account, through, &world.zone).expect("an advance");
        invariants::check(&world.account, through);
        let subscription = world.subscription(&id);
        let schedule = BillingSchedule {
            anchor_on: starts_on,
            interval: format!("P{months}M").parse().expect("an interval"),
        };
        for (index, charge) in (0u32..).zip(&subscription.charges) {
            let period = schedule.period(index).expect("a period");
            prop_assert_eq!((charge.period_from, charge.period_through), (period.from_on, period.through_on));
            prop_assert_eq!((charge.kind, charge.amount.minor), (ChargeKind::Recurring, 3_000));
            prop_assert_eq!(charge.charged_on, period.from_on);
        }
        prop_assert!(subscription.billed_through_on.expect("a day") >= through);
    }
}

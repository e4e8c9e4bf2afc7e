//! Hard cases of other systems around midnight: the legal day is the civil date in the provider's zone, whatever UTC says.

use time::{
    Date, OffsetDateTime,
    macros::{date, datetime},
};

use super::{
    fixture::World,
    plans::{flat, per_unit},
};
use crate::domain::{
    calendar::{add_days, next_day},
    catalogue::TransitionTiming,
    money::{Currency, UnitPrice},
    period::{BillingAlignment, BillingInterval, BillingSchedule, schedule_for},
    proration::prorate,
    subscription::SubscriptionStatus,
    time_zone::TimeZone,
};

fn zone(name: &str) -> TimeZone {
    TimeZone::parse(name).expect("a zone")
}

/// A contract about a monthly plan in a zone, concluded on `today`.
fn world(name: &str, today: Date) -> (World, String) {
    let mut world = World::selling(vec![flat("monthly", "29.95")], TransitionTiming::Immediate, today);
    world.zone = zone(name);
    let id = world.conclude("monthly");
    (world, id)
}

fn in_zone(world: &World, at: OffsetDateTime) -> Date {
    world.zone.local_date(at)
}

/// Kill Bill: concluded one minute after midnight in Los Angeles. They keep the summer offset of that day and end the contract
/// an hour early; with us the day ends at midnight of the zone: 08:00 UTC in winter, and there is still one bill.
#[test]
fn h5_a_contract_ends_at_midnight_of_its_zone() {
    let (mut world, id) = world("America/Los_Angeles", date!(2015 - 11 - 01));
    assert_eq!(
        in_zone(&world, datetime!(2015-11-01 07:01:01 UTC)),
        date!(2015 - 11 - 01)
    );
    let mut request = world.cancellation(&[&id]);
    request.wish_on = Some(date!(2015 - 11 - 30));
    let outcome = world.try_cancel(&request).expect("a cancellation").remove(0);
    let end = world.zone.end_of_day(outcome.ends_on);
    assert_eq!(in_zone(&world, end - time::Duration::seconds(1)), outcome.ends_on);
    assert_eq!(
        in_zone(&world, datetime!(2015-12-01 07:01:02 UTC)),
        date!(2015 - 11 - 30)
    );
    assert_eq!(
        world.zone.start_of_day(date!(2015 - 12 - 01)),
        datetime!(2015-12-01 08:00 UTC)
    );
    world.on(next_day(outcome.ends_on));
    assert_eq!(
        world.subscription(&id).status_on(world.today),
        SubscriptionStatus::Ended
    );
}

/// Kill Bill: 30 days from 1 March 23:30 in Los Angeles across the change of clocks end on the 31st, and so is billed.
#[test]
fn h6_thirty_days_across_the_change_of_clocks() {
    let los_angeles = zone("America/Los_Angeles");
    let concluded_on = los_angeles.local_date(datetime!(2017-03-02 07:30 UTC));
    assert_eq!(concluded_on, date!(2017 - 03 - 01));
    let (world, id) = world("America/Los_Angeles", add_days(concluded_on, 30));
    assert_eq!(
        world.bill(&id),
        ["2017-03-31 recurring 2017-03-31..2017-04-29 1 × 29.95 = 29.95"]
    );
}

/// Kill Bill: the hour in which the day would begin does not exist; periods go on without a gap.
#[test]
fn h7_a_day_whose_hour_does_not_exist() {
    let los_angeles = zone("America/Los_Angeles");
    assert_eq!(
        los_angeles.local_date(datetime!(2015-03-08 10:00 UTC)),
        date!(2015 - 03 - 08)
    );
    assert_eq!(
        los_angeles.start_of_day(date!(2015 - 03 - 08)),
        datetime!(2015-03-08 08:00 UTC)
    );
    assert_eq!(
        los_angeles.start_of_day(date!(2015 - 04 - 08)),
        datetime!(2015-04-08 07:00 UTC)
    );
    let (mut world, id) = world("America/Los_Angeles", date!(2015 - 03 - 08));
    world.on(date!(2015 - 05 - 08));
    let starts: Vec<String> = world.bill(&id).iter().map(|line| line[..10].to_owned()).collect();
    assert_eq!(starts, ["2015-03-08", "2015-04-08", "2015-05-08"]);
}

/// Lago: in Kolkata the first of the month begins at 18:30 UTC; billed once, then not again.
#[test]
fn h8_the_first_of_the_month_in_kolkata() {
    let (mut world, id) = world("Asia/Kolkata", date!(2023 - 02 - 01));
    for (at, bills) in [
        (datetime!(2023-02-28 18:00 UTC), 1),
        (datetime!(2023-02-28 19:00 UTC), 2),
        (datetime!(2023-03-01 18:00 UTC), 2),
    ] {
        let day = in_zone(&world, at);
        world.on(day);
        assert_eq!(world.bill(&id).len(), bills, "{at}");
    }
}

/// Lago: 1000.00 a month by the calendar, 5 and 6 September: two of thirty days. They round to whole units, we to cents.
#[test]
fn h9_two_inclusive_days_of_thirty() {
    let paris = zone("Europe/Paris");
    let (from, through) = (
        paris.local_date(datetime!(2023-09-05 00:00 UTC)),
        paris.local_date(datetime!(2023-09-06 00:00 UTC)),
    );
    let month = BillingInterval::new(1).expect("a month");
    let schedule: BillingSchedule = schedule_for(from, month, BillingAlignment::Calendar);
    let period = schedule.period_containing(from).expect("a period");
    let price = UnitPrice::parse("1000.00", Currency::EUR).expect("a price");
    let part = prorate(price, 1, (period.from_on, period.through_on), (from, through)).expect("a part");
    assert_eq!(
        (part.used_days, part.period_days, part.amount.amount().as_str()),
        (2, 30, "66.67")
    );
}

/// Seed 001: three months to the quarter's end; one day decides about a quarter.
#[test]
fn h29_one_day_decides_about_a_quarter() {
    for (received_on, effective_on) in [
        (date!(2021 - 03 - 31), date!(2021 - 07 - 01)),
        (date!(2021 - 04 - 01), date!(2021 - 10 - 01)),
    ] {
        let mut world = World::demo("video_consultation", date!(2021 - 01 - 15));
        let id = world.conclude_with("plus", 3);
        world.on(received_on);
        assert_eq!(world.change(&id, "basis").1, effective_on);
    }
}

/// Polar refuses to reduce ten seats to five while eight are in use. Users are the provider's own entities (design decision
/// 13): the change is scheduled, and the provider hears of it by event.
#[test]
fn h41_fewer_units_than_in_use_are_scheduled() {
    let today = date!(2026 - 03 - 10);
    let mut plan = per_unit("team", "10.00");
    plan.limits = serde_json::from_value(serde_json::json!([{ "key": "users", "maximum": null }])).expect("limits");
    let mut world = World::selling(vec![plan], TransitionTiming::Immediate, today);
    let id = world.conclude_with("team", 10);
    let (change, effective_on) = world.change_quantity(&id, 5);
    assert_eq!(effective_on, date!(2026 - 04 - 10));
    let events = world.take_events();
    assert!(
        events.iter().any(|event| event.contains("plan_change.created")),
        "{events:?}"
    );
    assert!(
        world
            .change_of(&id, &change)
            .plan_change()
            .is_some_and(|details| details.to_quantity == 5)
    );
}

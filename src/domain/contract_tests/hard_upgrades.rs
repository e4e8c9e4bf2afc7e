//! Plan changes at once that other systems got wrong, under their ids.

use serde_json::json;
use time::{Date, macros::date};

use super::{
    fixture::World,
    plans::{flat, plan, price},
};
use crate::domain::catalogue::{Plan, TransitionTiming};

fn world(plans: Vec<Plan>, today: Date) -> World {
    World::selling(plans, TransitionTiming::Immediate, today)
}

/// Meteroid: January, change on the 16th (16/31): a platform fee and five seats; every line is rounded by itself.
#[test]
fn h17_each_line_is_rounded_once() {
    let with_seats = |key: &str, platform: &str, seat: &str| {
        let differences = json!({
            "prices": [price("platform", "flat", platform), price("seat", "per_unit", seat)],
            "quantity": { "unit": "seat", "minimum": 1, "maximum": null },
        });
        plan(key, differences)
    };
    let plans = || {
        vec![
            with_seats("small", "29.00", "10.00"),
            with_seats("large", "99.00", "25.00"),
        ]
    };
    for (quantity, from, to, expected) in [
        (1, "small", "large", vec![-1497, -516, 5110, 1290]),
        (1, "large", "small", vec![-5110, -1290, 1497, 516]),
        (5, "small", "large", vec![-1497, -2581, 5110, 6452]),
    ] {
        let mut world = world(plans(), date!(2026 - 01 - 01));
        let id = world.conclude_with(from, quantity);
        world.on(date!(2026 - 01 - 16));
        world.change(&id, to);
        let charges = world.subscription(&id).charges.iter();
        let today: Vec<i64> = charges
            .filter(|charge| charge.charged_on == world.today)
            .map(|charge| charge.amount.minor)
            .collect();
        assert_eq!(today, expected, "{quantity} × {from} → {to}");
        if quantity == 5 {
            assert_eq!(today.iter().sum::<i64>(), 7484);
        }
    }
    // From a rate of 35.00 to the platform with five seats: +22.72.
    let mut world = world(
        vec![flat("rate", "35.00"), with_seats("small", "29.00", "10.00")],
        date!(2026 - 01 - 01),
    );
    let id = world.conclude("rate");
    world.on(date!(2026 - 01 - 16));
    let mut request = world.plan_request(&id, "small");
    request.quantity = Some(5);
    world.try_change(&request).expect("a plan change");
    let amounts: Vec<i64> = world.subscription(&id).charges[1..]
        .iter()
        .map(|charge| charge.amount.minor)
        .collect();
    assert_eq!(amounts, [-1806, 1497, 2581]);
}

/// On the first day of a new period nothing of the old one is left; the day itself belongs to the new plan.
#[test]
fn h17_on_the_border_of_two_periods_the_new_one_is_exchanged_whole() {
    let mut world = world(vec![flat("s", "29.00"), flat("m", "59.00")], date!(2026 - 01 - 01));
    let id = world.conclude("s");
    world.on(date!(2026 - 02 - 01));
    world.change(&id, "m");
    assert_eq!(
        world.bill_since(&id, world.today),
        [
            "2026-02-01 recurring 2026-02-01..2026-02-28 1 × 29.00 = 29.00",
            "2026-02-01 credit 2026-02-01..2026-02-28 1 × -29.00 = -29.00",
            "2026-02-01 proration 2026-02-01..2026-02-28 1 × 59.00 = 59.00",
        ]
    );
}

/// Lago: 1000 a month to 12000 a year on the last day of the period. The anchor moves to the change day and the new
/// price is charged in full (decision 4), where Lago charges 275/366 of it.
#[test]
fn h12_another_interval_moves_the_anchor() {
    let mut world = world(
        vec![
            flat("month", "1000.00"),
            plan(
                "year",
                json!({ "billing_interval": "P12M", "prices": [price("base", "flat", "12000.00")] }),
            ),
        ],
        date!(2023 - 08 - 29),
    );
    let id = world.conclude("month");
    world.on(date!(2023 - 09 - 28));
    world.change(&id, "year");
    assert_eq!(
        world.bill_since(&id, world.today),
        [
            "2023-09-28 credit 2023-09-28..2023-09-28 1 × -1000.00 = -32.26",
            "2023-09-28 proration 2023-09-28..2024-09-27 1 × 12000.00 = 12000.00",
        ]
    );
    world.on(date!(2024 - 09 - 28));
    assert_eq!(
        world.bill_since(&id, world.today),
        ["2024-09-28 recurring 2024-09-28..2025-09-27 1 × 12000.00 = 12000.00"]
    );
}

/// Kill Bill: 2399.95 a year from 18 August 2013, to 249.95 a month: on the first day (credit in full) and after a month.
#[test]
fn h16_from_a_prepaid_year_to_months() {
    let plans = || {
        vec![
            plan(
                "year",
                json!({ "billing_interval": "P12M", "prices": [price("base", "flat", "2399.95")] }),
            ),
            flat("month", "249.95"),
        ]
    };
    for (changed_on, credit, charge) in [
        (
            date!(2013 - 08 - 18),
            "2013-08-18 credit 2013-08-18..2014-08-17 1 × -2399.95 = -2399.95",
            "2013-08-18 proration 2013-08-18..2013-09-17 1 × 249.95 = 249.95",
        ),
        (
            date!(2013 - 09 - 17),
            "2013-09-17 credit 2013-09-17..2014-08-17 1 × -2399.95 = -2202.69",
            "2013-09-17 proration 2013-09-17..2013-10-16 1 × 249.95 = 249.95",
        ),
    ] {
        let mut world = world(plans(), date!(2013 - 08 - 18));
        let id = world.conclude("year");
        world.on(changed_on);
        world.change(&id, "month");
        assert_eq!(world.bill(&id)[1..], [credit, charge]);
    }
}

/// Polar: 5 to 20 after one of thirty days, 100 to 300 in the leap February, 1000 to 3000 a year. Whole days, so our
/// numbers are those of the change day, which belongs to the new plan.
#[test]
fn h18_upgrades_by_day() {
    let yearly = |key: &str, amount: &str| {
        plan(
            key,
            json!({ "billing_interval": "P12M", "prices": [price("base", "flat", amount)] }),
        )
    };
    for (old, new, starts_on, changed_on, expected) in [
        (
            flat("a", "5.00"),
            flat("b", "20.00"),
            date!(2026 - 06 - 01),
            date!(2026 - 06 - 02),
            [-483, 1933],
        ),
        (
            flat("a", "100.00"),
            flat("b", "300.00"),
            date!(2024 - 02 - 18),
            date!(2024 - 02 - 25),
            [-7586, 22759],
        ),
        (
            yearly("a", "1000.00"),
            yearly("b", "3000.00"),
            date!(2024 - 08 - 01),
            date!(2024 - 10 - 01),
            [-83288, 249863],
        ),
    ] {
        let mut world = world(vec![old, new], starts_on);
        let id = world.conclude("a");
        world.on(changed_on);
        world.change(&id, "b");
        let amounts: Vec<i64> = world.subscription(&id).charges[1..]
            .iter()
            .map(|charge| charge.amount.minor)
            .collect();
        assert_eq!(amounts, expected);
    }
}

/// Lago: calendar billing, 1000 from 5 March, 1500 on the 12th and on the same day 1900: the credit of the second change
/// comes from what the first one charged.
#[test]
fn h11_a_second_upgrade_on_the_same_day() {
    let calendar = |key: &str, amount: &str| {
        plan(
            key,
            json!({ "billing_alignment": "calendar", "prices": [price("base", "flat", amount)] }),
        )
    };
    let plans = vec![
        calendar("a", "1000.00"),
        calendar("b", "1500.00"),
        calendar("c", "1900.00"),
    ];
    let mut world = world(plans, date!(2024 - 03 - 05));
    let id = world.conclude("a");
    world.on(date!(2024 - 03 - 12));
    world.change(&id, "b");
    world.change(&id, "c");
    assert_eq!(
        world.bill(&id),
        [
            "2024-03-05 recurring 2024-03-05..2024-03-31 1 × 1000.00 = 870.97",
            "2024-03-12 credit 2024-03-12..2024-03-31 1 × -1000.00 = -645.16",
            "2024-03-12 proration 2024-03-12..2024-03-31 1 × 1500.00 = 967.74",
            "2024-03-12 credit 2024-03-12..2024-03-31 1 × -1500.00 = -967.74",
            "2024-03-12 proration 2024-03-12..2024-03-31 1 × 1900.00 = 1225.81",
        ]
    );
    assert_eq!(world.phases(&id), ["2024-03-05..2024-03-11 1 a", "2024-03-12.. 1 c"]);
}

/// Gumroad: 499, then 998, then 1497 within one period. The last credit is the full price of 998 × rest, not a part of
/// the prorated amount paid for it.
#[test]
fn h20_credit_comes_from_the_full_price() {
    let plans = vec![flat("a", "499.00"), flat("b", "998.00"), flat("c", "1497.00")];
    let mut world = world(plans, date!(2026 - 01 - 01));
    let id = world.conclude("a");
    world.on(date!(2026 - 01 - 03));
    world.change(&id, "b");
    world.on(date!(2026 - 01 - 08));
    world.change(&id, "c");
    assert_eq!(
        world.bill_since(&id, world.today),
        [
            // 998.00 × 24/31, and not that part of the 933.61 charged for 29 days.
            "2026-01-08 credit 2026-01-08..2026-01-31 1 × -998.00 = -772.65",
            "2026-01-08 proration 2026-01-08..2026-01-31 1 × 1497.00 = 1158.97",
        ]
    );
}

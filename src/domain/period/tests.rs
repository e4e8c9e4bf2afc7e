use proptest::prelude::*;
use time::macros::date;

use super::*;
use crate::domain::{
    calendar::{FIRST_DATE, next_day},
    vectors::{cases, date as date_of, read},
};

fn schedule(anchor_on: Date, months: u32) -> BillingSchedule {
    BillingSchedule {
        anchor_on,
        interval: BillingInterval::new(months).expect("an interval"),
    }
}

#[test]
fn every_vector_is_answered_exactly() {
    for case in cases(include_str!("../../../tests/vectors/billing-period.json")) {
        let schedule = BillingSchedule {
            anchor_on: date_of(&case.request, "anchor_on").expect("anchor_on"),
            interval: read(&case.request, "interval"),
        };
        let period = match date_of(&case.request, "on") {
            Some(on) => schedule.period_containing(on),
            None => schedule.period(read(&case.request, "index")),
        }
        .expect("a period");
        let mut found = serde_json::to_value(period).expect("JSON");
        if case.response.get("days").is_some() {
            found["days"] = period.days().into();
        }
        assert_eq!(found, case.response, "{}", case.id);
    }
}

/// For every anchor day of a leap year and a common year, over 50 years: each period starts the day after the last one
/// ended, is never empty, and both its ends are found again by date.
#[test]
fn periods_tile_fifty_years_for_every_anchor_day() {
    let mut anchor_on = date!(2024 - 01 - 01);
    while anchor_on <= date!(2025 - 12 - 31) {
        for months in [1, 2, 3, 6, 7, 12, 24, 60] {
            let schedule = schedule(anchor_on, months);
            let mut expected_from = anchor_on;
            for index in 0..=(600 / months) {
                let period = schedule.period(index).expect("a period");
                assert_eq!(period.from_on, expected_from, "{schedule:?} {index}");
                assert!(period.through_on > period.from_on, "{schedule:?} {index}");
                assert_eq!(schedule.period_containing(period.from_on), Some(period));
                assert_eq!(schedule.period_containing(period.through_on), Some(period));
                expected_from = next_day(period.through_on);
            }
        }
        anchor_on = next_day(anchor_on);
    }
}

#[test]
fn there_is_no_period_before_the_anchor_or_beyond_the_calendar() {
    let schedule = schedule(date!(2026 - 01 - 31), 60);
    assert_eq!(schedule.period_containing(date!(2026 - 01 - 30)), None);
    assert_eq!(schedule.period_containing(Date::MIN), None);
    assert_eq!(schedule.period_containing(Date::MAX), None);
    assert_eq!(schedule.period(u32::MAX), None);
    assert_eq!(schedule.period(36), None);
    assert!(schedule.period_containing(LAST_DATE).is_some());
    assert!(
        super::BillingSchedule {
            anchor_on: FIRST_DATE,
            ..schedule
        }
        .period_containing(LAST_DATE)
        .is_some()
    );
}

#[test]
fn intervals_are_one_to_sixty_months() {
    for (text, months) in [("P1M", 1), ("P1Y", 12), ("P60M", 60)] {
        assert_eq!(text.parse::<BillingInterval>().expect("an interval").months(), months);
    }
    for text in ["P0M", "P61M", "P6Y", "P4W", "P30D", "P1M1D", "1", ""] {
        assert!(text.parse::<BillingInterval>().is_err(), "{text}");
    }
}

#[test]
fn calendar_alignment_moves_the_anchor_back_to_the_unit_of_the_calendar() {
    let starts_on = date!(2026 - 11 - 21);
    for (months, anchor_on) in [
        (1, date!(2026 - 11 - 01)),
        (2, date!(2026 - 11 - 01)),
        (3, date!(2026 - 10 - 01)),
        (6, date!(2026 - 07 - 01)),
        (12, date!(2026 - 01 - 01)),
        (24, date!(2026 - 01 - 01)),
        (5, date!(2026 - 11 - 01)),
    ] {
        let interval = BillingInterval::new(months).expect("an interval");
        assert_eq!(
            schedule_for(starts_on, interval, BillingAlignment::Calendar).anchor_on,
            anchor_on,
            "{months}"
        );
        assert_eq!(
            schedule_for(starts_on, interval, BillingAlignment::Anniversary).anchor_on,
            starts_on
        );
        assert_eq!(interval.fits_calendar(), months != 5);
    }
}

#[test]
fn a_schedule_is_read_strictly() {
    let read = serde_json::from_str::<BillingSchedule>;
    assert_eq!(
        read(r#"{"anchor_on":"2026-01-31","interval":"P1M"}"#).expect("a schedule"),
        schedule(date!(2026 - 01 - 31), 1)
    );
    for wrong in [
        r#"{"anchor_on":"2026-02-30","interval":"P1M"}"#,
        r#"{"anchor_on":"2201-01-31","interval":"P1M"}"#,
        r#"{"anchor_on":"2026-01-31","interval":"P1M","drift":true}"#,
        r#"{"anchor_on":"2026-01-31"}"#,
    ] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}

proptest! {
    /// Whatever day one asks for, the period found contains it.
    #[test]
    fn the_period_found_contains_the_day(
        anchor in FIRST_DATE.to_julian_day()..=LAST_DATE.to_julian_day(),
        day in FIRST_DATE.to_julian_day()..=LAST_DATE.to_julian_day(),
        months in 1..=60u32,
    ) {
        let date = |day: i32| Date::from_julian_day(day).expect("a day");
        let period = schedule(date(anchor), months).period_containing(date(day));
        prop_assert_eq!(period.is_some(), day >= anchor);
        prop_assert!(period.is_none_or(|period| period.contains(date(day))));
    }
}

use proptest::prelude::*;
use time::macros::date;

use super::{CalendarDuration::*, *};

fn any_date() -> impl Strategy<Value = Date> {
    (FIRST_DATE.to_julian_day()..=LAST_DATE.to_julian_day()).prop_map(|day| Date::from_julian_day(day).expect("a day"))
}

fn any_duration() -> impl Strategy<Value = CalendarDuration> {
    prop_oneof![
        (0..=600u32).prop_map(Months),
        (0..=2_609u32).prop_map(Weeks),
        (0..=18_263u32).prop_map(Days)
    ]
}

#[test]
fn durations_are_read_and_written() {
    for (text, expected, written) in [
        ("P3M", Months(3), "P3M"),
        ("P1Y", Months(12), "P12M"),
        ("P50Y", Months(600), "P600M"),
        ("P4W", Weeks(4), "P4W"),
        ("P14D", Days(14), "P14D"),
        ("P0D", Days(0), "P0D"),
    ] {
        assert_eq!(text.parse(), Ok(expected));
        assert_eq!(expected.to_string(), written);
        assert_eq!(
            serde_json::to_string(&expected).expect("JSON"),
            format!("\"{written}\"")
        );
    }
}

#[test]
fn other_durations_are_refused() {
    for text in [
        "",
        "P",
        "3M",
        "P3",
        "PM",
        "-P3M",
        "P-3M",
        "P+3M",
        "P1Y6M",
        "P1M1D",
        "PT3M",
        "P3H",
        "P3m",
        "p3M",
        "P1.5M",
        "P51Y",
        "P601M",
        "P2610W",
        "P18264D",
        "P99999999999D",
        " P3M",
        "P3M ",
        "P３M",
        "P3é",
    ] {
        assert!(text.parse::<CalendarDuration>().is_err(), "{text}");
        assert!(
            serde_json::from_value::<CalendarDuration>(text.into()).is_err(),
            "{text}"
        );
    }
}

#[test]
fn dates_are_read_strictly_and_within_range() {
    assert_eq!(parse_date("2024-02-29"), Some(date!(2024 - 02 - 29)));
    assert_eq!(parse_date("1990-01-01"), Some(FIRST_DATE));
    assert_eq!(parse_date("2199-12-31"), Some(LAST_DATE));
    for text in [
        "2023-02-29",
        "2024-2-29",
        "24-02-29",
        "2024-13-01",
        "2024-00-10",
        "2024-01-32",
        "1989-12-31",
        "2200-01-01",
        "0000-00-00",
        "2024-02-29T00:00:00Z",
        "+024-02-29",
        "2024/02/29",
        "2024-02-2é",
        "é024-02-2",
        "",
    ] {
        assert_eq!(parse_date(text), None, "{text}");
    }
}

#[test]
fn months_are_clamped_to_the_last_day() {
    for (from, months, expected) in [
        (date!(2026 - 01 - 31), 1, date!(2026 - 02 - 28)),
        (date!(2028 - 01 - 31), 1, date!(2028 - 02 - 29)),
        (date!(2026 - 11 - 30), 3, date!(2027 - 02 - 28)),
        (date!(2026 - 02 - 28), 1, date!(2026 - 03 - 28)),
        (date!(2026 - 12 - 31), 0, date!(2026 - 12 - 31)),
        (date!(2024 - 02 - 29), 12, date!(2025 - 02 - 28)),
        (date!(2024 - 02 - 29), 48, date!(2028 - 02 - 29)),
    ] {
        assert_eq!(add_months(from, months), expected);
    }
}

#[test]
fn terms_end_on_the_eve_of_the_corresponding_day() {
    for (start, duration, expected) in [
        (date!(2025 - 05 - 01), Months(12), date!(2026 - 04 - 30)),
        (date!(2025 - 03 - 31), Months(12), date!(2026 - 03 - 30)),
        // Not one day less than the clamped day: the corresponding day is missing, so the month's last day ends the term.
        (date!(2026 - 01 - 31), Months(1), date!(2026 - 02 - 28)),
        (date!(2026 - 01 - 30), Months(1), date!(2026 - 02 - 28)),
        (date!(2026 - 01 - 29), Months(1), date!(2026 - 02 - 28)),
        (date!(2024 - 02 - 29), Months(12), date!(2025 - 02 - 28)),
        (date!(2024 - 02 - 29), Months(24), date!(2026 - 02 - 28)),
        (date!(2024 - 02 - 29), Months(48), date!(2028 - 02 - 28)),
        (date!(2026 - 01 - 01), Weeks(1), date!(2026 - 01 - 07)),
        (date!(2026 - 01 - 01), Days(14), date!(2026 - 01 - 14)),
    ] {
        assert_eq!(term_end(start, duration), expected, "{start} + {duration}");
    }
}

#[test]
fn the_latest_event_is_not_the_end_less_the_months() {
    assert_eq!(latest_event(date!(2026 - 06 - 30), Months(3)), date!(2026 - 03 - 31));
    assert_eq!(latest_event(date!(2026 - 02 - 28), Months(1)), date!(2026 - 01 - 31));
    assert_eq!(latest_event(date!(2028 - 02 - 28), Months(1)), date!(2028 - 01 - 28));
    assert_eq!(latest_event(date!(2026 - 03 - 30), Months(1)), date!(2026 - 02 - 28));
    assert_eq!(latest_event(date!(2026 - 04 - 30), Weeks(4)), date!(2026 - 04 - 02));
}

#[test]
fn arithmetic_saturates_at_the_edge_of_the_calendar() {
    assert_eq!(add_months(Date::MAX, u32::MAX), Date::MAX);
    assert_eq!(add_days(Date::MAX, u32::MAX), Date::MAX);
    assert_eq!(add(Date::MAX, Weeks(u32::MAX)), Date::MAX);
    assert_eq!(next_day(Date::MAX), Date::MAX);
    assert_eq!(previous_day(Date::MIN), Date::MIN);
    assert_eq!(last_day_of_month(Date::MAX), Date::MAX);
    assert_eq!(days_between_inclusive(date!(2026 - 01 - 02), date!(2026 - 01 - 01)), 0);
    assert_eq!(days_between_inclusive(date!(2026 - 01 - 02), date!(2025 - 01 - 01)), 0);
    for duration in [Months(u32::MAX), Weeks(u32::MAX), Days(u32::MAX)] {
        term_end(Date::MIN, duration);
        latest_event(Date::MIN, duration);
    }
}

#[test]
fn dates_and_durations_are_written_for_people() {
    assert_eq!(german(date!(2026 - 06 - 03)), "03.06.2026");
    assert_eq!(english(date!(2026 - 06 - 03)), "3 June 2026");
    assert_eq!(Months(1).words(), LocalizedText::new("1 Monat", "1 month"));
    assert_eq!(Weeks(4).words(), LocalizedText::new("4 Wochen", "4 weeks"));
    assert_eq!(Days(0).words(), LocalizedText::new("0 Tage", "0 days"));
}

proptest! {
    /// `latest_event` is the exact inverse: its own period still expires in time, the next day's does not.
    #[test]
    fn latest_event_inverts_add(end in any_date(), duration in any_duration()) {
        let latest = latest_event(end, duration);
        prop_assert!(add(latest, duration) <= end);
        prop_assert!(add(next_day(latest), duration) > end);
    }

    #[test]
    fn a_later_event_never_expires_earlier(date in any_date(), duration in any_duration()) {
        prop_assert!(add(date, duration) <= add(next_day(date), duration));
        prop_assert!(add(date, duration) >= date);
    }

    #[test]
    fn durations_survive_their_text(duration in any_duration()) {
        prop_assert_eq!(duration.to_string().parse::<CalendarDuration>(), Ok(duration));
    }
}

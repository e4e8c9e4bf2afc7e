use std::collections::BTreeSet;

use serde_json::Value;
use time::macros::date;

use super::*;
use crate::domain::calendar::{next_day, parse_date};

#[test]
fn every_region_and_year_matches_the_vectors_exactly() {
    let document: Value =
        serde_json::from_str(include_str!("../../../tests/vectors/holidays_de.json")).expect("the vector file is JSON");
    let regions = document["regions"].as_object().expect("regions");
    assert_eq!(regions.len(), HolidayRegion::ALL.len());
    for (name, years) in regions {
        let region: HolidayRegion = format!("DE-{name}").parse().expect("a region");
        for (year, days) in years.as_object().expect("years") {
            let expected: BTreeSet<Date> = days
                .as_array()
                .expect("days")
                .iter()
                .filter_map(|day| parse_date(day.as_str()?))
                .collect();
            let mut day = parse_date(&format!("{year}-01-01")).expect("new year");
            let mut found = BTreeSet::new();
            while day.year().to_string() == *year {
                if is_public_holiday(region, day) {
                    found.insert(day);
                }
                day = next_day(day);
            }
            assert_eq!(found, expected, "{name} {year}");
        }
    }
}

#[test]
fn laws_have_years_of_validity() {
    assert!(is_public_holiday(HolidayRegion::NW, date!(2017 - 10 - 31)));
    assert!(!is_public_holiday(HolidayRegion::NW, date!(2018 - 10 - 31)));
    assert!(!is_public_holiday(HolidayRegion::HH, date!(2016 - 10 - 31)));
    assert!(!is_public_holiday(HolidayRegion::BE, date!(2018 - 03 - 08)));
    assert!(is_public_holiday(HolidayRegion::BE, date!(2028 - 06 - 17)));
    assert!(!is_public_holiday(HolidayRegion::BE, date!(2029 - 06 - 17)));
}

#[test]
fn regions_are_read_by_their_text_form_only() {
    for region in HolidayRegion::ALL {
        assert_eq!(region.as_str().parse(), Ok(region));
    }
    for text in ["NW", "DE-nw", "DE-XX", "DE", "", "AT-9"] {
        assert!(text.parse::<HolidayRegion>().is_err(), "{text}");
    }
}

#[test]
fn a_deadline_moves_over_every_day_off_of_any_region() {
    // Good Friday 2026 to the Tuesday after Easter.
    assert_eq!(
        shift_to_working_day(date!(2026 - 04 - 03), &[HolidayRegion::HH]),
        date!(2026 - 04 - 07)
    );
    // The Day of Repentance is kept in Saxony only.
    let repentance = date!(2026 - 11 - 18);
    assert_eq!(shift_to_working_day(repentance, &[HolidayRegion::BE]), repentance);
    assert_eq!(
        shift_to_working_day(repentance, &[HolidayRegion::BE, HolidayRegion::SN]),
        date!(2026 - 11 - 19)
    );
    // Without a region the holidays of all Germany still count.
    assert!(!is_working_day(date!(2026 - 12 - 25), &[]));
    assert!(is_working_day(date!(2026 - 12 - 24), &[]));
    assert_eq!(shift_to_working_day(Date::MAX, &[]), Date::MAX);
}

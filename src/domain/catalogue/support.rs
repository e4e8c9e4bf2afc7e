//! Support hours: when a provider's support is there, and within what time it answers.

use serde::{Deserialize, Serialize};
use time::{Date, Duration, OffsetDateTime, Weekday};

use crate::domain::{
    calendar::next_day,
    holidays::{HolidayRegion, is_working_day},
    time_zone::TimeZone,
};

/// How many days ahead an opening is looked for: longer than any row of holidays.
const LONGEST_CLOSURE_DAYS: u32 = 30;

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SupportDay {
    /// Montag.
    Monday,
    /// Dienstag.
    Tuesday,
    /// Mittwoch.
    Wednesday,
    /// Donnerstag.
    Thursday,
    /// Freitag.
    Friday,
    /// Samstag.
    Saturday,
    /// Sonntag.
    Sunday,
}

impl SupportDay {
    /// The name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Monday => "monday",
            Self::Tuesday => "tuesday",
            Self::Wednesday => "wednesday",
            Self::Thursday => "thursday",
            Self::Friday => "friday",
            Self::Saturday => "saturday",
            Self::Sunday => "sunday",
        }
    }

    fn matches(self, weekday: Weekday) -> bool {
        let own = match self {
            Self::Monday => Weekday::Monday,
            Self::Tuesday => Weekday::Tuesday,
            Self::Wednesday => Weekday::Wednesday,
            Self::Thursday => Weekday::Thursday,
            Self::Friday => Weekday::Friday,
            Self::Saturday => Weekday::Saturday,
            Self::Sunday => Weekday::Sunday,
        };
        own == weekday
    }
}

/// Opening hours on some days of the week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SupportWindow {
    /// On which days.
    pub days: Vec<SupportDay>,
    /// Minutes after midnight at which it opens, written `09:00`.
    #[serde(with = "clock_time")]
    pub from: u32,
    /// Minutes after midnight at which it closes, exclusive, written `12:00`.
    #[serde(with = "clock_time")]
    pub to: u32,
}

/// When support is there; never on holidays of the provider's regions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SupportHours {
    /// Opening hours.
    pub windows: Vec<SupportWindow>,
    /// Within how many hours a request is answered, counted on working days only.
    pub answer_within_hours: u32,
}

impl SupportHours {
    /// The instant by which a request is answered: the clock starts when support is or next opens, and runs only on working
    /// days (seed 003: Friday 11:00 → Monday 11:00). `None` when it never opens.
    pub fn respond_by(
        &self,
        requested_at: OffsetDateTime,
        zone: &TimeZone,
        regions: &[HolidayRegion],
    ) -> Option<OffsetDateTime> {
        let mut at = self.next_open(requested_at, zone, regions)?;
        let mut left = Duration::hours(i64::from(self.answer_within_hours));
        let mut day = zone.local_date(at);
        loop {
            if is_working_day(day, regions) {
                let until_midnight = zone.end_of_day(day) - at;
                if left <= until_midnight {
                    return Some(at + left);
                }
                left -= until_midnight;
            }
            if day == Date::MAX {
                return None;
            }
            day = next_day(day);
            at = zone.start_of_day(day);
        }
    }

    /// The instant itself while support is there, otherwise the next opening.
    fn next_open(&self, at: OffsetDateTime, zone: &TimeZone, regions: &[HolidayRegion]) -> Option<OffsetDateTime> {
        let mut day = zone.local_date(at);
        for _ in 0..LONGEST_CLOSURE_DAYS {
            if is_working_day(day, regions) {
                let midnight = zone.start_of_day(day);
                let windows = self.windows.iter().filter(|window| {
                    let mut days = window.days.iter();
                    days.any(|named| named.matches(day.weekday()))
                });
                let openings = windows.filter_map(|window| {
                    let opens = midnight + Duration::minutes(i64::from(window.from));
                    let closes = midnight + Duration::minutes(i64::from(window.to));
                    (at < closes).then_some(opens.max(at))
                });
                if let Some(opening) = openings.min() {
                    return Some(opening);
                }
            }
            day = next_day(day);
        }
        None
    }
}

/// Minutes after midnight as `HH:MM`; `24:00` is the end of the day.
mod clock_time {
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub fn serialize<S: Serializer>(minutes: &u32, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:02}:{:02}", minutes / 60, minutes % 60))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parsed = text.split_once(':').and_then(|(hours, minutes)| {
            let both = hours.len() == 2 && minutes.len() == 2;
            let (hours, minutes) = (hours.parse::<u32>().ok()?, minutes.parse::<u32>().ok()?);
            let total = hours * 60 + minutes;
            (both && minutes < 60 && total <= 24 * 60).then_some(total)
        });
        parsed.ok_or_else(|| de::Error::custom("a time of day is written HH:MM, for example 09:00"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::macros::datetime;

    use super::*;

    #[test]
    fn the_clock_starts_at_the_next_opening_and_rests_on_days_off() {
        let hours: SupportHours = serde_json::from_value(json!({
            "windows": [
                { "days": ["monday", "tuesday", "wednesday", "thursday"], "from": "09:00", "to": "12:00" },
                { "days": ["monday", "tuesday", "wednesday", "thursday"], "from": "13:00", "to": "16:00" },
                { "days": ["friday"], "from": "09:00", "to": "12:00" },
            ],
            "answer_within_hours": 24,
        }))
        .expect("support hours");
        let zone = TimeZone::parse("Europe/Berlin").expect("a zone");
        let regions: [HolidayRegion; 1] = ["DE-NI".parse().expect("a region")];
        // Winter time: UTC + 1. 2026-01-09 is a Friday.
        for (requested, answered) in [
            (datetime!(2026-01-09 10:00 UTC), datetime!(2026-01-12 10:00 UTC)), // Friday 11:00 → Monday 11:00
            (datetime!(2026-01-09 11:30 UTC), datetime!(2026-01-13 8:00 UTC)),  // Friday 12:30 → opens Monday 9:00
            (datetime!(2026-01-07 7:00 UTC), datetime!(2026-01-08 8:00 UTC)),   // before opening
            (datetime!(2026-01-07 11:30 UTC), datetime!(2026-01-08 12:00 UTC)), // in the lunch break: opens 13:00
            (datetime!(2026-01-07 15:00 UTC), datetime!(2026-01-09 8:00 UTC)),  // closed at 16:00 sharp
            (datetime!(2026-01-08 14:00 UTC), datetime!(2026-01-09 14:00 UTC)), // Friday is a working day all day
            (datetime!(2026-04-02 8:00 UTC), datetime!(2026-04-07 8:00 UTC)), // Maundy Thursday → Tuesday after Easter
            (datetime!(2026-12-24 10:00 UTC), datetime!(2026-12-28 10:00 UTC)), // Christmas on Friday
        ] {
            assert_eq!(
                hours.respond_by(requested, &zone, &regions),
                Some(answered),
                "{requested}"
            );
        }
        let never = SupportHours {
            windows: Vec::new(),
            ..hours
        };
        assert_eq!(never.respond_by(datetime!(2026-01-09 10:00 UTC), &zone, &regions), None);
    }

    #[test]
    fn times_of_day_are_read_strictly() {
        for wrong in ["9:00", "09:60", "24:01", "0900", ""] {
            let window = json!({ "days": ["monday"], "from": wrong, "to": "12:00" });
            assert!(serde_json::from_value::<SupportWindow>(window).is_err(), "{wrong}");
        }
    }
}

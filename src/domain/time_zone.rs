//! Where a day begins: the only place that knows time zones. Instants are UTC, legal days are civil dates in the
//! provider's zone; a day may have 23 or 25 hours, so days are never counted in hours.

use std::fmt;

use jiff::{Timestamp, civil};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::{Date, Month, OffsetDateTime, UtcOffset};

use super::calendar::next_day;

/// An IANA time zone, from the database compiled into the program.
#[derive(Clone, PartialEq)]
pub struct TimeZone(jiff::tz::TimeZone);

/// The name is not in the IANA time zone database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time zone of the IANA database, such as Europe/Berlin")]
pub struct UnknownTimeZone(pub String);

impl TimeZone {
    /// Finds the zone by its IANA name, for example `Europe/Berlin`.
    pub fn parse(name: &str) -> Result<Self, UnknownTimeZone> {
        let unknown = || UnknownTimeZone(name.chars().take(60).collect());
        let zone = jiff::tz::TimeZone::get(name).map_err(|_| unknown())?;
        if zone.is_unknown() || zone.iana_name().is_none() {
            Err(unknown())
        } else {
            Ok(Self(zone))
        }
    }

    /// The zone's IANA name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The civil date in this zone at an instant.
    pub fn local_date(&self, instant: OffsetDateTime) -> Date {
        let in_zone = Timestamp::from_second(instant.unix_timestamp())
            .ok()
            .and_then(|timestamp| {
                let local = self.0.to_datetime(timestamp);
                let month = Month::try_from(u8::try_from(local.month()).ok()?).ok()?;
                Date::from_calendar_date(i32::from(local.year()), month, u8::try_from(local.day()).ok()?).ok()
            });
        // Both libraries know the same years; UTC's date stands in at the very edge of the calendar only.
        in_zone.unwrap_or_else(|| {
            instant
                .checked_to_offset(UtcOffset::UTC)
                .map_or(instant.date(), OffsetDateTime::date)
        })
    }

    /// The time of day in this zone at an instant and how far it is from UTC, for people: `10:00:00`, `+01:00`. `None` outside
    /// the years of the calendar.
    pub fn time_of_day(&self, instant: OffsetDateTime) -> Option<(String, String)> {
        let timestamp = Timestamp::from_second(instant.unix_timestamp()).ok()?;
        let local = self.0.to_datetime(timestamp);
        let minutes = self.0.to_offset(timestamp).seconds() / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        let minutes = minutes.abs();
        Some((
            format!("{:02}:{:02}:{:02}", local.hour(), local.minute(), local.second()),
            format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60),
        ))
    }

    /// The first instant of a day, in UTC. Where the clock skips midnight that is the first moment after the gap.
    pub fn start_of_day(&self, date: Date) -> OffsetDateTime {
        let in_zone = || {
            let year = i16::try_from(date.year()).ok()?;
            let month = i8::try_from(u8::from(date.month())).ok()?;
            let day = civil::Date::new(year, month, i8::try_from(date.day()).ok()?).ok()?;
            let start = day.to_zoned(self.0.clone()).ok()?;
            OffsetDateTime::from_unix_timestamp(start.timestamp().as_second()).ok()
        };
        in_zone().unwrap_or_else(|| date.midnight().assume_utc())
    }

    /// The instant at which a day is over (its 24:00), in UTC: the exclusive end of everything that "ends on" it.
    pub fn end_of_day(&self, date: Date) -> OffsetDateTime {
        self.start_of_day(next_day(date))
    }
}

impl fmt::Debug for TimeZone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TimeZone({})", self.name())
    }
}

impl Serialize for TimeZone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for TimeZone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::parse(name).expect("a zone")
    }

    #[test]
    fn a_day_belongs_to_its_zone() {
        let berlin = zone("Europe/Berlin");
        assert_eq!(
            berlin.local_date(datetime!(2026-03-31 21:59:59 UTC)),
            date!(2026 - 03 - 31)
        );
        assert_eq!(
            berlin.local_date(datetime!(2026-03-31 22:00 UTC)),
            date!(2026 - 04 - 01)
        );
        assert_eq!(
            berlin.local_date(datetime!(2026-12-31 22:59:59.999 UTC)),
            date!(2026 - 12 - 31)
        );
        assert_eq!(
            berlin.local_date(datetime!(2026-12-31 23:00 UTC)),
            date!(2027 - 01 - 01)
        );
        assert_eq!(
            zone("Asia/Kolkata").local_date(datetime!(2026-02-28 18:30 UTC)),
            date!(2026 - 03 - 01)
        );
    }

    #[test]
    fn days_have_23_or_25_hours_when_the_clock_changes() {
        let berlin = zone("Europe/Berlin");
        assert_eq!(
            berlin.start_of_day(date!(2026 - 03 - 29)),
            datetime!(2026-03-28 23:00 UTC)
        );
        assert_eq!(
            berlin.end_of_day(date!(2026 - 03 - 29)),
            datetime!(2026-03-29 22:00 UTC)
        );
        assert_eq!(
            berlin.start_of_day(date!(2026 - 10 - 25)),
            datetime!(2026-10-24 22:00 UTC)
        );
        assert_eq!(
            berlin.end_of_day(date!(2026 - 10 - 25)),
            datetime!(2026-10-25 23:00 UTC)
        );
    }

    #[test]
    fn a_day_without_midnight_starts_after_the_gap() {
        // São Paulo skipped 00:00-01:00 on 4 November 2018; Havana repeats 00:00-01:00 on 1 November 2026.
        let gap = zone("America/Sao_Paulo").start_of_day(date!(2018 - 11 - 04));
        assert_eq!(gap, datetime!(2018-11-04 03:00 UTC));
        assert_eq!(zone("America/Sao_Paulo").local_date(gap), date!(2018 - 11 - 04));
        assert_eq!(
            zone("America/Havana").start_of_day(date!(2026 - 11 - 01)),
            datetime!(2026-11-01 04:00 UTC)
        );
    }

    #[test]
    fn every_day_starts_where_the_day_before_ends() {
        for name in [
            "Europe/Berlin",
            "America/Los_Angeles",
            "Asia/Kolkata",
            "Australia/Lord_Howe",
            "UTC",
        ] {
            let zone = zone(name);
            let mut day = date!(2026 - 01 - 01);
            while day.year() == 2026 {
                let start = zone.start_of_day(day);
                assert_eq!(zone.local_date(start), day, "{name}");
                assert_ne!(zone.local_date(start - time::Duration::SECOND), day, "{name} {day}");
                day = next_day(day);
            }
        }
    }

    #[test]
    fn unknown_names_are_refused() {
        for name in [
            "",
            "Mars/Olympus",
            "Etc/Unknown",
            "+01:00",
            "CET-1CEST",
            "Europe/Berlin ",
            "../etc/localtime",
        ] {
            assert!(TimeZone::parse(name).is_err(), "{name}");
        }
        assert_eq!(zone("Europe/Berlin").name(), "Europe/Berlin");
        assert_eq!(zone("Europe/Berlin"), zone("Europe/Berlin"));
        assert_ne!(zone("Europe/Berlin"), zone("Europe/Paris"));
    }

    #[test]
    fn the_time_of_day_follows_the_clock_on_the_wall() {
        let berlin = zone("Europe/Berlin");
        let told = |at: OffsetDateTime| berlin.time_of_day(at).expect("within the calendar");
        let (winter, summer) = (
            time::macros::datetime!(2021-03-15 09:00 UTC),
            time::macros::datetime!(2021-09-30 22:00 UTC),
        );
        assert_eq!(told(winter), ("10:00:00".to_owned(), "+01:00".to_owned()));
        assert_eq!(told(summer), ("00:00:00".to_owned(), "+02:00".to_owned()));
    }

    #[test]
    fn the_edges_of_the_calendar_do_not_panic() {
        let berlin = zone("Europe/Berlin");
        for date in [Date::MIN, Date::MAX] {
            berlin.start_of_day(date);
            berlin.end_of_day(date);
            berlin.local_date(date.midnight().assume_utc());
            berlin.time_of_day(date.midnight().assume_utc());
        }
    }
}

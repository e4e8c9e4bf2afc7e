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

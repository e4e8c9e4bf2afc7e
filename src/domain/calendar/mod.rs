//! Civil dates and the periods of §§ 187-193 BGB. No instants here: those become dates in [`super::time_zone`].
//!
//! Dates that come from outside are limited to [`FIRST_DATE`]..=[`LAST_DATE`] and durations to 50 years, so that the
//! arithmetic below is exact for every admitted input. Beyond that it saturates at the calendar's end; it never panics.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::{Date, Duration, Month, Weekday, macros::date};

use super::localized::LocalizedText;

/// The first date accepted from outside.
pub const FIRST_DATE: Date = date!(1990 - 01 - 01);
/// The last date accepted from outside.
pub const LAST_DATE: Date = date!(2199 - 12 - 31);

const LONGEST_MONTHS: u32 = 600;
const LONGEST_WEEKS: u32 = 2_609;
const LONGEST_DAYS: u32 = 18_263;

/// A length of time in calendar units, as written in ISO 8601 (`P3M`, `P4W`, `P14D`, `P1Y` = `P12M`), 50 years at most.
///
/// Units are not convertible: 30 days are not a month (§ 188 BGB).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CalendarDuration {
    /// Whole months; years are kept as twelve months.
    Months(u32),
    /// Whole weeks.
    Weeks(u32),
    /// Whole days.
    Days(u32),
}

/// The text is not a duration in one calendar unit, or it is longer than 50 years.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a duration of whole years, months, weeks or days up to 50 years, such as P12M, P4W or P14D")]
pub struct InvalidDuration(pub String);

impl CalendarDuration {
    /// Whether the duration is empty (`P0D`, `P0M` …): it expires on the day of the event itself.
    pub fn is_zero(self) -> bool {
        matches!(self, Self::Months(0) | Self::Weeks(0) | Self::Days(0))
    }

    /// The duration `count` times over in the same unit, saturating.
    #[must_use]
    pub fn times(self, count: u32) -> Self {
        match self {
            Self::Months(months) => Self::Months(months.saturating_mul(count)),
            Self::Weeks(weeks) => Self::Weeks(weeks.saturating_mul(count)),
            Self::Days(days) => Self::Days(days.saturating_mul(count)),
        }
    }

    /// The duration in words: `3 Monate`, `3 months`.
    pub fn words(self) -> LocalizedText {
        let (count, de, en) = match self {
            Self::Months(1) => (1, "Monat", "month"),
            Self::Months(count) => (count, "Monate", "months"),
            Self::Weeks(1) => (1, "Woche", "week"),
            Self::Weeks(count) => (count, "Wochen", "weeks"),
            Self::Days(1) => (1, "Tag", "day"),
            Self::Days(count) => (count, "Tage", "days"),
        };
        LocalizedText::new(format!("{count} {de}"), format!("{count} {en}"))
    }
}

impl FromStr for CalendarDuration {
    type Err = InvalidDuration;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidDuration(text.chars().take(40).collect());
        let body = text.strip_prefix('P').ok_or_else(invalid)?;
        let unit = body.chars().last().ok_or_else(invalid)?;
        let digits = body.strip_suffix(unit).ok_or_else(invalid)?;
        if digits.is_empty() || digits.len() > 5 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(invalid());
        }
        let count: u32 = digits.parse().map_err(|_| invalid())?;
        let (duration, longest) = match unit {
            'Y' => (Self::Months(count * 12), LONGEST_MONTHS / 12),
            'M' => (Self::Months(count), LONGEST_MONTHS),
            'W' => (Self::Weeks(count), LONGEST_WEEKS),
            'D' => (Self::Days(count), LONGEST_DAYS),
            _ => return Err(invalid()),
        };
        if count > longest { Err(invalid()) } else { Ok(duration) }
    }
}

impl fmt::Display for CalendarDuration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Months(months) => write!(formatter, "P{months}M"),
            Self::Weeks(weeks) => write!(formatter, "P{weeks}W"),
            Self::Days(days) => write!(formatter, "P{days}D"),
        }
    }
}

impl Serialize for CalendarDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CalendarDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Whether a date may come from outside.
pub fn in_range(date: Date) -> bool {
    (FIRST_DATE..=LAST_DATE).contains(&date)
}

/// Reads `2026-11-21`; `None` for anything else and for dates out of [`FIRST_DATE`]..=[`LAST_DATE`].
pub fn parse_date(text: &str) -> Option<Date> {
    read_date(text).filter(|date| in_range(*date))
}

/// Reads `2026-11-21` in the years 1 to 9999; `None` for anything else.
pub fn read_date(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let number = |from: usize, to: usize| -> Option<u16> {
        let digits = text.get(from..to)?;
        if digits.bytes().all(|byte| byte.is_ascii_digit()) {
            digits.parse().ok()
        } else {
            None
        }
    };
    let month = Month::try_from(u8::try_from(number(5, 7)?).ok()?).ok()?;
    let day = u8::try_from(number(8, 10)?).ok()?;
    let year = number(0, 4).filter(|year| *year > 0)?;
    Date::from_calendar_date(i32::from(year), month, day).ok()
}

/// `serde(with = "calendar::civil_date")`: a date as `2026-11-21`, refused outside [`FIRST_DATE`]..=[`LAST_DATE`].
pub mod civil_date {
    use super::{Date, Deserialize, Deserializer, Serializer, de};

    /// Writes the date as `2026-11-21`.
    pub fn serialize<S: Serializer>(date: &Date, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(date)
    }

    /// Reads the date; fails for malformed text and for years outside 1990-2199.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
        let text = String::deserialize(deserializer)?;
        super::parse_date(&text)
            .ok_or_else(|| de::Error::custom("expected a date such as 2026-11-21 between 1990-01-01 and 2199-12-31"))
    }
}

/// The last day of the month in which `date` lies.
pub fn last_day_of_month(date: Date) -> Date {
    on_day(date.year(), date.month(), 31)
}

/// The day of the month `months` later that carries the same number, or the month's last day if it is missing
/// (§ 188 Abs. 2 first alternative, Abs. 3 BGB: a period that an event on `date` sets off expires then).
pub fn add_months(date: Date, months: u32) -> Date {
    shift_months(date, i64::from(months), date.day())
}

/// `days` later (§ 188 Abs. 1 BGB).
pub fn add_days(date: Date, days: u32) -> Date {
    date.saturating_add(Duration::days(i64::from(days)))
}

/// The day after.
pub fn next_day(date: Date) -> Date {
    date.next_day().unwrap_or(date)
}

/// The day before.
pub fn previous_day(date: Date) -> Date {
    date.previous_day().unwrap_or(date)
}

/// The last day of a period set off by an event on `date`, which is not counted itself (§ 187 Abs. 1, § 188 BGB).
pub fn add(date: Date, duration: CalendarDuration) -> Date {
    match duration {
        CalendarDuration::Months(months) => add_months(date, months),
        CalendarDuration::Weeks(weeks) => add_days(date, weeks.saturating_mul(7)),
        CalendarDuration::Days(days) => add_days(date, days),
    }
}

/// The last day of a term whose first day is `start`, which is counted (§ 187 Abs. 2, § 188 Abs. 2 second alternative,
/// Abs. 3 BGB): the day before the corresponding day. Not the same as one day less than [`add_months`]: a month from
/// 31 January lasts through 28 February, not 27.
pub fn term_end(start: Date, duration: CalendarDuration) -> Date {
    match duration {
        CalendarDuration::Months(months) if start.day() == 1 => previous_day(add_months(start, months)),
        CalendarDuration::Months(months) => shift_months(start, i64::from(months), start.day() - 1),
        CalendarDuration::Weeks(_) | CalendarDuration::Days(_) => previous_day(add(start, duration)),
    }
}

/// The latest day of an event after which `duration` still expires on `end` or before: the inverse of [`add`].
/// For months it is not "`end` less the months": for 30 June and three months it is 31 March, not 30 March.
pub fn latest_event(end: Date, duration: CalendarDuration) -> Date {
    match duration {
        CalendarDuration::Months(months) => {
            let day = if end == last_day_of_month(end) { 31 } else { end.day() };
            shift_months(end, -i64::from(months), day)
        }
        CalendarDuration::Weeks(weeks) => end.saturating_sub(Duration::weeks(i64::from(weeks))),
        CalendarDuration::Days(days) => end.saturating_sub(Duration::days(i64::from(days))),
    }
}

/// Days from `from` through `through`, both counted; 0 when `through` lies before `from`.
pub fn days_between_inclusive(from: Date, through: Date) -> u32 {
    u32::try_from((through - from).whole_days() + 1).unwrap_or(0)
}

/// Whether the date is a Saturday or a Sunday.
pub fn is_weekend(date: Date) -> bool {
    matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// The date as Germans write it: `30.06.2026`.
pub fn german(date: Date) -> String {
    format!("{:02}.{:02}.{:04}", date.day(), u8::from(date.month()), date.year())
}

/// The date in English without ambiguity: `30 June 2026`.
pub fn english(date: Date) -> String {
    format!("{} {} {:04}", date.day(), date.month(), date.year())
}

/// `day` in the month that lies `months` from `date`'s, or that month's last day if it has no such day.
fn shift_months(date: Date, months: i64, day: u8) -> Date {
    let count = i64::from(date.year()) * 12 + i64::from(u8::from(date.month())) - 1 + months;
    let month = u8::try_from(count.rem_euclid(12) + 1)
        .ok()
        .and_then(|number| Month::try_from(number).ok());
    match (i32::try_from(count.div_euclid(12)), month) {
        (Ok(year), Some(month)) if year <= Date::MAX.year() => on_day(year, month, day),
        _ => Date::MAX,
    }
}

/// `day` of the month, or its last day if there is no such day.
fn on_day(year: i32, month: Month, day: u8) -> Date {
    let day = day.clamp(1, month.length(year));
    Date::from_calendar_date(year, month, day).unwrap_or(Date::MAX)
}

#[cfg(test)]
mod tests;

//! How the calculators read and write single values. What is wrong with one is said in words a caller can act on.

use serde::{Deserialize, Deserializer, de};
use time::format_description::well_known::Rfc3339;
use time::macros::datetime;
use time::{OffsetDateTime, UtcOffset};
use validator::ValidationError;

use crate::api::instant::Instant;
use crate::domain::calendar::CalendarDuration;
use crate::domain::holidays::HolidayRegion;
use crate::domain::localized::LocalizedText;
use crate::domain::money::MoneyError;
use crate::domain::period::BillingInterval;
use crate::domain::tax::TaxRate;
use crate::domain::terms::Renewal;
use crate::domain::time_zone::TimeZone;
use crate::domain::violation::Violation;
use crate::error::FieldError;

/// The zone that counts where the request names none: German law, German days.
const DEFAULT_TIME_ZONE: &str = "Europe/Berlin";

/// Instants accepted: the years in which the rules are exact, as for dates.
const FIRST_INSTANT: OffsetDateTime = datetime!(1990-01-01 00:00 UTC);
const LAST_INSTANT: OffsetDateTime = datetime!(2199-12-31 23:59:59.999 UTC);

/// A value that JSON carries as text.
pub(super) trait FromText: Sized {
    /// What the text must be, in words.
    const EXPECTED: &'static str;

    /// Reads the text; `None` if it is not that.
    fn from_text(text: &str) -> Option<Self>;
}

impl FromText for CalendarDuration {
    const EXPECTED: &'static str = "whole years, months, weeks or days up to 50 years, such as P12M, P4W or P14D";

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl FromText for Renewal {
    const EXPECTED: &'static str = "indefinite, or whole years, months, weeks or days up to 50 years, such as P12M";

    fn from_text(text: &str) -> Option<Self> {
        match text {
            "indefinite" => Some(Self::Indefinite),
            _ => text.parse().ok().map(Self::Fixed),
        }
    }
}

impl FromText for BillingInterval {
    const EXPECTED: &'static str = "1 to 60 months, such as P1M, P3M or P12M";

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl FromText for TaxRate {
    const EXPECTED: &'static str = "a percentage from 0 to 100 with up to two decimals as text, such as \"19\"";

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl FromText for HolidayRegion {
    const EXPECTED: &'static str = "a region such as DE-NW, DE-BY-K, DE-BY-Augsburg, DE-SN-K or DE-TH-K";

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl FromText for TimeZone {
    const EXPECTED: &'static str = "a time zone of the IANA database, such as Europe/Berlin";

    fn from_text(text: &str) -> Option<Self> {
        Self::parse(text).ok()
    }
}

/// `serde(deserialize_with)`: a value given as text.
pub(super) fn text<'de, D: Deserializer<'de>, T: FromText>(deserializer: D) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    T::from_text(&text)
        .ok_or_else(|| de::Error::custom(format_args!("invalid value: string, expected {}", T::EXPECTED)))
}

/// `serde(default, deserialize_with)`: a value given as text, `null` or not at all.
pub(super) fn optional_text<'de, D: Deserializer<'de>, T: FromText>(deserializer: D) -> Result<Option<T>, D::Error> {
    Option::<Text<T>>::deserialize(deserializer).map(|found| found.map(|text| text.0))
}

/// `serde(default, deserialize_with)`: a list of values given as text.
pub(super) fn text_list<'de, D: Deserializer<'de>, T: FromText>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Vec::<Text<T>>::deserialize(deserializer).map(|found| found.into_iter().map(|text| text.0).collect())
}

struct Text<T>(T);

impl<'de, T: FromText> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer).map(Self)
    }
}

/// `validate(custom)`: an instant in the years the rules know.
pub(super) fn in_range(instant: &Instant) -> Result<(), ValidationError> {
    if (FIRST_INSTANT..=LAST_INSTANT).contains(&instant.0) {
        return Ok(());
    }
    let mut error = ValidationError::new("range");
    error.add_param("min".into(), &"1990-01-01T00:00:00Z");
    error.add_param("max".into(), &"2199-12-31T23:59:59.999Z");
    Err(error)
}

/// The zone of the request, or the default one.
pub(super) fn zone_or_default(zone: Option<TimeZone>) -> Result<TimeZone, crate::error::AppError> {
    match zone {
        Some(zone) => Ok(zone),
        None => TimeZone::parse(DEFAULT_TIME_ZONE).map_err(|error| crate::error::AppError::Internal(error.into())),
    }
}

/// The start or end of a day in UTC, to the second: `2021-06-30T22:00:00Z`. Days begin on whole seconds.
pub(super) fn whole_second(instant: OffsetDateTime) -> String {
    instant
        .checked_to_offset(UtcOffset::UTC)
        .unwrap_or(instant)
        .format(&Rfc3339)
        .unwrap_or_default()
}

/// A decimal string of the request that is no amount, named by JSON pointer.
pub(super) fn wrong_amount(pointer: impl Into<String>, error: MoneyError) -> FieldError {
    let code = match error {
        MoneyError::OutOfRange => "out_of_range",
        _ => "invalid_format",
    };
    let LocalizedText { de, en } = Violation::from(error).detail;
    FieldError::body(pointer, code, de, en)
}

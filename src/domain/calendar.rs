//! Civil dates and the periods of §§ 187-193 BGB. No instants here: those become dates in [`super::time_zone`].

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::Date;

/// A length of time in calendar units, as written in ISO 8601 (`P3M`, `P4W`, `P14D`, `P1Y` = `P12M`).
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

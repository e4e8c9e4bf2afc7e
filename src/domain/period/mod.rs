//! Billing periods. They are computed from the original anchor, clamped to month ends, so they never drift: an anchor on
//! 31 January bills on 28 February, 31 March, 30 April. Minimum terms follow § 188 BGB literally instead
//! ([`super::calendar::term_end`]); the two differ for anchors on the 29th to the 31st only.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::{Date, Month};

use super::calendar::{CalendarDuration, LAST_DATE, add_months, civil_date, days_between_inclusive, previous_day};

const LONGEST_INTERVAL: u32 = 60;

/// The length of a billing period: 1 to 60 months, written `P1M` … `P60M` (or in years).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BillingInterval {
    months: u32,
}

/// The text is not a billing interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a billing interval is a duration of 1 to 60 months, such as P1M, P3M or P12M")]
pub struct InvalidInterval;

impl BillingInterval {
    /// One month.
    pub const MONTH: Self = Self { months: 1 };

    /// An interval of `months`; fails unless 1 to 60.
    pub fn new(months: u32) -> Result<Self, InvalidInterval> {
        if (1..=LONGEST_INTERVAL).contains(&months) {
            Ok(Self { months })
        } else {
            Err(InvalidInterval)
        }
    }

    /// Its length in months.
    pub fn months(self) -> u32 {
        self.months
    }

    /// The interval as a calendar duration.
    pub fn duration(self) -> CalendarDuration {
        CalendarDuration::Months(self.months)
    }

    /// Whether whole intervals fill the calendar year (or years fill the interval), as calendar alignment needs.
    pub fn fits_calendar(self) -> bool {
        12 % self.months == 0 || self.months.is_multiple_of(12)
    }
}

impl FromStr for BillingInterval {
    type Err = InvalidInterval;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(CalendarDuration::Months(months)) => Self::new(months),
            _ => Err(InvalidInterval),
        }
    }
}

impl fmt::Display for BillingInterval {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.duration().fmt(formatter)
    }
}

impl Serialize for BillingInterval {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for BillingInterval {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Whether a contract bills from its own start day or by calendar months, quarters, half years, years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BillingAlignment {
    /// Periods start on the day of the month on which the contract started.
    #[default]
    Anniversary,
    /// Periods are those of the calendar; the first one is a stub.
    Calendar,
}

/// When a contract bills: the original anchor and the interval. Never replaced by the start of a later period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BillingSchedule {
    /// First day of the period with index 0.
    #[serde(with = "civil_date")]
    pub anchor_on: Date,
    /// Length of each period.
    pub interval: BillingInterval,
}

/// One billing period; both dates belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Period {
    /// 0 for the period that starts on the anchor.
    pub index: u32,
    /// First day.
    #[serde(with = "civil_date")]
    pub from_on: Date,
    /// Last day.
    #[serde(with = "civil_date")]
    pub through_on: Date,
}

impl Period {
    /// Its length in civil days.
    pub fn days(&self) -> u32 {
        days_between_inclusive(self.from_on, self.through_on)
    }

    /// Whether a day lies in it.
    pub fn contains(&self, date: Date) -> bool {
        (self.from_on..=self.through_on).contains(&date)
    }
}

impl BillingSchedule {
    /// The period with this index. `None` if it would start after the last date we handle (31.12.2199).
    pub fn period(&self, index: u32) -> Option<Period> {
        let from_on = self.start(index).filter(|start| *start <= LAST_DATE)?;
        Some(Period {
            index,
            from_on,
            through_on: previous_day(self.start(index.checked_add(1)?)?),
        })
    }

    /// The period in which a day lies. `None` before the anchor and after the last date we handle.
    pub fn period_containing(&self, date: Date) -> Option<Period> {
        if date < self.anchor_on {
            return None;
        }
        let months = |date: Date| i64::from(date.year()) * 12 + i64::from(u8::from(date.month()));
        let elapsed = u32::try_from(months(date) - months(self.anchor_on)).ok()?;
        let index = elapsed / self.interval.months;
        // A period starts in the month that lies whole intervals after the anchor's, but perhaps later in it than `date`.
        let index = if self.start(index)? > date {
            index.checked_sub(1)?
        } else {
            index
        };
        self.period(index)
    }

    fn start(&self, index: u32) -> Option<Date> {
        // The widest calendar has 12 months in each of 10,000 years; more would saturate.
        let months = index
            .checked_mul(self.interval.months)
            .filter(|months| *months <= 12 * 300)?;
        Some(add_months(self.anchor_on, months))
    }
}

/// The billing schedule of a contract that starts on `starts_on`.
///
/// With calendar alignment the anchor moves back to the first day of the calendar month, quarter, half year or year that
/// contains the start, so that the stub is a regular period clipped at its front and is prorated over the whole of it.
/// An interval that does not fit the year (see [`BillingInterval::fits_calendar`]) starts with the month of the start.
pub fn schedule_for(starts_on: Date, interval: BillingInterval, alignment: BillingAlignment) -> BillingSchedule {
    let anchor_on = match alignment {
        BillingAlignment::Anniversary => starts_on,
        BillingAlignment::Calendar => {
            let month = u32::from(u8::from(starts_on.month()));
            let block = if interval.fits_calendar() {
                interval.months.min(12)
            } else {
                1
            };
            let first = (month - 1) / block * block + 1;
            let first = u8::try_from(first).ok().and_then(|number| Month::try_from(number).ok());
            first
                .and_then(|month| Date::from_calendar_date(starts_on.year(), month, 1).ok())
                .unwrap_or(starts_on)
        }
    };
    BillingSchedule { anchor_on, interval }
}

#[cfg(test)]
mod tests;

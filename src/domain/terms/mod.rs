//! Terms of a contract: initial term, renewal, notice, and the days on which it may end.
//!
//! The date itself is computed in [`termination`] and explained in `explain`.

mod explain;
mod sentence;
mod termination;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::Date;

use super::{
    calendar::{self, CalendarDuration, next_day, term_end},
    localized::LocalizedText,
    violation::Violation,
};

pub use termination::{Termination, TerminationQuestion, termination, termination_before_start};

/// What happens when the initial term is over and nobody has given notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Renewal {
    /// The contract goes on for an indefinite time (the only renewal consumers may be given, § 309 Nr. 9 b BGB).
    Indefinite,
    /// The contract renews for a fixed time, again and again.
    Fixed(CalendarDuration),
}

impl Serialize for Renewal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Indefinite => serializer.serialize_str("indefinite"),
            Self::Fixed(duration) => duration.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Renewal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "indefinite" {
            return Ok(Self::Indefinite);
        }
        text.parse()
            .map(Self::Fixed)
            .map_err(|error| de::Error::custom(format!("{error}, or `indefinite`")))
    }
}

/// The days on which a contract may end by notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AllowedEnd {
    /// Every day.
    AnyDay,
    /// Last days of calendar months.
    MonthEnd,
    /// 31 March, 30 June, 30 September, 31 December.
    QuarterEnd,
    /// 30 June, 31 December.
    HalfYearEnd,
    /// 31 December.
    YearEnd,
    /// Last days of the contract's billing periods.
    BillingPeriodEnd,
    /// Last day of the initial term and of each renewal.
    TermEnd,
}

impl AllowedEnd {
    /// The name in JSON: `any_day`, `quarter_end` …
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AnyDay => "any_day",
            Self::MonthEnd => "month_end",
            Self::QuarterEnd => "quarter_end",
            Self::HalfYearEnd => "half_year_end",
            Self::YearEnd => "year_end",
            Self::BillingPeriodEnd => "billing_period_end",
            Self::TermEnd => "term_end",
        }
    }
}

/// The terms of a plan or add-on, the same object in catalogue and calculator:
/// `{"initial_term":"P12M","renewal":"indefinite","notice":"P3M","to":"quarter_end"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// The time for which the contract binds at first; `None`: indefinite from the start.
    #[serde(default)]
    pub initial_term: Option<CalendarDuration>,
    /// What follows the initial term; `None` with an initial term: the contract ends by itself.
    #[serde(default)]
    pub renewal: Option<Renewal>,
    /// The notice period, from receipt.
    pub notice: CalendarDuration,
    /// The days on which the contract may end.
    pub to: AllowedEnd,
}

/// One thing wrong with terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermsFault {
    /// The field to blame: `initial_term`, `renewal`, `notice` or `to`.
    pub field: &'static str,
    /// What is wrong, in words.
    pub text: LocalizedText,
}

impl TermsFault {
    fn new(field: &'static str, de: &str, en: &str) -> Self {
        Self {
            field,
            text: LocalizedText::new(de, en),
        }
    }
}

impl From<TermsFault> for Violation {
    fn from(fault: TermsFault) -> Self {
        Self::invalid("validation_failed", fault.text.de, fault.text.en).at(format!("/terms/{}", fault.field))
    }
}

impl Terms {
    /// Every senseless combination; empty if the terms can be applied.
    pub fn check(&self) -> Vec<TermsFault> {
        let mut faults = Vec::new();
        let fixed = match self.renewal {
            Some(Renewal::Fixed(duration)) => Some(duration),
            _ => None,
        };
        if self.initial_term.is_some_and(CalendarDuration::is_zero) {
            faults.push(TermsFault::new(
                "initial_term",
                "Eine Mindestlaufzeit dauert mindestens einen Tag.",
                "An initial term lasts at least one day.",
            ));
        }
        if fixed.is_some_and(CalendarDuration::is_zero) {
            faults.push(TermsFault::new(
                "renewal",
                "Eine Verlängerung dauert mindestens einen Tag.",
                "A renewal lasts at least one day.",
            ));
        }
        if self.renewal.is_some() && self.initial_term.is_none() {
            faults.push(TermsFault::new(
                "renewal",
                "Eine Verlängerung setzt eine Mindestlaufzeit voraus.",
                "A renewal needs an initial term to follow.",
            ));
        }
        if fixed.is_some() && self.to != AllowedEnd::TermEnd {
            faults.push(TermsFault::new(
                "to",
                "Eine Verlängerung um feste Zeit verlangt das Ende zum Laufzeitende (term_end).",
                "A renewal for a fixed time needs the end of the term (term_end).",
            ));
        }
        if self.to == AllowedEnd::TermEnd && self.initial_term.is_none() {
            faults.push(TermsFault::new(
                "to",
                "Ein Ende zum Laufzeitende setzt eine Mindestlaufzeit voraus.",
                "The end of the term needs an initial term.",
            ));
        }
        if self.to == AllowedEnd::TermEnd && self.renewal == Some(Renewal::Indefinite) {
            faults.push(TermsFault::new(
                "to",
                "Nach einer unbefristeten Verlängerung gibt es kein Laufzeitende mehr.",
                "After an indefinite renewal there is no end of a term any more.",
            ));
        }
        faults
    }

    /// Last day of the minimum term of a contract that started on a day; `None` if it binds for no minimum term
    /// (§ 187 Abs. 2, § 188 Abs. 2 BGB).
    pub fn minimum_term_end(&self, started_on: Date) -> Option<Date> {
        self.initial_term.map(|initial_term| term_end(started_on, initial_term))
    }

    /// The day on which a contract that started on a day ends without any notice: it has an initial term and no renewal.
    pub fn ends_by_itself_on(&self, started_on: Date) -> Option<Date> {
        if self.renewal.is_none() {
            self.minimum_term_end(started_on)
        } else {
            None
        }
    }

    /// Last day of the initial term (0) or of the renewal with this number. Terms in one unit are counted from the start
    /// as a whole, so that 29 February keeps its day; otherwise the renewals follow the initial term (§ 190 BGB).
    fn nth_term_end(&self, started_on: Date, renewals: u32) -> Option<Date> {
        use CalendarDuration::{Days, Months, Weeks};
        let initial_term = self.initial_term?;
        let renewed = match self.renewal {
            Some(Renewal::Fixed(duration)) if renewals > 0 => duration.times(renewals),
            _ if renewals == 0 => return Some(term_end(started_on, initial_term)),
            _ => return None,
        };
        Some(match (initial_term, renewed) {
            (Months(first), Months(more)) => term_end(started_on, Months(first.saturating_add(more))),
            (Weeks(first), Weeks(more)) => term_end(started_on, Weeks(first.saturating_add(more))),
            (Days(first), Days(more)) => term_end(started_on, Days(first.saturating_add(more))),
            _ => term_end(next_day(term_end(started_on, initial_term)), renewed),
        })
    }
}

/// The first day of `to`'s calendar grid on or after `date`; `None` for the grids that depend on the contract.
fn calendar_grid(to: AllowedEnd, date: Date) -> Option<Date> {
    let block = match to {
        AllowedEnd::AnyDay => return Some(date),
        AllowedEnd::MonthEnd => 1,
        AllowedEnd::QuarterEnd => 3,
        AllowedEnd::HalfYearEnd => 6,
        AllowedEnd::YearEnd => 12,
        AllowedEnd::BillingPeriodEnd | AllowedEnd::TermEnd => return None,
    };
    let months_into_block = (u32::from(u8::from(date.month())) - 1) % block;
    Some(calendar::last_day_of_month(calendar::add_months(
        date,
        block - 1 - months_into_block,
    )))
}

#[cfg(test)]
mod tests;

//! Terms: ranges, combinations that make sense, and what consumers may be offered.

use super::Faults;
use crate::domain::{
    calendar::CalendarDuration,
    catalogue::consumer_guard,
    period::BillingInterval,
    terms::{Renewal, Terms},
};

/// Longest initial term and renewal, in years.
const LONGEST_TERM: u32 = 10;
/// Longest notice, in years.
const LONGEST_NOTICE: u32 = 2;

pub fn check(faults: &mut Faults, at: &str, terms: &Terms, interval: Option<BillingInterval>, for_consumers: bool) {
    let renewal = match terms.renewal {
        Some(Renewal::Fixed(duration)) => Some(duration),
        Some(Renewal::Indefinite) | None => None,
    };
    for (member, duration, years) in [
        ("initial_term", terms.initial_term, LONGEST_TERM),
        ("renewal", renewal, LONGEST_TERM),
        ("notice", Some(terms.notice), LONGEST_NOTICE),
    ] {
        if duration.is_some_and(|duration| !is_within(duration, years)) {
            faults.add(
                format!("{at}/terms/{member}"),
                "term_out_of_range",
                format!("Höchstens {years} Jahre sind zulässig."),
                format!("At most {years} years are allowed."),
            );
        }
    }
    for fault in terms.check() {
        faults.add(
            format!("{at}/terms/{}", fault.field),
            "terms_inconsistent",
            fault.text.de,
            fault.text.en,
        );
    }
    if let Some(interval) = interval
        && for_consumers
    {
        for fault in consumer_guard(terms, interval) {
            faults.add(
                format!("{at}{}", fault.pointer),
                fault.code,
                fault.detail.de,
                fault.detail.en,
            );
        }
    }
}

/// Years of 12 months, 52 weeks or 366 days.
fn is_within(duration: CalendarDuration, years: u32) -> bool {
    match duration {
        CalendarDuration::Months(months) => months <= years * 12,
        CalendarDuration::Weeks(weeks) => weeks <= years * 52,
        CalendarDuration::Days(days) => days <= years * 366,
    }
}

//! § 309 Nr. 9 BGB: which terms a contract of duration with consumers may have. What breaks it is void (§ 306 BGB), so it
//! is refused when the catalogue is published instead of surprising everyone when the first consumer gives notice.

use super::{Fault, fault::Faults};
use crate::domain::{
    calendar::CalendarDuration,
    period::BillingInterval,
    terms::{AllowedEnd, Renewal, Terms},
};

/// What breaks § 309 Nr. 9 BGB in terms offered to consumers; pointers are relative to the plan or add-on
/// (`/terms/notice`). Empty if consumers may be offered the terms.
///
/// - a: an initial term of more than two years;
/// - b: a tacit renewal that is not for an indefinite time, or not terminable at any time with at most one month's notice;
///   so once no minimum term runs, the end must never be later than one month after receipt;
/// - c: a notice period of more than one month before the end of the initial term.
///
/// Contracts that are indefinite from the start are measured by b and c as well (§ 307 BGB).
pub fn consumer_guard(terms: &Terms, interval: BillingInterval) -> Vec<Fault> {
    let mut faults = Faults::default();
    initial_term(&mut faults, terms);
    renewal(&mut faults, terms);
    notice(&mut faults, terms);
    faults_of_end(&mut faults, terms, interval);
    faults.into_vec()
}

fn initial_term(faults: &mut Faults, terms: &Terms) {
    if terms
        .initial_term
        .is_some_and(|initial_term| !at_most_two_years(initial_term))
    {
        faults.add(
            "/terms/initial_term",
            "section_309_9_a",
            "Verbraucher dürfen höchstens zwei Jahre gebunden werden (§ 309 Nr. 9 lit. a BGB).",
            "Consumers may be bound for two years at most (§ 309 Nr. 9 lit. a BGB).",
        );
    }
}

fn renewal(faults: &mut Faults, terms: &Terms) {
    if matches!(terms.renewal, Some(Renewal::Fixed(_))) {
        faults.add(
            "/terms/renewal",
            "section_309_9_b",
            "Gegenüber Verbrauchern darf sich ein Vertrag nur auf unbestimmte Zeit verlängern (§ 309 Nr. 9 lit. b BGB).",
            "With consumers a contract may only be renewed for an indefinite time (§ 309 Nr. 9 lit. b BGB).",
        );
    }
}

fn notice(faults: &mut Faults, terms: &Terms) {
    if at_most_one_month(terms.notice) {
        return;
    }
    if goes_on_indefinitely(terms) {
        faults.add(
            "/terms/notice",
            "section_309_9_b",
            "Läuft keine Mindestlaufzeit mehr, müssen Verbraucher jederzeit mit höchstens einem Monat Frist kündigen \
             können: P1M, P4W oder P28D (§ 309 Nr. 9 lit. b BGB, ohne Mindestlaufzeit mit § 307 BGB).",
            "Once no minimum term runs, consumers must be able to terminate at any time with at most one month's notice: \
             P1M, P4W or P28D (§ 309 Nr. 9 lit. b BGB, without a minimum term with § 307 BGB).",
        );
    }
    faults.add(
        "/terms/notice",
        "section_309_9_c",
        "Die Kündigungsfrist darf für Verbraucher höchstens einen Monat betragen: P1M, P4W oder P28D \
         (§ 309 Nr. 9 lit. c BGB, ohne Mindestlaufzeit mit § 307 BGB).",
        "The notice period for consumers may be one month at most: P1M, P4W or P28D \
         (§ 309 Nr. 9 lit. c BGB, without a minimum term with § 307 BGB).",
    );
}

/// Whether the days on which the contract may end can push the end beyond one month after receipt.
fn faults_of_end(faults: &mut Faults, terms: &Terms, interval: BillingInterval) {
    if !goes_on_indefinitely(terms) {
        return;
    }
    let at_any_time = match terms.to {
        AllowedEnd::AnyDay => true,
        // A grid of months adds up to a month to the notice period, so only no notice at all keeps within a month. (An
        // anchor on the 29th to 31st can exceed it by days; then the contract ends one month after receipt all the same.)
        AllowedEnd::MonthEnd => terms.notice.is_zero(),
        AllowedEnd::BillingPeriodEnd => terms.notice.is_zero() && interval.months() == 1,
        AllowedEnd::QuarterEnd | AllowedEnd::HalfYearEnd | AllowedEnd::YearEnd | AllowedEnd::TermEnd => false,
    };
    if !at_any_time {
        faults.add(
            "/terms/to",
            "section_309_9_b",
            "Läuft keine Mindestlaufzeit mehr, darf das Vertragsende nie später als einen Monat nach Zugang der Kündigung \
             liegen (§ 309 Nr. 9 lit. b BGB, ohne Mindestlaufzeit mit § 307 BGB).",
            "Once no minimum term runs, the end must never be later than one month after receipt of the notice \
             (§ 309 Nr. 9 lit. b BGB, without a minimum term with § 307 BGB).",
        );
    }
}

/// Whether the contract goes on until someone gives notice; otherwise it has a fixed end, or fixed renewals, which are
/// refused as such.
fn goes_on_indefinitely(terms: &Terms) -> bool {
    terms.initial_term.is_none() || terms.renewal == Some(Renewal::Indefinite)
}

/// Two years have at least 730 days and 104 weeks.
fn at_most_two_years(duration: CalendarDuration) -> bool {
    match duration {
        CalendarDuration::Months(months) => months <= 24,
        CalendarDuration::Weeks(weeks) => weeks <= 104,
        CalendarDuration::Days(days) => days <= 730,
    }
}

/// Every month has at least 28 days.
fn at_most_one_month(duration: CalendarDuration) -> bool {
    match duration {
        CalendarDuration::Months(months) => months <= 1,
        CalendarDuration::Weeks(weeks) => weeks <= 4,
        CalendarDuration::Days(days) => days <= 28,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Initial term, renewal, notice, end, billing interval: what is refused.
    type Row = (
        &'static str,
        &'static str,
        &'static str,
        &'static str,
        &'static str,
        &'static [(&'static str, &'static str)],
    );

    const A: (&str, &str) = ("/terms/initial_term", "section_309_9_a");
    const B_RENEWAL: (&str, &str) = ("/terms/renewal", "section_309_9_b");
    const B_NOTICE: (&str, &str) = ("/terms/notice", "section_309_9_b");
    const B_TO: (&str, &str) = ("/terms/to", "section_309_9_b");
    const C: (&str, &str) = ("/terms/notice", "section_309_9_c");

    const TABLE: &[Row] = &[
        // What consumers may be offered.
        ("P12M", "indefinite", "P1M", "any_day", "P1M", &[]),
        ("P24M", "indefinite", "P4W", "any_day", "P12M", &[]),
        ("P2Y", "indefinite", "P28D", "any_day", "P1M", &[]),
        ("P730D", "indefinite", "P0D", "any_day", "P1M", &[]),
        ("", "", "P1M", "any_day", "P1M", &[]),
        ("", "", "P0D", "billing_period_end", "P1M", &[]),
        ("", "", "P0D", "month_end", "P1M", &[]),
        ("P12M", "", "P1M", "any_day", "P12M", &[]),
        ("P24M", "", "P0D", "term_end", "P12M", &[]),
        // a: bound for too long.
        ("P25M", "indefinite", "P1M", "any_day", "P1M", &[A]),
        ("P105W", "indefinite", "P1M", "any_day", "P1M", &[A]),
        ("P731D", "", "P1M", "any_day", "P1M", &[A]),
        // b: renewed for a fixed time, or not terminable at any time.
        ("P12M", "P12M", "P1M", "term_end", "P12M", &[B_RENEWAL]),
        ("P1M", "P1M", "P0D", "term_end", "P1M", &[B_RENEWAL]),
        ("P12M", "indefinite", "P1M", "month_end", "P1M", &[B_TO]),
        ("P12M", "indefinite", "P0D", "quarter_end", "P1M", &[B_TO]),
        ("", "", "P14D", "billing_period_end", "P1M", &[B_TO]),
        ("", "", "P0D", "billing_period_end", "P3M", &[B_TO]),
        ("", "", "P0D", "half_year_end", "P1M", &[B_TO]),
        ("", "", "P0D", "year_end", "P1M", &[B_TO]),
        ("", "", "P1D", "month_end", "P1M", &[B_TO]),
        // c: notice too long; after the initial term that breaks b as well.
        ("P12M", "indefinite", "P3M", "any_day", "P1M", &[B_NOTICE, C]),
        ("P12M", "indefinite", "P5W", "any_day", "P1M", &[B_NOTICE, C]),
        ("P12M", "indefinite", "P29D", "any_day", "P1M", &[B_NOTICE, C]),
        ("P12M", "", "P2M", "any_day", "P1M", &[C]),
        // Everything at once, and the classic of business contracts.
        ("P36M", "P12M", "P3M", "term_end", "P12M", &[A, B_RENEWAL, C]),
        ("", "", "P3M", "quarter_end", "P1M", &[B_NOTICE, C, B_TO]),
    ];

    #[test]
    fn refuses_exactly_what_section_309_forbids() {
        for (initial_term, renewal, notice, to, interval, expected) in TABLE {
            let optional = |text: &str| {
                if text.is_empty() {
                    serde_json::Value::Null
                } else {
                    text.into()
                }
            };
            let terms: Terms = serde_json::from_value(serde_json::json!({
                "initial_term": optional(initial_term), "renewal": optional(renewal), "notice": notice, "to": to
            }))
            .expect("terms");
            assert_eq!(terms.check(), [], "{terms:?} makes no sense");
            let found = consumer_guard(&terms, interval.parse().expect("an interval"));
            let found: Vec<_> = found.iter().map(|fault| (fault.pointer.as_str(), fault.code)).collect();
            assert_eq!(found, *expected, "{terms:?} billed every {interval}");
        }
    }

    #[test]
    fn names_the_clause() {
        let terms: Terms = serde_json::from_value(serde_json::json!({
            "initial_term": "P36M", "renewal": "P12M", "notice": "P3M", "to": "term_end"
        }))
        .expect("terms");
        let found = consumer_guard(&terms, BillingInterval::new(12).expect("an interval"));
        for (fault, clause) in found.iter().zip(["lit. a BGB", "lit. b BGB", "lit. c BGB"]) {
            assert!(
                fault.detail.de.contains(&format!("§ 309 Nr. 9 {clause}")),
                "{}",
                fault.detail.de
            );
            assert!(
                fault.detail.en.contains(&format!("§ 309 Nr. 9 {clause}")),
                "{}",
                fault.detail.en
            );
        }
    }
}

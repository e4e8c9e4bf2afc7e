use proptest::prelude::*;
use serde_json::json;
use time::macros::date;

use super::*;
use crate::domain::{
    calendar::{add_days, add_months},
    period::{BillingInterval, BillingSchedule},
    time_zone::TimeZone,
    vectors::{cases, date as date_of, instant, read},
    violation::ViolationKind,
};

fn terms(initial_term: Option<&str>, renewal: Option<&str>, notice: &str, to: AllowedEnd) -> Terms {
    let renewal = renewal.map(|text| match text {
        "indefinite" => Renewal::Indefinite,
        text => Renewal::Fixed(text.parse().expect("a renewal")),
    });
    Terms {
        initial_term: initial_term.map(|text| text.parse().expect("a term")),
        renewal,
        notice: notice.parse().expect("a notice"),
        to,
    }
}

fn question(terms: &Terms, received_on: Date) -> TerminationQuestion<'_> {
    TerminationQuestion {
        terms,
        received_on,
        started_on: None,
        billing: None,
        wish_on: None,
        consumer: false,
    }
}

fn end(question: &TerminationQuestion<'_>) -> Date {
    termination(question).expect("an end").ends_on
}

#[test]
fn every_vector_is_answered_exactly() {
    let zone = TimeZone::parse("Europe/Berlin").expect("a zone");
    for case in cases(include_str!("../../../tests/vectors/termination-date.json")) {
        let terms: Terms = read(&case.request, "terms");
        assert_eq!(
            serde_json::to_value(terms).expect("JSON"),
            case.request["terms"],
            "{}",
            case.id
        );
        let found = termination(&TerminationQuestion {
            terms: &terms,
            received_on: zone.local_date(instant(&case.request, "received_at").expect("received_at")),
            started_on: date_of(&case.request, "started_on"),
            billing: read(&case.request, "billing"),
            wish_on: date_of(&case.request, "wish_on"),
            consumer: false,
        })
        .expect("an end");
        let answer = json!({
            "received_on": found.received_on.to_string(),
            "ends_on": found.ends_on.to_string(),
            "successor_starts_on": found.successor_starts_on.to_string(),
            "notice_expires_on": found.notice_expires_on.to_string(),
            "latest_receipt_on": found.latest_receipt_on.to_string(),
        });
        for (field, expected) in case.response.as_object().expect("an object") {
            if field == "ends_at" {
                assert_eq!(
                    Some(zone.end_of_day(found.ends_on)),
                    instant(&case.response, field),
                    "{}",
                    case.id
                );
            } else {
                assert_eq!(&answer[field], expected, "{} {field}", case.id);
            }
        }
    }
}

/// The boundary table of "3 months to quarter end".
#[test]
fn three_months_to_the_end_of_a_quarter() {
    let terms = terms(None, None, "P3M", AllowedEnd::QuarterEnd);
    for (received_on, expires_on, ends_on) in [
        (date!(2025 - 12 - 31), date!(2026 - 03 - 31), date!(2026 - 03 - 31)),
        (date!(2026 - 01 - 01), date!(2026 - 04 - 01), date!(2026 - 06 - 30)),
        (date!(2026 - 03 - 30), date!(2026 - 06 - 30), date!(2026 - 06 - 30)),
        (date!(2026 - 03 - 31), date!(2026 - 06 - 30), date!(2026 - 06 - 30)),
        (date!(2026 - 04 - 01), date!(2026 - 07 - 01), date!(2026 - 09 - 30)),
        (date!(2026 - 06 - 30), date!(2026 - 09 - 30), date!(2026 - 09 - 30)),
        (date!(2026 - 07 - 01), date!(2026 - 10 - 01), date!(2026 - 12 - 31)),
        (date!(2026 - 09 - 30), date!(2026 - 12 - 30), date!(2026 - 12 - 31)),
        (date!(2026 - 10 - 01), date!(2027 - 01 - 01), date!(2027 - 03 - 31)),
    ] {
        let found = termination(&question(&terms, received_on)).expect("an end");
        assert_eq!(
            (found.notice_expires_on, found.ends_on),
            (expires_on, ends_on),
            "{received_on}"
        );
    }
}

#[test]
fn a_contract_that_has_not_started_ends_on_the_eve_of_its_start() {
    let terms = terms(Some("P12M"), Some("indefinite"), "P1M", AllowedEnd::AnyDay);
    let mut asked = question(&terms, date!(2026 - 11 - 20));
    asked.started_on = Some(date!(2026 - 12 - 01));
    let found = termination(&asked).expect("an end");
    assert_eq!(found.ends_on, date!(2026 - 11 - 30));
    assert_eq!(found.successor_starts_on, date!(2026 - 12 - 01));
    assert_eq!(found.latest_receipt_on, date!(2026 - 11 - 30));
    assert_eq!(found.because[0].rule, "before_start");
    // Whoever wishes a later end wants the contract; the minimum term then holds.
    asked.wish_on = Some(date!(2027 - 03 - 31));
    assert_eq!(end(&asked), date!(2027 - 11 - 30));
    // On the day of the start it has started.
    asked.wish_on = None;
    asked.received_on = date!(2026 - 12 - 01);
    assert_eq!(end(&asked), date!(2027 - 11 - 30));
}

#[test]
fn an_initial_term_without_renewal_ends_by_itself() {
    for to in [AllowedEnd::TermEnd, AllowedEnd::AnyDay, AllowedEnd::YearEnd] {
        let terms = terms(Some("P12M"), None, "P3M", to);
        let mut asked = question(&terms, date!(2026 - 12 - 30));
        asked.started_on = Some(date!(2026 - 01 - 01));
        let found = termination(&asked).expect("an end");
        assert_eq!(found.ends_on, date!(2026 - 12 - 31));
        assert_eq!(found.latest_receipt_on, date!(2026 - 12 - 31));
        assert_eq!(found.because[0].rule, "ends_by_itself");
        asked.received_on = date!(2027 - 01 - 01);
        assert_eq!(termination(&asked).expect_err("a refusal").code, "date_out_of_range");
    }
}

#[test]
fn a_consumer_waits_no_longer_than_a_month_once_no_minimum_term_runs() {
    let billing = BillingSchedule {
        anchor_on: date!(2025 - 01 - 31),
        interval: BillingInterval::new(1).expect("an interval"),
    };
    // Anchors on the 29th to 31st: the end of the period may lie a few days beyond the month.
    let monthly = terms(None, None, "P14D", AllowedEnd::BillingPeriodEnd);
    let mut asked = question(&monthly, date!(2026 - 02 - 14));
    asked.billing = Some(billing);
    assert_eq!(end(&asked), date!(2026 - 03 - 30));
    asked.consumer = true;
    let found = termination(&asked).expect("an end");
    assert_eq!(found.ends_on, date!(2026 - 03 - 14));
    assert_eq!(found.latest_receipt_on, date!(2026 - 02 - 14));
    assert_eq!(found.because.last().expect("a reason").rule, "consumer_cap");

    // While the minimum term runs it holds; after it, one month.
    let yearly = terms(Some("P12M"), Some("indefinite"), "P3M", AllowedEnd::YearEnd);
    let mut asked = question(&yearly, date!(2026 - 02 - 10));
    asked.started_on = Some(date!(2025 - 05 - 01));
    asked.consumer = true;
    assert_eq!(end(&asked), date!(2026 - 04 - 30));
    asked.received_on = date!(2026 - 04 - 10);
    assert_eq!(end(&asked), date!(2026 - 05 - 10));
    // A later wish is the consumer's own.
    asked.wish_on = Some(date!(2026 - 08 - 15));
    assert_eq!(end(&asked), date!(2026 - 08 - 15));
    // A business waits for the year's end.
    asked.consumer = false;
    assert_eq!(end(&asked), date!(2026 - 12 - 31));
}

#[test]
fn wishes_move_the_end_to_the_first_allowed_day_not_before_them() {
    let terms = terms(None, None, "P1M", AllowedEnd::MonthEnd);
    let mut asked = question(&terms, date!(2026 - 11 - 21));
    for (wish_on, ends_on) in [
        (date!(2026 - 11 - 30), date!(2026 - 12 - 31)),
        (date!(2026 - 12 - 31), date!(2026 - 12 - 31)),
        (date!(2027 - 03 - 15), date!(2027 - 03 - 31)),
        (date!(2027 - 03 - 31), date!(2027 - 03 - 31)),
    ] {
        asked.wish_on = Some(wish_on);
        assert_eq!(end(&asked), ends_on, "{wish_on}");
    }
}

#[test]
fn renewals_in_another_unit_follow_the_initial_term() {
    let terms = terms(Some("P1M"), Some("P2W"), "P7D", AllowedEnd::TermEnd);
    let mut asked = question(&terms, date!(2026 - 02 - 10));
    asked.started_on = Some(date!(2026 - 01 - 15));
    assert_eq!(end(&asked), date!(2026 - 02 - 28));
    asked.received_on = date!(2026 - 01 - 15);
    assert_eq!(end(&asked), date!(2026 - 02 - 14));
}

#[test]
fn the_reasons_name_each_step_in_both_languages() {
    let terms = terms(Some("P12M"), Some("indefinite"), "P3M", AllowedEnd::QuarterEnd);
    let mut asked = question(&terms, date!(2025 - 11 - 30));
    asked.started_on = Some(date!(2025 - 01 - 01));
    asked.wish_on = Some(date!(2026 - 01 - 31));
    let found = termination(&asked).expect("an end");
    let rules: Vec<_> = found.because.iter().map(|step| step.rule).collect();
    assert_eq!(
        rules,
        [
            "notice_period",
            "no_weekend_shift",
            "minimum_term",
            "wish",
            "allowed_end"
        ]
    );
    // 30 November has no counterpart in February.
    assert_eq!(found.because[0].source, "§ 187 Abs. 1, § 188 Abs. 2, Abs. 3 BGB");
    assert!(found.because[0].text.de.contains("3 Monate") && found.because[0].text.de.contains("28.02.2026"));
    assert!(found.because[0].text.en.contains("3 months") && found.because[0].text.en.contains("28 February 2026"));
    assert!(found.because[4].text.de.contains("31.03.2026"));
}

#[test]
fn senseless_terms_are_named_field_by_field() {
    use AllowedEnd::{AnyDay, TermEnd};
    for (terms, fields) in [
        (terms(None, None, "P1M", AnyDay), vec![]),
        (terms(Some("P12M"), Some("P12M"), "P3M", TermEnd), vec![]),
        (terms(Some("P12M"), None, "P3M", TermEnd), vec![]),
        (terms(None, None, "P1M", TermEnd), vec!["to"]),
        (terms(None, Some("indefinite"), "P1M", AnyDay), vec!["renewal"]),
        (terms(Some("P12M"), Some("P12M"), "P1M", AnyDay), vec!["to"]),
        (terms(Some("P12M"), Some("indefinite"), "P1M", TermEnd), vec!["to"]),
        (
            terms(Some("P0M"), Some("P0D"), "P1M", TermEnd),
            vec!["initial_term", "renewal"],
        ),
    ] {
        let found: Vec<_> = terms.check().iter().map(|fault| fault.field).collect();
        assert_eq!(found, fields, "{terms:?}");
        let mut asked = question(&terms, date!(2026 - 01 - 01));
        asked.started_on = Some(date!(2026 - 01 - 01));
        match fields.first() {
            None => assert!(termination(&asked).is_ok(), "{terms:?}"),
            Some(field) => {
                let refused = termination(&asked).expect_err("a refusal");
                assert_eq!(
                    (refused.kind, refused.code),
                    (ViolationKind::Invalid, "validation_failed")
                );
                assert_eq!(refused.pointer, Some(format!("/terms/{field}")));
            }
        }
    }
}

#[test]
fn missing_facts_and_dates_out_of_range_are_refused() {
    let pointer = |asked: &TerminationQuestion<'_>| termination(asked).expect_err("a refusal").pointer;
    let initial = terms(Some("P12M"), Some("indefinite"), "P1M", AllowedEnd::AnyDay);
    assert_eq!(
        pointer(&question(&initial, date!(2026 - 01 - 01))).as_deref(),
        Some("/started_on")
    );
    let billed = terms(None, None, "P0D", AllowedEnd::BillingPeriodEnd);
    assert_eq!(
        pointer(&question(&billed, date!(2026 - 01 - 01))).as_deref(),
        Some("/billing")
    );
    let simple = terms(None, None, "P0D", AllowedEnd::AnyDay);
    assert_eq!(pointer(&question(&simple, Date::MAX)).as_deref(), Some("/received_at"));
    let mut asked = question(&simple, date!(2026 - 01 - 01));
    asked.wish_on = Some(date!(2200 - 01 - 01));
    assert_eq!(pointer(&asked).as_deref(), Some("/wish_on"));
}

#[test]
fn terms_are_read_strictly() {
    let read = serde_json::from_value::<Terms>;
    assert!(read(json!({"notice": "P3M", "to": "quarter_end"})).is_ok());
    for wrong in [
        json!({"notice": "P3M", "to": "quarter"}),
        json!({"notice": "3 months", "to": "quarter_end"}),
        json!({"to": "quarter_end"}),
        json!({"notice": "P3M"}),
        json!({"notice": "P3M", "to": "any_day", "renewal": "forever", "initial_term": "P1M"}),
        json!({"notice": "P3M", "to": "any_day", "grace": "P1D"}),
    ] {
        assert!(read(wrong.clone()).is_err(), "{wrong}");
    }
}

fn any_duration(longest_days: u32) -> impl Strategy<Value = CalendarDuration> {
    prop_oneof![
        (0..=longest_days / 30).prop_map(CalendarDuration::Months),
        (0..=longest_days / 7).prop_map(CalendarDuration::Weeks),
        (0..=longest_days).prop_map(CalendarDuration::Days),
    ]
}

/// Terms that pass [`Terms::check`], of every shape.
fn any_terms() -> impl Strategy<Value = Terms> {
    let to = prop_oneof![
        Just(AllowedEnd::AnyDay),
        Just(AllowedEnd::MonthEnd),
        Just(AllowedEnd::QuarterEnd),
        Just(AllowedEnd::HalfYearEnd),
        Just(AllowedEnd::YearEnd),
        Just(AllowedEnd::BillingPeriodEnd),
        Just(AllowedEnd::TermEnd),
    ];
    let renewal = prop_oneof![
        Just(None),
        Just(Some(Renewal::Indefinite)),
        any_duration(800).prop_map(|duration| Some(Renewal::Fixed(duration))),
    ];
    (
        proptest::option::of(any_duration(1_200)),
        renewal,
        any_duration(400),
        to,
    )
        .prop_map(|(initial_term, renewal, notice, to)| Terms {
            initial_term,
            renewal,
            notice,
            to,
        })
        .prop_filter("terms that make sense", |terms| terms.check().is_empty())
}

#[derive(Debug, Clone)]
struct Story {
    terms: Terms,
    received_on: Date,
    started_on: Date,
    billing: BillingSchedule,
    wish_on: Option<Date>,
    consumer: bool,
}

impl Story {
    fn question(&self) -> TerminationQuestion<'_> {
        TerminationQuestion {
            terms: &self.terms,
            received_on: self.received_on,
            started_on: Some(self.started_on),
            billing: Some(self.billing),
            wish_on: self.wish_on,
            consumer: self.consumer,
        }
    }
}

fn any_story() -> impl Strategy<Value = Story> {
    let start = date!(2023 - 12 - 15);
    (
        any_terms(),
        0..1_600u32,
        0..500u32,
        0..500u32,
        1..=14u32,
        proptest::option::of(0..2_500u32),
        any::<bool>(),
    )
        .prop_map(
            move |(terms, received, started, anchor, interval, wish, consumer)| Story {
                terms,
                received_on: add_days(start, received),
                started_on: add_days(start, started),
                billing: BillingSchedule {
                    anchor_on: add_days(start, anchor),
                    interval: BillingInterval::new(interval).expect("an interval"),
                },
                wish_on: wish.map(|days| add_days(start, days)),
                consumer,
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, max_global_rejects: 20_000, ..ProptestConfig::default() })]

    /// The end is never before receipt + notice. Exactly: for a contract that has started and does not end by itself;
    /// for consumers one month is enough where the notice is longer (§ 309 Nr. 9 BGB).
    #[test]
    fn the_end_is_never_before_receipt_plus_notice(story in any_story()) {
        prop_assume!(story.received_on >= story.started_on);
        prop_assume!(story.terms.ends_by_itself_on(story.started_on).is_none());
        let found = termination(&story.question()).expect("an end");
        let notice_expires_on = calendar::add(story.received_on, story.terms.notice);
        prop_assert_eq!(found.notice_expires_on, notice_expires_on);
        let month = add_months(story.received_on, 1);
        let owed = if story.consumer { notice_expires_on.min(month) } else { notice_expires_on };
        prop_assert!(found.ends_on >= owed);
        let minimum = story.terms.minimum_term_end(story.started_on);
        prop_assert!(minimum.is_none_or(|minimum| found.ends_on >= minimum));
        if story.consumer && story.wish_on.is_none() {
            prop_assert!(found.ends_on <= minimum.map_or(month, |minimum| minimum.max(month)));
        }
    }

    /// A later receipt never gives an earlier end, whatever the terms.
    #[test]
    fn a_later_receipt_never_gives_an_earlier_end(story in any_story()) {
        let next = Story { received_on: next_day(story.received_on), ..story.clone() };
        if let (Ok(first), Ok(second)) = (termination(&story.question()), termination(&next.question())) {
            prop_assert!(first.ends_on <= second.ends_on, "{:?} then {:?}", first, second);
        }
    }

    /// Received on the latest day the end is the same; one day later it is not any more.
    #[test]
    fn the_latest_receipt_is_exact(story in any_story()) {
        let Ok(found) = termination(&story.question()) else { return Ok(()) };
        prop_assert!(found.latest_receipt_on >= story.received_on);
        let last = Story { received_on: found.latest_receipt_on, ..story.clone() };
        let again = termination(&last.question()).expect("an end");
        prop_assert_eq!((again.ends_on, again.latest_receipt_on), (found.ends_on, found.latest_receipt_on));
        let late = Story { received_on: next_day(found.latest_receipt_on), ..story };
        if let Ok(late) = termination(&late.question()) {
            prop_assert!(late.ends_on > found.ends_on);
        }
    }
}

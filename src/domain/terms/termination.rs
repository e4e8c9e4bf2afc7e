//! When a contract ends after notice (rules 2.1): x = receipt + notice, the day of receipt not counted; the end is the
//! first allowed day on or after x that is not before the end of the minimum term; a successor starts the day after.

use time::Date;

use super::{AllowedEnd, Terms, calendar_grid, explain};
use crate::domain::{
    because::Because,
    calendar::{self, CalendarDuration, add_months, in_range, latest_event, next_day, previous_day},
    period::BillingSchedule,
    violation::Violation,
};

/// The longest notice a consumer can be held to once no minimum term runs (§ 309 Nr. 9 b, c BGB).
const CONSUMER_NOTICE: CalendarDuration = CalendarDuration::Months(1);

/// What the end of a contract depends on. All dates are civil dates in the provider's zone.
#[derive(Debug, Clone, Copy)]
pub struct TerminationQuestion<'a> {
    /// The contract's terms.
    pub terms: &'a Terms,
    /// Day of receipt of the notice (§ 130 BGB).
    pub received_on: Date,
    /// First day of the contract; needed if there is an initial term.
    pub started_on: Option<Date>,
    /// Billing schedule; needed for [`AllowedEnd::BillingPeriodEnd`].
    pub billing: Option<BillingSchedule>,
    /// The day on which the customer wishes the contract to end; an impossible wish means the next possible day.
    pub wish_on: Option<Date>,
    /// Whether the customer is a consumer.
    pub consumer: bool,
}

/// The end of a contract and the reasons for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Termination {
    /// Day of receipt.
    pub received_on: Date,
    /// Last day of the contract.
    pub ends_on: Date,
    /// First day of whatever follows: the day after.
    pub successor_starts_on: Date,
    /// Last day of the notice period. § 193 BGB does not move it (BGH III ZR 172/04).
    pub notice_expires_on: Date,
    /// The latest day of receipt that still leads to this end (with the same wish).
    pub latest_receipt_on: Date,
    /// Why, step by step.
    pub because: Vec<Because>,
}

/// Finds the day on which a contract ends.
///
/// A notice received before the start ends the contract on the eve of its start ([`termination_before_start`]), unless a
/// later end is wished. A contract with an initial term and no renewal ends by itself, whatever the notice.
/// For a consumer the end is never later than one month after receipt, except for a minimum term that still runs or a
/// later wish. Refused: senseless terms, a missing start or billing schedule, dates out of range, a contract that has
/// already ended by itself.
pub fn termination(question: &TerminationQuestion<'_>) -> Result<Termination, Violation> {
    check(question)?;
    let TerminationQuestion {
        terms,
        received_on,
        started_on,
        wish_on,
        consumer,
        ..
    } = *question;
    if let Some(started_on) = started_on
        && received_on < started_on
        && wish_on.is_none_or(|wish_on| wish_on < started_on)
    {
        return Ok(termination_before_start(received_on, started_on));
    }
    let minimum_term_end = started_on.and_then(|started_on| terms.minimum_term_end(started_on));
    if let Some(ends_on) = started_on.and_then(|started_on| terms.ends_by_itself_on(started_on)) {
        return ends_by_itself(question, ends_on);
    }
    let notice_expires_on = calendar::add(received_on, terms.notice);
    let earliest_on = later(notice_expires_on, minimum_term_end);
    let allowed_on = first_allowed_day(question, later(earliest_on, wish_on))?;
    let cap_on = later(
        later(calendar::add(received_on, CONSUMER_NOTICE), minimum_term_end),
        wish_on,
    );
    let capped = consumer && allowed_on > cap_on;
    let ends_on = if capped { cap_on } else { allowed_on };
    let latest_by_terms = latest_event(ends_on, terms.notice);
    let latest_by_law = latest_event(ends_on, CONSUMER_NOTICE);
    let latest_receipt_on = match (consumer, capped) {
        (false, _) => latest_by_terms,
        (true, false) => latest_by_terms.max(latest_by_law),
        (true, true) => latest_by_law,
    };
    let because = explain::by_notice(question, notice_expires_on, minimum_term_end, allowed_on, ends_on);
    Ok(Termination {
        received_on,
        ends_on,
        successor_starts_on: next_day(ends_on),
        notice_expires_on,
        latest_receipt_on,
        because,
    })
}

/// The end of a contract that has not started when the notice is received: the eve of its start, no notice period
/// applies and nothing is charged (design decision 2).
pub fn termination_before_start(received_on: Date, starts_on: Date) -> Termination {
    let ends_on = previous_day(starts_on);
    Termination {
        received_on,
        ends_on,
        successor_starts_on: starts_on,
        notice_expires_on: received_on,
        latest_receipt_on: ends_on,
        because: vec![explain::before_start(starts_on, ends_on)],
    }
}

fn ends_by_itself(question: &TerminationQuestion<'_>, ends_on: Date) -> Result<Termination, Violation> {
    if question.received_on > ends_on {
        return Err(Violation::invalid(
            "date_out_of_range",
            format!(
                "Der Vertrag ist am {} von selbst ausgelaufen.",
                calendar::german(ends_on)
            ),
            format!("The contract ended by itself on {}.", calendar::english(ends_on)),
        )
        .at("/received_at"));
    }
    Ok(Termination {
        received_on: question.received_on,
        ends_on,
        successor_starts_on: next_day(ends_on),
        notice_expires_on: calendar::add(question.received_on, question.terms.notice),
        latest_receipt_on: ends_on,
        because: vec![explain::ends_by_itself(ends_on)],
    })
}

fn check(question: &TerminationQuestion<'_>) -> Result<(), Violation> {
    if let Some(fault) = question.terms.check().into_iter().next() {
        return Err(fault.into());
    }
    let dates = [
        (Some(question.received_on), "/received_at"),
        (question.started_on, "/started_on"),
        (question.billing.map(|billing| billing.anchor_on), "/billing/anchor_on"),
        (question.wish_on, "/wish_on"),
    ];
    for (date, pointer) in dates {
        if date.is_some_and(|date| !in_range(date)) {
            return Err(out_of_range().at(pointer));
        }
    }
    if question.terms.initial_term.is_some() && question.started_on.is_none() {
        return Err(Violation::invalid(
            "validation_failed",
            "Mit einer Mindestlaufzeit wird der Vertragsbeginn gebraucht.",
            "With an initial term the start of the contract is needed.",
        )
        .at("/started_on"));
    }
    if question.terms.to == AllowedEnd::BillingPeriodEnd && question.billing.is_none() {
        return Err(Violation::invalid(
            "validation_failed",
            "Für das Ende zum Abrechnungszeitraum werden Anker und Intervall der Abrechnung gebraucht.",
            "To end with a billing period its anchor and interval are needed.",
        )
        .at("/billing"));
    }
    Ok(())
}

/// The first allowed day on or after `earliest_on`.
fn first_allowed_day(question: &TerminationQuestion<'_>, earliest_on: Date) -> Result<Date, Violation> {
    let terms = question.terms;
    let found = match terms.to {
        AllowedEnd::BillingPeriodEnd => question.billing.and_then(|billing| {
            billing
                .period_containing(earliest_on.max(billing.anchor_on))
                .map(|period| period.through_on)
        }),
        AllowedEnd::TermEnd => question.started_on.and_then(|started_on| {
            // Two centuries of days bound the search; a real contract needs a handful of steps.
            (0..80_000)
                .map_while(|renewals| terms.nth_term_end(started_on, renewals))
                .find(|ends_on| *ends_on >= earliest_on)
        }),
        grid => calendar_grid(grid, earliest_on),
    };
    found.ok_or_else(out_of_range)
}

fn out_of_range() -> Violation {
    Violation::invalid(
        "date_out_of_range",
        "Das Datum muss zwischen dem 01.01.1990 und dem 31.12.2199 liegen.",
        "The date must lie between 1 January 1990 and 31 December 2199.",
    )
}

fn later(date: Date, other: Option<Date>) -> Date {
    other.map_or(date, |other| date.max(other))
}

/// Whether a month was shortened because the corresponding day is missing (§ 188 Abs. 3 BGB).
pub(super) fn shortened(received_on: Date, notice: CalendarDuration) -> bool {
    matches!(notice, CalendarDuration::Months(months) if add_months(received_on, months).day() != received_on.day())
}

//! The reasons for the end of a contract, in words.

use time::Date;

use super::{AllowedEnd, TerminationQuestion, termination::shortened};
use crate::domain::{
    because::{Because, CONTRACT_TERMS},
    calendar::{CalendarDuration, english, german, is_weekend},
    localized::LocalizedText,
};

/// The steps from receipt to end. `allowed_on` is the day the terms allow, `ends_on` the day after the consumer's cap.
pub(super) fn by_notice(
    question: &TerminationQuestion<'_>,
    notice_expires_on: Date,
    minimum_term_end: Option<Date>,
    allowed_on: Date,
    ends_on: Date,
) -> Vec<Because> {
    let mut steps = vec![notice(question, notice_expires_on)];
    if is_weekend(notice_expires_on) {
        steps.push(no_shift(notice_expires_on));
    }
    if let (Some(end), Some(started_on)) = (minimum_term_end, question.started_on) {
        steps.push(minimum_term(started_on, end));
    }
    if let Some(wish_on) = question.wish_on {
        steps.push(wish(wish_on, ends_on));
    }
    steps.push(allowed_end(question.terms.to, allowed_on));
    if ends_on != allowed_on {
        steps.push(consumer_cap(question.received_on, ends_on));
    }
    steps
}

/// The contract had not begun when the notice came.
pub(super) fn before_start(starts_on: Date, ends_on: Date) -> Because {
    step(
        "before_start",
        CONTRACT_TERMS,
        format!(
            "Der Vertrag beginnt erst am {}. Wird er vorher gekündigt, endet er am Vortag ({}), und es wird nichts berechnet.",
            german(starts_on),
            german(ends_on)
        ),
        format!(
            "The contract starts only on {}. Cancelled before, it ends on the eve ({}) and nothing is charged.",
            english(starts_on),
            english(ends_on)
        ),
    )
}

/// The contract has a fixed term and no renewal.
pub(super) fn ends_by_itself(ends_on: Date) -> Because {
    step(
        "ends_by_itself",
        "§ 188 Abs. 2, § 620 Abs. 1 BGB",
        format!(
            "Der Vertrag ist befristet und verlängert sich nicht; er endet von selbst am {}.",
            german(ends_on)
        ),
        format!(
            "The contract has a fixed term without renewal; it ends by itself on {}.",
            english(ends_on)
        ),
    )
}

fn notice(question: &TerminationQuestion<'_>, expires_on: Date) -> Because {
    let (received_on, notice) = (question.received_on, question.terms.notice);
    if notice.is_zero() {
        return step(
            "no_notice_period",
            CONTRACT_TERMS,
            format!(
                "Zugang am {}; eine Kündigungsfrist ist nicht einzuhalten.",
                german(received_on)
            ),
            format!(
                "Received on {}; there is no notice period to keep.",
                english(received_on)
            ),
        );
    }
    let source = match notice {
        CalendarDuration::Days(_) => "§ 187 Abs. 1, § 188 Abs. 1 BGB",
        _ if shortened(received_on, notice) => "§ 187 Abs. 1, § 188 Abs. 2, Abs. 3 BGB",
        _ => "§ 187 Abs. 1, § 188 Abs. 2 BGB",
    };
    let length = notice.words();
    step(
        "notice_period",
        source,
        format!(
            "Zugang am {}; dieser Tag zählt nicht mit. Kündigungsfrist ({}) bis {}.",
            german(received_on),
            length.de,
            german(expires_on)
        ),
        format!(
            "Received on {}; that day is not counted. Notice period ({}) until {}.",
            english(received_on),
            length.en,
            english(expires_on)
        ),
    )
}

fn no_shift(expires_on: Date) -> Because {
    step(
        "no_weekend_shift",
        "BGH 17.02.2005, III ZR 172/04",
        format!(
            "Der {} fällt auf ein Wochenende; eine Kündigungsfrist verschiebt das nicht.",
            german(expires_on)
        ),
        format!(
            "{} is on a weekend; that does not move a notice period.",
            english(expires_on)
        ),
    )
}

fn minimum_term(started_on: Date, end: Date) -> Because {
    step(
        "minimum_term",
        "§ 187 Abs. 2, § 188 Abs. 2 BGB",
        format!(
            "Die Mindestlaufzeit ab dem {} endet am {}.",
            german(started_on),
            german(end)
        ),
        format!(
            "The minimum term from {} ends on {}.",
            english(started_on),
            english(end)
        ),
    )
}

fn wish(wish_on: Date, ends_on: Date) -> Because {
    let (de, en) = if wish_on == ends_on {
        ("ist möglich", "is possible")
    } else {
        (
            "ist nicht möglich; es gilt der nächstmögliche Tag",
            "is not possible; the next possible day applies",
        )
    };
    step(
        "wish",
        "§§ 133, 140 BGB",
        format!("Der Wunschtermin {} {de}.", german(wish_on)),
        format!("The end wished for, {}, {en}.", english(wish_on)),
    )
}

fn allowed_end(to: AllowedEnd, allowed_on: Date) -> Because {
    let (de, en) = match to {
        AllowedEnd::AnyDay => ("an jedem Tag", "on any day"),
        AllowedEnd::MonthEnd => ("zum Monatsende", "at the end of a month"),
        AllowedEnd::QuarterEnd => ("zum Quartalsende", "at the end of a quarter"),
        AllowedEnd::HalfYearEnd => ("zum Halbjahresende", "at the end of a half year"),
        AllowedEnd::YearEnd => ("zum Jahresende", "at the end of a year"),
        AllowedEnd::BillingPeriodEnd => ("zum Ende eines Abrechnungszeitraums", "at the end of a billing period"),
        AllowedEnd::TermEnd => ("zum Ende der Laufzeit", "at the end of the term"),
    };
    step(
        "allowed_end",
        CONTRACT_TERMS,
        format!(
            "Der Vertrag kann {de} enden; der nächste solche Tag ist der {}.",
            german(allowed_on)
        ),
        format!(
            "The contract may end {en}; the next such day is {}.",
            english(allowed_on)
        ),
    )
}

fn consumer_cap(received_on: Date, ends_on: Date) -> Because {
    step(
        "consumer_cap",
        "§ 309 Nr. 9 BGB",
        format!(
            "Verbraucher müssen nach der Mindestlaufzeit nicht länger als einen Monat ab Zugang ({}) warten: Ende am {}.",
            german(received_on),
            german(ends_on)
        ),
        format!(
            "After the minimum term consumers need not wait longer than a month from receipt ({}): it ends on {}.",
            english(received_on),
            english(ends_on)
        ),
    )
}

fn step(rule: &'static str, source: &'static str, de: String, en: String) -> Because {
    Because {
        rule,
        source,
        text: LocalizedText { de, en },
    }
}

//! When a contract can end (rules 2.1, design decision 2).

use time::Date;

use super::days::{add_months, calendar_end, plus, term_end};
use super::item::{Item, period};

/// The earliest last day of a contract whose cancellation is received on `received`, on or after the day wished for.
pub fn earliest_end(item: &Item, received: Date, wish: Option<Date>, consumer: bool) -> Date {
    if received < item.starts && wish.is_none_or(|wish| wish < item.starts) {
        return plus(item.starts, -1);
    }
    let phase = item.phase(received);
    let tariff = &phase.tariff;
    let start = item.term_start(received);
    let minimum = tariff.initial.map(|months| term_end(start, months));
    if let (true, Some(end)) = (tariff.ends_by_itself, minimum) {
        return end;
    }
    let notice = add_months(received, tariff.notice);
    let wished = wish.map_or(notice, |wish| wish.max(notice));
    let bound = minimum.map_or(wished, |end| end.max(wished));
    let end = match tariff.to.as_str() {
        "any_day" => bound,
        "month_end" => calendar_end(bound, 1),
        "quarter_end" => calendar_end(bound, 3),
        "billing_period_end" => period(phase, bound).1,
        "term_end" => term_with(start, bound, tariff.initial.zip(tariff.renewal)),
        other => panic!("no plan ends with {other}"),
    };
    if !consumer {
        return end;
    }
    // Once no minimum term runs, consumers are out a month after their notice, and later only if they wish (§ 309 Nr. 9 BGB).
    let month = add_months(received, 1);
    let latest = [Some(month), wish, minimum]
        .into_iter()
        .flatten()
        .fold(month, Date::max);
    end.min(latest)
}

/// The first end of a term or of one of its renewals on or after `bound`.
fn term_with(start: Date, bound: Date, months: Option<(i32, i32)>) -> Date {
    let (mut whole, renewal) = months.expect("a renewing term");
    while term_end(start, whole) < bound {
        whole += renewal;
    }
    term_end(start, whole)
}

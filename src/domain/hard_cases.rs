//! Cases from the tests, documentation and bug trackers of other systems, named after their ids in the project's list.
//! Their half-open ends are written as our inclusive last days. Where our decisions give another number, the comment
//! says which and why.

use time::{Date, macros::date};

use super::{
    money::{Currency::EUR, Money, UnitPrice},
    period::{BillingAlignment, BillingInterval, BillingSchedule, schedule_for},
    proration::{Proration, prorate},
    tax::{PriceMode, TaxLine, TaxTotals, tax},
    terms::{AllowedEnd, Renewal, Termination, TerminationQuestion, Terms, termination},
};

fn schedule(anchor_on: Date, interval: &str) -> BillingSchedule {
    BillingSchedule {
        anchor_on,
        interval: interval.parse().expect("an interval"),
    }
}

fn starts(schedule: BillingSchedule, indices: std::ops::Range<u32>) -> Vec<Date> {
    indices
        .map(|index| schedule.period(index).expect("a period").from_on)
        .collect()
}

fn span_around(schedule: BillingSchedule, date: Date) -> (Date, Date) {
    let period = schedule.period_containing(date).expect("a period");
    (period.from_on, period.through_on)
}

fn part(price: &str, quantity: i64, period: (Date, Date), used: (Date, Date)) -> Proration {
    prorate(UnitPrice::parse(price, EUR).expect("a price"), quantity, period, used).expect("a proration")
}

fn amount(price: &str, quantity: i64, period: (Date, Date), used: (Date, Date)) -> String {
    part(price, quantity, period, used).amount.amount()
}

fn net_plus(lines: &[Money], rate: &str) -> TaxTotals {
    let rate = rate.parse().expect("a rate");
    let lines: Vec<_> = lines.iter().map(|amount| TaxLine::of_amount(*amount, rate)).collect();
    tax(&lines, PriceMode::Net, EUR).expect("totals")
}

fn terms(initial_term: Option<&str>, renewal: Option<Renewal>, notice: &str, to: AllowedEnd) -> Terms {
    let initial_term = initial_term.map(|text| text.parse().expect("a term"));
    Terms {
        initial_term,
        renewal,
        notice: notice.parse().expect("a notice"),
        to,
    }
}

fn fixed(duration: &str) -> Option<Renewal> {
    Some(Renewal::Fixed(duration.parse().expect("a renewal")))
}

fn ends(terms: &Terms, started_on: Option<Date>, received_on: Date) -> Termination {
    let question = TerminationQuestion {
        terms,
        received_on,
        started_on,
        billing: None,
        wish_on: None,
        consumer: false,
    };
    termination(&question).expect("an end")
}

#[test]
fn h1_anchor_on_the_31st_never_drifts() {
    assert_eq!(
        starts(schedule(date!(2025 - 01 - 31), "P1M"), 0..4),
        [
            date!(2025 - 01 - 31),
            date!(2025 - 02 - 28),
            date!(2025 - 03 - 31),
            date!(2025 - 04 - 30)
        ]
    );
    assert_eq!(
        starts(schedule(date!(2024 - 01 - 31), "P1M"), 1..2),
        [date!(2024 - 02 - 29)]
    );
}

#[test]
fn h2_month_quarter_and_leap_year_anniversaries() {
    let monthly = schedule(date!(2022 - 12 - 31), "P1M");
    assert_eq!(
        starts(monthly, 1..5),
        [
            date!(2023 - 01 - 31),
            date!(2023 - 02 - 28),
            date!(2023 - 03 - 31),
            date!(2023 - 04 - 30)
        ]
    );
    assert_eq!(
        starts(monthly, 13..16),
        [date!(2024 - 01 - 31), date!(2024 - 02 - 29), date!(2024 - 03 - 31)]
    );
    assert_eq!(
        starts(schedule(date!(2022 - 12 - 31), "P3M"), 1..5),
        [
            date!(2023 - 03 - 31),
            date!(2023 - 06 - 30),
            date!(2023 - 09 - 30),
            date!(2023 - 12 - 31)
        ]
    );
    assert_eq!(
        starts(schedule(date!(2020 - 02 - 29), "P12M"), 3..4),
        [date!(2023 - 02 - 28)]
    );
}

#[test]
fn h3_the_period_around_a_day() {
    let from_31st = schedule(date!(2024 - 01 - 31), "P1M");
    assert_eq!(
        span_around(from_31st, date!(2024 - 02 - 15)),
        (date!(2024 - 01 - 31), date!(2024 - 02 - 28))
    );
    assert_eq!(
        span_around(from_31st, date!(2024 - 02 - 29)),
        (date!(2024 - 02 - 29), date!(2024 - 03 - 30))
    );
    assert_eq!(
        span_around(from_31st, date!(2024 - 03 - 31)),
        (date!(2024 - 03 - 31), date!(2024 - 04 - 29))
    );
    // A start on 1 January billed on the 10th is a stub of the regular period 10.12.-09.01.; it ends on the 9th.
    let from_10th = schedule(date!(2023 - 12 - 10), "P1M");
    assert_eq!(span_around(from_10th, date!(2024 - 01 - 01)).1, date!(2024 - 01 - 09));
}

#[test]
fn h4_no_sliver_at_the_end_of_a_quarter() {
    let monthly = schedule(date!(2025 - 08 - 31), "P1M");
    let first = monthly.period_containing(date!(2025 - 09 - 30)).expect("a period");
    let last = monthly.period_containing(date!(2025 - 12 - 30)).expect("a period");
    assert_eq!(first.from_on, date!(2025 - 09 - 30));
    assert_eq!(last.through_on, date!(2025 - 12 - 30));
    assert_eq!(last.index - first.index + 1, 3);
}

#[test]
fn h10_days_of_a_quarter() {
    let used = (date!(2024 - 05 - 20), date!(2024 - 06 - 20));
    let anniversary = span_around(schedule(date!(2024 - 01 - 15), "P3M"), used.0);
    assert_eq!(anniversary, (date!(2024 - 04 - 15), date!(2024 - 07 - 14)));
    assert_eq!(amount("910.00", 1, anniversary, used), "320.00");
    let quarter = BillingInterval::new(3).expect("an interval");
    let calendar = span_around(schedule_for(used.0, quarter, BillingAlignment::Calendar), used.0);
    assert_eq!(calendar, (date!(2024 - 04 - 01), date!(2024 - 06 - 30)));
    assert_eq!(amount("910.00", 1, calendar, used), "320.00");
}

#[test]
fn h11_two_upgrades_within_a_calendar_month() {
    let march = (date!(2024 - 03 - 01), date!(2024 - 03 - 31));
    let rest = (date!(2024 - 03 - 12), march.1);
    assert_eq!(amount("10.00", 1, march, (date!(2024 - 03 - 05), march.1)), "8.71");
    assert_eq!(amount("15.00", 1, march, rest), "9.68");
    assert_eq!(amount("19.00", 1, march, rest), "12.26");
    // Credits are full price × rest / N, never computed from the last prorated charge; their numbers include 25 % tax.
    let credit = |price: &str| net_plus(&[part(price, 1, march, rest).amount], "25").gross.amount();
    assert_eq!(credit("-10.00"), "-8.06");
    assert_eq!(credit("-15.00"), "-12.10");
}

#[test]
fn h12_monthly_to_yearly_on_the_last_day_of_a_period() {
    let old = schedule(date!(2023 - 08 - 29), "P1M");
    let changed_on = date!(2023 - 09 - 28);
    let period = span_around(old, changed_on);
    assert_eq!(amount("-10.00", 1, period, (changed_on, changed_on)), "-0.32");
    // They charge 275/366 of the year up to the old anniversary. With us another interval moves the anchor to the change
    // day and the new price is charged in full (design decision 4): 120.00.
    let year = span_around(schedule(changed_on, "P12M"), changed_on);
    assert_eq!(year, (date!(2023 - 09 - 28), date!(2024 - 09 - 27)));
    assert_eq!(amount("120.00", 1, year, year), "120.00");
}

#[test]
fn h13_stub_in_advance_and_its_unused_week() {
    let february = (date!(2025 - 02 - 01), date!(2025 - 02 - 28));
    let charged = part("100.00", 1, february, (date!(2025 - 02 - 08), february.1)).amount;
    assert_eq!(net_plus(&[charged], "20").gross.amount(), "90.00");
    let unused = part("-100.00", 1, february, (date!(2025 - 02 - 22), february.1)).amount;
    assert_eq!(net_plus(&[unused], "20").gross.amount(), "-30.00");
}

#[test]
fn h15_prorated_prices_round_half_away_from_zero() {
    let leap = (date!(2012 - 02 - 29), date!(2012 - 03 - 30));
    assert_eq!(amount("599.95", 1, leap, (date!(2012 - 03 - 02), leap.1)), "561.24");
    let august = (date!(2020 - 08 - 01), date!(2020 - 08 - 31));
    assert_eq!(amount("19.95", 1, august, (date!(2020 - 08 - 07), august.1)), "16.09");
    let july = (date!(2012 - 06 - 25), date!(2012 - 07 - 24));
    assert_eq!(amount("249.95", 1, july, (date!(2012 - 07 - 16), july.1)), "74.99");
}

#[test]
fn h16_credit_of_a_yearly_price() {
    let year = span_around(schedule(date!(2013 - 08 - 18), "P12M"), date!(2013 - 09 - 17));
    let credit = part("-2399.95", 1, year, (date!(2013 - 09 - 17), year.1));
    assert_eq!((credit.used_days, credit.period_days), (335, 365));
    assert_eq!(credit.amount.amount(), "-2202.69");
    // Yearly to monthly on the first day: all of the year back, a month charged.
    let month = span_around(schedule(date!(2013 - 08 - 18), "P1M"), date!(2013 - 08 - 18));
    let all = part("-2399.95", 1, year, year).amount;
    let monthly = part("249.95", 1, month, month).amount;
    assert_eq!(all.checked_add(monthly).expect("a sum").amount(), "-2150.00");
    // A charge of 249.95 lessened by 10.00 can be credited with 239.95 only; beside 30/31 of 9.95 that leaves 230.32.
    let left = Money::parse("239.95", EUR).expect("an amount");
    let cheaper = part("9.95", 1, month, (date!(2013 - 08 - 19), month.1)).amount;
    assert_eq!(cheaper.amount(), "9.63");
    assert_eq!(left.checked_sub(cheaper).expect("a difference").amount(), "230.32");
}

#[test]
fn h17_platform_and_seats_change_in_the_middle_of_january() {
    let january = (date!(2025 - 01 - 01), date!(2025 - 01 - 31));
    let rest = (date!(2025 - 01 - 16), january.1);
    let sum = |lines: &[(&str, i64)]| {
        let lines = lines
            .iter()
            .map(|(price, quantity)| part(price, *quantity, january, rest).amount);
        Money::sum(lines, EUR).expect("a sum").amount()
    };
    assert_eq!(
        sum(&[("-29.00", 1), ("-10.00", 1), ("99.00", 1), ("25.00", 1)]),
        "43.87"
    );
    assert_eq!(
        sum(&[("29.00", 1), ("10.00", 1), ("-99.00", 1), ("-25.00", 1)]),
        "-43.87"
    );
    assert_eq!(
        sum(&[("-29.00", 1), ("-10.00", 5), ("99.00", 1), ("25.00", 5)]),
        "74.84"
    );
    // Rounded per line: -18.06 + 14.97 + 25.81.
    assert_eq!(sum(&[("-35.00", 1), ("29.00", 1), ("10.00", 5)]), "22.72");
}

#[test]
fn h19_tax_on_the_total_of_a_change() {
    let november = (date!(2026 - 11 - 01), date!(2026 - 11 - 30));
    let rest = (date!(2026 - 11 - 16), november.1);
    let credit = part("-100.00", 1, november, rest).amount;
    let charge = part("200.00", 1, november, rest).amount;
    assert_eq!(net_plus(&[credit, charge], "20").gross.amount(), "60.00");
}

#[test]
fn h21_a_stub_is_prorated_over_the_whole_regular_month() {
    let leap = (date!(2020 - 02 - 01), date!(2020 - 02 - 29));
    assert_eq!(amount("9.00", 1, leap, (date!(2020 - 02 - 02), leap.1)), "8.69");
    assert_eq!(amount("9.00", 1, leap, (date!(2020 - 02 - 27), leap.1)), "0.93");
    let common = (date!(2025 - 02 - 01), date!(2025 - 02 - 28));
    assert_eq!(amount("9.00", 1, common, (date!(2025 - 02 - 26), common.1)), "0.96");
}

#[test]
fn h22_yearly_renewal_with_three_months_of_notice() {
    let terms = terms(Some("P12M"), fixed("P12M"), "P3M", AllowedEnd::TermEnd);
    let started_on = Some(date!(2025 - 01 - 01));
    let in_time = ends(&terms, started_on, date!(2026 - 09 - 30));
    assert_eq!(
        (in_time.ends_on, in_time.latest_receipt_on),
        (date!(2026 - 12 - 31), date!(2026 - 09 - 30))
    );
    assert_eq!(
        ends(&terms, started_on, date!(2026 - 10 - 01)).ends_on,
        date!(2027 - 12 - 31)
    );
}

#[test]
fn h23_the_last_day_of_notice_is_the_31st_not_the_30th() {
    let terms = terms(Some("P12M"), fixed("P12M"), "P3M", AllowedEnd::TermEnd);
    let found = ends(&terms, Some(date!(2020 - 07 - 01)), date!(2021 - 03 - 31));
    assert_eq!(
        (found.ends_on, found.latest_receipt_on),
        (date!(2021 - 06 - 30), date!(2021 - 03 - 31))
    );
}

#[test]
fn h24_grids_respect_the_minimum_term() {
    let quarter = terms(None, None, "P3M", AllowedEnd::QuarterEnd);
    assert_eq!(
        ends(&quarter, None, date!(2025 - 02 - 15)).ends_on,
        date!(2025 - 06 - 30)
    );
    let month = terms(None, None, "P3M", AllowedEnd::MonthEnd);
    assert_eq!(ends(&month, None, date!(2025 - 03 - 15)).ends_on, date!(2025 - 06 - 30));
    // They say 2026-01-01, exclusive; their month branch forgets the minimum term.
    let minimum = terms(Some("P12M"), Some(Renewal::Indefinite), "P3M", AllowedEnd::MonthEnd);
    assert_eq!(
        ends(&minimum, Some(date!(2025 - 01 - 01)), date!(2025 - 03 - 15)).ends_on,
        date!(2025 - 12 - 31)
    );
}

#[test]
fn h25_first_grid_day_after_the_minimum_term() {
    for (to, ends_on, latest_receipt_on) in [
        (AllowedEnd::MonthEnd, date!(2025 - 01 - 31), date!(2024 - 12 - 31)),
        (AllowedEnd::QuarterEnd, date!(2025 - 03 - 31), date!(2025 - 02 - 28)),
    ] {
        let terms = terms(Some("P12M"), Some(Renewal::Indefinite), "P1M", to);
        let found = ends(&terms, Some(date!(2024 - 01 - 15)), date!(2024 - 06 - 01));
        assert_eq!((found.ends_on, found.latest_receipt_on), (ends_on, latest_receipt_on));
    }
}

#[test]
fn h26_renewals_by_the_year_and_by_the_month() {
    // Their ends and deadlines are the first day that is too late; ours are the last day that counts.
    let yearly = terms(Some("P12M"), fixed("P12M"), "P3M", AllowedEnd::TermEnd);
    let started_on = Some(date!(2023 - 01 - 01));
    let found = ends(&yearly, started_on, date!(2024 - 05 - 01));
    assert_eq!(
        (found.ends_on, found.latest_receipt_on),
        (date!(2024 - 12 - 31), date!(2024 - 09 - 30))
    );
    let found = ends(&yearly, started_on, date!(2024 - 11 - 01));
    assert_eq!(
        (found.ends_on, found.latest_receipt_on),
        (date!(2025 - 12 - 31), date!(2025 - 09 - 30))
    );
    let monthly = terms(Some("P24M"), fixed("P1M"), "P1M", AllowedEnd::TermEnd);
    let found = ends(&monthly, Some(date!(2022 - 01 - 15)), date!(2026 - 09 - 05));
    assert_eq!(
        (found.ends_on, found.latest_receipt_on),
        (date!(2026 - 10 - 14), date!(2026 - 09 - 14))
    );
}

#[test]
fn h27_two_weeks_to_the_end_of_a_month() {
    let terms = terms(None, None, "P2W", AllowedEnd::MonthEnd);
    assert_eq!(ends(&terms, None, date!(2015 - 04 - 03)).ends_on, date!(2015 - 04 - 30));
    assert_eq!(ends(&terms, None, date!(2015 - 04 - 20)).ends_on, date!(2015 - 05 - 31));
}

#[test]
fn h28_end_of_the_following_month() {
    let terms = terms(None, None, "P1M", AllowedEnd::MonthEnd);
    assert_eq!(ends(&terms, None, date!(2017 - 04 - 10)).ends_on, date!(2017 - 05 - 31));
}

#[test]
fn h30_too_late_for_this_year_means_the_next() {
    let terms = terms(Some("P12M"), fixed("P12M"), "P2M", AllowedEnd::TermEnd);
    assert_eq!(
        ends(&terms, Some(date!(2025 - 01 - 01)), date!(2025 - 12 - 01)).ends_on,
        date!(2026 - 12 - 31)
    );
}

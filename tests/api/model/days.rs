//! Days, months and holidays, counted as §§ 187 to 193 BGB do (rules 1 and 7). Written anew for the model.

use time::{Date, Duration, Month, Weekday};

/// `day` moved by whole days.
pub fn plus(day: Date, days: i64) -> Date {
    day + Duration::days(days)
}

/// Days from `from` to `through`, both counted.
pub fn count(from: Date, through: Date) -> i128 {
    i128::from((through - from).whole_days() + 1)
}

/// The date of a year and month, clamped to the month's last day.
fn clamped(year: i32, month: u8, day: u8) -> Date {
    let month = Month::try_from(month).expect("a month");
    Date::from_calendar_date(year, month, day.min(month.length(year))).expect("a date")
}

/// Year and month, so many months later.
fn month_after(day: Date, months: i32) -> (i32, u8) {
    let number = day.year() * 12 + i32::from(u8::from(day.month())) - 1 + months;
    let month = u8::try_from(number.rem_euclid(12)).expect("a month") + 1;
    (number.div_euclid(12), month)
}

/// The day with the same number so many months later, clamped (§ 188 Abs. 2 Alt. 1, Abs. 3 BGB).
pub fn add_months(day: Date, months: i32) -> Date {
    let (year, month) = month_after(day, months);
    clamped(year, month, day.day())
}

/// The last day of a term of months that begins with `start` (§ 188 Abs. 2 Alt. 2, Abs. 3 BGB).
pub fn term_end(start: Date, months: i32) -> Date {
    let (year, month) = month_after(start, months);
    if start.day() == 1 {
        plus(clamped(year, month, 1), -1)
    } else {
        clamped(year, month, start.day() - 1)
    }
}

/// The last day of the stretch of `months` of the calendar (1: month, 3: quarter …) that contains `day`.
pub fn calendar_end(day: Date, months: i32) -> Date {
    plus(add_months(calendar_start(day, months), months), -1)
}

/// The first day of that stretch.
pub fn calendar_start(day: Date, months: i32) -> Date {
    let month = i32::from(u8::from(day.month())) - 1;
    let (year, month) = month_after(day, -(month % months));
    clamped(year, month, 1)
}

/// Easter Sunday (Meeus, Jones and Butcher).
fn easter(year: i32) -> Date {
    let (golden, century, rest) = (year % 19, year / 100, year % 100);
    let moon = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - century / 4 - moon + 15) % 30;
    let weekday = (32 + 2 * (century % 4) + 2 * (rest / 4) - epact - rest % 4) % 7;
    let late = (golden + 11 * epact + 22 * weekday) / 451;
    let number = epact + weekday - 7 * late + 114;
    let part = |number: i32| u8::try_from(number).expect("a part of a date");
    clamped(year, part(number / 31), part(number % 31 + 1))
}

/// Whether nothing is due: Saturdays, Sundays and the holidays of Hamburg, where the model's provider is.
fn rests(day: Date) -> bool {
    let fixed = [(1, 1), (5, 1), (10, 3), (10, 31), (12, 25), (12, 26)];
    let movable = [-2, 1, 39, 50].map(|days| plus(easter(day.year()), days));
    let number = (u8::from(day.month()), day.day());
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) || fixed.contains(&number) || movable.contains(&day)
}

/// The next working day on or after `day` (§ 193 BGB).
pub fn working_day(day: Date) -> Date {
    if rests(day) { working_day(plus(day, 1)) } else { day }
}

#[test]
fn the_examples_of_the_rules() {
    use time::macros::date;
    assert_eq!(add_months(date!(2026 - 01 - 31), 1), date!(2026 - 02 - 28));
    assert_eq!(term_end(date!(2026 - 01 - 31), 1), date!(2026 - 02 - 28));
    assert_eq!(term_end(date!(2024 - 02 - 29), 12), date!(2025 - 02 - 28));
    assert_eq!(term_end(date!(2025 - 05 - 01), 12), date!(2026 - 04 - 30));
    assert_eq!(calendar_end(date!(2026 - 02 - 28), 3), date!(2026 - 03 - 31));
    assert_eq!(easter(2028), date!(2028 - 04 - 16));
    assert_eq!(easter(2027), date!(2027 - 03 - 28));
    assert_eq!(working_day(date!(2028 - 04 - 14)), date!(2028 - 04 - 18));
}

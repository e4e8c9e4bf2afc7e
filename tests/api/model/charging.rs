//! What is charged and credited, item by item (rules 8.4; design decisions 3, 4, 8 and 9).

use std::rc::Rc;

use time::Date;

use super::days::{add_months, count, plus, term_end};
use super::fraction::Fraction;
use super::item::{Charge, Item, period, share};
use super::tariff::Kind;
use super::wrong::Mistake;

/// Charges the period that contains `day`, from `day` on, as far as the contract is known to go. Answers whether that is
/// the charge with which a period begins.
pub fn charge_period(item: &mut Item, day: Date, mistake: Mistake) -> bool {
    let phase = item.phase(day).clone();
    let (first, last) = period(&phase, day);
    let through = last_day(item, last);
    item.charged_through = Some(through);
    if !is_extra_day(item, day, through) {
        // A part that follows another part of the same period is the sum up to here less the sum before it (decision 0016); where
        // plan or units have changed within the period it is a line of its own, rounded once.
        let begun = if phase.from > first { day } else { first };
        for (key, kind, cents) in phase.tariff.prices.iter().filter(|price| price.1 != Kind::OneOff) {
            let units = if *kind == Kind::PerUnit { phase.units } else { 1 };
            let full = *cents * Fraction::whole(i128::from(units));
            let days = count(first, last);
            let counted = if mistake == Mistake::ADayTooFew && through < last {
                plus(through, -1)
            } else {
                through
            };
            let so_far = share(full, begun, plus(day, -1), days).rounded();
            let cents = share(full, begun, counted, days).rounded() - so_far;
            add(item, (key, units, full), (day, through, days), cents, day);
        }
    }
    let is_paid = phase
        .tariff
        .prices
        .iter()
        .any(|price| price.1 != Kind::OneOff && price.2 > Fraction::ZERO);
    is_paid && (first == day || (day == item.starts && item.on.is_none()))
}

/// What is charged once, when a contract begins.
pub fn charge_once(item: &mut Item, day: Date) {
    let phase = item.phase(day).clone();
    for (key, _, cents) in phase.tariff.prices.iter().filter(|price| price.1 == Kind::OneOff) {
        add(item, (key, 1, *cents), (day, day, 1), cents.rounded(), day);
        if let Some(charge) = item.charges.last_mut() {
            charge.one_off = true;
        }
    }
}

/// The last day to be charged of a period that ends with `last`.
fn last_day(item: &Item, last: Date) -> Date {
    let until_change = item
        .pending_change()
        .map(|number| plus(item.changes[number].effective, -1));
    let known = [item.ends, until_change];
    known.into_iter().flatten().fold(last, Date::min)
}

/// Whether the only day left is the one by which whole periods outlast themselves (§ 188 Abs. 3 BGB): six months from 31 December
/// end with 30 June, on which the clamped third quarter begins. It costs nothing (design decision 3).
fn is_extra_day(item: &Item, day: Date, through: Date) -> bool {
    let phase = item.phase(day);
    let mut months = phase.tariff.months;
    while add_months(phase.anchor, months) < day {
        months += phase.tariff.months;
    }
    let is_outlasting = term_end(phase.anchor, months) == day && add_months(phase.anchor, months) == day;
    item.ends == Some(day) && through == day && is_outlasting && !phase.tariff.calendar
}

/// Credits the days from `day` on of everything that has been charged beyond, charge by charge.
pub fn credit_from(item: &mut Item, day: Date) {
    for number in 0..item.charges.len() {
        let charge = &item.charges[number];
        if charge.void || charge.reduces.is_some() || charge.pays_until < day {
            continue;
        }
        if charge.one_off {
            continue;
        }
        let from = day.max(charge.from);
        let worth = share(charge.full, from, charge.pays_until, charge.days).rounded();
        let credit = Charge {
            cents: -worth.min(item.left_of(number)),
            from,
            through: charge.pays_until,
            reduces: Some(number),
            billed: None,
            made: day,
            ..charge.clone()
        };
        item.charges[number].pays_until = plus(from, -1);
        item.charges.push(credit);
    }
}

/// Charges so many units, and the flat prices so many times, for the days of one period.
pub fn charge_more(item: &mut Item, (day, through): (Date, Date), (units, flat): (u32, u32), made: Date) {
    let phase = item.phase(day).clone();
    let (first, last) = period(&phase, day);
    for (key, kind, cents) in phase.tariff.prices.iter().filter(|price| price.1 != Kind::OneOff) {
        let units = if *kind == Kind::PerUnit { units } else { flat };
        let full = *cents * Fraction::whole(i128::from(units));
        let days = count(first, last);
        let cents = share(full, day, through, days).rounded();
        add(item, (key, units, full), (day, through, days), cents, made);
    }
}

/// Writes a charge down; what costs nothing leaves none.
fn add(item: &mut Item, what: (&str, u32, Fraction), when: (Date, Date, i128), cents: i128, made: Date) {
    let ((price, units, full), (from, through, days)) = (what, when);
    if full == Fraction::ZERO {
        return;
    }
    let tariff = Rc::clone(&item.phase(from).tariff);
    item.charges.push(Charge {
        price: price.to_owned(),
        units,
        full,
        from,
        through,
        days,
        cents,
        reduces: None,
        pays_until: through,
        one_off: false,
        gross: tariff.gross,
        tax: tariff.tax,
        made,
        billed: None,
        void: false,
    });
}

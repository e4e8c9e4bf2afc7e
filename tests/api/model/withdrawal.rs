//! Withdrawing within 14 days (rules 5, design decisions 9 and 17).

use std::collections::BTreeMap;

use time::Date;

use super::charging::charge_more;
use super::customer::{Customer, Refused};
use super::days::{plus, working_day};
use super::invoices::{Document, Line, document};
use super::item::{Item, Stage, period};
use super::wrong::Mistake;

/// Days of the withdrawal period; the day of conclusion is not counted (§§ 187 Abs. 1, 355 Abs. 2 BGB).
const DAYS: i64 = 14;

impl Customer {
    /// Whether a withdrawal from all of it would be in time.
    pub fn may_withdraw(&self, number: usize) -> Result<(), Refused> {
        let item = &self.items[number];
        let tariff = &item.phases[0].tariff;
        if item.withdrawn.is_some() {
            return Err("it is withdrawn already");
        }
        // What is free is paid with data (§ 312 Abs. 1a BGB).
        if !self.consumer && !tariff.for_business_too {
            return Err("there is no right");
        }
        let days = if self.mistake == Mistake::WithdrawalWithinAWeek {
            7
        } else {
            DAYS
        };
        if self.today > working_day(plus(item.concluded, days)) {
            return Err("too late");
        }
        Ok(())
    }

    /// Withdraws from a contract with everything booked on it, or from a booking.
    pub fn withdraw(&mut self, number: usize) -> Result<(), Refused> {
        self.may_withdraw(number)?;
        let mut numbers = vec![number];
        let booked = self.items.iter().enumerate();
        numbers.extend(
            booked
                .filter(|(_, item)| item.on == Some(number) && item.withdrawn.is_none() && !item.over)
                .map(|(at, _)| at),
        );
        let today = self.today;
        let mut credited: BTreeMap<usize, Vec<Line>> = BTreeMap::new();
        for number in numbers {
            let item = &mut self.items[number];
            for (paper, line) in take_back(item, &self.documents) {
                credited.entry(paper).or_default().push(line);
            }
            let use_is_paid = item.phases[0].tariff.compensation && item.early;
            if use_is_paid {
                // Nobody has used what was cancelled before it began.
                let last = plus(today, -1);
                compensate(item, item.ends.map_or(last, |end| end.min(last)), today);
            }
            for change in item
                .changes
                .iter_mut()
                .filter(|change| change.stage == Stage::Scheduled)
            {
                change.stage = Stage::Superseded;
            }
            item.withdrawn = Some(today);
            item.ends = None;
        }
        for (corrected, lines) in credited {
            let gross = self.documents[corrected].gross;
            self.documents.push(document(today, true, gross, &lines));
        }
        self.live_through_today();
        self.bill(true);
        Ok(())
    }
}

/// Takes all charges and credits back: drafts disappear, what was billed is corrected invoice by invoice. Answers the invoice and
/// the line that corrects it.
fn take_back(item: &mut Item, papers: &[Document]) -> Vec<(usize, Line)> {
    let mut lines = Vec::new();
    for charge in item.charges.iter().filter(|charge| !charge.void) {
        // What was paid out at an end stands on no invoice; the one it reduced is corrected.
        let on_invoice = charge.billed.filter(|paper| !papers[*paper].corrects);
        let original = charge.reduces.and_then(|original| item.charges[original].billed);
        if let (Some(_), Some(invoice)) = (charge.billed, on_invoice.or(original)) {
            lines.push((invoice, (charge.tax, -charge.cents)));
        }
    }
    for charge in &mut item.charges {
        charge.void = true;
    }
    lines
}

/// Charges the days of use, period by period.
fn compensate(item: &mut Item, last: Date, made: Date) {
    let mut day = item.starts;
    while day <= last {
        let next = item
            .standing_phases()
            .into_iter()
            .map(|phase| phase.from)
            .find(|from| *from > day);
        let until_next = next.map_or(last, |from| plus(from, -1));
        let through = period(item.phase(day), day).1.min(last).min(until_next);
        charge_more(item, day, through, None, made);
        day = plus(through, 1);
    }
}

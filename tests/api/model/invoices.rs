//! What is billed when (design decisions 9 and 10, rules 8.4).

use std::collections::BTreeMap;

use time::Date;

use super::customer::Customer;
use super::fraction::Fraction;
use super::item::period;
use super::wrong::Mistake;

/// An invoice, or a correction of invoices with negative amounts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Document {
    /// Day of issue.
    pub day: Date,
    /// Whether it corrects.
    pub corrects: bool,
    /// Whether prices contain the tax.
    pub gross: bool,
    /// Number of lines.
    pub lines: usize,
    /// Cents without tax.
    pub net: i128,
    /// Cents of tax.
    pub tax: i128,
}

/// A line on a document: the tax rate and cents.
pub type Line = (i128, i128);

/// A document with these lines: tax is rounded once per rate.
pub fn document(day: Date, corrects: bool, gross: bool, lines: &[Line]) -> Document {
    let mut rates: BTreeMap<i128, i128> = BTreeMap::new();
    for (rate, cents) in lines {
        *rates.entry(*rate).or_default() += cents;
    }
    let tax = |(rate, cents): (&i128, &i128)| {
        let base = if gross { 100 + rate } else { 100 };
        Fraction::of(cents * rate, base).rounded()
    };
    let tax = rates.iter().map(tax).sum();
    let sum: i128 = rates.values().sum();
    Document {
        day,
        corrects,
        gross,
        lines: lines.len(),
        net: if gross { sum - tax } else { sum },
        tax,
    }
}

impl Customer {
    /// Bills what is open if the charge of a period was made today; if a period of whatever item begins for which older drafts
    /// have waited; and when the last contract is over.
    pub fn bill(&mut self, an_end: bool) {
        let today = self.today;
        let is_last = an_end && self.items.iter().all(|item| item.over || item.withdrawn.is_some());
        let waited = self.looked_through < Some(today) && self.has_older_drafts() && self.begins_a_period();
        if !self.period_began && !waited && !is_last {
            return;
        }
        self.period_began = false;
        self.looked_through = Some(today);
        for gross in [false, true] {
            let open = self.open(gross);
            if self.mistake == Mistake::InvoiceForEachCharge {
                open.iter()
                    .for_each(|one| self.issue(gross, std::slice::from_ref(one), is_last));
            } else {
                self.issue(gross, &open, is_last);
            }
        }
    }

    /// Whether any item begins a period today, free ones included. The first, short period of a booking is none of its own.
    fn begins_a_period(&self) -> bool {
        let mut active = self.items.iter().filter(|item| item.is_active(self.today));
        active.any(|item| {
            let begins = item.starts == self.today && item.on.is_none();
            begins || period(item.phase(self.today), self.today).0 == self.today
        })
    }

    fn has_older_drafts(&self) -> bool {
        let mut charges = self.items.iter().flat_map(|item| &item.charges);
        charges.any(|charge| !charge.void && charge.billed.is_none() && charge.made < self.today)
    }

    /// Drafts, by item and charge.
    fn open(&self, gross: bool) -> Vec<(usize, usize)> {
        let mut open = Vec::new();
        for (number, item) in self.items.iter().enumerate() {
            for (index, charge) in item.charges.iter().enumerate() {
                let is_open = !charge.void && charge.billed.is_none();
                if is_open && charge.gross == gross {
                    open.push((number, index));
                }
            }
        }
        open
    }

    fn issue(&mut self, gross: bool, open: &[(usize, usize)], is_last: bool) {
        let lines: Vec<Line> = open.iter().map(|(item, charge)| self.line(*item, *charge)).collect();
        let mut paper = document(self.today, false, gross, &lines);
        let sum = paper.net + paper.tax;
        if sum == 0 || (sum < 0 && !is_last) {
            return;
        }
        paper.corrects = sum < 0;
        if sum < 0 {
            self.credit_each(gross, open, -sum);
        }
        self.documents.push(paper);
        for (item, charge) in open {
            self.items[*item].charges[*charge].billed = Some(self.documents.len() - 1);
        }
    }

    /// Credits that are paid out take something back of the invoices whose charges they reduce, the oldest first.
    fn credit_each(&mut self, gross: bool, open: &[(usize, usize)], mut left: i128) {
        let mut shares: BTreeMap<usize, Vec<Line>> = BTreeMap::new();
        for (item, charge) in open {
            let charges = &self.items[*item].charges;
            let original = charges[*charge].reduces.and_then(|original| charges[original].billed);
            if let Some(invoice) = original {
                shares.entry(invoice).or_default().push(self.line(*item, *charge));
            }
        }
        for (invoice, lines) in shares {
            let share = document(self.today, true, gross, &lines);
            let part = left.min(-(share.net + share.tax));
            *self.credited.entry(invoice).or_default() += part;
            left -= part;
        }
    }

    fn line(&self, item: usize, charge: usize) -> Line {
        let charge = &self.items[item].charges[charge];
        (charge.tax, charge.cents)
    }
}

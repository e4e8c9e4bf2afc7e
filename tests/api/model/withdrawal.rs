//! Withdrawing within 14 days (rules 5, design decisions 9 and 17).

use std::collections::{BTreeMap, BTreeSet};

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
                .filter(|(_, item)| item.on == Some(number) && item.withdrawn.is_none())
                .map(|(at, _)| at),
        );
        let today = self.today;
        let mut taken = Vec::new();
        let mut owed = Vec::new();
        for number in numbers {
            let item = &mut self.items[number];
            taken.extend(take_back(number, item, &self.documents));
            let known = item.charges.len();
            // Nobody has used what was cancelled before it began.
            let last = plus(today, -1);
            compensate(item, item.ends.map_or(last, |end| end.min(last)), today);
            owed.extend((known..item.charges.len()).map(|charge| (number, charge)));
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
        owed.sort_unstable();
        let mut credited = self.corrections(taken);
        let mut stands = Vec::new();
        for (number, charge) in owed {
            stands.extend(self.set_off(&mut credited, (number, charge)));
        }
        for (corrected, lines) in credited {
            let gross = self.documents[corrected].gross;
            let lines: Vec<Line> = lines.into_iter().map(|one| one.line).collect();
            let stays = stands.iter().any(|(.., paper)| *paper == corrected);
            self.correct(corrected, document(today, true, gross, &lines), stays);
            for (number, charge, _) in stands.iter().filter(|(.., paper)| *paper == corrected) {
                self.items[*number].charges[*charge].billed = Some(self.documents.len() - 1);
            }
        }
        self.live_through_today();
        self.bill(true);
        Ok(())
    }
}

/// A line of a correction: of which item and days it is.
struct Credited {
    number: usize,
    days: (Date, Date),
    line: Line,
}

/// A charge or credit that is taken back, with the invoice on which it stands.
struct Taken {
    paper: usize,
    /// The charge, for a credit the one it reduces.
    root: usize,
    is_credit: bool,
    entry: Credited,
}

impl Customer {
    /// What is taken back, invoice by invoice. A charge that other invoices have credited to the last cent is left alone with its
    /// credits. A credit stands with what it reduces where a correction of its own invoice would ask for money.
    fn corrections(&self, taken: Vec<Taken>) -> BTreeMap<usize, Vec<Credited>> {
        let key = |one: &Taken| (one.entry.number, one.root);
        let (credits, charges): (Vec<Taken>, Vec<Taken>) = taken.into_iter().partition(|one| one.is_credit);
        let papers: BTreeSet<usize> = charges.iter().map(|one| one.paper).collect();
        let is_alone = |charge: &&Taken| {
            let mut reducing = credits.iter().filter(|credit| key(credit) == key(charge)).peekable();
            let is_reduced = reducing.peek().is_some();
            let left: i128 = reducing.clone().map(|credit| credit.entry.line.1).sum();
            let elsewhere = reducing.all(|credit| !papers.contains(&credit.paper));
            is_reduced && elsewhere && left + charge.entry.line.1 == 0
        };
        let alone: BTreeSet<(usize, usize)> = charges.iter().filter(is_alone).map(key).collect();
        let roots: BTreeMap<(usize, usize), usize> = charges.iter().map(|one| (key(one), one.paper)).collect();
        let mut corrections: BTreeMap<usize, Vec<Credited>> = BTreeMap::new();
        for one in charges.into_iter().chain(credits) {
            if alone.contains(&key(&one)) {
                continue;
            }
            let own = corrections.get(&one.paper).into_iter().flatten();
            let sum = own.map(|other| other.line.1).sum::<i128>() + one.entry.line.1;
            let paper = if sum <= 0 { one.paper } else { roots[&key(&one)] };
            corrections.entry(paper).or_default().push(one.entry);
        }
        corrections
    }

    /// Issues a correction. The last one of an invoice takes back what is left of it: rounding its tax once more must not leave a
    /// cent, nor pay one back.
    fn correct(&mut self, corrected: usize, mut paper: Document, stays: bool) {
        let invoice = &self.documents[corrected];
        let before = self.credited.get(&corrected).copied().unwrap_or(0);
        let mut charges = self.items.iter().flat_map(|item| &item.charges);
        let stands = stays || charges.any(|charge| !charge.void && charge.billed == Some(corrected));
        let over = invoice.net + invoice.tax - before + paper.net + paper.tax;
        if !stands && !invoice.gross && paper.tax != 0 && over.abs() <= 2 {
            paper.tax -= over;
        }
        *self.credited.entry(corrected).or_default() -= paper.net + paper.tax;
        self.documents.push(paper);
    }

    /// What is owed for use is taken off what is credited: best of the same item and days, else of the same item, else of any, as
    /// long as the correction asks for no money. Answers the invoice whose correction it is.
    fn set_off(
        &self,
        credited: &mut BTreeMap<usize, Vec<Credited>>,
        (number, charge): (usize, usize),
    ) -> Option<(usize, usize, usize)> {
        let owed = &self.items[number].charges[charge];
        let fits = |paper: usize, lines: &[Credited]| {
            let sum: i128 = lines.iter().map(|one| one.line.1).sum();
            self.documents[paper].gross == owed.gross && sum + owed.cents <= 0
        };
        let meets = |one: &Credited| one.days.0 <= owed.through && owed.from <= one.days.1;
        let far = |lines: &[Credited]| match lines.iter().filter(|one| one.number == number).collect::<Vec<_>>() {
            own if own.iter().any(|one| meets(one)) => 0,
            own if !own.is_empty() => 1,
            _ => 2,
        };
        let fitting = credited.iter().filter(|(paper, lines)| fits(**paper, lines));
        let paper = *fitting.min_by_key(|(_, lines)| far(lines))?.0;
        let line = Credited {
            number,
            days: (owed.from, owed.through),
            line: (owed.tax, owed.cents),
        };
        credited.get_mut(&paper)?.push(line);
        Some((number, charge, paper))
    }
}

/// Takes all charges and credits back: drafts disappear, what was billed is corrected.
fn take_back(number: usize, item: &mut Item, papers: &[Document]) -> Vec<Taken> {
    let mut taken = Vec::new();
    for (index, charge) in item.charges.iter().enumerate().filter(|(_, charge)| !charge.void) {
        // What was paid out at an end stands on no invoice; the one it reduced is corrected.
        let on_invoice = charge.billed.filter(|paper| !papers[*paper].corrects);
        let original = charge.reduces.and_then(|original| item.charges[original].billed);
        if let (Some(_), Some(paper)) = (charge.billed, on_invoice.or(original)) {
            taken.push(Taken {
                paper,
                root: charge.reduces.unwrap_or(index),
                is_credit: charge.reduces.is_some(),
                entry: Credited {
                    number,
                    days: (charge.from, charge.through),
                    line: (charge.tax, -charge.cents),
                },
            });
        }
    }
    for charge in &mut item.charges {
        charge.void = true;
    }
    taken
}

/// Charges the days of use, period by period: of each plan that says so, what was asked for early.
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
        let phase = item.phase(day);
        let early = |order: &&(u32, bool)| phase.tariff.compensation && order.1;
        let units = phase.orders.iter().filter(early).map(|(units, _)| units).sum();
        let flat = u32::from(phase.orders.first().as_ref().is_some_and(early));
        charge_more(item, (day, through), (units, flat), made);
        day = plus(through, 1);
    }
}

//! What happens by itself as days go by: ends, changes that take effect, periods that begin (design decisions 3 to 5, 9, 14).

use super::charging::{charge_more, charge_once, charge_period, credit_from};
use super::customer::Customer;
use super::days::{plus, term_end};
use super::item::{Phase, Stage};

impl Customer {
    /// Lets days pass; on each, first what has happened is applied and then it is billed.
    pub fn pass(&mut self, days: i64) {
        for _ in 0..days {
            self.today = plus(self.today, 1);
            self.live_through_today();
        }
    }

    /// What falls due today, once more after each command: ends, starts, changes, charges, then invoices.
    pub fn live_through_today(&mut self) {
        let mut an_end = false;
        for number in 0..self.items.len() {
            an_end |= self.end(number);
        }
        for number in 0..self.items.len() {
            if let Some(change) = self.items[number].pending_change()
                && self.items[number].changes[change].effective <= self.today
            {
                self.apply(number, change);
            }
            self.charge(number);
        }
        self.bill(an_end);
    }

    /// The end follows from the facts: the cancellation that stands, the term, and for a booking the contract.
    pub fn derive_end(&mut self, number: usize) {
        let item = &self.items[number];
        let phase = item.phase(self.today);
        let natural = phase.tariff.initial.filter(|_| phase.tariff.ends_by_itself);
        let natural = natural.map(|months| term_end(item.term_start(self.today), months));
        let cancelled = item.pending_cancellation().map(|change| item.changes[change].effective);
        let mut ends = vec![natural, cancelled];
        if let Some(on) = item.on {
            let contract = &self.items[on];
            let pending = contract.pending_change().map(|change| &contract.changes[change]);
            ends.push(contract.ends);
            ends.push(pending.and_then(|change| {
                let (target, _) = change.target.as_ref()?;
                let excluded = !phase.tariff.allowed_for.contains(&target.key);
                excluded.then(|| plus(change.effective, -1))
            }));
            let now = contract.phase(self.today);
            ends.push((!phase.tariff.allowed_for.contains(&now.tariff.key)).then(|| plus(now.from, -1)));
        }
        if !item.over && item.withdrawn.is_none() {
            self.items[number].ends = ends.into_iter().flatten().min();
        }
        self.derive_ends(number);
    }

    /// Derives the ends of what is booked on a contract.
    pub fn derive_ends(&mut self, on: usize) {
        for number in 0..self.items.len() {
            if self.items[number].on == Some(on) {
                self.derive_end(number);
            }
        }
    }

    /// Settles an end that has come. Answers whether it has.
    fn end(&mut self, number: usize) -> bool {
        let today = self.today;
        let item = &mut self.items[number];
        let Some(end) = item
            .ends
            .filter(|end| *end < today && !item.over && item.withdrawn.is_none())
        else {
            return false;
        };
        item.over = true;
        if let Some(change) = item.pending_cancellation() {
            item.changes[change].stage = Stage::Applied;
        }
        if let Some(change) = item.pending_change() {
            item.changes[change].stage = Stage::Superseded;
        }
        credit_from(item, plus(end, 1));
        true
    }

    /// Puts a change of plan or units into effect. The day of the change belongs to the new plan.
    fn apply(&mut self, number: usize, change: usize) {
        let item = &mut self.items[number];
        let day = item.changes[change].effective;
        let (tariff, units) = item.changes[change].target.clone().expect("a target");
        item.changes[change].stage = Stage::Applied;
        let old = item.phase(day).clone();
        let same_plan = tariff.key == old.tariff.key;
        let same_interval = tariff.months == old.tariff.months;
        let mut orders = if same_plan { old.orders } else { Vec::new() };
        order(&mut orders, units, item.changes[change].early);
        item.phases.push(Phase {
            from: day,
            tariff,
            units,
            anchor: if same_interval { old.anchor } else { day },
            orders,
        });
        let charged = item.charged_through.filter(|through| *through >= day);
        match charged {
            Some(through) if same_plan => charge_more(item, (day, through), (units - old.units, 0), day),
            Some(_) => {
                // The rest of a period that is charged already waits for the next invoice.
                let waits = same_interval && item.billed_through().is_some_and(|through| through >= day);
                credit_from(item, day);
                item.charged_through = Some(plus(day, -1));
                self.period_began |= charge_period(item, day, self.mistake) && !waits;
            }
            None => {}
        }
        self.derive_end(number);
    }

    /// Charges the period that begins, or what is left of the present one.
    fn charge(&mut self, number: usize) {
        let today = self.today;
        let item = &mut self.items[number];
        if !item.is_active(today) || item.charged_through.is_some_and(|through| through >= today) {
            return;
        }
        let is_first = item.charged_through.is_none();
        if is_first {
            charge_once(item, today);
        }
        // The first, mostly short period of a booking that follows its contract waits for the contract's next one.
        let waits = is_first && item.follows;
        self.period_began |= charge_period(item, today, self.mistake) && !waits;
    }
}

/// What is more came with this order; what is less was the newest.
fn order(orders: &mut Vec<(u32, bool)>, units: u32, early: bool) {
    let mut before: u32 = orders.iter().map(|(units, _)| units).sum();
    if units > before {
        orders.push((units - before, early));
    }
    while let Some((newest, _)) = orders.last_mut().filter(|_| before > units) {
        let off = (*newest).min(before - units);
        *newest -= off;
        before -= off;
        if *newest == 0 {
            orders.pop();
        }
    }
}

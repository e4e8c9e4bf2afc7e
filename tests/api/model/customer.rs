//! The model's customer: commands and days. Written from the rules, with none of the system's code.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use time::Date;

use super::days::{plus, term_end};
use super::fraction::Fraction;
use super::invoices::Document;
use super::item::{Change, Item, Phase, Stage, period};
use super::notice::earliest_end;
use super::tariff::{Shop, Tariff};
use super::wrong::Mistake;

/// Why the model refuses; the words are for the reader of a difference.
pub type Refused = &'static str;

/// One customer with everything that was ever concluded, and a clock that shows days.
#[derive(Debug, Clone)]
pub struct Customer {
    /// What is sold.
    pub shop: Arc<Shop>,
    /// Consumer or business.
    pub consumer: bool,
    /// The day it is.
    pub today: Date,
    /// Contracts and bookings in the order in which they were concluded.
    pub items: Vec<Item>,
    /// Invoices and corrections in order.
    pub documents: Vec<Document>,
    /// Cents with tax that corrections have taken back of invoices, by number.
    pub credited: BTreeMap<usize, i128>,
    /// Whether an item has begun a period today for which nothing was billed yet.
    pub period_began: bool,
    /// The last day on which what was open was looked through.
    pub looked_through: Option<Date>,
    /// What is done wrongly, on purpose.
    pub mistake: Mistake,
}

impl Customer {
    /// A new customer.
    pub fn new(shop: Arc<Shop>, consumer: bool, today: Date, mistake: Mistake) -> Self {
        Self {
            shop,
            consumer,
            today,
            items: Vec::new(),
            documents: Vec::new(),
            credited: BTreeMap::new(),
            period_began: false,
            looked_through: None,
            mistake,
        }
    }

    /// Concludes a contract that begins in so many days.
    pub fn conclude(&mut self, tariff: &Tariff, units: u32, delay: i64, early: bool) -> Result<(), Refused> {
        self.check_sold(tariff, units)?;
        let starts = plus(self.today, delay);
        self.items.push(self.new_item(tariff, units, starts, starts, early));
        self.live_through_today();
        Ok(())
    }

    /// Books an add-on from today.
    pub fn book(&mut self, on: usize, tariff: &Tariff, units: u32) -> Result<(), Refused> {
        let contract = &self.items[on];
        if !contract.is_active(self.today) {
            return Err("the contract does not run");
        }
        let phase = contract.phase(self.today);
        if !tariff.allowed_for.contains(&phase.tariff.key) {
            return Err("not with this plan");
        }
        self.check_sold(tariff, units)?;
        if self.booked(on, tariff) + units > tariff.units.1 {
            return Err("more than there is");
        }
        let mut periods = self.new_item(tariff, units, self.today, self.today, false);
        if let Some(leader) = self.leader(on, tariff) {
            let followed = self.items[leader].phase(self.today);
            periods.follows = leader == on;
            periods.phases[0].anchor = followed.anchor;
            periods.phases[0].tariff = Rc::new(Tariff {
                calendar: followed.tariff.calendar,
                ..tariff.clone()
            });
        }
        periods.on = Some(on);
        self.items.push(periods);
        self.derive_ends(on);
        self.live_through_today();
        Ok(())
    }

    /// In whose periods an add-on is billed: its contract's, or where it is independent those of a paid contract with the same
    /// interval, so that it comes with that bill (seed 003).
    fn leader(&self, on: usize, tariff: &Tariff) -> Option<usize> {
        let others = (0..self.items.len()).filter(|other| *other != on && self.items[*other].on.is_none());
        std::iter::once(on).chain(others).find(|candidate| {
            let item = &self.items[*candidate];
            let leads = item.phase(self.today).tariff.as_ref();
            let is_paid = leads.prices.iter().any(|price| price.2 > Fraction::ZERO);
            (*candidate == on && tariff.follows)
                || (item.is_active(self.today) && leads.months == tariff.months && is_paid)
        })
    }

    /// Units of an add-on that run on a contract today.
    fn booked(&self, on: usize, tariff: &Tariff) -> u32 {
        let booked = self
            .items
            .iter()
            .filter(|item| item.on == Some(on) && item.is_active(self.today));
        let phases = booked.map(|item| item.phase(self.today));
        phases
            .filter(|phase| phase.tariff.key == tariff.key)
            .map(|phase| phase.units)
            .sum()
    }

    /// Changes the plan, with or without another number of units.
    pub fn change_plan(
        &mut self,
        number: usize,
        target: &Tariff,
        units: Option<u32>,
        replace: bool,
    ) -> Result<(), Refused> {
        let phase = self.changeable(number)?;
        if target.key == phase.tariff.key {
            return self.change_units(number, units.unwrap_or(phase.units), replace);
        }
        let timing = self
            .shop
            .timing(&phase.tariff.key, &target.key)
            .ok_or("no such change is offered")?;
        let timing = timing.to_owned();
        let units = units.unwrap_or(phase.units.clamp(target.units.0, target.units.1));
        self.check_sold(target, units)?;
        self.make_room(number, replace)?;
        let item = &self.items[number];
        let effective = match timing.as_str() {
            "immediate" => self.today,
            "period_end" => plus(period(&phase, self.today).1, 1),
            _ => plus(earliest_end(item, self.today, None, self.consumer), 1),
        };
        self.declare(number, Some((Rc::new(target.clone()), units)), effective, replace);
        Ok(())
    }

    /// Changes the number of units: more at once, fewer when the charged period is over.
    pub fn change_units(&mut self, number: usize, units: u32, replace: bool) -> Result<(), Refused> {
        let phase = self.changeable(number)?;
        if units == phase.units {
            return Err("nothing changes");
        }
        self.check_sold(&phase.tariff, units)?;
        let fewer = units < phase.units;
        let item = &self.items[number];
        let replaces_fewer = item.pending_change().is_some_and(|pending| {
            let (tariff, pending) = item.changes[pending].target.as_ref().expect("a target");
            tariff.key == phase.tariff.key && *pending < phase.units
        });
        self.make_room(number, replace || (fewer && replaces_fewer))?;
        if let (Some(on), false) = (self.items[number].on, fewer)
            && self.booked(on, &phase.tariff) + units - phase.units > phase.tariff.units.1
        {
            return Err("more than there is");
        }
        let effective = if fewer {
            plus(period(&phase, self.today).1, 1)
        } else {
            self.today
        };
        if self.items[number].ends.is_some_and(|end| end < effective) {
            return Err("it is over before the paid period is");
        }
        self.declare(number, Some((Rc::clone(&phase.tariff), units)), effective, replace);
        Ok(())
    }

    /// Cancels: the earliest end on or after the day wished for. Repeating it changes nothing, an earlier end replaces.
    pub fn cancel(&mut self, number: usize, wish: Option<Date>) -> Result<(), Refused> {
        let item = &self.items[number];
        // Who names a day wants the contract to run until then.
        let withdraws = wish.is_none() && item.phase(self.today).tariff.cancelling_withdraws;
        if withdraws && self.may_withdraw(number).is_ok() {
            return self.withdraw(number);
        }
        if item.withdrawn.is_some() || item.ends.is_some_and(|end| end < self.today) {
            return Err("it is over");
        }
        if let Some(change) = self.items[number].pending_change() {
            self.items[number].changes[change].stage = Stage::Superseded;
        }
        let item = &mut self.items[number];
        let end = earliest_end(item, self.today, wish, self.consumer);
        if let Some(standing) = item.pending_cancellation() {
            if item.changes[standing].effective <= end {
                return Ok(());
            }
            item.changes[standing].stage = Stage::Superseded;
        }
        self.declare(number, None, end, false);
        Ok(())
    }

    /// The last day, were it cancelled today; none if it is already, or where that would be a withdrawal.
    pub fn could_end(&self, number: usize) -> Option<Date> {
        let item = &self.items[number];
        let withdraws = item.phase(self.today).tariff.cancelling_withdraws && self.may_withdraw(number).is_ok();
        let ends = item.pending_cancellation().is_none() && !withdraws;
        ends.then(|| earliest_end(item, self.today, None, self.consumer))
    }

    /// Takes a declaration back that has not come into effect.
    pub fn revoke(&mut self, number: usize, change: usize) -> Result<(), Refused> {
        let item = &mut self.items[number];
        if item.changes[change].stage != Stage::Scheduled {
            return Err("it does not wait any more");
        }
        item.changes[change].stage = Stage::Revoked;
        self.derive_end(number);
        self.live_through_today();
        Ok(())
    }

    fn check_sold(&self, tariff: &Tariff, units: u32) -> Result<(), Refused> {
        if tariff.only_business && self.consumer {
            return Err("not for consumers");
        }
        if units < tariff.units.0 || units > tariff.units.1 {
            return Err("not so many units");
        }
        Ok(())
    }

    fn changeable(&self, number: usize) -> Result<Phase, Refused> {
        let item = &self.items[number];
        if !item.is_active(self.today) {
            return Err("it does not run");
        }
        if item.pending_cancellation().is_some() {
            return Err("it is cancelled");
        }
        Ok(item.phase(self.today).clone())
    }

    /// Only one change may wait; another one takes its place only where that is asked for.
    fn make_room(&mut self, number: usize, replace: bool) -> Result<(), Refused> {
        let item = &mut self.items[number];
        match item.pending_change() {
            Some(_) if !replace => return Err("another change waits"),
            Some(pending) => item.changes[pending].stage = Stage::Superseded,
            None => {}
        }
        Ok(())
    }

    /// In the stories, who has another change replaced asks for an early start too.
    fn declare(&mut self, number: usize, target: Option<(Rc<Tariff>, u32)>, effective: Date, early: bool) {
        self.items[number].changes.push(Change {
            target,
            effective,
            early,
            stage: Stage::Scheduled,
        });
        self.derive_end(number);
        self.live_through_today();
    }

    fn new_item(&self, tariff: &Tariff, units: u32, starts: Date, anchor: Date, early: bool) -> Item {
        let natural = tariff.initial.filter(|_| tariff.ends_by_itself);
        Item {
            on: None,
            follows: false,
            concluded: self.today,
            starts,
            ends: natural.map(|months| term_end(starts, months)),
            over: false,
            withdrawn: None,
            charged_through: None,
            phases: vec![Phase {
                from: starts,
                tariff: Rc::new(tariff.clone()),
                units,
                anchor,
                orders: vec![(units, early)],
            }],
            changes: Vec::new(),
            charges: Vec::new(),
        }
    }
}

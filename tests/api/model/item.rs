//! A contract or a booking in the model: dated facts, and what was charged for it.

use std::rc::Rc;

use time::Date;

use super::days::{add_months, calendar_end, calendar_start, count, plus};
use super::fraction::Fraction;
use super::tariff::Tariff;

/// A tariff and a number of units from a day until the next phase begins.
#[derive(Debug, Clone)]
pub struct Phase {
    /// First day.
    pub from: Date,
    /// What applies.
    pub tariff: Rc<Tariff>,
    /// Units.
    pub units: u32,
    /// Where billing periods begin.
    pub anchor: Date,
    /// With which orders the units came, the oldest first: how many, and whether an early start was asked for.
    pub orders: Vec<(u32, bool)>,
}

/// Where a declaration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Waits for its day.
    Scheduled,
    /// In effect.
    Applied,
    /// Taken back.
    Revoked,
    /// Replaced by a later one.
    Superseded,
}

/// A plan change, a change of quantity or a cancellation.
#[derive(Debug, Clone)]
pub struct Change {
    /// Plan and units afterwards; `None` for a cancellation.
    pub target: Option<(Rc<Tariff>, u32)>,
    /// First day of the new plan, or last day of the contract.
    pub effective: Date,
    /// Whether the new plan or the units were to begin before the withdrawal period is over.
    pub early: bool,
    /// Where it stands.
    pub stage: Stage,
}

/// An amount; credits are negative and name the charge they reduce.
#[derive(Debug, Clone)]
pub struct Charge {
    /// Key of the price.
    pub price: String,
    /// Units.
    pub units: u32,
    /// Cents of all units for a whole period, exact.
    pub full: Fraction,
    /// First day.
    pub from: Date,
    /// Last day.
    pub through: Date,
    /// Days of the whole billing period.
    pub days: i128,
    /// Cents.
    pub cents: i128,
    /// The charge it reduces.
    pub reduces: Option<usize>,
    /// Last day that is still paid with it; credits move it back.
    pub pays_until: Date,
    /// Whether it is charged once and for all.
    pub one_off: bool,
    /// Whether the price contains the tax.
    pub gross: bool,
    /// Tax rate in per cent.
    pub tax: i128,
    /// Day on which it was made.
    pub made: Date,
    /// The document on which it stands, by number in the customer's.
    pub billed: Option<usize>,
    /// Whether it no longer counts.
    pub void: bool,
}

/// A contract, or a booking on one.
#[derive(Debug, Clone)]
pub struct Item {
    /// The contract it is booked on.
    pub on: Option<usize>,
    /// Whether it is billed in the periods of the contract it is booked on.
    pub follows: bool,
    /// Day of conclusion.
    pub concluded: Date,
    /// First day.
    pub starts: Date,
    /// Last day, where it is known.
    pub ends: Option<Date>,
    /// Whether the end has come and is settled.
    pub over: bool,
    /// Day of a withdrawal from all of it.
    pub withdrawn: Option<Date>,
    /// Last day that has been charged.
    pub charged_through: Option<Date>,
    /// In order of time; a later one with the same first day replaces the earlier one.
    pub phases: Vec<Phase>,
    /// Declarations in order.
    pub changes: Vec<Change>,
    /// Charges in order.
    pub charges: Vec<Charge>,
}

impl Item {
    /// What applies on a day; before the start the first phase.
    pub fn phase(&self, day: Date) -> &Phase {
        let found = self.phases.iter().rev().find(|phase| phase.from <= day);
        found.unwrap_or(&self.phases[0])
    }

    /// Whether the customer has it on a day.
    pub fn is_active(&self, day: Date) -> bool {
        self.withdrawn.is_none() && self.starts <= day && self.ends.is_none_or(|end| day <= end)
    }

    /// The pending plan change or change of quantity.
    pub fn pending_change(&self) -> Option<usize> {
        self.pending(|change| change.target.is_some())
    }

    /// The pending cancellation.
    pub fn pending_cancellation(&self) -> Option<usize> {
        self.pending(|change| change.target.is_none())
    }

    fn pending(&self, wanted: impl Fn(&Change) -> bool) -> Option<usize> {
        let mut changes = self.changes.iter();
        changes.position(|change| change.stage == Stage::Scheduled && wanted(change))
    }

    /// Day on which the minimum term of what applies on `day` began: quantities change nothing about it, plans do.
    pub fn term_start(&self, day: Date) -> Date {
        let key = &self.phase(day).tariff.key;
        let mut start = self.phase(day).from;
        for phase in self
            .standing_phases()
            .into_iter()
            .rev()
            .filter(|phase| phase.from <= day)
        {
            if phase.tariff.key != *key {
                break;
            }
            start = phase.from;
        }
        start
    }

    /// The phases without those that another replaced on their first day.
    pub fn standing_phases(&self) -> Vec<&Phase> {
        let mut standing: Vec<&Phase> = Vec::new();
        for phase in &self.phases {
            standing.retain(|earlier| earlier.from < phase.from);
            standing.push(phase);
        }
        standing
    }

    /// Last day that is charged, drafts included; what is free charges none (design decision 10).
    pub fn billed_through(&self) -> Option<Date> {
        let charges = self
            .charges
            .iter()
            .filter(|charge| !charge.void && charge.reduces.is_none() && !charge.one_off);
        charges.map(|charge| charge.pays_until).max()
    }

    /// What counts of the charge and the credits that reduce it.
    pub fn left_of(&self, charge: usize) -> i128 {
        let parts = self.charges.iter().enumerate();
        let parts = parts.filter(|(index, part)| !part.void && (*index == charge || part.reduces == Some(charge)));
        parts.map(|(_, part)| part.cents).sum()
    }
}

/// First and last day of the billing period that contains `day`.
pub fn period(phase: &Phase, day: Date) -> (Date, Date) {
    let months = phase.tariff.months;
    if phase.tariff.calendar {
        return (calendar_start(day, months), calendar_end(day, months));
    }
    // Counted from the anchor each time, so that short months leave no trace.
    let mut number = 0;
    while add_months(phase.anchor, (number + 1) * months) <= day {
        number += 1;
    }
    let start = add_months(phase.anchor, number * months);
    (start, plus(add_months(phase.anchor, (number + 1) * months), -1))
}

/// The share of a whole period's amount for the days `from..=through` of `days`.
pub fn share(full: Fraction, from: Date, through: Date, days: i128) -> Fraction {
    full * Fraction::of(count(from, through), days)
}

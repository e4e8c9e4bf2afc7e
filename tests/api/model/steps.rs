//! Random sequences of commands, and what each of them means for the items there are.

use proptest::prelude::*;
use time::{Date, Duration, macros::date};

use super::customer::{Customer, Refused};

/// Something that a customer or time does. Items and changes are counted back from the newest, so that a smaller story still
/// means the same; plans from the first.
#[derive(Debug, Clone)]
pub enum Step {
    /// A contract that begins in some days.
    Conclude {
        plan: usize,
        units: u32,
        delay: i64,
        early: bool,
    },
    /// An add-on on a contract.
    Book { contract: usize, add_on: usize, units: u32 },
    /// Another plan.
    ChangePlan {
        contract: usize,
        plan: usize,
        units: Option<u32>,
        replace: bool,
    },
    /// Another number of units, of a contract or a booking.
    ChangeUnits { item: usize, units: u32, replace: bool },
    /// A cancellation, perhaps to a day in so many days.
    Cancel { item: usize, wish: Option<i64> },
    /// Takes one of the last changes of an item back.
    Revoke { item: usize, change: usize },
    /// A withdrawal from all of an item.
    Withdraw { item: usize },
    /// Bills are run once more.
    Bill,
    /// Days go by.
    Pass { days: i64 },
}

/// A step with the names of what it is about, for model and system alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Conclude {
        plan: usize,
        units: u32,
        delay: i64,
        early: bool,
    },
    Book {
        on: usize,
        add_on: usize,
        units: u32,
    },
    ChangePlan {
        item: usize,
        plan: usize,
        units: Option<u32>,
        replace: bool,
    },
    ChangeUnits {
        item: usize,
        units: u32,
        replace: bool,
    },
    Cancel {
        item: usize,
        wish: Option<Date>,
    },
    Revoke {
        item: usize,
        change: usize,
    },
    Withdraw {
        item: usize,
    },
    Bill,
    Pass {
        days: i64,
    },
}

/// A customer's story: who, from when, and what happens.
#[derive(Debug, Clone)]
pub struct Story {
    /// Consumer or business.
    pub consumer: bool,
    /// Days after 1 December 2027 on which it begins.
    pub start: i64,
    /// What happens.
    pub steps: Vec<Step>,
}

impl Story {
    /// The day on which it begins.
    pub fn begins(&self) -> Date {
        date!(2027 - 12 - 01) + Duration::days(self.start)
    }
}

/// Most contracts of one story.
const CONTRACTS: usize = 3;

/// Stories of at most so many steps.
pub fn stories(steps: usize) -> impl Strategy<Value = Story> {
    let steps = prop::collection::vec(step(), 1..=steps);
    (any::<bool>(), 0..200_i64, steps).prop_map(|(consumer, start, steps)| Story { consumer, start, steps })
}

fn step() -> impl Strategy<Value = Step> {
    let number = 0..6_usize;
    let delay = prop_oneof![3 => Just(0), 1 => 1..40_i64];
    prop_oneof![
        4 => (0..8_usize, 1..7_u32, delay, any::<bool>())
            .prop_map(|(plan, units, delay, early)| Step::Conclude { plan, units, delay, early }),
        4 => (number.clone(), 0..3_usize, 1..4_u32)
            .prop_map(|(contract, add_on, units)| Step::Book { contract, add_on, units }),
        4 => (number.clone(), 0..8_usize, prop::option::weighted(0.3, 1..7_u32), any::<bool>())
            .prop_map(|(contract, plan, units, replace)| Step::ChangePlan { contract, plan, units, replace }),
        4 => (number.clone(), 1..7_u32, any::<bool>())
            .prop_map(|(item, units, replace)| Step::ChangeUnits { item, units, replace }),
        3 => (number.clone(), prop::option::weighted(0.3, 0..120_i64))
            .prop_map(|(item, wish)| Step::Cancel { item, wish }),
        3 => (number.clone(), 0..3_usize).prop_map(|(item, change)| Step::Revoke { item, change }),
        2 => number.prop_map(|item| Step::Withdraw { item }),
        1 => Just(Step::Bill),
        8 => prop_oneof![0..4_i64, 0..40_i64, 0..130_i64].prop_map(|days| Step::Pass { days }),
    ]
}

impl Step {
    /// What the step means now; `None` if there is nothing it could be about.
    pub fn command(&self, customer: &Customer) -> Option<Command> {
        let contracts: Vec<usize> = (0..customer.items.len())
            .filter(|item| customer.items[*item].on.is_none())
            .collect();
        let contract = |back: usize| Some(*contracts.iter().rev().nth(back % contracts.len().max(1))?);
        let count = customer.items.len();
        let item = |back: usize| (count > 0).then(|| count - 1 - back % count);
        let plans = customer.shop.plans.len();
        Some(match *self {
            Self::Conclude {
                plan,
                units,
                delay,
                early,
            } => {
                if contracts.len() >= CONTRACTS {
                    return None;
                }
                let plan = plan % plans;
                let (least, most) = customer.shop.plans[plan].units;
                Command::Conclude {
                    plan,
                    units: units.clamp(least, most),
                    delay,
                    early,
                }
            }
            Self::Book {
                contract: on,
                add_on,
                units,
            } => {
                let (least, most) = customer.shop.add_ons[add_on].units;
                Command::Book {
                    on: contract(on)?,
                    add_on,
                    units: units.clamp(least, most),
                }
            }
            Self::ChangePlan {
                contract: of,
                plan,
                units,
                replace,
            } => Command::ChangePlan {
                item: contract(of)?,
                plan: plan % plans,
                units,
                replace,
            },
            Self::ChangeUnits {
                item: of,
                units,
                replace,
            } => Command::ChangeUnits {
                item: item(of)?,
                units,
                replace,
            },
            Self::Cancel { item: of, wish } => {
                let of = item(of)?;
                // A booking is cancelled to its next end; wishes are for contracts.
                let wish = wish.filter(|_| customer.items[of].on.is_none());
                Command::Cancel {
                    item: of,
                    wish: wish.map(|days| customer.today + Duration::days(days)),
                }
            }
            Self::Revoke { item: of, change } => {
                let of = item(of)?;
                let last = customer.items[of].changes.len().checked_sub(1)?;
                Command::Revoke {
                    item: of,
                    change: last.checked_sub(change)?,
                }
            }
            Self::Withdraw { item: of } => Command::Withdraw { item: item(of)? },
            Self::Bill => Command::Bill,
            Self::Pass { days } => Command::Pass { days },
        })
    }
}

impl Customer {
    /// Does what the command says, or refuses and changes nothing.
    pub fn run(&mut self, command: &Command) -> Result<(), Refused> {
        let shop = std::sync::Arc::clone(&self.shop);
        let before = self.clone();
        let done = match *command {
            Command::Conclude {
                plan,
                units,
                delay,
                early,
            } => self.conclude(&shop.plans[plan], units, delay, early),
            Command::Book { on, add_on, units } => self.book(on, &shop.add_ons[add_on], units),
            Command::ChangePlan {
                item,
                plan,
                units,
                replace,
            } => self.change_plan(item, &shop.plans[plan], units, replace),
            Command::ChangeUnits { item, units, replace } => self.change_units(item, units, replace),
            Command::Cancel { item, wish } => self.cancel(item, wish),
            Command::Revoke { item, change } => self.revoke(item, change),
            Command::Withdraw { item } => self.withdraw(item),
            Command::Bill => Ok(()),
            Command::Pass { days } => {
                self.pass(days);
                Ok(())
            }
        };
        if done.is_err() {
            *self = before;
        }
        done
    }
}

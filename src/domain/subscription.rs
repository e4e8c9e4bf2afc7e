//! A contract in memory: its phases, changes and charges, and what follows from their dates.

use std::sync::Arc;

use time::{Date, OffsetDateTime};

use super::{
    calendar::{next_day, term_end},
    catalogue::Price,
    change::{Change, ChangeKind},
    charge::Charge,
    customer_type::CustomerType,
    period::BillingSchedule,
    plan_version::PlanVersion,
    violation::Violation,
};

/// Where a contract stands on a day. A pending change is told separately.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubscriptionStatus {
    /// Concluded, but its first day has not come.
    Scheduled,
    /// Running.
    Active,
    /// Its last day is over.
    Ended,
    /// Undone by a statutory withdrawal.
    Withdrawn,
}

impl SubscriptionStatus {
    /// The name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Active => "active",
            Self::Ended => "ended",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// A stretch of time in which plan version and quantity of a contract stay the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Phase {
    /// Id (`phs_`), internal.
    pub id: String,
    /// The plan version under which the customer agreed; kept when a newer one is published (design decision 20).
    pub plan: Arc<PlanVersion>,
    /// Units of the plan, for example users.
    pub quantity: u32,
    /// First day.
    pub from_on: Date,
    /// Last day, once a change has set it.
    pub through_on: Option<Date>,
    /// Anchor and interval of the billing periods.
    pub schedule: BillingSchedule,
    /// The plan change that began this phase; `None` for the first one.
    pub created_by_change_id: Option<String>,
    /// The plan change that ends it.
    pub ended_by_change_id: Option<String>,
    /// Planned, but taken back or replaced before it had a day of its own.
    pub removed: bool,
    /// Days on which the contract did not run, and costs nothing: a package had taken it in, or contained the add-on, and was
    /// withdrawn from later, its use until then being paid for (§ 357a Abs. 2 BGB).
    pub suspended: bool,
}

impl Phase {
    /// Whether the phase covers a day.
    pub fn covers(&self, day: Date) -> bool {
        !self.removed && self.from_on <= day && self.through_on.is_none_or(|through| day <= through)
    }

    /// The prices that recur with each period and cost something; none while the contract is suspended.
    pub fn recurring_prices(&self) -> impl Iterator<Item = &Price> {
        let costs = |price: &&Price| price.kind.is_recurring() && price.amount.ten_thousandths != 0;
        let prices = self.plan.plan.prices.iter();
        prices.filter(move |price| !self.suspended && costs(price))
    }
}

/// What makes a contract an add-on booking: the contract it belongs to. A booking has periods, terms, changes and charges of
/// its own, under the same rules as any contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    /// The contract it is booked on.
    pub subscription_id: String,
    /// The add-on (`adn_`).
    pub add_on_id: String,
    /// Whether the plan contains it, so that it costs nothing.
    pub included: bool,
    /// The plan change that brought an included service along.
    pub created_by_change_id: Option<String>,
    /// Day on which a one-off service was performed.
    pub performed_on: Option<Date>,
}

/// A contract with everything that is needed to decide about it. Add-on bookings are contracts too, see [`Booking`].
#[derive(Debug, Clone, PartialEq)]
pub struct Subscription {
    /// Id (`sub_`).
    pub id: String,
    /// Unguessable number by which customers name the contract.
    pub contract_number: String,
    /// Consumer or business, fixed at conclusion (design decision 18).
    pub customer_type: CustomerType,
    /// When the contract was concluded.
    pub concluded_at: OffsetDateTime,
    /// When the consumer received the withdrawal instruction (§ 356 Abs. 3 BGB), if ever.
    pub instructed_at: Option<OffsetDateTime>,
    /// Whether the customer expressly asked that the service begin before the withdrawal period is over (§ 356 Abs. 5, § 357a
    /// Abs. 2 BGB).
    pub early_start_requested: bool,
    /// First day.
    pub starts_on: Date,
    /// Last day, once known.
    pub ends_on: Option<Date>,
    /// The cancellation that set the last day; `None` where the term ends by itself.
    pub ended_by_change_id: Option<String>,
    /// Day of a statutory withdrawal.
    pub withdrawn_on: Option<Date>,
    /// Last day charged, drafts included.
    pub billed_through_on: Option<Date>,
    /// Whether the beginning has been recorded as an event.
    pub started_recorded: bool,
    /// Whether the end has been settled and recorded as an event.
    pub ended_recorded: bool,
    /// Counts the changes of the contract, from 1.
    pub version: i64,
    /// When it was recorded.
    pub created_at: OffsetDateTime,
    /// When it last changed.
    pub updated_at: OffsetDateTime,
    /// The contract it belongs to, for add-on bookings.
    pub booking: Option<Booking>,
    /// Phases in the order of their first day, removed ones included.
    pub phases: Vec<Phase>,
    /// Plan changes and cancellations in the order of their receipt.
    pub changes: Vec<Change>,
    /// The charges that may still be touched; older ones are not loaded.
    pub charges: Vec<Charge>,
}

impl Subscription {
    /// The contract: itself, or the one a booking belongs to.
    pub fn contract_id(&self) -> &str {
        self.booking
            .as_ref()
            .map_or(&self.id, |booking| &booking.subscription_id)
    }

    /// The id as an add-on booking, if it is one.
    pub fn booking_id(&self) -> Option<&str> {
        self.booking.as_ref().map(|_| self.id.as_str())
    }

    /// Whether it is a booking of an add-on that is performed once.
    pub fn is_one_off_service(&self) -> bool {
        self.phases.iter().any(|phase| phase.plan.is_one_off_service())
    }

    /// Where the contract stands on `day`.
    pub fn status_on(&self, day: Date) -> SubscriptionStatus {
        if self.withdrawn_on.is_some_and(|withdrawn| withdrawn <= day) {
            SubscriptionStatus::Withdrawn
        } else if self.ends_on.is_some_and(|end| end < day) {
            SubscriptionStatus::Ended
        } else if day < self.starts_on {
            SubscriptionStatus::Scheduled
        } else {
            SubscriptionStatus::Active
        }
    }

    /// Whether the contract goes on for an unknown time: neither ended nor going to end.
    pub fn continues_after(&self, day: Date) -> bool {
        self.ends_on.is_none()
            && matches!(
                self.status_on(day),
                SubscriptionStatus::Scheduled | SubscriptionStatus::Active
            )
    }

    /// The phase in force on `day`; before the start the first one, after the end the last one.
    pub fn phase_on(&self, day: Date) -> Option<&Phase> {
        let mut present = self.phases.iter().filter(|phase| !phase.removed);
        let first = present.clone().next();
        present.clone().find(|phase| phase.covers(day)).or_else(|| match first {
            Some(phase) if day < phase.from_on => Some(phase),
            _ => present.next_back(),
        })
    }

    /// The pending change of a kind; there is at most one.
    pub fn pending(&self, kind: ChangeKind) -> Option<&Change> {
        self.changes
            .iter()
            .find(|change| change.is_scheduled() && change.kind() == kind)
    }

    /// First day of the plan that is in force on `day`: its minimum term runs from here. A change of quantity alone does not
    /// begin a new term.
    pub fn term_started_on(&self, day: Date) -> Date {
        let Some(current) = self.phase_on(day) else {
            return self.starts_on;
        };
        let mut started_on = current.from_on;
        for phase in self
            .phases
            .iter()
            .rev()
            .filter(|phase| !phase.removed && phase.from_on < current.from_on)
        {
            let adjoins = phase.through_on.is_some_and(|through| next_day(through) == started_on);
            if !adjoins || phase.plan.plan_id != current.plan.plan_id {
                break;
            }
            started_on = phase.from_on;
        }
        started_on
    }

    /// The refusal of what only a running contract or add-on admits.
    pub(super) fn ended(&self) -> Violation {
        let (de, en) = match self.booking {
            Some(_) => ("Die Zusatzoption ist beendet.", "The add-on has ended."),
            None => ("Der Vertrag ist beendet.", "The contract has ended."),
        };
        Violation::conflict("subscription_ended", de, en)
    }

    /// The change with this id.
    pub fn change(&self, id: &str) -> Option<&Change> {
        self.changes.iter().find(|change| change.id == id)
    }

    /// The change with this id, to settle it.
    pub fn change_mut(&mut self, id: &str) -> Option<&mut Change> {
        self.changes.iter_mut().find(|change| change.id == id)
    }
}

/// The last day of a contract whose term ends by itself (an initial term without renewal, design decision 2); `None` for
/// terms that go on until someone gives notice.
pub fn natural_end(plan: &PlanVersion, term_started_on: Date) -> Option<Date> {
    let terms = &plan.plan.terms;
    match (terms.initial_term, terms.renewal) {
        (Some(initial_term), None) => Some(term_end(term_started_on, initial_term)),
        _ => None,
    }
}

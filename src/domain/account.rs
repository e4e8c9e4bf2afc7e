//! The aggregate: one customer with all contracts, loaded under the customer's lock, decided about in memory and saved.

use time::{Date, OffsetDateTime};

use super::{
    catalogue::ProviderSettings,
    customer_type::CustomerType,
    event::DraftEvent,
    invoice::{Billing, TaxTreatment},
    slots::SlotAllocation,
    subscription::Subscription,
    time_zone::TimeZone,
    violation::Violation,
    withdrawal::Withdrawal,
};

/// The circumstances under which a rule is asked: nothing in the domain reads a clock.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// The business instant: the customer's test clock, or the wall clock.
    pub now: OffsetDateTime,
    /// The legal day of `now` in the provider's zone.
    pub today: Date,
    /// The provider's zone.
    pub zone: &'a TimeZone,
    /// The provider's rules.
    pub provider: &'a ProviderSettings,
    /// Whether the provider's staff (or its own system) acts, not the customer.
    pub by_staff: bool,
}

impl Circumstances<'_> {
    /// Now, as legal day and instant.
    pub fn moment(&self) -> Moment {
        Moment {
            on: self.today,
            at: self.now,
        }
    }
}

/// A legal day and the instant on it at which something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Civil date in the provider's zone.
    pub on: Date,
    /// The instant, UTC.
    pub at: OffsetDateTime,
}

/// One customer and all contracts that are not yet settled for good.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// Id of the customer (`cus_`).
    pub customer_id: String,
    /// Consumer or business, as new contracts will be concluded.
    pub customer_type: CustomerType,
    /// Contracts and add-on bookings in the order in which they were concluded.
    pub subscriptions: Vec<Subscription>,
    /// By what the customer is billed, what is open, and what was invoiced since the account was loaded.
    pub billing: Billing,
    /// What occupies the slots of these contracts; also what a command has just released.
    pub slots: Vec<SlotAllocation>,
    /// Withdrawals declared since the account was loaded, in order.
    pub withdrawals: Vec<Withdrawal>,
    /// What has happened since the account was loaded, in order.
    pub events: Vec<DraftEvent>,
}

impl Account {
    /// How what is sold to this customer is taxed now; at the ordinary rate where the provider sends no invoices.
    pub fn tax_treatment(&self) -> TaxTreatment {
        let supplier = self.billing.terms.as_ref().map(|terms| &terms.supplier);
        supplier.map_or(TaxTreatment::Standard, |supplier| {
            TaxTreatment::of(supplier, self.customer_type, &self.billing.details)
        })
    }

    /// The contracts without the bookings on them.
    pub fn contracts(&self) -> impl Iterator<Item = &Subscription> {
        self.subscriptions
            .iter()
            .filter(|subscription| subscription.booking.is_none())
    }

    /// The add-on bookings of a contract, oldest first.
    pub fn bookings_of<'a>(&'a self, subscription_id: &'a str) -> impl Iterator<Item = &'a Subscription> {
        self.subscriptions.iter().filter(move |subscription| {
            subscription
                .booking
                .as_ref()
                .is_some_and(|booking| booking.subscription_id == subscription_id)
        })
    }

    /// The contract with this id.
    ///
    /// # Errors
    /// `not_found` when the account has none such; ownership is decided before, by the query.
    pub fn subscription(&self, id: &str) -> Result<&Subscription, Violation> {
        self.subscriptions
            .iter()
            .find(|subscription| subscription.id == id)
            .ok_or_else(unknown)
    }

    /// The contract with this id, to change it.
    ///
    /// # Errors
    /// `not_found` when the account has none such.
    pub fn subscription_mut(&mut self, id: &str) -> Result<&mut Subscription, Violation> {
        self.subscriptions
            .iter_mut()
            .find(|subscription| subscription.id == id)
            .ok_or_else(unknown)
    }
}

fn unknown() -> Violation {
    Violation::conflict(
        "not_found",
        "Diesen Vertrag gibt es nicht.",
        "There is no such contract.",
    )
}

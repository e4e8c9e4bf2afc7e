//! What a customer is entitled to today: features and limits from plans, add-ons and what plans contain, for the provider's
//! own systems and its support desk.

use time::Date;

use super::{
    account::Account,
    catalogue::{AddOn, Detail, Feature, SupportHours},
    localized::LocalizedText,
    subscription::{Subscription, SubscriptionStatus},
};

/// A feature and the contract it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct EntitledFeature {
    /// The feature.
    pub feature: Feature,
    /// The contract.
    pub subscription_id: String,
}

/// A limit, summed over everything that adds to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntitledLimit {
    /// What is counted.
    pub key: String,
    /// How many at most; `None` for no limit.
    pub maximum: Option<u64>,
    /// What adds how much.
    pub sources: Vec<LimitSource>,
}

/// One contribution to a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitSource {
    /// The contract.
    pub subscription_id: String,
    /// The booking on it, where one adds.
    pub add_on_booking_id: Option<String>,
    /// How much it adds; `None` for no limit.
    pub adds: Option<u64>,
}

/// Units of a contract's plan, for example users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntitledQuantity {
    /// The contract.
    pub subscription_id: String,
    /// Key of its plan.
    pub plan: String,
    /// What is counted.
    pub unit: String,
    /// How many.
    pub quantity: u32,
}

/// Why an add-on that is there cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotEntitled {
    /// No contract of the account runs on.
    AccountNotActive,
    /// An invoice is overdue.
    PaymentOverdue,
}

/// An add-on that is booked or that a plan contains.
#[derive(Debug, Clone, PartialEq)]
pub struct EntitledAddOn {
    /// Key of the add-on.
    pub key: String,
    /// Its name.
    pub name: LocalizedText,
    /// The contract.
    pub subscription_id: String,
    /// The booking; `None` where the plan contains it without one.
    pub add_on_booking_id: Option<String>,
    /// Units.
    pub quantity: u32,
    /// Why it cannot be used now; `None` when it can.
    pub refusal: Option<NotEntitled>,
    /// What only those entitled may know, such as a service number; empty otherwise.
    pub details: Vec<Detail>,
    /// Support hours, when entitled to support.
    pub support: Option<SupportHours>,
}

/// Everything a customer is entitled to on a day.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Entitlements {
    /// Features, contract by contract.
    pub features: Vec<EntitledFeature>,
    /// Limits, in the order in which they were met.
    pub limits: Vec<EntitledLimit>,
    /// Quantities of plans.
    pub quantities: Vec<EntitledQuantity>,
    /// Add-ons.
    pub add_ons: Vec<EntitledAddOn>,
}

/// What the account is entitled to on `today`. `add_on` finds what plans contain by key; `in_good_standing` says whether all
/// invoices are paid or not yet due (seed 003).
pub fn entitlements<'a>(
    account: &Account,
    today: Date,
    in_good_standing: bool,
    add_on: impl Fn(&str) -> Option<&'a AddOn>,
) -> Entitlements {
    let mut found = Entitlements::default();
    let is_active = |subscription: &&Subscription| subscription.status_on(today) == SubscriptionStatus::Active;
    let account_is_active = account.contracts().any(|contract| is_active(&contract));
    let standing = Standing {
        account_is_active,
        in_good_standing,
    };
    for contract in account.contracts().filter(is_active) {
        let Some(phase) = contract.phase_on(today) else {
            continue;
        };
        let plan = &phase.plan.plan;
        let feature = |feature: &Feature| EntitledFeature {
            feature: feature.clone(),
            subscription_id: contract.id.clone(),
        };
        found.features.extend(plan.features.iter().map(feature));
        found.quantities.push(EntitledQuantity {
            subscription_id: contract.id.clone(),
            plan: plan.key.clone(),
            unit: plan.quantity.unit.clone(),
            quantity: phase.quantity,
        });
        for limit in &plan.limits {
            found.add_to_limit(&limit.key, source(contract, limit.maximum_of(phase.quantity)));
        }
        for included in &plan.included_add_ons {
            let Some(add_on) = add_on(&included.add_on) else {
                continue;
            };
            // A one-off service that the plan contains has a booking of its own.
            if add_on.terms.is_some() {
                found.add_limits(contract, add_on, included.quantity);
                found.add_ons.push(standing.add_on(contract, add_on, included.quantity));
            }
        }
        for booking in account.bookings_of(&contract.id).filter(is_active) {
            let Some(phase) = booking.phase_on(today) else { continue };
            let Some(add_on) = &phase.plan.add_on else { continue };
            found.add_limits(booking, add_on, phase.quantity);
            found.add_ons.push(standing.add_on(booking, add_on, phase.quantity));
        }
    }
    found
}

/// What entitlement to some add-ons depends on.
#[derive(Clone, Copy)]
struct Standing {
    account_is_active: bool,
    in_good_standing: bool,
}

impl Standing {
    fn add_on(self, item: &Subscription, add_on: &AddOn, quantity: u32) -> EntitledAddOn {
        let refusal = if !add_on.requires_active_account {
            None
        } else if !self.account_is_active {
            Some(NotEntitled::AccountNotActive)
        } else {
            (!self.in_good_standing).then_some(NotEntitled::PaymentOverdue)
        };
        let entitled = refusal.is_none();
        EntitledAddOn {
            key: add_on.key.clone(),
            name: add_on.name.clone(),
            subscription_id: item.contract_id().to_owned(),
            add_on_booking_id: item.booking_id().map(str::to_owned),
            quantity,
            refusal,
            details: if entitled { add_on.details.clone() } else { Vec::new() },
            support: add_on.support.clone().filter(|_| entitled),
        }
    }
}

fn source(item: &Subscription, adds: Option<u64>) -> LimitSource {
    LimitSource {
        subscription_id: item.contract_id().to_owned(),
        add_on_booking_id: item.booking_id().map(str::to_owned),
        adds,
    }
}

impl Entitlements {
    /// One pack of 10 GB adds 10: n packs add n × 10.
    fn add_limits(&mut self, item: &Subscription, add_on: &AddOn, quantity: u32) {
        for entitlement in &add_on.entitlements {
            let adds = entitlement.per_unit.saturating_mul(u64::from(quantity));
            self.add_to_limit(&entitlement.key, source(item, Some(adds)));
        }
    }

    fn add_to_limit(&mut self, key: &str, source: LimitSource) {
        if let Some(limit) = self.limits.iter_mut().find(|limit| limit.key == key) {
            limit.maximum = limit
                .maximum
                .zip(source.adds)
                .map(|(so_far, adds)| so_far.saturating_add(adds));
            limit.sources.push(source);
        } else {
            self.limits.push(EntitledLimit {
                key: key.to_owned(),
                maximum: source.adds,
                sources: vec![source],
            });
        }
    }
}

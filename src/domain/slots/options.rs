//! What a customer can put where, and for how much: tried on a copy of the account like every other option.

use std::sync::Arc;

use time::Date;

use super::{Presence, SlotHome, SlotRequest, allocate, book};
use crate::domain::{
    account::{Account, Circumstances},
    catalogue::SlotKind,
    conclusion::Conclusion,
    money::{Currency, Money},
    options::{Action, ActionOption, agreement, option, price},
    plan_version::PlanVersion,
    preview::{Recurring, Totals},
    subscription::Subscription,
};

/// For each kind of slot, what another presence would cost the customer: nothing in a package with room, otherwise the
/// "from" price of a contract of its own. `plans` are those on offer.
pub fn bookings(
    account: &Account,
    circumstances: &Circumstances<'_>,
    kinds: &[SlotKind],
    plans: &[Arc<PlanVersion>],
) -> Vec<ActionOption> {
    let options = kinds.iter().filter_map(|kind| {
        let single = plans.iter().find(|version| {
            Some(version.plan.key.as_str()) == kind.single_plan.as_deref()
                && version.plan.available
                && version.plan.is_sold_to(account.customer_type)
        });
        let is_known = single.is_some()
            || account
                .contracts()
                .any(|contract| carries(contract, kind, circumstances));
        is_known.then(|| booking(account, circumstances, kind, single))
    });
    options.collect()
}

fn carries(contract: &Subscription, kind: &SlotKind, circumstances: &Circumstances<'_>) -> bool {
    super::capacity(contract, &kind.key, circumstances.today) > 0
}

fn booking(
    account: &Account,
    circumstances: &Circumstances<'_>,
    kind: &SlotKind,
    single: Option<&Arc<PlanVersion>>,
) -> ActionOption {
    let order = single.map(|plan| Conclusion {
        subscription_id: String::new(),
        contract_number: String::new(),
        plan: Arc::clone(plan),
        quantity: None,
        starts_on: None,
        included: Vec::new(),
        agreement: agreement(),
    });
    let mut copy = account.clone();
    let mut found = ActionOption {
        slot_kind: Some(kind.key.clone()),
        ..option(Action::AllocateSlot, None)
    };
    match book(&mut copy, circumstances, &anything(&kind.key), order.as_ref()) {
        Ok(home) => {
            found.earliest_on = Some(circumstances.today);
            let (SlotHome::Existing(id) | SlotHome::New(id)) = &home;
            let contract = copy.subscription(id).ok();
            let phase = contract.and_then(|contract| contract.phase_on(circumstances.today));
            found.plan = phase.map(|phase| Arc::clone(&phase.plan));
            found.price = match &home {
                SlotHome::New(id) => price(&copy, id, circumstances.today, circumstances),
                SlotHome::Existing(_) => contract
                    .and_then(|one| price_of_free_slot(one, circumstances.today, circumstances.provider.currency)),
            };
        }
        Err(violation) => found.refusal = Some(violation),
    }
    found
}

/// What can be put into the slots of one contract.
pub fn allocations(account: &Account, circumstances: &Circumstances<'_>, contract: &Subscription) -> Vec<ActionOption> {
    let Some(phase) = contract.phase_on(circumstances.today) else {
        return Vec::new();
    };
    let kinds = phase
        .plan
        .plan
        .limits
        .iter()
        .filter_map(|limit| limit.key.strip_prefix("slots:"));
    let options = kinds.map(|kind| {
        let mut copy = account.clone();
        let mut found = ActionOption {
            slot_kind: Some(kind.to_owned()),
            plan: Some(Arc::clone(&phase.plan)),
            ..option(Action::AllocateSlot, Some(contract))
        };
        match allocate(&mut copy, circumstances, &anything(kind), &contract.id) {
            Ok(()) => {
                found.earliest_on = Some(circumstances.today);
                found.price = price_of_free_slot(contract, circumstances.today, circumstances.provider.currency);
            }
            Err(violation) => found.refusal = Some(violation),
        }
        found
    });
    options.collect()
}

/// The price of a free slot: 0.00 for each of the package's periods.
pub fn price_of_free_slot(contract: &Subscription, day: Date, currency: Currency) -> Option<Recurring> {
    let phase = contract.phase_on(day)?;
    let nothing = Money::zero(currency);
    Some(Recurring {
        totals: Totals {
            net: nothing,
            tax: nothing,
            gross: nothing,
        },
        interval: phase.schedule.interval,
        price_mode: phase.plan.plan.price_mode,
        next_charge_on: None,
    })
}

/// Any presence: where it goes does not depend on what it is.
fn anything(kind: &str) -> SlotRequest {
    SlotRequest {
        slot_id: String::new(),
        presence: Presence {
            kind: kind.to_owned(),
            target: String::new(),
            name: String::new(),
            url: None,
        },
    }
}

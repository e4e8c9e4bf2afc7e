//! What the customer can do today.

use std::sync::Arc;

use crate::db::DbConnection;
use crate::domain::access::{Principal, Scope};
use crate::domain::ids::IdKind;
use crate::domain::options::{self, ActionOption};
use crate::domain::plan_version::PlanVersion;
use crate::domain::slots;
use crate::domain::subscription::{Subscription, SubscriptionStatus};
use crate::error::{AppError, FieldError};
use crate::repositories::account::AccountKey;
use crate::services::command::opening;
use crate::services::plan_changes::subscription_key;
use crate::services::workbench::{self, Workbench};
use crate::state::AppState;

/// All options of a customer: new contracts, and what can be done with each running one. Staff name the customer.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Forbidden`] without `subscriptions:read`.
pub fn of_customer(
    state: &AppState,
    principal: &Principal,
    customer_id: Option<&str>,
) -> Result<Vec<ActionOption>, AppError> {
    let own = principal.customer_filter();
    let named = customer_id.or(own).ok_or_else(|| {
        AppError::field(FieldError::query(
            "customer_id",
            "required",
            "Für welchen Kunden, muss angegeben werden.",
            "Name the customer.",
        ))
    })?;
    if own.is_some_and(|own| own != named) || !IdKind::Customer.matches(named) {
        return Err(AppError::NotFound);
    }
    state.db.read_consistent(|conn| {
        let bench = workbench::open(state, conn, opening(principal, AccountKey::Customer(named), false))?;
        principal.require(Scope::SubscriptionsRead)?;
        let circumstances = bench.ground.circumstances();
        let plans = plans_on_offer(state, conn, &bench)?;
        let mut found = options::conclusions(&bench.account, &circumstances, &plans);
        let kinds = &bench.ground.catalogue.catalogue.slot_kinds;
        found.extend(slots::bookings(&bench.account, &circumstances, kinds, &plans));
        for subscription in bench.account.contracts() {
            let status = subscription.status_on(bench.ground.today);
            if matches!(status, SubscriptionStatus::Scheduled | SubscriptionStatus::Active) {
                let transitions = transitions(&bench, subscription, &plans);
                found.extend(options::of_subscription(
                    &bench.account,
                    &circumstances,
                    subscription,
                    &transitions,
                ));
                found.extend(add_on_options(&bench, subscription));
                found.extend(slots::allocations(&bench.account, &circumstances, subscription));
            }
        }
        Ok(found)
    })
}

/// The options of one contract, running or not.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Forbidden`] without `subscriptions:read`.
pub fn of_subscription(
    state: &AppState,
    principal: &Principal,
    subscription_id: &str,
) -> Result<Vec<ActionOption>, AppError> {
    let key = subscription_key(subscription_id)?;
    state.db.read_consistent(|conn| {
        let bench = workbench::open(state, conn, opening(principal, key, false))?;
        principal.require(Scope::SubscriptionsRead)?;
        let plans = plans_on_offer(state, conn, &bench)?;
        let subscription = bench.account.subscription(subscription_id)?;
        let transitions = transitions(&bench, subscription, &plans);
        let circumstances = bench.ground.circumstances();
        let mut found = options::of_subscription(&bench.account, &circumstances, subscription, &transitions);
        found.extend(add_on_options(&bench, subscription));
        found.extend(slots::allocations(&bench.account, &circumstances, subscription));
        Ok(found)
    })
}

/// The add-ons that can be booked on a contract, and what can be done with those booked.
fn add_on_options(bench: &Workbench, subscription: &Subscription) -> Vec<ActionOption> {
    let circumstances = bench.ground.circumstances();
    let mut add_ons: Vec<_> = bench.ground.catalogue.catalogue.add_ons.iter().collect();
    add_ons.sort_by_key(|add_on| add_on.position);
    let versions: Vec<Arc<PlanVersion>> = add_ons
        .iter()
        .filter_map(|add_on| bench.ground.catalogue.add_on_version(&add_on.key).map(Arc::new))
        .collect();
    let mut found = options::bookings(&bench.account, &circumstances, subscription, &versions);
    for booking in bench.account.bookings_of(&subscription.id) {
        found.extend(options::of_booking(&bench.account, &circumstances, booking));
    }
    found
}

/// The catalogue's plans in their present versions, in the provider's order.
fn plans_on_offer(
    state: &AppState,
    conn: &mut DbConnection,
    bench: &Workbench,
) -> Result<Vec<Arc<PlanVersion>>, AppError> {
    let published = &bench.ground.catalogue;
    let mut plans: Vec<_> = published.catalogue.plans.iter().collect();
    plans.sort_by_key(|plan| plan.position);
    let ids: Vec<&str> = plans
        .iter()
        .filter_map(|plan| published.plans.get(&plan.key))
        .map(|reference| reference.plan_version_id.as_str())
        .collect();
    let versions = state.catalogues.plan_versions(conn, &ids)?;
    Ok(ids.iter().filter_map(|id| versions.get(*id).cloned()).collect())
}

fn transitions(
    bench: &Workbench,
    subscription: &Subscription,
    plans: &[Arc<PlanVersion>],
) -> Vec<(crate::domain::catalogue::Transition, Arc<PlanVersion>)> {
    let Some(phase) = subscription.phase_on(bench.ground.today) else {
        return Vec::new();
    };
    let catalogue = &bench.ground.catalogue.catalogue;
    plans
        .iter()
        .filter_map(|target| {
            let transition = catalogue.transition(&phase.plan.plan.key, &target.plan.key)?;
            Some((transition.clone(), Arc::clone(target)))
        })
        .collect()
}

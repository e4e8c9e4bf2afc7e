//! From the items of a cart as they were sent to commands on the account.

use super::{NewOrder, NewOrderItem, OnContract};
use crate::db::DbConnection;
use crate::domain::ids::IdKind;
use crate::domain::localized::Locale;
use crate::domain::order::OrderItem;
use crate::domain::plan_change::PlanChangeRequest;
use crate::error::{AppError, FieldError};
use crate::services::add_ons::{NewBooking, booking_request};
use crate::services::plan_changes::{self, Item, NewPlanChange};
use crate::services::slots::slot_order;
use crate::services::subscriptions::{self, NewSubscription};
use crate::services::workbench::Workbench;
use crate::state::AppState;

/// The cart's items as commands on the account.
pub(super) fn items(
    state: &AppState,
    conn: &mut DbConnection,
    bench: &Workbench,
    new: &NewOrder,
    locale: Locale,
    new_id: &dyn Fn(usize, IdKind) -> String,
) -> Result<Vec<OrderItem>, AppError> {
    let mut items: Vec<OrderItem> = Vec::with_capacity(new.items.len());
    for (index, item) in new.items.iter().enumerate() {
        let built = match item {
            NewOrderItem::Contract {
                plan,
                quantity,
                starts_on,
            } => {
                let version = bench.ground.plan(state, conn, plan);
                version.and_then(|version| {
                    let wanted = NewSubscription {
                        customer_id: None,
                        plan: plan.clone(),
                        quantity: *quantity,
                        starts_on: *starts_on,
                        declared: new.declared.clone(),
                    };
                    let mut order = subscriptions::order(&bench.ground, &wanted, version, locale)?;
                    order.subscription_id = new_id(index, IdKind::Subscription);
                    order.contract_number = subscriptions::contract_number();
                    Ok(OrderItem::Contract(Box::new(order)))
                })
            }
            NewOrderItem::PlanChange {
                subscription_id,
                plan,
                quantity,
            } => plan_change(state, conn, bench, new, locale, (subscription_id, plan, *quantity)).map(|mut request| {
                request.change_id = new_id(index, IdKind::PlanChange);
                OrderItem::PlanChange(Box::new(request))
            }),
            NewOrderItem::AddOn { on, add_on, quantity } => {
                contract_of(bench, &items, on, index).and_then(|contract| {
                    let wanted = NewBooking {
                        subscription_id: contract,
                        add_on: add_on.clone(),
                        quantity: *quantity,
                        declared: new.declared.clone(),
                    };
                    let mut request = booking_request(&bench.ground, &wanted, locale)?;
                    request.booking_id = new_id(index, IdKind::AddOnBooking);
                    Ok(OrderItem::AddOn(Box::new(request)))
                })
            }
            NewOrderItem::Slot(presence) => {
                let wanted = (presence, &new.declared);
                slot_order(state, conn, &bench.ground, wanted, locale).map(|mut order| {
                    order.request.slot_id = new_id(index, IdKind::SlotAllocation);
                    if let Some(single) = &mut order.single {
                        single.subscription_id = new_id(index, IdKind::Subscription);
                        single.contract_number = subscriptions::contract_number();
                    }
                    OrderItem::Slot(Box::new(order))
                })
            }
        };
        items.push(built.map_err(|error| within_item(error, index))?);
    }
    Ok(items)
}

fn plan_change(
    state: &AppState,
    conn: &mut DbConnection,
    bench: &Workbench,
    new: &NewOrder,
    locale: Locale,
    (subscription_id, plan, quantity): (&str, &Option<String>, Option<u32>),
) -> Result<PlanChangeRequest, AppError> {
    if bench.account.contracts().all(|contract| contract.id != subscription_id) {
        return Err(AppError::NotFound);
    }
    let wanted = NewPlanChange {
        item: Item::Contract(subscription_id.to_owned()),
        plan: plan.clone(),
        quantity,
        supersedes: None,
        absorb_subscription_ids: Vec::new(),
        declared: new.declared.clone(),
    };
    plan_changes::request(state, conn, bench, &wanted, locale)
}

/// The contract an add-on is booked on: one of the customer's, or one that an earlier item concludes.
fn contract_of(bench: &Workbench, items: &[OrderItem], on: &OnContract, index: usize) -> Result<String, AppError> {
    match on {
        OnContract::Existing(id) if bench.account.contracts().any(|contract| contract.id == *id) => Ok(id.clone()),
        OnContract::Existing(_) => Err(AppError::NotFound),
        OnContract::OfItem(named) => match items.get(*named) {
            Some(OrderItem::Contract(order)) => Ok(order.subscription_id.clone()),
            _ => Err(AppError::field(FieldError::body(
                format!("/items/{index}/item"),
                "not_an_earlier_contract",
                "Nennen Sie den Index eines früheren Eintrags, der einen Vertrag schließt.",
                "Name the index of an earlier item that concludes a contract.",
            ))),
        },
    }
}

fn within_item(error: AppError, index: usize) -> AppError {
    match error {
        AppError::Refused(violation) => AppError::Refused(Box::new(violation.within(&format!("/items/{index}")))),
        other => other,
    }
}

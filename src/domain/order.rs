//! A cart: several bookings decided together, all or nothing. Each item is the command it would be alone; the items are
//! applied one after the other, so a later one may build on an earlier one.

use std::sync::Arc;

use serde::Serialize;

use super::{
    account::{Account, Circumstances},
    add_on::{self, BookingRequest},
    conclusion::{self, Conclusion},
    consent::RequiredDocument,
    customer_type::CustomerType,
    localized::LocalizedText,
    money::Money,
    plan_change::{PlanChangeRequest, change_plan},
    plan_version::PlanVersion,
    preview::{Recurring, Totals, recurring_price},
    violation::Violation,
};

/// One item of a cart, ready to be decided.
#[derive(Debug, Clone)]
pub enum OrderItem {
    /// A new contract.
    Contract(Box<Conclusion>),
    /// Another plan or quantity.
    PlanChange(Box<PlanChangeRequest>),
    /// An add-on.
    AddOn(Box<BookingRequest>),
}

impl OrderItem {
    /// Id of the contract or booking that the item makes or changes.
    pub fn item_id(&self) -> &str {
        match self {
            Self::Contract(order) => &order.subscription_id,
            Self::PlanChange(request) => &request.subscription_id,
            Self::AddOn(request) => &request.booking_id,
        }
    }

    /// Id of the change, for plan changes.
    pub fn change_id(&self) -> Option<&str> {
        match self {
            Self::PlanChange(request) => Some(&request.change_id),
            Self::Contract(_) | Self::AddOn(_) => None,
        }
    }

    /// Documents that must be accepted for it.
    pub fn required(&self) -> &[RequiredDocument] {
        match self {
            Self::Contract(order) => &order.agreement.required,
            Self::PlanChange(request) => &request.agreement.required,
            Self::AddOn(request) => &request.agreement.required,
        }
    }

    /// What is ordered; `None` where only the quantity of a plan changes.
    fn offer(&self) -> Option<&Arc<PlanVersion>> {
        match self {
            Self::Contract(order) => Some(&order.plan),
            Self::PlanChange(request) => request.target.as_ref(),
            Self::AddOn(request) => Some(&request.add_on),
        }
    }
}

/// Applies the items of a cart; all of them or none.
///
/// # Errors
/// Those of the commands, each with the pointer of its item.
pub fn place(account: &mut Account, circumstances: &Circumstances<'_>, items: &[OrderItem]) -> Result<(), Violation> {
    let mut after = account.clone();
    for (index, item) in items.iter().enumerate() {
        let placed = match item {
            OrderItem::Contract(order) => conclusion::conclude(&mut after, circumstances, order),
            OrderItem::PlanChange(request) => change_plan(&mut after, circumstances, request).map(|_| ()),
            OrderItem::AddOn(request) => add_on::book(&mut after, circumstances, request),
        };
        placed.map_err(|violation| violation.within(&format!("/items/{index}")))?;
    }
    *account = after;
    Ok(())
}

/// The button a consumer's paid cart needs: that of the first thing that costs something (§ 312j Abs. 3 BGB).
pub fn order_button(customer_type: CustomerType, items: &[OrderItem]) -> Option<LocalizedText> {
    if customer_type != CustomerType::Consumer {
        return None;
    }
    let mut offers = items.iter().filter_map(OrderItem::offer);
    offers
        .find(|offer| offer.plan.is_paid())
        .map(|offer| offer.plan.order_button.clone())
}

/// One item as the summary before the order shows it (§ 312j Abs. 2 BGB with Art. 246a § 1 EGBGB): what it is, what it costs
/// for each billing period, how long it binds and how it ends.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemSummary {
    /// Name of what is ordered.
    pub name: LocalizedText,
    /// What it brings.
    pub description: LocalizedText,
    /// The price in words.
    pub price_label: LocalizedText,
    /// Minimum term, renewal and notice in words; `None` for one-off services.
    pub terms: Option<LocalizedText>,
    /// Units.
    pub quantity: u32,
    /// What it costs for each full billing period; `None` for what is charged once.
    pub recurring: Option<Recurring>,
}

/// The summary of a cart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OrderSummary {
    /// Item by item.
    pub items: Vec<ItemSummary>,
    /// What all of them cost per month.
    pub monthly_total: Totals,
}

/// The summary of a cart, read from the account with all items applied.
///
/// # Errors
/// When an amount leaves the range of money.
pub fn summary(
    after: &Account,
    circumstances: &Circumstances<'_>,
    items: &[OrderItem],
) -> Result<OrderSummary, Violation> {
    let items = items
        .iter()
        .map(|item| item_summary(after, circumstances, item))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(OrderSummary {
        monthly_total: monthly_total(&items, Money::zero(circumstances.provider.currency))?,
        items,
    })
}

fn item_summary(
    after: &Account,
    circumstances: &Circumstances<'_>,
    item: &OrderItem,
) -> Result<ItemSummary, Violation> {
    let subscription = after.subscription(item.item_id())?;
    let mut phases = subscription.phases.iter().filter(|phase| !phase.removed);
    let latest = phases.next_back().ok_or_else(|| {
        Violation::conflict(
            "not_found",
            "Diesen Vertrag gibt es nicht.",
            "There is no such contract.",
        )
    })?;
    let plan = &latest.plan.plan;
    let is_one_off = latest.plan.is_one_off_service();
    let recurring = if is_one_off {
        None
    } else {
        let day = latest.from_on.max(circumstances.today);
        recurring_price(subscription, day, circumstances.provider.currency)?
    };
    Ok(ItemSummary {
        name: plan.name.clone(),
        description: plan.description.clone(),
        price_label: plan.price_label.clone(),
        terms: (!is_one_off).then(|| plan.terms.sentence()),
        quantity: latest.quantity,
        recurring,
    })
}

/// What the items cost per month in all: longer periods count with their share of a month, rounded half away from zero once
/// per item.
///
/// # Errors
/// When an amount leaves the range of money.
fn monthly_total(summaries: &[ItemSummary], zero: Money) -> Result<Totals, Violation> {
    let mut total = Totals {
        net: zero,
        tax: zero,
        gross: zero,
    };
    for recurring in summaries.iter().filter_map(|summary| summary.recurring.as_ref()) {
        let months = recurring.interval.months();
        let net = recurring.totals.net.divided_by(months)?;
        let gross = recurring.totals.gross.divided_by(months)?;
        total.net = total.net.checked_add(net)?;
        total.gross = total.gross.checked_add(gross)?;
        total.tax = total.tax.checked_add(gross.checked_sub(net)?)?;
    }
    Ok(total)
}

//! A cart: several bookings decided together, all or nothing. Each item is the command it would be alone; the items are
//! applied one after the other, so a later one may build on an earlier one.

use serde::Serialize;

use super::{
    account::{Account, Circumstances},
    add_on::{self, BookingRequest},
    catalogue::Plan,
    conclusion::{self, Conclusion},
    consent::{RequiredDocument, order_button},
    customer_type::CustomerType,
    localized::LocalizedText,
    money::Money,
    plan_change::{PlanChangeOutcome, PlanChangeRequest, change_plan},
    preview::{OrderButton, PreviewText, Recurring, Totals, recurring_price},
    slots::{self, SlotHome, SlotOrder},
    subscription::Subscription,
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
    /// Something for a presence.
    Slot(Box<SlotOrder>),
}

/// An item of a cart with what became of it.
#[derive(Debug, Clone)]
pub struct PlacedItem {
    /// The item.
    pub item: OrderItem,
    /// What it led to.
    pub outcome: PlacedAs,
}

/// What an item of a cart led to.
#[derive(Debug, Clone)]
pub enum PlacedAs {
    /// A contract or booking that begins.
    Begun,
    /// A change of plan or quantity.
    Changed(Box<PlanChangeOutcome>),
    /// A presence in a slot of this contract.
    Slot(SlotHome),
}

impl PlacedItem {
    /// Id of the contract or booking that the item made or changed; for a presence, the contract whose slot it took.
    pub fn item_id(&self) -> &str {
        match (&self.item, &self.outcome) {
            (_, PlacedAs::Slot(home)) => home.subscription_id(),
            (OrderItem::Contract(order), _) => &order.subscription_id,
            (OrderItem::PlanChange(request), _) => &request.subscription_id,
            (OrderItem::AddOn(request), _) => &request.booking_id,
            (OrderItem::Slot(order), _) => &order.request.slot_id,
        }
    }

    /// Id of the change, for plan changes.
    pub fn change_id(&self) -> Option<&str> {
        match &self.item {
            OrderItem::PlanChange(request) => Some(&request.change_id),
            OrderItem::Contract(_) | OrderItem::AddOn(_) | OrderItem::Slot(_) => None,
        }
    }

    /// Id of the occupied slot, for presences.
    pub fn slot_id(&self) -> Option<&str> {
        match &self.item {
            OrderItem::Slot(order) => Some(&order.request.slot_id),
            OrderItem::Contract(_) | OrderItem::PlanChange(_) | OrderItem::AddOn(_) => None,
        }
    }

    /// Whether it only took a free slot, at 0.00, and left the contract as it was.
    pub fn is_in_free_slot(&self) -> bool {
        matches!(self.outcome, PlacedAs::Slot(SlotHome::Existing(_)))
    }

    /// Documents that must be accepted for it.
    pub fn required(&self) -> &[RequiredDocument] {
        match &self.item {
            OrderItem::Contract(order) => &order.agreement.required,
            OrderItem::PlanChange(request) => &request.agreement.required,
            OrderItem::AddOn(request) => &request.agreement.required,
            OrderItem::Slot(_) => self.concluded().map_or(&[], |order| &order.agreement.required),
        }
    }

    /// What is ordered, where it is paid for.
    fn paid_offer(&self) -> Option<&Plan> {
        let offer = match &self.item {
            OrderItem::Contract(order) => Some(&order.plan),
            OrderItem::PlanChange(request) => request.target.as_ref(),
            OrderItem::AddOn(request) => Some(&request.add_on),
            OrderItem::Slot(_) => self.concluded().map(|order| &order.plan),
        };
        offer.map(|version| &version.plan).filter(|plan| plan.is_paid())
    }

    fn concluded(&self) -> Option<&Conclusion> {
        match (&self.item, &self.outcome) {
            (OrderItem::Slot(order), PlacedAs::Slot(home)) => order.concluded(home),
            _ => None,
        }
    }

    /// The button a consumer must press for it alone (§ 312j Abs. 3 BGB).
    fn order_button(&self, customer_type: CustomerType) -> Option<LocalizedText> {
        match &self.outcome {
            PlacedAs::Changed(outcome) => outcome.order_button.clone(),
            PlacedAs::Begun | PlacedAs::Slot(_) => {
                let plan = self.paid_offer()?;
                order_button(plan, customer_type, true)
            }
        }
    }
}

/// Applies the items of a cart; all of them or none.
///
/// # Errors
/// Those of the commands, each with the pointer of its item.
pub fn place(
    account: &mut Account,
    circumstances: &Circumstances<'_>,
    items: Vec<OrderItem>,
) -> Result<Vec<PlacedItem>, Violation> {
    let mut after = account.clone();
    let mut placed = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        let outcome = match &item {
            OrderItem::Contract(order) => {
                conclusion::conclude(&mut after, circumstances, order).map(|()| PlacedAs::Begun)
            }
            OrderItem::PlanChange(request) => {
                change_plan(&mut after, circumstances, request).map(|outcome| PlacedAs::Changed(Box::new(outcome)))
            }
            OrderItem::AddOn(request) => add_on::book(&mut after, circumstances, request).map(|()| PlacedAs::Begun),
            OrderItem::Slot(order) => order.place(&mut after, circumstances).map(PlacedAs::Slot),
        };
        let outcome = outcome.map_err(|violation| violation.within(&format!("/items/{index}")))?;
        placed.push(PlacedItem { item, outcome });
    }
    *account = after;
    Ok(placed)
}

/// The button of a cart, and whether it is binding: consumers who will pay, or pay more than before, must press exactly that of
/// the first thing that costs something (§ 312j Abs. 3 BGB).
pub fn cart_button(customer_type: CustomerType, items: &[PlacedItem]) -> Option<OrderButton> {
    let binding = items.iter().find_map(|item| item.order_button(customer_type));
    if let Some(label) = binding {
        return Some(OrderButton { label, required: true });
    }
    let paid = items.iter().find_map(PlacedItem::paid_offer);
    paid.map(|plan| OrderButton {
        label: plan.order_button.clone(),
        required: false,
    })
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
    /// Sentences to show with it.
    pub texts: Vec<PreviewText>,
}

/// The summary of a cart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OrderSummary {
    /// Item by item.
    pub items: Vec<ItemSummary>,
    /// What all of them cost per month.
    pub monthly_total: Totals,
}

/// The summary of a cart, read from the account with all items applied. `texts` are the sentences of each item.
///
/// # Errors
/// When an amount leaves the range of money.
pub fn summary(
    after: &Account,
    circumstances: &Circumstances<'_>,
    items: &[PlacedItem],
    texts: Vec<Vec<PreviewText>>,
) -> Result<OrderSummary, Violation> {
    let items = items
        .iter()
        .zip(texts)
        .map(|(item, texts)| item_summary(after, circumstances, item, texts))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(OrderSummary {
        monthly_total: monthly_total(&items, Money::zero(circumstances.provider.currency))?,
        items,
    })
}

fn item_summary(
    after: &Account,
    circumstances: &Circumstances<'_>,
    placed: &PlacedItem,
    texts: Vec<PreviewText>,
) -> Result<ItemSummary, Violation> {
    let subscription = after.subscription(placed.item_id())?;
    if let OrderItem::Slot(order) = &placed.item
        && placed.is_in_free_slot()
    {
        return free_slot_summary(subscription, circumstances, order, texts);
    }
    let mut phases = subscription.phases.iter().filter(|phase| !phase.removed);
    let latest = phases.next_back().ok_or_else(no_contract)?;
    let plan = &latest.plan.plan;
    let is_one_off = latest.plan.is_one_off_service();
    let recurring = if is_one_off {
        None
    } else {
        let day = latest.from_on.max(circumstances.today);
        recurring_price(subscription, day, circumstances.provider.currency)?
            .map(|price| price.taxed(after.tax_treatment()))
    };
    Ok(ItemSummary {
        name: plan.name.clone(),
        description: plan.description.clone(),
        price_label: plan.price_label.clone(),
        terms: (!is_one_off).then(|| plan.terms.sentence()),
        quantity: latest.quantity,
        recurring,
        texts,
    })
}

/// A presence in a free slot: it costs nothing and binds to nothing beyond the contract that is there.
fn free_slot_summary(
    contract: &Subscription,
    circumstances: &Circumstances<'_>,
    order: &SlotOrder,
    texts: Vec<PreviewText>,
) -> Result<ItemSummary, Violation> {
    let phase = contract.phase_on(circumstances.today).ok_or_else(no_contract)?;
    Ok(ItemSummary {
        name: slots::name_of(&order.request.presence, &order.target),
        description: slots::goes_into(&order.kind, &phase.plan.plan),
        price_label: slots::price_of_nothing(phase.schedule.interval, circumstances),
        terms: None,
        quantity: 1,
        recurring: slots::price_of_free_slot(contract, circumstances.today, circumstances.provider.currency),
        texts,
    })
}

fn no_contract() -> Violation {
    Violation::conflict(
        "not_found",
        "Diesen Vertrag gibt es nicht.",
        "There is no such contract.",
    )
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

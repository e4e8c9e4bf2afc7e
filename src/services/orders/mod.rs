//! A cart: several bookings previewed together and confirmed together.

mod foresee;
mod items;

use serde_json::{Value, json};
use time::{Date, OffsetDateTime};

use crate::domain::event::DraftEvent;
use crate::domain::event_type::EventType;
use crate::domain::ids::IdKind;
use crate::domain::order::{self, OrderItem, PlacedItem};
use crate::domain::preview::Preview;
use crate::domain::slots::Presence;
use crate::error::AppError;
use crate::repositories::account::AccountKey;
use crate::services::agreements::Declared;
use crate::services::command::{self, Command};
use crate::services::idempotency::Answer;
use crate::services::preview_token::IssuedPreview;
use crate::services::subscriptions;
use crate::state::AppState;
use foresee::foresee;
use items::items;

/// The contract an add-on of a cart is booked on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnContract {
    /// One that exists.
    Existing(String),
    /// The one that the cart's item with this index, from 0, concludes.
    OfItem(usize),
}

/// One item of a cart.
#[derive(Debug, Clone)]
pub enum NewOrderItem {
    /// A new contract.
    Contract {
        /// Id or key of the plan.
        plan: String,
        /// Units.
        quantity: Option<u32>,
        /// First day.
        starts_on: Option<Date>,
    },
    /// Another plan or quantity.
    PlanChange {
        /// The contract.
        subscription_id: String,
        /// Id or key of the plan.
        plan: Option<String>,
        /// Units.
        quantity: Option<u32>,
    },
    /// An add-on.
    AddOn {
        /// The contract.
        on: OnContract,
        /// Id or key of the add-on.
        add_on: String,
        /// Units.
        quantity: Option<u32>,
    },
    /// Something for a presence, wherever there is room.
    Slot(Presence),
}

/// A cart.
#[derive(Debug, Clone)]
pub struct NewOrder {
    /// The customer; customers may leave it out.
    pub customer_id: Option<String>,
    /// What is ordered, in order.
    pub items: Vec<NewOrderItem>,
    /// Consents and order button for all of it.
    pub declared: Declared,
}

/// An order that was confirmed.
#[derive(Debug, Clone)]
pub struct PlacedOrder {
    /// Id (`ord_`).
    pub id: String,
    /// Whose.
    pub customer_id: String,
    /// The business instant.
    pub confirmed_at: OffsetDateTime,
    /// What was ordered, with the ids of what it made.
    pub items: Vec<PlacedItem>,
    /// What it costs, as its preview said.
    pub preview: Preview,
}

impl PlacedOrder {
    /// The day of the invoice on which what is due at once comes, as things stand.
    pub fn invoiced_on(&self) -> Option<Date> {
        let next = self.preview.next_invoice.on;
        next.filter(|_| !self.preview.due_now.gross.is_zero())
    }
}

/// Confirms a cart.
///
/// # Errors
/// Those of the commands it consists of, each with the pointer of its item; [`AppError::PreviewStale`], [`AppError::NotFound`].
pub fn place(
    state: &AppState,
    command: &Command,
    new: &NewOrder,
    render_preview: &dyn Fn(&IssuedPreview) -> Value,
    answer: &dyn Fn(PlacedOrder) -> Result<Answer, AppError>,
) -> Result<Answer, AppError> {
    let customer_id = subscriptions::customer_of(command, new.customer_id.as_deref())?;
    let name = name(&customer_id, new);
    command::run(
        state,
        command,
        AccountKey::Customer(&customer_id),
        None,
        &|conn, bench| {
            let drafted = items(state, conn, bench, new, command.context.locale, &placeholder)?;
            let foreseen = foresee(&bench.ground, &bench.account, drafted)?;
            command::confirm(state, command, &name, || Ok(foreseen.clone()), render_preview)?;
            check_button(new, &foreseen)?;
            let mut ordered = items(state, conn, bench, new, command.context.locale, &|_, kind| {
                kind.generate()
            })?;
            ordered.iter_mut().for_each(bind);
            let circumstances = bench.ground.circumstances();
            let ordered = order::place(&mut bench.account, &circumstances, ordered)?;
            let placed = PlacedOrder {
                id: IdKind::Order.generate(),
                customer_id: bench.customer_id().to_owned(),
                confirmed_at: bench.ground.now,
                items: ordered,
                preview: foreseen,
            };
            let event = event(&placed, new);
            bench.account.events.push(event);
            Ok(placed)
        },
        &|_, placed| answer(placed),
    )
}

/// What the cart would do.
///
/// # Errors
/// As [`place`], without those of consents that are still to be given.
pub fn preview_order(state: &AppState, command: &Command, new: &NewOrder) -> Result<IssuedPreview, AppError> {
    let customer_id = subscriptions::customer_of(command, new.customer_id.as_deref())?;
    let name = name(&customer_id, new);
    command::preview(
        state,
        command,
        AccountKey::Customer(&customer_id),
        None,
        &name,
        &|conn, bench| {
            let drafted = items(state, conn, bench, new, command.context.locale, &placeholder)?;
            Ok(foresee(&bench.ground, &bench.account, drafted)?)
        },
    )
}

/// What the preview token vouches for, apart from the decision: whose cart, and for which presences.
fn name(customer_id: &str, new: &NewOrder) -> String {
    let mut name = format!("order {customer_id}");
    for item in &new.items {
        if let NewOrderItem::Slot(presence) = item {
            name.push_str(&format!(" {presence:?}"));
        }
    }
    name
}

/// The ids of a preview: they stand for those that will be given, so that preview and execution decide about the same.
fn placeholder(index: usize, _: IdKind) -> String {
    format!("new {index}")
}

/// Checks the cart's button, once for all items.
fn check_button(new: &NewOrder, foreseen: &Preview) -> Result<(), AppError> {
    let binding = foreseen.order_button.as_ref().filter(|button| button.required);
    match binding {
        Some(button) => Ok(new.declared.pressed().check_order_button(&button.label)?),
        None => Ok(()),
    }
}

/// Makes an item binding; the button was checked for the cart as a whole.
fn bind(item: &mut OrderItem) {
    let agreement = match item {
        OrderItem::Contract(order) => Some(&mut order.agreement),
        OrderItem::PlanChange(request) => Some(&mut request.agreement),
        OrderItem::AddOn(request) => Some(&mut request.agreement),
        OrderItem::Slot(order) => order.single.as_mut().map(|single| &mut single.agreement),
    };
    if let Some(agreement) = agreement {
        agreement.is_preview = false;
        agreement.is_covered_by_cart = true;
    }
}

fn event(placed: &PlacedOrder, new: &NewOrder) -> DraftEvent {
    let items: Vec<Value> = placed
        .items
        .iter()
        .map(|item| {
            json!({
                "item_id": item.item_id(),
                "change_id": item.change_id(),
                "slot_id": item.slot_id(),
            })
        })
        .collect();
    DraftEvent {
        event_type: EventType::OrderConfirmed,
        subscription_id: None,
        occurred_at: placed.confirmed_at,
        by_caller: true,
        data: json!({
            "order": {
                "id": placed.id,
                "items": items,
                "due_now": placed.preview.due_now,
                "monthly_total": placed.preview.order.as_ref().map(|order| order.monthly_total),
                "order_button_text": new.declared.order_button_text,
            },
        }),
    }
}

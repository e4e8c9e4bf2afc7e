//! A cart: several bookings previewed together and confirmed together.

use serde_json::{Value, json};
use time::{Date, OffsetDateTime};

use crate::db::DbConnection;
use crate::domain::account::Account;
use crate::domain::event::DraftEvent;
use crate::domain::event_type::EventType;
use crate::domain::ids::IdKind;
use crate::domain::localized::Locale;
use crate::domain::order::{self, OrderItem};
use crate::domain::preview::{OrderButton, Preview, PreviewParts, preview};
use crate::domain::violation::Violation;
use crate::error::{AppError, FieldError};
use crate::repositories::account::AccountKey;
use crate::services::add_ons::{NewBooking, add_on_consequences, billed_with, booking_request};
use crate::services::agreements::Declared;
use crate::services::command::{self, Command};
use crate::services::idempotency::Answer;
use crate::services::plan_changes::{self, Item, NewPlanChange};
use crate::services::preview_token::IssuedPreview;
use crate::services::subscriptions::{self, NewSubscription};
use crate::services::workbench::{Ground, Workbench};
use crate::state::AppState;

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
    pub items: Vec<OrderItem>,
    /// What it costs, as its preview said.
    pub preview: Preview,
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
    let name = format!("order {customer_id}");
    command::run(
        state,
        command,
        AccountKey::Customer(&customer_id),
        None,
        &|conn, bench| {
            let drafted = items(state, conn, bench, new, command.context.locale, &placeholder)?;
            let foreseen = foresee(&bench.ground, &bench.account, &drafted)?;
            command::confirm(state, command, &name, || Ok(foreseen.clone()), render_preview)?;
            let mut ordered = items(state, conn, bench, new, command.context.locale, &|_, kind| {
                kind.generate()
            })?;
            agree(bench, new, &mut ordered)?;
            let circumstances = bench.ground.circumstances();
            order::place(&mut bench.account, &circumstances, &ordered)?;
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
    let name = format!("order {customer_id}");
    command::preview(
        state,
        command,
        AccountKey::Customer(&customer_id),
        None,
        &name,
        &|conn, bench| {
            let drafted = items(state, conn, bench, new, command.context.locale, &placeholder)?;
            Ok(foresee(&bench.ground, &bench.account, &drafted)?)
        },
    )
}

/// The ids of a preview: they stand for those that will be given, so that preview and execution decide about the same.
fn placeholder(index: usize, _: IdKind) -> String {
    format!("new {index}")
}

/// The cart's items as commands on the account.
fn items(
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
                version.map(|version| {
                    let wanted = NewSubscription {
                        customer_id: None,
                        plan: plan.clone(),
                        quantity: *quantity,
                        starts_on: *starts_on,
                        declared: new.declared.clone(),
                    };
                    let mut order = subscriptions::order(&bench.ground, &wanted, version, locale);
                    order.subscription_id = new_id(index, IdKind::Subscription);
                    order.contract_number = subscriptions::contract_number();
                    OrderItem::Contract(Box::new(order))
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
) -> Result<crate::domain::plan_change::PlanChangeRequest, AppError> {
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

/// What a cart would do, told by doing it to a copy of the account.
fn foresee(ground: &Ground, before: &Account, items: &[OrderItem]) -> Result<Preview, Violation> {
    let circumstances = ground.circumstances();
    let mut after = before.clone();
    order::place(&mut after, &circumstances, items)?;
    let label = order::order_button(before.customer_type, items);
    let parts = PreviewParts {
        effective_on: ground.today,
        subscription_ids: items.iter().map(|item| item.item_id().to_owned()).collect(),
        change_ids: items
            .iter()
            .filter_map(OrderItem::change_id)
            .map(str::to_owned)
            .collect(),
        consequences: items
            .iter()
            .flat_map(|item| add_on_consequences(before, &after, item.item_id()))
            .collect(),
        consents: required(items),
        order_button: label.map(|label| OrderButton { label, required: true }),
        texts: Vec::new(),
        because: Vec::new(),
        latest_receipt_on: None,
        supersedes: Vec::new(),
    };
    let mut preview = preview(before, &after, &circumstances, parts)?;
    preview.texts.extend(billed_with(&preview));
    preview.order = Some(order::summary(&after, &circumstances, items)?);
    preview.subscription_ids.retain(|id| IdKind::Subscription.matches(id));
    Ok(preview)
}

/// Every document once.
fn required(items: &[OrderItem]) -> Vec<crate::domain::consent::RequiredDocument> {
    let mut documents: Vec<crate::domain::consent::RequiredDocument> = Vec::new();
    for document in items.iter().flat_map(OrderItem::required) {
        if documents.iter().all(|known| known.document_id != document.document_id) {
            documents.push(document.clone());
        }
    }
    documents
}

/// Checks the cart's own button once; after that it stands for every item.
fn agree(bench: &Workbench, new: &NewOrder, items: &mut [OrderItem]) -> Result<(), AppError> {
    if let Some(label) = order::order_button(bench.account.customer_type, items) {
        new.declared.against(Vec::new(), false).check_order_button(&label)?;
    }
    for item in items {
        let agreement = match item {
            OrderItem::Contract(order) => &mut order.agreement,
            OrderItem::PlanChange(request) => &mut request.agreement,
            OrderItem::AddOn(request) => &mut request.agreement,
        };
        agreement.is_preview = false;
        agreement.is_covered_by_cart = true;
    }
    Ok(())
}

fn event(placed: &PlacedOrder, new: &NewOrder) -> DraftEvent {
    let items: Vec<Value> = placed
        .items
        .iter()
        .map(|item| {
            json!({
                "item_id": item.item_id(),
                "change_id": item.change_id(),
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

//! `/v1/orders`: a cart, previewed and confirmed as a whole.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::amounts::TotalsDto;
use super::answer::{answer, send};
use super::blocking;
use super::civil_date::CivilDate;
use super::commands::{ConsentInput, command, declared, in_language, preview_response, with_early_start};
use super::extract::Json;
use super::instant::Instant;
use super::preview::PreviewDto;
use super::problem::Problem;
use crate::context::RequestContext;
use crate::domain::access::Principal;
use crate::domain::localized::Locale;
use crate::domain::order::OrderItem;
use crate::error::{AppError, FieldError};
use crate::services::idempotency::Answer;
use crate::services::orders::{self, NewOrder, NewOrderItem, OnContract, PlacedOrder};
use crate::state::AppState;

/// Mounts the operations of this module.
pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(create_order).service(preview_order);
}

/// A cart. It is not kept anywhere: send it to the preview as often as it changes, and once to order.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "items": [
        {"type": "subscription", "plan": "newsletter_m"},
        {"type": "add_on", "item": 0, "add_on": "premium_support"}
    ],
    "consents": [{"document": "terms", "version": "2020-01", "accepted": true}]
}))]
pub struct CreateOrder {
    /// The customer; customers may leave it out.
    #[validate(length(max = 30))]
    #[schema(max_length = 30, example = "cus_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub customer_id: Option<String>,
    /// What is ordered, in order; all of it or nothing.
    #[validate(length(min = 1, max = 50), nested)]
    #[schema(min_items = 1, max_items = 50)]
    pub items: Vec<CreateOrderItem>,
    /// Consents to the documents that the preview names, for all items.
    #[serde(default)]
    #[validate(length(max = 50), nested)]
    #[schema(required = false, max_items = 50)]
    pub consents: Vec<ConsentInput>,
    /// Label of the button that was pressed; consumers who will pay need exactly that of the preview (§ 312j BGB).
    #[validate(length(max = 500))]
    #[schema(max_length = 500, example = "zahlungspflichtig bestellen")]
    pub order_button_text: Option<String>,
    /// Whether the customer expressly asks that the services begin before the withdrawal period is over (§ 356 Abs. 5, § 357a Abs.
    /// 2 BGB); for all items.
    #[serde(default)]
    #[schema(required = false, default = false, example = true)]
    pub early_start_requested: bool,
    /// Token of the preview that is confirmed; previews ignore it.
    #[validate(length(max = 2000))]
    #[schema(max_length = 2000, example = json!(null))]
    pub preview_token: Option<String>,
}

/// One item of a cart.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"type": "add_on", "subscription_id": "sub_01k9w3x8kqf0wvm2n6c1c9t7xh", "add_on": "premium_support"}))]
pub struct CreateOrderItem {
    /// What is ordered.
    #[serde(rename = "type")]
    pub item_type: OrderItemType,
    /// Plan change, add-on: the contract. An add-on may name `item` instead.
    #[validate(length(max = 30))]
    #[schema(max_length = 30, example = "sub_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub subscription_id: Option<String>,
    /// Add-on: the index, from 0, of an earlier item that concludes the contract it is booked on.
    #[validate(range(max = 49))]
    #[schema(maximum = 49, example = json!(null))]
    pub item: Option<u32>,
    /// Subscription, plan change: id or key of the plan.
    #[validate(length(min = 1, max = 60))]
    #[schema(min_length = 1, max_length = 60, example = json!(null))]
    pub plan: Option<String>,
    /// Add-on: its id or key.
    #[validate(length(min = 1, max = 60))]
    #[schema(min_length = 1, max_length = 60, example = "premium_support")]
    pub add_on: Option<String>,
    /// Units.
    #[validate(range(min = 1, max = 1_000_000))]
    #[schema(minimum = 1, maximum = 1_000_000, example = 1)]
    pub quantity: Option<u32>,
    /// Subscription: the first day; today if absent.
    pub starts_on: Option<CivilDate>,
}

/// What an item of a cart is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "add_on")]
pub enum OrderItemType {
    /// A new contract.
    Subscription,
    /// Another plan or quantity of a contract.
    PlanChange,
    /// An add-on.
    AddOn,
}

impl CreateOrderItem {
    fn read(self, index: usize) -> Result<NewOrderItem, AppError> {
        let missing = |member: &str| {
            AppError::field(FieldError::body(
                format!("/items/{index}/{member}"),
                "required",
                format!("Dieser Eintrag braucht „{member}“."),
                format!("This item needs `{member}`."),
            ))
        };
        let given = [
            ("subscription_id", self.subscription_id.is_some()),
            ("item", self.item.is_some()),
            ("plan", self.plan.is_some()),
            ("add_on", self.add_on.is_some()),
            ("quantity", self.quantity.is_some()),
            ("starts_on", self.starts_on.is_some()),
        ];
        let allowed: &[&str] = match self.item_type {
            OrderItemType::Subscription => &["plan", "quantity", "starts_on"],
            OrderItemType::PlanChange => &["subscription_id", "plan", "quantity"],
            OrderItemType::AddOn => &["subscription_id", "item", "add_on", "quantity"],
        };
        if let Some((member, _)) = given.iter().find(|(member, given)| *given && !allowed.contains(member)) {
            return Err(AppError::field(FieldError::body(
                format!("/items/{index}/{member}"),
                "not_allowed",
                format!("Ein solcher Eintrag hat kein „{member}“."),
                format!("Such an item has no `{member}`."),
            )));
        }
        match self.item_type {
            OrderItemType::Subscription => Ok(NewOrderItem::Contract {
                plan: self.plan.ok_or_else(|| missing("plan"))?,
                quantity: self.quantity,
                starts_on: self.starts_on.map(|day| day.0),
            }),
            OrderItemType::PlanChange if self.plan.is_none() && self.quantity.is_none() => Err(missing("plan")),
            OrderItemType::PlanChange => Ok(NewOrderItem::PlanChange {
                subscription_id: self.subscription_id.ok_or_else(|| missing("subscription_id"))?,
                plan: self.plan,
                quantity: self.quantity,
            }),
            OrderItemType::AddOn => {
                let on = match (self.subscription_id, self.item) {
                    (Some(id), None) => OnContract::Existing(id),
                    (None, Some(item)) => OnContract::OfItem(usize::try_from(item).unwrap_or(usize::MAX)),
                    (None, None) => return Err(missing("subscription_id")),
                    (Some(_), Some(_)) => {
                        return Err(AppError::field(FieldError::body(
                            format!("/items/{index}/item"),
                            "conflicting",
                            "Entweder subscription_id oder item, nicht beides.",
                            "Either subscription_id or item, not both.",
                        )));
                    }
                };
                Ok(NewOrderItem::AddOn {
                    on,
                    add_on: self.add_on.ok_or_else(|| missing("add_on"))?,
                    quantity: self.quantity,
                })
            }
        }
    }
}

impl CreateOrder {
    fn read(self) -> Result<NewOrder, AppError> {
        let items = self.items.into_iter().enumerate();
        Ok(NewOrder {
            customer_id: self.customer_id,
            items: items.map(|(index, item)| item.read(index)).collect::<Result<_, _>>()?,
            declared: with_early_start(
                declared(self.consents, self.order_button_text),
                self.early_start_requested,
            ),
        })
    }
}

/// An order that was confirmed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Order)]
pub struct OrderDto {
    /// Id of the order, as in its event.
    #[schema(
        pattern = "^ord_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "ord_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub id: String,
    /// Whose order it is.
    #[schema(max_length = 30, example = "cus_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub customer_id: String,
    /// When it was confirmed.
    pub confirmed_at: Instant,
    /// What it made, in the order of the cart.
    #[schema(max_items = 50)]
    pub items: Vec<OrderedItemDto>,
    /// What was charged (or credited) at once.
    pub due_now: TotalsDto,
    /// What all items cost per month; longer billing periods count with their share.
    #[schema(required)]
    pub monthly_total: Option<TotalsDto>,
}

/// What an item of a cart made; exactly one kind of id beside the contract's.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderedItem)]
pub struct OrderedItemDto {
    /// What it is.
    #[serde(rename = "type")]
    pub item_type: OrderItemType,
    /// The contract.
    #[schema(max_length = 30, example = "sub_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub subscription_id: String,
    /// The plan change.
    #[schema(required, max_length = 30, example = json!(null))]
    pub plan_change_id: Option<String>,
    /// The add-on booking.
    #[schema(required, max_length = 30, example = json!(null))]
    pub add_on_booking_id: Option<String>,
}

impl From<&OrderItem> for OrderedItemDto {
    fn from(item: &OrderItem) -> Self {
        match item {
            OrderItem::Contract(order) => Self {
                item_type: OrderItemType::Subscription,
                subscription_id: order.subscription_id.clone(),
                plan_change_id: None,
                add_on_booking_id: None,
            },
            OrderItem::PlanChange(request) => Self {
                item_type: OrderItemType::PlanChange,
                subscription_id: request.subscription_id.clone(),
                plan_change_id: Some(request.change_id.clone()),
                add_on_booking_id: None,
            },
            OrderItem::AddOn(request) => Self {
                item_type: OrderItemType::AddOn,
                subscription_id: request.subscription_id.clone(),
                plan_change_id: None,
                add_on_booking_id: Some(request.booking_id.clone()),
            },
        }
    }
}

/// Order a cart.
#[utoipa::path(
    tag = "Orders",
    operation_id = "createOrder",
    summary = "Order cart",
    description = "Contracts, plan changes and add-ons confirmed together: all of them or none. Each item is refused as it would be \
        alone, with its index in the pointer. A paid order of a consumer needs the button of the preview, once for all items.",
    request_body(content = CreateOrder, description = "The items, consents and the button."),
    responses((status = 201, description = "The order.", body = OrderDto)),
    extensions(
        ("x-required-scopes" = json!(["subscriptions:write"])),
        ("x-problem-codes" = json!([
            "not_found", "preview_stale", "test_clock_advancing", "subscription_not_active", "subscription_ended",
            "cancellation_in_effect", "plan_change_pending", "nothing_to_change", "transition_not_allowed",
            "plan_not_available", "not_for_customer_type", "quantity_out_of_range", "date_out_of_range",
            "add_on_not_allowed", "add_on_included", "add_on_limit_reached", "consent_required", "consent_outdated",
            "order_button_required"
        ])),
        ("x-location" = json!(false))
    )
)]
#[post("/orders")]
pub async fn create_order(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    body: Json<CreateOrder>,
) -> Result<HttpResponse, Problem> {
    let locale = context.locale;
    let command = command(principal, context, body.body_hash, body.value.preview_token.clone());
    let new = body.value.read()?;
    let render = move |placed: PlacedOrder| rendered(&placed, locale);
    let place = move |state: &AppState| orders::place(state, &command, &new, &PreviewDto::renderer(locale), &render);
    send(blocking(&state, place).await?)
}

/// Preview a cart.
#[utoipa::path(
    tag = "Orders",
    operation_id = "previewOrder",
    summary = "Preview cart",
    description = "What the whole cart would do: what is due now, what it costs per month, and for each item what must be shown \
        directly before the order (§ 312j Abs. 2 BGB). Changes nothing.",
    request_body(content = CreateOrder, description = "The same as to order; consents may still be missing."),
    responses((status = 200, description = "The preview.", body = PreviewDto)),
    extensions(
        ("x-required-scopes" = json!(["subscriptions:write"])),
        ("x-problem-codes" = json!([
            "not_found", "subscription_not_active", "subscription_ended", "cancellation_in_effect", "plan_change_pending",
            "nothing_to_change", "transition_not_allowed", "plan_not_available", "not_for_customer_type",
            "quantity_out_of_range", "date_out_of_range", "add_on_not_allowed", "add_on_included",
            "add_on_limit_reached", "consent_outdated"
        ]))
    )
)]
#[post("/orders/preview")]
pub async fn preview_order(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    body: Json<CreateOrder>,
) -> Result<HttpResponse, Problem> {
    let locale = context.locale;
    let command = command(principal, context, body.body_hash, None);
    let new = body.value.read()?;
    let preview = move |state: &AppState| orders::preview_order(state, &command, &new);
    Ok(preview_response(&blocking(&state, preview).await?, locale))
}

fn rendered(placed: &PlacedOrder, locale: Locale) -> Result<Answer, AppError> {
    let dto = OrderDto {
        id: placed.id.clone(),
        customer_id: placed.customer_id.clone(),
        confirmed_at: placed.confirmed_at.into(),
        items: placed.items.iter().map(Into::into).collect(),
        due_now: placed.preview.due_now.into(),
        monthly_total: placed.preview.order.as_ref().map(|order| order.monthly_total.into()),
    };
    Ok(in_language(answer(StatusCode::CREATED, &dto, None, None)?, locale))
}

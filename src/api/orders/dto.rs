//! A confirmed cart on the wire.

use serde::Serialize;
use utoipa::ToSchema;

use super::input::OrderItemType;
use crate::api::amounts::TotalsDto;
use crate::api::civil_date::CivilDate;
use crate::api::instant::Instant;
use crate::domain::order::{OrderItem, PlacedItem};
use crate::services::orders::PlacedOrder;

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
    /// The day of the invoice on which that comes; `null` where nothing is due, or no invoice is to come.
    #[schema(required)]
    pub invoiced_on: Option<CivilDate>,
    /// What all items cost per month; longer billing periods count with their share.
    #[schema(required)]
    pub monthly_total: Option<TotalsDto>,
}

/// What an item of a cart made; at most one kind of id beside the contract's.
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
    /// The occupied slot; `subscription_id` names the package or the contract that was concluded for it.
    #[schema(required, max_length = 30, example = json!(null))]
    pub slot_id: Option<String>,
}

impl From<&PlacedItem> for OrderedItemDto {
    fn from(placed: &PlacedItem) -> Self {
        let (item_type, contract_id) = match &placed.item {
            OrderItem::Contract(_) => (OrderItemType::Subscription, placed.item_id()),
            OrderItem::PlanChange(_) => (OrderItemType::PlanChange, placed.item_id()),
            OrderItem::AddOn(request) => (OrderItemType::AddOn, request.subscription_id.as_str()),
            OrderItem::Slot(_) => (OrderItemType::Slot, placed.item_id()),
        };
        Self {
            item_type,
            subscription_id: contract_id.to_owned(),
            plan_change_id: placed.change_id().map(str::to_owned),
            add_on_booking_id: matches!(placed.item, OrderItem::AddOn(_)).then(|| placed.item_id().to_owned()),
            slot_id: placed.slot_id().map(str::to_owned),
        }
    }
}

impl From<&PlacedOrder> for OrderDto {
    fn from(placed: &PlacedOrder) -> Self {
        Self {
            id: placed.id.clone(),
            customer_id: placed.customer_id.clone(),
            confirmed_at: placed.confirmed_at.into(),
            items: placed.items.iter().map(Into::into).collect(),
            due_now: placed.preview.due_now.into(),
            invoiced_on: placed.invoiced_on().map(Into::into),
            monthly_total: placed.preview.order.as_ref().map(|order| order.monthly_total.into()),
        }
    }
}

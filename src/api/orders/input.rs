//! A cart as it is sent.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::api::civil_date::CivilDate;
use crate::api::commands::{ConsentInput, declared, with_early_start};
use crate::api::slots::{plain_name, presence, web_address};
use crate::error::{AppError, FieldError};
use crate::services::orders::{NewOrder, NewOrderItem, OnContract};

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
    /// Slot: its kind, see `GET /v1/slot-kinds`.
    #[validate(length(min = 1, max = 60))]
    #[schema(min_length = 1, max_length = 60, example = json!(null))]
    pub kind: Option<String>,
    /// Slot: target of that kind.
    #[validate(length(min = 1, max = 60))]
    #[schema(min_length = 1, max_length = 60, example = json!(null))]
    pub target: Option<String>,
    /// Slot: the customer's name for what goes in.
    #[validate(length(min = 1, max = 200), custom(function = "plain_name"))]
    #[schema(min_length = 1, max_length = 200, example = json!(null))]
    pub name: Option<String>,
    /// Slot: its address (http or https).
    #[validate(length(max = 2000), custom(function = "web_address"))]
    #[schema(format = "uri", max_length = 2000, example = json!(null))]
    pub url: Option<String>,
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
    /// Something for a presence: into a free slot at 0.00, otherwise as a contract of its own.
    Slot,
}

/// A member an item of this type lacks.
fn missing(index: usize, member: &str) -> AppError {
    AppError::field(FieldError::body(
        format!("/items/{index}/{member}"),
        "required",
        format!("Dieser Eintrag braucht „{member}“."),
        format!("This item needs `{member}`."),
    ))
}

impl CreateOrderItem {
    fn read(self, index: usize) -> Result<NewOrderItem, AppError> {
        self.check_members(index)?;
        let missing = |member: &str| missing(index, member);
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
            OrderItemType::AddOn => Ok(NewOrderItem::AddOn {
                on: on_contract(self.subscription_id, self.item, index)?,
                add_on: self.add_on.ok_or_else(|| missing("add_on"))?,
                quantity: self.quantity,
            }),
            OrderItemType::Slot => Ok(NewOrderItem::Slot(presence(
                self.kind.ok_or_else(|| missing("kind"))?,
                self.target.ok_or_else(|| missing("target"))?,
                &self.name.ok_or_else(|| missing("name"))?,
                self.url,
            ))),
        }
    }

    /// Refuses members that an item of this type does not have.
    fn check_members(&self, index: usize) -> Result<(), AppError> {
        let given = [
            ("subscription_id", self.subscription_id.is_some()),
            ("item", self.item.is_some()),
            ("plan", self.plan.is_some()),
            ("add_on", self.add_on.is_some()),
            ("quantity", self.quantity.is_some()),
            ("starts_on", self.starts_on.is_some()),
            ("kind", self.kind.is_some()),
            ("target", self.target.is_some()),
            ("name", self.name.is_some()),
            ("url", self.url.is_some()),
        ];
        let allowed: &[&str] = match self.item_type {
            OrderItemType::Subscription => &["plan", "quantity", "starts_on"],
            OrderItemType::PlanChange => &["subscription_id", "plan", "quantity"],
            OrderItemType::AddOn => &["subscription_id", "item", "add_on", "quantity"],
            OrderItemType::Slot => &["kind", "target", "name", "url"],
        };
        match given.iter().find(|(member, given)| *given && !allowed.contains(member)) {
            None => Ok(()),
            Some((member, _)) => Err(AppError::field(FieldError::body(
                format!("/items/{index}/{member}"),
                "not_allowed",
                format!("Ein solcher Eintrag hat kein „{member}“."),
                format!("Such an item has no `{member}`."),
            ))),
        }
    }
}

/// The contract of an add-on: one that exists, or that of an earlier item.
fn on_contract(subscription_id: Option<String>, item: Option<u32>, index: usize) -> Result<OnContract, AppError> {
    match (subscription_id, item) {
        (Some(id), None) => Ok(OnContract::Existing(id)),
        (None, Some(item)) => Ok(OnContract::OfItem(usize::try_from(item).unwrap_or(usize::MAX))),
        (None, None) => Err(missing(index, "subscription_id")),
        (Some(_), Some(_)) => Err(AppError::field(FieldError::body(
            format!("/items/{index}/item"),
            "conflicting",
            "Entweder subscription_id oder item, nicht beides.",
            "Either subscription_id or item, not both.",
        ))),
    }
}

impl CreateOrder {
    /// The cart as the services take it; each item has exactly the members of its type.
    ///
    /// # Errors
    /// [`AppError::Validation`] with the pointer of a member that is missing or too much.
    pub fn read(self) -> Result<NewOrder, AppError> {
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

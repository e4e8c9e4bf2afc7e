//! `/v1/options`: what can be done today, with dates and prices, and what not, with the reason.

use actix_web::{HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::amounts::RecurringDto;
use super::blocking;
use super::civil_date::CivilDate;
use super::extract::{NoParameters, Query, SubscriptionId};
use super::problem::Problem;
use crate::context::RequestContext;
use crate::domain::access::Principal;
use crate::domain::localized::Locale;
use crate::domain::options::{Action, ActionOption};
use crate::domain::plan_version::PlanVersion;
use crate::services::options;
use crate::state::AppState;

/// Mounts the operations of this module.
pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(list_options).service(list_subscription_options);
}

/// Whose options.
#[derive(Debug, Clone, Default, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OptionParams {
    /// The customer; needed by staff and API keys.
    #[param(nullable = false, max_length = 30, example = "cus_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub customer_id: Option<String>,
}

/// What can be done, and what not.
#[derive(Debug, Serialize, ToSchema)]
pub struct Options {
    /// One entry for each action and target.
    #[schema(max_items = 10_000)]
    pub actions: Vec<ActionDto>,
}

/// One thing that can or cannot be done today.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Action)]
pub struct ActionDto {
    /// What.
    pub action: ActionName,
    /// Whether it can be done today.
    #[schema(example = true)]
    pub allowed: bool,
    /// Why not; `null` when it is allowed.
    #[schema(required)]
    pub reason: Option<Reason>,
    /// Method of the request that does it.
    #[schema(pattern = "^POST$", max_length = 4, example = "POST")]
    pub method: &'static str,
    /// Address of the request that does it; its preview is at the same address with `/preview`.
    #[schema(
        max_length = 200,
        example = "/v1/subscriptions/sub_01k9w3x8kqf0wvm2n6c1c9t7xh/plan-changes"
    )]
    pub href: String,
    /// The contract; `null` for new ones.
    #[schema(required, max_length = 30, example = "sub_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub subscription_id: Option<String>,
    /// The add-on booking on that contract, where it is about one.
    #[schema(required, max_length = 30, example = json!(null))]
    pub add_on_booking_id: Option<String>,
    /// The plan it leads to.
    #[schema(required)]
    pub plan: Option<ActionPlan>,
    /// The add-on it is about.
    #[schema(required)]
    pub add_on: Option<ActionAddOn>,
    /// The kind of slot it is about.
    #[schema(required, max_length = 60, example = json!(null))]
    pub slot_kind: Option<String>,
    /// The pending change that would be taken back, or the plan change that would be withdrawn from.
    #[schema(required, max_length = 30, example = json!(null))]
    pub change_id: Option<String>,
    /// The day on which it would take effect if declared today: first day of a new plan, last day of a cancelled contract.
    #[schema(required)]
    pub earliest_on: Option<CivilDate>,
    /// The last day of receipt that still leads to that day.
    #[schema(required)]
    pub latest_receipt_on: Option<CivilDate>,
    /// What the contract would cost afterwards.
    #[schema(required)]
    pub price: Option<RecurringDto>,
}

/// What can be done.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "change_plan")]
pub enum ActionName {
    /// Conclude a contract.
    Conclude,
    /// Change to another plan.
    ChangePlan,
    /// Change the quantity.
    ChangeQuantity,
    /// Cancel with notice.
    Cancel,
    /// Cancel for good cause.
    CancelExtraordinarily,
    /// Book an add-on.
    BookAddOn,
    /// Put something into a free slot, or into a contract of its own.
    AllocateSlot,
    /// Withdraw (§ 355 BGB): from all of it, or from the plan change in `change_id`.
    Withdraw,
    /// Take the pending plan change back.
    RevokePlanChange,
    /// Take the pending cancellation back.
    RevokeCancellation,
}

/// Why something cannot be done.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reason {
    /// Stable code; the code of the problem the command would be answered with, where there is one.
    #[schema(max_length = 60, pattern = "^[a-z_]+$", example = "plan_change_pending")]
    pub code: &'static str,
    /// The reason in the caller's language.
    #[schema(max_length = 2000, example = "Es steht bereits ein Vertragswechsel aus.")]
    pub text: String,
}

/// A plan as target of an action.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActionPlan {
    /// Id of the plan.
    #[schema(
        pattern = "^pln_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "pln_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub id: String,
    /// Key of the plan.
    #[schema(max_length = 60, example = "premium")]
    pub key: String,
    /// Name, in the caller's language.
    #[schema(max_length = 500, example = "Premium-Paket")]
    pub name: String,
    /// The price in words, in the caller's language.
    #[schema(max_length = 500, example = "24,90 € mtl.")]
    pub price_label: String,
}

impl ActionPlan {
    /// The plan in the caller's language.
    pub fn new(version: &PlanVersion, locale: Locale) -> Self {
        Self {
            id: version.plan_id.clone(),
            key: version.plan.key.clone(),
            name: version.plan.name.get(locale).to_owned(),
            price_label: version.plan.price_label.get(locale).to_owned(),
        }
    }
}

/// An add-on as target of an action.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActionAddOn {
    /// Id of the add-on.
    #[schema(
        pattern = "^adn_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "adn_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub id: String,
    /// Key of the add-on.
    #[schema(max_length = 60, example = "extra_users")]
    pub key: String,
    /// Name, in the caller's language.
    #[schema(max_length = 500, example = "Zusätzliche Benutzer")]
    pub name: String,
    /// The price in words, in the caller's language.
    #[schema(max_length = 500, example = "5,90 € / Nutzer / Monat")]
    pub price_label: String,
}

impl ActionAddOn {
    /// The add-on in the caller's language.
    pub fn new(version: &PlanVersion, locale: Locale) -> Self {
        Self {
            id: version.plan_id.clone(),
            key: version.plan.key.clone(),
            name: version.plan.name.get(locale).to_owned(),
            price_label: version.plan.price_label.get(locale).to_owned(),
        }
    }
}

impl ActionDto {
    /// The option in the caller's language.
    pub fn new(option: ActionOption, locale: Locale) -> Self {
        let subscription = option.subscription_id.as_deref().unwrap_or_default();
        let booking = option.add_on_booking_id.as_deref();
        let item = booking.map_or(format!("/v1/subscriptions/{subscription}"), |booking| {
            format!("/v1/subscriptions/{subscription}/add-ons/{booking}")
        });
        let change = option.change_id.as_deref().unwrap_or_default();
        let (action, href) = match option.action {
            Action::Conclude => (ActionName::Conclude, "/v1/subscriptions".to_owned()),
            Action::ChangePlan => (ActionName::ChangePlan, format!("{item}/plan-changes")),
            Action::ChangeQuantity if booking.is_some() => {
                (ActionName::ChangeQuantity, format!("{item}/quantity-changes"))
            }
            Action::ChangeQuantity => (ActionName::ChangeQuantity, format!("{item}/plan-changes")),
            Action::Cancel => (ActionName::Cancel, format!("{item}/cancellations")),
            Action::CancelExtraordinarily => (ActionName::CancelExtraordinarily, format!("{item}/cancellations")),
            Action::AllocateSlot if option.subscription_id.is_none() => {
                (ActionName::AllocateSlot, "/v1/slots".to_owned())
            }
            Action::AllocateSlot => (ActionName::AllocateSlot, format!("{item}/slots")),
            Action::BookAddOn => (ActionName::BookAddOn, format!("{item}/add-ons")),
            Action::Withdraw => (ActionName::Withdraw, format!("{item}/withdrawals")),
            Action::RevokePlanChange => (
                ActionName::RevokePlanChange,
                format!("/v1/plan-changes/{change}/revoke"),
            ),
            Action::RevokeCancellation => (
                ActionName::RevokeCancellation,
                format!("/v1/cancellations/{change}/revoke"),
            ),
        };
        Self {
            action,
            allowed: option.refusal.is_none(),
            reason: option.refusal.map(|violation| Reason {
                code: violation.code,
                text: violation.detail.get(locale).to_owned(),
            }),
            method: "POST",
            href,
            plan: option.plan.map(|version| ActionPlan::new(&version, locale)),
            slot_kind: option.slot_kind,
            add_on: option.add_on.map(|version| ActionAddOn::new(&version, locale)),
            add_on_booking_id: option.add_on_booking_id.clone(),
            earliest_on: option.earliest_on.map(CivilDate),
            latest_receipt_on: option.latest_receipt_on.map(CivilDate),
            price: option.price.map(RecurringDto::from),
            subscription_id: option.subscription_id,
            change_id: option.change_id,
        }
    }
}

fn respond(found: Vec<ActionOption>, locale: Locale) -> HttpResponse {
    HttpResponse::Ok().json(Options {
        actions: found.into_iter().map(|option| ActionDto::new(option, locale)).collect(),
    })
}

/// List the options of a customer.
#[utoipa::path(
    tag = "Options",
    operation_id = "listOptions",
    summary = "List options of a customer",
    description = "New contracts the customer could conclude, and for each running contract the plan changes, quantity changes, add-ons, cancellations, withdrawals and revocations: possible or not, with the reason, and with the date and price they would have today. Found by trying each on a copy, so an option never promises what the command would refuse.",
    params(OptionParams),
    responses((status = 200, description = "The options.", body = Options)),
    extensions(("x-required-scopes" = json!(["subscriptions:read"])), ("x-problem-codes" = json!(["not_found"])))
)]
#[get("/options")]
pub async fn list_options(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    query: Query<OptionParams>,
) -> Result<HttpResponse, Problem> {
    let customer_id = query.0.customer_id;
    let found = blocking(&state, move |state| {
        options::of_customer(state, &principal, customer_id.as_deref())
    })
    .await?;
    Ok(respond(found, context.locale))
}

/// List the options of a contract.
#[utoipa::path(
    tag = "Options",
    operation_id = "listSubscriptionOptions",
    summary = "List options of a subscription",
    description = "What can be done with this contract today, with dates and prices, and what not, with the reason.",
    params(SubscriptionId),
    responses((status = 200, description = "The options.", body = Options)),
    extensions(("x-required-scopes" = json!(["subscriptions:read"])))
)]
#[get("/subscriptions/{subscription_id}/options")]
pub async fn list_subscription_options(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    subscription_id: SubscriptionId,
    _query: Query<NoParameters>,
) -> Result<HttpResponse, Problem> {
    let found = blocking(&state, move |state| {
        options::of_subscription(state, &principal, &subscription_id.0)
    })
    .await?;
    Ok(respond(found, context.locale))
}

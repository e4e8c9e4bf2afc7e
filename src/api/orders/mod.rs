//! `/v1/orders`: a cart, previewed and confirmed as a whole.

mod dto;
mod input;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, post, web};

use super::answer::{answer, send};
use super::blocking;
use super::commands::{command, in_language, preview_response};
use super::extract::Json;
use super::preview::PreviewDto;
use super::problem::Problem;
use crate::context::RequestContext;
use crate::domain::access::Principal;
use crate::domain::localized::Locale;
use crate::error::AppError;
use crate::services::idempotency::Answer;
use crate::services::orders::{self, PlacedOrder};
use crate::state::AppState;
use dto::OrderDto;
use input::CreateOrder;

/// Mounts the operations of this module.
pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(create_order).service(preview_order);
}

/// Order a cart.
#[utoipa::path(
    tag = "Orders",
    operation_id = "createOrder",
    summary = "Order cart",
    description = "Contracts, plan changes, add-ons and things for presences confirmed together: all of them or none. The items are \
        taken one after the other, so a package and what goes into its slots fit into one cart. Each item is refused as it would be \
        alone, with its index in the pointer. A paid order of a consumer needs the button of the preview, once for all items.",
    request_body(content = CreateOrder, description = "The items, consents and the button."),
    responses((status = 201, description = "The order.", body = OrderDto)),
    extensions(
        ("x-required-scopes" = json!(["subscriptions:write"])),
        ("x-problem-codes" = json!([
            "not_found", "preview_stale", "test_clock_advancing", "subscription_not_active", "subscription_ended",
            "cancellation_in_effect", "plan_change_pending", "nothing_to_change", "transition_not_allowed",
            "plan_not_available", "not_for_customer_type", "quantity_out_of_range", "date_out_of_range",
            "add_on_not_allowed", "add_on_included", "add_on_limit_reached", "slot_kind_unknown", "slot_target_unknown",
            "slots_full", "slots_occupied", "consent_required", "consent_outdated", "unknown_document", "order_button_required"
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
            "add_on_limit_reached", "slot_kind_unknown", "slot_target_unknown", "slots_full", "slots_occupied",
            "consent_outdated", "unknown_document"
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
    let order = answer(StatusCode::CREATED, &OrderDto::from(placed), None, None)?;
    Ok(in_language(order, locale))
}

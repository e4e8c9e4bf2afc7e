//! Changing the quantity of a booking, cancelling it, and why it is not paused.

use actix_web::{HttpResponse, post, web};

use super::input::{CancelAddOnBooking, CreateQuantityChange};
use crate::api::answer::send;
use crate::api::blocking;
use crate::api::cancellations::{self as cancellation_answers, CancellationDto};
use crate::api::commands::{command, preview_response};
use crate::api::extract::{BookingPath, Json, OptionalJson};
use crate::api::plan_changes::{self as plan_change_answers, PlanChangeDto};
use crate::api::preview::PreviewDto;
use crate::api::problem::Problem;
use crate::api::revocation::NoMembers;
use crate::context::RequestContext;
use crate::domain::access::Principal;
use crate::services::cancellations::{self, Cancelled};
use crate::services::views::ChangeView;
use crate::services::{add_ons, plan_changes};
use crate::state::AppState;

pub(super) fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config
        .service(change_quantity)
        .service(preview_quantity_change)
        .service(cancel_booking)
        .service(preview_booking_cancellation)
        .service(pause_booking);
}

/// Change the quantity of an add-on booking.
#[utoipa::path(
    tag = "Add-on bookings",
    operation_id = "createAddOnQuantityChange",
    summary = "Change quantity of add-on booking",
    description = "More units count at once and are charged by the day; fewer count from the end of what is charged: paid is paid. \
        A decrease replaces an earlier one. A pending decrease is revoked like a plan change.",
    params(BookingPath),
    request_body(content = CreateQuantityChange, description = "The new quantity."),
    responses((status = 201, description = "The quantity change.", body = PlanChangeDto)),
    extensions(
        ("x-required-scopes" = json!(["subscriptions:write"])),
        ("x-entity-tag" = json!(true)),
        ("x-problem-codes" = json!([
            "preview_stale", "test_clock_advancing", "subscription_ended", "cancellation_in_effect", "plan_change_pending",
            "change_not_pending", "nothing_to_change", "quantity_out_of_range", "quantity_not_changeable",
            "add_on_limit_reached", "order_button_required"
        ]))
    )
)]
#[post("/subscriptions/{subscription_id}/add-ons/{add_on_booking_id}/quantity-changes")]
pub async fn change_quantity(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    path: BookingPath,
    body: Json<CreateQuantityChange>,
) -> Result<HttpResponse, Problem> {
    let locale = context.locale;
    let command = command(principal, context, body.body_hash, body.value.preview_token.clone());
    let new = body.value.for_booking(path.item());
    let render = move |view: ChangeView| plan_change_answers::created(&view, locale);
    let create =
        move |state: &AppState| plan_changes::create(state, &command, &new, &PreviewDto::renderer(locale), &render);
    send(blocking(&state, create).await?)
}

/// Preview another quantity of an add-on booking.
#[utoipa::path(
    tag = "Add-on bookings",
    operation_id = "previewAddOnQuantityChange",
    summary = "Preview quantity change of booking",
    description = "What another quantity would do, and from when. Changes nothing.",
    params(BookingPath),
    request_body(content = CreateQuantityChange, description = "The same as to change."),
    responses((status = 200, description = "The preview.", body = PreviewDto)),
    extensions(
        ("x-required-scopes" = json!(["subscriptions:write"])),
        ("x-problem-codes" = json!([
            "subscription_ended", "cancellation_in_effect", "plan_change_pending", "change_not_pending",
            "nothing_to_change", "quantity_out_of_range", "quantity_not_changeable", "add_on_limit_reached"
        ]))
    )
)]
#[post("/subscriptions/{subscription_id}/add-ons/{add_on_booking_id}/quantity-changes/preview")]
pub async fn preview_quantity_change(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    path: BookingPath,
    body: Json<CreateQuantityChange>,
) -> Result<HttpResponse, Problem> {
    let locale = context.locale;
    let command = command(principal, context, body.body_hash, None);
    let new = body.value.for_booking(path.item());
    let preview = move |state: &AppState| plan_changes::preview_creation(state, &command, &new);
    Ok(preview_response(&blocking(&state, preview).await?, locale))
}

/// Cancel an add-on booking.
#[utoipa::path(
    tag = "Add-on bookings",
    operation_id = "createAddOnCancellation",
    summary = "Cancel add-on booking",
    description = "Ends the booking as its own terms allow, whatever those of the plan: usable to that day, then off by itself, \
        revocable until then like any cancellation. Needs `confirm: true`. One-off services cannot be cancelled, only withdrawn \
        from.",
    params(BookingPath),
    request_body(content = CancelAddOnBooking, description = "The express yes, and a reason if there is one."),
    responses(
        (status = 200, description = "The booking was already cancelled; nothing has changed.", body = CancellationDto),
        (status = 201, description = "The cancellation.", body = CancellationDto)
    ),
    extensions(
        ("x-required-scopes" = json!(["subscriptions:write"])),
        ("x-entity-tag" = json!(true)),
        ("x-problem-codes" = json!([
            "preview_stale", "test_clock_advancing", "subscription_ended", "one_off_not_cancellable"
        ]))
    )
)]
#[post("/subscriptions/{subscription_id}/add-ons/{add_on_booking_id}/cancellations")]
pub async fn cancel_booking(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    path: BookingPath,
    body: Json<CancelAddOnBooking>,
) -> Result<HttpResponse, Problem> {
    let locale = context.locale;
    body.value.check_confirmed()?;
    let command = command(principal, context, body.body_hash, body.value.preview_token.clone());
    let new = body.value.for_booking(path.item());
    let render = move |cancelled: Cancelled| cancellation_answers::one(&cancelled, locale);
    let create =
        move |state: &AppState| cancellations::create(state, &command, &new, &PreviewDto::renderer(locale), &render);
    send(blocking(&state, create).await?)
}

/// Preview the cancellation of an add-on booking.
#[utoipa::path(
    tag = "Add-on bookings",
    operation_id = "previewAddOnCancellation",
    summary = "Preview cancellation of booking",
    description = "When the booking would end and why. Changes nothing.",
    params(BookingPath),
    request_body(content = CancelAddOnBooking, description = "The same as to cancel; `confirm` may be missing."),
    responses((status = 200, description = "The preview.", body = PreviewDto)),
    extensions(
        ("x-required-scopes" = json!(["subscriptions:write"])),
        ("x-problem-codes" = json!(["subscription_ended", "one_off_not_cancellable"]))
    )
)]
#[post("/subscriptions/{subscription_id}/add-ons/{add_on_booking_id}/cancellations/preview")]
pub async fn preview_booking_cancellation(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    path: BookingPath,
    body: Json<CancelAddOnBooking>,
) -> Result<HttpResponse, Problem> {
    let locale = context.locale;
    let command = command(principal, context, body.body_hash, None);
    let new = body.value.for_booking(path.item());
    let preview = move |state: &AppState| cancellations::preview_creation(state, &command, &new);
    Ok(preview_response(&blocking(&state, preview).await?, locale))
}

/// Ask for a pause, which no add-on has.
#[utoipa::path(
    tag = "Add-on bookings",
    operation_id = "pauseAddOnBooking",
    summary = "Pause add-on booking (not offered)",
    description = "No add-on can be paused. The problem says what is offered instead: `cancel` and `rebook` are the addresses to \
        cancel now and to book again later.",
    params(BookingPath),
    request_body(content = Option<NoMembers>, description = "Nothing, or an empty object."),
    responses((status = 204, description = "Never: a pause is always refused.")),
    extensions(
        ("x-required-scopes" = json!(["subscriptions:write"])),
        ("x-problem-codes" = json!(["pause_not_offered"]))
    )
)]
#[post("/subscriptions/{subscription_id}/add-ons/{add_on_booking_id}/pause")]
pub async fn pause_booking(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    path: BookingPath,
    body: OptionalJson<NoMembers>,
) -> Result<HttpResponse, Problem> {
    let command = command(principal, context, body.body_hash, None);
    let item = path.item();
    blocking(&state, move |state: &AppState| add_ons::pause(state, &command, &item)).await?;
    Ok(HttpResponse::NoContent().finish())
}

//! Booking add-ons and reading what is booked.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};

use super::dto::{AddOnBookingDto, AddOnBookingList};
use super::input::CreateAddOnBooking;
use crate::api::answer::{answer, send};
use crate::api::commands::{command, in_language, preview_response};
use crate::api::extract::{BookingPath, Json, NoParameters, OptionalJson, Query, SubscriptionId};
use crate::api::pagination::{PageParams, Paging, page_after};
use crate::api::preview::PreviewDto;
use crate::api::problem::Problem;
use crate::api::revocation::NoMembers;
use crate::api::{blocking, etag};
use crate::context::RequestContext;
use crate::domain::access::Principal;
use crate::domain::ids::IdKind;
use crate::domain::localized::Locale;
use crate::error::AppError;
use crate::services::add_ons::{self, BookingView};
use crate::services::idempotency::Answer;
use crate::state::AppState;

pub(super) fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config
        .service(create_booking)
        .service(preview_booking)
        .service(list_bookings)
        .service(get_booking)
        .service(perform_booking);
}

/// Book an add-on.
#[utoipa::path(
    tag = "Add-on bookings",
    operation_id = "createAddOnBooking",
    summary = "Book add-on",
    description = "Books an add-on on the contract: usable at once, charged by the day to the end of the running billing period. \
        The amount waits as a draft for the customer's next regular invoice; the preview says which.",
    params(SubscriptionId),
    request_body(content = CreateAddOnBooking, description = "The add-on, its quantity and consents."),
    responses((status = 201, description = "The booking.", body = AddOnBookingDto)),
    extensions(
        ("x-required-scopes" = json!(["subscriptions:write"])),
        ("x-entity-tag" = json!(true)),
        ("x-problem-codes" = json!([
            "preview_stale", "test_clock_advancing", "subscription_not_active", "subscription_ended", "plan_not_available",
            "not_for_customer_type", "add_on_not_allowed", "add_on_included", "add_on_limit_reached",
            "quantity_out_of_range", "consent_required", "consent_outdated", "unknown_document", "order_button_required"
        ]))
    )
)]
#[post("/subscriptions/{subscription_id}/add-ons")]
pub async fn create_booking(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    subscription_id: SubscriptionId,
    body: Json<CreateAddOnBooking>,
) -> Result<HttpResponse, Problem> {
    let locale = context.locale;
    let command = command(principal, context, body.body_hash, body.value.preview_token.clone());
    let new = body.value.for_subscription(subscription_id.0);
    let render = move |view: BookingView| rendered(StatusCode::CREATED, &view, locale);
    let create = move |state: &AppState| add_ons::book(state, &command, &new, &PreviewDto::renderer(locale), &render);
    send(blocking(&state, create).await?)
}

/// Preview booking an add-on.
#[utoipa::path(
    tag = "Add-on bookings",
    operation_id = "previewAddOnBooking",
    summary = "Preview booking of add-on",
    description = "What the booking would do: the amount to the end of the running period, with which invoice it comes, and the \
        price from then on. Changes nothing.",
    params(SubscriptionId),
    request_body(content = CreateAddOnBooking, description = "The same as to book; consents may still be missing."),
    responses((status = 200, description = "The preview.", body = PreviewDto)),
    extensions(
        ("x-required-scopes" = json!(["subscriptions:write"])),
        ("x-problem-codes" = json!([
            "subscription_not_active", "subscription_ended", "plan_not_available", "not_for_customer_type",
            "add_on_not_allowed", "add_on_included", "add_on_limit_reached", "quantity_out_of_range", "consent_outdated", "unknown_document"
        ]))
    )
)]
#[post("/subscriptions/{subscription_id}/add-ons/preview")]
pub async fn preview_booking(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    subscription_id: SubscriptionId,
    body: Json<CreateAddOnBooking>,
) -> Result<HttpResponse, Problem> {
    let locale = context.locale;
    let command = command(principal, context, body.body_hash, None);
    let new = body.value.for_subscription(subscription_id.0);
    let preview = move |state: &AppState| add_ons::preview_booking(state, &command, &new);
    Ok(preview_response(&blocking(&state, preview).await?, locale))
}

/// List the add-on bookings of a contract.
#[utoipa::path(
    tag = "Add-on bookings",
    operation_id = "listAddOnBookings",
    summary = "List add-on bookings",
    description = "What is and was booked on the contract, newest first: option, quantity, price, last day billed, status with \
        its date, and what can be done.",
    params(SubscriptionId, PageParams),
    responses((status = 200, description = "A page of bookings.", body = AddOnBookingList)),
    extensions(("x-required-scopes" = json!(["subscriptions:read"])))
)]
#[get("/subscriptions/{subscription_id}/add-ons")]
pub async fn list_bookings(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    subscription_id: SubscriptionId,
    paging: Paging,
    _query: Query<NoParameters>,
) -> Result<HttpResponse, Problem> {
    let list = move |state: &AppState| add_ons::list(state, &principal, &subscription_id.0);
    let views = blocking(&state, list).await?;
    let items = views
        .iter()
        .map(|view| AddOnBookingDto::new(view, context.locale))
        .collect::<Result<Vec<_>, _>>()?;
    paging.respond::<_, AddOnBookingList>(page_after(items, &paging.request, |item: &AddOnBookingDto| &item.id))
}

/// Fetch an add-on booking.
#[utoipa::path(
    tag = "Add-on bookings",
    operation_id = "getAddOnBooking",
    summary = "Fetch add-on booking",
    description = "One booking with its quantities over time and what can be done with it.",
    params(BookingPath),
    responses((status = 200, description = "The booking.", body = AddOnBookingDto)),
    extensions(("x-required-scopes" = json!(["subscriptions:read"])), ("x-entity-tag" = json!(true)))
)]
#[get("/subscriptions/{subscription_id}/add-ons/{add_on_booking_id}")]
pub async fn get_booking(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    path: BookingPath,
    request: HttpRequest,
    _query: Query<NoParameters>,
) -> Result<HttpResponse, Problem> {
    let item = path.item();
    let find = move |state: &AppState| add_ons::find(state, &principal, &item);
    let view = blocking(&state, find).await?;
    let dto = AddOnBookingDto::new(&view, context.locale)?;
    etag::respond(&request, IdKind::AddOnBooking.prefix(), view.booking.version, &dto)
}

/// Report a one-off service as performed.
#[utoipa::path(
    tag = "Add-on bookings",
    operation_id = "performAddOnBooking",
    summary = "Report one-off service as performed",
    description = "For the provider's staff and systems: the one-off service was performed today and is over. One that was ordered \
        by itself stays owed when its contract ends and can be reported afterwards too. The body may be left out.",
    params(BookingPath),
    request_body(content = Option<NoMembers>, description = "Nothing, or an empty object."),
    responses((status = 200, description = "The booking.", body = AddOnBookingDto)),
    extensions(
        ("x-required-scopes" = json!(["subscriptions:write", "customers:write"])),
        ("x-entity-tag" = json!(true)),
        ("x-problem-codes" = json!(["test_clock_advancing", "not_a_one_off_service", "subscription_ended"]))
    )
)]
#[post("/subscriptions/{subscription_id}/add-ons/{add_on_booking_id}/perform")]
pub async fn perform_booking(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    path: BookingPath,
    body: OptionalJson<NoMembers>,
) -> Result<HttpResponse, Problem> {
    let locale = context.locale;
    let command = command(principal, context, body.body_hash, None);
    let item = path.item();
    let render = move |view: BookingView| rendered(StatusCode::OK, &view, locale);
    let perform = move |state: &AppState| add_ons::perform(state, &command, &item, &render);
    send(blocking(&state, perform).await?)
}

fn rendered(status: StatusCode, view: &BookingView, locale: Locale) -> Result<Answer, AppError> {
    let dto = AddOnBookingDto::new(view, locale)?;
    let location = format!("/v1/subscriptions/{}/add-ons/{}", dto.subscription_id, dto.id);
    let location = (status == StatusCode::CREATED).then_some(location);
    let version = Some((IdKind::AddOnBooking.prefix(), view.booking.version));
    Ok(in_language(answer(status, &dto, version, location)?, locale))
}

//! Booking something for a presence, and reading what occupies the slots of a contract.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};

use super::dto::{SlotDto, SlotList};
use super::input::{AllocateSlot, BookSlot};
use crate::api::answer::{answer, send};
use crate::api::commands::{command, in_language, preview_response};
use crate::api::extract::{Json, NoParameters, Query, SlotPath, SubscriptionId};
use crate::api::pagination::{PageParams, Paging, page_after};
use crate::api::preview::PreviewDto;
use crate::api::problem::Problem;
use crate::api::{blocking, etag};
use crate::context::RequestContext;
use crate::domain::access::Principal;
use crate::domain::ids::IdKind;
use crate::domain::localized::Locale;
use crate::error::AppError;
use crate::services::idempotency::Answer;
use crate::services::slots::{self, SlotView};
use crate::state::AppState;

pub(super) fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config
        .service(book_slot)
        .service(preview_booking)
        .service(allocate_slot)
        .service(preview_allocation)
        .service(list_slots)
        .service(get_slot);
}

/// Book something for a presence.
#[utoipa::path(
    tag = "Slots",
    operation_id = "bookSlot",
    summary = "Book for a presence",
    description = "Puts a presence into a free slot of the customer's packages at 0.00: the oldest active one that nobody has \
        cancelled. Without a free slot a contract is concluded for it, at the single price and with its consents. The preview says \
        which; confirmed with its token, nothing else can happen. Staff and API keys name the customer.",
    request_body(content = BookSlot, description = "The presence; consents in case a contract is concluded."),
    responses((status = 201, description = "The occupied slot; `subscription_id` names the package or the new contract.", body = SlotDto)),
    extensions(
        ("x-required-scopes" = json!(["subscriptions:write"])),
        ("x-entity-tag" = json!(true)),
        ("x-problem-codes" = json!([
            "not_found", "catalogue_not_published", "preview_stale", "test_clock_advancing", "slot_kind_unknown",
            "slot_target_unknown", "slots_full", "plan_not_available", "not_for_customer_type", "consent_required",
            "consent_outdated", "unknown_document", "order_button_required"
        ]))
    )
)]
#[post("/slots")]
pub async fn book_slot(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    body: Json<BookSlot>,
) -> Result<HttpResponse, Problem> {
    let locale = context.locale;
    let command = command(principal, context, body.body_hash, body.value.preview_token.clone());
    let new = body.value.into();
    let render = move |view: SlotView| rendered(StatusCode::CREATED, &view, locale);
    let book = move |state: &AppState| slots::book(state, &command, &new, &PreviewDto::renderer(locale), &render);
    send(blocking(&state, book).await?)
}

/// Preview booking something for a presence.
#[utoipa::path(
    tag = "Slots",
    operation_id = "previewSlotBooking",
    summary = "Preview booking for a presence",
    description = "Where the presence would go and what it would cost: 0.00 in a free slot, with the sentence that names the \
        package, otherwise the price, consents and order button of a contract of its own. Changes nothing.",
    request_body(content = BookSlot, description = "The same as to book; consents may still be missing."),
    responses((status = 200, description = "The preview.", body = PreviewDto)),
    extensions(
        ("x-required-scopes" = json!(["subscriptions:write"])),
        ("x-problem-codes" = json!([
            "not_found", "catalogue_not_published", "slot_kind_unknown", "slot_target_unknown", "slots_full",
            "plan_not_available", "not_for_customer_type", "consent_outdated", "unknown_document"
        ]))
    )
)]
#[post("/slots/preview")]
pub async fn preview_booking(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    body: Json<BookSlot>,
) -> Result<HttpResponse, Problem> {
    let locale = context.locale;
    let command = command(principal, context, body.body_hash, None);
    let new = body.value.into();
    let preview = move |state: &AppState| slots::preview_booking(state, &command, &new);
    Ok(preview_response(&blocking(&state, preview).await?, locale))
}

/// Allocate a slot of a contract.
#[utoipa::path(
    tag = "Slots",
    operation_id = "allocateSlot",
    summary = "Allocate slot of a subscription",
    description = "Puts a presence into a free slot of this contract, at 0.00. Without a free slot it is refused.",
    params(SubscriptionId),
    request_body(content = AllocateSlot, description = "The presence."),
    responses((status = 201, description = "The occupied slot.", body = SlotDto)),
    extensions(
        ("x-required-scopes" = json!(["subscriptions:write"])),
        ("x-entity-tag" = json!(true)),
        ("x-problem-codes" = json!([
            "preview_stale", "test_clock_advancing", "slot_kind_unknown", "slot_target_unknown", "slot_kind_not_offered",
            "slots_full", "subscription_not_active", "subscription_ended"
        ]))
    )
)]
#[post("/subscriptions/{subscription_id}/slots")]
pub async fn allocate_slot(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    subscription_id: SubscriptionId,
    body: Json<AllocateSlot>,
) -> Result<HttpResponse, Problem> {
    let locale = context.locale;
    let command = command(principal, context, body.body_hash, body.value.preview_token.clone());
    let new = body.value.for_subscription(subscription_id.0);
    let render = move |view: SlotView| rendered(StatusCode::CREATED, &view, locale);
    let allocate =
        move |state: &AppState| slots::allocate(state, &command, &new, &PreviewDto::renderer(locale), &render);
    send(blocking(&state, allocate).await?)
}

/// Preview allocating a slot of a contract.
#[utoipa::path(
    tag = "Slots",
    operation_id = "previewSlotAllocation",
    summary = "Preview allocation of slot",
    description = "Whether there is a free slot in this contract, with the sentence that names it. Changes nothing.",
    params(SubscriptionId),
    request_body(content = AllocateSlot, description = "The same as to allocate."),
    responses((status = 200, description = "The preview.", body = PreviewDto)),
    extensions(
        ("x-required-scopes" = json!(["subscriptions:write"])),
        ("x-problem-codes" = json!([
            "slot_kind_unknown", "slot_target_unknown", "slot_kind_not_offered", "slots_full", "subscription_not_active",
            "subscription_ended"
        ]))
    )
)]
#[post("/subscriptions/{subscription_id}/slots/preview")]
pub async fn preview_allocation(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    subscription_id: SubscriptionId,
    body: Json<AllocateSlot>,
) -> Result<HttpResponse, Problem> {
    let locale = context.locale;
    let command = command(principal, context, body.body_hash, None);
    let new = body.value.for_subscription(subscription_id.0);
    let preview = move |state: &AppState| slots::preview_allocation(state, &command, &new);
    Ok(preview_response(&blocking(&state, preview).await?, locale))
}

/// List the occupied slots of a contract.
#[utoipa::path(
    tag = "Slots",
    operation_id = "listSlots",
    summary = "List slots of a subscription",
    description = "What occupies the slots of the contract today, newest first. Released slots are told by the timeline.",
    params(SubscriptionId, PageParams),
    responses((status = 200, description = "A page of occupied slots.", body = SlotList)),
    extensions(("x-required-scopes" = json!(["subscriptions:read"])))
)]
#[get("/subscriptions/{subscription_id}/slots")]
pub async fn list_slots(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    subscription_id: SubscriptionId,
    paging: Paging,
    _query: Query<NoParameters>,
) -> Result<HttpResponse, Problem> {
    let list = move |state: &AppState| slots::list(state, &principal, &subscription_id.0);
    let views = blocking(&state, list).await?;
    let items = views.iter().map(|view| SlotDto::new(view, context.locale)).collect();
    paging.respond::<_, SlotList>(page_after(items, &paging.request, |item: &SlotDto| &item.id))
}

/// Fetch an occupied slot.
#[utoipa::path(
    tag = "Slots",
    operation_id = "getSlot",
    summary = "Fetch slot",
    description = "One occupied slot of the contract. Once it is released it is not found any more.",
    params(SlotPath),
    responses((status = 200, description = "The slot.", body = SlotDto)),
    extensions(("x-required-scopes" = json!(["subscriptions:read"])), ("x-entity-tag" = json!(true)))
)]
#[get("/subscriptions/{subscription_id}/slots/{slot_id}")]
pub async fn get_slot(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    path: SlotPath,
    request: HttpRequest,
    _query: Query<NoParameters>,
) -> Result<HttpResponse, Problem> {
    let find = move |state: &AppState| slots::find(state, &principal, &path.0);
    let view = blocking(&state, find).await?;
    let dto = SlotDto::new(&view, context.locale);
    etag::respond(&request, IdKind::SlotAllocation.prefix(), view.slot.version, &dto)
}

pub(super) fn rendered(status: StatusCode, view: &SlotView, locale: Locale) -> Result<Answer, AppError> {
    let dto = SlotDto::new(view, locale);
    let location = format!("/v1/subscriptions/{}/slots/{}", dto.subscription_id, dto.id);
    let location = (status == StatusCode::CREATED).then_some(location);
    let version = Some((IdKind::SlotAllocation.prefix(), view.slot.version));
    Ok(in_language(answer(status, &dto, version, location)?, locale))
}

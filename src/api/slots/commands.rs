//! Releasing a slot, and moving what occupies it into another contract.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, delete, post, web};

use super::dto::SlotDto;
use super::handlers::rendered;
use super::input::{MoveSlot, ReleaseParams};
use crate::api::answer::send;
use crate::api::blocking;
use crate::api::commands::{command, preview_response};
use crate::api::extract::{Json, OptionalJson, Query, SlotPath};
use crate::api::preview::PreviewDto;
use crate::api::problem::Problem;
use crate::api::revocation::NoMembers;
use crate::context::RequestContext;
use crate::domain::access::Principal;
use crate::services::slots::{self, SlotView};
use crate::state::AppState;

/// The hash of a body that is not there: a release is told from another by its path alone.
const NO_BODY: [u8; 32] = [0; 32];

pub(super) fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config
        .service(release_slot)
        .service(preview_release)
        .service(move_slot)
        .service(preview_move);
}

/// Release a slot.
#[utoipa::path(
    tag = "Slots",
    operation_id = "releaseSlot",
    summary = "Release slot",
    description = "The slot is free again at once; the contract goes on unchanged.",
    params(SlotPath, ReleaseParams),
    responses((status = 200, description = "The allocation, with the day of its release.", body = SlotDto)),
    extensions(
        ("x-required-scopes" = json!(["subscriptions:write"])),
        ("x-entity-tag" = json!(true)),
        ("x-problem-codes" = json!(["preview_stale", "test_clock_advancing"]))
    )
)]
#[delete("/subscriptions/{subscription_id}/slots/{slot_id}")]
pub async fn release_slot(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    path: SlotPath,
    query: Query<ReleaseParams>,
) -> Result<HttpResponse, Problem> {
    let locale = context.locale;
    let command = command(principal, context, NO_BODY, query.0.preview_token);
    let render = move |view: SlotView| rendered(StatusCode::OK, &view, locale);
    let release =
        move |state: &AppState| slots::release(state, &command, &path.0, &PreviewDto::renderer(locale), &render);
    send(blocking(&state, release).await?)
}

/// Preview releasing a slot.
#[utoipa::path(
    tag = "Slots",
    operation_id = "previewSlotRelease",
    summary = "Preview release of slot",
    description = "What releasing the slot would do. Changes nothing. The body may be left out.",
    params(SlotPath),
    request_body(content = Option<NoMembers>, description = "Nothing, or an empty object."),
    responses((status = 200, description = "The preview.", body = PreviewDto)),
    extensions(("x-required-scopes" = json!(["subscriptions:write"])))
)]
#[post("/subscriptions/{subscription_id}/slots/{slot_id}/release/preview")]
pub async fn preview_release(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    path: SlotPath,
    body: OptionalJson<NoMembers>,
) -> Result<HttpResponse, Problem> {
    let locale = context.locale;
    let command = command(principal, context, body.body_hash, None);
    let preview = move |state: &AppState| slots::preview_release(state, &command, &path.0);
    Ok(preview_response(&blocking(&state, preview).await?, locale))
}

/// Move what occupies a slot into another contract.
#[utoipa::path(
    tag = "Slots",
    operation_id = "moveSlot",
    summary = "Move slot",
    description = "What occupies the slot moves into a free slot of another contract of the same customer, at once and at 0.00; \
        both contracts go on unchanged.",
    params(SlotPath),
    request_body(content = MoveSlot, description = "The contract to move into."),
    responses((status = 200, description = "The slot in its new contract.", body = SlotDto)),
    extensions(
        ("x-required-scopes" = json!(["subscriptions:write"])),
        ("x-entity-tag" = json!(true)),
        ("x-problem-codes" = json!([
            "preview_stale", "test_clock_advancing", "nothing_to_change", "slot_kind_not_offered", "slots_full",
            "subscription_not_active", "subscription_ended"
        ]))
    )
)]
#[post("/subscriptions/{subscription_id}/slots/{slot_id}/move")]
pub async fn move_slot(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    path: SlotPath,
    body: Json<MoveSlot>,
) -> Result<HttpResponse, Problem> {
    let locale = context.locale;
    let command = command(principal, context, body.body_hash, body.value.preview_token.clone());
    let wanted = body.value.of(path.0);
    let render = move |view: SlotView| rendered(StatusCode::OK, &view, locale);
    let move_to =
        move |state: &AppState| slots::move_to(state, &command, &wanted, &PreviewDto::renderer(locale), &render);
    send(blocking(&state, move_to).await?)
}

/// Preview moving what occupies a slot.
#[utoipa::path(
    tag = "Slots",
    operation_id = "previewSlotMove",
    summary = "Preview move of slot",
    description = "What moving into another contract would do. Changes nothing.",
    params(SlotPath),
    request_body(content = MoveSlot, description = "The same as to move."),
    responses((status = 200, description = "The preview.", body = PreviewDto)),
    extensions(
        ("x-required-scopes" = json!(["subscriptions:write"])),
        ("x-problem-codes" = json!([
            "nothing_to_change", "slot_kind_not_offered", "slots_full", "subscription_not_active", "subscription_ended"
        ]))
    )
)]
#[post("/subscriptions/{subscription_id}/slots/{slot_id}/move/preview")]
pub async fn preview_move(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    path: SlotPath,
    body: Json<MoveSlot>,
) -> Result<HttpResponse, Problem> {
    let locale = context.locale;
    let command = command(principal, context, body.body_hash, None);
    let wanted = body.value.of(path.0);
    let preview = move |state: &AppState| slots::preview_move(state, &command, &wanted);
    Ok(preview_response(&blocking(&state, preview).await?, locale))
}

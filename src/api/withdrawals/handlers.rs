//! Withdrawals: declaring and previewing them, reading them.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};

use super::dto::{WithdrawalDto, WithdrawalList};
use super::input::{CreateWithdrawal, WithdrawalParams};
use crate::api::answer::{answer, send};
use crate::api::blocking;
use crate::api::commands::{command, in_language, preview_response};
use crate::api::extract::{BookingPath, NoParameters, OptionalJson, Query, SubscriptionId, WithdrawalId};
use crate::api::pagination::{PageParams, Paging};
use crate::api::preview::PreviewDto;
use crate::api::problem::Problem;
use crate::context::RequestContext;
use crate::domain::access::Principal;
use crate::page::Page;
use crate::services::plan_changes::Item;
use crate::services::withdrawals::{self, WithdrawalQuery, WithdrawalView};
use crate::state::AppState;

pub(super) fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config
        .service(create_withdrawal)
        .service(preview_withdrawal)
        .service(create_add_on_withdrawal)
        .service(preview_add_on_withdrawal)
        .service(list_withdrawals)
        .service(get_withdrawal);
}

/// Withdraw from a contract.
#[utoipa::path(
    tag = "Withdrawals",
    operation_id = "createWithdrawal",
    summary = "Withdraw from subscription",
    description = "Undoes the contract at once, or only a plan change (`plan_change_id`) or some units (`quantity`): consumers within the period \
        of § 355 BGB, businesses where the catalogue grants it. Drafts are void, what was invoiced is credited; the add-ons on a \
        withdrawn contract go with it, and a withdrawn upgrade restores what it changed.",
    params(SubscriptionId),
    request_body(content = Option<CreateWithdrawal>, description = "What to withdraw from; the body may be left out."),
    responses((status = 201, description = "The withdrawal.", body = WithdrawalDto)),
    extensions(
        ("x-required-scopes" = json!(["subscriptions:write"])),
        ("x-problem-codes" = json!([
            "preview_stale", "test_clock_advancing", "no_right_of_withdrawal", "withdrawal_too_late", "already_withdrawn", "service_performed", "quantity_out_of_range",
            "instant_out_of_range", "already_revoked", "change_superseded"
        ]))
    )
)]
#[post("/subscriptions/{subscription_id}/withdrawals")]
pub async fn create_withdrawal(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    subscription_id: SubscriptionId,
    body: OptionalJson<CreateWithdrawal>,
) -> Result<HttpResponse, Problem> {
    let item = Item::Contract(subscription_id.0);
    create(&state, principal, context, item, body).await
}

/// Preview the withdrawal from a contract.
#[utoipa::path(
    tag = "Withdrawals",
    operation_id = "previewWithdrawal",
    summary = "Preview withdrawal",
    description = "What the withdrawal would do: what is dropped and credited, what goes with it, and the last day (`latest_receipt_on`). Changes \
        nothing.",
    params(SubscriptionId),
    request_body(content = Option<CreateWithdrawal>, description = "The same as to withdraw."),
    responses((status = 200, description = "The preview.", body = PreviewDto)),
    extensions(
        ("x-required-scopes" = json!(["subscriptions:write"])),
        ("x-problem-codes" = json!([
            "no_right_of_withdrawal", "withdrawal_too_late", "already_withdrawn", "service_performed", "quantity_out_of_range",
            "instant_out_of_range", "already_revoked", "change_superseded"
        ]))
    )
)]
#[post("/subscriptions/{subscription_id}/withdrawals/preview")]
pub async fn preview_withdrawal(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    subscription_id: SubscriptionId,
    body: OptionalJson<CreateWithdrawal>,
) -> Result<HttpResponse, Problem> {
    let item = Item::Contract(subscription_id.0);
    preview(&state, principal, context, item, body).await
}

/// Withdraw from an add-on booking.
#[utoipa::path(
    tag = "Withdrawals",
    operation_id = "createAddOnWithdrawal",
    summary = "Withdraw from add-on booking",
    description = "Undoes the booking at once, or only some units of it; the plan goes on as before. A one-off service can be withdrawn from \
        until it is performed.",
    params(BookingPath),
    request_body(content = Option<CreateWithdrawal>, description = "What to withdraw from; the body may be left out."),
    responses((status = 201, description = "The withdrawal.", body = WithdrawalDto)),
    extensions(
        ("x-required-scopes" = json!(["subscriptions:write"])),
        ("x-problem-codes" = json!([
            "preview_stale", "test_clock_advancing", "no_right_of_withdrawal", "withdrawal_too_late", "already_withdrawn", "service_performed", "quantity_out_of_range",
            "instant_out_of_range", "already_revoked", "change_superseded"
        ]))
    )
)]
#[post("/subscriptions/{subscription_id}/add-ons/{add_on_booking_id}/withdrawals")]
pub async fn create_add_on_withdrawal(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    path: BookingPath,
    body: OptionalJson<CreateWithdrawal>,
) -> Result<HttpResponse, Problem> {
    let item = path.item();
    create(&state, principal, context, item, body).await
}

/// Preview the withdrawal from an add-on booking.
#[utoipa::path(
    tag = "Withdrawals",
    operation_id = "previewAddOnWithdrawal",
    summary = "Preview withdrawal from booking",
    description = "What the withdrawal would do, and the last day (`latest_receipt_on`). Changes nothing.",
    params(BookingPath),
    request_body(content = Option<CreateWithdrawal>, description = "The same as to withdraw."),
    responses((status = 200, description = "The preview.", body = PreviewDto)),
    extensions(
        ("x-required-scopes" = json!(["subscriptions:write"])),
        ("x-problem-codes" = json!([
            "no_right_of_withdrawal", "withdrawal_too_late", "already_withdrawn", "service_performed", "quantity_out_of_range",
            "instant_out_of_range", "already_revoked", "change_superseded"
        ]))
    )
)]
#[post("/subscriptions/{subscription_id}/add-ons/{add_on_booking_id}/withdrawals/preview")]
pub async fn preview_add_on_withdrawal(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    path: BookingPath,
    body: OptionalJson<CreateWithdrawal>,
) -> Result<HttpResponse, Problem> {
    let item = path.item();
    preview(&state, principal, context, item, body).await
}

/// List withdrawals.
#[utoipa::path(
    tag = "Withdrawals",
    operation_id = "listWithdrawals",
    summary = "List withdrawals",
    description = "The withdrawals the caller may see, newest first.",
    params(WithdrawalParams, PageParams),
    responses((status = 200, description = "A page of withdrawals.", body = WithdrawalList)),
    extensions(("x-required-scopes" = json!(["subscriptions:read"])))
)]
#[get("/withdrawals")]
pub async fn list_withdrawals(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    paging: Paging,
    query: Query<WithdrawalParams>,
) -> Result<HttpResponse, Problem> {
    let query = WithdrawalQuery::from(query.0);
    let request = paging.request.clone();
    let list = move |state: &AppState| withdrawals::list(state, &principal, &query, &request);
    let page = blocking(&state, list).await?;
    let items = page
        .items
        .iter()
        .map(|view| WithdrawalDto::new(view, context.locale))
        .collect();
    paging.respond::<_, WithdrawalList>(Page { items, next: page.next })
}

/// Fetch a withdrawal.
#[utoipa::path(
    tag = "Withdrawals",
    operation_id = "getWithdrawal",
    summary = "Fetch withdrawal",
    description = "The withdrawal with the charges and credits it caused.",
    params(WithdrawalId),
    responses((status = 200, description = "The withdrawal.", body = WithdrawalDto)),
    extensions(("x-required-scopes" = json!(["subscriptions:read"])))
)]
#[get("/withdrawals/{withdrawal_id}")]
pub async fn get_withdrawal(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    withdrawal_id: WithdrawalId,
    _query: Query<NoParameters>,
) -> Result<HttpResponse, Problem> {
    let find = move |state: &AppState| withdrawals::find(state, &principal, &withdrawal_id.0);
    let view = blocking(&state, find).await?;
    Ok(HttpResponse::Ok().json(WithdrawalDto::new(&view, context.locale)))
}

async fn create(
    state: &web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    item: Item,
    body: OptionalJson<CreateWithdrawal>,
) -> Result<HttpResponse, Problem> {
    let locale = context.locale;
    let command = command(principal, context, body.body_hash, body.value.preview_token.clone());
    let new = body.value.withdrawing(item);
    let render = move |view: WithdrawalView| {
        let location = format!("/v1/withdrawals/{}", view.withdrawal.id);
        let dto = WithdrawalDto::new(&view, locale);
        Ok(in_language(
            answer(StatusCode::CREATED, &dto, None, Some(location))?,
            locale,
        ))
    };
    let create =
        move |state: &AppState| withdrawals::create(state, &command, &new, &PreviewDto::renderer(locale), &render);
    send(blocking(state, create).await?)
}

async fn preview(
    state: &web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    item: Item,
    body: OptionalJson<CreateWithdrawal>,
) -> Result<HttpResponse, Problem> {
    let locale = context.locale;
    let command = command(principal, context, body.body_hash, None);
    let new = body.value.withdrawing(item);
    let preview = move |state: &AppState| withdrawals::preview_creation(state, &command, &new);
    Ok(preview_response(&blocking(state, preview).await?, locale))
}

//! Declaring cancellations, and their previews.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, post, web};

use super::dto::{CancellationDto, CancellationSet};
use super::handlers::rendered;
use super::input::{CreateCancellation, CreateCancellations};
use crate::api::answer::{answer, send};
use crate::api::blocking;
use crate::api::commands::{command, in_language, preview_response};
use crate::api::extract::{Json, SubscriptionId};
use crate::api::preview::PreviewDto;
use crate::api::problem::Problem;
use crate::context::RequestContext;
use crate::domain::access::Principal;
use crate::domain::localized::Locale;
use crate::error::AppError;
use crate::services::cancellations::{self, Cancelled};
use crate::services::idempotency::Answer;
use crate::state::AppState;

pub(super) fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config
        .service(create_cancellation)
        .service(preview_cancellation)
        .service(create_cancellations)
        .service(preview_cancellations);
}

/// Cancel a contract.
#[utoipa::path(
    tag = "Cancellations",
    operation_id = "createCancellation",
    summary = "Cancel subscription",
    description = "Ends the contract on the first day that notice and terms allow, or on the first such day on or after `wish_on`. \
        An extraordinary cancellation schedules that day too, until the provider has decided. A pending plan change is replaced. \
        Repeating an ordinary cancellation answers 200 with the one that stands. Where the catalogue says so, a cancellation \
        within the withdrawal period is a withdrawal (`treated_as`, `withdrawal_id`): consumers may choose `\"as\": \"cancellation\"`.",
    params(SubscriptionId),
    request_body(content = CreateCancellation, description = "Kind, reason and wish."),
    responses(
        (status = 200, description = "The contract was already cancelled; nothing has changed.", body = CancellationDto),
        (status = 201, description = "The cancellation.", body = CancellationDto)
    ),
    extensions(
        ("x-required-scopes" = json!(["subscriptions:write"])),
        ("x-entity-tag" = json!(true)),
        ("x-problem-codes" = json!([
            "preview_stale", "test_clock_advancing", "subscription_ended", "last_contract", "reason_required",
            "instant_out_of_range", "date_out_of_range"
        ]))
    )
)]
#[post("/subscriptions/{subscription_id}/cancellations")]
pub async fn create_cancellation(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    subscription_id: SubscriptionId,
    body: Json<CreateCancellation>,
) -> Result<HttpResponse, Problem> {
    let locale = context.locale;
    let command = command(principal, context, body.body_hash, body.value.preview_token.clone());
    let new = body.value.for_subscription(subscription_id.0);
    let render = move |cancelled: Cancelled| one(&cancelled, locale);
    let create =
        move |state: &AppState| cancellations::create(state, &command, &new, &PreviewDto::renderer(locale), &render);
    send(blocking(&state, create).await?)
}

/// Preview the cancellation of a contract.
#[utoipa::path(
    tag = "Cancellations",
    operation_id = "previewCancellation",
    summary = "Preview cancellation",
    description = "When the contract would end and why, until when a declaration still leads to that day, and what is credited. \
        Changes nothing.",
    params(SubscriptionId),
    request_body(content = CreateCancellation, description = "The same as to cancel."),
    responses((status = 200, description = "The preview.", body = PreviewDto)),
    extensions(
        ("x-required-scopes" = json!(["subscriptions:write"])),
        ("x-problem-codes" = json!([
            "subscription_ended", "last_contract", "reason_required", "instant_out_of_range", "date_out_of_range"
        ]))
    )
)]
#[post("/subscriptions/{subscription_id}/cancellations/preview")]
pub async fn preview_cancellation(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    subscription_id: SubscriptionId,
    body: Json<CreateCancellation>,
) -> Result<HttpResponse, Problem> {
    let locale = context.locale;
    let command = command(principal, context, body.body_hash, None);
    let new = body.value.for_subscription(subscription_id.0);
    let preview = move |state: &AppState| cancellations::preview_creation(state, &command, &new);
    Ok(preview_response(&blocking(&state, preview).await?, locale))
}

/// Cancel several contracts.
#[utoipa::path(
    tag = "Cancellations",
    operation_id = "createCancellations",
    summary = "Cancel several subscriptions",
    description = "Cancels the contracts named in `subscription_ids`, or all running ones but `keep_subscription_id`, each within \
        its own notice period; all of them or none. Answers 200 when every one of them was already cancelled.",
    request_body(content = CreateCancellations, description = "Which contracts; kind, reason and wish."),
    responses(
        (status = 200, description = "All were already cancelled; nothing has changed.", body = CancellationSet),
        (status = 201, description = "The cancellations.", body = CancellationSet)
    ),
    extensions(
        ("x-required-scopes" = json!(["subscriptions:write"])),
        ("x-problem-codes" = json!([
            "not_found", "preview_stale", "test_clock_advancing", "subscription_ended", "last_contract",
            "nothing_to_cancel", "cancellation_in_effect", "reason_required", "instant_out_of_range", "date_out_of_range"
        ])),
        ("x-location" = json!(false))
    )
)]
#[post("/cancellations")]
pub async fn create_cancellations(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    body: Json<CreateCancellations>,
) -> Result<HttpResponse, Problem> {
    let locale = context.locale;
    let command = command(principal, context, body.body_hash, body.value.preview_token.clone());
    let new = body.value.for_contracts()?;
    let render = move |cancelled: Cancelled| several(&cancelled, locale);
    let create =
        move |state: &AppState| cancellations::create(state, &command, &new, &PreviewDto::renderer(locale), &render);
    send(blocking(&state, create).await?)
}

/// Preview the cancellation of several contracts.
#[utoipa::path(
    tag = "Cancellations",
    operation_id = "previewCancellations",
    summary = "Preview several cancellations",
    description = "When each contract would end; `effective_on` is the last of these days. Changes nothing.",
    request_body(content = CreateCancellations, description = "The same as to cancel."),
    responses((status = 200, description = "The preview.", body = PreviewDto)),
    extensions(
        ("x-required-scopes" = json!(["subscriptions:write"])),
        ("x-problem-codes" = json!([
            "not_found", "subscription_ended", "last_contract", "nothing_to_cancel", "cancellation_in_effect", "reason_required",
            "instant_out_of_range", "date_out_of_range"
        ]))
    )
)]
#[post("/cancellations/preview")]
pub async fn preview_cancellations(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    body: Json<CreateCancellations>,
) -> Result<HttpResponse, Problem> {
    let locale = context.locale;
    let command = command(principal, context, body.body_hash, None);
    let new = body.value.for_contracts()?;
    let preview = move |state: &AppState| cancellations::preview_creation(state, &command, &new);
    Ok(preview_response(&blocking(&state, preview).await?, locale))
}

/// The answer to the cancellation of one contract or booking.
///
/// # Errors
/// Internal, when nothing was cancelled.
pub fn one(cancelled: &Cancelled, locale: Locale) -> Result<Answer, AppError> {
    let view = cancelled
        .cancellations
        .first()
        .ok_or_else(|| AppError::internal("a cancellation without contracts"))?;
    if cancelled.all_repeated {
        return rendered(StatusCode::OK, view, None, locale);
    }
    let location = format!("/v1/cancellations/{}", view.change.id);
    rendered(StatusCode::CREATED, view, Some(location), locale)
}

fn several(cancelled: &Cancelled, locale: Locale) -> Result<Answer, AppError> {
    let status = if cancelled.all_repeated {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let data = cancelled
        .cancellations
        .iter()
        .map(|view| CancellationDto::new(view, locale))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(in_language(
        answer(status, &CancellationSet { data }, None, None)?,
        locale,
    ))
}

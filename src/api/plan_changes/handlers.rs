//! Making, reading and revoking plan changes.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};

use super::dto::{ChangeParams, CreatePlanChange, PlanChangeDto, PlanChangeList};
use crate::api::answer::{answer, send};
use crate::api::commands::{command, in_language, preview_response};
use crate::api::extract::{Json, NoParameters, OptionalJson, PlanChangeId, Query, SubscriptionId};
use crate::api::pagination::{PageParams, Paging};
use crate::api::preview::PreviewDto;
use crate::api::problem::Problem;
use crate::api::revocation::Revoke;
use crate::api::{blocking, etag};
use crate::context::RequestContext;
use crate::domain::access::Principal;
use crate::domain::ids::IdKind;
use crate::domain::localized::Locale;
use crate::error::AppError;
use crate::page::Page;
use crate::services::idempotency::Answer;
use crate::services::plan_changes::{self, ChangeQuery};
use crate::services::revocations;
use crate::services::views::ChangeView;
use crate::state::AppState;

/// Mounts the operations of this module.
pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config
        .service(create_plan_change)
        .service(preview_plan_change)
        .service(list_plan_changes)
        .service(get_plan_change)
        .service(revoke_plan_change)
        .service(preview_plan_change_revocation);
}

/// Change plan or quantity.
#[utoipa::path(
    tag = "Plan changes",
    operation_id = "createPlanChange",
    summary = "Change plan or quantity",
    description = "Changes the plan as the catalogue allows it: at once with proration and credit, with the end of the charged \
        period, or with the end of the notice period. More units count at once, fewer from the end of the charged period. At most \
        one change is pending per contract: a second names the first in `supersedes`.",
    params(SubscriptionId),
    request_body(content = CreatePlanChange, description = "Plan, quantity or both, and consents."),
    responses((status = 201, description = "The plan change.", body = PlanChangeDto)),
    extensions(
        ("x-required-scopes" = json!(["subscriptions:write"])),
        ("x-entity-tag" = json!(true)),
        ("x-problem-codes" = json!([
            "preview_stale", "test_clock_advancing", "subscription_not_active", "subscription_ended",
            "cancellation_in_effect", "plan_change_pending", "change_not_pending", "nothing_to_change",
            "transition_not_allowed", "plan_not_available", "not_for_customer_type", "quantity_out_of_range",
            "date_out_of_range", "consent_required", "consent_outdated", "unknown_document", "order_button_required", "slots_occupied",
            "absorption_not_offered"
        ]))
    )
)]
#[post("/subscriptions/{subscription_id}/plan-changes")]
pub async fn create_plan_change(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    subscription_id: SubscriptionId,
    body: Json<CreatePlanChange>,
) -> Result<HttpResponse, Problem> {
    let locale = context.locale;
    let command = command(principal, context, body.body_hash, body.value.preview_token.clone());
    let new = body.value.for_subscription(subscription_id.0)?;
    let render = move |view: ChangeView| created(&view, locale);
    let create =
        move |state: &AppState| plan_changes::create(state, &command, &new, &PreviewDto::renderer(locale), &render);
    send(blocking(&state, create).await?)
}

/// Preview a change of plan or quantity.
#[utoipa::path(
    tag = "Plan changes",
    operation_id = "previewPlanChange",
    summary = "Preview change of plan or quantity",
    description = "What the change would do: its day and why, charges and credits, consequences and documents to accept. \
        Changes nothing.",
    params(SubscriptionId),
    request_body(content = CreatePlanChange, description = "The same as to change; consents may still be missing."),
    responses((status = 200, description = "The preview.", body = PreviewDto)),
    extensions(
        ("x-required-scopes" = json!(["subscriptions:write"])),
        ("x-problem-codes" = json!([
            "subscription_not_active", "subscription_ended", "cancellation_in_effect", "plan_change_pending",
            "change_not_pending", "nothing_to_change", "transition_not_allowed", "plan_not_available",
            "not_for_customer_type", "quantity_out_of_range", "date_out_of_range", "consent_outdated", "unknown_document", "slots_occupied",
            "absorption_not_offered"
        ]))
    )
)]
#[post("/subscriptions/{subscription_id}/plan-changes/preview")]
pub async fn preview_plan_change(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    subscription_id: SubscriptionId,
    body: Json<CreatePlanChange>,
) -> Result<HttpResponse, Problem> {
    let locale = context.locale;
    let command = command(principal, context, body.body_hash, None);
    let new = body.value.for_subscription(subscription_id.0)?;
    let preview = move |state: &AppState| plan_changes::preview_creation(state, &command, &new);
    Ok(preview_response(&blocking(&state, preview).await?, locale))
}

/// List plan changes.
#[utoipa::path(
    tag = "Plan changes",
    operation_id = "listPlanChanges",
    summary = "List plan changes",
    description = "The plan changes the caller may see, newest first, everything due applied.",
    params(ChangeParams, PageParams),
    responses((status = 200, description = "A page of plan changes.", body = PlanChangeList)),
    extensions(("x-required-scopes" = json!(["subscriptions:read"])))
)]
#[get("/plan-changes")]
pub async fn list_plan_changes(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    paging: Paging,
    query: Query<ChangeParams>,
) -> Result<HttpResponse, Problem> {
    let query = ChangeQuery::from(query.0);
    let request = paging.request.clone();
    let list = move |state: &AppState| plan_changes::list(state, &principal, &query, &request);
    let page = blocking(&state, list).await?;
    let items = page
        .items
        .iter()
        .map(|view| PlanChangeDto::new(view, context.locale))
        .collect::<Result<Vec<_>, _>>()?;
    paging.respond::<_, PlanChangeList>(Page { items, next: page.next })
}

/// Fetch a plan change.
#[utoipa::path(
    tag = "Plan changes",
    operation_id = "getPlanChange",
    summary = "Fetch plan change",
    description = "The plan change with the charges and credits it caused.",
    params(PlanChangeId),
    responses((status = 200, description = "The plan change.", body = PlanChangeDto)),
    extensions(("x-required-scopes" = json!(["subscriptions:read"])), ("x-entity-tag" = json!(true)))
)]
#[get("/plan-changes/{plan_change_id}")]
pub async fn get_plan_change(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    plan_change_id: PlanChangeId,
    request: HttpRequest,
    _query: Query<NoParameters>,
) -> Result<HttpResponse, Problem> {
    let find = move |state: &AppState| plan_changes::find(state, &principal, &plan_change_id.0);
    let view = blocking(&state, find).await?;
    let dto = PlanChangeDto::new(&view, context.locale)?;
    etag::respond(&request, IdKind::PlanChange.prefix(), view.change.version, &dto)
}

/// Take a pending plan change back.
#[utoipa::path(
    tag = "Plan changes",
    operation_id = "revokePlanChange",
    summary = "Revoke plan change",
    description = "Takes a pending plan change back: the contract goes on as if it had never been declared. A later declaration \
        starts its notice period anew. The body may be left out.",
    params(PlanChangeId),
    request_body(content = Option<Revoke>, description = "The preview that is confirmed, if any."),
    responses((status = 200, description = "The revoked plan change.", body = PlanChangeDto)),
    extensions(
        ("x-required-scopes" = json!(["subscriptions:write"])),
        ("x-entity-tag" = json!(true)),
        ("x-problem-codes" = json!([
            "preview_stale", "test_clock_advancing", "already_revoked", "already_applied", "change_superseded",
            "revocation_not_offered"
        ]))
    )
)]
#[post("/plan-changes/{plan_change_id}/revoke")]
pub async fn revoke_plan_change(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    plan_change_id: PlanChangeId,
    body: OptionalJson<Revoke>,
) -> Result<HttpResponse, Problem> {
    let locale = context.locale;
    let command = command(principal, context, body.body_hash, body.value.preview_token);
    let render = move |view: ChangeView| rendered(StatusCode::OK, &view, None, locale);
    let revoke = move |state: &AppState| {
        let stale = PreviewDto::renderer(locale);
        revocations::create(state, &command, IdKind::PlanChange, &plan_change_id.0, &stale, &render)
    };
    send(blocking(&state, revoke).await?)
}

/// Preview taking a pending plan change back.
#[utoipa::path(
    tag = "Plan changes",
    operation_id = "previewPlanChangeRevocation",
    summary = "Preview revocation of plan change",
    description = "What taking the plan change back would do, and which date a new declaration of today would have. Changes \
        nothing.",
    params(PlanChangeId),
    request_body(content = Option<Revoke>, description = "The same as to revoke."),
    responses((status = 200, description = "The preview.", body = PreviewDto)),
    extensions(
        ("x-required-scopes" = json!(["subscriptions:write"])),
        ("x-problem-codes" = json!(["already_revoked", "already_applied", "change_superseded", "revocation_not_offered"]))
    )
)]
#[post("/plan-changes/{plan_change_id}/revoke/preview")]
pub async fn preview_plan_change_revocation(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    plan_change_id: PlanChangeId,
    body: OptionalJson<Revoke>,
) -> Result<HttpResponse, Problem> {
    let locale = context.locale;
    let command = command(principal, context, body.body_hash, None);
    let preview =
        move |state: &AppState| revocations::preview_creation(state, &command, IdKind::PlanChange, &plan_change_id.0);
    Ok(preview_response(&blocking(&state, preview).await?, locale))
}

/// The answer to a new plan change, or quantity change of a booking.
///
/// # Errors
/// Internal, when the view is not of a plan change.
pub fn created(view: &ChangeView, locale: Locale) -> Result<Answer, AppError> {
    let location = format!("/v1/plan-changes/{}", view.change.id);
    rendered(StatusCode::CREATED, view, Some(location), locale)
}

fn rendered(
    status: StatusCode,
    view: &ChangeView,
    location: Option<String>,
    locale: Locale,
) -> Result<Answer, AppError> {
    let version = Some((IdKind::PlanChange.prefix(), view.change.version));
    let answer = answer(status, &PlanChangeDto::new(view, locale)?, version, location)?;
    Ok(in_language(answer, locale))
}

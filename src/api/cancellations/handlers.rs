//! Reading, revoking and deciding on cancellations.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};

use super::dto::{CancellationDto, CancellationList};
use crate::api::answer::{answer, send};
use crate::api::commands::{command, in_language, preview_response};
use crate::api::extract::{CancellationId, NoParameters, OptionalJson, Query};
use crate::api::pagination::{PageParams, Paging};
use crate::api::plan_changes::ChangeParams;
use crate::api::preview::PreviewDto;
use crate::api::problem::Problem;
use crate::api::revocation::{NoMembers, Revoke};
use crate::api::{blocking, etag};
use crate::context::RequestContext;
use crate::domain::access::Principal;
use crate::domain::change::Review;
use crate::domain::ids::IdKind;
use crate::domain::localized::Locale;
use crate::error::AppError;
use crate::page::Page;
use crate::services::idempotency::Answer;
use crate::services::plan_changes::ChangeQuery;
use crate::services::views::ChangeView;
use crate::services::{cancellations, revocations};
use crate::state::AppState;

pub(super) fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config
        .service(list_cancellations)
        .service(get_cancellation)
        .service(revoke_cancellation)
        .service(preview_cancellation_revocation)
        .service(accept_cancellation)
        .service(reject_cancellation);
}

/// List cancellations.
#[utoipa::path(
    tag = "Cancellations",
    operation_id = "listCancellations",
    summary = "List cancellations",
    description = "The cancellations the caller may see, newest first, everything due applied.",
    params(ChangeParams, PageParams),
    responses((status = 200, description = "A page of cancellations.", body = CancellationList)),
    extensions(("x-required-scopes" = json!(["subscriptions:read"])))
)]
#[get("/cancellations")]
pub async fn list_cancellations(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    paging: Paging,
    query: Query<ChangeParams>,
) -> Result<HttpResponse, Problem> {
    let query = ChangeQuery::from(query.0);
    let request = paging.request.clone();
    let list = move |state: &AppState| cancellations::list(state, &principal, &query, &request);
    let page = blocking(&state, list).await?;
    let items = page
        .items
        .iter()
        .map(|view| CancellationDto::new(view, context.locale))
        .collect::<Result<Vec<_>, _>>()?;
    paging.respond::<_, CancellationList>(Page { items, next: page.next })
}

/// Fetch a cancellation.
#[utoipa::path(
    tag = "Cancellations",
    operation_id = "getCancellation",
    summary = "Fetch cancellation",
    description = "The cancellation with the credits it caused.",
    params(CancellationId),
    responses((status = 200, description = "The cancellation.", body = CancellationDto)),
    extensions(("x-required-scopes" = json!(["subscriptions:read"])), ("x-entity-tag" = json!(true)))
)]
#[get("/cancellations/{cancellation_id}")]
pub async fn get_cancellation(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    cancellation_id: CancellationId,
    request: HttpRequest,
    _query: Query<NoParameters>,
) -> Result<HttpResponse, Problem> {
    let find = move |state: &AppState| cancellations::find(state, &principal, &cancellation_id.0);
    let view = blocking(&state, find).await?;
    let dto = CancellationDto::new(&view, context.locale)?;
    etag::respond(&request, IdKind::Cancellation.prefix(), view.change.version, &dto)
}

/// Take a pending cancellation back.
#[utoipa::path(
    tag = "Cancellations",
    operation_id = "revokeCancellation",
    summary = "Revoke cancellation",
    description = "Takes a cancellation back before its day: the contract goes on. A plan change that it had replaced does not \
        come back, and a later cancellation starts its notice period anew. The body may be left out.",
    params(CancellationId),
    request_body(content = Option<Revoke>, description = "The preview that is confirmed, if any."),
    responses((status = 200, description = "The revoked cancellation.", body = CancellationDto)),
    extensions(
        ("x-required-scopes" = json!(["subscriptions:write"])),
        ("x-entity-tag" = json!(true)),
        ("x-problem-codes" = json!([
            "preview_stale", "test_clock_advancing", "already_revoked", "already_applied", "change_superseded",
            "revocation_not_offered"
        ]))
    )
)]
#[post("/cancellations/{cancellation_id}/revoke")]
pub async fn revoke_cancellation(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    cancellation_id: CancellationId,
    body: OptionalJson<Revoke>,
) -> Result<HttpResponse, Problem> {
    let locale = context.locale;
    let command = command(principal, context, body.body_hash, body.value.preview_token);
    let render = move |view: ChangeView| rendered(StatusCode::OK, &view, None, locale);
    let revoke = move |state: &AppState| {
        let (id, stale) = (&cancellation_id.0, PreviewDto::renderer(locale));
        revocations::create(state, &command, IdKind::Cancellation, id, &stale, &render)
    };
    send(blocking(&state, revoke).await?)
}

/// Preview taking a pending cancellation back.
#[utoipa::path(
    tag = "Cancellations",
    operation_id = "previewCancellationRevocation",
    summary = "Preview revocation of cancellation",
    description = "What taking the cancellation back would do, and which end a new one declared today would have. Changes nothing.",
    params(CancellationId),
    request_body(content = Option<Revoke>, description = "The same as to revoke."),
    responses((status = 200, description = "The preview.", body = PreviewDto)),
    extensions(
        ("x-required-scopes" = json!(["subscriptions:write"])),
        ("x-problem-codes" = json!(["already_revoked", "already_applied", "change_superseded", "revocation_not_offered"]))
    )
)]
#[post("/cancellations/{cancellation_id}/revoke/preview")]
pub async fn preview_cancellation_revocation(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    cancellation_id: CancellationId,
    body: OptionalJson<Revoke>,
) -> Result<HttpResponse, Problem> {
    let locale = context.locale;
    let command = command(principal, context, body.body_hash, None);
    let preview = move |state: &AppState| {
        revocations::preview_creation(state, &command, IdKind::Cancellation, &cancellation_id.0)
    };
    Ok(preview_response(&blocking(&state, preview).await?, locale))
}

/// Accept an extraordinary cancellation.
#[utoipa::path(
    tag = "Cancellations",
    operation_id = "acceptCancellation",
    summary = "Accept extraordinary cancellation",
    description = "The good cause is accepted: the contract ends with the day of receipt, and what was charged beyond is credited. \
        For the provider's staff. The body may be left out.",
    params(CancellationId),
    request_body(content = Option<NoMembers>, description = "Nothing; the body may be left out."),
    responses((status = 200, description = "The cancellation as decided.", body = CancellationDto)),
    extensions(
        ("x-required-scopes" = json!(["cancellations:decide", "subscriptions:read", "subscriptions:write"])),
        ("x-entity-tag" = json!(true)),
        ("x-problem-codes" = json!(["test_clock_advancing", "extraordinary_already_decided", "change_not_pending"]))
    )
)]
#[post("/cancellations/{cancellation_id}/accept")]
pub async fn accept_cancellation(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    cancellation_id: CancellationId,
    body: OptionalJson<NoMembers>,
) -> Result<HttpResponse, Problem> {
    decide(&state, principal, context, cancellation_id, &body, Review::Accepted).await
}

/// Reject an extraordinary cancellation.
#[utoipa::path(
    tag = "Cancellations",
    operation_id = "rejectCancellation",
    summary = "Reject extraordinary cancellation",
    description = "The good cause is rejected: the contract ends with notice, on the day already scheduled. For the provider's \
        staff. The body may be left out.",
    params(CancellationId),
    request_body(content = Option<NoMembers>, description = "Nothing; the body may be left out."),
    responses((status = 200, description = "The cancellation as decided.", body = CancellationDto)),
    extensions(
        ("x-required-scopes" = json!(["cancellations:decide", "subscriptions:read", "subscriptions:write"])),
        ("x-entity-tag" = json!(true)),
        ("x-problem-codes" = json!(["test_clock_advancing", "extraordinary_already_decided", "change_not_pending"]))
    )
)]
#[post("/cancellations/{cancellation_id}/reject")]
pub async fn reject_cancellation(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    cancellation_id: CancellationId,
    body: OptionalJson<NoMembers>,
) -> Result<HttpResponse, Problem> {
    decide(&state, principal, context, cancellation_id, &body, Review::Rejected).await
}

async fn decide(
    state: &web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    cancellation_id: CancellationId,
    body: &OptionalJson<NoMembers>,
    decision: Review,
) -> Result<HttpResponse, Problem> {
    let locale = context.locale;
    let command = command(principal, context, body.body_hash, None);
    let render = move |view: ChangeView| rendered(StatusCode::OK, &view, None, locale);
    let decide = move |state: &AppState| cancellations::decide(state, &command, &cancellation_id.0, decision, &render);
    send(blocking(state, decide).await?)
}

/// The answer that shows a cancellation.
pub(super) fn rendered(
    status: StatusCode,
    view: &ChangeView,
    location: Option<String>,
    locale: Locale,
) -> Result<Answer, AppError> {
    let version = Some((IdKind::Cancellation.prefix(), view.change.version));
    let answer = answer(status, &CancellationDto::new(view, locale)?, version, location)?;
    Ok(in_language(answer, locale))
}

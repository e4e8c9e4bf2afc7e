//! `/v1/declarations`: what was declared without login, for staff to match, execute or reject.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::dto::{DeclarationDto, DeclarationList, DeclarationStatusDto, DeclarationTypeDto};
use crate::api::answer::{answer, send};
use crate::api::commands::{command, in_language};
use crate::api::extract::{DeclarationId, Json, NoParameters, OptionalJson, Query};
use crate::api::pagination::{PageParams, Paging};
use crate::api::problem::Problem;
use crate::api::revocation::NoMembers;
use crate::api::{blocking, etag};
use crate::context::RequestContext;
use crate::domain::access::Principal;
use crate::domain::ids::IdKind;
use crate::domain::localized::Locale;
use crate::error::AppError;
use crate::services::declarations::{self, Assignment, DeclarationQuery, DeclarationView, Rejection};
use crate::services::idempotency::Answer;
use crate::state::AppState;

pub(super) fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config
        .service(list_declarations)
        .service(get_declaration)
        .service(match_declaration)
        .service(execute_declaration)
        .service(reject_declaration);
}

/// Which declarations a list shows.
#[derive(Debug, Clone, Default, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeclarationParams {
    /// Only cancellations or only withdrawals.
    #[param(nullable = false, inline, rename = "type")]
    #[serde(rename = "type")]
    pub declaration_type: Option<DeclarationTypeDto>,
    /// Only those that stand there; `received` is the inbox.
    #[param(nullable = false, inline)]
    pub status: Option<DeclarationStatusDto>,
    /// Only those matched to this customer.
    #[param(nullable = false, max_length = 30, example = "cus_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub customer_id: Option<String>,
}

/// The contract a declaration is about.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"subscription_id": "sub_01k9w3x8kqf0wvm2n6c1c9t7xh"}))]
pub struct MatchDeclaration {
    /// The contract.
    #[validate(length(min = 1, max = 30))]
    #[schema(min_length = 1, max_length = 30, example = "sub_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub subscription_id: String,
}

/// Why a declaration has no effect.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Zu diesen Angaben gibt es keinen Vertrag."}))]
pub struct RejectDeclaration {
    /// The reason; sent to the address the confirmation went to.
    #[validate(length(min = 1, max = 2000))]
    #[schema(
        min_length = 1,
        max_length = 2000,
        example = "Zu diesen Angaben gibt es keinen Vertrag."
    )]
    pub reason: String,
    /// Whether the declaration is not by the customer it was matched to: it is then no longer linked to that customer and contract,
    /// and its e-mails no longer belong to that customer's history.
    #[serde(default)]
    #[schema(default = false)]
    pub unmatch: bool,
}

/// List declarations.
#[utoipa::path(
    tag = "Declarations",
    operation_id = "listDeclarations",
    summary = "List declarations",
    description = "Cancellations and withdrawals declared without login, newest first. Those with the status `received` wait for staff. For \
        the provider's staff.",
    params(DeclarationParams, PageParams),
    responses((status = 200, description = "A page of declarations.", body = DeclarationList)),
    extensions(("x-required-scopes" = json!(["declarations:read"])))
)]
#[get("/declarations")]
pub async fn list_declarations(
    state: web::Data<AppState>,
    principal: Principal,
    paging: Paging,
    query: Query<DeclarationParams>,
) -> Result<HttpResponse, Problem> {
    let query = DeclarationQuery {
        kind: query.0.declaration_type.map(Into::into),
        status: query.0.status.map(Into::into),
        customer_id: query.0.customer_id,
    };
    let request = paging.request.clone();
    let page = blocking(&state, move |state| {
        declarations::list(state, &principal, &query, &request)
    })
    .await?;
    paging.respond::<_, DeclarationList>(page.map(DeclarationDto::from))
}

/// Fetch a declaration.
#[utoipa::path(
    tag = "Declarations",
    operation_id = "getDeclaration",
    summary = "Fetch declaration",
    description = "The declaration with the contracts that could be meant and what speaks for each. For the provider's staff.",
    params(DeclarationId),
    responses((status = 200, description = "The declaration.", body = DeclarationDto)),
    extensions(("x-required-scopes" = json!(["declarations:read"])), ("x-entity-tag" = json!(true)))
)]
#[get("/declarations/{declaration_id}")]
pub async fn get_declaration(
    state: web::Data<AppState>,
    principal: Principal,
    declaration_id: DeclarationId,
    request: HttpRequest,
    _query: Query<NoParameters>,
) -> Result<HttpResponse, Problem> {
    let find = move |state: &AppState| declarations::find(state, &principal, &declaration_id.0);
    let view = blocking(&state, find).await?;
    let version = view.version;
    etag::respond(
        &request,
        IdKind::Declaration.prefix(),
        version,
        &DeclarationDto::from(view),
    )
}

/// Match a declaration to a contract.
#[utoipa::path(
    tag = "Declarations",
    operation_id = "matchDeclaration",
    summary = "Match declaration to contract",
    description = "Notes which contract is meant; for a withdrawal also whether it came in time, by the time of its declaration. Mends a wrong \
        match, and takes a rejection back. For the provider's staff.",
    params(DeclarationId),
    request_body(content = MatchDeclaration, description = "The contract."),
    responses((status = 200, description = "The matched declaration.", body = DeclarationDto)),
    extensions(
        ("x-required-scopes" = json!(["declarations:decide"])),
        ("x-entity-tag" = json!(true)),
        ("x-problem-codes" = json!(["declaration_decided", "test_clock_advancing"]))
    )
)]
#[post("/declarations/{declaration_id}/match")]
pub async fn match_declaration(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    declaration_id: DeclarationId,
    body: Json<MatchDeclaration>,
) -> Result<HttpResponse, Problem> {
    let locale = context.locale;
    let command = command(principal, context, body.body_hash, None);
    let assignment = Assignment {
        subscription_id: body.value.subscription_id,
    };
    let work = move |state: &AppState| {
        declarations::match_to(state, &command, &declaration_id.0, &assignment, &|view| {
            rendered(view, locale)
        })
    };
    send(blocking(&state, work).await?)
}

/// Execute a matched declaration.
#[utoipa::path(
    tag = "Declarations",
    operation_id = "executeDeclaration",
    summary = "Execute declaration",
    description = "Gives a matched declaration its effect on the contract, counted from the time at which it was received, however late staff \
        decide. For the provider's staff. The body may be left out.",
    params(DeclarationId),
    request_body(content = Option<NoMembers>, description = "Nothing; the body may be left out."),
    responses((status = 200, description = "The executed declaration.", body = DeclarationDto)),
    extensions(
        ("x-required-scopes" = json!(["declarations:decide"])),
        ("x-entity-tag" = json!(true)),
        ("x-problem-codes" = json!([
            "declaration_decided", "declaration_not_matched", "test_clock_advancing", "subscription_ended", "instant_out_of_range",
            "date_out_of_range", "no_right_of_withdrawal", "withdrawal_too_late", "already_withdrawn", "state_conflict"
        ]))
    )
)]
#[post("/declarations/{declaration_id}/execute")]
pub async fn execute_declaration(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    declaration_id: DeclarationId,
    body: OptionalJson<NoMembers>,
) -> Result<HttpResponse, Problem> {
    let locale = context.locale;
    let command = command(principal, context, body.body_hash, None);
    let work = move |state: &AppState| {
        declarations::execute(state, &command, &declaration_id.0, &|view| rendered(view, locale))
    };
    send(blocking(&state, work).await?)
}

/// Reject a declaration.
#[utoipa::path(
    tag = "Declarations",
    operation_id = "rejectDeclaration",
    summary = "Reject declaration",
    description = "Says that a declaration has no effect, and why. It stays received and confirmed; matching it takes the rejection back. \
        `unmatch` undoes a wrong match, so that nothing of what somebody else declared stays among that customer's data. For the \
        provider's staff.",
    params(DeclarationId),
    request_body(content = RejectDeclaration, description = "The reason."),
    responses((status = 200, description = "The rejected declaration.", body = DeclarationDto)),
    extensions(
        ("x-required-scopes" = json!(["declarations:decide"])),
        ("x-entity-tag" = json!(true)),
        ("x-problem-codes" = json!(["declaration_decided", "test_clock_advancing"]))
    )
)]
#[post("/declarations/{declaration_id}/reject")]
pub async fn reject_declaration(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    declaration_id: DeclarationId,
    body: Json<RejectDeclaration>,
) -> Result<HttpResponse, Problem> {
    let locale = context.locale;
    let command = command(principal, context, body.body_hash, None);
    let RejectDeclaration { reason, unmatch } = body.value;
    let rejection = Rejection { reason, unmatch };
    let work = move |state: &AppState| {
        declarations::reject(state, &command, &declaration_id.0, &rejection, &|view| {
            rendered(view, locale)
        })
    };
    send(blocking(&state, work).await?)
}

fn rendered(view: &DeclarationView, locale: Locale) -> Result<Answer, AppError> {
    let version = Some((IdKind::Declaration.prefix(), view.version));
    let dto = DeclarationDto::from(view.clone());
    Ok(in_language(answer(StatusCode::OK, &dto, version, None)?, locale))
}

//! Concluding and reading contracts.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};

use super::dto::{CreateSubscription, SubscriptionDto, SubscriptionList, SubscriptionParams};
use crate::api::answer::{answer, send};
use crate::api::commands::{command, in_language, preview_response};
use crate::api::extract::{Json, NoParameters, Query, SubscriptionId};
use crate::api::pagination::{PageParams, Paging};
use crate::api::preview::PreviewDto;
use crate::api::problem::Problem;
use crate::api::{blocking, etag};
use crate::context::RequestContext;
use crate::domain::access::Principal;
use crate::domain::ids::IdKind;
use crate::page::Page;
use crate::services::subscriptions::{self, NewSubscription, SubscriptionQuery};
use crate::services::views::SubscriptionView;
use crate::state::AppState;

/// Mounts the operations of this module.
pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config
        .service(create_subscription)
        .service(preview_subscription)
        .service(list_subscriptions)
        .service(get_subscription);
}

/// Conclude a contract.
#[utoipa::path(
    tag = "Subscriptions",
    operation_id = "createSubscription",
    summary = "Conclude subscription",
    description = "Concludes a contract about a plan, today or later, and charges what is due at once. The documents that the \
        preview names must be accepted in their current version; wording, hash and instant are kept. With `preview_token` \
        exactly the previewed contract is concluded, or nothing.",
    request_body(content = CreateSubscription, description = "Plan, quantity, start and consents."),
    responses((status = 201, description = "The contract.", body = SubscriptionDto)),
    extensions(
        ("x-required-scopes" = json!(["subscriptions:write"])),
        ("x-entity-tag" = json!(true)),
        ("x-problem-codes" = json!([
            "not_found", "preview_stale", "test_clock_advancing", "catalogue_not_published", "plan_not_available",
            "not_for_customer_type", "quantity_out_of_range", "date_out_of_range", "consent_required", "consent_outdated", "unknown_document",
            "order_button_required"
        ]))
    )
)]
#[post("/subscriptions")]
pub async fn create_subscription(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    body: Json<CreateSubscription>,
) -> Result<HttpResponse, Problem> {
    let locale = context.locale;
    let command = command(principal, context, body.body_hash, body.value.preview_token.clone());
    let new = NewSubscription::from(body.value);
    let render = move |view: SubscriptionView| {
        let id = &view.subscription.id;
        let version = Some((IdKind::Subscription.prefix(), view.subscription.version));
        let location = Some(format!("/v1/subscriptions/{id}"));
        let dto = SubscriptionDto::new(&view, locale)?;
        Ok(in_language(
            answer(StatusCode::CREATED, &dto, version, location)?,
            locale,
        ))
    };
    let conclude =
        move |state: &AppState| subscriptions::conclude(state, &command, &new, &PreviewDto::renderer(locale), &render);
    send(blocking(&state, conclude).await?)
}

/// Preview a contract.
#[utoipa::path(
    tag = "Subscriptions",
    operation_id = "previewSubscription",
    summary = "Preview subscription",
    description = "What concluding the contract would do, with prices, dates and the documents to accept. Changes nothing.",
    request_body(content = CreateSubscription, description = "The same as to conclude; consents may still be missing."),
    responses((status = 200, description = "The preview.", body = PreviewDto)),
    extensions(
        ("x-required-scopes" = json!(["subscriptions:write"])),
        ("x-problem-codes" = json!([
            "not_found", "catalogue_not_published", "plan_not_available", "not_for_customer_type", "quantity_out_of_range",
            "date_out_of_range", "consent_outdated", "unknown_document"
        ]))
    )
)]
#[post("/subscriptions/preview")]
pub async fn preview_subscription(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    body: Json<CreateSubscription>,
) -> Result<HttpResponse, Problem> {
    let locale = context.locale;
    let command = command(principal, context, body.body_hash, None);
    let new = NewSubscription::from(body.value);
    let preview = move |state: &AppState| subscriptions::preview_conclusion(state, &command, &new);
    Ok(preview_response(&blocking(&state, preview).await?, locale))
}

/// List contracts.
#[utoipa::path(
    tag = "Subscriptions",
    operation_id = "listSubscriptions",
    summary = "List subscriptions",
    description = "The contracts the caller may see, newest first, as of each customer's business day.",
    params(SubscriptionParams, PageParams),
    responses((status = 200, description = "A page of contracts.", body = SubscriptionList)),
    extensions(("x-required-scopes" = json!(["subscriptions:read"])))
)]
#[get("/subscriptions")]
pub async fn list_subscriptions(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    paging: Paging,
    query: Query<SubscriptionParams>,
) -> Result<HttpResponse, Problem> {
    let query = SubscriptionQuery::from(query.0);
    let request = paging.request.clone();
    let list = move |state: &AppState| subscriptions::list(state, &principal, &query, &request);
    let page = blocking(&state, list).await?;
    let items = page
        .items
        .iter()
        .map(|view| SubscriptionDto::new(view, context.locale))
        .collect::<Result<Vec<_>, _>>()?;
    paging.respond::<_, SubscriptionList>(Page { items, next: page.next })
}

/// Fetch a contract.
#[utoipa::path(
    tag = "Subscriptions",
    operation_id = "getSubscription",
    summary = "Fetch subscription",
    description = "The contract as of its customer's business day, everything due applied.",
    params(SubscriptionId),
    responses((status = 200, description = "The contract.", body = SubscriptionDto)),
    extensions(("x-required-scopes" = json!(["subscriptions:read"])), ("x-entity-tag" = json!(true)))
)]
#[get("/subscriptions/{subscription_id}")]
pub async fn get_subscription(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    subscription_id: SubscriptionId,
    request: HttpRequest,
    _query: Query<NoParameters>,
) -> Result<HttpResponse, Problem> {
    let find = move |state: &AppState| subscriptions::find(state, &principal, &subscription_id.0);
    let view = blocking(&state, find).await?;
    let dto = SubscriptionDto::new(&view, context.locale)?;
    etag::respond(&request, IdKind::Subscription.prefix(), view.subscription.version, &dto)
}

//! `/v1/customers`: the people and firms who hold contracts.

mod dto;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, patch, post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::answer::{answer, send};
use super::extract::{CustomerId, IfMatch, Json, MergePatch, Query};
use super::pagination::{PageParams, Paging};
use super::problem::Problem;
use super::{blocking, etag};
use crate::context::RequestContext;
use crate::domain::access::Principal;
use crate::domain::ids::IdKind;
use crate::error::AppError;
use crate::services::command::Command;
use crate::services::customers::{self, Customer, CustomerPatch, CustomerQuery, NewCustomer};
use crate::services::idempotency::Answer;
use crate::state::AppState;
pub use dto::CustomerDto;
use dto::{CreateCustomer, CustomerList, CustomerParams, UpdateCustomer};

/// A new customer.
#[utoipa::path(
    tag = "Customers",
    operation_id = "createCustomer",
    summary = "Create a customer",
    description = "For staff and API keys. The customer can then conclude contracts; a login or a session is a separate matter.",
    request_body(content = CreateCustomer),
    responses((status = 201, description = "The customer.", body = CustomerDto)),
    extensions(
        ("x-required-scopes" = json!(["customers:write"])),
        ("x-entity-tag" = json!(true)),
        ("x-problem-codes" = json!(["customer_number_taken", "external_id_taken", "no_test_mode", "test_clock_advancing"])),
    )
)]
#[post("/customers")]
pub async fn create_customer(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    body: Json<CreateCustomer>,
) -> Result<HttpResponse, Problem> {
    let new = NewCustomer::from(body.value);
    let command = command(principal, context, body.body_hash);
    let render = |customer: &Customer| {
        let location = format!("/v1/customers/{}", customer.id);
        rendered(StatusCode::CREATED, customer, Some(location))
    };
    send(blocking(&state, move |state| customers::create(state, &command, &new, &render)).await?)
}

/// The customers of the provider.
#[utoipa::path(
    tag = "Customers",
    operation_id = "listCustomers",
    summary = "List customers",
    description = "The customers of the provider, newest first; for staff and API keys.",
    params(CustomerParams, PageParams),
    responses((status = 200, description = "A page of customers.", body = CustomerList)),
    extensions(
        ("x-required-scopes" = json!(["customers:read"])),
    )
)]
#[get("/customers")]
pub async fn list_customers(
    state: web::Data<AppState>,
    principal: Principal,
    paging: Paging,
    query: Query<CustomerParams>,
) -> Result<HttpResponse, Problem> {
    let query = CustomerQuery::from(query.0);
    let request = paging.request.clone();
    let page = blocking(&state, move |state| {
        customers::list(state, &principal, &query, &request)
    })
    .await?;
    paging.respond::<_, CustomerList>(page.map(CustomerDto::from))
}

/// One customer.
#[utoipa::path(
    tag = "Customers",
    operation_id = "getCustomer",
    summary = "Fetch a customer",
    description = "Staff and API keys see every customer of the provider, customers see themselves.",
    params(CustomerId),
    responses((status = 200, description = "The customer.", body = CustomerDto)),
    extensions(
        ("x-required-scopes" = json!(["customers:read"])),
        ("x-entity-tag" = json!(true)),
    )
)]
#[get("/customers/{customer_id}")]
pub async fn get_customer(
    state: web::Data<AppState>,
    principal: Principal,
    customer_id: CustomerId,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let customer = blocking(&state, move |state| customers::find(state, &principal, &customer_id.0)).await?;
    etag::respond(
        &request,
        IdKind::Customer.prefix(),
        customer.version,
        &CustomerDto::from(customer),
    )
}

/// Changes to a customer.
#[utoipa::path(
    tag = "Customers",
    operation_id = "updateCustomer",
    summary = "Update a customer",
    description = "A merge patch (RFC 7396): absent members stay as they are, `null` removes. Number and type cannot be changed. Send the `ETag` as `If-Match` to change only what you have read.",
    params(CustomerId),
    request_body(content((UpdateCustomer = "application/merge-patch+json"), (UpdateCustomer = "application/json"))),
    responses((status = 200, description = "The customer as it is now.", body = CustomerDto)),
    extensions(
        ("x-required-scopes" = json!(["customers:write"])),
        ("x-entity-tag" = json!(true)),
        ("x-problem-codes" = json!(["external_id_taken"])),
    )
)]
#[patch("/customers/{customer_id}")]
pub async fn update_customer(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    customer_id: CustomerId,
    if_match: IfMatch,
    body: MergePatch<UpdateCustomer>,
) -> Result<HttpResponse, Problem> {
    let patch = CustomerPatch::from(body.value);
    let command = command(principal, context, body.body_hash);
    let render = |customer: &Customer| rendered(StatusCode::OK, customer, None);
    let update =
        move |state: &AppState| customers::update(state, &command, &customer_id.0, &if_match.0, &patch, &render);
    send(blocking(&state, update).await?)
}

fn command(principal: Principal, context: RequestContext, body_hash: [u8; 32]) -> Command {
    Command {
        principal,
        idempotency: context.idempotency(body_hash),
        context,
        preview_token: None,
    }
}

fn rendered(status: StatusCode, customer: &Customer, location: Option<String>) -> Result<Answer, AppError> {
    let version = Some((IdKind::Customer.prefix(), customer.version));
    answer(status, &CustomerDto::from(customer.clone()), version, location)
}

/// Mounts the operations of this module.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(create_customer)
        .service(list_customers)
        .service(get_customer)
        .service(update_customer);
}

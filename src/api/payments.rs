//! `/v1/payments`: what customers have paid, recorded by staff.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::answer::{answer, send};
use super::blocking;
use super::civil_date::CivilDate;
use super::commands::command;
use super::extract::{Json, Query};
use super::instant::Instant;
use super::money::{MoneyDto, MoneyInput};
use super::pagination::{PageParams, Paging};
use super::problem::Problem;
use crate::context::RequestContext;
use crate::domain::access::Principal;
use crate::domain::invoice::PaymentOrder;
use crate::error::AppError;
use crate::list_of;
use crate::services::payments::{self, PaymentView};
use crate::state::AppState;

/// Mounts the operations of this module.
pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(record_payment).service(list_payments);
}

/// A payment that has arrived.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "customer_id": "cus_01k9w3x8kqf0wvm2n6c1c9t7xh", "amount": {"amount": "23.68", "currency": "EUR"},
    "received_on": "2026-11-21", "method": "Überweisung", "reference": "RE-2026-000042"
}))]
pub struct RecordPayment {
    /// Who paid; may be left out when `invoice_id` is given.
    #[schema(nullable = false, max_length = 30, example = "cus_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub customer_id: Option<String>,
    /// The invoice that the customer named, which is settled first; the others follow, those due longest first.
    #[schema(nullable = false, max_length = 30, example = "inv_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub invoice_id: Option<String>,
    /// What was paid; more than zero.
    pub amount: MoneyInput,
    /// The day on which it arrived; today when left out.
    #[schema(nullable = false)]
    pub received_on: Option<CivilDate>,
    /// How it was paid, in your words.
    #[validate(length(min = 1, max = 60))]
    #[schema(nullable = false, min_length = 1, max_length = 60, example = "Überweisung")]
    pub method: Option<String>,
    /// Reference of the bank or the payment service.
    #[validate(length(min = 1, max = 140))]
    #[schema(nullable = false, min_length = 1, max_length = 140, example = "RE-2026-000042")]
    pub reference: Option<String>,
}

/// The part of a payment that settled one invoice.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PaymentAllocation)]
pub struct AllocationDto {
    /// The invoice.
    #[schema(max_length = 30, example = "inv_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub invoice_id: String,
    /// How much of the payment.
    pub amount: MoneyDto,
}

/// A payment and what it settled.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Payment)]
pub struct PaymentDto {
    /// Id of the payment.
    #[schema(
        pattern = "^pay_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "pay_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub id: String,
    /// Who paid.
    #[schema(max_length = 30, example = "cus_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub customer_id: String,
    /// What was paid.
    pub amount: MoneyDto,
    /// The day on which it arrived.
    pub received_on: CivilDate,
    /// The invoice that the customer named.
    #[schema(required, max_length = 30, example = json!(null))]
    pub invoice_id: Option<String>,
    /// How it was paid.
    #[schema(required, max_length = 60, example = "Überweisung")]
    pub method: Option<String>,
    /// Reference of the bank or the payment service.
    #[schema(required, max_length = 140, example = "RE-2026-000042")]
    pub reference: Option<String>,
    /// The invoices it settled, wholly or in part.
    #[schema(max_items = 1000)]
    pub allocations: Vec<AllocationDto>,
    /// What was left over: balance for the next invoices.
    pub to_balance: MoneyDto,
    /// When it was recorded.
    pub recorded_at: Instant,
}

impl From<&PaymentView> for PaymentDto {
    fn from(view: &PaymentView) -> Self {
        let payment = &view.payment;
        Self {
            id: payment.id.clone(),
            customer_id: view.customer_id.clone(),
            amount: payment.amount.into(),
            received_on: payment.received_on.into(),
            invoice_id: payment.invoice_id.clone(),
            method: payment.method.clone(),
            reference: payment.reference.clone(),
            allocations: payment
                .allocations
                .iter()
                .map(|part| AllocationDto {
                    invoice_id: part.invoice_id.clone(),
                    amount: part.amount.into(),
                })
                .collect(),
            to_balance: payment.to_balance.into(),
            recorded_at: payment.recorded_at.into(),
        }
    }
}

/// Which payments a list shows.
#[derive(Debug, Clone, Default, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PaymentParams {
    /// Only payments of this customer.
    #[param(nullable = false, max_length = 30, example = "cus_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub customer_id: Option<String>,
}

list_of!(
    /// Payments, newest first.
    PaymentList of PaymentDto
);

/// Record a payment.
#[utoipa::path(
    tag = "Invoices",
    operation_id = "recordPayment",
    summary = "Record payment",
    description = "A payment that has arrived, in full, in part or too much; what is left over is balance for the next invoices. \
        For the provider's staff and systems. Collecting money is not done here.",
    request_body(content = RecordPayment),
    responses((status = 201, description = "The payment with what it settled.", body = PaymentDto)),
    extensions(
        ("x-required-scopes" = json!(["payments:write"])),
        ("x-location" = json!(false)),
        ("x-problem-codes" = json!([
            "not_found", "catalogue_not_published", "test_clock_advancing", "amount_not_positive", "currency_mismatch",
            "date_out_of_range"
        ]))
    )
)]
#[post("/payments")]
pub async fn record_payment(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    body: Json<RecordPayment>,
) -> Result<HttpResponse, Problem> {
    let RecordPayment {
        customer_id,
        invoice_id,
        amount,
        received_on,
        method,
        reference,
    } = body.value;
    let command = command(principal, context, body.body_hash, None);
    let order = PaymentOrder {
        amount: amount.parse("/amount").map_err(AppError::from)?,
        received_on: received_on.map(|day| day.0),
        invoice_id,
        method,
        reference,
    };
    let render = |view: &PaymentView| answer(StatusCode::CREATED, &PaymentDto::from(view), None, None);
    let record = move |state: &AppState| payments::record(state, &command, customer_id.as_deref(), &order, &render);
    send(blocking(&state, record).await?)
}

/// List payments.
#[utoipa::path(
    tag = "Invoices",
    operation_id = "listPayments",
    summary = "List payments",
    description = "The payments recorded, newest first, with the invoices they settled.",
    params(PaymentParams, PageParams),
    responses((status = 200, description = "A page of payments.", body = PaymentList)),
    extensions(("x-required-scopes" = json!(["payments:read"])))
)]
#[get("/payments")]
pub async fn list_payments(
    state: web::Data<AppState>,
    principal: Principal,
    paging: Paging,
    query: Query<PaymentParams>,
) -> Result<HttpResponse, Problem> {
    let customer_id = query.0.customer_id;
    let request = paging.request.clone();
    let list = move |state: &AppState| payments::list(state, &principal, customer_id, &request);
    let page = blocking(&state, list).await?;
    paging.respond::<_, PaymentList>(page.map(|view| PaymentDto::from(&view)))
}

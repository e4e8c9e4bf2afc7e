//! `/v1/usage`: what was used under contracts, reported by the provider's systems and charged in arrears.

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
use super::pagination::{PageParams, Paging};
use super::problem::Problem;
use crate::context::RequestContext;
use crate::domain::access::Principal;
use crate::domain::invoice::UsageReport;
use crate::list_of;
use crate::services::usage::{self, UsageQuery, UsageView};
use crate::state::AppState;

/// Mounts the operations of this module.
pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(record_usage).service(list_usage);
}

/// Something that was used.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UsageReport, example = json!({
    "subscription_id": "sub_01k9w3x8kqf0wvm2n6c1c9t7xh", "price": "sms", "quantity": 12, "reference": "sms-2026-11-21-0815"
}))]
pub struct UsageInput {
    /// The contract.
    #[validate(length(min = 1, max = 30))]
    #[schema(max_length = 30, example = "sub_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub subscription_id: String,
    /// Key of the price by use, or the unit it counts.
    #[validate(length(min = 1, max = 60))]
    #[schema(min_length = 1, max_length = 60, example = "sms")]
    pub price: String,
    /// Units used.
    #[validate(range(min = 1, max = 1_000_000))]
    #[schema(minimum = 1, maximum = 1_000_000, example = 12)]
    pub quantity: u32,
    /// When they were used; now when left out.
    #[schema(nullable = false)]
    pub used_at: Option<Instant>,
    /// Your own id, unique per provider. A record whose reference is known is not recorded again.
    #[validate(length(min = 1, max = 100))]
    #[schema(nullable = false, min_length = 1, max_length = 100, example = "sms-2026-11-21-0815")]
    pub reference: Option<String>,
}

/// Usage to be recorded: all of it or nothing.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordUsage {
    /// The records, of one or several contracts.
    #[validate(length(min = 1, max = 1000), nested)]
    #[schema(min_items = 1, max_items = 1000)]
    pub records: Vec<UsageInput>,
}

/// A usage record.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = UsageRecord)]
pub struct UsageDto {
    /// Id of the record.
    #[schema(
        pattern = "^usg_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "usg_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub id: String,
    /// Who used.
    #[schema(max_length = 30, example = "cus_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub customer_id: String,
    /// The contract.
    #[schema(max_length = 30, example = "sub_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub subscription_id: String,
    /// Key of the price.
    #[schema(max_length = 60, example = "sms")]
    pub price_key: String,
    /// Units used.
    #[schema(example = 12)]
    pub quantity: u32,
    /// When they were used.
    pub used_at: Instant,
    /// Your own id.
    #[schema(required, max_length = 100, example = "sms-2026-11-21-0815")]
    pub reference: Option<String>,
    /// The day on which it was charged.
    #[schema(required)]
    pub billed_on: Option<CivilDate>,
    /// The charge that took it up.
    #[schema(required, max_length = 30, example = json!(null))]
    pub charge_id: Option<String>,
}

impl From<&UsageView> for UsageDto {
    fn from(view: &UsageView) -> Self {
        Self {
            id: view.id.clone(),
            customer_id: view.customer_id.clone(),
            subscription_id: view.subscription_id.clone(),
            price_key: view.price_key.clone(),
            quantity: view.quantity,
            used_at: view.used_at.into(),
            reference: view.reference.clone(),
            billed_on: view.billed_on.map(Into::into),
            charge_id: view.charge_id.clone(),
        }
    }
}

/// The records in the order in which they were sent.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RecordedUsage {
    /// The records.
    #[schema(max_items = 1000)]
    pub data: Vec<UsageDto>,
}

/// Which usage a list shows.
#[derive(Debug, Clone, Default, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UsageParams {
    /// Only usage of this customer.
    #[param(nullable = false, max_length = 30, example = "cus_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub customer_id: Option<String>,
    /// Only usage under this contract.
    #[param(nullable = false, max_length = 30, example = "sub_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub subscription_id: Option<String>,
    /// Only usage that this charge took up.
    #[param(nullable = false, max_length = 30, example = "chg_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub charge_id: Option<String>,
}

list_of!(
    /// Usage, newest first.
    UsageList of UsageDto
);

/// Record usage.
#[utoipa::path(
    tag = "Charges",
    operation_id = "recordUsage",
    summary = "Record usage",
    description = "What was used under contracts, for the provider's systems. It is charged in arrears: one line per price when \
        the billing period, or the contract, is over. Use before the first or after the last day of a contract is refused. \
        Repetitions are recognised by `Idempotency-Key`, and record by record by `reference`.",
    request_body(content = RecordUsage),
    responses((status = 201, description = "The records.", body = RecordedUsage)),
    extensions(
        ("x-required-scopes" = json!(["usage:write"])),
        ("x-location" = json!(false)),
        ("x-problem-codes" = json!([
            "catalogue_not_published", "test_clock_advancing", "usage_outside_contract", "usage_reference_taken", "usage_not_priced",
            "date_out_of_range", "quantity_out_of_range"
        ]))
    )
)]
#[post("/usage")]
pub async fn record_usage(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    body: Json<RecordUsage>,
) -> Result<HttpResponse, Problem> {
    let command = command(principal, context, body.body_hash, None);
    let reports = body.value.records.into_iter().map(|record| UsageReport {
        subscription_id: record.subscription_id,
        price: record.price,
        quantity: record.quantity,
        used_at: record.used_at.map(|at| at.0),
        reference: record.reference,
    });
    let reports: Vec<UsageReport> = reports.collect();
    let render = |views: &[UsageView]| {
        let recorded = RecordedUsage {
            data: views.iter().map(UsageDto::from).collect(),
        };
        answer(StatusCode::CREATED, &recorded, None, None)
    };
    let record = move |state: &AppState| usage::record(state, &command, &reports, &render);
    send(blocking(&state, record).await?)
}

/// List usage.
#[utoipa::path(
    tag = "Charges",
    operation_id = "listUsage",
    summary = "List usage",
    description = "What was used, newest first, with the charge that took it up.",
    params(UsageParams, PageParams),
    responses((status = 200, description = "A page of usage.", body = UsageList)),
    extensions(("x-required-scopes" = json!(["charges:read"])))
)]
#[get("/usage")]
pub async fn list_usage(
    state: web::Data<AppState>,
    principal: Principal,
    paging: Paging,
    query: Query<UsageParams>,
) -> Result<HttpResponse, Problem> {
    let query = UsageQuery {
        customer_id: query.0.customer_id,
        subscription_id: query.0.subscription_id,
        charge_id: query.0.charge_id,
    };
    let request = paging.request.clone();
    let list = move |state: &AppState| usage::list(state, &principal, &query, &request);
    let page = blocking(&state, list).await?;
    paging.respond::<_, UsageList>(page.map(|view| UsageDto::from(&view)))
}

//! `/v1/charges`: every amount a contract caused.

use actix_web::{HttpResponse, get, web};
use serde::Deserialize;
use utoipa::IntoParams;
use validator::Validate;

use super::amounts::ChargeDto;
use super::blocking;
use super::contract_choices::ChargeStatusDto;
use super::extract::Query;
use super::pagination::{PageParams, Paging};
use super::problem::Problem;
use crate::context::RequestContext;
use crate::domain::access::Principal;
use crate::list_of;
use crate::services::charges::{self, ChargeQuery};
use crate::state::AppState;

/// Mounts the operations of this module.
pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(list_charges);
}

/// Which charges a list shows.
#[derive(Debug, Clone, Default, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChargeParams {
    /// Only charges of this customer.
    #[param(nullable = false, max_length = 30, example = "cus_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub customer_id: Option<String>,
    /// Only charges of this contract.
    #[param(nullable = false, max_length = 30, example = "sub_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub subscription_id: Option<String>,
    /// Only charges that this plan change or cancellation caused.
    #[param(nullable = false, max_length = 30, example = "pch_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub change_id: Option<String>,
    /// Only charges in this status.
    #[param(nullable = false, inline)]
    pub status: Option<ChargeStatusDto>,
}

list_of!(
    /// Charges, newest first.
    ChargeList of ChargeDto
);

/// List charges.
#[utoipa::path(
    tag = "Charges",
    operation_id = "listCharges",
    summary = "List charges",
    description = "Every amount that was charged or credited, newest first, with its period and its arithmetic. Drafts wait for the next invoice.",
    params(ChargeParams, PageParams),
    responses((status = 200, description = "A page of charges.", body = ChargeList)),
    extensions(("x-required-scopes" = json!(["charges:read"])))
)]
#[get("/charges")]
pub async fn list_charges(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    paging: Paging,
    query: Query<ChargeParams>,
) -> Result<HttpResponse, Problem> {
    let params = query.0;
    let query = ChargeQuery {
        customer_id: params.customer_id,
        subscription_id: params.subscription_id,
        change_id: params.change_id,
        status: params.status.map(Into::into),
    };
    let request = paging.request.clone();
    let page = blocking(&state, move |state| charges::list(state, &principal, &query, &request)).await?;
    paging.respond::<_, ChargeList>(
        page.map(|view| ChargeDto::new(&view.charge, &view.subscription_id, &view.customer_id, context.locale)),
    )
}

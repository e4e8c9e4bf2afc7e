//! `/v1/public`: what anyone may read, without login.

use actix_web::http::header;
use actix_web::{HttpResponse, get, web};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::blocking;
use super::choices::CustomerTypeDto;
use super::extract::{ProviderSlug, Query};
use super::pagination::{PageParams, Paging};
use super::plans::{PlanList, PlanQuery, page_of_plans};
use super::problem::Problem;
use crate::context::RequestContext;
use crate::services::catalogue;
use crate::state::AppState;

/// How long browsers and proxies may keep a public list, in seconds.
const PUBLIC_CACHE: &str = "public, max-age=300";

/// Which plans a public list shows.
#[derive(Debug, Clone, Default, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PublicPlanQuery {
    /// Only plans of the product with this key.
    #[param(nullable = false, max_length = 60, example = "video")]
    pub product: Option<String>,
    /// Only plans sold to this type of customer.
    #[param(nullable = false, inline)]
    pub sold_to: Option<CustomerTypeDto>,
}

/// The plans of a provider, for anyone.
#[utoipa::path(
    tag = "Public",
    operation_id = "listPublicPlans",
    summary = "List the plans of a provider",
    description = "For price lists on a web site: the plans that can be concluded now. May be kept by browsers and proxies for five minutes.",
    security(()),
    params(ProviderSlug, PublicPlanQuery, PageParams),
    responses((status = 200, description = "A page of plans.", body = PlanList)),
)]
#[get("/public/{provider}/plans")]
pub async fn list_public_plans(
    state: web::Data<AppState>,
    context: RequestContext,
    provider: ProviderSlug,
    paging: Paging,
    query: Query<PublicPlanQuery>,
) -> Result<HttpResponse, Problem> {
    let published = blocking(&state, move |state| catalogue::published_by_slug(state, &provider.0)).await?;
    let query = PlanQuery {
        product: query.0.product,
        sold_to: query.0.sold_to,
        available: Some(true),
    };
    let page = page_of_plans(published.as_deref(), &query, &paging.request, context.locale);
    let mut response = paging.respond::<_, PlanList>(page)?;
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, header::HeaderValue::from_static(PUBLIC_CACHE));
    Ok(response)
}

/// Mounts the operations of this module.
pub fn configure(config: &mut ServiceConfig) {
    config.service(list_public_plans);
}

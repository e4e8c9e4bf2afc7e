//! `/v1/public`: what anyone may read, without login.

use actix_web::http::header;
use actix_web::{HttpResponse, get, web};

use super::blocking;
use super::extract::{ProviderSlug, Query};
use super::pagination::Paging;
use super::plans::{PlanList, PlanQuery, page_of_plans};
use super::problem::Problem;
use crate::context::RequestContext;
use crate::services::catalogue;
use crate::state::AppState;

/// How long browsers and proxies may keep a public list, in seconds.
const PUBLIC_CACHE: &str = "public, max-age=300";

/// List a provider's plans without login. Only plans that can be concluded are shown.
#[get("/public/{provider}/plans")]
pub async fn list_public_plans(
    state: web::Data<AppState>,
    context: RequestContext,
    provider: ProviderSlug,
    paging: Paging,
    query: Query<PlanQuery>,
) -> Result<HttpResponse, Problem> {
    let published = blocking(&state, move |state| catalogue::published_by_slug(state, &provider.0)).await?;
    let query = PlanQuery {
        available: Some(true),
        ..query.0
    };
    let page = page_of_plans(published.as_deref(), &query, &paging.request, context.locale);
    let mut response = paging.respond::<_, PlanList>(page)?;
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, header::HeaderValue::from_static(PUBLIC_CACHE));
    Ok(response)
}

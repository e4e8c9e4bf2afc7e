//! `/v1/products`: the products of the published catalogue, in the caller's language.

use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::blocking;
use super::extract::{NoParameters, Query};
use super::offer::page_in_order;
use super::pagination::{PageParams, Paging};
use super::problem::Problem;
use crate::context::RequestContext;
use crate::domain::access::Principal;
use crate::domain::localized::Locale;
use crate::list_of;
use crate::page::{Page, PageRequest};
use crate::services::catalogue::{self, PublishedCatalogue};
use crate::state::AppState;

list_of!(
    /// Products of the published catalogue, in the provider's order.
    ProductList of ProductDto
);

/// A product: what plans and add-ons belong to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Product)]
pub struct ProductDto {
    /// Id of the product.
    #[schema(
        pattern = "^prd_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "prd_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub id: String,
    /// Key of the product, as plans and add-ons name it.
    #[schema(max_length = 60, example = "video")]
    pub key: String,
    /// Name, in the caller's language.
    #[schema(max_length = 500, example = "Videosprechstunde")]
    pub name: String,
    /// What it is, in the caller's language.
    #[schema(max_length = 5000, example = "Beratungsgespräche per Video, ohne Installation.")]
    pub description: String,
}

/// The products of the published catalogue.
#[utoipa::path(
    tag = "Catalogue",
    operation_id = "listProducts",
    summary = "List products",
    description = "What plans and add-ons belong to, in the language of the caller and in the order of the provider.",
    params(PageParams),
    responses((status = 200, description = "A page of products.", body = ProductList)),
    extensions(
        ("x-required-scopes" = json!(["catalogue:read"])),
    )
)]
#[get("/products")]
pub async fn list_products(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    paging: Paging,
    _: Query<NoParameters>,
) -> Result<HttpResponse, Problem> {
    let published = blocking(&state, move |state| catalogue::published(state, &principal)).await?;
    paging.respond::<_, ProductList>(page_of_products(published.as_deref(), &paging.request, context.locale))
}

/// The page of products; none before a catalogue is published.
fn page_of_products(published: Option<&PublishedCatalogue>, request: &PageRequest, locale: Locale) -> Page<ProductDto> {
    let products = published.into_iter().flat_map(|published| {
        published
            .catalogue
            .products
            .iter()
            .filter_map(|product| Some((product, published.products.get(&product.key)?)))
    });
    page_in_order(products, request, |(product, _)| {
        (product.position, product.key.clone())
    })
    .map(|(product, id)| ProductDto {
        id: id.clone(),
        key: product.key.clone(),
        name: product.name.get(locale).to_owned(),
        description: product.description.get(locale).to_owned(),
    })
}

/// Mounts the operations of this module.
pub fn configure(config: &mut ServiceConfig) {
    config.service(list_products);
}

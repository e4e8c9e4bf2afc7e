//! `/v1/products`: the products of the published catalogue, in the caller's language.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::catalogue::Product;
use crate::domain::localized::Locale;
use crate::services::catalogue::PublishedCatalogue;

/// The products of the published catalogue.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProductList)]
pub struct ProductListDto {
    /// The products in the provider's order.
    #[schema(max_items = 2000)]
    pub data: Vec<ProductDto>,
}

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

impl ProductListDto {
    /// All products, in the provider's order.
    pub fn new(published: Option<&PublishedCatalogue>, locale: Locale) -> Self {
        let Some(published) = published else {
            return Self { data: Vec::new() };
        };
        let mut products: Vec<&Product> = published.catalogue.products.iter().collect();
        products.sort_by_key(|product| product.position);
        let data = products
            .into_iter()
            .map(|product| ProductDto {
                id: published.products.get(&product.key).cloned().unwrap_or_default(),
                key: product.key.clone(),
                name: product.name.get(locale).to_owned(),
                description: product.description.get(locale).to_owned(),
            })
            .collect();
        Self { data }
    }
}

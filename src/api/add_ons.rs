//! `/v1/add-ons`: the add-ons of the published catalogue, in the caller's language.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::blocking;
use super::choices::CustomerTypeDto;
use super::etag;
use super::extract::{AddOnId, Query};
use super::offer::{
    PriceDto, Pricing, QuantityRuleDto, RequiredConsentDto, TermsDto, WithdrawalSettingsDto, page_in_order,
};
use super::pagination::{PageParams, Paging};
use super::problem::Problem;
use crate::context::RequestContext;
use crate::domain::access::Principal;
use crate::domain::catalogue::{AddOn, AddOnBilling, AddOnCharging};
use crate::domain::localized::Locale;
use crate::error::AppError;
use crate::list_of;
use crate::page::{Page, PageRequest};
use crate::services::catalogue::{self, PublishedCatalogue};
use crate::state::AppState;

/// Which add-ons a list shows.
#[derive(Debug, Clone, Default, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AddOnQuery {
    /// Only add-ons of the product with this key.
    #[param(nullable = false, max_length = 60, example = "crm")]
    pub product: Option<String>,
    /// Only add-ons that can be booked on contracts about the plan with this key.
    #[param(nullable = false, max_length = 60, example = "professional")]
    pub plan: Option<String>,
    /// Only add-ons sold to this type of customer.
    #[param(nullable = false, inline)]
    pub sold_to: Option<CustomerTypeDto>,
    /// Only add-ons that can (or can no longer) be booked anew.
    #[param(nullable = false, example = true)]
    pub available: Option<bool>,
}

/// The add-ons of the published catalogue.
#[utoipa::path(
    tag = "Catalogue",
    operation_id = "listAddOns",
    summary = "List add-ons",
    description = "What can be booked on top of a contract, in the language of the caller, with prices, terms and documents to accept.",
    params(AddOnQuery, PageParams),
    responses((status = 200, description = "A page of add-ons.", body = AddOnList)),
    extensions(
        ("x-required-scopes" = json!(["catalogue:read"])),
    )
)]
#[get("/add-ons")]
pub async fn list_add_ons(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    paging: Paging,
    query: Query<AddOnQuery>,
) -> Result<HttpResponse, Problem> {
    let published = blocking(&state, move |state| catalogue::published(state, &principal)).await?;
    let page = page_of_add_ons(published.as_deref(), &query.0, &paging.request, context.locale);
    paging.respond::<_, AddOnList>(page)
}

/// One add-on of the published catalogue.
#[utoipa::path(
    tag = "Catalogue",
    operation_id = "getAddOn",
    summary = "Fetch an add-on",
    description = "An add-on of the published catalogue, in the language of the caller.",
    params(AddOnId),
    responses((status = 200, description = "The add-on.", body = AddOnDto)),
    extensions(
        ("x-required-scopes" = json!(["catalogue:read"])),
        ("x-entity-tag" = json!(true)),
    )
)]
#[get("/add-ons/{add_on_id}")]
pub async fn get_add_on(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    add_on_id: AddOnId,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let published = blocking(&state, move |state| catalogue::published(state, &principal)).await?;
    let published = published.ok_or(AppError::NotFound)?;
    let add_on = published.add_on_by_id(&add_on_id.0).ok_or(AppError::NotFound)?;
    etag::respond(
        &request,
        "cat",
        published.number,
        &AddOnDto::new(&published, add_on, context.locale),
    )
}

impl AddOnQuery {
    fn accepts(&self, add_on: &AddOn) -> bool {
        self.product.as_ref().is_none_or(|product| *product == add_on.product)
            && self.plan.as_ref().is_none_or(|plan| add_on.allowed_for.contains(plan))
            && self
                .sold_to
                .is_none_or(|customer_type| add_on.is_sold_to(customer_type.into()))
            && self.available.is_none_or(|available| add_on.available == available)
    }
}

list_of!(
    /// Add-ons of the published catalogue, in the provider's order.
    AddOnList of AddOnDto
);

/// An add-on: what can be booked on top of a contract.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AddOn)]
pub struct AddOnDto {
    /// Id of the add-on.
    #[schema(
        pattern = "^adn_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "adn_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub id: String,
    /// Key of the add-on; can be used instead of the id.
    #[schema(max_length = 60, example = "extra_user")]
    pub key: String,
    /// Id of the product.
    #[schema(
        pattern = "^prd_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "prd_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub product_id: String,
    /// Key of the product.
    #[schema(max_length = 60, example = "crm")]
    pub product: String,
    /// Name, in the caller's language.
    #[schema(max_length = 500, example = "Zusätzlicher Benutzer")]
    pub name: String,
    /// What it brings, in the caller's language.
    #[schema(max_length = 5000, example = "Ein weiterer Benutzer mit eigenem Zugang.")]
    pub description: String,
    /// Who may book it.
    #[schema(max_items = 2)]
    pub sold_to: Vec<CustomerTypeDto>,
    /// Whether it can be booked anew.
    #[schema(example = true)]
    pub available: bool,
    /// Recurring or performed once.
    pub charging: AddOnChargingDto,
    /// Whose billing periods it follows; `null` for one-off add-ons.
    #[schema(required)]
    pub billing: Option<AddOnBillingDto>,
    /// Length of a billing period (ISO 8601 duration); `null` for one-off add-ons.
    #[schema(required, pattern = r"^P\d{1,2}M$", max_length = 4, example = "P1M")]
    pub billing_interval: Option<String>,
    /// Minimum term, renewal and notice; `null` for one-off add-ons.
    #[schema(required)]
    pub terms: Option<TermsDto>,
    /// The price in words, in the caller's language.
    #[schema(max_length = 500, example = "5,90 € pro Benutzer und Monat, zzgl. MwSt.")]
    pub price_label: String,
    /// What it costs.
    #[schema(max_items = 100)]
    pub prices: Vec<PriceDto>,
    /// What one unit adds to the contract's limits.
    #[schema(max_items = 500)]
    pub entitlements: Vec<EntitlementDto>,
    /// How many units a booking may have.
    pub quantity: QuantityRuleDto,
    /// Keys of the plans on which it can be booked.
    #[schema(max_items = 2000)]
    pub allowed_for: Vec<String>,
    /// Whether it can only be used while the account is active and paid up.
    #[schema(example = false)]
    pub requires_active_account: bool,
    /// Documents that must be accepted to book it.
    #[schema(max_items = 50)]
    pub consents: Vec<RequiredConsentDto>,
    /// Label of the order button (§ 312j BGB), in the caller's language.
    #[schema(max_length = 500, example = "zahlungspflichtig bestellen")]
    pub order_button: String,
    /// How a statutory withdrawal is settled.
    pub withdrawal: WithdrawalSettingsDto,
}

/// Whether an add-on goes on until it is cancelled or is performed once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AddOnCharging, example = "recurring")]
pub enum AddOnChargingDto {
    /// Goes on; charged per billing period.
    Recurring,
    /// Performed and charged once.
    OneOff,
}

/// Whose billing periods a recurring add-on follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AddOnBilling, example = "with_contract")]
pub enum AddOnBillingDto {
    /// Those of the contract.
    WithContract,
    /// Its own, counted from the booking.
    Independent,
}

/// What one unit of an add-on adds to a limit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Entitlement)]
pub struct EntitlementDto {
    /// Key of the limit.
    #[schema(max_length = 60, example = "storage_gb")]
    pub key: String,
    /// How much one unit adds.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_u64, example = 10)]
    pub per_unit: u64,
}

/// The page of add-ons `query` asks for; none before a catalogue is published.
fn page_of_add_ons(
    published: Option<&PublishedCatalogue>,
    query: &AddOnQuery,
    request: &PageRequest,
    locale: Locale,
) -> Page<AddOnDto> {
    let add_ons = published.into_iter().flat_map(|published| {
        let accepted = published
            .catalogue
            .add_ons
            .iter()
            .filter(|add_on| query.accepts(add_on));
        accepted.map(move |add_on| (published, add_on))
    });
    page_in_order(add_ons, request, |(_, add_on)| (add_on.position, add_on.key.clone()))
        .map(|(published, add_on)| AddOnDto::new(published, add_on, locale))
}

impl AddOnDto {
    /// The add-on in the caller's language.
    pub fn new(published: &PublishedCatalogue, add_on: &AddOn, locale: Locale) -> Self {
        let pricing = Pricing {
            mode: add_on.price_mode,
            tax_rate: add_on.tax_rate,
            interval: add_on.billing_interval,
            unit: &add_on.quantity.unit,
        };
        Self {
            id: published.add_ons.get(&add_on.key).cloned().unwrap_or_default(),
            key: add_on.key.clone(),
            product_id: published.products.get(&add_on.product).cloned().unwrap_or_default(),
            product: add_on.product.clone(),
            name: add_on.name.get(locale).to_owned(),
            description: add_on.description.get(locale).to_owned(),
            sold_to: add_on
                .sold_to
                .iter()
                .map(|customer_type| (*customer_type).into())
                .collect(),
            available: add_on.available,
            charging: match add_on.charging {
                AddOnCharging::Recurring => AddOnChargingDto::Recurring,
                AddOnCharging::OneOff => AddOnChargingDto::OneOff,
            },
            billing: add_on.billing.map(|billing| match billing {
                AddOnBilling::WithContract => AddOnBillingDto::WithContract,
                AddOnBilling::Independent => AddOnBillingDto::Independent,
            }),
            billing_interval: add_on.billing_interval.map(|interval| interval.to_string()),
            terms: add_on.terms.as_ref().map(|terms| TermsDto::new(terms, locale)),
            price_label: add_on.price_label.get(locale).to_owned(),
            prices: PriceDto::list(&add_on.prices, &pricing, locale),
            entitlements: add_on
                .entitlements
                .iter()
                .map(|entitlement| EntitlementDto {
                    key: entitlement.key.clone(),
                    per_unit: entitlement.per_unit,
                })
                .collect(),
            quantity: (&add_on.quantity).into(),
            allowed_for: add_on.allowed_for.clone(),
            requires_active_account: add_on.requires_active_account,
            consents: RequiredConsentDto::list(published, &add_on.consents, locale),
            order_button: add_on.order_button.get(locale).to_owned(),
            withdrawal: (&add_on.withdrawal).into(),
        }
    }
}

/// Mounts the operations of this module.
pub fn configure(config: &mut ServiceConfig) {
    config.service(list_add_ons).service(get_add_on);
}

//! `/v1/plans`: the plans of the published catalogue, in the caller's language.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::blocking;
use super::choices::{BillingAlignmentDto, CustomerTypeDto, TransitionTimingDto};
use super::etag;
use super::extract::{PlanId, Query};
use super::offer::{
    PriceDto, Pricing, QuantityRuleDto, RequiredConsentDto, TermsDto, WithdrawalSettingsDto, page_in_order,
};
use super::pagination::{PageParams, Paging};
use super::problem::Problem;
use crate::context::RequestContext;
use crate::domain::access::Principal;
use crate::domain::catalogue::{IncludedAddOn, Limit, Plan, Transition};
use crate::domain::localized::Locale;
use crate::error::AppError;
use crate::list_of;
use crate::page::{Page, PageRequest};
use crate::services::catalogue::{self, PlanRef, PublishedCatalogue};
use crate::state::AppState;

/// Which plans a list shows.
#[derive(Debug, Clone, Default, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PlanQuery {
    /// Only plans of the product with this key.
    #[param(nullable = false, max_length = 60, example = "video")]
    pub product: Option<String>,
    /// Only plans sold to this type of customer.
    #[param(nullable = false, inline)]
    pub sold_to: Option<CustomerTypeDto>,
    /// Only plans that can (or can no longer) be concluded anew.
    #[param(nullable = false, example = true)]
    pub available: Option<bool>,
}

/// The plans of the published catalogue.
#[utoipa::path(
    tag = "Catalogue",
    operation_id = "listPlans",
    summary = "List plans",
    description = "The plans of the published catalogue in the language of the caller: prices, features, limits, terms, documents to accept, and the plans each can be changed into.",
    params(PlanQuery, PageParams),
    responses((status = 200, description = "A page of plans.", body = PlanList)),
    extensions(
        ("x-required-scopes" = json!(["catalogue:read"])),
    )
)]
#[get("/plans")]
pub async fn list_plans(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    paging: Paging,
    query: Query<PlanQuery>,
) -> Result<HttpResponse, Problem> {
    let published = blocking(&state, move |state| catalogue::published(state, &principal)).await?;
    let page = page_of_plans(published.as_deref(), &query.0, &paging.request, context.locale);
    paging.respond::<_, PlanList>(page)
}

/// One plan of the published catalogue.
#[utoipa::path(
    tag = "Catalogue",
    operation_id = "getPlan",
    summary = "Fetch a plan",
    description = "A plan in its published version. Contracts keep the version under which they were concluded; theirs is shown with the contract.",
    params(PlanId),
    responses((status = 200, description = "The plan.", body = PlanDto)),
    extensions(
        ("x-required-scopes" = json!(["catalogue:read"])),
        ("x-entity-tag" = json!(true)),
    )
)]
#[get("/plans/{plan_id}")]
pub async fn get_plan(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    plan_id: PlanId,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let published = blocking(&state, move |state| catalogue::published(state, &principal)).await?;
    let published = published.ok_or(AppError::NotFound)?;
    let (plan, ids) = published.plan_by_id(&plan_id.0).ok_or(AppError::NotFound)?;
    etag::respond(
        &request,
        "cat",
        published.number,
        &PlanDto::new(&published, plan, ids, context.locale),
    )
}

impl PlanQuery {
    fn accepts(&self, plan: &Plan) -> bool {
        self.product.as_ref().is_none_or(|product| *product == plan.product)
            && self
                .sold_to
                .is_none_or(|customer_type| plan.is_sold_to(customer_type.into()))
            && self.available.is_none_or(|available| plan.available == available)
    }
}

list_of!(
    /// Plans of the published catalogue, in the provider's order.
    PlanList of PlanDto
);

/// A plan: what a contract can be about. Contracts keep the version under which they were concluded.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Plan)]
pub struct PlanDto {
    /// Id of the plan, the same for all its versions.
    #[schema(
        pattern = "^pln_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "pln_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub id: String,
    /// Key of the plan; can be used instead of the id.
    #[schema(max_length = 60, example = "plus")]
    pub key: String,
    /// Id of the published version.
    #[schema(
        pattern = "^plv_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "plv_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub version_id: String,
    /// Number of the published version.
    #[schema(minimum = 1, maximum = 1_000_000, example = 1)]
    pub version: i64,
    /// Id of the product.
    #[schema(
        pattern = "^prd_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "prd_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub product_id: String,
    /// Key of the product.
    #[schema(max_length = 60, example = "video")]
    pub product: String,
    /// Name, in the caller's language.
    #[schema(max_length = 500, example = "Sprechfenster plus")]
    pub name: String,
    /// For whom it is, in the caller's language.
    #[schema(
        max_length = 5000,
        example = "Für Organisationen, die mit mehreren Benutzern und in Gruppen beraten."
    )]
    pub description: String,
    /// Who may conclude it.
    #[schema(max_items = 2)]
    pub sold_to: Vec<CustomerTypeDto>,
    /// Whether new contracts can be concluded.
    #[schema(example = true)]
    pub available: bool,
    /// The price in words, in the caller's language.
    #[schema(
        max_length = 500,
        example = "€ 19,- pro Monat und Benutzer, € 0,10 pro SMS, zzgl. MwSt."
    )]
    pub price_label: String,
    /// What it costs.
    #[schema(max_items = 100)]
    pub prices: Vec<PriceDto>,
    /// Length of a billing period (ISO 8601 duration).
    #[schema(pattern = r"^P\d{1,2}M$", max_length = 4, example = "P1M")]
    pub billing_interval: String,
    /// Whether billing periods run from the contract's start or with the calendar.
    pub billing_alignment: BillingAlignmentDto,
    /// Minimum term, renewal and notice.
    pub terms: TermsDto,
    /// What it offers.
    #[schema(max_items = 500)]
    pub features: Vec<FeatureDto>,
    /// What it offers a counted number of.
    #[schema(max_items = 500)]
    pub limits: Vec<LimitDto>,
    /// How many units a contract may have.
    pub quantity: QuantityRuleDto,
    /// Documents that must be accepted to conclude a contract.
    #[schema(max_items = 50)]
    pub consents: Vec<RequiredConsentDto>,
    /// Plans this one can be changed into.
    #[schema(max_items = 2000)]
    pub transitions: Vec<TransitionDto>,
    /// Add-ons the plan already contains.
    #[schema(max_items = 500)]
    pub included_add_ons: Vec<IncludedAddOnDto>,
    /// Label of the order button (§ 312j BGB), in the caller's language.
    #[schema(max_length = 500, example = "zahlungspflichtig bestellen")]
    pub order_button: String,
    /// How a statutory withdrawal is settled.
    pub withdrawal: WithdrawalSettingsDto,
}

/// Something a plan offers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Feature)]
pub struct FeatureDto {
    /// Key of the feature.
    #[schema(max_length = 60, example = "screen_sharing")]
    pub key: String,
    /// The feature, in the caller's language.
    #[schema(max_length = 500, example = "Bildschirm teilen")]
    pub text: String,
}

/// Something a plan offers a counted number of.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Limit)]
pub struct LimitDto {
    /// What is counted: `users`, `storage_gb`, or `slots:` and the kind of slot.
    #[schema(max_length = 60, example = "users")]
    pub key: String,
    /// How many at most; `null` for no limit.
    #[schema(required, minimum = 0, maximum = 9_007_199_254_740_991_u64, example = 1)]
    pub maximum: Option<u64>,
}

/// A plan change the provider offers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Transition)]
pub struct TransitionDto {
    /// Id of the plan that is entered.
    #[schema(
        pattern = "^pln_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "pln_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub plan_id: String,
    /// Key of the plan that is entered.
    #[schema(max_length = 60, example = "basis")]
    pub plan: String,
    /// When the change takes effect.
    pub timing: TransitionTimingDto,
    /// Documents that must be accepted.
    #[schema(max_items = 50)]
    pub consents: Vec<RequiredConsentDto>,
    /// What the customer must know before agreeing.
    #[schema(max_items = 100)]
    pub consequences: Vec<ConsequenceDto>,
}

/// Something that happens to the customer with a change.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TransitionConsequence)]
pub struct ConsequenceDto {
    /// Stable code.
    #[schema(max_length = 60, example = "extra_users_deleted")]
    pub code: String,
    /// The consequence, in the caller's language.
    #[schema(
        max_length = 5000,
        example = "Zusätzlich angelegte Benutzer werden mit dem Wechsel gelöscht."
    )]
    pub text: String,
}

/// An add-on that a plan already contains.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IncludedAddOn)]
pub struct IncludedAddOnDto {
    /// Id of the add-on.
    #[schema(
        pattern = "^adn_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "adn_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub add_on_id: String,
    /// Key of the add-on.
    #[schema(max_length = 60, example = "shop_audit")]
    pub add_on: String,
    /// How many units of it.
    #[schema(minimum = 1, maximum = 1_000_000, example = 1)]
    pub quantity: u32,
}

/// The page of plans `query` asks for; none before a catalogue is published.
pub fn page_of_plans(
    published: Option<&PublishedCatalogue>,
    query: &PlanQuery,
    request: &PageRequest,
    locale: Locale,
) -> Page<PlanDto> {
    let plans = published.into_iter().flat_map(|published| {
        let accepted = published.catalogue.plans.iter().filter(|plan| query.accepts(plan));
        accepted.filter_map(move |plan| Some((published, plan, published.plans.get(&plan.key)?)))
    });
    page_in_order(plans, request, |(_, plan, _)| (plan.position, plan.key.clone()))
        .map(|(published, plan, ids)| PlanDto::new(published, plan, ids, locale))
}

impl PlanDto {
    /// The plan in the caller's language.
    pub fn new(published: &PublishedCatalogue, plan: &Plan, ids: &PlanRef, locale: Locale) -> Self {
        let pricing = Pricing {
            mode: plan.price_mode,
            tax_rate: plan.tax_rate,
            interval: Some(plan.billing_interval),
            unit: &plan.quantity.unit,
        };
        Self {
            id: ids.plan_id.clone(),
            key: plan.key.clone(),
            version_id: ids.plan_version_id.clone(),
            version: ids.number,
            product_id: published.products.get(&plan.product).cloned().unwrap_or_default(),
            product: plan.product.clone(),
            name: plan.name.get(locale).to_owned(),
            description: plan.description.get(locale).to_owned(),
            sold_to: plan
                .sold_to
                .iter()
                .map(|customer_type| (*customer_type).into())
                .collect(),
            available: plan.available,
            price_label: plan.price_label.get(locale).to_owned(),
            prices: PriceDto::list(&plan.prices, &pricing, locale),
            billing_interval: plan.billing_interval.to_string(),
            billing_alignment: plan.billing_alignment.into(),
            terms: TermsDto::new(&plan.terms, locale),
            features: plan
                .features
                .iter()
                .map(|feature| FeatureDto {
                    key: feature.key.clone(),
                    text: feature.text.get(locale).to_owned(),
                })
                .collect(),
            limits: plan.limits.iter().map(LimitDto::from).collect(),
            quantity: (&plan.quantity).into(),
            consents: RequiredConsentDto::list(published, &plan.consents, locale),
            transitions: published
                .catalogue
                .transitions_from(&plan.key)
                .filter_map(|transition| TransitionDto::new(published, transition, locale))
                .collect(),
            included_add_ons: plan
                .included_add_ons
                .iter()
                .filter_map(|included| IncludedAddOnDto::new(published, included))
                .collect(),
            order_button: plan.order_button.get(locale).to_owned(),
            withdrawal: (&plan.withdrawal).into(),
        }
    }
}

impl From<&Limit> for LimitDto {
    fn from(limit: &Limit) -> Self {
        Self {
            key: limit.key.clone(),
            maximum: limit.maximum,
        }
    }
}

impl TransitionDto {
    fn new(published: &PublishedCatalogue, transition: &Transition, locale: Locale) -> Option<Self> {
        Some(Self {
            plan_id: published.plans.get(&transition.to)?.plan_id.clone(),
            plan: transition.to.clone(),
            timing: transition.timing.into(),
            consents: RequiredConsentDto::list(published, &transition.consents, locale),
            consequences: transition
                .consequences
                .iter()
                .map(|consequence| ConsequenceDto {
                    code: consequence.code.clone(),
                    text: consequence.text.get(locale).to_owned(),
                })
                .collect(),
        })
    }
}

impl IncludedAddOnDto {
    fn new(published: &PublishedCatalogue, included: &IncludedAddOn) -> Option<Self> {
        Some(Self {
            add_on_id: published.add_ons.get(&included.add_on)?.clone(),
            add_on: included.add_on.clone(),
            quantity: included.quantity,
        })
    }
}

/// Mounts the operations of this module.
pub fn configure(config: &mut ServiceConfig) {
    config.service(list_plans).service(get_plan);
}

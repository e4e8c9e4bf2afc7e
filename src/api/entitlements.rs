//! `/v1/customers/{customer_id}/entitlements`: what a customer may use today.

use actix_web::{HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::blocking;
use super::civil_date::CivilDate;
use super::extract::{CustomerId, Query};
use super::instant::Instant;
use super::problem::Problem;
use crate::context::RequestContext;
use crate::domain::access::Principal;
use crate::domain::catalogue::SupportWindow;
use crate::domain::entitlements::{EntitledAddOn, EntitledLimit, NotEntitled};
use crate::domain::localized::Locale;
use crate::services::entitlements::{self, EntitlementsView, Whose};
use crate::state::AppState;

/// Mounts the operations of this module.
pub fn configure(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(get_customer_entitlements).service(find_entitlements);
}

/// When support is asked.
#[derive(Debug, Clone, Default, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EntitlementParams {
    /// The instant of a support request, for `respond_by`; the customer's now if absent.
    #[param(nullable = false, format = "date-time", example = "2026-01-09T10:00:00Z")]
    pub requested_at: Option<Instant>,
}

/// Whose entitlements, by number, and when support is asked.
#[derive(Debug, Clone, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EntitlementByNumberParams {
    /// The customer's number, as given with a support request.
    #[validate(length(min = 1, max = 60))]
    #[param(min_length = 1, max_length = 60, example = "K-10001")]
    pub customer_number: String,
    /// The instant of a support request, for `respond_by`; the customer's now if absent.
    #[param(nullable = false, format = "date-time", example = "2026-01-09T10:00:00Z")]
    pub requested_at: Option<Instant>,
}

/// What a customer may use today.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Entitlements)]
pub struct EntitlementsDto {
    /// The customer.
    #[schema(
        pattern = "^cus_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "cus_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub customer_id: String,
    /// The customer's number.
    #[schema(max_length = 60, example = "K-10001")]
    pub customer_number: String,
    /// The customer's business day for which this holds.
    pub as_of_on: CivilDate,
    /// Features of active contracts.
    #[schema(max_items = 10_000)]
    pub features: Vec<EntitledFeatureDto>,
    /// Limits, summed over plans, add-ons and what plans contain.
    #[schema(max_items = 10_000)]
    pub limits: Vec<EntitledLimitDto>,
    /// Units of the plans of active contracts.
    #[schema(max_items = 10_000)]
    pub quantities: Vec<EntitledQuantityDto>,
    /// Add-ons that are booked or contained.
    #[schema(max_items = 10_000)]
    pub add_ons: Vec<EntitledAddOnDto>,
}

/// A feature.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EntitledFeature)]
pub struct EntitledFeatureDto {
    /// Key of the feature.
    #[schema(max_length = 60, example = "screen_sharing")]
    pub key: String,
    /// The feature, in the caller's language.
    #[schema(max_length = 500, example = "Bildschirm teilen")]
    pub text: String,
    /// The contract it comes from.
    #[schema(max_length = 30, example = "sub_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub subscription_id: String,
}

/// A limit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EntitledLimit)]
pub struct EntitledLimitDto {
    /// What is counted: `users`, `storage_gb`, or `slots:` and the kind of slot.
    #[schema(max_length = 60, example = "storage_gb")]
    pub key: String,
    /// How many at most; `null` for no limit.
    #[schema(required, minimum = 0, maximum = 9_007_199_254_740_991_u64, example = 40)]
    pub maximum: Option<u64>,
    /// What adds how much.
    #[schema(max_items = 10_000)]
    pub sources: Vec<LimitSourceDto>,
}

/// One contribution to a limit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LimitSource)]
pub struct LimitSourceDto {
    /// The contract.
    #[schema(max_length = 30, example = "sub_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub subscription_id: String,
    /// The add-on booking on it; `null` for the plan itself.
    #[schema(required, max_length = 30, example = "bkg_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub add_on_booking_id: Option<String>,
    /// How much; `null` for no limit.
    #[schema(required, minimum = 0, maximum = 9_007_199_254_740_991_u64, example = 30)]
    pub adds: Option<u64>,
}

/// Units of a plan.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EntitledQuantity)]
pub struct EntitledQuantityDto {
    /// The contract.
    #[schema(max_length = 30, example = "sub_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub subscription_id: String,
    /// Key of its plan.
    #[schema(max_length = 60, example = "plus")]
    pub plan: String,
    /// What is counted.
    #[schema(max_length = 60, example = "user")]
    pub unit: String,
    /// How many.
    #[schema(minimum = 1, maximum = 1_000_000, example = 3)]
    pub quantity: u32,
}

/// An add-on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EntitledAddOn)]
pub struct EntitledAddOnDto {
    /// Key of the add-on.
    #[schema(max_length = 60, example = "premium_support")]
    pub key: String,
    /// Its name, in the caller's language.
    #[schema(max_length = 500, example = "Premium-Support")]
    pub name: String,
    /// The contract.
    #[schema(max_length = 30, example = "sub_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub subscription_id: String,
    /// The booking; `null` where the plan contains the add-on.
    #[schema(required, max_length = 30, example = "bkg_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub add_on_booking_id: Option<String>,
    /// Units.
    #[schema(minimum = 1, maximum = 1_000_000, example = 1)]
    pub quantity: u32,
    /// Whether it can be used now.
    #[schema(example = true)]
    pub entitled: bool,
    /// Why not; `null` when it can be used.
    #[schema(required)]
    pub reason: Option<NotEntitledDto>,
    /// What only those entitled are told; empty otherwise.
    #[schema(max_items = 50)]
    pub details: Vec<DetailDto>,
    /// Support, for those entitled to it.
    #[schema(required)]
    pub support: Option<SupportDto>,
}

/// Why an add-on cannot be used.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NotEntitled, example = "payment_overdue")]
pub enum NotEntitledDto {
    /// No contract of the account is active.
    AccountNotActive,
    /// An invoice is overdue.
    PaymentOverdue,
}

/// Something only those entitled are told.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Detail)]
pub struct DetailDto {
    /// Stable key.
    #[schema(max_length = 60, example = "service_number")]
    pub key: String,
    /// What it is, in the caller's language.
    #[schema(max_length = 200, example = "Service-Nummer")]
    pub label: String,
    /// The value.
    #[schema(max_length = 200, example = "+49 30 5550 190")]
    pub value: String,
}

/// When support is there, and by when it answers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Support)]
pub struct SupportDto {
    /// Opening hours in the provider's zone; not on public holidays.
    #[schema(max_items = 50)]
    pub windows: Vec<SupportWindowDto>,
    /// Within how many hours a request is answered, counted on working days from the next opening.
    #[schema(minimum = 1, maximum = 720, example = 24)]
    pub answer_within_hours: u32,
    /// The instant by which a request made at `requested_at` is answered.
    #[schema(required)]
    pub respond_by: Option<Instant>,
}

/// Opening hours on some days of the week.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SupportWindow)]
pub struct SupportWindowDto {
    /// Days of the week in English, lower case.
    #[schema(max_items = 7, example = json!(["monday", "tuesday"]))]
    pub days: Vec<String>,
    /// Opening time.
    #[schema(pattern = r"^\d{2}:\d{2}$", max_length = 5, example = "09:00")]
    pub from: String,
    /// Closing time.
    #[schema(pattern = r"^\d{2}:\d{2}$", max_length = 5, example = "12:00")]
    pub to: String,
}

impl From<&SupportWindow> for SupportWindowDto {
    fn from(window: &SupportWindow) -> Self {
        let time = |minutes: u32| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        Self {
            days: window.days.iter().map(|day| day.as_str().to_owned()).collect(),
            from: time(window.from),
            to: time(window.to),
        }
    }
}

impl EntitlementsDto {
    fn new(view: &EntitlementsView, locale: Locale) -> Self {
        let found = &view.entitlements;
        let features = found.features.iter().map(|entitled| EntitledFeatureDto {
            key: entitled.feature.key.clone(),
            text: entitled.feature.text.get(locale).to_owned(),
            subscription_id: entitled.subscription_id.clone(),
        });
        let quantities = found.quantities.iter().map(|quantity| EntitledQuantityDto {
            subscription_id: quantity.subscription_id.clone(),
            plan: quantity.plan.clone(),
            unit: quantity.unit.clone(),
            quantity: quantity.quantity,
        });
        Self {
            customer_id: view.customer_id.clone(),
            customer_number: view.customer_number.clone(),
            as_of_on: view.as_of_on.into(),
            features: features.collect(),
            limits: found.limits.iter().map(limit).collect(),
            quantities: quantities.collect(),
            add_ons: found
                .add_ons
                .iter()
                .map(|entitled| add_on(view, entitled, locale))
                .collect(),
        }
    }
}

fn limit(limit: &EntitledLimit) -> EntitledLimitDto {
    let sources = limit.sources.iter().map(|source| LimitSourceDto {
        subscription_id: source.subscription_id.clone(),
        add_on_booking_id: source.add_on_booking_id.clone(),
        adds: source.adds,
    });
    EntitledLimitDto {
        key: limit.key.clone(),
        maximum: limit.maximum,
        sources: sources.collect(),
    }
}

fn add_on(view: &EntitlementsView, entitled: &EntitledAddOn, locale: Locale) -> EntitledAddOnDto {
    let details = entitled.details.iter().map(|detail| DetailDto {
        key: detail.key.clone(),
        label: detail.label.get(locale).to_owned(),
        value: detail.value.clone(),
    });
    let respond_by = view.respond_by.iter().find(|(key, _)| *key == entitled.key);
    EntitledAddOnDto {
        key: entitled.key.clone(),
        name: entitled.name.get(locale).to_owned(),
        subscription_id: entitled.subscription_id.clone(),
        add_on_booking_id: entitled.add_on_booking_id.clone(),
        quantity: entitled.quantity,
        entitled: entitled.refusal.is_none(),
        reason: entitled.refusal.map(|refusal| match refusal {
            NotEntitled::AccountNotActive => NotEntitledDto::AccountNotActive,
            NotEntitled::PaymentOverdue => NotEntitledDto::PaymentOverdue,
        }),
        details: details.collect(),
        support: entitled.support.as_ref().map(|support| SupportDto {
            windows: support.windows.iter().map(Into::into).collect(),
            answer_within_hours: support.answer_within_hours,
            respond_by: respond_by.map(|(_, at)| (*at).into()),
        }),
    }
}

/// Fetch the entitlements of a customer.
#[utoipa::path(
    tag = "Entitlements",
    operation_id = "getCustomerEntitlements",
    summary = "Fetch entitlements of customer",
    description = "Features, limits and add-ons the customer may use today. Add-ons that ask for an account in good standing say so \
        when an invoice is overdue; details such as a service number are told only to those entitled. `respond_by` is when a \
        support request made at `requested_at` is answered at the latest.",
    params(CustomerId, EntitlementParams),
    responses((status = 200, description = "The entitlements.", body = EntitlementsDto)),
    extensions(("x-required-scopes" = json!(["subscriptions:read"])))
)]
#[get("/customers/{customer_id}/entitlements")]
pub async fn get_customer_entitlements(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    customer_id: CustomerId,
    query: Query<EntitlementParams>,
) -> Result<HttpResponse, Problem> {
    let requested_at = query.0.requested_at.map(|instant| instant.0);
    let whose = Whose::Customer(customer_id.0);
    let find = move |state: &AppState| entitlements::find(state, &principal, &whose, requested_at);
    let view = blocking(&state, find).await?;
    Ok(HttpResponse::Ok().json(EntitlementsDto::new(&view, context.locale)))
}

/// Fetch entitlements by customer number.
#[utoipa::path(
    tag = "Entitlements",
    operation_id = "findEntitlements",
    summary = "Fetch entitlements by customer number",
    description = "The same for the provider's support desk, which knows the customer by number.",
    params(EntitlementByNumberParams),
    responses((status = 200, description = "The entitlements.", body = EntitlementsDto)),
    extensions(("x-required-scopes" = json!(["subscriptions:read"])), ("x-problem-codes" = json!(["not_found"])))
)]
#[get("/entitlements")]
pub async fn find_entitlements(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    query: Query<EntitlementByNumberParams>,
) -> Result<HttpResponse, Problem> {
    let requested_at = query.0.requested_at.map(|instant| instant.0);
    let whose = Whose::Number(query.0.customer_number);
    let find = move |state: &AppState| entitlements::find(state, &principal, &whose, requested_at);
    let view = blocking(&state, find).await?;
    Ok(HttpResponse::Ok().json(EntitlementsDto::new(&view, context.locale)))
}

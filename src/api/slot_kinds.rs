//! `/v1/slot-kinds`: what can be put into the slots of packages, with "from" prices.

use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::amounts::RecurringDto;
use super::blocking;
use super::extract::{NoParameters, Query};
use super::offer::page_in_order;
use super::options::ActionPlan;
use super::pagination::{PageParams, Paging};
use super::problem::Problem;
use crate::context::RequestContext;
use crate::domain::access::Principal;
use crate::domain::catalogue::{SlotKind, SlotTarget};
use crate::domain::localized::Locale;
use crate::domain::preview::plan_price;
use crate::error::AppError;
use crate::list_of;
use crate::page::{Page, PageRequest};
use crate::services::catalogue::{self, PublishedCatalogue};
use crate::state::AppState;

list_of!(
    /// Kinds of slots of the published catalogue, in the provider's order.
    SlotKindList of SlotKindDto
);

/// A kind of slot: plans carry a number of them in their limit `slots:<key>`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SlotKind)]
pub struct SlotKindDto {
    /// Key of the kind.
    #[schema(max_length = 60, example = "presence")]
    pub key: String,
    /// What is put into such a slot, in the caller's language.
    #[schema(max_length = 500, example = "Internetpräsenz")]
    pub name: String,
    /// The "from" price outside a package, in the caller's words.
    #[schema(max_length = 5000, example = "ab 5,90 € mtl.")]
    pub from_label: String,
    /// Headings of the targets, in order.
    #[schema(max_items = 2_000)]
    pub groups: Vec<SlotGroupDto>,
    /// What can be chosen, in order.
    #[schema(max_items = 2_000)]
    pub targets: Vec<SlotTargetDto>,
}

/// A heading of targets.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SlotGroup)]
pub struct SlotGroupDto {
    /// Key of the group.
    #[schema(max_length = 60, example = "shop")]
    pub key: String,
    /// The heading, in the caller's language.
    #[schema(max_length = 500, example = "Shopsysteme")]
    pub name: String,
}

/// Something that can be put into a slot.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SlotTarget)]
pub struct SlotTargetDto {
    /// Key of the target.
    #[schema(max_length = 60, example = "shop_hosted")]
    pub key: String,
    /// Key of its group.
    #[schema(max_length = 60, example = "shop")]
    pub group: String,
    /// Name, in the caller's language.
    #[schema(max_length = 500, example = "Mietshop")]
    pub name: String,
    /// The "from" price outside a package, in the caller's words.
    #[schema(max_length = 5000, example = "ab 5,90 € mtl.")]
    pub from_label: String,
    /// The plan under which it is sold where no package has a free slot; `null` where it comes with packages only.
    #[schema(required)]
    pub plan: Option<ActionPlan>,
    /// The price of that plan for one billing period.
    #[schema(required)]
    pub from_price: Option<RecurringDto>,
}

/// The kinds of slots of the published catalogue.
#[utoipa::path(
    tag = "Catalogue",
    operation_id = "listSlotKinds",
    summary = "List kinds of slots",
    description = "What can be put into the slots that plans carry, such as shop systems, marketplaces and social networks, with \
        \"from\" prices, in the language of the caller and in the order of the provider.",
    params(PageParams),
    responses((status = 200, description = "A page of kinds of slots.", body = SlotKindList)),
    extensions(
        ("x-required-scopes" = json!(["catalogue:read"])),
    )
)]
#[get("/slot-kinds")]
pub async fn list_slot_kinds(
    state: web::Data<AppState>,
    principal: Principal,
    context: RequestContext,
    paging: Paging,
    _: Query<NoParameters>,
) -> Result<HttpResponse, Problem> {
    let published = blocking(&state, move |state| catalogue::published(state, &principal)).await?;
    paging.respond::<_, SlotKindList>(page_of_kinds(published.as_deref(), &paging.request, context.locale)?)
}

/// The page of kinds; none before a catalogue is published.
fn page_of_kinds(
    published: Option<&PublishedCatalogue>,
    request: &PageRequest,
    locale: Locale,
) -> Result<Page<SlotKindDto>, AppError> {
    let kinds = published.into_iter().flat_map(|published| {
        let places = (0u32..).zip(&published.catalogue.slot_kinds);
        places.map(move |(place, kind)| (place, kind, published))
    });
    let page = page_in_order(kinds, request, |(place, kind, _)| (*place, kind.key.clone()));
    let next = page.next;
    let items = page.items.into_iter();
    Ok(Page {
        items: items
            .map(|(_, kind, published)| SlotKindDto::new(kind, published, locale))
            .collect::<Result<_, _>>()?,
        next,
    })
}

impl SlotKindDto {
    fn new(kind: &SlotKind, published: &PublishedCatalogue, locale: Locale) -> Result<Self, AppError> {
        let groups = kind.groups.iter().map(|group| SlotGroupDto {
            key: group.key.clone(),
            name: group.name.get(locale).to_owned(),
        });
        let targets = kind.targets.iter();
        Ok(Self {
            key: kind.key.clone(),
            name: kind.name.get(locale).to_owned(),
            from_label: kind.from_label.get(locale).to_owned(),
            groups: groups.collect(),
            targets: targets
                .map(|target| SlotTargetDto::new(kind, target, published, locale))
                .collect::<Result<_, _>>()?,
        })
    }
}

impl SlotTargetDto {
    fn new(
        kind: &SlotKind,
        target: &SlotTarget,
        published: &PublishedCatalogue,
        locale: Locale,
    ) -> Result<Self, AppError> {
        let single = kind.single_plan_of(target).and_then(|key| published.plan_by_key(key));
        let currency = published.catalogue.provider.currency;
        let price = single.map(|(plan, _)| plan_price(plan, plan.quantity.minimum, currency));
        Ok(Self {
            key: target.key.clone(),
            group: target.group.clone(),
            name: target.name.get(locale).to_owned(),
            from_label: kind.from_label_of(target).get(locale).to_owned(),
            plan: single.map(|(plan, reference)| ActionPlan {
                id: reference.plan_id.clone(),
                key: plan.key.clone(),
                name: plan.name.get(locale).to_owned(),
                price_label: plan.price_label.get(locale).to_owned(),
            }),
            from_price: price.transpose()?.map(Into::into),
        })
    }
}

/// Mounts the operations of this module.
pub fn configure(config: &mut ServiceConfig) {
    config.service(list_slot_kinds);
}

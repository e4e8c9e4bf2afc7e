//! Plan changes on the wire.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::api::amounts::ChargeDto;
use crate::api::choices::TransitionTimingDto;
use crate::api::civil_date::CivilDate;
use crate::api::commands::{ConsentInput, declared, with_early_start};
use crate::api::contract_choices::ChangeStatusDto;
use crate::api::instant::Instant;
use crate::domain::charge::Charge;
use crate::domain::ids::IdKind;
use crate::domain::localized::Locale;
use crate::domain::plan_version::PlanVersion;
use crate::error::{AppError, FieldError};
use crate::list_of;
use crate::services::cancellations::check_distinct;
use crate::services::plan_changes::{ChangeQuery, Item, NewPlanChange};
use crate::services::views::ChangeView;

/// Another plan, another quantity, or both; at least one of them must be named.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "plan": "basis",
    "consents": [{"document": "terms", "version": "2021-01", "accepted": true}]
}))]
pub struct CreatePlanChange {
    /// Id or key of the plan to change to; the present one stays if absent.
    #[validate(length(min = 1, max = 60))]
    #[schema(min_length = 1, max_length = 60, example = "basis")]
    pub plan: Option<String>,
    /// Units afterwards; if absent the present number, or the most the new plan allows.
    #[validate(range(min = 1, max = 1_000_000))]
    #[schema(minimum = 1, maximum = 1_000_000, example = 1)]
    pub quantity: Option<u32>,
    /// Id of the pending plan change that this one replaces.
    #[validate(length(max = 30))]
    #[schema(max_length = 30, example = json!(null))]
    pub supersedes: Option<String>,
    /// Other contracts that the new plan takes in: they end the same day with their credit, and what occupies their slots
    /// moves into the package. Only where the new plan applies at once and theirs may be changed into it.
    #[serde(default)]
    #[validate(length(max = 100))]
    #[schema(required = false, max_items = 100, example = json!([]))]
    pub absorb_subscription_ids: Vec<String>,
    /// Consents to the documents that the preview names.
    #[serde(default)]
    #[validate(length(max = 50), nested)]
    #[schema(required = false, max_items = 50)]
    pub consents: Vec<ConsentInput>,
    /// Label of the button that was pressed; consumers who will pay need exactly that of the preview (§ 312j BGB).
    #[validate(length(max = 500))]
    #[schema(max_length = 500, example = "zahlungspflichtig wechseln")]
    pub order_button_text: Option<String>,
    /// Whether the customer expressly asks that the service begin before the withdrawal period is over (§ 356 Abs. 5, § 357a Abs. 2
    /// BGB). Kept as evidence; without it, nothing is owed for use before a withdrawal.
    #[serde(default)]
    #[schema(required = false, default = false, example = true)]
    pub early_start_requested: bool,
    /// Token of the preview that is confirmed; previews ignore it.
    #[validate(length(max = 2000))]
    #[schema(max_length = 2000, example = json!(null))]
    pub preview_token: Option<String>,
}

impl CreatePlanChange {
    /// The request for this contract.
    ///
    /// # Errors
    /// [`AppError::Validation`] when neither plan nor quantity is named.
    pub fn for_subscription(self, subscription_id: String) -> Result<NewPlanChange, AppError> {
        if self.plan.is_none() && self.quantity.is_none() {
            return Err(AppError::field(FieldError::body(
                "/plan",
                "required",
                "Nennen Sie den Tarif, die Menge oder beides.",
                "Name the plan, the quantity or both.",
            )));
        }
        check_distinct("/absorb_subscription_ids", &self.absorb_subscription_ids)?;
        Ok(NewPlanChange {
            item: Item::Contract(subscription_id),
            plan: self.plan,
            quantity: self.quantity,
            supersedes: self.supersedes,
            absorb_subscription_ids: self.absorb_subscription_ids,
            declared: with_early_start(
                declared(self.consents, self.order_button_text),
                self.early_start_requested,
            ),
        })
    }
}

/// Which plan changes or cancellations a list shows.
#[derive(Debug, Clone, Default, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChangeParams {
    /// Only this customer's.
    #[validate(length(max = 30))]
    #[param(nullable = false, max_length = 30, example = "cus_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub customer_id: Option<String>,
    /// Only this contract's.
    #[validate(length(max = 30))]
    #[param(nullable = false, max_length = 30, example = "sub_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub subscription_id: Option<String>,
    /// Only those in this state.
    #[param(nullable = false, inline)]
    pub status: Option<ChangeStatusDto>,
}

impl From<ChangeParams> for ChangeQuery {
    fn from(params: ChangeParams) -> Self {
        Self {
            customer_id: params.customer_id,
            subscription_id: params.subscription_id,
            status: params.status.map(Into::into),
        }
    }
}

list_of!(
    /// Plan changes, newest first.
    PlanChangeList of PlanChangeDto
);

/// A change of plan, quantity or both.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PlanChange)]
pub struct PlanChangeDto {
    /// Id of the plan change.
    #[schema(
        pattern = "^pch_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "pch_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub id: String,
    /// The contract.
    #[schema(
        pattern = "^sub_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "sub_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub subscription_id: String,
    /// The add-on booking on it, where that is what changes.
    #[schema(required, max_length = 30, example = json!(null))]
    pub add_on_booking_id: Option<String>,
    /// Whose contract it is.
    #[schema(
        pattern = "^cus_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "cus_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub customer_id: String,
    /// Where it stands.
    pub status: ChangeStatusDto,
    /// When it takes effect.
    pub timing: TransitionTimingDto,
    /// Plan and quantity before.
    pub from: PlanChangeSideDto,
    /// Plan and quantity afterwards.
    pub to: PlanChangeSideDto,
    /// First day of the new plan or quantity.
    pub effective_on: CivilDate,
    /// The beginning of that day.
    pub effective_at: Instant,
    /// When the declaration was received.
    pub received_at: Instant,
    /// When it was applied, revoked or superseded.
    #[schema(required)]
    pub settled_at: Option<Instant>,
    /// The plan change or cancellation that replaced it.
    #[schema(required, max_length = 30, example = json!(null))]
    pub superseded_by_id: Option<String>,
    /// Other contracts it took in.
    #[schema(max_items = 100, example = json!([]))]
    pub absorbed_subscription_ids: Vec<String>,
    /// The charges and credits it caused so far.
    #[schema(max_items = 1_000)]
    pub charges: Vec<ChargeDto>,
}

/// Plan and quantity on one side of a plan change.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PlanChangeSide)]
pub struct PlanChangeSideDto {
    /// Id of the plan.
    #[schema(
        pattern = "^(pln|adn)_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "pln_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub plan_id: String,
    /// Key of the plan.
    #[schema(max_length = 60, example = "plus")]
    pub plan: String,
    /// Number of the plan's version.
    #[schema(minimum = 1, maximum = 1_000_000, example = 1)]
    pub version: i64,
    /// Name of the plan, in the caller's language.
    #[schema(max_length = 500, example = "Sprechfenster plus")]
    pub name: String,
    /// Units of the plan.
    #[schema(minimum = 1, maximum = 1_000_000, example = 3)]
    pub quantity: u32,
}

impl PlanChangeDto {
    /// The plan change in the caller's language.
    ///
    /// # Errors
    /// Internal, when the view is not of a plan change.
    pub fn new(view: &ChangeView, locale: Locale) -> Result<Self, AppError> {
        let change = &view.change;
        let (Some(details), Some((from, to))) = (change.plan_change(), &view.plans) else {
            return Err(AppError::internal(format!("{} has no plans", change.id)));
        };
        Ok(Self {
            id: change.id.clone(),
            subscription_id: view.subscription_id.clone(),
            add_on_booking_id: view.add_on_booking_id.clone(),
            customer_id: view.customer_id.clone(),
            status: change.status.into(),
            timing: details.timing.into(),
            from: PlanChangeSideDto::new(from, details.from_quantity, locale),
            to: PlanChangeSideDto::new(to, details.to_quantity, locale),
            effective_on: change.effective_on.into(),
            effective_at: view.zone.start_of_day(change.effective_on).into(),
            received_at: change.received_at.into(),
            settled_at: change.settled_at.map(Into::into),
            superseded_by_id: change.superseded_by_id.clone(),
            absorbed_subscription_ids: details.absorbed_subscription_ids.clone(),
            charges: view
                .charges
                .iter()
                .map(|charge| ChargeDto::new(charge, contract_of(view, charge), &view.customer_id, locale))
                .collect(),
        })
    }
}

/// The contract a charge belongs to: the changed one, or one it took in.
fn contract_of<'a>(view: &'a ChangeView, charge: &'a Charge) -> &'a str {
    if IdKind::Subscription.matches(&charge.item_id) {
        &charge.item_id
    } else {
        &view.subscription_id
    }
}

impl PlanChangeSideDto {
    fn new(plan: &PlanVersion, quantity: u32, locale: Locale) -> Self {
        Self {
            plan_id: plan.plan_id.clone(),
            plan: plan.plan.key.clone(),
            version: plan.number,
            name: plan.plan.name.get(locale).to_owned(),
            quantity,
        }
    }
}

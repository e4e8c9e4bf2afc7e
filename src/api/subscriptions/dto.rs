//! Contracts on the wire.

use serde::{Deserialize, Serialize};
use time::Date;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::notice::NoticeDto;
use crate::api::amounts::{PeriodDto, RecurringDto};
use crate::api::choices::CustomerTypeDto;
use crate::api::civil_date::CivilDate;
use crate::api::commands::{ConsentInput, declared, with_early_start};
use crate::api::contract_choices::{ChangeTypeDto, SubscriptionStatusDto};
use crate::api::instant::Instant;
use crate::api::offer::TermsDto;
use crate::api::plans::LimitDto;
use crate::domain::change::{Change, ChangeKind};
use crate::domain::localized::Locale;
use crate::domain::plan_version::PlanVersion;
use crate::domain::preview::recurring_price;
use crate::domain::subscription::{Phase, Subscription, SubscriptionStatus};
use crate::error::AppError;
use crate::list_of;
use crate::services::subscriptions::{NewSubscription, SubscriptionQuery};
use crate::services::views::SubscriptionView;

/// A contract to be concluded.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "customer_id": "cus_01k9w3x8kqf0wvm2n6c1c9t7xh",
    "plan": "plus",
    "quantity": 3,
    "consents": [{"document": "terms", "version": "2021-01", "accepted": true}]
}))]
pub struct CreateSubscription {
    /// The customer; customers themselves may leave it out.
    #[validate(length(max = 30))]
    #[schema(max_length = 30, example = "cus_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub customer_id: Option<String>,
    /// Id or key of the plan.
    #[validate(length(min = 1, max = 60))]
    #[schema(min_length = 1, max_length = 60, example = "plus")]
    pub plan: String,
    /// Units, for example users; the plan's minimum if absent.
    #[validate(range(min = 1, max = 1_000_000))]
    #[schema(minimum = 1, maximum = 1_000_000, example = 3)]
    pub quantity: Option<u32>,
    /// First day of the contract, today or up to 24 months later; today if absent.
    pub starts_on: Option<CivilDate>,
    /// Consents to the documents that the preview names.
    #[serde(default)]
    #[validate(length(max = 50), nested)]
    #[schema(required = false, max_items = 50)]
    pub consents: Vec<ConsentInput>,
    /// Label of the button that was pressed; consumers who will pay need exactly that of the preview (§ 312j BGB).
    #[validate(length(max = 500))]
    #[schema(max_length = 500, example = "zahlungspflichtig bestellen")]
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

impl From<CreateSubscription> for NewSubscription {
    fn from(body: CreateSubscription) -> Self {
        Self {
            customer_id: body.customer_id,
            plan: body.plan,
            quantity: body.quantity,
            starts_on: body.starts_on.map(|day| day.0),
            declared: with_early_start(
                declared(body.consents, body.order_button_text),
                body.early_start_requested,
            ),
        }
    }
}

/// Which contracts a list shows.
#[derive(Debug, Clone, Default, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SubscriptionParams {
    /// Only this customer's contracts.
    #[validate(length(max = 30))]
    #[param(nullable = false, max_length = 30, example = "cus_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub customer_id: Option<String>,
    /// Only the contract with this number.
    #[validate(length(max = 30))]
    #[param(nullable = false, max_length = 30, example = "7K3QW9XA")]
    pub contract_number: Option<String>,
    /// Only contracts in this state today.
    #[param(nullable = false, inline)]
    pub status: Option<SubscriptionStatusDto>,
}

impl From<SubscriptionParams> for SubscriptionQuery {
    fn from(params: SubscriptionParams) -> Self {
        Self {
            customer_id: params.customer_id,
            contract_number: params.contract_number,
            status: params.status.map(Into::into),
        }
    }
}

list_of!(
    /// Contracts, newest first.
    SubscriptionList of SubscriptionDto
);

/// A contract as of its customer's business day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Subscription)]
pub struct SubscriptionDto {
    /// Id of the contract.
    #[schema(
        pattern = "^sub_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "sub_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub id: String,
    /// Unguessable number by which people name the contract.
    #[schema(pattern = "^[2-9A-HJ-NP-Z]{8}$", max_length = 8, example = "7K3QW9XA")]
    pub contract_number: String,
    /// Whose contract it is.
    #[schema(
        pattern = "^cus_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "cus_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub customer_id: String,
    /// Consumer or business, fixed when the contract was concluded.
    pub customer_type: CustomerTypeDto,
    /// Where the contract stands today; a pending change is told in `pending_change`.
    pub status: SubscriptionStatusDto,
    /// The plan in force, in the version that was agreed.
    pub plan: ContractPlanDto,
    /// Units of the plan, for example users.
    #[schema(minimum = 1, maximum = 1_000_000, example = 3)]
    pub quantity: u32,
    /// When the contract was concluded.
    pub concluded_at: Instant,
    /// When the consumer received the withdrawal instruction; `null` if never.
    #[schema(required)]
    pub instructed_at: Option<Instant>,
    /// Whether the customer expressly asked that the service begin before the withdrawal period is over.
    #[schema(example = false)]
    pub early_start_requested: bool,
    /// First day.
    pub starts_on: CivilDate,
    /// Last day, once known.
    #[schema(required)]
    pub ends_on: Option<CivilDate>,
    /// The end of that day, exclusive.
    #[schema(required)]
    pub ends_at: Option<Instant>,
    /// The day on which it was undone by a withdrawal (§ 355 BGB).
    #[schema(required)]
    pub withdrawn_on: Option<CivilDate>,
    /// When it bills.
    pub billing: BillingDto,
    /// Last day charged, drafts included; `null` before the first charge.
    #[schema(required)]
    pub billed_through_on: Option<CivilDate>,
    /// What it costs for each full billing period; `null` once it has ended.
    #[schema(required)]
    pub recurring: Option<RecurringDto>,
    /// Minimum term, renewal and notice, as agreed.
    pub terms: TermsDto,
    /// What the plan offers a counted number of.
    #[schema(max_items = 500)]
    pub limits: Vec<LimitDto>,
    /// The plan change or cancellation that is scheduled.
    #[schema(required)]
    pub pending_change: Option<PendingChangeDto>,
    /// What the contract's page must say while a change is pending, ready to show.
    #[schema(max_items = 10)]
    pub notices: Vec<NoticeDto>,
    /// Which plan and quantity was or will be in force when.
    #[schema(max_items = 10_000)]
    pub phases: Vec<PhaseDto>,
    /// When the contract was recorded.
    pub created_at: Instant,
    /// When the contract last changed.
    pub updated_at: Instant,
}

/// A plan in the version that was agreed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ContractPlan)]
pub struct ContractPlanDto {
    /// Id of the plan, the same for all its versions.
    #[schema(
        pattern = "^pln_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "pln_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub id: String,
    /// Key of the plan.
    #[schema(max_length = 60, example = "plus")]
    pub key: String,
    /// Id of the version.
    #[schema(
        pattern = "^plv_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "plv_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub version_id: String,
    /// Number of the version.
    #[schema(minimum = 1, maximum = 1_000_000, example = 1)]
    pub version: i64,
    /// Name, in the caller's language.
    #[schema(max_length = 500, example = "Sprechfenster plus")]
    pub name: String,
}

impl ContractPlanDto {
    /// The plan in the caller's language.
    pub fn new(plan: &PlanVersion, locale: Locale) -> Self {
        Self {
            id: plan.plan_id.clone(),
            key: plan.plan.key.clone(),
            version_id: plan.id.clone(),
            version: plan.number,
            name: plan.plan.name.get(locale).to_owned(),
        }
    }
}

/// When a contract bills.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Billing)]
pub struct BillingDto {
    /// First day of the first billing period; all others follow from it.
    pub anchor_on: CivilDate,
    /// Length of a billing period (ISO 8601 duration).
    #[schema(pattern = r"^P\d{1,2}M$", max_length = 4, example = "P1M")]
    pub interval: String,
    /// The billing period of today; `null` unless the contract is active.
    #[schema(required)]
    pub current_period: Option<PeriodDto>,
}

/// A plan change or cancellation that is scheduled.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PendingChange)]
pub struct PendingChangeDto {
    /// Id of the plan change or cancellation.
    #[schema(max_length = 30, example = "pch_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub id: String,
    /// What it is.
    #[serde(rename = "type")]
    pub change_type: ChangeTypeDto,
    /// Plan change: first day of the new plan. Cancellation: last day of the contract.
    pub effective_on: CivilDate,
    /// Key of the plan afterwards; `null` for cancellations.
    #[schema(required, max_length = 60, example = "basis")]
    pub plan: Option<String>,
    /// Units afterwards; `null` for cancellations.
    #[schema(required, minimum = 1, maximum = 1_000_000, example = 1)]
    pub quantity: Option<u32>,
}

/// A stretch of time in which plan and quantity stay the same.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Phase)]
pub struct PhaseDto {
    /// First day.
    pub from_on: CivilDate,
    /// Last day, once known.
    #[schema(required)]
    pub through_on: Option<CivilDate>,
    /// Key of the plan.
    #[schema(max_length = 60, example = "plus")]
    pub plan: String,
    /// Id of the plan version.
    #[schema(
        pattern = "^plv_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "plv_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub plan_version_id: String,
    /// Units of the plan.
    #[schema(minimum = 1, maximum = 1_000_000, example = 3)]
    pub quantity: u32,
}

impl SubscriptionDto {
    /// The contract in the caller's language.
    ///
    /// # Errors
    /// Internal, when a contract has no phase at all; when an amount leaves the range of money.
    pub fn new(view: &SubscriptionView, locale: Locale) -> Result<Self, AppError> {
        let subscription = &view.subscription;
        let status = subscription.status_on(view.today);
        let phase = subscription
            .phase_on(view.today)
            .ok_or_else(|| AppError::internal(format!("the contract {} has no phase", subscription.id)))?;
        let plan = &phase.plan.plan;
        let is_running = matches!(status, SubscriptionStatus::Scheduled | SubscriptionStatus::Active);
        let recurring = if is_running {
            recurring_price(subscription, view.today, view.currency)?.map(|price| price.taxed(view.treatment))
        } else {
            None
        };
        Ok(Self {
            id: subscription.id.clone(),
            contract_number: subscription.contract_number.clone(),
            customer_id: view.customer_id.clone(),
            customer_type: subscription.customer_type.into(),
            status: status.into(),
            plan: ContractPlanDto::new(&phase.plan, locale),
            quantity: phase.quantity,
            concluded_at: subscription.concluded_at.into(),
            instructed_at: subscription.instructed_at.map(Into::into),
            early_start_requested: subscription.early_start_requested,
            starts_on: subscription.starts_on.into(),
            ends_on: subscription.ends_on.map(Into::into),
            ends_at: subscription.ends_on.map(|end| view.zone.end_of_day(end).into()),
            withdrawn_on: subscription.withdrawn_on.map(Into::into),
            billing: BillingDto::new(phase, status, view.today),
            billed_through_on: subscription.billed_through_on.map(Into::into),
            recurring: recurring.map(Into::into),
            terms: TermsDto::new(&plan.terms, locale),
            limits: plan.limits.iter().map(Into::into).collect(),
            pending_change: PendingChangeDto::of(subscription),
            notices: view
                .notices
                .iter()
                .map(|notice| NoticeDto::new(notice, locale))
                .collect(),
            phases: PhaseDto::list(subscription),
            created_at: subscription.created_at.into(),
            updated_at: subscription.updated_at.into(),
        })
    }
}

impl BillingDto {
    fn new(phase: &Phase, status: SubscriptionStatus, today: Date) -> Self {
        let period = phase
            .schedule
            .period_containing(today)
            .filter(|_| status == SubscriptionStatus::Active);
        Self {
            anchor_on: phase.schedule.anchor_on.into(),
            interval: phase.schedule.interval.to_string(),
            current_period: period.map(|period| PeriodDto {
                from_on: period.from_on.into(),
                through_on: period.through_on.into(),
            }),
        }
    }
}

impl PendingChangeDto {
    /// The cancellation before the plan change, should both be pending: the end is what matters most.
    pub fn of(subscription: &Subscription) -> Option<Self> {
        let change = subscription
            .pending(ChangeKind::Cancellation)
            .or_else(|| subscription.pending(ChangeKind::PlanChange))?;
        let next = subscription
            .phases
            .iter()
            .find(|phase| !phase.removed && is_begun_by(phase, change));
        Some(Self {
            id: change.id.clone(),
            change_type: change.kind().into(),
            effective_on: change.effective_on.into(),
            plan: next.map(|phase| phase.plan.plan.key.clone()),
            quantity: next.map(|phase| phase.quantity),
        })
    }
}

fn is_begun_by(phase: &Phase, change: &Change) -> bool {
    phase.created_by_change_id.as_deref() == Some(change.id.as_str())
}

impl PhaseDto {
    /// The phases that were or will be, cut at the end of the contract; none if it ends before it begins.
    fn list(subscription: &Subscription) -> Vec<Self> {
        let lived = |phase: &&Phase| !phase.removed && !phase.suspended;
        let reached = |phase: &&Phase| lived(phase) && subscription.ends_on.is_none_or(|end| phase.from_on <= end);
        subscription
            .phases
            .iter()
            .filter(reached)
            .map(|phase| Self {
                from_on: phase.from_on.into(),
                through_on: phase
                    .through_on
                    .into_iter()
                    .chain(subscription.ends_on)
                    .min()
                    .map(Into::into),
                plan: phase.plan.plan.key.clone(),
                plan_version_id: phase.plan.id.clone(),
                quantity: phase.quantity,
            })
            .collect()
    }
}

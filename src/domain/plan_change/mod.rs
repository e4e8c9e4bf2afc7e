//! Changing plan or quantity: at once, with the end of the charged period, or with the end of the notice period.

mod absorb;
mod phases;

use std::sync::Arc;

use time::Date;

use super::{
    account::{Account, Circumstances},
    add_on::{IncludedService, align_bookings, book_included, check_booking_change, check_quantity_is_changeable},
    because::Because,
    calendar::{english, german, next_day},
    catalogue::{Consequence, Transition, TransitionTiming},
    change::{ChangeKind, PlanChangeDetails},
    conclusion::{check_quantity, check_sold_to},
    consent::{Agreement, order_button},
    due,
    event::DraftEvent,
    event_type::ChangeVerb,
    localized::LocalizedText,
    plan_version::PlanVersion,
    subscription::{Phase, Subscription, SubscriptionStatus},
    terms::{TerminationQuestion, termination},
    violation::Violation,
};

pub use absorb::Absorption;
use phases::schedule;
pub(super) use phases::{supersede, undo_phases};

/// A request for another plan, another quantity, or both.
#[derive(Debug, Clone)]
pub struct PlanChangeRequest {
    /// Id of the new plan change (`pch_`).
    pub change_id: String,
    /// The contract.
    pub subscription_id: String,
    /// The plan to change to, in its present version; `None` keeps the plan and its version.
    pub target: Option<Arc<PlanVersion>>,
    /// The transition the catalogue offers between the two plans, if it does.
    pub transition: Option<Transition>,
    /// Units afterwards; the present number when not named.
    pub quantity: Option<u32>,
    /// The pending plan change that this one replaces.
    pub supersedes: Option<String>,
    /// One-off services that the new plan contains.
    pub included: Vec<IncludedService>,
    /// Other contracts of the customer that the new plan takes in.
    pub absorb: Vec<Absorption>,
    /// Consents and order button.
    pub agreement: Agreement,
}

/// What a plan change leads to, beyond the changed account.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanChangeOutcome {
    /// First day of the new plan or quantity.
    pub effective_on: Date,
    /// What the customer must know.
    pub consequences: Vec<Consequence>,
    /// The label the consumer's order button must carry, where the order costs more than before.
    pub order_button: Option<LocalizedText>,
    /// The pending plan change that is replaced.
    pub superseded_id: Option<String>,
    /// Why the date is what it is, for changes at the end of the notice period.
    pub because: Vec<Because>,
    /// Last day on which a declaration would still have reached the same date.
    pub latest_receipt_on: Option<Date>,
}

/// Changes plan or quantity of a contract: schedules the change and puts it into effect if its day has come.
///
/// # Errors
/// `subscription_not_active`, `subscription_ended`, `cancellation_in_effect`, `plan_change_pending`, `change_not_pending`,
/// `nothing_to_change`, `transition_not_allowed`, `slots_occupied`, `absorption_not_offered`, `plan_not_available`, `not_for_customer_type`, `quantity_out_of_range` and
/// those of the consents.
pub fn change_plan(
    account: &mut Account,
    circumstances: &Circumstances<'_>,
    request: &PlanChangeRequest,
) -> Result<PlanChangeOutcome, Violation> {
    let subscription = account.subscription_mut(&request.subscription_id)?;
    let current = check_changeable(subscription, circumstances.today)?;
    check_quantity_is_changeable(subscription)?;
    let change = Intention::of(subscription, &current, request)?;
    let booked = subscription.booking.is_some().then(|| subscription.clone());
    if let Some(booking) = booked {
        check_booking_change(account, &booking, &current, change.quantity, circumstances.today)?;
    }
    absorb::check(account, request, &change, circumstances.today)?;
    let subscription = account.subscription_mut(&request.subscription_id)?;
    let superseded_id = settle_pending(subscription, &change, request)?;
    let moment = circumstances.moment();
    let mut events = Vec::new();
    if let Some(id) = &superseded_id {
        events.extend(supersede(subscription, id, &request.change_id, moment));
    }
    let date = effective_date(subscription, &current, &change, circumstances)?;
    request.agreement.check_consents()?;
    let label = order_button(
        &change.plan.plan,
        subscription.customer_type,
        change.costs_more(&current),
    );
    if let Some(label) = &label {
        request.agreement.check_order_button(label)?;
    }
    schedule(
        subscription,
        &current,
        &change,
        date.effective_on,
        request,
        circumstances.now,
    );
    if let Some(scheduled) = subscription.change(&request.change_id) {
        let event = DraftEvent::of_change(ChangeVerb::Created, subscription, scheduled, moment, true);
        events.push(event.with("evidence", request.agreement.evidence()));
    }
    account.events.extend(events);
    absorb::absorb(account, request, moment)?;
    let effective_on = date.effective_on;
    book_included(
        account,
        &request.subscription_id,
        &request.included,
        (effective_on, Some(&request.change_id)),
        moment,
    );
    align_bookings(account, &request.subscription_id, moment);
    due::advance_now(account, moment)?;
    Ok(PlanChangeOutcome {
        effective_on: date.effective_on,
        consequences: change.consequences(&current, request),
        order_button: label,
        superseded_id,
        because: date.because,
        latest_receipt_on: date.latest_receipt_on,
    })
}

/// What is wanted, checked against the plan but not yet against the state.
struct Intention {
    plan: Arc<PlanVersion>,
    quantity: u32,
    timing: TransitionTiming,
    is_pure_decrease: bool,
    /// Clamped to the new plan's limit rather than asked for.
    quantity_reduced: bool,
}

impl Intention {
    fn of(subscription: &Subscription, current: &Phase, request: &PlanChangeRequest) -> Result<Self, Violation> {
        // Asking for the plan one has means asking for another quantity: the agreed version stays (design decision 20).
        let target = request
            .target
            .as_ref()
            .filter(|target| target.plan_id != current.plan.plan_id);
        let Some(target) = target else {
            let quantity = request.quantity.unwrap_or(current.quantity);
            if quantity == current.quantity {
                return Err(nothing_to_change());
            }
            check_quantity(&current.plan, quantity)?;
            let is_pure_decrease = quantity < current.quantity;
            let timing = if is_pure_decrease {
                TransitionTiming::PeriodEnd
            } else {
                TransitionTiming::Immediate
            };
            return Ok(Self {
                plan: Arc::clone(&current.plan),
                quantity,
                timing,
                is_pure_decrease,
                quantity_reduced: false,
            });
        };
        check_sold_to(target, subscription.customer_type)?;
        let Some(transition) = &request.transition else {
            return Err(transition_not_allowed(&current.plan, target));
        };
        let quantity = match request.quantity {
            Some(quantity) => quantity,
            None => target.plan.quantity.clamp(current.quantity),
        };
        check_quantity(target, quantity)?;
        Ok(Self {
            plan: Arc::clone(target),
            quantity,
            timing: transition.timing,
            is_pure_decrease: false,
            quantity_reduced: quantity < current.quantity,
        })
    }

    /// Whether the customer will owe more per period than now, or the like for another interval: an order with costs.
    fn costs_more(&self, current: &Phase) -> bool {
        if !self.plan.plan.is_paid() || self.is_pure_decrease {
            return false;
        }
        self.plan.id != current.plan.id || self.quantity > current.quantity
    }

    fn consequences(&self, current: &Phase, request: &PlanChangeRequest) -> Vec<Consequence> {
        let mut consequences = Vec::new();
        if self.plan.id != current.plan.id {
            consequences.extend(
                request
                    .transition
                    .iter()
                    .flat_map(|transition| transition.consequences.clone()),
            );
        }
        if self.quantity_reduced {
            consequences.push(Consequence {
                code: "quantity_reduced".to_owned(),
                text: LocalizedText::new(
                    format!("Die Menge sinkt von {} auf {}.", current.quantity, self.quantity),
                    format!("The quantity goes down from {} to {}.", current.quantity, self.quantity),
                ),
            });
        }
        consequences
    }
}

struct EffectiveDate {
    effective_on: Date,
    because: Vec<Because>,
    latest_receipt_on: Option<Date>,
}

fn check_changeable(subscription: &Subscription, today: Date) -> Result<Phase, Violation> {
    match subscription.status_on(today) {
        SubscriptionStatus::Active => {}
        SubscriptionStatus::Scheduled => {
            return Err(Violation::conflict(
                "subscription_not_active",
                "Der Vertrag hat noch nicht begonnen.",
                "The contract has not begun yet.",
            ));
        }
        SubscriptionStatus::Ended | SubscriptionStatus::Withdrawn => return Err(subscription.ended()),
    }
    if let Some(cancellation) = subscription.pending(ChangeKind::Cancellation) {
        return Err(Violation::conflict(
            "cancellation_in_effect",
            "Der Vertrag ist gekündigt. Nehmen Sie zuerst die Kündigung zurück.",
            "The contract is cancelled. Revoke the cancellation first.",
        )
        .with("cancellation_id", cancellation.id.clone()));
    }
    subscription
        .phase_on(today)
        .cloned()
        .ok_or_else(|| subscription.ended())
}

/// Decides what becomes of a pending plan change: named or a mere decrease, it is replaced; otherwise it stands in the way
/// (design decisions 11 and 13).
fn settle_pending(
    subscription: &Subscription,
    change: &Intention,
    request: &PlanChangeRequest,
) -> Result<Option<String>, Violation> {
    let pending = subscription.pending(ChangeKind::PlanChange);
    match (pending, &request.supersedes) {
        (None, None) => Ok(None),
        (Some(pending), Some(named)) if pending.id == *named => Ok(Some(pending.id.clone())),
        (_, Some(_)) => Err(Violation::conflict(
            "change_not_pending",
            "Der genannte Vertragswechsel steht nicht aus.",
            "The plan change named is not pending.",
        )
        .at("/supersedes")),
        (Some(pending), None) => {
            let both_decreases =
                change.is_pure_decrease && pending.plan_change().is_some_and(PlanChangeDetails::is_pure_decrease);
            if both_decreases {
                return Ok(Some(pending.id.clone()));
            }
            let (de, en) = if pending.plan_change().is_some_and(PlanChangeDetails::is_quantity_only) {
                (
                    "Es steht bereits eine Mengenänderung aus. Nennen Sie sie in „supersedes“, um sie zu ersetzen.",
                    "A quantity change is already pending. Name it in \"supersedes\" to replace it.",
                )
            } else {
                (
                    "Es steht bereits ein Vertragswechsel aus. Nennen Sie ihn in „supersedes“, um ihn zu ersetzen.",
                    "A plan change is already pending. Name it in \"supersedes\" to replace it.",
                )
            };
            Err(Violation::conflict("plan_change_pending", de, en).with("plan_change_id", pending.id.clone()))
        }
    }
}

fn effective_date(
    subscription: &Subscription,
    current: &Phase,
    change: &Intention,
    circumstances: &Circumstances<'_>,
) -> Result<EffectiveDate, Violation> {
    let today = circumstances.today;
    let on = |effective_on| EffectiveDate {
        effective_on,
        because: Vec::new(),
        latest_receipt_on: None,
    };
    match change.timing {
        TransitionTiming::Immediate => Ok(on(today)),
        TransitionTiming::PeriodEnd => {
            let eve = charged_period_end(subscription, current, today);
            // A term that ends by itself is not lengthened; another plan can follow it, another quantity cannot.
            match subscription.ends_on.filter(|end| *end <= eve) {
                Some(end) if change.is_pure_decrease => Err(ends_before(end)),
                Some(end) => Ok(on(next_day(end))),
                None => Ok(on(next_day(eve))),
            }
        }
        TransitionTiming::NoticeEnd => {
            let end = termination(&TerminationQuestion {
                terms: &current.plan.plan.terms,
                received_on: today,
                started_on: Some(subscription.term_started_on(today)),
                billing: Some(current.schedule),
                wish_on: None,
                consumer: subscription.customer_type == super::customer_type::CustomerType::Consumer,
            })?;
            Ok(EffectiveDate {
                effective_on: end.successor_starts_on,
                because: end.because,
                latest_receipt_on: Some(end.latest_receipt_on),
            })
        }
    }
}

/// The last day of what is charged, or of the running period where nothing is.
fn charged_period_end(subscription: &Subscription, current: &Phase, today: Date) -> Date {
    let period_end = current
        .schedule
        .period_containing(today)
        .map_or(today, |period| period.through_on);
    subscription
        .billed_through_on
        .map_or(period_end, |through| through.max(period_end))
}

fn ends_before(end: Date) -> Violation {
    Violation::invalid(
        "nothing_to_change",
        format!(
            "Die Menge ist bis zum {} bezahlt; an diesem Tag endet der Vertrag von selbst.",
            german(end)
        ),
        format!(
            "The quantity is paid for until {}; on that day the contract ends by itself.",
            english(end)
        ),
    )
}

fn nothing_to_change() -> Violation {
    Violation::invalid(
        "nothing_to_change",
        "Der Vertrag hat diesen Tarif und diese Menge bereits.",
        "The contract already has this plan and quantity.",
    )
}

fn transition_not_allowed(from: &PlanVersion, to: &PlanVersion) -> Violation {
    Violation::invalid(
        "transition_not_allowed",
        format!(
            "Ein Wechsel von {} zu {} ist nicht vorgesehen.",
            from.plan.name.de, to.plan.name.de
        ),
        format!(
            "A change from {} to {} is not offered.",
            from.plan.name.en, to.plan.name.en
        ),
    )
    .at("/plan")
}

//! What a customer can do, with date and price, and what not, with the reason: found by trying each action on a copy of the
//! account, so an option never promises what the command would refuse.

mod ending;

use std::sync::Arc;

use time::Date;

use self::ending::{cancellation_of, revocation_of, withdrawals_of};
use super::{
    account::{Account, Circumstances},
    add_on::{BookingRequest, book, is_allowed_for},
    catalogue::Transition,
    change::{CancellationKind, ChangeKind},
    conclusion::{Conclusion, conclude},
    consent::Agreement,
    plan_change::{PlanChangeRequest, change_plan},
    plan_version::PlanVersion,
    preview::{Recurring, recurring_price},
    subscription::{Subscription, SubscriptionStatus},
    violation::Violation,
};

/// What can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Conclude a contract about a plan.
    Conclude,
    /// Change to another plan.
    ChangePlan,
    /// Change the quantity.
    ChangeQuantity,
    /// Cancel with notice.
    Cancel,
    /// Cancel for good cause.
    CancelExtraordinarily,
    /// Book an add-on.
    BookAddOn,
    /// Put something into a free slot, or into a contract of its own.
    AllocateSlot,
    /// Withdraw (§ 355 BGB), wholly or from a plan change.
    Withdraw,
    /// Take the pending plan change back.
    RevokePlanChange,
    /// Take the pending cancellation back.
    RevokeCancellation,
}

impl Action {
    /// The name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Conclude => "conclude",
            Self::ChangePlan => "change_plan",
            Self::ChangeQuantity => "change_quantity",
            Self::Cancel => "cancel",
            Self::CancelExtraordinarily => "cancel_extraordinarily",
            Self::BookAddOn => "book_add_on",
            Self::AllocateSlot => "allocate_slot",
            Self::Withdraw => "withdraw",
            Self::RevokePlanChange => "revoke_plan_change",
            Self::RevokeCancellation => "revoke_cancellation",
        }
    }
}

/// One thing a customer may or may not do.
#[derive(Debug, Clone, PartialEq)]
pub struct ActionOption {
    /// What.
    pub action: Action,
    /// On which contract; `None` for new ones.
    pub subscription_id: Option<String>,
    /// On which add-on booking of that contract.
    pub add_on_booking_id: Option<String>,
    /// About which plan.
    pub plan: Option<Arc<PlanVersion>>,
    /// About which add-on.
    pub add_on: Option<Arc<PlanVersion>>,
    /// Into which kind of slot.
    pub slot_kind: Option<String>,
    /// The pending change that would be taken back.
    pub change_id: Option<String>,
    /// Why not; `None` when it is allowed.
    pub refusal: Option<Violation>,
    /// The day on which it would take effect if declared today.
    pub earliest_on: Option<Date>,
    /// Last day of receipt that still leads to that day.
    pub latest_receipt_on: Option<Date>,
    /// What the contract would cost per billing period.
    pub price: Option<Recurring>,
}

/// New contracts a customer could conclude.
pub fn conclusions(
    account: &Account,
    circumstances: &Circumstances<'_>,
    plans: &[Arc<PlanVersion>],
) -> Vec<ActionOption> {
    let concludable = plans
        .iter()
        .filter(|plan| plan.plan.available && plan.plan.is_sold_to(account.customer_type));
    concludable
        .map(|plan| conclusion_of(account, circumstances, plan))
        .collect()
}

/// What can be done with one contract. `transitions` are those the catalogue offers from its present plan, with their target.
pub fn of_subscription(
    account: &Account,
    circumstances: &Circumstances<'_>,
    subscription: &Subscription,
    transitions: &[(Transition, Arc<PlanVersion>)],
) -> Vec<ActionOption> {
    let mut options: Vec<ActionOption> = transitions
        .iter()
        .filter(|(_, target)| target.plan.available && target.plan.is_sold_to(subscription.customer_type))
        .map(|(transition, target)| plan_change_of(account, circumstances, subscription, transition, target))
        .collect();
    options.extend(quantity_change_of(account, circumstances, subscription));
    for kind in [CancellationKind::Ordinary, CancellationKind::Extraordinary] {
        options.push(cancellation_of(account, circumstances, subscription, kind));
    }
    for kind in [ChangeKind::PlanChange, ChangeKind::Cancellation] {
        options.extend(revocation_of(account, circumstances, subscription, kind));
    }
    options.extend(withdrawals_of(account, circumstances, subscription));
    options
}

/// The add-ons that could be booked on a contract: those its plan allows and does not contain already.
pub fn bookings(
    account: &Account,
    circumstances: &Circumstances<'_>,
    subscription: &Subscription,
    add_ons: &[Arc<PlanVersion>],
) -> Vec<ActionOption> {
    let bookable = |version: &&Arc<PlanVersion>| {
        let phase = subscription.phase_on(circumstances.today);
        let allows = |add_on| phase.is_some_and(|phase| is_allowed_for(add_on, &phase.plan.plan));
        version.plan.available
            && version.plan.is_sold_to(subscription.customer_type)
            && version.add_on.as_ref().is_some_and(allows)
    };
    add_ons
        .iter()
        .filter(bookable)
        .map(|add_on| booking_of(account, circumstances, subscription, add_on))
        .collect()
}

/// What can be done with an add-on booking.
pub fn of_booking(account: &Account, circumstances: &Circumstances<'_>, booking: &Subscription) -> Vec<ActionOption> {
    let is_over = matches!(
        booking.status_on(circumstances.today),
        SubscriptionStatus::Ended | SubscriptionStatus::Withdrawn
    );
    if is_over {
        return Vec::new();
    }
    let mut found = Vec::new();
    if !booking.is_one_off_service() {
        found.extend(quantity_change_of(account, circumstances, booking));
        found.push(cancellation_of(
            account,
            circumstances,
            booking,
            CancellationKind::Ordinary,
        ));
    }
    for kind in [ChangeKind::PlanChange, ChangeKind::Cancellation] {
        found.extend(revocation_of(account, circumstances, booking, kind));
    }
    found.extend(withdrawals_of(account, circumstances, booking));
    found
}

fn booking_of(
    account: &Account,
    circumstances: &Circumstances<'_>,
    subscription: &Subscription,
    add_on: &Arc<PlanVersion>,
) -> ActionOption {
    let mut copy = account.clone();
    let request = BookingRequest {
        booking_id: String::new(),
        subscription_id: subscription.id.clone(),
        add_on: Arc::clone(add_on),
        quantity: None,
        agreement: agreement(),
    };
    let mut option = ActionOption {
        add_on: Some(Arc::clone(add_on)),
        ..option(Action::BookAddOn, Some(subscription))
    };
    match book(&mut copy, circumstances, &request) {
        Ok(()) => {
            option.earliest_on = Some(circumstances.today);
            option.price = price(&copy, "", circumstances.today, circumstances);
        }
        Err(violation) => option.refusal = Some(violation),
    }
    option
}

pub(in crate::domain) fn option(action: Action, subscription: Option<&Subscription>) -> ActionOption {
    ActionOption {
        action,
        subscription_id: subscription.map(|subscription| subscription.contract_id().to_owned()),
        add_on_booking_id: subscription.and_then(Subscription::booking_id).map(str::to_owned),
        plan: None,
        add_on: None,
        slot_kind: None,
        change_id: None,
        refusal: None,
        earliest_on: None,
        latest_receipt_on: None,
        price: None,
    }
}

pub(in crate::domain) fn agreement() -> Agreement {
    Agreement {
        is_preview: true,
        ..Agreement::default()
    }
}

fn conclusion_of(account: &Account, circumstances: &Circumstances<'_>, plan: &Arc<PlanVersion>) -> ActionOption {
    let mut copy = account.clone();
    let order = Conclusion {
        subscription_id: String::new(),
        contract_number: String::new(),
        plan: Arc::clone(plan),
        quantity: None,
        starts_on: None,
        included: Vec::new(),
        agreement: agreement(),
    };
    let mut option = ActionOption {
        plan: Some(Arc::clone(plan)),
        ..option(Action::Conclude, None)
    };
    match conclude(&mut copy, circumstances, &order) {
        Ok(()) => {
            option.earliest_on = Some(circumstances.today);
            option.price = price(&copy, "", circumstances.today, circumstances);
        }
        Err(violation) => option.refusal = Some(violation),
    }
    option
}

fn plan_change_of(
    account: &Account,
    circumstances: &Circumstances<'_>,
    subscription: &Subscription,
    transition: &Transition,
    target: &Arc<PlanVersion>,
) -> ActionOption {
    let request = PlanChangeRequest {
        change_id: String::new(),
        subscription_id: subscription.id.clone(),
        target: Some(Arc::clone(target)),
        transition: Some(transition.clone()),
        quantity: None,
        supersedes: None,
        included: Vec::new(),
        absorb: Vec::new(),
        agreement: agreement(),
    };
    let option = ActionOption {
        plan: Some(Arc::clone(target)),
        ..option(Action::ChangePlan, Some(subscription))
    };
    tried_plan_change(account, circumstances, &request, option)
}

/// Changing the quantity, tried with one unit more, or one less where the maximum is reached; not offered where the plan has
/// one fixed quantity.
fn quantity_change_of(
    account: &Account,
    circumstances: &Circumstances<'_>,
    subscription: &Subscription,
) -> Option<ActionOption> {
    let phase = subscription.phase_on(circumstances.today)?;
    let rule = &phase.plan.plan.quantity;
    if rule.minimum == rule.effective_maximum() {
        return None;
    }
    let more = phase.quantity + 1;
    let request = PlanChangeRequest {
        change_id: String::new(),
        subscription_id: subscription.id.clone(),
        target: None,
        transition: None,
        quantity: Some(if rule.allows(more) {
            more
        } else {
            phase.quantity.saturating_sub(1)
        }),
        supersedes: None,
        included: Vec::new(),
        absorb: Vec::new(),
        agreement: agreement(),
    };
    let is_booking = subscription.booking.is_some();
    let option = ActionOption {
        plan: (!is_booking).then(|| Arc::clone(&phase.plan)),
        add_on: is_booking.then(|| Arc::clone(&phase.plan)),
        ..option(Action::ChangeQuantity, Some(subscription))
    };
    Some(tried_plan_change(account, circumstances, &request, option))
}

fn tried_plan_change(
    account: &Account,
    circumstances: &Circumstances<'_>,
    request: &PlanChangeRequest,
    mut option: ActionOption,
) -> ActionOption {
    let mut copy = account.clone();
    match change_plan(&mut copy, circumstances, request) {
        Ok(outcome) => {
            option.earliest_on = Some(outcome.effective_on);
            option.latest_receipt_on = outcome.latest_receipt_on;
            option.price = price(&copy, &request.subscription_id, outcome.effective_on, circumstances);
        }
        Err(violation) => option.refusal = Some(violation),
    }
    option
}

pub(in crate::domain) fn price(
    account: &Account,
    subscription_id: &str,
    day: Date,
    circumstances: &Circumstances<'_>,
) -> Option<Recurring> {
    let subscription = account.subscription(subscription_id).ok()?;
    let price = recurring_price(subscription, day, circumstances.provider.currency)
        .ok()
        .flatten()?;
    // The old plan's next charge says nothing about the new price.
    Some(Recurring {
        next_charge_on: price.next_charge_on.filter(|on| *on >= day),
        ..price.taxed(account.tax_treatment())
    })
}

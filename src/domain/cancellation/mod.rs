//! Cancelling contracts: ordinary with notice, extraordinary for good cause (§ 314 BGB), several at once, all but one.

mod keep_one;
mod standing;

use time::{Date, OffsetDateTime};

use crate::domain::{
    account::{Account, Circumstances},
    add_on::align_bookings,
    because::Because,
    calendar::previous_day,
    change::{CancellationDetails, CancellationKind, Change, ChangeDetails, ChangeKind, ChangeStatus, Review},
    customer_type::CustomerType,
    due,
    event::DraftEvent,
    event_type::{ChangeVerb, EventType},
    plan_change::supersede,
    subscription::{Subscription, SubscriptionStatus},
    terms::{TerminationQuestion, termination},
    violation::Violation,
    withdrawal::{WithdrawalOutcome, counts_as_withdrawal, instead_of_cancellation},
};

use keep_one::check_keeps_one;
pub(super) use standing::supersede_cancellation;
use standing::{asks_for_erasure, is_repetition, repeat};

/// A declaration that ends contracts.
#[derive(Debug, Clone)]
pub struct CancellationRequest {
    /// Contracts to cancel, each with the id (`cxl_`) its cancellation will have.
    pub contracts: Vec<ContractToCancel>,
    /// Ordinary or extraordinary.
    pub kind: CancellationKind,
    /// The reason; mandatory for extraordinary cancellations.
    pub reason: Option<String>,
    /// The date wished for; the earliest allowed day on or after it counts (rules 2.3).
    pub wish_on: Option<Date>,
    /// Whether the customer also asks for erasure.
    pub delete_data: bool,
    /// When the declaration was received; the business instant for self-service.
    pub received_at: OffsetDateTime,
    /// Whether it is to be a cancellation even where it could be treated as a withdrawal; consumers may choose.
    pub as_cancellation: bool,
}

/// One contract to cancel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractToCancel {
    /// The contract.
    pub subscription_id: String,
    /// Id of the cancellation, should a new one be needed.
    pub change_id: String,
}

/// What a cancellation leads to for one contract.
#[derive(Debug, Clone, PartialEq)]
pub struct CancellationOutcome {
    /// The contract.
    pub subscription_id: String,
    /// The cancellation: the new one, or the one that already stood.
    pub change_id: String,
    /// Last day of the contract.
    pub ends_on: Date,
    /// Whether the same declaration had been made before; nothing has changed then.
    pub already_cancelled: bool,
    /// The pending plan change that is replaced.
    pub superseded_id: Option<String>,
    /// Why the date is what it is.
    pub because: Vec<Because>,
    /// Last day of receipt that still leads to this end.
    pub latest_receipt_on: Option<Date>,
    /// The withdrawal it was treated as.
    pub withdrawal: Option<Box<WithdrawalOutcome>>,
}

/// Cancels one or several contracts of an account; all of them or none.
///
/// # Errors
/// `subscription_ended`, `reason_required`, `last_contract`, `instant_out_of_range`.
pub fn cancel(
    account: &mut Account,
    circumstances: &Circumstances<'_>,
    request: &CancellationRequest,
) -> Result<Vec<CancellationOutcome>, Violation> {
    let has_reason = request
        .reason
        .as_deref()
        .is_some_and(|reason| reason.chars().any(char::is_alphanumeric));
    if request.kind == CancellationKind::Extraordinary && !has_reason {
        return Err(reason_required());
    }
    check_keeps_one(account, circumstances, request)?;
    let mut outcomes = Vec::with_capacity(request.contracts.len());
    for contract in &request.contracts {
        let item = account.subscription(&contract.subscription_id)?;
        outcomes.push(if counts_as_withdrawal(account, circumstances, request, item) {
            instead_of_cancellation(account, circumstances, request, contract)?
        } else {
            cancel_one(account, circumstances, request, contract)?
        });
    }
    for contract in &request.contracts {
        let contract_id = account
            .subscription(&contract.subscription_id)?
            .contract_id()
            .to_owned();
        align_bookings(account, &contract_id, circumstances.moment());
    }
    due::advance_now(account, circumstances.moment())?;
    Ok(outcomes)
}

fn cancel_one(
    account: &mut Account,
    circumstances: &Circumstances<'_>,
    request: &CancellationRequest,
    contract: &ContractToCancel,
) -> Result<CancellationOutcome, Violation> {
    let subscription = account.subscription_mut(&contract.subscription_id)?;
    check_cancellable(subscription, circumstances, request)?;
    let mut events = Vec::new();
    let moment = circumstances.moment();
    // A pending plan change goes first: the end is that of the plan which then runs on.
    let superseded_id = subscription
        .pending(ChangeKind::PlanChange)
        .map(|change| change.id.clone());
    if let Some(pending) = &superseded_id {
        events.extend(supersede(subscription, pending, &contract.change_id, moment));
    }
    let end = end_of(subscription, circumstances, request)?;
    let mut outcome = CancellationOutcome {
        subscription_id: subscription.id.clone(),
        change_id: contract.change_id.clone(),
        ends_on: end.ends_on,
        already_cancelled: false,
        superseded_id,
        because: end.because,
        latest_receipt_on: end.latest_receipt_on,
        withdrawal: None,
    };
    let standing = subscription.pending(ChangeKind::Cancellation).cloned();
    let delete_data = request.delete_data || standing.as_ref().is_some_and(asks_for_erasure);
    if let Some(standing) = standing {
        if is_repetition(&standing, request, end.ends_on) {
            let (outcome, joined) = repeat(subscription, circumstances, request, &standing, outcome);
            account.events.extend(events.into_iter().chain(joined));
            return Ok(outcome);
        }
        // An earlier end, or a good cause, is a declaration of its own: it takes effect on receipt and is never blocked.
        outcome.ends_on = outcome.ends_on.min(standing.effective_on);
        events.extend(supersede_cancellation(
            subscription,
            &standing.id,
            &contract.change_id,
            moment,
        ));
    }
    let created = schedule_end(subscription, circumstances, request, &outcome, delete_data);
    events.push(DraftEvent::of_change(
        ChangeVerb::Created,
        subscription,
        &created,
        moment,
        true,
    ));
    account.events.extend(events);
    Ok(outcome)
}

fn schedule_end(
    subscription: &mut Subscription,
    circumstances: &Circumstances<'_>,
    request: &CancellationRequest,
    outcome: &CancellationOutcome,
    delete_data: bool,
) -> Change {
    let change = Change {
        id: outcome.change_id.clone(),
        status: ChangeStatus::Scheduled,
        received_at: request.received_at,
        effective_on: outcome.ends_on,
        superseded_by_id: None,
        settled_at: None,
        version: 1,
        created_at: circumstances.now,
        details: ChangeDetails::Cancellation(CancellationDetails {
            kind: request.kind,
            reason: request.reason.clone(),
            wish_on: request.wish_on,
            delete_data,
            received_on: circumstances.zone.local_date(request.received_at),
            latest_receipt_on: outcome.latest_receipt_on,
            review: (request.kind == CancellationKind::Extraordinary).then_some(Review::Pending),
            previous_ends_on: subscription.ends_on,
            superseded_plan_change_id: outcome.superseded_id.clone(),
            withdrawal_id: None,
        }),
    };
    subscription.ends_on = Some(outcome.ends_on);
    subscription.ended_by_change_id = Some(change.id.clone());
    subscription.changes.push(change.clone());
    change
}

/// Staff's decision on an extraordinary cancellation (design decision 12): accepted, the contract ends with the day of
/// receipt and what was charged beyond is credited; rejected, the ordinary end stays.
///
/// # Errors
/// `not_found`, `extraordinary_already_decided`, `change_not_pending`.
pub fn review(
    account: &mut Account,
    circumstances: &Circumstances<'_>,
    subscription_id: &str,
    change_id: &str,
    decision: Review,
) -> Result<(), Violation> {
    let subscription = account.subscription_mut(subscription_id)?;
    let starts_on = subscription.starts_on;
    let change = subscription.change_mut(change_id).ok_or_else(unknown)?;
    let is_scheduled = change.is_scheduled();
    let ChangeDetails::Cancellation(details) = &mut change.details else {
        return Err(unknown());
    };
    if details.review != Some(Review::Pending) {
        return Err(Violation::conflict(
            "extraordinary_already_decided",
            "Über diese Kündigung ist nicht (mehr) zu entscheiden.",
            "There is nothing (left) to decide about this cancellation.",
        ));
    }
    if !is_scheduled {
        return Err(not_pending());
    }
    details.review = Some(decision);
    let received_on = details.received_on;
    change.version += 1;
    if decision == Review::Accepted {
        change.effective_on = received_on.max(previous_day(starts_on)).min(change.effective_on);
        let ends_on = change.effective_on;
        subscription.ends_on = Some(ends_on);
    }
    let event_type = if decision == Review::Accepted {
        EventType::CancellationAccepted
    } else {
        EventType::CancellationRejected
    };
    let moment = circumstances.moment();
    if let Some(change) = subscription.change(change_id) {
        let event = DraftEvent::about_change(event_type, subscription, change, moment, true);
        account.events.push(event);
    }
    align_bookings(account, subscription_id, moment);
    due::advance_now(account, moment)
}

struct End {
    ends_on: Date,
    because: Vec<Because>,
    latest_receipt_on: Option<Date>,
}

/// The last day of the contract ([`termination`]), never later than the end its term has by itself.
fn end_of(
    subscription: &Subscription,
    circumstances: &Circumstances<'_>,
    request: &CancellationRequest,
) -> Result<End, Violation> {
    let received_on = circumstances.zone.local_date(request.received_at);
    let Some(phase) = subscription.phase_on(received_on) else {
        return Err(subscription.ended());
    };
    let answer = termination(&TerminationQuestion {
        terms: &phase.plan.plan.terms,
        received_on,
        started_on: Some(subscription.term_started_on(received_on)),
        billing: Some(phase.schedule),
        wish_on: request.wish_on,
        consumer: subscription.customer_type == CustomerType::Consumer,
    })?;
    let natural_end = subscription
        .ends_on
        .filter(|_| subscription.ended_by_change_id.is_none());
    let ends_on = natural_end.map_or(answer.ends_on, |natural| natural.min(answer.ends_on));
    Ok(End {
        ends_on,
        because: answer.because,
        latest_receipt_on: Some(answer.latest_receipt_on),
    })
}

fn check_cancellable(
    subscription: &Subscription,
    circumstances: &Circumstances<'_>,
    request: &CancellationRequest,
) -> Result<(), Violation> {
    if matches!(
        subscription.status_on(circumstances.today),
        SubscriptionStatus::Ended | SubscriptionStatus::Withdrawn
    ) {
        return Err(subscription.ended());
    }
    if subscription.is_one_off_service() {
        return Err(Violation::conflict(
            "one_off_not_cancellable",
            "Eine einmalige Leistung kann nicht gekündigt werden.",
            "A service that is performed once cannot be cancelled.",
        ));
    }
    if request.received_at > circumstances.now || request.received_at < subscription.concluded_at {
        return Err(Violation::invalid(
            "instant_out_of_range",
            "Der Zugang muss zwischen Vertragsschluss und jetzt liegen.",
            "Receipt must lie between the conclusion of the contract and now.",
        )
        .at("/received_at"));
    }
    Ok(())
}

pub(super) fn reason_required() -> Violation {
    Violation::invalid(
        "reason_required",
        "Eine außerordentliche Kündigung braucht einen Grund (§ 314 BGB).",
        "An extraordinary cancellation needs a reason (§ 314 BGB).",
    )
    .at("/reason")
}

pub(super) fn unknown() -> Violation {
    Violation::conflict(
        "not_found",
        "Diese Kündigung gibt es nicht.",
        "There is no such cancellation.",
    )
}

pub(super) fn not_pending() -> Violation {
    Violation::conflict(
        "change_not_pending",
        "Die Kündigung steht nicht mehr aus.",
        "The cancellation is no longer pending.",
    )
}

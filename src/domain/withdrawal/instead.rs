//! A cancellation that is treated as a withdrawal: within the period, where the catalogue says so (design decision 17, seed
//! 002). Consumers may insist on the cancellation; for businesses who are granted the right it is a withdrawal.

use super::{WithdrawalOutcome, WithdrawalRequest, right::right_of_item, withdraw};
use crate::domain::{
    account::{Account, Circumstances},
    cancellation::{CancellationOutcome, CancellationRequest, ContractToCancel},
    change::{CancellationDetails, CancellationKind, Change, ChangeDetails, ChangeKind, ChangeStatus},
    charging::unix_millis,
    customer_type::CustomerType,
    event::DraftEvent,
    event_type::ChangeVerb,
    ids::IdKind,
    retention::{erasure_due, erasure_wish},
    subscription::Subscription,
    violation::Violation,
};

/// Whether cancelling this contract or booking is a withdrawal. A wish for a certain day, a good cause or a cancellation that
/// already stands make it a cancellation.
pub fn counts_as_withdrawal(
    account: &Account,
    circumstances: &Circumstances<'_>,
    request: &CancellationRequest,
    item: &Subscription,
) -> bool {
    let is_plain = request.kind == CancellationKind::Ordinary && request.wish_on.is_none();
    let insists = request.as_cancellation && item.customer_type == CustomerType::Consumer;
    let stands = item.pending(ChangeKind::Cancellation).is_some();
    let mut phases = item.phases.iter().filter(|phase| phase.created_by_change_id.is_none());
    let is_treated_so = phases
        .next()
        .is_some_and(|phase| phase.plan.plan.withdrawal.cancel_within_14d_is_withdrawal);
    let in_time = || {
        let right = right_of_item(account, circumstances, item);
        request.received_at >= item.concluded_at && right.is_ok_and(|right| right.check(request.received_at).is_ok())
    };
    is_plain && !insists && !stands && is_treated_so && in_time()
}

/// Withdraws instead, and keeps the cancellation as the declaration it was.
///
/// # Errors
/// Those of [`withdraw`].
pub fn instead_of_cancellation(
    account: &mut Account,
    circumstances: &Circumstances<'_>,
    request: &CancellationRequest,
    contract: &ContractToCancel,
) -> Result<CancellationOutcome, Violation> {
    let withdrawal = WithdrawalRequest {
        withdrawal_id: IdKind::Withdrawal.derive(unix_millis(circumstances.now), &[&contract.change_id]),
        item_id: contract.subscription_id.clone(),
        plan_change_id: None,
        quantity: None,
        reason: request.reason.clone(),
        received_at: request.received_at,
        dispatched_at: None,
        cancellation_id: Some(contract.change_id.clone()),
    };
    let outcome = withdraw(account, circumstances, &withdrawal)?;
    keep_declaration(account, circumstances, request, &outcome, contract)?;
    Ok(CancellationOutcome {
        subscription_id: contract.subscription_id.clone(),
        change_id: contract.change_id.clone(),
        ends_on: circumstances.today,
        already_cancelled: false,
        superseded_id: None,
        because: outcome.because.clone(),
        latest_receipt_on: Some(outcome.withdrawal.last_day_on),
        withdrawal: Some(Box::new(outcome)),
    })
}

fn keep_declaration(
    account: &mut Account,
    circumstances: &Circumstances<'_>,
    request: &CancellationRequest,
    outcome: &WithdrawalOutcome,
    contract: &ContractToCancel,
) -> Result<(), Violation> {
    let subscription = account.subscription_mut(&contract.subscription_id)?;
    let change = Change {
        id: contract.change_id.clone(),
        status: ChangeStatus::Applied,
        received_at: request.received_at,
        effective_on: circumstances.today,
        superseded_by_id: None,
        settled_at: Some(circumstances.now),
        version: 1,
        created_at: circumstances.now,
        details: ChangeDetails::Cancellation(CancellationDetails {
            kind: request.kind,
            reason: request.reason.clone(),
            wish_on: None,
            delete_data: request.delete_data,
            received_on: circumstances.zone.local_date(request.received_at),
            latest_receipt_on: Some(outcome.withdrawal.last_day_on),
            review: None,
            previous_ends_on: subscription.ends_on,
            superseded_plan_change_id: None,
            withdrawal_id: Some(outcome.withdrawal.id.clone()),
        }),
    };
    let had_wish = erasure_wish(subscription).is_some();
    subscription.changes.push(change.clone());
    let moment = circumstances.moment();
    let due = erasure_due(subscription, &change.id, moment);
    let told = [ChangeVerb::Created, ChangeVerb::Applied]
        .map(|verb| DraftEvent::of_change(verb, subscription, &change, moment, true));
    account.events.extend(told);
    if !had_wish {
        account.events.extend(due);
    }
    Ok(())
}

//! How something can be ended, and how that is taken back.

use super::{Action, ActionOption, option, price};
use crate::domain::{
    account::{Account, Circumstances},
    cancellation::{CancellationRequest, ContractToCancel, cancel},
    change::{CancellationKind, ChangeKind},
    revocation::revoke,
    subscription::Subscription,
    violation::Violation,
    withdrawal::{Right, WithdrawalRequest, right_of_item, withdraw, withdrawable_change},
};

pub(super) fn cancellation_of(
    account: &Account,
    circumstances: &Circumstances<'_>,
    subscription: &Subscription,
    kind: CancellationKind,
) -> ActionOption {
    let mut copy = account.clone();
    let request = CancellationRequest {
        contracts: vec![ContractToCancel {
            subscription_id: subscription.id.clone(),
            change_id: String::new(),
        }],
        kind,
        // Any reason: whether it is good is for staff to decide.
        reason: Some("x".to_owned()),
        wish_on: None,
        delete_data: false,
        received_at: circumstances.now,
        as_cancellation: false,
    };
    let action = match kind {
        CancellationKind::Ordinary => Action::Cancel,
        CancellationKind::Extraordinary => Action::CancelExtraordinarily,
    };
    let mut option = option(action, Some(subscription));
    match cancel(&mut copy, circumstances, &request) {
        Ok(outcomes) => {
            let outcome = outcomes.first();
            option.earliest_on = outcome.map(|outcome| outcome.ends_on);
            option.latest_receipt_on = outcome.and_then(|outcome| outcome.latest_receipt_on);
            if let Some(standing) = outcome.filter(|outcome| outcome.already_cancelled) {
                option.refusal = Some(
                    Violation::conflict(
                        "already_cancelled",
                        "Der Vertrag ist bereits gekündigt.",
                        "The contract is already cancelled.",
                    )
                    .with("cancellation_id", standing.change_id.clone()),
                );
            }
        }
        Err(violation) => option.refusal = Some(violation),
    }
    option
}

pub(super) fn revocation_of(
    account: &Account,
    circumstances: &Circumstances<'_>,
    subscription: &Subscription,
    kind: ChangeKind,
) -> Option<ActionOption> {
    let pending = subscription.pending(kind)?;
    let action = match kind {
        ChangeKind::PlanChange => Action::RevokePlanChange,
        ChangeKind::Cancellation => Action::RevokeCancellation,
    };
    let mut option = ActionOption {
        change_id: Some(pending.id.clone()),
        ..option(action, Some(subscription))
    };
    let mut copy = account.clone();
    match revoke(&mut copy, circumstances, &subscription.id, &pending.id) {
        Ok(_) => {
            option.earliest_on = Some(circumstances.today);
            option.price = price(&copy, &subscription.id, circumstances.today, circumstances);
        }
        Err(violation) => option.refusal = Some(violation),
    }
    Some(option)
}

/// Withdrawing from the whole item, and from its latest change, as far as there is a right to; `latest_receipt_on` is the last
/// day.
pub(super) fn withdrawals_of(
    account: &Account,
    circumstances: &Circumstances<'_>,
    item: &Subscription,
) -> Vec<ActionOption> {
    let mut found = Vec::new();
    match right_of_item(account, circumstances, item) {
        Err(refusal) if refusal.code == "no_right_of_withdrawal" => {}
        Err(refusal) => found.push(ActionOption {
            refusal: Some(refusal),
            ..option(Action::Withdraw, Some(item))
        }),
        Ok(right) => found.push(withdrawal_of(account, circumstances, item, None, &right)),
    }
    if let Some((change, right)) = withdrawable_change(account, circumstances, item) {
        found.push(withdrawal_of(account, circumstances, item, Some(&change.id), &right));
    }
    found
}

fn withdrawal_of(
    account: &Account,
    circumstances: &Circumstances<'_>,
    item: &Subscription,
    change_id: Option<&str>,
    right: &Right,
) -> ActionOption {
    let request = WithdrawalRequest {
        withdrawal_id: String::new(),
        item_id: item.id.clone(),
        plan_change_id: change_id.map(str::to_owned),
        quantity: None,
        reason: None,
        received_at: circumstances.now,
        dispatched_at: None,
        cancellation_id: None,
    };
    let refusal = withdraw(&mut account.clone(), circumstances, &request).err();
    ActionOption {
        change_id: change_id.map(str::to_owned),
        earliest_on: refusal.is_none().then_some(circumstances.today),
        latest_receipt_on: right.period.last_day_on,
        refusal,
        ..option(Action::Withdraw, Some(item))
    }
}

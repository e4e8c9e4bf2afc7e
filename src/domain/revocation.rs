//! Taking a pending plan change or cancellation back. An agreement to go on, offered by the provider until the day comes:
//! not a statutory withdrawal (§ 355 BGB), and the notice clock starts anew (rules 2.3).

use super::{
    account::{Account, Circumstances},
    add_on::align_bookings,
    calendar::{english, german},
    change::{Change, ChangeKind, ChangeStatus},
    due,
    event::DraftEvent,
    event_type::ChangeVerb,
    plan_change::undo_phases,
    violation::Violation,
};

/// Takes a pending change back; everything it planned is as if it had never been declared.
///
/// # Errors
/// `already_revoked`, `already_applied`, `change_superseded`, `revocation_not_offered`, `not_found`.
pub fn revoke(
    account: &mut Account,
    circumstances: &Circumstances<'_>,
    subscription_id: &str,
    change_id: &str,
) -> Result<Change, Violation> {
    let subscription = account.subscription_mut(subscription_id)?;
    let change = subscription
        .change(change_id)
        .cloned()
        .ok_or_else(super::cancellation::unknown)?;
    check_revocable(&change, circumstances)?;
    match change.kind() {
        ChangeKind::PlanChange => undo_phases(subscription, change_id),
        ChangeKind::Cancellation => {
            subscription.ends_on = change.cancellation().and_then(|details| details.previous_ends_on);
            subscription.ended_by_change_id = None;
        }
    }
    let moment = circumstances.moment();
    if let Some(change) = subscription.change_mut(change_id) {
        change.settle(ChangeStatus::Revoked, moment.at);
    }
    let revoked = subscription.change(change_id).cloned().unwrap_or(change);
    let event = DraftEvent::of_change(ChangeVerb::Revoked, subscription, &revoked, moment, true);
    account.events.push(event);
    let contract_id = account.subscription(subscription_id)?.contract_id().to_owned();
    align_bookings(account, &contract_id, moment);
    due::advance_now(account, moment)?;
    Ok(revoked)
}

fn check_revocable(change: &Change, circumstances: &Circumstances<'_>) -> Result<(), Violation> {
    match change.status {
        ChangeStatus::Revoked => Err(Violation::conflict(
            "already_revoked",
            "Das wurde bereits zurückgenommen.",
            "This has already been revoked.",
        )),
        ChangeStatus::Applied => Err(Violation::conflict(
            "already_applied",
            format!(
                "Das ist seit dem {} wirksam und kann nicht mehr zurückgenommen werden.",
                german(change.effective_on)
            ),
            format!(
                "This has been in effect since {} and can no longer be revoked.",
                english(change.effective_on)
            ),
        )),
        ChangeStatus::Superseded => Err(Violation::conflict(
            "change_superseded",
            "Das wurde durch eine spätere Erklärung ersetzt.",
            "This was replaced by a later declaration.",
        )),
        ChangeStatus::Withdrawn => Err(Violation::conflict(
            "already_withdrawn",
            "Davon ist bereits widerrufen worden (§ 355 BGB).",
            "This has already been withdrawn from (§ 355 BGB).",
        )),
        ChangeStatus::Scheduled if !circumstances.provider.revocation_offered && !circumstances.by_staff => {
            Err(Violation::conflict(
                "revocation_not_offered",
                "Der Anbieter bietet die Rücknahme nicht an. Bitte wenden Sie sich an ihn.",
                "The provider does not offer revocation. Please contact them.",
            ))
        }
        ChangeStatus::Scheduled => Ok(()),
    }
}

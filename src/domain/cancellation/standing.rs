//! What a declaration does to a cancellation that already stands.

use time::Date;

use super::{CancellationOutcome, CancellationRequest};
use crate::domain::{
    account::{Circumstances, Moment},
    change::{CancellationKind, Change, ChangeDetails, ChangeStatus, Review},
    event::DraftEvent,
    event_type::ChangeVerb,
    subscription::Subscription,
};

/// Repeating an ordinary cancellation, or declaring one while an extraordinary one is pending, changes nothing about the end unless
/// it would end the contract earlier (design decision 11).
pub(super) fn is_repetition(standing: &Change, request: &CancellationRequest, new_end: Date) -> bool {
    let standing_kind = standing.cancellation().map(|details| details.kind);
    match request.kind {
        CancellationKind::Ordinary => new_end >= standing.effective_on,
        CancellationKind::Extraordinary => {
            standing_kind == Some(CancellationKind::Extraordinary)
                && standing
                    .cancellation()
                    .is_some_and(|details| details.review == Some(Review::Pending))
        }
    }
}

/// Whether a cancellation also asks for erasure.
pub(super) fn asks_for_erasure(cancellation: &Change) -> bool {
    cancellation.cancellation().is_some_and(|details| details.delete_data)
}

/// A repetition: the cancellation stands as it is, unless the wish for erasure joins it now.
pub(super) fn repeat(
    subscription: &mut Subscription,
    circumstances: &Circumstances<'_>,
    request: &CancellationRequest,
    standing: &Change,
    outcome: CancellationOutcome,
) -> (CancellationOutcome, Vec<DraftEvent>) {
    let joins = request.delete_data && !asks_for_erasure(standing);
    let events = if joins {
        add_erasure(subscription, circumstances, request, standing, &outcome.change_id)
    } else {
        Vec::new()
    };
    let outcome = CancellationOutcome {
        change_id: if joins { outcome.change_id } else { standing.id.clone() },
        ends_on: standing.effective_on,
        already_cancelled: !joins,
        because: Vec::new(),
        latest_receipt_on: standing.cancellation().and_then(|details| details.latest_receipt_on),
        ..outcome
    };
    (outcome, events)
}

/// The wish for erasure (Art. 17 GDPR) joins a cancellation that stands, whose end and good cause stay: a declaration of its own
/// that replaces it.
fn add_erasure(
    subscription: &mut Subscription,
    circumstances: &Circumstances<'_>,
    request: &CancellationRequest,
    standing: &Change,
    change_id: &str,
) -> Vec<DraftEvent> {
    let moment = circumstances.moment();
    let mut events = Vec::with_capacity(2);
    events.extend(supersede_cancellation(subscription, &standing.id, change_id, moment));
    let mut change = Change {
        id: change_id.to_owned(),
        version: 1,
        created_at: circumstances.now,
        ..standing.clone()
    };
    if let ChangeDetails::Cancellation(details) = &mut change.details {
        details.delete_data = true;
        // An extraordinary one ends the contract with the day on which it was received, should staff accept it: that day stays.
        if details.kind == CancellationKind::Ordinary {
            change.received_at = request.received_at;
            details.received_on = circumstances.zone.local_date(request.received_at);
        }
    }
    subscription.ends_on = Some(change.effective_on);
    subscription.ended_by_change_id = Some(change.id.clone());
    subscription.changes.push(change.clone());
    events.push(DraftEvent::of_change(
        ChangeVerb::Created,
        subscription,
        &change,
        moment,
        true,
    ));
    events
}

/// Replaces a pending cancellation: the end is again what it was before.
pub(in crate::domain) fn supersede_cancellation(
    subscription: &mut Subscription,
    change_id: &str,
    by_id: &str,
    moment: Moment,
) -> Option<DraftEvent> {
    let change = subscription.change_mut(change_id)?;
    change.settle(ChangeStatus::Superseded, moment.at);
    change.superseded_by_id = Some(by_id.to_owned());
    let previous = change.cancellation().and_then(|details| details.previous_ends_on);
    subscription.ends_on = previous;
    subscription.ended_by_change_id = None;
    let change = subscription.change(change_id)?;
    Some(DraftEvent::of_change(
        ChangeVerb::Superseded,
        subscription,
        change,
        moment,
        true,
    ))
}

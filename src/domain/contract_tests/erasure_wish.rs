//! "Cancel and delete data" when the contract is cancelled already: the wish is never lost.

use time::macros::date;

use super::fixture::World;
use crate::domain::{
    cancellation::CancellationRequest,
    change::{CancellationKind, ChangeStatus, Review},
};

fn with_erasure(request: CancellationRequest) -> CancellationRequest {
    CancellationRequest {
        delete_data: true,
        ..request
    }
}

#[test]
fn a_wish_for_erasure_joins_a_cancellation_that_stands_and_leaves_its_end() {
    let mut world = World::demo("video_consultation", date!(2021 - 03 - 15));
    let id = world.conclude("plus");
    let first = world.cancel(&id);
    assert_eq!(first.ends_on, date!(2021 - 06 - 30));
    // A day on which a new cancellation would only end the contract a quarter later.
    world.on(date!(2021 - 04 - 20)).take_events();
    let request = with_erasure(world.cancellation(&[&id]));
    let joined = world.try_cancel(&request).expect("a cancellation").remove(0);
    assert_eq!(
        (joined.ends_on, joined.already_cancelled),
        (date!(2021 - 06 - 30), false)
    );
    assert_eq!(world.take_events(), ["cancellation.superseded", "cancellation.created"]);
    let standing = world.change_of(&id, &joined.change_id).clone();
    let details = standing.cancellation().expect("a cancellation");
    assert!(details.delete_data);
    assert_eq!(details.received_on, date!(2021 - 04 - 20));
    let again = world.try_cancel(&with_erasure(world.clone().cancellation(&[&id])));
    let again = again.expect("a cancellation").remove(0);
    assert!(again.already_cancelled, "once is enough");
    assert!(
        world.cancel(&id).already_cancelled,
        "and it is not taken back by saying less"
    );
    assert_eq!(again.change_id, joined.change_id);
    let mut revoked = world.clone();
    revoked.revoke(&id, &joined.change_id);
    assert_eq!(revoked.subscription(&id).ends_on, None);
    world.on(date!(2021 - 07 - 01));
    assert!(world.take_events().contains(&"customer.data_erasure_due"));
}

#[test]
fn it_keeps_the_good_cause_and_is_kept_by_an_earlier_end() {
    let mut world = World::demo("hosting", date!(2026 - 01 - 01));
    let id = world.conclude("hosting_m_yearly");
    world.on(date!(2026 - 03 - 10));
    let cause = world.good_cause(&id);
    world.try_cancel(&cause).expect("a cancellation");
    world.on(date!(2026 - 03 - 20)).take_events();
    let request = with_erasure(world.cancellation(&[&id]));
    let joined = world.try_cancel(&request).expect("a cancellation").remove(0);
    let details = world
        .change_of(&id, &joined.change_id)
        .cancellation()
        .expect("one")
        .clone();
    assert_eq!(
        (details.kind, details.review, details.received_on),
        (
            CancellationKind::Extraordinary,
            Some(Review::Pending),
            date!(2026 - 03 - 10)
        )
    );
    assert_eq!(details.reason, cause.reason);
    world.take_events();
    world
        .try_review(&id, &joined.change_id, Review::Accepted)
        .expect("a decision");
    assert_eq!(world.subscription(&id).ends_on, Some(date!(2026 - 03 - 10)));
    assert!(world.take_events().contains(&"customer.data_erasure_due"));

    let mut world = World::demo("hosting", date!(2026 - 01 - 01));
    let id = world.conclude("hosting_m_yearly");
    let first = with_erasure(world.cancellation(&[&id]));
    let first = world.try_cancel(&first).expect("a cancellation").remove(0);
    let cause = world.good_cause(&id);
    let earlier = world.try_cancel(&cause).expect("a cancellation").remove(0);
    assert_eq!(world.change_of(&id, &first.change_id).status, ChangeStatus::Superseded);
    let details = world.change_of(&id, &earlier.change_id).cancellation().expect("one");
    assert!(details.delete_data, "what was asked for once stays asked for");
}

#[test]
fn a_withdrawal_keeps_the_wish_and_fulfils_it_at_once() {
    // The cancellation is the withdrawal: within the period the catalogue takes it for one.
    let mut world = World::demo("crm", date!(2026 - 03 - 15)).consumer();
    let id = world.conclude("crm_basic");
    world.on(date!(2026 - 03 - 20)).take_events();
    let request = with_erasure(world.cancellation(&[&id]));
    let outcome = world.try_cancel(&request).expect("a cancellation").remove(0);
    assert!(outcome.withdrawal.is_some());
    let events = world.take_events();
    assert_eq!(
        events
            .iter()
            .filter(|event| **event == "customer.data_erasure_due")
            .count(),
        1,
        "{events:?}"
    );

    // The cancellation stands, and the contract is withdrawn from all the same.
    let mut world = World::demo("crm", date!(2026 - 03 - 15)).consumer();
    let id = world.conclude("crm_basic");
    world.on(date!(2026 - 03 - 20));
    let insisting = CancellationRequest {
        as_cancellation: true,
        ..with_erasure(world.cancellation(&[&id]))
    };
    assert!(
        world
            .try_cancel(&insisting)
            .expect("a cancellation")
            .remove(0)
            .withdrawal
            .is_none()
    );
    world.take_events();
    world.withdraw(&id);
    let events = world.take_events();
    assert_eq!(
        events
            .iter()
            .filter(|event| **event == "customer.data_erasure_due")
            .count(),
        1,
        "{events:?}"
    );
}

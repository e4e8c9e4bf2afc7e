//! A service that is performed once and was not yet, when its contract ends.

use time::macros::date;

use super::fixture::World;
use crate::domain::{
    add_on::{EndReason, end_reason, is_owed, perform},
    subscription::SubscriptionStatus,
    violation::Violation,
};

fn world() -> (World, String, String) {
    let mut world = World::demo("hosting", date!(2026 - 01 - 10));
    world.by_staff = true;
    let contract = world.conclude("hosting_m");
    let migration = world.book(&contract, "migration", 1);
    (world, contract, migration)
}

fn perform_now(world: &mut World, booking: &str) -> Result<(), Violation> {
    world.run(|account, circumstances| perform(account, circumstances, booking))
}

#[test]
fn it_stays_owed_after_the_end_and_is_performed_once() {
    let (mut world, contract, migration) = world();
    let end = world.cancel(&contract).ends_on;
    assert_eq!(world.subscription(&migration).ends_on, Some(end));
    let paid = world.bill(&migration);
    let charge = &world.subscription(&migration).charges[0];
    assert_eq!(
        charge.arithmetic.en, "1 × 149.00",
        "no days of a service that is performed once"
    );
    world.on(end + time::Duration::days(10)).take_events();
    let booking = world.subscription(&migration);
    assert_eq!(booking.status_on(world.today), SubscriptionStatus::Ended);
    assert!(is_owed(booking));
    perform_now(&mut world, &migration).expect("it is owed");
    assert_eq!(world.take_events(), ["add_on.performed"]);
    let booking = world.subscription(&migration);
    assert_eq!(
        booking.booking.as_ref().and_then(|booking| booking.performed_on),
        Some(world.today)
    );
    assert_eq!(
        (booking.ends_on, end_reason(&world.account, booking)),
        (Some(end), Some(EndReason::ContractEnds))
    );
    assert!(!is_owed(booking));
    assert_eq!(world.bill(&migration), paid, "its price was and stays due");
    let again = perform_now(&mut world, &migration).expect_err("performed");
    assert_eq!(again.code, "subscription_ended");
    assert!(again.detail.en.contains("already performed on"), "{again:?}");
}

#[test]
fn before_the_end_it_ends_with_the_day_of_performance() {
    let (mut world, contract, migration) = world();
    world.cancel(&contract);
    world.on(date!(2026 - 01 - 15));
    perform_now(&mut world, &migration).expect("a service");
    let booking = world.subscription(&migration);
    assert_eq!(
        (booking.ends_on, end_reason(&world.account, booking)),
        (Some(date!(2026 - 01 - 15)), Some(EndReason::Performed))
    );
}

#[test]
fn what_was_withdrawn_from_is_not_owed() {
    let (mut world, contract, _) = world();
    for add_on in &mut world.catalogue.add_ons {
        add_on.withdrawal.granted_to_business = true;
    }
    let migration = world.book(&contract, "migration", 1);
    world.withdraw(&migration);
    assert!(!is_owed(world.subscription(&migration)));
    let refused = perform_now(&mut world, &migration).expect_err("over");
    assert_eq!(refused.code, "subscription_ended");
    assert!(refused.detail.en.contains("withdrawn"), "{refused:?}");
}

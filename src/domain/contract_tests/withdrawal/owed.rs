//! Use before a withdrawal is owed order by order: where the plan says so and that order was asked for early (§ 357a Abs. 2 BGB).

use serde_json::json;
use time::macros::date;

use super::super::{
    fixture::World,
    plans::{flat, per_unit, plan, price},
};
use super::granting;
use crate::domain::{
    catalogue::{Compensation, Plan},
    invoice::{UsageReport, record_usage},
    withdrawal::WithdrawalRequest,
};

fn compensating(mut plan: Plan) -> Plan {
    plan.withdrawal.compensation = Compensation::ProRata;
    plan
}

fn concluded_early(world: &mut World, key: &str, quantity: u32) -> String {
    let id = world.conclude_with(key, quantity);
    let contract = world.account.subscription_mut(&id).expect("a contract");
    contract.early_start_requested = true;
    id
}

/// One unit asked for early, two more ordered on the 11th, the contract withdrawn from on the 16th: 15 days of one unit are
/// 15.00, and 5 days of two units 10.00 where they were asked for early as well. The other way round it is the same.
#[test]
fn each_order_is_paid_for_as_it_was_asked_for() {
    for (first_early, more_early, expected) in [
        (true, false, "15.00"),
        (true, true, "25.00"),
        (false, true, "10.00"),
        (false, false, "0.00"),
    ] {
        let mut world = granting(vec![compensating(per_unit("team", "30.00"))]);
        let id = world.conclude_with("team", 1);
        let contract = world.account.subscription_mut(&id).expect("a contract");
        contract.early_start_requested = first_early;
        world.on(date!(2026 - 04 - 11));
        let mut request = world.quantity_request(&id, Some(3));
        request.agreement.early_start_requested = more_early;
        world.try_change(&request).expect("an increase");
        world.on(date!(2026 - 04 - 16));
        // The contract's period ends on the 15th; staff enter what was sent in time.
        let whole = WithdrawalRequest {
            dispatched_at: Some(date!(2026 - 04 - 15).midnight().assume_utc()),
            ..world.withdrawal(&id)
        };
        let withdrawal = world.try_withdraw(&whole).expect("a withdrawal");
        let paid = withdrawal.amounts.compensation.net.amount();
        assert_eq!(paid, expected, "{first_early} {more_early}");
    }
}

/// Ten days of a plan that is paid for, then five of one that is not, both asked for early.
#[test]
fn a_plan_that_waives_it_is_used_for_nothing() {
    let mut world = granting(vec![compensating(flat("s", "30.00")), flat("m", "60.00")]);
    let id = concluded_early(&mut world, "s", 1);
    world.on(date!(2026 - 04 - 10));
    let mut request = world.plan_request(&id, "m");
    request.agreement.early_start_requested = true;
    world.try_change(&request).expect("an upgrade");
    world.on(date!(2026 - 04 - 15));
    let withdrawal = world.withdraw(&id);
    assert_eq!(withdrawal.amounts.compensation.net.amount(), "9.00");
    assert_eq!(
        world.counting_bill(&id),
        ["2026-04-15 proration 2026-04-01..2026-04-09 1 × 30.00 = 9.00"]
    );
}

/// An upgrade that was asked for early, and units ordered on top of it that were not: only the upgrade's own unit is paid for.
#[test]
fn units_on_top_of_an_upgrade_are_their_own_order() {
    let mut world = granting(vec![flat("s", "30.00"), compensating(per_unit("team", "60.00"))]);
    let id = world.conclude("s");
    world.on(date!(2026 - 04 - 11));
    let mut upgrade = world.plan_request(&id, "team");
    upgrade.agreement.early_start_requested = true;
    world.try_change(&upgrade).expect("an upgrade");
    world.change_quantity(&id, 4);
    world.on(date!(2026 - 04 - 16));
    let request = WithdrawalRequest {
        plan_change_id: Some(upgrade.change_id),
        ..world.withdrawal(&id)
    };
    let withdrawal = world.try_withdraw(&request).expect("a withdrawal");
    assert_eq!(withdrawal.amounts.compensation.net.amount(), "10.00");
    world.on(date!(2026 - 05 - 01));
    assert_eq!(
        world.bill_since(&id, world.today),
        ["2026-05-01 recurring 2026-05-01..2026-05-31 1 × 30.00 = 30.00"]
    );
}

/// 97 more units, of which 98 were given up again later: who withdraws from the increase gets back what they cost, whatever has
/// become of them since (§ 355 Abs. 1 BGB).
#[test]
fn an_increase_can_be_withdrawn_from_after_its_units_were_given_up() {
    let mut world = granting(vec![per_unit("team", "30.00")]);
    let id = world.conclude_with("team", 3);
    world.on(date!(2026 - 04 - 25));
    let (increase, _) = world.change_quantity(&id, 100);
    let (_, fewer_on) = world.change_quantity(&id, 2);
    assert_eq!(fewer_on, date!(2026 - 05 - 01));
    world.on(date!(2026 - 05 - 05));
    let request = WithdrawalRequest {
        plan_change_id: Some(increase.clone()),
        ..world.withdrawal(&id)
    };
    let withdrawal = world.try_withdraw(&request).expect("a withdrawal");
    assert_eq!(withdrawal.quantity, Some(97));
    let amounts = &withdrawal.amounts;
    // May is charged anew with what stays.
    let net = amounts
        .credited
        .net
        .checked_sub(amounts.charged.net)
        .expect("an amount");
    assert_eq!(net.amount(), "582.00");
    assert_eq!(
        world.phases(&id).last().map(String::as_str),
        Some("2026-05-01.. 2 team")
    );
    assert_eq!(
        world.counting_bill(&id),
        [
            "2026-04-01 recurring 2026-04-01..2026-04-30 3 × 30.00 = 90.00",
            "2026-05-05 proration 2026-05-01..2026-05-31 2 × 30.00 = 60.00",
        ]
    );
}

/// What was measured before the withdrawal is paid for with the use of the plan, at once, and dropped with it.
#[test]
fn what_was_measured_is_paid_for_where_the_plan_is() {
    for (early, expected) in [(true, "34.00"), (false, "0.00")] {
        let prices = json!([price("base", "flat", "30.00"), price("sms", "usage", "0.10")]);
        let mut world = granting(vec![compensating(plan("sms", json!({ "prices": prices })))]);
        let id = world.conclude("sms");
        world
            .account
            .subscription_mut(&id)
            .expect("a contract")
            .early_start_requested = early;
        let report = UsageReport {
            subscription_id: id.clone(),
            price: "sms".to_owned(),
            quantity: 200,
            used_at: None,
            reference: None,
        };
        world
            .run(|account, circumstances| record_usage(account, circumstances, &report))
            .expect("usage");
        world.on(date!(2026 - 04 - 15));
        let withdrawal = world.withdraw(&id);
        assert_eq!(withdrawal.amounts.compensation.net.amount(), expected);
        assert_eq!(world.account.billing.usage, []);
        let open = world
            .subscription(&id)
            .charges
            .iter()
            .any(|charge| charge.counts() && charge.invoice_id.is_none());
        assert!(!open, "{:#?}", world.bill(&id));
    }
}

fn increase_early(world: &mut World, id: &str, quantity: u32) -> String {
    let mut request = world.quantity_request(id, Some(quantity));
    request.agreement.early_start_requested = true;
    world.try_change(&request).expect("an increase");
    request.change_id
}

fn upgrade_early(world: &mut World, id: &str, key: &str, early: bool) -> String {
    let mut request = world.plan_request(id, key);
    request.agreement.early_start_requested = early;
    world.try_change(&request).expect("an upgrade");
    request.change_id
}

fn give_back(world: &mut World, id: &str, change_id: Option<&str>, quantity: Option<u32>) -> Result<u32, &'static str> {
    let request = WithdrawalRequest {
        plan_change_id: change_id.map(str::to_owned),
        quantity,
        ..world.withdrawal(id)
    };
    let withdrawal = world.try_withdraw(&request);
    withdrawal
        .map(|one| one.quantity.unwrap_or_default())
        .map_err(|refused| refused.code)
}

fn quantity(world: &World, id: &str) -> u32 {
    world.subscription(id).phase_on(world.today).expect("a phase").quantity
}

/// One unit, three more, five more, all asked for early: whichever order goes first, by its name or by number, what stays is what
/// was not withdrawn from, and nothing can be withdrawn from twice.
#[test]
fn orders_are_withdrawn_from_one_after_the_other() {
    let start = || {
        let mut world = granting(vec![compensating(per_unit("team", "30.00"))]);
        let id = concluded_early(&mut world, "team", 1);
        let first = increase_early(&mut world, &id, 4);
        world.on(date!(2026 - 04 - 03));
        let second = increase_early(&mut world, &id, 9);
        world.on(date!(2026 - 04 - 05));
        (world, id, first, second)
    };
    let (mut world, id, first, second) = start();
    assert_eq!(give_back(&mut world, &id, Some(&first), None), Ok(3));
    assert_eq!(quantity(&world, &id), 6);
    let mut by_number = world.clone();
    assert_eq!(give_back(&mut world, &id, Some(&second), None), Ok(5));
    assert_eq!(quantity(&world, &id), 1);
    world.on(date!(2026 - 05 - 01));
    assert_eq!(
        world.bill_since(&id, world.today),
        ["2026-05-01 recurring 2026-05-01..2026-05-31 1 × 30.00 = 30.00"]
    );
    assert_eq!(give_back(&mut by_number, &id, None, Some(5)), Ok(5));
    assert_eq!(quantity(&by_number, &id), 1);
    assert_eq!(
        give_back(&mut by_number, &id, Some(&second), None),
        Err("already_withdrawn")
    );

    let (mut world, id, _, second) = start();
    assert_eq!(give_back(&mut world, &id, None, Some(3)), Ok(3));
    assert_eq!(give_back(&mut world, &id, Some(&second), None), Ok(2));
    assert_eq!(quantity(&world, &id), 4);
}

/// Two upgrades, withdrawn from in reverse: whether the first was asked for early or not, the old plan holds again.
#[test]
fn upgrades_are_withdrawn_from_one_after_the_other() {
    for early in [true, false] {
        let plans = [flat("s", "30.00"), flat("m", "60.00"), flat("l", "90.00")];
        let mut world = granting(plans.into_iter().map(compensating).collect());
        let id = concluded_early(&mut world, "s", 1);
        world.on(date!(2026 - 04 - 03));
        let first = upgrade_early(&mut world, &id, "m", early);
        world.on(date!(2026 - 04 - 05));
        let second = upgrade_early(&mut world, &id, "l", true);
        world.on(date!(2026 - 04 - 07));
        assert_eq!(give_back(&mut world, &id, Some(&second), None), Ok(0));
        assert_eq!(give_back(&mut world, &id, Some(&first), None), Ok(0), "{early}");
        assert_eq!(
            give_back(&mut world, &id, Some(&second), None),
            Err("already_withdrawn")
        );
        let expected: &[&str] = if early {
            &[
                "2026-04-01..2026-04-02 1 s",
                "2026-04-03..2026-04-04 1 m",
                "2026-04-05..2026-04-06 1 l",
                "2026-04-07.. 1 s",
            ]
        } else {
            &["2026-04-01.. 1 s"]
        };
        assert_eq!(world.phases(&id), expected, "{early}");
        world.on(date!(2026 - 05 - 01));
        assert_eq!(
            world.bill_since(&id, world.today),
            ["2026-05-01 recurring 2026-05-01..2026-05-31 1 × 30.00 = 30.00"]
        );
    }
}

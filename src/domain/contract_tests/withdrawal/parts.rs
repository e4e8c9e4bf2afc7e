//! Withdrawals from a part: an upgrade, some units, a service that is performed once.

use serde_json::json;
use time::macros::date;

use super::{
    super::{
        fixture::World,
        plans::{flat, per_unit, plan, price, terms},
    },
    START, granting, param, status,
};
use crate::domain::{
    add_on::perform,
    catalogue::Compensation,
    change::ChangeStatus,
    subscription::SubscriptionStatus,
    withdrawal::{WithdrawalKind, WithdrawalRequest},
};

#[test]
fn a_withdrawn_upgrade_restores_plan_and_price_as_if_it_had_never_been() {
    let mut world = granting(vec![flat("s", "30.00"), flat("m", "60.00")]);
    let id = world.conclude("s");
    world.on(date!(2026 - 04 - 20));
    let (change, _) = world.change(&id, "m");
    world.on(date!(2026 - 04 - 22)).take_events();
    // The contract's own period is over; that of the upgrade is not.
    let whole = world.withdrawal(&id);
    assert_eq!(
        world.try_withdraw(&whole).expect_err("too late").code,
        "withdrawal_too_late"
    );
    let request = WithdrawalRequest {
        plan_change_id: Some(change.clone()),
        ..whole
    };
    let mut billed = world.clone();
    let withdrawal = world.try_withdraw(&request).expect("a withdrawal");
    assert_eq!(withdrawal.kind, WithdrawalKind::PlanChange);
    assert_eq!(world.phases(&id), ["2026-04-01.. 1 s"]);
    assert_eq!(world.change_of(&id, &change).status, ChangeStatus::Withdrawn);
    let refused = world.try_withdraw(&request).expect_err("twice");
    assert_eq!(
        (refused.code, param(&refused, "last_day_on")),
        ("already_withdrawn", json!("2026-05-04"))
    );
    let first = "2026-04-01 recurring 2026-04-01..2026-04-30 1 × 30.00 = 30.00";
    assert_eq!(world.counting_bill(&id), [first]);
    assert_eq!(
        world.take_events(),
        ["withdrawal.created", "charge.voided", "charge.voided"]
    );
    world.on(date!(2026 - 05 - 01));
    assert_eq!(
        world.counting_bill(&id),
        [first, "2026-05-01 recurring 2026-05-01..2026-05-31 1 × 30.00 = 30.00"]
    );

    // The same after the next invoice, which took up credit and charge: it is corrected, and the old plan charged for May.
    billed.on(date!(2026 - 05 - 03));
    let request = WithdrawalRequest {
        received_at: billed.now(),
        ..request
    };
    let withdrawal = billed.try_withdraw(&request).expect("a withdrawal");
    assert_eq!(
        billed.counting_bill(&id),
        [first, "2026-05-03 proration 2026-05-01..2026-05-31 1 × 30.00 = 30.00"]
    );
    // 60.00 for May and 22.00 for April, less the credit of 11.00.
    assert_eq!(withdrawal.amounts.credited.net.amount(), "71.00");
    assert_eq!(withdrawal.traces.credit_note_ids.len(), 1);
}

#[test]
fn an_upgrade_to_be_paid_for_holds_until_the_day_of_the_withdrawal() {
    let mut plans = vec![flat("s", "30.00"), flat("m", "60.00")];
    plans[1].withdrawal.compensation = Compensation::ProRata;
    let mut world = granting(plans);
    let id = world.conclude("s");
    world.on(date!(2026 - 04 - 11));
    let mut request = world.plan_request(&id, "m");
    request.agreement.early_start_requested = true;
    world.try_change(&request).expect("an upgrade");
    world.on(date!(2026 - 04 - 16));
    let request = WithdrawalRequest {
        plan_change_id: Some(request.change_id),
        ..world.withdrawal(&id)
    };
    let withdrawal = world.try_withdraw(&request).expect("a withdrawal");
    assert_eq!(
        world.phases(&id),
        [
            "2026-04-01..2026-04-10 1 s",
            "2026-04-11..2026-04-15 1 m",
            "2026-04-16.. 1 s"
        ]
    );
    assert_eq!(
        world.counting_bill(&id),
        [
            "2026-04-01 recurring 2026-04-01..2026-04-30 1 × 30.00 = 30.00",
            "2026-04-11 credit 2026-04-11..2026-04-30 1 × -30.00 = -20.00",
            "2026-04-16 proration 2026-04-11..2026-04-15 1 × 60.00 = 10.00",
            "2026-04-16 proration 2026-04-16..2026-04-30 1 × 30.00 = 15.00",
        ]
    );
    assert_eq!(withdrawal.amounts.compensation.net.amount(), "10.00");
}

#[test]
fn units_are_taken_back_newest_first() {
    let mut world = granting(vec![per_unit("team", "30.00")]);
    let id = world.conclude_with("team", 3);
    world.on(date!(2026 - 04 - 11));
    let (first, _) = world.change_quantity(&id, 5);
    world.on(date!(2026 - 04 - 16));
    let (second, _) = world.change_quantity(&id, 6);
    // The contract's own period is over: only the three that came later can go.
    let too_many = WithdrawalRequest {
        quantity: Some(4),
        ..world.withdrawal(&id)
    };
    let refused = world.try_withdraw(&too_many).expect_err("too many");
    assert_eq!(
        (refused.code, param(&refused, "maximum")),
        ("quantity_out_of_range", json!(3))
    );
    let two = WithdrawalRequest {
        quantity: Some(2),
        ..too_many
    };
    let withdrawal = world.try_withdraw(&two).expect("two units");
    assert_eq!(
        (withdrawal.kind, withdrawal.quantity),
        (WithdrawalKind::Quantity, Some(2))
    );
    assert_eq!(world.change_of(&id, &second).status, ChangeStatus::Withdrawn);
    assert_eq!(world.change_of(&id, &first).status, ChangeStatus::Applied);
    assert_eq!(
        world.subscription(&id).phase_on(world.today).expect("a phase").quantity,
        4
    );
    assert_eq!(
        world.counting_bill(&id),
        [
            "2026-04-01 recurring 2026-04-01..2026-04-30 3 × 30.00 = 90.00",
            "2026-04-16 proration 2026-04-11..2026-04-30 1 × 30.00 = 20.00",
        ]
    );
    // The rest of the first increase, by its name.
    let rest = WithdrawalRequest {
        plan_change_id: Some(first.clone()),
        ..world.withdrawal(&id)
    };
    assert_eq!(world.try_withdraw(&rest).expect("the rest").quantity, Some(1));
    assert_eq!(world.change_of(&id, &first).status, ChangeStatus::Withdrawn);
    world.on(date!(2026 - 05 - 01));
    assert_eq!(
        world.bill_since(&id, world.today),
        ["2026-05-01 recurring 2026-05-01..2026-05-31 3 × 30.00 = 90.00"]
    );
}

/// A consumer's cancelled contract ends within the quarter that is charged: giving back a unit leaves the other charged through the
/// quarter until then, and the end credits what is beyond it once.
#[test]
fn a_unit_is_given_back_after_the_cancellation() {
    let quarter = json!({
        "billing_interval": "P3M", "prices": [price("seat", "per_unit", "91.00")],
        "quantity": { "unit": "seat", "minimum": 1, "maximum": 6 },
    });
    let mut world = granting(vec![plan("quarter", quarter)]).consumer();
    let id = world.conclude("quarter");
    world.on(date!(2026 - 04 - 02));
    world.change_quantity(&id, 2);
    assert_eq!(world.cancel(&id).ends_on, date!(2026 - 05 - 02));
    let unit = WithdrawalRequest {
        quantity: Some(1),
        ..world.withdrawal(&id)
    };
    world.try_withdraw(&unit).expect("a unit");
    assert_eq!(world.subscription(&id).billed_through_on, Some(date!(2026 - 06 - 30)));
    world.on(date!(2026 - 05 - 03));
    assert_eq!(
        world.counting_bill(&id),
        [
            "2026-04-01 recurring 2026-04-01..2026-06-30 1 × 91.00 = 91.00",
            "2026-05-03 credit 2026-05-03..2026-06-30 1 × -91.00 = -59.00",
        ]
    );
}

#[test]
fn within_its_own_period_a_booking_gives_back_some_or_all_units() {
    let mut world = World::demo("crm", START);
    let contract = world.conclude("crm_monthly");
    let users = world.book(&contract, "extra_users", 5);
    let some = WithdrawalRequest {
        quantity: Some(2),
        ..world.withdrawal(&users)
    };
    world.try_withdraw(&some).expect("two");
    assert_eq!(
        world
            .subscription(&users)
            .phase_on(world.today)
            .expect("a phase")
            .quantity,
        3
    );
    let all = WithdrawalRequest {
        quantity: Some(3),
        ..world.withdrawal(&users)
    };
    assert_eq!(world.try_withdraw(&all).expect("all").kind, WithdrawalKind::AddOn);
    assert_eq!(status(&world, &users), SubscriptionStatus::Withdrawn);
    assert_eq!(world.counting_bill(&users), [""; 0]);
}

#[test]
fn a_service_can_be_withdrawn_from_until_it_is_performed() {
    let service = |world: &mut World, early: bool| {
        let mut audit = world.catalogue.add_on("migration").expect("an add-on").clone();
        audit.withdrawal.granted_to_business = true;
        audit.sold_to = vec![
            crate::domain::customer_type::CustomerType::Business,
            crate::domain::customer_type::CustomerType::Consumer,
        ];
        world.catalogue.add_ons = vec![audit];
        let contract = world.conclude("hosting_s");
        let id = world.book(&contract, "migration", 1);
        let now = world.now();
        let booking = world.account.subscription_mut(&id).expect("a booking");
        (booking.early_start_requested, booking.instructed_at) = (early, Some(now));
        id
    };
    let mut world = World::demo("hosting", START);
    let id = service(&mut world, false);
    world.withdraw(&id);
    assert_eq!(world.counting_bill(&id), [""; 0]);

    let id = service(&mut world, true);
    world
        .run(|account, circumstances| perform(account, circumstances, &id))
        .expect("performed");
    let request = world.withdrawal(&id);
    let refused = world.try_withdraw(&request).expect_err("performed");
    assert_eq!(
        (refused.code, param(&refused, "last_day_on")),
        ("service_performed", json!("2026-04-15"))
    );
}

/// A change came with a period, and on that day another one followed it: with the first, the charge of its plan goes too.
#[test]
fn a_change_on_the_day_of_another_goes_with_it() {
    let mut world = granting(vec![flat("s", "30.00"), flat("m", "60.00"), flat("l", "90.00")]);
    for transition in &mut world.catalogue.transitions {
        if transition.from == "s" {
            transition.timing = crate::domain::catalogue::TransitionTiming::PeriodEnd;
        }
    }
    let id = world.conclude("s");
    world.on(date!(2026 - 04 - 20));
    let (first, effective_on) = world.change(&id, "m");
    assert_eq!(effective_on, date!(2026 - 05 - 01));
    world.on(effective_on);
    world.change(&id, "l");
    let request = WithdrawalRequest {
        plan_change_id: Some(first),
        ..world.withdrawal(&id)
    };
    world.try_withdraw(&request).expect("a withdrawal");
    assert_eq!(world.phases(&id), ["2026-04-01.. 1 s"]);
    assert_eq!(
        world.counting_bill(&id),
        [
            "2026-04-01 recurring 2026-04-01..2026-04-30 1 × 30.00 = 30.00",
            "2026-05-01 proration 2026-05-01..2026-05-31 1 × 30.00 = 30.00",
        ]
    );
}

/// The plan changed to has ended by itself meanwhile: withdrawn from, the old contract goes on, and its days since are charged.
#[test]
fn an_upgrade_that_has_run_out_is_withdrawn_from_too() {
    let mut world = granting(vec![
        flat("s", "30.00"),
        plan(
            "term",
            json!({ "prices": [price("base", "flat", "60.00")], "terms": terms(Some("P1M"), None, "P0D", "term_end") }),
        ),
    ])
    .consumer();
    let id = world.conclude("s");
    let (change, _) = world.change(&id, "term");
    world.on(date!(2026 - 05 - 10));
    assert_eq!(status(&world, &id), SubscriptionStatus::Ended);
    let request = WithdrawalRequest {
        plan_change_id: Some(change),
        ..world.withdrawal(&id)
    };
    // Nobody was instructed, so that the right lasts for a year more.
    world.try_withdraw(&request).expect("a withdrawal");
    assert_eq!(status(&world, &id), SubscriptionStatus::Active);
    assert_eq!(world.subscription(&id).ends_on, None);
    assert_eq!(world.subscription(&id).billed_through_on, Some(date!(2026 - 05 - 31)));
}

/// A service ordered three times costs three times its price; one of them given back leaves two.
#[test]
fn some_of_the_services_ordered_are_given_back() {
    let mut world = World::demo("hosting", START);
    for add_on in &mut world.catalogue.add_ons {
        add_on.withdrawal.granted_to_business = true;
    }
    let contract = world.conclude("hosting_s");
    let id = world.book(&contract, "migration", 3);
    assert_eq!(
        world.bill(&id),
        ["2026-04-01 one_off 2026-04-01..2026-04-01 3 × 149.00 = 447.00"]
    );
    let one = WithdrawalRequest {
        quantity: Some(1),
        ..world.withdrawal(&id)
    };
    let withdrawal = world.try_withdraw(&one).expect("one of three");
    assert_eq!(
        (withdrawal.kind, withdrawal.quantity),
        (WithdrawalKind::Quantity, Some(1))
    );
    assert_eq!(
        world.counting_bill(&id),
        ["2026-04-01 one_off 2026-04-01..2026-04-01 2 × 149.00 = 298.00"]
    );
    let rest = WithdrawalRequest {
        quantity: Some(2),
        ..world.withdrawal(&id)
    };
    world.try_withdraw(&rest).expect("the rest");
    assert_eq!(status(&world, &id), SubscriptionStatus::Withdrawn);
    assert_eq!(world.counting_bill(&id), [""; 0]);
}

#[test]
fn a_cancellation_outlives_the_withdrawal_of_an_upgrade_and_pending_changes_do_not() {
    let mut world = granting(vec![
        flat("s", "30.00"),
        plan(
            "m",
            json!({ "prices": [price("base", "flat", "60.00")], "terms": terms(None, None, "P1M", "month_end") }),
        ),
    ]);
    let id = world.conclude("s");
    world.on(date!(2026 - 04 - 11));
    let (change, _) = world.change(&id, "m");
    let cancelled = world.cancel(&id);
    let request = WithdrawalRequest {
        plan_change_id: Some(change),
        ..world.withdrawal(&id)
    };
    world.try_withdraw(&request).expect("a withdrawal");
    let contract = world.subscription(&id);
    assert_eq!(
        (contract.ends_on, &contract.ended_by_change_id),
        (Some(cancelled.ends_on), &Some(cancelled.change_id))
    );
    let request = world.withdrawal(&id);
    let withdrawal = world.try_withdraw(&request).expect("the whole contract");
    assert_eq!(withdrawal.traces.superseded_change_ids.len(), 1);
    assert_eq!(world.subscription(&id).ends_on, None);
}

//! Withdrawals (§ 355 BGB): from contracts, bookings, units and upgrades; what they drop, credit and restore.

use serde_json::json;
use time::{Date, Duration, macros::date};

use super::{
    fixture::World,
    plans::{flat, per_unit, plan, price, terms},
};
use crate::domain::{
    add_on::perform,
    cancellation::CancellationRequest,
    catalogue::{Compensation, Plan, TransitionTiming},
    change::ChangeStatus,
    invoice::{InvoiceStatus, PaymentOrder, record_payment},
    subscription::SubscriptionStatus,
    withdrawal::{WithdrawalKind, WithdrawalRequest},
};

const START: Date = date!(2026 - 04 - 01);

/// A provider that grants businesses the right, with changes at once.
fn granting(mut plans: Vec<Plan>) -> World {
    for plan in &mut plans {
        plan.withdrawal.granted_to_business = true;
    }
    World::selling(plans, TransitionTiming::Immediate, START)
}

fn status(world: &World, id: &str) -> SubscriptionStatus {
    world.subscription(id).status_on(world.today)
}

fn param(refused: &crate::domain::violation::Violation, name: &str) -> serde_json::Value {
    refused.params.get(name).cloned().unwrap_or_default()
}

/// Hard cases H34 and H35: access ends on the day of the withdrawal and nothing stays billed; drafts are void, and what was
/// invoiced is corrected to nothing.
#[test]
fn h34_h35_a_withdrawn_contract_was_never_billed() {
    let mut world = granting(vec![plan(
        "year",
        json!({
            "billing_interval": "P12M", "prices": [price("base", "flat", "365.00"), price("setup", "one_off", "20.00")],
        }),
    )]);
    let id = world.conclude("year");
    world.on(date!(2026 - 04 - 06)).take_events();
    let withdrawal = world.withdraw(&id);
    assert_eq!(status(&world, &id), SubscriptionStatus::Withdrawn);
    assert_eq!(world.subscription(&id).billed_through_on, None);
    assert_eq!(
        (withdrawal.kind, withdrawal.withdrawn_on, withdrawal.last_day_on),
        (WithdrawalKind::Contract, world.today, date!(2026 - 04 - 15))
    );
    assert_eq!(withdrawal.traces.credit_note_ids.len(), 1);
    assert_eq!(
        world.take_events(),
        [
            "withdrawal.created",
            "charge.voided",
            "charge.voided",
            "subscription.withdrawn"
        ]
    );
    assert_eq!(world.counting_bill(&id), [""; 0]);
    assert_eq!(withdrawal.amounts.credited.net.amount(), "385.00");
    assert!(
        withdrawal.amounts.dropped.gross.is_zero(),
        "all of it had been invoiced"
    );
    // Nobody had paid: there is nothing to return.
    assert!(withdrawal.amounts.refund.is_zero());
    let invoice = &world.account.billing.invoices[0];
    assert_eq!(
        (invoice.status, invoice.credited),
        (InvoiceStatus::Cancelled, invoice.gross)
    );
    let later = world.today + Duration::days(800);
    world.on(later);
    assert_eq!(world.bill_since(&id, date!(2026 - 04 - 07)), [""; 0]);
}

#[test]
fn what_was_paid_is_refunded() {
    let mut world = granting(vec![flat("s", "30.00")]);
    let id = world.conclude("s");
    let paid = PaymentOrder {
        amount: world.account.billing.invoices[0].gross,
        received_on: None,
        invoice_id: None,
        method: None,
        reference: None,
    };
    world
        .run(|account, circumstances| record_payment(account, circumstances, &paid))
        .expect("a payment");
    let withdrawal = world.withdraw(&id);
    assert_eq!(withdrawal.amounts.refund, paid.amount);
    assert_eq!(withdrawal.refund_by_on, date!(2026 - 04 - 15));
}

#[test]
fn too_late_twice_and_no_right_name_the_reason_and_the_last_day() {
    let mut world = World::demo("hosting", START);
    let id = world.conclude("hosting_s");
    let request = world.withdrawal(&id);
    let refused = world.try_withdraw(&request).expect_err("businesses have no right");
    assert_eq!(
        (refused.code, param(&refused, "last_day_on")),
        ("no_right_of_withdrawal", json!(null))
    );

    let mut world = granting(vec![flat("s", "30.00")]);
    let (late, twice) = (world.conclude("s"), world.conclude("s"));
    // The 15th is a Wednesday; the day after is too late.
    world.on(date!(2026 - 04 - 15));
    world.withdraw(&twice);
    let request = world.withdrawal(&twice);
    assert_eq!(
        world.try_withdraw(&request).expect_err("twice").code,
        "already_withdrawn"
    );
    world.on(date!(2026 - 04 - 16));
    let request = world.withdrawal(&late);
    let refused = world.try_withdraw(&request).expect_err("too late");
    assert_eq!(
        (refused.code, param(&refused, "last_day_on")),
        ("withdrawal_too_late", json!("2026-04-15"))
    );
    // A letter that was sent in time is in time (§ 355 Abs. 1 Satz 5 BGB); the refund counts from its receipt.
    let letter = WithdrawalRequest {
        dispatched_at: Some(world.now() - Duration::days(1)),
        ..request
    };
    let withdrawal = world.try_withdraw(&letter).expect("in time");
    assert_eq!(withdrawal.refund_by_on, date!(2026 - 04 - 30));
}

#[test]
fn consumers_count_from_the_instruction_and_businesses_from_the_booking() {
    let mut world = World::selling(vec![flat("s", "30.00")], TransitionTiming::Immediate, START).consumer();
    let id = world.conclude("s");
    world.on(date!(2027 - 04 - 01));
    let withdrawal = world.withdraw(&id);
    assert_eq!(withdrawal.last_day_on, date!(2027 - 04 - 15));
    assert_eq!(world.counting_bill(&id), [""; 0]);

    let mut world = World::selling(vec![flat("s", "30.00")], TransitionTiming::Immediate, START).consumer();
    let id = world.conclude("s");
    let instructed_at = world.now() + Duration::days(3);
    world.account.subscription_mut(&id).expect("a contract").instructed_at = Some(instructed_at);
    world.on(date!(2026 - 04 - 21));
    let request = world.withdrawal(&id);
    let refused = world.try_withdraw(&request).expect_err("too late");
    // 14 days from the 4th end on Saturday the 18th: the next working day counts.
    assert_eq!(param(&refused, "last_day_on"), json!("2026-04-20"));
}

/// ECJ C-641/19: 523.95 for 365 days, used from 4 to 8 November 2018: four days, 5.74; only what was expressly asked for before
/// the period was over, after a proper instruction, and where the catalogue says so.
#[test]
fn use_is_compensated_by_the_day_and_only_if_asked_for() {
    for (early, instructed, compensation, expected) in [
        (true, true, Compensation::ProRata, "5.74"),
        (false, true, Compensation::ProRata, "0.00"),
        (true, false, Compensation::ProRata, "0.00"),
        (true, true, Compensation::None, "0.00"),
    ] {
        let mut dating = plan(
            "dating",
            json!({ "billing_interval": "P12M", "price_mode": "gross", "prices": [price("base", "flat", "523.95")] }),
        );
        dating.withdrawal.compensation = compensation;
        let day = date!(2018 - 11 - 04);
        let mut world = World::selling(vec![dating], TransitionTiming::Immediate, day).consumer();
        let id = world.conclude("dating");
        let now = world.now();
        let contract = world.account.subscription_mut(&id).expect("a contract");
        contract.early_start_requested = early;
        contract.instructed_at = instructed.then_some(now);
        world.on(date!(2018 - 11 - 08));
        let withdrawal = world.withdraw(&id);
        assert_eq!(
            withdrawal.amounts.compensation.gross.amount(),
            expected,
            "{early} {instructed}"
        );
        assert_eq!(withdrawal.amounts.credited.gross.amount(), "523.95");
        let pro_rata = withdrawal.compensation == Compensation::ProRata;
        assert_eq!(pro_rata, expected != "0.00");
    }
}

#[test]
fn add_ons_go_with_the_contract_and_the_plan_stays_without_the_add_on() {
    let mut world = World::demo("crm", START);
    let contract = world.conclude("crm_monthly");
    world.on(date!(2026 - 04 - 05));
    let users = world.book(&contract, "extra_users", 2);
    let before = world.bill(&contract);
    world.on(date!(2026 - 04 - 06)).take_events();
    let withdrawal = world.withdraw(&users);
    assert_eq!(
        (withdrawal.kind, withdrawal.add_on_booking_id()),
        (WithdrawalKind::AddOn, Some(users.as_str()))
    );
    assert_eq!(world.counting_bill(&users), [""; 0]);
    assert_eq!(world.bill(&contract), before);
    assert_eq!(
        world.take_events(),
        ["withdrawal.created", "charge.voided", "add_on.withdrawn"]
    );

    let users = world.book(&contract, "extra_users", 2);
    let storage = world.book(&contract, "extra_storage", 1);
    world.withdraw(&storage);
    world.on(date!(2026 - 04 - 07));
    let withdrawal = world.withdraw(&contract);
    assert_eq!(withdrawal.traces.withdrawn_add_on_booking_ids, [users.as_str()]);
    for id in [&contract, &users, &storage] {
        assert_eq!(status(&world, id), SubscriptionStatus::Withdrawn);
        assert_eq!(world.counting_bill(id), [""; 0]);
    }
}

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
    assert_eq!(
        world.try_withdraw(&request).expect_err("twice").code,
        "already_withdrawn"
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

/// Seed 002: within 14 days a cancellation is a withdrawal and the draft is gone; afterwards it is a cancellation.
#[test]
fn a_cancellation_within_the_period_is_a_withdrawal() {
    let mut world = World::demo("crm", START);
    let contract = world.conclude("crm_monthly");
    let early = world.book(&contract, "extra_users", 1);
    let late = world.book(&contract, "extra_storage", 1);
    world.on(date!(2026 - 04 - 15)).take_events();
    let outcome = world.cancel(&early);
    let withdrawal = outcome.withdrawal.expect("a withdrawal").withdrawal;
    assert_eq!(withdrawal.cancellation_id, Some(outcome.change_id.clone()));
    assert_eq!(world.counting_bill(&early), [""; 0]);
    let kept = world
        .change_of(&early, &outcome.change_id)
        .cancellation()
        .expect("a cancellation");
    assert_eq!(kept.withdrawal_id, Some(withdrawal.id));
    // A wish for a day is a cancellation even now.
    let wish = CancellationRequest {
        wish_on: Some(date!(2026 - 05 - 10)),
        ..world.cancellation(&[&late])
    };
    assert!(world.try_cancel(&wish).expect("a cancellation")[0].withdrawal.is_none());
    world.revoke(&late, &wish.contracts[0].change_id);
    world.on(date!(2026 - 04 - 16));
    let outcome = world.cancel(&late);
    assert!(outcome.withdrawal.is_none());
    assert_eq!(outcome.ends_on, date!(2026 - 04 - 30));
}

#[test]
fn consumers_may_choose_the_cancellation() {
    let mut world = World::demo("crm", START).consumer();
    let contract = world.conclude("crm_monthly");
    let users = world.book(&contract, "extra_users", 1);
    let request = CancellationRequest {
        as_cancellation: true,
        ..world.cancellation(&[&users])
    };
    let outcome = world.try_cancel(&request).expect("a cancellation").remove(0);
    assert_eq!((outcome.withdrawal, outcome.ends_on), (None, date!(2026 - 04 - 30)));
    // It stands: saying so again changes nothing. Withdrawing remains possible.
    assert!(world.cancel(&users).already_cancelled);
    let withdrawal = world.withdraw(&users);
    assert_eq!(withdrawal.traces.superseded_change_ids, [outcome.change_id]);
}

#[test]
fn all_but_one_never_binds_withdrawals() {
    let mut world = granting(vec![plan(
        "s",
        json!({ "withdrawal": { "compensation": "none", "cancel_within_14d_is_withdrawal": true, "granted_to_business": true } }),
    )]);
    world.catalogue.provider.keep_last_contract = true;
    let id = world.conclude("s");
    assert!(world.cancel(&id).withdrawal.is_some());
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

//! Withdrawals (§ 355 BGB): from contracts, bookings, units and upgrades; what they drop, credit and restore.

mod difference;
mod owed;
mod paid_for;
mod parts;
mod restoring;

use serde_json::json;
use time::{Date, Duration, macros::date};

use super::{
    fixture::World,
    plans::{flat, plan, price},
    settlement::pay,
};
use crate::domain::{
    cancellation::CancellationRequest,
    catalogue::{Compensation, Plan, TransitionTiming},
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
    let refused = world.try_withdraw(&request).expect_err("twice");
    assert_eq!(
        (
            refused.code,
            param(&refused, "withdrawn_on"),
            param(&refused, "last_day_on")
        ),
        ("already_withdrawn", json!("2026-04-15"), json!("2026-04-15"))
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

/// One invoice netted the credit of one contract against the price of another: withdrawing from the second takes all of its price
/// back, so the invoice is corrected to nothing, and what the credit had settled of it is paid out.
#[test]
fn what_another_contracts_credit_had_settled_is_refunded() {
    let mut world = granting(vec![flat("s", "30.00"), flat("m", "60.00"), flat("l", "90.00")]);
    let first = world.conclude("m");
    pay(&mut world, "71.40");
    world.on(date!(2026 - 04 - 11));
    world.change(&first, "s");
    let second = world.conclude("l");
    let invoice = world.account.billing.invoices.last().expect("an invoice").clone();
    // 90.00 less 40.00 of credit, and 20.00 for the smaller plan: 70.00 net.
    assert_eq!(invoice.gross.amount(), "83.30");
    let withdrawal = world.withdraw(&second);
    assert_eq!(withdrawal.amounts.credited.gross.amount(), "107.10");
    assert_eq!(withdrawal.amounts.refund.amount(), "23.80");
    let corrected = world.account.billing.invoices.last().expect("an invoice");
    assert_eq!(
        (corrected.status, corrected.id == invoice.id),
        (InvoiceStatus::Cancelled, true)
    );
}

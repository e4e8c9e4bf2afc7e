//! Withdrawals from a part, or with compensation: what stays is not taken back, so that the refund is what was paid beyond what
//! remains owed (rules 5.2: refund = paid − W).

use serde_json::json;
use time::{Date, macros::date};

use super::{
    super::{
        fixture::World,
        plans::{flat, per_unit, plan, price},
        settlement::pay,
    },
    START, granting, status,
};
use crate::domain::{
    catalogue::{Compensation, TransitionTiming},
    charge::ChargeStatus,
    invoice::InvoiceStatus,
    subscription::SubscriptionStatus,
    withdrawal::{Withdrawal, WithdrawalRequest},
};

/// Gives units back.
fn give_back(world: &mut World, id: &str, quantity: u32) -> Withdrawal {
    let request = WithdrawalRequest {
        quantity: Some(quantity),
        ..world.withdrawal(id)
    };
    world.try_withdraw(&request).expect("a withdrawal")
}

/// The last document: its lines with their amounts, and its sum.
fn last_document(world: &World) -> (Vec<String>, String) {
    let last = world.account.billing.issued.last().expect("a document");
    let lines = last.lines.iter().map(|line| line.amount.amount()).collect();
    (lines, last.totals.gross.amount())
}

fn drafts(world: &World) -> usize {
    let charges = world.account.subscriptions.iter().flat_map(|each| &each.charges);
    charges.filter(|charge| charge.status == ChargeStatus::Draft).count()
}

#[test]
fn units_given_back_are_refunded_and_the_others_stay_invoiced() {
    let mut world = granting(vec![per_unit("team", "30.00")]);
    let id = world.conclude_with("team", 5);
    pay(&mut world, "178.50");
    let withdrawal = give_back(&mut world, &id, 2);
    assert_eq!(withdrawal.amounts.refund.amount(), "71.40");
    assert_eq!(
        last_document(&world),
        (vec!["-150.00".to_owned(), "90.00".to_owned()], "-71.40".to_owned())
    );
    let invoice = &world.account.billing.invoices[0];
    assert_eq!(
        (invoice.status, invoice.credited.amount()),
        (InvoiceStatus::Paid, "71.40".to_owned())
    );
    assert_eq!(
        world.counting_bill(&id),
        ["2026-04-01 proration 2026-04-01..2026-04-30 3 × 30.00 = 90.00"]
    );
    assert_eq!(drafts(&world), 0, "what stays is not billed again");
    // One more: the same invoice is corrected again, by what it adds.
    let withdrawal = give_back(&mut world, &id, 1);
    assert_eq!(withdrawal.amounts.refund.amount(), "35.70");
    assert_eq!(withdrawal.traces.credited_charge_ids.len(), 1);
    let invoice = &world.account.billing.invoices[0];
    assert_eq!(
        (invoice.status, invoice.credited.amount()),
        (InvoiceStatus::Paid, "107.10".to_owned())
    );
    // And all that is left.
    let withdrawal = world.withdraw(&id);
    assert_eq!(withdrawal.amounts.refund.amount(), "71.40");
    assert_eq!(world.account.billing.invoices[0].status, InvoiceStatus::Cancelled);
    assert_eq!(world.counting_bill(&id), [""; 0]);
    assert_eq!(world.account.billing.issued.len(), 4);
}

#[test]
fn unpaid_units_given_back_lower_what_is_open() {
    let mut world = granting(vec![per_unit("team", "30.00")]);
    let id = world.conclude_with("team", 5);
    let withdrawal = give_back(&mut world, &id, 2);
    assert!(withdrawal.amounts.refund.is_zero());
    let invoice = &world.account.billing.invoices[0];
    let open = invoice.open_amount().expect("an amount").amount();
    assert_eq!((invoice.status, open), (InvoiceStatus::Open, "107.10".to_owned()));
    pay(&mut world, "107.10");
    assert_eq!(world.account.billing.invoices[0].status, InvoiceStatus::Paid);
    world.on(date!(2026 - 05 - 01));
    assert_eq!(last_document(&world), (vec!["90.00".to_owned()], "107.10".to_owned()));
}

#[test]
fn a_withdrawn_upgrade_is_refunded_less_the_old_plan() {
    let mut world = granting(vec![flat("s", "30.00"), flat("m", "60.00")]);
    let id = world.conclude("s");
    pay(&mut world, "35.70");
    world.on(date!(2026 - 04 - 20));
    let (change, _) = world.change(&id, "m");
    world.on(date!(2026 - 05 - 01));
    // 60.00 for May, 22.00 less 11.00 for April, with tax.
    pay(&mut world, "84.49");
    world.on(date!(2026 - 05 - 03));
    let request = WithdrawalRequest {
        plan_change_id: Some(change),
        ..world.withdrawal(&id)
    };
    let withdrawal = world.try_withdraw(&request).expect("a withdrawal");
    // 71.00 less 30.00 of the old plan for May.
    assert_eq!(withdrawal.amounts.refund.amount(), "48.79");
    assert_eq!(last_document(&world).1, "-48.79");
    assert_eq!(drafts(&world), 0);
}

/// A monthly consumer contract of 5.90 gross whose use before a withdrawal is to be paid.
fn flexible(day: Date) -> (World, String) {
    let mut flex = plan(
        "flex",
        json!({ "price_mode": "gross", "prices": [price("base", "flat", "5.90")] }),
    );
    flex.withdrawal.compensation = Compensation::ProRata;
    let mut world = World::selling(vec![flex], TransitionTiming::Immediate, day).consumer();
    let id = world.conclude("flex");
    let now = world.now();
    let contract = world.account.subscription_mut(&id).expect("a contract");
    contract.early_start_requested = true;
    contract.instructed_at = Some(now);
    (world, id)
}

#[test]
fn compensation_is_kept_of_what_was_paid() {
    let (mut world, id) = flexible(date!(2026 - 03 - 01));
    pay(&mut world, "5.90");
    world.on(date!(2026 - 03 - 08));
    let withdrawal = world.withdraw(&id);
    // 7/31 of 5.90 are 1.33.
    assert_eq!(withdrawal.amounts.compensation.gross.amount(), "1.33");
    assert_eq!(withdrawal.amounts.refund.amount(), "4.57");
    assert_eq!(
        last_document(&world),
        (vec!["-5.90".to_owned(), "1.33".to_owned()], "-4.57".to_owned())
    );
    assert_eq!(
        (world.account.billing.issued.len(), drafts(&world)),
        (2, 0),
        "no new invoice"
    );
    assert_eq!(world.account.billing.invoices[0].status, InvoiceStatus::Paid);
}

#[test]
fn compensation_is_all_that_stays_open_of_what_was_not_paid() {
    let (mut world, id) = flexible(date!(2026 - 03 - 01));
    world.on(date!(2026 - 03 - 08));
    let withdrawal = world.withdraw(&id);
    assert!(withdrawal.amounts.refund.is_zero());
    let invoice = &world.account.billing.invoices[0];
    let open = invoice.open_amount().expect("an amount").amount();
    assert_eq!((invoice.status, open), (InvoiceStatus::Open, "1.33".to_owned()));
}

/// § 360 BGB: what was booked on a withdrawn contract goes with it, even if an upgrade of the contract had ended it meanwhile.
#[test]
fn an_add_on_that_an_upgrade_had_ended_goes_with_the_contract() {
    let contained = json!({
        "prices": [price("base", "flat", "60.00")], "included_add_ons": [{ "add_on": "extra_storage", "quantity": 1 }],
    });
    let mut world = granting(vec![flat("hosting_s", "30.00"), plan("all_in", contained)]);
    let id = world.conclude("hosting_s");
    let storage = world.book(&id, "extra_storage", 2);
    world.on(START.saturating_add(time::Duration::days(5)));
    world.change(&id, "all_in");
    assert_eq!(status(&world, &storage), SubscriptionStatus::Ended);
    let withdrawal = world.withdraw(&id);
    assert!(withdrawal.traces.withdrawn_add_on_booking_ids.contains(&storage));
    assert_eq!(status(&world, &storage), SubscriptionStatus::Withdrawn);
    assert_eq!(world.counting_bill(&storage), [""; 0]);
}

/// What the first withdrawal charged for use stays as it is when more units are given back.
#[test]
fn a_second_withdrawal_leaves_the_first_ones_compensation() {
    let mut team = per_unit("team", "10.01");
    team.withdrawal.compensation = Compensation::ProRata;
    let mut world = granting(vec![team]);
    let mut order = world.order("team");
    order.quantity = Some(5);
    order.agreement.early_start_requested = true;
    let id = world.try_conclude(&order).expect("a contract");
    world.on(date!(2026 - 04 - 08));
    give_back(&mut world, &id, 2);
    // 7/30 of 20.02 are 4.67.
    let used = "2026-04-08 proration 2026-04-01..2026-04-07 2 × 10.01 = 4.67";
    assert_eq!(
        world.counting_bill(&id),
        ["2026-04-08 proration 2026-04-01..2026-04-30 3 × 10.01 = 30.03", used]
    );
    world.on(date!(2026 - 04 - 11));
    let withdrawal = give_back(&mut world, &id, 1);
    assert_eq!(withdrawal.amounts.compensation.net.amount(), "3.34");
    assert_eq!(
        world.counting_bill(&id),
        [
            used,
            "2026-04-11 proration 2026-04-01..2026-04-30 2 × 10.01 = 20.02",
            "2026-04-11 proration 2026-04-01..2026-04-10 1 × 10.01 = 3.34"
        ]
    );
    world.on(date!(2026 - 05 - 01));
    assert_eq!(
        world.bill_since(&id, world.today),
        ["2026-05-01 recurring 2026-05-01..2026-05-31 2 × 10.01 = 20.02"]
    );
}

//! What credits do to open invoices: nobody is paid back what he never paid (§§ 387, 389 BGB).

use time::macros::date;

use super::{fixture::World, plans::flat};
use crate::domain::{
    catalogue::TransitionTiming,
    event_type::EventType,
    invoice::{Correction, InvoiceStatus, PaymentOrder, record_payment},
    money::{Currency::EUR, Money},
};

fn euro(text: &str) -> Money {
    Money::parse(text, EUR).expect("an amount")
}

pub fn pay(world: &mut World, amount: &str) {
    let order = PaymentOrder {
        amount: euro(amount),
        received_on: None,
        invoice_id: None,
        method: None,
        reference: None,
    };
    world
        .run(|account, circumstances| record_payment(account, circumstances, &order))
        .expect("a payment");
}

/// Left to pay of each invoice: `open 47.60`.
fn invoices(world: &World) -> Vec<String> {
    let invoices = world.account.billing.invoices.iter();
    let told = invoices.map(|invoice| {
        let open = invoice.open_amount().expect("an amount").amount();
        format!("{} {open}", invoice.status.as_str())
    });
    told.collect()
}

fn correction(world: &World) -> Correction {
    let last = world.account.billing.issued.last().expect("a document");
    last.correction.clone().expect("a correction")
}

/// A contract of 310.00 from 1 January and one of 40.00, both invoiced; the first is changed to 10.00 on the second, and both are
/// left at the end of January: 300.00 of credit and 9.68 for the smaller plan, the rest is settled on 1 February.
fn left_with_credit(paid: Option<&str>) -> World {
    let mut world = World::selling(
        vec![flat("small", "10.00"), flat("middle", "40.00"), flat("large", "310.00")],
        TransitionTiming::Immediate,
        date!(2026 - 01 - 01),
    )
    .consumer();
    let large = world.conclude("large");
    if let Some(amount) = paid {
        pay(&mut world, amount);
    }
    let middle = world.conclude("middle");
    world.on(date!(2026 - 01 - 02)).change(&large, "small");
    world.cancel(&large);
    world.cancel(&middle);
    world.on(date!(2026 - 02 - 01));
    world
}

#[test]
fn a_final_settlement_pays_out_nothing_that_nobody_paid() {
    let mut world = left_with_credit(None);
    let last = world.account.billing.issued.last().expect("a document").totals;
    assert_eq!(last.gross.amount(), "-345.48");
    let settled = correction(&world);
    assert_eq!((settled.refund, settled.refund_due_on), (euro("0.00"), None));
    assert_eq!(settled.set_off, [], "the invoice corrected had enough left to pay");
    // 368.90 less 345.48; the other one was not concerned.
    assert_eq!(invoices(&world), ["overdue 23.42", "overdue 47.60"]);
    assert_eq!(world.account.billing.invoices[0].credited, euro("345.48"));
    pay(&mut world, "71.02");
    assert_eq!(invoices(&world), ["paid 0.00", "paid 0.00"]);
    assert!(world.account.billing.balance.is_zero());
}

#[test]
fn what_was_paid_settles_the_other_open_invoices_first_and_the_rest_is_refunded() {
    let world = left_with_credit(Some("368.90"));
    let settled = correction(&world);
    let other = &world.account.billing.invoices[1];
    assert_eq!(settled.set_off.len(), 1);
    assert_eq!(
        (&settled.set_off[0].invoice_id, settled.set_off[0].amount),
        (&other.id, euro("47.60"))
    );
    // 345.48 less 47.60.
    assert_eq!(settled.refund, euro("297.88"));
    assert_eq!(
        (other.status, other.paid, other.set_off),
        (InvoiceStatus::Paid, euro("0.00"), euro("47.60"))
    );
    let paid = world
        .account
        .events
        .iter()
        .filter(|event| event.event_type == EventType::InvoicePaid);
    assert!(
        paid.clone()
            .any(|event| event.data["invoice"]["id"] == other.id.as_str())
    );
}

#[test]
fn a_part_that_was_paid_is_refunded_up_to_that_part() {
    let world = left_with_credit(Some("350.00"));
    // 18.90 were open of the first invoice, 47.60 of the second: 278.98 are left.
    assert_eq!(correction(&world).refund, euro("278.98"));
    assert_eq!(invoices(&world), ["paid -326.58", "paid 0.00"]);
}

/// A withdrawal is refunded at once, but not while other invoices are open.
#[test]
fn a_withdrawal_settles_what_else_is_open() {
    let mut plans = vec![flat("first", "100.00"), flat("second", "30.00")];
    for plan in &mut plans {
        plan.withdrawal.granted_to_business = true;
    }
    let mut world = World::selling(plans, TransitionTiming::Immediate, date!(2026 - 04 - 01));
    let first = world.conclude("first");
    pay(&mut world, "119.00");
    world.on(date!(2026 - 04 - 02)).conclude("second");
    let withdrawal = world.withdraw(&first);
    assert_eq!(withdrawal.amounts.refund, euro("83.30"));
    assert_eq!(invoices(&world), ["cancelled -119.00", "paid 0.00"]);
    let settled = correction(&world);
    assert_eq!(
        (settled.refund, settled.set_off[0].amount),
        (euro("83.30"), euro("35.70"))
    );
}

//! Charges become invoices: which day, what stands on them, what is carried, corrected and paid.

use serde_json::json;
use time::macros::{date, datetime};

use super::{
    fixture::World,
    plans::{flat, plan, price},
};
use crate::domain::{
    account::Moment,
    catalogue::TransitionTiming,
    charge::{Charge, ChargeStatus},
    invoice::{
        CreditReason, DocumentType, InvoiceStatus, PaymentOrder, PaymentStatus, UsageReport, next_invoice,
        record_payment, record_usage, void_or_credit,
    },
    money::{Currency::EUR, Money},
};

fn euro(amount: &str) -> Money {
    Money::parse(amount, EUR).expect("an amount")
}

fn pay(world: &mut World, amount: &str, invoice_id: Option<&str>) -> (usize, String) {
    let order = PaymentOrder {
        amount: euro(amount),
        received_on: None,
        invoice_id: invoice_id.map(str::to_owned),
        method: None,
        reference: None,
    };
    let payment = world
        .run(|account, circumstances| record_payment(account, circumstances, &order))
        .expect("a payment");
    (payment.allocations.len(), payment.to_balance.amount())
}

fn moment(world: &World) -> Moment {
    Moment {
        on: world.today,
        at: world.now(),
    }
}

#[test]
fn the_first_period_is_invoiced_at_once_and_every_other_on_its_first_day() {
    let mut world = World::demo("hosting", date!(2026 - 01 - 10));
    world.conclude("hosting_s");
    assert_eq!(world.documents(), ["invoice 2026-01-10 1 lines 9.90 + 1.88 = 11.78"]);
    world.on(date!(2026 - 03 - 10));
    assert_eq!(
        world.documents()[1..],
        [
            "invoice 2026-02-10 1 lines 9.90 + 1.88 = 11.78",
            "invoice 2026-03-10 1 lines 9.90 + 1.88 = 11.78"
        ]
    );
    // 24 January is a Saturday: § 193 BGB.
    assert_eq!(world.account.billing.invoices[0].due_on, date!(2026 - 01 - 26));
}

#[test]
fn drafts_of_all_contracts_wait_for_the_next_period_of_any_of_them() {
    let mut world = World::selling(
        vec![flat("small", "10.00"), flat("large", "40.00")],
        TransitionTiming::Immediate,
        date!(2026 - 04 - 01),
    );
    let first = world.conclude("small");
    world.on(date!(2026 - 04 - 11)).conclude("small");
    world.on(date!(2026 - 04 - 16)).change(&first, "large");
    assert_eq!(world.documents().len(), 2, "an upgrade within the period is a draft");
    let prepared = next_invoice(&world.account, date!(2027 - 01 - 01), &world.zone)
        .expect("sums")
        .expect("one");
    world.on(date!(2026 - 05 - 01));
    // Credit and charge of the upgrade, and the new month of the large plan; the other contract's month begins on the 11th.
    assert_eq!(
        world.documents()[2..],
        ["invoice 2026-05-01 3 lines 55.00 + 10.45 = 65.45"]
    );
    assert_eq!(prepared.on, date!(2026 - 05 - 01));
    assert_eq!(prepared.documents[0].totals, world.account.billing.issued[2].totals);
}

#[test]
fn a_negative_sum_waits_for_the_next_invoice_and_is_paid_out_at_the_last_end() {
    let mut world = World::selling(
        vec![flat("small", "10.00"), flat("large", "310.00")],
        TransitionTiming::Immediate,
        date!(2026 - 01 - 01),
    );
    let id = world.conclude("large");
    pay(&mut world, "368.90", None);
    world.on(date!(2026 - 01 - 02)).change(&id, "small");
    world.on(date!(2026 - 02 - 01));
    assert_eq!(
        world.documents().len(),
        1,
        "300.00 of credit against 9.68 and 10.00: no invoice"
    );
    let drafts = |world: &World| {
        let charges = world.subscription(&id).charges.iter();
        charges.filter(|charge| charge.status == ChargeStatus::Draft).count()
    };
    assert_eq!(drafts(&world), 3);
    world.cancel(&id);
    world.on(date!(2026 - 03 - 01));
    assert_eq!(drafts(&world), 0);
    let last = world.account.billing.issued.last().expect("a document");
    assert_eq!(last.document_type, DocumentType::CreditNote);
    assert_eq!(last.title.de, "Rechnungskorrektur");
    let correction = last.correction.as_ref().expect("a correction");
    assert_eq!(correction.reason, CreditReason::FinalSettlement);
    assert_eq!(correction.refund, last.totals.gross.negated());
    assert_eq!(last.totals.net, euro("-280.32"));
    assert_eq!(
        correction.invoices.len(),
        1,
        "it names the invoice of the charge it reduces"
    );
}

#[test]
fn usage_is_charged_after_its_period_as_one_line_and_at_the_end_of_the_contract() {
    let mut world = World::demo("video_consultation", date!(2026 - 01 - 15));
    let id = world.conclude("plus");
    let report = |quantity| UsageReport {
        subscription_id: id.clone(),
        price: "sms".to_owned(),
        quantity,
        used_at: None,
        reference: None,
    };
    for quantity in [7, 8] {
        let record = world.run(|account, circumstances| record_usage(account, circumstances, &report(quantity)));
        assert_eq!(record.expect("usage").price_key, "sms");
    }
    world.on(date!(2026 - 02 - 15));
    let second = world.account.billing.issued[1].clone();
    let kinds: Vec<&str> = second.lines.iter().map(|line| line.kind.as_str()).collect();
    assert_eq!(kinds, ["usage", "recurring"]);
    assert_eq!(second.lines[0].amount, euro("1.50"));
    assert_eq!(second.lines[0].arithmetic.en, "15 × 0.10");
    assert_eq!(
        (second.lines[0].from_on, second.lines[0].through_on),
        (date!(2026 - 01 - 15), date!(2026 - 02 - 14))
    );
    world.cancel(&id);
    let last_day = world.subscription(&id).ends_on.expect("an end");
    world.on(last_day);
    world
        .run(|account, circumstances| record_usage(account, circumstances, &report(3)))
        .expect("usage on the last day");
    world.on(last_day.next_day().expect("a day"));
    let last = world.account.billing.issued.last().expect("a final invoice").clone();
    assert_eq!(last.issued_on, world.today);
    assert!(
        last.lines
            .iter()
            .any(|line| line.kind.as_str() == "usage" && line.amount == euro("0.30"))
    );
    assert_eq!(world.account.billing.usage, []);
    let refused = world.run(|account, circumstances| record_usage(account, circumstances, &report(1)));
    assert_eq!(refused.expect_err("it has ended").code, "usage_outside_contract");
    let unknown = UsageReport {
        price: "fax".to_owned(),
        used_at: Some(datetime!(2026-01-20 10:00 UTC)),
        ..report(1)
    };
    let refused = world.run(|account, circumstances| record_usage(account, circumstances, &unknown));
    assert_eq!(refused.expect_err("no such price").code, "usage_not_priced");
}

#[test]
fn payments_settle_the_named_invoice_then_the_oldest_and_the_rest_is_balance_for_the_next() {
    let mut world = World::demo("hosting", date!(2026 - 01 - 10));
    world.conclude("hosting_s");
    world.on(date!(2026 - 03 - 10));
    let ids: Vec<String> = world
        .account
        .billing
        .invoices
        .iter()
        .map(|invoice| invoice.id.clone())
        .collect();
    let statuses = |world: &World| -> Vec<&str> {
        world
            .account
            .billing
            .invoices
            .iter()
            .map(|invoice| invoice.status.as_str())
            .collect()
    };
    assert_eq!(statuses(&world), ["overdue", "overdue", "open"]);
    assert_eq!(world.account.billing.payment_status(), PaymentStatus::Overdue);
    // Three times 11.78; the customer names the second one.
    assert_eq!(pay(&mut world, "12.00", Some(&ids[1])), (2, "0.00".to_owned()));
    assert_eq!(statuses(&world), ["overdue", "paid", "open"]);
    assert_eq!(world.account.billing.invoices[0].paid, euro("0.22"));
    assert_eq!(pay(&mut world, "11.56", None), (1, "0.00".to_owned()));
    assert_eq!(world.account.billing.payment_status(), PaymentStatus::Open);
    assert_eq!(pay(&mut world, "20.00", None), (1, "8.22".to_owned()));
    assert_eq!(world.account.billing.payment_status(), PaymentStatus::PaidUp);
    world.on(date!(2026 - 04 - 10));
    let next = world.account.billing.issued.last().expect("an invoice").clone();
    assert_eq!((next.balance_applied, next.amount_due), (euro("8.22"), euro("3.56")));
    assert_eq!(world.account.billing.balance, euro("0.00"));
    assert_eq!(pay(&mut world, "100.00", None), (1, "96.44".to_owned()));
    world.on(date!(2026 - 05 - 10));
    let covered = world.account.billing.invoices.last().expect("an invoice");
    assert_eq!(
        covered.status,
        InvoiceStatus::Paid,
        "a balance that suffices pays at once"
    );
    assert_eq!(world.account.billing.balance, euro("84.66"));
}

#[test]
fn h35_a_draft_is_voided_and_what_is_invoiced_is_corrected_by_a_document_that_names_the_invoice() {
    let mut world = World::selling(
        vec![flat("small", "10.00"), flat("large", "40.00")],
        TransitionTiming::Immediate,
        date!(2026 - 04 - 01),
    );
    let id = world.conclude("small");
    let invoice = world.account.billing.invoices[0].clone();
    pay(&mut world, "11.90", None);
    world.on(date!(2026 - 04 - 16)).change(&id, "large");
    let charges: Vec<Charge> = world.subscription(&id).charges.clone();
    let ids: Vec<String> = charges.iter().map(|charge| charge.id.clone()).collect();
    let issued_before = world.account.billing.issued.clone();
    let at = moment(&world);
    let refund_due_on = Some(date!(2026 - 04 - 30));
    let withdraw = |world: &mut World| {
        void_or_credit(&mut world.account, &ids, CreditReason::Withdrawal, refund_due_on, at).expect("sums")
    };
    let credited = withdraw(&mut world);
    assert_eq!(
        credited.voided.len(),
        2,
        "credit and charge of the upgrade had not been invoiced"
    );
    assert_eq!(credited.refund, Some(euro("11.90")));
    let note = world.account.billing.issued.last().expect("a correction").clone();
    assert_eq!(credited.credit_note_ids, [note.id.as_str()]);
    assert_eq!(note.totals.gross, euro("-11.90"));
    let correction = note.correction.expect("a correction");
    assert_eq!(correction.invoices[0].id, invoice.id);
    assert_eq!(
        (correction.refund, correction.refund_due_on),
        (euro("11.90"), refund_due_on)
    );
    assert_eq!(world.account.billing.invoices[0].status, InvoiceStatus::Cancelled);
    assert_eq!(
        world.account.billing.balance,
        euro("0.00"),
        "a statutory refund is never carried"
    );
    assert_eq!(
        world.account.billing.issued[..1],
        issued_before[..],
        "the invoice itself is as it was"
    );
    assert!(world.subscription(&id).charges.iter().all(|charge| !charge.counts()));
    assert_eq!(withdraw(&mut world), Default::default(), "twice is once");
}

#[test]
fn an_error_reduces_what_is_open_and_what_was_paid_of_it_becomes_balance() {
    let mut world = World::demo("hosting", date!(2026 - 01 - 10));
    let id = world.conclude("hosting_s");
    pay(&mut world, "5.00", None);
    let charge = world.subscription(&id).charges[0].id.clone();
    let at = moment(&world);
    let credited = void_or_credit(&mut world.account, &[charge], CreditReason::Error, None, at).expect("sums");
    assert_eq!(credited.refund, None);
    assert_eq!(world.account.billing.balance, euro("5.00"));
    assert_eq!(world.account.billing.invoices[0].status, InvoiceStatus::Cancelled);
}

#[test]
fn moving_the_anchor_begins_a_period_and_is_invoiced_at_once() {
    let mut world = World::demo("hosting", date!(2026 - 01 - 10));
    let id = world.conclude("hosting_m");
    world.on(date!(2026 - 01 - 20));
    let request = world.plan_request(&id, "hosting_m_yearly");
    let outcome = world.try_change(&request).expect("a change");
    world.on(outcome.effective_on);
    let last = world.account.billing.issued.last().expect("an invoice");
    assert_eq!(last.issued_on, outcome.effective_on);
    assert!(last.lines.iter().any(|line| line.amount == euro("199.00")));
}

#[test]
fn a_plan_with_another_interval_is_invoiced_at_once_even_on_the_day_of_conclusion() {
    let yearly = plan(
        "year",
        json!({ "billing_interval": "P12M", "prices": [price("base", "flat", "120.00")] }),
    );
    let mut world = World::selling(
        vec![flat("month", "10.00"), yearly],
        TransitionTiming::Immediate,
        date!(2026 - 01 - 10),
    );
    let id = world.conclude("month");
    world.change(&id, "year");
    // 120.00 less the month of which nothing is left; not a year later.
    assert_eq!(
        world.documents()[1..],
        ["invoice 2026-01-10 2 lines 110.00 + 20.90 = 130.90"]
    );
}

#[test]
fn another_booking_does_not_bring_the_invoice_forward() {
    let mut world = World::demo("crm", date!(2026 - 03 - 18));
    let id = world.conclude("crm_monthly");
    world.on(date!(2026 - 03 - 25)).book(&id, "extra_users", 1);
    world.on(date!(2026 - 03 - 28)).book(&id, "extra_users", 1);
    assert_eq!(
        world.documents().len(),
        1,
        "both wait for the regular invoice (seed 002)"
    );
    world.on(date!(2026 - 04 - 18));
    assert_eq!(world.documents().len(), 2);
}

#[test]
fn compensation_is_kept_though_the_invoice_of_the_day_of_withdrawal_is_issued_already() {
    let withdrawal = json!({ "compensation": "pro_rata", "granted_to_business": true });
    let sold = plan("month", json!({ "withdrawal": withdrawal }));
    let mut world = World::selling(vec![sold], TransitionTiming::Immediate, date!(2026 - 01 - 10));
    let mut order = world.order("month");
    order.agreement.early_start_requested = true;
    let first = world.try_conclude(&order).expect("a contract");
    let second = world.on(date!(2026 - 01 - 11)).conclude("month");
    world.withdraw(&second);
    world.withdraw(&first);
    // 30.00 less a day of it, which stays to be paid; nothing is left that another invoice could come with.
    let last = world.documents().pop();
    assert_eq!(
        last.as_deref(),
        Some("credit_note 2026-01-11 2 lines -29.03 + -5.52 = -34.55")
    );
    let charges = world.account.subscriptions.iter().flat_map(|each| &each.charges);
    assert!(charges.clone().all(|charge| charge.status != ChargeStatus::Draft));
}

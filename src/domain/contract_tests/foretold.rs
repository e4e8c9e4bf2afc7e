//! Whether what a preview told came to be, and whether the events tell what happened.

use std::collections::BTreeMap;

use time::Date;

use super::fixture::World;
use crate::domain::{
    account::Account,
    calendar::{add_months, next_day},
    change::{ChangeKind, ChangeStatus},
    charge::{Charge, ChargeKind},
    invoice::{DocumentType, InvoiceStatus},
    money::Money,
    preview::{Preview, Recurring, Totals},
    tax::{PriceMode, TaxLine, tax},
    violation::Violation,
};

/// Compares a preview with what the executed command did and what time then made of it. Hands on the refusal, which must
/// be the same for both.
pub fn check_preview(
    before: &World,
    executed: &World,
    change_ids: &[String],
    foretold: Result<Preview, Violation>,
    done: Result<(), Violation>,
) -> Result<(), Violation> {
    let preview = match (foretold, done) {
        (Ok(preview), Ok(())) => preview,
        (foretold, Err(refused)) => {
            assert_eq!(foretold.expect_err("the preview is refused too"), refused);
            return Err(refused);
        }
        (Err(refused), Ok(())) => panic!("only the preview is refused: {refused:?}"),
    };
    let new = |account: &Account| new_charges(&before.account, account, &preview.subscription_ids, before.today);
    assert_eq!(preview.due_now, totals(&new(&executed.account)));

    let mut settled = executed.clone();
    settled.on(next_day(preview.effective_on).max(settled.today));
    let caused = |charge: &&Charge| {
        charge.charged_on == before.today || charge.change_id.as_ref().is_some_and(|id| change_ids.contains(id))
    };
    let mut expected: Vec<Money> = new(&settled.account)
        .iter()
        .filter(caused)
        .map(|charge| charge.amount)
        .collect();
    let mut told: Vec<Money> = preview.lines.iter().map(|line| line.amount).collect();
    for amount in &expected {
        let place = told.iter().position(|told| told == amount);
        told.remove(place.unwrap_or_else(|| panic!("{amount} was not told: {preview:#?}")));
    }
    // The rest of what was told is the first charge of what begins with the command.
    expected.clear();
    expected.extend(
        new(&settled.account)
            .iter()
            .filter(|charge| !caused(charge) && charge.charged_on == preview.effective_on)
            .map(|charge| charge.amount),
    );
    for amount in told {
        assert!(
            expected.contains(&amount),
            "{amount} was told but not charged: {preview:#?}"
        );
    }

    if let Some(on) = preview.next_invoice.on {
        let mut billed = executed.clone();
        billed.on(on);
        let documents = billed
            .account
            .billing
            .issued
            .iter()
            .skip(before.account.billing.issued.len());
        let sum: i64 = documents
            .filter(|document| document.issued_on == on)
            .map(|document| document.totals.gross.minor)
            .sum();
        assert_eq!(preview.next_invoice.totals.gross.minor, sum);
    }
    for sums in [preview.due_now, preview.next_invoice.totals] {
        assert_eq!(sums.net.checked_add(sums.tax), Ok(sums.gross));
    }
    if let Some(recurring) = &preview.recurring {
        check_recurring(&settled, &preview, recurring);
    }
    Ok(())
}

/// The first full period after the command costs what the preview said, and is charged on the day it said.
fn check_recurring(settled: &World, preview: &Preview, recurring: &Recurring) {
    let mut later = settled.clone();
    later.on(add_months(settled.today, 2 * recurring.interval.months()));
    let charges = new_charges(
        &settled.account,
        &later.account,
        &preview.subscription_ids[..1],
        settled.today,
    );
    let regular: Vec<Charge> = charges
        .into_iter()
        .filter(|charge| charge.kind == ChargeKind::Recurring && charge.item_id == preview.subscription_ids[0])
        .collect();
    assert_eq!(
        regular.first().map(|charge| charge.charged_on),
        recurring.next_charge_on.filter(|day| *day <= later.today)
    );
    let is_full =
        |charge: &&Charge| (charge.period_from, charge.period_through) == (charge.billing_from, charge.billing_through);
    let Some(first) = regular.iter().find(is_full) else {
        return;
    };
    let full: Vec<Charge> = regular
        .iter()
        .filter(|charge| charge.period_from == first.period_from)
        .cloned()
        .collect();
    let changed = later
        .account
        .subscription(&preview.subscription_ids[0])
        .expect("a contract");
    let same = changed.phase_on(first.period_from).map(|phase| &phase.id)
        == changed.phase_on(preview.effective_on).map(|phase| &phase.id);
    if same {
        assert_eq!(recurring.totals, totals(&full));
    }
}

/// Charges of these contracts that `after` has and `before` has not, and with the opposite sign those it has dropped.
fn new_charges(before: &Account, after: &Account, subscription_ids: &[String], dropped_on: Date) -> Vec<Charge> {
    let known = |id: &str| {
        let mut charges = before.subscriptions.iter().flat_map(|each| &each.charges);
        charges.any(|charge| charge.id == id)
    };
    let contracts = after.subscriptions.iter().filter(|each| {
        [each.id.as_str(), each.contract_id()]
            .iter()
            .any(|id| subscription_ids.iter().any(|one| one == id))
    });
    let counted = |id: &str| {
        let mut charges = before.subscriptions.iter().flat_map(|each| &each.charges);
        charges.any(|charge| charge.id == id && charge.counts())
    };
    contracts
        .flat_map(|each| &each.charges)
        .filter_map(|charge| {
            if !known(&charge.id) {
                return Some(charge.clone());
            }
            let dropped = Charge {
                amount: charge.amount.negated(),
                charged_on: dropped_on,
                ..charge.clone()
            };
            (!charge.counts() && counted(&charge.id)).then_some(dropped)
        })
        .collect()
}

fn totals(charges: &[Charge]) -> Totals {
    let currency = crate::domain::money::Currency::EUR;
    let of = |mode: PriceMode| {
        let lines = charges.iter().filter(|charge| charge.price_mode == mode);
        let lines: Vec<TaxLine> = lines
            .map(|charge| TaxLine::of_amount(charge.amount, charge.tax_rate))
            .collect();
        tax(&lines, mode, currency).expect("a sum")
    };
    let (net, gross) = (of(PriceMode::Net), of(PriceMode::Gross));
    let sum = |one: Money, other: Money| one.checked_add(other).expect("a sum");
    Totals {
        net: sum(net.net, gross.net),
        tax: sum(net.tax, gross.tax),
        gross: sum(net.gross, gross.gross),
    }
}

fn issued(account: &Account, document_type: DocumentType) -> usize {
    let documents = account.billing.issued.iter();
    documents.filter(|each| each.document_type == document_type).count()
}

/// One event for everything that happened, and none for what did not.
pub fn check_events(account: &Account) {
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    for event in &account.events {
        *found.entry(event.event_type.as_str()).or_default() += 1;
    }
    let contracts = || account.subscriptions.iter();
    let changes = |kind: ChangeKind, status: Option<ChangeStatus>| {
        let changes = contracts()
            .flat_map(|each| &each.changes)
            .filter(|change| change.kind() == kind);
        changes
            .filter(|change| status.is_none_or(|status| change.status == status))
            .count()
    };
    let restored = found.get("subscription.restored").copied().unwrap_or_default();
    let mut expected = BTreeMap::from([
        ("subscription.restored", restored),
        ("subscription.created", contracts().count()),
        (
            "subscription.started",
            contracts().filter(|each| each.started_recorded).count(),
        ),
        (
            "subscription.ended",
            contracts().filter(|each| each.ended_recorded).count() + restored,
        ),
        ("charge.created", contracts().map(|each| each.charges.len()).sum()),
        ("invoice.issued", issued(account, DocumentType::Invoice)),
        ("credit_note.issued", issued(account, DocumentType::CreditNote)),
        (
            "charge.voided",
            contracts()
                .flat_map(|each| &each.charges)
                .filter(|charge| !charge.counts())
                .count(),
        ),
        ("withdrawal.created", account.withdrawals.len()),
        (
            "subscription.withdrawn",
            contracts().filter(|each| each.withdrawn_on.is_some()).count(),
        ),
    ]);
    for (kind, names) in [
        (
            ChangeKind::PlanChange,
            [
                "plan_change.created",
                "plan_change.applied",
                "plan_change.revoked",
                "plan_change.superseded",
            ],
        ),
        (
            ChangeKind::Cancellation,
            [
                "cancellation.created",
                "cancellation.applied",
                "cancellation.revoked",
                "cancellation.superseded",
            ],
        ),
    ] {
        let statuses = [
            None,
            Some(ChangeStatus::Applied),
            Some(ChangeStatus::Revoked),
            Some(ChangeStatus::Superseded),
        ];
        for (name, status) in names.into_iter().zip(statuses) {
            // A plan change that was withdrawn from had been applied.
            let withdrawn = match status {
                Some(ChangeStatus::Applied) => changes(kind, Some(ChangeStatus::Withdrawn)),
                _ => 0,
            };
            expected.insert(name, changes(kind, status) + withdrawn);
        }
    }
    // What credits had settled may be corrected to nothing later.
    let paid = account.billing.invoices.iter();
    let paid = paid.filter(|each| each.status == InvoiceStatus::Paid).count();
    let told = found.remove("invoice.paid").unwrap_or_default();
    assert!((paid..=account.billing.invoices.len()).contains(&told), "{told} paid");
    // Nobody pays here: what was once overdue still is, was settled by credits, or was corrected to nothing.
    let overdue = account
        .billing
        .invoices
        .iter()
        .filter(|each| each.status == InvoiceStatus::Overdue);
    let told = found.remove("invoice.overdue").unwrap_or_default();
    assert!(
        (overdue.count()..=account.billing.invoices.len()).contains(&told),
        "{told} overdue"
    );
    expected.retain(|_, count| *count > 0);
    found.retain(|name, _| !["cancellation.accepted", "cancellation.rejected"].contains(name));
    assert_eq!(found, expected);
}

//! What holds for every account at all times, whatever happened to it. Checked after every step of every story.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use time::Date;

use crate::domain::{
    account::Account,
    calendar::{next_day, previous_day},
    catalogue::Compensation,
    catalogue::PriceKind,
    change::ChangeKind,
    charge::{Charge, ChargeKind, ChargeStatus},
    invoice::{CreditReason, Document, DocumentType, Line},
    money::Currency,
    slots::{capacity, occupied},
    subscription::{Phase, Subscription},
    tax::PriceMode,
    verification::{Cash, Findings, check_cash},
    withdrawal::Withdrawal,
};

/// Panics if something that must always hold does not.
pub fn check(account: &Account, today: Date) {
    for subscription in &account.subscriptions {
        check_phases(subscription);
        check_changes(subscription, today);
        check_charges(subscription);
        check_days(subscription);
        check_slots(account, subscription, today);
        check_withdrawn(account, subscription);
    }
    check_documents(account);
    let ids = account.subscriptions.iter().flat_map(|each| &each.charges);
    let mut ids: Vec<&str> = ids.map(|charge| charge.id.as_str()).collect();
    ids.sort_unstable();
    assert!(ids.windows(2).all(|pair| pair[0] != pair[1]), "two charges share an id");
}

/// Every invoiced charge stands on exactly one document that is not a correction of it, lines and groups add up to the totals to
/// the cent, invoices are positive, and what has been credited is never more than what was charged on the invoice: its sum
/// and what credits of other charges took off it.
fn check_documents(account: &Account) {
    let mut taken_up = BTreeMap::new();
    for document in &account.billing.issued {
        let sum: i64 = document.lines.iter().map(|line| line.amount.minor).sum();
        let totals = document.totals;
        match document.price_mode {
            PriceMode::Net => assert_eq!(sum, totals.net.minor, "{document:#?}"),
            PriceMode::Gross => assert_eq!(sum, totals.gross.minor, "{document:#?}"),
        }
        let groups = &document.tax_groups;
        assert_eq!(
            groups.iter().map(|group| group.net.minor).sum::<i64>(),
            totals.net.minor
        );
        assert_eq!(
            groups.iter().map(|group| group.tax.minor).sum::<i64>(),
            totals.tax.minor
        );
        assert_eq!(totals.net.minor + totals.tax.minor, totals.gross.minor);
        let takes_back = document
            .correction
            .as_ref()
            .is_some_and(|correction| correction.reason != CreditReason::FinalSettlement);
        if document.document_type == DocumentType::Invoice {
            assert!(totals.gross.minor > 0, "{document:#?}");
        }
        // A correction also takes up what stays in the place of what it takes back.
        let is_new = |line: &&Line| (line.kind == ChargeKind::Credit) == (line.amount.minor < 0);
        for line in document.lines.iter().filter(|line| !takes_back || is_new(line)) {
            let twin = taken_up.insert(&line.charge_id, &document.id);
            assert_eq!(twin, None, "invoiced twice: {line:#?}");
        }
    }
    for charge in account.subscriptions.iter().flat_map(|each| &each.charges) {
        let document = taken_up.get(&charge.id).copied();
        match charge.status {
            ChargeStatus::Draft => assert_eq!(document, None, "{charge:#?}"),
            ChargeStatus::Invoiced => {
                assert_eq!(
                    document,
                    charge.credit_note_id.as_ref().or(charge.invoice_id.as_ref()),
                    "{charge:#?}"
                );
            }
            // A credit that was paid out by itself and then taken back names the later of its two documents.
            ChargeStatus::Voided if charge.kind == ChargeKind::Credit && charge.invoice_id.is_none() => {
                assert!(document.is_none() || charge.credit_note_id.is_some(), "{charge:#?}");
            }
            // What stayed after a correction stood on that, and was taken back by a later one.
            ChargeStatus::Voided if document.is_some_and(|id| id.starts_with("crn")) => {
                assert!(
                    charge.invoice_id.is_some() && charge.credit_note_id.as_ref() != document,
                    "{charge:#?}"
                );
            }
            ChargeStatus::Voided => assert_eq!(document, charge.invoice_id.as_ref(), "{charge:#?}"),
        }
    }
    for invoice in &account.billing.invoices {
        let document = account.billing.issued.iter().find(|document| document.id == invoice.id);
        let charged = document.map_or(invoice.gross.minor, gross_charged);
        assert!(
            invoice.credited.minor <= charged && invoice.paid.minor >= 0,
            "{charged} {invoice:#?}"
        );
    }
    check_taken_back(account);
    check_money(account);
}

/// Nothing is paid back that was not paid, and every cent invoiced is paid, credited or open.
fn check_money(account: &Account) {
    let mut cash: BTreeMap<Currency, Cash> = BTreeMap::new();
    for document in &account.billing.issued {
        let head = account.billing.invoice(&document.id);
        let open = head.map_or(0, |head| head.open_amount().expect("an amount").minor.max(0));
        cash.entry(document.currency).or_default().enter(document, open);
    }
    for payment in &account.billing.payments {
        cash.entry(payment.amount.currency).or_default().paid += payment.amount.minor;
    }
    let balance = account.billing.balance;
    cash.entry(balance.currency).or_default().balance += balance.minor;
    let mut findings = Findings::default();
    for (currency, cash) in &cash {
        check_cash(&mut findings, &account.customer_id, *currency, cash);
    }
    assert_eq!(findings.offences(), [], "{cash:?}");
}

/// Over all documents, no charge is credited beyond what was invoiced of it.
fn check_taken_back(account: &Account) {
    let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
    for line in account.billing.issued.iter().flat_map(|document| &document.lines) {
        let root = line.original_charge_id.as_ref().unwrap_or(&line.charge_id);
        *sums.entry(root).or_default() += line.amount.minor;
    }
    let charges = account.subscriptions.iter().flat_map(|each| &each.charges);
    for charge in charges.filter(|charge| charge.kind != ChargeKind::Credit) {
        let left = sums.get(charge.id.as_str()).copied().unwrap_or_default();
        assert!((0..=charge.amount.minor).contains(&left), "{left} left of {charge:#?}");
        if !charge.counts() {
            assert_eq!(left, 0, "void, but billed: {charge:#?}");
        }
    }
}

/// What the charges on a document come to with tax, the credits on it left out; at most a cent too much for each line.
fn gross_charged(document: &Document) -> i64 {
    let charged = document.lines.iter().filter(|line| line.amount.minor > 0);
    let gross = charged.map(|line| match document.price_mode {
        PriceMode::Gross => line.amount.minor,
        PriceMode::Net => {
            let factor = Decimal::ONE + line.tax_rate.percent() / Decimal::ONE_HUNDRED;
            let gross = (Decimal::from(line.amount.minor) * factor).ceil();
            i64::try_from(gross).expect("an amount")
        }
    });
    gross.sum()
}

/// No more slots are occupied than there are, each by one; a contract that is over occupies none.
fn check_slots(account: &Account, subscription: &Subscription, today: Date) {
    let mut taken: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
    for slot in occupied(account, &subscription.id) {
        assert!(
            !subscription.ended_recorded && subscription.withdrawn_on.is_none(),
            "{slot:#?}"
        );
        assert!(
            taken.entry(&slot.presence.kind).or_default().insert(slot.number),
            "twice: {slot:#?}"
        );
    }
    for (kind, numbers) in taken {
        let capacity = usize::try_from(capacity(subscription, kind, today)).expect("a number");
        assert!(numbers.len() <= capacity, "{numbers:?} in {capacity} of {kind}");
    }
}

/// The phases follow one another without gap or overlap, and the last one is open or reaches to the end.
fn check_phases(subscription: &Subscription) {
    let phases: Vec<&Phase> = subscription.phases.iter().filter(|phase| !phase.removed).collect();
    let (first, last) = (phases.first().expect("a phase"), phases.last().expect("a phase"));
    assert_eq!(first.from_on, subscription.starts_on, "{phases:#?}");
    for pair in phases.windows(2) {
        assert_eq!(pair[0].through_on.map(next_day), Some(pair[1].from_on), "{phases:#?}");
    }
    assert_eq!(last.through_on, None, "{phases:#?}");
    for phase in phases {
        assert!(phase.schedule.anchor_on <= phase.from_on, "{phase:#?}");
        assert!(
            phase.through_on.is_none_or(|through| phase.from_on <= through),
            "{phase:#?}"
        );
    }
}

/// At most one change of a kind is pending, none of them overdue, and none on a contract that is over.
fn check_changes(subscription: &Subscription, today: Date) {
    for kind in [ChangeKind::PlanChange, ChangeKind::Cancellation] {
        let pending = subscription
            .changes
            .iter()
            .filter(|change| change.is_scheduled() && change.kind() == kind);
        let pending: Vec<_> = pending.collect();
        assert!(pending.len() <= 1, "{pending:#?}");
        for change in pending {
            let last_day = match kind {
                ChangeKind::PlanChange => previous_day(change.effective_on),
                ChangeKind::Cancellation => change.effective_on,
            };
            assert!(last_day >= today, "overdue: {change:#?}");
            assert!(!subscription.ended_recorded, "pending after the end: {change:#?}");
        }
    }
    let both = [ChangeKind::PlanChange, ChangeKind::Cancellation].map(|kind| subscription.pending(kind).is_some());
    assert_ne!(both, [true, true], "a cancellation supersedes a pending plan change");
    for change in &subscription.changes {
        assert_eq!(change.settled_at.is_none(), change.is_scheduled(), "{change:#?}");
    }
    if let Some(cancellation) = subscription.pending(ChangeKind::Cancellation) {
        // A booking that was cancelled ends still earlier where its contract does.
        if subscription.booking.is_some() && subscription.ends_on < Some(cancellation.effective_on) {
            return;
        }
        assert_eq!(subscription.ends_on, Some(cancellation.effective_on));
        assert_eq!(
            subscription.ended_by_change_id.as_deref(),
            Some(cancellation.id.as_str())
        );
    }
}

/// No charge is credited beyond its amount, each credit lies within its charge, and nothing recurring is charged twice.
fn check_charges(subscription: &Subscription) {
    let mut recurring = BTreeMap::new();
    for charge in subscription.charges.iter().filter(|charge| charge.counts()) {
        assert!(
            charge.billing_from <= charge.period_from && charge.period_from <= charge.period_through,
            "{charge:#?}"
        );
        assert!(charge.period_through <= charge.billing_through, "{charge:#?}");
        if charge.kind == ChargeKind::Recurring {
            let twin = recurring.insert((&charge.price_key, charge.period_from), &charge.id);
            assert_eq!(twin, None, "charged twice: {charge:#?}");
        }
        let credits: Vec<&Charge> = subscription
            .charges
            .iter()
            .filter(|credit| credit.counts() && credit.original_charge_id.as_deref() == Some(charge.id.as_str()))
            .collect();
        let credited: i64 = credits.iter().map(|credit| -credit.amount.minor).sum();
        assert!(
            credits.is_empty() || (credited > 0 && credited <= charge.amount.minor),
            "{charge:#?} {credits:#?}"
        );
        for credit in credits {
            assert_eq!(credit.kind, ChargeKind::Credit);
            assert!(credit.amount.minor < 0, "{credit:#?}");
            assert!(charge.period_from <= credit.period_from && credit.period_through <= charge.period_through);
        }
    }
}

/// Each day up to `billed_through_on` is charged exactly once for each unit and price in force on it, net of credits; no
/// other day is charged at all. Holds for prices of which a single day is worth at least half a cent.
fn check_days(subscription: &Subscription) {
    let mut charged: BTreeMap<(Date, &str), i64> = BTreeMap::new();
    let is_one_off = |id: &str| {
        let mut charges = subscription
            .charges
            .iter()
            .filter(|charge| charge.kind == ChargeKind::OneOff);
        charges.any(|charge| charge.id == id)
    };
    for charge in subscription.charges.iter().filter(|charge| charge.counts()) {
        let is_usage = charge.kind == ChargeKind::Usage;
        if is_usage || is_one_off(charge.original_charge_id.as_ref().unwrap_or(&charge.id)) {
            continue;
        }
        let sign = if charge.kind == ChargeKind::Credit { -1 } else { 1 };
        let mut day = charge.period_from;
        while day <= charge.period_through {
            *charged.entry((day, &charge.price_key)).or_default() += sign * i64::from(charge.quantity);
            day = next_day(day);
        }
    }
    charged.retain(|_, units| *units != 0);
    let pending = subscription.pending(ChangeKind::PlanChange);
    let mut expected = BTreeMap::new();
    let mut day = subscription.starts_on;
    while subscription.billed_through_on.is_some_and(|through| day <= through) {
        // Until a pending change comes, the plan before it has paid for the days beyond.
        let changed_by = pending
            .filter(|change| change.effective_on <= day)
            .map(|change| &change.id);
        let pays = |phase: &&Phase| match changed_by {
            Some(id) => phase.ended_by_change_id.as_ref() == Some(id),
            None => phase.covers(day),
        };
        let phase = subscription.phases.iter().find(pays).expect("a phase");
        for price in phase.recurring_prices() {
            let units = if price.kind == PriceKind::PerUnit {
                phase.quantity
            } else {
                1
            };
            expected.insert((day, price.key.as_str()), i64::from(units));
        }
        day = next_day(day);
    }
    // Of what was withdrawn from, only use that was asked for early is paid for.
    let is_withdrawn = subscription.withdrawn_on.is_some();
    let is_right = |units: i64, asked: i64| units == asked || (is_withdrawn && (0..=asked).contains(&units));
    let mut wrong: Vec<_> = charged
        .iter()
        .filter(|(key, units)| !is_right(**units, expected.get(*key).copied().unwrap_or(0)))
        .collect();
    let left_out = expected.iter().filter(|(key, _)| !charged.contains_key(*key));
    wrong.extend(left_out.filter(|_| !is_withdrawn));
    wrong.truncate(3);
    assert!(wrong.is_empty(), "charged wrongly: {wrong:?} … in {subscription:#?}");
    if subscription.ended_recorded {
        assert!(subscription.billed_through_on <= subscription.ends_on);
    }
}

/// Nothing is left of what a withdrawn contract or booking cost but compensation for the days before: drafts are void, invoices
/// are corrected.
fn check_withdrawn(account: &Account, subscription: &Subscription) {
    let Some(withdrawn_on) = subscription.withdrawn_on else {
        return;
    };
    let of_whole = |withdrawal: &&Withdrawal| withdrawal.quantity.is_none() && withdrawal.plan_change_id.is_none();
    for charge in subscription.charges.iter().filter(|charge| charge.counts()) {
        let mut whole = account.withdrawals.iter().filter(of_whole);
        let is_compensation = whole.any(|withdrawal| charge.change_id.as_ref() == Some(&withdrawal.id));
        if is_compensation && charge.period_through < withdrawn_on {
            continue;
        }
        // What was measured is paid for where the use is.
        let mut pro_rata = account.withdrawals.iter().filter(of_whole);
        let is_paid_for = pro_rata.any(|withdrawal| withdrawal.compensation == Compensation::ProRata);
        if charge.kind == ChargeKind::Usage && is_paid_for {
            continue;
        }
        // What had been settled with an earlier end is credited to the last cent.
        let root = charge.original_charge_id.as_ref().unwrap_or(&charge.id);
        let concerns =
            |other: &&Charge| other.counts() && other.original_charge_id.as_ref().unwrap_or(&other.id) == root;
        let left: i64 = subscription
            .charges
            .iter()
            .filter(concerns)
            .map(|other| other.amount.minor)
            .sum();
        assert_eq!(left, 0, "{charge:#?}");
    }
}

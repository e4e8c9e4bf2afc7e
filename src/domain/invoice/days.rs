//! When the billing side of an account falls due: usage at the end of its period, the invoice on a billing day, an unpaid
//! invoice after its due day.

use std::sync::Arc;

use time::Date;

use super::{
    billing::{BillingTerms, InvoiceHead, InvoiceStatus},
    collect::{self, Draft, Heading},
    document::{Correction, CreditReason, Document, DocumentType},
    offset,
    treatment::TaxTreatment,
    usage,
};
use crate::domain::{
    account::{Account, Moment},
    calendar::next_day,
    charge::{Charge, ChargeStatus},
    charging::unix_millis,
    due,
    event::DraftEvent,
    event_type::EventType,
    money::Money,
    subscription::{Phase, Subscription},
    time_zone::TimeZone,
    violation::Violation,
};

/// What falls due on the billing side; on the same day in this order, after everything that happens to contracts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BillingStep {
    /// Usage of the contract with this place is charged.
    Usage(usize),
    /// All drafts are invoiced.
    Invoice,
    /// The invoice with this place becomes overdue.
    Overdue(usize),
}

/// The next billing step and its day.
pub fn next_step(account: &Account) -> Option<(Date, BillingStep)> {
    let usage = account
        .subscriptions
        .iter()
        .enumerate()
        .filter_map(|(index, subscription)| {
            let day = usage::next_day_of(subscription, &account.billing)?;
            Some((day, BillingStep::Usage(index)))
        });
    let invoice = invoice_day(account).map(|day| (day, BillingStep::Invoice));
    let invoices = account.billing.invoices.iter().enumerate();
    let overdue = invoices
        .filter(|(_, invoice)| invoice.status == InvoiceStatus::Open)
        .map(|(index, invoice)| (next_day(invoice.due_on), BillingStep::Overdue(index)));
    usage.chain(invoice).chain(overdue).min()
}

/// Notes that an item has begun a period: the day's invoice is issued when everything else of the day is done.
pub fn period_begins(account: &mut Account, day: Date) {
    account.billing.period_began_on = Some(day);
}

/// Notes, after a withdrawal, that the day's invoice is issued once more if the last contract is over: what the withdrawal leaves
/// open would otherwise wait for ever where that day's invoice had been issued before.
pub fn withdrawal_ends(account: &mut Account, day: Date) {
    if !account.contracts().any(is_live) && last_end_of_all(account) <= Some(day) {
        period_begins(account, day);
    }
}

/// Does what is due.
///
/// # Errors
/// When an amount leaves the range of money.
pub fn perform(account: &mut Account, step: BillingStep, day: Date, moment: Moment) -> Result<(), Violation> {
    match step {
        BillingStep::Usage(index) => usage::charge(account, index, day, moment),
        BillingStep::Invoice => {
            sweep(account, day, moment)?;
            account.billing.period_began_on = None;
            account.billing.swept_on = account.billing.swept_on.max(Some(day));
            Ok(())
        }
        BillingStep::Overdue(index) => {
            let invoice = &mut account.billing.invoices[index];
            invoice.status = InvoiceStatus::Overdue;
            let event = DraftEvent::of_invoice(EventType::InvoiceOverdue, invoice, moment);
            account.events.push(event);
            Ok(())
        }
    }
}

/// The day on which open drafts are next invoiced; `None` when there are none or the provider does not invoice.
fn invoice_day(account: &Account) -> Option<Date> {
    let billing = &account.billing;
    billing.terms.as_ref()?;
    if let Some(day) = billing.period_began_on {
        return Some(day);
    }
    let drafts = || open_drafts(account).map(|(_, charge)| charge.charged_on);
    let after = drafts().min()?.max(billing.swept_on.unwrap_or(Date::MIN));
    let recurring = account
        .subscriptions
        .iter()
        .filter(|each| is_live(each) && !each.is_one_off_service());
    let day = match recurring.filter_map(|each| next_period_start(each, after)).min() {
        Some(day) => day,
        None => match account
            .contracts()
            .filter(|each| is_live(each))
            .filter_map(|each| each.ends_on)
            .max()
        {
            Some(last_end) => next_day(last_end),
            None => {
                let day = last_end_of_all(account).max(drafts().max())?;
                if billing.swept_on.is_some_and(|swept| swept >= day) {
                    return None;
                }
                day
            }
        },
    };
    Some(day.max(billing.not_before.unwrap_or(day)))
}

/// A contract or booking that can still begin a period or end.
fn is_live(subscription: &Subscription) -> bool {
    !subscription.ended_recorded
        && subscription.withdrawn_on.is_none()
        && subscription.ends_on.is_none_or(|end| subscription.starts_on <= end)
}

/// The day after the last contract ended or was withdrawn from.
fn last_end_of_all(account: &Account) -> Option<Date> {
    let ends = account.contracts();
    ends.filter_map(|each| each.withdrawn_on.or(each.ends_on.map(next_day)))
        .max()
}

/// First day after `after` on which a contract or booking begins a billing period, or a contract begins at all. The short first
/// period of a booking that follows another contract's periods begins nothing: it waits with the other drafts.
fn next_period_start(subscription: &Subscription, after: Date) -> Option<Date> {
    let phases = subscription.phases.iter().filter(|phase| !phase.removed);
    let starts = phases.filter_map(|phase| period_start_in(phase, next_day(after).max(phase.from_on), subscription));
    starts
        .min()
        .filter(|day| subscription.ends_on.is_none_or(|end| *day <= end))
}

fn period_start_in(phase: &Phase, from: Date, subscription: &Subscription) -> Option<Date> {
    let period = phase.schedule.period_containing(from)?;
    let begins = period.from_on == from || (from == subscription.starts_on && subscription.booking.is_none());
    let day = if begins { from } else { next_day(period.through_on) };
    phase.covers(day).then_some(day)
}

fn open_drafts(account: &Account) -> impl Iterator<Item = Draft<'_>> {
    account.subscriptions.iter().flat_map(|subscription| {
        subscription
            .charges
            .iter()
            .filter(|charge| charge.status == ChargeStatus::Draft)
            .map(|charge| (subscription.contract_id(), charge))
    })
}

/// Takes all drafts up: an invoice for each currency and price mode whose sum is positive; at the end of everything a
/// correction for what is left to be paid out.
fn sweep(account: &mut Account, day: Date, moment: Moment) -> Result<(), Violation> {
    if account.billing.terms.is_none() {
        return Ok(());
    }
    // Bookings end with their contracts.
    let is_last = !account.contracts().any(is_live);
    let treatment = account.tax_treatment();
    let drafts: Vec<(String, Charge)> = open_drafts(account)
        .filter(|(_, charge)| charge.charged_on <= day)
        .map(|(contract, charge)| (contract.to_owned(), charge.clone()))
        .collect();
    let drafts: Vec<Draft<'_>> = drafts
        .iter()
        .map(|(contract, charge)| (contract.as_str(), charge))
        .collect();
    for (key, members) in collect::groups(&drafts) {
        let lines = members
            .iter()
            .map(|draft| collect::line(*draft, &account.billing, treatment))
            .collect::<Result<Vec<_>, _>>()?;
        let (_, totals) = collect::totals(&lines, key.1, key.0)?;
        let document_type = match totals.gross.minor.signum() {
            1 => DocumentType::Invoice,
            -1 if is_last => DocumentType::CreditNote,
            _ => continue,
        };
        let heading = Heading {
            document_type,
            issued_on: day,
            unix_millis: unix_millis(moment.at),
            customer_type: account.customer_type,
            key,
            customer_id: &account.customer_id,
        };
        let mut document = collect::document(&account.billing, &heading, lines)?;
        let mut told = Vec::new();
        if document_type == DocumentType::CreditNote {
            let shares = offset::shares(&account.billing, &document)?;
            let credit = document.totals.gross.negated();
            let settled = offset::settle_credit(&mut account.billing, &shares, credit, moment)?;
            document.correction = Some(Correction {
                reason: CreditReason::FinalSettlement,
                invoices: collect::corrected(&account.billing, &document.lines),
                set_off: settled.set_off,
                refund: settled.left,
                refund_due_on: None,
            });
            told = settled.events;
        }
        issue(account, document, treatment, moment)?;
        account.events.extend(told);
    }
    Ok(())
}

/// Puts a document into the books: its charges are invoiced, the balance it uses is spent, what is to be paid is open.
fn issue(account: &mut Account, document: Document, treatment: TaxTreatment, moment: Moment) -> Result<(), Violation> {
    for subscription in &mut account.subscriptions {
        for charge in &mut subscription.charges {
            if document.lines.iter().any(|line| line.charge_id == charge.id) {
                charge.status = ChargeStatus::Invoiced;
                if document.document_type == DocumentType::Invoice {
                    charge.invoice_id = Some(document.id.clone());
                } else {
                    charge.credit_note_id = Some(document.id.clone());
                }
            }
        }
    }
    account.events.push(DraftEvent::of_document(&document, moment));
    let Some(due_on) = document.due_on else {
        account.billing.issued.push(document);
        return Ok(());
    };
    let billing = &mut account.billing;
    if document.balance_applied.minor != 0 {
        billing.balance = billing.balance.checked_sub(document.balance_applied)?;
    }
    let zero = Money::zero(document.currency);
    let mut head = InvoiceHead {
        id: document.id.clone(),
        number: String::new(),
        issued_on: document.issued_on,
        due_on,
        status: InvoiceStatus::Open,
        treatment,
        gross: document.totals.gross,
        balance_applied: document.balance_applied,
        paid: zero,
        credited: zero,
        set_off: zero,
        settled_at: None,
    };
    head.settle(moment.at)?;
    if head.status == InvoiceStatus::Paid {
        account
            .events
            .push(DraftEvent::of_invoice(EventType::InvoicePaid, &head, moment));
    }
    let lines = document.lines.iter();
    billing
        .invoiced_charges
        .extend(lines.map(|line| (line.charge_id.clone(), document.id.clone())));
    billing.invoices.push(head);
    billing.issued.push(document);
    Ok(())
}

/// An invoice that does not exist yet.
#[derive(Debug, Clone, PartialEq)]
pub struct PreparedInvoice {
    /// The day on which it will be issued.
    pub on: Date,
    /// What is issued on that day: one document for each currency and price mode.
    pub documents: Vec<Document>,
}

/// The next consolidated invoice as it stands, or the correction that pays credits out at the end: time passes on a copy until
/// one is issued. `None` when none will be within `horizon`. Days and sums are told for providers that do not invoice too.
///
/// # Errors
/// When an amount leaves the range of money.
pub fn next_invoice(account: &Account, horizon: Date, zone: &TimeZone) -> Result<Option<PreparedInvoice>, Violation> {
    let mut later = account.clone();
    later.billing.issued.clear();
    let foreseen = || Arc::new(BillingTerms::foreseen());
    later.billing.terms.get_or_insert_with(foreseen);
    while let Some(day) = due::next_due_on(&later).filter(|day| *day <= horizon) {
        due::advance(&mut later, day, zone)?;
        let documents = std::mem::take(&mut later.billing.issued);
        if let Some(on) = documents.first().map(|document| document.issued_on) {
            return Ok(Some(PreparedInvoice { on, documents }));
        }
    }
    Ok(None)
}

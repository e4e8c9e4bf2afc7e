//! Taking charges back: a draft just disappears, an invoiced one gets an invoice correction that names the invoice and the
//! lines (design decision 9, § 31 Abs. 5 UStDV). The invoice itself is never changed.

use time::Date;

use super::{
    collect::{self, Draft, Heading},
    document::{Correction, CreditReason, Document, DocumentType, Line},
    entries::{Entry, plan},
    offset,
};
use crate::domain::{
    account::{Account, Moment},
    charge::{Charge, ChargeStatus},
    charging::unix_millis,
    event::DraftEvent,
    event_type::EventType,
    ids::IdKind,
    money::{Currency, Money},
    tax::PriceMode,
    violation::Violation,
};

/// What was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Credited {
    /// Draft charges that are void now.
    pub voided: Vec<String>,
    /// Ids of the corrections issued, one for each invoice concerned.
    pub credit_note_ids: Vec<String>,
    /// What is to be paid back to the customer; `None` where nothing was paid.
    pub refund: Option<Money>,
}

/// A charge that was taken back and stands on an invoice, which must be corrected.
#[derive(Debug, Clone)]
pub(in crate::domain) struct Taken {
    /// The invoice.
    pub invoice_id: String,
    /// The contract.
    pub contract_id: String,
    /// The charge as it was.
    pub charge: Charge,
}

/// Takes charges back as if they had never been made, together with the credits that reduce them. Afterwards none of them
/// counts any more: the same period can be charged anew. What was paid and settles no other open invoice is refunded after a
/// withdrawal, until `refund_due_on`, and becomes balance after an error. A charge taken back already is left alone, so doing it
/// twice changes nothing.
///
/// # Errors
/// When an amount leaves the range of money.
pub fn void_or_credit(
    account: &mut Account,
    charge_ids: &[String],
    reason: CreditReason,
    refund_due_on: Option<Date>,
    moment: Moment,
) -> Result<Credited, Violation> {
    let (voided, taken) = void(account, charge_ids, moment);
    Ok(Credited {
        voided: voided.into_iter().map(|charge| charge.id).collect(),
        ..correct(account, &taken, &[], (reason, refund_due_on), moment)?
    })
}

/// The first half of [`void_or_credit`]: none of the charges counts any more. The drafts among them are answered first, then
/// those whose invoices [`correct`] must correct.
pub(in crate::domain) fn void(
    account: &mut Account,
    charge_ids: &[String],
    moment: Moment,
) -> (Vec<Charge>, Vec<Taken>) {
    let (mut voided, mut taken) = (Vec::new(), Vec::new());
    for (contract_id, charge) in taken_back(account, charge_ids) {
        let invoice_id = match charge.status {
            ChargeStatus::Invoiced => invoice_of(account, &charge),
            ChargeStatus::Draft | ChargeStatus::Voided => None,
        };
        if invoice_id.is_none() && charge.status != ChargeStatus::Draft {
            continue;
        }
        set_voided(account, &charge.id, moment);
        match invoice_id {
            Some(invoice_id) => taken.push(Taken {
                invoice_id,
                contract_id,
                charge,
            }),
            None => voided.push(charge),
        }
    }
    (voided, taken)
}

/// The second half: one correction for each invoice. Charges and credits that were `made` in the place of what was taken back
/// (what stays of it, compensation for use) stand on the same correction as far as it still credits something, so that its sum is
/// the difference, and no money goes back and forth; the others stay drafts.
///
/// # Errors
/// When an amount leaves the range of money.
pub(in crate::domain) fn correct(
    account: &mut Account,
    taken: &[Taken],
    made: &[String],
    why: (CreditReason, Option<Date>),
    moment: Moment,
) -> Result<Credited, Violation> {
    let mut outcome = Credited::default();
    let mut corrections = plan(account, taken, made);
    // What corrects its own invoice needs no set-off against it.
    corrections.sort_by_key(|(id, _)| {
        account
            .billing
            .invoice(id)
            .is_none_or(|invoice| !invoice.status.is_unpaid())
    });
    for (invoice_id, entries) in corrections {
        let (document, settled) = document(account, &invoice_id, &entries, why, moment)?;
        if let Some(correction) = document
            .correction
            .as_ref()
            .filter(|correction| !correction.refund.is_zero())
        {
            let so_far = outcome.refund.unwrap_or(Money::zero(document.currency));
            outcome.refund = Some(so_far.checked_add(correction.refund)?);
        }
        enter(account, &invoice_id, &entries, &document.id);
        outcome.credit_note_ids.push(document.id.clone());
        account.events.push(DraftEvent::of_document(&document, moment));
        account.events.extend(settled);
        account.billing.issued.push(document);
    }
    Ok(outcome)
}

/// Notes on the charges where they stand now.
fn enter(account: &mut Account, invoice_id: &str, entries: &[Entry], document_id: &str) {
    for entry in entries {
        let mut charges = account.subscriptions.iter_mut().flat_map(|each| &mut each.charges);
        let Some(charge) = charges.find(|charge| charge.id == entry.charge.id) else {
            continue;
        };
        charge.credit_note_id = Some(document_id.to_owned());
        if entry.stays {
            charge.status = ChargeStatus::Invoiced;
            charge.invoice_id = Some(invoice_id.to_owned());
            let place = (charge.id.clone(), invoice_id.to_owned());
            account.billing.invoiced_charges.push(place);
        }
    }
}

/// The charges named and the credits that reduce them, those already taken back left out.
fn taken_back(account: &Account, charge_ids: &[String]) -> Vec<(String, Charge)> {
    let is_named = |id: &str| charge_ids.iter().any(|named| named == id);
    let mut taken = Vec::new();
    for subscription in &account.subscriptions {
        let concerned = subscription.charges.iter().filter(|charge| {
            charge.counts() && (is_named(&charge.id) || charge.original_charge_id.as_deref().is_some_and(is_named))
        });
        taken.extend(concerned.map(|charge| (subscription.contract_id().to_owned(), charge.clone())));
    }
    taken
}

/// The invoice that is corrected: the one on which the charge stands, for a credit that was paid out by itself that of the charge
/// it reduces.
pub(in crate::domain) fn invoice_of(account: &Account, charge: &Charge) -> Option<String> {
    let known = &account.billing.invoiced_charges;
    let of = |id: &str| {
        known
            .iter()
            .find(|(charge_id, _)| charge_id == id)
            .map(|(_, invoice)| invoice.clone())
    };
    let own = charge.invoice_id.clone().or_else(|| of(&charge.id));
    own.or_else(|| charge.original_charge_id.as_deref().and_then(of))
}

fn set_voided(account: &mut Account, charge_id: &str, moment: Moment) {
    let Account {
        subscriptions, events, ..
    } = account;
    for subscription in subscriptions {
        let contract_id = subscription.contract_id().to_owned();
        let Some(charge) = subscription.charges.iter_mut().find(|charge| charge.id == charge_id) else {
            continue;
        };
        charge.status = ChargeStatus::Voided;
        let mut event = DraftEvent::of_charge(EventType::ChargeVoided, &contract_id, charge);
        event.occurred_at = moment.at;
        event.by_caller = true;
        events.push(event);
    }
}

/// The lines of a correction: what is taken back with the opposite sign, what stays as it is.
fn lines(
    account: &Account,
    invoice_id: &str,
    entries: &[Entry],
) -> Result<((Currency, PriceMode), Vec<Line>), Violation> {
    let treatment = account
        .billing
        .invoice(invoice_id)
        .map(|invoice| invoice.treatment)
        .unwrap_or_default();
    let taken = |charge: &Charge| entries.iter().any(|entry| !entry.stays && entry.charge.id == charge.id);
    let told: Vec<(String, Charge)> = entries
        .iter()
        .map(|entry| {
            let mut charge = entry.charge.clone();
            if !entry.stays {
                charge.amount = charge.amount.negated();
                charge.unit_price = charge.unit_price.negated();
            }
            (entry.contract_id.clone(), charge)
        })
        .collect();
    let drafts: Vec<Draft<'_>> = told
        .iter()
        .map(|(contract, charge)| (contract.as_str(), charge))
        .collect();
    let mut groups = collect::groups(&drafts);
    // All charges of one invoice share currency and price mode.
    let (key, members) = groups.remove(0);
    let lines = members
        .iter()
        .map(|draft| {
            let mut line = collect::line(*draft, &account.billing, treatment)?;
            if taken(draft.1) {
                line.original_charge_id = line.original_charge_id.or_else(|| Some(line.charge_id.clone()));
                line.original_invoice_id = Some(invoice_id.to_owned());
            }
            Ok(line)
        })
        .collect::<Result<Vec<_>, Violation>>()?;
    Ok((key, lines))
}

/// The correction of one invoice, and what it does to what is open.
fn document(
    account: &mut Account,
    invoice_id: &str,
    entries: &[Entry],
    (reason, refund_due_on): (CreditReason, Option<Date>),
    moment: Moment,
) -> Result<(Document, Vec<DraftEvent>), Violation> {
    let (key, lines) = lines(account, invoice_id, entries)?;
    let heading = Heading {
        document_type: DocumentType::CreditNote,
        issued_on: moment.on,
        unix_millis: unix_millis(moment.at),
        customer_type: account.customer_type,
        key,
        customer_id: &account.customer_id,
    };
    let mut document = collect::document(&account.billing, &heading, lines)?;
    // A charge is taken back once; what stays may be taken back by the next correction, at the same instant.
    let taken = entries.iter().find(|entry| !entry.stays);
    let taken = taken.map_or("", |entry| entry.charge.id.as_str());
    document.id = IdKind::CreditNote.derive(heading.unix_millis, &[heading.customer_id, reason.as_str(), taken]);
    if !stands_on(account, invoice_id, entries) {
        even_out(&mut document, left_of(account, invoice_id)?)?;
    }
    let credit = document.totals.gross.negated();
    let is_own = |line: &Line| line.original_invoice_id.as_deref().is_none_or(|id| id == invoice_id);
    let shares = if document.lines.iter().all(is_own) {
        vec![(invoice_id.to_owned(), credit)]
    } else {
        offset::shares(&account.billing, &document)?
    };
    let settled = offset::settle_credit(&mut account.billing, &shares, credit, moment)?;
    let (refund, to_balance) = (settled.left, reason == CreditReason::Error);
    if to_balance {
        account.billing.balance = account.billing.balance.checked_add(refund)?;
    }
    document.correction = Some(Correction {
        reason,
        invoices: collect::corrected(&account.billing, &document.lines),
        set_off: settled.set_off,
        refund: if to_balance {
            Money::zero(refund.currency)
        } else {
            refund
        },
        refund_due_on: refund_due_on.filter(|_| !to_balance && !refund.is_zero()),
    });
    Ok((document, settled.events))
}

/// Whether something of an invoice is left after a correction.
fn stands_on(account: &Account, invoice_id: &str, entries: &[Entry]) -> bool {
    let mut charges = account.subscriptions.iter().flat_map(|each| &each.charges);
    let stands = |charge: &Charge| charge.counts() && charge.invoice_id.as_deref() == Some(invoice_id);
    entries.iter().any(|entry| entry.stays) || charges.any(stands)
}

/// What no correction has taken back of an invoice yet, with tax.
fn left_of(account: &Account, invoice_id: &str) -> Result<Option<Money>, Violation> {
    let invoice = account.billing.invoice(invoice_id);
    Ok(invoice
        .map(|invoice| invoice.gross.checked_sub(invoice.credited))
        .transpose()?)
}

/// The correction that takes back the last of an invoice takes back what is left of it to the cent: tax is rounded once on the
/// invoice and once on each of its corrections, which must neither leave a cent nor pay one back that nobody paid. EN 16931
/// allows a cent of difference (BR-CO-17).
fn even_out(document: &mut Document, left: Option<Money>) -> Result<(), Violation> {
    const MOST_BY_ROUNDING: i64 = 2;
    let Some(left) = left.filter(|_| document.price_mode == PriceMode::Net) else {
        return Ok(());
    };
    let over = left.checked_add(document.totals.gross)?;
    let taxed = document.tax_groups.iter_mut().filter(|group| !group.tax.is_zero());
    let Some(group) = taxed.max_by_key(|group| group.tax.minor.abs()) else {
        return Ok(());
    };
    if (-MOST_BY_ROUNDING..=MOST_BY_ROUNDING).contains(&over.minor) {
        group.tax = group.tax.checked_sub(over)?;
        document.totals.tax = document.totals.tax.checked_sub(over)?;
        document.totals.gross = document.totals.gross.checked_sub(over)?;
    }
    Ok(())
}

//! Taking charges back: a draft just disappears, an invoiced one gets an invoice correction that names the invoice and the
//! lines (design decision 9, § 31 Abs. 5 UStDV). The invoice itself is never changed.

use time::Date;

use super::{
    billing::{Billing, InvoiceStatus},
    collect::{self, Draft, Heading},
    document::{Correction, CreditReason, Document, DocumentType},
};
use crate::domain::{
    account::{Account, Moment},
    charge::{Charge, ChargeStatus},
    charging::unix_millis,
    event::DraftEvent,
    event_type::EventType,
    money::Money,
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

/// Takes charges back as if they had never been made, together with the credits that reduce them. Afterwards none of them
/// counts any more: the same period can be charged anew. What was paid is refunded after a withdrawal, until `refund_due_on`,
/// and becomes balance after an error. A charge taken back already is left alone, so doing it twice changes nothing.
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
    let mut outcome = Credited::default();
    let taken = taken_back(account, charge_ids);
    let mut by_invoice: Vec<(String, Vec<(String, Charge)>)> = Vec::new();
    for (contract, charge) in taken {
        let invoice_id = match charge.status {
            ChargeStatus::Invoiced => invoice_of(account, &charge),
            ChargeStatus::Draft | ChargeStatus::Voided => None,
        };
        match invoice_id {
            Some(id) => match by_invoice.iter_mut().find(|(known, _)| *known == id) {
                Some((_, charges)) => charges.push((contract, charge)),
                None => by_invoice.push((id, vec![(contract, charge)])),
            },
            None if charge.status == ChargeStatus::Draft => {
                set_voided(account, &charge.id, None, moment);
                outcome.voided.push(charge.id);
            }
            None => {}
        }
    }
    for (invoice_id, charges) in by_invoice {
        let document = correct(account, &invoice_id, &charges, (reason, refund_due_on), moment)?;
        if let Some(correction) = document
            .correction
            .as_ref()
            .filter(|correction| !correction.refund.is_zero())
        {
            let so_far = outcome.refund.unwrap_or(Money::zero(document.currency));
            outcome.refund = Some(so_far.checked_add(correction.refund)?);
        }
        for (_, charge) in &charges {
            set_voided(account, &charge.id, Some(&document.id), moment);
        }
        outcome.credit_note_ids.push(document.id.clone());
        account.events.push(DraftEvent::of_document(&document, moment));
        account.billing.issued.push(document);
    }
    Ok(outcome)
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
fn invoice_of(account: &Account, charge: &Charge) -> Option<String> {
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

fn set_voided(account: &mut Account, charge_id: &str, credit_note_id: Option<&str>, moment: Moment) {
    let Account {
        subscriptions, events, ..
    } = account;
    for subscription in subscriptions {
        let contract_id = subscription.contract_id().to_owned();
        let Some(charge) = subscription.charges.iter_mut().find(|charge| charge.id == charge_id) else {
            continue;
        };
        charge.status = ChargeStatus::Voided;
        charge.credit_note_id = credit_note_id.map(str::to_owned).or(charge.credit_note_id.take());
        let mut event = DraftEvent::of_charge(EventType::ChargeVoided, &contract_id, charge);
        event.occurred_at = moment.at;
        event.by_caller = true;
        events.push(event);
    }
}

/// The correction of one invoice, and what it does to what is open.
fn correct(
    account: &mut Account,
    invoice_id: &str,
    charges: &[(String, Charge)],
    (reason, refund_due_on): (CreditReason, Option<Date>),
    moment: Moment,
) -> Result<Document, Violation> {
    let treatment = account
        .billing
        .invoice(invoice_id)
        .map(|invoice| invoice.treatment)
        .unwrap_or_default();
    let negated: Vec<(String, Charge)> = charges
        .iter()
        .map(|(contract, charge)| {
            let mut negated = charge.clone();
            negated.amount = charge.amount.negated();
            negated.unit_price = charge.unit_price.negated();
            (contract.clone(), negated)
        })
        .collect();
    let drafts: Vec<Draft<'_>> = negated
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
            line.original_charge_id = line.original_charge_id.or_else(|| Some(line.charge_id.clone()));
            line.original_invoice_id = Some(invoice_id.to_owned());
            Ok(line)
        })
        .collect::<Result<Vec<_>, Violation>>()?;
    let heading = Heading {
        document_type: DocumentType::CreditNote,
        issued_on: moment.on,
        unix_millis: unix_millis(moment.at),
        customer_type: account.customer_type,
        key,
        customer_id: &account.customer_id,
    };
    let mut document = collect::document(&account.billing, &heading, lines)?;
    let credit = document.totals.gross.negated();
    let refund = settle_invoice(&mut account.billing, invoice_id, credit, moment)?;
    let to_balance = reason == CreditReason::Error;
    if to_balance {
        account.billing.balance = account.billing.balance.checked_add(refund)?;
    }
    document.correction = Some(Correction {
        reason,
        invoices: collect::corrected(&account.billing, &document.lines),
        refund: if to_balance {
            Money::zero(refund.currency)
        } else {
            refund
        },
        refund_due_on: refund_due_on.filter(|_| !to_balance && !refund.is_zero()),
    });
    Ok(document)
}

/// Takes `credit` off what is open of the invoice; what had been paid of it is left over and returned.
fn settle_invoice(billing: &mut Billing, id: &str, credit: Money, moment: Moment) -> Result<Money, Violation> {
    let zero = Money::zero(credit.currency);
    let Some(invoice) = billing.invoices.iter_mut().find(|invoice| invoice.id == id) else {
        return Ok(credit);
    };
    let overpaid = |open: Money| if open.minor < 0 { open.negated() } else { zero };
    let before = overpaid(invoice.open_amount()?);
    invoice.credited = invoice.credited.checked_add(credit)?;
    let after = overpaid(invoice.open_amount()?);
    let was_unpaid = invoice.status.is_unpaid();
    invoice.settle(moment.at)?;
    debug_assert!(
        was_unpaid || invoice.status != InvoiceStatus::Open,
        "a settled invoice is not reopened"
    );
    Ok(after.checked_sub(before)?)
}

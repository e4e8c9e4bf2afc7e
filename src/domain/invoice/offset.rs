//! What a credit does to the books: it first reduces what is open on the invoices it corrects, then settles the customer's other
//! open invoices (set-off, §§ 387, 389 BGB). Only what had been paid beyond what is owed is left to be returned.

use super::{
    billing::{Billing, InvoiceHead, InvoiceStatus},
    collect,
    document::{Document, SetOff},
};
use crate::domain::{
    account::Moment,
    event::DraftEvent,
    event_type::EventType,
    money::{Money, MoneyError},
    violation::Violation,
};

/// What became of a credit.
pub(super) struct Settled {
    /// Other invoices it settled, wholly or in part.
    pub set_off: Vec<SetOff>,
    /// What is left: paid, and owed for nothing.
    pub left: Money,
    /// Invoices of which nothing is open any more.
    pub events: Vec<DraftEvent>,
}

/// Takes a credit off the invoices it corrects, each by its share, and sets what is left of it off against the other open
/// invoices, the oldest first.
pub(super) fn settle_credit(
    billing: &mut Billing,
    shares: &[(String, Money)],
    credit: Money,
    moment: Moment,
) -> Result<Settled, Violation> {
    let zero = Money::zero(credit.currency);
    let (mut unspent, mut left, mut events) = (credit, zero, Vec::new());
    for (id, share) in shares {
        if let Some(invoice) = billing.invoices.iter_mut().find(|invoice| invoice.id == *id) {
            // A correction may also take back what stands on other documents, beyond what the invoice asked for.
            let most = invoice.gross.checked_sub(invoice.credited)?.minor.max(0);
            let part = Money {
                minor: share.minor.min(unspent.minor).min(most),
                ..unspent
            };
            let was_unpaid = invoice.status.is_unpaid();
            left = left.checked_add(take_off(invoice, part, moment)?)?;
            events.extend(paid(invoice, was_unpaid, moment));
            unspent = unspent.checked_sub(part)?;
        }
    }
    let mut settled = Settled {
        set_off: Vec::new(),
        left: left.checked_add(unspent)?,
        events,
    };
    let is_open = |invoice: &&mut InvoiceHead| invoice.status.is_unpaid() && invoice.gross.currency == credit.currency;
    let mut open: Vec<&mut InvoiceHead> = billing.invoices.iter_mut().filter(is_open).collect();
    open.sort_by(|one, other| (one.issued_on, &one.id).cmp(&(other.issued_on, &other.id)));
    for invoice in open {
        let part = invoice.open_amount()?.minor.min(settled.left.minor);
        if part <= 0 {
            continue;
        }
        let part = Money {
            minor: part,
            ..settled.left
        };
        invoice.set_off = invoice.set_off.checked_add(part)?;
        settled.left = settled.left.checked_sub(part)?;
        invoice.settle(moment.at)?;
        settled.events.extend(paid(invoice, true, moment));
        settled.set_off.push(SetOff {
            invoice_id: invoice.id.clone(),
            number: invoice.number.clone(),
            amount: part,
        });
    }
    Ok(settled)
}

/// Tells of an invoice of which nothing is left to pay any more.
fn paid(invoice: &InvoiceHead, was_unpaid: bool, moment: Moment) -> Option<DraftEvent> {
    let is_paid = was_unpaid && invoice.status == InvoiceStatus::Paid;
    is_paid.then(|| DraftEvent {
        by_caller: true,
        ..DraftEvent::of_invoice(EventType::InvoicePaid, invoice, moment)
    })
}

/// Takes `credit` off what is open of an invoice; what had been paid of it beyond is left over.
fn take_off(invoice: &mut InvoiceHead, credit: Money, moment: Moment) -> Result<Money, MoneyError> {
    let zero = Money::zero(credit.currency);
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
    after.checked_sub(before)
}

/// The credit of a document, and what of it concerns each invoice that its lines correct, the oldest first.
pub(super) fn shares(billing: &Billing, document: &Document) -> Result<Vec<(String, Money)>, Violation> {
    let mut shares = Vec::new();
    for invoice in collect::corrected(billing, &document.lines) {
        let lines = document.lines.iter();
        let concerning = lines.filter(|line| line.original_invoice_id.as_ref() == Some(&invoice.id));
        let concerning: Vec<_> = concerning.cloned().collect();
        let (_, totals) = collect::totals(&concerning, document.price_mode, document.currency)?;
        shares.push((invoice.id, totals.gross.negated()));
    }
    Ok(shares)
}

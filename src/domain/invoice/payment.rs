//! Recording payments: what a customer has paid settles invoices, and what is left over is balance for the next ones.

use time::{Date, OffsetDateTime};

use super::billing::{InvoiceHead, InvoiceStatus};
use crate::domain::{
    account::{Account, Circumstances},
    calendar::{english, german},
    event::DraftEvent,
    event_type::EventType,
    ids::IdKind,
    money::Money,
    violation::Violation,
};

/// A payment as staff report it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentOrder {
    /// What was paid; more than zero.
    pub amount: Money,
    /// The day on which it arrived; today when not named.
    pub received_on: Option<Date>,
    /// The invoice the customer named (§ 366 Abs. 1 BGB), if any.
    pub invoice_id: Option<String>,
    /// How it was paid, in the provider's words.
    pub method: Option<String>,
    /// Reference of the bank or the payment service.
    pub reference: Option<String>,
}

/// The part of a payment that settles one invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allocation {
    /// The invoice.
    pub invoice_id: String,
    /// How much of it.
    pub amount: Money,
}

/// A payment with what it settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Id (`pay_`).
    pub id: String,
    /// What was paid.
    pub amount: Money,
    /// The day on which it arrived.
    pub received_on: Date,
    /// The invoice the customer named.
    pub invoice_id: Option<String>,
    /// How it was paid.
    pub method: Option<String>,
    /// Reference of the bank or the payment service.
    pub reference: Option<String>,
    /// The invoices it settled, wholly or in part.
    pub allocations: Vec<Allocation>,
    /// What was left over: balance for the next invoices.
    pub to_balance: Money,
    /// When it was recorded, in business time.
    pub recorded_at: OffsetDateTime,
}

/// Records a payment. It settles the invoice the customer named, then the others, those due longest first (§ 366 Abs. 2 BGB);
/// the rest is balance.
///
/// # Errors
/// `amount_not_positive`, `currency_mismatch`, `date_out_of_range`.
pub fn record_payment(
    account: &mut Account,
    circumstances: &Circumstances<'_>,
    order: &PaymentOrder,
) -> Result<Payment, Violation> {
    check(order, circumstances)?;
    let mut left = order.amount;
    let mut allocations = Vec::new();
    let moment = circumstances.moment();
    let Account { billing, events, .. } = account;
    let named = |invoice: &InvoiceHead| order.invoice_id.as_ref() == Some(&invoice.id);
    let mut unpaid: Vec<&mut InvoiceHead> = billing
        .invoices
        .iter_mut()
        .filter(|invoice| invoice.status.is_unpaid() && invoice.gross.currency == order.amount.currency)
        .collect();
    unpaid.sort_by(|one, other| (!named(one), one.due_on, &one.id).cmp(&(!named(other), other.due_on, &other.id)));
    for invoice in unpaid {
        let open = invoice.open_amount()?;
        let part = Money::new(open.minor.min(left.minor), left.currency)?;
        if part.minor <= 0 {
            continue;
        }
        invoice.paid = invoice.paid.checked_add(part)?;
        left = left.checked_sub(part)?;
        invoice.settle(moment.at)?;
        if invoice.status == InvoiceStatus::Paid {
            let mut event = DraftEvent::of_invoice(EventType::InvoicePaid, invoice, moment);
            event.by_caller = true;
            events.push(event);
        }
        allocations.push(Allocation {
            invoice_id: invoice.id.clone(),
            amount: part,
        });
    }
    billing.balance = if billing.balance.is_zero() {
        left
    } else {
        billing.balance.checked_add(left)?
    };
    let payment = Payment {
        id: IdKind::Payment.generate(),
        amount: order.amount,
        received_on: order.received_on.unwrap_or(circumstances.today),
        invoice_id: order.invoice_id.clone(),
        method: order.method.clone(),
        reference: order.reference.clone(),
        allocations,
        to_balance: left,
        recorded_at: circumstances.now,
    };
    events.push(DraftEvent::of_payment(&payment, moment));
    billing.payments.push(payment.clone());
    Ok(payment)
}

fn check(order: &PaymentOrder, circumstances: &Circumstances<'_>) -> Result<(), Violation> {
    if order.amount.minor <= 0 {
        return Err(Violation::invalid(
            "amount_not_positive",
            "Eine Zahlung beträgt mehr als 0,00.",
            "A payment is more than 0.00.",
        )
        .at("/amount"));
    }
    let currency = circumstances.provider.currency;
    if order.amount.currency != currency {
        return Err(Violation::invalid(
            "currency_mismatch",
            format!("Rechnungen dieses Anbieters lauten auf {currency}."),
            format!("Invoices of this provider are in {currency}."),
        )
        .at("/amount/currency"));
    }
    let today = circumstances.today;
    if order.received_on.is_some_and(|day| day > today) {
        return Err(Violation::invalid(
            "date_out_of_range",
            format!("Der Eingang liegt spätestens am {}.", german(today)),
            format!("A payment is received on {} at the latest.", english(today)),
        )
        .at("/received_on"));
    }
    Ok(())
}

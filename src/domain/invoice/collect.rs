//! Making documents of charges: lines, tax by group, totals, notes. Pure arithmetic; when it happens is decided in
//! [`super::days`].

use time::Date;

use super::{
    billing::Billing,
    document::{CorrectedInvoice, Document, DocumentType, Line, Note, TaxGroupLine},
    party::Supplier,
    treatment::TaxTreatment,
};
use crate::domain::{
    calendar::add_days,
    charge::Charge,
    customer_type::CustomerType,
    holidays::shift_to_working_day,
    ids::IdKind,
    localized::LocalizedText,
    money::{Currency, Money, MoneyError},
    preview::Totals,
    tax::{PriceMode, TaxLine, tax},
    violation::Violation,
};

/// A charge together with the contract it belongs to.
pub(super) type Draft<'a> = (&'a str, &'a Charge);

/// Where a charge stands on its document: contract by contract and day by day, the contract itself before what is booked on it.
fn place<'a>((contract, charge): &Draft<'a>) -> impl Ord + use<'a> {
    let days = (charge.period_from, charge.charged_on, charge.created_at);
    let item = (
        charge.item_id != *contract,
        charge.item_id.as_str(),
        charge.price_key.as_str(),
    );
    (*contract, days, item, charge.id.as_str())
}

/// The charges by currency and price mode, each group in the order of its contracts and days: the same charges in any order
/// give the same documents.
pub(super) fn groups<'a>(drafts: &[Draft<'a>]) -> Vec<((Currency, PriceMode), Vec<Draft<'a>>)> {
    let mut groups: Vec<((Currency, PriceMode), Vec<Draft<'a>>)> = Vec::new();
    for draft in drafts {
        let key = (draft.1.amount.currency, draft.1.price_mode);
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, members)) => members.push(*draft),
            None => groups.push((key, vec![*draft])),
        }
    }
    for (_, members) in &mut groups {
        members.sort_by(|one, other| place(one).cmp(&place(other)));
    }
    groups.sort_by_key(|((currency, mode), _)| (*currency, mode.as_str()));
    groups
}

/// A charge as it stands on an invoice to a customer who is taxed like this: where no tax is owed, without the tax that a gross
/// price contains, and with the arithmetic that says so. What is kept of a charge is the price as it was agreed.
///
/// # Errors
/// When an amount leaves the range of money.
pub fn as_invoiced(charge: &Charge, treatment: TaxTreatment) -> Result<Charge, MoneyError> {
    let (unit_price, amount, tax_rate) =
        treatment.apply(charge.unit_price, charge.amount, charge.tax_rate, charge.price_mode)?;
    let arithmetic = if amount == charge.amount {
        charge.arithmetic.clone()
    } else {
        let rate = charge.tax_rate;
        LocalizedText::new(
            format!("{}, abzüglich darin enthaltener {rate} % USt", charge.arithmetic.de),
            format!("{}, less the {rate}% VAT it contains", charge.arithmetic.en),
        )
    };
    Ok(Charge {
        unit_price,
        amount,
        tax_rate,
        arithmetic,
        ..charge.clone()
    })
}

/// The line a charge becomes. A credit is taxed as the invoice it corrects was; everything else as the customer is now.
pub(super) fn line((contract, charge): Draft<'_>, billing: &Billing, now: TaxTreatment) -> Result<Line, Violation> {
    let original_invoice_id = original_invoice(charge, billing);
    let treatment = original_invoice_id
        .as_deref()
        .and_then(|id| billing.invoice(id))
        .map_or(now, |invoice| invoice.treatment);
    let charge = as_invoiced(charge, treatment)?;
    Ok(Line {
        charge_id: charge.id,
        subscription_id: contract.to_owned(),
        item_id: charge.item_id,
        kind: charge.kind,
        label: charge.label,
        arithmetic: charge.arithmetic,
        quantity: charge.quantity,
        unit_price: charge.unit_price,
        amount: charge.amount,
        tax_rate: charge.tax_rate,
        tax_treatment: treatment,
        from_on: charge.period_from,
        through_on: charge.period_through,
        original_charge_id: charge.original_charge_id,
        original_invoice_id,
    })
}

/// The invoice on which the charge stands that a credit reduces.
pub(in crate::domain) fn original_invoice(charge: &Charge, billing: &Billing) -> Option<String> {
    let original = charge.original_charge_id.as_ref()?;
    billing
        .invoiced_charges
        .iter()
        .find(|(charge_id, _)| charge_id == original)
        .map(|(_, invoice_id)| invoice_id.clone())
}

/// Net, tax and gross of lines, rounded once per treatment and rate (rules 8.4).
pub(super) fn totals(
    lines: &[Line],
    mode: PriceMode,
    currency: Currency,
) -> Result<(Vec<TaxGroupLine>, Totals), Violation> {
    let mut groups = Vec::new();
    let mut sum = Totals {
        net: Money::zero(currency),
        tax: Money::zero(currency),
        gross: Money::zero(currency),
    };
    for treatment in TaxTreatment::ALL {
        let taxed: Vec<TaxLine> = lines
            .iter()
            .filter(|line| line.tax_treatment == treatment)
            .map(|line| TaxLine::of_amount(line.amount, line.tax_rate))
            .collect();
        let part = tax(&taxed, mode, currency)?;
        groups.extend(part.breakdown.iter().map(|group| TaxGroupLine {
            treatment,
            rate: group.rate,
            net: group.net,
            tax: group.tax,
        }));
        sum.net = sum.net.checked_add(part.net)?;
        sum.tax = sum.tax.checked_add(part.tax)?;
        sum.gross = sum.gross.checked_add(part.gross)?;
    }
    Ok((groups, sum))
}

/// Facts of a document beyond its lines.
pub(super) struct Heading<'a> {
    /// Invoice or correction.
    pub document_type: DocumentType,
    /// Day of issue.
    pub issued_on: Date,
    /// Milliseconds since 1970 of the instant of issue; orders the ids.
    pub unix_millis: i64,
    /// Consumer or business.
    pub customer_type: CustomerType,
    /// Currency and price mode.
    pub key: (Currency, PriceMode),
    /// The customer.
    pub customer_id: &'a str,
}

/// Puts a document together. Its number is taken when it is stored, last of all.
pub(super) fn document(billing: &Billing, heading: &Heading<'_>, lines: Vec<Line>) -> Result<Document, Violation> {
    let (currency, price_mode) = heading.key;
    let (tax_groups, totals) = totals(&lines, price_mode, currency)?;
    let is_invoice = heading.document_type == DocumentType::Invoice;
    let zero = Money::zero(currency);
    let balance_applied = if is_invoice && billing.balance.currency == currency {
        Money::new(billing.balance.minor.clamp(0, totals.gross.minor.max(0)), currency)?
    } else {
        zero
    };
    let amount_due = if is_invoice {
        totals.gross.checked_sub(balance_applied)?
    } else {
        zero
    };
    let due_on = is_invoice.then(|| due_on(billing, heading.issued_on));
    let (mut notes, mut treatments): (Vec<Note>, Vec<TaxTreatment>) = (Vec::new(), Vec::new());
    for group in &tax_groups {
        if !treatments.contains(&group.treatment) {
            treatments.push(group.treatment);
            notes.extend(group.treatment.note(billing.details.tax_exemption.as_deref()));
        }
    }
    if is_invoice && heading.customer_type == CustomerType::Consumer && amount_due.minor > 0 {
        notes.push(default_note());
    }
    let kind = if is_invoice {
        IdKind::Invoice
    } else {
        IdKind::CreditNote
    };
    let supplier = billing.supplier();
    let first = lines.first().map_or("", |line| line.charge_id.as_str());
    let facts = [heading.customer_id, currency.as_str(), price_mode.as_str(), first];
    Ok(Document {
        document_type: heading.document_type,
        id: kind.derive(heading.unix_millis, &facts),
        number: String::new(),
        title: heading.document_type.title(),
        issued_on: heading.issued_on,
        due_on,
        service_from_on: lines.iter().map(|line| line.from_on).min().unwrap_or(heading.issued_on),
        service_through_on: lines
            .iter()
            .map(|line| line.through_on)
            .max()
            .unwrap_or(heading.issued_on),
        missing: missing(billing, &supplier, &treatments, totals.gross),
        supplier,
        recipient: billing.recipient.clone(),
        currency,
        price_mode,
        lines,
        tax_groups,
        totals,
        balance_applied,
        amount_due,
        notes,
        correction: None,
    })
}

/// Invoices named by the lines of a document, oldest first.
pub(super) fn corrected(billing: &Billing, lines: &[Line]) -> Vec<CorrectedInvoice> {
    let is_named = |id: &str| lines.iter().any(|line| line.original_invoice_id.as_deref() == Some(id));
    let mut invoices: Vec<CorrectedInvoice> = billing
        .invoices
        .iter()
        .filter(|invoice| is_named(&invoice.id))
        .map(|invoice| CorrectedInvoice {
            id: invoice.id.clone(),
            number: invoice.number.clone(),
            issued_on: invoice.issued_on,
        })
        .collect();
    invoices.sort_by(|one, other| (one.issued_on, &one.id).cmp(&(other.issued_on, &other.id)));
    invoices
}

/// The day of issue and the payment term after it. A Saturday, Sunday or holiday at either party's place moves it to the next
/// working day (§ 193 BGB: payment is a performance), so that nobody is called late who could still pay in time.
fn due_on(billing: &Billing, issued_on: Date) -> Date {
    let Some(terms) = &billing.terms else {
        return issued_on;
    };
    let mut regions = terms.holiday_regions.clone();
    regions.extend(billing.holiday_region);
    shift_to_working_day(add_days(issued_on, terms.payment_term_days), &regions)
}

/// Consumers are in default by themselves after 30 days only if the invoice says so (§ 286 Abs. 3 Satz 1 BGB).
fn default_note() -> Note {
    Note::new(
        "default_after_30_days",
        "Sie kommen spätestens in Verzug, wenn Sie nicht innerhalb von 30 Tagen nach Fälligkeit und Zugang dieser Rechnung zahlen.",
        "You will be in default at the latest if you do not pay within 30 days of the due date and receipt of this invoice.",
    )
}

/// Up to 250.00 gross an invoice need not name the recipient (§ 33 Satz 1 UStDV); beyond, name and full address belong on it,
/// and always where the recipient owes the tax (Satz 3), together with both parties' VAT ids (§ 14a Abs. 1 Satz 3 UStG).
fn missing(billing: &Billing, supplier: &Supplier, treatments: &[TaxTreatment], gross: Money) -> Vec<String> {
    const SMALL_INVOICE_MINOR: i64 = 25_000;
    let is_reverse_charge = treatments.contains(&TaxTreatment::ReverseCharge);
    let recipient = &billing.recipient;
    let particulars = [
        (
            "/recipient/address",
            recipient.address.is_none() && (is_reverse_charge || gross.minor.abs() > SMALL_INVOICE_MINOR),
        ),
        ("/recipient/vat_id", is_reverse_charge && recipient.vat_id.is_none()),
        ("/supplier/vat_id", is_reverse_charge && supplier.vat_id.is_none()),
    ];
    let absent = particulars.iter().filter(|(_, is_missing)| *is_missing);
    absent.map(|(pointer, _)| (*pointer).to_owned()).collect()
}

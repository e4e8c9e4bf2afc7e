//! Loading what accounts are billed by and what is open on them.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use time::Date;

use crate::db::{DbConnection, DbError, Utc};
use crate::domain::catalogue::ProviderSettings;
use crate::domain::invoice::{Billing, BillingTerms, InvoiceHead, InvoiceStatus, Recipient, TaxTreatment, UsageTotal};
use crate::domain::money::{Currency, Money};
use crate::error::AppError;
use crate::repositories::account::AccountRow;
use crate::repositories::charges::{self, ChargeRow};
use crate::repositories::invoices::{self, InvoiceHeadRow};
use crate::repositories::usage::{self, UnbilledRow};

/// Open invoices and unbilled usage of some customers.
#[derive(Debug, Default)]
pub struct Books {
    heads: HashMap<String, Vec<InvoiceHeadRow>>,
    usage: HashMap<String, Vec<UnbilledRow>>,
    invoiced: Vec<(String, String)>,
}

impl Books {
    /// Loads the books of some customers, of whose charges `charge_rows` are in memory.
    ///
    /// # Errors
    /// Those of the database.
    pub fn load<'a>(
        conn: &mut DbConnection,
        customer_ids: &[&str],
        charge_rows: impl Iterator<Item = &'a ChargeRow> + Clone,
    ) -> Result<Self, DbError> {
        let known: BTreeSet<&str> = charge_rows.clone().map(|row| row.id.as_str()).collect();
        let elsewhere: Vec<&str> = charge_rows
            .clone()
            .filter(|row| row.status == "draft")
            .filter_map(|row| row.original_charge_id.as_deref())
            .filter(|original| !known.contains(original))
            .collect();
        let invoiced = if elsewhere.is_empty() {
            Vec::new()
        } else {
            charges::invoices_of(conn, &elsewhere)?
        };
        let named: BTreeSet<&str> = charge_rows
            .filter_map(|row| row.invoice_id.as_deref())
            .chain(invoiced.iter().map(|(_, invoice)| invoice.as_str()))
            .collect();
        let mut books = Self::default();
        for row in invoices::heads(conn, customer_ids, &named.into_iter().collect::<Vec<_>>())? {
            books.heads.entry(row.customer_id.clone()).or_default().push(row);
        }
        for row in usage::unbilled(conn, customer_ids)? {
            books.usage.entry(row.customer_id.clone()).or_default().push(row);
        }
        books.invoiced = invoiced;
        Ok(books)
    }

    /// The invoices of a customer, so that they can be compared with what they are later.
    ///
    /// # Errors
    /// When a row holds a value this program does not know.
    fn heads_of(&self, customer_id: &str) -> Result<Vec<InvoiceHead>, AppError> {
        let rows = self.heads.get(customer_id).map(Vec::as_slice).unwrap_or_default();
        rows.iter().map(head_in_memory).collect()
    }
}

/// How a provider bills, as published with its current catalogue.
pub fn terms(settings: &ProviderSettings) -> Option<Arc<BillingTerms>> {
    BillingTerms::of(settings).map(Arc::new)
}

/// The billing side of one customer. `not_before` is the day before which no document is dated.
///
/// # Errors
/// When a row holds a value this program does not know.
pub fn billing(
    row: &AccountRow,
    terms: Option<Arc<BillingTerms>>,
    currency: Currency,
    books: &Books,
    charge_rows: &[ChargeRow],
    not_before: Date,
) -> Result<Billing, AppError> {
    let unreadable = |what: &str| AppError::internal(format!("{what} of customer {} cannot be read", row.id));
    let details = row.billing.0.clone();
    let holiday_region = match &row.holiday_region {
        Some(region) => Some(region.parse().map_err(|_| unreadable("holiday region"))?),
        None => None,
    };
    let of_charges = charge_rows
        .iter()
        .filter_map(|charge| Some((charge.id.clone(), charge.invoice_id.clone()?)));
    let usage = books.usage.get(&row.id).map(Vec::as_slice).unwrap_or_default();
    Ok(Billing {
        terms,
        recipient: Recipient {
            customer_number: row.customer_number.clone(),
            name: row.name.clone(),
            address: details.address.clone(),
            vat_id: details.vat_id.clone(),
        },
        details,
        holiday_region,
        balance: balance(row, currency).ok_or_else(|| unreadable("balance"))?,
        swept_on: row.swept_on,
        not_before: Some(not_before),
        invoices: books.heads_of(&row.id)?,
        invoiced_charges: of_charges.chain(books.invoiced.iter().cloned()).collect(),
        usage: usage.iter().map(total_in_memory).collect(),
        ..Billing::default()
    })
}

/// The balance; an empty one is in the provider's present currency.
fn balance(row: &AccountRow, currency: Currency) -> Option<Money> {
    if row.balance == 0 {
        return Some(Money::zero(currency));
    }
    Money::new(row.balance, Currency::parse(&row.balance_currency)?).ok()
}

fn total_in_memory(row: &UnbilledRow) -> UsageTotal {
    UsageTotal {
        subscription_id: row.subscription_id.clone(),
        plan_version_id: row.plan_version_id.clone(),
        price_key: row.price_key.clone(),
        recorded_on: row.recorded_on,
        first_used_on: row.first_used_on,
        quantity: row.quantity,
    }
}

fn head_in_memory(row: &InvoiceHeadRow) -> Result<InvoiceHead, AppError> {
    let unreadable = |what: &str| AppError::internal(format!("{what} of invoice {} cannot be read", row.id));
    let currency = Currency::parse(&row.currency).ok_or_else(|| unreadable("currency"))?;
    let money = |minor| Money::new(minor, currency).map_err(|_| unreadable("amount"));
    Ok(InvoiceHead {
        id: row.id.clone(),
        number: row.number.clone(),
        issued_on: row.issued_on,
        due_on: row.due_on,
        status: InvoiceStatus::parse(&row.status).ok_or_else(|| unreadable("status"))?,
        treatment: TaxTreatment::parse(&row.treatment).ok_or_else(|| unreadable("treatment"))?,
        gross: money(row.gross)?,
        balance_applied: money(row.balance_applied)?,
        paid: money(row.paid)?,
        credited: money(row.credited)?,
        set_off: money(row.set_off)?,
        settled_at: row.settled_at.map(Utc::instant),
    })
}

//! Payments as rows.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use time::Date;

use super::customers::restricted;
use crate::db::schema::payments;
use crate::db::{DbConnection, DbError, JsonText, MultiBackend, Utc, insert_all};

/// The part of a payment that settles one invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllocationEntry {
    /// The invoice.
    pub invoice_id: String,
    /// How much, in minor units.
    pub amount: i64,
}

/// A payment.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = payments, treat_none_as_default_value = false)]
pub struct PaymentRow {
    /// Id (`pay_`).
    pub id: String,
    /// To whom.
    pub provider_id: String,
    /// By whom.
    pub customer_id: String,
    /// What was paid, in minor units.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// The day on which it arrived.
    pub received_on: Date,
    /// The invoice the customer named.
    pub invoice_id: Option<String>,
    /// How it was paid.
    pub method: Option<String>,
    /// Reference of the bank or the payment service.
    pub reference: Option<String>,
    /// The invoices it settled.
    pub allocations: JsonText<Vec<AllocationEntry>>,
    /// What was left over, in minor units.
    pub to_balance: i64,
    /// When it was recorded, in business time.
    pub recorded_at: Utc,
}

/// A page of a provider's payments, newest first.
pub fn list(
    conn: &mut DbConnection,
    provider_id: &str,
    customer_id: Option<&str>,
    restricted_too: bool,
    before_id: Option<&str>,
    limit: i64,
) -> Result<Vec<PaymentRow>, DbError> {
    let mut query = payments::table
        .filter(payments::provider_id.eq(provider_id))
        .order(payments::id.desc())
        .limit(limit)
        .select(PaymentRow::as_select())
        .into_boxed::<MultiBackend>();
    if !restricted_too {
        query = query.filter(payments::customer_id.ne_all(restricted(provider_id)));
    }
    if let Some(customer_id) = customer_id {
        query = query.filter(payments::customer_id.eq(customer_id));
    }
    if let Some(id) = before_id {
        query = query.filter(payments::id.lt(id));
    }
    Ok(query.load(conn)?)
}

/// All payments of a customer, oldest first.
pub fn of_customer(conn: &mut DbConnection, customer_id: &str) -> Result<Vec<PaymentRow>, DbError> {
    Ok(payments::table
        .filter(payments::customer_id.eq(customer_id))
        .order(payments::id)
        .select(PaymentRow::as_select())
        .load(conn)?)
}

/// Stores new payments.
pub fn insert(conn: &mut DbConnection, rows: &[PaymentRow]) -> Result<(), DbError> {
    insert_all!(conn, payments::table, rows)
}

//! Charges as rows.

use diesel::prelude::*;
use diesel::sql_types::{Array, Nullable, Text};
use time::Date;

use super::customers::restricted;
use crate::db::schema::charges;
use crate::db::{DbConnection, DbError, JsonText, MultiBackend, Utc, insert_many};
use crate::domain::localized::LocalizedText;

/// A charge.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset, Identifiable)]
#[diesel(table_name = charges, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct ChargeRow {
    /// Id (`chg_`).
    pub id: String,
    /// Who charges.
    pub provider_id: String,
    /// Who is charged.
    pub customer_id: String,
    /// For which contract.
    pub subscription_id: String,
    /// What was sold.
    pub item_id: String,
    /// Key of the price.
    pub price_key: String,
    /// `recurring`, `proration`, `credit`, `one_off` or `usage`.
    pub kind: String,
    /// `draft`, `invoiced` or `voided`.
    pub status: String,
    /// The change that caused it.
    pub change_id: Option<String>,
    /// The charge a credit reduces.
    pub original_charge_id: Option<String>,
    /// The invoice that took it up.
    pub invoice_id: Option<String>,
    /// The correction that took it back, or that pays it out.
    pub credit_note_id: Option<String>,
    /// What the customer reads.
    pub label: JsonText<LocalizedText>,
    /// The calculation in words.
    pub arithmetic: JsonText<LocalizedText>,
    /// Units.
    pub quantity: i64,
    /// Price of one unit in 1/10,000 of the currency.
    pub unit_price: i64,
    /// Amount in minor units.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// `net` or `gross`.
    pub price_mode: String,
    /// Tax rate in per cent.
    pub tax_rate: String,
    /// First day charged.
    pub period_from: Date,
    /// Last day charged.
    pub period_through: Date,
    /// First day of the billing period.
    pub billing_from: Date,
    /// Last day of the billing period.
    pub billing_through: Date,
    /// Legal day on which it came to be.
    pub charged_on: Date,
    /// When it came to be.
    pub created_at: Utc,
}

/// What a list of charges is narrowed by. Ownership is part of it.
#[derive(Debug, Clone, Default)]
pub struct ChargeFilter {
    /// Who charges.
    pub provider_id: String,
    /// Whether data that are kept only because the law demands it are shown too.
    pub restricted_too: bool,
    /// Only this customer's.
    pub customer_id: Option<String>,
    /// Only this contract's.
    pub subscription_id: Option<String>,
    /// Only those in this status.
    pub status: Option<String>,
    /// Only those a change caused.
    pub change_id: Option<String>,
    /// Only older ones than this id.
    pub before_id: Option<String>,
}

/// The charges of a customer that reach to `from` or beyond, those a change can still touch, and all drafts: they wait for an
/// invoice however old they are.
pub fn load_for_customer(conn: &mut DbConnection, customer_id: &str, from: Date) -> Result<Vec<ChargeRow>, DbError> {
    Ok(charges::table
        .filter(charges::customer_id.eq(customer_id))
        .filter(charges::period_through.ge(from).or(charges::status.eq("draft")))
        .order((charges::created_at, charges::id))
        .select(ChargeRow::as_select())
        .load(conn)?)
}

/// The same for some customers.
pub fn load_for_customers(
    conn: &mut DbConnection,
    customer_ids: &[&str],
    from: Date,
) -> Result<Vec<ChargeRow>, DbError> {
    Ok(charges::table
        .filter(charges::customer_id.eq_any(customer_ids))
        .filter(charges::period_through.ge(from).or(charges::status.eq("draft")))
        .order((charges::created_at, charges::id))
        .select(ChargeRow::as_select())
        .load(conn)?)
}

/// The invoices that took up some charges.
pub fn invoices_of(conn: &mut DbConnection, charge_ids: &[&str]) -> Result<Vec<(String, String)>, DbError> {
    Ok(charges::table
        .filter(charges::id.eq_any(charge_ids))
        .filter(charges::invoice_id.is_not_null())
        .select((charges::id, charges::invoice_id.assume_not_null()))
        .load(conn)?)
}

/// The charges that some changes caused, oldest first.
pub fn load_of_changes(conn: &mut DbConnection, change_ids: &[&str]) -> Result<Vec<ChargeRow>, DbError> {
    Ok(charges::table
        .filter(charges::change_id.eq_any(change_ids))
        .order((charges::created_at, charges::id))
        .select(ChargeRow::as_select())
        .load(conn)?)
}

/// A page of charges, newest first.
pub fn list(conn: &mut DbConnection, filter: &ChargeFilter, limit: i64) -> Result<Vec<ChargeRow>, DbError> {
    let mut query = charges::table
        .filter(charges::provider_id.eq(&filter.provider_id))
        .order(charges::id.desc())
        .limit(limit)
        .select(ChargeRow::as_select())
        .into_boxed::<MultiBackend>();
    if !filter.restricted_too {
        query = query.filter(charges::customer_id.ne_all(restricted(&filter.provider_id)));
    }
    if let Some(customer_id) = &filter.customer_id {
        query = query.filter(charges::customer_id.eq(customer_id));
    }
    if let Some(subscription_id) = &filter.subscription_id {
        query = query.filter(charges::subscription_id.eq(subscription_id));
    }
    if let Some(status) = &filter.status {
        query = query.filter(charges::status.eq(status));
    }
    if let Some(change_id) = &filter.change_id {
        query = query.filter(charges::change_id.eq(change_id));
    }
    if let Some(before_id) = &filter.before_id {
        query = query.filter(charges::id.lt(before_id));
    }
    Ok(query.load(conn)?)
}

/// Stores new charges.
pub fn insert(conn: &mut DbConnection, rows: &[ChargeRow]) -> Result<(), DbError> {
    insert_many!(conn, charges::table, rows)
}

/// Writes changed charges. Only status and documents ever change; on PostgreSQL many of them with one statement.
pub fn update_all(conn: &mut DbConnection, rows: &[ChargeRow]) -> Result<(), DbError> {
    if let (DbConnection::Pg(open), true) = (&mut *conn, rows.len() > 1) {
        let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        let statuses: Vec<&str> = rows.iter().map(|row| row.status.as_str()).collect();
        let invoices: Vec<Option<&str>> = rows.iter().map(|row| row.invoice_id.as_deref()).collect();
        let notes: Vec<Option<&str>> = rows.iter().map(|row| row.credit_note_id.as_deref()).collect();
        diesel::sql_query(
            "UPDATE charges AS c SET status = v.status, invoice_id = v.invoice_id, credit_note_id = v.credit_note_id \
             FROM unnest($1, $2, $3, $4) AS v (id, status, invoice_id, credit_note_id) WHERE c.id = v.id",
        )
        .bind::<Array<Text>, _>(ids)
        .bind::<Array<Text>, _>(statuses)
        .bind::<Array<Nullable<Text>>, _>(invoices)
        .bind::<Array<Nullable<Text>>, _>(notes)
        .execute(open)?;
        return Ok(());
    }
    for row in rows {
        diesel::update(charges::table.find(&row.id))
            .set((
                charges::status.eq(&row.status),
                charges::invoice_id.eq(&row.invoice_id),
                charges::credit_note_id.eq(&row.credit_note_id),
            ))
            .execute(conn)?;
    }
    Ok(())
}

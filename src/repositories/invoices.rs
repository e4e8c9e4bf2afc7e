//! Invoices and their corrections as rows: the document as it was issued, and what moves on about it afterwards.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamp};
use time::Date;

use super::customers::restricted;
use crate::db::schema::{charges, credit_note_invoices, credit_notes, document_counters, invoices};
use crate::db::{DbConnection, DbError, MultiBackend, Utc, insert_all, insert_many, on_conn};

/// An invoice.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = invoices, treat_none_as_default_value = false)]
pub struct InvoiceRow {
    /// Id (`inv_`).
    pub id: String,
    /// Who issued it.
    pub provider_id: String,
    /// To whom.
    pub customer_id: String,
    /// Its number, unique per provider.
    pub number: String,
    /// `live` or `sandbox`.
    pub series: String,
    /// Year of the number.
    pub year: i32,
    /// Place in the range of that year, without gaps.
    pub sequence: i64,
    /// `open`, `paid`, `overdue` or `cancelled`.
    pub status: String,
    /// Day of issue.
    pub issued_on: Date,
    /// Day on which payment is due.
    pub due_on: Date,
    /// ISO 4217 code.
    pub currency: String,
    /// How its lines were taxed.
    pub treatment: String,
    /// Net total in minor units.
    pub net: i64,
    /// Tax in minor units.
    pub tax: i64,
    /// Gross total in minor units.
    pub gross: i64,
    /// Balance used for it.
    pub balance_applied: i64,
    /// What has been paid.
    pub paid: i64,
    /// What corrections have taken back.
    pub credited: i64,
    /// When nothing was left to pay.
    pub settled_at: Option<Utc>,
    /// The document as issued, canonical JSON.
    pub document: String,
    /// SHA-256 of the document.
    pub sha256: String,
    /// When it was stored, on the wall clock.
    pub recorded_at: Utc,
    /// What credits of other invoices have settled of it.
    pub set_off: i64,
}

/// What a command needs of an invoice: everything but the document.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = invoices)]
pub struct InvoiceHeadRow {
    /// Id (`inv_`).
    pub id: String,
    /// To whom.
    pub customer_id: String,
    /// Its number.
    pub number: String,
    /// Where it stands.
    pub status: String,
    /// Day of issue.
    pub issued_on: Date,
    /// Day on which payment is due.
    pub due_on: Date,
    /// ISO 4217 code.
    pub currency: String,
    /// How its lines were taxed.
    pub treatment: String,
    /// Gross total in minor units.
    pub gross: i64,
    /// Balance used for it.
    pub balance_applied: i64,
    /// What has been paid.
    pub paid: i64,
    /// What corrections have taken back.
    pub credited: i64,
    /// When nothing was left to pay.
    pub settled_at: Option<Utc>,
    /// What credits of other invoices have settled of it.
    pub set_off: i64,
}

/// What moves on about an invoice.
#[derive(Debug, Clone, PartialEq, AsChangeset, Identifiable)]
#[diesel(table_name = invoices, treat_none_as_null = true)]
pub struct InvoiceProgress {
    /// The invoice.
    pub id: String,
    /// Where it stands.
    pub status: String,
    /// What has been paid.
    pub paid: i64,
    /// What corrections have taken back.
    pub credited: i64,
    /// When nothing was left to pay.
    pub settled_at: Option<Utc>,
    /// What credits of other invoices have settled of it.
    pub set_off: i64,
}

/// An invoice correction.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = credit_notes)]
pub struct CreditNoteRow {
    /// Id (`crn_`).
    pub id: String,
    /// Who issued it.
    pub provider_id: String,
    /// To whom.
    pub customer_id: String,
    /// Its number, unique per provider.
    pub number: String,
    /// `live` or `sandbox`.
    pub series: String,
    /// Year of the number.
    pub year: i32,
    /// Place in the range of that year, without gaps.
    pub sequence: i64,
    /// Day of issue.
    pub issued_on: Date,
    /// The document as issued, canonical JSON.
    pub document: String,
    /// SHA-256 of the document.
    pub sha256: String,
    /// When it was stored, on the wall clock.
    pub recorded_at: Utc,
}

/// What a list of invoices is narrowed by. Ownership is part of it.
#[derive(Debug, Clone, Default)]
pub struct InvoiceFilter {
    /// Who issued them.
    pub provider_id: String,
    /// Whether data that are kept only because the law demands it are shown too.
    pub restricted_too: bool,
    /// Only this customer's.
    pub customer_id: Option<String>,
    /// Only those with a line of this contract.
    pub subscription_id: Option<String>,
    /// Only those in this status.
    pub status: Option<String>,
    /// Only those issued on this day or later.
    pub issued_from: Option<Date>,
    /// Only those issued on this day or earlier.
    pub issued_through: Option<Date>,
    /// Only the one with this number.
    pub number: Option<String>,
    /// Only older ones than this id.
    pub before_id: Option<String>,
}

/// What a list of corrections is narrowed by. Ownership is part of it.
#[derive(Debug, Clone, Default)]
pub struct CreditNoteFilter {
    /// Who issued them.
    pub provider_id: String,
    /// Whether data that are kept only because the law demands it are shown too.
    pub restricted_too: bool,
    /// Only this customer's.
    pub customer_id: Option<String>,
    /// Only those that correct this invoice.
    pub invoice_id: Option<String>,
    /// Only older ones than this id.
    pub before_id: Option<String>,
}

/// A page of invoices, newest first.
pub fn list(conn: &mut DbConnection, filter: &InvoiceFilter, limit: i64) -> Result<Vec<InvoiceRow>, DbError> {
    let mut query = invoices::table
        .filter(invoices::provider_id.eq(&filter.provider_id))
        .order(invoices::id.desc())
        .limit(limit)
        .select(InvoiceRow::as_select())
        .into_boxed::<MultiBackend>();
    if !filter.restricted_too {
        query = query.filter(invoices::customer_id.ne_all(restricted(&filter.provider_id)));
    }
    if let Some(customer_id) = &filter.customer_id {
        query = query.filter(invoices::customer_id.eq(customer_id));
    }
    if let Some(subscription_id) = &filter.subscription_id {
        let on_lines = charges::table
            .filter(charges::subscription_id.eq(subscription_id))
            .filter(charges::invoice_id.is_not_null())
            .select(charges::invoice_id.assume_not_null());
        query = query.filter(invoices::id.eq_any(on_lines));
    }
    if let Some(status) = &filter.status {
        query = query.filter(invoices::status.eq(status));
    }
    if let Some(day) = filter.issued_from {
        query = query.filter(invoices::issued_on.ge(day));
    }
    if let Some(day) = filter.issued_through {
        query = query.filter(invoices::issued_on.le(day));
    }
    if let Some(number) = &filter.number {
        query = query.filter(invoices::number.eq(number));
    }
    if let Some(before_id) = &filter.before_id {
        query = query.filter(invoices::id.lt(before_id));
    }
    Ok(query.load(conn)?)
}

/// One invoice of the provider.
pub fn find(conn: &mut DbConnection, provider_id: &str, id: &str) -> Result<Option<InvoiceRow>, DbError> {
    Ok(invoices::table
        .find(id)
        .filter(invoices::provider_id.eq(provider_id))
        .select(InvoiceRow::as_select())
        .first(conn)
        .optional()?)
}

/// A page of corrections, newest first.
pub fn credit_notes_list(
    conn: &mut DbConnection,
    filter: &CreditNoteFilter,
    limit: i64,
) -> Result<Vec<CreditNoteRow>, DbError> {
    let mut query = credit_notes::table
        .filter(credit_notes::provider_id.eq(&filter.provider_id))
        .order(credit_notes::id.desc())
        .limit(limit)
        .select(CreditNoteRow::as_select())
        .into_boxed::<MultiBackend>();
    if !filter.restricted_too {
        query = query.filter(credit_notes::customer_id.ne_all(restricted(&filter.provider_id)));
    }
    if let Some(customer_id) = &filter.customer_id {
        query = query.filter(credit_notes::customer_id.eq(customer_id));
    }
    if let Some(invoice_id) = &filter.invoice_id {
        let corrections = credit_note_invoices::table
            .filter(credit_note_invoices::invoice_id.eq(invoice_id))
            .select(credit_note_invoices::credit_note_id);
        query = query.filter(credit_notes::id.eq_any(corrections));
    }
    if let Some(before_id) = &filter.before_id {
        query = query.filter(credit_notes::id.lt(before_id));
    }
    Ok(query.load(conn)?)
}

/// One correction of the provider.
pub fn credit_note_find(
    conn: &mut DbConnection,
    provider_id: &str,
    id: &str,
) -> Result<Option<CreditNoteRow>, DbError> {
    Ok(credit_notes::table
        .find(id)
        .filter(credit_notes::provider_id.eq(provider_id))
        .select(CreditNoteRow::as_select())
        .first(conn)
        .optional()?)
}

/// The unpaid invoices of some customers, and those named by id, in the order of their due days.
pub fn heads(conn: &mut DbConnection, customer_ids: &[&str], named: &[&str]) -> Result<Vec<InvoiceHeadRow>, DbError> {
    let unpaid = invoices::table
        .filter(invoices::customer_id.eq_any(customer_ids))
        .filter(invoices::status.eq("open").or(invoices::status.eq("overdue")))
        .select(InvoiceHeadRow::as_select());
    let mut rows: Vec<InvoiceHeadRow> = unpaid.load(conn)?;
    let missing: Vec<&str> = named
        .iter()
        .copied()
        .filter(|id| rows.iter().all(|row| row.id != *id))
        .collect();
    if !missing.is_empty() {
        let more = invoices::table
            .filter(invoices::id.eq_any(missing))
            .select(InvoiceHeadRow::as_select());
        rows.extend(more.load::<InvoiceHeadRow>(conn)?);
    }
    rows.sort_by(|one, other| (one.due_on, &one.id).cmp(&(other.due_on, &other.id)));
    Ok(rows)
}

/// How some invoices are taxed.
pub fn treatments(conn: &mut DbConnection, ids: &[&str]) -> Result<Vec<(String, String)>, DbError> {
    Ok(invoices::table
        .filter(invoices::id.eq_any(ids))
        .select((invoices::id, invoices::treatment))
        .load(conn)?)
}

/// Whose invoice it is.
pub fn customer_of(conn: &mut DbConnection, provider_id: &str, id: &str) -> Result<Option<String>, DbError> {
    Ok(invoices::table
        .find(id)
        .filter(invoices::provider_id.eq(provider_id))
        .select(invoices::customer_id)
        .first(conn)
        .optional()?)
}

/// Stores new invoices.
pub fn insert(conn: &mut DbConnection, rows: &[InvoiceRow]) -> Result<(), DbError> {
    insert_many!(conn, invoices::table, rows)
}

/// Stores new corrections, and which invoices they correct.
pub fn credit_notes_insert(
    conn: &mut DbConnection,
    rows: &[CreditNoteRow],
    corrected: &[(String, String)],
) -> Result<(), DbError> {
    insert_all!(conn, credit_notes::table, rows)?;
    let pairs: Vec<_> = corrected
        .iter()
        .map(|(note, invoice)| {
            (
                credit_note_invoices::credit_note_id.eq(note),
                credit_note_invoices::invoice_id.eq(invoice),
            )
        })
        .collect();
    insert_all!(conn, credit_note_invoices::table, pairs)
}

/// Writes what has moved on about invoices; on PostgreSQL many of them with one statement. The documents stay as they are.
pub fn progress(conn: &mut DbConnection, moved: &[InvoiceProgress]) -> Result<(), DbError> {
    if let (DbConnection::Pg(open), true) = (&mut *conn, moved.len() > 1) {
        let ids: Vec<&str> = moved.iter().map(|each| each.id.as_str()).collect();
        let statuses: Vec<&str> = moved.iter().map(|each| each.status.as_str()).collect();
        let paid: Vec<i64> = moved.iter().map(|each| each.paid).collect();
        let credited: Vec<i64> = moved.iter().map(|each| each.credited).collect();
        let settled: Vec<Option<Utc>> = moved.iter().map(|each| each.settled_at).collect();
        let set_off: Vec<i64> = moved.iter().map(|each| each.set_off).collect();
        diesel::sql_query(
            "UPDATE invoices AS i SET status = v.status, paid = v.paid, credited = v.credited, \
             settled_at = v.settled_at, set_off = v.set_off \
             FROM unnest($1, $2, $3, $4, $5, $6) AS v (id, status, paid, credited, settled_at, set_off) WHERE i.id = v.id",
        )
        .bind::<Array<Text>, _>(ids)
        .bind::<Array<Text>, _>(statuses)
        .bind::<Array<BigInt>, _>(paid)
        .bind::<Array<BigInt>, _>(credited)
        .bind::<Array<Nullable<Timestamp>>, _>(settled)
        .bind::<Array<BigInt>, _>(set_off)
        .execute(open)?;
        return Ok(());
    }
    for each in moved {
        diesel::update(invoices::table.find(&each.id)).set(each).execute(conn)?;
    }
    Ok(())
}

/// Takes `count` numbers of a range and returns the last one. The counter's row stays locked until the end of the
/// transaction, so a number that is rolled back is given again: there are no gaps.
pub fn take_numbers(
    conn: &mut DbConnection,
    provider_id: &str,
    series: &str,
    document_type: &str,
    year: i32,
    count: i64,
) -> Result<i64, DbError> {
    use document_counters as counter;
    Ok(on_conn!(conn, open => diesel::insert_into(counter::table)
        .values((
            counter::provider_id.eq(provider_id),
            counter::series.eq(series),
            counter::document_type.eq(document_type),
            counter::year.eq(year),
            counter::last_sequence.eq(count),
        ))
        .on_conflict((counter::provider_id, counter::series, counter::document_type, counter::year))
        .do_update()
        .set(counter::last_sequence.eq(counter::last_sequence + count))
        .returning(counter::last_sequence)
        .get_result(open))?)
}

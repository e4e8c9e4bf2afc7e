//! Plan changes and cancellations as rows.

use diesel::prelude::*;
use time::Date;

use super::customers::restricted;
use crate::db::schema::changes;
use crate::db::{DbConnection, DbError, JsonText, MultiBackend, Utc, insert_all};
use crate::domain::change::ChangeDetails;

/// A plan change or cancellation.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset, Identifiable)]
#[diesel(table_name = changes, treat_none_as_null = true)]
pub struct ChangeRow {
    /// Id (`pch_` or `cxl_`).
    pub id: String,
    /// Whose contract it concerns, on the selling side.
    pub provider_id: String,
    /// Whose contract it concerns, on the buying side.
    pub customer_id: String,
    /// The contract.
    pub subscription_id: String,
    /// `plan_change` or `cancellation`.
    pub kind: String,
    /// `scheduled`, `applied`, `revoked` or `superseded`.
    pub status: String,
    /// When it was received.
    pub received_at: Utc,
    /// Plan change: first day. Cancellation: last day.
    pub effective_on: Date,
    /// What was declared.
    pub details: JsonText<ChangeDetails>,
    /// What replaced it.
    pub superseded_by_id: Option<String>,
    /// When it ceased to be pending.
    pub settled_at: Option<Utc>,
    /// Counts its states.
    pub version: i64,
    /// When it was recorded.
    pub created_at: Utc,
}

/// What a list of changes is narrowed by. Ownership is part of it.
#[derive(Debug, Clone, Default)]
pub struct ChangeFilter {
    /// Whose contracts, on the selling side.
    pub provider_id: String,
    /// Whether data that are kept only because the law demands it are shown too.
    pub restricted_too: bool,
    /// Only this customer's.
    pub customer_id: Option<String>,
    /// Only this contract's.
    pub subscription_id: Option<String>,
    /// `plan_change` or `cancellation`.
    pub kind: String,
    /// Only those in this status.
    pub status: Option<String>,
    /// Only older ones than this id.
    pub before_id: Option<String>,
}

/// All changes of a customer's contracts, oldest first.
pub fn load_for_customer(conn: &mut DbConnection, customer_id: &str) -> Result<Vec<ChangeRow>, DbError> {
    Ok(changes::table
        .filter(changes::customer_id.eq(customer_id))
        .order((changes::created_at, changes::id))
        .select(ChangeRow::as_select())
        .load(conn)?)
}

/// The same for some customers.
pub fn load_for_customers(conn: &mut DbConnection, customer_ids: &[&str]) -> Result<Vec<ChangeRow>, DbError> {
    Ok(changes::table
        .filter(changes::customer_id.eq_any(customer_ids))
        .order((changes::created_at, changes::id))
        .select(ChangeRow::as_select())
        .load(conn)?)
}

/// The changes of some contracts, oldest first.
pub fn load_of(conn: &mut DbConnection, subscription_ids: &[&str]) -> Result<Vec<ChangeRow>, DbError> {
    Ok(changes::table
        .filter(changes::subscription_id.eq_any(subscription_ids))
        .order((changes::created_at, changes::id))
        .select(ChangeRow::as_select())
        .load(conn)?)
}

/// A change the caller may see.
pub fn find(
    conn: &mut DbConnection,
    provider_id: &str,
    customer_id: Option<&str>,
    id: &str,
) -> Result<Option<ChangeRow>, DbError> {
    let mut query = changes::table
        .filter(changes::id.eq(id))
        .filter(changes::provider_id.eq(provider_id))
        .select(ChangeRow::as_select())
        .into_boxed::<MultiBackend>();
    if let Some(customer_id) = customer_id {
        query = query.filter(changes::customer_id.eq(customer_id));
    }
    Ok(query.first(conn).optional()?)
}

/// A page of changes, newest first.
pub fn list(conn: &mut DbConnection, filter: &ChangeFilter, limit: i64) -> Result<Vec<ChangeRow>, DbError> {
    let mut query = changes::table
        .filter(changes::provider_id.eq(&filter.provider_id))
        .filter(changes::kind.eq(&filter.kind))
        .order(changes::id.desc())
        .limit(limit)
        .select(ChangeRow::as_select())
        .into_boxed::<MultiBackend>();
    if !filter.restricted_too {
        query = query.filter(changes::customer_id.ne_all(restricted(&filter.provider_id)));
    }
    if let Some(customer_id) = &filter.customer_id {
        query = query.filter(changes::customer_id.eq(customer_id));
    }
    if let Some(subscription_id) = &filter.subscription_id {
        query = query.filter(changes::subscription_id.eq(subscription_id));
    }
    if let Some(status) = &filter.status {
        query = query.filter(changes::status.eq(status));
    }
    if let Some(before_id) = &filter.before_id {
        query = query.filter(changes::id.lt(before_id));
    }
    Ok(query.load(conn)?)
}

/// Stores new changes.
pub fn insert(conn: &mut DbConnection, rows: &[ChangeRow]) -> Result<(), DbError> {
    insert_all!(conn, changes::table, rows)
}

/// Writes a changed change.
pub fn update(conn: &mut DbConnection, row: &ChangeRow) -> Result<(), DbError> {
    diesel::update(changes::table.find(&row.id)).set(row).execute(conn)?;
    Ok(())
}

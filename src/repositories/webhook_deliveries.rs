//! Deliveries of webhook messages and their attempts as rows. A pending row whose `next_attempt_at` has passed is free for any
//! worker; claiming it moves that instant to the end of the lease, so a worker that dies gives it back by doing nothing.

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::db::schema::{webhook_attempts, webhook_deliveries};
use crate::db::{DbConnection, DbError, MultiBackend, Utc, insert_all, lock_free_rows, lock_rows};

/// A delivery: one message to one endpoint.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset, Identifiable)]
#[diesel(table_name = webhook_deliveries, treat_none_as_null = true)]
pub struct WebhookDeliveryRow {
    /// Id (`dlv_`).
    pub id: String,
    /// Whose event it is.
    pub provider_id: String,
    /// To which endpoint.
    pub endpoint_id: String,
    /// The event; none for tests.
    pub event_id: Option<String>,
    /// Type of the event.
    pub event_type: String,
    /// Position of the event; none for tests.
    pub position: Option<i64>,
    /// `pending`, `delivered` or `failed`.
    pub status: String,
    /// Attempts begun.
    pub attempts: i32,
    /// Failures since it was queued or last retried by hand.
    pub failures: i32,
    /// When it is attempted next, or when a running attempt's lease ends.
    pub next_attempt_at: Option<Utc>,
    /// When the running attempt began.
    pub attempt_started_at: Option<Utc>,
    /// When it was queued.
    pub created_at: Utc,
    /// When it was delivered or given up.
    pub settled_at: Option<Utc>,
}

/// One attempt and its answer.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = webhook_attempts)]
pub struct WebhookAttemptRow {
    /// Of which delivery.
    pub delivery_id: String,
    /// Counts the delivery's attempts, from 1.
    pub number: i32,
    /// When it began.
    pub started_at: Utc,
    /// How long it took; none if its worker died.
    pub duration_ms: Option<i64>,
    /// HTTP status, if there was an answer.
    pub status: Option<i32>,
    /// Why there was none.
    pub error: Option<String>,
    /// The beginning of the answer's body.
    pub answer: Option<String>,
}

/// What a list of deliveries is narrowed by.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    /// Of this endpoint.
    pub endpoint_id: String,
    /// Only those in this status.
    pub status: Option<String>,
    /// Only of this type.
    pub event_type: Option<String>,
    /// Only of this event.
    pub event_id: Option<String>,
    /// Only older ones than this id.
    pub before_id: Option<String>,
}

/// Queues deliveries.
pub fn insert(conn: &mut DbConnection, rows: &[WebhookDeliveryRow]) -> Result<(), DbError> {
    insert_all!(conn, webhook_deliveries::table, rows)
}

/// Writes a changed delivery.
pub fn update(conn: &mut DbConnection, row: &WebhookDeliveryRow) -> Result<(), DbError> {
    diesel::update(webhook_deliveries::table.find(&row.id))
        .set(row)
        .execute(conn)?;
    Ok(())
}

/// Notes an attempt.
pub fn insert_attempt(conn: &mut DbConnection, row: &WebhookAttemptRow) -> Result<(), DbError> {
    diesel::insert_into(webhook_attempts::table).values(row).execute(conn)?;
    Ok(())
}

/// One delivery of the provider.
pub fn find(conn: &mut DbConnection, provider_id: &str, id: &str) -> Result<Option<WebhookDeliveryRow>, DbError> {
    Ok(webhook_deliveries::table
        .find(id)
        .filter(webhook_deliveries::provider_id.eq(provider_id))
        .select(WebhookDeliveryRow::as_select())
        .first(conn)
        .optional()?)
}

/// One delivery of the provider, locked until the end of the transaction. Its endpoint is locked before it.
pub fn lock(conn: &mut DbConnection, provider_id: &str, id: &str) -> Result<Option<WebhookDeliveryRow>, DbError> {
    let row = lock_rows!(
        conn,
        webhook_deliveries::table
            .find(id)
            .filter(webhook_deliveries::provider_id.eq(provider_id))
            .select(WebhookDeliveryRow::as_select()),
        first
    );
    Ok(row.optional()?)
}

/// A page of an endpoint's deliveries, newest first.
pub fn list(conn: &mut DbConnection, filter: &DeliveryFilter, limit: i64) -> Result<Vec<WebhookDeliveryRow>, DbError> {
    let mut query = webhook_deliveries::table
        .filter(webhook_deliveries::endpoint_id.eq(&filter.endpoint_id))
        .order(webhook_deliveries::id.desc())
        .limit(limit)
        .select(WebhookDeliveryRow::as_select())
        .into_boxed::<MultiBackend>();
    if let Some(status) = &filter.status {
        query = query.filter(webhook_deliveries::status.eq(status));
    }
    if let Some(event_type) = &filter.event_type {
        query = query.filter(webhook_deliveries::event_type.eq(event_type));
    }
    if let Some(event_id) = &filter.event_id {
        query = query.filter(webhook_deliveries::event_id.eq(event_id));
    }
    if let Some(before_id) = &filter.before_id {
        query = query.filter(webhook_deliveries::id.lt(before_id));
    }
    Ok(query.load(conn)?)
}

/// The latest `limit` attempts of a delivery, oldest first.
pub fn attempts(conn: &mut DbConnection, delivery_id: &str, limit: i64) -> Result<Vec<WebhookAttemptRow>, DbError> {
    let mut rows: Vec<WebhookAttemptRow> = webhook_attempts::table
        .filter(webhook_attempts::delivery_id.eq(delivery_id))
        .order(webhook_attempts::number.desc())
        .limit(limit)
        .select(WebhookAttemptRow::as_select())
        .load(conn)?;
    rows.reverse();
    Ok(rows)
}

/// The condition of the index of pending deliveries, word for word: an index on a part of a table is only used where the statement
/// itself says that it is about that part, and a bound value says nothing.
pub(super) fn is_pending() -> SqlLiteral<Bool> {
    sql("webhook_deliveries.status = 'pending'")
}

/// Locks up to `limit` deliveries of an endpoint that are due and that no other worker holds, longest waiting first.
pub fn claim(
    conn: &mut DbConnection,
    endpoint_id: &str,
    now: Utc,
    limit: i64,
) -> Result<Vec<WebhookDeliveryRow>, DbError> {
    Ok(lock_free_rows!(
        conn,
        webhook_deliveries::table
            .filter(webhook_deliveries::endpoint_id.eq(endpoint_id))
            .filter(is_pending())
            .filter(webhook_deliveries::next_attempt_at.le(now))
            .order((webhook_deliveries::next_attempt_at, webhook_deliveries::id))
            .limit(limit)
            .select(WebhookDeliveryRow::as_select()),
        load
    )?)
}

/// Forgets up to `limit` deliveries that were settled before an instant, with their attempts; says how many.
pub fn delete_settled_before(conn: &mut DbConnection, before: Utc, limit: i64) -> Result<usize, DbError> {
    let old: Vec<String> = webhook_deliveries::table
        .filter(webhook_deliveries::settled_at.lt(before))
        .limit(limit)
        .select(webhook_deliveries::id)
        .load(conn)?;
    Ok(diesel::delete(webhook_deliveries::table.filter(webhook_deliveries::id.eq_any(&old))).execute(conn)?)
}

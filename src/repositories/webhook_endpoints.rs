//! Webhook endpoints as rows. The row is also the lock of its fan-out and of what its attempts teach about it.

use diesel::prelude::*;

use super::webhook_deliveries::is_pending;
use crate::db::schema::{providers, webhook_deliveries, webhook_endpoints};
use crate::db::{DbConnection, DbError, JsonText, MultiBackend, Utc, lock_free_rows, lock_rows};

/// A webhook endpoint.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset, Identifiable)]
#[diesel(table_name = webhook_endpoints, treat_none_as_null = true)]
pub struct WebhookEndpointRow {
    /// Id (`whe_`).
    pub id: String,
    /// Whose events it hears of.
    pub provider_id: String,
    /// Where messages go.
    pub url: String,
    /// What its owner says of it.
    pub description: Option<String>,
    /// Types it wants, or `*`.
    pub event_types: JsonText<Vec<String>>,
    /// Whether messages are sent.
    pub enabled: bool,
    /// Since when they are not.
    pub disabled_at: Option<Utc>,
    /// Why they are not: `requested`, `failing` or `gone`.
    pub disabled_reason: Option<String>,
    /// The secret that signs, as it was shown: signing needs it in clear.
    pub secret: String,
    /// The secret before, which also signs until `previous_secret_until`.
    pub previous_secret: Option<String>,
    /// When the secret before is forgotten.
    pub previous_secret_until: Option<Utc>,
    /// Position of the last event that was looked at for it.
    pub position: i64,
    /// When the attempts began to do nothing but fail.
    pub failing_since: Option<Utc>,
    /// The receiver asked to be left alone until then.
    pub paused_until: Option<Utc>,
    /// Counts what its owner and its failures changed, from 1.
    pub version: i64,
    /// When it was created.
    pub created_at: Utc,
    /// When it last changed.
    pub updated_at: Utc,
    /// When the last failed attempt began, while every attempt fails.
    pub last_failure_at: Option<Utc>,
    /// The status it was answered with.
    pub last_failure_status: Option<i32>,
    /// Why there was no answer.
    pub last_failure_error: Option<String>,
}

/// Stores a new endpoint.
pub fn insert(conn: &mut DbConnection, row: &WebhookEndpointRow) -> Result<(), DbError> {
    diesel::insert_into(webhook_endpoints::table)
        .values(row)
        .execute(conn)?;
    Ok(())
}

/// Writes a changed endpoint, which must be locked.
pub fn update(conn: &mut DbConnection, row: &WebhookEndpointRow) -> Result<(), DbError> {
    diesel::update(webhook_endpoints::table.find(&row.id))
        .set(row)
        .execute(conn)?;
    Ok(())
}

/// Removes an endpoint with its deliveries.
pub fn delete(conn: &mut DbConnection, id: &str) -> Result<(), DbError> {
    diesel::delete(webhook_endpoints::table.find(id)).execute(conn)?;
    Ok(())
}

/// One endpoint of the provider.
pub fn find(conn: &mut DbConnection, provider_id: &str, id: &str) -> Result<Option<WebhookEndpointRow>, DbError> {
    Ok(webhook_endpoints::table
        .find(id)
        .filter(webhook_endpoints::provider_id.eq(provider_id))
        .select(WebhookEndpointRow::as_select())
        .first(conn)
        .optional()?)
}

/// One endpoint of the provider, locked until the end of the transaction.
pub fn lock(conn: &mut DbConnection, provider_id: &str, id: &str) -> Result<Option<WebhookEndpointRow>, DbError> {
    let row = lock_rows!(
        conn,
        webhook_endpoints::table
            .find(id)
            .filter(webhook_endpoints::provider_id.eq(provider_id))
            .select(WebhookEndpointRow::as_select()),
        first
    );
    Ok(row.optional()?)
}

/// A page of the provider's endpoints, newest first.
pub fn list(
    conn: &mut DbConnection,
    provider_id: &str,
    before_id: Option<&str>,
    limit: i64,
) -> Result<Vec<WebhookEndpointRow>, DbError> {
    let mut query = webhook_endpoints::table
        .filter(webhook_endpoints::provider_id.eq(provider_id))
        .order(webhook_endpoints::id.desc())
        .limit(limit)
        .select(WebhookEndpointRow::as_select())
        .into_boxed::<MultiBackend>();
    if let Some(id) = before_id {
        query = query.filter(webhook_endpoints::id.lt(id));
    }
    Ok(query.load(conn)?)
}

/// Enabled endpoints whose provider has events they have not been looked at for.
pub fn behind(conn: &mut DbConnection) -> Result<Vec<String>, DbError> {
    Ok(webhook_endpoints::table
        .inner_join(providers::table.on(providers::id.eq(webhook_endpoints::provider_id)))
        .filter(webhook_endpoints::enabled.eq(true))
        .filter(webhook_endpoints::position.lt(providers::last_event_position))
        .order(webhook_endpoints::id)
        .select(webhook_endpoints::id)
        .load(conn)?)
}

/// Locks an enabled endpoint for its fan-out, unless another worker is at it.
pub fn claim(conn: &mut DbConnection, id: &str) -> Result<Option<WebhookEndpointRow>, DbError> {
    let row = lock_free_rows!(
        conn,
        webhook_endpoints::table
            .find(id)
            .filter(webhook_endpoints::enabled.eq(true))
            .select(WebhookEndpointRow::as_select()),
        first
    );
    Ok(row.optional()?)
}

/// Moves an endpoint's position, which is no new version.
pub fn set_position(conn: &mut DbConnection, id: &str, position: i64) -> Result<(), DbError> {
    diesel::update(webhook_endpoints::table.find(id))
        .set(webhook_endpoints::position.eq(position))
        .execute(conn)?;
    Ok(())
}

/// An endpoint with something to send now, as far as the worker needs it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = webhook_endpoints)]
pub struct DueEndpointRow {
    /// Id (`whe_`).
    pub id: String,
    /// Since when every attempt has failed.
    pub failing_since: Option<Utc>,
}

/// Enabled endpoints that have not asked for peace and have a delivery to be attempted now.
pub fn with_due(conn: &mut DbConnection, now: Utc) -> Result<Vec<DueEndpointRow>, DbError> {
    let due = webhook_deliveries::table
        .filter(webhook_deliveries::endpoint_id.eq(webhook_endpoints::id))
        .filter(is_pending())
        .filter(webhook_deliveries::next_attempt_at.le(now));
    Ok(webhook_endpoints::table
        .filter(webhook_endpoints::enabled.eq(true))
        .filter(
            webhook_endpoints::paused_until
                .is_null()
                .or(webhook_endpoints::paused_until.le(now)),
        )
        .filter(diesel::dsl::exists(due))
        .select(DueEndpointRow::as_select())
        .load(conn)?)
}

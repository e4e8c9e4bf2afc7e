//! Idempotency keys and the responses stored under them.

use diesel::prelude::*;

use crate::db::schema::idempotency_keys;
use crate::db::{DbConnection, DbError, Utc, on_conn};

/// A key with the response of the command that used it.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = idempotency_keys)]
pub struct IdempotencyKeyRow {
    /// Whose key.
    pub principal_id: String,
    /// The key.
    pub key: String,
    /// SHA-256 of the request.
    pub fingerprint: String,
    /// Status of the response.
    pub response_status: Option<i32>,
    /// Its headers, as JSON.
    pub response_headers: Option<String>,
    /// Its body.
    pub response_body: Option<String>,
    /// When the key was first used.
    pub created_at: Utc,
}

/// Claims a key. A concurrent command with the same key waits here until this transaction ends; says whether it was free.
pub fn claim(conn: &mut DbConnection, row: &IdempotencyKeyRow) -> Result<bool, DbError> {
    let inserted = on_conn!(conn, open => diesel::insert_into(idempotency_keys::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(open))?;
    Ok(inserted == 1)
}

/// The key as used before.
pub fn find(conn: &mut DbConnection, principal_id: &str, key: &str) -> Result<Option<IdempotencyKeyRow>, DbError> {
    Ok(idempotency_keys::table
        .find((principal_id, key))
        .select(IdempotencyKeyRow::as_select())
        .first(conn)
        .optional()?)
}

/// Keeps the response for repetitions.
pub fn store(
    conn: &mut DbConnection,
    principal_id: &str,
    key: &str,
    status: i32,
    headers: &str,
    body: &str,
) -> Result<(), DbError> {
    diesel::update(idempotency_keys::table.find((principal_id, key)))
        .set((
            idempotency_keys::response_status.eq(status),
            idempotency_keys::response_headers.eq(headers),
            idempotency_keys::response_body.eq(body),
        ))
        .execute(conn)?;
    Ok(())
}

/// Takes the answers that name a customer or contract out of the keys: the key stays taken, and says of any repetition that it was
/// used with another request. Looks through all keys that are kept; only erasures ask for it.
pub fn erase(conn: &mut DbConnection, id: &str) -> Result<usize, DbError> {
    let names_it = idempotency_keys::response_body.like(format!("%{id}%"));
    Ok(diesel::update(idempotency_keys::table.filter(names_it))
        .set((
            idempotency_keys::fingerprint.eq(""),
            idempotency_keys::response_body.eq(""),
            idempotency_keys::response_headers.eq("{}"),
        ))
        .execute(conn)?)
}

/// Forgets keys older than `before`.
pub fn delete_before(conn: &mut DbConnection, before: Utc) -> Result<usize, DbError> {
    Ok(diesel::delete(idempotency_keys::table.filter(idempotency_keys::created_at.lt(before))).execute(conn)?)
}

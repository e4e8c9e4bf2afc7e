//! API keys: logins of programs. Only the hash of a key is kept, with a hint by which its owner recognises it.

use diesel::prelude::*;

use crate::db::schema::api_keys;
use crate::db::{DbConnection, DbError, Utc};

/// An API key as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = api_keys)]
pub struct ApiKeyRow {
    /// `key_…`.
    pub id: String,
    /// The provider it belongs to.
    pub provider_id: String,
    /// Name given by staff.
    pub name: String,
    /// Beginning and end of the key.
    pub hint: String,
    /// SHA-256 of the key, hexadecimal.
    pub key_hash: String,
    /// Scopes separated by spaces.
    pub scopes: String,
    /// When it was created.
    pub created_at: Utc,
    /// When it ceases to be good; `None` means never.
    pub expires_at: Option<Utc>,
    /// When it was revoked.
    pub revoked_at: Option<Utc>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Utc>,
}

/// The key with this hash.
pub fn api_key_find_by_hash(connection: &mut DbConnection, key_hash: &str) -> Result<Option<ApiKeyRow>, DbError> {
    Ok(api_keys::table
        .filter(api_keys::key_hash.eq(key_hash))
        .select(ApiKeyRow::as_select())
        .first(connection)
        .optional()?)
}

/// The key of this provider with this id.
pub fn api_key_find(connection: &mut DbConnection, provider_id: &str, id: &str) -> Result<Option<ApiKeyRow>, DbError> {
    Ok(api_keys::table
        .find(id)
        .filter(api_keys::provider_id.eq(provider_id))
        .select(ApiKeyRow::as_select())
        .first(connection)
        .optional()?)
}

/// At most `limit` keys of a provider, newest first, older than the key `after`.
pub fn api_key_list(
    connection: &mut DbConnection,
    provider_id: &str,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<ApiKeyRow>, DbError> {
    let mut query = api_keys::table
        .filter(api_keys::provider_id.eq(provider_id))
        .order(api_keys::id.desc())
        .limit(limit)
        .select(ApiKeyRow::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(api_keys::id.lt(after));
    }
    Ok(query.load(connection)?)
}

/// Stores a new key.
pub fn api_key_insert(connection: &mut DbConnection, row: &ApiKeyRow) -> Result<(), DbError> {
    diesel::insert_into(api_keys::table).values(row).execute(connection)?;
    Ok(())
}

/// Revokes a key that is not revoked yet; says whether it was standing.
pub fn api_key_revoke(connection: &mut DbConnection, id: &str, now: Utc) -> Result<bool, DbError> {
    let standing = api_keys::table.find(id).filter(api_keys::revoked_at.is_null());
    Ok(diesel::update(standing)
        .set(api_keys::revoked_at.eq(now))
        .execute(connection)?
        == 1)
}

/// Notes that a key was used, unless that was noted after `cutoff`.
pub fn api_key_touch(connection: &mut DbConnection, id: &str, now: Utc, cutoff: Utc) -> Result<(), DbError> {
    let due = api_keys::table
        .find(id)
        .filter(api_keys::last_used_at.is_null().or(api_keys::last_used_at.le(cutoff)));
    diesel::update(due)
        .set(api_keys::last_used_at.eq(now))
        .execute(connection)?;
    Ok(())
}

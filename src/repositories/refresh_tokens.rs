//! Refresh tokens: only their hashes. Tokens that came out of one login form a family.

use diesel::prelude::*;

use crate::db::schema::refresh_tokens;
use crate::db::{DbConnection, DbError, Utc};

/// A refresh token as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = refresh_tokens)]
pub struct RefreshTokenRow {
    /// `rft_…`; internal.
    pub id: String,
    /// Whose token it is.
    pub user_id: String,
    /// The id of the first token of the login it came from.
    pub family_id: String,
    /// SHA-256 of the token, hexadecimal.
    pub token_hash: String,
    /// The scopes of the login, separated by spaces: a refresh never widens them.
    pub scopes: String,
    /// When it was issued.
    pub issued_at: Utc,
    /// When it ceases to be good; the same instant for the whole family.
    pub expires_at: Utc,
    /// When it was exchanged for its successor.
    pub used_at: Option<Utc>,
    /// When it was revoked, by logout or because a used token of the family was presented again.
    pub revoked_at: Option<Utc>,
}

/// The token with this hash.
pub fn refresh_token_find_by_hash(
    connection: &mut DbConnection,
    token_hash: &str,
) -> Result<Option<RefreshTokenRow>, DbError> {
    Ok(refresh_tokens::table
        .filter(refresh_tokens::token_hash.eq(token_hash))
        .select(RefreshTokenRow::as_select())
        .first(connection)
        .optional()?)
}

/// Stores a new token.
pub fn refresh_token_insert(connection: &mut DbConnection, row: &RefreshTokenRow) -> Result<(), DbError> {
    diesel::insert_into(refresh_tokens::table)
        .values(row)
        .execute(connection)?;
    Ok(())
}

/// Marks a token as used, if it is neither used nor revoked; says whether it was. Of several callers exactly one hears yes.
pub fn refresh_token_use(connection: &mut DbConnection, id: &str, now: Utc) -> Result<bool, DbError> {
    let unused = refresh_tokens::table.find(id).filter(
        refresh_tokens::used_at
            .is_null()
            .and(refresh_tokens::revoked_at.is_null()),
    );
    Ok(diesel::update(unused)
        .set(refresh_tokens::used_at.eq(now))
        .execute(connection)?
        == 1)
}

/// Revokes every token of a family; says how many were still standing.
pub fn refresh_token_revoke_family(connection: &mut DbConnection, family_id: &str, now: Utc) -> Result<usize, DbError> {
    let standing = refresh_tokens::table.filter(
        refresh_tokens::family_id
            .eq(family_id)
            .and(refresh_tokens::revoked_at.is_null()),
    );
    Ok(diesel::update(standing)
        .set(refresh_tokens::revoked_at.eq(now))
        .execute(connection)?)
}

/// Forgets the tokens of a user that have expired.
pub fn refresh_token_delete_expired(connection: &mut DbConnection, user_id: &str, now: Utc) -> Result<usize, DbError> {
    let expired = refresh_tokens::table.filter(
        refresh_tokens::expires_at
            .lt(now)
            .and(refresh_tokens::user_id.eq(user_id)),
    );
    Ok(diesel::delete(expired).execute(connection)?)
}

//! Users: people who log in with a password, staff of a provider or one customer's own login.

use diesel::prelude::*;

use crate::db::schema::users;
use crate::db::{DbConnection, DbError, Utc, lock_rows};

/// A user as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = users)]
pub struct UserRow {
    /// `usr_…`.
    pub id: String,
    /// The provider it belongs to.
    pub provider_id: String,
    /// The customer whose login it is; `None` for staff.
    pub customer_id: Option<String>,
    /// Login name in lower case; unique within the provider.
    pub username: String,
    /// Argon2id in PHC format.
    pub password_hash: String,
    /// `admin`, `support` or `customer`.
    pub role: String,
    /// When the login was switched off.
    pub disabled_at: Option<Utc>,
    /// When it was created.
    pub created_at: Utc,
}

/// The user with this login name.
pub fn user_find_by_username(
    connection: &mut DbConnection,
    provider_id: &str,
    username: &str,
) -> Result<Option<UserRow>, DbError> {
    Ok(users::table
        .filter(users::provider_id.eq(provider_id).and(users::username.eq(username)))
        .select(UserRow::as_select())
        .first(connection)
        .optional()?)
}

/// The logins of a customer, oldest first.
pub fn users_of_customer(
    connection: &mut DbConnection,
    provider_id: &str,
    customer_id: &str,
) -> Result<Vec<UserRow>, DbError> {
    Ok(users::table
        .filter(
            users::provider_id
                .eq(provider_id)
                .and(users::customer_id.eq(customer_id)),
        )
        .order(users::id)
        .select(UserRow::as_select())
        .load(connection)?)
}

/// The user with this id, locked until the end of the transaction: whatever is decided about its tokens happens one after
/// the other.
pub fn user_lock(connection: &mut DbConnection, id: &str) -> Result<Option<UserRow>, DbError> {
    Ok(lock_rows!(connection, users::table.find(id).select(UserRow::as_select()), first).optional()?)
}

/// Stores a new user; the login name is unique within the provider.
pub fn user_insert(connection: &mut DbConnection, row: &UserRow) -> Result<(), DbError> {
    diesel::insert_into(users::table).values(row).execute(connection)?;
    Ok(())
}

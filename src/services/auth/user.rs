//! Users: created by operators and by the demo.

use super::{fold_username, is_customer_id};
use crate::config::Secret;
use crate::db::{DbError, Utc};
use crate::domain::access::Role;
use crate::domain::ids::IdKind;
use crate::domain::violation::Violation;
use crate::error::{AppError, FieldError};
use crate::repositories::customers;
use crate::repositories::providers::provider_find;
use crate::repositories::users::{UserRow, user_insert};
use crate::state::AppState;

/// NIST SP 800-63B asks for at least 8 characters and for no rules about their kind.
const MIN_PASSWORD_CHARACTERS: usize = 8;
const MAX_PASSWORD_CHARACTERS: usize = 200;

/// A login to be created.
#[derive(Debug)]
pub struct NewUser {
    /// `prv_…`.
    pub provider_id: String,
    /// The customer whose login it will be; exactly for the role `customer`.
    pub customer_id: Option<String>,
    /// Login name, 3 to 200 characters, often the e-mail address; compared without regard to case.
    pub username: String,
    /// Password, 8 to 200 characters.
    pub password: Secret,
    /// What the user is to the provider.
    pub role: Role,
}

/// A login that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// `usr_…`.
    pub id: String,
    /// Login name as stored.
    pub username: String,
    /// Role.
    pub role: Role,
}

/// Creates a login.
///
/// # Errors
/// [`AppError::Validation`] for wrong input, [`AppError::NotFound`] for an unknown provider or customer, `username_taken`.
pub fn user_create(state: &AppState, new: &NewUser) -> Result<User, AppError> {
    let username = fold_username(&new.username);
    check(new, &username)?;
    let row = UserRow {
        id: IdKind::User.generate(),
        provider_id: new.provider_id.clone(),
        customer_id: new.customer_id.clone(),
        username,
        password_hash: state.auth.passwords.hash(new.password.expose())?,
        role: new.role.as_str().to_owned(),
        disabled_at: None,
        created_at: Utc::from(state.clock.now()),
    };
    state.db.write(|connection| {
        provider_find(connection, &row.provider_id)?.ok_or(AppError::NotFound)?;
        if let Some(customer_id) = &row.customer_id {
            customers::find(connection, &row.provider_id, customer_id)?.ok_or(AppError::NotFound)?;
        }
        user_insert(connection, &row).map_err(taken)
    })?;
    Ok(User {
        id: row.id,
        username: row.username,
        role: new.role,
    })
}

fn check(new: &NewUser, username: &str) -> Result<(), AppError> {
    let mut errors = Vec::new();
    if !(3..=200).contains(&username.chars().count()) || username.chars().any(char::is_control) {
        errors.push(FieldError::body(
            "/username",
            "invalid_length",
            "Der Benutzername muss 3 bis 200 Zeichen haben.",
            "The user name must have 3 to 200 characters.",
        ));
    }
    let length = new.password.expose().chars().count();
    if !(MIN_PASSWORD_CHARACTERS..=MAX_PASSWORD_CHARACTERS).contains(&length) {
        errors.push(FieldError::body(
            "/password",
            "invalid_length",
            "Das Passwort muss 8 bis 200 Zeichen haben.",
            "The password must have 8 to 200 characters.",
        ));
    }
    if new.customer_id.as_deref().is_some_and(is_customer_id) != (new.role == Role::Customer) {
        errors.push(FieldError::body(
            "/customer_id",
            "customer_and_role_differ",
            "Genau die Rolle „customer“ braucht eine Kundenkennung.",
            "Exactly the role 'customer' needs a customer id.",
        ));
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(AppError::Validation(errors))
    }
}

fn taken(error: DbError) -> AppError {
    match error.unique_key() {
        Some(key) if key.is("users", &["provider_id", "username"]) => Violation::conflict(
            "username_taken",
            "Diesen Benutzernamen gibt es schon.",
            "This user name is already in use.",
        )
        .at("/username")
        .into(),
        _ => error.into(),
    }
}

//! Login with user name and password (RFC 6749 section 4.3).

use time::{Duration, OffsetDateTime};

use super::attempts::LoginAttempts;
use super::refresh::{self, Successor};
use super::{REFRESH_LIFETIME, fold_username, stored_role};
use crate::config::Secret;
use crate::db::{DbConnection, Utc};
use crate::domain::access::{Principal, PrincipalKind, Role, Scopes};
use crate::domain::ids::IdKind;
use crate::domain::localized::LocalizedText;
use crate::error::{AppError, OAuthError};
use crate::repositories::providers::provider_find_by_slug;
use crate::repositories::refresh_tokens::refresh_token_delete_expired;
use crate::repositories::users::{UserRow, user_find_by_username, user_lock};
use crate::state::AppState;

/// Longer ones are refused like wrong ones.
const MAX_PASSWORD_BYTES: usize = 1_024;

/// A login as asked for.
#[derive(Debug)]
pub struct PasswordLogin {
    /// Slug of the provider.
    pub client_id: String,
    /// Login name.
    pub username: String,
    /// Password.
    pub password: Secret,
    /// Scopes separated by spaces; `None` asks for all the role has.
    pub scope: Option<String>,
    /// Address of the caller, for counting failures.
    pub ip: Option<String>,
}

/// Tokens for a user (RFC 6749 section 5.1).
#[derive(Debug)]
pub struct TokenGrant {
    /// Signed access token.
    pub access_token: String,
    /// Lifetime of the access token in seconds.
    pub expires_in: i64,
    /// Good for one exchange.
    pub refresh_token: String,
    /// The scopes granted, possibly fewer than asked for.
    pub scopes: Scopes,
}

/// Logs a user in. An unknown user, a disabled one and a wrong password cost the same work and get the same answer.
///
/// # Errors
/// [`AppError::OAuth`] in the words of RFC 6749; [`AppError::RateLimited`] after too many failures.
pub fn login(state: &AppState, request: &PasswordLogin) -> Result<TokenGrant, AppError> {
    let now = state.clock.now();
    let requested = requested_scopes(request.scope.as_deref())?;
    let username = fold_username(&request.username);
    let attempt = LoginAttempts::key(&request.client_id, &username, request.ip.as_deref());
    state.auth.attempts.check(&attempt, now)?;

    let user = state
        .db
        .read(|connection| find_user(connection, &request.client_id, &username))?;
    let stored = user.as_ref().map(|user| user.password_hash.as_str());
    let password = request.password.expose();
    let checked = if password.len() > MAX_PASSWORD_BYTES {
        ""
    } else {
        password
    };
    let fits = state.auth.passwords.verify(checked, stored)?;
    let user = user.filter(|user| fits && user.disabled_at.is_none());
    state.auth.attempts.settle(attempt, user.is_some(), now)?;
    let user = user.ok_or_else(wrong_password)?;

    let role = stored_role(&user.role)?;
    let scopes = match requested {
        None => role.scopes(),
        Some(requested) => requested.within(&role.scopes()),
    };
    if scopes.is_empty() {
        return Err(invalid_scope());
    }
    let successor = Successor::of_login(&user.id, &scopes, now, now + REFRESH_LIFETIME);
    state.db.write(|connection| {
        user_lock(connection, &user.id)?;
        refresh_token_delete_expired(connection, &user.id, Utc::from(now))?;
        refresh::store(connection, &successor)
    })?;
    grant(state, &user, role, scopes, successor.token, now)
}

/// The answer to a good login or refresh.
pub(super) fn grant(
    state: &AppState,
    user: &UserRow,
    role: Role,
    scopes: Scopes,
    refresh_token: String,
    now: OffsetDateTime,
) -> Result<TokenGrant, AppError> {
    let principal = Principal {
        kind: PrincipalKind::User,
        id: user.id.clone(),
        provider_id: user.provider_id.clone(),
        customer_id: user.customer_id.clone(),
        role,
        scopes: scopes.clone(),
        opened_by: None,
    };
    let lifetime: Duration = state.auth.access_lifetime;
    let access_token = state.auth.tokens.issue(&principal, now, lifetime)?;
    Ok(TokenGrant {
        access_token,
        expires_in: lifetime.whole_seconds(),
        refresh_token,
        scopes,
    })
}

/// The scopes a request names; `None` if it names none.
pub(super) fn requested_scopes(scope: Option<&str>) -> Result<Option<Scopes>, AppError> {
    match scope.map(str::trim).filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => Scopes::parse(text).map(Some).map_err(|unknown| {
            let shown: String = unknown.chars().filter(char::is_ascii_graphic).take(40).collect();
            AppError::OAuth(
                OAuthError::InvalidScope,
                LocalizedText::new(
                    format!("Den Scope „{shown}“ gibt es nicht."),
                    format!("There is no scope '{shown}'."),
                ),
            )
        }),
    }
}

/// None of the scopes asked for belongs to the role.
pub(super) fn invalid_scope() -> AppError {
    AppError::OAuth(
        OAuthError::InvalidScope,
        LocalizedText::new(
            "Keiner der verlangten Scopes steht dem Benutzer zu.",
            "None of the requested scopes is granted to this user.",
        ),
    )
}

fn find_user(connection: &mut DbConnection, client_id: &str, username: &str) -> Result<Option<UserRow>, AppError> {
    // Slugs are public, so an unknown one may be named as such.
    let provider = provider_find_by_slug(connection, client_id)?.ok_or_else(|| {
        AppError::OAuth(
            OAuthError::InvalidClient,
            LocalizedText::new("client_id nennt keinen Anbieter.", "client_id names no provider."),
        )
    })?;
    Ok(user_find_by_username(connection, &provider.id, username)?)
}

/// One text for unknown users, disabled users and wrong passwords.
fn wrong_password() -> AppError {
    AppError::OAuth(
        OAuthError::InvalidGrant,
        LocalizedText::new(
            "Benutzername und Passwort stimmen nicht überein.",
            "User name and password do not match.",
        ),
    )
}

/// A fresh id for the first token of a login, which names the family.
pub(super) fn token_id() -> String {
    IdKind::RefreshToken.generate()
}

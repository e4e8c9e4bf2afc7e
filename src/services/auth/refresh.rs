//! Refresh tokens (RFC 9700 section 4.14): each is good for one exchange. A token that comes back a second time has been
//! stolen, or the thief was first; the whole family is revoked, and the owner logs in again.

use time::OffsetDateTime;

use super::login::{TokenGrant, grant, invalid_scope, requested_scopes, token_id};
use super::{secret, stored_role};
use crate::config::Secret;
use crate::db::{DbConnection, Utc};
use crate::domain::access::{Role, Scope, Scopes};
use crate::domain::localized::LocalizedText;
use crate::error::{AppError, OAuthError};
use crate::repositories::providers::provider_find;
use crate::repositories::refresh_tokens::{
    RefreshTokenRow, refresh_token_find_by_hash, refresh_token_insert, refresh_token_revoke_family, refresh_token_use,
};
use crate::repositories::users::{UserRow, user_lock};
use crate::state::AppState;

const PREFIX: &str = "vrt_";

/// A refresh as asked for (RFC 6749 section 6).
#[derive(Debug)]
pub struct RefreshRequest {
    /// The token.
    pub refresh_token: Secret,
    /// Slug of the provider, if the client names it; then it must be the one of the login.
    pub client_id: Option<String>,
    /// Scopes separated by spaces, at most those of the login; `None` keeps them.
    pub scope: Option<String>,
}

/// A refresh token that is about to be stored.
pub(super) struct Successor {
    /// The token itself; only the client keeps it.
    pub(super) token: String,
    row: RefreshTokenRow,
}

impl Successor {
    /// The first token of a login.
    pub(super) fn of_login(user_id: &str, scopes: &Scopes, now: OffsetDateTime, expires_at: OffsetDateTime) -> Self {
        let id = token_id();
        Self::new(
            id.clone(),
            user_id,
            id,
            scopes.to_string(),
            Utc::from(now),
            Utc::from(expires_at),
        )
    }

    /// The token that takes the place of `used`; it ends when the login does.
    fn of_token(used: &RefreshTokenRow, now: Utc) -> Self {
        let family_id = used.family_id.clone();
        Self::new(
            token_id(),
            &used.user_id,
            family_id,
            used.scopes.clone(),
            now,
            used.expires_at,
        )
    }

    fn new(id: String, user_id: &str, family_id: String, scopes: String, issued_at: Utc, expires_at: Utc) -> Self {
        let token = secret::generate(PREFIX);
        let row = RefreshTokenRow {
            id,
            user_id: user_id.to_owned(),
            family_id,
            token_hash: secret::fingerprint(&token),
            scopes,
            issued_at,
            expires_at,
            used_at: None,
            revoked_at: None,
        };
        Self { token, row }
    }
}

/// Stores a token that was just made.
pub(super) fn store(connection: &mut DbConnection, successor: &Successor) -> Result<(), AppError> {
    Ok(refresh_token_insert(connection, &successor.row)?)
}

/// What came of a presented token; revoking a family must be committed, so it is no error of the transaction.
enum Exchange {
    Done {
        user: UserRow,
        role: Role,
        scopes: Scopes,
        token: String,
    },
    Refused,
    Reused {
        user_id: String,
    },
    ScopeRefused,
}

/// Exchanges a refresh token for a new pair of tokens.
///
/// # Errors
/// [`AppError::OAuth`] in the words of RFC 6749: `invalid_grant` whatever is wrong with the token.
pub fn refresh(state: &AppState, request: &RefreshRequest) -> Result<TokenGrant, AppError> {
    let now = state.clock.now();
    let requested = requested_scopes(request.scope.as_deref())?;
    let hash = secret::fingerprint(request.refresh_token.expose());
    let client_id = request.client_id.as_deref();
    let exchange = state
        .db
        .write(|connection| exchange(connection, &hash, client_id, requested.as_ref(), now))?;
    match exchange {
        Exchange::Done {
            user,
            role,
            scopes,
            token,
        } => grant(state, &user, role, scopes, token, now),
        Exchange::ScopeRefused => Err(invalid_scope()),
        Exchange::Refused => Err(invalid_refresh_token()),
        Exchange::Reused { user_id } => {
            tracing::warn!(%user_id, "a used refresh token was presented again; its family is revoked");
            Err(invalid_refresh_token())
        }
    }
}

fn exchange(
    connection: &mut DbConnection,
    hash: &str,
    client_id: Option<&str>,
    requested: Option<&Scopes>,
    now: OffsetDateTime,
) -> Result<Exchange, AppError> {
    let Some(presented) = refresh_token_find_by_hash(connection, hash)? else {
        return Ok(Exchange::Refused);
    };
    // Behind this lock a family cannot gain a token while it is being revoked.
    let Some(user) = user_lock(connection, &presented.user_id)? else {
        return Ok(Exchange::Refused);
    };
    if presented.expires_at.instant() <= now || user.disabled_at.is_some() {
        return Ok(Exchange::Refused);
    }
    if let Some(slug) = client_id
        && provider_find(connection, &user.provider_id)?.is_none_or(|provider| provider.slug != slug)
    {
        return Ok(Exchange::Refused);
    }
    let role = stored_role(&user.role)?;
    let granted: Scopes = presented.scopes.split(' ').filter_map(Scope::parse).collect();
    let granted = granted.within(&role.scopes());
    let scopes = requested.map_or_else(|| granted.clone(), |requested| requested.within(&granted));
    if scopes.is_empty() {
        return Ok(Exchange::ScopeRefused);
    }
    if !refresh_token_use(connection, &presented.id, Utc::from(now))? {
        let standing = refresh_token_revoke_family(connection, &presented.family_id, Utc::from(now))?;
        return Ok(if standing > 0 {
            Exchange::Reused { user_id: user.id }
        } else {
            Exchange::Refused
        });
    }
    let successor = Successor::of_token(&presented, Utc::from(now));
    store(connection, &successor)?;
    Ok(Exchange::Done {
        user,
        role,
        scopes,
        token: successor.token,
    })
}

/// Ends a login: its refresh tokens are revoked. An unknown token is as good as logged out (RFC 7009 section 2.2). Access
/// tokens already issued run out by themselves.
///
/// # Errors
/// Only faults of the database.
pub fn logout(state: &AppState, refresh_token: &Secret) -> Result<(), AppError> {
    let now = Utc::from(state.clock.now());
    let hash = secret::fingerprint(refresh_token.expose());
    state.db.write(|connection| {
        if let Some(token) = refresh_token_find_by_hash(connection, &hash)? {
            user_lock(connection, &token.user_id)?;
            refresh_token_revoke_family(connection, &token.family_id, now)?;
        }
        Ok(())
    })
}

fn invalid_refresh_token() -> AppError {
    AppError::OAuth(
        OAuthError::InvalidGrant,
        LocalizedText::new(
            "Das Refresh-Token gilt nicht mehr.",
            "The refresh token is no longer valid.",
        ),
    )
}

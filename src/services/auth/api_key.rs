//! API keys: logins for a provider's own programs. A key is shown once and only its hash is kept.

use time::{Duration, OffsetDateTime};

use super::secret;
use crate::db::{DbConnection, Utc};
use crate::domain::access::{Principal, PrincipalKind, Role, Scope, Scopes};
use crate::domain::ids::IdKind;
use crate::error::{AppError, AuthFailure, FieldError};
use crate::page::{Page, PageKey, PageRequest};
use crate::repositories::api_keys::{self, ApiKeyRow};
use crate::repositories::providers::provider_find;
use crate::state::AppState;

const LIVE_PREFIX: &str = "vk_live_";
const TEST_PREFIX: &str = "vk_test_";
/// `last_used_at` is a hint for people, not worth a write per request.
const TOUCH_EVERY: Duration = Duration::minutes(1);

/// A key to be created.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// By which staff will recognise it, 1 to 100 characters.
    pub name: String,
    /// What it may do; never `api_keys:write`, so that a leaked key cannot make more keys.
    pub scopes: Scopes,
    /// When it ceases to be good; `None` means never.
    pub expires_at: Option<OffsetDateTime>,
}

/// A key as it can be listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// `key_…`.
    pub id: String,
    /// Name given by staff.
    pub name: String,
    /// Beginning and end of the key.
    pub hint: String,
    /// What it may do.
    pub scopes: Scopes,
    /// When it was created.
    pub created_at: OffsetDateTime,
    /// When it ceases to be good; `None` means never.
    pub expires_at: Option<OffsetDateTime>,
    /// When it was revoked.
    pub revoked_at: Option<OffsetDateTime>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<OffsetDateTime>,
}

/// A key that was just created.
#[derive(Debug)]
pub struct IssuedApiKey {
    /// What is kept of it.
    pub key: ApiKey,
    /// The key itself, for this once.
    pub secret: String,
}

impl From<ApiKeyRow> for ApiKey {
    fn from(row: ApiKeyRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            hint: row.hint,
            scopes: known_scopes(&row.scopes),
            created_at: row.created_at.instant(),
            expires_at: row.expires_at.map(Utc::instant),
            revoked_at: row.revoked_at.map(Utc::instant),
            last_used_at: row.last_used_at.map(Utc::instant),
        }
    }
}

/// Whether a bearer token is meant to be an API key (and not a JWT).
pub fn is_api_key(token: &str) -> bool {
    token.starts_with(LIVE_PREFIX) || token.starts_with(TEST_PREFIX)
}

/// Creates a key on behalf of staff.
///
/// # Errors
/// [`AppError::Forbidden`] without `api_keys:write` or for scopes the principal lacks itself; [`AppError::Validation`].
pub fn api_key_create(state: &AppState, principal: &Principal, new: &NewApiKey) -> Result<IssuedApiKey, AppError> {
    require_management(principal)?;
    let beyond = new.scopes.missing_from(&principal.scopes);
    if !beyond.is_empty() {
        let required_scopes = beyond.into_iter().map(|scope| scope.as_str().to_owned()).collect();
        return Err(AppError::Forbidden { required_scopes });
    }
    let issued = api_key_issue(state, &principal.provider_id, new)?;
    tracing::info!(api_key_id = %issued.key.id, created_by = %principal.id, "an API key was created");
    Ok(issued)
}

/// Creates a key for a provider, on behalf of the operator.
///
/// # Errors
/// [`AppError::Validation`] for wrong input, [`AppError::NotFound`] for an unknown provider.
pub fn api_key_issue(state: &AppState, provider_id: &str, new: &NewApiKey) -> Result<IssuedApiKey, AppError> {
    let now = state.clock.now();
    let name = new.name.trim();
    check(new, name, now)?;
    let random = secret::generate("");
    let row = |mode: &str| {
        let prefix = if mode == "live" { LIVE_PREFIX } else { TEST_PREFIX };
        let secret = format!("{prefix}{random}");
        let end = random.get(random.len().saturating_sub(4)..).unwrap_or_default();
        let row = ApiKeyRow {
            id: IdKind::ApiKey.generate(),
            provider_id: provider_id.to_owned(),
            name: name.to_owned(),
            hint: format!("{prefix}…{end}"),
            key_hash: secret::fingerprint(&secret),
            scopes: new.scopes.to_string(),
            created_at: Utc::from(now),
            expires_at: new.expires_at.map(Utc::from),
            revoked_at: None,
            last_used_at: None,
        };
        (row, secret)
    };
    state.db.write(|connection| {
        let provider = provider_find(connection, provider_id)?.ok_or(AppError::NotFound)?;
        let (row, secret) = row(&provider.mode);
        api_keys::api_key_insert(connection, &row)?;
        Ok(IssuedApiKey {
            key: row.into(),
            secret,
        })
    })
}

/// A page of the keys of the principal's provider, newest first.
///
/// # Errors
/// [`AppError::Forbidden`] without `api_keys:write`.
pub fn api_key_list(state: &AppState, principal: &Principal, page: &PageRequest) -> Result<Page<ApiKey>, AppError> {
    require_management(principal)?;
    let after = page.after.as_ref().map(|key| key.id.as_str());
    let rows = state.db.read(|connection| {
        api_keys::api_key_list(connection, &principal.provider_id, after, page.rows()).map_err(AppError::from)
    })?;
    let key = |row: &ApiKeyRow| PageKey {
        sort: row.id.clone(),
        id: row.id.clone(),
    };
    Ok(Page::cut(rows, page, key).map(ApiKey::from))
}

/// One key of the principal's provider.
///
/// # Errors
/// [`AppError::Forbidden`] without `api_keys:write`, [`AppError::NotFound`] for a key of another provider.
pub fn api_key_find(state: &AppState, principal: &Principal, id: &str) -> Result<ApiKey, AppError> {
    require_management(principal)?;
    let find = |connection: &mut DbConnection| {
        api_keys::api_key_find(connection, &principal.provider_id, id).map_err(AppError::from)
    };
    state.db.read(find)?.map(ApiKey::from).ok_or(AppError::NotFound)
}

/// Revokes a key at once; revoking it again changes nothing.
///
/// # Errors
/// [`AppError::Forbidden`] without `api_keys:write`, [`AppError::NotFound`] for a key of another provider.
pub fn api_key_revoke(state: &AppState, principal: &Principal, id: &str) -> Result<(), AppError> {
    require_management(principal)?;
    let now = Utc::from(state.clock.now());
    let revoked = state.db.write(|connection| {
        api_keys::api_key_find(connection, &principal.provider_id, id)?.ok_or(AppError::NotFound)?;
        Ok::<_, AppError>(api_keys::api_key_revoke(connection, id, now)?)
    })?;
    if revoked {
        tracing::info!(api_key_id = id, revoked_by = %principal.id, "an API key was revoked");
    }
    Ok(())
}

/// The principal a key speaks for.
///
/// # Errors
/// [`AppError::Unauthenticated`] for unknown, revoked and expired keys.
pub fn api_key_authenticate(state: &AppState, key: &str) -> Result<Principal, AppError> {
    let now = state.clock.now();
    let hash = secret::fingerprint(key);
    let row = state
        .db
        .read(|connection| api_keys::api_key_find_by_hash(connection, &hash).map_err(AppError::from))?
        .filter(|row| row.revoked_at.is_none())
        .ok_or(AppError::Unauthenticated(AuthFailure::InvalidToken))?;
    if row.expires_at.is_some_and(|expires_at| expires_at.instant() <= now) {
        return Err(AppError::Unauthenticated(AuthFailure::TokenExpired));
    }
    touch(state, &row, now);
    Ok(Principal {
        kind: PrincipalKind::ApiKey,
        id: row.id,
        provider_id: row.provider_id,
        customer_id: None,
        role: Role::Admin,
        scopes: known_scopes(&row.scopes),
        opened_by: None,
    })
}

/// Notes the use of a key at most once a minute. A request does not fail because this did.
fn touch(state: &AppState, row: &ApiKeyRow, now: OffsetDateTime) {
    let cutoff = now - TOUCH_EVERY;
    if row.last_used_at.is_some_and(|last| last.instant() > cutoff) {
        return;
    }
    let note = |connection: &mut DbConnection| {
        api_keys::api_key_touch(connection, &row.id, Utc::from(now), Utc::from(cutoff)).map_err(AppError::from)
    };
    if let Err(error) = state.db.write(note) {
        tracing::warn!(api_key_id = %row.id, ?error, "the use of an API key could not be noted");
    }
}

/// Keys are managed by people: a key never holds `api_keys:write`.
fn require_management(principal: &Principal) -> Result<(), AppError> {
    Ok(principal.require(Scope::ApiKeysWrite)?)
}

fn check(new: &NewApiKey, name: &str, now: OffsetDateTime) -> Result<(), AppError> {
    let mut errors = Vec::new();
    if !(1..=100).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        errors.push(FieldError::body(
            "/name",
            "invalid_length",
            "Der Name muss 1 bis 100 Zeichen haben.",
            "The name must have 1 to 100 characters.",
        ));
    }
    if new.scopes.is_empty() || new.scopes.contains(Scope::ApiKeysWrite) {
        errors.push(FieldError::body(
            "/scopes",
            "invalid_scopes",
            "Ein API-Schlüssel braucht mindestens einen Scope und darf keine API-Schlüssel verwalten.",
            "An API key needs at least one scope and cannot manage API keys.",
        ));
    }
    if new.expires_at.is_some_and(|expires_at| expires_at <= now) {
        errors.push(FieldError::body(
            "/expires_at",
            "not_in_the_future",
            "Der Zeitpunkt muss in der Zukunft liegen.",
            "The instant must lie in the future.",
        ));
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(AppError::Validation(errors))
    }
}

fn known_scopes(text: &str) -> Scopes {
    text.split(' ').filter_map(Scope::parse).collect()
}

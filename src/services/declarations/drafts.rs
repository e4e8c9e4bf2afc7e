//! Withdrawals in two steps (§ 356a Abs. 2 and 3 BGB): what is entered first is a draft; confirming it is the declaration.

use time::{Duration, OffsetDateTime};

use super::check_not_blank;
use super::receive::{Incoming, Received, Submission, now, record, store};
use crate::context::RequestContext;
use crate::db::JsonText;
use crate::domain::declaration::DeclarationContent;
use crate::domain::localized::Locale;
use crate::error::AppError;
use crate::repositories::declarations::{self, WithdrawalDraftRow};
use crate::repositories::providers::provider_find_by_slug;
use crate::services::auth::secret;
use crate::state::AppState;

/// How long a draft can be confirmed: long enough for everyone, short enough not to keep what nobody declared.
const VALID_FOR: Duration = Duration::days(14);

/// A withdrawal that is entered, but not declared.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Confirms it.
    pub token: String,
    /// What will be declared.
    pub content: DeclarationContent,
    /// Until when.
    pub expires_at: OffsetDateTime,
}

/// Keeps what was entered. Nothing is declared by it.
///
/// # Errors
/// [`AppError::NotFound`] for an unknown provider, [`AppError::Validation`].
pub fn draft(state: &AppState, slug: &str, locale: Locale, submission: Submission) -> Result<Draft, AppError> {
    let content = submission.content.cleaned();
    check_not_blank(&content)?;
    let (token, created_at) = (secret::generate(""), now(state));
    let expires_at = created_at + VALID_FOR;
    state.db.write(|conn| {
        let provider = provider_find_by_slug(conn, slug)?.ok_or(AppError::NotFound)?;
        let row = WithdrawalDraftRow {
            token_hash: secret::fingerprint(&token),
            provider_id: provider.id,
            content: JsonText(content.clone()),
            raw: submission.raw.clone(),
            locale: locale.as_str().to_owned(),
            created_at: created_at.into(),
            expires_at: expires_at.into(),
        };
        declarations::insert_draft(conn, &row)?;
        Ok::<_, AppError>(())
    })?;
    Ok(Draft {
        token,
        content,
        expires_at,
    })
}

/// A draft that is not confirmed yet, to be shown before it is.
///
/// # Errors
/// [`AppError::NotFound`] for a token that is unknown, another provider's, confirmed or expired.
pub fn find_draft(state: &AppState, slug: &str, token: &str) -> Result<Draft, AppError> {
    let row = state.db.read(|conn| {
        let provider = provider_find_by_slug(conn, slug)?.ok_or(AppError::NotFound)?;
        declarations::find_draft(conn, &provider.id, &secret::fingerprint(token))?.ok_or(AppError::NotFound)
    })?;
    if row.expires_at.instant() <= now(state) {
        return Err(AppError::NotFound);
    }
    Ok(Draft {
        token: token.to_owned(),
        content: row.content.0,
        expires_at: row.expires_at.instant(),
    })
}

/// The receipt of a draft that was confirmed.
///
/// # Errors
/// [`AppError::NotFound`] for a token that is unknown, another provider's or not confirmed.
pub fn find_confirmed(state: &AppState, slug: &str, token: &str) -> Result<Received, AppError> {
    state.db.read(|conn| {
        let provider = provider_find_by_slug(conn, slug)?.ok_or(AppError::NotFound)?;
        let first = declarations::find_repeated(conn, &provider.id, &secret::fingerprint(token))?;
        Received::new(&first.ok_or(AppError::NotFound)?, &provider)
    })
}

/// Confirms a draft: this is the declaration, received now. Confirming again answers with the first receipt.
///
/// # Errors
/// [`AppError::NotFound`] for a token that is unknown, another provider's or expired without having been confirmed.
pub fn confirm(state: &AppState, slug: &str, context: &RequestContext, token: &str) -> Result<Received, AppError> {
    let (token_hash, received_at) = (secret::fingerprint(token), now(state));
    store(state, |conn, automatic| {
        let provider = provider_find_by_slug(conn, slug)?.ok_or(AppError::NotFound)?;
        let draft = declarations::lock_draft(conn, &provider.id, &token_hash)?;
        let Some(draft) = draft else {
            let first = declarations::find_repeated(conn, &provider.id, &token_hash)?.ok_or(AppError::NotFound)?;
            return Received::new(&first, &provider);
        };
        if draft.expires_at.instant() <= received_at {
            return Err(AppError::NotFound);
        }
        declarations::delete_draft(conn, &token_hash)?;
        let incoming = Incoming {
            content: draft.content.0,
            raw: draft.raw,
            locale: Locale::parse(&draft.locale).unwrap_or_default(),
            repeat_key: Some(token_hash.clone()),
            received_at,
        };
        record(state, conn, &provider, context, &incoming, automatic)
    })
}

/// Forgets drafts that can no longer be confirmed.
///
/// # Errors
/// Those of the database.
pub fn forget_expired_drafts(state: &AppState) -> Result<usize, AppError> {
    let now = state.clock.now().into();
    state
        .db
        .write(|conn| Ok::<_, AppError>(declarations::delete_expired_drafts(conn, now)?))
}

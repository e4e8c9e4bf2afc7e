//! Preview tokens: proof that a caller has seen exactly this decision (design decision 21).
//!
//! `v1.<expiry in ms>.<sha-256 of the canonical decision>.<hmac>`; nothing is stored.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};

use crate::clock::{instant, unix_millis};
use crate::domain::digest::hex;
use crate::domain::localized::Locale;
use crate::domain::preview::Preview;
use crate::error::AppError;
use crate::state::AppState;

/// How long a preview can be confirmed.
const VALID_FOR: Duration = Duration::minutes(15);

/// A preview with the token that vouches for it.
#[derive(Debug, Clone)]
pub struct IssuedPreview {
    /// The token to send with the command.
    pub preview_token: String,
    /// When the token ceases to be good, wall clock.
    pub expires_at: OffsetDateTime,
    /// The decision.
    pub preview: Preview,
}

/// Issues a preview. `command` names what would be done and for whom, so that a token fits one command only.
///
/// # Errors
/// Internal, when the decision cannot be written down.
pub fn issue(state: &AppState, command: &str, preview: Preview) -> Result<IssuedPreview, AppError> {
    let expires_at = state.clock.now() + VALID_FOR;
    let digest = digest(command, &preview)?;
    let signed = format!("v1.{}.{digest}", unix_millis(expires_at));
    let preview_token = format!(
        "{signed}.{}",
        URL_SAFE_NO_PAD.encode(mac(state, &signed)?.finalize().into_bytes())
    );
    Ok(IssuedPreview {
        preview_token,
        expires_at: instant(unix_millis(expires_at)),
        preview,
    })
}

/// Whether `token` vouches for exactly this decision and has not expired.
///
/// # Errors
/// Internal, when the decision cannot be written down.
pub fn vouches(state: &AppState, token: &str, command: &str, preview: &Preview) -> Result<bool, AppError> {
    let Some((signed, signature)) = token.rsplit_once('.') else {
        return Ok(false);
    };
    let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else {
        return Ok(false);
    };
    if mac(state, signed)?.verify_slice(&signature).is_err() {
        return Ok(false);
    }
    let mut parts = signed.split('.');
    let (Some("v1"), Some(expiry), Some(vouched)) = (parts.next(), parts.next(), parts.next()) else {
        return Ok(false);
    };
    let is_current = expiry
        .parse::<i64>()
        .is_ok_and(|expiry| unix_millis(state.clock.now()) < expiry);
    Ok(is_current && vouched == digest(command, preview)?)
}

fn digest(command: &str, preview: &Preview) -> Result<String, AppError> {
    let mut preview = preview.clone();
    for document in &mut preview.consents {
        // A version is the same in every language: a caller may read in one and confirm in another.
        document.language = Locale::De;
        for translated in [&mut document.document_id, &mut document.title, &mut document.sha256] {
            translated.clear();
        }
    }
    let canonical = serde_json::to_vec(&preview).map_err(|error| AppError::Internal(error.into()))?;
    Ok(hex(&Sha256::new()
        .chain_update(command.as_bytes())
        .chain_update([0])
        .chain_update(&canonical)
        .finalize()))
}

fn mac(state: &AppState, text: &str) -> Result<Hmac<Sha256>, AppError> {
    let key = state
        .config
        .preview_key()
        .map_err(|error| AppError::Internal(error.into()))?;
    let mac =
        Hmac::<Sha256>::new_from_slice(key.expose().as_bytes()).map_err(|error| AppError::Internal(error.into()))?;
    Ok(mac.chain_update(text.as_bytes()))
}

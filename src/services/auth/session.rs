//! Sessions: a provider's own portal logs its user in here without a password of ours.

use time::Duration;

use super::is_customer_id;
use crate::domain::access::{Principal, PrincipalKind, Role, Scope, Scopes};
use crate::error::AppError;
use crate::repositories::customers;
use crate::state::AppState;

/// Short enough to need no refresh and no revocation.
const LIFETIME: Duration = Duration::minutes(15);

/// A token for one customer.
#[derive(Debug)]
pub struct CustomerSession {
    /// Signed access token.
    pub access_token: String,
    /// Its lifetime in seconds.
    pub expires_in: i64,
    /// What it allows.
    pub scopes: Scopes,
}

/// Opens a session for a customer of the principal's provider.
///
/// # Errors
/// [`AppError::NotFound`] for a customer the principal may not see, [`AppError::Forbidden`] without `sessions:write`.
pub fn session_open(state: &AppState, principal: &Principal, customer_id: &str) -> Result<CustomerSession, AppError> {
    if !is_customer_id(customer_id) || !principal.may_see_customer(customer_id) {
        return Err(AppError::NotFound);
    }
    state
        .db
        .read(|connection| customers::find(connection, &principal.provider_id, customer_id))?
        .ok_or(AppError::NotFound)?;
    principal.require(Scope::SessionsWrite)?;
    let scopes = Role::Customer.scopes();
    let session = Principal {
        kind: PrincipalKind::Session,
        id: customer_id.to_owned(),
        provider_id: principal.provider_id.clone(),
        customer_id: Some(customer_id.to_owned()),
        role: Role::Customer,
        scopes: scopes.clone(),
        opened_by: Some(principal.id.clone()),
    };
    let access_token = state.auth.tokens.issue(&session, state.clock.now(), LIFETIME)?;
    tracing::info!(customer_id, opened_by = %principal.id, "a customer session was opened");
    Ok(CustomerSession {
        access_token,
        expires_in: LIFETIME.whole_seconds(),
        scopes,
    })
}

//! Reading charges.

use crate::db::DbConnection;
use crate::domain::access::{Principal, Scope};
use crate::domain::charge::{Charge, ChargeStatus};
use crate::error::AppError;
use crate::repositories::account::charge_in_memory;
use crate::repositories::charges::{self, ChargeFilter};
use crate::services::due;
use crate::services::views;
use crate::state::AppState;

/// Which charges a list shows.
#[derive(Debug, Clone, Default)]
pub struct ChargeQuery {
    /// Only this customer's.
    pub customer_id: Option<String>,
    /// Only this contract's.
    pub subscription_id: Option<String>,
    /// Only those a change caused.
    pub change_id: Option<String>,
    /// Only those in this status.
    pub status: Option<ChargeStatus>,
    /// Only older ones than this.
    pub before_id: Option<String>,
}

/// A charge with its contract and customer.
#[derive(Debug, Clone)]
pub struct ChargeView {
    /// The charge.
    pub charge: Charge,
    /// The contract.
    pub subscription_id: String,
    /// Who is charged.
    pub customer_id: String,
}

/// A page of charges, newest first: up to `limit`, and one more if there is a next page. Charges that have fallen due for the
/// customers asked for are made first.
///
/// # Errors
/// [`AppError::Forbidden`] without `charges:read`.
pub fn list(
    state: &AppState,
    principal: &Principal,
    query: &ChargeQuery,
    limit: u32,
) -> Result<Vec<ChargeView>, AppError> {
    principal.require(Scope::ChargesRead)?;
    let own = principal.customer_filter();
    if own.is_some_and(|own| query.customer_id.as_deref().is_some_and(|asked| asked != own)) {
        return Ok(Vec::new());
    }
    let customer_id = own.map(str::to_owned).or_else(|| query.customer_id.clone());
    if let Some(id) = &customer_id {
        let instants = state
            .db
            .read(|conn| due::business_instants(state, conn, &[id.as_str()]))?;
        if instants.get(id).is_some_and(due::BusinessInstant::is_due) {
            due::catch_up_visible(state, &principal.provider_id, id)?;
        }
    }
    let filter = ChargeFilter {
        provider_id: principal.provider_id.clone(),
        customer_id,
        subscription_id: query.subscription_id.clone(),
        status: query.status.map(|status| status.as_str().to_owned()),
        change_id: query.change_id.clone(),
        before_id: query.before_id.clone(),
    };
    let read = |conn: &mut DbConnection| Ok(charges::list(conn, &filter, i64::from(limit) + 1)?);
    let (rows, _) = views::read_up_to_date(state, principal, read, |row| &row.customer_id)?;
    let view = |row: charges::ChargeRow| -> Result<ChargeView, AppError> {
        let charge = charge_in_memory(&row)?;
        Ok(ChargeView {
            charge,
            subscription_id: row.subscription_id,
            customer_id: row.customer_id,
        })
    };
    rows.into_iter().map(view).collect()
}

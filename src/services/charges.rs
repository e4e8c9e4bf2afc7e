//! Reading charges.

use crate::db::DbConnection;
use crate::domain::access::{Principal, Scope};
use crate::domain::charge::{Charge, ChargeStatus};
use crate::error::AppError;
use crate::page::{Page, PageKey, PageRequest};
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

/// A page of charges, newest first. Charges that have fallen due for the
/// customers asked for are made first.
///
/// # Errors
/// [`AppError::Forbidden`] without `charges:read`.
pub fn list(
    state: &AppState,
    principal: &Principal,
    query: &ChargeQuery,
    request: &PageRequest,
) -> Result<Page<ChargeView>, AppError> {
    principal.require(Scope::ChargesRead)?;
    let own = principal.customer_filter();
    let foreign = own.is_some_and(|own| query.customer_id.as_deref().is_some_and(|asked| asked != own));
    if foreign || views::can_match_nothing([&query.customer_id, &query.subscription_id, &query.change_id]) {
        return Ok(Page {
            items: Vec::new(),
            next: None,
        });
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
        restricted_too: principal.may_process_restricted(),
        customer_id,
        subscription_id: query.subscription_id.clone(),
        status: query.status.map(|status| status.as_str().to_owned()),
        change_id: query.change_id.clone(),
        before_id: request.after.as_ref().map(|after| after.id.clone()),
    };
    let read = |conn: &mut DbConnection| Ok(charges::list(conn, &filter, request.rows())?);
    let rows = views::read_up_to_date(state, principal, read, |row| &row.customer_id, |_, rows, _| Ok(rows))?;
    let view = |row: charges::ChargeRow| -> Result<ChargeView, AppError> {
        let charge = charge_in_memory(&row)?;
        Ok(ChargeView {
            charge,
            subscription_id: row.subscription_id,
            customer_id: row.customer_id,
        })
    };
    let views = rows.into_iter().map(view).collect::<Result<Vec<_>, _>>()?;
    Ok(Page::cut(views, request, |view| PageKey::of_id(&view.charge.id)))
}

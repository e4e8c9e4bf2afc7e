//! Reading contracts, up to date.

use crate::domain::access::{Principal, Scope};
use crate::domain::ids::IdKind;
use crate::domain::subscription::SubscriptionStatus;
use crate::error::AppError;
use crate::page::{Page, PageKey, PageRequest};
use crate::repositories::subscriptions::{self, SubscriptionFilter};
use crate::services::due;
use crate::services::views::{self, SubscriptionView};
use crate::state::AppState;

/// Which contracts a list shows.
#[derive(Debug, Clone, Default)]
pub struct SubscriptionQuery {
    /// Only this customer's.
    pub customer_id: Option<String>,
    /// Only the one with this number.
    pub contract_number: Option<String>,
    /// Only those in this state today.
    pub status: Option<SubscriptionStatus>,
}

/// One contract.
///
/// # Errors
/// [`AppError::NotFound`] for contracts the caller may not see, [`AppError::Forbidden`] without `subscriptions:read`.
pub fn find(state: &AppState, principal: &Principal, id: &str) -> Result<SubscriptionView, AppError> {
    if !IdKind::Subscription.matches(id) {
        return Err(AppError::NotFound);
    }
    let read = |conn: &mut crate::db::DbConnection| {
        let row = subscriptions::find(conn, &principal.provider_id, principal.customer_filter(), id)?;
        Ok(row.into_iter().collect::<Vec<_>>())
    };
    let tell = |conn: &mut crate::db::DbConnection, rows: Vec<_>, instants: &_| {
        views::subscriptions(state, conn, &principal.provider_id, rows, instants)
    };
    let views = views::read_up_to_date(state, principal, read, |row| &row.customer_id, tell)?;
    let found = views.into_iter().next().ok_or(AppError::NotFound)?;
    principal.require(Scope::SubscriptionsRead)?;
    Ok(found)
}

/// A page of contracts, newest first.
///
/// # Errors
/// [`AppError::Forbidden`] without `subscriptions:read`.
pub fn list(
    state: &AppState,
    principal: &Principal,
    query: &SubscriptionQuery,
    request: &PageRequest,
) -> Result<Page<SubscriptionView>, AppError> {
    principal.require(Scope::SubscriptionsRead)?;
    let own = principal.customer_filter();
    let foreign = own.is_some_and(|own| query.customer_id.as_deref().is_some_and(|asked| asked != own));
    if foreign || views::can_match_nothing([&query.customer_id, &query.contract_number]) {
        return Ok(Page {
            items: Vec::new(),
            next: None,
        });
    }
    let customer_id = own.map(str::to_owned).or_else(|| query.customer_id.clone());
    let read = |conn: &mut crate::db::DbConnection| {
        let today = match query.status {
            Some(_) => Some(day_of_list(state, conn, principal, customer_id.as_deref())?),
            None => None,
        };
        let filter = SubscriptionFilter {
            provider_id: principal.provider_id.clone(),
            restricted_too: principal.may_process_restricted(),
            customer_id: customer_id.clone(),
            contract_number: query.contract_number.clone(),
            status: query.status.map(|status| status.as_str().to_owned()),
            today,
            before_id: request.after.as_ref().map(|after| after.id.clone()),
        };
        Ok(subscriptions::list(conn, &filter, request.rows())?)
    };
    let tell = |conn: &mut crate::db::DbConnection, rows: Vec<_>, instants: &_| {
        views::subscriptions(state, conn, &principal.provider_id, rows, instants)
    };
    let views = views::read_up_to_date(state, principal, read, |row| &row.customer_id, tell)?;
    Ok(Page::cut(views, request, |view| PageKey::of_id(&view.subscription.id)))
}

/// The day on which a list by status is judged: the customer's own, or for the contracts of all customers the wall clock's.
fn day_of_list(
    state: &AppState,
    conn: &mut crate::db::DbConnection,
    principal: &Principal,
    customer_id: Option<&str>,
) -> Result<time::Date, AppError> {
    let Some(catalogue) = state.catalogues.find_current(conn, &principal.provider_id)? else {
        // Before the first catalogue there is no contract to judge.
        return Ok(state.clock.now().date());
    };
    let zone = views::zone(&catalogue)?;
    let own = match customer_id {
        Some(id) => due::business_instants(state, conn, &[id])?
            .get(id)
            .map(|instant| instant.now),
        None => None,
    };
    Ok(zone.local_date(own.unwrap_or_else(|| state.clock.now())))
}

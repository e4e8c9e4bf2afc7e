//! Reading withdrawals, with what they charged and the payments a refund goes back to.

use super::{RefundedPayment, WithdrawalView};
use crate::db::DbConnection;
use crate::domain::access::{Principal, Scope};
use crate::domain::ids::IdKind;
use crate::domain::withdrawal::Withdrawal;
use crate::error::AppError;
use crate::page::{Page, PageKey, PageRequest};
use crate::repositories::charges;
use crate::repositories::payments::{self, PaymentRow};
use crate::repositories::withdrawals::{self, WithdrawalFilter, WithdrawalRow};
use crate::services::charges::as_invoiced;
use crate::services::{due, restriction, views};
use crate::state::AppState;

/// One withdrawal.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Forbidden`] without `subscriptions:read`.
pub fn find(state: &AppState, principal: &Principal, id: &str) -> Result<WithdrawalView, AppError> {
    if !IdKind::Withdrawal.matches(id) {
        return Err(AppError::NotFound);
    }
    state.db.read(|conn| {
        let row = withdrawals::find(conn, &principal.provider_id, principal.customer_filter(), id)?;
        let row = row.ok_or(AppError::NotFound)?;
        principal.require(Scope::SubscriptionsRead)?;
        restriction::check(conn, principal, Some(&row.customer_id))?;
        views_of(state, conn, &[row])?.pop().ok_or(AppError::NotFound)
    })
}

/// Which withdrawals a list shows.
#[derive(Debug, Clone, Default)]
pub struct WithdrawalQuery {
    /// Only this customer's.
    pub customer_id: Option<String>,
    /// Only those from this contract and what is booked on it.
    pub subscription_id: Option<String>,
}

/// A page of withdrawals, newest first.
///
/// # Errors
/// [`AppError::Forbidden`] without `subscriptions:read`.
pub fn list(
    state: &AppState,
    principal: &Principal,
    query: &WithdrawalQuery,
    request: &PageRequest,
) -> Result<Page<WithdrawalView>, AppError> {
    principal.require(Scope::SubscriptionsRead)?;
    let own = principal.customer_filter();
    let foreign = own.is_some_and(|own| query.customer_id.as_deref().is_some_and(|asked| asked != own));
    if foreign || views::can_match_nothing([&query.customer_id, &query.subscription_id]) {
        return Ok(Page {
            items: Vec::new(),
            next: None,
        });
    }
    let filter = WithdrawalFilter {
        provider_id: principal.provider_id.clone(),
        restricted_too: principal.may_process_restricted(),
        customer_id: own.map(str::to_owned).or_else(|| query.customer_id.clone()),
        subscription_id: query.subscription_id.clone(),
        before_id: request.after.as_ref().map(|after| after.id.clone()),
    };
    let views = state.db.read(|conn| {
        let rows = withdrawals::list(conn, &filter, request.rows())?;
        views_of(state, conn, &rows)
    })?;
    Ok(Page::cut(views, request, |view| PageKey::of_id(&view.withdrawal.id)))
}

fn views_of(
    state: &AppState,
    conn: &mut DbConnection,
    rows: &[WithdrawalRow],
) -> Result<Vec<WithdrawalView>, AppError> {
    let Some(first) = rows.first() else {
        return Ok(Vec::new());
    };
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let customers: Vec<&str> = rows.iter().map(|row| row.customer_id.as_str()).collect();
    let instants = due::business_instants(state, conn, &customers)?;
    let caused = charges::load_of_changes(conn, &ids)?;
    let caused = as_invoiced(state, conn, &first.provider_id, &caused, &instants)?;
    let mut views = Vec::with_capacity(rows.len());
    for row in rows {
        let of_it = caused
            .iter()
            .filter(|charge| charge.change_id.as_ref() == Some(&row.id));
        let withdrawal = withdrawals::in_memory(row)?;
        views.push(WithdrawalView {
            refunded: refunded(conn, &row.customer_id, &withdrawal)?,
            withdrawal,
            customer_id: row.customer_id.clone(),
            charges: of_it.cloned().collect(),
        });
    }
    Ok(views)
}

/// The payments that settled the invoices on which credited charges stood, where something is to be paid back.
pub(super) fn refunded(
    conn: &mut DbConnection,
    customer_id: &str,
    withdrawal: &Withdrawal,
) -> Result<Vec<RefundedPayment>, AppError> {
    if withdrawal.amounts.refund.is_zero() {
        return Ok(Vec::new());
    }
    let ids: Vec<&str> = withdrawal
        .traces
        .credited_charge_ids
        .iter()
        .map(String::as_str)
        .collect();
    let invoices = charges::invoices_of(conn, &ids)?;
    let settled = |row: &PaymentRow| {
        let mut allocations = row.allocations.0.iter();
        allocations.any(|part| invoices.iter().any(|(_, invoice_id)| *invoice_id == part.invoice_id))
    };
    let rows = payments::of_customer(conn, customer_id)?;
    let rows = rows.into_iter().filter(settled);
    Ok(rows
        .map(|row| RefundedPayment {
            id: row.id,
            method: row.method,
            reference: row.reference,
        })
        .collect())
}

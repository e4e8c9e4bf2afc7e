//! Reading customers: staff and programs see those of their provider, customers themselves.

use time::OffsetDateTime;

use super::Customer;
use crate::db::DbConnection;
use crate::domain::access::{Principal, Scope};
use crate::domain::customer_type::CustomerType;
use crate::domain::ids::IdKind;
use crate::error::AppError;
use crate::page::{Page, PageKey, PageRequest};
use crate::repositories::customers::{self, CustomerFilter};
use crate::services::views;
use crate::state::AppState;

/// Which customers a list shows; empty means all.
#[derive(Debug, Clone, Default)]
pub struct CustomerQuery {
    /// Only the customer with this number.
    pub customer_number: Option<String>,
    /// Only the customer with this id in the integrator's system.
    pub external_id: Option<String>,
    /// Only customers with exactly this e-mail address.
    pub email: Option<String>,
    /// Only consumers or only businesses.
    pub customer_type: Option<CustomerType>,
    /// Only customers on this test clock.
    pub test_clock_id: Option<String>,
    /// Only customers created after this instant.
    pub created_after: Option<OffsetDateTime>,
    /// Only customers created before this instant.
    pub created_before: Option<OffsetDateTime>,
}

/// One customer.
///
/// # Errors
/// [`AppError::NotFound`] for another provider's or another customer's, [`AppError::Forbidden`] without `customers:read`.
pub fn find(state: &AppState, principal: &Principal, customer_id: &str) -> Result<Customer, AppError> {
    if !IdKind::Customer.matches(customer_id) || !principal.may_see_customer(customer_id) {
        return Err(AppError::NotFound);
    }
    principal.require(Scope::CustomersRead)?;
    // Whether invoices are overdue is as of now.
    let read = |conn: &mut DbConnection| {
        let row = customers::find(conn, &principal.provider_id, customer_id)?;
        Ok(Vec::from_iter(row))
    };
    let mut rows = views::read_up_to_date(state, principal, read, |row| &row.id, |_, rows, _| Ok(rows))?;
    rows.pop().ok_or(AppError::NotFound)?.try_into()
}

/// A page of customers, newest first.
///
/// # Errors
/// [`AppError::Forbidden`] without `customers:read` and for customers, who only see themselves.
pub fn list(
    state: &AppState,
    principal: &Principal,
    query: &CustomerQuery,
    request: &PageRequest,
) -> Result<Page<Customer>, AppError> {
    principal.require(Scope::CustomersRead)?;
    if !principal.is_staff() {
        return Err(AppError::Forbidden {
            required_scopes: vec![Scope::CustomersRead.as_str().to_owned()],
        });
    }
    if query.can_match_nothing() {
        return Ok(Page {
            items: Vec::new(),
            next: None,
        });
    }
    let filter = CustomerFilter {
        restricted_too: principal.may_process_restricted(),
        customer_number: query.customer_number.clone(),
        external_id: query.external_id.clone(),
        email: query.email.clone(),
        customer_type: query
            .customer_type
            .map(|customer_type| customer_type.as_str().to_owned()),
        test_clock_id: query.test_clock_id.clone(),
        created_after: query.created_after.map(Into::into),
        created_before: query.created_before.map(Into::into),
        before_id: request.after.as_ref().map(|key| key.id.clone()),
    };
    let read = |conn: &mut DbConnection| Ok(customers::list(conn, &principal.provider_id, &filter, request.rows())?);
    let rows = views::read_up_to_date(state, principal, read, |row| &row.id, |_, rows, _| Ok(rows))?;
    let found = rows
        .into_iter()
        .map(Customer::try_from)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Page::cut(found, request, |customer| PageKey {
        sort: customer.id.clone(),
        id: customer.id.clone(),
    }))
}

impl CustomerQuery {
    /// PostgreSQL cannot hold U+0000 in a text, not even in a question.
    fn can_match_nothing(&self) -> bool {
        [
            &self.customer_number,
            &self.external_id,
            &self.email,
            &self.test_clock_id,
        ]
        .into_iter()
        .flatten()
        .any(|text| text.contains('\0'))
    }
}

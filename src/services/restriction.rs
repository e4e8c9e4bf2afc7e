//! Restricted data: kept only because the law demands it, and processed by nobody but those entrusted with that (Art. 18 GDPR,
//! § 35 Abs. 3 BDSG). Customers keep the access to their own.

use crate::db::DbConnection;
use crate::domain::access::{MissingScope, Principal, Scope};
use crate::error::AppError;
use crate::repositories::customers;

/// The refusal: it names the scope that is missing.
pub fn refused() -> AppError {
    MissingScope(Scope::RestrictedDataProcess).into()
}

/// Refuses what is about a customer whose data are restricted to those who may not process such data.
///
/// # Errors
/// [`AppError::Forbidden`] without `restricted_data:process`, those of the database.
pub fn check(conn: &mut DbConnection, principal: &Principal, customer_id: Option<&str>) -> Result<(), AppError> {
    let Some(customer_id) = customer_id.filter(|_| !principal.may_process_restricted()) else {
        return Ok(());
    };
    if customers::is_restricted(conn, &principal.provider_id, customer_id)? {
        return Err(refused());
    }
    Ok(())
}

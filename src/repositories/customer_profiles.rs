//! The few facts about a customer that a login needs, read without a lock.

use diesel::prelude::*;

use crate::db::schema::customers;
use crate::db::{DbConnection, DbError};

/// Who a customer is.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = customers)]
pub struct CustomerProfileRow {
    /// `cus_…`.
    pub id: String,
    /// Number given by the provider.
    pub customer_number: String,
    /// Name of the person or firm.
    pub name: String,
    /// `consumer` or `business`.
    pub customer_type: String,
    /// Language in which the customer is addressed.
    pub locale: String,
}

/// The customer of this provider with this id.
pub fn customer_profile_find(
    connection: &mut DbConnection,
    provider_id: &str,
    id: &str,
) -> Result<Option<CustomerProfileRow>, DbError> {
    Ok(customers::table
        .find(id)
        .filter(customers::provider_id.eq(provider_id))
        .select(CustomerProfileRow::as_select())
        .first(connection)
        .optional()?)
}

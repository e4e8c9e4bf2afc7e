//! Customers as rows: create, read, list, change. The contracts of a customer are loaded with `repositories::account`.

use diesel::prelude::*;

use crate::db::schema::customers;
use crate::db::{DbConnection, DbError, JsonText, MultiBackend, Utc, lock_rows};
use crate::domain::invoice::BillingDetails;

/// Free key-value pairs of the integrator, in the order in which they were sent.
pub type Metadata = serde_json::Map<String, serde_json::Value>;

/// One customer.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = customers)]
pub struct CustomerRow {
    /// Id (`cus_`).
    pub id: String,
    /// Whose customer it is.
    pub provider_id: String,
    /// Number by which people name the customer, unique per provider.
    pub customer_number: String,
    /// `consumer` or `business`.
    pub customer_type: String,
    /// Name of the person or firm.
    pub name: String,
    /// Where mail goes.
    pub email: String,
    /// Language in which the customer is addressed, `de` or `en`.
    pub locale: String,
    /// Land whose holidays extend periods, `DE-BY`.
    pub holiday_region: Option<String>,
    /// Id in the integrator's own system, unique per provider.
    pub external_id: Option<String>,
    /// Free key-value pairs.
    pub metadata: JsonText<Metadata>,
    /// Test clock that gives the customer's business time.
    pub test_clock_id: Option<String>,
    /// When something next falls due.
    pub next_due_at: Option<Utc>,
    /// How often applying it failed in a row.
    pub due_failures: i32,
    /// When to try again after a failure.
    pub retry_at: Option<Utc>,
    /// Number of the last event.
    pub last_event_sequence: i64,
    /// Hash of the last event; empty before the first.
    pub last_event_hash: String,
    /// Counts the changes of this row, from 1.
    pub version: i64,
    /// When the customer was created.
    pub created_at: Utc,
    /// When the row was last changed by its owner.
    pub updated_at: Utc,
    /// By what the customer is billed.
    pub billing: JsonText<BillingDetails>,
    /// What was paid too much, in minor units.
    pub balance: i64,
    /// Its currency.
    pub balance_currency: String,
    /// `paid_up`, `open` or `overdue`.
    pub payment_status: String,
}

/// What PATCH may change. All columns are written.
#[derive(Debug, Clone, AsChangeset)]
#[diesel(table_name = customers, treat_none_as_null = true)]
pub struct CustomerChange {
    /// Name of the person or firm.
    pub name: String,
    /// Where mail goes.
    pub email: String,
    /// Language in which the customer is addressed.
    pub locale: String,
    /// Land whose holidays extend periods.
    pub holiday_region: Option<String>,
    /// Id in the integrator's own system.
    pub external_id: Option<String>,
    /// Free key-value pairs.
    pub metadata: JsonText<Metadata>,
    /// By what the customer is billed.
    pub billing: JsonText<BillingDetails>,
    /// Version after the change.
    pub version: i64,
    /// When it was changed.
    pub updated_at: Utc,
}

/// Which customers a list shows; empty means all.
#[derive(Debug, Clone, Default)]
pub struct CustomerFilter {
    /// Whether data that are kept only because the law demands it are shown too.
    pub restricted_too: bool,
    /// Only the customer with this number.
    pub customer_number: Option<String>,
    /// Only the customer with this id in the integrator's system.
    pub external_id: Option<String>,
    /// Only customers with this e-mail address.
    pub email: Option<String>,
    /// Only `consumer` or `business`.
    pub customer_type: Option<String>,
    /// Only customers on this test clock.
    pub test_clock_id: Option<String>,
    /// Only customers created after this instant.
    pub created_after: Option<Utc>,
    /// Only customers created before this instant.
    pub created_before: Option<Utc>,
    /// Only customers with an id below this one: the page after it.
    pub before_id: Option<String>,
}

/// One customer of the provider.
pub fn find(conn: &mut DbConnection, provider_id: &str, customer_id: &str) -> Result<Option<CustomerRow>, DbError> {
    Ok(customers::table
        .find(customer_id)
        .filter(customers::provider_id.eq(provider_id))
        .select(CustomerRow::as_select())
        .first(conn)
        .optional()?)
}

/// One customer of the provider, locked until the end of the transaction: the first statement of every command.
pub fn lock(conn: &mut DbConnection, provider_id: &str, customer_id: &str) -> Result<Option<CustomerRow>, DbError> {
    let row = lock_rows!(
        conn,
        customers::table
            .find(customer_id)
            .filter(customers::provider_id.eq(provider_id))
            .select(CustomerRow::as_select()),
        first
    );
    Ok(row.optional()?)
}

/// The customers of a provider whose data are kept only because the law demands it: few, found by an index of their own.
#[diesel::dsl::auto_type(no_type_alias)]
pub fn restricted<'a>(provider_id: &'a str) -> _ {
    customers::table
        .filter(customers::provider_id.eq(provider_id))
        .filter(customers::restricted_at.is_not_null())
        .select(customers::id)
}

/// Whether the data of one of the provider's customers are kept only because the law demands it.
pub fn is_restricted(conn: &mut DbConnection, provider_id: &str, customer_id: &str) -> Result<bool, DbError> {
    let found = restricted(provider_id)
        .filter(customers::id.eq(customer_id))
        .first::<String>(conn)
        .optional()?;
    Ok(found.is_some())
}

/// Those of the provider's customers named whose data are kept only because the law demands it, and since when.
pub fn restricted_of(conn: &mut DbConnection, provider_id: &str, ids: &[&str]) -> Result<Vec<(String, Utc)>, DbError> {
    Ok(restricted(provider_id)
        .filter(customers::id.eq_any(ids))
        .select((customers::id, customers::restricted_at.assume_not_null()))
        .load(conn)?)
}

/// Takes the restriction back: a contract goes on again and needs the data.
pub fn lift_restriction(conn: &mut DbConnection, customer_id: &str) -> Result<(), DbError> {
    diesel::update(customers::table.find(customer_id))
        .set(customers::restricted_at.eq(None::<Utc>))
        .execute(conn)?;
    Ok(())
}

/// A page of the provider's customers, newest first.
pub fn list(
    conn: &mut DbConnection,
    provider_id: &str,
    filter: &CustomerFilter,
    limit: i64,
) -> Result<Vec<CustomerRow>, DbError> {
    let mut query = customers::table
        .filter(customers::provider_id.eq(provider_id))
        .select(CustomerRow::as_select())
        .into_boxed::<MultiBackend>();
    if !filter.restricted_too {
        query = query.filter(customers::restricted_at.is_null());
    }
    if let Some(number) = &filter.customer_number {
        query = query.filter(customers::customer_number.eq(number));
    }
    if let Some(external_id) = &filter.external_id {
        query = query.filter(customers::external_id.eq(external_id));
    }
    if let Some(email) = &filter.email {
        query = query.filter(customers::email.eq(email));
    }
    if let Some(customer_type) = &filter.customer_type {
        query = query.filter(customers::customer_type.eq(customer_type));
    }
    if let Some(clock_id) = &filter.test_clock_id {
        query = query.filter(customers::test_clock_id.eq(clock_id));
    }
    if let Some(instant) = filter.created_after {
        query = query.filter(customers::created_at.gt(instant));
    }
    if let Some(instant) = filter.created_before {
        query = query.filter(customers::created_at.lt(instant));
    }
    if let Some(id) = &filter.before_id {
        query = query.filter(customers::id.lt(id));
    }
    Ok(query.order(customers::id.desc()).limit(limit).load(conn)?)
}

/// Whether the provider has a customer with this number.
pub fn number_exists(conn: &mut DbConnection, provider_id: &str, customer_number: &str) -> Result<bool, DbError> {
    let query = customers::table
        .filter(customers::provider_id.eq(provider_id))
        .filter(customers::customer_number.eq(customer_number));
    Ok(diesel::select(diesel::dsl::exists(query)).get_result(conn)?)
}

/// Adds a customer.
pub fn insert(conn: &mut DbConnection, row: &CustomerRow) -> Result<(), DbError> {
    diesel::insert_into(customers::table).values(row).execute(conn)?;
    Ok(())
}

/// Writes what its owner changed on a customer.
pub fn update(conn: &mut DbConnection, customer_id: &str, change: &CustomerChange) -> Result<(), DbError> {
    diesel::update(customers::table.find(customer_id))
        .set(change)
        .execute(conn)?;
    Ok(())
}

/// Notes where the customer's chain of events ends. The row must be locked, or new in this transaction.
pub fn set_chain_end(conn: &mut DbConnection, customer_id: &str, sequence: i64, hash: &str) -> Result<(), DbError> {
    diesel::update(customers::table.find(customer_id))
        .set((
            customers::last_event_sequence.eq(sequence),
            customers::last_event_hash.eq(hash),
        ))
        .execute(conn)?;
    Ok(())
}

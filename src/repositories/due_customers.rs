//! The queue of due work: customers whose next due instant has passed. The row lock is the claim; there is no other table.

use diesel::prelude::*;

use crate::db::schema::customers;
use crate::db::{DbConnection, DbError, JsonText, Utc, lock_free_rows};
use crate::domain::invoice::BillingDetails;

/// A customer with due work.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = customers)]
pub struct DueCustomerRow {
    /// Id (`cus_`).
    pub id: String,
    /// Whose customer.
    pub provider_id: String,
    /// How often it failed in a row.
    pub due_failures: i32,
}

/// When something falls due for a customer, by which clock, and what decides on the tax.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = customers)]
pub struct DueDateRow {
    /// Id (`cus_`).
    pub id: String,
    /// Test clock that gives the business time.
    pub test_clock_id: Option<String>,
    /// When something next falls due.
    pub next_due_at: Option<Utc>,
    /// Since when the data are kept only because the law demands it.
    pub restricted_at: Option<Utc>,
    /// Consumer or business.
    pub customer_type: String,
    /// To whom invoices go.
    pub billing: JsonText<BillingDetails>,
}

/// Due dates of some customers.
pub fn due_dates(conn: &mut DbConnection, ids: &[&str]) -> Result<Vec<DueDateRow>, DbError> {
    Ok(customers::table
        .filter(customers::id.eq_any(ids))
        .select(DueDateRow::as_select())
        .load(conn)?)
}

/// Since when the customer that has waited longest has been waiting, if one is waiting; failed ones count too.
pub fn waiting_since(conn: &mut DbConnection, now: Utc) -> Result<Option<Utc>, DbError> {
    Ok(customers::table
        .filter(customers::next_due_at.le(now))
        .filter(customers::test_clock_id.is_null())
        .order((customers::next_due_at, customers::id))
        .select(customers::next_due_at)
        .first::<Option<Utc>>(conn)
        .optional()?
        .flatten())
}

/// Due customers without a lock, longest waiting first.
pub fn waiting(conn: &mut DbConnection, now: Utc, limit: i64) -> Result<Vec<DueCustomerRow>, DbError> {
    Ok(customers::table
        .filter(customers::next_due_at.le(now))
        .filter(customers::test_clock_id.is_null())
        .filter(customers::retry_at.is_null().or(customers::retry_at.le(now)))
        .order((customers::next_due_at, customers::id))
        .limit(limit)
        .select(DueCustomerRow::as_select())
        .load(conn)?)
}

/// Locks one customer if it is still due and nobody else holds it.
pub fn claim_one(conn: &mut DbConnection, id: &str, now: Utc) -> Result<bool, DbError> {
    let found: Vec<String> = lock_free_rows!(
        conn,
        customers::table
            .filter(customers::id.eq(id))
            .filter(customers::next_due_at.le(now))
            .select(customers::id),
        load
    )?;
    Ok(!found.is_empty())
}

/// Customers on a test clock with something due at or before `to`, in the order in which it falls due.
pub fn on_clock(
    conn: &mut DbConnection,
    clock_id: &str,
    to: Utc,
    limit: i64,
) -> Result<Vec<(String, Option<Utc>)>, DbError> {
    Ok(customers::table
        .filter(customers::test_clock_id.eq(clock_id))
        .filter(customers::next_due_at.le(to))
        .order((customers::next_due_at, customers::id))
        .limit(limit)
        .select((customers::id, customers::next_due_at))
        .load(conn)?)
}

/// Lets a customer wait after a failure.
pub fn postpone(conn: &mut DbConnection, id: &str, failures: i32, retry_at: Utc) -> Result<(), DbError> {
    diesel::update(customers::table.find(id))
        .set((customers::due_failures.eq(failures), customers::retry_at.eq(retry_at)))
        .execute(conn)?;
    Ok(())
}

//! The aggregate of a customer: locked, loaded, and saved by its difference.

mod memory;
mod write;

use std::collections::HashMap;

use diesel::prelude::*;
use time::Date;

use crate::db::schema::{changes, customers, subscriptions};
use crate::db::{DbConnection, DbError, JsonText, MultiBackend, Utc, lock_free_rows, lock_rows};
use crate::domain::invoice::BillingDetails;
pub use memory::{change_in_memory, charge_in_memory};
pub use write::{AccountDifference, AccountUpdate, update_all, write};

use crate::repositories::changes::ChangeRow;
use crate::repositories::charges::ChargeRow;
use crate::repositories::slots::SlotRow;
use crate::repositories::subscriptions::{PhaseRow, SubscriptionRow};

/// What a command needs of the customer's row.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = customers)]
pub struct AccountRow {
    /// Id (`cus_`).
    pub id: String,
    /// Whose customer.
    pub provider_id: String,
    /// `consumer` or `business`.
    pub customer_type: String,
    /// Number by which people name the customer.
    pub customer_number: String,
    /// Name of the person or firm.
    pub name: String,
    /// Where mail goes.
    pub email: String,
    /// Language in which the customer is addressed.
    pub locale: String,
    /// Land whose holidays extend periods.
    pub holiday_region: Option<String>,
    /// By what the customer is billed.
    pub billing: JsonText<BillingDetails>,
    /// What was paid too much, in minor units.
    pub balance: i64,
    /// Its currency.
    pub balance_currency: String,
    /// The last day on which drafts were looked through for an invoice.
    pub swept_on: Option<Date>,
    /// Test clock that gives the business time.
    pub test_clock_id: Option<String>,
    /// When something next falls due.
    pub next_due_at: Option<Utc>,
    /// Number of the last event.
    pub last_event_sequence: i64,
    /// Its hash.
    pub last_event_hash: String,
    /// Since when the data are kept only because the law demands it.
    pub restricted_at: Option<Utc>,
}

/// By what a command finds its customer.
#[derive(Debug, Clone, Copy)]
pub enum AccountKey<'a> {
    /// By the customer's id.
    Customer(&'a str),
    /// By the customer's number.
    CustomerNumber(&'a str),
    /// By a contract.
    Subscription(&'a str),
    /// By an add-on booking on a contract.
    Booking {
        /// The contract it must belong to.
        subscription_id: &'a str,
        /// The booking.
        id: &'a str,
    },
    /// By a plan change or cancellation.
    Change(&'a str),
}

/// Finds the customer the caller may act for; `locked` keeps the row locked until the end of the transaction.
pub fn find(
    conn: &mut DbConnection,
    provider_id: &str,
    only_customer: Option<&str>,
    key: AccountKey<'_>,
    locked: bool,
) -> Result<Option<AccountRow>, DbError> {
    let customer_id = match key {
        AccountKey::Customer(id) => Some(id.to_owned()),
        AccountKey::CustomerNumber(number) => customers::table
            .filter(customers::provider_id.eq(provider_id))
            .filter(customers::customer_number.eq(number))
            .select(customers::id)
            .first(conn)
            .optional()?,
        AccountKey::Subscription(id) => subscriptions::table
            .find(id)
            .select(subscriptions::customer_id)
            .first(conn)
            .optional()?,
        AccountKey::Booking { subscription_id, id } => subscriptions::table
            .find(id)
            .filter(subscriptions::parent_id.eq(subscription_id))
            .select(subscriptions::customer_id)
            .first(conn)
            .optional()?,
        AccountKey::Change(id) => changes::table
            .find(id)
            .select(changes::customer_id)
            .first(conn)
            .optional()?,
    };
    let Some(customer_id) = customer_id.filter(|id| only_customer.is_none_or(|only| only == id)) else {
        return Ok(None);
    };
    let row = if locked {
        lock_rows!(
            conn,
            customers::table
                .filter(customers::id.eq(&customer_id))
                .filter(customers::provider_id.eq(provider_id))
                .select(AccountRow::as_select()),
            first
        )
    } else {
        customers::table
            .filter(customers::id.eq(&customer_id))
            .filter(customers::provider_id.eq(provider_id))
            .select(AccountRow::as_select())
            .into_boxed::<MultiBackend>()
            .first(conn)
    };
    Ok(row.optional()?)
}

/// Locks up to `limit` due customers that no other worker holds, longest waiting first. Those on a test clock move with it.
pub fn claim(conn: &mut DbConnection, now: Utc, limit: i64) -> Result<Vec<AccountRow>, DbError> {
    Ok(lock_free_rows!(
        conn,
        customers::table
            .filter(customers::next_due_at.le(now))
            .filter(customers::test_clock_id.is_null())
            .filter(customers::retry_at.is_null().or(customers::retry_at.le(now)))
            .order((customers::next_due_at, customers::id))
            .limit(limit)
            .select(AccountRow::as_select()),
        load
    )?)
}

/// The rows of an account besides the customer's own.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AccountRows {
    /// Contracts.
    pub subscriptions: Vec<SubscriptionRow>,
    /// Their phases.
    pub phases: Vec<PhaseRow>,
    /// Their changes.
    pub changes: Vec<ChangeRow>,
    /// Their charges that can still be touched.
    pub charges: Vec<ChargeRow>,
    /// What occupies their slots.
    pub slots: Vec<SlotRow>,
}

/// Loads the contracts of a customer with everything that belongs to them; of the charges those that reach to
/// `charges_from` or beyond.
pub fn load(conn: &mut DbConnection, customer_id: &str, charges_from: Date) -> Result<AccountRows, DbError> {
    Ok(AccountRows {
        subscriptions: crate::repositories::subscriptions::load_for_customer(conn, customer_id)?,
        phases: crate::repositories::subscriptions::phases_for_customer(conn, customer_id)?,
        changes: crate::repositories::changes::load_for_customer(conn, customer_id)?,
        charges: crate::repositories::charges::load_for_customer(conn, customer_id, charges_from)?,
        slots: crate::repositories::slots::load_for_customers(conn, &[customer_id])?,
    })
}

/// The same for many customers, with one query per table; by customer.
pub fn load_many(
    conn: &mut DbConnection,
    customer_ids: &[&str],
    charges_from: Date,
) -> Result<HashMap<String, AccountRows>, DbError> {
    let mut accounts: HashMap<String, AccountRows> = HashMap::with_capacity(customer_ids.len());
    for row in crate::repositories::subscriptions::load_for_customers(conn, customer_ids)? {
        accounts
            .entry(row.customer_id.clone())
            .or_default()
            .subscriptions
            .push(row);
    }
    for row in crate::repositories::subscriptions::phases_for_customers(conn, customer_ids)? {
        accounts.entry(row.customer_id.clone()).or_default().phases.push(row);
    }
    for row in crate::repositories::changes::load_for_customers(conn, customer_ids)? {
        accounts.entry(row.customer_id.clone()).or_default().changes.push(row);
    }
    for row in crate::repositories::charges::load_for_customers(conn, customer_ids, charges_from)? {
        accounts.entry(row.customer_id.clone()).or_default().charges.push(row);
    }
    for row in crate::repositories::slots::load_for_customers(conn, customer_ids)? {
        accounts.entry(row.customer_id.clone()).or_default().slots.push(row);
    }
    Ok(accounts)
}

//! Saving accounts by their difference, one or many with the same statements.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date as SqlDate, Nullable, Text, Timestamp};
use time::Date;

use super::AccountRows;
use crate::db::schema::customers;
use crate::db::{DbConnection, DbError, Utc};

/// What has changed in the rows of one or many accounts.
#[derive(Debug, Default)]
pub struct AccountDifference {
    new: AccountRows,
    changed: AccountRows,
}

impl AccountDifference {
    /// Adds the rows of `after` that are new or differ from `before`.
    pub fn add(&mut self, before: &AccountRows, after: AccountRows) {
        let Self { new, changed } = self;
        split(
            &before.subscriptions,
            after.subscriptions,
            (&mut new.subscriptions, &mut changed.subscriptions),
            |row| &row.id,
        );
        split(
            &before.phases,
            after.phases,
            (&mut new.phases, &mut changed.phases),
            |row| &row.id,
        );
        split(
            &before.changes,
            after.changes,
            (&mut new.changes, &mut changed.changes),
            |row| &row.id,
        );
        split(
            &before.charges,
            after.charges,
            (&mut new.charges, &mut changed.charges),
            |row| &row.id,
        );
        split(
            &before.slots,
            after.slots,
            (&mut new.slots, &mut changed.slots),
            |row| &row.id,
        );
    }
}

/// Writes what has changed.
pub fn write(conn: &mut DbConnection, difference: &AccountDifference) -> Result<(), DbError> {
    let AccountDifference { new, changed } = difference;
    crate::repositories::subscriptions::insert(conn, &new.subscriptions)?;
    crate::repositories::subscriptions::update_all(conn, &changed.subscriptions)?;
    // Changed phases first, removed ones before all: a phase that is replaced on its first day makes room for another.
    let (removed, present): (Vec<_>, Vec<_>) = changed.phases.iter().partition(|row| row.removed);
    for row in removed.into_iter().chain(present) {
        crate::repositories::subscriptions::update_phase(conn, row)?;
    }
    crate::repositories::subscriptions::insert_phases(conn, &new.phases)?;
    for row in &changed.changes {
        crate::repositories::changes::update(conn, row)?;
    }
    crate::repositories::changes::insert(conn, &new.changes)?;
    // Changed charges first: one that is taken back makes room for the same period charged anew.
    crate::repositories::charges::update_all(conn, &changed.charges)?;
    crate::repositories::charges::insert(conn, &new.charges)?;
    // Released slots first, so that others can move into them.
    let (released, moved): (Vec<_>, Vec<_>) = changed.slots.iter().partition(|row| row.released_on.is_some());
    for row in released.into_iter().chain(moved) {
        crate::repositories::slots::update(conn, row)?;
    }
    crate::repositories::slots::insert(conn, &new.slots)
}

/// What a command leaves in the customer's row.
#[derive(Debug, Clone, AsChangeset, Identifiable)]
#[diesel(table_name = customers, treat_none_as_null = true)]
pub struct AccountUpdate {
    /// The customer.
    pub id: String,
    /// When something next falls due.
    pub next_due_at: Option<Utc>,
    /// A success ends a row of failures.
    pub due_failures: i32,
    /// No waiting after a success.
    pub retry_at: Option<Utc>,
    /// Number of the last event.
    pub last_event_sequence: i64,
    /// Its hash.
    pub last_event_hash: String,
    /// What was paid too much, in minor units.
    pub balance: i64,
    /// Its currency.
    pub balance_currency: String,
    /// Whether the customer has paid what was due.
    pub payment_status: String,
    /// The last day on which drafts were looked through for an invoice.
    pub swept_on: Option<Date>,
}

/// Writes the customers' rows after a command or a batch: on PostgreSQL with one statement, on SQLite one after the other, where
/// a statement costs no way.
pub fn update_all(conn: &mut DbConnection, updates: &[AccountUpdate]) -> Result<(), DbError> {
    if let (DbConnection::Pg(open), true) = (&mut *conn, updates.len() > 1) {
        let ids: Vec<&str> = updates.iter().map(|each| each.id.as_str()).collect();
        let due: Vec<Option<Utc>> = updates.iter().map(|each| each.next_due_at).collect();
        let sequences: Vec<i64> = updates.iter().map(|each| each.last_event_sequence).collect();
        let hashes: Vec<&str> = updates.iter().map(|each| each.last_event_hash.as_str()).collect();
        let balances: Vec<i64> = updates.iter().map(|each| each.balance).collect();
        let currencies: Vec<&str> = updates.iter().map(|each| each.balance_currency.as_str()).collect();
        let statuses: Vec<&str> = updates.iter().map(|each| each.payment_status.as_str()).collect();
        let swept: Vec<Option<Date>> = updates.iter().map(|each| each.swept_on).collect();
        diesel::sql_query(
            "UPDATE customers AS c SET next_due_at = v.due, due_failures = 0, retry_at = NULL, \
                 last_event_sequence = v.sequence, last_event_hash = v.hash, balance = v.balance, balance_currency = v.currency, \
                 payment_status = v.status, swept_on = v.swept \
             FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) \
                 AS v (id, due, sequence, hash, balance, currency, status, swept) \
             WHERE c.id = v.id",
        )
        .bind::<Array<Text>, _>(ids)
        .bind::<Array<Nullable<Timestamp>>, _>(due)
        .bind::<Array<BigInt>, _>(sequences)
        .bind::<Array<Text>, _>(hashes)
        .bind::<Array<BigInt>, _>(balances)
        .bind::<Array<Text>, _>(currencies)
        .bind::<Array<Text>, _>(statuses)
        .bind::<Array<Nullable<SqlDate>>, _>(swept)
        .execute(open)?;
        return Ok(());
    }
    for update in updates {
        diesel::update(customers::table.find(&update.id))
            .set(update)
            .execute(conn)?;
    }
    Ok(())
}

/// Sorts rows into those that are new and those that have changed.
fn split<Row: PartialEq>(
    before: &[Row],
    after: Vec<Row>,
    (new, changed): (&mut Vec<Row>, &mut Vec<Row>),
    id: impl Fn(&Row) -> &String,
) {
    let known: HashMap<&String, &Row> = before.iter().map(|row| (id(row), row)).collect();
    for row in after {
        match known.get(id(&row)) {
            None => new.push(row),
            Some(old) if **old != row => changed.push(row),
            Some(_) => {}
        }
    }
}

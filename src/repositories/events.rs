//! Events as rows: append-only, chained per customer, numbered per provider after commit.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text};

use crate::db::schema::{events, providers};
use crate::db::{DbConnection, DbError, MultiBackend, Utc, insert_many, lock_rows};

/// An event.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = events, treat_none_as_default_value = false)]
pub struct EventRow {
    /// Id (`evt_`).
    pub id: String,
    /// In whose house it happened.
    pub provider_id: String,
    /// To which customer.
    pub customer_id: String,
    /// To which contract.
    pub subscription_id: Option<String>,
    /// Counts the customer's events, from 1.
    pub sequence: i64,
    /// Counts the provider's events without gap; set after commit.
    pub position: Option<i64>,
    /// Type, for example `plan_change.applied`.
    pub event_type: String,
    /// When it happened.
    pub occurred_at: Utc,
    /// When it was written down.
    pub recorded_at: Utc,
    /// Who did it, as JSON.
    pub actor: String,
    /// For whom staff or a program acted.
    pub on_behalf_of: Option<String>,
    /// The request it came with.
    pub request_id: Option<String>,
    /// Snapshots, as JSON.
    pub data: String,
    /// SHA-256 of `data`.
    pub data_hash: String,
    /// Hash of the customer's event before.
    pub previous_hash: String,
    /// Hash over this event and `previous_hash`.
    pub hash: String,
}

/// Stores new events.
pub fn insert(conn: &mut DbConnection, rows: &[EventRow]) -> Result<(), DbError> {
    insert_many!(conn, events::table, rows)
}

/// The latest events of a contract, oldest first.
pub fn of_subscription(conn: &mut DbConnection, subscription_id: &str, limit: i64) -> Result<Vec<EventRow>, DbError> {
    let mut rows: Vec<EventRow> = events::table
        .filter(events::subscription_id.eq(subscription_id))
        .order(events::sequence.desc())
        .limit(limit)
        .select(EventRow::as_select())
        .load(conn)?;
    rows.reverse();
    Ok(rows)
}

/// The latest events of these types that a customer has without a contract, oldest first.
pub fn without_contract(
    conn: &mut DbConnection,
    customer_id: &str,
    types: &[&str],
    limit: i64,
) -> Result<Vec<EventRow>, DbError> {
    let mut rows: Vec<EventRow> = events::table
        .filter(events::customer_id.eq(customer_id))
        .filter(events::subscription_id.is_null())
        .filter(events::event_type.eq_any(types))
        .order(events::sequence.desc())
        .limit(limit)
        .select(EventRow::as_select())
        .load(conn)?;
    rows.reverse();
    Ok(rows)
}

/// The events of a customer, oldest first.
pub fn of_customer(conn: &mut DbConnection, customer_id: &str) -> Result<Vec<EventRow>, DbError> {
    Ok(events::table
        .filter(events::customer_id.eq(customer_id))
        .order(events::sequence)
        .select(EventRow::as_select())
        .load(conn)?)
}

/// The provider's numbered events after a position, in order.
pub fn list(
    conn: &mut DbConnection,
    provider_id: &str,
    after: i64,
    types: &[&str],
    customer_id: Option<&str>,
    limit: i64,
) -> Result<Vec<EventRow>, DbError> {
    let mut query = events::table
        .filter(events::provider_id.eq(provider_id))
        .filter(events::position.gt(after))
        .order(events::position)
        .limit(limit)
        .select(EventRow::as_select())
        .into_boxed::<MultiBackend>();
    if !types.is_empty() {
        query = query.filter(events::event_type.eq_any(types));
    }
    if let Some(customer_id) = customer_id {
        query = query.filter(events::customer_id.eq(customer_id));
    }
    Ok(query.load(conn)?)
}

/// Events by id.
pub fn by_ids(conn: &mut DbConnection, ids: &[&str]) -> Result<Vec<EventRow>, DbError> {
    Ok(events::table
        .filter(events::id.eq_any(ids))
        .select(EventRow::as_select())
        .load(conn)?)
}

/// Position, id and type of the provider's numbered events after a position, in order.
pub fn headings(
    conn: &mut DbConnection,
    provider_id: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<(Option<i64>, String, String)>, DbError> {
    Ok(events::table
        .filter(events::provider_id.eq(provider_id))
        .filter(events::position.gt(after))
        .order(events::position)
        .limit(limit)
        .select((events::position, events::id, events::event_type))
        .load(conn)?)
}

/// Providers that have events without a position.
pub fn providers_with_unsequenced(conn: &mut DbConnection) -> Result<Vec<String>, DbError> {
    Ok(events::table
        .filter(events::position.is_null())
        .select(events::provider_id)
        .distinct()
        .load(conn)?)
}

/// Whether the provider has events without a position.
pub fn has_unsequenced(conn: &mut DbConnection, provider_id: &str) -> Result<bool, DbError> {
    let query = events::table
        .filter(events::provider_id.eq(provider_id))
        .filter(events::position.is_null());
    Ok(diesel::select(diesel::dsl::exists(query)).get_result(conn)?)
}

/// Numbers up to `limit` committed events of a provider. The provider's row is the sequencer's lock: numbers follow the order
/// in which events become visible, so a reader that asks for everything after N never misses a late commit.
pub fn assign_positions(conn: &mut DbConnection, provider_id: &str, limit: i64) -> Result<usize, DbError> {
    let last: i64 = lock_rows!(
        conn,
        providers::table
            .find(provider_id)
            .select(providers::last_event_position),
        first
    )?;
    let waiting: Vec<String> = events::table
        .filter(events::provider_id.eq(provider_id))
        .filter(events::position.is_null())
        .order((events::recorded_at, events::customer_id, events::sequence))
        .limit(limit)
        .select(events::id)
        .load(conn)?;
    let numbered: Vec<(&str, i64)> = waiting.iter().map(String::as_str).zip(last + 1..).collect();
    set_positions(conn, &numbered)?;
    let position = numbered.last().map_or(last, |(_, position)| *position);
    if position > last {
        diesel::update(providers::table.find(provider_id))
            .set(providers::last_event_position.eq(position))
            .execute(conn)?;
    }
    Ok(waiting.len())
}

/// Writes positions; on PostgreSQL with one statement.
fn set_positions(conn: &mut DbConnection, numbered: &[(&str, i64)]) -> Result<(), DbError> {
    if let DbConnection::Pg(open) = &mut *conn {
        let (ids, positions): (Vec<&str>, Vec<i64>) = numbered.iter().copied().unzip();
        diesel::sql_query(
            "UPDATE events AS e SET position = v.position FROM unnest($1, $2) AS v (id, position) WHERE e.id = v.id",
        )
        .bind::<Array<Text>, _>(ids)
        .bind::<Array<BigInt>, _>(positions)
        .execute(open)?;
        return Ok(());
    }
    for (id, position) in numbered {
        diesel::update(events::table.find(id))
            .set(events::position.eq(position))
            .execute(conn)?;
    }
    Ok(())
}

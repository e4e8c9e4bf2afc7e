//! Contracts and their phases as rows.

use diesel::prelude::*;
use diesel::upsert::excluded;
use time::Date;

use super::customers::restricted;
use crate::db::schema::{phases, subscriptions};
use crate::db::{DbConnection, DbError, MultiBackend, ROWS_PER_INSERT, Utc, insert_all};

/// A contract.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset, Identifiable)]
#[diesel(table_name = subscriptions, treat_none_as_null = true)]
pub struct SubscriptionRow {
    /// Id (`sub_`).
    pub id: String,
    /// Whose contract it is, on the selling side.
    pub provider_id: String,
    /// Whose contract it is, on the buying side.
    pub customer_id: String,
    /// Unguessable number.
    pub contract_number: String,
    /// `consumer` or `business`.
    pub customer_type: String,
    /// When it was concluded.
    pub concluded_at: Utc,
    /// When the withdrawal instruction was received.
    pub instructed_at: Option<Utc>,
    /// First day.
    pub starts_on: Date,
    /// Last day, once known.
    pub ends_on: Option<Date>,
    /// The cancellation that set it.
    pub ended_by_change_id: Option<String>,
    /// Day of a withdrawal.
    pub withdrawn_on: Option<Date>,
    /// Last day charged.
    pub billed_through_on: Option<Date>,
    /// Whether the beginning is recorded.
    pub started_recorded: bool,
    /// Whether the end is settled and recorded.
    pub ended_recorded: bool,
    /// Counts the changes, from 1.
    pub version: i64,
    /// When it was recorded.
    pub created_at: Utc,
    /// When it last changed.
    pub updated_at: Utc,
    /// The contract a booking belongs to.
    pub parent_id: Option<String>,
    /// The add-on booked.
    pub add_on_id: Option<String>,
    /// Whether the plan contains it.
    pub included: bool,
    /// The plan change that brought it along.
    pub created_by_change_id: Option<String>,
    /// When a one-off service was performed.
    pub performed_on: Option<Date>,
    /// Whether the customer expressly asked for an early start.
    pub early_start_requested: bool,
}

/// A phase of a contract.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset, Identifiable)]
#[diesel(table_name = phases, treat_none_as_null = true)]
pub struct PhaseRow {
    /// Id (`phs_`).
    pub id: String,
    /// The customer, so that an account is loaded with one query per table.
    pub customer_id: String,
    /// The contract.
    pub subscription_id: String,
    /// The plan version agreed; of contracts.
    pub plan_version_id: Option<String>,
    /// Units.
    pub quantity: i64,
    /// First day.
    pub from_on: Date,
    /// Last day, once set.
    pub through_on: Option<Date>,
    /// Anchor of the billing periods.
    pub billing_anchor_on: Date,
    /// Their length in months.
    pub billing_interval_months: i32,
    /// The change that began it.
    pub created_by_change_id: Option<String>,
    /// The change that ends it.
    pub ended_by_change_id: Option<String>,
    /// Whether it never comes.
    pub removed: bool,
    /// The version of the add-on agreed; of bookings.
    pub add_on_version_id: Option<String>,
    /// Whether the contract did not run on these days.
    pub suspended: bool,
}

impl PhaseRow {
    /// The version agreed, of plan or add-on.
    pub fn version_id(&self) -> &str {
        self.plan_version_id
            .as_deref()
            .or(self.add_on_version_id.as_deref())
            .unwrap_or_default()
    }
}

/// What a list of contracts is narrowed by. Ownership is part of it, not a check afterwards.
#[derive(Debug, Clone, Default)]
pub struct SubscriptionFilter {
    /// Whose contracts, on the selling side.
    pub provider_id: String,
    /// Whether data that are kept only because the law demands it are shown too.
    pub restricted_too: bool,
    /// Only this customer's.
    pub customer_id: Option<String>,
    /// Only the one with this number.
    pub contract_number: Option<String>,
    /// Only those in this state on `today`.
    pub status: Option<String>,
    /// The legal day on which `status` is judged.
    pub today: Option<Date>,
    /// Only older ones than this id (ids sort by creation).
    pub before_id: Option<String>,
}

/// All contracts of a customer, oldest first.
pub fn load_for_customer(conn: &mut DbConnection, customer_id: &str) -> Result<Vec<SubscriptionRow>, DbError> {
    Ok(subscriptions::table
        .filter(subscriptions::customer_id.eq(customer_id))
        .order(subscriptions::id)
        .select(SubscriptionRow::as_select())
        .load(conn)?)
}

/// All contracts of some customers, oldest first.
pub fn load_for_customers(conn: &mut DbConnection, customer_ids: &[&str]) -> Result<Vec<SubscriptionRow>, DbError> {
    Ok(subscriptions::table
        .filter(subscriptions::customer_id.eq_any(customer_ids))
        .order(subscriptions::id)
        .select(SubscriptionRow::as_select())
        .load(conn)?)
}

/// All phases of some customers' contracts, in order.
pub fn phases_for_customers(conn: &mut DbConnection, customer_ids: &[&str]) -> Result<Vec<PhaseRow>, DbError> {
    Ok(phases::table
        .filter(phases::customer_id.eq_any(customer_ids))
        .order((phases::from_on, phases::id))
        .select(PhaseRow::as_select())
        .load(conn)?)
}

/// All phases of a customer's contracts, in order.
pub fn phases_for_customer(conn: &mut DbConnection, customer_id: &str) -> Result<Vec<PhaseRow>, DbError> {
    Ok(phases::table
        .filter(phases::customer_id.eq(customer_id))
        .order((phases::from_on, phases::id))
        .select(PhaseRow::as_select())
        .load(conn)?)
}

/// The phases of some contracts, in order.
pub fn phases_of(conn: &mut DbConnection, subscription_ids: &[&str]) -> Result<Vec<PhaseRow>, DbError> {
    Ok(phases::table
        .filter(phases::subscription_id.eq_any(subscription_ids))
        .order((phases::from_on, phases::id))
        .select(PhaseRow::as_select())
        .load(conn)?)
}

/// The customers of some contracts of a provider, as pairs of contract and customer.
pub fn customers_of(
    conn: &mut DbConnection,
    provider_id: &str,
    ids: &[&str],
) -> Result<Vec<(String, String)>, DbError> {
    Ok(subscriptions::table
        .filter(subscriptions::id.eq_any(ids))
        .filter(subscriptions::provider_id.eq(provider_id))
        .select((subscriptions::id, subscriptions::customer_id))
        .load(conn)?)
}

/// A contract the caller may see.
pub fn find(
    conn: &mut DbConnection,
    provider_id: &str,
    customer_id: Option<&str>,
    id: &str,
) -> Result<Option<SubscriptionRow>, DbError> {
    let mut query = subscriptions::table
        .filter(subscriptions::id.eq(id))
        .filter(subscriptions::parent_id.is_null())
        .filter(subscriptions::provider_id.eq(provider_id))
        .select(SubscriptionRow::as_select())
        .into_boxed::<MultiBackend>();
    if let Some(customer_id) = customer_id {
        query = query.filter(subscriptions::customer_id.eq(customer_id));
    }
    Ok(query.first(conn).optional()?)
}

/// The add-on bookings of some contracts, oldest first.
pub fn bookings_of(conn: &mut DbConnection, subscription_ids: &[&str]) -> Result<Vec<SubscriptionRow>, DbError> {
    Ok(subscriptions::table
        .filter(subscriptions::parent_id.eq_any(subscription_ids))
        .order(subscriptions::id)
        .select(SubscriptionRow::as_select())
        .load(conn)?)
}

/// Bookings with the contract each belongs to.
pub fn contracts_of(conn: &mut DbConnection, booking_ids: &[&str]) -> Result<Vec<(String, String)>, DbError> {
    Ok(subscriptions::table
        .filter(subscriptions::id.eq_any(booking_ids))
        .filter(subscriptions::parent_id.is_not_null())
        .select((subscriptions::id, subscriptions::parent_id.assume_not_null()))
        .load(conn)?)
}

/// A page of contracts, newest first.
pub fn list(conn: &mut DbConnection, filter: &SubscriptionFilter, limit: i64) -> Result<Vec<SubscriptionRow>, DbError> {
    let mut query = subscriptions::table
        .filter(subscriptions::provider_id.eq(&filter.provider_id))
        .filter(subscriptions::parent_id.is_null())
        .order(subscriptions::id.desc())
        .limit(limit)
        .select(SubscriptionRow::as_select())
        .into_boxed::<MultiBackend>();
    if !filter.restricted_too {
        query = query.filter(subscriptions::customer_id.ne_all(restricted(&filter.provider_id)));
    }
    if let Some(customer_id) = &filter.customer_id {
        query = query.filter(subscriptions::customer_id.eq(customer_id));
    }
    if let Some(number) = &filter.contract_number {
        query = query.filter(subscriptions::contract_number.eq(number));
    }
    if let Some(before_id) = &filter.before_id {
        query = query.filter(subscriptions::id.lt(before_id));
    }
    if let (Some(status), Some(today)) = (&filter.status, filter.today) {
        let over = subscriptions::ends_on
            .is_not_null()
            .and(subscriptions::ends_on.lt(today).assume_not_null());
        let withdrawn = subscriptions::withdrawn_on
            .is_not_null()
            .and(subscriptions::withdrawn_on.le(today).assume_not_null());
        query = match status.as_str() {
            "withdrawn" => query.filter(withdrawn),
            "ended" => query.filter(diesel::dsl::not(withdrawn)).filter(over),
            "scheduled" => query
                .filter(diesel::dsl::not(withdrawn))
                .filter(diesel::dsl::not(over))
                .filter(subscriptions::starts_on.gt(today)),
            _ => query
                .filter(diesel::dsl::not(withdrawn))
                .filter(diesel::dsl::not(over))
                .filter(subscriptions::starts_on.le(today)),
        };
    }
    Ok(query.load(conn)?)
}

/// Stores new contracts.
pub fn insert(conn: &mut DbConnection, rows: &[SubscriptionRow]) -> Result<(), DbError> {
    insert_all!(conn, subscriptions::table, rows)
}

/// Stores new phases.
pub fn insert_phases(conn: &mut DbConnection, rows: &[PhaseRow]) -> Result<(), DbError> {
    insert_all!(conn, phases::table, rows)
}

/// Writes changed contracts. On PostgreSQL many of them with few statements; what a contract is called and to whom it belongs
/// never changes.
pub fn update_all(conn: &mut DbConnection, rows: &[SubscriptionRow]) -> Result<(), DbError> {
    use subscriptions as s;
    if let (DbConnection::Pg(open), true) = (&mut *conn, rows.len() > 1) {
        for chunk in rows.chunks(ROWS_PER_INSERT) {
            diesel::insert_into(s::table)
                .values(chunk)
                .on_conflict(s::id)
                .do_update()
                .set((
                    s::instructed_at.eq(excluded(s::instructed_at)),
                    s::early_start_requested.eq(excluded(s::early_start_requested)),
                    s::starts_on.eq(excluded(s::starts_on)),
                    s::ends_on.eq(excluded(s::ends_on)),
                    s::ended_by_change_id.eq(excluded(s::ended_by_change_id)),
                    s::withdrawn_on.eq(excluded(s::withdrawn_on)),
                    s::billed_through_on.eq(excluded(s::billed_through_on)),
                    s::started_recorded.eq(excluded(s::started_recorded)),
                    s::ended_recorded.eq(excluded(s::ended_recorded)),
                    s::parent_id.eq(excluded(s::parent_id)),
                    s::add_on_id.eq(excluded(s::add_on_id)),
                    s::included.eq(excluded(s::included)),
                    s::created_by_change_id.eq(excluded(s::created_by_change_id)),
                    s::performed_on.eq(excluded(s::performed_on)),
                    s::version.eq(excluded(s::version)),
                    s::updated_at.eq(excluded(s::updated_at)),
                ))
                .execute(open)?;
        }
        return Ok(());
    }
    for row in rows {
        update(conn, row)?;
    }
    Ok(())
}

/// Writes a changed contract.
fn update(conn: &mut DbConnection, row: &SubscriptionRow) -> Result<(), DbError> {
    diesel::update(subscriptions::table.find(&row.id))
        .set(row)
        .execute(conn)?;
    Ok(())
}

/// Writes a changed phase.
pub fn update_phase(conn: &mut DbConnection, row: &PhaseRow) -> Result<(), DbError> {
    diesel::update(phases::table.find(&row.id)).set(row).execute(conn)?;
    Ok(())
}

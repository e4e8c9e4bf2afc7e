//! Usage records as rows.

use diesel::dsl::{min, sum};
use diesel::prelude::*;
use time::Date;

use super::customers::restricted;
use crate::db::schema::usage_records;
use crate::db::{DbConnection, DbError, MultiBackend, Utc, insert_all};

/// A usage record.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = usage_records, treat_none_as_default_value = false)]
pub struct UsageRow {
    /// Id (`usg_`).
    pub id: String,
    /// Who charges.
    pub provider_id: String,
    /// Who used.
    pub customer_id: String,
    /// Under which contract.
    pub subscription_id: String,
    /// The plan version whose price applies.
    pub plan_version_id: String,
    /// Key of the price.
    pub price_key: String,
    /// Units.
    pub quantity: i32,
    /// The reporter's own id, unique per provider.
    pub reference: Option<String>,
    /// When they were used.
    pub used_at: Utc,
    /// Legal day of use.
    pub used_on: Date,
    /// Legal day of the report.
    pub recorded_on: Date,
    /// When it was reported, in business time.
    pub recorded_at: Utc,
    /// The day on which it was charged.
    pub billed_on: Option<Date>,
    /// The charge that took it up.
    pub charge_id: Option<String>,
}

/// What a list of usage is narrowed by. Ownership is part of it.
#[derive(Debug, Clone, Default)]
pub struct UsageFilter {
    /// Who charges.
    pub provider_id: String,
    /// Whether data that are kept only because the law demands it are shown too.
    pub restricted_too: bool,
    /// Only this customer's.
    pub customer_id: Option<String>,
    /// Only this contract's.
    pub subscription_id: Option<String>,
    /// Only what this charge took up.
    pub charge_id: Option<String>,
    /// Only older records than this id.
    pub before_id: Option<String>,
}

/// Usage of one price, reported on one day and not yet charged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnbilledRow {
    /// The customer.
    pub customer_id: String,
    /// The contract.
    pub subscription_id: String,
    /// The plan version whose price applies.
    pub plan_version_id: String,
    /// Key of the price.
    pub price_key: String,
    /// Day of the reports.
    pub recorded_on: Date,
    /// First day of use.
    pub first_used_on: Date,
    /// Units.
    pub quantity: i64,
}

/// What some customers have used and not been charged for, summed up in the database: there may be very many records.
pub fn unbilled(conn: &mut DbConnection, customer_ids: &[&str]) -> Result<Vec<UnbilledRow>, DbError> {
    use usage_records as usage;
    type Group = (String, String, String, String, Date, Option<Date>, Option<i64>);
    let groups: Vec<Group> = usage::table
        .filter(usage::customer_id.eq_any(customer_ids))
        .filter(usage::billed_on.is_null())
        .group_by((
            usage::customer_id,
            usage::subscription_id,
            usage::plan_version_id,
            usage::price_key,
            usage::recorded_on,
        ))
        .select((
            usage::customer_id,
            usage::subscription_id,
            usage::plan_version_id,
            usage::price_key,
            usage::recorded_on,
            min(usage::used_on),
            sum(usage::quantity),
        ))
        .order((
            usage::customer_id,
            usage::subscription_id,
            usage::recorded_on,
            usage::plan_version_id,
            usage::price_key,
        ))
        .load(conn)?;
    Ok(groups
        .into_iter()
        .map(
            |(customer_id, subscription_id, plan_version_id, price_key, recorded_on, first, quantity)| UnbilledRow {
                customer_id,
                subscription_id,
                plan_version_id,
                price_key,
                recorded_on,
                first_used_on: first.unwrap_or(recorded_on),
                quantity: quantity.unwrap_or(0),
            },
        )
        .collect())
}

/// Notes that a charge has taken up what was reported on one day for one price; `charge_id` is absent where it is free.
pub fn set_billed(
    conn: &mut DbConnection,
    row: &UnbilledRow,
    billed_on: Date,
    charge_id: Option<&str>,
) -> Result<(), DbError> {
    use usage_records as usage;
    diesel::update(
        usage::table
            .filter(usage::customer_id.eq(&row.customer_id))
            .filter(usage::subscription_id.eq(&row.subscription_id))
            .filter(usage::plan_version_id.eq(&row.plan_version_id))
            .filter(usage::price_key.eq(&row.price_key))
            .filter(usage::recorded_on.eq(row.recorded_on))
            .filter(usage::billed_on.is_null()),
    )
    .set((usage::billed_on.eq(billed_on), usage::charge_id.eq(charge_id)))
    .execute(conn)?;
    Ok(())
}

/// The records of a provider that carry one of these references.
pub fn with_references(
    conn: &mut DbConnection,
    provider_id: &str,
    references: &[&str],
) -> Result<Vec<UsageRow>, DbError> {
    Ok(usage_records::table
        .filter(usage_records::provider_id.eq(provider_id))
        .filter(usage_records::reference.eq_any(references))
        .select(UsageRow::as_select())
        .load(conn)?)
}

/// A page of usage, newest first.
pub fn list(conn: &mut DbConnection, filter: &UsageFilter, limit: i64) -> Result<Vec<UsageRow>, DbError> {
    let mut query = usage_records::table
        .filter(usage_records::provider_id.eq(&filter.provider_id))
        .order(usage_records::id.desc())
        .limit(limit)
        .select(UsageRow::as_select())
        .into_boxed::<MultiBackend>();
    if !filter.restricted_too {
        query = query.filter(usage_records::customer_id.ne_all(restricted(&filter.provider_id)));
    }
    if let Some(customer_id) = &filter.customer_id {
        query = query.filter(usage_records::customer_id.eq(customer_id));
    }
    if let Some(subscription_id) = &filter.subscription_id {
        query = query.filter(usage_records::subscription_id.eq(subscription_id));
    }
    if let Some(charge_id) = &filter.charge_id {
        query = query.filter(usage_records::charge_id.eq(charge_id));
    }
    if let Some(id) = &filter.before_id {
        query = query.filter(usage_records::id.lt(id));
    }
    Ok(query.load(conn)?)
}

/// Stores new records.
pub fn insert(conn: &mut DbConnection, rows: &[UsageRow]) -> Result<(), DbError> {
    insert_all!(conn, usage_records::table, rows)
}

//! Withdrawals as rows. They are written once and never changed.

use diesel::prelude::*;
use time::Date;

use super::customers::restricted;
use crate::db::schema::withdrawals;
use crate::db::{DbConnection, DbError, JsonText, MultiBackend, Utc, insert_all};
use crate::domain::catalogue::Compensation;
use crate::domain::withdrawal::{Withdrawal, WithdrawalAmounts, WithdrawalKind, WithdrawalTraces};

/// A withdrawal.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = withdrawals)]
pub struct WithdrawalRow {
    /// Id (`wdr_`).
    pub id: String,
    /// From whose contract.
    pub provider_id: String,
    /// Who withdrew.
    pub customer_id: String,
    /// The contract.
    pub subscription_id: String,
    /// The contract, or the booking on it.
    pub item_id: String,
    /// `contract`, `add_on`, `quantity` or `plan_change`.
    pub kind: String,
    /// Units, where only some were withdrawn from.
    pub quantity: Option<i64>,
    /// The change that was named.
    pub plan_change_id: Option<String>,
    /// The cancellation that was treated as this withdrawal.
    pub cancellation_id: Option<String>,
    /// The reason, if one was given.
    pub reason: Option<String>,
    /// When it was received.
    pub received_at: Utc,
    /// When a letter was sent.
    pub dispatched_at: Option<Utc>,
    /// The day on which access ended.
    pub withdrawn_on: Date,
    /// The last day on which it was possible.
    pub last_day_on: Date,
    /// The day by which payments are returned.
    pub refund_by_on: Date,
    /// `none` or `pro_rata`.
    pub compensation: String,
    /// What became of the money.
    pub amounts: JsonText<WithdrawalAmounts>,
    /// What it touched.
    pub traces: JsonText<WithdrawalTraces>,
    /// When it was recorded.
    pub created_at: Utc,
}

/// What a list of withdrawals is narrowed by. Ownership is part of it.
#[derive(Debug, Clone, Default)]
pub struct WithdrawalFilter {
    /// From whose contracts.
    pub provider_id: String,
    /// Whether data that are kept only because the law demands it are shown too.
    pub restricted_too: bool,
    /// Only this customer's.
    pub customer_id: Option<String>,
    /// Only from this contract and what is booked on it.
    pub subscription_id: Option<String>,
    /// Only older ones than this id.
    pub before_id: Option<String>,
}

/// Stores new withdrawals.
pub fn insert(
    conn: &mut DbConnection,
    provider_id: &str,
    customer_id: &str,
    new: &[Withdrawal],
) -> Result<(), DbError> {
    let rows: Vec<WithdrawalRow> = new.iter().map(|one| row(provider_id, customer_id, one)).collect();
    insert_all!(conn, withdrawals::table, &rows)
}

/// A withdrawal the caller may see.
pub fn find(
    conn: &mut DbConnection,
    provider_id: &str,
    customer_id: Option<&str>,
    id: &str,
) -> Result<Option<WithdrawalRow>, DbError> {
    let mut query = withdrawals::table
        .filter(withdrawals::id.eq(id))
        .filter(withdrawals::provider_id.eq(provider_id))
        .select(WithdrawalRow::as_select())
        .into_boxed::<MultiBackend>();
    if let Some(customer_id) = customer_id {
        query = query.filter(withdrawals::customer_id.eq(customer_id));
    }
    Ok(query.first(conn).optional()?)
}

/// A page of withdrawals, newest first.
pub fn list(conn: &mut DbConnection, filter: &WithdrawalFilter, limit: i64) -> Result<Vec<WithdrawalRow>, DbError> {
    let mut query = withdrawals::table
        .filter(withdrawals::provider_id.eq(&filter.provider_id))
        .order(withdrawals::id.desc())
        .limit(limit)
        .select(WithdrawalRow::as_select())
        .into_boxed::<MultiBackend>();
    if !filter.restricted_too {
        query = query.filter(withdrawals::customer_id.ne_all(restricted(&filter.provider_id)));
    }
    if let Some(customer_id) = &filter.customer_id {
        query = query.filter(withdrawals::customer_id.eq(customer_id));
    }
    if let Some(subscription_id) = &filter.subscription_id {
        query = query.filter(withdrawals::subscription_id.eq(subscription_id));
    }
    if let Some(before_id) = &filter.before_id {
        query = query.filter(withdrawals::id.lt(before_id));
    }
    Ok(query.load(conn)?)
}

/// A withdrawal in memory.
///
/// # Errors
/// [`DbError::Other`] when the row holds a value this program does not know.
pub fn in_memory(row: &WithdrawalRow) -> Result<Withdrawal, DbError> {
    let unreadable = |what: &str| DbError::Other(format!("{what} of {} cannot be read", row.id));
    let quantity = row.quantity.map(u32::try_from).transpose();
    Ok(Withdrawal {
        id: row.id.clone(),
        subscription_id: row.subscription_id.clone(),
        item_id: row.item_id.clone(),
        kind: WithdrawalKind::parse(&row.kind).ok_or_else(|| unreadable("kind"))?,
        quantity: quantity.map_err(|_| unreadable("quantity"))?,
        plan_change_id: row.plan_change_id.clone(),
        cancellation_id: row.cancellation_id.clone(),
        reason: row.reason.clone(),
        received_at: row.received_at.instant(),
        dispatched_at: row.dispatched_at.map(Utc::instant),
        withdrawn_on: row.withdrawn_on,
        last_day_on: row.last_day_on,
        refund_by_on: row.refund_by_on,
        compensation: Compensation::parse(&row.compensation).ok_or_else(|| unreadable("compensation"))?,
        amounts: row.amounts.0,
        traces: row.traces.0.clone(),
        created_at: row.created_at.instant(),
    })
}

fn row(provider_id: &str, customer_id: &str, withdrawal: &Withdrawal) -> WithdrawalRow {
    WithdrawalRow {
        id: withdrawal.id.clone(),
        provider_id: provider_id.to_owned(),
        customer_id: customer_id.to_owned(),
        subscription_id: withdrawal.subscription_id.clone(),
        item_id: withdrawal.item_id.clone(),
        kind: withdrawal.kind.as_str().to_owned(),
        quantity: withdrawal.quantity.map(i64::from),
        plan_change_id: withdrawal.plan_change_id.clone(),
        cancellation_id: withdrawal.cancellation_id.clone(),
        reason: withdrawal.reason.clone(),
        received_at: withdrawal.received_at.into(),
        dispatched_at: withdrawal.dispatched_at.map(Utc::from),
        withdrawn_on: withdrawal.withdrawn_on,
        last_day_on: withdrawal.last_day_on,
        refund_by_on: withdrawal.refund_by_on,
        compensation: withdrawal.compensation.as_str().to_owned(),
        amounts: JsonText(withdrawal.amounts),
        traces: JsonText(withdrawal.traces.clone()),
        created_at: withdrawal.created_at.into(),
    }
}

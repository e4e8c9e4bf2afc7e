//! Test clocks: the business time of sandbox customers.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::db::schema::test_clocks;
use crate::db::{DbConnection, DbError, MultiBackend, Utc, lock_rows};

/// One test clock.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = test_clocks)]
pub struct TestClockRow {
    /// Id (`clk_`).
    pub id: String,
    /// Whose clock it is.
    pub provider_id: String,
    /// What its owner calls it.
    pub name: Option<String>,
    /// The instant it shows.
    pub now_at: Utc,
    /// Where it is being moved to, while that is under way.
    pub advancing_to_at: Option<Utc>,
    /// When it was created, on the wall clock.
    pub created_at: Utc,
}

/// One clock of the provider.
pub fn find(conn: &mut DbConnection, provider_id: &str, clock_id: &str) -> Result<Option<TestClockRow>, DbError> {
    Ok(test_clocks::table
        .find(clock_id)
        .filter(test_clocks::provider_id.eq(provider_id))
        .select(TestClockRow::as_select())
        .first(conn)
        .optional()?)
}

/// One clock of the provider, locked until the end of the transaction.
pub fn lock(conn: &mut DbConnection, provider_id: &str, clock_id: &str) -> Result<Option<TestClockRow>, DbError> {
    let row = lock_rows!(
        conn,
        test_clocks::table
            .find(clock_id)
            .filter(test_clocks::provider_id.eq(provider_id))
            .select(TestClockRow::as_select()),
        first
    );
    Ok(row.optional()?)
}

/// A page of the provider's clocks, newest first; `before_id` is the last one of the page before.
pub fn list(
    conn: &mut DbConnection,
    provider_id: &str,
    before_id: Option<&str>,
    limit: i64,
) -> Result<Vec<TestClockRow>, DbError> {
    let mut query = test_clocks::table
        .filter(test_clocks::provider_id.eq(provider_id))
        .select(TestClockRow::as_select())
        .into_boxed::<MultiBackend>();
    if let Some(id) = before_id {
        query = query.filter(test_clocks::id.lt(id));
    }
    Ok(query.order(test_clocks::id.desc()).limit(limit).load(conn)?)
}

/// What some clocks show.
pub fn instants(conn: &mut DbConnection, clock_ids: &[&str]) -> Result<HashMap<String, Utc>, DbError> {
    let rows: Vec<(String, Utc)> = test_clocks::table
        .filter(test_clocks::id.eq_any(clock_ids))
        .select((test_clocks::id, test_clocks::now_at))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Adds a clock.
pub fn insert(conn: &mut DbConnection, row: &TestClockRow) -> Result<(), DbError> {
    diesel::insert_into(test_clocks::table).values(row).execute(conn)?;
    Ok(())
}

/// Sets what the clock shows and where it is being moved to.
pub fn set(conn: &mut DbConnection, clock_id: &str, now_at: Utc, advancing_to_at: Option<Utc>) -> Result<(), DbError> {
    diesel::update(test_clocks::table.find(clock_id))
        .set((
            test_clocks::now_at.eq(now_at),
            test_clocks::advancing_to_at.eq(advancing_to_at),
        ))
        .execute(conn)?;
    Ok(())
}

//! Slot allocations as rows.

use diesel::prelude::*;
use time::Date;

use crate::db::schema::slot_allocations;
use crate::db::{DbConnection, DbError, JsonText, Utc, insert_all};
use crate::domain::slots::{Presence, SlotAllocation, SlotMove};

/// What occupies or occupied a slot.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset, Identifiable)]
#[diesel(table_name = slot_allocations, treat_none_as_null = true)]
pub struct SlotRow {
    /// Id (`slt_`).
    pub id: String,
    /// The customer, so that an account is loaded with one query per table.
    pub customer_id: String,
    /// The contract.
    pub subscription_id: String,
    /// Kind of slot.
    pub kind: String,
    /// Which of the contract's slots of this kind, from 1.
    pub number: i64,
    /// Key of the target.
    pub target: String,
    /// The customer's name for it.
    pub name: String,
    /// Its address.
    pub url: Option<String>,
    /// First day in this contract.
    pub from_on: Date,
    /// When it was allocated.
    pub allocated_at: Utc,
    /// Day on which the slot became free again.
    pub released_on: Option<Date>,
    /// The contracts it was in before.
    pub moves: JsonText<Vec<SlotMove>>,
    /// Counts its states.
    pub version: i64,
}

impl SlotRow {
    /// The row of an allocation.
    pub fn of(customer_id: &str, slot: &SlotAllocation) -> Self {
        Self {
            id: slot.id.clone(),
            customer_id: customer_id.to_owned(),
            subscription_id: slot.subscription_id.clone(),
            kind: slot.presence.kind.clone(),
            number: i64::from(slot.number),
            target: slot.presence.target.clone(),
            name: slot.presence.name.clone(),
            url: slot.presence.url.clone(),
            from_on: slot.from_on,
            allocated_at: slot.allocated_at.into(),
            released_on: slot.released_on,
            moves: JsonText(slot.moves.clone()),
            version: slot.version,
        }
    }

    /// The allocation in memory.
    ///
    /// # Errors
    /// [`DbError::Other`] when the row holds a number this program does not write.
    pub fn in_memory(&self) -> Result<SlotAllocation, DbError> {
        Ok(SlotAllocation {
            id: self.id.clone(),
            subscription_id: self.subscription_id.clone(),
            number: u32::try_from(self.number)
                .map_err(|_| DbError::Other(format!("number of {} cannot be read", self.id)))?,
            presence: Presence {
                kind: self.kind.clone(),
                target: self.target.clone(),
                name: self.name.clone(),
                url: self.url.clone(),
            },
            from_on: self.from_on,
            allocated_at: self.allocated_at.instant(),
            released_on: self.released_on,
            moves: self.moves.0.clone(),
            version: self.version,
        })
    }
}

/// What occupies the slots of some customers' contracts today, oldest first; released ones are history and not loaded.
pub fn load_for_customers(conn: &mut DbConnection, customer_ids: &[&str]) -> Result<Vec<SlotRow>, DbError> {
    Ok(slot_allocations::table
        .filter(slot_allocations::customer_id.eq_any(customer_ids))
        .filter(slot_allocations::released_on.is_null())
        .order(slot_allocations::id)
        .select(SlotRow::as_select())
        .load(conn)?)
}

/// Stores new allocations.
pub fn insert(conn: &mut DbConnection, rows: &[SlotRow]) -> Result<(), DbError> {
    insert_all!(conn, slot_allocations::table, rows)
}

/// Writes a changed allocation.
pub fn update(conn: &mut DbConnection, row: &SlotRow) -> Result<(), DbError> {
    diesel::update(slot_allocations::table.find(&row.id))
        .set(row)
        .execute(conn)?;
    Ok(())
}

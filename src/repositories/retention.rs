//! Erasing and counting a customer's data.

use diesel::dsl::{count_star, max, min};
use diesel::prelude::*;
use time::Date;

use crate::db::schema::{
    changes, charges, credit_notes, customers, data_erasures, declarations, emails, events, invoices, payments,
    slot_allocations, subscriptions, usage_records, withdrawals,
};
use crate::db::{DbConnection, DbError, JsonText, MultiBackend, Utc, lock_rows};
use crate::domain::time_zone::TimeZone;
use crate::repositories::customers::Metadata;

/// What was erased with the end of a contract, and whether the provider has followed in its own systems.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = data_erasures)]
pub struct ErasureRow {
    /// Id (`ers_`).
    pub id: String,
    /// Who must follow.
    pub provider_id: String,
    /// Whose data.
    pub customer_id: String,
    /// The contract that ended.
    pub subscription_id: String,
    /// The cancellation that asked for it.
    pub cancellation_id: String,
    /// The day on which it fell due.
    pub due_on: Date,
    /// Last day for the provider's own systems.
    pub deadline_on: Date,
    /// When the data here were erased, on the customer's time.
    pub erased_at: Utc,
    /// How many events lost their data.
    pub erased_event_payloads: i64,
    /// How many slots lost the name and address of what they held.
    pub erased_slots: i64,
    /// Whether the customer's profile was erased too.
    pub erased_profile: bool,
    /// When the provider confirmed the erasure in its own systems.
    pub acknowledged_at: Option<Utc>,
    /// Who confirmed it.
    pub acknowledged_by: Option<String>,
    /// The provider's note.
    pub note: Option<String>,
    /// Counts its states, from 1.
    pub version: i64,
}

/// How much there is of something, and from which days.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extent {
    /// How many.
    pub count: i64,
    /// Day of the first.
    pub from_on: Option<Date>,
    /// Day of the last.
    pub through_on: Option<Date>,
}

impl Extent {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            from_on: [self.from_on, other.from_on].into_iter().flatten().min(),
            through_on: self.through_on.max(other.through_on),
        }
    }
}

/// Stores an erasure.
pub fn insert(conn: &mut DbConnection, row: &ErasureRow) -> Result<(), DbError> {
    diesel::insert_into(data_erasures::table).values(row).execute(conn)?;
    Ok(())
}

/// The erasures of a customer, oldest first.
pub fn of_customer(conn: &mut DbConnection, customer_id: &str) -> Result<Vec<ErasureRow>, DbError> {
    Ok(data_erasures::table
        .filter(data_erasures::customer_id.eq(customer_id))
        .order(data_erasures::id)
        .select(ErasureRow::as_select())
        .load(conn)?)
}

/// The customer of an erasure of this provider.
pub fn customer_of(conn: &mut DbConnection, provider_id: &str, id: &str) -> Result<Option<String>, DbError> {
    Ok(data_erasures::table
        .find(id)
        .filter(data_erasures::provider_id.eq(provider_id))
        .select(data_erasures::customer_id)
        .first(conn)
        .optional()?)
}

/// An erasure, locked until the end of the transaction.
pub fn lock(conn: &mut DbConnection, provider_id: &str, id: &str) -> Result<Option<ErasureRow>, DbError> {
    let row = lock_rows!(
        conn,
        data_erasures::table
            .find(id)
            .filter(data_erasures::provider_id.eq(provider_id))
            .select(ErasureRow::as_select()),
        first
    );
    Ok(row.optional()?)
}

/// Notes that the provider has followed.
pub fn acknowledge(conn: &mut DbConnection, row: &ErasureRow) -> Result<(), DbError> {
    diesel::update(data_erasures::table.find(&row.id))
        .set((
            data_erasures::acknowledged_at.eq(row.acknowledged_at),
            data_erasures::acknowledged_by.eq(&row.acknowledged_by),
            data_erasures::note.eq(&row.note),
            data_erasures::version.eq(row.version),
        ))
        .execute(conn)?;
    Ok(())
}

/// Puts `erased` in the place of the data of a customer's events of some types, all of them or those of one contract. The hash of
/// what stood there stays, so that the chain holds. Says how many.
pub fn erase_payloads(
    conn: &mut DbConnection,
    customer_id: &str,
    subscription_id: Option<&str>,
    types: &[&str],
    erased: &str,
) -> Result<usize, DbError> {
    let of_types = events::table
        .filter(events::customer_id.eq(customer_id))
        .filter(events::event_type.eq_any(types))
        .filter(events::data.ne(erased));
    let changed = match subscription_id {
        Some(id) => diesel::update(of_types.filter(events::subscription_id.eq(id)))
            .set(events::data.eq(erased))
            .execute(conn)?,
        None => diesel::update(of_types).set(events::data.eq(erased)).execute(conn)?,
    };
    Ok(changed)
}

/// Forgets what the slots of a customer held, all of them or those of one contract; that and when they were taken stays. Says how
/// many had held something.
pub fn erase_slots(
    conn: &mut DbConnection,
    customer_id: &str,
    subscription_id: Option<&str>,
) -> Result<usize, DbError> {
    let held = slot_allocations::table
        .filter(slot_allocations::customer_id.eq(customer_id))
        .filter(slot_allocations::name.ne(""));
    let nothing = (slot_allocations::name.eq(""), slot_allocations::url.eq(None::<String>));
    Ok(match subscription_id {
        Some(id) => diesel::update(held.filter(slot_allocations::subscription_id.eq(id)))
            .set(nothing)
            .execute(conn)?,
        None => diesel::update(held).set(nothing).execute(conn)?,
    })
}

/// Forgets the references that usage came with, which name what the customer did; quantity and day stand on invoices and stay.
pub fn erase_usage_references(
    conn: &mut DbConnection,
    customer_id: &str,
    subscription_id: Option<&str>,
) -> Result<(), DbError> {
    let named = usage_records::table
        .filter(usage_records::customer_id.eq(customer_id))
        .filter(usage_records::reference.is_not_null());
    let nothing = usage_records::reference.eq(None::<String>);
    match subscription_id {
        Some(id) => diesel::update(named.filter(usage_records::subscription_id.eq(id)))
            .set(nothing)
            .execute(conn)?,
        None => diesel::update(named).set(nothing).execute(conn)?,
    };
    Ok(())
}

/// Forgets what is known of a customer beyond what letters and invoices need.
pub fn erase_profile(conn: &mut DbConnection, customer_id: &str, now: Utc) -> Result<(), DbError> {
    diesel::update(customers::table.find(customer_id))
        .set((
            customers::metadata.eq(JsonText(Metadata::new())),
            customers::external_id.eq(None::<String>),
            customers::restricted_at.eq(now),
            customers::version.eq(customers::version + 1),
            customers::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// Invoices, credit notes, payments, charges and usage of a customer.
pub fn extent_of_invoices(conn: &mut DbConnection, customer_id: &str) -> Result<Extent, DbError> {
    let invoices = dates(
        invoices::table
            .filter(invoices::customer_id.eq(customer_id))
            .select((count_star(), min(invoices::issued_on), max(invoices::issued_on)))
            .first(conn)?,
    );
    let credit_notes = dates(
        credit_notes::table
            .filter(credit_notes::customer_id.eq(customer_id))
            .select((count_star(), min(credit_notes::issued_on), max(credit_notes::issued_on)))
            .first(conn)?,
    );
    let payments = dates(
        payments::table
            .filter(payments::customer_id.eq(customer_id))
            .select((count_star(), min(payments::received_on), max(payments::received_on)))
            .first(conn)?,
    );
    let charges = dates(
        charges::table
            .filter(charges::customer_id.eq(customer_id))
            .select((count_star(), min(charges::charged_on), max(charges::charged_on)))
            .first(conn)?,
    );
    let usage = dates(
        usage_records::table
            .filter(usage_records::customer_id.eq(customer_id))
            .select((count_star(), min(usage_records::used_on), max(usage_records::used_on)))
            .first(conn)?,
    );
    Ok(invoices.and(credit_notes).and(payments).and(charges).and(usage))
}

/// Contracts, changes, cancellations, withdrawals, declarations and e-mails of a customer.
pub fn extent_of_letters(conn: &mut DbConnection, customer_id: &str, zone: &TimeZone) -> Result<Extent, DbError> {
    let contracts = instants(
        subscriptions::table
            .filter(subscriptions::customer_id.eq(customer_id))
            .select((
                count_star(),
                min(subscriptions::concluded_at),
                max(subscriptions::concluded_at),
            ))
            .first(conn)?,
        zone,
    );
    let changed = instants(
        changes::table
            .filter(changes::customer_id.eq(customer_id))
            .select((count_star(), min(changes::received_at), max(changes::received_at)))
            .first(conn)?,
        zone,
    );
    let withdrawn = instants(
        withdrawals::table
            .filter(withdrawals::customer_id.eq(customer_id))
            .select((
                count_star(),
                min(withdrawals::received_at),
                max(withdrawals::received_at),
            ))
            .first(conn)?,
        zone,
    );
    let declared = instants(
        declarations::table
            .filter(declarations::customer_id.eq(customer_id))
            .select((
                count_star(),
                min(declarations::received_at),
                max(declarations::received_at),
            ))
            .first(conn)?,
        zone,
    );
    let mailed = instants(
        emails::table
            .filter(emails::customer_id.eq(customer_id))
            .select((count_star(), min(emails::occurred_at), max(emails::occurred_at)))
            .first(conn)?,
        zone,
    );
    Ok(contracts.and(changed).and(withdrawn).and(declared).and(mailed))
}

/// Events of a customer whose data are still there.
pub fn extent_of_evidence(
    conn: &mut DbConnection,
    customer_id: &str,
    erased: &str,
    zone: &TimeZone,
) -> Result<Extent, DbError> {
    Ok(instants(
        events::table
            .filter(events::customer_id.eq(customer_id))
            .filter(events::data.ne(erased))
            .select((count_star(), min(events::occurred_at), max(events::occurred_at)))
            .into_boxed::<MultiBackend>()
            .first(conn)?,
        zone,
    ))
}

fn dates((count, from_on, through_on): (i64, Option<Date>, Option<Date>)) -> Extent {
    Extent {
        count,
        from_on,
        through_on,
    }
}

/// The days of instants, in the provider's zone.
fn instants((count, from, through): (i64, Option<Utc>, Option<Utc>), zone: &TimeZone) -> Extent {
    let day = |at: Utc| zone.local_date(at.instant());
    dates((count, from.map(day), through.map(day)))
}

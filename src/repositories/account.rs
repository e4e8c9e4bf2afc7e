//! The aggregate of a customer: locked, loaded, and saved by its difference.

use std::collections::HashMap;
use std::sync::Arc;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date as SqlDate, Nullable, Text, Timestamp};
use time::Date;

use crate::db::schema::{changes, customers, subscriptions};
use crate::db::{DbConnection, DbError, JsonText, MultiBackend, Utc, lock_free_rows, lock_rows};
use crate::domain::account::Account;
use crate::domain::change::{Change, ChangeStatus};
use crate::domain::charge::{Charge, ChargeKind, ChargeStatus};
use crate::domain::customer_type::CustomerType;
use crate::domain::invoice::BillingDetails;
use crate::domain::money::{Currency, Money, UnitPrice};
use crate::domain::period::{BillingInterval, BillingSchedule};
use crate::domain::plan_version::PlanVersion;
use crate::domain::subscription::{Booking, Phase, Subscription};
use crate::domain::tax::PriceMode;
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
        subscriptions: super::subscriptions::load_for_customer(conn, customer_id)?,
        phases: super::subscriptions::phases_for_customer(conn, customer_id)?,
        changes: super::changes::load_for_customer(conn, customer_id)?,
        charges: super::charges::load_for_customer(conn, customer_id, charges_from)?,
        slots: super::slots::load_for_customers(conn, &[customer_id])?,
    })
}

/// The same for many customers, with one query per table; by customer.
pub fn load_many(
    conn: &mut DbConnection,
    customer_ids: &[&str],
    charges_from: Date,
) -> Result<HashMap<String, AccountRows>, DbError> {
    let mut accounts: HashMap<String, AccountRows> = HashMap::with_capacity(customer_ids.len());
    for row in super::subscriptions::load_for_customers(conn, customer_ids)? {
        accounts
            .entry(row.customer_id.clone())
            .or_default()
            .subscriptions
            .push(row);
    }
    for row in super::subscriptions::phases_for_customers(conn, customer_ids)? {
        accounts.entry(row.customer_id.clone()).or_default().phases.push(row);
    }
    for row in super::changes::load_for_customers(conn, customer_ids)? {
        accounts.entry(row.customer_id.clone()).or_default().changes.push(row);
    }
    for row in super::charges::load_for_customers(conn, customer_ids, charges_from)? {
        accounts.entry(row.customer_id.clone()).or_default().charges.push(row);
    }
    for row in super::slots::load_for_customers(conn, customer_ids)? {
        accounts.entry(row.customer_id.clone()).or_default().slots.push(row);
    }
    Ok(accounts)
}

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
    super::subscriptions::insert(conn, &new.subscriptions)?;
    super::subscriptions::update_all(conn, &changed.subscriptions)?;
    // Changed phases first, removed ones before all: a phase that is replaced on its first day makes room for another.
    let (removed, present): (Vec<_>, Vec<_>) = changed.phases.iter().partition(|row| row.removed);
    for row in removed.into_iter().chain(present) {
        super::subscriptions::update_phase(conn, row)?;
    }
    super::subscriptions::insert_phases(conn, &new.phases)?;
    for row in &changed.changes {
        super::changes::update(conn, row)?;
    }
    super::changes::insert(conn, &new.changes)?;
    // Changed charges first: one that is taken back makes room for the same period charged anew.
    super::charges::update_all(conn, &changed.charges)?;
    super::charges::insert(conn, &new.charges)?;
    // Released slots first, so that others can move into them.
    let (released, moved): (Vec<_>, Vec<_>) = changed.slots.iter().partition(|row| row.released_on.is_some());
    for row in released.into_iter().chain(moved) {
        super::slots::update(conn, row)?;
    }
    super::slots::insert(conn, &new.slots)
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

/// A stored value this program does not understand: a defect or damage, never the caller's fault.
fn unreadable(what: &str, id: &str) -> DbError {
    DbError::Other(format!("{what} of {id} cannot be read"))
}

impl AccountRows {
    /// The contracts in memory. `plans` holds every plan version the phases name.
    ///
    /// # Errors
    /// [`DbError::Other`] when a row holds a value this program does not know.
    pub fn subscriptions(&self, plans: &HashMap<String, Arc<PlanVersion>>) -> Result<Vec<Subscription>, DbError> {
        self.subscriptions
            .iter()
            .map(|row| self.subscription(row, plans))
            .collect()
    }

    fn subscription(
        &self,
        row: &SubscriptionRow,
        plans: &HashMap<String, Arc<PlanVersion>>,
    ) -> Result<Subscription, DbError> {
        let phases = self.phases.iter().filter(|phase| phase.subscription_id == row.id);
        let changes = self.changes.iter().filter(|change| change.subscription_id == row.id);
        let charges = self.charges.iter().filter(|charge| charge.item_id == row.id);
        Ok(Subscription {
            id: row.id.clone(),
            contract_number: row.contract_number.clone(),
            customer_type: CustomerType::parse(&row.customer_type)
                .ok_or_else(|| unreadable("customer type", &row.id))?,
            concluded_at: row.concluded_at.instant(),
            instructed_at: row.instructed_at.map(Utc::instant),
            early_start_requested: row.early_start_requested,
            starts_on: row.starts_on,
            ends_on: row.ends_on,
            ended_by_change_id: row.ended_by_change_id.clone(),
            withdrawn_on: row.withdrawn_on,
            billed_through_on: row.billed_through_on,
            started_recorded: row.started_recorded,
            ended_recorded: row.ended_recorded,
            version: row.version,
            created_at: row.created_at.instant(),
            updated_at: row.updated_at.instant(),
            booking: booking_in_memory(row),
            phases: phases
                .map(|phase| phase_in_memory(phase, plans))
                .collect::<Result<_, _>>()?,
            changes: changes.map(change_in_memory).collect::<Result<_, _>>()?,
            charges: charges.map(charge_in_memory).collect::<Result<_, _>>()?,
        })
    }

    /// The rows of contracts in memory, and of what occupies their slots.
    pub fn of(provider_id: &str, account: &Account) -> Self {
        let customer_id = account.customer_id.as_str();
        let mut rows = Self {
            slots: account
                .slots
                .iter()
                .map(|slot| SlotRow::of(customer_id, slot))
                .collect(),
            ..Self::default()
        };
        for subscription in &account.subscriptions {
            rows.subscriptions
                .push(subscription_row(provider_id, customer_id, subscription));
            let phases = subscription.phases.iter();
            rows.phases
                .extend(phases.map(|phase| phase_row(customer_id, &subscription.id, phase)));
            let changes = subscription.changes.iter();
            rows.changes
                .extend(changes.map(|change| change_row(provider_id, customer_id, &subscription.id, change)));
            let charges = subscription.charges.iter();
            rows.charges
                .extend(charges.map(|charge| charge_row(provider_id, customer_id, subscription.contract_id(), charge)));
        }
        rows
    }
}

fn booking_in_memory(row: &SubscriptionRow) -> Option<Booking> {
    Some(Booking {
        subscription_id: row.parent_id.clone()?,
        add_on_id: row.add_on_id.clone()?,
        included: row.included,
        created_by_change_id: row.created_by_change_id.clone(),
        performed_on: row.performed_on,
    })
}

fn phase_in_memory(row: &PhaseRow, plans: &HashMap<String, Arc<PlanVersion>>) -> Result<Phase, DbError> {
    let interval = u32::try_from(row.billing_interval_months)
        .ok()
        .and_then(|months| BillingInterval::new(months).ok());
    Ok(Phase {
        id: row.id.clone(),
        plan: plans
            .get(row.version_id())
            .cloned()
            .ok_or_else(|| unreadable("plan version", &row.id))?,
        quantity: u32::try_from(row.quantity).map_err(|_| unreadable("quantity", &row.id))?,
        from_on: row.from_on,
        through_on: row.through_on,
        schedule: BillingSchedule {
            anchor_on: row.billing_anchor_on,
            interval: interval.ok_or_else(|| unreadable("billing interval", &row.id))?,
        },
        created_by_change_id: row.created_by_change_id.clone(),
        ended_by_change_id: row.ended_by_change_id.clone(),
        removed: row.removed,
    })
}

/// A change in memory.
///
/// # Errors
/// [`DbError::Other`] when the row holds a status this program does not know.
pub fn change_in_memory(row: &ChangeRow) -> Result<Change, DbError> {
    Ok(Change {
        id: row.id.clone(),
        status: ChangeStatus::parse(&row.status).ok_or_else(|| unreadable("status", &row.id))?,
        received_at: row.received_at.instant(),
        effective_on: row.effective_on,
        superseded_by_id: row.superseded_by_id.clone(),
        settled_at: row.settled_at.map(Utc::instant),
        version: row.version,
        created_at: row.created_at.instant(),
        details: row.details.0.clone(),
    })
}

/// A charge in memory.
///
/// # Errors
/// [`DbError::Other`] when the row holds a value this program does not know.
pub fn charge_in_memory(row: &ChargeRow) -> Result<Charge, DbError> {
    let currency = Currency::parse(&row.currency).ok_or_else(|| unreadable("currency", &row.id))?;
    let money = |_| unreadable("amount", &row.id);
    Ok(Charge {
        id: row.id.clone(),
        item_id: row.item_id.clone(),
        price_key: row.price_key.clone(),
        kind: ChargeKind::parse(&row.kind).ok_or_else(|| unreadable("kind", &row.id))?,
        status: ChargeStatus::parse(&row.status).ok_or_else(|| unreadable("status", &row.id))?,
        change_id: row.change_id.clone(),
        original_charge_id: row.original_charge_id.clone(),
        invoice_id: row.invoice_id.clone(),
        credit_note_id: row.credit_note_id.clone(),
        label: row.label.0.clone(),
        arithmetic: row.arithmetic.0.clone(),
        quantity: u32::try_from(row.quantity).map_err(|_| unreadable("quantity", &row.id))?,
        unit_price: UnitPrice::new(row.unit_price, currency).map_err(money)?,
        amount: Money::new(row.amount, currency).map_err(money)?,
        price_mode: PriceMode::parse(&row.price_mode).ok_or_else(|| unreadable("price mode", &row.id))?,
        tax_rate: row.tax_rate.parse().map_err(|_| unreadable("tax rate", &row.id))?,
        period_from: row.period_from,
        period_through: row.period_through,
        billing_from: row.billing_from,
        billing_through: row.billing_through,
        charged_on: row.charged_on,
        created_at: row.created_at.instant(),
    })
}

fn subscription_row(provider_id: &str, customer_id: &str, subscription: &Subscription) -> SubscriptionRow {
    let booking = subscription.booking.as_ref();
    SubscriptionRow {
        id: subscription.id.clone(),
        provider_id: provider_id.to_owned(),
        customer_id: customer_id.to_owned(),
        contract_number: subscription.contract_number.clone(),
        customer_type: subscription.customer_type.as_str().to_owned(),
        concluded_at: subscription.concluded_at.into(),
        instructed_at: subscription.instructed_at.map(Utc::from),
        early_start_requested: subscription.early_start_requested,
        starts_on: subscription.starts_on,
        ends_on: subscription.ends_on,
        ended_by_change_id: subscription.ended_by_change_id.clone(),
        withdrawn_on: subscription.withdrawn_on,
        billed_through_on: subscription.billed_through_on,
        started_recorded: subscription.started_recorded,
        ended_recorded: subscription.ended_recorded,
        version: subscription.version,
        created_at: subscription.created_at.into(),
        updated_at: subscription.updated_at.into(),
        parent_id: booking.map(|booking| booking.subscription_id.clone()),
        add_on_id: booking.map(|booking| booking.add_on_id.clone()),
        included: booking.is_some_and(|booking| booking.included),
        created_by_change_id: booking.and_then(|booking| booking.created_by_change_id.clone()),
        performed_on: booking.and_then(|booking| booking.performed_on),
    }
}

fn phase_row(customer_id: &str, subscription_id: &str, phase: &Phase) -> PhaseRow {
    PhaseRow {
        id: phase.id.clone(),
        customer_id: customer_id.to_owned(),
        subscription_id: subscription_id.to_owned(),
        plan_version_id: phase.plan.add_on.is_none().then(|| phase.plan.id.clone()),
        quantity: i64::from(phase.quantity),
        from_on: phase.from_on,
        through_on: phase.through_on,
        billing_anchor_on: phase.schedule.anchor_on,
        billing_interval_months: i32::try_from(phase.schedule.interval.months()).unwrap_or(i32::MAX),
        created_by_change_id: phase.created_by_change_id.clone(),
        ended_by_change_id: phase.ended_by_change_id.clone(),
        removed: phase.removed,
        add_on_version_id: phase.plan.add_on.is_some().then(|| phase.plan.id.clone()),
    }
}

fn change_row(provider_id: &str, customer_id: &str, subscription_id: &str, change: &Change) -> ChangeRow {
    ChangeRow {
        id: change.id.clone(),
        provider_id: provider_id.to_owned(),
        customer_id: customer_id.to_owned(),
        subscription_id: subscription_id.to_owned(),
        kind: change.kind().as_str().to_owned(),
        status: change.status.as_str().to_owned(),
        received_at: change.received_at.into(),
        effective_on: change.effective_on,
        details: JsonText(change.details.clone()),
        superseded_by_id: change.superseded_by_id.clone(),
        settled_at: change.settled_at.map(Utc::from),
        version: change.version,
        created_at: change.created_at.into(),
    }
}

fn charge_row(provider_id: &str, customer_id: &str, subscription_id: &str, charge: &Charge) -> ChargeRow {
    ChargeRow {
        id: charge.id.clone(),
        provider_id: provider_id.to_owned(),
        customer_id: customer_id.to_owned(),
        subscription_id: subscription_id.to_owned(),
        item_id: charge.item_id.clone(),
        price_key: charge.price_key.clone(),
        kind: charge.kind.as_str().to_owned(),
        status: charge.status.as_str().to_owned(),
        change_id: charge.change_id.clone(),
        original_charge_id: charge.original_charge_id.clone(),
        invoice_id: charge.invoice_id.clone(),
        credit_note_id: charge.credit_note_id.clone(),
        label: JsonText(charge.label.clone()),
        arithmetic: JsonText(charge.arithmetic.clone()),
        quantity: i64::from(charge.quantity),
        unit_price: charge.unit_price.ten_thousandths,
        amount: charge.amount.minor,
        currency: charge.amount.currency.as_str().to_owned(),
        price_mode: charge.price_mode.as_str().to_owned(),
        tax_rate: charge.tax_rate.to_string(),
        period_from: charge.period_from,
        period_through: charge.period_through,
        billing_from: charge.billing_from,
        billing_through: charge.billing_through,
        charged_on: charge.charged_on,
        created_at: charge.created_at.into(),
    }
}

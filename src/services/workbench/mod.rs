//! The workbench of a command: the customer locked, the account loaded and brought up to date, decided about in memory and
//! saved with its events, all in the one transaction of the service that opens it.

mod ground;

pub use ground::Ground;
pub(super) use ground::ground_at;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use time::{Date, OffsetDateTime};

use crate::db::{DbConnection, Utc};
use crate::domain::account::Account;
use crate::domain::customer_type::CustomerType;
use crate::domain::due;
use crate::domain::invoice::InvoiceHead;
use crate::domain::plan_version::PlanVersion;
use crate::domain::retention::profile_is_needed;
use crate::domain::subscription::Subscription;
use crate::error::AppError;
use crate::repositories::account::{self, AccountKey, AccountRow, AccountRows};
use crate::repositories::catalogues::{self, AddOnVersionRow};
use crate::repositories::slots::SlotRow;
use crate::services::billing::{self, Books};
use crate::services::emails::Addressee;
use crate::services::events::{Caller, ChainEnd};
use crate::services::restriction;
use crate::state::AppState;

/// Who may open which account, and how.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'a> {
    /// The provider everything belongs to.
    pub provider_id: &'a str,
    /// Only this customer, for principals that are bound to one.
    pub only_customer: Option<&'a str>,
    /// Whether the provider's staff acts.
    pub by_staff: bool,
    /// Whether data that are kept only because the law demands it may be processed.
    pub restricted_too: bool,
    /// By what the account is found.
    pub key: AccountKey<'a>,
    /// Whether the customer's row is locked until the end of the transaction: commands lock, previews and reads do not.
    pub locked: bool,
    /// The instant of a test clock that is being advanced; `None` for everyone else, who must wait for it.
    pub advancing_to: Option<OffsetDateTime>,
    /// A day further back to which a command reaches, such as the receipt of a letter.
    pub reaches_back_to: Option<Date>,
}

/// An opened account.
#[derive(Debug)]
pub struct Workbench {
    /// The circumstances.
    pub ground: Ground,
    /// The account, everything due applied; decisions change it.
    pub account: Account,
    row: AccountRow,
    loaded: AccountRows,
    originals: Vec<Subscription>,
    invoices_before: Vec<InvoiceHead>,
}

/// Opens an account: finds and locks the customer, loads the contracts, applies in memory what has fallen due.
///
/// # Errors
/// [`AppError::NotFound`] when the caller may see no such account; `test_clock_advancing`.
pub fn open(state: &AppState, conn: &mut DbConnection, opening: Opening<'_>) -> Result<Workbench, AppError> {
    let row = account::find(
        conn,
        opening.provider_id,
        opening.only_customer,
        opening.key,
        opening.locked,
    )?
    .ok_or(AppError::NotFound)?;
    if row.restricted_at.is_some() && !opening.restricted_too {
        return Err(restriction::refused());
    }
    let ground = ground::ground(state, conn, &row, &opening)?;
    let charges_from = charges_from(&row, &ground, opening.reaches_back_to);
    let loaded = account::load(conn, &row.id, charges_from)?;
    let books = Books::load(conn, &[&row.id], loaded.charges.iter())?;
    let plans = plans_of(state, conn, [&loaded])?;
    assemble(ground, row, loaded, &plans, &books)
}

/// The first day of which charges are loaded. A day more than is due: an end is settled on the day after, and credits what was
/// charged for that day.
pub(in crate::services) fn charges_from(row: &AccountRow, ground: &Ground, reaches_back_to: Option<Date>) -> Date {
    let due_on = due_on(row, ground);
    let earliest = [Some(ground.today), due_on, reaches_back_to]
        .into_iter()
        .flatten()
        .min();
    earliest.map_or(ground.today, |day| add_days_back(day, 1))
}

fn due_on(row: &AccountRow, ground: &Ground) -> Option<Date> {
    row.next_due_at.map(|at| ground.zone.local_date(at.instant()))
}

/// The plan versions that phases name.
///
/// # Errors
/// Those of the database.
pub(in crate::services) fn plans_of<'a>(
    state: &AppState,
    conn: &mut DbConnection,
    accounts: impl IntoIterator<Item = &'a AccountRows>,
) -> Result<HashMap<String, Arc<PlanVersion>>, AppError> {
    let phases = accounts.into_iter().flat_map(|account| &account.phases);
    let ids: BTreeSet<&str> = phases.map(|phase| phase.version_id()).collect();
    state
        .catalogues
        .plan_versions(conn, &ids.into_iter().collect::<Vec<_>>())
}

/// Puts an account together from its rows and applies in memory what has fallen due.
///
/// # Errors
/// When a row holds a value this program does not know, or an amount leaves the range of money.
pub(in crate::services) fn assemble(
    ground: Ground,
    row: AccountRow,
    loaded: AccountRows,
    plans: &HashMap<String, Arc<PlanVersion>>,
    books: &Books,
) -> Result<Workbench, AppError> {
    let originals = loaded.subscriptions(plans)?;
    let slots = loaded.slots.iter().map(SlotRow::in_memory).collect::<Result<_, _>>()?;
    let customer_type = CustomerType::parse(&row.customer_type)
        .ok_or_else(|| AppError::internal(format!("customer type of {} cannot be read", row.id)))?;
    let not_before = due_on(&row, &ground).map_or(ground.today, |day| day.min(ground.today));
    let currency = ground.settings().currency;
    let terms = ground.terms.clone();
    let billing = billing::billing(&row, terms, currency, books, &loaded.charges, not_before)?;
    let invoices_before = billing.invoices.clone();
    let mut account = Account {
        customer_id: row.id.clone(),
        customer_type,
        subscriptions: originals.clone(),
        billing,
        slots,
        withdrawals: Vec::new(),
        events: Vec::new(),
    };
    due::advance(&mut account, ground.today, &ground.zone)?;
    Ok(Workbench {
        ground,
        account,
        row,
        loaded,
        originals,
        invoices_before,
    })
}

fn add_days_back(day: Date, days: i64) -> Date {
    day.saturating_sub(time::Duration::days(days))
}

impl Workbench {
    /// Id of the customer.
    pub fn customer_id(&self) -> &str {
        &self.row.id
    }

    /// The customer's number.
    pub fn customer_number(&self) -> &str {
        &self.row.customer_number
    }

    /// Whether applying what was due, or the command, changed anything.
    pub fn is_changed(&self) -> bool {
        self.account.subscriptions != self.originals || !self.account.events.is_empty()
    }

    /// Whether the data are kept only because the law demands it.
    pub fn is_restricted(&self) -> bool {
        self.row.restricted_at.is_some()
    }

    /// Whether the data were restricted, but a contract goes on again and needs them.
    pub(in crate::services) fn needs_data_again(&self) -> bool {
        self.is_restricted() && profile_is_needed(&self.account)
    }

    /// The rows that were loaded.
    pub(in crate::services) fn loaded(&self) -> &AccountRows {
        &self.loaded
    }

    /// Where the customer's chain of events ended when the account was opened.
    pub(in crate::services) fn chain_end(&self) -> ChainEnd {
        ChainEnd {
            sequence: self.row.last_event_sequence,
            hash: self.row.last_event_hash.clone(),
        }
    }

    /// The invoices as they were when the account was opened.
    pub(in crate::services) fn invoices_before(&self) -> &[InvoiceHead] {
        &self.invoices_before
    }

    /// Whether there is anything to write: a change, or another due date than the stored one.
    pub fn needs_saving(&self) -> bool {
        self.is_changed()
            || self.account.billing.swept_on != self.row.swept_on
            || self.next_due_at() != self.row.next_due_at.map(Utc::instant)
    }

    /// The instant at which the account next needs attention.
    pub fn next_due_at(&self) -> Option<OffsetDateTime> {
        due::next_due_on(&self.account).map(|day| self.ground.zone.start_of_day(day))
    }

    /// Ends the command: what began a period with it is invoiced at once.
    ///
    /// # Errors
    /// When an amount leaves the range of money.
    pub fn end_command(&mut self) -> Result<(), AppError> {
        let moment = self.ground.circumstances().moment();
        Ok(due::end_command(&mut self.account, moment)?)
    }

    /// Counts the versions of the contracts that have changed. Before a response is made of them.
    pub fn stamp(&mut self) {
        for subscription in &mut self.account.subscriptions {
            let original = self.originals.iter().find(|original| original.id == subscription.id);
            if let Some(original) = original.filter(|original| *original != subscription) {
                subscription.version = original.version + 1;
                subscription.updated_at = self.ground.now;
            }
        }
    }

    /// To whom mails about this account go, and what they are told from.
    pub(in crate::services) fn addressee(&self) -> Addressee<'_> {
        Addressee {
            row: &self.row,
            account: &self.account,
            catalogue: &self.ground.catalogue.catalogue,
            zone: &self.ground.zone,
        }
    }

    /// Writes the difference, the events with the mails they ask for, and the customer's row.
    ///
    /// # Errors
    /// Those of the database.
    pub fn save(
        &mut self,
        conn: &mut DbConnection,
        caller: &Caller,
        recorded_at: OffsetDateTime,
    ) -> Result<(), AppError> {
        billing::save_all(conn, std::slice::from_mut(self), caller, recorded_at)
    }

    /// New bookings keep the add-on as it was sold.
    pub(in crate::services) fn keep_add_on_versions(
        &self,
        conn: &mut DbConnection,
        recorded_at: OffsetDateTime,
    ) -> Result<(), AppError> {
        let is_new =
            |subscription: &&Subscription| self.originals.iter().all(|original| original.id != subscription.id);
        for subscription in self.account.subscriptions.iter().filter(is_new) {
            for version in subscription.phases.iter().map(|phase| &phase.plan) {
                let Some(add_on) = &version.add_on else { continue };
                let row = AddOnVersionRow {
                    id: version.id.clone(),
                    provider_id: self.row.provider_id.clone(),
                    add_on_id: version.plan_id.clone(),
                    number: version.number,
                    content: serde_json::to_string(add_on).map_err(|error| AppError::Internal(error.into()))?,
                    published_at: recorded_at.into(),
                };
                catalogues::add_on_version_keep(conn, &row)?;
            }
        }
        Ok(())
    }
}

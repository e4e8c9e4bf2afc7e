//! The workbench of a command: the customer locked, the account loaded and brought up to date, decided about in memory and
//! saved with its events, all in the one transaction of the service that opens it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use time::{Date, OffsetDateTime};

use super::billing::{self, Books};
use super::catalogue::{DocumentRef, PublishedCatalogue};
use super::emails::Addressee;
use super::events::{Caller, ChainEnd};
use super::restriction;
use crate::db::{DbConnection, Utc};
use crate::domain::account::{Account, Circumstances};
use crate::domain::add_on::IncludedService;
use crate::domain::catalogue::ProviderSettings;
use crate::domain::consent::RequiredDocument;
use crate::domain::customer_type::CustomerType;
use crate::domain::due;
use crate::domain::invoice::{BillingTerms, InvoiceHead};
use crate::domain::localized::Locale;
use crate::domain::plan_version::PlanVersion;
use crate::domain::retention::profile_is_needed;
use crate::domain::subscription::Subscription;
use crate::domain::time_zone::TimeZone;
use crate::domain::violation::Violation;
use crate::error::AppError;
use crate::repositories::account::{self, AccountKey, AccountRow, AccountRows};
use crate::repositories::catalogues::{self, AddOnVersionRow};
use crate::repositories::providers::{ProviderRow, provider_find};
use crate::repositories::slots::SlotRow;
use crate::repositories::test_clocks;
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

/// The circumstances of a command, apart from the account that it changes.
#[derive(Debug, Clone)]
pub struct Ground {
    /// The provider.
    pub provider: ProviderRow,
    /// The provider's current catalogue.
    pub catalogue: Arc<PublishedCatalogue>,
    /// The provider's zone.
    pub zone: TimeZone,
    /// How the provider bills, if it does.
    pub terms: Option<Arc<BillingTerms>>,
    /// The business instant.
    pub now: OffsetDateTime,
    /// Its legal day.
    pub today: Date,
    /// Whether staff acts.
    pub by_staff: bool,
}

impl Ground {
    /// The circumstances as rules want them.
    pub fn circumstances(&self) -> Circumstances<'_> {
        Circumstances {
            now: self.now,
            today: self.today,
            zone: &self.zone,
            provider: self.settings(),
            by_staff: self.by_staff,
        }
    }

    /// The provider's rules, as published with the current catalogue.
    pub fn settings(&self) -> &ProviderSettings {
        &self.catalogue.catalogue.provider
    }

    /// The documents behind keys, in the caller's language. Keys come from a checked catalogue.
    pub fn documents(&self, keys: &[String], locale: Locale) -> Vec<RequiredDocument> {
        keys.iter()
            .filter_map(|key| self.catalogue.document(key, locale))
            .map(required)
            .collect()
    }

    /// The document in force that a consent names by key, in the caller's language, or by the id of the text that was shown.
    pub fn document_named(&self, name: &str, locale: Locale) -> Option<RequiredDocument> {
        self.catalogue.document_named(name, locale).map(required)
    }

    /// The present version of the add-on with this id or key.
    ///
    /// # Errors
    /// `plan_not_available` when the catalogue has none such.
    pub fn add_on(&self, name: &str) -> Result<Arc<PlanVersion>, AppError> {
        let version = self.catalogue.add_on_version(name).ok_or_else(|| {
            Violation::invalid(
                "plan_not_available",
                "Diese Zusatzoption gibt es nicht.",
                "There is no such add-on.",
            )
            .at("/add_on")
        })?;
        Ok(Arc::new(version))
    }

    /// The one-off services that a plan contains, in their present version.
    pub fn included_services(&self, plan: &PlanVersion) -> Vec<IncludedService> {
        let included = plan.plan.included_add_ons.iter().filter_map(|included| {
            let version = self.catalogue.add_on_version(&included.add_on)?;
            version.is_one_off_service().then(|| IncludedService {
                add_on: Arc::new(version),
                quantity: included.quantity,
            })
        });
        included.collect()
    }

    /// The present version of the plan with this id or key.
    ///
    /// # Errors
    /// `plan_not_available` when the catalogue has none such.
    pub fn plan(&self, state: &AppState, conn: &mut DbConnection, name: &str) -> Result<Arc<PlanVersion>, AppError> {
        let found = self
            .catalogue
            .plan_by_id(name)
            .or_else(|| self.catalogue.plan_by_key(name));
        let Some((_, reference)) = found else {
            return Err(Violation::invalid(
                "plan_not_available",
                "Diesen Tarif gibt es nicht.",
                "There is no such plan.",
            )
            .at("/plan")
            .into());
        };
        state.catalogues.plan_version(conn, &reference.plan_version_id)
    }
}

fn required(document: &DocumentRef) -> RequiredDocument {
    RequiredDocument {
        document_id: document.id.clone(),
        key: document.key.clone(),
        kind: document.kind,
        version: document.version.clone(),
        language: document.language,
        title: document.title.clone(),
        sha256: document.sha256.clone(),
    }
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
    let ground = ground(state, conn, &row, &opening)?;
    let charges_from = charges_from(&row, &ground, opening.reaches_back_to);
    let loaded = account::load(conn, &row.id, charges_from)?;
    let books = Books::load(conn, &[&row.id], loaded.charges.iter())?;
    let plans = plans_of(state, conn, [&loaded])?;
    assemble(ground, row, loaded, &plans, &books)
}

/// The first day of which charges are loaded. A day more than is due: an end is settled on the day after, and credits what was
/// charged for that day.
pub(super) fn charges_from(row: &AccountRow, ground: &Ground, reaches_back_to: Option<Date>) -> Date {
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
pub(super) fn plans_of<'a>(
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
pub(super) fn assemble(
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

fn ground(
    state: &AppState,
    conn: &mut DbConnection,
    row: &AccountRow,
    opening: &Opening<'_>,
) -> Result<Ground, AppError> {
    let now = business_now(state, conn, row, opening)?;
    ground_at(state, conn, &row.provider_id, now, opening.by_staff)
}

/// The circumstances at a provider at an instant.
///
/// # Errors
/// [`AppError::NotFound`] for an unknown provider.
pub(super) fn ground_at(
    state: &AppState,
    conn: &mut DbConnection,
    provider_id: &str,
    now: OffsetDateTime,
    by_staff: bool,
) -> Result<Ground, AppError> {
    let provider = provider_find(conn, provider_id)?.ok_or(AppError::NotFound)?;
    let catalogue = match &provider.catalogue_id {
        Some(id) => state.catalogues.by_id(conn, id)?,
        None => state.catalogues.current(conn, &provider.id)?,
    };
    let settings = &catalogue.catalogue.provider;
    let zone = TimeZone::parse(&settings.time_zone).map_err(|error| AppError::Internal(error.into()))?;
    let today = zone.local_date(now);
    let terms = billing::terms(settings);
    Ok(Ground {
        today,
        zone,
        terms,
        provider,
        catalogue: catalogue.as_of(today),
        now,
        by_staff,
    })
}

/// The business instant: the test clock the customer is bound to, or the wall clock (design decision 6).
fn business_now(
    state: &AppState,
    conn: &mut DbConnection,
    row: &AccountRow,
    opening: &Opening<'_>,
) -> Result<OffsetDateTime, AppError> {
    let Some(clock_id) = &row.test_clock_id else {
        return Ok(state.clock.now());
    };
    if let Some(instant) = opening.advancing_to {
        return Ok(instant);
    }
    let clock = test_clocks::find(conn, &row.provider_id, clock_id)?
        .ok_or_else(|| AppError::internal(format!("test clock {clock_id} is referred to but missing")))?;
    if opening.locked && clock.advancing_to_at.is_some() {
        return Err(Violation::conflict(
            "test_clock_advancing",
            "Die Testuhr wird gerade vorgestellt.",
            "The test clock is being advanced.",
        )
        .into());
    }
    Ok(clock.now_at.instant())
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
    pub(super) fn needs_data_again(&self) -> bool {
        self.is_restricted() && profile_is_needed(&self.account)
    }

    /// The rows that were loaded.
    pub(super) fn loaded(&self) -> &AccountRows {
        &self.loaded
    }

    /// Where the customer's chain of events ended when the account was opened.
    pub(super) fn chain_end(&self) -> ChainEnd {
        ChainEnd {
            sequence: self.row.last_event_sequence,
            hash: self.row.last_event_hash.clone(),
        }
    }

    /// The invoices as they were when the account was opened.
    pub(super) fn invoices_before(&self) -> &[InvoiceHead] {
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
    pub(super) fn addressee(&self) -> Addressee<'_> {
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
    pub(super) fn keep_add_on_versions(
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

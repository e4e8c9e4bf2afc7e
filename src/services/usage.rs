//! Recording usage, one record or many at once, and reading it.

use std::collections::{BTreeMap, HashMap};

use time::{Date, OffsetDateTime};

use crate::db::DbConnection;
use crate::domain::access::{Principal, Scope};
use crate::domain::invoice::{UsageReport, check_repetition, record_usage};
use crate::domain::violation::Violation;
use crate::error::{AppError, FieldError};
use crate::page::{Page, PageKey, PageRequest};
use crate::repositories::account::AccountKey;
use crate::repositories::subscriptions;
use crate::repositories::usage::{self, UsageFilter, UsageRow};
use crate::services::billing;
use crate::services::command::Command;
use crate::services::events::Caller;
use crate::services::idempotency::{self, Answer};
use crate::services::views;
use crate::services::workbench::{self, Workbench};
use crate::state::AppState;

/// A usage record with its customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageView {
    /// Id (`usg_`).
    pub id: String,
    /// Who used.
    pub customer_id: String,
    /// Under which contract.
    pub subscription_id: String,
    /// Key of the price.
    pub price_key: String,
    /// Units.
    pub quantity: u32,
    /// The reporter's own id.
    pub reference: Option<String>,
    /// When they were used.
    pub used_at: OffsetDateTime,
    /// The day on which it was charged.
    pub billed_on: Option<Date>,
    /// The charge that took it up.
    pub charge_id: Option<String>,
}

impl TryFrom<UsageRow> for UsageView {
    type Error = AppError;

    fn try_from(row: UsageRow) -> Result<Self, AppError> {
        Ok(Self {
            quantity: u32::try_from(row.quantity)
                .map_err(|_| AppError::internal(format!("quantity of {} cannot be read", row.id)))?,
            id: row.id,
            customer_id: row.customer_id,
            subscription_id: row.subscription_id,
            price_key: row.price_key,
            reference: row.reference,
            used_at: row.used_at.instant(),
            billed_on: row.billed_on,
            charge_id: row.charge_id,
        })
    }
}

impl UsageView {
    /// The report it came from.
    fn report(&self) -> UsageReport {
        UsageReport {
            subscription_id: self.subscription_id.clone(),
            price: self.price_key.clone(),
            quantity: self.quantity,
            reference: self.reference.clone(),
            used_at: Some(self.used_at),
        }
    }
}

/// Records usage: all of it or nothing, once per idempotency key. A record that repeats what is recorded under its reference is
/// answered as it was recorded the first time. Customers are locked in the order of their ids.
///
/// # Errors
/// [`AppError::Forbidden`] without `usage:write`, [`AppError::Validation`] for unknown contracts, and those of
/// [`record_usage`], pointing at the record.
pub fn record(
    state: &AppState,
    command: &Command,
    reports: &[UsageReport],
    answer: &dyn Fn(&[UsageView]) -> Result<Answer, AppError>,
) -> Result<Answer, AppError> {
    let now = state.clock.now();
    state.db.write(|conn| {
        idempotency::run(conn, &command.principal, command.idempotency.as_ref(), now, |conn| {
            command.principal.require(Scope::UsageWrite)?;
            let owners = owners(conn, &command.principal, reports)?;
            let mut benches = BTreeMap::new();
            for customer_id in owners.values() {
                if !benches.contains_key(customer_id) {
                    let key = AccountKey::Customer(customer_id);
                    benches.insert(
                        customer_id.clone(),
                        workbench::open(state, conn, command.opening(key, true))?,
                    );
                }
            }
            let recorded = decide(conn, &command.principal, reports, &owners, &mut benches)?;
            for (customer_id, mut bench) in benches {
                bench.end_command()?;
                bench.stamp();
                let caller = Caller::of(&command.principal, &command.context, &customer_id);
                billing::save_all(conn, std::slice::from_mut(&mut bench), &caller, now)?;
            }
            answer(&recorded)
        })
    })
}

/// The customers of the contracts named, in the order of their ids; each contract must be one the caller may see.
fn owners(
    conn: &mut DbConnection,
    principal: &Principal,
    reports: &[UsageReport],
) -> Result<BTreeMap<String, String>, AppError> {
    let ids: Vec<&str> = reports.iter().map(|report| report.subscription_id.as_str()).collect();
    let found: HashMap<String, String> = subscriptions::customers_of(conn, &principal.provider_id, &ids)?
        .into_iter()
        .collect();
    let mut owners = BTreeMap::new();
    let mut faults = Vec::new();
    for (index, report) in reports.iter().enumerate() {
        match found
            .get(&report.subscription_id)
            .filter(|owner| principal.may_see_customer(owner))
        {
            Some(owner) => {
                owners.insert(report.subscription_id.clone(), owner.clone());
            }
            None => faults.push(FieldError::body(
                format!("/records/{index}/subscription_id"),
                "unknown_subscription",
                "Diesen Vertrag gibt es nicht.",
                "There is no such contract.",
            )),
        }
    }
    if faults.is_empty() {
        Ok(owners)
    } else {
        Err(AppError::Validation(faults))
    }
}

fn decide(
    conn: &mut DbConnection,
    principal: &Principal,
    reports: &[UsageReport],
    owners: &BTreeMap<String, String>,
    benches: &mut BTreeMap<String, Workbench>,
) -> Result<Vec<UsageView>, AppError> {
    let references: Vec<&str> = reports
        .iter()
        .filter_map(|report| report.reference.as_deref())
        .collect();
    let mut known: HashMap<String, UsageView> = HashMap::new();
    if !references.is_empty() {
        for row in usage::with_references(conn, &principal.provider_id, &references)? {
            let view = UsageView::try_from(row)?;
            known.insert(view.reference.clone().unwrap_or_default(), view);
        }
    }
    let mut recorded = Vec::with_capacity(reports.len());
    for (index, report) in reports.iter().enumerate() {
        let at_record = |mut violation: Violation| {
            violation.pointer = Some(format!("/records/{index}{}", violation.pointer.unwrap_or_default()));
            violation
        };
        let bench = owners
            .get(&report.subscription_id)
            .and_then(|customer_id| benches.get_mut(customer_id))
            .ok_or(AppError::NotFound)?;
        if let Some(view) = report.reference.as_ref().and_then(|reference| known.get(reference)) {
            check_repetition(&bench.account, &view.report(), report).map_err(at_record)?;
            recorded.push(view.clone());
            continue;
        }
        let circumstances = bench.ground.circumstances();
        let record = record_usage(&mut bench.account, &circumstances, report).map_err(at_record)?;
        let view = UsageView {
            id: record.id,
            customer_id: bench.customer_id().to_owned(),
            subscription_id: record.subscription_id,
            price_key: record.price_key,
            quantity: record.quantity,
            reference: record.reference,
            used_at: record.used_at,
            billed_on: None,
            charge_id: None,
        };
        if let Some(reference) = &view.reference {
            known.insert(reference.clone(), view.clone());
        }
        recorded.push(view);
    }
    Ok(recorded)
}

/// Which usage a list shows.
#[derive(Debug, Clone, Default)]
pub struct UsageQuery {
    /// Only this customer's.
    pub customer_id: Option<String>,
    /// Only this contract's.
    pub subscription_id: Option<String>,
    /// Only what this charge took up.
    pub charge_id: Option<String>,
}

/// A page of usage, newest first, everything due applied.
///
/// # Errors
/// [`AppError::Forbidden`] without `charges:read`.
pub fn list(
    state: &AppState,
    principal: &Principal,
    query: &UsageQuery,
    request: &PageRequest,
) -> Result<Page<UsageView>, AppError> {
    principal.require(Scope::ChargesRead)?;
    let own = principal.customer_filter();
    let foreign = own.is_some_and(|own| query.customer_id.as_deref().is_some_and(|asked| asked != own));
    if foreign || views::can_match_nothing([&query.customer_id, &query.subscription_id, &query.charge_id]) {
        return Ok(Page {
            items: Vec::new(),
            next: None,
        });
    }
    let filter = UsageFilter {
        provider_id: principal.provider_id.clone(),
        restricted_too: principal.may_process_restricted(),
        customer_id: own.map(str::to_owned).or_else(|| query.customer_id.clone()),
        subscription_id: query.subscription_id.clone(),
        charge_id: query.charge_id.clone(),
        before_id: request.after.as_ref().map(|after| after.id.clone()),
    };
    let read = |conn: &mut DbConnection| Ok(usage::list(conn, &filter, request.rows())?);
    let rows = views::read_up_to_date(state, principal, read, |row| &row.customer_id, |_, rows, _| Ok(rows))?;
    let found = rows
        .into_iter()
        .map(UsageView::try_from)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Page::cut(found, request, |view| PageKey::of_id(&view.id)))
}

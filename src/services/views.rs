//! What readers are shown of contracts and changes: domain objects with the day on which they are looked at.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use time::Date;

use super::catalogue::PublishedCatalogue;
use super::charges::as_invoiced;
use super::due::{self, BusinessInstant};
use super::restriction;
use super::workbench::Workbench;
use crate::db::DbConnection;
use crate::domain::access::Principal;
use crate::domain::change::{Change, ChangeDetails};
use crate::domain::charge::Charge;
use crate::domain::ids::IdKind;
use crate::domain::invoice::{self, BillingTerms, TaxTreatment};
use crate::domain::money::Currency;
use crate::domain::notices::{Notice, notices};
use crate::domain::plan_version::PlanVersion;
use crate::domain::subscription::Subscription;
use crate::domain::time_zone::TimeZone;
use crate::domain::violation::Violation;
use crate::error::AppError;
use crate::repositories::account::{self, AccountRows};
use crate::repositories::changes::{self, ChangeRow};
use crate::repositories::charges;
use crate::repositories::subscriptions::{self, SubscriptionRow};
use crate::state::AppState;

/// A contract as of its customer's business day.
#[derive(Debug, Clone)]
pub struct SubscriptionView {
    /// The contract; its charges are not loaded.
    pub subscription: Subscription,
    /// Whose contract it is.
    pub customer_id: String,
    /// The customer's legal day.
    pub today: Date,
    /// The provider's zone.
    pub zone: TimeZone,
    /// The provider's currency.
    pub currency: Currency,
    /// How the customer's price is taxed.
    pub treatment: TaxTreatment,
    /// What its page must say while a change is pending.
    pub notices: Vec<Notice>,
}

/// A plan change or cancellation with what it caused.
#[derive(Debug, Clone)]
pub struct ChangeView {
    /// The change.
    pub change: Change,
    /// The contract.
    pub subscription_id: String,
    /// The add-on booking on it, where that is what changes.
    pub add_on_booking_id: Option<String>,
    /// Whose contract it is.
    pub customer_id: String,
    /// The provider's zone.
    pub zone: TimeZone,
    /// For plan changes: the version left and the version entered.
    pub plans: Option<(Arc<PlanVersion>, Arc<PlanVersion>)>,
    /// The charges and credits it caused, as they are invoiced.
    pub charges: Vec<Charge>,
}

/// A provider's zone and currency, for a page of objects.
#[derive(Debug, Clone)]
pub struct House {
    /// Zone of its legal days.
    pub zone: TimeZone,
    /// Its currency.
    pub currency: Currency,
}

/// Whether a filter of a list can match nothing: PostgreSQL cannot hold U+0000 in a text, not even in a question.
pub fn can_match_nothing<'a>(filters: impl IntoIterator<Item = &'a Option<String>>) -> bool {
    filters.into_iter().flatten().any(|text| text.contains('\0'))
}

/// Zone and currency of the principal's provider.
///
/// # Errors
/// `catalogue_not_published` before the first import.
fn house(state: &AppState, conn: &mut DbConnection, provider_id: &str) -> Result<House, AppError> {
    House::of(&*state.catalogues.current(conn, provider_id)?)
}

impl House {
    fn of(catalogue: &PublishedCatalogue) -> Result<Self, AppError> {
        Ok(Self {
            zone: zone(catalogue)?,
            currency: catalogue.catalogue.provider.currency,
        })
    }
}

/// The zone of a provider's legal days.
///
/// # Errors
/// Internal: a checked catalogue names a zone that exists.
pub fn zone(catalogue: &PublishedCatalogue) -> Result<TimeZone, AppError> {
    TimeZone::parse(&catalogue.catalogue.provider.time_zone).map_err(|error| AppError::Internal(error.into()))
}

/// Reads rows with `read` and tells them with `tell`, which also gets each customer's business time, after
/// everything due for their customers has been applied. Both see the same state of the database: a command that commits
/// in between shows with all its effects or with none.
///
/// # Errors
/// Those of the database, of `read` and of `tell`.
pub fn read_up_to_date<Row, Told>(
    state: &AppState,
    principal: &Principal,
    read: impl Fn(&mut DbConnection) -> Result<Vec<Row>, AppError>,
    customer_of: impl Fn(&Row) -> &str,
    tell: impl Fn(&mut DbConnection, Vec<Row>, &BTreeMap<String, BusinessInstant>) -> Result<Told, AppError>,
) -> Result<Told, AppError> {
    let look = |conn: &mut DbConnection| {
        let rows = read(conn)?;
        let ids: BTreeSet<&str> = rows.iter().map(&customer_of).collect();
        let customers = due::business_instants(state, conn, &ids.into_iter().collect::<Vec<_>>())?;
        if customers.values().any(|customer| customer.is_restricted) && !principal.may_process_restricted() {
            return Err(restriction::refused());
        }
        let late: Vec<String> = customers
            .iter()
            .filter(|(_, customer)| customer.is_due())
            .map(|(id, _)| id.clone())
            .collect();
        Ok::<_, AppError>((tell(conn, rows, &customers)?, late))
    };
    let (told, late) = state.db.read_consistent(look)?;
    if late.is_empty() {
        return Ok(told);
    }
    for customer_id in late {
        due::catch_up_visible(state, &principal.provider_id, &customer_id)?;
    }
    let (told, _) = state.db.read_consistent(look)?;
    Ok(told)
}

/// Completes contract rows with their phases and changes.
///
/// # Errors
/// Those of the database.
pub fn subscriptions(
    state: &AppState,
    conn: &mut DbConnection,
    provider_id: &str,
    rows: Vec<SubscriptionRow>,
    instants: &BTreeMap<String, BusinessInstant>,
) -> Result<Vec<SubscriptionView>, AppError> {
    if rows.is_empty() {
        // Before the first catalogue there is no house, but no contract either.
        return Ok(Vec::new());
    }
    let catalogue = state.catalogues.current(conn, provider_id)?;
    let house = House::of(&catalogue)?;
    let terms = BillingTerms::of(&catalogue.catalogue.provider);
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let phases = subscriptions::phases_of(conn, &ids)?;
    let changes = changes::load_of(conn, &ids)?;
    let plan_ids: BTreeSet<&str> = phases.iter().map(|phase| phase.version_id()).collect();
    let plans = state
        .catalogues
        .plan_versions(conn, &plan_ids.into_iter().collect::<Vec<_>>())?;
    let customers: HashMap<String, String> = rows
        .iter()
        .map(|row| (row.id.clone(), row.customer_id.clone()))
        .collect();
    let rows = AccountRows {
        subscriptions: rows,
        phases,
        changes,
        charges: Vec::new(),
        slots: Vec::new(),
    };
    let views = rows.subscriptions(&plans)?.into_iter().map(|subscription| {
        let customer_id = customers.get(&subscription.id).cloned().unwrap_or_default();
        let customer = instants.get(&customer_id);
        let today = house
            .zone
            .local_date(customer.map_or_else(|| state.clock.now(), |customer| customer.now));
        let treatment = customer
            .zip(terms.as_ref())
            .map(|(customer, terms)| TaxTreatment::of(&terms.supplier, customer.customer_type, &customer.billing));
        SubscriptionView {
            notices: notices(&subscription, &catalogue.catalogue, today),
            today,
            subscription,
            customer_id,
            zone: house.zone.clone(),
            currency: house.currency,
            treatment: treatment.unwrap_or_default(),
        }
    });
    Ok(views.collect())
}

/// Completes change rows with their plans and charges.
///
/// # Errors
/// Those of the database.
pub fn changes(
    state: &AppState,
    conn: &mut DbConnection,
    provider_id: &str,
    rows: &[ChangeRow],
    instants: &BTreeMap<String, BusinessInstant>,
) -> Result<Vec<ChangeView>, AppError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let house = house(state, conn, provider_id)?;
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let caused = charges::load_of_changes(conn, &ids)?;
    let mut charges = HashMap::<String, Vec<Charge>>::new();
    for charge in as_invoiced(state, conn, provider_id, &caused, instants)? {
        let change_id = charge.change_id.clone().unwrap_or_default();
        charges.entry(change_id).or_default().push(charge);
    }
    let contracts = contracts_of_bookings(conn, rows)?;
    let mut views = Vec::with_capacity(rows.len());
    for row in rows {
        let change = account::change_in_memory(row)?;
        views.push(ChangeView {
            plans: plans_of(state, conn, &change)?,
            charges: charges.remove(&change.id).unwrap_or_default(),
            change,
            subscription_id: contracts
                .get(&row.subscription_id)
                .unwrap_or(&row.subscription_id)
                .clone(),
            add_on_booking_id: contracts
                .contains_key(&row.subscription_id)
                .then(|| row.subscription_id.clone()),
            customer_id: row.customer_id.clone(),
            zone: house.zone.clone(),
        });
    }
    Ok(views)
}

/// The contract of each booking that some changes are about.
fn contracts_of_bookings(conn: &mut DbConnection, rows: &[ChangeRow]) -> Result<HashMap<String, String>, AppError> {
    let ids: BTreeSet<&str> = rows
        .iter()
        .map(|row| row.subscription_id.as_str())
        .filter(|id| IdKind::AddOnBooking.matches(id))
        .collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(subscriptions::contracts_of(conn, &ids.into_iter().collect::<Vec<_>>())?
        .into_iter()
        .collect())
}

/// The plan version a change leads from, and the one it leads to.
type PlanPair = (Arc<PlanVersion>, Arc<PlanVersion>);

fn plans_of(state: &AppState, conn: &mut DbConnection, change: &Change) -> Result<Option<PlanPair>, AppError> {
    let ChangeDetails::PlanChange(details) = &change.details else {
        return Ok(None);
    };
    let ids = [
        details.from_plan_version_id.as_str(),
        details.to_plan_version_id.as_str(),
    ];
    let versions = state.catalogues.plan_versions(conn, &ids)?;
    Ok(versions.get(ids[0]).cloned().zip(versions.get(ids[1]).cloned()))
}

impl Workbench {
    /// A contract on the workbench as readers will see it.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when the account has none such.
    pub fn subscription_view(&self, id: &str) -> Result<SubscriptionView, AppError> {
        let subscription = self.account.subscription(id)?;
        Ok(SubscriptionView {
            notices: notices(subscription, &self.ground.catalogue.catalogue, self.ground.today),
            subscription: subscription.clone(),
            customer_id: self.customer_id().to_owned(),
            today: self.ground.today,
            zone: self.ground.zone.clone(),
            currency: self.ground.settings().currency,
            treatment: self.account.tax_treatment(),
        })
    }

    /// A change on the workbench as readers will see it.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when the account has none such.
    pub fn change_view(&self, subscription_id: &str, change_id: &str) -> Result<ChangeView, AppError> {
        let subscription = self.account.subscription(subscription_id)?;
        let change = subscription.change(change_id).cloned().ok_or(AppError::NotFound)?;
        let version = |id: &str| {
            subscription
                .phases
                .iter()
                .map(|phase| &phase.plan)
                .find(|plan| plan.id == id)
                .cloned()
        };
        let plans = change
            .plan_change()
            .and_then(|details| version(&details.from_plan_version_id).zip(version(&details.to_plan_version_id)));
        // Also those of contracts that the change has taken in.
        let charges = self.account.subscriptions.iter().flat_map(|one| &one.charges);
        let caused = |charge: &&Charge| charge.change_id.as_deref() == Some(change_id);
        let told = |charge: &Charge| invoice::as_invoiced(charge, self.account.treatment_of(charge));
        let charges = charges.filter(caused).map(told).collect::<Result<_, _>>();
        Ok(ChangeView {
            plans,
            charges: charges.map_err(Violation::from)?,
            change,
            subscription_id: subscription.contract_id().to_owned(),
            add_on_booking_id: subscription.booking_id().map(str::to_owned),
            customer_id: self.customer_id().to_owned(),
            zone: self.ground.zone.clone(),
        })
    }
}

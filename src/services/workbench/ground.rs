//! The circumstances of a command: provider, catalogue, business time.

use std::sync::Arc;

use time::{Date, OffsetDateTime};

use super::Opening;
use crate::db::DbConnection;
use crate::domain::account::Circumstances;
use crate::domain::add_on::IncludedService;
use crate::domain::catalogue::ProviderSettings;
use crate::domain::consent::RequiredDocument;
use crate::domain::invoice::BillingTerms;
use crate::domain::localized::Locale;
use crate::domain::plan_version::PlanVersion;
use crate::domain::time_zone::TimeZone;
use crate::domain::violation::Violation;
use crate::error::AppError;
use crate::repositories::account::AccountRow;
use crate::repositories::providers::{ProviderRow, provider_find};
use crate::repositories::test_clocks;
use crate::services::billing;
use crate::services::catalogue::{DocumentRef, PublishedCatalogue};
use crate::state::AppState;

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

pub(super) fn ground(
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
pub(in crate::services) fn ground_at(
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

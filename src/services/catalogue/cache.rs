//! Published catalogues and plan versions in memory. Both are immutable, so what is cached stays right for ever; only
//! which catalogue is current is asked of the database each time.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;
use serde_json::Value;

use super::published::{DocumentRef, OtherVersion, PlanRef, PublishedCatalogue};
use crate::db::DbConnection;
use crate::domain::catalogue::{AddOn, Catalogue, DocumentKind, Plan, VersionSpan, canonical_json};
use crate::domain::digest::sha256;
use crate::domain::ids::IdKind;
use crate::domain::plan_version::PlanVersion;
use crate::domain::violation::Violation;
use crate::error::AppError;
use crate::repositories::catalogues::{self, AddOnVersionRow, CatalogueRow, Keyed, PlanVersionRow};
use crate::repositories::legal_documents;

/// All catalogues and plan versions this process has met. Clones share their content.
#[derive(Debug, Clone, Default)]
pub struct CatalogueCache {
    catalogues: Arc<RwLock<HashMap<String, Arc<PublishedCatalogue>>>>,
    plan_versions: Arc<RwLock<HashMap<String, Arc<PlanVersion>>>>,
}

impl CatalogueCache {
    /// The provider's current catalogue; `None` before the first import.
    pub fn find_current(
        &self,
        conn: &mut DbConnection,
        provider_id: &str,
    ) -> Result<Option<Arc<PublishedCatalogue>>, AppError> {
        match catalogues::current_id(conn, provider_id)? {
            Some(catalogue_id) => self.by_id(conn, &catalogue_id).map(Some),
            None => Ok(None),
        }
    }

    /// The provider's current catalogue.
    ///
    /// # Errors
    /// A conflict `catalogue_not_published` before the first import.
    pub fn current(&self, conn: &mut DbConnection, provider_id: &str) -> Result<Arc<PublishedCatalogue>, AppError> {
        self.find_current(conn, provider_id)?.ok_or_else(|| {
            Violation::conflict(
                "catalogue_not_published",
                "Dieser Anbieter hat noch keinen Katalog veröffentlicht.",
                "This provider has not published a catalogue yet.",
            )
            .into()
        })
    }

    /// One published catalogue.
    ///
    /// # Errors
    /// [`AppError::Internal`] if there is none with this id: ids come from our own rows.
    pub fn by_id(&self, conn: &mut DbConnection, catalogue_id: &str) -> Result<Arc<PublishedCatalogue>, AppError> {
        if let Some(published) = self.catalogues.read().get(catalogue_id) {
            return Ok(Arc::clone(published));
        }
        let row = catalogues::find(conn, catalogue_id)?
            .ok_or_else(|| AppError::internal(format!("catalogue {catalogue_id} is referred to but missing")))?;
        let published = Arc::new(load(conn, row)?);
        self.catalogues
            .write()
            .insert(catalogue_id.to_owned(), Arc::clone(&published));
        Ok(published)
    }

    /// One plan version.
    ///
    /// # Errors
    /// [`AppError::Internal`] if there is none with this id: ids come from our own rows.
    pub fn plan_version(&self, conn: &mut DbConnection, plan_version_id: &str) -> Result<Arc<PlanVersion>, AppError> {
        let mut versions = self.plan_versions(conn, &[plan_version_id])?;
        versions
            .remove(plan_version_id)
            .ok_or_else(|| missing_version(plan_version_id))
    }

    /// Several plan versions by id, with one query for those not met before.
    ///
    /// # Errors
    /// [`AppError::Internal`] if one does not exist.
    pub fn plan_versions(
        &self,
        conn: &mut DbConnection,
        ids: &[&str],
    ) -> Result<HashMap<String, Arc<PlanVersion>>, AppError> {
        let mut found = HashMap::with_capacity(ids.len());
        let mut missing: Vec<&str> = Vec::new();
        {
            let known = self.plan_versions.read();
            for id in ids {
                match known.get(*id) {
                    Some(version) => {
                        found.insert((*id).to_owned(), Arc::clone(version));
                    }
                    None => missing.push(id),
                }
            }
        }
        if missing.is_empty() {
            return Ok(found);
        }
        missing.sort_unstable();
        missing.dedup();
        let (of_add_ons, of_plans): (Vec<&str>, Vec<&str>) =
            missing.iter().partition(|id| IdKind::AddOnVersion.matches(id));
        let mut loaded = Vec::with_capacity(missing.len());
        if !of_plans.is_empty() {
            for row in catalogues::plan_versions_load(conn, &of_plans)? {
                loaded.push(Arc::new(plan_version(row)?));
            }
        }
        if !of_add_ons.is_empty() {
            for row in catalogues::add_on_versions_load(conn, &of_add_ons)? {
                loaded.push(Arc::new(add_on_version(row)?));
            }
        }
        for version in loaded {
            self.plan_versions
                .write()
                .insert(version.id.clone(), Arc::clone(&version));
            found.insert(version.id.clone(), version);
        }
        match missing.into_iter().find(|id| !found.contains_key(*id)) {
            Some(id) => Err(missing_version(id)),
            None => Ok(found),
        }
    }
}

fn missing_version(id: &str) -> AppError {
    AppError::internal(format!("plan version {id} is referred to but missing"))
}

fn plan_version(row: PlanVersionRow) -> Result<PlanVersion, AppError> {
    let plan: Plan = serde_json::from_str(&row.content)
        .map_err(|error| AppError::internal(format!("plan version {} cannot be read: {error}", row.id)))?;
    Ok(PlanVersion {
        id: row.id,
        plan_id: row.plan_id,
        number: row.number,
        plan,
        add_on: None,
    })
}

fn add_on_version(row: AddOnVersionRow) -> Result<PlanVersion, AppError> {
    let add_on: AddOn = serde_json::from_str(&row.content)
        .map_err(|error| AppError::internal(format!("add-on version {} cannot be read: {error}", row.id)))?;
    Ok(PlanVersion::of_add_on(row.id, row.add_on_id, row.number, add_on))
}

/// Puts a stored catalogue together with the ids of what it names.
fn load(conn: &mut DbConnection, row: CatalogueRow) -> Result<PublishedCatalogue, AppError> {
    let unreadable = |error: serde_json::Error| AppError::internal(format!("catalogue {}: {error}", row.id));
    let content: Value = serde_json::from_str(&row.content).map_err(unreadable)?;
    let catalogue: Catalogue = serde_json::from_str(&row.content).map_err(unreadable)?;
    let plans = plan_refs(conn, &row.provider_id, &content, &catalogue)?;
    let (documents, other_versions) = documents_of(conn, &row.provider_id, &catalogue)?;
    Ok(PublishedCatalogue {
        products: catalogues::ids_by_key(conn, &row.provider_id, Keyed::Products)?,
        add_ons: catalogues::ids_by_key(conn, &row.provider_id, Keyed::AddOns)?,
        id: row.id,
        provider_id: row.provider_id,
        number: row.number,
        published_at: row.published_at.instant(),
        catalogue,
        plans,
        documents,
        other_versions,
    })
}

/// Documents by key and language, and the other published versions of them.
type Documents = (HashMap<(String, String), DocumentRef>, Vec<OtherVersion>);

/// The catalogue's documents with their ids, and what else was published under their keys.
fn documents_of(conn: &mut DbConnection, provider_id: &str, catalogue: &Catalogue) -> Result<Documents, AppError> {
    let mut documents = HashMap::new();
    let mut other_versions = Vec::new();
    for heading in legal_documents::headings(conn, provider_id)? {
        let own = catalogue
            .legal_documents
            .iter()
            .filter(|document| document.key == heading.key && document.language.as_str() == heading.language);
        let Some(document) = own.clone().next() else { continue };
        let is_own = own.clone().any(|document| document.version == heading.version);
        let reference = DocumentRef {
            id: heading.id,
            key: heading.key.clone(),
            kind: DocumentKind::parse(&heading.kind).unwrap_or(document.kind),
            version: heading.version,
            language: document.language,
            title: heading.title,
            sha256: heading.sha256,
            media_type: heading.media_type,
        };
        if is_own {
            documents.insert((heading.key, heading.language), reference);
        } else {
            other_versions.push(OtherVersion {
                document: reference,
                span: VersionSpan {
                    valid_from_on: heading.valid_from_on,
                    published_at: heading.published_at.instant(),
                },
            });
        }
    }
    Ok((documents, other_versions))
}

/// Finds each plan's version by the hash of its stored text, which is the same in the catalogue and in the version. Not by
/// [`crate::domain::catalogue::plan_content_hash`]: a later version of this program may know members that old content lacks.
fn plan_refs(
    conn: &mut DbConnection,
    provider_id: &str,
    content: &Value,
    catalogue: &Catalogue,
) -> Result<HashMap<String, PlanRef>, AppError> {
    let ids = catalogues::ids_by_key(conn, provider_id, Keyed::Plans)?;
    let headings = catalogues::plan_version_headings(conn, provider_id)?;
    let mut plans = HashMap::with_capacity(catalogue.plans.len());
    for (index, plan) in catalogue.plans.iter().enumerate() {
        let hash = sha256(canonical_json(&content["plans"][index]).as_bytes());
        let heading = ids
            .get(&plan.key)
            .and_then(|id| {
                headings
                    .iter()
                    .find(|heading| heading.plan_id == *id && heading.content_hash == hash)
            })
            .ok_or_else(|| AppError::internal(format!("plan {} of provider {provider_id} has no version", plan.key)))?;
        let reference = PlanRef {
            plan_id: heading.plan_id.clone(),
            plan_version_id: heading.id.clone(),
            number: heading.number,
        };
        plans.insert(plan.key.clone(), reference);
    }
    Ok(plans)
}

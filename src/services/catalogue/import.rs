//! Publishing a catalogue: check it, give its plans versions and its documents ids, make it the provider's current one.

use serde::Serialize;
use time::OffsetDateTime;

use crate::db::{DbConnection, JsonText, Utc};
use crate::domain::catalogue::{Catalogue, Fault, canonical_json, content_hash, parse, plan_content_hash};
use crate::domain::ids::IdKind;
use crate::error::{AppError, FieldError, FieldPlace};
use crate::repositories::catalogues::{self, CatalogueRow, Keyed, PlanVersionRow};
use crate::repositories::legal_documents::{self, LegalDocumentRow};

/// The outcome of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Id of the catalogue that is current now.
    pub catalogue_id: String,
    /// Its number.
    pub number: i64,
    /// Whether anything was published; `false` if the current catalogue has the same content.
    pub changed: bool,
}

/// Publishes `text` as the catalogue of a provider. To be called within a write transaction; it locks the provider, so that
/// two imports run one after the other. The same content again changes nothing.
///
/// # Errors
/// [`AppError::Validation`] with every fault by JSON pointer, [`AppError::NotFound`] if there is no such provider.
pub fn import(
    conn: &mut DbConnection,
    provider_id: &str,
    slug: &str,
    text: &str,
    now: OffsetDateTime,
) -> Result<Imported, AppError> {
    let catalogue = read(text, slug)?;
    let current_id = catalogues::provider_lock(conn, provider_id)?.ok_or(AppError::NotFound)?;
    let current = match current_id {
        Some(id) => catalogues::find(conn, &id)?,
        None => None,
    };
    let hash = content_hash(&catalogue);
    if let Some(current) = &current
        && current.content_hash == hash
    {
        return Ok(Imported {
            catalogue_id: current.id.clone(),
            number: current.number,
            changed: false,
        });
    }
    publish_documents(conn, provider_id, &catalogue, now)?;
    publish_names(conn, provider_id, &catalogue)?;
    publish_plans(conn, provider_id, &catalogue, now)?;
    let number = current.map_or(0, |current| current.number) + 1;
    let row = CatalogueRow {
        id: IdKind::Catalogue.generate(),
        provider_id: provider_id.to_owned(),
        number,
        content_hash: hash,
        content: stored(&catalogue)?,
        published_at: now.into(),
    };
    catalogues::insert(conn, &row)?;
    catalogues::make_current(conn, provider_id, &row.id, &JsonText(catalogue.provider))?;
    Ok(Imported {
        catalogue_id: row.id,
        number,
        changed: true,
    })
}

/// The faults of a catalogue as fields of a request, for the API's problem document.
pub fn as_field_errors(faults: Vec<Fault>) -> AppError {
    AppError::Validation(
        faults
            .into_iter()
            .map(|fault| FieldError::new(FieldPlace::Pointer(fault.pointer), fault.code, fault.detail))
            .collect(),
    )
}

fn read(text: &str, slug: &str) -> Result<Catalogue, AppError> {
    let catalogue = parse(text).map_err(as_field_errors)?;
    if catalogue.provider.slug == slug {
        return Ok(catalogue);
    }
    Err(AppError::field(FieldError::body(
        "/provider/slug",
        "slug_mismatch",
        format!(
            "Der Katalog gehört zum Anbieter {}, nicht zu {slug}.",
            catalogue.provider.slug
        ),
        format!(
            "The catalogue belongs to the provider {}, not to {slug}.",
            catalogue.provider.slug
        ),
    )))
}

/// The text that is kept: canonical, so that the hash of any part of it can be taken again later.
fn stored<T: Serialize>(content: &T) -> Result<String, AppError> {
    let value = serde_json::to_value(content).map_err(|error| AppError::internal(error.to_string()))?;
    Ok(canonical_json(&value))
}

/// Adds the documents that are new. A published version never changes: consents refer to its wording.
fn publish_documents(
    conn: &mut DbConnection,
    provider_id: &str,
    catalogue: &Catalogue,
    now: OffsetDateTime,
) -> Result<(), AppError> {
    let published = legal_documents::headings(conn, provider_id)?;
    let (mut faults, mut rows) = (Vec::new(), Vec::new());
    for (index, document) in catalogue.legal_documents.iter().enumerate() {
        let sha256 = document.sha256();
        let language = document.language.as_str();
        let before = published.iter().find(|heading| {
            heading.key == document.key && heading.version == document.version && heading.language == language
        });
        match before {
            None => rows.push(LegalDocumentRow {
                id: IdKind::LegalDocument.generate(),
                provider_id: provider_id.to_owned(),
                key: document.key.clone(),
                kind: document.kind.as_str().to_owned(),
                version: document.version.clone(),
                language: language.to_owned(),
                title: document.title.clone(),
                content: document.pdf.clone().unwrap_or_else(|| document.text.clone()),
                media_type: document.media_type().to_owned(),
                sha256,
                valid_from_on: document.valid_from,
                published_at: now.into(),
            }),
            Some(heading)
                if heading.sha256 == sha256
                    && heading.title == document.title
                    && heading.kind == document.kind.as_str()
                    && heading.valid_from_on == document.valid_from => {}
            Some(_) => faults.push(FieldError::body(
                format!("/legal_documents/{index}/version"),
                "document_version_reused",
                format!(
                    "Die Fassung {} von {} ({language}) ist schon mit anderem Inhalt veröffentlicht; vergeben Sie eine neue \
                     Fassungsbezeichnung.",
                    document.version, document.key
                ),
                format!(
                    "Version {} of {} ({language}) is already published with other content; give it a new version.",
                    document.version, document.key
                ),
            )),
        }
    }
    if !faults.is_empty() {
        return Err(AppError::Validation(faults));
    }
    legal_documents::insert(conn, &rows)?;
    Ok(())
}

fn publish_names(conn: &mut DbConnection, provider_id: &str, catalogue: &Catalogue) -> Result<(), AppError> {
    let products: Vec<&str> = catalogue.products.iter().map(|product| product.key.as_str()).collect();
    catalogues::ensure_ids(conn, provider_id, Keyed::Products, &products)?;
    let add_ons: Vec<&str> = catalogue.add_ons.iter().map(|add_on| add_on.key.as_str()).collect();
    catalogues::ensure_ids(conn, provider_id, Keyed::AddOns, &add_ons)?;
    Ok(())
}

/// Gives each plan whose content is new a version. Going back to earlier content goes back to the earlier version.
fn publish_plans(
    conn: &mut DbConnection,
    provider_id: &str,
    catalogue: &Catalogue,
    now: OffsetDateTime,
) -> Result<(), AppError> {
    let keys: Vec<&str> = catalogue.plans.iter().map(|plan| plan.key.as_str()).collect();
    let ids = catalogues::ensure_ids(conn, provider_id, Keyed::Plans, &keys)?;
    let published = catalogues::plan_version_headings(conn, provider_id)?;
    let mut rows = Vec::new();
    for plan in &catalogue.plans {
        let id = ids
            .get(&plan.key)
            .ok_or_else(|| AppError::internal(format!("plan {} was given no id", plan.key)))?;
        let hash = plan_content_hash(plan);
        let versions = || published.iter().filter(|heading| heading.plan_id == *id);
        if versions().any(|heading| heading.content_hash == hash) {
            continue;
        }
        rows.push(PlanVersionRow {
            id: IdKind::PlanVersion.generate(),
            provider_id: provider_id.to_owned(),
            plan_id: id.clone(),
            number: versions().map(|heading| heading.number).max().unwrap_or(0) + 1,
            content_hash: hash,
            content: stored(plan)?,
            published_at: Utc::from(now),
        });
    }
    catalogues::plan_versions_insert(conn, &rows)?;
    Ok(())
}

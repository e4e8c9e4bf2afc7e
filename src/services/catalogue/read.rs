//! Reading what is published: whole catalogues and legal documents.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use time::{Date, OffsetDateTime};

use super::{DocumentRef, PublishedCatalogue};
use crate::domain::access::{Principal, Scope};
use crate::domain::catalogue::{DocumentKind, PDF};
use crate::domain::digest::sha256;
use crate::domain::ids::IdKind;
use crate::domain::localized::Locale;
use crate::error::AppError;
use crate::page::{Page, PageKey, PageRequest};
use crate::repositories::legal_documents::{self, LegalDocumentFilter, LegalDocumentHeading};
use crate::repositories::providers::provider_find_by_slug;
use crate::services::views;
use crate::state::AppState;

/// The current catalogue of the caller's provider; `None` before the first import.
///
/// # Errors
/// [`AppError::Forbidden`] without `catalogue:read`.
pub fn published(state: &AppState, principal: &Principal) -> Result<Option<Arc<PublishedCatalogue>>, AppError> {
    principal.require(Scope::CatalogueRead)?;
    let current = state
        .db
        .read(|conn| state.catalogues.find_current(conn, &principal.provider_id))?;
    current.map(|published| today(state, published)).transpose()
}

/// The catalogue with the documents used today, by the wall clock in the provider's zone. Customers on a test clock are
/// asked for the version of their own day when they order.
fn today(state: &AppState, published: Arc<PublishedCatalogue>) -> Result<Arc<PublishedCatalogue>, AppError> {
    let zone = views::zone(&published)?;
    Ok(published.as_of(zone.local_date(state.clock.now())))
}

/// The current catalogue of the provider with this slug, for anyone; `None` before the first import.
///
/// # Errors
/// [`AppError::NotFound`] if there is no such provider.
pub fn published_by_slug(state: &AppState, slug: &str) -> Result<Option<Arc<PublishedCatalogue>>, AppError> {
    let current = state.db.read(|conn| {
        let provider = provider_find_by_slug(conn, slug)?.ok_or(AppError::NotFound)?;
        match provider.catalogue_id {
            Some(catalogue_id) => state.catalogues.by_id(conn, &catalogue_id).map(Some),
            None => Ok(None),
        }
    })?;
    current.map(|published| today(state, published)).transpose()
}

/// Which legal documents a list shows; empty means all.
#[derive(Debug, Clone, Default)]
pub struct LegalDocumentQuery {
    /// Only documents with this key.
    pub key: Option<String>,
    /// Only documents of this kind.
    pub kind: Option<DocumentKind>,
    /// Only documents in this language.
    pub language: Option<Locale>,
}

/// A published version of a legal document in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedDocument {
    /// Which document it is.
    pub document: DocumentRef,
    /// First day on which this version is used.
    pub valid_from_on: Date,
    /// When it was published.
    pub published_at: OffsetDateTime,
}

/// A page of published documents in all versions, newest first.
///
/// # Errors
/// [`AppError::Forbidden`] without `catalogue:read`.
pub fn legal_documents(
    state: &AppState,
    principal: &Principal,
    query: &LegalDocumentQuery,
    request: &PageRequest,
) -> Result<Page<PublishedDocument>, AppError> {
    principal.require(Scope::CatalogueRead)?;
    let filter = LegalDocumentFilter {
        key: query.key.clone(),
        kind: query.kind.map(|kind| kind.as_str().to_owned()),
        language: query.language.map(|language| language.as_str().to_owned()),
        before_id: request.after.as_ref().map(|key| key.id.clone()),
    };
    let rows = if query.key.as_ref().is_some_and(|key| key.contains('\0')) {
        // PostgreSQL cannot hold U+0000 in a text, not even in a question.
        Vec::new()
    } else {
        state
            .db
            .read(|conn| legal_documents::list(conn, &principal.provider_id, &filter, request.rows()))?
    };
    let found = rows
        .into_iter()
        .map(published_document)
        .collect::<Result<Vec<_>, _>>()?;
    let key = |found: &PublishedDocument| PageKey {
        sort: found.document.id.clone(),
        id: found.document.id.clone(),
    };
    Ok(Page::cut(found, request, key))
}

/// What a published document says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DocumentContent {
    /// A wording.
    Text(String),
    /// The bytes of a PDF.
    Pdf(Vec<u8>),
}

/// One published document with its content, as it was and will be: a published version never changes.
///
/// # Errors
/// [`AppError::NotFound`] for another provider's, [`AppError::Forbidden`] without `catalogue:read`.
pub fn legal_document(
    state: &AppState,
    principal: &Principal,
    document_id: &str,
) -> Result<(PublishedDocument, DocumentContent), AppError> {
    principal.require(Scope::CatalogueRead)?;
    if !IdKind::LegalDocument.matches(document_id) {
        return Err(AppError::NotFound);
    }
    let row = state
        .db
        .read(|conn| legal_documents::find(conn, &principal.provider_id, document_id))?;
    let (heading, stored) = row.ok_or(AppError::NotFound)?;
    let content = document_content(&heading, stored)?;
    Ok((published_document(heading)?, content))
}

/// The content of a document from what is stored.
///
/// # Errors
/// Internal, when a stored PDF is no base64.
pub fn document_content(heading: &LegalDocumentHeading, stored: String) -> Result<DocumentContent, AppError> {
    let unchanged = |bytes: &[u8]| {
        if sha256(bytes) == heading.sha256 {
            return Ok(());
        }
        // What somebody accepted is never shown in another wording.
        Err(AppError::internal(format!(
            "legal document {} is not what was published",
            heading.id
        )))
    };
    if heading.media_type != PDF {
        unchanged(stored.as_bytes())?;
        return Ok(DocumentContent::Text(stored));
    }
    let bytes = STANDARD
        .decode(stored)
        .map_err(|error| AppError::internal(format!("legal document {}: {error}", heading.id)))?;
    unchanged(&bytes)?;
    Ok(DocumentContent::Pdf(bytes))
}

fn published_document(row: LegalDocumentHeading) -> Result<PublishedDocument, AppError> {
    let unreadable = |column: &str| AppError::internal(format!("legal document {}: {column} cannot be read", row.id));
    Ok(PublishedDocument {
        valid_from_on: row.valid_from_on,
        published_at: row.published_at.instant(),
        document: DocumentRef {
            kind: DocumentKind::parse(&row.kind).ok_or_else(|| unreadable("kind"))?,
            language: Locale::parse(&row.language).ok_or_else(|| unreadable("language"))?,
            id: row.id,
            key: row.key,
            version: row.version,
            title: row.title,
            sha256: row.sha256,
            media_type: row.media_type,
        },
    })
}

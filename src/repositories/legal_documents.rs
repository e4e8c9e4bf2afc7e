//! Legal documents as published: never changed, because consents refer to their wording.

use diesel::prelude::*;
use time::Date;

use crate::db::schema::legal_documents;
use crate::db::{DbConnection, DbError, MultiBackend, Utc, insert_all};

/// One version of a legal document in one language, with its wording.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = legal_documents)]
pub struct LegalDocumentRow {
    /// Id (`doc_`).
    pub id: String,
    /// Whose document it is.
    pub provider_id: String,
    /// Key by which the catalogue refers to it.
    pub key: String,
    /// What it is, for example `terms`.
    pub kind: String,
    /// The provider's name of the version.
    pub version: String,
    /// Language of title and wording, `de` or `en`.
    pub language: String,
    /// Title as shown.
    pub title: String,
    /// The full wording, or the PDF as base64.
    pub content: String,
    /// `text/plain` or `application/pdf`.
    pub media_type: String,
    /// SHA-256 (hex) of the content.
    pub sha256: String,
    /// First day on which this version is used.
    pub valid_from_on: Date,
    /// When it was published.
    pub published_at: Utc,
}

/// A document without its wording, for lists and references.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = legal_documents)]
pub struct LegalDocumentHeading {
    /// Id (`doc_`).
    pub id: String,
    /// Key by which the catalogue refers to it.
    pub key: String,
    /// What it is, for example `terms`.
    pub kind: String,
    /// The provider's name of the version.
    pub version: String,
    /// Language of title and wording, `de` or `en`.
    pub language: String,
    /// Title as shown.
    pub title: String,
    /// SHA-256 (hex) of the content.
    pub sha256: String,
    /// `text/plain` or `application/pdf`.
    pub media_type: String,
    /// First day on which this version is used.
    pub valid_from_on: Date,
    /// When it was published.
    pub published_at: Utc,
}

/// Which documents a list shows; `None` and an empty filter mean all.
#[derive(Debug, Clone, Default)]
pub struct LegalDocumentFilter {
    /// Only documents with this key.
    pub key: Option<String>,
    /// Only documents of this kind.
    pub kind: Option<String>,
    /// Only documents in this language.
    pub language: Option<String>,
    /// Only documents with an id below this one: the page after it.
    pub before_id: Option<String>,
}

/// All of the provider's documents without their wording, by key, version and language.
pub fn headings(conn: &mut DbConnection, provider_id: &str) -> Result<Vec<LegalDocumentHeading>, DbError> {
    Ok(legal_documents::table
        .filter(legal_documents::provider_id.eq(provider_id))
        .order((
            legal_documents::key,
            legal_documents::version,
            legal_documents::language,
        ))
        .select(LegalDocumentHeading::as_select())
        .load(conn)?)
}

/// A page of the provider's documents without their wording, newest first.
pub fn list(
    conn: &mut DbConnection,
    provider_id: &str,
    filter: &LegalDocumentFilter,
    limit: i64,
) -> Result<Vec<LegalDocumentHeading>, DbError> {
    let mut query = legal_documents::table
        .filter(legal_documents::provider_id.eq(provider_id))
        .select(LegalDocumentHeading::as_select())
        .into_boxed::<MultiBackend>();
    if let Some(key) = &filter.key {
        query = query.filter(legal_documents::key.eq(key));
    }
    if let Some(kind) = &filter.kind {
        query = query.filter(legal_documents::kind.eq(kind));
    }
    if let Some(language) = &filter.language {
        query = query.filter(legal_documents::language.eq(language));
    }
    if let Some(id) = &filter.before_id {
        query = query.filter(legal_documents::id.lt(id));
    }
    Ok(query.order(legal_documents::id.desc()).limit(limit).load(conn)?)
}

/// One document of the provider, and its content as it is stored.
pub fn find(
    conn: &mut DbConnection,
    provider_id: &str,
    document_id: &str,
) -> Result<Option<(LegalDocumentHeading, String)>, DbError> {
    Ok(legal_documents::table
        .find(document_id)
        .filter(legal_documents::provider_id.eq(provider_id))
        .select((LegalDocumentHeading::as_select(), legal_documents::content))
        .first(conn)
        .optional()?)
}

/// Adds documents.
pub fn insert(conn: &mut DbConnection, rows: &[LegalDocumentRow]) -> Result<(), DbError> {
    insert_all!(conn, legal_documents::table, rows)
}

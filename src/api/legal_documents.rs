//! `/v1/legal-documents`: terms, instructions and notices in every published version and language.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::choices::{DocumentKindDto, LanguageDto};
use super::civil_date::CivilDate;
use super::extract::{LegalDocumentId, Query};
use super::instant::Instant;
use super::pagination::{PageParams, Paging};
use super::problem::Problem;
use super::{blocking, etag};
use crate::domain::access::Principal;
use crate::error::AppError;
use crate::list_of;
use crate::services::catalogue::{self, DocumentContent, LegalDocumentQuery, PublishedDocument};
use crate::state::AppState;

/// A published version never changes.
const IMMUTABLE_CACHE: &str = "private, max-age=86400, immutable";

/// Which documents a list shows.
#[derive(Debug, Clone, Default, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LegalDocumentParams {
    /// Only documents with this key.
    #[param(nullable = false, max_length = 60, example = "terms")]
    pub key: Option<String>,
    /// Only documents of this kind.
    #[param(nullable = false, inline)]
    pub kind: Option<DocumentKindDto>,
    /// Only documents in this language.
    #[param(nullable = false, inline)]
    pub language: Option<LanguageDto>,
}

list_of!(
    /// Legal documents in all published versions, newest first.
    LegalDocumentList of LegalDocumentDto
);

/// One version of a legal document in one language.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LegalDocument)]
pub struct LegalDocumentDto {
    /// Id of this version in this language.
    #[schema(
        pattern = "^doc_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "doc_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub id: String,
    /// Key of the document, the same in all versions and languages.
    #[schema(max_length = 60, example = "terms")]
    pub key: String,
    /// What the document is.
    pub kind: DocumentKindDto,
    /// The provider's name of the version.
    #[schema(max_length = 60, example = "2026-01")]
    pub version: String,
    /// Language of title and wording.
    pub language: LanguageDto,
    /// Title of the document.
    #[schema(max_length = 500, example = "Allgemeine Geschäftsbedingungen")]
    pub title: String,
    /// SHA-256 of the content, lower-case hexadecimal; kept with each consent.
    #[schema(
        pattern = "^[0-9a-f]{64}$",
        max_length = 64,
        example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    )]
    pub sha256: String,
    /// First day on which this version is used.
    pub valid_from_on: CivilDate,
    /// When it was published.
    pub published_at: Instant,
    /// Media type of the content.
    #[schema(max_length = 30, pattern = "^(text/plain|application/pdf)$", example = "text/plain")]
    pub media_type: String,
    /// The full wording; absent in lists and for PDFs, which `…/content` downloads.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        max_length = 1_000_000,
        example = "1. Geltung. Diese Bedingungen gelten für alle Verträge."
    )]
    pub text: Option<String>,
}

impl LegalDocumentDto {
    fn new(published: PublishedDocument, text: Option<String>) -> Self {
        let document = published.document;
        Self {
            id: document.id,
            key: document.key,
            kind: document.kind.into(),
            version: document.version,
            language: document.language.into(),
            title: document.title,
            sha256: document.sha256,
            valid_from_on: CivilDate(published.valid_from_on),
            published_at: published.published_at.into(),
            media_type: document.media_type,
            text,
        }
    }
}

/// All published legal documents.
#[utoipa::path(
    tag = "Legal documents",
    operation_id = "listLegalDocuments",
    summary = "List legal documents",
    description = "Terms, data-processing agreements, withdrawal instructions and the like in every published version and language, without their wording, newest first.",
    params(LegalDocumentParams, PageParams),
    responses((status = 200, description = "A page of documents.", body = LegalDocumentList)),
    extensions(
        ("x-required-scopes" = json!(["catalogue:read"])),
    )
)]
#[get("/legal-documents")]
pub async fn list_legal_documents(
    state: web::Data<AppState>,
    principal: Principal,
    paging: Paging,
    query: Query<LegalDocumentParams>,
) -> Result<HttpResponse, Problem> {
    let query = LegalDocumentQuery {
        key: query.0.key,
        kind: query.0.kind.map(Into::into),
        language: query.0.language.map(Into::into),
    };
    let request = paging.request.clone();
    let page = blocking(&state, move |state| {
        catalogue::legal_documents(state, &principal, &query, &request)
    })
    .await?;
    paging.respond::<_, LegalDocumentList>(page.map(|document| LegalDocumentDto::new(document, None)))
}

/// One published legal document.
#[utoipa::path(
    tag = "Legal documents",
    operation_id = "getLegalDocument",
    summary = "Fetch a legal document",
    description = "A published version with its wording. It never changes: consents refer to it.",
    params(LegalDocumentId),
    responses((status = 200, description = "The document.", body = LegalDocumentDto)),
    extensions(
        ("x-required-scopes" = json!(["catalogue:read"])),
        ("x-entity-tag" = json!(true)),
    )
)]
#[get("/legal-documents/{legal_document_id}")]
pub async fn get_legal_document(
    state: web::Data<AppState>,
    principal: Principal,
    legal_document_id: LegalDocumentId,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (document, content) = blocking(&state, move |state| {
        catalogue::legal_document(state, &principal, &legal_document_id.0)
    })
    .await?;
    let text = match content {
        DocumentContent::Text(text) => Some(text),
        DocumentContent::Pdf(_) => None,
    };
    let dto = LegalDocumentDto::new(document, text);
    let body = serde_json::to_vec(&dto).map_err(|error| AppError::Internal(error.into()))?;
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, IMMUTABLE_CACHE));
    Ok(etag::respond_bytes(
        &request,
        etag::content_tag(&body),
        "application/json",
        response,
        body,
    ))
}

/// The content of a published legal document.
#[utoipa::path(
    tag = "Legal documents",
    operation_id = "downloadLegalDocument",
    summary = "Download a legal document",
    description = "The document exactly as it was shown and agreed to, as text or PDF. Its SHA-256 is the one that evidence and confirmations name, and its entity tag.",
    params(LegalDocumentId),
    responses((status = 200, description = "The document.", content(
        (String = "text/plain", example = "1. Geltung. Diese Bedingungen gelten für alle Verträge."),
        (Vec<u8> = "application/pdf")
    ))),
    extensions(
        ("x-required-scopes" = json!(["catalogue:read"])),
        ("x-entity-tag" = json!(true)),
    )
)]
#[get("/legal-documents/{legal_document_id}/content")]
pub async fn download_legal_document(
    state: web::Data<AppState>,
    principal: Principal,
    legal_document_id: LegalDocumentId,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (published, content) = blocking(&state, move |state| {
        catalogue::legal_document(state, &principal, &legal_document_id.0)
    })
    .await?;
    let document = published.document;
    let (bytes, media_type, extension) = match content {
        DocumentContent::Text(text) => (text.into_bytes(), "text/plain; charset=utf-8", "txt"),
        DocumentContent::Pdf(bytes) => (bytes, "application/pdf", "pdf"),
    };
    let language = document.language.as_str();
    let file_name = format!("{}-{}-{language}.{extension}", document.key, document.version);
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CACHE_CONTROL, IMMUTABLE_CACHE))
        .insert_header((header::CONTENT_LANGUAGE, language))
        .insert_header((
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{file_name}\""),
        ));
    let tag = format!("\"{}\"", document.sha256);
    Ok(etag::respond_bytes(&request, tag, media_type, response, bytes))
}

/// Mounts the operations of this module.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_legal_documents)
        .service(get_legal_document)
        .service(download_legal_document);
}

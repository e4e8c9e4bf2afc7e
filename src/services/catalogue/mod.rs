//! The catalogue: publishing it, and reading what is published.
//!
//! A catalogue is imported as a whole and never changed afterwards; a new import makes a new one. Contracts keep the plan
//! version under which they were concluded, so a new catalogue changes no contract.

mod cache;
mod import;
mod published;
mod read;

pub use cache::CatalogueCache;
pub use import::{Imported, as_field_errors, import};
pub use published::{DocumentRef, OtherVersion, PlanRef, PublishedCatalogue};
pub use read::{
    DocumentContent, LegalDocumentQuery, PublishedDocument, document_content, legal_document, legal_documents,
    published, published_by_slug,
};

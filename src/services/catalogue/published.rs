//! A published catalogue with the ids of what it names.

use std::collections::HashMap;
use std::sync::Arc;

use time::{Date, OffsetDateTime};

use crate::domain::catalogue::{
    AddOn, Catalogue, DocumentKind, LegalDocument, Plan, Product, VersionSpan, canonical_json, version_in_force,
};
use crate::domain::ids::IdKind;
use crate::domain::localized::Locale;
use crate::domain::plan_version::PlanVersion;

/// One immutable catalogue of a provider.
#[derive(Debug, Clone)]
pub struct PublishedCatalogue {
    /// Id (`cat_`).
    pub id: String,
    /// Whose catalogue it is.
    pub provider_id: String,
    /// Counts the provider's catalogues, from 1.
    pub number: i64,
    /// When it was published.
    pub published_at: OffsetDateTime,
    /// The content.
    pub catalogue: Catalogue,
    /// Plan and plan version by key of the plan.
    pub plans: HashMap<String, PlanRef>,
    /// Product id by key.
    pub products: HashMap<String, String>,
    /// Add-on id by key.
    pub add_ons: HashMap<String, String>,
    /// Document by key and language, in the version of this catalogue.
    pub documents: HashMap<(String, String), DocumentRef>,
    /// Other published versions of these documents: used until the day of this catalogue's version has come.
    pub other_versions: Vec<OtherVersion>,
}

/// A published version of a document that is not the catalogue's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherVersion {
    /// Which document it is.
    pub document: DocumentRef,
    /// From when on it is used, and when it was published.
    pub span: VersionSpan,
}

/// Which plan and which of its versions stands behind a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanRef {
    /// Id of the plan (`pln_`).
    pub plan_id: String,
    /// Id of its version in this catalogue (`plv_`).
    pub plan_version_id: String,
    /// Number of that version.
    pub number: i64,
}

/// A legal document without its wording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentRef {
    /// Id (`doc_`).
    pub id: String,
    /// Key by which the catalogue refers to it.
    pub key: String,
    /// What it is.
    pub kind: DocumentKind,
    /// The provider's name of the version.
    pub version: String,
    /// Language of title and wording.
    pub language: Locale,
    /// Title as shown.
    pub title: String,
    /// SHA-256 (hex) of the content.
    pub sha256: String,
    /// `text/plain` or `application/pdf`.
    pub media_type: String,
}

impl PublishedCatalogue {
    /// The catalogue with the documents that are used on `on`: a version published in advance waits for its day.
    pub fn as_of(self: Arc<Self>, on: Date) -> Arc<Self> {
        let waiting = |document: &&LegalDocument| document.valid_from > on;
        let replaced: Vec<DocumentRef> = self
            .catalogue
            .legal_documents
            .iter()
            .filter(waiting)
            .filter_map(|document| self.used_instead(document, on))
            .collect();
        if replaced.is_empty() {
            return self;
        }
        let mut as_of = Self::clone(&self);
        for document in replaced {
            let place = (document.key.clone(), document.language.as_str().to_owned());
            as_of.documents.insert(place, document);
        }
        Arc::new(as_of)
    }

    fn used_instead(&self, own: &LegalDocument, on: Date) -> Option<DocumentRef> {
        let same = |other: &&OtherVersion| other.document.key == own.key && other.document.language == own.language;
        let others: Vec<&OtherVersion> = self.other_versions.iter().filter(same).collect();
        let spans: Vec<VersionSpan> = others.iter().map(|other| other.span).collect();
        let used = version_in_force(own.valid_from, &spans, on)?;
        others.get(used).map(|other| other.document.clone())
    }

    /// The plan with this id (`pln_`), if it is in this catalogue.
    pub fn plan_by_id(&self, plan_id: &str) -> Option<(&Plan, &PlanRef)> {
        self.catalogue.plans.iter().find_map(|plan| {
            let reference = self.plans.get(&plan.key)?;
            (reference.plan_id == plan_id).then_some((plan, reference))
        })
    }

    /// The plan with this key and its ids, if it is in this catalogue.
    pub fn plan_by_key(&self, key: &str) -> Option<(&Plan, &PlanRef)> {
        Some((self.catalogue.plan(key)?, self.plans.get(key)?))
    }

    /// The add-on with this id (`adn_`), if it is in this catalogue.
    pub fn add_on_by_id(&self, add_on_id: &str) -> Option<&AddOn> {
        self.catalogue
            .add_ons
            .iter()
            .find(|add_on| self.add_ons.get(&add_on.key).is_some_and(|id| id == add_on_id))
    }

    /// The present version of the add-on with this id (`adn_`) or key. Its id follows from its content, so that the same
    /// content is the same version whoever books it first.
    pub fn add_on_version(&self, name: &str) -> Option<PlanVersion> {
        let add_on = self.add_on_by_id(name).or_else(|| self.catalogue.add_on(name))?;
        let add_on_id = self.add_ons.get(&add_on.key)?;
        let content = serde_json::to_value(add_on).ok()?;
        let id = IdKind::AddOnVersion.derive(0, &[add_on_id, &canonical_json(&content)]);
        Some(PlanVersion::of_add_on(
            id,
            add_on_id.clone(),
            self.number,
            add_on.clone(),
        ))
    }

    /// The product with this id (`prd_`), if it is in this catalogue.
    pub fn product_by_id(&self, product_id: &str) -> Option<&Product> {
        self.catalogue
            .products
            .iter()
            .find(|product| self.products.get(&product.key).is_some_and(|id| id == product_id))
    }

    /// The document in force that a consent names: by the id (`doc_`) of the very text that was shown, in whatever language, or by
    /// its key in `locale`. The id of an older version leads to the one in force.
    pub fn document_named(&self, name: &str, locale: Locale) -> Option<&DocumentRef> {
        let in_force = self.documents.values().find(|document| document.id == name);
        let replaced = || {
            let older = self.other_versions.iter().find(|other| other.document.id == name)?;
            self.document(&older.document.key, older.document.language)
        };
        in_force.or_else(replaced).or_else(|| self.document(name, locale))
    }

    /// The document with this key in `locale`, or in the provider's own language where it was not translated.
    pub fn document(&self, key: &str, locale: Locale) -> Option<&DocumentRef> {
        let in_language = |language: Locale| self.documents.get(&(key.to_owned(), language.as_str().to_owned()));
        in_language(locale).or_else(|| in_language(self.catalogue.provider.default_locale))
    }
}

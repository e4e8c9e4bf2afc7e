//! What a provider sells: products, plans, add-ons, the transitions between plans and the legal documents behind them.
//!
//! One JSON document per provider. It is checked as a whole ([`parse`], [`check`]), published as an immutable version and
//! afterwards only read. Everything refers to everything else by key; [`check`] makes sure that each key leads somewhere.

mod add_on;
mod changes;
mod check;
mod consumer_guard;
mod fault;
mod hash;
mod in_force;
mod parse;
mod plan;
mod provider;
mod slot_kind;
mod support;
mod transition;

use serde::{Deserialize, Serialize};

pub use add_on::{AddOn, AddOnBilling, AddOnCharging, Detail, Entitlement};
pub use changes::{Changes, changes_between, check_succession};
pub use check::check;
pub use consumer_guard::consumer_guard;
pub use fault::Fault;
pub use hash::{canonical_json, content_hash, plan_content_hash};
pub use in_force::{VersionSpan, version_in_force};
pub use parse::parse;
pub use plan::{Compensation, Feature, IncludedAddOn, Limit, Plan, Price, PriceKind, QuantityRule, WithdrawalSettings};
pub use provider::{Contact, DocumentKind, LegalDocument, MailSettings, PDF, PLAIN_TEXT, Product, ProviderSettings};
pub use slot_kind::{SlotGroup, SlotKind, SlotPackage, SlotTarget};
pub use support::{SupportDay, SupportHours, SupportWindow};
pub use transition::{Consequence, Transition, TransitionTiming};

use super::localized::Locale;

/// The version of the catalogue format that this program reads.
pub const SCHEMA_VERSION: u32 = 1;

/// One provider's complete catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// Version of the format, [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Who sells, and the rules that hold for all of its contracts.
    pub provider: ProviderSettings,
    /// Terms, data-processing agreements, withdrawal instructions and the like, one entry per language.
    pub legal_documents: Vec<LegalDocument>,
    /// What plans and add-ons belong to.
    pub products: Vec<Product>,
    /// What a contract can be about.
    pub plans: Vec<Plan>,
    /// What can be booked on top of a contract.
    #[serde(default)]
    pub add_ons: Vec<AddOn>,
    /// Which plan may be changed into which, and when the change takes effect.
    #[serde(default)]
    pub transitions: Vec<Transition>,
    /// What can be put into the slots that plans carry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slot_kinds: Vec<SlotKind>,
}

impl Catalogue {
    /// The product with this key.
    pub fn product(&self, key: &str) -> Option<&Product> {
        self.products.iter().find(|product| product.key == key)
    }

    /// The plan with this key.
    pub fn plan(&self, key: &str) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.key == key)
    }

    /// The add-on with this key.
    pub fn add_on(&self, key: &str) -> Option<&AddOn> {
        self.add_ons.iter().find(|add_on| add_on.key == key)
    }

    /// The kind of slot with this key.
    pub fn slot_kind(&self, key: &str) -> Option<&SlotKind> {
        self.slot_kinds.iter().find(|kind| kind.key == key)
    }

    /// The transitions that lead away from the plan with this key, in catalogue order.
    pub fn transitions_from<'a>(&'a self, plan: &'a str) -> impl Iterator<Item = &'a Transition> {
        self.transitions
            .iter()
            .filter(move |transition| transition.from == plan)
    }

    /// The transition between two plans; there is at most one.
    pub fn transition(&self, from: &str, to: &str) -> Option<&Transition> {
        self.transitions
            .iter()
            .find(|transition| transition.from == from && transition.to == to)
    }

    /// The legal document with this key in `locale`, or in the provider's own language where it was not translated.
    pub fn document(&self, key: &str, locale: Locale) -> Option<&LegalDocument> {
        let in_language = |language: Locale| {
            self.legal_documents
                .iter()
                .find(move |document| document.key == key && document.language == language)
        };
        in_language(locale).or_else(|| in_language(self.provider.default_locale))
    }

    /// The add-ons that can be booked on a contract about the plan with this key, in catalogue order.
    pub fn add_ons_for<'a>(&'a self, plan: &'a str) -> impl Iterator<Item = &'a AddOn> {
        self.add_ons
            .iter()
            .filter(move |add_on| add_on.allowed_for.iter().any(|allowed| allowed == plan))
    }
}

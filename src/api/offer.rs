//! What plans and add-ons have in common on the wire: prices, terms, quantities, consents.

use serde::Serialize;
use utoipa::ToSchema;

use super::choices::{AllowedEndDto, CompensationDto, DocumentKindDto, LanguageDto, PriceKindDto, PriceModeDto};
use super::money::MoneyDto;
use crate::domain::catalogue::{Price, PriceKind, QuantityRule, WithdrawalSettings};
use crate::domain::localized::Locale;
use crate::domain::period::BillingInterval;
use crate::domain::tax::{PriceMode, TaxRate};
use crate::domain::terms::{Renewal, Terms};
use crate::page::{Page, PageKey, PageRequest};
use crate::services::catalogue::{DocumentRef, PublishedCatalogue};

/// The page of a list that stands in the catalogue, in the provider's order: by position, then by key.
pub fn page_in_order<T>(
    items: impl Iterator<Item = T>,
    request: &PageRequest,
    place: impl Fn(&T) -> (u32, String),
) -> Page<T> {
    let sort_key = |item: &T| {
        let (position, key) = place(item);
        format!("{position:010} {key}")
    };
    let mut rows: Vec<T> = items.collect();
    rows.sort_by_cached_key(sort_key);
    if let Some(after) = &request.after {
        rows.retain(|item| sort_key(item) > after.sort);
    }
    Page::cut(rows, request, |item| PageKey {
        sort: sort_key(item),
        id: place(item).1,
    })
}

/// One component of what a plan or add-on costs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Price)]
pub struct PriceDto {
    /// Key by which charges refer to it.
    #[schema(max_length = 60, example = "base")]
    pub key: String,
    /// How it is charged.
    pub kind: PriceKindDto,
    /// The price of one period, one unit and period, one unit used, or once, by `kind`.
    pub amount: MoneyDto,
    /// Whether the tax is contained.
    pub price_mode: PriceModeDto,
    /// Rate of value added tax in per cent.
    #[schema(pattern = r"^\d{1,3}(\.\d{1,2})?$", max_length = 6, example = "19")]
    pub tax_rate: String,
    /// The period a recurring price is for (ISO 8601 duration); `null` for `usage` and `one_off`.
    #[schema(required, pattern = r"^P\d{1,2}M$", max_length = 4, example = "P1M")]
    pub interval: Option<String>,
    /// What is counted for `per_unit` and `usage`; otherwise `null`.
    #[schema(required, max_length = 60, example = "user")]
    pub unit: Option<String>,
    /// What the charge is called on an invoice, in the caller's language.
    #[schema(max_length = 500, example = "Grundgebühr je Benutzer")]
    pub label: String,
}

/// What all prices of one plan or add-on share.
pub struct Pricing<'a> {
    /// Net or gross.
    pub mode: PriceMode,
    /// Rate of value added tax.
    pub tax_rate: TaxRate,
    /// Length of a billing period, where there is one.
    pub interval: Option<BillingInterval>,
    /// What the quantity counts.
    pub unit: &'a str,
}

impl PriceDto {
    /// The prices in the language of the caller.
    pub fn list(prices: &[Price], pricing: &Pricing<'_>, locale: Locale) -> Vec<Self> {
        prices
            .iter()
            .map(|price| Self {
                key: price.key.clone(),
                kind: price.kind.into(),
                amount: price.amount.into(),
                price_mode: pricing.mode.into(),
                tax_rate: pricing.tax_rate.to_string(),
                interval: pricing
                    .interval
                    .filter(|_| price.kind.is_recurring())
                    .map(|interval| interval.to_string()),
                unit: match price.kind {
                    PriceKind::PerUnit => Some(pricing.unit.to_owned()),
                    PriceKind::Usage => price.unit.clone(),
                    PriceKind::Flat | PriceKind::OneOff => None,
                },
                label: price.label.get(locale).to_owned(),
            })
            .collect()
    }
}

/// Minimum term, renewal and notice.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OfferTerms)]
pub struct TermsDto {
    /// The time for which the contract binds at first (ISO 8601 duration); `null` for none.
    #[schema(required, pattern = r"^P\d{1,5}[MWD]$", max_length = 7, example = "P12M")]
    pub initial_term: Option<String>,
    /// What follows: `indefinite`, the length of each renewal, or `null` where the contract ends by itself.
    #[schema(
        required,
        pattern = r"^(indefinite|P\d{1,5}[MWD])$",
        max_length = 10,
        example = "indefinite"
    )]
    pub renewal: Option<String>,
    /// The notice period from receipt (ISO 8601 duration).
    #[schema(pattern = r"^P\d{1,5}[MWD]$", max_length = 7, example = "P3M")]
    pub notice: String,
    /// The days on which the contract may end.
    pub to: AllowedEndDto,
    /// The terms in words, in the caller's language.
    #[schema(
        max_length = 500,
        example = "Keine Mindestlaufzeit. Kündigungsfrist: 3 Monate zum Quartalsende."
    )]
    pub text: String,
}

impl TermsDto {
    /// The terms in the language of the caller.
    pub fn new(terms: &Terms, locale: Locale) -> Self {
        Self {
            initial_term: terms.initial_term.map(|term| term.to_string()),
            renewal: terms.renewal.map(|renewal| match renewal {
                Renewal::Indefinite => "indefinite".to_owned(),
                Renewal::Fixed(duration) => duration.to_string(),
            }),
            notice: terms.notice.to_string(),
            to: terms.to.into(),
            text: terms.sentence().get(locale).to_owned(),
        }
    }
}

/// How many units a contract or booking may have.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuantityRule)]
pub struct QuantityRuleDto {
    /// What is counted; `contract` where there is only ever one.
    #[schema(max_length = 60, example = "user")]
    pub unit: String,
    /// Least number.
    #[schema(minimum = 1, maximum = 1_000_000, example = 1)]
    pub minimum: u32,
    /// Greatest number; `null` where the catalogue sets none.
    #[schema(required, minimum = 1, maximum = 1_000_000, example = 100)]
    pub maximum: Option<u32>,
}

impl From<&QuantityRule> for QuantityRuleDto {
    fn from(rule: &QuantityRule) -> Self {
        Self {
            unit: rule.unit.clone(),
            minimum: rule.minimum,
            maximum: rule.maximum,
        }
    }
}

/// A document that must be accepted, in the version to accept. Send its id or key, its version and `accepted: true`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RequiredConsent)]
pub struct RequiredConsentDto {
    /// Id of this version of the document; its wording is at `/v1/legal-documents/{document_id}`.
    #[schema(
        pattern = "^doc_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "doc_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub document_id: String,
    /// Key of the document, the same in all versions and languages.
    #[schema(max_length = 60, example = "terms")]
    pub key: String,
    /// What the document is.
    pub kind: DocumentKindDto,
    /// The version to accept.
    #[schema(max_length = 60, example = "2026-01")]
    pub version: String,
    /// Language of the wording.
    pub language: LanguageDto,
    /// Title of the document.
    #[schema(max_length = 500, example = "Allgemeine Geschäftsbedingungen")]
    pub title: String,
    /// SHA-256 of the wording, lower-case hexadecimal.
    #[schema(
        pattern = "^[0-9a-f]{64}$",
        max_length = 64,
        example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    )]
    pub sha256: String,
}

impl RequiredConsentDto {
    /// The documents behind `keys`, in the caller's language where they were translated.
    pub fn list(published: &PublishedCatalogue, keys: &[String], locale: Locale) -> Vec<Self> {
        keys.iter()
            .filter_map(|key| published.document(key, locale))
            .map(Self::from)
            .collect()
    }
}

impl From<&DocumentRef> for RequiredConsentDto {
    fn from(document: &DocumentRef) -> Self {
        Self {
            document_id: document.id.clone(),
            key: document.key.clone(),
            kind: document.kind.into(),
            version: document.version.clone(),
            language: document.language.into(),
            title: document.title.clone(),
            sha256: document.sha256.clone(),
        }
    }
}

/// How a withdrawal (§ 355 BGB) is settled.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WithdrawalSettings)]
pub struct WithdrawalSettingsDto {
    /// What is paid for use before the withdrawal.
    pub compensation: CompensationDto,
    /// Whether a cancellation within the withdrawal period is treated as a withdrawal.
    #[schema(example = false)]
    pub cancel_within_14d_is_withdrawal: bool,
    /// Whether businesses are granted the same right by contract.
    #[schema(example = false)]
    pub granted_to_business: bool,
}

impl From<&WithdrawalSettings> for WithdrawalSettingsDto {
    fn from(settings: &WithdrawalSettings) -> Self {
        Self {
            compensation: settings.compensation.into(),
            cancel_within_14d_is_withdrawal: settings.cancel_within_14d_is_withdrawal,
            granted_to_business: settings.granted_to_business,
        }
    }
}

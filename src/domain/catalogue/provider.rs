//! The provider, its legal documents and its products.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use time::Date;

use crate::domain::{
    calendar::civil_date,
    digest,
    holidays::HolidayRegion,
    invoice::Invoicing,
    localized::{Locale, LocalizedText},
    money::Currency,
};

/// Media type of a wording.
pub const PLAIN_TEXT: &str = "text/plain";
/// Media type of a PDF.
pub const PDF: &str = "application/pdf";

/// Who sells, and the rules that hold for all contracts with this provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderSettings {
    /// Short name in addresses (`/v1/public/{slug}/…`) and at login; never changes once published.
    pub slug: String,
    /// Name shown to customers.
    pub name: String,
    /// IANA time zone in which legal days begin and end.
    #[serde(default = "default_time_zone")]
    pub time_zone: String,
    /// Language in which customers are addressed who have not chosen one.
    #[serde(default)]
    pub default_locale: Locale,
    /// The one currency of all prices.
    pub currency: Currency,
    /// Where the provider sits, for § 193 BGB: the holidays of these regions extend a withdrawal period.
    #[serde(default)]
    pub holiday_regions: Vec<HolidayRegion>,
    /// Whether businesses may cancel all contracts but the last by themselves; the last one then needs [`Self::contact`].
    /// Never binds consumers (§ 312k BGB).
    #[serde(default)]
    pub keep_last_contract: bool,
    /// Standing offer to continue the contract when a cancellation or plan change is taken back before it takes effect.
    #[serde(default)]
    pub revocation_offered: bool,
    /// How to reach the provider in writing or by telephone.
    pub contact: Contact,
    /// Who issues invoices and how; without it charges stay drafts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoicing: Option<Invoicing>,
    /// How the provider's e-mails look and who they are from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<MailSettings>,
}

/// How the provider's e-mails look and who they are from. The address they are sent from is the operator's (`MAIL_FROM`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailSettings {
    /// Name shown as the sender; the provider's name when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_name: Option<String>,
    /// Address for answers; the contact's when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// Address for notices to the provider itself, for example that a webhook endpoint was disabled; the contact's when left
    /// out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notices_to: Option<String>,
    /// Colour of the bar above the text, `#` and six hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<String>,
    /// The closing lines, separated by `\n`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<LocalizedText>,
}

fn default_time_zone() -> String {
    "Europe/Berlin".to_owned()
}

/// How to reach the provider outside the self-service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// A sentence for customers, for example whom to call about the last contract.
    pub text: LocalizedText,
    /// Telephone number as shown.
    pub phone: String,
    /// E-mail address.
    pub email: String,
    /// Postal address, lines separated by `\n`.
    pub postal: String,
}

/// What a legal document is, and with it which duty it fulfils.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// Standard terms (AGB, § 305 BGB).
    Terms,
    /// Data-processing agreement (Auftragsverarbeitung, Art. 28 GDPR).
    Dpa,
    /// Withdrawal instruction (Widerrufsbelehrung, Art. 246a § 1 Abs. 2 EGBGB); agreeing to it sets `instructed_at`.
    WithdrawalInstruction,
    /// Privacy notice (Art. 13 GDPR): information, taken note of rather than agreed to.
    Privacy,
    /// Description of what is sold in detail.
    ServiceDescription,
    /// Any other document that wants to be accepted.
    Other,
}

impl DocumentKind {
    /// The name used in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Terms => "terms",
            Self::Dpa => "dpa",
            Self::WithdrawalInstruction => "withdrawal_instruction",
            Self::Privacy => "privacy",
            Self::ServiceDescription => "service_description",
            Self::Other => "other",
        }
    }

    /// Reads the stored name; `None` for any other text.
    pub fn parse(name: &str) -> Option<Self> {
        [
            Self::Terms,
            Self::Dpa,
            Self::WithdrawalInstruction,
            Self::Privacy,
            Self::ServiceDescription,
            Self::Other,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == name)
    }
}

/// One version of a legal document in one language, with its full wording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LegalDocument {
    /// Key by which plans and transitions ask for consent; the same in every language.
    pub key: String,
    /// What the document is.
    pub kind: DocumentKind,
    /// The provider's own name of the version, for example `2026-01`; the same in every language.
    pub version: String,
    /// Language of title and text.
    pub language: Locale,
    /// Title as shown.
    pub title: String,
    /// The full wording, kept as evidence of what was agreed; empty where the document is a PDF.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// The document as PDF (base64), instead of `text`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pdf: Option<String>,
    /// First day on which this version is used.
    #[serde(with = "civil_date")]
    pub valid_from: Date,
}

impl LegalDocument {
    /// SHA-256 of the content (the wording in UTF-8, or the PDF's bytes) in lower-case hexadecimal; kept with each consent.
    pub fn sha256(&self) -> String {
        let bytes = self.pdf_bytes().unwrap_or_else(|| self.text.as_bytes().to_vec());
        digest::sha256(&bytes)
    }

    /// The PDF, where the document is one and its base64 can be read.
    pub fn pdf_bytes(&self) -> Option<Vec<u8>> {
        STANDARD.decode(self.pdf.as_ref()?).ok()
    }

    /// Media type of the content.
    pub fn media_type(&self) -> &'static str {
        if self.pdf.is_some() { PDF } else { PLAIN_TEXT }
    }
}

/// What plans and add-ons belong to; contracts can be changed between the plans of a product and beyond it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// Key by which plans and add-ons refer to it.
    pub key: String,
    /// Name shown to customers.
    pub name: LocalizedText,
    /// What it is, in a sentence or two.
    pub description: LocalizedText,
    /// Place in lists, ascending.
    #[serde(default)]
    pub position: u32,
}

//! Invoices and invoice corrections as documents: everything § 14 Abs. 4 UStG asks for, never changed once issued.

use serde::{Deserialize, Serialize};
use time::Date;

use super::{
    party::{Recipient, Supplier},
    treatment::TaxTreatment,
};
use crate::domain::{
    calendar::civil_date,
    catalogue::canonical_json,
    charge::ChargeKind,
    digest,
    localized::LocalizedText,
    money::{Currency, Money, UnitPrice},
    preview::Totals,
    tax::{PriceMode, TaxRate},
};

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentType {
    /// An invoice.
    Invoice,
    /// An invoice correction (§ 31 Abs. 5 UStDV). Never called "Gutschrift": that word means self-billing
    /// (§ 14 Abs. 4 Satz 1 Nr. 10 UStG).
    CreditNote,
}

impl DocumentType {
    /// The name used in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invoice => "invoice",
            Self::CreditNote => "credit_note",
        }
    }

    /// The word that stands on top of the document.
    pub fn title(self) -> LocalizedText {
        match self {
            Self::Invoice => LocalizedText::new("Rechnung", "Invoice"),
            Self::CreditNote => LocalizedText::new("Rechnungskorrektur", "Invoice correction"),
        }
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The charge it takes up.
    pub charge_id: String,
    /// The contract.
    pub subscription_id: String,
    /// Contract or booking.
    pub item_id: String,
    /// Why it is charged.
    pub kind: ChargeKind,
    /// Kind of service (§ 14 Abs. 4 Satz 1 Nr. 5 UStG).
    pub label: LocalizedText,
    /// The calculation in words.
    pub arithmetic: LocalizedText,
    /// Units.
    pub quantity: u32,
    /// Price of one unit for a whole billing period; negative for credits.
    pub unit_price: UnitPrice,
    /// The amount, net or gross as the document's price mode says; negative for credits.
    pub amount: Money,
    /// Tax rate in per cent.
    pub tax_rate: TaxRate,
    /// How it is taxed.
    pub tax_treatment: TaxTreatment,
    /// First day of service (§ 14 Abs. 4 Satz 1 Nr. 6 UStG).
    #[serde(with = "civil_date")]
    pub from_on: Date,
    /// Last day of service.
    #[serde(with = "civil_date")]
    pub through_on: Date,
    /// The charge that a credit reduces.
    pub original_charge_id: Option<String>,
    /// The invoice on which that charge stands.
    pub original_invoice_id: Option<String>,
}

/// The lines of one rate and treatment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxGroupLine {
    /// How they are taxed.
    pub treatment: TaxTreatment,
    /// Rate in per cent.
    pub rate: TaxRate,
    /// Taxable amount (§ 14 Abs. 4 Satz 1 Nr. 7 UStG).
    pub net: Money,
    /// Tax on it (Nr. 8).
    pub tax: Money,
}

/// A sentence on a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Stable code, snake_case.
    pub code: String,
    /// The sentence.
    pub text: LocalizedText,
}

impl Note {
    /// A note with its wording in both languages.
    pub fn new(code: &str, de: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            text: LocalizedText::new(de, en),
        }
    }
}

/// An invoice that a document corrects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorrectedInvoice {
    /// Its id (`inv_`).
    pub id: String,
    /// Its number.
    pub number: String,
    /// Its day of issue.
    #[serde(with = "civil_date")]
    pub issued_on: Date,
}

/// Why an invoice correction is issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CreditReason {
    /// A statutory or granted withdrawal: paid back, never carried over.
    Withdrawal,
    /// The invoice was wrong.
    Error,
    /// Credits that were left when the last contract ended: paid out.
    FinalSettlement,
}

impl CreditReason {
    /// The name used in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Withdrawal => "withdrawal",
            Self::Error => "error",
            Self::FinalSettlement => "final_settlement",
        }
    }

    /// Reads the stored name; `None` for any other text.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Withdrawal, Self::Error, Self::FinalSettlement]
            .into_iter()
            .find(|reason| reason.as_str() == name)
    }
}

/// What a correction settles of an invoice that it does not correct (set-off, §§ 387, 389 BGB).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetOff {
    /// The invoice.
    pub invoice_id: String,
    /// Its number.
    pub number: String,
    /// How much of it.
    pub amount: Money,
}

/// What only a correction says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// Why.
    pub reason: CreditReason,
    /// The invoices corrected, each named specifically and unambiguously (§ 31 Abs. 5 UStDV).
    pub invoices: Vec<CorrectedInvoice>,
    /// Other invoices that were open and that it settles, wholly or in part.
    #[serde(default)]
    pub set_off: Vec<SetOff>,
    /// What is paid back; the rest settles what was still open.
    pub refund: Money,
    /// Last day on which to pay it back.
    #[serde(with = "optional_date")]
    pub refund_due_on: Option<Date>,
}

/// An invoice or an invoice correction. Amounts of a correction are negative.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// What it is.
    pub document_type: DocumentType,
    /// Id (`inv_`, `crn_`).
    pub id: String,
    /// Its number; empty until it is taken, last of all, when the document is stored.
    pub number: String,
    /// The word on top.
    pub title: LocalizedText,
    /// Day of issue (§ 14 Abs. 4 Satz 1 Nr. 3 UStG).
    #[serde(with = "civil_date")]
    pub issued_on: Date,
    /// Day on which payment is due; `None` for corrections.
    #[serde(with = "optional_date")]
    pub due_on: Option<Date>,
    /// First day of service of all lines.
    #[serde(with = "civil_date")]
    pub service_from_on: Date,
    /// Last day of service of all lines.
    #[serde(with = "civil_date")]
    pub service_through_on: Date,
    /// Who issues it.
    pub supplier: Supplier,
    /// To whom.
    pub recipient: Recipient,
    /// Currency of all amounts.
    pub currency: Currency,
    /// Whether lines are net or gross.
    pub price_mode: PriceMode,
    /// The lines, by contract and day.
    pub lines: Vec<Line>,
    /// Net and tax by treatment and rate.
    pub tax_groups: Vec<TaxGroupLine>,
    /// Net, tax and gross of the whole.
    pub totals: Totals,
    /// Balance of the customer that is used for it.
    pub balance_applied: Money,
    /// What is to be paid: gross less the balance applied; zero for corrections.
    pub amount_due: Money,
    /// What must or should be said.
    pub notes: Vec<Note>,
    /// Particulars of §§ 14 Abs. 4, 14a UStG that nobody has entered, as JSON pointers; empty for a complete document.
    pub missing: Vec<String>,
    /// What only a correction says.
    pub correction: Option<Correction>,
}

impl Document {
    /// The form that is stored and hashed: JSON with members sorted, without insignificant white space.
    pub fn canonical(&self) -> String {
        // Serializing plain data with text keys cannot fail; an empty document would be noticed by its hash.
        serde_json::to_value(self)
            .map(|value| canonical_json(&value))
            .unwrap_or_default()
    }

    /// SHA-256 of a canonical form, in lower-case hexadecimal.
    pub fn sha256(canonical: &str) -> String {
        digest::sha256(canonical.as_bytes())
    }

    /// The contracts on it, each once.
    pub fn subscription_ids(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = self.lines.iter().map(|line| line.subscription_id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

/// `serde(with)`: a date or `null`.
mod optional_date {
    use serde::{Deserialize, Deserializer, Serializer, de};
    use time::Date;

    use crate::domain::calendar::parse_date;

    pub fn serialize<S: Serializer>(date: &Option<Date>, serializer: S) -> Result<S::Ok, S::Error> {
        match date {
            Some(date) => serializer.collect_str(date),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
        Option::<String>::deserialize(deserializer)?
            .map(|text| parse_date(&text).ok_or_else(|| de::Error::custom("a date such as 2026-11-21")))
            .transpose()
    }
}

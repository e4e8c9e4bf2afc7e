//! The document itself on the wire: what was issued and never changes, the same for invoices and corrections.

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::amounts::TotalsDto;
use crate::api::choices::PriceModeDto;
use crate::api::civil_date::CivilDate;
use crate::api::contract_choices::ChargeKindDto;
use crate::api::money::{CurrencyDto, MoneyDto};
use crate::api::parties::AddressDto;
use crate::domain::invoice::{Document, Line, Note, Recipient, Supplier, TaxGroupLine, TaxTreatment};
use crate::domain::localized::Locale;

/// How a line is taxed.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TaxTreatment, example = "standard")]
pub enum TaxTreatmentDto {
    /// At the rate of the price.
    Standard,
    /// The recipient owes the tax (§ 13b UStG, Art. 196 of Directive 2006/112/EC).
    ReverseCharge,
    /// The supplier charges no tax (§ 19 UStG).
    SmallBusiness,
    /// The customer is exempt for the reason given in the notes.
    Exempt,
}

impl From<TaxTreatment> for TaxTreatmentDto {
    fn from(treatment: TaxTreatment) -> Self {
        match treatment {
            TaxTreatment::Standard => Self::Standard,
            TaxTreatment::ReverseCharge => Self::ReverseCharge,
            TaxTreatment::SmallBusiness => Self::SmallBusiness,
            TaxTreatment::Exempt => Self::Exempt,
        }
    }
}

/// Who issues the document.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = InvoiceSupplier)]
pub struct SupplierDto {
    /// Full name.
    #[schema(max_length = 200, example = "Kontaktkiste Software GmbH")]
    pub name: String,
    /// Full address.
    pub address: AddressDto,
    /// Tax number.
    #[schema(required, max_length = 60, example = "212/5217/4302")]
    pub tax_number: Option<String>,
    /// VAT identification number.
    #[schema(required, max_length = 14, example = "DE811234567")]
    pub vat_id: Option<String>,
}

impl From<Supplier> for SupplierDto {
    fn from(supplier: Supplier) -> Self {
        Self {
            name: supplier.name,
            address: supplier.address.into(),
            tax_number: supplier.tax_number,
            vat_id: supplier.vat_id,
        }
    }
}

/// To whom the document is addressed.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = InvoiceRecipient)]
pub struct RecipientDto {
    /// Number of the customer.
    #[schema(max_length = 50, example = "K-10042")]
    pub customer_number: String,
    /// Full name.
    #[schema(max_length = 200, example = "Praxis Dr. Beispiel")]
    pub name: String,
    /// Full address; `null` where none is known.
    #[schema(required)]
    pub address: Option<AddressDto>,
    /// VAT identification number.
    #[schema(required, max_length = 14, example = json!(null))]
    pub vat_id: Option<String>,
}

impl From<Recipient> for RecipientDto {
    fn from(recipient: Recipient) -> Self {
        Self {
            customer_number: recipient.customer_number,
            name: recipient.name,
            address: recipient.address.map(Into::into),
            vat_id: recipient.vat_id,
        }
    }
}

/// One line of an invoice or correction.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = InvoiceLine)]
pub struct LineDto {
    /// The charge.
    #[schema(max_length = 30, example = "chg_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub charge_id: String,
    /// The contract.
    #[schema(max_length = 30, example = "sub_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub subscription_id: String,
    /// Why it is charged.
    pub kind: ChargeKindDto,
    /// What it is.
    #[schema(max_length = 200, example = "Grundgebühr")]
    pub label: String,
    /// The calculation in words.
    #[schema(max_length = 300, example = "31/31 Tage von 19,90")]
    pub arithmetic: String,
    /// Units.
    #[schema(example = 1)]
    pub quantity: u32,
    /// Price of one unit for a whole billing period, or per unit used; negative for credits.
    pub unit_price: MoneyDto,
    /// The amount, net or gross as `price_mode` says; negative for credits.
    pub amount: MoneyDto,
    /// Rate of value added tax in per cent.
    #[schema(pattern = r"^\d{1,3}(\.\d{1,2})?$", max_length = 6, example = "19")]
    pub tax_rate: String,
    /// How it is taxed.
    pub tax_treatment: TaxTreatmentDto,
    /// First day of service.
    pub from_on: CivilDate,
    /// Last day of service.
    pub through_on: CivilDate,
    /// The charge that a credit reduces.
    #[schema(required, max_length = 30, example = json!(null))]
    pub original_charge_id: Option<String>,
    /// The invoice on which that charge stands.
    #[schema(required, max_length = 30, example = json!(null))]
    pub original_invoice_id: Option<String>,
}

impl LineDto {
    fn new(line: Line, locale: Locale) -> Self {
        Self {
            charge_id: line.charge_id,
            subscription_id: line.subscription_id,
            kind: line.kind.into(),
            label: line.label.get(locale).to_owned(),
            arithmetic: line.arithmetic.get(locale).to_owned(),
            quantity: line.quantity,
            unit_price: line.unit_price.into(),
            amount: line.amount.into(),
            tax_rate: line.tax_rate.to_string(),
            tax_treatment: line.tax_treatment.into(),
            from_on: line.from_on.into(),
            through_on: line.through_on.into(),
            original_charge_id: line.original_charge_id,
            original_invoice_id: line.original_invoice_id,
        }
    }
}

/// Net and tax of the lines of one rate.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = InvoiceTaxGroup)]
pub struct TaxGroupDto {
    /// How they are taxed.
    pub treatment: TaxTreatmentDto,
    /// Rate in per cent.
    #[schema(pattern = r"^\d{1,3}(\.\d{1,2})?$", max_length = 6, example = "19")]
    pub rate: String,
    /// Taxable amount.
    pub net: MoneyDto,
    /// Tax on it.
    pub tax: MoneyDto,
}

impl From<TaxGroupLine> for TaxGroupDto {
    fn from(group: TaxGroupLine) -> Self {
        Self {
            treatment: group.treatment.into(),
            rate: group.rate.to_string(),
            net: group.net.into(),
            tax: group.tax.into(),
        }
    }
}

/// A sentence on a document.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = InvoiceNote)]
pub struct NoteDto {
    /// Stable code.
    #[schema(max_length = 60, example = "reverse_charge")]
    pub code: String,
    /// The sentence.
    #[schema(
        max_length = 500,
        example = "Steuerschuldnerschaft des Leistungsempfängers (§ 13b UStG, Art. 196 MwStSystRL)."
    )]
    pub text: String,
}

impl NoteDto {
    fn new(note: Note, locale: Locale) -> Self {
        Self {
            text: note.text.get(locale).to_owned(),
            code: note.code,
        }
    }
}

/// The document: what was issued and never changes.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = InvoiceDocument)]
pub struct DocumentDto {
    /// What stands on top.
    #[schema(max_length = 60, example = "Rechnung")]
    pub title: String,
    /// Day of issue.
    pub issued_on: CivilDate,
    /// First day of service of all lines.
    pub service_from_on: CivilDate,
    /// Last day of service of all lines.
    pub service_through_on: CivilDate,
    /// Who issues it.
    pub supplier: SupplierDto,
    /// To whom.
    pub recipient: RecipientDto,
    /// Currency of all amounts.
    pub currency: CurrencyDto,
    /// Whether lines are net or gross.
    pub price_mode: PriceModeDto,
    /// The lines.
    #[schema(max_items = 10_000)]
    pub lines: Vec<LineDto>,
    /// Net and tax by rate.
    #[schema(max_items = 100)]
    pub tax_groups: Vec<TaxGroupDto>,
    /// Net, tax and gross of the whole.
    pub totals: TotalsDto,
    /// Balance of the customer used for it.
    pub balance_applied: MoneyDto,
    /// What was to be paid when it was issued: gross less the balance used.
    pub amount_due: MoneyDto,
    /// What must be said.
    #[schema(max_items = 20)]
    pub notes: Vec<NoteDto>,
    /// Particulars of §§ 14 Abs. 4, 14a UStG that nobody has entered, as JSON pointers; empty for a complete document.
    #[schema(max_items = 20, example = json!([]))]
    pub missing: Vec<String>,
}

impl DocumentDto {
    /// The document in the caller's language.
    pub fn new(document: Document, locale: Locale) -> Self {
        Self {
            title: document.title.get(locale).to_owned(),
            issued_on: document.issued_on.into(),
            service_from_on: document.service_from_on.into(),
            service_through_on: document.service_through_on.into(),
            supplier: document.supplier.into(),
            recipient: document.recipient.into(),
            currency: document.currency.into(),
            price_mode: document.price_mode.into(),
            lines: document
                .lines
                .into_iter()
                .map(|line| LineDto::new(line, locale))
                .collect(),
            tax_groups: document.tax_groups.into_iter().map(Into::into).collect(),
            totals: document.totals.into(),
            balance_applied: document.balance_applied.into(),
            amount_due: document.amount_due.into(),
            notes: document
                .notes
                .into_iter()
                .map(|note| NoteDto::new(note, locale))
                .collect(),
            missing: document.missing,
        }
    }
}

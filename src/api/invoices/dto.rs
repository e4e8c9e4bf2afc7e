//! What invoices and their corrections look like on the wire.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::api::amounts::TotalsDto;
use crate::api::choices::PriceModeDto;
use crate::api::civil_date::CivilDate;
use crate::api::contract_choices::ChargeKindDto;
use crate::api::instant::Instant;
use crate::api::money::{CurrencyDto, MoneyDto};
use crate::api::parties::AddressDto;
use crate::domain::invoice::{
    CorrectedInvoice, CreditReason, Document, InvoiceStatus, Line, Note, Recipient, Supplier, TaxGroupLine,
    TaxTreatment,
};
use crate::domain::localized::Locale;
use crate::list_of;
use crate::services::invoices::{CreditNoteView, InvoiceView};

/// Where an invoice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = InvoiceStatus, example = "open")]
pub enum InvoiceStatusDto {
    /// Issued; payment is not yet due, or due today.
    Open,
    /// Nothing is left to pay.
    Paid,
    /// The due day is past and something is left to pay.
    Overdue,
    /// Corrected to nothing.
    Cancelled,
}

impl From<InvoiceStatus> for InvoiceStatusDto {
    fn from(status: InvoiceStatus) -> Self {
        match status {
            InvoiceStatus::Open => Self::Open,
            InvoiceStatus::Paid => Self::Paid,
            InvoiceStatus::Overdue => Self::Overdue,
            InvoiceStatus::Cancelled => Self::Cancelled,
        }
    }
}

impl From<InvoiceStatusDto> for InvoiceStatus {
    fn from(status: InvoiceStatusDto) -> Self {
        match status {
            InvoiceStatusDto::Open => Self::Open,
            InvoiceStatusDto::Paid => Self::Paid,
            InvoiceStatusDto::Overdue => Self::Overdue,
            InvoiceStatusDto::Cancelled => Self::Cancelled,
        }
    }
}

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

/// Why an invoice was corrected.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CreditReason, example = "withdrawal")]
pub enum CreditReasonDto {
    /// A withdrawal: what was paid is paid back.
    Withdrawal,
    /// The invoice was wrong.
    Error,
    /// Credits that were left when the last contract ended: paid out.
    FinalSettlement,
}

impl From<CreditReason> for CreditReasonDto {
    fn from(reason: CreditReason) -> Self {
        match reason {
            CreditReason::Withdrawal => Self::Withdrawal,
            CreditReason::Error => Self::Error,
            CreditReason::FinalSettlement => Self::FinalSettlement,
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
    /// Particulars of § 14 Abs. 4 UStG that nobody has entered, as JSON pointers; empty for a complete document.
    #[schema(max_items = 20, example = json!([]))]
    pub missing: Vec<String>,
}

impl DocumentDto {
    fn new(document: Document, locale: Locale) -> Self {
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

/// An invoice.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Invoice)]
pub struct InvoiceDto {
    /// Id of the invoice.
    #[schema(
        pattern = "^inv_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "inv_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub id: String,
    /// Its number: gapless per provider and year. Sandbox numbers begin with `TEST-`.
    #[schema(max_length = 60, example = "RE-2026-000042")]
    pub number: String,
    /// To whom.
    #[schema(max_length = 30, example = "cus_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub customer_id: String,
    /// Where it stands.
    pub status: InvoiceStatusDto,
    /// Day on which payment is due.
    pub due_on: Option<CivilDate>,
    /// What has been paid.
    pub amount_paid: MoneyDto,
    /// What corrections have taken back.
    pub amount_credited: MoneyDto,
    /// What is left to pay.
    pub amount_open: MoneyDto,
    /// When nothing was left to pay.
    #[schema(required)]
    pub settled_at: Option<Instant>,
    /// SHA-256 of the stored document; it never changes.
    #[schema(
        min_length = 64,
        max_length = 64,
        example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    )]
    pub sha256: String,
    /// What was issued.
    #[serde(flatten)]
    pub document: DocumentDto,
}

impl InvoiceDto {
    /// The invoice in the caller's language.
    pub fn new(view: InvoiceView, locale: Locale) -> Self {
        Self {
            id: view.document.id.clone(),
            number: view.document.number.clone(),
            customer_id: view.customer_id,
            status: view.status.into(),
            due_on: view.document.due_on.map(Into::into),
            amount_paid: view.paid.into(),
            amount_credited: view.credited.into(),
            amount_open: view.open.into(),
            settled_at: view.settled_at.map(Into::into),
            sha256: view.sha256,
            document: DocumentDto::new(view.document, locale),
        }
    }
}

/// An invoice that is corrected.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CorrectedInvoice)]
pub struct CorrectedInvoiceDto {
    /// Its id.
    #[schema(max_length = 30, example = "inv_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub id: String,
    /// Its number.
    #[schema(max_length = 60, example = "RE-2026-000042")]
    pub number: String,
    /// Its day of issue.
    pub issued_on: CivilDate,
}

impl From<CorrectedInvoice> for CorrectedInvoiceDto {
    fn from(invoice: CorrectedInvoice) -> Self {
        Self {
            id: invoice.id,
            number: invoice.number,
            issued_on: invoice.issued_on.into(),
        }
    }
}

/// An invoice correction ("Rechnungskorrektur", § 31 Abs. 5 UStDV). Its amounts are negative.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CreditNote)]
pub struct CreditNoteDto {
    /// Id of the correction.
    #[schema(
        pattern = "^crn_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "crn_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub id: String,
    /// Its number, from a range of its own.
    #[schema(max_length = 60, example = "RK-2026-000007")]
    pub number: String,
    /// To whom.
    #[schema(max_length = 30, example = "cus_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub customer_id: String,
    /// Why.
    #[schema(required)]
    pub reason: Option<CreditReasonDto>,
    /// The invoices it corrects.
    #[schema(max_items = 100)]
    pub corrected_invoices: Vec<CorrectedInvoiceDto>,
    /// What is paid back; the rest settled what was open.
    #[schema(required)]
    pub refund: Option<MoneyDto>,
    /// Last day on which it is paid back.
    #[schema(required)]
    pub refund_due_on: Option<CivilDate>,
    /// SHA-256 of the stored document; it never changes.
    #[schema(
        min_length = 64,
        max_length = 64,
        example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    )]
    pub sha256: String,
    /// What was issued.
    #[serde(flatten)]
    pub document: DocumentDto,
}

impl CreditNoteDto {
    /// The correction in the caller's language.
    pub fn new(view: CreditNoteView, locale: Locale) -> Self {
        let correction = view.document.correction.clone();
        Self {
            id: view.document.id.clone(),
            number: view.document.number.clone(),
            customer_id: view.customer_id,
            reason: correction.as_ref().map(|correction| correction.reason.into()),
            refund: correction.as_ref().map(|correction| correction.refund.into()),
            refund_due_on: correction
                .as_ref()
                .and_then(|correction| correction.refund_due_on.map(Into::into)),
            corrected_invoices: correction
                .map(|correction| correction.invoices.into_iter().map(Into::into).collect())
                .unwrap_or_default(),
            sha256: view.sha256,
            document: DocumentDto::new(view.document, locale),
        }
    }
}

/// The next invoice as it stands now.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = InvoicePreview)]
pub struct InvoicePreviewDto {
    /// The day on which it will be issued; `null` when none is to come.
    #[schema(required)]
    pub issued_on: Option<CivilDate>,
    /// What will be issued: one document, or one for each price mode where net and gross prices meet.
    #[schema(max_items = 10)]
    pub documents: Vec<DocumentDto>,
}

impl InvoicePreviewDto {
    /// The preview in the caller's language.
    pub fn new(prepared: Option<crate::domain::invoice::PreparedInvoice>, locale: Locale) -> Self {
        let Some(prepared) = prepared else {
            return Self {
                issued_on: None,
                documents: Vec::new(),
            };
        };
        Self {
            issued_on: Some(prepared.on.into()),
            documents: prepared
                .documents
                .into_iter()
                .map(|document| DocumentDto::new(document, locale))
                .collect(),
        }
    }
}

/// Whose next invoice to show.
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"customer_id": "cus_01k9w3x8kqf0wvm2n6c1c9t7xh"}))]
pub struct PreviewInvoice {
    /// The customer; customers may leave it out.
    #[schema(nullable = false, max_length = 30, example = "cus_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub customer_id: Option<String>,
}

/// Which invoices a list shows.
#[derive(Debug, Clone, Default, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InvoiceParams {
    /// Only invoices of this customer.
    #[param(nullable = false, max_length = 30, example = "cus_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub customer_id: Option<String>,
    /// Only invoices with a line of this contract.
    #[param(nullable = false, max_length = 30, example = "sub_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub subscription_id: Option<String>,
    /// Only invoices in this status.
    #[param(nullable = false, inline)]
    pub status: Option<InvoiceStatusDto>,
    /// Only invoices issued on this day or later.
    #[param(nullable = false, inline, example = "2026-01-01")]
    pub issued_from: Option<CivilDate>,
    /// Only invoices issued on this day or earlier.
    #[param(nullable = false, inline, example = "2026-12-31")]
    pub issued_through: Option<CivilDate>,
    /// Only the invoice with this number.
    #[param(nullable = false, max_length = 60, example = "RE-2026-000042")]
    pub number: Option<String>,
}

/// Which corrections a list shows.
#[derive(Debug, Clone, Default, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CreditNoteParams {
    /// Only corrections of this customer's invoices.
    #[param(nullable = false, max_length = 30, example = "cus_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub customer_id: Option<String>,
    /// Only corrections of this invoice.
    #[param(nullable = false, max_length = 30, example = "inv_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub invoice_id: Option<String>,
}

list_of!(
    /// Invoices, newest first.
    InvoiceList of InvoiceDto
);

list_of!(
    /// Invoice corrections, newest first.
    CreditNoteList of CreditNoteDto
);

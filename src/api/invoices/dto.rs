//! What invoices and their corrections look like on the wire.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::document::DocumentDto;
use crate::api::civil_date::CivilDate;
use crate::api::instant::Instant;
use crate::api::money::MoneyDto;
use crate::domain::invoice::{CorrectedInvoice, CreditReason, InvoiceStatus, SetOff};
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
    /// What credits beyond their own invoice have settled of it (§ 387 BGB).
    pub amount_set_off: MoneyDto,
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
            amount_set_off: view.set_off.into(),
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

/// What a correction settles of another invoice.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = SetOff)]
pub struct SetOffDto {
    /// Id of the invoice.
    #[schema(max_length = 30, example = "inv_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub invoice_id: String,
    /// Its number.
    #[schema(max_length = 60, example = "RE-2026-000041")]
    pub number: String,
    /// How much of it.
    pub amount: MoneyDto,
}

impl From<SetOff> for SetOffDto {
    fn from(set_off: SetOff) -> Self {
        Self {
            invoice_id: set_off.invoice_id,
            number: set_off.number,
            amount: set_off.amount.into(),
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
    /// Other invoices that were open and that it settles, wholly or in part (§ 387 BGB).
    #[schema(max_items = 1_000)]
    pub set_off: Vec<SetOffDto>,
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
            set_off: correction
                .iter()
                .flat_map(|correction| correction.set_off.clone())
                .map(Into::into)
                .collect(),
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

//! Closed choices on the wire, each the twin of a type of the domain, which knows nothing of schemas.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::catalogue::{Compensation, DocumentKind, PriceKind, TransitionTiming};
use crate::domain::customer_type::CustomerType;
use crate::domain::localized::Locale;
use crate::domain::period::BillingAlignment;
use crate::domain::tax::PriceMode;
use crate::domain::terms::AllowedEnd;

/// Consumer (§ 13 BGB) or business (§ 14 BGB).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CustomerType, example = "business")]
pub enum CustomerTypeDto {
    /// A natural person acting mainly for private purposes.
    Consumer,
    /// A person or firm acting in the course of business.
    Business,
}

impl From<CustomerType> for CustomerTypeDto {
    fn from(customer_type: CustomerType) -> Self {
        match customer_type {
            CustomerType::Consumer => Self::Consumer,
            CustomerType::Business => Self::Business,
        }
    }
}

impl From<CustomerTypeDto> for CustomerType {
    fn from(customer_type: CustomerTypeDto) -> Self {
        match customer_type {
            CustomerTypeDto::Consumer => Self::Consumer,
            CustomerTypeDto::Business => Self::Business,
        }
    }
}

/// Whether a price contains the value added tax.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PriceMode, example = "net")]
pub enum PriceModeDto {
    /// Tax comes on top.
    Net,
    /// Tax is contained.
    Gross,
}

impl From<PriceMode> for PriceModeDto {
    fn from(mode: PriceMode) -> Self {
        match mode {
            PriceMode::Net => Self::Net,
            PriceMode::Gross => Self::Gross,
        }
    }
}

/// How a price is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PriceKind, example = "per_unit")]
pub enum PriceKindDto {
    /// Once per billing period, whatever the quantity.
    Flat,
    /// Per billing period and unit of the quantity.
    PerUnit,
    /// Per unit used, charged after use.
    Usage,
    /// Once.
    OneOff,
}

impl From<PriceKind> for PriceKindDto {
    fn from(kind: PriceKind) -> Self {
        match kind {
            PriceKind::Flat => Self::Flat,
            PriceKind::PerUnit => Self::PerUnit,
            PriceKind::Usage => Self::Usage,
            PriceKind::OneOff => Self::OneOff,
        }
    }
}

/// The days on which a contract may end by notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AllowedEnd, example = "quarter_end")]
pub enum AllowedEndDto {
    /// Every day.
    AnyDay,
    /// Last days of calendar months.
    MonthEnd,
    /// Last days of calendar quarters.
    QuarterEnd,
    /// 30 June and 31 December.
    HalfYearEnd,
    /// 31 December.
    YearEnd,
    /// Last days of the contract's billing periods.
    BillingPeriodEnd,
    /// Last day of the initial term and of each renewal.
    TermEnd,
}

impl From<AllowedEnd> for AllowedEndDto {
    fn from(to: AllowedEnd) -> Self {
        match to {
            AllowedEnd::AnyDay => Self::AnyDay,
            AllowedEnd::MonthEnd => Self::MonthEnd,
            AllowedEnd::QuarterEnd => Self::QuarterEnd,
            AllowedEnd::HalfYearEnd => Self::HalfYearEnd,
            AllowedEnd::YearEnd => Self::YearEnd,
            AllowedEnd::BillingPeriodEnd => Self::BillingPeriodEnd,
            AllowedEnd::TermEnd => Self::TermEnd,
        }
    }
}

/// What a legal document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LegalDocumentKind, example = "terms")]
pub enum DocumentKindDto {
    /// Standard terms (§ 305 BGB).
    Terms,
    /// Data-processing agreement (Art. 28 GDPR).
    Dpa,
    /// Withdrawal instruction (Art. 246a § 1 Abs. 2 EGBGB).
    WithdrawalInstruction,
    /// Privacy notice (Art. 13 GDPR).
    Privacy,
    /// Description of what is sold.
    ServiceDescription,
    /// Any other document.
    Other,
}

impl From<DocumentKind> for DocumentKindDto {
    fn from(kind: DocumentKind) -> Self {
        match kind {
            DocumentKind::Terms => Self::Terms,
            DocumentKind::Dpa => Self::Dpa,
            DocumentKind::WithdrawalInstruction => Self::WithdrawalInstruction,
            DocumentKind::Privacy => Self::Privacy,
            DocumentKind::ServiceDescription => Self::ServiceDescription,
            DocumentKind::Other => Self::Other,
        }
    }
}

impl From<DocumentKindDto> for DocumentKind {
    fn from(kind: DocumentKindDto) -> Self {
        match kind {
            DocumentKindDto::Terms => Self::Terms,
            DocumentKindDto::Dpa => Self::Dpa,
            DocumentKindDto::WithdrawalInstruction => Self::WithdrawalInstruction,
            DocumentKindDto::Privacy => Self::Privacy,
            DocumentKindDto::ServiceDescription => Self::ServiceDescription,
            DocumentKindDto::Other => Self::Other,
        }
    }
}

/// What is paid for use before a withdrawal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Compensation, example = "none")]
pub enum CompensationDto {
    /// Nothing.
    None,
    /// By the day, where the consumer asked for an early start (§ 357a Abs. 2 BGB).
    ProRata,
}

/// A language of texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Language, example = "de")]
pub enum LanguageDto {
    /// German.
    De,
    /// English.
    En,
}

impl From<Locale> for LanguageDto {
    fn from(locale: Locale) -> Self {
        match locale {
            Locale::De => Self::De,
            Locale::En => Self::En,
        }
    }
}

impl From<LanguageDto> for Locale {
    fn from(language: LanguageDto) -> Self {
        match language {
            LanguageDto::De => Self::De,
            LanguageDto::En => Self::En,
        }
    }
}

/// Whether billing periods run from the contract's start or with the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BillingAlignment, example = "anniversary")]
pub enum BillingAlignmentDto {
    /// From the day on which the contract started.
    Anniversary,
    /// With calendar months, quarters and years; the first period is a stub.
    Calendar,
}

/// When a plan change takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TransitionTiming, example = "notice_end")]
pub enum TransitionTimingDto {
    /// At once; both plans are prorated.
    Immediate,
    /// With the end of the running billing period.
    PeriodEnd,
    /// With the end of the notice period.
    NoticeEnd,
}

impl From<TransitionTiming> for TransitionTimingDto {
    fn from(timing: TransitionTiming) -> Self {
        match timing {
            TransitionTiming::Immediate => Self::Immediate,
            TransitionTiming::PeriodEnd => Self::PeriodEnd,
            TransitionTiming::NoticeEnd => Self::NoticeEnd,
        }
    }
}

impl From<BillingAlignment> for BillingAlignmentDto {
    fn from(alignment: BillingAlignment) -> Self {
        match alignment {
            BillingAlignment::Anniversary => Self::Anniversary,
            BillingAlignment::Calendar => Self::Calendar,
        }
    }
}

impl From<Compensation> for CompensationDto {
    fn from(compensation: Compensation) -> Self {
        match compensation {
            Compensation::None => Self::None,
            Compensation::ProRata => Self::ProRata,
        }
    }
}

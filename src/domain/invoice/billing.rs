//! The billing side of an account: by what it is billed, what is open, and what has come to be since it was loaded.

use std::sync::Arc;

use time::{Date, OffsetDateTime};

use super::{
    document::Document,
    party::{BillingDetails, Invoicing, Recipient, Supplier},
    payment::Payment,
    treatment::TaxTreatment,
    usage::{UsageRecord, UsageTotal},
};
use crate::domain::{
    catalogue::ProviderSettings,
    holidays::HolidayRegion,
    money::{Currency, Money, MoneyError},
};

/// Where an invoice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InvoiceStatus {
    /// Issued; payment is not yet due or due today.
    Open,
    /// Nothing is left to pay.
    Paid,
    /// The due day is past and something is left to pay.
    Overdue,
    /// Corrected to nothing.
    Cancelled,
}

impl InvoiceStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Open, Self::Paid, Self::Overdue, Self::Cancelled];

    /// The name used in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Paid => "paid",
            Self::Overdue => "overdue",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads the stored name; `None` for any other text.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// Whether something is still to be paid.
    pub fn is_unpaid(self) -> bool {
        matches!(self, Self::Open | Self::Overdue)
    }
}

/// Whether a customer has paid what was due.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum PaymentStatus {
    /// Nothing is left to pay.
    #[default]
    PaidUp,
    /// Invoices are open, none of them past its due day.
    Open,
    /// At least one invoice is past its due day.
    Overdue,
}

impl PaymentStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::PaidUp, Self::Open, Self::Overdue];

    /// The name used in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PaidUp => "paid_up",
            Self::Open => "open",
            Self::Overdue => "overdue",
        }
    }

    /// Reads the stored name; `None` for any other text.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// Whether all invoices are paid or not yet due.
    pub fn is_in_good_standing(self) -> bool {
        self != Self::Overdue
    }
}

/// What moves on about an invoice after it was issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceHead {
    /// Id (`inv_`).
    pub id: String,
    /// Number; empty while it has not been taken yet.
    pub number: String,
    /// Day of issue.
    pub issued_on: Date,
    /// Day on which payment is due.
    pub due_on: Date,
    /// Where it stands.
    pub status: InvoiceStatus,
    /// How its lines were taxed.
    pub treatment: TaxTreatment,
    /// Gross total.
    pub gross: Money,
    /// Balance that was used for it.
    pub balance_applied: Money,
    /// What has been paid.
    pub paid: Money,
    /// What corrections have taken back, gross and positive.
    pub credited: Money,
    /// What credits beyond their own invoices have settled of it (§§ 387, 389 BGB).
    pub set_off: Money,
    /// When nothing was left to pay.
    pub settled_at: Option<OffsetDateTime>,
}

impl InvoiceHead {
    /// What is left to pay; negative where more was paid than is owed after a correction.
    ///
    /// # Errors
    /// When an amount leaves the range of money.
    pub fn open_amount(&self) -> Result<Money, MoneyError> {
        self.gross
            .checked_sub(self.balance_applied)?
            .checked_sub(self.paid)?
            .checked_sub(self.set_off)?
            .checked_sub(self.credited)
    }

    /// Sets the status that follows from what is left to pay.
    ///
    /// # Errors
    /// When an amount leaves the range of money.
    pub(super) fn settle(&mut self, at: OffsetDateTime) -> Result<(), MoneyError> {
        // More than the invoice asked for may be credited: it netted a credit of another contract against the price taken back.
        let is_corrected_to_nothing = self.credited.minor >= self.gross.minor;
        if self.status.is_unpaid() && is_corrected_to_nothing {
            self.status = InvoiceStatus::Cancelled;
        } else if self.status.is_unpaid() && self.open_amount()?.minor <= 0 {
            self.status = InvoiceStatus::Paid;
        } else {
            if is_corrected_to_nothing && self.status == InvoiceStatus::Paid {
                self.status = InvoiceStatus::Cancelled;
            }
            return Ok(());
        }
        self.settled_at = Some(at);
        Ok(())
    }
}

/// The provider's side of invoicing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillingTerms {
    /// Who issues.
    pub supplier: Supplier,
    /// Days from issue to due day.
    pub payment_term_days: u32,
    /// Regions whose holidays move a due day (§ 193 BGB).
    pub holiday_regions: Vec<HolidayRegion>,
}

impl BillingTerms {
    /// The terms of a provider that invoices; `None` for one that does not.
    pub fn of(settings: &ProviderSettings) -> Option<Self> {
        settings
            .invoicing
            .as_ref()
            .map(|invoicing| Self::new(invoicing, settings))
    }

    /// Terms by which a document is only foreseen.
    pub(super) fn foreseen() -> Self {
        Self {
            supplier: Supplier::unnamed(),
            payment_term_days: 0,
            holiday_regions: Vec::new(),
        }
    }

    fn new(invoicing: &Invoicing, settings: &ProviderSettings) -> Self {
        Self {
            supplier: invoicing.supplier.clone(),
            payment_term_days: invoicing.payment_term_days,
            holiday_regions: settings.holiday_regions.clone(),
        }
    }
}

/// Usage that a charge has taken up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BilledUsage {
    /// The sum taken up.
    pub total: UsageTotal,
    /// The day on which it was charged.
    pub billed_on: Date,
    /// The charge; `None` where the price is zero.
    pub charge_id: Option<String>,
}

/// The billing side of an account.
#[derive(Debug, Clone, PartialEq)]
pub struct Billing {
    /// How the provider invoices; without it charges stay drafts.
    pub terms: Option<Arc<BillingTerms>>,
    /// By what the customer is billed.
    pub details: BillingDetails,
    /// To whom invoices are addressed.
    pub recipient: Recipient,
    /// Where the customer's holidays move a due day.
    pub holiday_region: Option<HolidayRegion>,
    /// What the customer has paid too much; used for the next invoices.
    pub balance: Money,
    /// The last day on which drafts were looked through for an invoice.
    pub swept_on: Option<Date>,
    /// No document is dated earlier: the day on which the account was due when it was loaded.
    pub not_before: Option<Date>,
    /// The day on which an item has begun a period for which no invoice was issued yet.
    pub period_began_on: Option<Date>,
    /// Invoices that are unpaid or named by a charge in memory, in the order of their due days.
    pub invoices: Vec<InvoiceHead>,
    /// Which invoice took up which charge, for the charges in memory.
    pub invoiced_charges: Vec<(String, String)>,
    /// Usage that has not been charged, summed up by day of report.
    pub usage: Vec<UsageTotal>,
    /// Documents issued since the account was loaded.
    pub issued: Vec<Document>,
    /// Payments recorded since.
    pub payments: Vec<Payment>,
    /// Usage recorded since.
    pub recorded_usage: Vec<UsageRecord>,
    /// Usage charged since.
    pub billed_usage: Vec<BilledUsage>,
}

impl Default for Billing {
    fn default() -> Self {
        Self {
            terms: None,
            details: BillingDetails::default(),
            recipient: Recipient::default(),
            holiday_region: None,
            balance: Money::zero(Currency::EUR),
            swept_on: None,
            not_before: None,
            period_began_on: None,
            invoices: Vec::new(),
            invoiced_charges: Vec::new(),
            usage: Vec::new(),
            issued: Vec::new(),
            payments: Vec::new(),
            recorded_usage: Vec::new(),
            billed_usage: Vec::new(),
        }
    }
}

impl Billing {
    /// Whether the customer has paid what was due, as far as time has been applied.
    pub fn payment_status(&self) -> PaymentStatus {
        let has = |status| self.invoices.iter().any(|invoice| invoice.status == status);
        if has(InvoiceStatus::Overdue) {
            PaymentStatus::Overdue
        } else if has(InvoiceStatus::Open) {
            PaymentStatus::Open
        } else {
            PaymentStatus::PaidUp
        }
    }

    /// Who issues; a placeholder where the provider does not invoice and a document is only foreseen.
    pub(super) fn supplier(&self) -> Supplier {
        self.terms
            .as_ref()
            .map_or_else(Supplier::unnamed, |terms| terms.supplier.clone())
    }

    /// The invoice with this id, if it is unpaid or named by a charge in memory.
    pub fn invoice(&self, id: &str) -> Option<&InvoiceHead> {
        self.invoices.iter().find(|invoice| invoice.id == id)
    }
}

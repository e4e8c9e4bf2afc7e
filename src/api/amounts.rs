//! Amounts on the wire that contracts cause: totals with tax, recurring prices, charges with their arithmetic.

use serde::Serialize;
use utoipa::ToSchema;

use super::choices::PriceModeDto;
use super::civil_date::CivilDate;
use super::contract_choices::{ChargeKindDto, ChargeStatusDto};
use super::instant::Instant;
use super::money::MoneyDto;
use crate::domain::charge::Charge;
use crate::domain::localized::Locale;
use crate::domain::preview::{Recurring, Totals};

/// An amount with its tax: `gross` = `net` + `tax`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Totals)]
pub struct TotalsDto {
    /// Without value added tax.
    pub net: MoneyDto,
    /// Value added tax.
    pub tax: MoneyDto,
    /// With value added tax.
    pub gross: MoneyDto,
}

impl From<Totals> for TotalsDto {
    fn from(totals: Totals) -> Self {
        Self {
            net: totals.net.into(),
            tax: totals.tax.into(),
            gross: totals.gross.into(),
        }
    }
}

/// What a contract costs for each full billing period.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecurringAmount)]
pub struct RecurringDto {
    /// Without value added tax.
    pub net: MoneyDto,
    /// Value added tax.
    pub tax: MoneyDto,
    /// With value added tax.
    pub gross: MoneyDto,
    /// Length of a billing period (ISO 8601 duration).
    #[schema(pattern = r"^P\d{1,2}M$", max_length = 4, example = "P1M")]
    pub interval: String,
    /// Whether the price is quoted net or gross.
    pub price_mode: PriceModeDto,
    /// The next day on which it is charged; `null` when nothing further is.
    #[schema(required)]
    pub next_charge_on: Option<CivilDate>,
}

impl From<Recurring> for RecurringDto {
    fn from(recurring: Recurring) -> Self {
        Self {
            net: recurring.totals.net.into(),
            tax: recurring.totals.tax.into(),
            gross: recurring.totals.gross.into(),
            interval: recurring.interval.to_string(),
            price_mode: recurring.price_mode.into(),
            next_charge_on: recurring.next_charge_on.map(CivilDate),
        }
    }
}

/// A stretch of days; both belong to it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Period)]
pub struct PeriodDto {
    /// First day.
    pub from_on: CivilDate,
    /// Last day.
    pub through_on: CivilDate,
}

/// One amount a contract caused, with everything that explains it: as it stands on its invoice, while it is a draft as it would
/// stand there today. For customers who are charged no tax, that is a gross price without the tax it contains.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Charge)]
pub struct ChargeDto {
    /// Id of the charge.
    #[schema(
        pattern = "^chg_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "chg_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub id: String,
    /// The contract.
    #[schema(
        pattern = "^sub_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "sub_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub subscription_id: String,
    /// The add-on booking on it, where it is charged for one.
    #[schema(required, max_length = 30, example = json!(null))]
    pub add_on_booking_id: Option<String>,
    /// Who is charged.
    #[schema(
        pattern = "^cus_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "cus_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub customer_id: String,
    /// Why it is charged.
    pub kind: ChargeKindDto,
    /// Where it stands.
    pub status: ChargeStatusDto,
    /// What it is called on an invoice, in the caller's language.
    #[schema(max_length = 500, example = "Premium")]
    pub label: String,
    /// The calculation in words, in the caller's language.
    #[schema(max_length = 500, example = "16/31 Tage von 24,90")]
    pub arithmetic: String,
    /// Units.
    #[schema(minimum = 0, maximum = 1_000_000, example = 1)]
    pub quantity: u32,
    /// Price of one unit for a whole billing period.
    pub unit_price: MoneyDto,
    /// The amount, net or gross as `price_mode` says; negative for credits.
    pub amount: MoneyDto,
    /// Whether the amount contains the tax, where any is owed.
    pub price_mode: PriceModeDto,
    /// Rate of value added tax in per cent; 0 for customers who are charged none.
    #[schema(pattern = r"^\d{1,3}(\.\d{1,2})?$", max_length = 6, example = "19")]
    pub tax_rate: String,
    /// First day charged or credited.
    pub from_on: CivilDate,
    /// Last day charged or credited.
    pub through_on: CivilDate,
    /// The whole billing period of which these days are a part.
    pub billing_period: PeriodDto,
    /// The day on which it came to be.
    pub charged_on: CivilDate,
    /// The plan change, cancellation or withdrawal that caused it.
    #[schema(required, max_length = 30, example = "pch_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub change_id: Option<String>,
    /// The charge that a credit reduces.
    #[schema(required, max_length = 30, example = json!(null))]
    pub original_charge_id: Option<String>,
    /// The invoice on which it stands.
    #[schema(required, max_length = 30, example = json!(null))]
    pub invoice_id: Option<String>,
    /// The invoice correction that took it back, or paid it out.
    #[schema(required, max_length = 30, example = json!(null))]
    pub credit_note_id: Option<String>,
    /// When it came to be.
    pub created_at: Instant,
}

impl ChargeDto {
    /// The charge in the caller's language.
    pub fn new(charge: &Charge, subscription_id: &str, customer_id: &str, locale: Locale) -> Self {
        Self {
            id: charge.id.clone(),
            subscription_id: subscription_id.to_owned(),
            add_on_booking_id: Some(charge.item_id.clone()).filter(|item| item != subscription_id),
            customer_id: customer_id.to_owned(),
            kind: charge.kind.into(),
            status: charge.status.into(),
            label: charge.label.get(locale).to_owned(),
            arithmetic: charge.arithmetic.get(locale).to_owned(),
            quantity: charge.quantity,
            unit_price: charge.unit_price.into(),
            amount: charge.amount.into(),
            price_mode: charge.price_mode.into(),
            tax_rate: charge.tax_rate.to_string(),
            from_on: charge.period_from.into(),
            through_on: charge.period_through.into(),
            billing_period: PeriodDto {
                from_on: charge.billing_from.into(),
                through_on: charge.billing_through.into(),
            },
            charged_on: charge.charged_on.into(),
            change_id: charge.change_id.clone(),
            original_charge_id: charge.original_charge_id.clone(),
            invoice_id: charge.invoice_id.clone(),
            credit_note_id: charge.credit_note_id.clone(),
            created_at: charge.created_at.into(),
        }
    }
}

//! Withdrawals on the wire.

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::amounts::{ChargeDto, TotalsDto};
use crate::api::choices::CompensationDto;
use crate::api::civil_date::CivilDate;
use crate::api::contract_choices::WithdrawalKindDto;
use crate::api::instant::Instant;
use crate::api::invoices::SetOffDto;
use crate::api::money::MoneyDto;
use crate::domain::calendar::{english, german};
use crate::domain::localized::{Locale, LocalizedText};
use crate::list_of;
use crate::services::withdrawals::WithdrawalView;

list_of!(
    /// Withdrawals, newest first.
    WithdrawalList of WithdrawalDto
);

/// A withdrawal (§ 355 BGB) with what it led to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Withdrawal)]
pub struct WithdrawalDto {
    /// Id of the withdrawal.
    #[schema(
        pattern = "^wdr_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "wdr_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub id: String,
    /// The contract.
    #[schema(
        pattern = "^sub_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "sub_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub subscription_id: String,
    /// The add-on booking on it, where that is what was withdrawn from, wholly or in part.
    #[schema(required, max_length = 30, example = json!(null))]
    pub add_on_booking_id: Option<String>,
    /// Who withdrew.
    #[schema(
        pattern = "^cus_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "cus_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub customer_id: String,
    /// What was withdrawn from.
    pub kind: WithdrawalKindDto,
    /// Units, where only some were withdrawn from.
    #[schema(required, minimum = 1, maximum = 1_000_000, example = json!(null))]
    pub quantity: Option<u32>,
    /// The plan change or quantity change that was named.
    #[schema(required, max_length = 30, example = json!(null))]
    pub plan_change_id: Option<String>,
    /// The cancellation that was treated as this withdrawal.
    #[schema(required, max_length = 30, example = json!(null))]
    pub cancellation_id: Option<String>,
    /// The reason, if one was given.
    #[schema(required, max_length = 2000, example = json!(null))]
    pub reason: Option<String>,
    /// When the declaration was received.
    pub received_at: Instant,
    /// When a letter was sent.
    #[schema(required)]
    pub dispatched_at: Option<Instant>,
    /// The day on which access ended.
    pub withdrawn_on: CivilDate,
    /// The last day on which the withdrawal was possible.
    pub last_day_on: CivilDate,
    /// How use before the withdrawal is settled.
    pub compensation: CompensationDto,
    /// What becomes of the money.
    pub amounts: WithdrawalAmountsDto,
    /// What is returned, by when and how.
    pub refund: RefundDto,
    /// Drafts that are void.
    #[schema(max_items = 10_000, example = json!(["chg_01k9w3x8kqf0wvm2n6c1c9t7xh"]))]
    pub voided_charge_ids: Vec<String>,
    /// Invoiced charges that are credited.
    #[schema(max_items = 10_000, example = json!([]))]
    pub credited_charge_ids: Vec<String>,
    /// The invoice corrections that credit them.
    #[schema(max_items = 1_000, example = json!([]))]
    pub credit_note_ids: Vec<String>,
    /// Add-on bookings that go with what was withdrawn.
    #[schema(max_items = 10_000, example = json!([]))]
    pub withdrawn_add_on_booking_ids: Vec<String>,
    /// Contracts and bookings that a withdrawn upgrade had ended and that go on.
    #[schema(max_items = 10_000, example = json!([]))]
    pub restored_ids: Vec<String>,
    /// Plan changes that are undone.
    #[schema(max_items = 10_000, example = json!([]))]
    pub withdrawn_plan_change_ids: Vec<String>,
    /// Pending plan changes and cancellations that are dropped.
    #[schema(max_items = 10_000, example = json!([]))]
    pub superseded_change_ids: Vec<String>,
    /// The charges and credits it caused.
    #[schema(max_items = 10_000)]
    pub charges: Vec<ChargeDto>,
    /// When it was recorded.
    pub created_at: Instant,
}

/// What becomes of the money after a withdrawal.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WithdrawalAmounts)]
pub struct WithdrawalAmountsDto {
    /// Drafts that are void: never invoiced.
    pub dropped: TotalsDto,
    /// What had been invoiced and is credited.
    pub credited: TotalsDto,
    /// What is charged anew because of it: compensation, and what the restored plan costs.
    pub charged: TotalsDto,
    /// The part of it that pays for use before the withdrawal (§ 357a Abs. 2 BGB).
    pub compensation: TotalsDto,
}

/// What is returned (§§ 355 Abs. 3, 357 BGB).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Refund)]
pub struct RefundDto {
    /// What is returned: what was paid beyond what remains owed. Compensation, what stays booked and other open invoices are
    /// settled first.
    pub amount: MoneyDto,
    /// Other open invoices that what was paid too much settles instead (§ 387 BGB).
    #[schema(max_items = 1_000)]
    pub set_off: Vec<SetOffDto>,
    /// The last day for it: 14 days after receipt, and where that is no working day, the next one (§ 193 BGB).
    pub by_on: CivilDate,
    /// The payments it goes back to: the same means of payment (§ 357 Abs. 3 BGB); empty where nothing was paid.
    #[schema(max_items = 1_000)]
    pub payments: Vec<RefundedPaymentDto>,
    /// The same in words, in the caller's language.
    #[schema(max_length = 500, example = "Es ist nichts zu viel gezahlt und nichts zu erstatten.")]
    pub text: String,
}

/// A payment that a refund goes back to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RefundedPayment)]
pub struct RefundedPaymentDto {
    /// Id of the payment.
    #[schema(
        pattern = "^pay_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "pay_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub payment_id: String,
    /// How it was paid, in the provider's words.
    #[schema(required, max_length = 100, example = "SEPA")]
    pub method: Option<String>,
    /// Reference of the bank or the payment service.
    #[schema(required, max_length = 200, example = json!(null))]
    pub reference: Option<String>,
}

impl WithdrawalDto {
    /// The withdrawal in the caller's language.
    pub fn new(view: &WithdrawalView, locale: Locale) -> Self {
        let withdrawal = &view.withdrawal;
        let traces = withdrawal.traces.clone();
        Self {
            id: withdrawal.id.clone(),
            subscription_id: withdrawal.subscription_id.clone(),
            add_on_booking_id: withdrawal.add_on_booking_id().map(str::to_owned),
            customer_id: view.customer_id.clone(),
            kind: withdrawal.kind.into(),
            quantity: withdrawal.quantity,
            plan_change_id: withdrawal.plan_change_id.clone(),
            cancellation_id: withdrawal.cancellation_id.clone(),
            reason: withdrawal.reason.clone(),
            received_at: withdrawal.received_at.into(),
            dispatched_at: withdrawal.dispatched_at.map(Into::into),
            withdrawn_on: withdrawal.withdrawn_on.into(),
            last_day_on: withdrawal.last_day_on.into(),
            compensation: withdrawal.compensation.into(),
            amounts: WithdrawalAmountsDto {
                dropped: withdrawal.amounts.dropped.into(),
                credited: withdrawal.amounts.credited.into(),
                charged: withdrawal.amounts.charged.into(),
                compensation: withdrawal.amounts.compensation.into(),
            },
            refund: RefundDto::new(view, locale),
            voided_charge_ids: traces.voided_charge_ids,
            credited_charge_ids: traces.credited_charge_ids,
            credit_note_ids: traces.credit_note_ids,
            withdrawn_add_on_booking_ids: traces.withdrawn_add_on_booking_ids,
            restored_ids: traces.restored_ids,
            withdrawn_plan_change_ids: traces.withdrawn_plan_change_ids,
            superseded_change_ids: traces.superseded_change_ids,
            charges: view
                .charges
                .iter()
                .map(|charge| ChargeDto::new(charge, &withdrawal.subscription_id, &view.customer_id, locale))
                .collect(),
            created_at: withdrawal.created_at.into(),
        }
    }
}

impl RefundDto {
    fn new(view: &WithdrawalView, locale: Locale) -> Self {
        let withdrawal = &view.withdrawal;
        let day = withdrawal.refund_by_on;
        let is_refunded = !withdrawal.amounts.refund.is_zero();
        let text = match withdrawal.traces.set_off_in_words() {
            None if !is_refunded => LocalizedText::new(
                "Es ist nichts zu viel gezahlt und nichts zu erstatten.",
                "Nothing was paid too much; there is nothing to refund.",
            ),
            Some(settled) if !is_refunded => LocalizedText::new(
                format!("Was zu viel gezahlt ist, ist verrechnet (§ 387 BGB): {}.", settled.de),
                format!("What was paid too much is set off (§ 387 BGB): {}.", settled.en),
            ),
            _ => LocalizedText::new(
                format!(
                    "Was zu viel gezahlt ist, wird bis zum {} mit demselben Zahlungsmittel erstattet (§ 357 BGB).",
                    german(day)
                ),
                format!(
                    "What was paid too much is refunded by {} by the same means of payment (§ 357 BGB).",
                    english(day)
                ),
            ),
        };
        Self {
            amount: withdrawal.amounts.refund.into(),
            set_off: withdrawal.traces.set_off.iter().cloned().map(Into::into).collect(),
            by_on: day.into(),
            payments: view
                .refunded
                .iter()
                .map(|payment| RefundedPaymentDto {
                    payment_id: payment.id.clone(),
                    method: payment.method.clone(),
                    reference: payment.reference.clone(),
                })
                .collect(),
            text: text.get(locale).to_owned(),
        }
    }
}

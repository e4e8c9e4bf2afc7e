//! Add-on bookings on the wire.

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::amounts::{RecurringDto, TotalsDto};
use crate::api::civil_date::CivilDate;
use crate::api::contract_choices::SubscriptionStatusDto;
use crate::api::instant::Instant;
use crate::api::offer::TermsDto;
use crate::api::options::{ActionAddOn, ActionDto};
use crate::api::subscriptions::PendingChangeDto;
use crate::domain::add_on::{EndReason, one_off_price};
use crate::domain::calendar::{english, german};
use crate::domain::change::ChangeKind;
use crate::domain::localized::{Locale, LocalizedText};
use crate::domain::preview::recurring_price;
use crate::domain::subscription::{Phase, Subscription, SubscriptionStatus};
use crate::error::AppError;
use crate::list_of;
use crate::services::add_ons::{BookingView, WaitingDraft, billed_with_invoice};

list_of!(
    /// Add-on bookings of a contract, newest first, ended ones included.
    AddOnBookingList of AddOnBookingDto
);

/// An add-on booked on a contract: a line of the customer's table of options.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AddOnBooking)]
pub struct AddOnBookingDto {
    /// Id of the booking.
    #[schema(
        pattern = "^bkg_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "bkg_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub id: String,
    /// The contract.
    #[schema(
        pattern = "^sub_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "sub_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub subscription_id: String,
    /// Whose contract it is.
    #[schema(
        pattern = "^cus_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "cus_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub customer_id: String,
    /// The add-on, named as it was sold.
    pub add_on: ActionAddOn,
    /// Units today, for example users or packs of 10 GB.
    #[schema(minimum = 1, maximum = 1_000_000, example = 2)]
    pub quantity: u32,
    /// Whether the plan contains it, so that it costs nothing.
    #[schema(example = false)]
    pub included: bool,
    /// Where it stands today.
    pub status: SubscriptionStatusDto,
    /// The same in words, with its date: "Kündigung zum 17.04.2026".
    #[schema(max_length = 500, example = "Aktiv")]
    pub status_text: String,
    /// What it costs (once it is over: what it cost) for each full billing period; `null` for one-off services.
    #[schema(required)]
    pub price: Option<RecurringDto>,
    /// What a one-off service costs, 0.00 where the plan contains it; `null` for everything else.
    #[schema(required)]
    pub one_off_price: Option<TotalsDto>,
    /// What is charged for it and waits for an invoice; `null` when nothing does.
    #[schema(required)]
    pub draft: Option<WaitingDraftDto>,
    /// Minimum term, renewal and notice, as agreed; `null` for one-off services.
    #[schema(required)]
    pub terms: Option<TermsDto>,
    /// When it was booked.
    pub booked_at: Instant,
    /// First day.
    pub starts_on: CivilDate,
    /// Last day, once known.
    #[schema(required)]
    pub ends_on: Option<CivilDate>,
    /// The end of that day, exclusive.
    #[schema(required)]
    pub ends_at: Option<Instant>,
    /// The day on which it was undone by a withdrawal (§ 355 BGB).
    #[schema(required)]
    pub withdrawn_on: Option<CivilDate>,
    /// Why it ends; `null` while no end is known.
    #[schema(required)]
    pub end_reason: Option<EndReasonDto>,
    /// Last day charged, drafts included; `null` before the first charge and for one-off services.
    #[schema(required)]
    pub billed_through_on: Option<CivilDate>,
    /// Day on which a one-off service was performed.
    #[schema(required)]
    pub performed_on: Option<CivilDate>,
    /// The quantity change or cancellation that is scheduled.
    #[schema(required)]
    pub pending_change: Option<PendingChangeDto>,
    /// Which quantity was or will be booked when.
    #[schema(max_items = 10_000)]
    pub phases: Vec<BookedQuantityDto>,
    /// What can be done with it today, and what not.
    #[schema(max_items = 100)]
    pub actions: Vec<ActionDto>,
}

/// Why a booking ends.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EndReason, example = "cancelled")]
pub enum EndReasonDto {
    /// It was cancelled, or its term is over.
    Cancelled,
    /// The service was performed.
    Performed,
    /// Its contract ends.
    ContractEnds,
    /// The contract's new plan contains it.
    IncludedInNewPlan,
    /// The contract's new plan does not allow it.
    NotAllowedForNewPlan,
    /// The plan change that would have brought it was taken back.
    NeverCame,
}

impl From<EndReason> for EndReasonDto {
    fn from(reason: EndReason) -> Self {
        match reason {
            EndReason::Own => Self::Cancelled,
            EndReason::Performed => Self::Performed,
            EndReason::ContractEnds => Self::ContractEnds,
            EndReason::IncludedInNewPlan => Self::IncludedInNewPlan,
            EndReason::NotAllowedForNewPlan => Self::NotAllowedForNewPlan,
            EndReason::NeverCame => Self::NeverCame,
        }
    }
}

/// An amount that waits for an invoice.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WaitingDraft)]
pub struct WaitingDraftDto {
    /// The amount.
    #[serde(flatten)]
    pub totals: TotalsDto,
    /// The day of the invoice, as things stand; `null` when none is to come.
    #[schema(required)]
    pub invoice_on: Option<CivilDate>,
    /// The same in words, in the caller's language.
    #[schema(
        required,
        max_length = 500,
        example = "Der Betrag wird mit Ihrer Rechnung vom 18.04.2026 abgerechnet."
    )]
    pub text: Option<String>,
}

impl WaitingDraftDto {
    fn new(draft: WaitingDraft, locale: Locale) -> Self {
        Self {
            totals: draft.totals.into(),
            invoice_on: draft.invoice_on.map(Into::into),
            text: draft
                .invoice_on
                .map(|on| billed_with_invoice(on).get(locale).to_owned()),
        }
    }
}

/// A stretch of time in which the quantity stays the same.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BookedQuantity)]
pub struct BookedQuantityDto {
    /// First day.
    pub from_on: CivilDate,
    /// Last day, once known.
    #[schema(required)]
    pub through_on: Option<CivilDate>,
    /// Units.
    #[schema(minimum = 1, maximum = 1_000_000, example = 2)]
    pub quantity: u32,
}

impl AddOnBookingDto {
    /// The booking in the caller's language.
    ///
    /// # Errors
    /// Internal, when it has no phase at all; when an amount leaves the range of money.
    pub fn new(view: &BookingView, locale: Locale) -> Result<Self, AppError> {
        let booking = &view.booking;
        let status = booking.status_on(view.today);
        let missing = || AppError::internal(format!("the booking {} has no phase", booking.id));
        let phase = booking.phase_on(view.today).ok_or_else(missing)?;
        let details = booking.booking.as_ref().ok_or_else(missing)?;
        let is_recurring = !booking.is_one_off_service();
        let (price, one_off_price) = if is_recurring {
            let price = recurring_price(booking, view.today, view.currency)?;
            (price.map(|price| price.taxed(view.treatment)), None)
        } else {
            let price = one_off_price(booking, phase, view.currency)?;
            (None, Some(price.taxed(view.treatment, phase.plan.plan.price_mode)))
        };
        Ok(Self {
            id: booking.id.clone(),
            subscription_id: details.subscription_id.clone(),
            customer_id: view.customer_id.clone(),
            add_on: ActionAddOn::new(&phase.plan, locale),
            quantity: phase.quantity,
            included: details.included,
            status: status.into(),
            status_text: status_text(view, status).get(locale).to_owned(),
            price: price.map(Into::into),
            one_off_price: one_off_price.map(Into::into),
            draft: view.draft.map(|draft| WaitingDraftDto::new(draft, locale)),
            terms: is_recurring.then(|| TermsDto::new(&phase.plan.plan.terms, locale)),
            booked_at: booking.concluded_at.into(),
            starts_on: booking.starts_on.into(),
            ends_on: booking.ends_on.map(Into::into),
            ends_at: booking.ends_on.map(|end| view.zone.end_of_day(end).into()),
            end_reason: view.end_reason.map(Into::into),
            billed_through_on: booking.billed_through_on.map(Into::into),
            withdrawn_on: booking.withdrawn_on.map(Into::into),
            performed_on: details.performed_on.map(Into::into),
            pending_change: PendingChangeDto::of(booking),
            phases: quantities(booking),
            actions: view
                .actions
                .iter()
                .cloned()
                .map(|option| ActionDto::new(option, locale))
                .collect(),
        })
    }
}

fn quantities(booking: &Subscription) -> Vec<BookedQuantityDto> {
    let lived = |phase: &&Phase| !phase.removed && !phase.suspended;
    let reached = |phase: &&Phase| lived(phase) && booking.ends_on.is_none_or(|end| phase.from_on <= end);
    booking
        .phases
        .iter()
        .filter(reached)
        .map(|phase| BookedQuantityDto {
            from_on: phase.from_on.into(),
            through_on: phase
                .through_on
                .into_iter()
                .chain(booking.ends_on)
                .min()
                .map(Into::into),
            quantity: phase.quantity,
        })
        .collect()
}

/// What the customer's table says (seed 002).
fn status_text(view: &BookingView, status: SubscriptionStatus) -> LocalizedText {
    let booking = &view.booking;
    let dated = |on: time::Date, de: &str, en: &str| {
        LocalizedText::new(format!("{de} {}", german(on)), format!("{en} {}", english(on)))
    };
    match (status, booking.ends_on, booking.withdrawn_on) {
        (SubscriptionStatus::Withdrawn, _, Some(on)) => dated(on, "Widerrufen am", "Withdrawn on"),
        (SubscriptionStatus::Ended, Some(on), _) => dated(on, "Beendet zum", "Ended on"),
        (SubscriptionStatus::Scheduled, ..) => dated(booking.starts_on, "Ab dem", "From"),
        (_, Some(on), _) if booking.pending(ChangeKind::Cancellation).is_some() => {
            dated(on, "Kündigung zum", "Cancellation as of")
        }
        (_, Some(on), _) => dated(on, "Endet am", "Ends on"),
        _ => LocalizedText::new("Aktiv", "Active"),
    }
}

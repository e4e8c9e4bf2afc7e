//! Cancellations on the wire.

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::amounts::ChargeDto;
use crate::api::civil_date::CivilDate;
use crate::api::contract_choices::{CancellationKindDto, ChangeStatusDto, ReviewDto, TreatedAs};
use crate::api::instant::Instant;
use crate::domain::localized::Locale;
use crate::error::AppError;
use crate::list_of;
use crate::services::views::ChangeView;

list_of!(
    /// Cancellations, newest first.
    CancellationList of CancellationDto
);

/// The cancellations that one declaration made, or found already made: one for each contract.
#[derive(Debug, Serialize, ToSchema)]
pub struct CancellationSet {
    /// One for each contract.
    #[schema(max_items = 1_000)]
    pub data: Vec<CancellationDto>,
}

/// A declaration that ends a contract.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Cancellation)]
pub struct CancellationDto {
    /// Id of the cancellation.
    #[schema(
        pattern = "^cxl_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "cxl_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub id: String,
    /// The contract.
    #[schema(
        pattern = "^sub_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "sub_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub subscription_id: String,
    /// The add-on booking on it, where that is what changes.
    #[schema(required, max_length = 30, example = json!(null))]
    pub add_on_booking_id: Option<String>,
    /// Whose contract it is.
    #[schema(
        pattern = "^cus_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        max_length = 30,
        example = "cus_01k9w3x8kqf0wvm2n6c1c9t7xh"
    )]
    pub customer_id: String,
    /// Where it stands.
    pub status: ChangeStatusDto,
    /// Ordinary or extraordinary.
    pub kind: CancellationKindDto,
    /// The reason that was given.
    #[schema(required, max_length = 2000, example = json!(null))]
    pub reason: Option<String>,
    /// The last day that was wished for.
    #[schema(required)]
    pub wish_on: Option<CivilDate>,
    /// Whether the customer also asked for erasure of the data.
    #[schema(example = false)]
    pub delete_data: bool,
    /// When the declaration was received (§ 130 BGB).
    pub received_at: Instant,
    /// The day of receipt in the provider's zone.
    pub received_on: CivilDate,
    /// Last day of the contract.
    pub ends_on: CivilDate,
    /// The end of that day, exclusive.
    pub ends_at: Instant,
    /// Last day on which a declaration would still have led to this end.
    #[schema(required)]
    pub latest_receipt_on: Option<CivilDate>,
    /// How the provider decided, for extraordinary ones.
    #[schema(required)]
    pub review: Option<ReviewDto>,
    /// What it was treated as: within the withdrawal period a withdrawal, where the catalogue says so.
    pub treated_as: TreatedAs,
    /// The withdrawal it was treated as.
    #[schema(required, max_length = 30, example = json!(null))]
    pub withdrawal_id: Option<String>,
    /// The pending plan change it replaced; revoking the cancellation does not bring it back.
    #[schema(required, max_length = 30, example = json!(null))]
    pub superseded_plan_change_id: Option<String>,
    /// The cancellation that replaced this one.
    #[schema(required, max_length = 30, example = json!(null))]
    pub superseded_by_id: Option<String>,
    /// When it was applied, revoked or superseded.
    #[schema(required)]
    pub settled_at: Option<Instant>,
    /// The credits it caused so far.
    #[schema(max_items = 1_000)]
    pub charges: Vec<ChargeDto>,
}

impl CancellationDto {
    /// The cancellation, its charges in the caller's language.
    ///
    /// # Errors
    /// Internal, when the view is not of a cancellation.
    pub fn new(view: &ChangeView, locale: Locale) -> Result<Self, AppError> {
        let change = &view.change;
        let details = change
            .cancellation()
            .ok_or_else(|| AppError::internal(format!("{} is no cancellation", change.id)))?;
        Ok(Self {
            id: change.id.clone(),
            subscription_id: view.subscription_id.clone(),
            add_on_booking_id: view.add_on_booking_id.clone(),
            customer_id: view.customer_id.clone(),
            status: change.status.into(),
            kind: details.kind.into(),
            reason: details.reason.clone(),
            wish_on: details.wish_on.map(Into::into),
            delete_data: details.delete_data,
            received_at: change.received_at.into(),
            received_on: details.received_on.into(),
            ends_on: change.effective_on.into(),
            ends_at: view.zone.end_of_day(change.effective_on).into(),
            latest_receipt_on: details.latest_receipt_on.map(Into::into),
            review: details.review.map(Into::into),
            treated_as: match details.withdrawal_id {
                Some(_) => TreatedAs::Withdrawal,
                None => TreatedAs::Cancellation,
            },
            withdrawal_id: details.withdrawal_id.clone(),
            superseded_plan_change_id: details.superseded_plan_change_id.clone(),
            superseded_by_id: change.superseded_by_id.clone(),
            settled_at: change.settled_at.map(Into::into),
            charges: view
                .charges
                .iter()
                .map(|charge| ChargeDto::new(charge, &view.subscription_id, &view.customer_id, locale))
                .collect(),
        })
    }
}

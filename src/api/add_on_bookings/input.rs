//! What is said to book add-ons, change their quantity and cancel them.

use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use crate::api::commands::{ConsentInput, declared, with_early_start};
use crate::api::contract_choices::CancellationChoice;
use crate::domain::change::CancellationKind;
use crate::error::{AppError, FieldError};
use crate::services::add_ons::NewBooking;
use crate::services::cancellations::{Contracts, NewCancellation};
use crate::services::plan_changes::{Item, NewPlanChange};

/// An add-on and how much of it.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"add_on": "extra_users", "quantity": 2}))]
pub struct CreateAddOnBooking {
    /// Id or key of the add-on.
    #[validate(length(min = 1, max = 60))]
    #[schema(min_length = 1, max_length = 60, example = "extra_users")]
    pub add_on: String,
    /// Units, for example users or packs of 10 GB; the least possible number if absent.
    #[validate(range(min = 1, max = 1_000_000))]
    #[schema(minimum = 1, maximum = 1_000_000, example = 2)]
    pub quantity: Option<u32>,
    /// Consents to the documents that the preview names.
    #[serde(default)]
    #[validate(length(max = 50), nested)]
    #[schema(required = false, max_items = 50)]
    pub consents: Vec<ConsentInput>,
    /// Label of the button that was pressed; consumers who will pay need exactly that of the preview (§ 312j BGB).
    #[validate(length(max = 500))]
    #[schema(max_length = 500, example = "zahlungspflichtig bestellen")]
    pub order_button_text: Option<String>,
    /// Whether the customer expressly asks that the service begin before the withdrawal period is over (§ 356 Abs. 5, § 357a Abs. 2
    /// BGB). Kept as evidence; without it, nothing is owed for use before a withdrawal.
    #[serde(default)]
    #[schema(required = false, default = false, example = true)]
    pub early_start_requested: bool,
    /// Token of the preview that is confirmed; previews ignore it.
    #[validate(length(max = 2000))]
    #[schema(max_length = 2000, example = json!(null))]
    pub preview_token: Option<String>,
}

impl CreateAddOnBooking {
    /// The order on this contract.
    pub fn for_subscription(self, subscription_id: String) -> NewBooking {
        NewBooking {
            subscription_id,
            add_on: self.add_on,
            quantity: self.quantity,
            declared: with_early_start(
                declared(self.consents, self.order_button_text),
                self.early_start_requested,
            ),
        }
    }
}

/// Another quantity of a booking: more at once, less from the end of what is charged.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"quantity": 5}))]
pub struct CreateQuantityChange {
    /// Units afterwards.
    #[validate(range(min = 1, max = 1_000_000))]
    #[schema(minimum = 1, maximum = 1_000_000, example = 5)]
    pub quantity: u32,
    /// Id of the pending quantity change that this one replaces.
    #[validate(length(max = 30))]
    #[schema(max_length = 30, example = json!(null))]
    pub supersedes: Option<String>,
    /// Label of the button that was pressed; consumers who will pay need exactly that of the preview (§ 312j BGB).
    #[validate(length(max = 500))]
    #[schema(max_length = 500, example = "zahlungspflichtig bestellen")]
    pub order_button_text: Option<String>,
    /// Whether the customer expressly asks that the service begin before the withdrawal period is over (§ 356 Abs. 5, § 357a Abs. 2
    /// BGB). Kept as evidence; without it, nothing is owed for use before a withdrawal.
    #[serde(default)]
    #[schema(required = false, default = false, example = true)]
    pub early_start_requested: bool,
    /// Token of the preview that is confirmed; previews ignore it.
    #[validate(length(max = 2000))]
    #[schema(max_length = 2000, example = json!(null))]
    pub preview_token: Option<String>,
}

impl CreateQuantityChange {
    /// The request about this booking.
    pub fn for_booking(self, item: Item) -> NewPlanChange {
        NewPlanChange {
            item,
            plan: None,
            quantity: Some(self.quantity),
            supersedes: self.supersedes,
            absorb_subscription_ids: Vec::new(),
            declared: with_early_start(declared(Vec::new(), self.order_button_text), self.early_start_requested),
        }
    }
}

/// The cancellation of a booking.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"confirm": true, "reason": "Wir brauchen den Platz nicht mehr."}))]
pub struct CancelAddOnBooking {
    /// The customer's express yes; a preview works without.
    #[serde(default)]
    #[schema(required = false, default = false, example = true)]
    pub confirm: bool,
    /// A reason, if the customer likes to give one.
    #[validate(length(max = 2000))]
    #[schema(max_length = 2000, example = "Wir brauchen den Platz nicht mehr.")]
    pub reason: Option<String>,
    /// Within the withdrawal period a cancellation is treated as a withdrawal where the catalogue says so. Consumers who want to
    /// cancel nevertheless, with notice and without a refund, say `cancellation` here.
    #[serde(rename = "as")]
    pub treat_as: Option<CancellationChoice>,
    /// Token of the preview that is confirmed; previews ignore it.
    #[validate(length(max = 2000))]
    #[schema(max_length = 2000, example = json!(null))]
    pub preview_token: Option<String>,
}

impl CancelAddOnBooking {
    /// The declaration about this booking.
    pub fn for_booking(self, item: Item) -> NewCancellation {
        NewCancellation {
            contracts: Contracts::One(item),
            kind: CancellationKind::Ordinary,
            reason: self.reason,
            wish_on: None,
            delete_data: false,
            received_at: None,
            as_cancellation: self.treat_as.is_some(),
        }
    }

    /// Refuses what was not expressly confirmed.
    ///
    /// # Errors
    /// [`AppError::Validation`] at `/confirm`.
    pub fn check_confirmed(&self) -> Result<(), AppError> {
        if self.confirm {
            return Ok(());
        }
        Err(AppError::field(FieldError::body(
            "/confirm",
            "confirmation_required",
            "Bestätigen Sie die Kündigung ausdrücklich mit „confirm“: true.",
            "Confirm the cancellation expressly with \"confirm\": true.",
        )))
    }
}

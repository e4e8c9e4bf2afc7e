//! What is said to cancel contracts.

use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use crate::api::civil_date::CivilDate;
use crate::api::contract_choices::{CancellationChoice, CancellationKindDto};
use crate::api::instant::Instant;
use crate::error::{AppError, FieldError};
use crate::services::cancellations::{Contracts, NewCancellation, check_distinct};
use crate::services::plan_changes::Item;

/// A declaration that ends one contract.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "ordinary"}))]
pub struct CreateCancellation {
    /// Ordinary (with notice) or extraordinary (for good cause, § 314 BGB).
    #[serde(default)]
    #[schema(required = false, default = "ordinary")]
    pub kind: CancellationKindDto,
    /// The reason; needed for extraordinary cancellations.
    #[validate(length(max = 2000))]
    #[schema(max_length = 2000, example = "Wir geben die Praxis auf.")]
    pub reason: Option<String>,
    /// The last day wished for: the contract ends on the first possible day on or after it; as soon as possible if absent.
    pub wish_on: Option<CivilDate>,
    /// Whether the customer also asks for erasure of the data.
    #[serde(default)]
    #[schema(required = false, default = false, example = false)]
    pub delete_data: bool,
    /// When a letter or e-mail was received; the provider's staff only. A click is received when it is made.
    pub received_at: Option<Instant>,
    /// Within the withdrawal period a cancellation is treated as a withdrawal where the catalogue says so. Consumers who want to
    /// cancel nevertheless, with notice and without a refund, say `cancellation` here.
    #[serde(rename = "as")]
    pub treat_as: Option<CancellationChoice>,
    /// Token of the preview that is confirmed; previews ignore it.
    #[validate(length(max = 2000))]
    #[schema(max_length = 2000, example = json!(null))]
    pub preview_token: Option<String>,
}

impl CreateCancellation {
    /// The declaration about this contract.
    pub fn for_subscription(self, subscription_id: String) -> NewCancellation {
        NewCancellation {
            contracts: Contracts::One(Item::Contract(subscription_id)),
            kind: self.kind.into(),
            reason: self.reason,
            wish_on: self.wish_on.map(|day| day.0),
            delete_data: self.delete_data,
            received_at: self.received_at.map(|instant| instant.0),
            as_cancellation: self.treat_as.is_some(),
        }
    }
}

/// A declaration that ends several contracts of one customer, all of them or none. Exactly one of `subscription_ids` and
/// `keep_subscription_id` is needed.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"keep_subscription_id": "sub_01k9w3x8kqf0wvm2n6c1c9t7xh"}))]
pub struct CreateCancellations {
    /// The contracts to cancel.
    #[validate(length(min = 1, max = 100))]
    #[schema(min_items = 1, max_items = 100, example = json!(["sub_01k9w3x8kqf0wvm2n6c1c9t7xh"]))]
    pub subscription_ids: Option<Vec<String>>,
    /// The contract to keep; all other running ones of its customer are cancelled.
    #[validate(length(max = 30))]
    #[schema(max_length = 30, example = "sub_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub keep_subscription_id: Option<String>,
    /// Ordinary (with notice) or extraordinary (for good cause, § 314 BGB).
    #[serde(default)]
    #[schema(required = false, default = "ordinary")]
    pub kind: CancellationKindDto,
    /// The reason; needed for extraordinary cancellations.
    #[validate(length(max = 2000))]
    #[schema(max_length = 2000, example = "Wir brauchen nur noch einen Shop.")]
    pub reason: Option<String>,
    /// The last day wished for: each contract ends on its first possible day on or after it; as soon as possible if absent.
    pub wish_on: Option<CivilDate>,
    /// Whether the customer also asks for erasure of the data.
    #[serde(default)]
    #[schema(required = false, default = false, example = false)]
    pub delete_data: bool,
    /// When a letter or e-mail was received; the provider's staff only. A click is received when it is made.
    pub received_at: Option<Instant>,
    /// Within the withdrawal period a cancellation is treated as a withdrawal where the catalogue says so. Consumers who want to
    /// cancel nevertheless, with notice and without a refund, say `cancellation` here.
    #[serde(rename = "as")]
    pub treat_as: Option<CancellationChoice>,
    /// Token of the preview that is confirmed; previews ignore it.
    #[validate(length(max = 2000))]
    #[schema(max_length = 2000, example = json!(null))]
    pub preview_token: Option<String>,
}

impl CreateCancellations {
    /// The declaration about these contracts.
    ///
    /// # Errors
    /// [`AppError::Validation`] unless exactly one way of naming the contracts is used, and each contract once.
    pub fn for_contracts(self) -> Result<NewCancellation, AppError> {
        let contracts = match (self.subscription_ids, self.keep_subscription_id) {
            (Some(ids), None) => {
                check_distinct("/subscription_ids", &ids)?;
                Contracts::These(ids)
            }
            (None, Some(kept)) => Contracts::AllBut(kept),
            (None, None) => {
                return Err(exactly_one(
                    "/subscription_ids",
                    "required",
                    "Nennen Sie die Verträge, oder den einen, der bleiben soll (keep_subscription_id).",
                    "Name the contracts, or the one to keep (keep_subscription_id).",
                ));
            }
            (Some(_), Some(_)) => {
                return Err(exactly_one(
                    "/keep_subscription_id",
                    "conflicting",
                    "Entweder subscription_ids oder keep_subscription_id, nicht beides.",
                    "Either subscription_ids or keep_subscription_id, not both.",
                ));
            }
        };
        Ok(NewCancellation {
            contracts,
            kind: self.kind.into(),
            reason: self.reason,
            wish_on: self.wish_on.map(|day| day.0),
            delete_data: self.delete_data,
            received_at: self.received_at.map(|instant| instant.0),
            as_cancellation: self.treat_as.is_some(),
        })
    }
}

fn exactly_one(pointer: &str, code: &'static str, de: &str, en: &str) -> AppError {
    AppError::field(FieldError::body(pointer, code, de, en))
}

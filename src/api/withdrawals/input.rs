//! What is said to withdraw.

use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::api::instant::Instant;
use crate::services::plan_changes::Item;
use crate::services::withdrawals::{NewWithdrawal, WithdrawalQuery};

/// A declaration of withdrawal; an empty object withdraws from everything.
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"quantity": 1}))]
pub struct CreateWithdrawal {
    /// Only from this plan change or quantity change; all else goes on as before it.
    #[validate(length(max = 30))]
    #[schema(max_length = 30, example = json!(null))]
    pub plan_change_id: Option<String>,
    /// Only from so many units; the newest first.
    #[validate(range(min = 1, max = 1_000_000))]
    #[schema(minimum = 1, maximum = 1_000_000, example = 1)]
    pub quantity: Option<u32>,
    /// A reason, which nobody needs to give (§ 355 Abs. 1 Satz 4 BGB).
    #[validate(length(max = 2000))]
    #[schema(max_length = 2000, example = json!(null))]
    pub reason: Option<String>,
    /// When a letter or e-mail was received; the provider's staff only. A click is received when it is made.
    pub received_at: Option<Instant>,
    /// When the letter was sent, which is what must be in time (§ 355 Abs. 1 Satz 5 BGB); the provider's staff only.
    pub dispatched_at: Option<Instant>,
    /// Token of the preview that is confirmed; previews ignore it.
    #[validate(length(max = 2000))]
    #[schema(max_length = 2000, example = json!(null))]
    pub preview_token: Option<String>,
}

impl CreateWithdrawal {
    /// The declaration about this contract or booking.
    pub fn withdrawing(self, item: Item) -> NewWithdrawal {
        NewWithdrawal {
            item,
            plan_change_id: self.plan_change_id,
            quantity: self.quantity,
            reason: self.reason,
            received_at: self.received_at.map(|instant| instant.0),
            dispatched_at: self.dispatched_at.map(|instant| instant.0),
        }
    }
}

/// Which withdrawals a list shows.
#[derive(Debug, Clone, Default, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WithdrawalParams {
    /// Only this customer's.
    #[validate(length(max = 30))]
    #[param(nullable = false, max_length = 30, example = "cus_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub customer_id: Option<String>,
    /// Only from this contract and what is booked on it.
    #[validate(length(max = 30))]
    #[param(nullable = false, max_length = 30, example = "sub_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub subscription_id: Option<String>,
}

impl From<WithdrawalParams> for WithdrawalQuery {
    fn from(params: WithdrawalParams) -> Self {
        Self {
            customer_id: params.customer_id,
            subscription_id: params.subscription_id,
        }
    }
}

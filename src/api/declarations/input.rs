//! What is said in a declaration: exactly what the law lists, and nothing beyond it is mandatory.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::api::civil_date::CivilDate;
use crate::api::contract_choices::CancellationKindDto;
use crate::domain::declaration::{DeclarationContent, DeclaredCancellation, DeclaredWithdrawal, Identity};

/// Who cancels. The name is enough; everything else helps to find the contract.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Erika Mustermann"}))]
pub struct DeclarantIdentity {
    /// Name of the person.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200, example = "Erika Mustermann")]
    pub name: String,
    /// E-mail address the provider knows, where it differs from the one for the confirmation.
    #[validate(email, length(max = 254))]
    #[schema(max_length = 254, format = "email", example = "erika@example.com")]
    pub email: Option<String>,
    /// Customer number.
    #[validate(length(max = 50))]
    #[schema(max_length = 50, example = "K-1000")]
    pub customer_number: Option<String>,
    /// Postal address.
    #[validate(length(max = 500))]
    #[schema(max_length = 500, example = "Musterweg 1, 10115 Berlin")]
    pub address: Option<String>,
}

/// A cancellation without login, as § 312k Abs. 2 Satz 3 Nr. 1 BGB lists it.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "kind": "ordinary", "identity": {"name": "Erika Mustermann"}, "contract": "7KQ2M9XW", "confirmation_email": "erika@example.com"
}))]
pub struct PublicCancellation {
    /// Ordinary (with notice) or extraordinary (for good cause, § 314 BGB).
    #[serde(default)]
    #[schema(required = false, default = "ordinary")]
    pub kind: CancellationKindDto,
    /// The reason; needed for extraordinary cancellations only.
    #[validate(length(max = 2000))]
    #[schema(max_length = 2000, example = json!(null))]
    pub reason: Option<String>,
    /// Who cancels.
    #[validate(nested)]
    pub identity: DeclarantIdentity,
    /// The contract: its number, or a description in the person's own words.
    #[validate(length(min = 1, max = 500))]
    #[schema(min_length = 1, max_length = 500, example = "7KQ2M9XW")]
    pub contract: String,
    /// When the contract shall end; as soon as possible if absent (§ 312k Abs. 5 BGB).
    pub wish_on: Option<CivilDate>,
    /// Where the receipt is confirmed.
    #[validate(email, length(max = 254))]
    #[schema(max_length = 254, format = "email", example = "erika@example.com")]
    pub confirmation_email: String,
}

impl From<PublicCancellation> for DeclarationContent {
    fn from(sent: PublicCancellation) -> Self {
        Self::Cancellation(DeclaredCancellation {
            kind: sent.kind.into(),
            reason: sent.reason,
            identity: Identity {
                name: sent.identity.name,
                email: sent.identity.email,
                customer_number: sent.identity.customer_number,
                address: sent.identity.address,
            },
            contract: sent.contract,
            wish_on: sent.wish_on.map(|day| day.0),
            confirmation_email: sent.confirmation_email,
        })
    }
}

/// A withdrawal without login, as § 356a Abs. 2 BGB lists it. It is declared by confirming it.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Erika Mustermann", "contract": "7KQ2M9XW", "confirmation_email": "erika@example.com"
}))]
pub struct PublicWithdrawal {
    /// Name of the consumer.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200, example = "Erika Mustermann")]
    pub name: String,
    /// The contract: its number, or a description in the person's own words.
    #[validate(length(min = 1, max = 500))]
    #[schema(min_length = 1, max_length = 500, example = "7KQ2M9XW")]
    pub contract: String,
    /// The part of the contract, if not all of it is withdrawn from.
    #[validate(length(max = 500))]
    #[schema(max_length = 500, example = json!(null))]
    pub part: Option<String>,
    /// Where the receipt is confirmed.
    #[validate(email, length(max = 254))]
    #[schema(max_length = 254, format = "email", example = "erika@example.com")]
    pub confirmation_email: String,
}

impl From<PublicWithdrawal> for DeclarationContent {
    fn from(sent: PublicWithdrawal) -> Self {
        Self::Withdrawal(DeclaredWithdrawal {
            name: sent.name,
            contract: sent.contract,
            part: sent.part,
            confirmation_email: sent.confirmation_email,
        })
    }
}

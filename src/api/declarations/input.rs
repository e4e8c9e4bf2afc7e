//! What is said in a declaration: exactly what the law lists, and nothing beyond it is mandatory.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::Date;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};
use validator::{Validate, ValidationError};

use crate::api::contract_choices::CancellationKindDto;
use crate::domain::calendar::read_date;
use crate::domain::declaration::{DeclarationContent, DeclaredCancellation, DeclaredWithdrawal, Identity};
use crate::mail::is_address;

/// Whether a confirmation can be sent there; names in every script are addresses too (RFC 6531).
fn reachable(address: &str) -> Result<(), ValidationError> {
    // Blanks around it are no mistake of the person; they are left out where the declaration is kept.
    if is_address(address.trim()) {
        Ok(())
    } else {
        Err(ValidationError::new("email"))
    }
}

/// The day a person wishes a contract to end: any day of the years 1 to 9999, for nobody's declaration is turned away because its
/// wish is an odd one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WishedDay(pub Date);

impl Serialize for WishedDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for WishedDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        read_date(&text)
            .map(Self)
            .ok_or_else(|| de::Error::custom("invalid value: string, expected a date such as 2026-11-21"))
    }
}

impl PartialSchema for WishedDay {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::String))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
            .description(Some("The day on which the contract shall end, in the years 1 to 9999."))
            .max_length(Some(10))
            .examples(["2026-12-31"])
            .into()
    }
}

impl ToSchema for WishedDay {}

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
    #[validate(length(max = 254))]
    #[schema(max_length = 254, example = "erika@example.com")]
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
    pub wish_on: Option<WishedDay>,
    /// Where the receipt is confirmed.
    #[validate(custom(function = "reachable"), length(max = 254))]
    #[schema(max_length = 254, format = "idn-email", example = "erika@example.com")]
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
    #[validate(custom(function = "reachable"), length(max = 254))]
    #[schema(max_length = 254, format = "idn-email", example = "erika@example.com")]
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

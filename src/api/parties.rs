//! Addresses, and whether a customer has paid: what customers and invoices share on the wire.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::domain::invoice::{Address, PaymentStatus};
use crate::services::customers::AddressPatch;

/// A postal address.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Address)]
pub struct AddressDto {
    /// Department, person or building.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200, example = "Buchhaltung")]
    pub addition: Option<String>,
    /// Street and number.
    #[schema(min_length = 1, max_length = 200, example = "Musterstraße 12")]
    pub street: String,
    /// Postal code.
    #[schema(min_length = 1, max_length = 20, example = "80331")]
    pub postal_code: String,
    /// Town.
    #[schema(min_length = 1, max_length = 200, example = "München")]
    pub city: String,
    /// Country, ISO 3166-1 alpha-2.
    #[schema(pattern = "^[A-Z]{2}$", min_length = 2, max_length = 2, example = "DE")]
    pub country: String,
}

impl From<Address> for AddressDto {
    fn from(address: Address) -> Self {
        Self {
            addition: address.addition,
            street: address.street,
            postal_code: address.postal_code,
            city: address.city,
            country: address.country,
        }
    }
}

impl From<AddressDto> for Address {
    fn from(dto: AddressDto) -> Self {
        Self {
            addition: dto.addition,
            street: dto.street,
            postal_code: dto.postal_code,
            city: dto.city,
            country: dto.country,
        }
    }
}

/// Changes to an address: absent members stay as they are. A new address needs all but `addition`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateAddress {
    /// Department, person or building; `null` removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, required = false, min_length = 1, max_length = 200, example = "Buchhaltung")]
    pub addition: Option<Option<String>>,
    /// Street and number.
    #[schema(nullable = false, min_length = 1, max_length = 200, example = "Musterstraße 12")]
    pub street: Option<String>,
    /// Postal code.
    #[schema(nullable = false, min_length = 1, max_length = 20, example = "80331")]
    pub postal_code: Option<String>,
    /// Town.
    #[schema(nullable = false, min_length = 1, max_length = 200, example = "München")]
    pub city: Option<String>,
    /// Country, ISO 3166-1 alpha-2.
    #[schema(
        nullable = false,
        pattern = "^[A-Z]{2}$",
        min_length = 2,
        max_length = 2,
        example = "DE"
    )]
    pub country: Option<String>,
}

/// Tells `null` (`Some(None)`) from an absent member (`None`).
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl From<UpdateAddress> for AddressPatch {
    fn from(body: UpdateAddress) -> Self {
        Self {
            addition: body.addition,
            street: body.street,
            postal_code: body.postal_code,
            city: body.city,
            country: body.country,
        }
    }
}

/// Whether a customer has paid what was due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PaymentStatus, example = "paid_up")]
pub enum PaymentStatusDto {
    /// Nothing is left to pay.
    PaidUp,
    /// Invoices are open, none of them past its due day.
    Open,
    /// At least one invoice is past its due day.
    Overdue,
}

impl From<PaymentStatus> for PaymentStatusDto {
    fn from(status: PaymentStatus) -> Self {
        match status {
            PaymentStatus::PaidUp => Self::PaidUp,
            PaymentStatus::Open => Self::Open,
            PaymentStatus::Overdue => Self::Overdue,
        }
    }
}

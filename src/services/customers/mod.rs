//! Customers: creating, reading, listing and changing the master data of the people and firms who hold contracts.

mod change;
mod input;
mod patch;
mod read;

pub use change::{Render, create, create_in_txn, update};
pub use input::{AddressPatch, CustomerPatch, NewCustomer, PatchedMetadata};
pub use read::{CustomerQuery, find, list};

use std::collections::BTreeMap;

use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::db::JsonText;
use crate::domain::customer_type::CustomerType;
use crate::domain::holidays::HolidayRegion;
use crate::domain::invoice::{BillingDetails, PaymentStatus};
use crate::domain::localized::Locale;
use crate::domain::money::{Currency, Money};
use crate::error::AppError;
use crate::repositories::customers::{CustomerRow, Metadata};

/// A customer as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// Id (`cus_`).
    pub id: String,
    /// Number by which people name the customer, unique per provider; never changes.
    pub customer_number: String,
    /// Consumer or business; never changes.
    pub customer_type: CustomerType,
    /// Name of the person or firm.
    pub name: String,
    /// Where mail goes.
    pub email: String,
    /// Language in which the customer is addressed.
    pub locale: Locale,
    /// Land whose holidays extend periods (§ 193 BGB).
    pub holiday_region: Option<HolidayRegion>,
    /// Id in the integrator's own system, unique per provider.
    pub external_id: Option<String>,
    /// Free key-value pairs of the integrator.
    pub metadata: BTreeMap<String, String>,
    /// Test clock that gives the customer's business time; sandbox only.
    pub test_clock_id: Option<String>,
    /// By what the customer is billed.
    pub billing: BillingDetails,
    /// What was paid too much; used for the next invoices.
    pub balance: Money,
    /// Whether the customer has paid what was due.
    pub payment_status: PaymentStatus,
    /// Counts the changes, from 1.
    pub version: i64,
    /// When the customer was created, on the wall clock.
    pub created_at: OffsetDateTime,
    /// When its master data last changed, on the wall clock.
    pub updated_at: OffsetDateTime,
}

impl TryFrom<CustomerRow> for Customer {
    type Error = AppError;

    fn try_from(row: CustomerRow) -> Result<Self, AppError> {
        let unreadable = |column: &str| AppError::internal(format!("customer {}: {column} cannot be read", row.id));
        Ok(Self {
            customer_type: CustomerType::parse(&row.customer_type).ok_or_else(|| unreadable("customer_type"))?,
            locale: Locale::parse(&row.locale).ok_or_else(|| unreadable("locale"))?,
            holiday_region: match &row.holiday_region {
                Some(region) => Some(region.parse().map_err(|_| unreadable("holiday_region"))?),
                None => None,
            },
            billing: row.billing.0.clone(),
            balance: Currency::parse(&row.balance_currency)
                .and_then(|currency| Money::new(row.balance, currency).ok())
                .ok_or_else(|| unreadable("balance"))?,
            payment_status: PaymentStatus::parse(&row.payment_status).ok_or_else(|| unreadable("payment_status"))?,
            metadata: row
                .metadata
                .0
                .iter()
                .map(|(key, value)| (key.clone(), text_of(value)))
                .collect(),
            id: row.id,
            customer_number: row.customer_number,
            name: row.name,
            email: row.email,
            external_id: row.external_id,
            test_clock_id: row.test_clock_id,
            version: row.version,
            created_at: row.created_at.instant(),
            updated_at: row.updated_at.instant(),
        })
    }
}

impl Customer {
    /// The customer's master data for the event log: everything that can be changed or was given at creation.
    pub fn snapshot(&self) -> Value {
        json!({
            "id": self.id,
            "customer_number": self.customer_number,
            "customer_type": self.customer_type.as_str(),
            "name": self.name,
            "email": self.email,
            "locale": self.locale.as_str(),
            "holiday_region": self.holiday_region.map(HolidayRegion::as_str),
            "external_id": self.external_id,
            "metadata": self.metadata,
            "billing": self.billing,
            "test_clock_id": self.test_clock_id,
            "version": self.version,
        })
    }
}

/// Metadata are stored as strings only.
fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn stored_metadata(metadata: &BTreeMap<String, String>) -> JsonText<Metadata> {
    JsonText(
        metadata
            .iter()
            .map(|(key, value)| (key.clone(), Value::String(value.clone())))
            .collect(),
    )
}

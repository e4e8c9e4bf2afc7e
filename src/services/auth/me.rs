//! Who am I: what a client needs to know about its own login.

use crate::domain::access::Principal;
use crate::error::AppError;
use crate::repositories::customers;
use crate::repositories::providers::provider_find;
use crate::state::AppState;

/// The login with its provider and customer.
#[derive(Debug)]
pub struct Me {
    /// The provider everything belongs to.
    pub provider: ProviderProfile,
    /// The only customer the login may see; `None` for staff.
    pub customer: Option<CustomerProfile>,
}

/// A provider as its users see it.
#[derive(Debug)]
pub struct ProviderProfile {
    /// `prv_…`.
    pub id: String,
    /// Short public name.
    pub slug: String,
    /// Name.
    pub name: String,
    /// `live` or `sandbox`.
    pub mode: String,
    /// IANA time zone of its legal days.
    pub time_zone: String,
}

/// A customer as its own login sees it.
#[derive(Debug)]
pub struct CustomerProfile {
    /// `cus_…`.
    pub id: String,
    /// Number given by the provider.
    pub customer_number: String,
    /// Name of the person or firm.
    pub name: String,
    /// `consumer` or `business`.
    pub customer_type: String,
    /// Language in which the customer is addressed.
    pub locale: String,
}

/// Describes the login of `principal`.
///
/// # Errors
/// [`AppError::NotFound`] if its provider or customer no longer exists.
pub fn me(state: &AppState, principal: &Principal) -> Result<Me, AppError> {
    state.db.read(|connection| {
        let provider = provider_find(connection, &principal.provider_id)?.ok_or(AppError::NotFound)?;
        let customer = match principal.customer_filter() {
            None => None,
            Some(id) => Some(customers::find(connection, &principal.provider_id, id)?.ok_or(AppError::NotFound)?),
        };
        Ok(Me {
            provider: ProviderProfile {
                id: provider.id,
                slug: provider.slug,
                name: provider.name,
                mode: provider.mode,
                time_zone: provider.settings.0.time_zone,
            },
            customer: customer.map(|row| CustomerProfile {
                id: row.id,
                customer_number: row.customer_number,
                name: row.name,
                customer_type: row.customer_type,
                locale: row.locale,
            }),
        })
    })
}

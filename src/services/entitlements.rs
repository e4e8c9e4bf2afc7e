//! What a customer is entitled to today, for the customer and for the provider's support desk.

use time::OffsetDateTime;

use crate::domain::access::{Principal, Scope};
use crate::domain::entitlements::{self, EntitledAddOn, Entitlements};
use crate::domain::ids::IdKind;
use crate::error::AppError;
use crate::repositories::account::AccountKey;
use crate::services::command::opening;
use crate::services::workbench;
use crate::state::AppState;

/// Whose entitlements are asked for.
#[derive(Debug, Clone)]
pub enum Whose {
    /// Those of the customer with this id.
    Customer(String),
    /// Those of the customer with this number.
    Number(String),
}

/// Entitlements as of a customer's business day.
#[derive(Debug, Clone)]
pub struct EntitlementsView {
    /// The customer.
    pub customer_id: String,
    /// Its number.
    pub customer_number: String,
    /// The legal day for which they hold.
    pub as_of_on: time::Date,
    /// What the customer is entitled to.
    pub entitlements: Entitlements,
    /// When a request is answered at the latest, for each add-on with support.
    pub respond_by: Vec<(String, OffsetDateTime)>,
}

/// The entitlements of a customer; `requested_at` is when support was or will be asked, now if `None`.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Forbidden`] without `subscriptions:read`.
pub fn find(
    state: &AppState,
    principal: &Principal,
    whose: &Whose,
    requested_at: Option<OffsetDateTime>,
) -> Result<EntitlementsView, AppError> {
    let key = match whose {
        Whose::Customer(id) if IdKind::Customer.matches(id) => AccountKey::Customer(id),
        Whose::Customer(_) => return Err(AppError::NotFound),
        Whose::Number(number) => AccountKey::CustomerNumber(number),
    };
    state.db.read_consistent(|conn| {
        let bench = workbench::open(state, conn, opening(principal, key, false))?;
        principal.require(Scope::SubscriptionsRead)?;
        let ground = &bench.ground;
        let catalogue = &ground.catalogue.catalogue;
        let in_good_standing = bench.account.billing.payment_status().is_in_good_standing();
        let find = |key: &str| catalogue.add_on(key);
        let found = entitlements::entitlements(&bench.account, ground.today, in_good_standing, find);
        let requested_at = requested_at.unwrap_or(ground.now);
        let answered = |add_on: &EntitledAddOn| {
            let support = add_on.support.as_ref()?;
            let by = support.respond_by(requested_at, &ground.zone, &ground.settings().holiday_regions)?;
            Some((add_on.key.clone(), by))
        };
        Ok(EntitlementsView {
            customer_id: bench.customer_id().to_owned(),
            customer_number: bench.customer_number().to_owned(),
            as_of_on: ground.today,
            respond_by: found.add_ons.iter().filter_map(answered).collect(),
            entitlements: found,
        })
    })
}

//! Reading add-on bookings: the customer's table of active and ended options, with what can be done with each.

use time::Date;

use crate::domain::access::{Principal, Scope};
use crate::domain::add_on::{EndReason, end_reason};
use crate::domain::money::Currency;
use crate::domain::options::{self, ActionOption};
use crate::domain::subscription::Subscription;
use crate::domain::time_zone::TimeZone;
use crate::error::AppError;
use crate::services::command::opening;
use crate::services::plan_changes::{Item, subscription_key};
use crate::services::workbench::{self, Workbench};
use crate::state::AppState;

/// An add-on booking as of its customer's business day.
#[derive(Debug, Clone)]
pub struct BookingView {
    /// The booking.
    pub booking: Subscription,
    /// Whose it is.
    pub customer_id: String,
    /// The customer's legal day.
    pub today: Date,
    /// The provider's zone.
    pub zone: TimeZone,
    /// The provider's currency.
    pub currency: Currency,
    /// Why it ends, once it does.
    pub end_reason: Option<EndReason>,
    /// What can be done with it.
    pub actions: Vec<ActionOption>,
}

impl BookingView {
    /// A booking of an opened account.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when the account has none such.
    pub(super) fn of(bench: &Workbench, id: &str) -> Result<Self, AppError> {
        let booking = bench.account.subscription(id)?;
        if booking.booking.is_none() {
            return Err(AppError::NotFound);
        }
        Ok(Self {
            actions: options::of_booking(&bench.account, &bench.ground.circumstances(), booking),
            end_reason: end_reason(&bench.account, booking),
            booking: booking.clone(),
            customer_id: bench.customer_id().to_owned(),
            today: bench.ground.today,
            zone: bench.ground.zone.clone(),
            currency: bench.ground.settings().currency,
        })
    }
}

/// One booking.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Forbidden`] without `subscriptions:read`.
pub fn find(state: &AppState, principal: &Principal, item: &Item) -> Result<BookingView, AppError> {
    state.db.read_consistent(|conn| {
        let bench = workbench::open(state, conn, opening(principal, item.key()?, false))?;
        principal.require(Scope::SubscriptionsRead)?;
        BookingView::of(&bench, item.id())
    })
}

/// All bookings on a contract, newest first, ended ones included.
///
/// # Errors
/// As [`find`].
pub fn list(state: &AppState, principal: &Principal, subscription_id: &str) -> Result<Vec<BookingView>, AppError> {
    let key = subscription_key(subscription_id)?;
    state.db.read_consistent(|conn| {
        let bench = workbench::open(state, conn, opening(principal, key, false))?;
        principal.require(Scope::SubscriptionsRead)?;
        let ids: Vec<String> = bench
            .account
            .bookings_of(subscription_id)
            .map(|booking| booking.id.clone())
            .collect();
        ids.iter().rev().map(|id| BookingView::of(&bench, id)).collect()
    })
}

//! Reading add-on bookings: the customer's table of active and ended options, with what can be done with each.

use time::Date;

use crate::domain::access::{Principal, Scope};
use crate::domain::add_on::{EndReason, end_reason};
use crate::domain::calendar::add_months;
use crate::domain::charge::{Charge, ChargeStatus};
use crate::domain::invoice::{TaxTreatment, next_invoice};
use crate::domain::money::Currency;
use crate::domain::options::{self, ActionOption};
use crate::domain::preview::{LONGEST_WAIT_MONTHS, Totals};
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
    /// How the customer's price is taxed.
    pub treatment: TaxTreatment,
    /// Why it ends, once it does.
    pub end_reason: Option<EndReason>,
    /// What is charged for it and not invoiced yet.
    pub draft: Option<WaitingDraft>,
    /// What can be done with it.
    pub actions: Vec<ActionOption>,
}

/// An amount that waits for an invoice (seed 002).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitingDraft {
    /// How much; negative where more was credited than charged.
    pub totals: Totals,
    /// The day of that invoice as things stand; `None` when none is to come.
    pub invoice_on: Option<Date>,
}

impl BookingView {
    /// A booking of an opened account.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when the account has none such.
    pub(super) fn of(bench: &Workbench, id: &str) -> Result<Self, AppError> {
        Self::with_invoice_day(bench, id, &mut None)
    }

    /// The same for several bookings, for which the day of the next invoice is found out once.
    fn with_invoice_day(bench: &Workbench, id: &str, invoice_on: &mut Option<Option<Date>>) -> Result<Self, AppError> {
        let booking = bench.account.subscription(id)?;
        if booking.booking.is_none() {
            return Err(AppError::NotFound);
        }
        Ok(Self {
            actions: options::of_booking(&bench.account, &bench.ground.circumstances(), booking),
            end_reason: end_reason(&bench.account, booking),
            draft: draft(bench, booking, invoice_on)?,
            booking: booking.clone(),
            customer_id: bench.customer_id().to_owned(),
            today: bench.ground.today,
            zone: bench.ground.zone.clone(),
            currency: bench.ground.settings().currency,
            treatment: bench.account.tax_treatment(),
        })
    }
}

/// What is charged for a booking and not invoiced yet.
fn draft(
    bench: &Workbench,
    booking: &Subscription,
    invoice_on: &mut Option<Option<Date>>,
) -> Result<Option<WaitingDraft>, AppError> {
    let drafts = booking
        .charges
        .iter()
        .filter(|charge| charge.status == ChargeStatus::Draft);
    let drafts: Vec<&Charge> = drafts.collect();
    if drafts.is_empty() {
        return Ok(None);
    }
    let totals = bench.account.totals_of(drafts, bench.ground.settings().currency)?;
    let invoice_on = match *invoice_on {
        Some(known) => known,
        None => *invoice_on.insert(next_invoice_on(bench)?),
    };
    Ok(Some(WaitingDraft { totals, invoice_on }))
}

fn next_invoice_on(bench: &Workbench) -> Result<Option<Date>, AppError> {
    let horizon = add_months(bench.ground.today, LONGEST_WAIT_MONTHS);
    let next = next_invoice(&bench.account, horizon, &bench.ground.zone)?;
    Ok(next.map(|next| next.on))
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
        let mut invoice_on = None;
        let views = ids.iter().rev();
        views
            .map(|id| BookingView::with_invoice_day(&bench, id, &mut invoice_on))
            .collect()
    })
}

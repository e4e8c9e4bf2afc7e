//! Booking an add-on, and reporting a one-off service as performed.

use std::sync::Arc;

use serde_json::Value;

use super::{BookingView, billed_with, booked_name};
use crate::domain::access::Scope;
use crate::domain::account::Account;
use crate::domain::add_on::{self, BookingRequest};
use crate::domain::calendar::{english, german};
use crate::domain::consent::order_button as required_button;
use crate::domain::ids::IdKind;
use crate::domain::localized::Locale;
use crate::domain::preview::{Preview, PreviewParts, PreviewText, preview};
use crate::domain::subscription::Subscription;
use crate::domain::violation::Violation;
use crate::error::AppError;
use crate::services::agreements::{Declared, order_button, text};
use crate::services::command::{self, Command};
use crate::services::idempotency::Answer;
use crate::services::plan_changes::{Item, subscription_key};
use crate::services::preview_token::IssuedPreview;
use crate::services::workbench::{Ground, Workbench};
use crate::state::AppState;

/// An order for an add-on.
#[derive(Debug, Clone)]
pub struct NewBooking {
    /// The contract.
    pub subscription_id: String,
    /// Id or key of the add-on.
    pub add_on: String,
    /// Units (packs); the least the add-on allows when not named.
    pub quantity: Option<u32>,
    /// Consents and order button.
    pub declared: Declared,
}

/// Books an add-on.
///
/// # Errors
/// Those of [`add_on::book`], [`AppError::PreviewStale`], [`AppError::NotFound`].
pub fn book(
    state: &AppState,
    command: &Command,
    new: &NewBooking,
    render_preview: &dyn Fn(&IssuedPreview) -> Value,
    answer: &dyn Fn(BookingView) -> Result<Answer, AppError>,
) -> Result<Answer, AppError> {
    let key = subscription_key(&new.subscription_id)?;
    command::run(
        state,
        command,
        key,
        None,
        &|_, bench| {
            let mut request = request(&bench.ground, new, command.context.locale)?;
            let foresee = || Ok(foresee(&bench.ground, &bench.account, &request)?);
            command::confirm(state, command, &name(new), foresee, render_preview)?;
            request.agreement.is_preview = false;
            request.booking_id = IdKind::AddOnBooking.generate();
            add_on::book(&mut bench.account, &bench.ground.circumstances(), &request)?;
            Ok(request.booking_id)
        },
        &|bench, id| answer(bench.booking_view(&id)?),
    )
}

/// What booking the add-on would do.
///
/// # Errors
/// As [`book`], without those of consents that are still to be given.
pub fn preview_booking(state: &AppState, command: &Command, new: &NewBooking) -> Result<IssuedPreview, AppError> {
    let key = subscription_key(&new.subscription_id)?;
    command::preview(state, command, key, None, &name(new), &|_, bench| {
        let request = request(&bench.ground, new, command.context.locale)?;
        Ok(foresee(&bench.ground, &bench.account, &request)?)
    })
}

/// Notes that a one-off service was performed; for the provider's staff and systems.
///
/// # Errors
/// Those of [`add_on::perform`], [`AppError::Forbidden`] for customers.
pub fn perform(
    state: &AppState,
    command: &Command,
    item: &Item,
    answer: &dyn Fn(BookingView) -> Result<Answer, AppError>,
) -> Result<Answer, AppError> {
    command::run(
        state,
        command,
        item.key()?,
        None,
        &|_, bench| {
            // Only the provider's side has this scope: customers do not report services as performed.
            command.principal.require(Scope::CustomersWrite)?;
            add_on::perform(&mut bench.account, &bench.ground.circumstances(), item.id())?;
            Ok(())
        },
        &|bench, ()| answer(bench.booking_view(item.id())?),
    )
}

/// Refuses to pause a booking, naming what is offered instead (seed 003).
///
/// # Errors
/// Always: `pause_not_offered`, unless the booking may not be seen.
pub fn pause(state: &AppState, command: &Command, item: &Item) -> Result<(), AppError> {
    state.db.read_consistent(|conn| {
        let bench = crate::services::workbench::open(state, conn, command.opening(item.key()?, false))?;
        command.principal.require(Scope::SubscriptionsWrite)?;
        let booking = bench.account.subscription(item.id())?;
        let name = booked_name(booking).ok_or(AppError::NotFound)?;
        let contract_id = booking.contract_id();
        let refused = add_on::pause_not_offered(name, booking.is_one_off_service());
        if booking.is_one_off_service() {
            return Err(refused.into());
        }
        let bookings = format!("/v1/subscriptions/{contract_id}/add-ons");
        let refused = refused.with("cancel", format!("{bookings}/{}/cancellations", booking.id));
        Err(refused.with("rebook", bookings).into())
    })
}

fn name(new: &NewBooking) -> String {
    format!("add_on {}", new.subscription_id)
}

pub(in crate::services) fn request(
    ground: &Ground,
    new: &NewBooking,
    locale: Locale,
) -> Result<BookingRequest, AppError> {
    let add_on = ground.add_on(&new.add_on)?;
    Ok(BookingRequest {
        booking_id: String::new(),
        subscription_id: new.subscription_id.clone(),
        quantity: new.quantity,
        agreement: new.declared.against(ground, &add_on.plan.consents, locale)?,
        add_on,
    })
}

/// What a booking would do, told by doing it to a copy of the account.
fn foresee(ground: &Ground, before: &Account, request: &BookingRequest) -> Result<Preview, Violation> {
    let circumstances = ground.circumstances();
    let mut after = before.clone();
    add_on::book(&mut after, &circumstances, request)?;
    let plan = &Arc::clone(&request.add_on).plan;
    let booking = after.subscription(&request.booking_id)?;
    let required = required_button(plan, booking.customer_type, plan.is_paid());
    let texts = booking_texts(booking);
    let parts = PreviewParts {
        effective_on: ground.today,
        subscription_ids: vec![request.booking_id.clone()],
        touched_ids: Vec::new(),
        change_ids: Vec::new(),
        consequences: Vec::new(),
        consents: request.agreement.required.clone(),
        order_button: Some(order_button(required, &plan.order_button)),
        texts,
        because: Vec::new(),
        latest_receipt_on: None,
        supersedes: Vec::new(),
    };
    let mut preview = preview(before, &after, &circumstances, parts)?;
    preview.texts.extend(billed_with(&preview));
    Ok(preview)
}

/// That a booking can be used at once, and until when it lasts where it ends.
pub(in crate::services) fn booking_texts(booking: &Subscription) -> Vec<PreviewText> {
    let Some(name) = booked_name(booking) else {
        return Vec::new();
    };
    let mut texts = vec![text(
        "available_at_once",
        format!("{} steht Ihnen sofort zur Verfügung.", name.de),
        format!("{} is available at once.", name.en),
    )];
    texts.extend(booking.ends_on.map(|end| {
        text(
            "add_on_ends",
            format!("{} endet am {}.", name.de, german(end)),
            format!("{} ends on {}.", name.en, english(end)),
        )
    }));
    texts
}

impl Workbench {
    /// A booking on the workbench as readers will see it.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when the account has none such.
    pub fn booking_view(&self, id: &str) -> Result<BookingView, AppError> {
        BookingView::of(self, id)
    }
}

//! Add-on bookings: booking, reading, and what they add to other commands' previews. Changing their quantity and cancelling
//! them is done by the services of plan changes and cancellations, which treat a booking as the contract it is.

mod book;
mod read;

use time::Date;

use crate::domain::account::Account;
use crate::domain::add_on::{EndReason, end_reason, is_owed};
use crate::domain::calendar::{english, german};
use crate::domain::catalogue::Consequence;
use crate::domain::localized::LocalizedText;
use crate::domain::preview::{Preview, PreviewText};
use crate::domain::subscription::Subscription;
use crate::services::agreements::{consequence, text};

pub use book::{NewBooking, book, pause, perform, preview_booking};
pub(super) use book::{booking_texts, request as booking_request};
pub use read::{BookingView, WaitingDraft, find, list};

/// The name of the add-on, for bookings.
pub(super) fn booked_name(subscription: &Subscription) -> Option<&LocalizedText> {
    subscription.booking.as_ref()?;
    subscription.phases.first().map(|phase| &phase.plan.plan.name)
}

/// What a command on a contract means for the bookings on it: which end when and why, and which go on after all.
pub(super) fn add_on_consequences(before: &Account, after: &Account, subscription_id: &str) -> Vec<Consequence> {
    let mut consequences = Vec::new();
    for booking in after.bookings_of(subscription_id) {
        let Some(name) = booked_name(booking) else { continue };
        let Ok(earlier) = before.subscription(&booking.id) else {
            if booking.booking.as_ref().is_some_and(|booking| booking.included) {
                consequences.push(consequence(
                    "service_included",
                    format!("Enthalten: {}, 0,00 €.", name.de),
                    format!("Included: {}, 0.00.", name.en),
                ));
            }
            continue;
        };
        if earlier.ends_on == booking.ends_on {
            continue;
        }
        let Some(end) = booking.ends_on else {
            consequences.push(consequence(
                "add_on_goes_on",
                format!("{} läuft weiter.", name.de),
                format!("{} goes on.", name.en),
            ));
            continue;
        };
        let reason = end_reason(after, booking);
        if reason == Some(EndReason::ContractEnds) && is_owed(booking) {
            consequences.push(stays_owed(name, end));
            continue;
        }
        let (code, de, en) = why(reason);
        consequences.push(consequence(
            code,
            format!("{} endet am {}{de}.", name.de, german(end)),
            format!("{} ends on {}{en}.", name.en, english(end)),
        ));
    }
    consequences
}

/// What has been ordered once does not lapse with the contract.
fn stays_owed(name: &LocalizedText, end: Date) -> Consequence {
    consequence(
        "service_stays_owed",
        format!(
            "{} ist noch nicht erbracht und bleibt auch nach dem Vertragsende am {} geschuldet.",
            name.de,
            german(end)
        ),
        format!(
            "{} has not been performed yet and remains owed after the contract's end on {}.",
            name.en,
            english(end)
        ),
    )
}

fn why(reason: Option<EndReason>) -> (&'static str, &'static str, &'static str) {
    match reason {
        Some(EndReason::IncludedInNewPlan) => (
            "add_on_included_in_new_plan",
            ": Der neue Tarif enthält die Option",
            ": the new plan contains it",
        ),
        Some(EndReason::NotAllowedForNewPlan) => (
            "add_on_not_allowed_for_new_plan",
            ": Zum neuen Tarif gibt es die Option nicht",
            ": it is not available on the new plan",
        ),
        Some(EndReason::ContractEnds) => ("add_on_ends_with_contract", " mit dem Vertrag", " with the contract"),
        Some(EndReason::Own | EndReason::Performed | EndReason::NeverCame) | None => ("add_on_ends", "", ""),
    }
}

/// The sentence that says which invoice an amount waits for (seed 002: collected as a draft, billed with the next regular
/// invoice).
pub(super) fn billed_with(preview: &Preview) -> Option<PreviewText> {
    let on = preview.next_invoice.on.filter(|_| !preview.due_now.gross.is_zero())?;
    let LocalizedText { de, en } = billed_with_invoice(on);
    Some(text("billed_with_invoice", de, en))
}

/// The same of an amount that waits already.
pub fn billed_with_invoice(on: Date) -> LocalizedText {
    LocalizedText::new(
        format!("Der Betrag wird mit Ihrer Rechnung vom {} abgerechnet.", german(on)),
        format!("The amount is billed with your invoice of {}.", english(on)),
    )
}

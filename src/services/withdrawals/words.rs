//! What a withdrawal means, in sentences, and the choice between it and a cancellation.

use crate::domain::account::Account;
use crate::domain::calendar::{english, german};
use crate::domain::cancellation::{CancellationRequest, ContractToCancel, cancel};
use crate::domain::catalogue::Consequence;
use crate::domain::customer_type::CustomerType;
use crate::domain::localized::LocalizedText;
use crate::domain::money::Money;
use crate::domain::preview::PreviewText;
use crate::domain::retention::erasure_wish;
use crate::domain::subscription::Subscription;
use crate::domain::violation::Violation;
use crate::domain::withdrawal::{Withdrawal, WithdrawalKind, WithdrawalOutcome, counts_as_withdrawal};
use crate::services::agreements::{consequence, text};
use crate::services::retention;
use crate::services::workbench::Ground;

/// What a withdrawal means, in sentences.
///
/// # Errors
/// `not_found`, when the accounts do not hold the contract.
pub(in crate::services) fn texts(
    before: &Account,
    after: &Account,
    outcome: &WithdrawalOutcome,
) -> Result<Vec<PreviewText>, Violation> {
    let withdrawal = &outcome.withdrawal;
    let mut texts = vec![effect(before, after, withdrawal)?];
    let amounts = &withdrawal.amounts;
    let written = |money: Money| (money.german(), money.amount(), money.currency.as_str());
    if amounts.dropped.gross.minor < 0 {
        let (de, en, currency) = written(amounts.dropped.gross.negated());
        texts.push(text(
            "draft_dropped",
            format!("Die noch nicht abgerechnete Gutschrift von {de} {currency} entfällt."),
            format!("The credit of {en} {currency} that has not been invoiced yet is dropped."),
        ));
    } else if !amounts.dropped.gross.is_zero() {
        let (de, en, currency) = written(amounts.dropped.gross);
        texts.push(text(
            "draft_dropped",
            format!("Der noch nicht abgerechnete Betrag von {de} {currency} entfällt."),
            format!("The amount of {en} {currency} that has not been invoiced yet is dropped."),
        ));
    }
    if !amounts.compensation.gross.is_zero() {
        let (de, en, currency) = written(amounts.compensation.gross);
        texts.push(text(
            "compensation",
            format!("Für die Nutzung bis zum Widerruf werden {de} {currency} berechnet (§ 357a Abs. 2 BGB)."),
            format!("{en} {currency} are charged for use before the withdrawal (§ 357a para. 2 BGB)."),
        ));
    }
    if !amounts.credited.gross.is_zero() {
        let (de, en, currency) = written(amounts.refund);
        let (by_de, by_en) = (german(withdrawal.refund_by_on), english(withdrawal.refund_by_on));
        let refund = if amounts.refund.is_zero() {
            text(
                "refund",
                "Die Rechnung wird berichtigt; zu erstatten ist nichts.".to_owned(),
                "The invoice is corrected; there is nothing to be refunded.".to_owned(),
            )
        } else {
            text(
                "refund",
                format!(
                    "Die Rechnung wird berichtigt; {de} {currency} sind dann zu viel gezahlt und werden bis zum {by_de} auf demselben Weg erstattet."
                ),
                format!(
                    "The invoice is corrected; {en} {currency} have then been paid too much and are refunded by {by_en} by the same means."
                ),
            )
        };
        texts.push(refund);
    }
    if let Some(settled) = withdrawal.traces.set_off_in_words() {
        texts.push(text(
            "set_off",
            format!(
                "Was zu viel gezahlt ist, wird zuerst mit offenen Rechnungen verrechnet: {} (§ 387 BGB).",
                settled.de
            ),
            format!(
                "What was paid too much is first set off against open invoices: {} (§ 387 BGB).",
                settled.en
            ),
        ));
    }
    texts.push(text(
        "withdrawal_last_day",
        format!("Der Widerruf ist bis zum {} möglich.", german(withdrawal.last_day_on)),
        format!("The withdrawal is possible until {}.", english(withdrawal.last_day_on)),
    ));
    Ok(texts)
}

fn effect(before: &Account, after: &Account, withdrawal: &Withdrawal) -> Result<PreviewText, Violation> {
    let item = before.subscription(&withdrawal.item_id)?;
    let name = name_of(item);
    Ok(match withdrawal.kind {
        WithdrawalKind::Contract => {
            let number = &item.contract_number;
            text(
                "contract_withdrawn",
                format!("Der Vertrag {number} ist mit dem Widerruf sofort beendet."),
                format!("The contract {number} ends at once with the withdrawal."),
            )
        }
        WithdrawalKind::AddOn => text(
            "add_on_withdrawn",
            format!("{} wird sofort storniert.", name.de),
            format!("{} is cancelled at once.", name.en),
        ),
        WithdrawalKind::Quantity => {
            let quantity = withdrawal.quantity.unwrap_or_default();
            text(
                "quantity_withdrawn",
                format!("Von {} werden sofort {quantity} storniert.", name.de),
                format!("{quantity} of {} are cancelled at once.", name.en),
            )
        }
        WithdrawalKind::PlanChange => {
            let back = name_of(after.subscription(&withdrawal.item_id)?);
            text(
                "plan_change_withdrawn",
                format!("Der Wechsel wird rückgängig gemacht; es gilt wieder {}.", back.de),
                format!("The change is undone; {} applies again.", back.en),
            )
        }
    })
}

/// Further contracts and bookings that a withdrawal charges or credits.
pub(in crate::services) fn touched(outcome: &WithdrawalOutcome) -> Vec<String> {
    let traces = &outcome.withdrawal.traces;
    let touched = traces.restored_ids.iter().chain(&traces.withdrawn_add_on_booking_ids);
    touched.cloned().collect()
}

/// What goes along with a withdrawal, goes on after all or is dropped.
///
/// # Errors
/// `not_found`, when the account does not hold what is concerned.
pub(in crate::services) fn consequences(
    before: &Account,
    after: &Account,
    outcome: &WithdrawalOutcome,
) -> Result<Vec<Consequence>, Violation> {
    let traces = &outcome.withdrawal.traces;
    let mut consequences = Vec::new();
    for id in &traces.withdrawn_add_on_booking_ids {
        let name = name_of(before.subscription(id)?);
        consequences.push(consequence(
            "add_on_withdrawn_too",
            format!("{} entfällt damit.", name.de),
            format!("{} goes with it.", name.en),
        ));
    }
    for id in &traces.restored_ids {
        let name = name_of(before.subscription(id)?);
        consequences.push(consequence(
            "goes_on_again",
            format!("{} läuft wieder weiter.", name.de),
            format!("{} goes on again.", name.en),
        ));
    }
    consequences.extend(later_changes(before, &outcome.withdrawal)?);
    consequences.extend(slots(before, after));
    if !traces.superseded_change_ids.is_empty() {
        consequences.push(consequence(
            "pending_change_dropped",
            "Was für diesen Vertrag noch vorgemerkt war, entfällt.",
            "What was still pending for this contract is dropped.",
        ));
    }
    let item = before.subscription(&outcome.withdrawal.item_id)?;
    if outcome.withdrawal.kind == WithdrawalKind::Contract && erasure_wish(item).is_some() {
        consequences.push(retention::erased_at_once());
    }
    Ok(consequences)
}

/// Changes that were built upon the one withdrawn from, and fall with it.
fn later_changes(before: &Account, withdrawal: &Withdrawal) -> Result<Vec<Consequence>, Violation> {
    let item = before.subscription(&withdrawal.item_id)?;
    let undone = withdrawal.traces.withdrawn_plan_change_ids.iter();
    let later = undone
        .filter(|id| withdrawal.kind == WithdrawalKind::PlanChange && withdrawal.plan_change_id.as_ref() != Some(*id));
    let begun = later.filter_map(|id| {
        let mut phases = item.phases.iter();
        phases.find(|phase| phase.created_by_change_id.as_ref() == Some(id))
    });
    let told = begun.map(|phase| {
        let (name, quantity, on) = (&phase.plan.plan.name, phase.quantity, phase.from_on);
        consequence(
            "later_change_withdrawn_too",
            format!(
                "Auch der spätere Wechsel vom {} zu {} (Menge {quantity}) wird rückgängig gemacht.",
                german(on),
                name.de
            ),
            format!(
                "The later change of {} to {} (quantity {quantity}) is undone too.",
                english(on),
                name.en
            ),
        )
    });
    Ok(told.collect())
}

/// Presences that lose their slot or move back to where they came from.
fn slots(before: &Account, after: &Account) -> Vec<Consequence> {
    let occupied = before.slots.iter().filter(|slot| slot.is_occupied());
    let told = occupied.filter_map(|slot| {
        let now = after.slots.iter().find(|now| now.id == slot.id)?;
        let name = &slot.presence.name;
        if !now.is_occupied() {
            return Some(consequence(
                "slot_released",
                format!("„{name}“ verliert den Platz."),
                format!("“{name}” loses its slot."),
            ));
        }
        let number = &after.subscription(&now.subscription_id).ok()?.contract_number;
        (now.subscription_id != slot.subscription_id).then(|| {
            consequence(
                "slot_moved",
                format!("„{name}“ zieht in den Vertrag {number} um."),
                format!("“{name}” moves to the contract {number}."),
            )
        })
    });
    told.collect()
}

/// The name of the plan or add-on that is in force last.
fn name_of(item: &Subscription) -> LocalizedText {
    let mut phases = item.phases.iter().filter(|phase| !phase.removed);
    phases
        .next_back()
        .map_or_else(|| LocalizedText::new("", ""), |phase| phase.plan.plan.name.clone())
}

/// Tells that a cancellation is treated as a withdrawal, and to consumers when it would end otherwise.
pub(in crate::services) fn choice(
    ground: &Ground,
    before: &Account,
    request: &CancellationRequest,
    item: &Subscription,
) -> Vec<PreviewText> {
    let mut texts = vec![text(
        "treated_as_withdrawal",
        "Innerhalb der Widerrufsfrist gilt die Kündigung als Widerruf.",
        "Within the withdrawal period the cancellation is treated as a withdrawal.",
    )];
    if item.customer_type != CustomerType::Consumer {
        return texts;
    }
    let instead = CancellationRequest {
        contracts: vec![ContractToCancel {
            subscription_id: item.id.clone(),
            change_id: String::new(),
        }],
        as_cancellation: true,
        ..request.clone()
    };
    let cancelled = cancel(&mut before.clone(), &ground.circumstances(), &instead);
    if let Some(ends_on) = cancelled.ok().and_then(|outcomes| Some(outcomes.first()?.ends_on)) {
        texts.push(text(
            "cancellation_possible",
            format!(
                "Sie können stattdessen kündigen („as“: „cancellation“): dann endet es mit Ablauf des {} und bleibt bis dahin nutzbar und zu zahlen.",
                german(ends_on)
            ),
            format!(
                "You can cancel instead (\"as\": \"cancellation\"): then it ends at the end of {}, and until then it is usable and to be paid.",
                english(ends_on)
            ),
        ));
    }
    texts
}

/// Tells a consumer who chose the cancellation that a withdrawal would be possible.
pub(in crate::services) fn alternative(
    ground: &Ground,
    before: &Account,
    request: &CancellationRequest,
    item: &Subscription,
) -> Option<PreviewText> {
    let plain = CancellationRequest {
        as_cancellation: false,
        ..request.clone()
    };
    let possible = request.as_cancellation && counts_as_withdrawal(before, &ground.circumstances(), &plain, item);
    possible.then(|| {
        text(
            "withdrawal_possible",
            "Sie können stattdessen widerrufen: dann endet es sofort, und was noch nicht abgerechnet ist, entfällt.",
            "You can withdraw instead: then it ends at once, and what has not been invoiced yet is dropped.",
        )
    })
}

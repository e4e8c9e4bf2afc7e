//! What a cancellation would do, before it is declared.

use crate::domain::account::Account;
use crate::domain::calendar::{english, german};
use crate::domain::cancellation::{CancellationOutcome, CancellationRequest, cancel};
use crate::domain::catalogue::Consequence;
use crate::domain::change::CancellationKind;
use crate::domain::preview::{Preview, PreviewParts, PreviewText, preview};
use crate::domain::violation::Violation;
use crate::domain::withdrawal::WithdrawalOutcome;
use crate::services::add_ons::{add_on_consequences, booked_name};
use crate::services::agreements::{consequence, text};
use crate::services::retention;
use crate::services::withdrawals;
use crate::services::workbench::Ground;

/// What a cancellation would do, told by doing it to a copy of the account.
pub(in crate::services) fn foresee(
    ground: &Ground,
    before: &Account,
    request: &CancellationRequest,
) -> Result<Preview, Violation> {
    let circumstances = ground.circumstances();
    let mut request = request.clone();
    for contract in &mut request.contracts {
        // Stands for the id the cancellation will get; it never leaves this function.
        contract.change_id = format!("new {}", contract.subscription_id);
    }
    let mut after = before.clone();
    let outcomes = cancel(&mut after, &circumstances, &request)?;
    let latest = outcomes
        .iter()
        .map(|outcome| outcome.ends_on)
        .max()
        .unwrap_or(ground.today);
    let parts = PreviewParts {
        effective_on: latest,
        subscription_ids: outcomes.iter().map(|outcome| outcome.subscription_id.clone()).collect(),
        touched_ids: withdrawn(&outcomes).flat_map(withdrawals::touched).collect(),
        change_ids: outcomes.iter().flat_map(caused_by).collect(),
        consequences: consequences(before, &after, &request, &outcomes)?,
        consents: Vec::new(),
        order_button: None,
        texts: texts(ground, before, &after, &request, &outcomes)?,
        because: outcomes.iter().flat_map(|outcome| outcome.because.clone()).collect(),
        latest_receipt_on: match outcomes.as_slice() {
            [only] => only.latest_receipt_on,
            _ => None,
        },
        supersedes: outcomes
            .iter()
            .filter_map(|outcome| outcome.superseded_id.clone())
            .collect(),
    };
    preview(before, &after, &circumstances, parts)
}

/// The withdrawals that cancellations are treated as.
fn withdrawn(outcomes: &[CancellationOutcome]) -> impl Iterator<Item = &WithdrawalOutcome> {
    outcomes.iter().filter_map(|outcome| outcome.withdrawal.as_deref())
}

/// What charges of an outcome name as their cause.
fn caused_by(outcome: &CancellationOutcome) -> Vec<String> {
    let withdrawal = outcome.withdrawal.iter().map(|outcome| outcome.withdrawal.id.clone());
    withdrawal.chain([outcome.change_id.clone()]).collect()
}

fn texts(
    ground: &Ground,
    before: &Account,
    after: &Account,
    request: &CancellationRequest,
    outcomes: &[CancellationOutcome],
) -> Result<Vec<PreviewText>, Violation> {
    let mut texts = Vec::with_capacity(outcomes.len());
    for outcome in outcomes {
        let subscription = before.subscription(&outcome.subscription_id)?;
        if let Some(withdrawn) = &outcome.withdrawal {
            texts.extend(withdrawals::choice(ground, before, request, subscription));
            texts.extend(withdrawals::texts(before, after, withdrawn)?);
            continue;
        }
        let number = &subscription.contract_number;
        let (de, en) = (german(outcome.ends_on), english(outcome.ends_on));
        let (code, de, en) = if let Some(name) = booked_name(subscription) {
            (
                "add_on_ends",
                format!(
                    "{}: Kündigung zum {de}. Bis dahin nutzen Sie die Option weiter.",
                    name.de
                ),
                format!("{}: cancellation as of {en}. Until then you go on using it.", name.en),
            )
        } else if outcome.already_cancelled {
            (
                "already_cancelled",
                format!("Der Vertrag {number} ist bereits zum {de} gekündigt."),
                format!("The contract {number} is already cancelled as of {en}."),
            )
        } else {
            (
                "contract_ends",
                format!("Der Vertrag {number} endet mit Ablauf des {de}. Bis dahin nutzen Sie ihn in vollem Umfang."),
                format!("The contract {number} ends at the end of {en}. Until then you use it in full."),
            )
        };
        texts.push(text(code, de, en));
        texts.extend(withdrawals::alternative(ground, before, request, subscription));
    }
    Ok(texts)
}

fn consequences(
    before: &Account,
    after: &Account,
    request: &CancellationRequest,
    outcomes: &[CancellationOutcome],
) -> Result<Vec<Consequence>, Violation> {
    let mut consequences = Vec::new();
    for outcome in outcomes.iter().filter(|outcome| outcome.superseded_id.is_some()) {
        let item = before.subscription(&outcome.subscription_id)?;
        let (de, en) = match booked_name(item).filter(|_| item.booking.is_some()) {
            Some(name) => (
                format!(
                    "Die ausstehende Mengenänderung von {} entfällt; eine Rücknahme der Kündigung bringt sie nicht zurück.",
                    name.de
                ),
                format!(
                    "The pending change of quantity of {} is dropped; revoking the cancellation does not bring it back.",
                    name.en
                ),
            ),
            None => {
                let number = &item.contract_number;
                (
                    format!(
                        "Der ausstehende Vertragswechsel des Vertrags {number} entfällt; eine Rücknahme der Kündigung bringt ihn nicht zurück."
                    ),
                    format!(
                        "The pending plan change of contract {number} is dropped; revoking the cancellation does not bring it back."
                    ),
                )
            }
        };
        consequences.push(consequence("plan_change_superseded", de, en));
    }
    for outcome in outcomes {
        consequences.extend(add_on_consequences(before, after, &outcome.subscription_id));
        if let Some(withdrawn) = &outcome.withdrawal {
            consequences.extend(withdrawals::consequences(before, after, withdrawn)?);
        }
    }
    if request.kind == CancellationKind::Extraordinary {
        consequences.push(consequence(
            "review_pending",
            "Der Anbieter prüft den Grund. Erkennt er ihn an, endet der Vertrag mit dem Tag des Zugangs; bis dahin gilt das genannte Datum.",
            "The provider reviews the reason. If it is accepted, the contract ends with the day of receipt; until then the date named applies.",
        ));
    }
    let is_withdrawal = |outcome: &CancellationOutcome| outcome.withdrawal.is_some();
    let erased = retention::erased_at_once();
    if request.delete_data && outcomes.iter().any(is_withdrawal) && !consequences.contains(&erased) {
        consequences.push(erased);
    }
    if request.delete_data && !outcomes.iter().all(is_withdrawal) {
        consequences.push(consequence(
            "data_deletion_requested",
            "Ihr Wunsch nach Löschung der Daten wird mit der Kündigung festgehalten.",
            "Your wish to have your data erased is recorded with the cancellation.",
        ));
    }
    Ok(consequences)
}

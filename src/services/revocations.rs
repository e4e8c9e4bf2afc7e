//! Taking pending plan changes and cancellations back, with a preview of its own (seed 001's dialog).

use serde_json::Value;

use crate::domain::account::Account;
use crate::domain::calendar::{english, german};
use crate::domain::cancellation::{CancellationRequest, ContractToCancel, cancel};
use crate::domain::change::{CancellationKind, Change, ChangeKind};
use crate::domain::ids::IdKind;
use crate::domain::preview::{Preview, PreviewParts, PreviewText, preview};
use crate::domain::revocation::revoke;
use crate::domain::violation::Violation;
use crate::error::AppError;
use crate::repositories::account::AccountKey;
use crate::services::add_ons::add_on_consequences;
use crate::services::agreements::{consequence, text};
use crate::services::command::{self, Command};
use crate::services::idempotency::Answer;
use crate::services::preview_token::IssuedPreview;
use crate::services::views::ChangeView;
use crate::services::workbench::{Ground, Workbench};
use crate::state::AppState;

/// Takes a pending change back.
///
/// # Errors
/// Those of [`revoke`], [`AppError::PreviewStale`], [`AppError::NotFound`].
pub fn create(
    state: &AppState,
    command: &Command,
    kind: IdKind,
    change_id: &str,
    render_preview: &dyn Fn(&IssuedPreview) -> Value,
    answer: &dyn Fn(ChangeView) -> Result<Answer, AppError>,
) -> Result<Answer, AppError> {
    let (key, name) = (key(kind, change_id)?, command_name(change_id));
    command::run(
        state,
        command,
        key,
        None,
        &|_, bench| {
            let subscription_id = subscription_of(bench, change_id)?;
            let foresee = || Ok(foresee(&bench.ground, &bench.account, &subscription_id, change_id)?);
            command::confirm(state, command, &name, foresee, render_preview)?;
            revoke(
                &mut bench.account,
                &bench.ground.circumstances(),
                &subscription_id,
                change_id,
            )?;
            Ok(subscription_id)
        },
        &|bench, subscription_id| answer(bench.change_view(&subscription_id, change_id)?),
    )
}

/// What taking it back would do.
///
/// # Errors
/// As [`create`].
pub fn preview_creation(
    state: &AppState,
    command: &Command,
    kind: IdKind,
    change_id: &str,
) -> Result<IssuedPreview, AppError> {
    let key = key(kind, change_id)?;
    command::preview(state, command, key, None, &command_name(change_id), &|_, bench| {
        let subscription_id = subscription_of(bench, change_id)?;
        Ok(foresee(&bench.ground, &bench.account, &subscription_id, change_id)?)
    })
}

fn key(kind: IdKind, change_id: &str) -> Result<AccountKey<'_>, AppError> {
    if kind.matches(change_id) {
        Ok(AccountKey::Change(change_id))
    } else {
        Err(AppError::NotFound)
    }
}

fn command_name(change_id: &str) -> String {
    format!("revoke {change_id}")
}

fn subscription_of(bench: &Workbench, change_id: &str) -> Result<String, AppError> {
    let mut subscriptions = bench.account.subscriptions.iter();
    let found = subscriptions.find(|subscription| subscription.change(change_id).is_some());
    found
        .map(|subscription| subscription.id.clone())
        .ok_or(AppError::NotFound)
}

fn foresee(ground: &Ground, before: &Account, subscription_id: &str, change_id: &str) -> Result<Preview, Violation> {
    let circumstances = ground.circumstances();
    let mut after = before.clone();
    let revoked = revoke(&mut after, &circumstances, subscription_id, change_id)?;
    let details = revoked.cancellation();
    let mut consequences = Vec::new();
    if details.is_some_and(|details| details.superseded_plan_change_id.is_some()) {
        consequences.push(consequence(
            "plan_change_not_restored",
            "Der Vertragswechsel, den die Kündigung ersetzt hat, kommt nicht zurück.",
            "The plan change that the cancellation replaced does not come back.",
        ));
    }
    consequences.extend(add_on_consequences(before, &after, subscription_id));
    let parts = PreviewParts {
        effective_on: ground.today,
        subscription_ids: vec![subscription_id.to_owned()],
        touched_ids: Vec::new(),
        change_ids: Vec::new(),
        consequences,
        consents: Vec::new(),
        order_button: None,
        texts: texts(ground, &after, subscription_id, &revoked),
        because: Vec::new(),
        latest_receipt_on: None,
        supersedes: Vec::new(),
    };
    preview(before, &after, &circumstances, parts)
}

/// What seed 001's dialog says: until when this is possible, and that the notice period begins anew.
fn texts(ground: &Ground, after: &Account, subscription_id: &str, revoked: &Change) -> Vec<PreviewText> {
    let mut texts = vec![match revoked.kind() {
        ChangeKind::PlanChange => text(
            "plan_change_revocable",
            "Derzeit können Sie den Vertragswechsel noch zurücknehmen. Ihr Vertrag läuft dann unverändert weiter.",
            "You can still take the plan change back. Your contract then goes on unchanged.",
        ),
        ChangeKind::Cancellation => text(
            "cancellation_revocable",
            "Derzeit können Sie die Kündigung noch zurücknehmen. Ihr Vertrag läuft dann unverändert weiter.",
            "You can still take the cancellation back. Your contract then goes on unchanged.",
        ),
    }];
    let next_end = earliest_end(ground, after, subscription_id);
    let (de, en) = match next_end {
        Some(end) => (
            format!(
                "Die Kündigungsfrist beginnt von vorn: Eine neue Erklärung wirkte heute zum {}.",
                german(end)
            ),
            format!(
                "The notice period starts anew: a new declaration today would take effect on {}.",
                english(end)
            ),
        ),
        None => (
            "Die Kündigungsfrist beginnt von vorn.".to_owned(),
            "The notice period starts anew.".to_owned(),
        ),
    };
    texts.push(text("notice_starts_anew", de, en));
    texts
}

/// The end a cancellation declared today would reach, if one is possible.
fn earliest_end(ground: &Ground, account: &Account, subscription_id: &str) -> Option<time::Date> {
    let mut copy = account.clone();
    let request = CancellationRequest {
        contracts: vec![ContractToCancel {
            subscription_id: subscription_id.to_owned(),
            change_id: String::new(),
        }],
        kind: CancellationKind::Ordinary,
        reason: None,
        wish_on: None,
        delete_data: false,
        received_at: ground.now,
        as_cancellation: true,
    };
    let circumstances = crate::domain::account::Circumstances {
        by_staff: true,
        ..ground.circumstances()
    };
    let outcomes = cancel(&mut copy, &circumstances, &request).ok()?;
    outcomes.first().map(|outcome| outcome.ends_on)
}

//! Releasing a slot, and moving what occupies it into another contract.

use serde_json::Value;

use super::{SlotView, preview_for_nothing};
use crate::domain::account::Account;
use crate::domain::ids::IdKind;
use crate::domain::preview::Preview;
use crate::domain::slots;
use crate::error::AppError;
use crate::repositories::account::AccountKey;
use crate::services::agreements::text;
use crate::services::command::{self, Command};
use crate::services::idempotency::Answer;
use crate::services::plan_changes::subscription_key;
use crate::services::preview_token::IssuedPreview;
use crate::services::workbench::Ground;
use crate::state::AppState;

/// An occupied slot of a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotItem {
    /// The contract it must belong to.
    pub subscription_id: String,
    /// The allocation.
    pub id: String,
}

impl SlotItem {
    /// How the account behind it is found; ids of another kind name nothing.
    pub(super) fn key(&self) -> Result<AccountKey<'_>, AppError> {
        if !IdKind::SlotAllocation.matches(&self.id) {
            return Err(AppError::NotFound);
        }
        subscription_key(&self.subscription_id)
    }
}

/// A move into another contract.
#[derive(Debug, Clone)]
pub struct Move {
    /// What moves.
    pub item: SlotItem,
    /// The contract it moves into.
    pub into_id: String,
}

/// Frees a slot.
///
/// # Errors
/// [`AppError::PreviewStale`], [`AppError::NotFound`] for what occupies no slot of this contract.
pub fn release(
    state: &AppState,
    command: &Command,
    item: &SlotItem,
    render_preview: &dyn Fn(&IssuedPreview) -> Value,
    answer: &dyn Fn(SlotView) -> Result<Answer, AppError>,
) -> Result<Answer, AppError> {
    command::run(
        state,
        command,
        item.key()?,
        None,
        &|_, bench| {
            let foresee = || foresee_release(&bench.ground, &bench.account, item);
            command::confirm(state, command, &release_name(item), foresee, render_preview)?;
            let circumstances = bench.ground.circumstances();
            slots::release(&mut bench.account, &circumstances, &item.subscription_id, &item.id)?;
            Ok(())
        },
        &|bench, ()| answer(SlotView::of(bench, &item.id)?),
    )
}

/// What freeing a slot would do.
///
/// # Errors
/// As [`release`].
pub fn preview_release(state: &AppState, command: &Command, item: &SlotItem) -> Result<IssuedPreview, AppError> {
    command::preview(state, command, item.key()?, None, &release_name(item), &|_, bench| {
        foresee_release(&bench.ground, &bench.account, item)
    })
}

/// Moves what occupies a slot into another contract.
///
/// # Errors
/// Those of [`slots::move_to`], [`AppError::PreviewStale`], [`AppError::NotFound`].
pub fn move_to(
    state: &AppState,
    command: &Command,
    wanted: &Move,
    render_preview: &dyn Fn(&IssuedPreview) -> Value,
    answer: &dyn Fn(SlotView) -> Result<Answer, AppError>,
) -> Result<Answer, AppError> {
    let item = &wanted.item;
    command::run(
        state,
        command,
        item.key()?,
        None,
        &|_, bench| {
            let foresee = || foresee_move(&bench.ground, &bench.account, wanted);
            command::confirm(state, command, &move_name(wanted), foresee, render_preview)?;
            let circumstances = bench.ground.circumstances();
            let from = (item.subscription_id.as_str(), item.id.as_str());
            slots::move_to(&mut bench.account, &circumstances, from, &wanted.into_id)?;
            Ok(())
        },
        &|bench, ()| answer(SlotView::of(bench, &item.id)?),
    )
}

/// What moving would do.
///
/// # Errors
/// As [`move_to`].
pub fn preview_move(state: &AppState, command: &Command, wanted: &Move) -> Result<IssuedPreview, AppError> {
    let key = wanted.item.key()?;
    command::preview(state, command, key, None, &move_name(wanted), &|_, bench| {
        foresee_move(&bench.ground, &bench.account, wanted)
    })
}

fn release_name(item: &SlotItem) -> String {
    format!("release {} {}", item.subscription_id, item.id)
}

fn move_name(wanted: &Move) -> String {
    let SlotItem { subscription_id, id } = &wanted.item;
    format!("move {subscription_id} {id} {}", wanted.into_id)
}

fn foresee_release(ground: &Ground, before: &Account, item: &SlotItem) -> Result<Preview, AppError> {
    let mut after = before.clone();
    let name = &slots::find(before, &item.subscription_id, &item.id)?.presence.name;
    slots::release(&mut after, &ground.circumstances(), &item.subscription_id, &item.id)?;
    let contract = after.subscription(&item.subscription_id)?;
    let plan = contract.phase_on(ground.today).map(|phase| &phase.plan.plan.name);
    let (plan_de, plan_en) = plan.map_or(("", ""), |name| (name.de.as_str(), name.en.as_str()));
    let texts = vec![
        text(
            "slot_released",
            format!("Der Platz von „{name}“ ist sofort wieder frei."),
            format!("The slot of “{name}” is free again at once."),
        ),
        text(
            "contract_goes_on",
            format!("Der Vertrag {plan_de} läuft unverändert weiter."),
            format!("The contract {plan_en} goes on unchanged."),
        ),
    ];
    Ok(preview_for_nothing(ground, before, &after, contract, texts)?)
}

fn foresee_move(ground: &Ground, before: &Account, wanted: &Move) -> Result<Preview, AppError> {
    let mut after = before.clone();
    let item = &wanted.item;
    let name = &slots::find(before, &item.subscription_id, &item.id)?.presence.name;
    let from = (item.subscription_id.as_str(), item.id.as_str());
    slots::move_to(&mut after, &ground.circumstances(), from, &wanted.into_id)?;
    let contract = after.subscription(&wanted.into_id)?;
    let plan = contract.phase_on(ground.today).map(|phase| &phase.plan.plan.name);
    let (plan_de, plan_en) = plan.map_or(("", ""), |name| (name.de.as_str(), name.en.as_str()));
    let texts = vec![text(
        "presence_moves",
        format!("„{name}“ belegt ab sofort einen Platz im Vertrag {plan_de}."),
        format!("“{name}” takes a slot of the contract {plan_en} from now on."),
    )];
    Ok(preview_for_nothing(ground, before, &after, contract, texts)?)
}

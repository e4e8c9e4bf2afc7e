//! Booking something for a presence: into a free slot at 0.00, otherwise as a contract of its own (seed 000).

use serde_json::Value;

use super::{SlotView, preview_for_nothing};
use crate::db::DbConnection;
use crate::domain::account::Account;
use crate::domain::ids::IdKind;
use crate::domain::localized::Locale;
use crate::domain::preview::Preview;
use crate::domain::slots::{self, Presence, SlotOrder, SlotRequest, find_target, text_of_presence, texts_of_free_slot};
use crate::error::AppError;
use crate::repositories::account::AccountKey;
use crate::services::agreements::Declared;
use crate::services::command::{self, Command};
use crate::services::idempotency::Answer;
use crate::services::plan_changes::subscription_key;
use crate::services::preview_token::IssuedPreview;
use crate::services::subscriptions::{self, NewSubscription};
use crate::services::workbench::Ground;
use crate::state::AppState;

/// Something for a presence, wherever there is room.
#[derive(Debug, Clone)]
pub struct NewSlot {
    /// The customer; customers may leave it out.
    pub customer_id: Option<String>,
    /// What it is for.
    pub presence: Presence,
    /// Consents and order button, for the case that a contract is concluded.
    pub declared: Declared,
}

/// Something for a presence, in a free slot of a named contract.
#[derive(Debug, Clone)]
pub struct NewAllocation {
    /// The contract.
    pub subscription_id: String,
    /// What it is for.
    pub presence: Presence,
}

/// Books something for a presence.
///
/// # Errors
/// Those of [`slots::book`] and [`find_target`], [`AppError::PreviewStale`], [`AppError::NotFound`] for customers the caller may
/// not see.
pub fn book(
    state: &AppState,
    command: &Command,
    new: &NewSlot,
    render_preview: &dyn Fn(&IssuedPreview) -> Value,
    answer: &dyn Fn(SlotView) -> Result<Answer, AppError>,
) -> Result<Answer, AppError> {
    let customer_id = subscriptions::customer_of(command, new.customer_id.as_deref())?;
    command::run(
        state,
        command,
        AccountKey::Customer(&customer_id),
        None,
        &|conn, bench| {
            let wanted = (&new.presence, &new.declared);
            let mut order = order(state, conn, &bench.ground, wanted, command.context.locale)?;
            let foresee = || foresee(&bench.ground, &bench.account, &order);
            command::confirm(
                state,
                command,
                &name(&customer_id, &new.presence),
                foresee,
                render_preview,
            )?;
            order.request.slot_id = IdKind::SlotAllocation.generate();
            if let Some(single) = &mut order.single {
                single.agreement.is_preview = false;
                single.subscription_id = IdKind::Subscription.generate();
                single.contract_number = subscriptions::contract_number();
            }
            let circumstances = bench.ground.circumstances();
            order.place(&mut bench.account, &circumstances)?;
            Ok(order.request.slot_id)
        },
        &|bench, id| answer(SlotView::of(bench, &id)?),
    )
}

/// What booking something for a presence would do: where it goes and what it costs.
///
/// # Errors
/// As [`book`], without those of consents that are still to be given.
pub fn preview_booking(state: &AppState, command: &Command, new: &NewSlot) -> Result<IssuedPreview, AppError> {
    let customer_id = subscriptions::customer_of(command, new.customer_id.as_deref())?;
    let name = name(&customer_id, &new.presence);
    let key = AccountKey::Customer(&customer_id);
    command::preview(state, command, key, None, &name, &|conn, bench| {
        let wanted = (&new.presence, &new.declared);
        let order = order(state, conn, &bench.ground, wanted, command.context.locale)?;
        foresee(&bench.ground, &bench.account, &order)
    })
}

/// Puts a presence into a free slot of a named contract.
///
/// # Errors
/// Those of [`slots::allocate`] and [`find_target`], [`AppError::PreviewStale`], [`AppError::NotFound`].
pub fn allocate(
    state: &AppState,
    command: &Command,
    new: &NewAllocation,
    render_preview: &dyn Fn(&IssuedPreview) -> Value,
    answer: &dyn Fn(SlotView) -> Result<Answer, AppError>,
) -> Result<Answer, AppError> {
    let key = subscription_key(&new.subscription_id)?;
    command::run(
        state,
        command,
        key,
        None,
        &|_, bench| {
            let foresee = || foresee_allocation(&bench.ground, &bench.account, new);
            let name = name(&new.subscription_id, &new.presence);
            command::confirm(state, command, &name, foresee, render_preview)?;
            let request = SlotRequest {
                slot_id: IdKind::SlotAllocation.generate(),
                presence: new.presence.clone(),
            };
            find_target(&bench.ground.catalogue.catalogue.slot_kinds, &request.presence)?;
            let circumstances = bench.ground.circumstances();
            slots::allocate(&mut bench.account, &circumstances, &request, &new.subscription_id)?;
            Ok(request.slot_id)
        },
        &|bench, id| answer(SlotView::of(bench, &id)?),
    )
}

/// What putting a presence into a named contract would do.
///
/// # Errors
/// As [`allocate`].
pub fn preview_allocation(state: &AppState, command: &Command, new: &NewAllocation) -> Result<IssuedPreview, AppError> {
    let key = subscription_key(&new.subscription_id)?;
    let name = name(&new.subscription_id, &new.presence);
    command::preview(state, command, key, None, &name, &|_, bench| {
        foresee_allocation(&bench.ground, &bench.account, new)
    })
}

/// What the preview token vouches for, apart from the decision: whose slot, and for what.
fn name(whose: &str, presence: &Presence) -> String {
    let Presence {
        kind,
        target,
        name,
        url,
    } = presence;
    format!("slot {whose} {kind} {target} {name:?} {url:?}")
}

/// A booking as previewed: ids are given only when it is executed, so that preview and execution decide about the same.
pub(in crate::services) fn order(
    state: &AppState,
    conn: &mut DbConnection,
    ground: &Ground,
    (presence, declared): (&Presence, &Declared),
    locale: Locale,
) -> Result<SlotOrder, AppError> {
    let (kind, target) = find_target(&ground.catalogue.catalogue.slot_kinds, presence)?;
    let single = match kind.single_plan_of(target) {
        Some(key) => {
            let plan = ground.plan(state, conn, key)?;
            let order = NewSubscription {
                customer_id: None,
                plan: key.to_owned(),
                quantity: None,
                starts_on: None,
                declared: declared.clone(),
            };
            Some(subscriptions::order(ground, &order, plan, locale)?)
        }
        None => None,
    };
    Ok(SlotOrder {
        request: SlotRequest {
            slot_id: String::new(),
            presence: presence.clone(),
        },
        kind: kind.clone(),
        target: target.clone(),
        single,
    })
}

/// What the booking would do, told by doing it to a copy of the account.
fn foresee(ground: &Ground, before: &Account, order: &SlotOrder) -> Result<Preview, AppError> {
    let circumstances = ground.circumstances();
    let mut after = before.clone();
    let home = order.place(&mut after, &circumstances)?;
    let mut texts = order.texts(&home, &after, &circumstances)?;
    if let Some(single) = order.concluded(&home) {
        let mut preview = subscriptions::foresee(ground, before, single)?;
        let own = std::mem::take(&mut preview.texts);
        texts.splice(1..1, own);
        preview.texts = texts;
        return Ok(preview);
    }
    let contract = after.subscription(home.subscription_id())?;
    Ok(preview_for_nothing(ground, before, &after, contract, texts)?)
}

fn foresee_allocation(ground: &Ground, before: &Account, new: &NewAllocation) -> Result<Preview, AppError> {
    let (kind, target) = find_target(&ground.catalogue.catalogue.slot_kinds, &new.presence)?;
    let request = SlotRequest {
        slot_id: String::new(),
        presence: new.presence.clone(),
    };
    let mut after = before.clone();
    slots::allocate(&mut after, &ground.circumstances(), &request, &new.subscription_id)?;
    let contract = after.subscription(&new.subscription_id)?;
    let mut texts = vec![text_of_presence(&new.presence, target)];
    texts.extend(texts_of_free_slot(kind, contract, &ground.circumstances()));
    Ok(preview_for_nothing(ground, before, &after, contract, texts)?)
}

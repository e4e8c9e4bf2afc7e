//! Plan changes: previewing, making, reading and taking them back.

use std::sync::Arc;

use serde_json::Value;

use crate::db::DbConnection;
use crate::domain::access::{Principal, Scope};
use crate::domain::account::Account;
use crate::domain::calendar::{english, german, next_day, previous_day};
use crate::domain::change::{ChangeKind, ChangeStatus};
use crate::domain::ids::IdKind;
use crate::domain::localized::Locale;
use crate::domain::plan_change::{Absorption, PlanChangeOutcome, PlanChangeRequest, change_plan};
use crate::domain::plan_version::PlanVersion;
use crate::domain::preview::{Preview, PreviewParts, PreviewText, preview};
use crate::domain::subscription::Phase;
use crate::domain::violation::Violation;
use crate::error::AppError;
use crate::page::{Page, PageKey, PageRequest};
use crate::repositories::account::AccountKey;
use crate::repositories::changes::{self, ChangeFilter};
use crate::services::add_ons::{add_on_consequences, billed_with};
use crate::services::agreements::{Declared, order_button, text};
use crate::services::command::{self, Command};
use crate::services::idempotency::Answer;
use crate::services::preview_token::IssuedPreview;
use crate::services::slots::absorbed_consequences;
use crate::services::views::{self, ChangeView};
use crate::services::workbench::{Ground, Workbench};
use crate::state::AppState;

/// A request for another plan, another quantity, or both.
#[derive(Debug, Clone)]
pub struct NewPlanChange {
    /// The contract, or the booking on it.
    pub item: Item,
    /// Id or key of the plan; `None` keeps it.
    pub plan: Option<String>,
    /// Units afterwards; `None` keeps them.
    pub quantity: Option<u32>,
    /// The pending plan change that this one replaces.
    pub supersedes: Option<String>,
    /// Other contracts of the customer that the new plan takes in.
    pub absorb_subscription_ids: Vec<String>,
    /// Consents and order button.
    pub declared: Declared,
}

/// What a command is about: a contract, or an add-on booking on one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A contract.
    Contract(String),
    /// An add-on booking.
    Booking {
        /// The contract it must belong to.
        subscription_id: String,
        /// The booking.
        id: String,
    },
}

impl Item {
    /// Id of the contract or booking.
    pub fn id(&self) -> &str {
        match self {
            Self::Contract(id) | Self::Booking { id, .. } => id,
        }
    }

    /// How the account behind it is found; ids of another kind name nothing.
    pub(super) fn key(&self) -> Result<AccountKey<'_>, AppError> {
        match self {
            Self::Contract(id) => subscription_key(id),
            Self::Booking { subscription_id, id }
                if IdKind::Subscription.matches(subscription_id) && IdKind::AddOnBooking.matches(id) =>
            {
                Ok(AccountKey::Booking { subscription_id, id })
            }
            Self::Booking { .. } => Err(AppError::NotFound),
        }
    }
}

/// Changes plan or quantity.
///
/// # Errors
/// Those of [`change_plan`], `plan_not_available`, [`AppError::PreviewStale`], [`AppError::NotFound`].
pub fn create(
    state: &AppState,
    command: &Command,
    new: &NewPlanChange,
    render_preview: &dyn Fn(&IssuedPreview) -> Value,
    answer: &dyn Fn(ChangeView) -> Result<Answer, AppError>,
) -> Result<Answer, AppError> {
    let key = new.item.key()?;
    let name = command_name(new.item.id());
    command::run(
        state,
        command,
        key,
        None,
        &|conn, bench| {
            let mut request = request(state, conn, bench, new, command.context.locale)?;
            let foresee = || foresee(&bench.ground, &bench.account, &request);
            command::confirm(state, command, &name, || Ok(foresee()?), render_preview)?;
            request.agreement.is_preview = false;
            request.change_id = IdKind::PlanChange.generate();
            change_plan(&mut bench.account, &bench.ground.circumstances(), &request)?;
            Ok(request.change_id)
        },
        &|bench, id| answer(bench.change_view(new.item.id(), &id)?),
    )
}

/// What the plan change would do.
///
/// # Errors
/// As [`create`], without those of consents that are still to be given.
pub fn preview_creation(state: &AppState, command: &Command, new: &NewPlanChange) -> Result<IssuedPreview, AppError> {
    let key = new.item.key()?;
    command::preview(
        state,
        command,
        key,
        None,
        &command_name(new.item.id()),
        &|conn, bench| {
            let request = request(state, conn, bench, new, command.context.locale)?;
            Ok(foresee(&bench.ground, &bench.account, &request)?)
        },
    )
}

/// One plan change, up to date.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Forbidden`] without `subscriptions:read`.
pub fn find(state: &AppState, principal: &Principal, id: &str) -> Result<ChangeView, AppError> {
    find_change(state, principal, IdKind::PlanChange, id)
}

/// Which plan changes or cancellations a list shows.
#[derive(Debug, Clone, Default)]
pub struct ChangeQuery {
    /// Only this customer's.
    pub customer_id: Option<String>,
    /// Only this contract's.
    pub subscription_id: Option<String>,
    /// Only those in this status.
    pub status: Option<ChangeStatus>,
}

/// A page of plan changes, newest first.
///
/// # Errors
/// [`AppError::Forbidden`] without `subscriptions:read`.
pub fn list(
    state: &AppState,
    principal: &Principal,
    query: &ChangeQuery,
    request: &PageRequest,
) -> Result<Page<ChangeView>, AppError> {
    list_changes(state, principal, ChangeKind::PlanChange, query, request)
}

pub(super) fn find_change(
    state: &AppState,
    principal: &Principal,
    kind: IdKind,
    id: &str,
) -> Result<ChangeView, AppError> {
    if !kind.matches(id) {
        return Err(AppError::NotFound);
    }
    let read = |conn: &mut DbConnection| {
        let row = changes::find(conn, &principal.provider_id, principal.customer_filter(), id)?;
        Ok(row.into_iter().collect::<Vec<_>>())
    };
    let tell = |conn: &mut DbConnection, rows: Vec<_>, instants: &_| {
        views::changes(state, conn, &principal.provider_id, &rows, instants)
    };
    let views = views::read_up_to_date(state, principal, read, |row| &row.customer_id, tell)?;
    let found = views.into_iter().next().ok_or(AppError::NotFound)?;
    principal.require(Scope::SubscriptionsRead)?;
    Ok(found)
}

pub(super) fn list_changes(
    state: &AppState,
    principal: &Principal,
    kind: ChangeKind,
    query: &ChangeQuery,
    request: &PageRequest,
) -> Result<Page<ChangeView>, AppError> {
    principal.require(Scope::SubscriptionsRead)?;
    let own = principal.customer_filter();
    let foreign = own.is_some_and(|own| query.customer_id.as_deref().is_some_and(|asked| asked != own));
    if foreign || views::can_match_nothing([&query.customer_id, &query.subscription_id]) {
        return Ok(Page {
            items: Vec::new(),
            next: None,
        });
    }
    let filter = ChangeFilter {
        provider_id: principal.provider_id.clone(),
        restricted_too: principal.may_process_restricted(),
        customer_id: own.map(str::to_owned).or_else(|| query.customer_id.clone()),
        subscription_id: query.subscription_id.clone(),
        kind: kind.as_str().to_owned(),
        status: query.status.map(|status| status.as_str().to_owned()),
        before_id: request.after.as_ref().map(|after| after.id.clone()),
    };
    let read = |conn: &mut DbConnection| Ok(changes::list(conn, &filter, request.rows())?);
    let tell = |conn: &mut DbConnection, rows: Vec<_>, instants: &_| {
        views::changes(state, conn, &principal.provider_id, &rows, instants)
    };
    let views = views::read_up_to_date(state, principal, read, |row| &row.customer_id, tell)?;
    Ok(Page::cut(views, request, |view| PageKey::of_id(&view.change.id)))
}

pub(super) fn subscription_key(id: &str) -> Result<AccountKey<'_>, AppError> {
    if IdKind::Subscription.matches(id) {
        Ok(AccountKey::Subscription(id))
    } else {
        Err(AppError::NotFound)
    }
}

fn command_name(subscription_id: &str) -> String {
    format!("plan_change {subscription_id}")
}

pub(super) fn request(
    state: &AppState,
    conn: &mut DbConnection,
    bench: &Workbench,
    new: &NewPlanChange,
    locale: Locale,
) -> Result<PlanChangeRequest, AppError> {
    let ground = &bench.ground;
    let target = match &new.plan {
        Some(name) => Some(ground.plan(state, conn, name)?),
        None => None,
    };
    let current = bench.account.subscription(new.item.id())?.phase_on(ground.today);
    let transition = current.zip(target.as_ref()).and_then(|(phase, target)| {
        ground
            .catalogue
            .catalogue
            .transition(&phase.plan.plan.key, &target.plan.key)
            .cloned()
    });
    let keys = transition
        .as_ref()
        .map(|transition| transition.consents.clone())
        .unwrap_or_default();
    let is_new_plan = |target: &&Arc<PlanVersion>| current.is_none_or(|phase| phase.plan.plan_id != target.plan_id);
    let included = target
        .as_ref()
        .filter(is_new_plan)
        .map(|target| ground.included_services(target))
        .unwrap_or_default();
    let absorb = new
        .absorb_subscription_ids
        .iter()
        .map(|id| absorption(bench, id, target.as_deref()))
        .collect::<Result<_, AppError>>()?;
    Ok(PlanChangeRequest {
        change_id: String::new(),
        subscription_id: new.item.id().to_owned(),
        target,
        transition,
        quantity: new.quantity,
        supersedes: new.supersedes.clone(),
        included,
        absorb,
        agreement: new.declared.against(ground, &keys, locale)?,
    })
}

/// A contract to be taken in, with the transition from its plan to the new one.
fn absorption(bench: &Workbench, id: &str, target: Option<&PlanVersion>) -> Result<Absorption, AppError> {
    let contract = bench.account.subscription(id)?;
    let catalogue = &bench.ground.catalogue.catalogue;
    let transition = contract
        .phase_on(bench.ground.today)
        .zip(target)
        .and_then(|(phase, target)| {
            let transition = catalogue.transition(&phase.plan.plan.key, &target.plan.key);
            transition.cloned()
        });
    Ok(Absorption {
        subscription_id: id.to_owned(),
        transition,
    })
}

/// What a plan change would do, told by doing it to a copy of the account.
pub(super) fn foresee(ground: &Ground, before: &Account, request: &PlanChangeRequest) -> Result<Preview, Violation> {
    let circumstances = ground.circumstances();
    let mut after = before.clone();
    let outcome = change_plan(&mut after, &circumstances, request)?;
    let after_plan = after
        .subscription(&request.subscription_id)?
        .phase_on(outcome.effective_on)
        .map(|phase| Arc::clone(&phase.plan));
    let button = after_plan
        .as_ref()
        .map(|plan| order_button(outcome.order_button.clone(), &plan.plan.order_button));
    let absorbed = request
        .absorb
        .iter()
        .map(|absorption| absorption.subscription_id.clone());
    let concerned: Vec<String> = std::iter::once(request.subscription_id.clone())
        .chain(absorbed)
        .collect();
    let parts = PreviewParts {
        effective_on: outcome.effective_on,
        subscription_ids: concerned.clone(),
        touched_ids: Vec::new(),
        change_ids: vec![request.change_id.clone()],
        texts: change_texts(ground, (before, &after), &request.subscription_id, &outcome)?,
        consequences: outcome
            .consequences
            .into_iter()
            .chain(absorbed_consequences(before, &after, &concerned[1..]))
            .chain(concerned.iter().flat_map(|id| add_on_consequences(before, &after, id)))
            .collect(),
        consents: request.agreement.required.clone(),
        order_button: button,
        because: outcome.because,
        latest_receipt_on: outcome.latest_receipt_on,
        supersedes: outcome.superseded_id.into_iter().collect(),
    };
    let mut preview = preview(before, &after, &circumstances, parts)?;
    if before.subscription(&request.subscription_id)?.booking.is_some() {
        preview.texts.extend(billed_with(&preview));
    }
    Ok(preview)
}

/// What applies until when, and what from then on.
///
/// # Errors
/// `not_found`, when the accounts do not have the contract.
pub(super) fn change_texts(
    ground: &Ground,
    (before, after): (&Account, &Account),
    subscription_id: &str,
    outcome: &PlanChangeOutcome,
) -> Result<Vec<PreviewText>, Violation> {
    let before = before.subscription(subscription_id)?.phase_on(ground.today);
    let after = after.subscription(subscription_id)?.phase_on(outcome.effective_on);
    Ok(match before.zip(after) {
        Some((before, after)) => texts(ground, &before.plan, after, outcome),
        None => Vec::new(),
    })
}

fn texts(ground: &Ground, before: &PlanVersion, phase: &Phase, outcome: &PlanChangeOutcome) -> Vec<PreviewText> {
    let after = &phase.plan;
    let day = outcome.effective_on;
    let (from, to) = (&before.plan.name, &after.plan.name);
    let quantity = (before.id == after.id).then_some(phase.quantity);
    if let Some(quantity) = quantity.filter(|_| day <= ground.today) {
        return vec![text(
            "quantity_applies_now",
            format!("Für {} gilt sofort die Menge {quantity}.", to.de),
            format!("The quantity of {} is {quantity} at once.", to.en),
        )];
    }
    if day <= ground.today {
        return vec![text(
            "applies_now",
            format!("{} gilt sofort.", to.de),
            format!("{} applies at once.", to.en),
        )];
    }
    if let Some(quantity) = quantity {
        return vec![text(
            "quantity_from_then",
            format!("Ab dem {} gilt für {} die Menge {quantity}.", german(day), to.de),
            format!("From {} on, the quantity of {} is {quantity}.", english(day), to.en),
        )];
    }
    let eve = previous_day(day);
    vec![
        text(
            "until_then",
            format!(
                "{} läuft bis zum {}. Bis dahin nutzen Sie alle Funktionen in vollem Umfang.",
                from.de,
                german(eve)
            ),
            format!(
                "{} runs until {}. Until then you use all functions in full.",
                from.en,
                english(eve)
            ),
        ),
        text(
            "from_then",
            format!("Ab dem {} gilt {}.", german(next_day(eve)), to.de),
            format!("From {} on, {} applies.", english(next_day(eve)), to.en),
        ),
    ]
}

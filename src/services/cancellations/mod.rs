//! Cancellations: one, several or all but one; staff's decision on extraordinary ones; reading them.

mod foresee;

pub(super) use foresee::foresee;

use serde_json::Value;
use time::{Date, OffsetDateTime};

use crate::domain::access::{Principal, Scope};
use crate::domain::cancellation::{CancellationRequest, ContractToCancel, cancel, review};
use crate::domain::change::{CancellationKind, ChangeKind, Review};
use crate::domain::customer_type::CustomerType;
use crate::domain::ids::IdKind;
use crate::domain::subscription::SubscriptionStatus;
use crate::domain::violation::Violation;
use crate::error::{AppError, FieldError};
use crate::page::{Page, PageRequest};
use crate::repositories::account::AccountKey;
use crate::services::command::{self, Command};
use crate::services::idempotency::Answer;
use crate::services::plan_changes::{ChangeQuery, Item, find_change, list_changes, subscription_key};
use crate::services::preview_token::IssuedPreview;
use crate::services::views::ChangeView;
use crate::services::withdrawals;
use crate::services::workbench::Workbench;
use crate::state::AppState;

/// How many contracts one declaration may name.
pub const MOST_CONTRACTS: usize = 100;

/// Which contracts a declaration is about.
#[derive(Debug, Clone)]
pub enum Contracts {
    /// One, or one add-on booking.
    One(Item),
    /// These, all of the same customer.
    These(Vec<String>),
    /// All running ones but this.
    AllBut(String),
}

/// A declaration that ends contracts.
#[derive(Debug, Clone)]
pub struct NewCancellation {
    /// Which contracts.
    pub contracts: Contracts,
    /// Ordinary or extraordinary.
    pub kind: CancellationKind,
    /// The reason; mandatory for extraordinary ones.
    pub reason: Option<String>,
    /// The date wished for.
    pub wish_on: Option<Date>,
    /// Whether the customer also asks for erasure.
    pub delete_data: bool,
    /// When a letter or e-mail was received; staff only.
    pub received_at: Option<OffsetDateTime>,
    /// Whether it is to be a cancellation even where the catalogue treats it as a withdrawal; consumers only.
    pub as_cancellation: bool,
}

/// The cancellations a declaration made, or found already made.
#[derive(Debug, Clone)]
pub struct Cancelled {
    /// One for each contract.
    pub cancellations: Vec<ChangeView>,
    /// Whether every one of them had been declared before.
    pub all_repeated: bool,
}

/// Cancels.
///
/// # Errors
/// Those of [`cancel`], [`AppError::PreviewStale`], [`AppError::NotFound`].
pub fn create(
    state: &AppState,
    command: &Command,
    new: &NewCancellation,
    render_preview: &dyn Fn(&IssuedPreview) -> Value,
    answer: &dyn Fn(Cancelled) -> Result<Answer, AppError>,
) -> Result<Answer, AppError> {
    let (key, name) = (account_key(new)?, command_name(new));
    check_received_at(command, new)?;
    command::run(
        state,
        command,
        key,
        Some(withdrawals::REACH),
        &|_, bench| {
            let request = request(bench, new)?;
            command::confirm(
                state,
                command,
                &name,
                || Ok(foresee(&bench.ground, &bench.account, &request)?),
                render_preview,
            )?;
            let mut request = request;
            for contract in &mut request.contracts {
                contract.change_id = IdKind::Cancellation.generate();
            }
            Ok(cancel(&mut bench.account, &bench.ground.circumstances(), &request)?)
        },
        &|bench, outcomes| {
            let views = outcomes
                .iter()
                .map(|outcome| bench.change_view(&outcome.subscription_id, &outcome.change_id));
            answer(Cancelled {
                cancellations: views.collect::<Result<_, _>>()?,
                all_repeated: outcomes.iter().all(|outcome| outcome.already_cancelled),
            })
        },
    )
}

/// What the cancellation would do.
///
/// # Errors
/// As [`create`].
pub fn preview_creation(state: &AppState, command: &Command, new: &NewCancellation) -> Result<IssuedPreview, AppError> {
    let key = account_key(new)?;
    check_received_at(command, new)?;
    command::preview(
        state,
        command,
        key,
        Some(withdrawals::REACH),
        &command_name(new),
        &|_, bench| {
            let request = request(bench, new)?;
            Ok(foresee(&bench.ground, &bench.account, &request)?)
        },
    )
}

/// Staff's decision on an extraordinary cancellation.
///
/// # Errors
/// Those of [`review`], [`AppError::NotFound`], [`AppError::Forbidden`] without `cancellations:decide`.
pub fn decide(
    state: &AppState,
    command: &Command,
    id: &str,
    decision: Review,
    answer: &dyn Fn(ChangeView) -> Result<Answer, AppError>,
) -> Result<Answer, AppError> {
    let standing = find_change(state, &command.principal, IdKind::Cancellation, id)?;
    command.principal.require(Scope::CancellationsDecide)?;
    let received_on = standing.change.cancellation().map(|details| details.received_on);
    command::run(
        state,
        command,
        AccountKey::Change(id),
        received_on,
        &|_, bench| {
            let subscription_id = standing.subscription_id.as_str();
            Ok(review(
                &mut bench.account,
                &bench.ground.circumstances(),
                subscription_id,
                id,
                decision,
            )?)
        },
        &|bench, ()| answer(bench.change_view(&standing.subscription_id, id)?),
    )
}

/// One cancellation, up to date.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Forbidden`] without `subscriptions:read`.
pub fn find(state: &AppState, principal: &Principal, id: &str) -> Result<ChangeView, AppError> {
    find_change(state, principal, IdKind::Cancellation, id)
}

/// A page of cancellations, newest first.
///
/// # Errors
/// [`AppError::Forbidden`] without `subscriptions:read`.
pub fn list(
    state: &AppState,
    principal: &Principal,
    query: &ChangeQuery,
    request: &PageRequest,
) -> Result<Page<ChangeView>, AppError> {
    list_changes(state, principal, ChangeKind::Cancellation, query, request)
}

fn account_key(new: &NewCancellation) -> Result<AccountKey<'_>, AppError> {
    match &new.contracts {
        Contracts::One(item) => item.key(),
        Contracts::AllBut(id) => subscription_key(id),
        Contracts::These(ids) => subscription_key(ids.first().map_or("", String::as_str)),
    }
}

fn command_name(new: &NewCancellation) -> String {
    match &new.contracts {
        Contracts::One(item) => format!("cancellation {}", item.id()),
        Contracts::These(ids) => format!("cancellations {}", ids.join(" ")),
        Contracts::AllBut(id) => format!("cancellations but {id}"),
    }
}

/// Only staff know of letters; a customer's click is received when it is made (§ 312k Abs. 4 BGB).
fn check_received_at(command: &Command, new: &NewCancellation) -> Result<(), AppError> {
    if new.received_at.is_none() || command.principal.is_staff() {
        return Ok(());
    }
    Err(AppError::field(FieldError::body(
        "/received_at",
        "staff_only",
        "Den Zugang einer Kündigung auf anderem Weg trägt der Anbieter ein.",
        "Receipt by another way is entered by the provider.",
    )))
}

/// The contract to keep must be one that goes on; otherwise nothing would be kept.
fn check_goes_on(bench: &Workbench, kept: &str) -> Result<(), AppError> {
    let subscription = bench.account.subscription(kept).map_err(|_| AppError::NotFound)?;
    if subscription.continues_after(bench.ground.today) {
        return Ok(());
    }
    let (code, de, en) = match subscription.status_on(bench.ground.today) {
        SubscriptionStatus::Ended | SubscriptionStatus::Withdrawn => (
            "subscription_ended",
            "Der Vertrag, der bleiben soll, ist beendet.",
            "The contract to keep has ended.",
        ),
        _ => (
            "cancellation_in_effect",
            "Der Vertrag, der bleiben soll, endet selbst. Nehmen Sie zuerst seine Kündigung zurück.",
            "The contract to keep is going to end itself. Revoke its cancellation first.",
        ),
    };
    Err(Violation::conflict(code, de, en).at("/keep_subscription_id").into())
}

pub(in crate::services) fn request(bench: &Workbench, new: &NewCancellation) -> Result<CancellationRequest, AppError> {
    let today = bench.ground.today;
    let ids: Vec<String> = match &new.contracts {
        Contracts::One(item) => vec![item.id().to_owned()],
        Contracts::These(ids) => {
            if ids
                .iter()
                .any(|id| bench.account.contracts().all(|contract| contract.id != *id))
            {
                return Err(AppError::NotFound);
            }
            ids.clone()
        }
        Contracts::AllBut(kept) => {
            check_goes_on(bench, kept)?;
            bench
                .account
                .contracts()
                .filter(|subscription| subscription.id != *kept)
                .filter(|subscription| {
                    let status = subscription.status_on(today);
                    matches!(status, SubscriptionStatus::Scheduled | SubscriptionStatus::Active)
                })
                .map(|subscription| subscription.id.clone())
                .collect()
        }
    };
    check_choice(bench, new, &ids)?;
    if ids.is_empty() {
        return Err(Violation::conflict(
            "nothing_to_cancel",
            "Außer diesem läuft kein Vertrag.",
            "No other contract is running.",
        )
        .into());
    }
    let contracts = ids.into_iter().map(|subscription_id| ContractToCancel {
        subscription_id,
        change_id: String::new(),
    });
    Ok(CancellationRequest {
        contracts: contracts.collect(),
        kind: new.kind,
        reason: new.reason.clone(),
        wish_on: new.wish_on,
        delete_data: new.delete_data,
        received_at: new.received_at.unwrap_or(bench.ground.now),
        as_cancellation: new.as_cancellation,
    })
}

/// Only consumers have the choice: a business that is granted the right withdraws.
fn check_choice(bench: &Workbench, new: &NewCancellation, ids: &[String]) -> Result<(), AppError> {
    let is_of_business = |id: &String| {
        let item = bench.account.subscription(id);
        item.is_ok_and(|item| item.customer_type == CustomerType::Business)
    };
    if !new.as_cancellation || !ids.iter().any(is_of_business) {
        return Ok(());
    }
    Err(AppError::field(FieldError::body(
        "/as",
        "consumers_only",
        "Die Wahl zwischen Kündigung und Widerruf haben nur Verbraucher.",
        "Only consumers can choose between cancellation and withdrawal.",
    )))
}

/// Contracts in a list, the member of the body at `pointer`, must be named once each.
///
/// # Errors
/// [`AppError::Validation`] at the repeated entry.
pub fn check_distinct(pointer: &str, ids: &[String]) -> Result<(), AppError> {
    for (index, id) in ids.iter().enumerate() {
        if ids[..index].contains(id) {
            return Err(AppError::field(FieldError::body(
                format!("{pointer}/{index}"),
                "duplicate",
                "Dieser Vertrag ist schon genannt.",
                "This contract is named already.",
            )));
        }
    }
    Ok(())
}

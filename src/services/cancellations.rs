//! Cancellations: one, several or all but one; staff's decision on extraordinary ones; reading them.

use serde_json::Value;
use time::{Date, OffsetDateTime};

use crate::domain::access::{Principal, Scope};
use crate::domain::account::Account;
use crate::domain::calendar::{english, german};
use crate::domain::cancellation::{CancellationOutcome, CancellationRequest, ContractToCancel, cancel, review};
use crate::domain::catalogue::Consequence;
use crate::domain::change::{CancellationKind, ChangeKind, Review};
use crate::domain::customer_type::CustomerType;
use crate::domain::ids::IdKind;
use crate::domain::preview::{Preview, PreviewParts, PreviewText, preview};
use crate::domain::subscription::SubscriptionStatus;
use crate::domain::violation::Violation;
use crate::domain::withdrawal::WithdrawalOutcome;
use crate::error::{AppError, FieldError};
use crate::page::{Page, PageRequest};
use crate::repositories::account::AccountKey;
use crate::services::add_ons::{add_on_consequences, booked_name};
use crate::services::agreements::{consequence, text};
use crate::services::command::{self, Command};
use crate::services::idempotency::Answer;
use crate::services::plan_changes::{ChangeQuery, Item, find_change, list_changes, subscription_key};
use crate::services::preview_token::IssuedPreview;
use crate::services::retention;
use crate::services::views::ChangeView;
use crate::services::withdrawals;
use crate::services::workbench::{Ground, Workbench};
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

pub(super) fn request(bench: &Workbench, new: &NewCancellation) -> Result<CancellationRequest, AppError> {
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

/// What a cancellation would do, told by doing it to a copy of the account.
pub(super) fn foresee(ground: &Ground, before: &Account, request: &CancellationRequest) -> Result<Preview, Violation> {
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

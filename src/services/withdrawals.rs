//! Withdrawals (§ 355 BGB): previewing, declaring and reading them, and telling what a cancellation treated as one does.

use serde_json::Value;
use time::{Date, OffsetDateTime, macros::date};

use crate::db::DbConnection;
use crate::domain::access::{Principal, Scope};
use crate::domain::account::Account;
use crate::domain::calendar::{english, german};
use crate::domain::cancellation::{CancellationRequest, ContractToCancel, cancel};
use crate::domain::catalogue::Consequence;
use crate::domain::charge::Charge;
use crate::domain::customer_type::CustomerType;
use crate::domain::ids::IdKind;
use crate::domain::localized::LocalizedText;
use crate::domain::money::Money;
use crate::domain::preview::{Preview, PreviewParts, PreviewText, preview};
use crate::domain::subscription::Subscription;
use crate::domain::violation::Violation;
use crate::domain::withdrawal::{
    Withdrawal, WithdrawalKind, WithdrawalOutcome, WithdrawalRequest, counts_as_withdrawal, withdraw,
};
use crate::error::{AppError, FieldError};
use crate::page::{Page, PageKey, PageRequest};
use crate::repositories::account::charge_in_memory;
use crate::repositories::charges;
use crate::repositories::payments::{self, PaymentRow};
use crate::repositories::withdrawals::{self, WithdrawalFilter, WithdrawalRow};
use crate::services::agreements::{consequence, text};
use crate::services::command::{self, Command};
use crate::services::idempotency::Answer;
use crate::services::plan_changes::Item;
use crate::services::preview_token::IssuedPreview;
use crate::services::views;
use crate::services::workbench::{Ground, Workbench};
use crate::state::AppState;

/// How far back charges must be loaded for a withdrawal: without instruction the right lasts for more than a year, and
/// everything charged since may have to be taken back.
pub const REACH: Date = date!(2000 - 01 - 01);

/// A declaration of withdrawal.
#[derive(Debug, Clone)]
pub struct NewWithdrawal {
    /// From what.
    pub item: Item,
    /// Only from this plan change or quantity change.
    pub plan_change_id: Option<String>,
    /// Only from so many units.
    pub quantity: Option<u32>,
    /// The reason, which nobody needs to give.
    pub reason: Option<String>,
    /// When a letter or e-mail was received; staff only.
    pub received_at: Option<OffsetDateTime>,
    /// When the letter was sent; staff only.
    pub dispatched_at: Option<OffsetDateTime>,
}

/// A withdrawal with what it charged.
#[derive(Debug, Clone)]
pub struct WithdrawalView {
    /// The withdrawal.
    pub withdrawal: Withdrawal,
    /// Who withdrew.
    pub customer_id: String,
    /// The charges and credits it caused.
    pub charges: Vec<Charge>,
    /// The payments that the refund goes back to.
    pub refunded: Vec<RefundedPayment>,
}

/// A payment that a refund goes back to.
#[derive(Debug, Clone)]
pub struct RefundedPayment {
    /// Id (`pay_`).
    pub id: String,
    /// How it was paid, in the provider's words.
    pub method: Option<String>,
    /// Reference of the bank or the payment service.
    pub reference: Option<String>,
}

/// Withdraws.
///
/// # Errors
/// Those of [`withdraw`], [`AppError::PreviewStale`], [`AppError::NotFound`].
pub fn create(
    state: &AppState,
    command: &Command,
    new: &NewWithdrawal,
    render_preview: &dyn Fn(&IssuedPreview) -> Value,
    answer: &dyn Fn(WithdrawalView) -> Result<Answer, AppError>,
) -> Result<Answer, AppError> {
    check_staff_only(command, new)?;
    command::run(
        state,
        command,
        new.item.key()?,
        Some(REACH),
        &|conn, bench| {
            let foresee = || Ok(foresee(&bench.ground, &bench.account, &request(&bench.ground, new))?);
            command::confirm(state, command, &command_name(new), foresee, render_preview)?;
            let withdrawal = execute_in(bench, new)?.withdrawal;
            let refunded = refunded(conn, bench.customer_id(), &withdrawal)?;
            Ok((withdrawal, refunded))
        },
        &|bench, (withdrawal, refunded)| {
            answer(WithdrawalView {
                refunded,
                ..bench.withdrawal_view(withdrawal)
            })
        },
    )
}

/// Withdraws on a workbench that is already open, within another command's transaction. It must have been opened with
/// [`REACH`], so that everything charged can be taken back; saving it stores the withdrawal too.
///
/// # Errors
/// Those of [`withdraw`].
pub fn execute_in(bench: &mut Workbench, new: &NewWithdrawal) -> Result<WithdrawalOutcome, AppError> {
    let request = WithdrawalRequest {
        withdrawal_id: IdKind::Withdrawal.generate(),
        ..request(&bench.ground, new)
    };
    Ok(withdraw(&mut bench.account, &bench.ground.circumstances(), &request)?)
}

/// What the withdrawal would do.
///
/// # Errors
/// As [`create`].
pub fn preview_creation(state: &AppState, command: &Command, new: &NewWithdrawal) -> Result<IssuedPreview, AppError> {
    check_staff_only(command, new)?;
    let (key, name) = (new.item.key()?, command_name(new));
    command::preview(state, command, key, Some(REACH), &name, &|_, bench| {
        Ok(foresee(&bench.ground, &bench.account, &request(&bench.ground, new))?)
    })
}

/// One withdrawal.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Forbidden`] without `subscriptions:read`.
pub fn find(state: &AppState, principal: &Principal, id: &str) -> Result<WithdrawalView, AppError> {
    if !IdKind::Withdrawal.matches(id) {
        return Err(AppError::NotFound);
    }
    state.db.read(|conn| {
        let row = withdrawals::find(conn, &principal.provider_id, principal.customer_filter(), id)?;
        let row = row.ok_or(AppError::NotFound)?;
        principal.require(Scope::SubscriptionsRead)?;
        views_of(conn, &[row])?.pop().ok_or(AppError::NotFound)
    })
}

/// Which withdrawals a list shows.
#[derive(Debug, Clone, Default)]
pub struct WithdrawalQuery {
    /// Only this customer's.
    pub customer_id: Option<String>,
    /// Only those from this contract and what is booked on it.
    pub subscription_id: Option<String>,
}

/// A page of withdrawals, newest first.
///
/// # Errors
/// [`AppError::Forbidden`] without `subscriptions:read`.
pub fn list(
    state: &AppState,
    principal: &Principal,
    query: &WithdrawalQuery,
    request: &PageRequest,
) -> Result<Page<WithdrawalView>, AppError> {
    principal.require(Scope::SubscriptionsRead)?;
    let own = principal.customer_filter();
    let foreign = own.is_some_and(|own| query.customer_id.as_deref().is_some_and(|asked| asked != own));
    if foreign || views::can_match_nothing([&query.customer_id, &query.subscription_id]) {
        return Ok(Page {
            items: Vec::new(),
            next: None,
        });
    }
    let filter = WithdrawalFilter {
        provider_id: principal.provider_id.clone(),
        customer_id: own.map(str::to_owned).or_else(|| query.customer_id.clone()),
        subscription_id: query.subscription_id.clone(),
        before_id: request.after.as_ref().map(|after| after.id.clone()),
    };
    let views = state.db.read(|conn| {
        let rows = withdrawals::list(conn, &filter, request.rows())?;
        views_of(conn, &rows)
    })?;
    Ok(Page::cut(views, request, |view| PageKey::of_id(&view.withdrawal.id)))
}

fn views_of(conn: &mut DbConnection, rows: &[WithdrawalRow]) -> Result<Vec<WithdrawalView>, AppError> {
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let mut caused = Vec::new();
    for row in charges::load_of_changes(conn, &ids)? {
        caused.push(charge_in_memory(&row)?);
    }
    let mut views = Vec::with_capacity(rows.len());
    for row in rows {
        let of_it = caused
            .iter()
            .filter(|charge| charge.change_id.as_ref() == Some(&row.id));
        let withdrawal = withdrawals::in_memory(row)?;
        views.push(WithdrawalView {
            refunded: refunded(conn, &row.customer_id, &withdrawal)?,
            withdrawal,
            customer_id: row.customer_id.clone(),
            charges: of_it.cloned().collect(),
        });
    }
    Ok(views)
}

/// The payments that settled the invoices on which credited charges stood, where something is to be paid back.
fn refunded(
    conn: &mut DbConnection,
    customer_id: &str,
    withdrawal: &Withdrawal,
) -> Result<Vec<RefundedPayment>, AppError> {
    if withdrawal.amounts.refund.is_zero() {
        return Ok(Vec::new());
    }
    let ids: Vec<&str> = withdrawal
        .traces
        .credited_charge_ids
        .iter()
        .map(String::as_str)
        .collect();
    let invoices = charges::invoices_of(conn, &ids)?;
    let settled = |row: &PaymentRow| {
        let mut allocations = row.allocations.0.iter();
        allocations.any(|part| invoices.iter().any(|(_, invoice_id)| *invoice_id == part.invoice_id))
    };
    let rows = payments::of_customer(conn, customer_id)?;
    let rows = rows.into_iter().filter(settled);
    Ok(rows
        .map(|row| RefundedPayment {
            id: row.id,
            method: row.method,
            reference: row.reference,
        })
        .collect())
}

/// Only staff know of letters; a customer's click is received when it is made.
fn check_staff_only(command: &Command, new: &NewWithdrawal) -> Result<(), AppError> {
    let named = [(new.received_at, "/received_at"), (new.dispatched_at, "/dispatched_at")];
    let named = named.into_iter().find(|(instant, _)| instant.is_some());
    match named {
        Some((_, pointer)) if !command.principal.is_staff() => Err(AppError::field(FieldError::body(
            pointer,
            "staff_only",
            "Absendung und Zugang eines Widerrufs auf anderem Weg trägt der Anbieter ein.",
            "Dispatch and receipt by another way are entered by the provider.",
        ))),
        _ => Ok(()),
    }
}

fn command_name(new: &NewWithdrawal) -> String {
    format!("withdrawal {}", new.item.id())
}

fn request(ground: &Ground, new: &NewWithdrawal) -> WithdrawalRequest {
    WithdrawalRequest {
        // Stands for the id the withdrawal will get.
        withdrawal_id: "new".to_owned(),
        item_id: new.item.id().to_owned(),
        plan_change_id: new.plan_change_id.clone(),
        quantity: new.quantity,
        reason: new.reason.clone(),
        received_at: new.received_at.unwrap_or(ground.now),
        dispatched_at: new.dispatched_at,
        cancellation_id: None,
    }
}

/// What a withdrawal would do, told by doing it to a copy of the account.
fn foresee(ground: &Ground, before: &Account, request: &WithdrawalRequest) -> Result<Preview, Violation> {
    let circumstances = ground.circumstances();
    let mut after = before.clone();
    let outcome = withdraw(&mut after, &circumstances, request)?;
    let withdrawal = &outcome.withdrawal;
    let parts = PreviewParts {
        effective_on: withdrawal.withdrawn_on,
        subscription_ids: vec![withdrawal.item_id.clone()],
        change_ids: vec![withdrawal.id.clone()],
        consequences: consequences(before, &outcome)?,
        consents: Vec::new(),
        order_button: None,
        texts: texts(before, &after, &outcome)?,
        because: outcome.because.clone(),
        latest_receipt_on: Some(withdrawal.last_day_on),
        supersedes: withdrawal.traces.superseded_change_ids.clone(),
    };
    preview(before, &after, &circumstances, parts)
}

/// What a withdrawal means, in sentences.
///
/// # Errors
/// `not_found`, when the accounts do not hold the contract.
pub(super) fn texts(
    before: &Account,
    after: &Account,
    outcome: &WithdrawalOutcome,
) -> Result<Vec<PreviewText>, Violation> {
    let withdrawal = &outcome.withdrawal;
    let mut texts = vec![effect(before, after, withdrawal)?];
    let amounts = &withdrawal.amounts;
    let written = |money: Money| (money.german(), money.amount(), money.currency.as_str());
    if !amounts.dropped.gross.is_zero() {
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
        texts.push(text(
            "refund",
            format!("Abgerechnetes wird gutgeschrieben; gezahlt waren {de} {currency}, sie werden bis zum {by_de} auf demselben Weg erstattet."),
            format!("What was invoiced is credited; {en} {currency} had been paid and are refunded by {by_en} by the same means."),
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

/// What goes along with a withdrawal, goes on after all or is dropped.
///
/// # Errors
/// `not_found`, when the account does not hold what is concerned.
pub(super) fn consequences(before: &Account, outcome: &WithdrawalOutcome) -> Result<Vec<Consequence>, Violation> {
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
    if !traces.superseded_change_ids.is_empty() {
        consequences.push(consequence(
            "pending_change_dropped",
            "Was für diesen Vertrag noch vorgemerkt war, entfällt.",
            "What was still pending for this contract is dropped.",
        ));
    }
    Ok(consequences)
}

/// The name of the plan or add-on that is in force last.
fn name_of(item: &Subscription) -> LocalizedText {
    let mut phases = item.phases.iter().filter(|phase| !phase.removed);
    phases
        .next_back()
        .map_or_else(|| LocalizedText::new("", ""), |phase| phase.plan.plan.name.clone())
}

/// Tells that a cancellation is treated as a withdrawal, and to consumers when it would end otherwise.
pub(super) fn choice(
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
pub(super) fn alternative(
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

impl Workbench {
    /// A withdrawal made on the workbench as readers will see it, but for the payments a refund goes back to.
    fn withdrawal_view(&self, withdrawal: Withdrawal) -> WithdrawalView {
        let charges = self.account.subscriptions.iter().flat_map(|each| &each.charges);
        let caused = charges.filter(|charge| charge.change_id.as_ref() == Some(&withdrawal.id));
        WithdrawalView {
            refunded: Vec::new(),
            charges: caused.cloned().collect(),
            customer_id: self.customer_id().to_owned(),
            withdrawal,
        }
    }
}

//! Withdrawals (§ 355 BGB): previewing, declaring and reading them, and telling what a cancellation treated as one does.

mod read;
mod words;

use serde_json::Value;
use time::{Date, OffsetDateTime, macros::date};

use crate::domain::account::Account;
use crate::domain::charge::Charge;
use crate::domain::ids::IdKind;
use crate::domain::invoice;
use crate::domain::preview::{Preview, PreviewParts, preview};
use crate::domain::violation::Violation;
use crate::domain::withdrawal::{Withdrawal, WithdrawalOutcome, WithdrawalRequest, withdraw_alone};
use crate::error::{AppError, FieldError};
use crate::services::command::{self, Command};
use crate::services::idempotency::Answer;
use crate::services::plan_changes::Item;
use crate::services::preview_token::IssuedPreview;
use crate::services::workbench::{Ground, Workbench};
use crate::state::AppState;

use read::refunded;
pub use read::{WithdrawalQuery, find, list};
pub(super) use words::{alternative, choice, consequences, texts, touched};

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
/// Those of [`withdraw_alone`], [`AppError::PreviewStale`], [`AppError::NotFound`].
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
                ..bench.withdrawal_view(withdrawal)?
            })
        },
    )
}

/// Withdraws on a workbench that is already open, within another command's transaction. It must have been opened with
/// [`REACH`], so that everything charged can be taken back; saving it stores the withdrawal too.
///
/// # Errors
/// Those of [`withdraw_alone`].
pub fn execute_in(bench: &mut Workbench, new: &NewWithdrawal) -> Result<WithdrawalOutcome, AppError> {
    let request = WithdrawalRequest {
        withdrawal_id: IdKind::Withdrawal.generate(),
        ..request(&bench.ground, new)
    };
    Ok(withdraw_alone(
        &mut bench.account,
        &bench.ground.circumstances(),
        &request,
    )?)
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
    let outcome = withdraw_alone(&mut after, &circumstances, request)?;
    let withdrawal = &outcome.withdrawal;
    let parts = PreviewParts {
        effective_on: withdrawal.withdrawn_on,
        subscription_ids: vec![withdrawal.item_id.clone()],
        touched_ids: touched(&outcome),
        change_ids: vec![withdrawal.id.clone()],
        consequences: consequences(before, &after, &outcome)?,
        consents: Vec::new(),
        order_button: None,
        texts: texts(before, &after, &outcome)?,
        because: outcome.because.clone(),
        latest_receipt_on: Some(withdrawal.last_day_on),
        supersedes: withdrawal.traces.superseded_change_ids.clone(),
    };
    preview(before, &after, &circumstances, parts)
}

impl Workbench {
    /// A withdrawal made on the workbench as readers will see it, but for the payments a refund goes back to.
    fn withdrawal_view(&self, withdrawal: Withdrawal) -> Result<WithdrawalView, AppError> {
        let charges = self.account.subscriptions.iter().flat_map(|each| &each.charges);
        let caused = charges.filter(|charge| charge.change_id.as_ref() == Some(&withdrawal.id));
        let told = caused.map(|charge| invoice::as_invoiced(charge, self.account.treatment_of(charge)));
        let charges = told.collect::<Result<_, _>>().map_err(Violation::from)?;
        Ok(WithdrawalView {
            refunded: Vec::new(),
            charges,
            customer_id: self.customer_id().to_owned(),
            withdrawal,
        })
    }
}

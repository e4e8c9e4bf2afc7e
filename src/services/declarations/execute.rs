//! Giving a declaration its effect: through the same rules as a command of someone logged in, in the transaction of the
//! declaration or of staff's decision, counted from the time of its receipt.

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::told::{evidence, snapshot};
use crate::db::DbConnection;
use crate::domain::calendar::{FIRST_DATE, LAST_DATE};
use crate::domain::cancellation::cancel;
use crate::domain::customer_type::CustomerType;
use crate::domain::declaration::{
    DeclarationContent, DeclarationStatus, DeclaredCancellation, DeclaredWithdrawal, Timeliness, timeliness,
};
use crate::domain::event::DraftEvent;
use crate::domain::event_type::EventType;
use crate::domain::holidays::HolidayRegion;
use crate::domain::ids::IdKind;
use crate::domain::violation::Violation;
use crate::domain::withdrawal::WithdrawalQuestion;
use crate::error::AppError;
use crate::repositories::account::AccountKey;
use crate::repositories::customers;
use crate::repositories::declarations::{self, DeclarationDecision, DeclarationRow, HolderRow};
use crate::repositories::emails;
use crate::services::cancellations::{self, Contracts, NewCancellation};
use crate::services::command::Command;
use crate::services::events::Caller;
use crate::services::plan_changes::Item;
use crate::services::withdrawals::{self, NewWithdrawal};
use crate::services::workbench::{self, Opening, Workbench};
use crate::state::AppState;

/// Who gives the declaration its effect.
#[derive(Clone, Copy)]
pub(super) enum By<'a> {
    /// The person who declares: the declaration proves its contract.
    Declarant,
    /// Staff.
    Staff(&'a Command),
}

impl By<'_> {
    fn caller(self, row: &DeclarationRow, customer_id: &str) -> Caller {
        match self {
            Self::Declarant => Caller::declarant(row, None),
            Self::Staff(command) => {
                let declarant = Caller::declarant(row, Some(&command.principal.id));
                Caller::of(&command.principal, &command.context, customer_id).dealing_with(declarant)
            }
        }
    }

    fn id(self, row: &DeclarationRow) -> String {
        match self {
            Self::Declarant => row.id.clone(),
            Self::Staff(command) => command.principal.id.clone(),
        }
    }

    fn is_staff(self) -> bool {
        matches!(self, Self::Staff(_))
    }

    /// Whether it may act where data are kept only because the law demands it. Whoever declares does so about its own.
    fn may_process_restricted(self) -> bool {
        match self {
            Self::Declarant => true,
            Self::Staff(command) => command.principal.may_process_restricted(),
        }
    }
}

/// Executes a declaration that proves its contract. What the rules refuse (the contract has ended, it is a firm's last one, it is
/// too late) is left to staff; the person who declares learns nothing of it here.
pub(super) fn automatically(
    state: &AppState,
    conn: &mut DbConnection,
    row: DeclarationRow,
    holder: &HolderRow,
    by: By<'_>,
) -> Result<(), AppError> {
    let id = row.id.clone();
    let outcome = match row.content.0.clone() {
        DeclarationContent::Cancellation(declared) => cancel_contract(state, conn, row, &declared, holder, by),
        DeclarationContent::Withdrawal(declared) => withdraw_or_assign(state, conn, row, &declared, holder, by),
    };
    match outcome {
        Ok(_) => Ok(()),
        Err(AppError::Refused(violation)) => {
            left_to_staff(&id, &violation);
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// A withdrawal that is late, or from a contract that gives no right to it, or only from a part, is never refused: it stands in
/// the inbox with its contract and whether it came in time.
fn withdraw_or_assign(
    state: &AppState,
    conn: &mut DbConnection,
    row: DeclarationRow,
    declared: &DeclaredWithdrawal,
    holder: &HolderRow,
    by: By<'_>,
) -> Result<DeclarationRow, AppError> {
    match withdraw_from_contract(state, conn, row.clone(), declared, holder, by) {
        Err(AppError::Refused(violation)) => {
            left_to_staff(&row.id, &violation);
            assign(state, conn, row, holder, by)
        }
        outcome => outcome,
    }
}

fn left_to_staff(declaration_id: &str, violation: &Violation) {
    tracing::info!(
        declaration = declaration_id,
        code = violation.code,
        "a declaration is left to staff"
    );
}

/// Cancels the contract as declared, with the day of receipt of the declaration.
pub(super) fn cancel_contract(
    state: &AppState,
    conn: &mut DbConnection,
    row: DeclarationRow,
    declared: &DeclaredCancellation,
    holder: &HolderRow,
    by: By<'_>,
) -> Result<DeclarationRow, AppError> {
    let mut bench = open(state, conn, &row, holder, by)?;
    let received_at = received_at(&row, holder, &bench);
    note_receipt(&mut bench, &row, holder, received_at);
    let new = NewCancellation {
        contracts: Contracts::One(Item::Contract(holder.candidate.subscription_id.clone())),
        kind: declared.kind,
        reason: declared.reason.clone(),
        // Beyond these days nobody reckons; what was wished stays in the declaration as it was said.
        wish_on: declared.wish_on.map(|day| day.clamp(FIRST_DATE, LAST_DATE)),
        delete_data: false,
        received_at: Some(received_at),
        as_cancellation: false,
    };
    let mut request = cancellations::request(&bench, &new)?;
    // Whoever presses the cancellation button (§ 312k BGB) has cancelled; the withdrawal has a button of its own.
    request.as_cancellation = true;
    for contract in &mut request.contracts {
        contract.change_id = IdKind::Cancellation.generate();
    }
    let circumstances = bench.ground.circumstances();
    let outcomes = cancel(&mut bench.account, &circumstances, &request)?;
    let result_id = outcomes.into_iter().next().map(|outcome| outcome.change_id);
    let decision = DeclarationDecision {
        automatic: !by.is_staff(),
        result_id,
        ..decision(state, &row, holder, DeclarationStatus::Executed, by)
    };
    conclude(state, conn, bench, row, decision, by)
}

/// Withdraws from the contract as declared; a part of it is for staff to enter where it belongs.
pub(super) fn withdraw_from_contract(
    state: &AppState,
    conn: &mut DbConnection,
    row: DeclarationRow,
    declared: &DeclaredWithdrawal,
    holder: &HolderRow,
    by: By<'_>,
) -> Result<DeclarationRow, AppError> {
    if declared.part.is_some() {
        return Err(Violation::conflict(
            "state_conflict",
            "Erklärt ist der Widerruf eines Teils. Tragen Sie ihn bei diesem Teil ein, mit dem Zugang der Erklärung.",
            "Withdrawal from a part is declared. Enter it at that part, with the receipt of the declaration.",
        )
        .into());
    }
    let mut bench = open(state, conn, &row, holder, by)?;
    let received_at = received_at(&row, holder, &bench);
    note_receipt(&mut bench, &row, holder, received_at);
    let new = NewWithdrawal {
        item: Item::Contract(holder.candidate.subscription_id.clone()),
        plan_change_id: None,
        quantity: None,
        reason: None,
        received_at: Some(received_at),
        dispatched_at: None,
    };
    let withdrawal = withdrawals::execute_in(&mut bench, &new)?.withdrawal;
    let decision = DeclarationDecision {
        automatic: !by.is_staff(),
        timely: Some(true),
        last_day_on: Some(withdrawal.last_day_on),
        result_id: Some(withdrawal.id),
        ..decision(state, &row, holder, DeclarationStatus::Executed, by)
    };
    conclude(state, conn, bench, row, decision, by)
}

/// Notes which contract a declaration is about, and whether a withdrawal came in time.
pub(super) fn assign(
    state: &AppState,
    conn: &mut DbConnection,
    row: DeclarationRow,
    holder: &HolderRow,
    by: By<'_>,
) -> Result<DeclarationRow, AppError> {
    let mut bench = open(state, conn, &row, holder, by)?;
    let received_at = received_at(&row, holder, &bench);
    note_receipt(&mut bench, &row, holder, received_at);
    let timeliness = match &row.content.0 {
        DeclarationContent::Cancellation(_) => None,
        DeclarationContent::Withdrawal(_) => Some(timeliness_of(conn, &bench, holder, received_at)?),
    };
    let decision = DeclarationDecision {
        timely: timeliness.map(|answer| answer.timely),
        last_day_on: timeliness.and_then(|answer| answer.last_day_on),
        ..decision(state, &row, holder, DeclarationStatus::Matched, by)
    };
    conclude(state, conn, bench, row, decision, by)
}

/// Notes in the customer's chain that a declaration is rejected, once the customer is known. Where it turned out to be somebody
/// else's (`decision` names no customer), the chain of the wrong one learns nothing more of it, not even the reason (Art. 15 Abs. 4
/// GDPR).
pub(super) fn note_rejection(
    state: &AppState,
    conn: &mut DbConnection,
    row: DeclarationRow,
    holder: &HolderRow,
    decision: DeclarationDecision,
    by: By<'_>,
) -> Result<DeclarationRow, AppError> {
    let bench = open(state, conn, &row, holder, by)?;
    conclude(state, conn, bench, row, decision, by)
}

fn open(
    state: &AppState,
    conn: &mut DbConnection,
    row: &DeclarationRow,
    holder: &HolderRow,
    by: By<'_>,
) -> Result<Workbench, AppError> {
    let opening = Opening {
        provider_id: &row.provider_id,
        only_customer: Some(&holder.candidate.customer_id),
        by_staff: by.is_staff(),
        restricted_too: by.may_process_restricted(),
        key: AccountKey::Subscription(&holder.candidate.subscription_id),
        locked: true,
        advancing_to: None,
        // Everything charged may have to be taken back.
        reaches_back_to: Some(withdrawals::REACH),
    };
    workbench::open(state, conn, opening)
}

/// When the declaration was received, in the customer's business time. A test clock shows another time than the wall, on which
/// declarations arrive; for its customers the declaration counts as received when it is executed.
fn received_at(row: &DeclarationRow, holder: &HolderRow, bench: &Workbench) -> OffsetDateTime {
    if holder.on_test_clock {
        bench.ground.now
    } else {
        row.received_at.instant()
    }
}

/// The receipt stands in the customer's chain as soon as the customer is known, once.
fn note_receipt(bench: &mut Workbench, row: &DeclarationRow, holder: &HolderRow, received_at: OffsetDateTime) {
    if row.customer_id.as_ref() != Some(&holder.candidate.customer_id) {
        bench.account.events.push(DraftEvent {
            event_type: EventType::DeclarationReceived,
            subscription_id: Some(holder.candidate.subscription_id.clone()),
            occurred_at: received_at,
            by_caller: true,
            data: json!({ "declaration": snapshot(row), "evidence": evidence(row) }),
        });
    }
}

fn decision(
    state: &AppState,
    row: &DeclarationRow,
    holder: &HolderRow,
    status: DeclarationStatus,
    by: By<'_>,
) -> DeclarationDecision {
    DeclarationDecision {
        status: status.as_str().to_owned(),
        automatic: row.automatic,
        customer_id: Some(holder.candidate.customer_id.clone()),
        subscription_id: Some(holder.candidate.subscription_id.clone()),
        timely: row.timely,
        last_day_on: row.last_day_on,
        result_id: row.result_id.clone(),
        reason: None,
        decided_by: Some(by.id(row)),
        decided_at: Some(state.clock.now().into()),
        version: row.version + 1,
    }
}

/// Writes account, chain and decision.
fn conclude(
    state: &AppState,
    conn: &mut DbConnection,
    mut bench: Workbench,
    mut row: DeclarationRow,
    decision: DeclarationDecision,
    by: By<'_>,
) -> Result<DeclarationRow, AppError> {
    let caller = by.caller(&row, bench.customer_id());
    let before = row.subscription_id.clone();
    apply(&mut row, &decision);
    let mut told = snapshot(&row);
    if row.customer_id.is_none() {
        told["reason"] = Value::Null;
    }
    let event_type = match DeclarationStatus::parse(&row.status) {
        Some(DeclarationStatus::Executed) => EventType::DeclarationExecuted,
        Some(DeclarationStatus::Rejected) => EventType::DeclarationRejected,
        _ => EventType::DeclarationMatched,
    };
    bench.account.events.push(DraftEvent {
        event_type,
        subscription_id: row.subscription_id.clone().or(before),
        occurred_at: bench.ground.now,
        by_caller: true,
        data: json!({ "declaration": told }),
    });
    bench.stamp();
    bench.save(conn, &caller, state.clock.now())?;
    declarations::decide(conn, &row.id, &decision)?;
    // What was mailed before anybody knew whose declaration it was belongs to the customer's history from now on, and no longer to
    // that of a customer whose it is not.
    emails::assign(
        conn,
        &row.id,
        row.customer_id.as_deref(),
        row.subscription_id.as_deref(),
    )?;
    Ok(row)
}

/// The row as the decision leaves it.
pub(super) fn apply(row: &mut DeclarationRow, decision: &DeclarationDecision) {
    row.status.clone_from(&decision.status);
    row.automatic = decision.automatic;
    row.customer_id.clone_from(&decision.customer_id);
    row.subscription_id.clone_from(&decision.subscription_id);
    row.timely = decision.timely;
    row.last_day_on = decision.last_day_on;
    row.result_id.clone_from(&decision.result_id);
    row.reason.clone_from(&decision.reason);
    row.decided_by.clone_from(&decision.decided_by);
    row.decided_at = decision.decided_at;
    row.version = decision.version;
}

fn timeliness_of(
    conn: &mut DbConnection,
    bench: &Workbench,
    holder: &HolderRow,
    declared_at: OffsetDateTime,
) -> Result<Timeliness, AppError> {
    let subscription = bench.account.subscription(&holder.candidate.subscription_id)?;
    let mut regions = bench.ground.settings().holiday_regions.clone();
    let customer = customers::find(conn, &bench.ground.provider.id, bench.customer_id())?;
    let own: Option<HolidayRegion> = customer.and_then(|row| row.holiday_region?.parse().ok());
    regions.extend(own.filter(|own| !regions.contains(own)));
    let question = WithdrawalQuestion {
        consumer: subscription.customer_type == CustomerType::Consumer,
        concluded_at: subscription.concluded_at,
        instructed_at: subscription.instructed_at,
        zone: &bench.ground.zone,
        regions: &regions,
    };
    Ok(timeliness(&question, declared_at))
}

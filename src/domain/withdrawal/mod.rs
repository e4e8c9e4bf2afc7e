//! Withdrawal (Widerruf, §§ 312g, 355 to 357a BGB): undoing a contract, an add-on booking, a part of a quantity or an upgrade
//! within 14 days. Not to be mixed up with revocation, which takes back what has not come yet.
//!
//! Consumers have the right by law, businesses where the catalogue grants it. It takes effect at once: access ends, drafts are
//! void, what was invoiced is credited, and a withdrawn upgrade restores what it changed (design decisions 8, 9, 14, 17).

mod charges;
mod effect;
mod going_on;
mod instead;
mod object;
mod orders;
mod period;
mod record;
mod restore;
mod right;

pub use instead::{counts_as_withdrawal, instead_of_cancellation};
pub use object::withdrawable_change;
pub use period::{WithdrawalPeriod, WithdrawalQuestion, withdrawal_period};
pub use record::{Withdrawal, WithdrawalAmounts, WithdrawalKind, WithdrawalTraces, withdrawal_snapshot};
pub use right::{Right, right_of_change, right_of_item};

use serde_json::json;
use time::{Date, OffsetDateTime};

use super::{
    account::{Account, Circumstances},
    because::Because,
    calendar::add_days,
    catalogue::Compensation,
    change::ChangeStatus,
    due,
    event::{DraftEvent, change_snapshot},
    event_type::EventType,
    holidays::{HolidayRegion, shift_to_working_day},
    money::Money,
    subscription::Subscription,
    violation::Violation,
};
use effect::Effect;
use object::{Object, object_of};

/// Days within which payments are returned, counted from receipt (§ 357 Abs. 1, § 355 Abs. 3 Satz 2 BGB).
const REFUND_DAYS: u32 = 14;

/// A declaration of withdrawal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithdrawalRequest {
    /// Id the withdrawal will have (`wdr_`).
    pub withdrawal_id: String,
    /// The contract (`sub_`) or add-on booking (`bkg_`).
    pub item_id: String,
    /// Only this plan change or quantity change; without it and without `quantity` the whole item.
    pub plan_change_id: Option<String>,
    /// Only so many units; the newest first.
    pub quantity: Option<u32>,
    /// The reason, which nobody needs to give (§ 355 Abs. 1 Satz 4 BGB).
    pub reason: Option<String>,
    /// When the declaration was received; the business instant for self-service.
    pub received_at: OffsetDateTime,
    /// When a letter was sent: timely dispatch suffices (§ 355 Abs. 1 Satz 5 BGB).
    pub dispatched_at: Option<OffsetDateTime>,
    /// The cancellation that is treated as this withdrawal.
    pub cancellation_id: Option<String>,
}

/// What a withdrawal leads to, beyond the changed account.
#[derive(Debug, Clone, PartialEq)]
pub struct WithdrawalOutcome {
    /// The withdrawal as it is recorded.
    pub withdrawal: Withdrawal,
    /// Why the last day is what it is.
    pub because: Vec<Because>,
}

/// Withdraws from a contract, a booking, a part of a quantity or an upgrade, with effect at once.
///
/// # Errors
/// `no_right_of_withdrawal`, `withdrawal_too_late` with `last_day_on`, `already_withdrawn`, `service_performed`,
/// `quantity_out_of_range`, `instant_out_of_range`, and for a plan change that is not in effect `already_revoked` and
/// `change_superseded`.
pub fn withdraw(
    account: &mut Account,
    circumstances: &Circumstances<'_>,
    request: &WithdrawalRequest,
) -> Result<WithdrawalOutcome, Violation> {
    let item = account.subscription(&request.item_id)?;
    check_instants(item, circumstances, request)?;
    let object = object_of(account, circumstances, item, request)?;
    let right = object.right();
    let received_on = circumstances.zone.local_date(request.received_at);
    let moment = circumstances.moment();
    let issued = account.billing.issued.len();
    let refund_by_on = refund_by(received_on, &regions(account, circumstances));
    let mut effect = Effect::new(request, moment, (received_on, refund_by_on));
    match &object {
        Object::Item(_) => effect.withdraw_item(account, &request.item_id)?,
        Object::PlanChange { change_id, right } => effect.undo_change(account, change_id, right)?,
        Object::Units { parts, .. } => effect.take_units(account, parts)?,
    }
    effect.correct_invoices(account)?;
    effect.tell_dropped(account);
    let (because, last_day_on) = (right.period.because.clone(), right.period.last_day_on);
    let pro_rata = effect.is_compensated();
    let withdrawal = Withdrawal {
        id: request.withdrawal_id.clone(),
        subscription_id: account.subscription(&request.item_id)?.contract_id().to_owned(),
        item_id: request.item_id.clone(),
        kind: object.kind(account.subscription(&request.item_id)?),
        quantity: object.quantity(),
        plan_change_id: request.plan_change_id.clone(),
        cancellation_id: request.cancellation_id.clone(),
        reason: request.reason.clone(),
        received_at: request.received_at,
        dispatched_at: request.dispatched_at,
        withdrawn_on: moment.on,
        last_day_on: last_day_on.unwrap_or(moment.on),
        refund_by_on,
        compensation: if pro_rata {
            Compensation::ProRata
        } else {
            Compensation::None
        },
        amounts: effect.amounts(account, circumstances.provider.currency)?,
        traces: effect.traces(),
        created_at: circumstances.now,
    };
    record(account, &withdrawal, effect.into_events(), circumstances)?;
    due::advance_now(account, moment)?;
    let withdrawal = with_documents(account, withdrawal, issued)?;
    Ok(WithdrawalOutcome { withdrawal, because })
}

/// Withdraws as the only thing a command does, and ends it: the withdrawal then tells everything it settles, also what had been
/// credited before and is paid out because the last contract is over.
///
/// # Errors
/// As [`withdraw`].
pub fn withdraw_alone(
    account: &mut Account,
    circumstances: &Circumstances<'_>,
    request: &WithdrawalRequest,
) -> Result<WithdrawalOutcome, Violation> {
    let issued = account.billing.issued.len();
    let outcome = withdraw(account, circumstances, request)?;
    due::end_command(account, circumstances.moment())?;
    Ok(WithdrawalOutcome {
        withdrawal: with_documents(account, outcome.withdrawal, issued)?,
        ..outcome
    })
}

/// The withdrawal with all corrections of the day: where the last contract ends with it, what was credited before is settled too.
fn with_documents(account: &mut Account, mut withdrawal: Withdrawal, issued: usize) -> Result<Withdrawal, Violation> {
    let corrections = account.billing.issued[issued..]
        .iter()
        .filter_map(|document| Some((document, document.correction.as_ref()?)));
    withdrawal.traces.credit_note_ids.clear();
    withdrawal.traces.set_off.clear();
    withdrawal.amounts.refund = Money::zero(withdrawal.amounts.refund.currency);
    for (document, correction) in corrections {
        withdrawal.traces.credit_note_ids.push(document.id.clone());
        withdrawal.traces.set_off.extend(correction.set_off.iter().cloned());
        withdrawal.amounts.refund = withdrawal.amounts.refund.checked_add(correction.refund)?;
    }
    let told = |event: &&mut DraftEvent| {
        event.event_type == EventType::WithdrawalCreated && event.data["withdrawal"]["id"] == withdrawal.id
    };
    if let Some(event) = account.events.iter_mut().find(told) {
        event.data["withdrawal"] = withdrawal_snapshot(&withdrawal);
    }
    if let Some(recorded) = account.withdrawals.iter_mut().find(|one| one.id == withdrawal.id) {
        recorded.clone_from(&withdrawal);
    }
    Ok(withdrawal)
}

/// Notes the withdrawal and tells it before what it brought about.
fn record(
    account: &mut Account,
    withdrawal: &Withdrawal,
    effects: Vec<DraftEvent>,
    circumstances: &Circumstances<'_>,
) -> Result<(), Violation> {
    let item = account.subscription(&withdrawal.item_id)?;
    let mut event = DraftEvent::of_subscription(EventType::WithdrawalCreated, item, circumstances.moment(), true)
        .with("withdrawal", withdrawal_snapshot(withdrawal));
    if let Some(change) = withdrawal.plan_change_id.as_deref().and_then(|id| item.change(id)) {
        event = event.with("withdrawn_change", change_snapshot(change));
    }
    account.events.push(event);
    account.events.extend(effects);
    account.withdrawals.push(withdrawal.clone());
    Ok(())
}

/// The last day on which payments must have been returned: 14 days after receipt, and where that is no working day, the next
/// one (§ 357 Abs. 1, § 193 BGB).
pub fn refund_by(received_on: Date, regions: &[HolidayRegion]) -> Date {
    shift_to_working_day(add_days(received_on, REFUND_DAYS), regions)
}

/// The regions whose holidays count: the provider's and the customer's (rules 1.2).
pub fn regions(account: &Account, circumstances: &Circumstances<'_>) -> Vec<HolidayRegion> {
    let mut regions = circumstances.provider.holiday_regions.clone();
    regions.extend(account.billing.holiday_region.filter(|own| !regions.contains(own)));
    regions
}

fn check_instants(
    item: &Subscription,
    circumstances: &Circumstances<'_>,
    request: &WithdrawalRequest,
) -> Result<(), Violation> {
    let possible = item.concluded_at..=circumstances.now;
    if !possible.contains(&request.received_at) {
        return Err(Violation::invalid(
            "instant_out_of_range",
            "Der Zugang muss zwischen Vertragsschluss und jetzt liegen.",
            "Receipt must lie between the conclusion of the contract and now.",
        )
        .at("/received_at"));
    }
    let is_before_receipt =
        |dispatched_at: OffsetDateTime| (item.concluded_at..=request.received_at).contains(&dispatched_at);
    if request.dispatched_at.is_none_or(is_before_receipt) {
        return Ok(());
    }
    Err(Violation::invalid(
        "instant_out_of_range",
        "Die Absendung muss zwischen Vertragsschluss und Zugang liegen.",
        "Dispatch must lie between the conclusion of the contract and receipt.",
    )
    .at("/dispatched_at"))
}

/// Refuses a plan change that never was, or no longer is, in effect.
fn check_in_effect(status: ChangeStatus, last_day_on: Option<Date>) -> Result<(), Violation> {
    match status {
        ChangeStatus::Scheduled | ChangeStatus::Applied => Ok(()),
        ChangeStatus::Withdrawn => Err(with_last_day(already_withdrawn(), last_day_on)),
        ChangeStatus::Revoked => Err(Violation::conflict(
            "already_revoked",
            "Das wurde bereits zurückgenommen.",
            "This has already been revoked.",
        )),
        ChangeStatus::Superseded => Err(Violation::conflict(
            "change_superseded",
            "Das wurde durch eine spätere Erklärung ersetzt.",
            "This was replaced by a later declaration.",
        )),
    }
}

fn already_withdrawn() -> Violation {
    Violation::conflict(
        "already_withdrawn",
        "Der Widerruf ist bereits erklärt.",
        "The withdrawal has already been declared.",
    )
}

/// The refusal with the last day on which a withdrawal was possible, where there is one.
fn with_last_day(violation: Violation, last_day_on: Option<Date>) -> Violation {
    violation.with("last_day_on", json!(last_day_on.map(|day| day.to_string())))
}

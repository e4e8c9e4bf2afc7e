//! Who may withdraw from what, and until when.

use time::{Date, OffsetDateTime};

use super::{
    already_withdrawn,
    period::{WithdrawalPeriod, WithdrawalQuestion, withdrawal_period},
    regions, with_last_day,
};
use crate::domain::{
    account::{Account, Circumstances},
    calendar::{english, german},
    catalogue::{Compensation, WithdrawalSettings},
    change::{Change, PlanChangeDetails},
    customer_type::CustomerType,
    plan_version::PlanVersion,
    subscription::Subscription,
    violation::Violation,
};

/// A right of withdrawal, in time or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Right {
    /// Until when.
    pub period: WithdrawalPeriod,
    /// Whether use before the withdrawal is to be paid: only where the catalogue says so, the customer expressly asked for an
    /// early start, and a consumer was instructed (§ 357a Abs. 2 BGB).
    pub is_compensated: bool,
}

impl Right {
    /// Refuses what was declared too late; dispatch counts.
    ///
    /// # Errors
    /// `withdrawal_too_late` with `last_day_on`.
    pub fn check(&self, declared_at: OffsetDateTime) -> Result<(), Violation> {
        if self.period.timely(declared_at) == Some(true) {
            return Ok(());
        }
        let last = self.period.last_day_on.unwrap_or(Date::MIN);
        let refusal = Violation::conflict(
            "withdrawal_too_late",
            format!("Die Widerrufsfrist ist am {} abgelaufen.", german(last)),
            format!("The withdrawal period ended on {}.", english(last)),
        );
        Err(with_last_day(refusal, self.period.last_day_on))
    }
}

/// What a right is about: what was concluded, when, and what the customer had been told and had asked for.
struct Conclusion<'a> {
    version: &'a PlanVersion,
    concluded_at: OffsetDateTime,
    instructed_at: Option<OffsetDateTime>,
    early_start_requested: bool,
}

/// The right to withdraw from a whole contract or booking.
///
/// # Errors
/// `already_withdrawn`, `no_right_of_withdrawal`, `service_performed`.
pub fn right_of_item(
    account: &Account,
    circumstances: &Circumstances<'_>,
    item: &Subscription,
) -> Result<Right, Violation> {
    let right = right_as_concluded(account, circumstances, item);
    check_not_withdrawn(item, &right)?;
    let right = right?;
    check_not_performed(item, &right)?;
    Ok(right)
}

fn right_as_concluded(
    account: &Account,
    circumstances: &Circumstances<'_>,
    item: &Subscription,
) -> Result<Right, Violation> {
    let mut first = item.phases.iter().filter(|phase| phase.created_by_change_id.is_none());
    let phase = first.next().ok_or_else(no_right)?;
    // What a plan contains was never ordered by itself: it goes with the plan.
    if item.booking.as_ref().is_some_and(|booking| booking.included) {
        return Err(no_right());
    }
    let conclusion = Conclusion {
        version: &phase.plan,
        concluded_at: item.concluded_at,
        instructed_at: item.instructed_at,
        early_start_requested: item.early_start_requested,
    };
    right(account, circumstances, item.customer_type, &conclusion)
}

/// Refuses what was withdrawn from already, with the last day on which that was possible.
fn check_not_withdrawn(item: &Subscription, right: &Result<Right, Violation>) -> Result<(), Violation> {
    let Some(day) = item.withdrawn_on else {
        return Ok(());
    };
    let last_day_on = right.as_ref().ok().and_then(|right| right.period.last_day_on);
    let refusal = already_withdrawn().with("withdrawn_on", day.to_string());
    Err(with_last_day(refusal, last_day_on))
}

/// The right to withdraw from a change of plan or quantity: an order with costs is a new contract with a period of its own
/// (rules 2.4). Ordering less, or a plan that costs nothing, is none.
///
/// # Errors
/// `already_withdrawn`, `no_right_of_withdrawal`.
pub fn right_of_change(
    account: &Account,
    circumstances: &Circumstances<'_>,
    item: &Subscription,
    change: &Change,
) -> Result<Right, Violation> {
    let right = right_as_changed(account, circumstances, item, change);
    check_not_withdrawn(item, &right)?;
    right
}

fn right_as_changed(
    account: &Account,
    circumstances: &Circumstances<'_>,
    item: &Subscription,
    change: &Change,
) -> Result<Right, Violation> {
    let details = change.plan_change().ok_or_else(no_right)?;
    let version = target(item, details).ok_or_else(no_right)?;
    if details.is_pure_decrease() || !version.plan.is_paid() {
        return Err(no_right());
    }
    // More of the same is ordered under the instruction that the contract came with.
    let earlier = item.instructed_at.filter(|_| details.is_quantity_only());
    let conclusion = Conclusion {
        version,
        concluded_at: change.received_at,
        instructed_at: details.instructed_at.or(earlier),
        early_start_requested: details.early_start_requested,
    };
    right(account, circumstances, item.customer_type, &conclusion)
}

fn right(
    account: &Account,
    circumstances: &Circumstances<'_>,
    customer_type: CustomerType,
    conclusion: &Conclusion<'_>,
) -> Result<Right, Violation> {
    let settings = conclusion.version.plan.withdrawal;
    let is_consumer = customer_type == CustomerType::Consumer;
    if !is_consumer && !settings.granted_to_business {
        return Err(no_right());
    }
    // A right by contract begins with the booking; the duty to instruct is owed to consumers.
    let instructed_at = if is_consumer {
        conclusion.instructed_at
    } else {
        Some(conclusion.concluded_at)
    };
    let regions = regions(account, circumstances);
    let period = withdrawal_period(&WithdrawalQuestion {
        consumer: true,
        concluded_at: conclusion.concluded_at,
        instructed_at,
        zone: circumstances.zone,
        regions: &regions,
    });
    Ok(Right {
        period,
        is_compensated: owes_compensation(settings, conclusion.early_start_requested, instructed_at),
    })
}

/// § 357a Abs. 2 BGB, where the catalogue does not waive it.
pub(super) fn owes_compensation(
    settings: WithdrawalSettings,
    early_start_requested: bool,
    instructed_at: Option<OffsetDateTime>,
) -> bool {
    settings.compensation == Compensation::ProRata && early_start_requested && instructed_at.is_some()
}

/// Whether a one-off service is fully performed, so that it stays even if its contract is withdrawn from: it is priced apart and
/// is to be paid in full (ECJ C-641/19).
pub(super) fn is_performed_for_good(item: &Subscription) -> bool {
    let is_performed = item
        .booking
        .as_ref()
        .is_some_and(|booking| booking.performed_on.is_some());
    let has_consented = item.early_start_requested && item.instructed_at.is_some();
    is_performed && (item.customer_type == CustomerType::Business || has_consented)
}

/// A service that is performed once can be withdrawn from until then. Afterwards a consumer can only where the early start had
/// not been asked for, or without instruction (§ 356 Abs. 5 BGB n.F.).
fn check_not_performed(item: &Subscription, right: &Right) -> Result<(), Violation> {
    let performed_on = item.booking.as_ref().and_then(|booking| booking.performed_on);
    let Some(performed_on) = performed_on.filter(|_| is_performed_for_good(item)) else {
        return Ok(());
    };
    let refusal = Violation::conflict(
        "service_performed",
        format!(
            "Die Leistung ist seit dem {} vollständig erbracht; das Widerrufsrecht ist erloschen.",
            german(performed_on)
        ),
        format!(
            "The service was fully performed on {}; the right of withdrawal has expired.",
            english(performed_on)
        ),
    )
    .with("performed_on", performed_on.to_string());
    Err(with_last_day(refusal, right.period.last_day_on))
}

/// The version that a plan change led to; phases that were taken back still hold it.
fn target<'a>(item: &'a Subscription, details: &PlanChangeDetails) -> Option<&'a PlanVersion> {
    let mut versions = item.phases.iter().map(|phase| phase.plan.as_ref());
    versions.find(|version| version.id == details.to_plan_version_id)
}

fn no_right() -> Violation {
    let refusal = Violation::conflict(
        "no_right_of_withdrawal",
        "Dafür besteht kein Widerrufsrecht.",
        "There is no right of withdrawal for this.",
    );
    with_last_day(refusal, None)
}

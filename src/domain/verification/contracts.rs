//! Contracts: their phases, the end of the last one, and what is left of what was withdrawn from.

use time::{Date, OffsetDateTime};

use super::{Findings, Invariant, money};
use crate::domain::{
    calendar::next_day,
    catalogue::Compensation,
    change::CancellationKind,
    charge::{Charge, ChargeKind, ChargeStatus},
    customer_type::CustomerType,
    subscription::{Phase, Subscription},
    withdrawal::Withdrawal,
};

/// Checks one contract or booking with all its charges. `charged_up_to` is the customer's legal day if everything due has been
/// applied, else `None`: then the present period may still wait for the due loop.
pub fn check_contract(
    findings: &mut Findings,
    subscription: &Subscription,
    withdrawals: &[Withdrawal],
    charged_up_to: Option<Date>,
) {
    check_phases(findings, subscription);
    money::check_credits(findings, subscription);
    money::check_days(findings, subscription, charged_up_to);
    if subscription.withdrawn_on.is_some() {
        check_withdrawn(findings, subscription, withdrawals);
    }
}

fn check_phases(findings: &mut Findings, subscription: &Subscription) {
    let phases: Vec<&Phase> = subscription.phases.iter().filter(|phase| !phase.removed).collect();
    findings.look(Invariant::PhasesJoin, phases.len() as u64);
    let mut offend = |detail: String| findings.offend(Invariant::PhasesJoin, &subscription.id, detail);
    let (Some(first), Some(last)) = (phases.first(), phases.last()) else {
        return offend("there is no phase".to_owned());
    };
    if first.from_on != subscription.starts_on {
        offend(format!(
            "the first phase begins on {}, the contract on {}",
            first.from_on, subscription.starts_on
        ));
    }
    for pair in phases.windows(2) {
        if pair[0].through_on.map(next_day) != Some(pair[1].from_on) {
            offend(format!(
                "{} does not end the day before {} begins",
                pair[0].id, pair[1].id
            ));
        }
    }
    if let Some(through_on) = last.through_on {
        offend(format!(
            "the last phase ends on {through_on}; only the contract has an end"
        ));
    }
}

/// Only compensation for the days before the withdrawal may be left (§ 357a Abs. 2 BGB).
fn check_withdrawn(findings: &mut Findings, subscription: &Subscription, withdrawals: &[Withdrawal]) {
    findings.look(Invariant::WithdrawnCostsNothing, 1);
    let counting = || subscription.charges.iter().filter(|charge| charge.counts());
    // What was wholly credited before needed no taking back.
    let left_of = |root: &str| -> i64 {
        let about = counting().filter(|one| one.original_charge_id.as_deref().unwrap_or(&one.id) == root);
        about.map(|one| one.amount.minor).sum()
    };
    let is_left = |charge: &&Charge| left_of(charge.original_charge_id.as_deref().unwrap_or(&charge.id)) != 0;
    // What was measured is paid for where the use is.
    let own = |withdrawal: &&Withdrawal| withdrawal.subscription_id == subscription.contract_id();
    let mut paid_for = withdrawals.iter().filter(own);
    let is_paid_for = paid_for.any(|withdrawal| withdrawal.compensation == Compensation::ProRata);
    let is_measured = |charge: &&Charge| charge.kind == ChargeKind::Usage && is_paid_for;
    for charge in counting().filter(is_left).filter(|charge| !is_measured(charge)) {
        let is_compensation = withdrawals
            .iter()
            .any(|withdrawal| charge.change_id.as_ref() == Some(&withdrawal.id));
        let before = subscription.withdrawn_on.is_none_or(|day| charge.period_through < day);
        if !is_compensation || !before {
            let state = if charge.status == ChargeStatus::Draft {
                "open"
            } else {
                "invoiced and not credited"
            };
            findings.offend(
                Invariant::WithdrawnCostsNothing,
                &charge.id,
                format!("is {state} though withdrawn from"),
            );
        }
    }
}

/// Checks "all but one" (design decision 16) for a business whose contracts all end: the last declaration that ended one must
/// not be an ordinary cancellation by the customer itself. `last_declared` is that declaration, `by_itself` whether neither
/// staff nor the law's cancellation button had a part in it; what was received before `since` was judged by another catalogue.
pub fn check_one_is_kept(
    findings: &mut Findings,
    customer_id: &str,
    contracts: &[&Subscription],
    (last_declared, by_itself): (&str, bool),
    today: Date,
    since: OffsetDateTime,
) {
    findings.look(Invariant::OneContractKept, 1);
    let Some(last) = contracts.iter().find_map(|contract| contract.change(last_declared)) else {
        return;
    };
    let goes_on = contracts.iter().any(|contract| contract.continues_after(today));
    let withdrawn_later = contracts
        .iter()
        .any(|contract| contract.withdrawn_on.is_some() && contract.updated_at >= last.received_at);
    let is_business = contracts
        .iter()
        .all(|contract| contract.customer_type == CustomerType::Business);
    let ordinary = last
        .cancellation()
        .is_some_and(|details| details.kind == CancellationKind::Ordinary);
    if by_itself && is_business && ordinary && !goes_on && !withdrawn_later && last.received_at >= since {
        findings.offend(
            Invariant::OneContractKept,
            customer_id,
            format!("{} ended the last contract in self-service", last.id),
        );
    }
}

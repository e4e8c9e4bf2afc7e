//! Previews as the services ask for them: the command done to a copy of the account.

use super::fixture::World;
use crate::domain::{
    account::{Account, Circumstances},
    cancellation::{CancellationRequest, cancel},
    conclusion::{Conclusion, conclude},
    plan_change::{PlanChangeRequest, change_plan},
    preview::{Preview, PreviewParts, preview},
    revocation::revoke,
    violation::Violation,
    withdrawal::{WithdrawalRequest, withdraw_alone},
};

fn parts(effective_on: time::Date, subscription_ids: Vec<String>, change_ids: Vec<String>) -> PreviewParts {
    PreviewParts {
        effective_on,
        subscription_ids,
        touched_ids: Vec::new(),
        change_ids,
        consequences: Vec::new(),
        consents: Vec::new(),
        order_button: None,
        texts: Vec::new(),
        because: Vec::new(),
        latest_receipt_on: None,
        supersedes: Vec::new(),
    }
}

impl World {
    fn foresee(
        &self,
        command: impl FnOnce(&mut Account, &Circumstances<'_>) -> Result<PreviewParts, Violation>,
    ) -> Result<Preview, Violation> {
        let mut after = self.account.clone();
        let circumstances = Circumstances {
            now: self.now(),
            today: self.today,
            zone: &self.zone,
            provider: &self.catalogue.provider,
            by_staff: self.by_staff,
        };
        // As the services do: the command is not ended, its invoice not issued.
        let parts = command(&mut after, &circumstances)?;
        preview(&self.account, &after, &circumstances, parts)
    }

    pub fn foresee_conclusion(&self, order: &Conclusion) -> Result<Preview, Violation> {
        self.foresee(|account, circumstances| {
            conclude(account, circumstances, order)?;
            let starts_on = account.subscription(&order.subscription_id)?.starts_on;
            Ok(parts(starts_on, vec![order.subscription_id.clone()], Vec::new()))
        })
    }

    pub fn foresee_change(&self, request: &PlanChangeRequest) -> Result<Preview, Violation> {
        self.foresee(|account, circumstances| {
            let outcome = change_plan(account, circumstances, request)?;
            let ids = (vec![request.subscription_id.clone()], vec![request.change_id.clone()]);
            Ok(parts(outcome.effective_on, ids.0, ids.1))
        })
    }

    pub fn foresee_cancellation(&self, request: &CancellationRequest) -> Result<Preview, Violation> {
        self.foresee(|account, circumstances| {
            let outcomes = cancel(account, circumstances, request)?;
            let ends_on = outcomes.iter().map(|outcome| outcome.ends_on).max();
            let subscription_ids = outcomes.iter().map(|outcome| outcome.subscription_id.clone());
            let change_ids = outcomes.iter().map(|outcome| outcome.change_id.clone());
            Ok(parts(
                ends_on.expect("an end"),
                subscription_ids.collect(),
                change_ids.collect(),
            ))
        })
    }

    pub fn foresee_withdrawal(&self, request: &WithdrawalRequest) -> Result<Preview, Violation> {
        self.foresee(|account, circumstances| {
            let withdrawal = withdraw_alone(account, circumstances, request)?.withdrawal;
            let traces = &withdrawal.traces;
            let touched = traces.restored_ids.iter().chain(&traces.withdrawn_add_on_booking_ids);
            Ok(PreviewParts {
                touched_ids: touched.cloned().collect(),
                ..parts(withdrawal.withdrawn_on, vec![withdrawal.item_id], vec![withdrawal.id])
            })
        })
    }

    pub fn foresee_revocation(&self, subscription_id: &str, change_id: &str) -> Result<Preview, Violation> {
        self.foresee(|account, circumstances| {
            revoke(account, circumstances, subscription_id, change_id)?;
            Ok(parts(circumstances.today, vec![subscription_id.to_owned()], Vec::new()))
        })
    }
}

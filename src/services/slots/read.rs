//! Reading what occupies the slots of a contract.

use std::sync::Arc;

use crate::domain::access::{Principal, Scope};
use crate::domain::catalogue::{SlotKind, SlotTarget};
use crate::domain::localized::LocalizedText;
use crate::domain::plan_version::PlanVersion;
use crate::domain::slots::{self, SlotAllocation};
use crate::error::AppError;
use crate::services::command::opening;
use crate::services::plan_changes::subscription_key;
use crate::services::slots::SlotItem;
use crate::services::workbench::{self, Workbench};
use crate::state::AppState;

/// An allocation with what readers are told about it.
#[derive(Debug, Clone)]
pub struct SlotView {
    /// The allocation.
    pub slot: SlotAllocation,
    /// Whose it is.
    pub customer_id: String,
    /// The plan of the contract, as the customer has it.
    pub plan: Arc<PlanVersion>,
    /// Name of the target, as the catalogue calls it now; its key once it is gone.
    pub target_name: LocalizedText,
    /// Key of the target's group; `None` once the target is gone.
    pub group: Option<String>,
}

impl SlotView {
    /// An allocation of an opened account, also one that was just released.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when the account has none such.
    pub(super) fn of(bench: &Workbench, id: &str) -> Result<Self, AppError> {
        let slot = bench.account.slots.iter().find(|slot| slot.id == id);
        let slot = slot.ok_or(AppError::NotFound)?;
        let contract = bench.account.subscription(&slot.subscription_id)?;
        let phase = contract
            .phase_on(bench.ground.today)
            .ok_or_else(|| AppError::internal(format!("{} has no phase", contract.id)))?;
        let catalogue = &bench.ground.catalogue.catalogue;
        let target: Option<&SlotTarget> = catalogue
            .slot_kind(&slot.presence.kind)
            .and_then(|kind: &SlotKind| kind.target(&slot.presence.target));
        let key = &slot.presence.target;
        Ok(Self {
            customer_id: bench.customer_id().to_owned(),
            plan: Arc::clone(&phase.plan),
            target_name: target.map_or_else(|| LocalizedText::new(key, key), |target| target.name.clone()),
            group: target.map(|target| target.group.clone()),
            slot: slot.clone(),
        })
    }
}

/// One occupied slot.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Forbidden`] without `subscriptions:read`.
pub fn find(state: &AppState, principal: &Principal, item: &SlotItem) -> Result<SlotView, AppError> {
    state.db.read_consistent(|conn| {
        let bench = workbench::open(state, conn, opening(principal, item.key()?, false))?;
        slots::find(&bench.account, &item.subscription_id, &item.id)?;
        principal.require(Scope::SubscriptionsRead)?;
        SlotView::of(&bench, &item.id)
    })
}

/// What occupies the slots of a contract today, newest first.
///
/// # Errors
/// As [`find`].
pub fn list(state: &AppState, principal: &Principal, subscription_id: &str) -> Result<Vec<SlotView>, AppError> {
    let key = subscription_key(subscription_id)?;
    state.db.read_consistent(|conn| {
        let bench = workbench::open(state, conn, opening(principal, key, false))?;
        principal.require(Scope::SubscriptionsRead)?;
        let mut ids: Vec<String> = slots::occupied(&bench.account, subscription_id)
            .map(|slot| slot.id.clone())
            .collect();
        ids.sort_unstable();
        ids.iter().rev().map(|id| SlotView::of(&bench, id)).collect()
    })
}

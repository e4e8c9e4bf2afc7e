//! One immutable version of a plan: what a contract was concluded under and keeps (grandfathering).

use super::catalogue::{AddOn, AddOnCharging, Plan};

/// A published version of a plan. Its content never changes; new prices or terms make a new version with the next number.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanVersion {
    /// Id of this version (`plv_`).
    pub id: String,
    /// Id of the plan (`pln_`), the same for all its versions.
    pub plan_id: String,
    /// Counts the versions of the plan, from 1.
    pub number: i64,
    /// The plan as published in this version; of an add-on, the add-on seen as a plan.
    pub plan: Plan,
    /// The add-on, where this is a version of one.
    pub add_on: Option<AddOn>,
}

impl PlanVersion {
    /// A version of an add-on. Bookings are contracts of their own, so the add-on takes the place of a plan.
    pub fn of_add_on(id: String, add_on_id: String, number: i64, add_on: AddOn) -> Self {
        Self {
            id,
            plan_id: add_on_id,
            number,
            plan: add_on.as_plan(),
            add_on: Some(add_on),
        }
    }

    /// Whether it is an add-on that is performed once.
    pub fn is_one_off_service(&self) -> bool {
        self.add_on
            .as_ref()
            .is_some_and(|add_on| add_on.charging == AddOnCharging::OneOff)
    }
}

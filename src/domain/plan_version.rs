//! One immutable version of a plan: what a contract was concluded under and keeps (grandfathering).

use super::catalogue::Plan;

/// A published version of a plan. Its content never changes; new prices or terms make a new version with the next number.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanVersion {
    /// Id of this version (`plv_`).
    pub id: String,
    /// Id of the plan (`pln_`), the same for all its versions.
    pub plan_id: String,
    /// Counts the versions of the plan, from 1.
    pub number: i64,
    /// The plan as published in this version.
    pub plan: Plan,
}

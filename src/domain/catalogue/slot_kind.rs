//! Kinds of slots that plans carry (`slots:` and the kind), and what can be put into them.

use serde::{Deserialize, Serialize};

use super::{Limit, Plan};
use crate::domain::localized::LocalizedText;

/// A kind of slot, for example a presence that legal texts are for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotKind {
    /// Key; plans name it in their limit `slots:<key>`.
    pub key: String,
    /// What is put into such a slot.
    pub name: LocalizedText,
    /// Key of the plan that is concluded where no package has a free slot; `null` where slots come with packages only.
    #[serde(default)]
    pub single_plan: Option<String>,
    /// The "from" price in a customer's words, for example `ab 5,90 € mtl.`.
    pub from_label: LocalizedText,
    /// Headings under which the targets are listed, in order.
    pub groups: Vec<SlotGroup>,
    /// What can be chosen, in order.
    pub targets: Vec<SlotTarget>,
    /// The sentences that say into which package something goes; plans that are not named get a general one.
    #[serde(default)]
    pub packages: Vec<SlotPackage>,
}

/// A heading in the list of targets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotGroup {
    /// Key by which targets refer to it.
    pub key: String,
    /// The heading.
    pub name: LocalizedText,
}

/// Something that can be put into a slot: a shop system, a marketplace, a social network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotTarget {
    /// Key, unique within its kind.
    pub key: String,
    /// Key of the group.
    pub group: String,
    /// Name shown to customers.
    pub name: LocalizedText,
    /// The plan concluded for this target, where it is another one than the kind's.
    #[serde(default)]
    pub single_plan: Option<String>,
    /// Its "from" price, where it is another one than the kind's.
    #[serde(default)]
    pub from_label: Option<LocalizedText>,
}

/// The sentence for a plan as package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotPackage {
    /// Key of the plan.
    pub plan: String,
    /// For example `Wird in bestehendes Premium Paket eingefügt.`
    pub text: LocalizedText,
}

impl SlotKind {
    /// Key of the plan under which a target is sold by itself.
    pub fn single_plan_of<'a>(&'a self, target: &'a SlotTarget) -> Option<&'a str> {
        target.single_plan.as_deref().or(self.single_plan.as_deref())
    }

    /// The target's "from" price in words.
    pub fn from_label_of<'a>(&'a self, target: &'a SlotTarget) -> &'a LocalizedText {
        target.from_label.as_ref().unwrap_or(&self.from_label)
    }

    /// The target with this key.
    pub fn target(&self, key: &str) -> Option<&SlotTarget> {
        self.targets.iter().find(|target| target.key == key)
    }

    /// The provider's sentence for a plan as package.
    pub fn package_text(&self, plan: &str) -> Option<&LocalizedText> {
        self.packages
            .iter()
            .find(|package| package.plan == plan)
            .map(|package| &package.text)
    }
}

impl Plan {
    /// How many slots of a kind a contract with `quantity` units of the plan has: the limit `slots:<kind>` for each unit.
    pub fn slots(&self, kind: &str, quantity: u32) -> u32 {
        let Some(limit) = self.limit(&format!("slots:{kind}")) else {
            return 0;
        };
        let slots = limit.maximum_of(quantity);
        slots.map_or(u32::MAX, |slots| u32::try_from(slots).unwrap_or(u32::MAX))
    }
}

impl Limit {
    /// How many a contract with `quantity` units has: slots come with each unit, other limits are those of the contract.
    pub fn maximum_of(&self, quantity: u32) -> Option<u64> {
        let units = if self.key.starts_with("slots:") {
            u64::from(quantity)
        } else {
            1
        };
        Some(self.maximum?.saturating_mul(units))
    }
}

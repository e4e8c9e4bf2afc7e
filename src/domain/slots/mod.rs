//! Slots of packages: what occupies them, and where a new presence goes (seed 000).
//!
//! A contract has as many slots of a kind as its plan's limit `slots:<kind>` says, for each unit. A presence goes into the
//! oldest package with room at 0.00 (design decision 15), otherwise into a contract of its own. The customer's lock makes
//! counting and allocating one step; a unique key in the database says so once more.

mod follow;
mod options;
mod order;
mod passing;
mod refusals;
mod words;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::{Date, OffsetDateTime};

use super::{
    account::{Account, Circumstances, Moment},
    catalogue::{Plan, SlotKind, SlotTarget},
    conclusion::{Conclusion, conclude},
    event::{DraftEvent, instant},
    event_type::EventType,
    subscription::{Subscription, SubscriptionStatus},
    violation::Violation,
};

pub(super) use follow::{move_in, release_of_ended, settle};
pub use options::{allocations, bookings, price_of_free_slot};
pub use order::SlotOrder;
use passing::Passing;
use refusals::{
    already_there, full, kind_not_offered, kind_unknown, not_running, passes, target_unknown, unknown_slot,
};
pub use words::{free_slot as texts_of_free_slot, goes_into, name_of, presence as text_of_presence, price_of_nothing};

/// What occupies a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotAllocation {
    /// Id (`slt_`); it stays when the presence moves.
    pub id: String,
    /// The contract whose slot it is.
    pub subscription_id: String,
    /// Which of the contract's slots of this kind, from 1.
    pub number: u32,
    /// What it is.
    pub presence: Presence,
    /// First day in this contract.
    pub from_on: Date,
    /// When it was allocated.
    pub allocated_at: OffsetDateTime,
    /// Day on which the slot became free again.
    pub released_on: Option<Date>,
    /// The contracts it was in before, oldest first.
    pub moves: Vec<SlotMove>,
    /// Counts its states, from 1.
    pub version: i64,
}

/// Something that occupies a slot, as the customer named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    /// Key of the kind of slot.
    pub kind: String,
    /// Key of the target.
    pub target: String,
    /// The customer's name for it.
    pub name: String,
    /// Its address.
    pub url: Option<String>,
}

/// A move out of a contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotMove {
    /// The contract it left.
    pub from_subscription_id: String,
    /// First day in the next one.
    pub on: Date,
    /// The plan change that moved it; taking that back moves it back. `None` for the customer's own move.
    pub change_id: Option<String>,
}

/// A presence to be put into a slot.
#[derive(Debug, Clone)]
pub struct SlotRequest {
    /// Id of the new allocation (`slt_`).
    pub slot_id: String,
    /// What goes in.
    pub presence: Presence,
}

/// Where a presence goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlotHome {
    /// Into a free slot of this contract, at 0.00.
    Existing(String),
    /// Into this new contract.
    New(String),
}

impl SlotHome {
    /// Id of the contract.
    pub fn subscription_id(&self) -> &str {
        match self {
            Self::Existing(id) | Self::New(id) => id,
        }
    }
}

impl SlotAllocation {
    /// Whether it still occupies its slot.
    pub fn is_occupied(&self) -> bool {
        self.released_on.is_none()
    }

    fn snapshot(&self) -> Value {
        json!({
            "id": self.id,
            "subscription_id": self.subscription_id,
            "number": self.number,
            "kind": self.presence.kind,
            "target": self.presence.target,
            "name": self.presence.name,
            "url": self.presence.url,
            "from_on": self.from_on.to_string(),
            "allocated_at": instant(self.allocated_at),
            "released_on": self.released_on.map(|day| day.to_string()),
        })
    }

    fn event(&self, event_type: EventType, moment: Moment, by_caller: bool) -> DraftEvent {
        DraftEvent {
            event_type,
            subscription_id: Some(self.subscription_id.clone()),
            occurred_at: moment.at,
            by_caller,
            data: json!({ "slot": self.snapshot() }),
        }
    }
}

/// The kind and target a presence names.
///
/// # Errors
/// `slot_kind_unknown`, `slot_target_unknown`.
pub fn find_target<'a>(
    kinds: &'a [SlotKind],
    presence: &Presence,
) -> Result<(&'a SlotKind, &'a SlotTarget), Violation> {
    let kind = kinds
        .iter()
        .find(|kind| kind.key == presence.kind)
        .ok_or_else(kind_unknown)?;
    let target = kind.target(&presence.target).ok_or_else(target_unknown)?;
    Ok((kind, target))
}

/// How many slots of a kind a contract has from `day` on: the least of its present and coming plans and quantities, so that
/// what is pending always finds room for what was allocated meanwhile.
pub fn capacity(subscription: &Subscription, kind: &str, day: Date) -> u32 {
    let ahead = subscription
        .phases
        .iter()
        .filter(|phase| !phase.removed && phase.through_on.is_none_or(|through| through >= day));
    ahead
        .map(|phase| phase.plan.plan.slots(kind, phase.quantity))
        .min()
        .unwrap_or(0)
}

/// What occupies the slots of a contract, oldest first.
pub fn occupied<'a>(account: &'a Account, subscription_id: &'a str) -> impl Iterator<Item = &'a SlotAllocation> {
    account
        .slots
        .iter()
        .filter(move |slot| slot.is_occupied() && slot.subscription_id == subscription_id)
}

/// How many slots of a kind are free in a contract.
pub fn free(account: &Account, subscription: &Subscription, kind: &str, day: Date) -> u32 {
    let taken = occupied(account, &subscription.id).filter(|slot| slot.presence.kind == kind);
    let taken = u32::try_from(taken.count()).unwrap_or(u32::MAX);
    capacity(subscription, kind, day).saturating_sub(taken)
}

/// The contract a new presence goes into: the oldest active one with room that nobody has cancelled (design decision 15).
pub fn package_with_room<'a>(account: &'a Account, kind: &str, today: Date) -> Option<&'a Subscription> {
    let with_room = account.contracts().filter(|contract| {
        let is_ending = contract.ends_on.is_some() && contract.ended_by_change_id.is_some();
        contract.status_on(today) == SubscriptionStatus::Active
            && !is_ending
            && free(account, contract, kind, today) > 0
    });
    with_room.min_by_key(|contract| (contract.concluded_at, &contract.id))
}

/// Puts a presence into a free slot of a named contract.
///
/// # Errors
/// `not_found`, `subscription_not_active`, `subscription_ended`, `slot_kind_not_offered`, `slots_full`.
pub fn allocate(
    account: &mut Account,
    circumstances: &Circumstances<'_>,
    request: &SlotRequest,
    subscription_id: &str,
) -> Result<(), Violation> {
    let number = find_room(account, circumstances, &request.presence.kind, subscription_id)?;
    let moment = circumstances.moment();
    let slot = SlotAllocation {
        id: request.slot_id.clone(),
        subscription_id: subscription_id.to_owned(),
        number,
        presence: request.presence.clone(),
        from_on: moment.on,
        allocated_at: moment.at,
        released_on: None,
        moves: Vec::new(),
        version: 1,
    };
    account.events.push(slot.event(EventType::SlotAllocated, moment, true));
    account.slots.push(slot);
    Ok(())
}

/// Puts a presence where there is room; without room a contract is concluded for it, at the single price.
///
/// # Errors
/// `slots_full` where no single contract is sold; those of [`conclude`].
pub fn book(
    account: &mut Account,
    circumstances: &Circumstances<'_>,
    request: &SlotRequest,
    single: Option<&Conclusion>,
) -> Result<SlotHome, Violation> {
    let package = package_with_room(account, &request.presence.kind, circumstances.today);
    let home = match (package.map(|contract| contract.id.clone()), single) {
        (Some(id), _) => SlotHome::Existing(id),
        (None, None) => {
            let kind = &request.presence.kind;
            let passing = passing::in_account(account, kind, circumstances.today, None);
            return Err(passing.map_or_else(|| full(kind, 0), |(plan, why)| passes(plan, why, kind, 0)));
        }
        (None, Some(order)) => {
            // The plan is not named in the request: it follows from the target.
            conclude(account, circumstances, order).map_err(|violation| match violation.pointer.as_deref() {
                Some("/plan" | "/quantity") => violation.at("/target"),
                _ => violation,
            })?;
            SlotHome::New(order.subscription_id.clone())
        }
    };
    allocate(account, circumstances, request, home.subscription_id())?;
    Ok(home)
}

/// Frees the slot of a presence, at once.
///
/// # Errors
/// `not_found` for what occupies no slot of this contract.
pub fn release(
    account: &mut Account,
    circumstances: &Circumstances<'_>,
    subscription_id: &str,
    slot_id: &str,
) -> Result<(), Violation> {
    let moment = circumstances.moment();
    let slot = find_mut(account, subscription_id, slot_id)?;
    slot.released_on = Some(moment.on);
    slot.version += 1;
    let event = slot.event(EventType::SlotReleased, moment, true);
    account.events.push(event);
    Ok(())
}

/// Moves a presence into a free slot of another contract of the customer.
///
/// # Errors
/// `not_found`, `nothing_to_change`, and those of [`allocate`] for the other contract.
pub fn move_to(
    account: &mut Account,
    circumstances: &Circumstances<'_>,
    (subscription_id, slot_id): (&str, &str),
    into_id: &str,
) -> Result<(), Violation> {
    let kind = find_mut(account, subscription_id, slot_id)?.presence.kind.clone();
    if subscription_id == into_id {
        return Err(already_there());
    }
    find_room(account, circumstances, &kind, into_id).map_err(|violation| violation.at("/subscription_id"))?;
    move_in(account, slot_id, into_id, (None, circumstances.moment()), true);
    Ok(())
}

/// The occupied slot of a contract.
///
/// # Errors
/// `not_found`.
pub fn find<'a>(account: &'a Account, subscription_id: &str, slot_id: &str) -> Result<&'a SlotAllocation, Violation> {
    account
        .slots
        .iter()
        .find(|slot| slot.is_occupied() && slot.id == slot_id && slot.subscription_id == subscription_id)
        .ok_or_else(unknown_slot)
}

/// Refuses a plan or quantity with fewer slots than are occupied, in the contract itself and in those it absorbs; names the
/// youngest ones that find no room.
///
/// # Errors
/// `slots_occupied`.
pub(super) fn check_room(
    account: &Account,
    subscription_ids: &[&str],
    plan: &Plan,
    quantity: u32,
) -> Result<(), Violation> {
    let mut slots: Vec<&SlotAllocation> = account
        .slots
        .iter()
        .filter(|slot| slot.is_occupied() && subscription_ids.contains(&slot.subscription_id.as_str()))
        .collect();
    slots.sort_by_key(|slot| (slot.allocated_at, &slot.id));
    let mut surplus = Vec::new();
    let mut seen = std::collections::BTreeMap::<&str, u32>::new();
    for slot in slots {
        let taken = seen.entry(&slot.presence.kind).or_default();
        *taken += 1;
        if *taken > plan.slots(&slot.presence.kind, quantity) {
            surplus.push(slot);
        }
    }
    if surplus.is_empty() {
        return Ok(());
    }
    Err(refusals::occupied(plan, &surplus))
}

/// The number of a free slot of a running contract.
fn find_room(
    account: &Account,
    circumstances: &Circumstances<'_>,
    kind: &str,
    subscription_id: &str,
) -> Result<u32, Violation> {
    let contract = account.subscription(subscription_id)?;
    let today = circumstances.today;
    if contract.booking.is_some() {
        return Err(unknown_slot());
    }
    match contract.status_on(today) {
        SubscriptionStatus::Active => {}
        status => return Err(not_running(status)),
    }
    let capacity = capacity(contract, kind, today);
    if let Some((plan, why @ Passing::Shrinks(_))) = passing::of(account, contract, kind, today) {
        return Err(passes(plan, why, kind, capacity));
    }
    if capacity == 0 {
        let plan = contract.phase_on(today).map(|phase| &phase.plan.plan.name);
        return Err(kind_not_offered(plan));
    }
    if free(account, contract, kind, today) == 0 {
        return Err(full(kind, capacity));
    }
    Ok(lowest_free(account, subscription_id, kind))
}

/// The lowest number that is not taken.
fn lowest_free(account: &Account, subscription_id: &str, kind: &str) -> u32 {
    let taken: std::collections::BTreeSet<u32> = occupied(account, subscription_id)
        .filter(|slot| slot.presence.kind == kind)
        .map(|slot| slot.number)
        .collect();
    (1..=u32::MAX)
        .find(|number| !taken.contains(number))
        .unwrap_or(u32::MAX)
}

fn find_mut<'a>(
    account: &'a mut Account,
    subscription_id: &str,
    slot_id: &str,
) -> Result<&'a mut SlotAllocation, Violation> {
    account
        .slots
        .iter_mut()
        .find(|slot| slot.is_occupied() && slot.id == slot_id && slot.subscription_id == subscription_id)
        .ok_or_else(unknown_slot)
}

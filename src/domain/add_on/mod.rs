//! Add-ons: booking them, what they do when their contract changes or ends, and what they entitle to.
//!
//! A booking is a contract of its own ([`Booking`]): charging, quantity changes, notice, revocation and due work are those of
//! contracts. Here is what is special: on which contracts it can be booked, whose billing periods it follows, and that it
//! never outlasts its contract (design decision 14).

mod ends;
mod included;
mod price;

use std::sync::Arc;

use time::Date;

use super::{
    account::{Account, Circumstances},
    calendar::{english, german},
    catalogue::{AddOn, AddOnBilling, AddOnCharging, Plan},
    conclusion::{check_quantity, check_sold_to},
    consent::{Agreement, order_button},
    due,
    event::DraftEvent,
    event_type::EventType,
    ids::IdKind,
    localized::LocalizedText,
    period::{BillingAlignment, BillingSchedule, schedule_for},
    plan_version::PlanVersion,
    subscription::{Booking, Phase, Subscription, SubscriptionStatus, natural_end},
    violation::Violation,
};

pub(super) use ends::align_bookings;
pub use ends::{EndReason, end_reason};
pub use included::IncludedService;
pub(super) use included::book_included;
pub use price::one_off_price;

/// An order for an add-on.
#[derive(Debug, Clone)]
pub struct BookingRequest {
    /// Id of the new booking (`bkg_`).
    pub booking_id: String,
    /// The contract.
    pub subscription_id: String,
    /// The add-on, in its present version.
    pub add_on: Arc<PlanVersion>,
    /// Units (packs); the add-on's minimum when not named.
    pub quantity: Option<u32>,
    /// Consents and order button.
    pub agreement: Agreement,
}

/// Books an add-on: usable at once, charged to the end of the running period (seed 002).
///
/// # Errors
/// `subscription_not_active`, `subscription_ended`, `plan_not_available`, `not_for_customer_type`, `add_on_not_allowed`,
/// `add_on_included`, `add_on_limit_reached`, `quantity_out_of_range` and those of the consents.
pub fn book(
    account: &mut Account,
    circumstances: &Circumstances<'_>,
    request: &BookingRequest,
) -> Result<(), Violation> {
    let contract = account.subscription(&request.subscription_id)?;
    let version = &request.add_on;
    let phase = check_bookable(contract, version, circumstances.today)?;
    let quantity = request.quantity.unwrap_or(version.plan.quantity.minimum);
    check_quantity(version, quantity)?;
    check_total(account, contract, version, quantity, circumstances.today)?;
    request.agreement.check_consents()?;
    if let Some(label) = order_button(&version.plan, contract.customer_type, version.plan.is_paid()) {
        request.agreement.check_order_button(&label)?;
    }
    let schedule = billing_schedule(account, contract, &phase, version, circumstances.today);
    let mut booking = new_booking(contract, request, quantity, schedule, circumstances);
    booking.ends_on = natural_end(version, circumstances.today).filter(|_| !version.is_one_off_service());
    let moment = circumstances.moment();
    let event = DraftEvent::of_subscription(EventType::SubscriptionCreated, &booking, moment, true)
        .with("evidence", request.agreement.evidence());
    account.subscriptions.push(booking);
    account.events.push(event);
    align_bookings(account, &request.subscription_id, moment);
    due::advance_now(account, moment)
}

/// How many units of an add-on are booked on a contract and go on beyond today.
pub fn booked_quantity(account: &Account, subscription_id: &str, add_on_key: &str, today: Date) -> u32 {
    account
        .bookings_of(subscription_id)
        .filter(|booking| booking.status_on(today) == SubscriptionStatus::Active)
        .filter_map(|booking| booking.phase_on(today))
        .filter(|phase| phase.plan.plan.key == add_on_key)
        .map(|phase| phase.quantity)
        .sum()
}

/// Whether a plan lets the add-on be booked on it.
pub fn is_allowed_for(add_on: &AddOn, plan: &Plan) -> bool {
    add_on.allowed_for.contains(&plan.key)
}

/// Whether a plan already contains the add-on.
pub fn is_included_in(add_on_key: &str, plan: &Plan) -> bool {
    plan.included_add_ons
        .iter()
        .any(|included| included.add_on == add_on_key)
}

fn check_bookable(contract: &Subscription, version: &PlanVersion, today: Date) -> Result<Phase, Violation> {
    match contract.status_on(today) {
        SubscriptionStatus::Active => {}
        SubscriptionStatus::Scheduled => {
            return Err(Violation::conflict(
                "subscription_not_active",
                "Der Vertrag hat noch nicht begonnen.",
                "The contract has not begun yet.",
            ));
        }
        SubscriptionStatus::Ended | SubscriptionStatus::Withdrawn => return Err(contract.ended()),
    }
    let phase = contract.phase_on(today).cloned().ok_or_else(|| contract.ended())?;
    check_sold_to(version, contract.customer_type).map_err(|violation| violation.at("/add_on"))?;
    let plan = &phase.plan.plan;
    if is_included_in(&version.plan.key, plan) {
        return Err(Violation::conflict(
            "add_on_included",
            format!("{} ist in {} bereits enthalten.", version.plan.name.de, plan.name.de),
            format!("{} is already part of {}.", version.plan.name.en, plan.name.en),
        ));
    }
    let allowed = version
        .add_on
        .as_ref()
        .is_some_and(|add_on| is_allowed_for(add_on, plan));
    if !allowed {
        return Err(Violation::conflict(
            "add_on_not_allowed",
            format!(
                "{} kann zu {} nicht gebucht werden.",
                version.plan.name.de, plan.name.de
            ),
            format!("{} cannot be booked on {}.", version.plan.name.en, plan.name.en),
        ));
    }
    Ok(phase)
}

/// Several bookings of one add-on are allowed as long as they stay within its limit together (hard case H33).
fn check_total(
    account: &Account,
    contract: &Subscription,
    version: &PlanVersion,
    added: u32,
    today: Date,
) -> Result<(), Violation> {
    let verb = |count: u32, one: &'static str, many: &'static str| if count == 1 { one } else { many };
    let booked = booked_quantity(account, &contract.id, &version.plan.key, today);
    let maximum = version.plan.quantity.effective_maximum();
    if booked.saturating_add(added) <= maximum {
        return Ok(());
    }
    Err(Violation::conflict(
        "add_on_limit_reached",
        format!(
            "Von {} {} höchstens {maximum} möglich; {booked} {} gebucht.",
            version.plan.name.de,
            verb(maximum, "ist", "sind"),
            verb(booked, "ist", "sind")
        ),
        format!(
            "At most {maximum} of {} {} possible; {booked} {} booked.",
            version.plan.name.en,
            verb(maximum, "is", "are"),
            verb(booked, "is", "are")
        ),
    )
    .with("maximum", maximum)
    .with("booked", booked))
}

/// Refuses another quantity of what the plan contains or of a one-off service. Contracts pass.
pub(super) fn check_quantity_is_changeable(subscription: &Subscription) -> Result<(), Violation> {
    let is_included = subscription.booking.as_ref().is_some_and(|booking| booking.included);
    if !is_included && !subscription.is_one_off_service() {
        return Ok(());
    }
    Err(Violation::conflict(
        "quantity_not_changeable",
        "Die Menge dieser Leistung ist fest.",
        "The quantity of this service is fixed.",
    ))
}

/// Refuses more than the add-on's limit in all bookings on the contract together.
pub(super) fn check_booking_change(
    account: &Account,
    booking: &Subscription,
    current: &Phase,
    quantity: u32,
    today: Date,
) -> Result<(), Violation> {
    let contract = account.subscription(booking.contract_id())?;
    let added = quantity.saturating_sub(current.quantity);
    if added == 0 {
        return Ok(());
    }
    check_total(account, contract, &current.plan, added, today)
}

/// Whose periods the booking follows: with the contract, those of the contract; independent ones join the periods of a paid
/// contract of the same interval, so that both are billed together (seed 003), and otherwise have their own.
fn billing_schedule(
    account: &Account,
    contract: &Subscription,
    phase: &Phase,
    version: &PlanVersion,
    today: Date,
) -> BillingSchedule {
    let own = || schedule_for(today, version.plan.billing_interval, BillingAlignment::Anniversary);
    let Some(add_on) = version
        .add_on
        .as_ref()
        .filter(|add_on| add_on.charging == AddOnCharging::Recurring)
    else {
        return own();
    };
    let interval = version.plan.billing_interval;
    let following = |phase: &Phase| BillingSchedule {
        anchor_on: phase.schedule.anchor_on,
        interval,
    };
    if add_on.billing == Some(AddOnBilling::WithContract) {
        return following(phase);
    }
    let is_paid_at_same_interval = |phase: &&Phase| phase.schedule.interval == interval && phase.plan.plan.is_paid();
    let others = account
        .contracts()
        .filter(|other| other.id != contract.id && other.status_on(today) == SubscriptionStatus::Active)
        .filter_map(|other| other.phase_on(today));
    std::iter::once(phase)
        .chain(others)
        .find(is_paid_at_same_interval)
        .map_or_else(own, following)
}

fn new_booking(
    contract: &Subscription,
    request: &BookingRequest,
    quantity: u32,
    schedule: BillingSchedule,
    circumstances: &Circumstances<'_>,
) -> Subscription {
    let now = circumstances.now;
    let starts_on = circumstances.today;
    Subscription {
        id: request.booking_id.clone(),
        // A booking is named by its id; only contracts are named by a number.
        contract_number: request.booking_id.clone(),
        customer_type: contract.customer_type,
        concluded_at: now,
        instructed_at: request.agreement.includes_withdrawal_instruction().then_some(now),
        early_start_requested: request.agreement.early_start_requested,
        starts_on,
        ends_on: None,
        ended_by_change_id: None,
        withdrawn_on: None,
        billed_through_on: None,
        started_recorded: false,
        ended_recorded: false,
        version: 1,
        created_at: now,
        updated_at: now,
        booking: Some(Booking {
            subscription_id: contract.id.clone(),
            add_on_id: request.add_on.plan_id.clone(),
            included: false,
            created_by_change_id: None,
            performed_on: None,
        }),
        phases: vec![Phase {
            id: IdKind::Phase.derive(super::charging::unix_millis(now), &[&request.booking_id]),
            plan: Arc::clone(&request.add_on),
            quantity,
            from_on: starts_on,
            through_on: None,
            schedule,
            created_by_change_id: None,
            ended_by_change_id: None,
            removed: false,
            suspended: false,
        }],
        changes: Vec::new(),
        charges: Vec::new(),
    }
}

/// Whether a one-off service that was ordered by itself is still to be performed. It stays owed when its contract ends: its
/// price stays due, and without the service there would be none (§§ 320, 326 BGB). Only a withdrawal releases from it. What a
/// plan contains is part of that plan and ends with it.
pub fn is_owed(booking: &Subscription) -> bool {
    let is_open = |booking: &Booking| !booking.included && booking.performed_on.is_none();
    booking.is_one_off_service() && booking.withdrawn_on.is_none() && booking.booking.as_ref().is_some_and(is_open)
}

/// Notes that a one-off service was performed: it ends with that day, unless its contract had ended before, and can no longer
/// be withdrawn from (§ 356 Abs. 5 BGB n.F. where the consumer agreed to early performance).
///
/// # Errors
/// `not_a_one_off_service`, `subscription_ended`.
pub fn perform(account: &mut Account, circumstances: &Circumstances<'_>, booking_id: &str) -> Result<(), Violation> {
    let subscription = account.subscription_mut(booking_id)?;
    if !subscription.is_one_off_service() {
        return Err(Violation::conflict(
            "not_a_one_off_service",
            "Nur einmalige Leistungen werden als erbracht gemeldet.",
            "Only services that are performed once are reported as performed.",
        ));
    }
    let is_active = subscription.status_on(circumstances.today) == SubscriptionStatus::Active;
    if !is_active && !is_owed(subscription) {
        return Err(over(subscription));
    }
    let moment = circumstances.moment();
    if let Some(booking) = subscription
        .booking
        .as_mut()
        .filter(|booking| booking.performed_on.is_none())
    {
        booking.performed_on = Some(moment.on);
        // The end of a booking that is over has been settled and told; it stays as it was.
        if is_active {
            subscription.ends_on = Some(moment.on);
            subscription.ended_by_change_id = None;
        }
        let event = DraftEvent::of_subscription(EventType::AddOnPerformed, subscription, moment, true);
        account.events.push(event);
    }
    due::advance_now(account, moment)
}

/// Why a service is no longer to be performed.
fn over(booking: &Subscription) -> Violation {
    let performed_on = booking.booking.as_ref().and_then(|booking| booking.performed_on);
    let (de, en) = if booking.withdrawn_on.is_some() {
        (
            "Die Leistung wurde widerrufen.".to_owned(),
            "The service was withdrawn from.".to_owned(),
        )
    } else if let Some(on) = performed_on {
        (
            format!("Die Leistung wurde bereits am {} erbracht.", german(on)),
            format!("The service was already performed on {}.", english(on)),
        )
    } else {
        (
            "Die Leistung gehörte zum Tarif und ist mit ihm beendet.".to_owned(),
            "The service was part of the plan and has ended with it.".to_owned(),
        )
    };
    Violation::conflict("subscription_ended", de, en)
}

/// The refusal of a pause, which no add-on has (seed 003): what is offered instead, where something is.
pub fn pause_not_offered(name: &LocalizedText, is_one_off: bool) -> Violation {
    let (de, en) = if is_one_off {
        ("kann nicht pausiert werden.", "cannot be paused.")
    } else {
        (
            "kann nicht pausiert, aber jederzeit gekündigt und wieder gebucht werden.",
            "cannot be paused, but it can be cancelled at any time and booked again.",
        )
    };
    Violation::conflict(
        "pause_not_offered",
        format!("{} {de}", name.de),
        format!("{} {en}", name.en),
    )
}

//! The money of a withdrawal: charges are taken back as a whole, and what the phases afterwards still ask for is charged anew.

use time::Date;

use super::orders::OwedUse;
use crate::domain::{
    account::{Account, Moment},
    calendar::{next_day, previous_day},
    catalogue::{Price, PriceKind},
    charge::{Charge, ChargeKind, ChargeStatus},
    charging::{
        ChargeOccasion, charge_one_off, credit_one, credits_of, extend_billed_through, is_free_last_day, push_charge,
        unix_millis,
    },
    event::DraftEvent,
    event_type::EventType,
    ids::IdKind,
    invoice::{Taken, void},
    period::Period,
    proration::prorate,
    subscription::{Phase, Subscription},
    violation::Violation,
};

/// What was taken back.
#[derive(Debug, Clone, Default)]
pub(super) struct TakenBack {
    /// Drafts that are void now.
    pub voided: Vec<Charge>,
    /// Invoiced charges that a correction takes back.
    pub credited: Vec<Taken>,
}

/// Takes charges of contracts and bookings back as if they had never been made: drafts are void, each invoice is corrected once
/// in the end (design decision 9), because two corrections of one invoice could round its tax twice. A credit that was invoiced
/// is taken back only together with as much of the same invoice, so that no correction asks for money; otherwise it stands, and its
/// days are charged anew.
pub(super) fn take_back(
    account: &mut Account,
    taken: &mut TakenBack,
    charge_ids: &[String],
    moment: Moment,
) -> Vec<DraftEvent> {
    let ids = ids_taken_back(account, charge_ids);
    let known = account.events.len();
    let (voided, credited) = void(account, &ids, moment);
    taken.voided.extend(voided);
    taken.credited.extend(credited);
    account.events.drain(known..).collect()
}

/// Of the charges named, those to be taken back. What other documents have wholly credited already is owed no more: to take both
/// back would only ask for money and return it.
fn ids_taken_back(account: &Account, charge_ids: &[String]) -> Vec<String> {
    let all = || account.subscriptions.iter().flat_map(|each| &each.charges);
    let (credits, charges): (Vec<&Charge>, Vec<&Charge>) = all()
        .filter(|charge| charge_ids.contains(&charge.id))
        .partition(|charge| charge.kind == ChargeKind::Credit);
    let shares_invoice = |one: &Charge, other: &Charge| one.invoice_id.is_some() && one.invoice_id == other.invoice_id;
    let is_used_up = |charge: &Charge| {
        let reducing = || all().filter(|credit| credit.status == ChargeStatus::Invoiced && reduces(credit, charge));
        let left = reducing().fold(charge.amount.minor, |left, credit| left + credit.amount.minor);
        let mut with_others = reducing().filter(|credit| charges.iter().any(|other| shares_invoice(credit, other)));
        left == 0 && with_others.next().is_none()
    };
    let mut taken: Vec<&Charge> = charges.iter().copied().filter(|charge| !is_settled(charge)).collect();
    taken.retain(|charge| !is_used_up(charge));
    // What is taken back of the credit's own invoice must be worth at least the credits on it.
    let is_covered = |credit: &&Charge| {
        let goes = |other: &&Charge| {
            let is_credit = other.counts() && other.kind == ChargeKind::Credit;
            let goes_along = || taken.iter().any(|charge| reduces(other, charge));
            is_credit && (charge_ids.contains(&other.id) || goes_along())
        };
        let credits = all().filter(goes).filter(|other| shares_invoice(credit, other));
        let charges = taken.iter().copied().filter(|other| shares_invoice(credit, other));
        let worth: i64 = charges.clone().chain(credits).map(|other| other.amount.minor).sum();
        credit.status == ChargeStatus::Draft || (charges.count() > 0 && worth >= 0)
    };
    let credits: Vec<&Charge> = credits.into_iter().filter(is_covered).collect();
    let ids = taken.iter().chain(&credits).map(|charge| charge.id.clone());
    ids.collect()
}

/// Whether a charge stands on the correction that paid a contract's credits out at its end: there is no invoice to correct, so what
/// is left of it is credited instead.
pub(super) fn is_settled(charge: &Charge) -> bool {
    charge.status == ChargeStatus::Invoiced && charge.invoice_id.is_none()
}

/// Credits what is left of charges that were settled at the end of their contract.
///
/// # Errors
/// When an amount leaves the range of money.
pub(super) fn credit_settled(
    subscription: &mut Subscription,
    charge_ids: &[String],
    occasion: ChargeOccasion<'_>,
) -> Result<(Vec<Charge>, Vec<DraftEvent>), Violation> {
    let known = subscription.charges.len();
    let is_named = |charge: &&Charge| charge_ids.contains(&charge.id) && charge.kind != ChargeKind::Credit;
    let settled = subscription.charges.iter().filter(is_named);
    let settled: Vec<Charge> = settled.filter(|charge| is_settled(charge)).cloned().collect();
    for charge in settled {
        let before = subscription.charges.len();
        credit_one(subscription, &charge, charge.period_from, occasion)?;
        // Two parts of one charge may be rounded to a cent less than the whole; nothing of it is to stay.
        let credited: i64 = credits_of(subscription, &charge)
            .map(|credit| credit.amount.minor)
            .sum();
        if let Some(last) = subscription.charges[before..].last_mut() {
            last.amount.minor -= charge.amount.minor + credited;
        }
    }
    Ok(made_since(subscription, known))
}

fn reduces(credit: &Charge, original: &Charge) -> bool {
    credit.counts() && credit.original_charge_id.as_deref() == Some(original.id.as_str())
}

/// Which days are to be charged.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stretch {
    /// From the day on, to the end of each period that has begun by today.
    From { from_on: Date, today: Date },
    /// Exactly these days.
    Days { from_on: Date, through_on: Date },
}

/// Why something is charged anew, and how much of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pass<'a> {
    /// Keeps the ids of its charges apart from those of other passes.
    pub name: &'a str,
    /// Only the use that is owed; `None` for all that the phases ask for.
    pub owed: Option<&'a OwedUse>,
}

impl<'a> Pass<'a> {
    /// A pass for all that the phases ask for.
    pub(super) fn of(name: &'a str) -> Self {
        Self { name, owed: None }
    }
}

/// Charges, day by day and unit by unit, what the phases ask for and nobody has charged yet.
///
/// # Errors
/// When an amount leaves the range of money.
pub(super) fn charge_missing(
    subscription: &mut Subscription,
    stretch: Stretch,
    pass: Pass<'_>,
    occasion: ChargeOccasion<'_>,
) -> Result<(Vec<Charge>, Vec<DraftEvent>), Violation> {
    let (from_on, last_begin, limit) = match stretch {
        Stretch::From { from_on, today } => (from_on, today, None),
        Stretch::Days { from_on, through_on } => (from_on, through_on, Some(through_on)),
    };
    // What was not taken back may reach beyond the end of a cancelled contract; what is charged anew reaches as far, and the end
    // credits both.
    let kept_through = charged_through(subscription)
        .into_iter()
        .max()
        .filter(|_| limit.is_none());
    let end = subscription
        .ends_on
        .map(|end| kept_through.map_or(end, |kept| end.max(kept)));
    let known = subscription.charges.len();
    let mut day = from_on.max(subscription.starts_on);
    while day <= last_begin {
        let Some(phase) = subscription.phases.iter().find(|phase| phase.covers(day)).cloned() else {
            break;
        };
        let Some(period) = phase.schedule.period_containing(day) else {
            break;
        };
        let phase_through = through_withdrawals(subscription, &phase);
        let through = [Some(period.through_on), phase_through, end, limit]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(period.through_on);
        if through < day || is_free_last_day(subscription, &phase, day) {
            break;
        }
        for price in phase.recurring_prices() {
            charge_units(subscription, &phase, price, &period, (day, through), (pass, occasion))?;
            extend_billed_through(subscription, through);
        }
        day = next_day(through);
    }
    // What was not taken back may reach further than what was charged anew, beyond the end of a cancelled contract for example.
    for through in charged_through(subscription) {
        extend_billed_through(subscription, through);
    }
    Ok(made_since(subscription, known))
}

/// The last day of a phase, and of those that follow it only because units of it were withdrawn from: what stays is one charge.
fn through_withdrawals(subscription: &Subscription, phase: &Phase) -> Option<Date> {
    let mut last = phase;
    loop {
        let ended_by = last.ended_by_change_id.as_ref();
        let ended_by = ended_by.filter(|id| subscription.change(id).is_none());
        let mut phases = subscription.phases.iter();
        let next = phases.find(|next| {
            let follows = last.through_on.map(next_day) == Some(next.from_on) && !next.removed;
            follows && next.created_by_change_id.as_ref() == ended_by && next.plan.id == phase.plan.id
        });
        match next.filter(|next| ended_by.is_some() && next.suspended == phase.suspended) {
            Some(next) => last = next,
            None => return last.through_on,
        }
    }
}

/// The last day of each charge that counts, less what is credited of it.
fn charged_through(subscription: &Subscription) -> Vec<Date> {
    let charges = subscription.charges.iter().filter(|charge| charge.counts());
    let periods = charges.filter(|charge| matches!(charge.kind, ChargeKind::Recurring | ChargeKind::Proration));
    let through = periods.filter_map(|charge| {
        let credits = credits_of(subscription, charge);
        let mut credited: Vec<(Date, Date)> = credits.map(|one| (one.period_from, one.period_through)).collect();
        credited.sort_unstable();
        let mut through = charge.period_through;
        for (credited_from, credited_through) in credited.into_iter().rev() {
            if credited_through >= through {
                through = previous_day(credited_from);
            }
        }
        (through >= charge.period_from).then_some(through)
    });
    through.collect()
}

/// Charges a service that is performed once anew, for the units that are left of it.
///
/// # Errors
/// When an amount leaves the range of money.
pub(super) fn charge_service(
    subscription: &mut Subscription,
    occasion: ChargeOccasion<'_>,
) -> Result<(Vec<Charge>, Vec<DraftEvent>), Violation> {
    let known = subscription.charges.len();
    charge_one_off(subscription, occasion)?;
    Ok(made_since(subscription, known))
}

/// What was charged beyond the first `known` charges, with the events that tell it.
fn made_since(subscription: &Subscription, known: usize) -> (Vec<Charge>, Vec<DraftEvent>) {
    let made = subscription.charges[known..].to_vec();
    let events = made.iter().map(|charge| {
        let mut event = DraftEvent::of_charge(EventType::ChargeCreated, subscription.contract_id(), charge);
        event.by_caller = true;
        event
    });
    let events = events.collect();
    (made, events)
}

/// Charges one price for the days on which fewer units are charged than there are.
fn charge_units(
    subscription: &mut Subscription,
    phase: &Phase,
    price: &Price,
    period: &Period,
    (from, through): (Date, Date),
    (pass, occasion): (Pass<'_>, ChargeOccasion<'_>),
) -> Result<(), Violation> {
    let missing_on = |subscription: &Subscription, day: Date| {
        let phase = subscription.phase_on(day).unwrap_or(phase);
        let units = match price.kind {
            PriceKind::PerUnit => phase.quantity,
            _ => 1,
        };
        let owed = pass.owed.and_then(|owed| owed.units(&phase.id, price.kind));
        i64::from(owed.unwrap_or(units)) - charged_units(subscription, price, day)
    };
    let mut day = from;
    while day <= through {
        let missing = missing_on(subscription, day);
        let mut last = day;
        while last < through && missing_on(subscription, next_day(last)) == missing {
            last = next_day(last);
        }
        if let Some(quantity) = u32::try_from(missing).ok().filter(|missing| *missing > 0) {
            let known = subscription.charges.len();
            let proration = prorate(price.amount, missing, (period.from_on, period.through_on), (day, last))?;
            let kind = ChargeKind::Proration;
            push_charge(
                subscription,
                phase,
                price,
                quantity,
                &proration,
                period,
                (day, last),
                kind,
                occasion,
            );
            for charge in &mut subscription.charges[known..] {
                charge.id = id_of(charge, pass.name);
            }
        }
        day = next_day(last);
    }
    Ok(())
}

/// The pass that charges use before the withdrawal.
pub(super) const USED: &str = "used";

/// The id of a charge that a withdrawal makes: what follows from the same facts in the same pass.
fn id_of(charge: &Charge, pass: &str) -> String {
    let day = charge.period_from.to_string();
    let withdrawal_id = charge.change_id.as_deref().unwrap_or_default();
    let facts = [&charge.item_id, &charge.price_key, pass, &day, withdrawal_id];
    IdKind::Charge.derive(unix_millis(charge.created_at), &facts)
}

/// The charges of an item that compensate use before an earlier withdrawal of some of its units: a later one leaves them alone.
pub(super) fn compensations(subscription: &Subscription) -> Vec<String> {
    let charges = subscription.charges.iter().filter(|charge| charge.counts());
    let compensating = charges.filter(|charge| charge.change_id.is_some() && charge.id == id_of(charge, USED));
    compensating.map(|charge| charge.id.clone()).collect()
}

/// The charges of flat prices: they ask for the same however many units there are.
pub(super) fn flat_charges(subscription: &Subscription) -> Vec<String> {
    let is_flat = |charge: &&Charge| {
        let phase = subscription.phase_on(charge.period_from);
        let mut prices = phase.into_iter().flat_map(Phase::recurring_prices);
        prices.any(|price| price.key == charge.price_key && price.kind != PriceKind::PerUnit)
    };
    let flat = subscription.charges.iter().filter(is_flat);
    flat.map(|charge| charge.id.clone()).collect()
}

/// How many units of a price are charged for a day, net of credits.
fn charged_units(subscription: &Subscription, price: &Price, day: Date) -> i64 {
    let concerned = subscription.charges.iter().filter(|charge| {
        charge.counts() && charge.price_key == price.key && (charge.period_from..=charge.period_through).contains(&day)
    });
    concerned
        .map(|charge| match charge.kind {
            ChargeKind::Recurring | ChargeKind::Proration if charge.unit_price == price.amount => {
                i64::from(charge.quantity)
            }
            ChargeKind::Credit if charge.unit_price == price.amount.negated() => -i64::from(charge.quantity),
            _ => 0,
        })
        .sum()
}

/// Nothing from this day on is charged any more.
pub(super) fn rewind_billing(subscription: &mut Subscription, from: Date) {
    let eve = previous_day(from);
    subscription.billed_through_on = subscription
        .billed_through_on
        .map(|through| through.min(eve))
        .filter(|through| *through >= subscription.starts_on);
}

/// The charges of an item that changes brought about, directly or by what followed from them: those that name one of them, and
/// all from the day on. What the plan before had paid for that very day stays: a change of plan credited it, and a change of
/// quantity (`adds_only`) only added to it.
pub(super) fn charges_since(
    subscription: &Subscription,
    change_ids: &[String],
    from: Date,
    adds_only: bool,
) -> Vec<String> {
    let names = |charge: &Charge| charge.change_id.as_ref().is_some_and(|id| change_ids.contains(id));
    let counting = || subscription.charges.iter().filter(|charge| charge.counts());
    // Of these changes the later ones credited what the first one had charged, not what was there before.
    let is_later = |id: &String| change_ids.iter().skip(1).any(|later| later == id);
    let came_first = |credit: &Charge| credit.change_id.as_ref().is_some_and(|id| !is_later(id));
    let reaches = |credit: &Charge| credit.period_from <= from && came_first(credit);
    let was_credited = |charge: &Charge| counting().any(|credit| reaches(credit) && reduces(credit, charge));
    let came_before = |charge: &Charge| {
        charge.period_from == from && charge.change_id.is_none() && (adds_only || was_credited(charge))
    };
    counting()
        .filter(|charge| match charge.kind {
            ChargeKind::Credit => names(charge),
            ChargeKind::OneOff | ChargeKind::Usage => false,
            ChargeKind::Recurring | ChargeKind::Proration => {
                names(charge) || (charge.period_from >= from && !came_before(charge))
            }
        })
        .map(|charge| charge.id.clone())
        .collect()
}

/// What a service that is performed once was charged with.
pub(super) fn charges_of_service(subscription: &Subscription) -> Vec<String> {
    let charges = subscription.charges.iter().filter(|charge| charge.counts());
    let once = charges.filter(|charge| charge.kind == ChargeKind::OneOff);
    once.map(|charge| charge.id.clone()).collect()
}

/// The moment and the withdrawal under which charges are made.
pub(super) fn occasion(moment: Moment, withdrawal_id: &str) -> ChargeOccasion<'_> {
    ChargeOccasion {
        moment,
        change_id: Some(withdrawal_id),
    }
}

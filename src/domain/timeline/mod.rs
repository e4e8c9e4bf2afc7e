//! The story of a contract in words: what happened, from its events, and what is scheduled, from its dates.

mod billing_words;
mod related;
mod words;

pub use related::Related;

use serde_json::Value;
use time::{Date, OffsetDateTime};

use super::{
    account::Moment,
    calendar::{english, german, next_day},
    change::{Change, ChangeKind},
    charge::ChargeKind,
    charging::{ChargeOccasion, charge_period, next_uncharged_day},
    event_type::EventType,
    localized::LocalizedText,
    money::Money,
    subscription::Subscription,
    time_zone::TimeZone,
};

/// One entry of a timeline.
#[derive(Debug, Clone, PartialEq)]
pub struct TimelineEntry {
    /// Type of the event, or of the event that will come.
    pub event_type: String,
    /// When it happened or will happen.
    pub at: OffsetDateTime,
    /// Its legal day.
    pub on: Date,
    /// Whether it is still to come.
    pub scheduled: bool,
    /// What it is about: a change, a charge or the contract.
    pub object_id: Option<String>,
    /// The entry in words.
    pub text: LocalizedText,
}

/// What an event says, in words. `data` holds its snapshots. A stored type this version does not know is named as it is.
pub fn past(event_type: &str, data: &Value, at: OffsetDateTime, zone: &TimeZone) -> TimelineEntry {
    let known = EventType::parse(event_type);
    let object = known.map_or("", EventType::object);
    TimelineEntry {
        event_type: event_type.to_owned(),
        at,
        on: zone.local_date(at),
        scheduled: false,
        object_id: data[object]["id"].as_str().map(str::to_owned),
        text: known.map_or_else(
            || LocalizedText::new(event_type, event_type),
            |known| words::of(known, data),
        ),
    }
}

/// What is scheduled for a contract and the add-ons booked on it after `today`, in order; of their charges the next ones.
pub fn scheduled(
    contract: &Subscription,
    bookings: &[Subscription],
    today: Date,
    zone: &TimeZone,
) -> Vec<TimelineEntry> {
    // An add-on that is performed once has no days to tell.
    let bookings = bookings.iter().filter(|booking| !booking.is_one_off_service());
    let mut entries: Vec<TimelineEntry> = std::iter::once(contract)
        .chain(bookings)
        .filter(|item| item.withdrawn_on.is_none())
        .flat_map(|item| coming(item).into_iter().chain(next_charge(item, zone)))
        .filter(|coming| coming.on > today)
        .map(|coming| TimelineEntry {
            event_type: coming.event_type.as_str().to_owned(),
            at: zone.start_of_day(coming.on),
            on: coming.on,
            scheduled: true,
            object_id: Some(coming.object_id),
            text: coming.text,
        })
        .collect();
    entries.sort_by_key(|entry| entry.on);
    entries
}

/// Something a contract or booking has before it.
struct Coming {
    event_type: EventType,
    on: Date,
    object_id: String,
    text: LocalizedText,
}

fn coming(item: &Subscription) -> Vec<Coming> {
    let mut entries = Vec::new();
    let of = |event_type: EventType| match item.booking {
        None => event_type,
        Some(_) => event_type.of_booking(),
    };
    let mut add = |event_type: EventType, on: Date, object_id: &str, text: LocalizedText| {
        entries.push(Coming {
            event_type: of(event_type),
            on,
            object_id: object_id.to_owned(),
            text,
        });
    };
    if item.ends_on.is_none_or(|end| end >= item.starts_on) {
        let text = match booked_name(item, item.starts_on) {
            None => LocalizedText::new("Der Vertrag beginnt.", "The contract begins."),
            Some(name) => LocalizedText::new(format!("{}: beginnt.", name.de), format!("{}: begins.", name.en)),
        };
        add(EventType::SubscriptionStarted, item.starts_on, &item.id, text);
    }
    if let Some(change) = item.pending(ChangeKind::PlanChange) {
        let text = coming_plan(item, change);
        add(EventType::PlanChangeApplied, change.effective_on, &change.id, text);
    }
    if let Some(end) = item.ends_on {
        let (de, en) = (german(end), english(end));
        let text = match booked_name(item, end) {
            None => LocalizedText::new(
                format!("Der Vertrag endet mit Ablauf des {de}."),
                format!("The contract ends at the end of {en}."),
            ),
            Some(name) => LocalizedText::new(
                format!("{}: endet mit Ablauf des {de}.", name.de),
                format!("{}: ends at the end of {en}.", name.en),
            ),
        };
        add(EventType::SubscriptionEnded, next_day(end), &item.id, text);
    }
    entries
}

/// The next period that will be charged, as it will be charged by what is known now; `None` when nothing is left to charge.
fn next_charge(item: &Subscription, zone: &TimeZone) -> Option<Coming> {
    let (day, _) = next_uncharged_day(item)?;
    let mut charged = item.clone();
    charged.charges.clear();
    let at = zone.start_of_day(day);
    let occasion = ChargeOccasion {
        moment: Moment { on: day, at },
        change_id: None,
    };
    charge_period(&mut charged, day, ChargeKind::Recurring, occasion).ok()?;
    let currency = charged.charges.first()?.amount.currency;
    let amount = Money::sum(charged.charges.iter().map(|charge| charge.amount), currency).ok()?;
    let through = charged.billed_through_on?;
    let (name_de, name_en) = booked_name(item, day).map_or_else(
        || (String::new(), String::new()),
        |name| (format!("{}: ", name.de), format!("{}: ", name.en)),
    );
    let (amount_de, from_de, through_de) = (amount.german(), german(day), german(through));
    let (from_en, through_en) = (english(day), english(through));
    Some(Coming {
        event_type: EventType::ChargeCreated,
        on: day,
        object_id: item.id.clone(),
        text: LocalizedText::new(
            format!("{name_de}{amount_de} {currency} für {from_de} bis {through_de} werden berechnet."),
            format!("{name_en}{amount} for {from_en} to {through_en} will be charged."),
        ),
    })
}

/// The name of a booked add-on; `None` for contracts.
fn booked_name(item: &Subscription, day: Date) -> Option<&LocalizedText> {
    item.booking.as_ref()?;
    Some(&item.phase_on(day)?.plan.plan.name)
}

fn coming_plan(subscription: &Subscription, change: &Change) -> LocalizedText {
    let Some(phase) = subscription.phase_on(change.effective_on) else {
        return LocalizedText::new("Der Vertragswechsel wird wirksam.", "The plan change takes effect.");
    };
    let (name, quantity) = (&phase.plan.plan.name, phase.quantity);
    let (de, en) = (german(change.effective_on), english(change.effective_on));
    if subscription.booking.is_some() {
        return LocalizedText::new(
            format!("{}: Menge {quantity} ab dem {de}.", name.de),
            format!("{}: quantity {quantity} from {en} on.", name.en),
        );
    }
    LocalizedText::new(
        format!("Ab dem {de} gilt {} (Menge {quantity}).", name.de),
        format!("From {en} on {} applies (quantity {quantity}).", name.en),
    )
}

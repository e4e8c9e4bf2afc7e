//! The story of a contract in words: what happened, from its events, and what is scheduled, from its dates.

mod words;

use serde_json::Value;
use time::{Date, OffsetDateTime};

use super::{
    calendar::{english, german, next_day},
    change::{Change, ChangeKind},
    event_type::EventType,
    localized::LocalizedText,
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

/// What is scheduled for a contract after `today`, in order.
pub fn scheduled(subscription: &Subscription, today: Date, zone: &TimeZone) -> Vec<TimelineEntry> {
    let mut entries = Vec::new();
    if subscription.withdrawn_on.is_some() {
        return entries;
    }
    let mut add = |event_type: &str, on: Date, object_id: &str, text: LocalizedText| {
        if on > today {
            let (event_type, object_id) = (event_type.to_owned(), Some(object_id.to_owned()));
            entries.push(TimelineEntry {
                event_type,
                at: zone.start_of_day(on),
                on,
                scheduled: true,
                object_id,
                text,
            });
        }
    };
    let starts = subscription.ends_on.is_none_or(|end| end >= subscription.starts_on);
    if starts {
        let text = LocalizedText::new("Der Vertrag beginnt.", "The contract begins.");
        add("subscription.started", subscription.starts_on, &subscription.id, text);
    }
    if let Some(change) = subscription.pending(ChangeKind::PlanChange) {
        add(
            "plan_change.applied",
            change.effective_on,
            &change.id,
            coming_plan(subscription, change),
        );
    }
    if let Some(end) = subscription.ends_on {
        let text = LocalizedText::new(
            format!("Der Vertrag endete mit Ablauf des {}.", german(end)),
            format!("The contract ended at the end of {}.", english(end)),
        );
        add("subscription.ended", next_day(end), &subscription.id, text);
    }
    entries.sort_by_key(|entry| entry.on);
    entries
}

fn coming_plan(subscription: &Subscription, change: &Change) -> LocalizedText {
    let Some(phase) = subscription.phase_on(change.effective_on) else {
        return LocalizedText::new("Der Vertragswechsel wird wirksam.", "The plan change takes effect.");
    };
    let name = &phase.plan.plan.name;
    LocalizedText::new(
        format!("Ab jetzt gilt {} (Menge {}).", name.de, phase.quantity),
        format!("From now on {} applies (quantity {}).", name.en, phase.quantity),
    )
}

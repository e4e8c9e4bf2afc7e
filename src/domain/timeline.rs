//! The story of a contract in words: what happened, from its events, and what is scheduled, from its dates.

use serde_json::Value;
use time::{Date, OffsetDateTime};

use super::{
    calendar::{english, german, next_day},
    change::{Change, ChangeKind},
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

/// What an event says, in words. `data` holds its snapshots; a type without words of its own is named as it is.
pub fn past(event_type: &str, data: &Value, at: OffsetDateTime, zone: &TimeZone) -> TimelineEntry {
    let object = event_type.split('.').next().unwrap_or_default();
    let object_id = data[object]["id"].as_str().map(str::to_owned);
    TimelineEntry {
        event_type: event_type.to_owned(),
        at,
        on: zone.local_date(at),
        scheduled: false,
        object_id,
        text: words(event_type, data).unwrap_or_else(|| LocalizedText::new(event_type, event_type)),
    }
}

/// What is scheduled for a contract after `today`, in order.
pub fn scheduled(subscription: &Subscription, today: Date, zone: &TimeZone) -> Vec<TimelineEntry> {
    let mut entries = Vec::new();
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

fn words(event_type: &str, data: &Value) -> Option<LocalizedText> {
    let day = |object: &str, member: &str| -> Option<(String, String)> {
        let text = data[object][member].as_str()?;
        let date = super::calendar::parse_date(text)?;
        Some((german(date), english(date)))
    };
    let text = match event_type {
        "subscription.created" => {
            let (de, en) = day("subscription", "starts_on")?;
            LocalizedText::new(
                format!("Vertrag geschlossen, Beginn am {de}."),
                format!("Contract concluded, beginning on {en}."),
            )
        }
        "subscription.started" => LocalizedText::new("Der Vertrag hat begonnen.", "The contract began."),
        "subscription.ended" => {
            let (de, en) = day("subscription", "ends_on")?;
            LocalizedText::new(
                format!("Der Vertrag endete mit Ablauf des {de}."),
                format!("The contract ended at the end of {en}."),
            )
        }
        "plan_change.created" => {
            let (de, en) = day("plan_change", "effective_on")?;
            LocalizedText::new(
                format!("Vertragswechsel zum {de} erklärt."),
                format!("Plan change as of {en} declared."),
            )
        }
        "plan_change.applied" => LocalizedText::new("Der Vertragswechsel ist wirksam.", "The plan change took effect."),
        "plan_change.revoked" => LocalizedText::new("Vertragswechsel zurückgenommen.", "Plan change revoked."),
        "plan_change.superseded" => LocalizedText::new(
            "Vertragswechsel durch eine spätere Erklärung ersetzt.",
            "Plan change replaced by a later declaration.",
        ),
        "cancellation.created" => {
            let (de, en) = day("cancellation", "effective_on")?;
            LocalizedText::new(
                format!("Kündigung eingegangen, Vertragsende am {de}."),
                format!("Cancellation received, contract ends on {en}."),
            )
        }
        "cancellation.applied" => LocalizedText::new("Die Kündigung ist wirksam.", "The cancellation took effect."),
        "cancellation.revoked" => LocalizedText::new("Kündigung zurückgenommen.", "Cancellation revoked."),
        "cancellation.superseded" => LocalizedText::new(
            "Kündigung durch eine spätere ersetzt.",
            "Cancellation replaced by a later one.",
        ),
        "cancellation.accepted" => LocalizedText::new(
            "Außerordentliche Kündigung anerkannt.",
            "Extraordinary cancellation accepted.",
        ),
        "cancellation.rejected" => LocalizedText::new(
            "Außerordentlicher Grund nicht anerkannt; es bleibt beim ordentlichen Ende.",
            "The good cause was not accepted; the ordinary end stays.",
        ),
        "charge.created" => charge_words(data)?,
        _ => return None,
    };
    Some(text)
}

fn charge_words(data: &Value) -> Option<LocalizedText> {
    let charge = &data["charge"];
    let amount = charge["amount"]["amount"].as_str()?;
    let currency = charge["amount"]["currency"].as_str()?;
    let from = super::calendar::parse_date(charge["from_on"].as_str()?)?;
    let through = super::calendar::parse_date(charge["through_on"].as_str()?)?;
    let german_amount = amount.replace('.', ",");
    Some(LocalizedText::new(
        format!(
            "{german_amount} {currency} für {} bis {}.",
            german(from),
            german(through)
        ),
        format!("{amount} {currency} for {} to {}.", english(from), english(through)),
    ))
}

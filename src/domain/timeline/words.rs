//! Events as sentences, in both languages. The match names every type: a new one is told before it compiles.

use serde_json::Value;

use crate::domain::{
    calendar::{english, german, parse_date},
    event_type::EventType,
    localized::LocalizedText,
};

/// What an event says. Where a snapshot does not hold what the sentence would name, because data were erased, the plain
/// description of the type is told.
pub(super) fn of(event_type: EventType, data: &Value) -> LocalizedText {
    sentence(event_type, data).unwrap_or_else(|| event_type.description())
}

fn sentence(event_type: EventType, data: &Value) -> Option<LocalizedText> {
    use EventType as Type;
    match event_type {
        Type::SubscriptionCreated
        | Type::SubscriptionStarted
        | Type::SubscriptionEnded
        | Type::SubscriptionWithdrawn
        | Type::WithdrawalCreated => contract(event_type, data),
        Type::PlanChangeCreated
        | Type::PlanChangeApplied
        | Type::PlanChangeRevoked
        | Type::PlanChangeSuperseded
        | Type::CancellationCreated
        | Type::CancellationAccepted
        | Type::CancellationRejected
        | Type::CancellationApplied
        | Type::CancellationRevoked
        | Type::CancellationSuperseded => change(event_type, data),
        Type::AddOnCreated
        | Type::AddOnStarted
        | Type::AddOnEnded
        | Type::AddOnWithdrawn
        | Type::AddOnQuantityChangeCreated
        | Type::AddOnQuantityChangeApplied
        | Type::AddOnQuantityChangeRevoked
        | Type::AddOnQuantityChangeSuperseded
        | Type::AddOnCancellationCreated
        | Type::AddOnCancellationApplied
        | Type::AddOnCancellationRevoked
        | Type::AddOnCancellationSuperseded
        | Type::AddOnEndChanged
        | Type::AddOnPerformed => add_on(event_type, data),
        Type::SlotAllocated | Type::SlotReleased | Type::SlotMoved => slot(event_type, data),
        Type::ChargeCreated | Type::ChargeVoided => charge(event_type, data),
        Type::InvoiceIssued
        | Type::InvoicePaid
        | Type::InvoiceOverdue
        | Type::CreditNoteIssued
        | Type::PaymentRecorded
        | Type::UsageRecorded
        | Type::OrderConfirmed => None,
        // About the customer or a declaration, told with no more than what they are.
        Type::CustomerCreated
        | Type::CustomerUpdated
        | Type::CustomerDataErasureDue
        | Type::CustomerDataErasureAcknowledged
        | Type::CustomerDataErased
        | Type::CustomerDataExported
        | Type::DeclarationReceived
        | Type::DeclarationMatched
        | Type::DeclarationExecuted
        | Type::DeclarationRejected => None,
    }
}

fn contract(event_type: EventType, data: &Value) -> Option<LocalizedText> {
    let text = match event_type {
        EventType::SubscriptionCreated => {
            let (de, en) = day(data, "subscription", "starts_on")?;
            LocalizedText::new(
                format!("Vertrag geschlossen, Beginn am {de}."),
                format!("Contract concluded, beginning on {en}."),
            )
        }
        EventType::SubscriptionStarted => LocalizedText::new("Der Vertrag hat begonnen.", "The contract began."),
        EventType::SubscriptionEnded => {
            let (de, en) = day(data, "subscription", "ends_on")?;
            LocalizedText::new(
                format!("Der Vertrag endete mit Ablauf des {de}."),
                format!("The contract ended at the end of {en}."),
            )
        }
        EventType::SubscriptionWithdrawn => LocalizedText::new(
            "Der Vertrag ist durch Widerruf aufgehoben.",
            "The contract was undone by withdrawal.",
        ),
        EventType::WithdrawalCreated => LocalizedText::new("Widerruf eingegangen.", "Withdrawal received."),
        _ => return None,
    };
    Some(text)
}

fn change(event_type: EventType, data: &Value) -> Option<LocalizedText> {
    let text = match event_type {
        EventType::PlanChangeCreated => {
            let (de, en) = day(data, "plan_change", "effective_on")?;
            LocalizedText::new(
                format!("Vertragswechsel zum {de} erklärt."),
                format!("Plan change as of {en} declared."),
            )
        }
        EventType::PlanChangeApplied => {
            LocalizedText::new("Der Vertragswechsel ist wirksam.", "The plan change took effect.")
        }
        EventType::PlanChangeRevoked => LocalizedText::new("Vertragswechsel zurückgenommen.", "Plan change revoked."),
        EventType::PlanChangeSuperseded => LocalizedText::new(
            "Vertragswechsel durch eine spätere Erklärung ersetzt.",
            "Plan change replaced by a later declaration.",
        ),
        EventType::CancellationCreated => {
            let (de, en) = day(data, "cancellation", "effective_on")?;
            LocalizedText::new(
                format!("Kündigung eingegangen, Vertragsende am {de}."),
                format!("Cancellation received, contract ends on {en}."),
            )
        }
        EventType::CancellationApplied => {
            LocalizedText::new("Die Kündigung ist wirksam.", "The cancellation took effect.")
        }
        EventType::CancellationRevoked => LocalizedText::new("Kündigung zurückgenommen.", "Cancellation revoked."),
        EventType::CancellationSuperseded => LocalizedText::new(
            "Kündigung durch eine spätere ersetzt.",
            "Cancellation replaced by a later one.",
        ),
        EventType::CancellationAccepted => LocalizedText::new(
            "Außerordentliche Kündigung anerkannt.",
            "Extraordinary cancellation accepted.",
        ),
        EventType::CancellationRejected => LocalizedText::new(
            "Außerordentlicher Grund nicht anerkannt; es bleibt beim ordentlichen Ende.",
            "The good cause was not accepted; the ordinary end stays.",
        ),
        _ => return None,
    };
    Some(text)
}

fn add_on(event_type: EventType, data: &Value) -> Option<LocalizedText> {
    let booking = &data["add_on"];
    let (name_de, name_en) = (booking["name"]["de"].as_str()?, booking["name"]["en"].as_str()?);
    let ends = day(data, "add_on", "ends_on");
    let (de, en) = match event_type {
        EventType::AddOnCreated => {
            let quantity = booking["quantity"].as_u64()?;
            (
                format!("gebucht, Menge {quantity}."),
                format!("booked, quantity {quantity}."),
            )
        }
        EventType::AddOnEndChanged => match ends {
            Some((de, en)) => (format!("endet am {de}."), format!("ends on {en}.")),
            None => ("läuft weiter.".to_owned(), "goes on.".to_owned()),
        },
        EventType::AddOnEnded => {
            let (de, en) = ends?;
            (
                format!("endete mit Ablauf des {de}."),
                format!("ended at the end of {en}."),
            )
        }
        EventType::AddOnQuantityChangeCreated | EventType::AddOnQuantityChangeApplied => {
            let quantity = data["plan_change"]["to_quantity"].as_u64()?;
            let (on_de, on_en) = day(data, "plan_change", "effective_on")?;
            (
                format!("Menge {quantity} ab dem {on_de}."),
                format!("quantity {quantity} from {on_en} on."),
            )
        }
        EventType::AddOnCancellationCreated => {
            let (on_de, on_en) = day(data, "cancellation", "effective_on")?;
            (
                format!("Kündigung zum {on_de} eingegangen."),
                format!("cancellation as of {on_en} received."),
            )
        }
        _ => {
            let told = event_type.description();
            (told.de, told.en)
        }
    };
    Some(LocalizedText::new(
        format!("{name_de}: {de}"),
        format!("{name_en}: {en}"),
    ))
}

fn slot(event_type: EventType, data: &Value) -> Option<LocalizedText> {
    let name = data["slot"]["name"].as_str()?;
    let (de, en) = match event_type {
        EventType::SlotAllocated => ("belegt einen Platz", "takes a slot"),
        EventType::SlotReleased => ("gibt den Platz frei", "leaves the slot"),
        EventType::SlotMoved => ("zieht in diesen Vertrag um", "moves into this contract"),
        _ => return None,
    };
    Some(LocalizedText::new(format!("„{name}“ {de}."), format!("“{name}” {en}.")))
}

fn charge(event_type: EventType, data: &Value) -> Option<LocalizedText> {
    let charge = &data["charge"];
    let amount = charge["amount"]["amount"].as_str()?;
    let currency = charge["amount"]["currency"].as_str()?;
    let (from_de, from_en) = day(data, "charge", "from_on")?;
    let (through_de, through_en) = day(data, "charge", "through_on")?;
    let german_amount = amount.replace('.', ",");
    let (dropped, is_dropped) = match event_type {
        EventType::ChargeVoided => ("Entfallen: ", "Dropped: "),
        _ => ("", ""),
    };
    Some(LocalizedText::new(
        format!("{dropped}{german_amount} {currency} für {from_de} bis {through_de}."),
        format!("{is_dropped}{amount} {currency} for {from_en} to {through_en}."),
    ))
}

/// A day of a snapshot as it is written in both languages.
fn day(data: &Value, object: &str, member: &str) -> Option<(String, String)> {
    let date = parse_date(data[object][member].as_str()?)?;
    Some((german(date), english(date)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_type_is_a_sentence_in_both_languages_even_without_data() {
        for event_type in EventType::ALL {
            let text = of(*event_type, &json!({}));
            for told in [&text.de, &text.en] {
                assert!(told.ends_with('.') && !told.contains("{"), "{event_type:?}: {told}");
            }
            assert_ne!(text.de, text.en, "{event_type:?}");
        }
    }

    #[test]
    fn amounts_and_days_are_written_as_the_language_does() {
        let data = json!({ "charge": {
            "amount": { "amount": "-12.90", "currency": "EUR" }, "from_on": "2026-11-01", "through_on": "2026-11-30",
        }});
        let text = of(EventType::ChargeCreated, &data);
        assert_eq!(text.de, "-12,90 EUR für 01.11.2026 bis 30.11.2026.");
        assert_eq!(text.en, "-12.90 EUR for 1 November 2026 to 30 November 2026.");
        assert!(of(EventType::ChargeVoided, &data).de.starts_with("Entfallen: -12,90"));
    }
}

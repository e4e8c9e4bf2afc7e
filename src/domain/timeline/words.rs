//! Events as sentences, in both languages. The match names every type: a new one is told before it compiles.

use serde_json::Value;

use super::billing_words;
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
        | Type::SubscriptionRestored
        | Type::SubscriptionWithdrawn => contract(event_type, data),
        Type::WithdrawalCreated => billing_words::withdrawal(data),
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
        | Type::AddOnRestored
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
        | Type::OrderConfirmed => billing_words::of(event_type, data),
        Type::DeclarationReceived
        | Type::DeclarationMatched
        | Type::DeclarationExecuted
        | Type::DeclarationRejected => declaration(event_type, data),
        Type::CustomerDataErasureDue => {
            let (de, en) = day(data, "erasure", "deadline_on")?;
            Some(LocalizedText::new(
                format!("Die Daten sind zu löschen, in den Systemen des Anbieters spätestens am {de}."),
                format!("The data are to be erased, in the provider's systems by {en} at the latest."),
            ))
        }
        // About the customer, told with no more than what they are.
        Type::CustomerCreated
        | Type::CustomerUpdated
        | Type::CustomerDataErasureAcknowledged
        | Type::CustomerDataErased
        | Type::CustomerDataExported => None,
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
        EventType::SubscriptionRestored => LocalizedText::new(
            "Der Vertrag läuft weiter: was ihn beendet hatte, wurde widerrufen.",
            "The contract goes on: what had ended it was withdrawn from.",
        ),
        EventType::SubscriptionWithdrawn => {
            let (de, en) = day(data, "subscription", "withdrawn_on")?;
            LocalizedText::new(
                format!("Der Vertrag ist durch Widerruf vom {de} aufgehoben."),
                format!("The contract was undone by the withdrawal of {en}."),
            )
        }
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
        EventType::AddOnEndChanged | EventType::AddOnRestored => match ends {
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
        EventType::AddOnPerformed => {
            let (on_de, on_en) = day(data, "add_on", "performed_on")?;
            (format!("am {on_de} erbracht."), format!("performed on {on_en}."))
        }
        _ => {
            let (de, en) = plainly(event_type)?;
            (de.to_owned(), en.to_owned())
        }
    };
    Some(LocalizedText::new(
        format!("{name_de}: {de}"),
        format!("{name_en}: {en}"),
    ))
}

/// What is said of an add-on without a day or quantity.
fn plainly(event_type: EventType) -> Option<(&'static str, &'static str)> {
    Some(match event_type {
        EventType::AddOnStarted => ("hat begonnen.", "began."),
        EventType::AddOnWithdrawn => ("durch Widerruf aufgehoben.", "undone by withdrawal."),
        EventType::AddOnQuantityChangeRevoked => ("andere Menge zurückgenommen.", "other quantity revoked."),
        EventType::AddOnQuantityChangeSuperseded => (
            "andere Menge durch eine spätere Erklärung ersetzt.",
            "other quantity replaced by a later declaration.",
        ),
        EventType::AddOnCancellationApplied => ("die Kündigung ist wirksam.", "the cancellation took effect."),
        EventType::AddOnCancellationRevoked => ("Kündigung zurückgenommen.", "cancellation revoked."),
        EventType::AddOnCancellationSuperseded => (
            "Kündigung durch eine spätere Erklärung ersetzt.",
            "cancellation replaced by a later declaration.",
        ),
        _ => return None,
    })
}

/// A declaration made without login, by the reference that was told to whoever made it.
fn declaration(event_type: EventType, data: &Value) -> Option<LocalizedText> {
    let declaration = &data["declaration"];
    let reference = declaration["reference"].as_str()?;
    let (de, en) = match declaration["type"].as_str()? {
        "withdrawal" => ("Widerruf", "Withdrawal"),
        "cancellation" => ("Kündigung", "Cancellation"),
        _ => return None,
    };
    let (done_de, done_en) = match event_type {
        EventType::DeclarationReceived => ("eingegangen", "received"),
        EventType::DeclarationMatched => ("diesem Vertrag zugeordnet", "matched to this contract"),
        EventType::DeclarationExecuted => ("ausgeführt", "executed"),
        EventType::DeclarationRejected => ("zurückgewiesen", "rejected"),
        _ => return None,
    };
    Some(LocalizedText::new(
        format!("{de} ohne Anmeldung {done_de}, Vorgang {reference}."),
        format!("{en} without login {done_en}, reference {reference}."),
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
    let (amount_de, amount_en) = money(&charge["amount"])?;
    let (from_de, from_en) = day(data, "charge", "from_on")?;
    let (through_de, through_en) = day(data, "charge", "through_on")?;
    let (dropped, is_dropped) = match event_type {
        EventType::ChargeVoided => ("Entfallen: ", "Dropped: "),
        _ => ("", ""),
    };
    Some(LocalizedText::new(
        format!("{dropped}{amount_de} für {from_de} bis {through_de}."),
        format!("{is_dropped}{amount_en} for {from_en} to {through_en}."),
    ))
}

/// A day of a snapshot as it is written in both languages.
pub(super) fn day(data: &Value, object: &str, member: &str) -> Option<(String, String)> {
    day_of(&data[object][member])
}

/// A day as it is written in both languages.
pub(super) fn day_of(value: &Value) -> Option<(String, String)> {
    let date = parse_date(value.as_str()?)?;
    Some((german(date), english(date)))
}

/// An amount as it is written in both languages.
pub(super) fn money(value: &Value) -> Option<(String, String)> {
    let (amount, currency) = (value["amount"].as_str()?, value["currency"].as_str()?);
    Some((
        format!("{} {currency}", amount.replace('.', ",")),
        format!("{amount} {currency}"),
    ))
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

    #[test]
    fn add_ons_and_declarations_are_told_by_name_and_reference() {
        let data = json!({
            "add_on": {
                "name": { "de": "Prüfung", "en": "Audit" }, "quantity": 2, "ends_on": "2026-12-31",
                "performed_on": "2026-11-25",
            },
            "plan_change": { "to_quantity": 3, "effective_on": "2026-12-01" },
            "cancellation": { "effective_on": "2026-12-31" },
            "subscription": { "withdrawn_on": "2026-11-24" },
            "declaration": { "type": "cancellation", "reference": "7KQ2M-9XW4T" },
            "erasure": { "deadline_on": "2026-12-22" },
        });
        for (event_type, de, en) in [
            (
                EventType::AddOnCreated,
                "Prüfung: gebucht, Menge 2.",
                "Audit: booked, quantity 2.",
            ),
            (EventType::AddOnStarted, "Prüfung: hat begonnen.", "Audit: began."),
            (
                EventType::AddOnPerformed,
                "Prüfung: am 25.11.2026 erbracht.",
                "Audit: performed on 25 November 2026.",
            ),
            (
                EventType::AddOnQuantityChangeApplied,
                "Prüfung: Menge 3 ab dem 01.12.2026.",
                "Audit: quantity 3 from 1 December 2026 on.",
            ),
            (
                EventType::AddOnCancellationCreated,
                "Prüfung: Kündigung zum 31.12.2026 eingegangen.",
                "Audit: cancellation as of 31 December 2026 received.",
            ),
            (
                EventType::AddOnWithdrawn,
                "Prüfung: durch Widerruf aufgehoben.",
                "Audit: undone by withdrawal.",
            ),
            (
                EventType::SubscriptionRestored,
                "Der Vertrag läuft weiter: was ihn beendet hatte, wurde widerrufen.",
                "The contract goes on: what had ended it was withdrawn from.",
            ),
            (
                EventType::SubscriptionWithdrawn,
                "Der Vertrag ist durch Widerruf vom 24.11.2026 aufgehoben.",
                "The contract was undone by the withdrawal of 24 November 2026.",
            ),
            (
                EventType::DeclarationExecuted,
                "Kündigung ohne Anmeldung ausgeführt, Vorgang 7KQ2M-9XW4T.",
                "Cancellation without login executed, reference 7KQ2M-9XW4T.",
            ),
            (
                EventType::CustomerDataErasureDue,
                "Die Daten sind zu löschen, in den Systemen des Anbieters spätestens am 22.12.2026.",
                "The data are to be erased, in the provider's systems by 22 December 2026 at the latest.",
            ),
        ] {
            let text = of(event_type, &data);
            assert_eq!((text.de.as_str(), text.en.as_str()), (de, en), "{event_type:?}");
        }
        for event_type in EventType::ALL.iter().filter(|one| one.object() == "add_on") {
            assert!(of(*event_type, &data).de.starts_with("Prüfung: "), "{event_type:?}");
        }
    }
}

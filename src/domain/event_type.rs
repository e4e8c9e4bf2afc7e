//! Every type an event can have. Nothing else can be recorded, and whatever tells or documents events matches over this
//! list, so that a new type is told in words and documented before it compiles.

use super::{change::ChangeKind, localized::LocalizedText};

/// Declares the types once: `Variant = "name", ("German", "English");`.
macro_rules! event_types {
    ($($variant:ident = $name:literal, ($de:literal, $en:literal);)+) => {
        /// What happened: `object.verb`. New types may join; existing ones keep their meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum EventType {
            $(#[doc = $en] $variant,)+
        }

        impl EventType {
            /// Every type, object by object.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The type as it is stored and sent.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// When an event of this type is recorded, in one sentence.
            pub fn description(self) -> LocalizedText {
                match self { $(Self::$variant => LocalizedText::new($de, $en),)+ }
            }
        }
    };
}

event_types! {
    SubscriptionCreated = "subscription.created", ("Ein Vertrag wurde geschlossen.", "A contract was concluded.");
    SubscriptionStarted = "subscription.started", ("Ein Vertrag hat begonnen.", "A contract began.");
    SubscriptionEnded = "subscription.ended", ("Ein Vertrag ist zu Ende.", "A contract has ended.");
    SubscriptionRestored = "subscription.restored", ("Ein beendeter Vertrag läuft weiter, weil widerrufen wurde, was ihn beendet hatte.", "A contract that had ended goes on, because what had ended it was withdrawn from.");
    SubscriptionWithdrawn = "subscription.withdrawn", ("Ein Vertrag ist durch Widerruf aufgehoben (§ 355 BGB).", "A contract was undone by withdrawal (§ 355 BGB).");
    PlanChangeCreated = "plan_change.created", ("Ein Vertragswechsel wurde erklärt.", "A plan change was declared.");
    PlanChangeApplied = "plan_change.applied", ("Ein Vertragswechsel ist wirksam geworden.", "A plan change took effect.");
    PlanChangeRevoked = "plan_change.revoked", ("Ein vorgemerkter Vertragswechsel wurde zurückgenommen.", "A pending plan change was revoked.");
    PlanChangeSuperseded = "plan_change.superseded", ("Ein vorgemerkter Vertragswechsel wurde durch eine spätere Erklärung ersetzt.", "A pending plan change was replaced by a later declaration.");
    CancellationCreated = "cancellation.created", ("Eine Kündigung ist eingegangen.", "A cancellation was received.");
    CancellationAccepted = "cancellation.accepted", ("Der Grund einer außerordentlichen Kündigung wurde anerkannt.", "The good cause of an extraordinary cancellation was accepted.");
    CancellationRejected = "cancellation.rejected", ("Der Grund einer außerordentlichen Kündigung wurde nicht anerkannt; es bleibt beim ordentlichen Ende.", "The good cause of an extraordinary cancellation was not accepted; the ordinary end stays.");
    CancellationApplied = "cancellation.applied", ("Eine Kündigung ist wirksam geworden.", "A cancellation took effect.");
    CancellationRevoked = "cancellation.revoked", ("Eine Kündigung wurde zurückgenommen.", "A cancellation was revoked.");
    CancellationSuperseded = "cancellation.superseded", ("Eine Kündigung wurde durch eine spätere ersetzt.", "A cancellation was replaced by a later one.");
    WithdrawalCreated = "withdrawal.created", ("Ein Widerruf (§ 355 BGB) ist eingegangen.", "A withdrawal (§ 355 BGB) was received.");
    AddOnCreated = "add_on.created", ("Eine Zusatzoption wurde gebucht.", "An add-on was booked.");
    AddOnStarted = "add_on.started", ("Eine Zusatzoption hat begonnen.", "An add-on began.");
    AddOnEndChanged = "add_on.end_changed", ("Das Ende einer Zusatzoption richtet sich nach ihrem Vertrag neu.", "The end of an add-on moved with its contract.");
    AddOnPerformed = "add_on.performed", ("Eine einmalige Leistung wurde erbracht.", "A one-off service was performed.");
    AddOnEnded = "add_on.ended", ("Eine Zusatzoption ist zu Ende.", "An add-on has ended.");
    AddOnRestored = "add_on.restored", ("Eine beendete Zusatzoption läuft weiter, weil widerrufen wurde, was sie beendet hatte.", "An add-on that had ended goes on, because what had ended it was withdrawn from.");
    AddOnWithdrawn = "add_on.withdrawn", ("Eine Zusatzoption ist durch Widerruf aufgehoben (§ 355 BGB).", "An add-on was undone by withdrawal (§ 355 BGB).");
    AddOnQuantityChangeCreated = "add_on.quantity_change_created", ("Eine andere Menge einer Zusatzoption wurde bestellt.", "Another quantity of an add-on was ordered.");
    AddOnQuantityChangeApplied = "add_on.quantity_change_applied", ("Die andere Menge einer Zusatzoption gilt.", "The other quantity of an add-on took effect.");
    AddOnQuantityChangeRevoked = "add_on.quantity_change_revoked", ("Die vorgemerkte andere Menge einer Zusatzoption wurde zurückgenommen.", "A pending quantity change of an add-on was revoked.");
    AddOnQuantityChangeSuperseded = "add_on.quantity_change_superseded", ("Die vorgemerkte andere Menge einer Zusatzoption wurde durch eine spätere Erklärung ersetzt.", "A pending quantity change of an add-on was replaced by a later declaration.");
    AddOnCancellationCreated = "add_on.cancellation_created", ("Die Kündigung einer Zusatzoption ist eingegangen.", "The cancellation of an add-on was received.");
    AddOnCancellationApplied = "add_on.cancellation_applied", ("Die Kündigung einer Zusatzoption ist wirksam geworden.", "The cancellation of an add-on took effect.");
    AddOnCancellationRevoked = "add_on.cancellation_revoked", ("Die Kündigung einer Zusatzoption wurde zurückgenommen.", "The cancellation of an add-on was revoked.");
    AddOnCancellationSuperseded = "add_on.cancellation_superseded", ("Die Kündigung einer Zusatzoption wurde durch eine spätere ersetzt.", "The cancellation of an add-on was replaced by a later one.");
    SlotAllocated = "slot.allocated", ("Ein freier Platz eines Pakets wurde belegt.", "A free slot of a package was taken.");
    SlotReleased = "slot.released", ("Ein Platz eines Pakets wurde frei.", "A slot of a package was released.");
    SlotMoved = "slot.moved", ("Eine Belegung ist in ein anderes Paket umgezogen.", "An allocation moved into another package.");
    ChargeCreated = "charge.created", ("Ein Betrag wurde berechnet oder gutgeschrieben.", "An amount was charged or credited.");
    ChargeVoided = "charge.voided", ("Ein Betrag entfällt.", "An amount no longer counts.");
    InvoiceIssued = "invoice.issued", ("Eine Rechnung wurde gestellt.", "An invoice was issued.");
    InvoicePaid = "invoice.paid", ("Eine Rechnung ist bezahlt.", "An invoice was paid.");
    InvoiceOverdue = "invoice.overdue", ("Eine Rechnung ist überfällig.", "An invoice is overdue.");
    CreditNoteIssued = "credit_note.issued", ("Eine Rechnung wurde durch eine Rechnungskorrektur berichtigt.", "An invoice was corrected by a credit note.");
    PaymentRecorded = "payment.recorded", ("Eine Zahlung wurde erfasst.", "A payment was recorded.");
    UsageRecorded = "usage.recorded", ("Ein Verbrauch wurde erfasst.", "Usage was recorded.");
    OrderConfirmed = "order.confirmed", ("Ein Warenkorb wurde bestellt.", "A cart was ordered.");
    CustomerCreated = "customer.created", ("Ein Kunde wurde angelegt.", "A customer was created.");
    CustomerUpdated = "customer.updated", ("Die Stammdaten eines Kunden haben sich geändert.", "The master data of a customer changed.");
    CustomerDataErasureDue = "customer.data_erasure_due", ("Die Daten eines Kunden sind zu löschen.", "The data of a customer are to be erased.");
    CustomerDataErasureAcknowledged = "customer.data_erasure_acknowledged", ("Der Anbieter hat die Löschung in seinen Systemen bestätigt.", "The provider has confirmed the erasure in its systems.");
    CustomerDataErased = "customer.data_erased", ("Die Daten eines Kunden wurden gelöscht.", "The data of a customer were erased.");
    CustomerDataExported = "customer.data_exported", ("Die Daten eines Kunden wurden ausgegeben.", "The data of a customer were exported.");
    DeclarationReceived = "declaration.received", ("Eine Erklärung ist über die Kündigungs- oder Widerrufsschaltfläche eingegangen.", "A declaration was received through the cancellation or withdrawal button.");
    DeclarationMatched = "declaration.matched", ("Eine Erklärung wurde einem Vertrag zugeordnet.", "A declaration was matched to a contract.");
    DeclarationExecuted = "declaration.executed", ("Eine Erklärung wurde ausgeführt.", "A declaration was executed.");
    DeclarationRejected = "declaration.rejected", ("Eine Erklärung wurde zurückgewiesen.", "A declaration was rejected.");
}

/// What becomes of a plan change or cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeVerb {
    /// Declared.
    Created,
    /// In effect.
    Applied,
    /// Taken back.
    Revoked,
    /// Replaced by a later declaration.
    Superseded,
}

impl EventType {
    /// Parses a stored or sent type.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|event_type| event_type.as_str() == text)
    }

    /// The object the event is about, which names the member of the event's data: `plan_change`.
    pub fn object(self) -> &'static str {
        self.as_str().split('.').next().unwrap_or_default()
    }

    /// The type that says of an add-on booking what this one says of a contract; the type itself where there is none.
    pub fn of_booking(self) -> Self {
        match self {
            Self::SubscriptionCreated => Self::AddOnCreated,
            Self::SubscriptionStarted => Self::AddOnStarted,
            Self::SubscriptionEnded => Self::AddOnEnded,
            Self::SubscriptionRestored => Self::AddOnRestored,
            Self::SubscriptionWithdrawn => Self::AddOnWithdrawn,
            Self::PlanChangeCreated => Self::AddOnQuantityChangeCreated,
            Self::PlanChangeApplied => Self::AddOnQuantityChangeApplied,
            Self::PlanChangeRevoked => Self::AddOnQuantityChangeRevoked,
            Self::PlanChangeSuperseded => Self::AddOnQuantityChangeSuperseded,
            Self::CancellationCreated => Self::AddOnCancellationCreated,
            Self::CancellationApplied => Self::AddOnCancellationApplied,
            Self::CancellationRevoked => Self::AddOnCancellationRevoked,
            Self::CancellationSuperseded => Self::AddOnCancellationSuperseded,
            other => other,
        }
    }

    /// What became of a change of a contract.
    pub fn of_change(kind: ChangeKind, verb: ChangeVerb) -> Self {
        match (kind, verb) {
            (ChangeKind::PlanChange, ChangeVerb::Created) => Self::PlanChangeCreated,
            (ChangeKind::PlanChange, ChangeVerb::Applied) => Self::PlanChangeApplied,
            (ChangeKind::PlanChange, ChangeVerb::Revoked) => Self::PlanChangeRevoked,
            (ChangeKind::PlanChange, ChangeVerb::Superseded) => Self::PlanChangeSuperseded,
            (ChangeKind::Cancellation, ChangeVerb::Created) => Self::CancellationCreated,
            (ChangeKind::Cancellation, ChangeVerb::Applied) => Self::CancellationApplied,
            (ChangeKind::Cancellation, ChangeVerb::Revoked) => Self::CancellationRevoked,
            (ChangeKind::Cancellation, ChangeVerb::Superseded) => Self::CancellationSuperseded,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn types_are_unique_and_fit_the_standard() {
        let mut seen = HashSet::new();
        for event_type in EventType::ALL {
            let name = event_type.as_str();
            assert!(seen.insert(name), "{name} twice");
            // Standard Webhooks 1.0: `[a-zA-Z0-9_.]`, full-stop delimited.
            let fits = |byte: u8| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'.');
            assert!(name.bytes().all(fits) && name.matches('.').count() == 1, "{name}");
            assert!(name.len() <= 60, "{name}");
            assert_eq!(EventType::parse(name), Some(*event_type));
            let text = event_type.description();
            assert!(text.de != text.en && text.en.ends_with('.'), "{name}");
        }
        assert_eq!(EventType::parse("subscription.exploded"), None);
        assert_eq!(EventType::PlanChangeApplied.object(), "plan_change");
    }

    #[test]
    fn changes_have_events_named_after_them() {
        use ChangeVerb::{Applied, Created, Revoked, Superseded};
        for kind in [ChangeKind::PlanChange, ChangeKind::Cancellation] {
            for (verb, name) in [
                (Created, "created"),
                (Applied, "applied"),
                (Revoked, "revoked"),
                (Superseded, "superseded"),
            ] {
                let expected = format!("{}.{name}", kind.as_str());
                assert_eq!(EventType::of_change(kind, verb).as_str(), expected);
            }
        }
    }
}

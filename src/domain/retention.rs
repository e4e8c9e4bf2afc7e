//! What is erased when a contract ends and its customer wants that (Art. 17 GDPR), what must be kept all the same, why and
//! until when (Art. 17 Abs. 3 lit. b GDPR; § 14b UStG, § 147 AO, § 257 HGB).

use time::{Date, Month};

use super::account::{Account, Moment};
use super::calendar::add_days;
use super::change::{Change, ChangeStatus};
use super::event::DraftEvent;
use super::event_type::EventType;
use super::ids::IdKind;
use super::localized::LocalizedText;
use super::subscription::Subscription;

/// Days the provider's own systems have to erase product data: without undue delay, at the latest within a month
/// (Art. 12 Abs. 3 GDPR).
pub const OWN_SYSTEMS_DAYS: u32 = 30;

/// Data that must be kept although their purpose is fulfilled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RetainedClass {
    /// Invoices, credit notes, payments, and the charges and usage they were made of.
    Invoices,
    /// Commercial letters: contracts, declarations and their confirmations.
    Letters,
    /// Who declared and agreed to what, and that the record of it holds.
    Evidence,
}

impl RetainedClass {
    /// Every class, in the order in which they are told.
    pub const ALL: [Self; 3] = [Self::Invoices, Self::Letters, Self::Evidence];

    /// The name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invoices => "invoices",
            Self::Letters => "letters",
            Self::Evidence => "evidence",
        }
    }

    /// How many years from the end of the calendar year in which they came to be.
    pub fn years(self) -> i32 {
        match self {
            Self::Invoices => 8,
            Self::Letters | Self::Evidence => 6,
        }
    }

    /// Where the law says so.
    pub fn source(self) -> &'static str {
        match self {
            Self::Invoices => "§ 14b Abs. 1 UStG, § 147 Abs. 3 AO, § 257 Abs. 4 HGB",
            Self::Letters => "§ 257 Abs. 1 Nr. 2 und 3, Abs. 4 HGB, § 147 Abs. 3 AO",
            Self::Evidence => "Art. 17 Abs. 3 lit. e DSGVO, § 257 Abs. 4 HGB",
        }
    }

    /// What it is and why it is kept.
    pub fn text(self) -> LocalizedText {
        match self {
            Self::Invoices => LocalizedText::new(
                "Rechnungen, Gutschriften, Zahlungen und die Posten, aus denen sie entstanden sind: acht Jahre.",
                "Invoices, credit notes, payments and the items they were made of: eight years.",
            ),
            Self::Letters => LocalizedText::new(
                "Geschäftsbriefe: Verträge, Kündigungen, Widerrufe und andere Erklärungen mit ihren Gründen und Bestätigungen, mit Name und \
                 Anschriften, unter denen sie gewechselt wurden: sechs Jahre.",
                "Commercial letters: contracts, cancellations, withdrawals and other declarations with their reasons and confirmations, with \
                 the name and the addresses under which they were exchanged: six years.",
            ),
            Self::Evidence => LocalizedText::new(
                "Nachweise, wer was erklärt und wem zugestimmt hat: so lange wie die Erklärungen.",
                "Evidence of who declared and agreed to what: as long as the declarations.",
            ),
        }
    }
}

/// The first day on which something that came to be on `created_on` may be deleted: the first of January after the years of
/// its class, which begin with the end of the calendar year (§ 14b Abs. 1 Satz 3 UStG, § 257 Abs. 5 HGB).
pub fn earliest_deletion(class: RetainedClass, created_on: Date) -> Date {
    let year = created_on.year().saturating_add(class.years()).saturating_add(1);
    Date::from_calendar_date(year, Month::January, 1).unwrap_or(Date::MAX)
}

/// Whether the data of an event are product data: what the customer did with the product, and the profile of the customer.
/// They are erased; everything else is a letter, a voucher or evidence and kept.
pub fn is_product_data(event_type: EventType) -> bool {
    matches!(
        event_type,
        EventType::UsageRecorded | EventType::SlotAllocated | EventType::SlotReleased | EventType::SlotMoved
    )
}

/// Whether the data of an event are the customer's profile, which goes with the last contract.
pub fn is_profile(event_type: EventType) -> bool {
    matches!(event_type, EventType::CustomerCreated | EventType::CustomerUpdated)
}

/// What falls due for the data when a contract has ended by a cancellation that asked for erasure: the event that tells the
/// provider's own systems, with their deadline. `None` for ends nobody asked erasure with.
pub fn erasure_due(subscription: &Subscription, cancellation_id: &str, moment: Moment) -> Option<DraftEvent> {
    let asked = subscription
        .change(cancellation_id)
        .and_then(|change| change.cancellation())
        .is_some_and(|details| details.delete_data);
    if !asked || subscription.booking.is_some() {
        return None;
    }
    let at = i64::try_from(moment.at.unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
    let erasure_id = IdKind::Erasure.derive(at, &[cancellation_id]);
    Some(DraftEvent {
        event_type: EventType::CustomerDataErasureDue,
        subscription_id: Some(subscription.id.clone()),
        occurred_at: moment.at,
        by_caller: false,
        data: serde_json::json!({
            "erasure": {
                "id": erasure_id,
                "subscription_id": subscription.id,
                "cancellation_id": cancellation_id,
                "due_on": moment.on.to_string(),
                "deadline_on": add_days(moment.on, OWN_SYSTEMS_DAYS).to_string(),
            },
        }),
    })
}

/// The latest cancellation of a contract that asked for erasure and was not taken back.
pub fn erasure_wish(subscription: &Subscription) -> Option<&str> {
    let asks = |change: &&Change| {
        let details = change.cancellation();
        change.status != ChangeStatus::Revoked && details.is_some_and(|details| details.delete_data)
    };
    let latest = subscription.changes.iter().rev().find(asks)?;
    Some(&latest.id)
}

/// Whether the customer has a contract that is not over yet, so that the profile is still needed.
pub fn profile_is_needed(account: &Account) -> bool {
    account
        .contracts()
        .any(|contract| !contract.ended_recorded && contract.withdrawn_on.is_none())
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn the_years_begin_with_the_end_of_the_calendar_year() {
        use RetainedClass::{Evidence, Invoices, Letters};
        for (class, created_on, deletion_on) in [
            (Invoices, date!(2021 - 01 - 01), date!(2030 - 01 - 01)),
            (Invoices, date!(2021 - 12 - 31), date!(2030 - 01 - 01)),
            (Invoices, date!(2022 - 01 - 01), date!(2031 - 01 - 01)),
            (Letters, date!(2021 - 06 - 30), date!(2028 - 01 - 01)),
            (Letters, date!(2024 - 02 - 29), date!(2031 - 01 - 01)),
            (Evidence, date!(2021 - 06 - 30), date!(2028 - 01 - 01)),
        ] {
            assert_eq!(
                earliest_deletion(class, created_on),
                deletion_on,
                "{class:?} {created_on}"
            );
        }
        assert_eq!(earliest_deletion(Invoices, Date::MAX), Date::MAX);
    }

    #[test]
    fn declarations_invoices_and_consents_are_never_product_data() {
        let erased: Vec<&str> = EventType::ALL
            .iter()
            .filter(|event_type| is_product_data(**event_type) || is_profile(**event_type))
            .map(|event_type| event_type.as_str())
            .collect();
        assert_eq!(
            erased,
            [
                "slot.allocated",
                "slot.released",
                "slot.moved",
                "usage.recorded",
                "customer.created",
                "customer.updated",
            ]
        );
    }
}

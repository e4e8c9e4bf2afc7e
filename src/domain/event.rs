//! Events: what happened, with a snapshot of what it happened to. They are audit trail, timeline and evidence.
//!
//! Snapshots are in no language: texts are made from them when they are shown.

use serde_json::{Value, json};
use time::{Date, OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    account::Moment,
    change::{Change, ChangeDetails},
    charge::Charge,
    event_type::{ChangeVerb, EventType},
    invoice::{Allocation, Document, DocumentType, InvoiceHead, Payment, UsageRecord},
    subscription::{Booking, Subscription},
};

/// An event that has not been recorded yet.
#[derive(Debug, Clone, PartialEq)]
pub struct DraftEvent {
    /// What happened.
    pub event_type: EventType,
    /// The contract it is about.
    pub subscription_id: Option<String>,
    /// When it happened: the due instant for what falls due by itself.
    pub occurred_at: OffsetDateTime,
    /// Whether the caller of the command did it; otherwise time did.
    pub by_caller: bool,
    /// Snapshots by object name.
    pub data: Value,
}

impl DraftEvent {
    /// An event about a contract alone.
    pub fn of_subscription(
        event_type: EventType,
        subscription: &Subscription,
        moment: Moment,
        by_caller: bool,
    ) -> Self {
        let (event_type, kind) = match &subscription.booking {
            None => (event_type, "subscription"),
            Some(_) => (event_type.of_booking(), "add_on"),
        };
        Self {
            event_type,
            subscription_id: Some(subscription.contract_id().to_owned()),
            occurred_at: moment.at,
            by_caller,
            data: json!({ kind: subscription_snapshot(subscription, moment.on) }),
        }
    }

    /// What became of a plan change or cancellation; carries the contract as it is afterwards.
    pub fn of_change(
        verb: ChangeVerb,
        subscription: &Subscription,
        change: &Change,
        moment: Moment,
        by_caller: bool,
    ) -> Self {
        let event_type = EventType::of_change(change.kind(), verb);
        Self::about_change(event_type, subscription, change, moment, by_caller)
    }

    /// Any other event about a plan change or cancellation, for example staff's decision.
    pub fn about_change(
        event_type: EventType,
        subscription: &Subscription,
        change: &Change,
        moment: Moment,
        by_caller: bool,
    ) -> Self {
        let kind = change.kind().as_str();
        let (event_type, of) = match &subscription.booking {
            None => (event_type, "subscription"),
            Some(_) => (event_type.of_booking(), "add_on"),
        };
        Self {
            event_type,
            subscription_id: Some(subscription.contract_id().to_owned()),
            occurred_at: moment.at,
            by_caller,
            data: json!({
                kind: change_snapshot(change),
                of: subscription_snapshot(subscription, moment.on),
            }),
        }
    }

    /// An event about a charge that came to be.
    pub fn of_charge(event_type: EventType, subscription_id: &str, charge: &Charge) -> Self {
        Self {
            event_type,
            subscription_id: Some(subscription_id.to_owned()),
            occurred_at: charge.created_at,
            by_caller: false,
            data: json!({ "charge": charge_snapshot(charge) }),
        }
    }

    /// An event about an invoice or correction that was issued. Its number joins when it is stored.
    pub fn of_document(document: &Document, moment: Moment) -> Self {
        let event_type = match document.document_type {
            DocumentType::Invoice => EventType::InvoiceIssued,
            DocumentType::CreditNote => EventType::CreditNoteIssued,
        };
        let charges: Vec<&str> = document.lines.iter().map(|line| line.charge_id.as_str()).collect();
        Self {
            event_type,
            subscription_id: None,
            occurred_at: moment.at,
            by_caller: document.document_type == DocumentType::CreditNote,
            data: json!({ event_type.object(): {
                "id": document.id,
                "number": document.number,
                "issued_on": document.issued_on.to_string(),
                "due_on": document.due_on.map(|day| day.to_string()),
                "totals": document.totals,
                "amount_due": document.amount_due,
                "charge_ids": charges,
                "correction": document.correction,
            }}),
        }
    }

    /// An event about an invoice that was paid or became overdue.
    pub fn of_invoice(event_type: EventType, invoice: &InvoiceHead, moment: Moment) -> Self {
        Self {
            event_type,
            subscription_id: None,
            occurred_at: moment.at,
            by_caller: false,
            data: json!({ "invoice": {
                "id": invoice.id,
                "number": invoice.number,
                "status": invoice.status.as_str(),
                "issued_on": invoice.issued_on.to_string(),
                "due_on": invoice.due_on.to_string(),
                "gross": invoice.gross,
                "paid": invoice.paid,
                "credited": invoice.credited,
                "set_off": invoice.set_off,
            }}),
        }
    }

    /// An event about a payment that was recorded.
    pub fn of_payment(payment: &Payment, moment: Moment) -> Self {
        let part = |part: &Allocation| json!({ "invoice_id": part.invoice_id, "amount": part.amount });
        Self {
            event_type: EventType::PaymentRecorded,
            subscription_id: None,
            occurred_at: moment.at,
            by_caller: true,
            data: json!({ "payment": {
                "id": payment.id,
                "amount": payment.amount,
                "received_on": payment.received_on.to_string(),
                "invoice_id": payment.invoice_id,
                "method": payment.method,
                "reference": payment.reference,
                "allocations": payment.allocations.iter().map(part).collect::<Vec<_>>(),
                "to_balance": payment.to_balance,
            }}),
        }
    }

    /// An event about usage that was reported.
    pub fn of_usage(usage: &UsageRecord) -> Self {
        Self {
            event_type: EventType::UsageRecorded,
            subscription_id: Some(usage.subscription_id.clone()),
            occurred_at: usage.recorded_at,
            by_caller: true,
            data: json!({ "usage": {
                "id": usage.id,
                "price_key": usage.price_key,
                "quantity": usage.quantity,
                "used_at": instant(usage.used_at),
                "used_on": usage.used_on.to_string(),
            }}),
        }
    }

    /// Adds a member to the event's data, for example the consents given.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        if let Value::Object(members) = &mut self.data {
            members.insert(name.to_owned(), value);
        }
        self
    }
}

/// A contract as it is: ids and dates only.
pub fn subscription_snapshot(subscription: &Subscription, day: Date) -> Value {
    let phases: Vec<Value> = subscription
        .phases
        .iter()
        .filter(|phase| !phase.removed)
        .map(|phase| {
            json!({
                "plan_id": phase.plan.plan_id,
                "plan_version_id": phase.plan.id,
                "plan": phase.plan.plan.key,
                "quantity": phase.quantity,
                "from_on": phase.from_on.to_string(),
                "through_on": phase.through_on.map(|day| day.to_string()),
            })
        })
        .collect();
    if let Some(booking) = &subscription.booking {
        return booking_snapshot(subscription, booking, &phases, day);
    }
    json!({
        "id": subscription.id,
        "contract_number": subscription.contract_number,
        "status": subscription.status_on(day).as_str(),
        "customer_type": subscription.customer_type.as_str(),
        "concluded_at": instant(subscription.concluded_at),
        "instructed_at": subscription.instructed_at.map(instant),
        "early_start_requested": subscription.early_start_requested,
        "starts_on": subscription.starts_on.to_string(),
        "ends_on": subscription.ends_on.map(|day| day.to_string()),
        "withdrawn_on": subscription.withdrawn_on.map(|day| day.to_string()),
        "phases": phases,
    })
}

/// An add-on booking as it is.
fn booking_snapshot(subscription: &Subscription, booking: &Booking, phases: &[Value], day: Date) -> Value {
    let phase = subscription.phase_on(day);
    json!({
        "id": subscription.id,
        "subscription_id": booking.subscription_id,
        "add_on_id": booking.add_on_id,
        "add_on": phase.map(|phase| phase.plan.plan.key.clone()),
        "name": phase.map(|phase| json!(phase.plan.plan.name)),
        "quantity": phase.map(|phase| phase.quantity),
        "included": booking.included,
        "status": subscription.status_on(day).as_str(),
        "customer_type": subscription.customer_type.as_str(),
        "booked_at": instant(subscription.concluded_at),
        "instructed_at": subscription.instructed_at.map(instant),
        "early_start_requested": subscription.early_start_requested,
        "starts_on": subscription.starts_on.to_string(),
        "ends_on": subscription.ends_on.map(|day| day.to_string()),
        "withdrawn_on": subscription.withdrawn_on.map(|day| day.to_string()),
        "performed_on": booking.performed_on.map(|day| day.to_string()),
        "phases": phases,
    })
}

/// A plan change or cancellation as it stands.
pub fn change_snapshot(change: &Change) -> Value {
    let details = match &change.details {
        ChangeDetails::PlanChange(details) => json!(details),
        ChangeDetails::Cancellation(details) => json!(details),
    };
    let mut snapshot = json!({
        "id": change.id,
        "status": change.status.as_str(),
        "received_at": instant(change.received_at),
        "effective_on": change.effective_on.to_string(),
        "superseded_by_id": change.superseded_by_id,
        "settled_at": change.settled_at.map(instant),
    });
    if let (Value::Object(members), Value::Object(details)) = (&mut snapshot, details) {
        members.extend(details);
    }
    if let ChangeDetails::PlanChange(details) = &change.details {
        snapshot["instructed_at"] = json!(details.instructed_at.map(instant));
    }
    snapshot
}

/// A charge with its period and arithmetic.
pub fn charge_snapshot(charge: &Charge) -> Value {
    json!({
        "id": charge.id,
        "item_id": charge.item_id,
        "price_key": charge.price_key,
        "kind": charge.kind.as_str(),
        "status": charge.status.as_str(),
        "change_id": charge.change_id,
        "original_charge_id": charge.original_charge_id,
        "invoice_id": charge.invoice_id,
        "quantity": charge.quantity,
        "unit_price": charge.unit_price,
        "amount": charge.amount,
        "price_mode": charge.price_mode,
        "tax_rate": charge.tax_rate,
        "from_on": charge.period_from.to_string(),
        "through_on": charge.period_through.to_string(),
        "charged_on": charge.charged_on.to_string(),
        "arithmetic": charge.arithmetic.en,
    })
}

/// An instant as `2026-11-21T19:17:54.123Z`.
pub fn instant(at: OffsetDateTime) -> String {
    const MILLISECONDS: &[time::format_description::BorrowedFormatItem<'static>] =
        time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    // At the edges of the calendar there is no such instant in UTC; it is written as it is.
    let utc = at.checked_to_offset(time::UtcOffset::UTC).unwrap_or(at);
    utc.format(MILLISECONDS)
        .or_else(|_| utc.format(&Rfc3339))
        .unwrap_or_default()
}

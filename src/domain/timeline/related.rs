//! Which events of a customer belong to the story of one contract. Invoices, corrections, payments and carts are the customer's
//! and may take up several contracts; they belong to each contract of which they take up something.

use std::collections::HashSet;

use serde_json::Value;

use crate::domain::event_type::EventType;

/// What is known to belong to a contract, by id.
#[derive(Debug, Clone, Default)]
pub struct Related {
    known: HashSet<String>,
}

impl Related {
    /// The types whose events name no contract and may belong to one.
    pub const TYPES: [EventType; 6] = [
        EventType::InvoiceIssued,
        EventType::InvoicePaid,
        EventType::InvoiceOverdue,
        EventType::CreditNoteIssued,
        EventType::PaymentRecorded,
        EventType::OrderConfirmed,
    ];

    /// Learns what an event of the contract itself is about: its bookings and charges.
    pub fn learn(&mut self, data: &Value) {
        let objects = data.as_object().into_iter().flatten();
        let ids = objects.filter_map(|(_, object)| object["id"].as_str());
        self.known.extend(ids.map(str::to_owned));
    }

    /// Whether an event that names no contract takes up something of this one; to be asked in the order of the events.
    pub fn takes_up(&mut self, event_type: &str, data: &Value) -> bool {
        let Some(event_type) = EventType::parse(event_type) else {
            return false;
        };
        let object = &data[event_type.object()];
        let any = |list: &Value, name: Option<&str>| {
            let ids = list.as_array().into_iter().flatten();
            ids.filter_map(|one| name.map_or(one, |name| &one[name]).as_str())
                .any(|id| self.known.contains(id))
        };
        let belongs = match event_type {
            EventType::InvoiceIssued => any(&object["charge_ids"], None),
            EventType::CreditNoteIssued => {
                any(&object["charge_ids"], None) || any(&object["correction"]["invoices"], Some("id"))
            }
            EventType::InvoicePaid | EventType::InvoiceOverdue => {
                object["id"].as_str().is_some_and(|id| self.known.contains(id))
            }
            EventType::PaymentRecorded => any(&object["allocations"], Some("invoice_id")),
            EventType::OrderConfirmed => any(&object["items"], Some("item_id")),
            _ => false,
        };
        if belongs {
            self.learn(data);
        }
        belongs
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn documents_belong_to_the_contracts_they_take_up() {
        let mut related = Related::default();
        related.learn(&json!({ "subscription": { "id": "sub_1" } }));
        related.learn(&json!({ "charge": { "id": "chg_1" } }));
        for (event_type, data, belongs) in [
            (
                "order.confirmed",
                json!({ "order": { "id": "ord_1", "items": [{ "item_id": "sub_1" }] } }),
                true,
            ),
            (
                "order.confirmed",
                json!({ "order": { "id": "ord_2", "items": [{ "item_id": "sub_2" }] } }),
                false,
            ),
            (
                "invoice.issued",
                json!({ "invoice": { "id": "inv_1", "charge_ids": ["chg_0", "chg_1"] } }),
                true,
            ),
            (
                "invoice.issued",
                json!({ "invoice": { "id": "inv_2", "charge_ids": ["chg_0"] } }),
                false,
            ),
            (
                "payment.recorded",
                json!({ "payment": { "allocations": [{ "invoice_id": "inv_2" }] } }),
                false,
            ),
            (
                "payment.recorded",
                json!({ "payment": { "allocations": [{ "invoice_id": "inv_1" }] } }),
                true,
            ),
            ("invoice.paid", json!({ "invoice": { "id": "inv_1" } }), true),
            ("invoice.overdue", json!({ "invoice": { "id": "inv_2" } }), false),
            (
                "credit_note.issued",
                json!({ "credit_note": { "charge_ids": [], "correction": { "invoices": [{ "id": "inv_1" }] } } }),
                true,
            ),
            (
                "credit_note.issued",
                json!({ "credit_note": { "charge_ids": ["chg_0"], "correction": null } }),
                false,
            ),
            ("customer.updated", json!({ "customer": { "id": "sub_1" } }), false),
            ("invoice.exploded", json!({ "invoice": { "id": "inv_1" } }), false),
        ] {
            assert_eq!(related.takes_up(event_type, &data), belongs, "{event_type} {data}");
        }
    }
}

//! Plans as a catalogue would hold them, made for one test.

use serde_json::{Value, json};

use crate::domain::catalogue::Plan;

/// A monthly plan for everyone, 30.00 flat, to be left with the end of a billing period; `differences` are merged over it.
pub fn plan(key: &str, differences: Value) -> Plan {
    let text = |text: &str| json!({ "de": text, "en": text });
    let mut value = json!({
        "key": key, "product": "hosting", "name": text(key), "description": text(key),
        "sold_to": ["consumer", "business"], "price_mode": "net", "tax_rate": "19",
        "billing_interval": "P1M", "billing_alignment": "anniversary",
        "terms": { "initial_term": null, "renewal": null, "notice": "P0D", "to": "billing_period_end" },
        "prices": [price("base", "flat", "30.00")],
        "price_label": text(key),
        "quantity": { "unit": "contract", "minimum": 1, "maximum": 1 },
        "order_button": { "de": "zahlungspflichtig bestellen", "en": "order with obligation to pay" },
        "withdrawal": { "compensation": "none" },
    });
    if let (Value::Object(members), Value::Object(differences)) = (&mut value, differences) {
        members.extend(differences);
    }
    serde_json::from_value(value).expect("a plan")
}

/// A monthly plan with one flat price.
pub fn flat(key: &str, amount: &str) -> Plan {
    plan(key, json!({ "prices": [price("base", "flat", amount)] }))
}

/// A monthly plan priced per unit, 1 to 100 units.
pub fn per_unit(key: &str, amount: &str) -> Plan {
    plan(key, units(amount))
}

/// What makes a plan one that is priced per unit.
pub fn units(amount: &str) -> Value {
    json!({
        "prices": [price("base", "per_unit", amount)],
        "quantity": { "unit": "user", "minimum": 1, "maximum": 100 },
    })
}

pub fn price(key: &str, kind: &str, amount: &str) -> Value {
    json!({
        "key": key, "kind": kind, "amount": { "amount": amount, "currency": "EUR" },
        "label": { "de": key, "en": key },
    })
}

/// The terms of a plan, as in a catalogue.
pub fn terms(initial_term: Option<&str>, renewal: Option<&str>, notice: &str, to: &str) -> Value {
    json!({ "initial_term": initial_term, "renewal": renewal, "notice": notice, "to": to })
}

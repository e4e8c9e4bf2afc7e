//! Contracts over HTTP: concluding, changing, cancelling and taking back, with previews that hold and refusals that change
//! nothing.

mod add_ons;
mod cancelling;
mod changing;
mod concluding;
mod consenting;
mod deciding;
mod hard_cases;
mod ordering;
mod repeating;
mod seeing;
mod several;
mod taking_in;
mod undoing;
mod withdrawing;

use serde_json::{Value, json};
use time::Duration;

use crate::helpers::TestApp;
use crate::helpers::http::Caller;

/// Consents to documents by key, in the version of the demo catalogues.
pub fn consents(keys: &[&str]) -> Value {
    keys.iter()
        .map(|key| json!({ "document": key, "version": "2020-01", "accepted": true }))
        .collect()
}

/// An order of a plan with its consents.
pub fn order(plan: &str, quantity: u32, consented: &[&str]) -> Value {
    json!({ "plan": plan, "quantity": quantity, "consents": consents(consented) })
}

/// A contract of a new business customer of `sprechfenster` about `plus` for three users: the customer and the contract.
pub async fn plus_contract(app: &TestApp<'_>) -> (Caller, Value) {
    let (_, customer) = app.customer("sprechfenster", "business").await;
    let contract = customer
        .post("/v1/subscriptions", order("plus", 3, &["terms", "dpa"]))
        .await
        .expect(201);
    (customer, contract)
}

/// The id of an object.
pub fn id(object: &Value) -> String {
    object["id"]
        .as_str()
        .unwrap_or_else(|| panic!("no id in {object}"))
        .to_owned()
}

/// The codes of a preview's texts or consequences.
pub fn codes(notes: &Value) -> Vec<&str> {
    let notes = notes.as_array().expect("a list");
    notes
        .iter()
        .map(|note| note["code"].as_str().expect("a code"))
        .collect()
}

/// Moves the wall clock.
pub fn let_pass(app: &TestApp<'_>, time: Duration) {
    app.state.clock.advance(time);
}

//! Declarations without login (§§ 312k, 356a BGB): received in any case, executed only when they prove their contract.

mod attacks;
mod attacks_on_withdrawals;
mod inbox;
mod receiving;
mod withdrawing;
mod withdrawing_at_once;

use serde_json::{Value, json};
use vertragswerk::services::emails::deliver_next;

use crate::helpers::TestApp;
use crate::helpers::http::Caller;
use crate::scenarios::story::consents;

/// The provider whose contracts are declared about; it sells to businesses.
pub const PROVIDER: &str = "sprechfenster";
/// Where cancellations are declared.
pub const CANCELLATIONS: &str = "/v1/public/sprechfenster/cancellations";
/// Where withdrawals are entered.
pub const WITHDRAWALS: &str = "/v1/public/kontaktkiste/withdrawals";

/// A customer with a contract "plus" that can be ended with three months to the end of a quarter.
pub async fn plus_contract(app: &TestApp<'_>) -> (String, Caller, Value) {
    let (customer_id, customer) = app.customer(PROVIDER, "business").await;
    let order = json!({ "plan": "plus", "quantity": 3, "consents": consents(&["terms", "dpa"]) });
    let contract = customer.post("/v1/subscriptions", order).await.expect(201);
    (customer_id, customer, contract)
}

/// A consumer with a contract, instructed about the right of withdrawal.
pub async fn consumer_contract(app: &TestApp<'_>) -> (String, Caller, Value) {
    let (customer_id, customer) = app.customer("kontaktkiste", "consumer").await;
    let order = json!({
        "plan": "crm_monthly", "order_button_text": "zahlungspflichtig bestellen",
        "consents": consents(&["terms", "dpa", "withdrawal_instruction"]),
    });
    let contract = customer.post("/v1/subscriptions", order).await.expect(201);
    (customer_id, customer, contract)
}

/// A cancellation of `contract` by the customer of the tests.
pub fn cancellation(contract: &str) -> Value {
    json!({
        "kind": "ordinary", "identity": { "name": "Erika Mustermann" }, "contract": contract,
        "confirmation_email": "erika@example.com",
    })
}

/// A withdrawal from `contract` by the customer of the tests.
pub fn withdrawal(contract: &str) -> Value {
    json!({ "name": "Erika Mustermann", "contract": contract, "confirmation_email": "erika@example.com" })
}

/// A member that is text.
pub fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

/// The mails staff can read, the newest first, all of them delivered.
pub async fn mails(app: &TestApp<'_>, provider: &str) -> Vec<Value> {
    while deliver_next(&app.state).expect("a database") {}
    let listed = app.staff(provider).get("/v1/emails?limit=100").await.expect(200);
    listed["data"].as_array().expect("a list").clone()
}

/// What differs between two receipts of the same declaration: reference, time and token.
pub fn without_what_differs(receipt: &Value) -> String {
    let reference = text(receipt, "reference").to_owned();
    let page = text(&receipt["confirmation"], "page_href").to_owned();
    let token = page.rsplit('/').next().expect("a token").to_owned();
    receipt
        .to_string()
        .replace(&reference, "REFERENCE")
        .replace(&token, "TOKEN")
}

//! A list costs as many statements for many objects as for one: nothing is asked once per row.

use serde_json::{Value, json};

use crate::helpers::{TestApp, over_http};
use crate::invoices::story::{conclude, on_clock};
use crate::scenarios::story::consents;

over_http!(lists_ask_the_database_no_more_for_many_than_for_few);

/// What a customer's portal reads: lists, and what tells about everything at once.
const READS: &[&str] = &[
    "/v1/subscriptions",
    "/v1/plan-changes",
    "/v1/cancellations",
    "/v1/withdrawals",
    "/v1/charges",
    "/v1/invoices",
    "/v1/credit-notes",
    "/v1/usage",
    "/v1/emails",
    "/v1/plans",
    "/v1/add-ons",
    "/v1/products",
];

async fn lists_ask_the_database_no_more_for_many_than_for_few(app: TestApp<'_>) {
    let (clock, customer_id, customer) = on_clock(&app, "kontaktkiste", "2026-03-02T09:00:00Z", json!({})).await;
    let mut reads: Vec<String> = READS.iter().map(|path| (*path).to_owned()).collect();
    reads.push(format!("/v1/customers/{customer_id}/entitlements"));
    let first = history(&customer).await;
    app.advance("kontaktkiste", &clock, "2026-03-25T09:00:00Z").await;
    reads.push(format!("{first}/add-ons"));
    let mut before = Vec::new();
    for path in &reads {
        before.push(cost(&app, &customer, path).await);
    }
    for _ in 0..6 {
        history(&customer).await;
    }
    let order = json!({ "add_on": "extra_storage", "consents": consents(&["terms", "dpa", "withdrawal_instruction"]) });
    customer.post(&format!("{first}/add-ons"), order).await.expect(201);
    app.advance("kontaktkiste", &clock, "2026-05-25T09:00:00Z").await;
    for (path, before) in reads.iter().zip(before) {
        let after = cost(&app, &customer, path).await;
        assert!(
            after.0 <= before.0,
            "{path}: {after:?} statements and objects after {before:?}"
        );
    }
}

/// A contract with an add-on, a pending plan change and a cancelled twin; its path.
async fn history(customer: &crate::helpers::http::Caller) -> String {
    let kept = format!("/v1/subscriptions/{}", conclude(customer, "crm_monthly").await);
    let left = format!("/v1/subscriptions/{}", conclude(customer, "crm_monthly").await);
    let agreed = consents(&["terms", "dpa", "withdrawal_instruction"]);
    let order = json!({ "add_on": "extra_users", "quantity": 2, "consents": agreed });
    customer.post(&format!("{kept}/add-ons"), order).await.expect(201);
    let change = json!({ "plan": "crm_yearly", "consents": agreed });
    customer.post(&format!("{kept}/plan-changes"), change).await.expect(201);
    customer
        .post(&format!("{left}/cancellations"), json!({}))
        .await
        .expect(201);
    kept
}

/// Statements of one read once everything is warm, and how many objects it tells.
async fn cost(app: &TestApp<'_>, customer: &crate::helpers::http::Caller, path: &str) -> (u64, usize) {
    customer.get(path).await.expect(200);
    let before = app.state.db.statements();
    let answer = customer.get(path).await.expect(200);
    let told = answer["data"].as_array().map_or(0, Vec::len);
    assert!(answer != Value::Null);
    (app.state.db.statements() - before, told)
}

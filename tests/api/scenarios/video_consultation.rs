//! Seed 001: a video consultation service. From plus to basis at the end of the notice period, taken back, asked again, applied.

use serde_json::{Value, json};

use super::story::{Transcript, consents, minor, on_both, sum};
use crate::helpers::TestApp;
use crate::helpers::http::Caller;

const PROVIDER: &str = "sprechfenster";

#[test]
fn from_plus_to_basis_and_back_and_again() {
    on_both(tell);
}

async fn tell(app: TestApp<'static>, transcript: Transcript) {
    let clock = app.test_clock(PROVIDER, "2021-03-15T09:00:00Z").await;
    let (_, customer) = app
        .customer_with(PROVIDER, json!({ "test_clock_id": clock, "locale": "de" }))
        .await;
    let id = conclude_plus_with_three_users(&customer, &transcript).await;

    first_change_ends_on_30_june(&customer, &id, &transcript).await;
    taken_back_the_notice_starts_anew(&customer, &id, &transcript).await;

    app.advance(PROVIDER, &clock, "2021-04-01T08:00:00Z").await;
    let change = asked_again_it_is_30_september(&customer, &id, &transcript).await;

    app.advance(PROVIDER, &clock, "2021-09-30T21:59:59Z").await;
    let before = transcript.note(customer.get(&format!("/v1/subscriptions/{id}")).await.expect(200));
    assert_eq!(
        (before["plan"]["key"].as_str(), before["quantity"].as_u64()),
        (Some("plus"), Some(3))
    );

    app.advance(PROVIDER, &clock, "2021-09-30T22:00:00Z").await;
    applied_at_midnight_in_berlin(&customer, &id, &change, &transcript).await;
}

async fn conclude_plus_with_three_users(customer: &Caller, transcript: &Transcript) -> String {
    let order = json!({ "plan": "plus", "quantity": 3, "consents": consents(&["terms", "dpa"]) });
    let subscription = transcript.note(customer.post("/v1/subscriptions", order).await.expect(201));
    assert_eq!(subscription["status"], "active");
    assert_eq!(subscription["starts_on"], "2021-03-15");
    assert_eq!(subscription["billed_through_on"], "2021-04-14");
    assert_eq!(subscription["recurring"]["net"]["amount"], "57.00");
    subscription["id"].as_str().expect("an id").to_owned()
}

async fn first_change_ends_on_30_june(customer: &Caller, id: &str, transcript: &Transcript) {
    let path = format!("/v1/subscriptions/{id}/plan-changes");
    let preview = customer
        .post(&format!("{path}/preview"), json!({ "plan": "basis" }))
        .await
        .expect(200);
    transcript.note(preview.clone());
    assert_eq!(preview["effective_on"], "2021-07-01");
    assert_eq!(preview["latest_receipt_on"], "2021-03-31");
    assert_eq!(preview["due_now"]["gross"]["amount"], "0.00");
    assert_eq!(preview["recurring"]["gross"]["amount"], "0.00");
    let codes: Vec<&str> = preview["consequences"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|one| one["code"].as_str())
        .collect();
    assert_eq!(
        codes,
        [
            "features_until_end",
            "extra_users_deleted",
            "appointments_void",
            "quantity_reduced"
        ]
    );
    let texts = preview["texts"].to_string();
    assert!(texts.contains("30.06.2021") && texts.contains("01.07.2021"), "{texts}");

    let without_terms = json!({ "plan": "basis", "preview_token": preview["preview_token"] });
    transcript.note(
        customer
            .post(&path, without_terms)
            .await
            .expect_problem(422, "consent_required"),
    );
    let body = json!({ "plan": "basis", "preview_token": preview["preview_token"], "consents": consents(&["terms"]) });
    let change = transcript.note(customer.post(&path, body.clone()).await.expect(201));
    assert_eq!(
        (change["status"].as_str(), change["effective_on"].as_str()),
        (Some("scheduled"), Some("2021-07-01"))
    );
    assert_eq!(
        (change["to"]["quantity"].as_u64(), change["timing"].as_str()),
        (Some(1), Some("notice_end"))
    );

    let second = customer
        .post(&path, json!({ "plan": "basis", "consents": consents(&["terms"]) }))
        .await;
    let problem = second.expect_problem(409, "plan_change_pending");
    assert_eq!(problem["plan_change_id"], change["id"]);
    let subscription = transcript.note(customer.get(&format!("/v1/subscriptions/{id}")).await.expect(200));
    assert_eq!(subscription["pending_change"]["effective_on"], "2021-07-01");
    assert_eq!(subscription["plan"]["key"], "plus");
    assert_eq!(subscription["status"], "active");
}

async fn taken_back_the_notice_starts_anew(customer: &Caller, id: &str, transcript: &Transcript) {
    let subscription = customer.get(&format!("/v1/subscriptions/{id}")).await.expect(200);
    let change = subscription["pending_change"]["id"]
        .as_str()
        .expect("a pending change")
        .to_owned();
    let path = format!("/v1/plan-changes/{change}/revoke");
    let preview = transcript.note(customer.post(&format!("{path}/preview"), json!({})).await.expect(200));
    let texts: Vec<&str> = preview["texts"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|one| one["code"].as_str())
        .collect();
    assert_eq!(texts, ["plan_change_revocable", "notice_starts_anew"]);
    let token = json!({ "preview_token": preview["preview_token"] });
    let revoked = transcript.note(customer.post(&path, token).await.expect(200));
    assert_eq!(revoked["status"], "revoked");
    transcript.note(
        customer
            .post(&path, json!({}))
            .await
            .expect_problem(409, "already_revoked"),
    );
    let subscription = customer.get(&format!("/v1/subscriptions/{id}")).await.expect(200);
    assert_eq!(subscription["pending_change"], Value::Null);
    assert_eq!(
        (subscription["plan"]["key"].as_str(), subscription["quantity"].as_u64()),
        (Some("plus"), Some(3))
    );
}

async fn asked_again_it_is_30_september(customer: &Caller, id: &str, transcript: &Transcript) -> String {
    let path = format!("/v1/subscriptions/{id}/plan-changes");
    let body = json!({ "plan": "basis", "consents": consents(&["terms"]) });
    let change = transcript.note(customer.post(&path, body).await.expect(201));
    assert_eq!(change["effective_on"], "2021-10-01");
    change["id"].as_str().expect("an id").to_owned()
}

async fn applied_at_midnight_in_berlin(customer: &Caller, id: &str, change: &str, transcript: &Transcript) {
    let subscription = transcript.note(customer.get(&format!("/v1/subscriptions/{id}")).await.expect(200));
    assert_eq!(
        (subscription["plan"]["key"].as_str(), subscription["quantity"].as_u64()),
        (Some("basis"), Some(1))
    );
    assert_eq!(subscription["billed_through_on"], "2021-09-30");
    let change = transcript.note(customer.get(&format!("/v1/plan-changes/{change}")).await.expect(200));
    assert_eq!(change["status"], "applied");
    assert_eq!(change["settled_at"], "2021-09-30T22:00:00.000Z");

    // Six whole months of 3 × 19.00, and 16 of 30 days of the seventh: the end was known when it was charged.
    let charges = transcript.note(customer.get("/v1/charges?limit=100").await.expect(200));
    let charges = charges["data"].as_array().expect("a list").clone();
    assert_eq!(charges.len(), 7);
    assert_eq!(
        sum(charges.iter().map(|charge| charge["amount"].clone())),
        6 * 5_700 + 3_040
    );
    let last = charges
        .iter()
        .max_by_key(|charge| charge["from_on"].to_string())
        .expect("a charge");
    assert_eq!(
        (minor(&last["amount"]), last["through_on"].as_str()),
        (3_040, Some("2021-09-30"))
    );
    assert_eq!(last["arithmetic"], "16/30 Tage von 3 × 19,00");

    let timeline = transcript.note(
        customer
            .get(&format!("/v1/subscriptions/{id}/timeline"))
            .await
            .expect(200),
    );
    let types: Vec<&str> = timeline["data"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|entry| entry["type"].as_str())
        .filter(|kind| !kind.starts_with("charge.") && !kind.starts_with("invoice."))
        .collect();
    let expected = [
        "subscription.created",
        "subscription.started",
        "plan_change.created",
        "plan_change.revoked",
        "plan_change.created",
        "plan_change.applied",
    ];
    assert_eq!(types, expected);
}

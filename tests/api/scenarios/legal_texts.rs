//! Seed 000: legal texts for shops. Three single contracts, an upgrade to Premium with credit, all cancelled but one, and the
//! last one only by telephone.

use serde_json::{Value, json};

use super::story::{Transcript, consents, on_both};
use crate::helpers::TestApp;
use crate::helpers::http::Caller;

const PROVIDER: &str = "textschirm";

#[test]
fn an_upgrade_and_all_contracts_but_one() {
    on_both(tell);
}

async fn tell(app: TestApp<'static>, transcript: Transcript) {
    let clock = app.test_clock(PROVIDER, "2026-03-01T10:00:00Z").await;
    let (customer_id, customer) = app
        .customer_with(PROVIDER, json!({ "test_clock_id": clock, "locale": "de" }))
        .await;
    let documents = documents_of(&customer, "single").await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let order = json!({ "plan": "single", "consents": documents });
        let subscription = transcript.note(customer.post("/v1/subscriptions", order).await.expect(201));
        ids.push(subscription["id"].as_str().expect("an id").to_owned());
    }
    app.advance(PROVIDER, &clock, "2026-03-16T10:00:00Z").await;

    shows_what_is_possible(&customer, &ids[0], &transcript).await;
    upgrades_with_credit(&customer, &ids[0], &transcript).await;
    cancels_all_but_the_package(&customer, &ids, &transcript).await;
    the_last_one_needs_a_call(&app, &customer, &customer_id, &ids[0], &transcript).await;

    app.advance(PROVIDER, &clock, "2026-05-01T10:00:00Z").await;
    for id in &ids[1..] {
        let ended = transcript.note(customer.get(&format!("/v1/subscriptions/{id}")).await.expect(200));
        assert_eq!(
            (ended["status"].as_str(), ended["ends_on"].as_str()),
            (Some("ended"), Some("2026-04-30"))
        );
    }
}

async fn documents_of(customer: &Caller, plan: &str) -> Value {
    let plans = customer.get("/v1/plans").await.expect(200);
    let plans = plans["data"].as_array().expect("a list").clone();
    let plan = plans
        .iter()
        .find(|known| known["key"] == plan)
        .expect("the plan")
        .clone();
    let keys: Vec<String> = plan["consents"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|consent| consent["key"].as_str().expect("a key").to_owned())
        .collect();
    consents(&keys.iter().map(String::as_str).collect::<Vec<_>>())
}

async fn shows_what_is_possible(customer: &Caller, id: &str, transcript: &Transcript) {
    let options = transcript.note(
        customer
            .get(&format!("/v1/subscriptions/{id}/options"))
            .await
            .expect(200),
    );
    let options = options["actions"].as_array().expect("a list").clone();
    let premium = options
        .iter()
        .find(|option| option["action"] == "change_plan" && option["plan"]["key"] == "premium")
        .expect("the upgrade");
    assert_eq!(premium["allowed"], true);
    assert_eq!(premium["earliest_on"], "2026-03-16");
    assert_eq!(premium["price"]["net"]["amount"], "24.90");
    let cancel = options
        .iter()
        .find(|option| option["action"] == "cancel")
        .expect("the cancellation");
    assert_eq!(
        (cancel["earliest_on"].as_str(), cancel["latest_receipt_on"].as_str()),
        (Some("2026-04-30"), Some("2026-03-31"))
    );
}

async fn upgrades_with_credit(customer: &Caller, id: &str, transcript: &Transcript) {
    let path = format!("/v1/subscriptions/{id}/plan-changes");
    let preview = transcript.note(
        customer
            .post(&format!("{path}/preview"), json!({ "plan": "premium" }))
            .await
            .expect(200),
    );
    let lines = preview["lines"].as_array().expect("a list").clone();
    let told: Vec<(&str, &str)> = lines
        .iter()
        .map(|line| {
            (
                line["amount"]["amount"].as_str().expect("an amount"),
                line["arithmetic"].as_str().expect("words"),
            )
        })
        .collect();
    assert_eq!(
        told,
        [("-3.05", "16/31 Tage von -5,90"), ("12.85", "16/31 Tage von 24,90")]
    );
    assert_eq!(preview["due_now"]["net"]["amount"], "9.80");

    let keys: Vec<String> = preview["consents"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|consent| consent["document"].as_str().expect("a key").to_owned())
        .collect();
    let given = consents(&keys.iter().map(String::as_str).collect::<Vec<_>>());
    let body = json!({ "plan": "premium", "consents": given, "preview_token": preview["preview_token"] });
    let change = transcript.note(customer.post(&path, body).await.expect(201));
    assert_eq!(change["status"], "applied");
    let charged: Vec<&Value> = change["charges"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|charge| &charge["amount"]["amount"])
        .collect();
    assert_eq!(charged, ["-3.05", "12.85"]);
    let subscription = transcript.note(customer.get(&format!("/v1/subscriptions/{id}")).await.expect(200));
    assert_eq!(subscription["plan"]["key"], "premium");
    assert_eq!(subscription["billed_through_on"], "2026-03-31");
}

async fn cancels_all_but_the_package(customer: &Caller, ids: &[String], transcript: &Transcript) {
    let body = json!({ "keep_subscription_id": ids[0] });
    let preview = transcript.note(
        customer
            .post("/v1/cancellations/preview", body.clone())
            .await
            .expect(200),
    );
    assert_eq!(preview["effective_on"], "2026-04-30");
    assert_eq!(preview["subscription_ids"].as_array().map(Vec::len), Some(2));
    let body = json!({ "keep_subscription_id": ids[0], "preview_token": preview["preview_token"] });
    let cancelled = transcript.note(customer.post("/v1/cancellations", body).await.expect(201));
    let ends: Vec<&Value> = cancelled["data"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| &one["ends_on"])
        .collect();
    assert_eq!(ends, ["2026-04-30", "2026-04-30"]);
}

async fn the_last_one_needs_a_call(
    app: &TestApp<'_>,
    customer: &Caller,
    customer_id: &str,
    id: &str,
    transcript: &Transcript,
) {
    let path = format!("/v1/subscriptions/{id}/cancellations");
    let problem = transcript.note(
        customer
            .post(&path, json!({}))
            .await
            .expect_problem(409, "last_contract"),
    );
    assert!(
        problem["contact"]["phone"]
            .as_str()
            .is_some_and(|phone| !phone.is_empty()),
        "{problem}"
    );
    let extraordinary = json!({ "kind": "extraordinary", "reason": "Der Dienst war zwei Wochen nicht erreichbar." });
    let preview = customer
        .post(&format!("{path}/preview"), extraordinary)
        .await
        .expect(200);
    assert_eq!(
        preview["effective_on"], "2026-04-30",
        "never blocked, even for the last contract"
    );
    // Staff enter the customer's letter.
    let letter = json!({ "received_at": "2026-03-10T08:00:00Z" });
    let cancellation = transcript.note(app.staff(PROVIDER).post(&path, letter).await.expect(201));
    assert_eq!(
        (cancellation["ends_on"].as_str(), cancellation["customer_id"].as_str()),
        (Some("2026-04-30"), Some(customer_id))
    );
}

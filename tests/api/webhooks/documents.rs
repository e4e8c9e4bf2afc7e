//! The document says of every event type what its message looks like; real messages are held to it.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use vertragswerk::api::openapi::document;
use vertragswerk::domain::event_type::EventType;

use super::receiver::{Manner, Receiver};
use super::{PROVIDER, Working, endpoint};
use crate::helpers::{TestApp, over_http};
use crate::scenarios::story::consents;

over_http!(real_messages_are_as_documented);

fn validator(event_type: &str) -> jsonschema::Validator {
    let media = &document()["webhooks"][event_type]["post"]["requestBody"]["content"]["application/json"];
    let schema = json!({ "$ref": media["schema"]["$ref"], "components": document()["components"] });
    jsonschema::validator_for(&schema).unwrap_or_else(|error| panic!("{event_type}: {error}"))
}

fn check(message: &Value) {
    let event_type = message["type"].as_str().expect("a type");
    let faults: Vec<String> = validator(event_type)
        .iter_errors(message)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{event_type}: {faults:?}\n{message:#}");
}

#[test]
fn every_event_type_is_documented_with_schema_and_example() {
    let webhooks = document()["webhooks"].as_object().expect("webhooks");
    for event_type in EventType::ALL.iter().map(|one| one.as_str()).chain(["webhook.test"]) {
        let media = &webhooks[event_type]["post"]["requestBody"]["content"]["application/json"];
        assert_eq!(media["example"]["type"], event_type);
        check(&media["example"]);
        let mut wrong = media["example"].clone();
        wrong["type"] = json!("something.else");
        assert!(
            !validator(event_type).is_valid(&wrong),
            "{event_type}: the schema forbids nothing"
        );
    }
    assert_eq!(webhooks.len(), EventType::ALL.len() + 1);
}

async fn real_messages_are_as_documented(app: TestApp<'_>) {
    let staff = app.staff(PROVIDER);
    let receiver = Receiver::start(Manner::Status(200));
    let (endpoint_id, _) = endpoint(&staff, &receiver.url, &["*"]).await;
    staff
        .post_empty(&format!("/v1/webhook-endpoints/{endpoint_id}/test"))
        .await
        .expect(201);
    tell(&app).await;
    let feed = staff.get("/v1/events?limit=100").await.expect(200);
    let count = feed["data"].as_array().expect("events").len();
    let _working = Working::one(&app);
    let mut types = BTreeSet::new();
    for message in receiver.wait_for(count + 1).await {
        check(&message.json);
        types.insert(message.json["type"].as_str().expect("a type").to_owned());
    }
    for expected in [
        "cancellation.accepted",
        "cancellation.applied",
        "cancellation.created",
        "cancellation.rejected",
        "cancellation.revoked",
        "charge.created",
        "customer.created",
        "customer.updated",
        "plan_change.applied",
        "plan_change.created",
        "plan_change.revoked",
        "plan_change.superseded",
        "subscription.created",
        "subscription.ended",
        "subscription.started",
        "webhook.test",
    ] {
        assert!(types.contains(expected), "{expected} did not happen: {types:?}");
    }
}

/// A story in which much happens.
async fn tell(app: &TestApp<'_>) {
    let clock = app.test_clock(PROVIDER, "2021-03-15T09:00:00Z").await;
    let (customer_id, customer) = app.customer_with(PROVIDER, json!({ "test_clock_id": clock })).await;
    let path = format!("/v1/customers/{customer_id}");
    let staff = app.staff(PROVIDER);
    let change = json!({ "name": "Praxis Neu", "metadata": { "branch": "Nord" } });
    staff.patch(&path, change).await.expect(200);
    let order = json!({ "plan": "plus", "quantity": 3, "consents": consents(&["terms", "dpa"]) });
    let contract = customer.post("/v1/subscriptions", order).await.expect(201);
    let id = contract["id"].as_str().expect("an id");
    let changes = format!("/v1/subscriptions/{id}/plan-changes");
    let cancellations = format!("/v1/subscriptions/{id}/cancellations");
    let revoke = async |kind: &str, object: &Value| {
        let path = format!("/v1/{kind}/{}/revoke", object["id"].as_str().expect("an id"));
        customer.post(&path, json!({})).await.expect(200);
    };
    customer.post(&changes, json!({ "quantity": 5 })).await.expect(201);
    let basis = json!({ "plan": "basis", "consents": consents(&["terms"]) });
    let pending = customer.post(&changes, basis.clone()).await.expect(201);
    revoke("plan-changes", &pending).await;
    customer.post(&changes, basis).await.expect(201);
    let cancellation = customer.post(&cancellations, json!({})).await.expect(201);
    revoke("cancellations", &cancellation).await;
    let cause = json!({ "kind": "extraordinary", "reason": "Zwei Wochen nicht erreichbar." });
    for decision in ["reject", "accept"] {
        let cancellation = customer.post(&cancellations, cause.clone()).await.expect(201);
        let id = cancellation["id"].as_str().expect("an id");
        staff
            .post(&format!("/v1/cancellations/{id}/{decision}"), json!({}))
            .await
            .expect(200);
        if decision == "reject" {
            revoke("cancellations", &cancellation).await;
        }
    }
    app.advance(PROVIDER, &clock, "2021-08-01T09:00:00Z").await;
}

//! What arrives: signed, filtered, complete; rotation, replay, tests and repetition.

use serde_json::{Value, json};
use time::Duration;

use super::receiver::{Manner, Receiver};
use super::{PROVIDER, Working, after_attempts, deliveries, endpoint, show_real_time, something_happens, until};
use crate::helpers::{TestApp, over_http};
use crate::scenarios::story::consents;

over_http!(
    messages_are_signed_and_tell_the_event,
    two_secrets_sign_while_one_replaces_the_other,
    events_are_replayed_from_a_position,
    tests_and_retries_are_sent_on_demand
);

async fn messages_are_signed_and_tell_the_event(app: TestApp<'_>) {
    show_real_time(&app);
    let staff = app.staff(PROVIDER);
    something_happens(&staff).await;
    let (all, some) = (
        Receiver::start(Manner::Status(200)),
        Receiver::start(Manner::Status(204)),
    );
    let (all_id, secret) = endpoint(&staff, &all.url, &["*"]).await;
    let (_, other_secret) = endpoint(&staff, &some.url, &["subscription.created", "charge.created"]).await;
    let _working = Working::one(&app);

    let (customer_id, customer) = app.customer(PROVIDER, "business").await;
    let order = json!({ "plan": "plus", "quantity": 3, "consents": consents(&["terms", "dpa"]) });
    let contract = customer.post("/v1/subscriptions", order).await.expect(201);
    let messages = all.wait_for(5).await;
    let few = some.wait_for(2).await;

    let feed = staff.get("/v1/events?after=1").await.expect(200);
    for event in feed["data"].as_array().expect("events") {
        let message = messages
            .iter()
            .find(|one| event["id"] == one.id.as_str())
            .expect("it arrived");
        assert!(message.verifies_with(&secret) && !message.verifies_with(&other_secret));
        assert_eq!(message.header("content-type"), "application/json");
        for (member, told) in [
            ("id", "id"),
            ("type", "type"),
            ("timestamp", "occurred_at"),
            ("recorded_at", "recorded_at"),
            ("position", "position"),
            ("sequence", "sequence"),
            ("customer_id", "customer_id"),
            ("subscription_id", "subscription_id"),
            ("request_id", "request_id"),
        ] {
            assert_eq!(message.json[member], event[told], "{member}");
        }
        let mut data = event["data"].clone();
        data.as_object_mut().expect("data").shift_remove("evidence");
        assert_eq!(message.json["data"], data);
        assert_eq!(
            (&message.json["livemode"], &message.json["truncated"]),
            (&json!(false), &json!(false))
        );
    }
    assert_eq!(messages.len(), 5, "what was before the endpoint is not told");
    let mut types: Vec<&str> = few.iter().filter_map(|one| one.json["type"].as_str()).collect();
    types.sort_unstable();
    assert_eq!(types, ["charge.created", "subscription.created"]);
    assert!(few.iter().all(|one| one.verifies_with(&other_secret)));
    assert!(few.iter().all(|one| one.json["customer_id"] == customer_id.as_str() && one.json["subscription_id"] == contract["id"]));

    let told = until(async || {
        let told = deliveries(&staff, &all_id).await;
        (told.len() == 5 && told.iter().all(|one| one["status"] == "delivered")).then_some(told)
    })
    .await;
    assert_eq!(told[0]["attempts"][0]["status"], 200);
    assert_eq!(told[0]["attempts"][0]["answer"], "the answer");
    assert_eq!(told[0]["message_id"], told[0]["event_id"]);
    let path = format!("/v1/webhook-endpoints/{all_id}/deliveries");
    let count = async |filter: &str| {
        let list = staff.get(&format!("{path}?{filter}")).await.expect(200);
        list["data"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(count("status=failed").await, 0);
    assert_eq!(count("status=delivered&type=charge.created").await, 1);
    assert_eq!(count(&format!("event_id={}", messages[0].id)).await, 1);
}

async fn two_secrets_sign_while_one_replaces_the_other(app: TestApp<'_>) {
    show_real_time(&app);
    let staff = app.staff(PROVIDER);
    let receiver = Receiver::start(Manner::Status(200));
    let (id, old) = endpoint(&staff, &receiver.url, &["customer.created"]).await;
    let rotated = staff
        .post_empty(&format!("/v1/webhook-endpoints/{id}/rotate-secret"))
        .await
        .expect(200);
    let new = rotated["secret"].as_str().expect("a secret").to_owned();
    assert_ne!(old, new);
    assert!(rotated["webhook_endpoint"]["previous_secret_until"].is_string());
    let _working = Working::one(&app);
    something_happens(&staff).await;
    let message = receiver.wait_for(1).await.remove(0);
    assert_eq!(message.header("webhook-signature").split(' ').count(), 2);
    assert!(message.verifies_with(&old) && message.verifies_with(&new));

    app.state.clock.advance(Duration::hours(24) + Duration::seconds(1));
    something_happens(&staff).await;
    let message = receiver.wait_for(2).await.remove(1);
    assert!(message.is_signed_with(&new) && !message.is_signed_with(&old));
}

async fn events_are_replayed_from_a_position(app: TestApp<'_>) {
    let staff = app.staff(PROVIDER);
    let receiver = Receiver::start(Manner::Status(200));
    let (id, _) = endpoint(&staff, &receiver.url, &["customer.created"]).await;
    let _working = Working::one(&app);
    for _ in 0..3 {
        something_happens(&staff).await;
    }
    let first = receiver.wait_for(3).await;
    let path = format!("/v1/webhook-endpoints/{id}/replay");
    let refused = staff
        .post(&path, json!({ "after": 4 }))
        .await
        .expect_problem(422, "validation_failed");
    assert_eq!(
        (&refused["errors"][0]["pointer"], &refused["errors"][0]["params"]["max"]),
        (&json!("/after"), &json!(3))
    );
    let set_back = staff.post(&path, json!({ "after": 1 })).await.expect(200);
    assert_eq!(set_back["position"], 1);
    let all = receiver.wait_for(5).await;
    let position = |one: &super::receiver::Received| one.json["position"].as_i64().expect("a position");
    let mut again: Vec<i64> = all[3..].iter().map(position).collect();
    again.sort_unstable();
    assert_eq!(again, [2, 3]);
    for repeated in &all[3..] {
        let original = first
            .iter()
            .find(|one| one.id == repeated.id)
            .expect("the same webhook-id");
        assert_eq!(original.text, repeated.text, "byte by byte");
    }
    something_happens(&staff).await;
    assert_eq!(position(&receiver.wait_for(6).await[5]), 4, "and on from there");
}

async fn tests_and_retries_are_sent_on_demand(app: TestApp<'_>) {
    let staff = app.staff(PROVIDER);
    let receiver = Receiver::start(Manner::Status(204));
    let (id, secret) = endpoint(&staff, &receiver.url, &["slot.moved"]).await;
    let _working = Working::one(&app);
    let path = format!("/v1/webhook-endpoints/{id}/test");
    let test = staff.post_once(&path, "once", json!({})).await;
    let location = test.header("location").to_owned();
    let test = test.expect(201);
    let repeated = staff.post_once(&path, "once", json!({})).await.expect(201);
    assert_eq!(test["id"], repeated["id"], "one test per key");
    let message = receiver.wait_for(1).await.remove(0);
    assert!(message.is_signed_with(&secret));
    assert_eq!(
        (&message.json["type"], &message.json["id"]),
        (&json!("webhook.test"), &test["id"])
    );
    assert_eq!(message.json["data"]["webhook_endpoint"]["id"], id.as_str());
    after_attempts(&staff, &id, 1).await;
    assert_eq!(staff.get(&location).await.expect(200)["status"], "delivered");

    let retry = format!("{location}/retry");
    let pending = staff.post_empty(&retry).await.expect(200);
    assert_eq!(
        (&pending["status"], &pending["settled_at"]),
        (&json!("pending"), &Value::Null)
    );
    assert_eq!(receiver.wait_for(2).await[1].id, message.id);
    let delivery = after_attempts(&staff, &id, 2).await;
    assert_eq!(
        (&delivery["status"], &delivery["attempts"][1]["number"]),
        (&json!("delivered"), &json!(2))
    );

    let off = format!("/v1/webhook-endpoints/{id}");
    let disabled = staff.patch(&off, json!({ "enabled": false })).await.expect(200);
    assert_eq!(disabled["disabled_reason"], "requested");
    staff
        .post_empty(&path)
        .await
        .expect_problem(409, "webhook_endpoint_disabled");
    staff
        .post_empty(&retry)
        .await
        .expect_problem(409, "webhook_endpoint_disabled");
}

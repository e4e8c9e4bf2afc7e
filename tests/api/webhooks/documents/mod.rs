//! The document says of every event type what its message looks like; real messages are held to it.

mod stories;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use vertragswerk::api::openapi::document;
use vertragswerk::domain::event_type::EventType;

use super::receiver::{Manner, Receiver};
use super::{Working, endpoint};
use crate::helpers::http::Caller;
use crate::helpers::{TestApp, over_http};

over_http!(real_messages_of_every_type_are_as_documented);

/// The schema of a type's message, with snapshots that have no member beside those that are described: whatever is sent is
/// documented, too.
fn validator(event_type: &str) -> jsonschema::Validator {
    let media = &document()["webhooks"][event_type]["post"]["requestBody"]["content"]["application/json"];
    let mut components = document()["components"].clone();
    for (name, schema) in components["schemas"].as_object_mut().expect("schemas") {
        if name.ends_with("Snapshot") {
            close(schema);
        } else if let Some(own) = schema.pointer_mut("/allOf/2/oneOf/0/properties/data") {
            close(own);
        }
    }
    let schema = json!({ "$ref": media["schema"]["$ref"], "components": components });
    jsonschema::validator_for(&schema).unwrap_or_else(|error| panic!("{event_type}: {error}"))
}

/// Allows no members beside those an object describes.
fn close(schema: &mut Value) {
    if schema.get("properties").is_some() {
        schema["additionalProperties"] = json!(false);
    }
    let inner = match schema {
        Value::Object(members) => members.values_mut().collect(),
        Value::Array(items) => items.iter_mut().collect(),
        _ => Vec::new(),
    };
    inner.into_iter().for_each(close);
}

fn check(messages: &[Value]) {
    let event_type = messages[0]["type"].as_str().expect("a type");
    let validator = validator(event_type);
    for message in messages {
        let faults: Vec<String> = validator
            .iter_errors(message)
            .map(|fault| format!("{}: {fault}", fault.instance_path()))
            .collect();
        assert!(faults.is_empty(), "{event_type}: {faults:?}\n{message:#}");
    }
}

#[test]
fn every_event_type_is_documented_with_schema_and_example() {
    let webhooks = document()["webhooks"].as_object().expect("webhooks");
    for event_type in EventType::ALL.iter().map(|one| one.as_str()).chain(["webhook.test"]) {
        let media = &webhooks[event_type]["post"]["requestBody"]["content"]["application/json"];
        assert_eq!(media["example"]["type"], event_type);
        check(std::slice::from_ref(&media["example"]));
        let mut wrong = media["example"].clone();
        wrong["type"] = json!("something.else");
        assert!(
            !validator(event_type).is_valid(&wrong),
            "{event_type}: the schema forbids nothing"
        );
    }
    assert_eq!(webhooks.len(), EventType::ALL.len() + 1);
}

#[test]
fn no_type_has_an_empty_snapshot_and_cut_and_erased_messages_have_a_schema() {
    for event_type in EventType::ALL {
        let name = event_type.as_str();
        let media = &document()["webhooks"][name]["post"]["requestBody"]["content"]["application/json"];
        let data = media["example"]["data"].as_object().expect("data");
        assert!(!data.is_empty(), "{name}");
        for (member, told) in data {
            let is_told = told.is_string() || told.as_object().is_some_and(|object| !object.is_empty());
            assert!(is_told, "{name}: {member}");
            let mut poor = media["example"].clone();
            poor["data"].as_object_mut().expect("data").shift_remove(member);
            let optional = name == "withdrawal.created" && member == "subscription";
            assert_eq!(validator(name).is_valid(&poor), optional, "{name} without {member}");
        }
        let mut more = media["example"].clone();
        more["data"]["undocumented"] = json!({ "id": "x" });
        assert!(!validator(name).is_valid(&more), "{name}: anything goes");
        let mut short = media["example"].clone();
        short["truncated"] = json!(true);
        for told in short["data"].as_object_mut().expect("data").values_mut() {
            *told = json!({ "id": told["id"].as_str().unwrap_or("x") });
        }
        let mut erased = media["example"].clone();
        erased["data"] = json!({ "erased": true });
        check(&[short, erased]);
    }
}

/// Stories of four providers in which everything happens that can happen.
async fn real_messages_of_every_type_are_as_documented(app: TestApp<'_>) {
    let receiver = Receiver::start(Manner::Status(200));
    let mut expected = 0;
    let mut staff = Vec::new();
    for provider in stories::PROVIDERS {
        let own = app.staff(provider);
        let (id, _) = endpoint(&own, &receiver.url, &["*"]).await;
        own.post_empty(&format!("/v1/webhook-endpoints/{id}/test"))
            .await
            .expect(201);
        expected += 1;
        staff.push(own);
    }
    stories::tell(&app).await;
    for own in &staff {
        expected += events(own).await;
    }
    let _working = Working::one(&app);
    let mut messages: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for message in receiver.wait_for(expected).await {
        let event_type = message.json["type"].as_str().expect("a type").to_owned();
        messages.entry(event_type).or_default().push(message.json);
    }
    messages.values().for_each(|of_a_type| check(of_a_type));
    let happened = |name: &str| messages.contains_key(name);
    let missing: Vec<&str> = EventType::ALL
        .iter()
        .map(|event_type| event_type.as_str())
        .chain(["webhook.test"])
        .filter(|name| !happened(name))
        .collect();
    assert!(missing.is_empty(), "{missing:?} did not happen");
}

/// How many events a provider has.
async fn events(staff: &Caller) -> usize {
    let (mut after, mut count) = (0, 0);
    loop {
        let page = staff
            .get(&format!("/v1/events?after={after}&limit=100"))
            .await
            .expect(200);
        count += page["data"].as_array().map_or(0, Vec::len);
        after = page["next_after"].as_i64().expect("a position");
        if page["has_more"] == false {
            return count;
        }
    }
}

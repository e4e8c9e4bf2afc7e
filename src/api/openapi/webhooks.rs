//! The `webhooks` of the document: every event type with the schema of its message and an example.
//!
//! Snapshots are described in `snapshots.json`, with examples recorded from a running server; a test holds real events to
//! them. The match over [`EventType`] makes a new type be documented before it compiles.

use serde_json::{Map, Value, json};

use crate::domain::event_type::EventType;
use crate::domain::webhook::message::TEST_TYPE;

/// Schemas of the snapshots in events, by name.
fn snapshots() -> Map<String, Value> {
    match serde_json::from_str(include_str!("snapshots.json")) {
        Ok(Value::Object(schemas)) => schemas,
        _ => Map::new(),
    }
}

/// The members of an event's data that are always there, with their schemas.
fn members(event_type: EventType) -> &'static [(&'static str, &'static str)] {
    use EventType as Type;
    match event_type {
        Type::SubscriptionCreated
        | Type::SubscriptionStarted
        | Type::SubscriptionEnded
        | Type::SubscriptionWithdrawn => &[("subscription", "SubscriptionSnapshot")],
        Type::PlanChangeCreated | Type::PlanChangeApplied | Type::PlanChangeRevoked | Type::PlanChangeSuperseded => &[
            ("plan_change", "PlanChangeSnapshot"),
            ("subscription", "SubscriptionSnapshot"),
        ],
        Type::CancellationCreated
        | Type::CancellationAccepted
        | Type::CancellationRejected
        | Type::CancellationApplied
        | Type::CancellationRevoked
        | Type::CancellationSuperseded => &[
            ("cancellation", "CancellationSnapshot"),
            ("subscription", "SubscriptionSnapshot"),
        ],
        Type::ChargeCreated | Type::ChargeVoided => &[("charge", "ChargeSnapshot")],
        Type::CustomerCreated | Type::CustomerUpdated => &[("customer", "CustomerSnapshot")],
        Type::AddOnCreated
        | Type::AddOnStarted
        | Type::AddOnEndChanged
        | Type::AddOnPerformed
        | Type::AddOnEnded
        | Type::AddOnWithdrawn => &[("add_on", "AddOnSnapshot")],
        Type::AddOnQuantityChangeCreated
        | Type::AddOnQuantityChangeApplied
        | Type::AddOnQuantityChangeRevoked
        | Type::AddOnQuantityChangeSuperseded => &[("plan_change", "PlanChangeSnapshot"), ("add_on", "AddOnSnapshot")],
        Type::AddOnCancellationCreated
        | Type::AddOnCancellationApplied
        | Type::AddOnCancellationRevoked
        | Type::AddOnCancellationSuperseded => &[("cancellation", "CancellationSnapshot"), ("add_on", "AddOnSnapshot")],
        Type::WithdrawalCreated
        | Type::SlotAllocated
        | Type::SlotReleased
        | Type::SlotMoved
        | Type::InvoiceIssued
        | Type::InvoicePaid
        | Type::InvoiceOverdue
        | Type::CreditNoteIssued
        | Type::PaymentRecorded
        | Type::UsageRecorded
        | Type::OrderConfirmed
        | Type::CustomerDataErasureDue
        | Type::CustomerDataErasureAcknowledged
        | Type::CustomerDataErased
        | Type::CustomerDataExported
        | Type::DeclarationReceived
        | Type::DeclarationMatched
        | Type::DeclarationExecuted
        | Type::DeclarationRejected => &[],
    }
}

/// Name of the schema of a type's message: `PlanChangeAppliedMessage`.
fn schema_name(event_type: &str) -> String {
    let words = event_type.split(['.', '_']);
    let capital = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    words.map(capital).chain(["Message".to_owned()]).collect()
}

/// Writes webhooks and the schemas they refer to into the document.
pub(super) fn describe(document: &mut Value) {
    let snapshots = snapshots();
    let mut webhooks = Map::new();
    let mut schemas = Map::new();
    for event_type in EventType::ALL {
        let name = event_type.as_str();
        let members = members(*event_type);
        schemas.insert(schema_name(name), message_schema(name, members));
        let description = event_type.description().en;
        webhooks.insert(
            name.to_owned(),
            operation(name, &description, &example(*event_type, members, &snapshots)),
        );
    }
    let endpoint = [("webhook_endpoint", "WebhookEndpointSnapshot")];
    schemas.insert(schema_name(TEST_TYPE), message_schema(TEST_TYPE, &endpoint));
    let description = "A message that `POST /v1/webhook-endpoints/{webhook_endpoint_id}/test` asked for; no event.";
    webhooks.insert(
        TEST_TYPE.to_owned(),
        operation(TEST_TYPE, description, &test_example(&snapshots)),
    );
    schemas.extend(snapshots);
    if let Value::Object(all) = &mut document["components"]["schemas"] {
        all.extend(schemas);
    }
    document["webhooks"] = Value::Object(webhooks);
}

fn operation(name: &str, description: &str, example: &Value) -> Value {
    let header = |name: &str, description: &str, pattern: &str, example: &str| {
        json!({
            "name": name, "in": "header", "required": true, "description": description,
            "schema": {"type": "string", "maxLength": 500, "pattern": pattern}, "example": example,
        })
    };
    let answer = |description: &str| json!({ "description": description });
    json!({"post": {
        "tags": ["Webhooks"],
        "summary": name,
        "description": description,
        "operationId": format!("on{}", schema_name(name).trim_end_matches("Message")),
        "security": [],
        "parameters": [
            header("webhook-id", "Id of the message, the same in every attempt and replay.", "^[a-z]+_[0-9a-z]+$",
                "evt_01k9w3x8kqf0wvm2n6c1c9t7xh"),
            header("webhook-timestamp", "When this attempt was made, in seconds since 1970.", "^[0-9]+$", "1795376274"),
            header("webhook-signature", "HMAC-SHA256 over `id.timestamp.body`; several during a rotation.",
                "^v1,[A-Za-z0-9+/=]+( v1,[A-Za-z0-9+/=]+)*$", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        ],
        "requestBody": {"required": true, "content": {"application/json": {
            "schema": {"$ref": format!("#/components/schemas/{}", schema_name(name))},
            "example": example,
        }}},
        "responses": {
            "2XX": answer("Received. Answer at once and work later."),
            "410": answer("No longer wanted: the endpoint is disabled."),
            "429": answer("Too much: tried again, not before `Retry-After`; so are 502, 503 and 504."),
            "default": answer("Not received, redirects included: tried again, ten times in three days."),
        },
    }})
}

fn message_schema(name: &str, members: &[(&str, &str)]) -> Value {
    let is_test = name == TEST_TYPE;
    let text = |max: u32, description: &str, example: Value| json!({"type": ["string", "null"], "maxLength": max, "description": description, "example": example});
    let number = |description: &str, example: u32| {
        json!({"type": if is_test { json!("null") } else { json!("integer") }, "format": "int64", "description": description,
            "example": if is_test { Value::Null } else { json!(example) }})
    };
    let instant = |description: &str| {
        json!({"type": "string", "format": "date-time", "maxLength": 32, "description": description,
            "example": "2026-11-21T19:17:54.123Z"})
    };
    let properties: Map<String, Value> = members
        .iter()
        .map(|(member, schema)| {
            (
                (*member).to_owned(),
                json!({"$ref": format!("#/components/schemas/{schema}")}),
            )
        })
        .collect();
    let mut data = json!({
        "type": "object",
        "description": "Snapshots of what it is about. Of snapshots that would make the message larger than 20 kB only the ids are sent (`truncated`).",
        "additionalProperties": true,
    });
    if !properties.is_empty() {
        data["properties"] = Value::Object(properties);
        data["required"] = members.iter().map(|(member, _)| *member).collect();
    }
    json!({
        "type": "object",
        "description": format!("Body of `{name}`. New members may join."),
        "properties": {
            "id": {"type": "string", "maxLength": 30, "description": "Id of the event: `webhook-id`.",
                "example": if is_test { "dlv_01k9w3x8kqf0wvm2n6c1c9t7xh" } else { "evt_01k9w3x8kqf0wvm2n6c1c9t7xh" }},
            "type": {"type": "string", "const": name, "description": "Type of the event.", "example": name},
            "timestamp": instant("When it happened, in the customer's business time."),
            "recorded_at": instant("When it was written down, on the wall clock."),
            "position": number("Counts the provider's events without gaps: where to go on with `GET /v1/events?after=`.", 42),
            "sequence": number("Counts the customer's events without gaps: tells which of two is the later.", 7),
            "customer_id": text(30, "The customer.", if is_test { Value::Null } else { json!("cus_01k9w3x8kqf0wvm2n6c1c9t7xh") }),
            "subscription_id": text(30, "The contract, if it is about one.", Value::Null),
            "request_id": text(128, "The request it came with.", Value::Null),
            "livemode": {"type": "boolean", "description": "False for sandbox providers.", "example": false},
            "truncated": {"type": "boolean", "description": "Whether `data` was cut to ids; the event feed has all of it.", "example": false},
            "data": data,
        },
        "required": ["id", "type", "timestamp", "recorded_at", "position", "sequence", "customer_id", "subscription_id",
            "request_id", "livemode", "truncated", "data"],
    })
}

/// A message put together from the recorded snapshots.
fn example(event_type: EventType, members: &[(&str, &str)], snapshots: &Map<String, Value>) -> Value {
    let mut data = Map::new();
    for (member, schema) in members {
        data.insert((*member).to_owned(), recorded(snapshots, schema));
    }
    if data.is_empty() {
        data.insert(event_type.object().to_owned(), json!({}));
    }
    let subscription_id = data.get("subscription").map_or(Value::Null, |one| one["id"].clone());
    message_example(
        event_type.as_str(),
        json!({ "id": "evt_01k9w3x8kqf0wvm2n6c1c9t7xh", "position": 42, "sequence": 7,
            "customer_id": "cus_01k9w3x8kqf0wvm2n6c1c9t7xh", "subscription_id": subscription_id,
            "request_id": "req_01k9w3x8kqf0wvm2n6c1c9t7xh" }),
        Value::Object(data),
    )
}

fn recorded(snapshots: &Map<String, Value>, schema: &str) -> Value {
    let example = snapshots.get(schema).and_then(|schema| schema.get("example"));
    example.cloned().unwrap_or_default()
}

fn test_example(snapshots: &Map<String, Value>) -> Value {
    message_example(
        TEST_TYPE,
        json!({ "id": "dlv_01k9w3x8kqf0wvm2n6c1c9t7xh", "position": null, "sequence": null, "customer_id": null,
            "subscription_id": null, "request_id": null }),
        json!({ "webhook_endpoint": recorded(snapshots, "WebhookEndpointSnapshot") }),
    )
}

fn message_example(name: &str, own: Value, data: Value) -> Value {
    json!({
        "id": own["id"], "type": name, "timestamp": "2026-11-21T19:17:54.123Z", "recorded_at": "2026-11-21T19:17:54.130Z",
        "position": own["position"], "sequence": own["sequence"], "customer_id": own["customer_id"],
        "subscription_id": own["subscription_id"], "request_id": own["request_id"],
        "livemode": false, "truncated": false, "data": data,
    })
}

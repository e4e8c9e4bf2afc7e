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

/// A member of an event's data.
struct Member {
    name: &'static str,
    /// Name of its schema.
    schema: &'static str,
    /// Whether it is there in every message of the type.
    always: bool,
}

fn always(name: &'static str, schema: &'static str) -> Member {
    Member {
        name,
        schema,
        always: true,
    }
}

fn sometimes(name: &'static str, schema: &'static str) -> Member {
    Member {
        name,
        schema,
        always: false,
    }
}

/// The members of an event's data, its own object first.
fn members(event_type: EventType) -> Vec<Member> {
    use EventType as Type;
    let contract = || always("subscription", "SubscriptionSnapshot");
    let booking = || always("add_on", "AddOnSnapshot");
    let plan_change = || always("plan_change", "PlanChangeSnapshot");
    let cancellation = || always("cancellation", "CancellationSnapshot");
    match event_type {
        Type::SubscriptionCreated
        | Type::SubscriptionStarted
        | Type::SubscriptionEnded
        | Type::SubscriptionRestored
        | Type::SubscriptionWithdrawn => vec![contract()],
        Type::PlanChangeCreated | Type::PlanChangeApplied | Type::PlanChangeRevoked | Type::PlanChangeSuperseded => {
            vec![plan_change(), contract()]
        }
        Type::CancellationCreated
        | Type::CancellationAccepted
        | Type::CancellationRejected
        | Type::CancellationApplied
        | Type::CancellationRevoked
        | Type::CancellationSuperseded => vec![cancellation(), contract()],
        Type::WithdrawalCreated => vec![
            always("withdrawal", "WithdrawalSnapshot"),
            sometimes("subscription", "SubscriptionSnapshot"),
            sometimes("add_on", "AddOnSnapshot"),
            sometimes("withdrawn_change", "PlanChangeSnapshot"),
        ],
        Type::AddOnCreated
        | Type::AddOnStarted
        | Type::AddOnEndChanged
        | Type::AddOnPerformed
        | Type::AddOnEnded
        | Type::AddOnRestored
        | Type::AddOnWithdrawn => vec![booking()],
        Type::AddOnQuantityChangeCreated
        | Type::AddOnQuantityChangeApplied
        | Type::AddOnQuantityChangeRevoked
        | Type::AddOnQuantityChangeSuperseded => vec![plan_change(), booking()],
        Type::AddOnCancellationCreated
        | Type::AddOnCancellationApplied
        | Type::AddOnCancellationRevoked
        | Type::AddOnCancellationSuperseded => vec![cancellation(), booking()],
        Type::SlotAllocated | Type::SlotReleased => vec![always("slot", "SlotSnapshot")],
        Type::SlotMoved => vec![
            always("slot", "SlotSnapshot"),
            always("from_subscription_id", "SlotOrigin"),
        ],
        Type::ChargeCreated | Type::ChargeVoided => vec![always("charge", "ChargeSnapshot")],
        Type::InvoiceIssued => vec![always("invoice", "IssuedInvoiceSnapshot")],
        Type::InvoicePaid | Type::InvoiceOverdue => vec![always("invoice", "InvoiceSnapshot")],
        Type::CreditNoteIssued => vec![always("credit_note", "CreditNoteSnapshot")],
        Type::PaymentRecorded => vec![always("payment", "PaymentSnapshot")],
        Type::UsageRecorded => vec![always("usage", "UsageSnapshot")],
        Type::OrderConfirmed => vec![always("order", "OrderSnapshot")],
        Type::CustomerCreated | Type::CustomerUpdated => vec![always("customer", "CustomerSnapshot")],
        Type::CustomerDataErasureDue => vec![always("erasure", "ErasureDueSnapshot")],
        Type::CustomerDataErasureAcknowledged => vec![always("erasure", "ErasureAcknowledgedSnapshot")],
        Type::CustomerDataErased => vec![always("erasure", "ErasureSnapshot")],
        Type::CustomerDataExported => vec![always("export", "DataExportSnapshot")],
        Type::DeclarationReceived
        | Type::DeclarationMatched
        | Type::DeclarationExecuted
        | Type::DeclarationRejected => vec![always("declaration", "DeclarationSnapshot")],
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
        schemas.insert(schema_name(name), message_schema(name, &members));
        let description = event_type.description().en;
        webhooks.insert(
            name.to_owned(),
            operation(name, &description, &example(*event_type, &members, &snapshots)),
        );
    }
    let endpoint = [always("webhook_endpoint", "WebhookEndpointSnapshot")];
    schemas.insert(schema_name(TEST_TYPE), message_schema(TEST_TYPE, &endpoint));
    let description = "A message that `POST /v1/webhook-endpoints/{webhook_endpoint_id}/test` asked for; no event.";
    webhooks.insert(
        TEST_TYPE.to_owned(),
        operation(TEST_TYPE, description, &test_example(&snapshots)),
    );
    schemas.extend(snapshots);
    share(&mut document["components"]);
    if let Value::Object(all) = &mut document["components"]["schemas"] {
        all.extend(schemas);
    }
    document["webhooks"] = Value::Object(webhooks);
}

fn operation(name: &str, description: &str, example: &Value) -> Value {
    let parameter = |name: &str| json!({"$ref": format!("#/components/parameters/{name}")});
    let response = |name: &str| json!({"$ref": format!("#/components/responses/{name}")});
    json!({"post": {
        "tags": ["Webhooks"],
        "summary": name,
        "description": description,
        "operationId": format!("on{}", schema_name(name).trim_end_matches("Message")),
        "security": [],
        "parameters": HEADERS.map(|(name, ..)| parameter(name)),
        "requestBody": {"required": true, "content": {"application/json": {
            "schema": {"$ref": format!("#/components/schemas/{}", schema_name(name))},
            "example": example,
        }}},
        "responses": {
            "2XX": response("WebhookReceived"),
            "410": response("WebhookGone"),
            "429": response("WebhookTooMuch"),
            "default": response("WebhookNotReceived"),
        },
    }})
}

/// Headers of every message: name, description, pattern, example.
const HEADERS: [(&str, &str, &str, &str); 3] = [
    (
        "webhook-id",
        "Id of the message, the same in every attempt and replay.",
        "^[a-z]+_[0-9a-z]+$",
        "evt_01k9w3x8kqf0wvm2n6c1c9t7xh",
    ),
    (
        "webhook-timestamp",
        "When this attempt was made, in seconds since 1970.",
        "^[0-9]+$",
        "1795376274",
    ),
    (
        "webhook-signature",
        "HMAC-SHA256 over `id.timestamp.body`; several during a rotation.",
        "^v1,[A-Za-z0-9+/=]+( v1,[A-Za-z0-9+/=]+)*$",
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ),
];

/// What a receiver can answer, and what follows.
const ANSWERS: [(&str, &str); 4] = [
    ("WebhookReceived", "Received. Answer at once and work later."),
    ("WebhookGone", "No longer wanted: the endpoint is disabled."),
    (
        "WebhookTooMuch",
        "Too much: tried again, not before `Retry-After`; so are 502, 503 and 504.",
    ),
    (
        "WebhookNotReceived",
        "Not received, redirects included: tried again, ten times in three days.",
    ),
];

/// Adds what all webhooks share to the components.
fn share(components: &mut Value) {
    for (name, description, pattern, example) in HEADERS {
        components["parameters"][name] = json!({
            "name": name, "in": "header", "required": true, "description": description,
            "schema": {"type": "string", "maxLength": 500, "pattern": pattern}, "example": example,
        });
    }
    for (name, description) in ANSWERS {
        components["responses"][name] = json!({ "description": description });
    }
    components["schemas"]["WebhookMessage"] = envelope();
}

/// What is the same in every message.
fn envelope() -> Value {
    let text = |max: u32, description: &str, example: &str| json!({"type": ["string", "null"], "maxLength": max, "description": description, "example": example});
    let number = |description: &str, example: u32| {
        json!({"type": ["integer", "null"], "format": "int64", "minimum": 1, "maximum": 9_000_000_000_000_000_i64,
            "description": description, "example": example})
    };
    let instant = |description: &str| {
        json!({"type": "string", "format": "date-time", "maxLength": 32, "description": description,
            "example": "2026-11-21T19:17:54.123Z"})
    };
    json!({
        "type": "object",
        "description": "A message about an event. New members may join.",
        "properties": {
            "id": {"type": "string", "maxLength": 30, "description": "Id of the event: `webhook-id`.",
                "example": "evt_01k9w3x8kqf0wvm2n6c1c9t7xh"},
            "type": {"type": "string", "maxLength": 60, "description": "Type of the event.", "example": "plan_change.applied"},
            "timestamp": instant("When it happened, in the customer's business time."),
            "recorded_at": instant("When it was written down, on the wall clock."),
            "position": number("Counts the provider's events without gaps: where to go on with `GET /v1/events?after=`.", 42),
            "sequence": number("Counts the customer's events without gaps: tells which of two is the later.", 7),
            "customer_id": text(30, "The customer; `null` in tests only.", "cus_01k9w3x8kqf0wvm2n6c1c9t7xh"),
            "subscription_id": text(30, "The contract, if it is about one.", "sub_01k9w3x8kqf0wvm2n6c1c9t7xh"),
            "request_id": text(128, "The request it came with, if one did.", "req_01k9w3x8kqf0wvm2n6c1c9t7xh"),
            "livemode": {"type": "boolean", "description": "False for sandbox providers.", "example": false},
            "truncated": {"type": "boolean", "description": "Whether `data` was cut to ids, as the message would have been \
                larger than 20 kB; the event feed has all of it.", "example": false},
            "data": {"type": "object", "additionalProperties": true, "example": {},
                "description": "Snapshots of what it is about, as they were afterwards."},
        },
        "required": ["id", "type", "timestamp", "recorded_at", "position", "sequence", "customer_id", "subscription_id",
            "request_id", "livemode", "truncated", "data"],
    })
}

/// The message of one type: the envelope with its own snapshots; where it is `truncated`, with their ids; or with a mark where
/// the data were erased before it was sent.
fn message_schema(name: &str, members: &[Member]) -> Value {
    let whole = |member: &Member| json!({"$ref": format!("#/components/schemas/{}", member.schema)});
    let required: Vec<&str> = members.iter().filter(|one| one.always).map(|one| one.name).collect();
    let short = |_: &Member| json!({"$ref": "#/components/schemas/SnapshotId"});
    let of = |form: &dyn Fn(&Member) -> Value| -> Map<String, Value> {
        members
            .iter()
            .map(|member| (member.name.to_owned(), form(member)))
            .collect()
    };
    json!({
        "description": format!("Body of `{name}`."),
        "allOf": [
            {"$ref": "#/components/schemas/WebhookMessage"},
            {"type": "object", "properties": {"type": {"const": name}}},
            {"oneOf": [
                {"type": "object", "title": "whole", "properties": {
                    "truncated": {"const": false},
                    "data": {"type": "object", "properties": of(&whole), "required": required},
                }},
                {"type": "object", "title": "truncated", "properties": {
                    "truncated": {"const": true},
                    "data": {"type": "object", "properties": of(&short)},
                }},
                {"type": "object", "title": "erased", "properties": {
                    "truncated": {"const": false},
                    "data": {"$ref": "#/components/schemas/ErasedData"},
                }},
                {"type": "object", "title": "restricted", "properties": {
                    "truncated": {"const": false},
                    "data": {"$ref": "#/components/schemas/RestrictedData"},
                }},
            ]},
        ],
    })
}

/// A message put together from the recorded snapshots.
fn example(event_type: EventType, members: &[Member], snapshots: &Map<String, Value>) -> Value {
    let mut data = Map::new();
    for member in members.iter().filter(|member| member.always) {
        data.insert(member.name.to_owned(), recorded(snapshots, member.schema));
    }
    if event_type == EventType::WithdrawalCreated {
        data.insert("subscription".to_owned(), recorded(snapshots, "SubscriptionSnapshot"));
    }
    let of_contract = data.values().find_map(|one| one.get("subscription_id")).cloned();
    let contract = data.get("subscription").map(|one| one["id"].clone());
    let subscription_id = contract.or(of_contract).unwrap_or(Value::Null);
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

//! What a message says: the event, small enough for every receiver.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use crate::domain::event::instant;

/// The type of the message that `POST …/test` sends; no event.
pub const TEST_TYPE: &str = "webhook.test";

/// The largest body of a message in bytes; the standard wants less than 20 kB.
pub const LARGEST_BODY: usize = 20_000;

/// What stays in the event feed only: wordings and hashes that are evidence, not state.
const LEFT_OUT: [&str; 1] = ["evidence"];

/// The facts of a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Message<'a> {
    /// Id of the event, the same in every attempt and replay; for tests the delivery's.
    pub id: &'a str,
    /// Type of the event.
    pub event_type: &'a str,
    /// When it happened, in business time.
    pub occurred_at: OffsetDateTime,
    /// When it was written down.
    pub recorded_at: OffsetDateTime,
    /// Number among the customer's events; `None` for tests.
    pub sequence: Option<i64>,
    /// Number among the provider's events; `None` for tests.
    pub position: Option<i64>,
    /// The customer; `None` for tests.
    pub customer_id: Option<&'a str>,
    /// The contract, if the event is about one.
    pub subscription_id: Option<&'a str>,
    /// The request it came with.
    pub request_id: Option<&'a str>,
    /// Whether the provider is in earnest, not a sandbox.
    pub livemode: bool,
    /// Snapshots.
    pub data: Value,
}

impl Message<'_> {
    /// The body as it is sent. Snapshots too large for a message are cut to the ids of their objects, and `truncated` says so.
    pub fn body(&self) -> String {
        let mut data = self.data.clone();
        if let Value::Object(members) = &mut data {
            members.retain(|name, _| !LEFT_OUT.contains(&name.as_str()));
        }
        let whole = self.with(&data, false);
        if whole.len() <= LARGEST_BODY {
            return whole;
        }
        self.with(&ids_only(&data), true)
    }

    fn with(&self, data: &Value, truncated: bool) -> String {
        json!({
            "id": self.id,
            "type": self.event_type,
            "timestamp": instant(self.occurred_at),
            "recorded_at": instant(self.recorded_at),
            "position": self.position,
            "sequence": self.sequence,
            "customer_id": self.customer_id,
            "subscription_id": self.subscription_id,
            "request_id": self.request_id,
            "livemode": self.livemode,
            "truncated": truncated,
            "data": data,
        })
        .to_string()
    }
}

fn ids_only(data: &Value) -> Value {
    let objects = data.as_object().into_iter().flatten();
    let ids: Map<String, Value> = objects
        .filter_map(|(name, object)| Some((name.clone(), json!({ "id": object.get("id")? }))))
        .collect();
    Value::Object(ids)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn body(data: Value) -> Value {
        let message = Message {
            id: "evt_1",
            event_type: "customer.updated",
            occurred_at: datetime!(2026-11-22 10:00 UTC),
            recorded_at: datetime!(2026-11-22 10:00:01 UTC),
            sequence: Some(2),
            position: Some(7),
            customer_id: Some("cus_1"),
            subscription_id: None,
            request_id: None,
            livemode: false,
            data,
        };
        let text = message.body();
        assert!(text.len() <= LARGEST_BODY);
        serde_json::from_str(&text).expect("JSON")
    }

    #[test]
    fn evidence_stays_in_the_feed() {
        let told = body(json!({ "customer": { "id": "cus_1", "name": "N" }, "evidence": { "consents": [] } }));
        assert_eq!(told["data"], json!({ "customer": { "id": "cus_1", "name": "N" } }));
        assert_eq!(
            (&told["truncated"], &told["timestamp"]),
            (&json!(false), &json!("2026-11-22T10:00:00.000Z"))
        );
    }

    #[test]
    fn large_snapshots_are_cut_to_their_ids() {
        let note = "ü".repeat(15_000);
        let told = body(json!({ "customer": { "id": "cus_1", "name": note }, "count": 3 }));
        assert_eq!(told["data"], json!({ "customer": { "id": "cus_1" } }));
        assert_eq!(told["truncated"], true);
    }
}

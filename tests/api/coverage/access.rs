//! Nobody without a token, and nobody sees what belongs to others: every operation is tried.

use std::collections::HashMap;

use serde_json::json;
use vertragswerk::domain::ids::IdKind;

use super::{Operation, operations};
use crate::helpers::http::{Answer, Caller};
use crate::helpers::{TestApp, over_http};
use crate::scenarios::story::consents;

over_http!(every_operation_asks_for_a_login, what_belongs_to_others_is_not_found);

pub(super) const OWNER: &str = "textschirm";
const STRANGER: &str = "sprechfenster";

/// Parameters that name something of one customer; the others name something of the provider.
const OF_A_CUSTOMER: [&str; 9] = [
    "erasure_id",
    "subscription_id",
    "plan_change_id",
    "cancellation_id",
    "withdrawal_id",
    "customer_id",
    "email_id",
    "invoice_id",
    "credit_note_id",
];

async fn every_operation_asks_for_a_login(app: TestApp<'_>) {
    let ids = things_of_a_customer(&app).await;
    let mut tried = 0;
    for operation in operations().iter().filter(|operation| !operation.is_open()) {
        let answer = call(&app.anonymous, operation, &ids).await;
        let name = format!("{} {}", operation.method, operation.path);
        let problem = answer.expect_problem(401, "unauthenticated");
        assert!(problem["request_id"].is_string(), "{name}");
        tried += 1;
    }
    assert!(tried > 40, "{tried} operations need a login");
}

async fn what_belongs_to_others_is_not_found(app: TestApp<'_>) {
    let ids = things_of_a_customer(&app).await;
    let (_, other_customer) = app.customer(OWNER, "business").await;
    let foreign_staff = app.admin(STRANGER).await;
    let mut tried = 0;
    for operation in operations().iter().filter(|operation| !operation.is_open()) {
        let Some(parameter) = parameters(&operation.path).next() else {
            continue;
        };
        let name = format!("{} {}", operation.method, operation.path);
        let foreign = call(&foreign_staff, operation, &ids).await;
        assert_eq!(foreign.status, 404, "another provider: {name}\n{}", foreign.text);
        foreign.expect_problem(404, "not_found");
        if OF_A_CUSTOMER.contains(&parameter) {
            let answer = call(&other_customer, operation, &ids).await;
            assert_eq!(answer.status, 404, "another customer: {name}\n{}", answer.text);
        }
        tried += 1;
    }
    assert!(tried >= 25, "{tried} operations name something");
}

pub(super) fn parameters(path: &str) -> impl Iterator<Item = &str> {
    path.split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

pub(super) async fn call(caller: &Caller, operation: &Operation, ids: &HashMap<&'static str, String>) -> Answer {
    let mut path = operation.path.clone();
    for name in parameters(&operation.path) {
        let id = ids
            .get(name)
            .unwrap_or_else(|| panic!("{}: nothing to name by {name}", operation.path));
        path = path.replace(&format!("{{{name}}}"), id);
    }
    let declared = operation.content["parameters"].as_array().into_iter().flatten();
    let names = declared
        .filter(|one| one["in"] == "query" && (one["required"] == true || one["name"] == "customer_id"))
        .map(|one| one["name"].as_str().expect("a name"));
    let query: Vec<String> = names
        .map(|name| format!("{name}={}", ids.get(name).map_or("K-1", String::as_str)))
        .collect();
    if !query.is_empty() {
        path = format!("{path}?{}", query.join("&"));
    }
    let mut request = caller.request(operation.method.clone(), &path);
    if let Some((media_type, mut body)) = operation.example_body() {
        name_things(&mut body, ids);
        request = request.header("Content-Type", media_type).body(body.to_string());
    }
    caller.send(request).await
}

/// Lets the members of an example name what is there: `customer_id`, `keep_subscription_id` …
fn name_things(body: &mut serde_json::Value, ids: &HashMap<&'static str, String>) {
    for (name, member) in body.as_object_mut().into_iter().flatten() {
        if let Some((_, id)) = ids
            .iter()
            .find(|(kind, _)| name.ends_with(**kind) && member.is_string())
        {
            *member = json!(id);
        }
    }
}

/// What was erased with the end of a contract.
async fn erasure(app: &TestApp<'_>, admin: &Caller) -> String {
    let clock = app.test_clock(OWNER, "2026-01-01T00:00:00Z").await;
    let members = json!({ "test_clock_id": clock });
    let (customer_id, customer) = app.customer_with(OWNER, members).await;
    let order = json!({ "plan": "single", "consents": consents(&["terms", "dpa"]) });
    let contract = customer.post("/v1/subscriptions", order).await.expect(201);
    let path = format!(
        "/v1/subscriptions/{}/cancellations",
        contract["id"].as_str().expect("an id")
    );
    admin.post(&path, json!({ "delete_data": true })).await.expect(201);
    app.advance(OWNER, &clock, "2027-03-01T00:00:00Z").await;
    let kept = admin
        .get(&format!("/v1/customers/{customer_id}/data-retention"))
        .await
        .expect(200);
    kept["erasures"][0]["id"].as_str().expect("an id").to_owned()
}

/// A declaration nobody has decided about.
async fn declaration(app: &TestApp<'_>, admin: &Caller) -> String {
    let path = format!("/v1/public/{OWNER}/cancellations");
    let body = crate::declarations::cancellation("mein Vertrag");
    app.anonymous.post(&path, body).await.expect(201);
    let listed = admin.get("/v1/declarations").await.expect(200);
    listed["data"][0]["id"].as_str().expect("an id").to_owned()
}

/// One of everything that has an id, of one customer of the owning provider.
pub(super) async fn things_of_a_customer(app: &TestApp<'_>) -> HashMap<&'static str, String> {
    let credit_note = credit_note(app).await;
    let (customer_id, customer) = app.customer(OWNER, "business").await;
    let id = |value: &serde_json::Value| value["id"].as_str().expect("an id").to_owned();
    let order = json!({ "plan": "single", "consents": consents(&["terms", "dpa"]) });
    let subscription = id(&customer.post("/v1/subscriptions", order.clone()).await.expect(201));
    let other = id(&customer.post("/v1/subscriptions", order).await.expect(201));
    let change = json!({ "plan": "premium", "consents": consents(&["terms", "dpa"]) });
    let package = json!({ "plan": "unlimited", "consents": consents(&["terms", "dpa"]) });
    let package = id(&customer.post("/v1/subscriptions", package).await.expect(201));
    let presence = json!({ "kind": "presence", "target": "blog", "name": "B" });
    let slot = id(&customer
        .post(&format!("/v1/subscriptions/{package}/slots"), presence)
        .await
        .expect(201));
    let booked = customer
        .get(&format!("/v1/subscriptions/{package}/add-ons"))
        .await
        .expect(200);
    let plan_change = id(&customer
        .post(&format!("/v1/subscriptions/{subscription}/plan-changes"), change)
        .await
        .expect(201));
    let cancellation = id(&customer
        .post(&format!("/v1/subscriptions/{other}/cancellations"), json!({}))
        .await
        .expect(201));
    let admin = app.admin(OWNER).await;
    let key = admin
        .post("/v1/api-keys", json!({ "name": "Test", "scopes": ["customers:read"] }))
        .await
        .expect(201);
    let key = id(if key["api_key"].is_object() {
        &key["api_key"]
    } else {
        &key
    });
    let staff = app.staff(OWNER);
    let endpoint = json!({ "url": "https://example.com/hooks" });
    let endpoint = id(&staff.post("/v1/webhook-endpoints", endpoint).await.expect(201)["webhook_endpoint"]);
    let delivery = id(&staff
        .post_empty(&format!("/v1/webhook-endpoints/{endpoint}/test"))
        .await
        .expect(201));
    let first = |list: serde_json::Value| list["data"][0]["id"].as_str().expect("an id").to_owned();
    HashMap::from([
        ("customer_id", customer_id),
        ("subscription_id", package),
        ("plan_change_id", plan_change),
        ("add_on_booking_id", id(&booked["data"][0])),
        ("slot_id", slot),
        ("cancellation_id", cancellation),
        // This provider grants businesses no right; a real one is refused to strangers in `contracts::withdrawing`.
        ("withdrawal_id", IdKind::Withdrawal.generate()),
        ("api_key_id", key),
        ("webhook_endpoint_id", endpoint),
        ("webhook_delivery_id", delivery),
        ("test_clock_id", app.test_clock(OWNER, "2026-01-01T00:00:00Z").await),
        ("invoice_id", first(customer.get("/v1/invoices").await.expect(200))),
        ("credit_note_id", credit_note),
        ("email_id", first(customer.get("/v1/emails").await.expect(200))),
        ("declaration_id", declaration(app, &admin).await),
        ("erasure_id", erasure(app, &admin).await),
        ("plan_id", first(admin.get("/v1/plans").await.expect(200))),
        ("add_on_id", first(admin.get("/v1/add-ons").await.expect(200))),
        (
            "legal_document_id",
            first(admin.get("/v1/legal-documents").await.expect(200)),
        ),
    ])
}

/// A correction: the only contract of a customer ends for good cause in its first month, and the rest is paid out.
async fn credit_note(app: &TestApp<'_>) -> String {
    let (customer_id, customer) = app.customer(OWNER, "business").await;
    let order = json!({ "plan": "single", "consents": consents(&["terms", "dpa"]) });
    let subscription = customer.post("/v1/subscriptions", order).await.expect(201);
    let path = format!(
        "/v1/subscriptions/{}/cancellations",
        subscription["id"].as_str().expect("an id")
    );
    let staff = app.staff(OWNER);
    let cause = json!({ "kind": "extraordinary", "reason": "Kein Betrieb." });
    let cancellation = staff.post(&path, cause).await.expect(201);
    let accept = format!(
        "/v1/cancellations/{}/accept",
        cancellation["id"].as_str().expect("an id")
    );
    staff.post(&accept, json!({})).await.expect(200);
    app.state.clock.advance(time::Duration::days(2));
    let notes = staff
        .get(&format!("/v1/credit-notes?customer_id={customer_id}"))
        .await
        .expect(200);
    notes["data"][0]["id"].as_str().expect("a correction").to_owned()
}

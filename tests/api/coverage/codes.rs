//! Every problem code the document names is provoked once, by a caller over HTTP.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use time::Duration;
use vertragswerk::services::providers::{self, ProviderMode};

use super::operations;
use crate::helpers::http::{Answer, Caller};
use crate::helpers::{TestApp, over_http};
use crate::scenarios::story::consents;

over_http!(every_documented_code_is_provoked_once);

/// Codes that need another server than this one, and the tests that provoke them there.
const ELSEWHERE: [(&str, &str); 5] = [
    ("malformed_request", "manners::raw"),
    ("request_timeout", "manners::raw"),
    ("rate_limited", "manners::limits"),
    ("internal_error", "server: a table is gone"),
    ("service_unavailable", "server: the database is away"),
];

#[derive(Default)]
struct Provoked(BTreeSet<String>);

impl Provoked {
    #[track_caller]
    fn note(&mut self, answer: Answer, status: u16, code: &str) -> Value {
        self.0.insert(code.to_owned());
        answer.expect_problem(status, code)
    }
}

async fn every_documented_code_is_provoked_once(app: TestApp<'_>) {
    let mut provoked = Provoked::default();
    by_form(&app, &mut provoked).await;
    by_login(&app, &mut provoked).await;
    by_plan_changes(&app, &mut provoked).await;
    by_orders(&app, &mut provoked).await;
    by_cancellations(&app, &mut provoked).await;
    by_add_ons(&app, &mut provoked).await;
    by_slots(&app, &mut provoked).await;
    by_withdrawals(&app, &mut provoked).await;
    by_master_data(&app, &mut provoked).await;
    by_declarations(&app, &mut provoked).await;
    by_emails(&app, &mut provoked).await;
    by_webhooks(&app, &mut provoked).await;
    by_billing(&app, &mut provoked).await;
    by_unfinished_providers(&app, &mut provoked).await;

    let documented: BTreeSet<String> = operations()
        .iter()
        .flat_map(|operation| {
            operation.content["x-problem-codes"]
                .as_array()
                .cloned()
                .unwrap_or_default()
        })
        .filter_map(|code| code.as_str().map(str::to_owned))
        .collect();
    assert!(documented.len() > 40);
    let elsewhere = ELSEWHERE.map(|(code, _)| code.to_owned());
    let missing: Vec<&String> = documented
        .difference(&provoked.0)
        .filter(|code| !elsewhere.contains(code))
        .collect();
    assert!(missing.is_empty(), "documented, but never provoked: {missing:?}");
}

async fn by_form(app: &TestApp<'_>, provoked: &mut Provoked) {
    let staff = app.staff("textschirm");
    let raw = |body: &'static str, media_type: &'static str| {
        staff
            .request(reqwest::Method::POST, "/v1/test-clocks")
            .header("Content-Type", media_type)
            .body(body)
    };
    provoked.note(staff.send(raw("{", "application/json")).await, 400, "malformed_json");
    provoked.note(staff.send(raw("{}", "text/plain")).await, 415, "unsupported_media_type");
    provoked.note(
        staff.send(raw("{}", "application/json")).await,
        422,
        "validation_failed",
    );
    let large = raw("", "application/json").body(format!("{{\"name\":\"{}\"}}", "x".repeat(100_000)));
    provoked.note(staff.send(large).await, 413, "body_too_large");
    let key = raw("{\"now\":\"2026-01-01T00:00:00Z\"}", "application/json").header("Idempotency-Key", "a b");
    provoked.note(staff.send(key).await, 400, "invalid_idempotency_key");
    provoked.note(staff.get("/v1/customers?colour=red").await, 400, "unknown_parameter");
    provoked.note(staff.get("/v1/customers?limit=0").await, 400, "invalid_parameter");
    provoked.note(staff.get("/v1/customers?cursor=AAAA").await, 400, "invalid_cursor");
    for _ in 0..2 {
        app.customer("textschirm", "business").await;
    }
    let page = staff.get("/v1/customers?limit=1").await.expect(200);
    let cursor = page["next_cursor"].as_str().expect("a next page").to_owned();
    let other = format!("/v1/customers?limit=1&customer_type=consumer&cursor={cursor}");
    provoked.note(staff.get(&other).await, 400, "cursor_mismatch");
    let xml = staff
        .request(reqwest::Method::GET, "/v1/customers")
        .header("Accept", "text/html");
    provoked.note(staff.send(xml).await, 406, "not_acceptable");
    provoked.note(staff.delete("/v1/customers").await, 405, "method_not_allowed");
    provoked.note(staff.get("/v1/nothing").await, 404, "not_found");
    let clock = |now: &'static str| json!({ "now": now });
    staff
        .post_once("/v1/test-clocks", "same", clock("2026-01-01T00:00:00Z"))
        .await
        .expect(201);
    let reused = staff
        .post_once("/v1/test-clocks", "same", clock("2026-01-02T00:00:00Z"))
        .await;
    provoked.note(reused, 422, "idempotency_key_reused");
    provoked.note(
        staff.post("/v1/test-clocks", clock("1999-01-01T00:00:00Z")).await,
        422,
        "instant_out_of_range",
    );
}

async fn by_login(app: &TestApp<'_>, provoked: &mut Provoked) {
    let (_, customer) = app.customer("textschirm", "business").await;
    provoked.note(app.anonymous.get("/v1/me").await, 401, "unauthenticated");
    provoked.note(
        app.anonymous.with_token("nonsense").get("/v1/me").await,
        401,
        "invalid_token",
    );
    provoked.note(customer.get("/v1/test-clocks").await, 403, "insufficient_scope");
    let token = |form: Value| {
        let request = app
            .anonymous
            .request(reqwest::Method::POST, "/v1/auth/token")
            .form(&form);
        app.anonymous.send(request)
    };
    provoked.note(token(json!({})).await, 400, "invalid_request");
    let password = |client: &str, scope: &str| json!({ "grant_type": "password", "client_id": client, "username": "admin@example.com", "password": "wrong", "scope": scope });
    provoked.note(token(password("textschirm", "")).await, 400, "invalid_grant");
    provoked.note(token(password("nobody", "")).await, 401, "invalid_client");
    let mut unknown_scope = password("textschirm", "everything:write");
    unknown_scope["password"] = json!(crate::helpers::demo::PASSWORD);
    provoked.note(token(unknown_scope).await, 400, "invalid_scope");
    let implicit = json!({ "grant_type": "implicit", "client_id": "textschirm" });
    provoked.note(token(implicit).await, 400, "unsupported_grant_type");
    let short = app.customer("textschirm", "business").await.1;
    app.state.clock.advance(Duration::hours(1));
    provoked.note(short.get("/v1/me").await, 401, "token_expired");
}

async fn conclude(customer: &Caller, plan: &str, quantity: u32) -> String {
    let order = json!({ "plan": plan, "quantity": quantity, "consents": consents(&["terms", "dpa"]) });
    let subscription = customer.post("/v1/subscriptions", order).await.expect(201);
    subscription["id"].as_str().expect("an id").to_owned()
}

async fn by_plan_changes(app: &TestApp<'_>, provoked: &mut Provoked) {
    let provider = "sprechfenster";
    let clock = app.test_clock(provider, "2021-03-15T09:00:00Z").await;
    let (_, customer) = app.customer_with(provider, json!({ "test_clock_id": clock })).await;
    let id = conclude(&customer, "plus", 3).await;
    let path = format!("/v1/subscriptions/{id}/plan-changes");
    let to_basis = json!({ "plan": "basis", "consents": consents(&["terms"]) });

    provoked.note(
        customer.post(&path, json!({ "plan": "basis" })).await,
        422,
        "consent_required",
    );
    let old = json!({ "plan": "basis", "consents": [{ "document": "terms", "version": "1999", "accepted": true }] });
    provoked.note(customer.post(&path, old).await, 422, "consent_outdated");
    let made_up =
        json!({ "plan": "basis", "consents": [{ "document": "conditions", "version": "1", "accepted": true }] });
    provoked.note(customer.post(&path, made_up).await, 422, "unknown_document");
    provoked.note(
        customer.post(&path, json!({ "plan": "nothing" })).await,
        422,
        "plan_not_available",
    );
    provoked.note(
        customer.post(&path, json!({ "quantity": 3 })).await,
        422,
        "nothing_to_change",
    );
    let many = json!({ "plan": "basis", "quantity": 2, "consents": consents(&["terms"]) });
    provoked.note(customer.post(&path, many).await, 422, "quantity_out_of_range");
    let nobody = json!({ "quantity": 4, "supersedes": "pch_01k9w3x8kqf0wvm2n6c1c9t7xh" });
    provoked.note(customer.post(&path, nobody).await, 409, "change_not_pending");
    let stale = json!({ "plan": "basis", "consents": consents(&["terms"]), "preview_token": "v1.0.x.y" });
    let problem = provoked.note(customer.post(&path, stale).await, 409, "preview_stale");
    assert_eq!(problem["preview"]["effective_on"], "2021-07-01");

    let change = customer.post(&path, to_basis.clone()).await.expect(201);
    provoked.note(customer.post(&path, to_basis.clone()).await, 409, "plan_change_pending");
    let revoke = format!("/v1/plan-changes/{}/revoke", change["id"].as_str().expect("an id"));
    customer.post(&revoke, json!({})).await.expect(200);
    provoked.note(customer.post(&revoke, json!({})).await, 409, "already_revoked");
    let change = customer.post(&path, to_basis.clone()).await.expect(201);
    let cancellation = customer
        .post(&format!("/v1/subscriptions/{id}/cancellations"), json!({}))
        .await
        .expect(201);
    let replaced = format!("/v1/plan-changes/{}/revoke", change["id"].as_str().expect("an id"));
    provoked.note(customer.post(&replaced, json!({})).await, 409, "change_superseded");
    provoked.note(
        customer.post(&path, to_basis.clone()).await,
        409,
        "cancellation_in_effect",
    );
    app.advance(provider, &clock, "2021-07-01T09:00:00Z").await;
    provoked.note(customer.post(&path, to_basis).await, 409, "subscription_ended");
    let applied = format!(
        "/v1/cancellations/{}/revoke",
        cancellation["id"].as_str().expect("an id")
    );
    provoked.note(customer.post(&applied, json!({})).await, 409, "already_applied");
    let back = json!({ "to": "2021-06-01T00:00:00Z" });
    let staff = app.staff(provider);
    provoked.note(
        staff.post(&format!("/v1/test-clocks/{clock}/advance"), back).await,
        422,
        "clock_not_forward",
    );
    let later = json!({ "plan": "plus", "starts_on": "2021-09-01", "consents": consents(&["terms", "dpa"]) });
    let coming = customer.post("/v1/subscriptions", later).await.expect(201);
    let path = format!(
        "/v1/subscriptions/{}/plan-changes",
        coming["id"].as_str().expect("an id")
    );
    provoked.note(
        customer.post(&path, json!({ "quantity": 4 })).await,
        409,
        "subscription_not_active",
    );
    clock_under_way(app, provoked, &clock, &customer).await;
}

/// A clock that another process is moving, as its row tells.
async fn clock_under_way(app: &TestApp<'_>, provoked: &mut Provoked, clock: &str, customer: &Caller) {
    use vertragswerk::repositories::test_clocks;
    let now = time::macros::datetime!(2021-07-01 9:00 UTC);
    let moving = |to: Option<time::OffsetDateTime>| {
        app.state
            .db
            .write(|conn| test_clocks::set(conn, clock, now.into(), to.map(Into::into)))
            .expect("a database");
    };
    moving(Some(now + Duration::days(1)));
    let order = json!({ "plan": "basis", "consents": consents(&["terms", "dpa"]) });
    provoked.note(
        customer.post("/v1/subscriptions", order).await,
        409,
        "test_clock_advancing",
    );
    moving(None);
}

async fn by_orders(app: &TestApp<'_>, provoked: &mut Provoked) {
    let (_, business) = app.customer("kontaktkiste", "business").await;
    let (_, consumer) = app.customer("kontaktkiste", "consumer").await;
    let paid =
        json!({ "plan": "crm_monthly", "consents": consents(&["terms", "dpa", "privacy", "withdrawal_instruction"]) });
    provoked.note(
        consumer.post("/v1/subscriptions", paid.clone()).await,
        422,
        "order_button_required",
    );
    let mut late = paid.clone();
    late["starts_on"] = json!("2199-01-01");
    provoked.note(business.post("/v1/subscriptions", late).await, 422, "date_out_of_range");
    let (_, newsletter) = app.customer("rundbriefwerk", "consumer").await;
    let order = json!({ "plan": "newsletter_m" });
    provoked.note(
        newsletter.post("/v1/subscriptions", order).await,
        422,
        "not_for_customer_type",
    );
    let (_, shop) = app.customer("textschirm", "business").await;
    let unlimited = conclude(&shop, "unlimited", 1).await;
    let path = format!("/v1/subscriptions/{unlimited}/plan-changes");
    provoked.note(
        shop.post(&path, json!({ "plan": "single" })).await,
        422,
        "transition_not_allowed",
    );
}

async fn by_declarations(app: &TestApp<'_>, provoked: &mut Provoked) {
    let path = "/v1/public/sprechfenster/cancellations";
    let body = crate::declarations::cancellation("mein Vertrag");
    app.anonymous.post(path, body).await.expect(201);
    let staff = app.staff("sprechfenster");
    let listed = staff.get("/v1/declarations").await.expect(200);
    let path = format!("/v1/declarations/{}", listed["data"][0]["id"].as_str().expect("an id"));
    provoked.note(
        staff.post_empty(&format!("{path}/execute")).await,
        409,
        "declaration_not_matched",
    );
    let reason = json!({ "reason": "Kein Vertrag." });
    staff.post(&format!("{path}/reject"), reason.clone()).await.expect(200);
    provoked.note(
        staff.post(&format!("{path}/reject"), reason).await,
        409,
        "declaration_decided",
    );
    part_withdrawn(app, provoked).await;
}

/// A part of a contract is withdrawn from where that part is, not as a whole.
async fn part_withdrawn(app: &TestApp<'_>, provoked: &mut Provoked) {
    let (_, _, contract) = crate::declarations::consumer_contract(app).await;
    let mut body = crate::declarations::withdrawal(contract["contract_number"].as_str().expect("a number"));
    body["part"] = json!("Zusatznutzer");
    let draft = app
        .anonymous
        .post(crate::declarations::WITHDRAWALS, body)
        .await
        .expect(201);
    let confirm = draft["confirm_href"].as_str().expect("a link");
    app.anonymous.post_empty(confirm).await.expect(201);
    let staff = app.staff("kontaktkiste");
    let listed = staff.get("/v1/declarations").await.expect(200);
    let path = format!("/v1/declarations/{}", listed["data"][0]["id"].as_str().expect("an id"));
    let contract = json!({ "subscription_id": contract["id"] });
    staff.post(&format!("{path}/match"), contract).await.expect(200);
    let refused = staff.post_empty(&format!("{path}/execute")).await;
    provoked.note(refused, 409, "state_conflict");
}

async fn by_cancellations(app: &TestApp<'_>, provoked: &mut Provoked) {
    let (_, customer) = app.customer("textschirm", "business").await;
    let id = conclude(&customer, "single", 1).await;
    let path = format!("/v1/subscriptions/{id}/cancellations");
    provoked.note(customer.post(&path, json!({})).await, 409, "last_contract");
    provoked.note(
        customer.post(&path, json!({ "kind": "extraordinary" })).await,
        422,
        "reason_required",
    );
    let nothing = json!({ "keep_subscription_id": id });
    provoked.note(
        customer.post("/v1/cancellations", nothing).await,
        409,
        "nothing_to_cancel",
    );
    let cause = json!({ "kind": "extraordinary", "reason": "Zwei Wochen nicht erreichbar." });
    let cancellation = customer.post(&path, cause).await.expect(201);
    let accept = format!(
        "/v1/cancellations/{}/accept",
        cancellation["id"].as_str().expect("an id")
    );
    let admin = app.admin("textschirm").await;
    admin.post(&accept, json!({})).await.expect(200);
    provoked.note(
        admin.post(&accept, json!({})).await,
        409,
        "extraordinary_already_decided",
    );
}

async fn by_slots(app: &TestApp<'_>, provoked: &mut Provoked) {
    let (_, customer) = app.customer("textschirm", "business").await;
    let presence = |kind: &str, target: &str| json!({ "kind": kind, "target": target, "name": "P" });
    provoked.note(
        customer.post("/v1/slots", presence("shelf", "blog")).await,
        422,
        "slot_kind_unknown",
    );
    provoked.note(
        customer.post("/v1/slots", presence("presence", "moon")).await,
        422,
        "slot_target_unknown",
    );
    let mut ids = Vec::new();
    for _ in 0..6 {
        let id = conclude(&customer, "single", 1).await;
        let path = format!("/v1/subscriptions/{id}/slots");
        customer.post(&path, presence("presence", "blog")).await.expect(201);
        ids.push(id);
    }
    let full = format!("/v1/subscriptions/{}/slots", ids[0]);
    provoked.note(
        customer.post(&full, presence("presence", "blog")).await,
        409,
        "slots_full",
    );
    let path = format!("/v1/subscriptions/{}/plan-changes", ids[0]);
    let absorb = |others: &[String]| json!({ "plan": "premium", "absorb_subscription_ids": others, "consents": consents(&["terms"]) });
    let problem = provoked.note(customer.post(&path, absorb(&ids[1..])).await, 409, "slots_occupied");
    assert_eq!(problem["slots"].as_array().map(Vec::len), Some(1), "{problem}");
    provoked.note(
        customer.post(&path, absorb(&ids[..1])).await,
        422,
        "absorption_not_offered",
    );
    let twice = vec![ids[1].clone(), ids[1].clone()];
    provoked.note(customer.post(&path, absorb(&twice)).await, 422, "validation_failed");
    slot_kind_not_offered(app, provoked).await;
}

/// A plan without slots, at a provider that has a kind of them.
async fn slot_kind_not_offered(app: &TestApp<'_>, provoked: &mut Provoked) {
    let now = app.state.clock.now();
    let provider = app
        .state
        .db
        .write(|conn| providers::create(conn, "slotless", "slotless", ProviderMode::Sandbox, now))
        .expect("a provider");
    let (_, text) = vertragswerk::demo::CATALOGUES
        .iter()
        .find(|(name, _)| *name == "legal_texts.json")
        .expect("a catalogue");
    let mut catalogue: Value = serde_json::from_str(text).expect("JSON");
    catalogue["provider"]["slug"] = json!("slotless");
    catalogue["plans"][1]["limits"] = json!([]);
    catalogue["slot_kinds"][0]["packages"] = json!([]);
    let import = |conn: &mut vertragswerk::db::DbConnection| {
        vertragswerk::services::catalogue::import(conn, &provider.id, "slotless", &catalogue.to_string(), now)
    };
    app.state.db.write(import).expect("a catalogue");
    let staff = api_key(app, &provider.id);
    let customer = json!({ "customer_type": "business", "name": "N", "email": "n@example.com" });
    let customer = staff.post("/v1/customers", customer).await.expect(201);
    let order = json!({ "customer_id": customer["id"], "plan": "premium", "consents": consents(&["terms"]) });
    let contract = staff.post("/v1/subscriptions", order).await.expect(201);
    let path = format!("/v1/subscriptions/{}/slots", contract["id"].as_str().expect("an id"));
    let presence = json!({ "kind": "presence", "target": "blog", "name": "P" });
    provoked.note(staff.post(&path, presence).await, 409, "slot_kind_not_offered");
}

async fn by_withdrawals(app: &TestApp<'_>, provoked: &mut Provoked) {
    let (_, customer) = app.customer("textschirm", "business").await;
    let id = conclude(&customer, "single", 1).await;
    let path = format!("/v1/subscriptions/{id}/withdrawals");
    provoked.note(customer.post(&path, json!({})).await, 409, "no_right_of_withdrawal");

    let provider = "kontaktkiste";
    let clock = app.test_clock(provider, "2026-03-02T09:00:00Z").await;
    let (_, customer) = app.customer_with(provider, json!({ "test_clock_id": clock })).await;
    let agreed = consents(&["terms", "dpa", "withdrawal_instruction"]);
    let order = json!({ "plan": "crm_monthly", "consents": agreed });
    let contract = customer.post("/v1/subscriptions", order).await.expect(201);
    let at = format!("/v1/subscriptions/{}", contract["id"].as_str().expect("an id"));
    let order = json!({ "add_on": "extra_users", "consents": agreed });
    let booked = customer.post(&format!("{at}/add-ons"), order).await.expect(201);
    let path = format!("{at}/add-ons/{}/withdrawals", booked["id"].as_str().expect("an id"));
    customer.post(&path, json!({})).await.expect(201);
    provoked.note(customer.post(&path, json!({})).await, 409, "already_withdrawn");
    app.advance(provider, &clock, "2026-03-18T09:00:00Z").await;
    let path = format!("{at}/withdrawals");
    provoked.note(customer.post(&path, json!({})).await, 409, "withdrawal_too_late");
    performed_service(app, provoked).await;
}

/// A provider that grants businesses the right for a service which is performed once.
async fn performed_service(app: &TestApp<'_>, provoked: &mut Provoked) {
    let now = app.state.clock.now();
    let create = |conn: &mut vertragswerk::db::DbConnection| {
        providers::create(conn, "generous", "generous", ProviderMode::Sandbox, now)
    };
    let provider_id = app.state.db.write(create).expect("a provider").id;
    let (_, text) = vertragswerk::demo::CATALOGUES
        .iter()
        .find(|(name, _)| *name == "hosting.json")
        .expect("a catalogue");
    let mut catalogue: Value = serde_json::from_str(text).expect("JSON");
    catalogue["provider"]["slug"] = json!("generous");
    for add_on in catalogue["add_ons"].as_array_mut().expect("add-ons") {
        add_on["withdrawal"]["granted_to_business"] = json!(true);
    }
    let import = |conn: &mut vertragswerk::db::DbConnection| {
        vertragswerk::services::catalogue::import(conn, &provider_id, "generous", &catalogue.to_string(), now)
    };
    app.state.db.write(import).expect("a catalogue");
    let staff = api_key(app, &provider_id);
    let customer = json!({ "customer_type": "business", "name": "N", "email": "n@example.com" });
    let customer = staff.post("/v1/customers", customer).await.expect(201);
    let order = json!({
        "customer_id": customer["id"], "plan": "hosting_m", "consents": consents(&["terms", "dpa"]),
    });
    let contract = staff.post("/v1/subscriptions", order).await.expect(201);
    let at = format!("/v1/subscriptions/{}/add-ons", contract["id"].as_str().expect("an id"));
    let order = json!({ "add_on": "migration", "consents": consents(&["terms"]) });
    let booked = staff.post(&at, order).await.expect(201);
    let booking = format!("{at}/{}", booked["id"].as_str().expect("an id"));
    staff.post(&format!("{booking}/perform"), json!({})).await.expect(200);
    let refused = staff.post(&format!("{booking}/withdrawals"), json!({})).await;
    provoked.note(refused, 409, "service_performed");
}

async fn by_master_data(app: &TestApp<'_>, provoked: &mut Provoked) {
    let staff = app.staff("textschirm");
    let body = |number: &str, external: &str| json!({ "customer_number": number, "external_id": external, "customer_type": "business", "name": "N", "email": "n@example.com" });
    let customer = staff.post("/v1/customers", body("K-1", "e-1")).await.expect(201);
    provoked.note(
        staff.post("/v1/customers", body("K-1", "e-2")).await,
        409,
        "customer_number_taken",
    );
    provoked.note(
        staff.post("/v1/customers", body("K-2", "e-1")).await,
        409,
        "external_id_taken",
    );
    let path = format!("/v1/customers/{}", customer["id"].as_str().expect("an id"));
    let patch = |tag: &'static str| {
        let request = staff
            .request(reqwest::Method::PATCH, &path)
            .header("Content-Type", "application/merge-patch+json");
        staff.send(request.header("If-Match", tag).body(r#"{"name":"M"}"#))
    };
    provoked.note(patch("\"cus-7\"").await, 412, "precondition_failed");
    provoked.note(patch("cus-1").await, 400, "invalid_header");
}

async fn by_billing(app: &TestApp<'_>, provoked: &mut Provoked) {
    let (customer_id, customer) = app.customer("sprechfenster", "business").await;
    let id = conclude(&customer, "plus", 1).await;
    let staff = app.staff("sprechfenster");
    let pay = |amount: &str, currency: &str| {
        let body = json!({ "customer_id": customer_id, "amount": { "amount": amount, "currency": currency } });
        let staff = &staff;
        async move { staff.post("/v1/payments", body).await }
    };
    provoked.note(pay("0.00", "EUR").await, 422, "amount_not_positive");
    provoked.note(pay("1.00", "CHF").await, 422, "currency_mismatch");
    let report = |price: &str, used_at: &str| {
        let record = json!({ "subscription_id": id, "price": price, "quantity": 1, "used_at": used_at });
        let staff = &staff;
        async move { staff.post("/v1/usage", json!({ "records": [record] })).await }
    };
    provoked.note(report("fax", "2026-03-16T09:30:00Z").await, 422, "usage_not_priced");
    provoked.note(
        report("sms", "2025-03-16T09:30:00Z").await,
        409,
        "usage_outside_contract",
    );
    let referred = |quantity: u32| {
        let record = json!({ "subscription_id": id, "price": "sms", "quantity": quantity, "reference": "r" });
        let staff = &staff;
        async move { staff.post("/v1/usage", json!({ "records": [record] })).await }
    };
    referred(1).await.expect(201);
    provoked.note(referred(2).await, 409, "usage_reference_taken");
}

async fn by_emails(app: &TestApp<'_>, provoked: &mut Provoked) {
    let (_, customer) = app.customer("textschirm", "business").await;
    conclude(&customer, "single", 1).await;
    let emails = customer.get("/v1/emails").await.expect(200);
    let id = emails["data"][0]["id"].as_str().expect("an id");
    let path = format!("/v1/emails/{id}/resend");
    let too_soon = app.staff("textschirm").post_empty(&path).await;
    provoked.note(too_soon, 409, "email_not_settled");
}

async fn by_webhooks(app: &TestApp<'_>, provoked: &mut Provoked) {
    let staff = app.staff("textschirm");
    let off = json!({ "url": "https://example.com/hooks", "enabled": false });
    let endpoint = staff.post("/v1/webhook-endpoints", off).await.expect(201);
    let id = endpoint["webhook_endpoint"]["id"].as_str().expect("an id").to_owned();
    let test = staff.post_empty(&format!("/v1/webhook-endpoints/{id}/test")).await;
    provoked.note(test, 409, "webhook_endpoint_disabled");
}

/// Providers made by the operator's command line: live, without a catalogue, or without the offer to revoke.
async fn by_unfinished_providers(app: &TestApp<'_>, provoked: &mut Provoked) {
    let now = app.state.clock.now();
    let create = |slug: &str, mode: ProviderMode| {
        app.state
            .db
            .write(|conn| providers::create(conn, slug, slug, mode, now))
            .expect("a provider")
            .id
    };
    let live = api_key(app, &create("live", ProviderMode::Live));
    provoked.note(
        live.post("/v1/test-clocks", json!({ "now": "2026-01-01T00:00:00Z" }))
            .await,
        422,
        "no_test_mode",
    );
    let customer = json!({ "customer_type": "business", "name": "N", "email": "n@example.com" });
    let customer = live.post("/v1/customers", customer).await.expect(201);
    let order = json!({ "customer_id": customer["id"], "plan": "single" });
    provoked.note(
        live.post("/v1/subscriptions", order).await,
        409,
        "catalogue_not_published",
    );
    revocation_not_offered(app, provoked, &create("strict", ProviderMode::Sandbox)).await;
}

async fn revocation_not_offered(app: &TestApp<'_>, provoked: &mut Provoked, provider_id: &str) {
    let (_, text) = vertragswerk::demo::CATALOGUES[0];
    let mut catalogue: Value = serde_json::from_str(text).expect("JSON");
    catalogue["provider"]["slug"] = json!("strict");
    catalogue["provider"]["revocation_offered"] = json!(false);
    catalogue["provider"]["keep_last_contract"] = json!(false);
    let now = app.state.clock.now();
    let import = |conn: &mut vertragswerk::db::DbConnection| {
        vertragswerk::services::catalogue::import(conn, provider_id, "strict", &catalogue.to_string(), now)
    };
    app.state.db.write(import).expect("a catalogue");
    let staff = api_key(app, provider_id);
    let customer = json!({ "customer_type": "business", "name": "N", "email": "n@example.com" });
    let customer = staff.post("/v1/customers", customer).await.expect(201);
    let id = customer["id"].as_str().expect("an id");
    let session = staff.post_empty(&format!("/v1/customers/{id}/sessions")).await;
    let customer = app
        .anonymous
        .with_token(session.json["access_token"].as_str().expect("a token"));
    let subscription = conclude(&customer, "single", 1).await;
    let path = format!("/v1/subscriptions/{subscription}/cancellations");
    let cancellation = customer.post(&path, json!({})).await.expect(201);
    let revoke = format!(
        "/v1/cancellations/{}/revoke",
        cancellation["id"].as_str().expect("an id")
    );
    provoked.note(customer.post(&revoke, json!({})).await, 409, "revocation_not_offered");
}

/// A program of a provider that the operator has just made.
pub fn api_key(app: &TestApp<'_>, provider_id: &str) -> Caller {
    use vertragswerk::domain::access::Scopes;
    use vertragswerk::services::auth::{NewApiKey, api_key_issue};
    let scopes = "customers:read customers:write sessions:write subscriptions:write test_clocks:write webhooks:write";
    let key = NewApiKey {
        name: "Test".to_owned(),
        scopes: Scopes::parse(scopes).expect("scopes"),
        expires_at: None,
    };
    app.anonymous
        .with_token(&api_key_issue(&app.state, provider_id, &key).expect("a key").secret)
}

async fn by_add_ons(app: &TestApp<'_>, provoked: &mut Provoked) {
    let (_, customer) = app.customer("textschirm", "business").await;
    let package = conclude(&customer, "unlimited", 1).await;
    let at = format!("/v1/subscriptions/{package}/add-ons");
    let audit = customer.get(&at).await.expect(200)["data"][0]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    provoked.note(
        customer.post(&at, json!({ "add_on": "shop_audit" })).await,
        409,
        "add_on_included",
    );
    let yes = json!({ "confirm": true });
    let cancelled = customer.post(&format!("{at}/{audit}/cancellations"), yes.clone()).await;
    provoked.note(cancelled, 409, "one_off_not_cancellable");
    let more = customer
        .post(&format!("{at}/{audit}/quantity-changes"), json!({ "quantity": 2 }))
        .await;
    provoked.note(more, 409, "quantity_not_changeable");
    let (_, customer) = app.customer("kontaktkiste", "business").await;
    let agreed = consents(&["terms", "dpa", "withdrawal_instruction"]);
    let order = json!({ "plan": "crm_basic", "consents": agreed });
    let basic = customer.post("/v1/subscriptions", order).await.expect(201);
    let at = format!("/v1/subscriptions/{}/add-ons", basic["id"].as_str().expect("an id"));
    provoked.note(
        customer.post(&at, json!({ "add_on": "extra_users" })).await,
        409,
        "add_on_not_allowed",
    );
    let booked = customer
        .post(
            &at,
            json!({ "add_on": "extra_storage", "quantity": 2, "consents": agreed }),
        )
        .await
        .expect(201);
    let booking = format!("{at}/{}", booked["id"].as_str().expect("an id"));
    provoked.note(
        customer.post(&format!("{booking}/pause"), json!({})).await,
        409,
        "pause_not_offered",
    );
    let most = json!({ "add_on": "extra_storage", "quantity": 999_999, "consents": agreed });
    let most = customer.post(&at, most).await;
    provoked.note(most, 409, "add_on_limit_reached");
    let performed = app
        .staff("kontaktkiste")
        .post(&format!("{booking}/perform"), json!({}))
        .await;
    provoked.note(performed, 409, "not_a_one_off_service");
}

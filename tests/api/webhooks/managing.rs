//! Endpoints: created, read, changed, removed; by whom, and where to.

use std::sync::Arc;

use serde_json::{Value, json};
use vertragswerk::config::{Config, WebhookConfig};
use vertragswerk::services::providers::{self, ProviderMode};

use super::receiver::{Manner, Receiver};
use super::{PROVIDER, Working, after_attempts, endpoint, something_happens};
use crate::helpers::{TestApp, over_http};

over_http!(
    an_endpoint_lives_and_its_secret_is_shown_once,
    what_is_wrong_is_told_field_by_field,
    what_is_stored_is_plain,
    customers_hear_nothing,
    without_the_switch_this_machine_is_internal
);

async fn an_endpoint_lives_and_its_secret_is_shown_once(app: TestApp<'_>) {
    let staff = app.staff(PROVIDER);
    let body = json!({ "url": "https://example.com/hooks", "description": "ERP" });
    let created = staff.post_once("/v1/webhook-endpoints", "one", body.clone()).await;
    let location = created.header("location").to_owned();
    let created = created.expect(201);
    let again = staff.post_once("/v1/webhook-endpoints", "one", body).await.expect(201);
    assert_eq!(created, again, "a repetition doubles nothing");
    let secret = created["secret"].as_str().expect("a secret").to_owned();
    assert!(secret.starts_with("whsec_"));
    assert_eq!(created["webhook_endpoint"]["event_types"], json!(["*"]));
    assert_eq!(created["webhook_endpoint"]["enabled"], true);

    let read = staff.get(&location).await;
    let tag = read.header("etag").to_owned();
    for answer in [&read, &staff.get("/v1/webhook-endpoints").await] {
        assert!(!answer.text.contains(&secret[6..]), "the secret is not shown again");
    }
    let change = json!({ "url": "https://example.com/v2", "event_types": ["charge.created", "invoice.issued"], "description": null });
    let changed = staff.patch(&location, change).await.expect(200);
    assert_eq!(
        (&changed["url"], &changed["description"]),
        (&json!("https://example.com/v2"), &Value::Null)
    );
    let stale = staff
        .request(reqwest::Method::PATCH, &location)
        .header("Content-Type", "application/merge-patch+json")
        .header("If-Match", tag)
        .body(r#"{"enabled":false}"#);
    staff.send(stale).await.expect_problem(412, "precondition_failed");

    let rotate = format!("{location}/rotate-secret");
    let rotated = staff.post_empty(&rotate).await.expect(200);
    assert_ne!(rotated["secret"], secret.as_str());
    staff.delete(&location).await.expect(204);
    staff.get(&location).await.expect_problem(404, "not_found");
    assert_eq!(staff.get("/v1/webhook-endpoints").await.expect(200)["data"], json!([]));
}

async fn what_is_wrong_is_told_field_by_field(app: TestApp<'_>) {
    let staff = app.staff(PROVIDER);
    for (url, code) in [
        ("nonsense", "invalid_url"),
        ("http://example.com/", "https_required"),
        ("https://me:secret@example.com/", "credentials_in_url"),
        ("https://10.0.0.1/", "internal_address"),
        ("http://0x7f.1.2.3@169.254.169.254/", "credentials_in_url"),
        ("https://2852039166/latest/meta-data/", "internal_address"),
        ("https://[::ffff:192.168.0.1]/", "internal_address"),
        ("https://metadata.google.internal/", "internal_address"),
        (r"https:\\example.com\hook", "invalid_url"),
        ("https://..example.com/", "invalid_url"),
        ("https://example.com:0/", "invalid_url"),
        ("https://example.com/#part", "invalid_url"),
        ("https://010.8.8.8/", "invalid_url"),
    ] {
        let body = json!({ "url": url, "event_types": ["*", "subscription.exploded"] });
        let problem = staff
            .post("/v1/webhook-endpoints", body)
            .await
            .expect_problem(422, "validation_failed");
        assert_eq!(
            (&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]),
            (&json!("/url"), &json!(code))
        );
        assert_eq!(problem["errors"][1]["pointer"], "/event_types/1", "{problem}");
    }
    let (id, _) = endpoint(&staff, "https://example.com/", &["*"]).await;
    let path = format!("/v1/webhook-endpoints/{id}");
    for patch in [
        json!({ "url": "https://localhost.internal/" }),
        json!({ "url": null }),
        json!({ "event_types": [] }),
        json!({ "event_types": ["charge"] }),
        json!({ "enabled": "yes" }),
        json!({ "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" }),
    ] {
        staff.patch(&path, patch).await.expect_problem(422, "validation_failed");
    }
    assert_eq!(staff.get(&path).await.expect(200)["url"], "https://example.com/");
}

async fn what_is_stored_is_plain(app: TestApp<'_>) {
    let staff = app.staff(PROVIDER);
    let types = ["slot.moved", "charge.created", "slot.moved"];
    let body = json!({ "url": "HTTPS://Example.COM:443/a/../b", "event_types": types });
    let created = staff.post("/v1/webhook-endpoints", body).await.expect(201);
    let created = &created["webhook_endpoint"];
    assert_eq!(
        (&created["url"], &created["event_types"]),
        (
            &json!("https://example.com/b"),
            &json!(["slot.moved", "charge.created"])
        )
    );
    let path = format!("/v1/webhook-endpoints/{}", created["id"].as_str().expect("an id"));
    let patch = json!({ "url": "https://bücher.example", "event_types": ["slot.moved", "*"] });
    staff.patch(&path, patch).await.expect(200);
    let changed = staff.get(&path).await.expect(200);
    assert_eq!(
        (&changed["url"], &changed["event_types"]),
        (&json!("https://xn--bcher-kva.example/"), &json!(["*"]))
    );
    for list in ["/v1/events".to_owned(), format!("{path}/deliveries")] {
        let answer = staff.get(&format!("{list}?type=")).await;
        let problem = answer.expect_problem(400, "invalid_parameter");
        assert_eq!(problem["errors"][0]["parameter"], "type", "{problem}");
    }
}

async fn customers_hear_nothing(app: TestApp<'_>) {
    let staff = app.staff(PROVIDER);
    let (id, _) = endpoint(&staff, "https://example.com/", &["*"]).await;
    let (_, customer) = app.customer(PROVIDER, "business").await;
    let path = format!("/v1/webhook-endpoints/{id}");
    for answer in [
        customer.get("/v1/webhook-endpoints").await,
        customer.get(&path).await,
        customer.get(&format!("{path}/deliveries")).await,
        customer.post_empty(&format!("{path}/test")).await,
        customer.patch(&path, json!({ "enabled": false })).await,
        customer.delete(&path).await,
        customer
            .post("/v1/webhook-endpoints", json!({ "url": "https://example.com/" }))
            .await,
    ] {
        answer.expect_problem(403, "insufficient_scope");
    }
    let stranger = app.staff("textschirm");
    stranger.get(&path).await.expect_problem(404, "not_found");
    stranger.delete(&path).await.expect_problem(404, "not_found");
}

/// A server whose operator has not switched loopback on, and a live provider on one who has.
async fn without_the_switch_this_machine_is_internal(app: TestApp<'_>) {
    let staff = app.staff(PROVIDER);
    let receiver = Receiver::start(Manner::Status(200));
    let (id, _) = endpoint(&staff, &receiver.url, &["customer.created"]).await;
    let named = receiver.url.replace("127.0.0.1", "localhost");
    let (named_id, _) = endpoint(&staff, &named, &["customer.created"]).await;
    let mut strict = app.state.clone();
    strict.config = Arc::new(Config {
        webhooks: WebhookConfig::default(),
        ..Config::clone(&app.state.config)
    });
    let _working = Working::start([strict]);
    something_happens(&staff).await;
    for id in [&id, &named_id] {
        let delivery = after_attempts(&staff, id, 1).await;
        assert_eq!(delivery["attempts"][0]["error"], "internal_address", "{delivery}");
    }
    assert!(receiver.received().is_empty());

    let now = app.state.clock.now();
    let create =
        |conn: &mut vertragswerk::db::DbConnection| providers::create(conn, "live", "live", ProviderMode::Live, now);
    let live = app.state.db.write(create).expect("a provider");
    let live = crate::coverage::api_key(&app, &live.id);
    let problem = live
        .post("/v1/webhook-endpoints", json!({ "url": receiver.url }))
        .await
        .expect_problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["code"], "internal_address");
}

//! Commands under an `Idempotency-Key`.

use reqwest::Method;
use serde_json::json;

use super::{id, order, plus_contract};
use crate::helpers::{TestApp, over_http};

over_http!(a_repetition_gets_the_same_answer, a_refusal_frees_the_key);

async fn a_repetition_gets_the_same_answer(app: TestApp<'_>) {
    let (_, customer) = app.customer("sprechfenster", "business").await;
    let body = order("plus", 3, &["terms", "dpa"]);
    let first = customer.post_once("/v1/subscriptions", "order-1", body.clone()).await;
    assert_eq!((first.status, first.header("idempotent-replayed")), (201, ""));
    let again = customer
        .request(Method::POST, "/v1/subscriptions")
        .header("Idempotency-Key", "\"order-1\"")
        .header("Accept-Language", "en")
        .json(&body);
    let again = customer.send(again).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (201, "true"));
    assert_eq!(again.text, first.text);
    for name in ["location", "etag", "content-language"] {
        assert_eq!(again.header(name), first.header(name), "{name}");
        assert!(!first.header(name).is_empty(), "{name}");
    }
    customer
        .post_once("/v1/subscriptions", "order-1", order("plus", 4, &["terms", "dpa"]))
        .await
        .expect_problem(422, "idempotency_key_reused");
    let contract = first.expect(201);
    let cancellations = format!("/v1/subscriptions/{}/cancellations", id(&contract));
    customer
        .post_once(&cancellations, "order-1", body)
        .await
        .expect_problem(422, "validation_failed");
    customer
        .post_once(&cancellations, "order-1", json!({}))
        .await
        .expect_problem(422, "idempotency_key_reused");
    let listed = customer.get("/v1/subscriptions").await.expect(200);
    assert_eq!(listed["data"], json!([contract]));

    // Another principal's key of the same name is another key.
    let (_, other) = app.customer("sprechfenster", "business").await;
    let theirs = other
        .post_once("/v1/subscriptions", "order-1", order("basis", 1, &["terms", "dpa"]))
        .await
        .expect(201);
    assert_eq!(theirs["plan"]["key"], "basis");

    let change = format!("/v1/subscriptions/{}/plan-changes", id(&contract));
    let first = customer.post_once(&change, "more-1", json!({ "quantity": 5 })).await;
    let again = customer.post_once(&change, "more-1", json!({ "quantity": 5 })).await;
    assert_eq!(
        (first.status, again.status, again.header("idempotent-replayed")),
        (201, 201, "true")
    );
    assert_eq!(first.text, again.text);
}

async fn a_refusal_frees_the_key(app: TestApp<'_>) {
    let (customer, contract) = plus_contract(&app).await;
    let change = format!("/v1/subscriptions/{}/plan-changes", id(&contract));
    customer
        .post_once(&change, "k", json!({ "quantity": 3 }))
        .await
        .expect_problem(422, "nothing_to_change");
    let cancellations = format!("/v1/subscriptions/{}/cancellations", id(&contract));
    let cancelled = customer.post_once(&cancellations, "k", json!({})).await.expect(201);
    let revoke = format!("/v1/cancellations/{}/revoke", id(&cancelled));
    let once = |key: &str| customer.request(Method::POST, &revoke).header("Idempotency-Key", key);
    let first = customer.send(once("back")).await;
    let again = customer.send(once("back")).await;
    assert_eq!(
        (first.status, again.status, again.header("idempotent-replayed")),
        (200, 200, "true")
    );
    assert_eq!(first.text, again.text);
    customer
        .send(once("once more"))
        .await
        .expect_problem(400, "invalid_idempotency_key");
    customer
        .send(once("back-2"))
        .await
        .expect_problem(409, "already_revoked");
}

//! Concluding contracts.

use reqwest::Method;
use serde_json::json;

use super::{consents, id, order};
use crate::helpers::{TestApp, over_http};

over_http!(
    a_contract_is_concluded_as_previewed,
    a_consumer_presses_the_order_button,
    a_contract_may_begin_later,
    wrong_orders_are_refused,
);

async fn a_contract_is_concluded_as_previewed(app: TestApp<'_>) {
    let (customer_id, customer) = app.customer("sprechfenster", "business").await;
    let preview = customer
        .post("/v1/subscriptions/preview", json!({ "plan": "plus", "quantity": 3 }))
        .await
        .expect(200);
    assert_eq!(preview["effective_on"], "2026-03-16");
    assert_eq!(
        preview["due_now"],
        json!({
            "net": { "amount": "57.00", "currency": "EUR" },
            "tax": { "amount": "10.83", "currency": "EUR" },
            "gross": { "amount": "67.83", "currency": "EUR" },
        })
    );
    assert_eq!(preview["recurring"]["next_charge_on"], "2026-04-16");
    assert_eq!(preview["order_button"]["required"], false);
    assert_eq!(preview["subscription_ids"], json!([]));
    let line = &preview["lines"][0];
    assert_eq!(
        (&line["subscription_id"], &line["kind"], &line["through_on"]),
        (&json!(null), &json!("recurring"), &json!("2026-04-15"))
    );
    let asked: Vec<_> = preview["consents"].as_array().expect("documents").iter().collect();
    assert_eq!((asked.len(), &asked[0]["document"]), (2, &json!("terms")));
    let wording = customer
        .get(asked[0]["href"].as_str().expect("an address"))
        .await
        .expect(200);
    assert_eq!(wording["sha256"], asked[0]["sha256"]);

    let mut body = order("plus", 3, &["terms", "dpa"]);
    body["preview_token"] = preview["preview_token"].clone();
    let answer = customer.post("/v1/subscriptions", body).await;
    let (location, etag) = (answer.header("location").to_owned(), answer.header("etag").to_owned());
    let contract = answer.expect(201);
    assert_eq!(location, format!("/v1/subscriptions/{}", id(&contract)));
    assert!(etag.starts_with("\"sub-1."), "{etag}");
    assert_eq!(
        (&contract["customer_id"], &contract["status"]),
        (&json!(customer_id), &json!("active"))
    );
    assert_eq!(
        (&contract["plan"]["key"], &contract["quantity"]),
        (&json!("plus"), &json!(3))
    );
    assert_eq!(contract["recurring"]["net"]["amount"], "57.00");
    assert_eq!(contract["billed_through_on"], "2026-04-15");
    assert_eq!(
        contract["billing"]["current_period"],
        json!({ "from_on": "2026-03-16", "through_on": "2026-04-15" })
    );
    assert_eq!(contract["terms"]["to"], "quarter_end");
    assert_eq!(
        (
            &contract["ends_on"],
            &contract["pending_change"],
            &contract["instructed_at"]
        ),
        (&json!(null), &json!(null), &json!(null))
    );

    let read = customer.get(&location).await;
    assert_eq!(read.header("etag"), etag);
    assert_eq!(read.expect(200), contract);
    let again = customer.request(Method::GET, &location).header("If-None-Match", etag);
    assert_eq!(customer.send(again).await.status, 304);
}

async fn a_consumer_presses_the_order_button(app: TestApp<'_>) {
    let (_, customer) = app.customer("kontaktkiste", "consumer").await;
    let mut body = json!({
        "plan": "crm_monthly",
        "consents": [
            { "document": "terms", "version": "2020-01", "accepted": true, "wording": "Ich stimme zu." },
            { "document": "dpa", "version": "2020-01", "accepted": true },
            { "document": "withdrawal_instruction", "version": "2020-01", "accepted": true },
        ],
    });
    let preview = customer
        .post("/v1/subscriptions/preview", body.clone())
        .await
        .expect(200);
    assert_eq!(
        preview["order_button"],
        json!({ "label": "zahlungspflichtig bestellen", "required": true })
    );
    let problem = customer
        .post("/v1/subscriptions", body.clone())
        .await
        .expect_problem(422, "order_button_required");
    assert_eq!(problem["errors"][0]["pointer"], "/order_button_text");
    body["order_button_text"] = json!("Weiter");
    customer
        .post("/v1/subscriptions", body.clone())
        .await
        .expect_problem(422, "order_button_required");
    assert_eq!(customer.get("/v1/subscriptions").await.expect(200)["data"], json!([]));
    body["order_button_text"] = preview["order_button"]["label"].clone();
    let contract = customer.post("/v1/subscriptions", body).await.expect(201);
    assert_eq!(contract["instructed_at"], contract["concluded_at"]);
    assert_eq!(contract["recurring"]["gross"]["amount"], "19.90");
}

async fn a_contract_may_begin_later(app: TestApp<'_>) {
    let (customer_id, customer) = app.customer("sprechfenster", "business").await;
    let mut body = order("plus", 2, &["terms", "dpa"]);
    body["starts_on"] = json!("2026-04-01");
    body["customer_id"] = json!(customer_id);
    let contract = app
        .staff("sprechfenster")
        .post("/v1/subscriptions", body)
        .await
        .expect(201);
    assert_eq!(
        (
            &contract["status"],
            &contract["starts_on"],
            &contract["billing"]["current_period"]
        ),
        (&json!("scheduled"), &json!("2026-04-01"), &json!(null))
    );
    assert_eq!(
        (&contract["billed_through_on"], &contract["recurring"]["next_charge_on"]),
        (&json!(null), &json!("2026-04-01"))
    );
    let path = format!("/v1/subscriptions/{}", id(&contract));
    customer
        .post(&format!("{path}/plan-changes/preview"), json!({ "quantity": 3 }))
        .await
        .expect_problem(409, "subscription_not_active");
    let cancelled = customer
        .post(&format!("{path}/cancellations"), json!({}))
        .await
        .expect(201);
    assert_eq!(cancelled["ends_on"], "2026-03-31");
    let contract = customer.get(&path).await.expect(200);
    assert_eq!(
        (&contract["ends_on"], &contract["ends_at"]),
        (&json!("2026-03-31"), &json!("2026-03-31T22:00:00.000Z"))
    );
}

async fn wrong_orders_are_refused(app: TestApp<'_>) {
    let (_, business) = app.customer("sprechfenster", "business").await;
    let (_, consumer) = app.customer("sprechfenster", "consumer").await;
    let both = ["terms", "dpa"];
    let good = order("plus", 1, &both);
    let with = |name: &str, value: serde_json::Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    let refused = [
        (with("plan", json!("nothing")), "plan_not_available", "/plan"),
        (with("quantity", json!(0)), "validation_failed", "/quantity"),
        (with("quantity", json!(1_000_001)), "validation_failed", "/quantity"),
        (with("quantity", json!("3")), "validation_failed", "/quantity"),
        (with("quantity", json!(1.5)), "validation_failed", "/quantity"),
        (order("basis", 2, &both), "quantity_out_of_range", "/quantity"),
        (
            with("starts_on", json!("2026-03-15")),
            "date_out_of_range",
            "/starts_on",
        ),
        (
            with("starts_on", json!("2028-03-17")),
            "date_out_of_range",
            "/starts_on",
        ),
        (
            with("starts_on", json!("2026-02-30")),
            "validation_failed",
            "/starts_on",
        ),
        (with("colour", json!("red")), "validation_failed", "/colour"),
        (with("consents", consents(&["terms"])), "consent_required", "/consents"),
        (
            with(
                "consents",
                json!([{ "document": "terms", "version": "2020-01", "accepted": false }]),
            ),
            "consent_required",
            "/consents",
        ),
        (
            with(
                "consents",
                json!([{ "document": "terms", "version": "2019-01", "accepted": true }]),
            ),
            "consent_outdated",
            "/consents/0/version",
        ),
        (
            with("consents", json!([{ "document": "terms" }])),
            "validation_failed",
            "/consents/0/version",
        ),
        (
            with("order_button_text", json!("x".repeat(501))),
            "validation_failed",
            "/order_button_text",
        ),
    ];
    for (body, code, pointer) in refused {
        let problem = business
            .post("/v1/subscriptions", body.clone())
            .await
            .expect_problem(422, code);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}");
    }
    let problem = business
        .post("/v1/subscriptions", order("plus", 1, &["terms"]))
        .await
        .expect_problem(422, "consent_required");
    assert_eq!(problem["consents"][0]["document"], "dpa");
    consumer
        .post("/v1/subscriptions", good.clone())
        .await
        .expect_problem(422, "not_for_customer_type");
    app.staff("sprechfenster")
        .post("/v1/subscriptions", good)
        .await
        .expect_problem(422, "validation_failed");
    for caller in [&business, &consumer] {
        assert_eq!(caller.get("/v1/subscriptions").await.expect(200)["data"], json!([]));
    }
}

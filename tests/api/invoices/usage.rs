//! Usage over HTTP: reported in batches, once, charged in arrears.

use serde_json::{Value, json};

use super::story::{conclude, list, on_clock};
use crate::helpers::{TestApp, over_http};

over_http!(
    usage_is_charged_with_the_next_period,
    a_reference_is_recorded_once_and_a_fault_records_nothing
);

const PROVIDER: &str = "sprechfenster";

async fn usage_is_charged_with_the_next_period(app: TestApp<'_>) {
    let (clock, customer_id, customer) = on_clock(&app, PROVIDER, "2026-01-15T09:00:00Z", json!({})).await;
    let id = conclude(&customer, "plus").await;
    let staff = app.staff(PROVIDER);
    let records = json!({ "records": [
        { "subscription_id": id, "price": "sms", "quantity": 7 },
        { "subscription_id": id, "price": "sms", "quantity": 8, "used_at": "2026-01-15T08:59:00Z" }
    ]});
    let answer = staff.post("/v1/usage", records).await.expect(201);
    assert_eq!(answer["data"].as_array().map(Vec::len), Some(2));
    let next = staff
        .post("/v1/invoices/preview", json!({ "customer_id": customer_id }))
        .await
        .expect(200);
    assert_eq!(next["documents"][0]["totals"]["net"]["amount"], "20.50");
    app.advance(PROVIDER, &clock, "2026-02-15T09:00:00Z").await;
    let invoice = list(&staff, &format!("/v1/invoices?customer_id={customer_id}"))
        .await
        .remove(0);
    assert_eq!(invoice["totals"], next["documents"][0]["totals"]);
    let line = &invoice["lines"][0];
    assert_eq!((&line["kind"], &line["quantity"]), (&json!("usage"), &json!(15)));
    assert_eq!(line["amount"]["amount"], "1.50");
    let usage = list(&staff, &format!("/v1/usage?subscription_id={id}")).await;
    assert!(
        usage
            .iter()
            .all(|record| record["charge_id"] == line["charge_id"] && record["billed_on"] == "2026-02-15")
    );
    let events = list(
        &staff,
        &format!("/v1/events?customer_id={customer_id}&type=usage.recorded&limit=100"),
    )
    .await;
    assert_eq!(events.len(), 2);
}

async fn a_reference_is_recorded_once_and_a_fault_records_nothing(app: TestApp<'_>) {
    let (_, _, customer) = on_clock(&app, PROVIDER, "2026-01-15T09:00:00Z", json!({})).await;
    let id = conclude(&customer, "plus").await;
    let staff = app.staff(PROVIDER);
    let record = |price: &str, reference: Value| json!({ "subscription_id": id, "price": price, "quantity": 1, "reference": reference });
    let body = json!({ "records": [record("sms", json!("a")), record("sms", json!("a")), record("sms", json!("b"))] });
    let first = staff.post("/v1/usage", body.clone()).await.expect(201);
    assert_eq!(first["data"][0]["id"], first["data"][1]["id"]);
    let again = staff.post("/v1/usage", body).await.expect(201);
    assert_eq!(first["data"], again["data"]);
    // The reference stands for what was reported: other usage under it would be lost.
    let mut other = record("sms", json!("b"));
    other["quantity"] = json!(2);
    let problem = staff
        .post("/v1/usage", json!({ "records": [record("sms", json!("a")), other] }))
        .await
        .expect_problem(409, "usage_reference_taken");
    assert_eq!(problem["errors"][0]["pointer"], "/records/1/reference");
    let faulty = json!({ "records": [record("sms", json!("c")), record("fax", json!("d"))] });
    let problem = staff
        .post("/v1/usage", faulty)
        .await
        .expect_problem(422, "usage_not_priced");
    assert_eq!(problem["errors"][0]["pointer"], "/records/1/price");
    assert_eq!(list(&staff, &format!("/v1/usage?subscription_id={id}")).await.len(), 2);
    let early = json!({ "records": [
        { "subscription_id": id, "price": "sms", "quantity": 1, "used_at": "2026-01-14T10:00:00Z" }
    ]});
    staff
        .post("/v1/usage", early)
        .await
        .expect_problem(409, "usage_outside_contract");
    let mut strange = record("sms", Value::Null);
    strange["subscription_id"] = json!("sub_00000000000000000000000000");
    staff
        .post("/v1/usage", json!({ "records": [strange] }))
        .await
        .expect_problem(422, "validation_failed");
    customer
        .post("/v1/usage", json!({ "records": [record("sms", Value::Null)] }))
        .await
        .expect_problem(403, "insufficient_scope");
}

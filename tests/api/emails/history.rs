//! The history without a mail server: in the demo mails are kept and readable.

use serde_json::json;
use vertragswerk::services::emails::deliver_next;

use crate::helpers::{TestApp, over_http};
use crate::scenarios::story::consents;

over_http!(in_the_demo_mails_are_kept_and_readable);

async fn in_the_demo_mails_are_kept_and_readable(app: TestApp<'_>) {
    let (customer_id, customer) = app.customer("textschirm", "business").await;
    let order = json!({ "plan": "single", "consents": consents(&["terms", "dpa"]) });
    let subscription = customer.post("/v1/subscriptions", order).await.expect(201);
    let queued = customer.get("/v1/emails").await.expect(200);
    assert_eq!(queued["data"][0]["status"], "queued", "{queued}");
    while deliver_next(&app.state).expect("a database") {}

    let listed = customer.get("/v1/emails").await.expect(200);
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(2), "{listed}");
    assert_eq!(listed["data"][0]["kind"], "invoice_issued");
    let email = &listed["data"][1];
    assert_eq!(email["kind"], "contract_concluded");
    assert_eq!(
        (email["status"].as_str(), email["attempts"].as_i64()),
        (Some("kept"), Some(1))
    );
    assert_eq!(email["to"], "erika@example.com");
    assert_eq!(email["subscription_id"], subscription["id"]);
    assert_eq!(email["html"], json!(null), "lists leave the HTML out");
    let text = email["text"].as_str().expect("a text");
    let number = subscription["contract_number"].as_str().expect("a number");
    for part in [
        number,
        "16.03.2026, 11:00:00 Uhr (UTC+01:00)",
        "Fassung 2020-01 (SHA-256 ",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }

    let path = format!("/v1/emails/{}", email["id"].as_str().expect("an id"));
    let whole = customer.get(&path).await.expect(200);
    assert!(
        whole["html"]
            .as_str()
            .is_some_and(|html| html.starts_with("<!DOCTYPE html>"))
    );
    let staff = app.staff("textschirm");
    let of_customer = staff
        .get(&format!("/v1/emails?customer_id={customer_id}"))
        .await
        .expect(200);
    assert_eq!(of_customer["data"][1]["id"], email["id"]);
    customer
        .post_empty(&format!("{path}/resend"))
        .await
        .expect_problem(403, "insufficient_scope");
    let again = staff.post_empty(&format!("{path}/resend")).await.expect(201);
    assert_eq!(
        (again["resent_from_id"].clone(), again["text"].clone()),
        (email["id"].clone(), email["text"].clone())
    );
    assert_ne!(again["message_id"], email["message_id"]);
}

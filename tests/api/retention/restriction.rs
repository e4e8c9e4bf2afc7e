//! What is left after an erasure is restricted (Art. 18 GDPR, § 35 Abs. 3 BDSG): it serves the duty to keep it, and nobody else
//! works with it.

use serde_json::json;

use super::{PROVIDER, cancel, conclude, customer};
use crate::declarations::text;
use crate::helpers::http::Caller;
use crate::helpers::{TestApp, over_http};

over_http!(
    retained_data_are_left_to_those_entrusted_with_them,
    a_new_contract_takes_the_restriction_back,
    an_end_without_erasure_restricts_nothing,
    no_other_way_leads_to_the_data,
    the_inbox_offers_nobody_who_is_restricted,
    a_cancellation_that_is_a_withdrawal_erases_at_once,
);

/// A program of the provider with everything a support desk needs.
async fn desk(app: &TestApp<'_>) -> Caller {
    let scopes = [
        "charges:read",
        "customers:export",
        "customers:read",
        "customers:write",
        "declarations:read",
        "emails:read",
        "emails:write",
        "events:read",
        "invoices:read",
        "payments:read",
        "payments:write",
        "subscriptions:read",
        "subscriptions:write",
    ];
    let admin = app.admin(PROVIDER).await;
    let key = json!({ "name": "Support", "scopes": scopes });
    let key = admin.post("/v1/api-keys", key).await.expect(201);
    app.anonymous.with_token(text(&key, "secret"))
}

/// Where the data of one customer are read.
fn readings(customer_id: &str, contract: &str, change: &str, invoice: &str, email: &str) -> Vec<String> {
    vec![
        format!("/v1/customers/{customer_id}"),
        format!("/v1/customers/{customer_id}/entitlements"),
        format!("/v1/options?customer_id={customer_id}"),
        format!("/v1/subscriptions/{contract}"),
        format!("/v1/subscriptions/{contract}/evidence"),
        format!("/v1/subscriptions/{contract}/timeline"),
        format!("/v1/subscriptions/{contract}/add-ons"),
        format!("/v1/subscriptions/{contract}/slots"),
        format!("/v1/cancellations/{change}"),
        format!("/v1/invoices/{invoice}"),
        format!("/v1/emails/{email}"),
    ]
}

const LISTS: [&str; 9] = [
    "/v1/customers",
    "/v1/subscriptions",
    "/v1/cancellations",
    "/v1/charges",
    "/v1/invoices",
    "/v1/payments",
    "/v1/emails",
    "/v1/usage",
    "/v1/withdrawals",
];

async fn first_of(staff: &Caller, list: &str, customer_id: &str) -> String {
    let page = staff
        .get(&format!("{list}?customer_id={customer_id}"))
        .await
        .expect(200);
    text(&page["data"][0], "id").to_owned()
}

async fn retained_data_are_left_to_those_entrusted_with_them(app: TestApp<'_>) {
    let (clock, customer_id, contract) = customer(&app).await;
    let (staff, desk) = (app.staff(PROVIDER), desk(&app).await);
    let usage = json!({ "subscription_id": contract, "price": "sms", "quantity": 2, "reference": "1" });
    staff.post("/v1/usage", json!({ "records": [usage] })).await.expect(201);
    cancel(&staff, &contract, true).await;
    app.advance(PROVIDER, &clock, "2021-06-30T12:00:00Z").await;
    let invoice = first_of(&staff, "/v1/invoices", &customer_id).await;
    let payment = json!({ "invoice_id": invoice, "amount": { "amount": "1.00", "currency": "EUR" }, "received_on": "2021-06-30" });
    staff.post("/v1/payments", payment).await.expect(201);
    let change = first_of(&staff, "/v1/cancellations", &customer_id).await;
    let email = first_of(&staff, "/v1/emails", &customer_id).await;
    let paths = readings(&customer_id, &contract, &change, &invoice, &email);
    for path in &paths {
        desk.get(path).await.expect(200);
    }

    app.advance(PROVIDER, &clock, "2021-07-02T12:00:00Z").await;
    for path in &paths {
        let problem = desk.get(path).await.expect_problem(403, "insufficient_scope");
        assert_eq!(problem["required_scopes"], json!(["restricted_data:process"]), "{path}");
        staff.get(path).await.expect(200);
    }
    for list in LISTS {
        let shown = |page: serde_json::Value| page["data"].to_string().contains(&customer_id);
        assert!(!shown(desk.get(list).await.expect(200)), "{list}");
        if list != "/v1/withdrawals" {
            assert!(
                shown(staff.get(list).await.expect(200)) || list == "/v1/customers",
                "{list}"
            );
        }
    }
    // Nothing is done with them either.
    let refused = |answer: crate::helpers::http::Answer| answer.expect_problem(403, "insufficient_scope");
    refused(desk.post_empty(&format!("/v1/emails/{email}/resend")).await);
    refused(desk.post_empty(&format!("/v1/customers/{customer_id}/exports")).await);
    refused(
        desk.patch(&format!("/v1/customers/{customer_id}"), json!({ "name": "Neu" }))
            .await,
    );
    let order = json!({ "plan": "plus", "quantity": 3, "customer_id": customer_id });
    refused(desk.post("/v1/subscriptions/preview", order).await);
    // The stream of events has no gap, and no data.
    let told = desk.get("/v1/events?limit=100").await.expect(200);
    let of_customer: Vec<_> = told["data"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|event| event["customer_id"] == json!(customer_id))
        .collect();
    assert!(of_customer.len() > 5);
    assert!(
        of_customer
            .iter()
            .all(|event| event["data"] == json!({ "restricted": true })),
        "{of_customer:?}"
    );
    // What is kept and why, everybody may know; customers keep the access to their own.
    let kept = desk
        .get(&format!("/v1/customers/{customer_id}/data-retention"))
        .await
        .expect(200);
    assert_eq!(kept["retained"][0]["restricted"], json!(true));
    let session = staff
        .post_empty(&format!("/v1/customers/{customer_id}/sessions"))
        .await
        .expect(200);
    let own = app.anonymous.with_token(text(&session, "access_token"));
    own.get(&format!("/v1/invoices/{invoice}")).await.expect(200);
}

async fn a_new_contract_takes_the_restriction_back(app: TestApp<'_>) {
    let (clock, customer_id, contract) = customer(&app).await;
    let (staff, desk) = (app.staff(PROVIDER), desk(&app).await);
    cancel(&staff, &contract, true).await;
    app.advance(PROVIDER, &clock, "2021-07-02T12:00:00Z").await;
    let path = format!("/v1/customers/{customer_id}");
    desk.get(&path).await.expect_problem(403, "insufficient_scope");
    let session = staff.post_empty(&format!("{path}/sessions")).await.expect(200);
    conclude(&app.anonymous.with_token(text(&session, "access_token"))).await;
    desk.get(&path).await.expect(200);
    let kept = desk.get(&format!("{path}/data-retention")).await.expect(200);
    assert_eq!(
        (&kept["in_use"], &kept["retained"][0]["restricted"]),
        (&json!(true), &json!(false))
    );
}

async fn an_end_without_erasure_restricts_nothing(app: TestApp<'_>) {
    let (clock, customer_id, contract) = customer(&app).await;
    let (staff, desk) = (app.staff(PROVIDER), desk(&app).await);
    cancel(&staff, &contract, false).await;
    app.advance(PROVIDER, &clock, "2021-07-02T12:00:00Z").await;
    let path = format!("/v1/customers/{customer_id}");
    desk.get(&path).await.expect(200);
    let kept = desk.get(&format!("{path}/data-retention")).await.expect(200);
    assert_eq!(
        (&kept["in_use"], &kept["retained"][0]["restricted"]),
        (&json!(false), &json!(false))
    );
}

/// Kept answers of idempotency keys, the receipt of a declaration, a withdrawal by its id.
async fn no_other_way_leads_to_the_data(app: TestApp<'_>) {
    let (clock, customer_id, contract) = customer(&app).await;
    let (staff, desk) = (app.staff(PROVIDER), desk(&app).await);
    let path = format!("/v1/customers/{customer_id}");
    let session = staff.post_empty(&format!("{path}/sessions")).await.expect(200);
    let own = app.anonymous.with_token(text(&session, "access_token"));
    let second = conclude(&own).await;
    let body = json!({ "reason": "Praxis aufgegeben", "delete_data": true });
    let cancel_contract = format!("/v1/subscriptions/{contract}/cancellations");
    let cancelled = desk.post_once(&cancel_contract, "key", body.clone()).await.expect(201);
    assert_eq!(
        desk.post_once(&cancel_contract, "key", body.clone()).await.expect(201),
        cancelled
    );
    let shown = staff.get(&format!("/v1/subscriptions/{second}")).await.expect(200);
    let declared = crate::declarations::cancellation(text(&shown, "contract_number"));
    app.anonymous
        .post(crate::declarations::CANCELLATIONS, declared)
        .await
        .expect(201);
    let receipts = |page: &serde_json::Value| {
        let mails = page["data"].as_array().expect("a list").iter();
        mails.filter(|mail| mail["kind"] == "declaration_received").count()
    };
    let mails = format!("/v1/emails?customer_id={customer_id}&limit=100");
    assert_eq!(
        receipts(&staff.get(&mails).await.expect(200)),
        1,
        "the receipt is part of the history"
    );
    let evidence = staff
        .get(&format!("/v1/subscriptions/{second}/evidence"))
        .await
        .expect(200);
    let received = evidence["data"]
        .as_array()
        .or_else(|| evidence["entries"].as_array())
        .expect("entries");
    let received = received
        .iter()
        .find(|entry| entry["event_type"] == "declaration.received" || entry["type"] == "declaration.received");
    assert_eq!(
        received.expect("a receipt")["confirmations"].as_array().map(Vec::len),
        Some(1)
    );

    app.advance(PROVIDER, &clock, "2021-07-02T12:00:00Z").await;
    let repeated = desk.post_once(&cancel_contract, "key", body).await;
    assert!(!repeated.text.contains("Praxis aufgegeben"), "{}", repeated.text);
    repeated.expect_problem(422, "idempotency_key_reused");
    let everything = desk.get("/v1/emails?limit=100").await.expect(200);
    assert_eq!(receipts(&everything), 0, "{everything}");
}

async fn a_cancellation_that_is_a_withdrawal_erases_at_once(app: TestApp<'_>) {
    let provider = "kontaktkiste";
    let clock = app.test_clock(provider, "2026-03-02T09:00:00Z").await;
    let members = json!({ "test_clock_id": clock, "customer_type": "consumer", "external_id": "geheim-7" });
    let (customer_id, customer) = app.customer_with(provider, members).await;
    let contract = crate::invoices::story::conclude(&customer, "crm_basic").await;
    let path = format!("/v1/subscriptions/{contract}/cancellations");
    let change = customer.post(&path, json!({ "delete_data": true })).await.expect(201);
    assert_eq!(
        (&change["treated_as"], &change["delete_data"]),
        (&json!("withdrawal"), &json!(true))
    );
    let staff = app.staff(provider);
    let kept = staff
        .get(&format!("/v1/customers/{customer_id}/data-retention"))
        .await
        .expect(200);
    assert_eq!(kept["erasures"][0]["due_on"], json!("2026-03-02"), "{kept}");
    let shown = staff.get(&format!("/v1/customers/{customer_id}")).await.expect(200);
    assert_eq!(shown["external_id"], json!(null));
    let withdrawal = staff
        .get(&format!("/v1/withdrawals?customer_id={customer_id}"))
        .await
        .expect(200);
    let withdrawal = format!("/v1/withdrawals/{}", text(&withdrawal["data"][0], "id"));
    staff.get(&withdrawal).await.expect(200);
    let admin = app.admin(provider).await;
    let key = json!({ "name": "Support", "scopes": ["subscriptions:read"] });
    let key = admin.post("/v1/api-keys", key).await.expect(201);
    let desk = app.anonymous.with_token(text(&key, "secret"));
    desk.get(&withdrawal).await.expect_problem(403, "insufficient_scope");
}

async fn the_inbox_offers_nobody_who_is_restricted(app: TestApp<'_>) {
    let (clock, customer_id, contract) = customer(&app).await;
    let (staff, desk) = (app.staff(PROVIDER), desk(&app).await);
    let number = staff.get(&format!("/v1/subscriptions/{contract}")).await.expect(200);
    cancel(&staff, &contract, true).await;
    app.advance(PROVIDER, &clock, "2021-07-02T12:00:00Z").await;
    // Whoever knows the number may declare something about it, whoever it is.
    let declared = json!({
        "identity": { "name": "Jemand" }, "contract": number["contract_number"], "confirmation_email": "jemand@example.com",
    });
    let path = format!("/v1/public/{PROVIDER}/cancellations");
    app.anonymous.post(&path, declared).await.expect(201);
    let inbox = staff.get("/v1/declarations").await.expect(200);
    let path = format!("/v1/declarations/{}", text(&inbox["data"][0], "id"));
    let entrusted = staff.get(&path).await.expect(200);
    assert_eq!(
        entrusted["candidates"][0]["customer_id"],
        json!(customer_id),
        "{entrusted}"
    );
    let seen = desk.get(&path).await.expect(200);
    assert_eq!(seen["candidates"], json!([]), "{seen}");
    assert!(!seen.to_string().contains(&customer_id), "{seen}");
}

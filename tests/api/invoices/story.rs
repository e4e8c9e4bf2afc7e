//! One customer's year: invoices with numbers, a balance, what is overdue, and documents that never change.

use serde_json::{Value, json};

use crate::helpers::http::Caller;
use crate::helpers::{TestApp, over_http};
use crate::scenarios::story::minor;

over_http!(
    from_the_first_invoice_to_the_last,
    what_is_paid_settles_invoices_and_the_rest_is_balance,
    a_payment_is_recorded_once_per_key,
    numbers_begin_anew_with_the_year
);

const PROVIDER: &str = "hafenrechner";

/// A customer on a test clock of its own: the clock, the customer's id, and the customer in a session.
pub async fn on_clock(app: &TestApp<'_>, provider: &str, now: &str, members: Value) -> (String, String, Caller) {
    let clock = app.test_clock(provider, now).await;
    let mut body = json!({ "test_clock_id": clock });
    for (name, value) in members.as_object().expect("members") {
        body[name] = value.clone();
    }
    let (id, customer) = app.customer_with(provider, body).await;
    (clock, id, customer)
}

/// Concludes a contract from today, with all consents the preview asks for and its button pressed.
pub async fn conclude(customer: &Caller, plan: &str) -> String {
    let preview = customer
        .post("/v1/subscriptions/preview", json!({ "plan": plan }))
        .await
        .expect(200);
    let asked = preview["consents"].as_array().expect("consents").iter();
    let consents: Vec<Value> = asked
        .map(|document| json!({ "document": document["document"], "version": document["version"], "accepted": true }))
        .collect();
    let order = json!({
        "plan": plan,
        "consents": consents,
        "order_button_text": preview["order_button"]["label"],
    });
    let answer = customer.post("/v1/subscriptions", order).await;
    let subscription = answer.expect(201);
    subscription["id"].as_str().expect("an id").to_owned()
}

/// The items of a list.
pub async fn list(caller: &Caller, path: &str) -> Vec<Value> {
    caller.get(path).await.expect(200)["data"]
        .as_array()
        .expect("a list")
        .clone()
}

fn address() -> Value {
    json!({ "street": "Hafenstraße 1", "postal_code": "18055", "city": "Rostock", "country": "DE" })
}

async fn from_the_first_invoice_to_the_last(app: TestApp<'_>) {
    let members = json!({ "billing_address": address() });
    let (clock, customer_id, customer) = on_clock(&app, PROVIDER, "2026-01-10T09:00:00Z", members).await;
    let id = conclude(&customer, "hosting_s").await;
    let first = list(&customer, "/v1/invoices").await.remove(0);
    assert_eq!(first["number"], "TEST-RE-2026-000001");
    assert_eq!(first["title"], "Rechnung");
    assert_eq!(
        (&first["issued_on"], &first["due_on"]),
        (&json!("2026-01-10"), &json!("2026-01-26"))
    );
    assert_eq!(
        first["totals"]["gross"],
        json!({ "amount": "11.78", "currency": "EUR" })
    );
    assert_eq!(first["recipient"]["address"]["city"], "Rostock");
    assert!(first["supplier"]["vat_id"].is_string() && first["supplier"]["address"]["street"].is_string());
    assert_eq!(first["lines"][0]["subscription_id"], json!(id));
    assert_eq!(first["missing"], json!([]));
    let charge = list(&customer, "/v1/charges").await.remove(0);
    assert_eq!(
        (&charge["status"], &charge["invoice_id"]),
        (&json!("invoiced"), &first["id"])
    );
    assert_eq!(first["lines"][0]["charge_id"], charge["id"]);

    let next = customer.post("/v1/invoices/preview", json!({})).await.expect(200);
    assert_eq!(next["issued_on"], "2026-02-10");
    assert_eq!(next["documents"][0]["totals"], first["totals"]);

    app.advance(PROVIDER, &clock, "2026-02-20T12:00:00Z").await;
    let staff = app.staff(PROVIDER);
    let path = format!("/v1/invoices?customer_id={customer_id}");
    let invoices = list(&staff, &path).await;
    let numbers: Vec<&Value> = invoices.iter().map(|invoice| &invoice["number"]).collect();
    assert_eq!(numbers, ["TEST-RE-2026-000002", "TEST-RE-2026-000001"]);
    let statuses: Vec<&Value> = invoices.iter().map(|invoice| &invoice["status"]).collect();
    assert_eq!(statuses, ["open", "overdue"]);
    assert_eq!(list(&staff, &format!("{path}&status=overdue")).await.len(), 1);
    assert_eq!(list(&staff, &format!("{path}&issued_from=2026-02-01")).await.len(), 1);
    assert_eq!(
        list(&staff, &format!("{path}&issued_through=2026-02-01")).await.len(),
        1
    );
    assert_eq!(
        list(&staff, &format!("/v1/invoices?subscription_id={id}")).await.len(),
        2
    );
    assert_eq!(list(&staff, "/v1/invoices?number=TEST-RE-2026-000002").await.len(), 1);
    let customer_path = format!("/v1/customers/{customer_id}");
    assert_eq!(staff.get(&customer_path).await.expect(200)["payment_status"], "overdue");
    // The document is as it was issued; only what became of it has moved on.
    assert_eq!(invoices[1]["sha256"], first["sha256"]);
    assert_eq!(invoices[1]["lines"], first["lines"]);

    let events = list(
        &staff,
        &format!("/v1/events?customer_id={customer_id}&type=invoice.issued&limit=100"),
    )
    .await;
    assert_eq!(events[0]["data"]["invoice"]["number"], "TEST-RE-2026-000001");
    // A contract cancelled for good cause ends with credit; with nothing left to set it off against it is paid out.
    let cancellation = json!({ "kind": "extraordinary", "reason": "Seit Wochen kein Betrieb." });
    let path = format!("/v1/subscriptions/{id}/cancellations");
    let answer = staff.post(&path, cancellation).await.expect(201);
    let accept = format!("/v1/cancellations/{}/accept", answer["id"].as_str().expect("an id"));
    staff.post(&accept, json!({})).await.expect(200);
    app.advance(PROVIDER, &clock, "2026-03-10T12:00:00Z").await;
    let note = list(&staff, &format!("/v1/credit-notes?customer_id={customer_id}"))
        .await
        .remove(0);
    assert_eq!(note["number"], "TEST-RK-2026-000001");
    assert_eq!(
        (&note["title"], &note["reason"]),
        (&json!("Rechnungskorrektur"), &json!("final_settlement"))
    );
    assert_eq!(note["corrected_invoices"][0]["number"], "TEST-RE-2026-000002");
    // Nobody had paid: the correction takes off what is open of the invoice it names, and nothing is paid out.
    assert_eq!((minor(&note["refund"]), &note["refund_due_on"]), (0, &Value::Null));
    let path = format!(
        "/v1/invoices/{}",
        note["corrected_invoices"][0]["id"].as_str().expect("an id")
    );
    let corrected = staff.get(&path).await.expect(200);
    assert_eq!(minor(&corrected["amount_credited"]), -minor(&note["totals"]["gross"]));
    assert_eq!(
        minor(&corrected["amount_open"]),
        minor(&corrected["totals"]["gross"]) - minor(&corrected["amount_credited"])
    );
    let by_invoice = format!(
        "/v1/credit-notes?invoice_id={}",
        note["corrected_invoices"][0]["id"].as_str().expect("an id")
    );
    assert_eq!(list(&staff, &by_invoice).await.len(), 1);
    let path = format!("/v1/credit-notes/{}", note["id"].as_str().expect("an id"));
    assert_eq!(staff.get(&path).await.expect(200), note);
    assert_eq!(
        list(&staff, &format!("/v1/invoices?customer_id={customer_id}"))
            .await
            .len(),
        2,
        "nothing after the end"
    );
}

async fn what_is_paid_settles_invoices_and_the_rest_is_balance(app: TestApp<'_>) {
    let (clock, customer_id, customer) = on_clock(&app, PROVIDER, "2026-01-10T09:00:00Z", json!({})).await;
    conclude(&customer, "hosting_s").await;
    app.advance(PROVIDER, &clock, "2026-03-01T12:00:00Z").await;
    let staff = app.staff(PROVIDER);
    let invoices = list(&staff, &format!("/v1/invoices?customer_id={customer_id}")).await;
    let (second, first) = (&invoices[0], &invoices[1]);
    let pay = |body: Value| {
        let staff = &staff;
        async move { staff.post("/v1/payments", body).await.expect(201) }
    };
    let part = json!({ "invoice_id": second["id"], "amount": { "amount": "5.00", "currency": "EUR" } });
    let payment = pay(part).await;
    assert_eq!(payment["allocations"][0]["invoice_id"], second["id"]);
    let path = |invoice: &Value| format!("/v1/invoices/{}", invoice["id"].as_str().expect("an id"));
    let after = customer.get(&path(second)).await;
    let after = if after.status == 401 {
        staff.get(&path(second)).await
    } else {
        after
    }
    .expect(200);
    assert_eq!(
        (&after["status"], &after["amount_open"]["amount"]),
        (&json!("overdue"), &json!("6.78"))
    );
    let rest = json!({
        "customer_id": customer_id, "amount": { "amount": "30.00", "currency": "EUR" }, "received_on": "2026-02-28",
        "method": "Überweisung", "reference": "Kundennummer"
    });
    let payment = pay(rest).await;
    assert_eq!(payment["to_balance"]["amount"], "11.44");
    assert_eq!(payment["allocations"][0]["invoice_id"], first["id"], "the oldest first");
    let shown = staff.get(&format!("/v1/customers/{customer_id}")).await.expect(200);
    assert_eq!(
        (&shown["payment_status"], &shown["balance"]["amount"]),
        (&json!("paid_up"), &json!("11.44"))
    );
    app.advance(PROVIDER, &clock, "2026-03-11T12:00:00Z").await;
    let third = list(&staff, &format!("/v1/invoices?customer_id={customer_id}"))
        .await
        .remove(0);
    assert_eq!(
        (&third["balance_applied"]["amount"], &third["amount_due"]["amount"]),
        (&json!("11.44"), &json!("0.34"))
    );
    assert_eq!(
        list(&staff, &format!("/v1/payments?customer_id={customer_id}"))
            .await
            .len(),
        2
    );
    let paid = list(
        &staff,
        &format!("/v1/events?customer_id={customer_id}&type=invoice.paid&limit=100"),
    )
    .await;
    assert_eq!(paid.len(), 2);
    let tomorrow = json!({
        "customer_id": customer_id, "amount": { "amount": "1.00", "currency": "EUR" }, "received_on": "2026-03-12"
    });
    staff
        .post("/v1/payments", tomorrow)
        .await
        .expect_problem(422, "date_out_of_range");
}

async fn a_payment_is_recorded_once_per_key(app: TestApp<'_>) {
    let (customer_id, customer) = app.customer(PROVIDER, "business").await;
    conclude(&customer, "hosting_s").await;
    let staff = app.staff(PROVIDER);
    let body = json!({ "customer_id": customer_id, "amount": { "amount": "20.00", "currency": "EUR" } });
    let once = staff.post_once("/v1/payments", "one", body.clone()).await.expect(201);
    let twice = staff.post_once("/v1/payments", "one", body.clone()).await.expect(201);
    assert_eq!(once["id"], twice["id"]);
    assert_eq!(
        list(&staff, &format!("/v1/payments?customer_id={customer_id}"))
            .await
            .len(),
        1
    );
    customer
        .post("/v1/payments", body)
        .await
        .expect_problem(403, "insufficient_scope");
    let nobody = json!({ "amount": { "amount": "20.00", "currency": "EUR" } });
    staff
        .post("/v1/payments", nobody)
        .await
        .expect_problem(422, "validation_failed");
}

async fn numbers_begin_anew_with_the_year(app: TestApp<'_>) {
    let (clock, _, customer) = on_clock(&app, PROVIDER, "2026-11-20T09:00:00Z", json!({})).await;
    conclude(&customer, "hosting_s").await;
    app.advance(PROVIDER, &clock, "2027-02-21T09:00:00Z").await;
    let staff = app.staff(PROVIDER);
    let mut numbers: Vec<String> = list(&staff, "/v1/invoices")
        .await
        .iter()
        .map(|invoice| invoice["number"].as_str().expect("a number").to_owned())
        .collect();
    numbers.sort();
    assert_eq!(
        numbers,
        [
            "TEST-RE-2026-000001",
            "TEST-RE-2026-000002",
            "TEST-RE-2027-000001",
            "TEST-RE-2027-000002"
        ]
    );
}

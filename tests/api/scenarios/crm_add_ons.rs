//! Seed 002: add-ons of a CRM. Another user and more storage at once, charged with the next regular invoice; the table of
//! options; within 14 days a cancellation is a withdrawal and the draft is gone, after them it ends with the charged period: taken
//! back, cancelled again, off by itself.

use serde_json::{Value, json};

use super::story::{Transcript, consents, on_both};
use crate::helpers::TestApp;
use crate::helpers::http::Caller;

const PROVIDER: &str = "kontaktkiste";

#[test]
fn users_and_storage_are_booked_and_cancelled() {
    on_both(tell);
}

fn agreed() -> Value {
    consents(&["terms", "dpa", "withdrawal_instruction"])
}

async fn tell(app: TestApp<'static>, transcript: Transcript) {
    let clock = app.test_clock(PROVIDER, "2026-03-18T09:00:00Z").await;
    let (_, customer) = app
        .customer_with(PROVIDER, json!({ "test_clock_id": clock, "locale": "de" }))
        .await;
    let order = json!({ "plan": "crm_monthly", "consents": agreed() });
    let contract = transcript.note(customer.post("/v1/subscriptions", order).await.expect(201));
    let at = format!("/v1/subscriptions/{}/add-ons", contract["id"].as_str().expect("an id"));
    shows_what_can_be_added(&customer, &transcript).await;
    app.advance(PROVIDER, &clock, "2026-03-25T09:00:00Z").await;

    let users = books_a_user(&customer, &at, &transcript).await;
    let storage = transcript.note(
        customer
            .post(
                &at,
                json!({ "add_on": "extra_storage", "quantity": 3, "consents": agreed() }),
            )
            .await
            .expect(201),
    );
    assert_eq!(
        (&storage["quantity"], &storage["billed_through_on"]),
        (&json!(3), &json!("2026-04-17"))
    );
    usable_at_once(&customer, &transcript).await;
    the_table_says(&customer, &at, &transcript).await;
    a_cancellation_within_fourteen_days_is_a_withdrawal(&app, &customer, &at, &clock, &transcript).await;
    app.advance(PROVIDER, &clock, "2026-04-12T09:00:00Z").await;

    cancels_takes_back_and_cancels(&customer, &at, &users, &transcript).await;
    changes_the_quantity(&customer, &at, &storage, &transcript).await;

    app.advance(PROVIDER, &clock, "2026-04-18T09:00:00Z").await;
    let table = transcript.note(customer.get(&at).await.expect(200));
    let rows: Vec<(&Value, &Value, &Value)> = table["data"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| (&row["add_on"]["key"], &row["status"], &row["quantity"]))
        .collect();
    assert_eq!(
        rows,
        [
            (&json!("extra_users"), &json!("withdrawn"), &json!(2)),
            (&json!("extra_storage"), &json!("active"), &json!(2)),
            (&json!("extra_users"), &json!("ended"), &json!(1)),
        ]
    );
    let ended = &table["data"][2];
    assert_eq!(
        (
            &ended["price"]["gross"]["amount"],
            &ended["billed_through_on"],
            &ended["status_text"]
        ),
        (&json!("5.90"), &json!("2026-04-17"), &json!("Beendet zum 17.04.2026"))
    );
    let limits = limits(&customer).await;
    assert_eq!(
        limits,
        (json!(3), json!(30)),
        "off by itself: three users, 10 + 2 × 10 GB"
    );
    one_invoice_for_all_of_it(&customer, &transcript).await;
}

/// "5,90 € / Nutzer / Monat", "5,90 € / 10 GB / Monat": the catalogue's words and prices.
async fn shows_what_can_be_added(customer: &Caller, transcript: &Transcript) {
    let add_ons = transcript.note(customer.get("/v1/add-ons").await.expect(200));
    let offers: Vec<(&Value, &Value)> = add_ons["data"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|add_on| (&add_on["name"], &add_on["price_label"]))
        .collect();
    assert_eq!(
        offers,
        [
            (&json!("Zusätzliche Benutzer"), &json!("5,90 € / Nutzer / Monat")),
            (
                &json!("Erweiterter Speicherplatz (+10 GB)"),
                &json!("5,90 € / 10 GB / Monat")
            ),
        ]
    );
}

/// Users and storage the customer may use today.
async fn limits(customer: &Caller) -> (Value, Value) {
    let me = customer.get("/v1/me").await.expect(200);
    let id = me["customer"]["id"].as_str().expect("an id");
    let found = customer
        .get(&format!("/v1/customers/{id}/entitlements"))
        .await
        .expect(200);
    let limit = |key: &str| {
        let limits = found["limits"].as_array().expect("a list");
        limits.iter().find(|limit| limit["key"] == key).expect("the limit")["maximum"].clone()
    };
    (limit("users"), limit("storage_gb"))
}

/// "Die Leistung steht Ihnen sofort zur Verfügung": one user more than three, three packs of 10 GB more than 10.
async fn usable_at_once(customer: &Caller, transcript: &Transcript) {
    let found = limits(customer).await;
    transcript.note(json!([found.0, found.1]));
    assert_eq!(found, (json!(4), json!(40)));
}

/// "Zusätzliche Benutzer (+1) · 5,90 € · 17.04.2026 · Kündigen".
async fn the_table_says(customer: &Caller, at: &str, transcript: &Transcript) {
    let table = transcript.note(customer.get(at).await.expect(200));
    let row = &table["data"][1];
    assert_eq!(
        (
            &row["add_on"]["name"],
            &row["quantity"],
            &row["price"]["gross"]["amount"]
        ),
        (&json!("Zusätzliche Benutzer"), &json!(1), &json!("5.90"))
    );
    assert_eq!(
        (&row["billed_through_on"], &row["status_text"]),
        (&json!("2026-04-17"), &json!("Aktiv"))
    );
    assert_eq!(
        (&row["draft"]["gross"]["amount"], &row["draft"]["text"]),
        (
            &json!("4.57"),
            &json!("Der Betrag wird mit Ihrer Rechnung vom 18.04.2026 abgerechnet.")
        )
    );
    let actions = row["actions"].as_array().expect("a list").iter();
    let possible: Vec<&Value> = actions
        .filter(|action| action["allowed"] == true)
        .map(|action| &action["action"])
        .collect();
    assert_eq!(possible, ["change_quantity", "cancel", "withdraw"]);
}

/// "Die Option wird sofort storniert und der Betrag wird von Ihrer anstehenden Sammelrechnung gelöscht."
async fn a_cancellation_within_fourteen_days_is_a_withdrawal(
    app: &TestApp<'_>,
    customer: &Caller,
    at: &str,
    clock: &str,
    transcript: &Transcript,
) {
    let next = async || {
        let next = customer.post("/v1/invoices/preview", json!({})).await.expect(200);
        next["documents"][0]["totals"]["gross"]["amount"].clone()
    };
    let before = next().await;
    let order = json!({ "add_on": "extra_users", "quantity": 2, "consents": agreed() });
    let booked = transcript.note(customer.post(at, order).await.expect(201));
    // 24 of 31 days of 11.80 now, and 11.80 for the next month.
    assert_eq!(booked["draft"]["gross"]["amount"], "9.14");
    assert_ne!(next().await, before);
    app.advance(PROVIDER, clock, "2026-04-08T21:59:00Z").await;
    let booking = format!("{at}/{}", booked["id"].as_str().expect("an id"));
    let yes = json!({ "confirm": true });
    let cancelled = transcript.note(
        customer
            .post(&format!("{booking}/cancellations"), yes)
            .await
            .expect(201),
    );
    assert_eq!(
        (&cancelled["treated_as"], &cancelled["ends_on"]),
        (&json!("withdrawal"), &json!("2026-04-08"))
    );
    let row = transcript.note(customer.get(&booking).await.expect(200));
    assert_eq!(
        (&row["status_text"], &row["draft"]),
        (&json!("Widerrufen am 08.04.2026"), &Value::Null)
    );
    assert_eq!(limits(customer).await.0, json!(4), "off at once");
    assert_eq!(next().await, before, "gone from the invoice to come");
}

/// The prorated amounts came with the regular invoice of 18 April, and nothing in between.
async fn one_invoice_for_all_of_it(customer: &Caller, transcript: &Transcript) {
    let invoices = customer.get("/v1/invoices").await.expect(200);
    transcript.note(invoices["data"][0]["lines"].clone());
    let days: Vec<&Value> = invoices["data"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|invoice| &invoice["issued_on"])
        .collect();
    assert_eq!(days, ["2026-04-18", "2026-03-18"]);
    let mut amounts: Vec<&str> = invoices["data"][0]["lines"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|line| line["amount"]["amount"].as_str().expect("an amount"))
        .collect();
    amounts.sort_unstable();
    // A user and three packs for 24 of 31 days, a fourth pack for 6; from now on the contract and two packs.
    assert_eq!(amounts, ["1.14", "11.80", "13.70", "19.90", "4.57"]);
}

async fn books_a_user(customer: &Caller, at: &str, transcript: &Transcript) -> String {
    let order = json!({ "add_on": "extra_users", "quantity": 1, "consents": agreed() });
    let preview = transcript.note(customer.post(&format!("{at}/preview"), order.clone()).await.expect(200));
    // 24 of 31 days of 5.90: the booking day counts.
    assert_eq!(preview["due_now"]["gross"]["amount"], "4.57");
    assert_eq!(preview["recurring"]["gross"]["amount"], "5.90");
    let texts: Vec<&str> = texts(&preview);
    assert!(
        texts.contains(&"Der Betrag wird mit Ihrer Rechnung vom 18.04.2026 abgerechnet."),
        "{texts:?}"
    );
    let mut confirmed = order;
    confirmed["preview_token"] = preview["preview_token"].clone();
    let booked = transcript.note(customer.post(at, confirmed).await.expect(201));
    assert_eq!(booked["status_text"], "Aktiv");
    assert_eq!(booked["billed_through_on"], "2026-04-17");
    assert_eq!(booked["price"]["gross"]["amount"], "5.90");
    let charges = transcript.note(customer.get("/v1/charges").await.expect(200));
    let draft = charges["data"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|charge| charge["add_on_booking_id"] == booked["id"])
        .expect("the draft");
    assert_eq!(
        (&draft["status"], &draft["amount"]["amount"]),
        (&json!("draft"), &json!("4.57"))
    );
    booked["id"].as_str().expect("an id").to_owned()
}

async fn cancels_takes_back_and_cancels(customer: &Caller, at: &str, booking: &str, transcript: &Transcript) {
    let address = format!("{at}/{booking}/cancellations");
    let refused = customer
        .post(&address, json!({}))
        .await
        .expect_problem(422, "validation_failed");
    assert_eq!(refused["errors"][0]["pointer"], "/confirm");
    let preview = transcript.note(
        customer
            .post(&format!("{address}/preview"), json!({}))
            .await
            .expect(200),
    );
    assert_eq!(preview["effective_on"], "2026-04-17");
    let yes = json!({ "confirm": true, "reason": "Die Kollegin ist gegangen." });
    let cancelled = transcript.note(customer.post(&address, yes.clone()).await.expect(201));
    assert_eq!(cancelled["ends_on"], "2026-04-17");
    assert_eq!(cancelled["add_on_booking_id"], booking);
    let row = customer.get(&format!("{at}/{booking}")).await.expect(200);
    assert_eq!(
        (&row["status_text"], &row["end_reason"], &row["status"]),
        (
            &json!("Kündigung zum 17.04.2026"),
            &json!("cancelled"),
            &json!("active")
        )
    );
    let revoke = format!("/v1/cancellations/{}/revoke", cancelled["id"].as_str().expect("an id"));
    transcript.note(customer.post(&revoke, json!({})).await.expect(200));
    let row = customer.get(&format!("{at}/{booking}")).await.expect(200);
    assert_eq!((&row["status_text"], &row["ends_on"]), (&json!("Aktiv"), &Value::Null));
    transcript.note(customer.post(&address, yes).await.expect(201));
}

/// Up at once and prorated, down at the end of the charged period: paid is paid.
async fn changes_the_quantity(customer: &Caller, at: &str, booking: &Value, transcript: &Transcript) {
    let address = format!("{at}/{}/quantity-changes", booking["id"].as_str().expect("an id"));
    let more = transcript.note(customer.post(&address, json!({ "quantity": 4 })).await.expect(201));
    assert_eq!(more["status"], "applied");
    // 6 of 31 days of one pack more.
    assert_eq!(more["charges"][0]["amount"]["amount"], "1.14");
    let less = transcript.note(customer.post(&address, json!({ "quantity": 2 })).await.expect(201));
    assert_eq!(
        (&less["status"], &less["effective_on"]),
        (&json!("scheduled"), &json!("2026-04-18"))
    );
}

fn texts(preview: &Value) -> Vec<&str> {
    let notes = preview["texts"].as_array().expect("a list");
    notes.iter().filter_map(|note| note["text"].as_str()).collect()
}

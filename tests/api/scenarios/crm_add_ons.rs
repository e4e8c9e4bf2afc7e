//! Seed 002: add-ons of a CRM. Another user and more storage at once, charged with the next regular invoice; the table of
//! options; cancelled to the end of the charged period, taken back, cancelled again, off by itself.

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
            (&json!("extra_storage"), &json!("active"), &json!(2)),
            (&json!("extra_users"), &json!("ended"), &json!(1)),
        ]
    );
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

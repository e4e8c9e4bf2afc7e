//! Add-ons are confirmed like contracts: booked with the instruction for consumers, changed, cancelled, taken back.

use serde_json::{Value, json};

use crate::helpers::{TestApp, over_http};
use crate::scenarios::story::consents;

over_http!(every_step_of_a_booking_is_confirmed);

const CRM: &str = "kontaktkiste";

async fn every_step_of_a_booking_is_confirmed(app: TestApp<'_>) {
    let (_, customer) = app.customer(CRM, "consumer").await;
    let agreed = consents(&["terms", "dpa", "privacy", "withdrawal_instruction"]);
    let button = "zahlungspflichtig bestellen";
    let order = json!({ "plan": "crm_monthly", "consents": agreed, "order_button_text": button });
    let contract = customer.post("/v1/subscriptions", order).await.expect(201);
    let number = contract["contract_number"].as_str().expect("a number");
    let path = format!("/v1/subscriptions/{}/add-ons", contract["id"].as_str().expect("an id"));
    let order = json!({ "add_on": "extra_users", "quantity": 2, "consents": agreed, "order_button_text": button });
    let booking = customer.post(&path, order).await.expect(201);
    let path = format!("{path}/{}", booking["id"].as_str().expect("an id"));
    let more = json!({ "quantity": 3, "order_button_text": button });
    customer
        .post(&format!("{path}/quantity-changes"), more)
        .await
        .expect(201);
    let yes = json!({ "confirm": true, "reason": "Zu groß\ngeworden", "as": "cancellation" });
    let cancelled = customer.post(&format!("{path}/cancellations"), yes).await.expect(201);
    let revoke = format!("/v1/cancellations/{}/revoke", cancelled["id"].as_str().expect("an id"));
    customer.post(&revoke, json!({})).await.expect(200);

    let emails = customer.get("/v1/emails").await.expect(200);
    let mut emails: Vec<Value> = emails["data"].as_array().expect("a list").clone();
    // Invoices are told too (see `settlement`).
    emails.retain(|email| email["kind"] != "invoice_issued");
    emails.reverse();
    let kinds: Vec<&str> = emails.iter().filter_map(|email| email["kind"].as_str()).collect();
    let expected = [
        ("contract_concluded", "Widerruf"),
        ("add_on_booked", "Widerruf"),
        ("add_on_quantity_changed", "Menge künftig: 3"),
        ("add_on_cancellation_received", "> Zu groß\n> geworden"),
        ("add_on_cancellation_revoked", "läuft unverändert weiter"),
    ];
    assert_eq!(kinds, expected.map(|(kind, _)| kind));
    for (email, (kind, part)) in emails.iter().zip(expected) {
        let text = email["text"].as_str().expect("a text");
        assert!(
            text.contains(part) && text.contains(number),
            "{kind}: {part} is missing in\n{text}"
        );
        assert!(text.contains("16.03.2026, 11:00:00 Uhr (UTC+01:00)"), "{kind}\n{text}");
        assert_eq!(email["subscription_id"], contract["id"], "{kind}");
    }
    let ends_on = cancelled["ends_on"].as_str().expect("an end");
    let day: Vec<&str> = ends_on.split('-').collect();
    let told = emails[3]["text"].as_str().expect("a text");
    assert!(
        told.contains(&format!("{}.{}.{}", day[2], day[1], day[0])),
        "{ends_on} is missing in\n{told}"
    );
}

//! Seed 001, "Vertrag kündigen und Daten löschen": what is announced, mailed, erased and kept, to the end of the contract.

use serde_json::{Value, json};
use vertragswerk::services::emails::deliver_next;

use super::story::{Transcript, consents, on_both};
use crate::helpers::TestApp;
use crate::helpers::http::Caller;
use crate::helpers::mail::MailServer;

const PROVIDER: &str = "sprechfenster";

#[test]
fn a_contract_ends_with_its_data() {
    on_both(tell);
}

/// What the customer reads in one language: kind of mail and what it must say.
type Told = [(&'static str, &'static [&'static str]); 7];

const GERMAN: Told = [
    (
        "contract_concluded",
        &["Eingang Ihrer Bestellung: 15.03.2021, 10:00:00 Uhr (UTC+01:00)"],
    ),
    (
        "invoice_issued",
        &["Rechnungsdatum: 15.03.2021", "Zu zahlen: 67,83 EUR"],
    ),
    (
        "cancellation_received",
        &[
            "Eingang: 31.03.2021, 23:59:59 Uhr (UTC+02:00)",
            "Der Vertrag endet mit Ablauf des: 30.06.2021",
            "Löschung Ihrer Daten verlangt",
        ],
    ),
    (
        "invoice_issued",
        &["Rechnungsdatum: 15.04.2021", "Zu zahlen: 67,83 EUR"],
    ),
    (
        "invoice_issued",
        &["Rechnungsdatum: 15.05.2021", "Zu zahlen: 67,83 EUR"],
    ),
    (
        "invoice_issued",
        &["Rechnungsdatum: 15.06.2021", "Zu zahlen: 36,18 EUR"],
    ),
    (
        "cancellation_effective",
        &[
            "mit Ablauf des 30.06.2021 beendet",
            "Löschung der Daten dieses Vertrags",
            "Rechnungen acht Jahre",
        ],
    ),
];

const ENGLISH: Told = [
    (
        "contract_concluded",
        &["Your order received: 15 March 2021, 10:00:00 (UTC+01:00)"],
    ),
    (
        "invoice_issued",
        &["Date of issue: 15 March 2021", "To be paid: 67.83 EUR"],
    ),
    (
        "cancellation_received",
        &[
            "Received: 31 March 2021, 23:59:59 (UTC+02:00)",
            "The contract ends at the end of: 30 June 2021",
            "data",
        ],
    ),
    (
        "invoice_issued",
        &["Date of issue: 15 April 2021", "To be paid: 67.83 EUR"],
    ),
    (
        "invoice_issued",
        &["Date of issue: 15 May 2021", "To be paid: 67.83 EUR"],
    ),
    (
        "invoice_issued",
        &["Date of issue: 15 June 2021", "To be paid: 36.18 EUR"],
    ),
    (
        "cancellation_effective",
        &[
            "ended at the end of 30 June 2021",
            "erased the data of this contract",
            "invoices for eight years",
        ],
    ),
];

async fn tell(app: TestApp<'static>, transcript: Transcript) {
    for (locale, told) in [("de", &GERMAN), ("en", &ENGLISH)] {
        let server = MailServer::plain();
        let state = server.sender(&app.state);
        let (customer_id, customer) = live_through_it(&app, locale, &transcript).await;
        actix_web::web::block(move || while deliver_next(&state).expect("a database") {})
            .await
            .expect("no panic");
        let arrived: Vec<(String, String)> = server
            .accepted()
            .iter()
            .map(|mail| (mail.mime.header("subject"), mail.mime.text()))
            .collect();
        let history = customer.get("/v1/emails?limit=100").await.expect(200);
        let history: Vec<Value> = history["data"]
            .as_array()
            .expect("a list")
            .iter()
            .rev()
            .cloned()
            .collect();
        let kinds: Vec<&str> = history.iter().filter_map(|mail| mail["kind"].as_str()).collect();
        assert_eq!(kinds, told.map(|(kind, _)| kind));
        assert_eq!(arrived.len(), told.len());
        for ((email, (subject, text)), (kind, parts)) in history.iter().zip(&arrived).zip(told) {
            assert_eq!((&email["status"], &email["subject"]), (&json!("sent"), &json!(subject)));
            for part in *parts {
                assert!(text.contains(part), "{kind}: {part} is missing in\n{text}");
            }
        }
        kept(&app, &customer_id, &transcript).await;
    }
}

async fn live_through_it(app: &TestApp<'_>, locale: &str, transcript: &Transcript) -> (String, Caller) {
    let clock = app.test_clock(PROVIDER, "2021-03-15T09:00:00Z").await;
    let members = json!({ "test_clock_id": clock, "locale": locale, "metadata": { "room": "2" } });
    let (customer_id, customer) = app.customer_with(PROVIDER, members).await;
    let order = json!({ "plan": "plus", "quantity": 3, "consents": consents(&["terms", "dpa"]) });
    let contract = customer.post("/v1/subscriptions", order).await.expect(201);
    let path = format!("/v1/subscriptions/{}", contract["id"].as_str().expect("an id"));
    // The last second of the quarter's last day of notice.
    app.advance(PROVIDER, &clock, "2021-03-31T21:59:59Z").await;
    let body = json!({ "delete_data": true });
    let cancelled = customer.post(&format!("{path}/cancellations"), body).await.expect(201);
    assert_eq!(cancelled["ends_on"], "2021-06-30");
    let request = customer
        .request(reqwest::Method::GET, &path)
        .header("Accept-Language", locale);
    let shown = transcript.note(customer.send(request).await.expect(200)["notices"].clone());
    let notice = shown[0]["text"].as_str().expect("a text");
    let (ends, erased) = if locale == "de" {
        ("30.06.2021", "Danach löschen wir Ihre Daten")
    } else {
        ("30 June 2021", "After that we erase your data")
    };
    assert!(notice.contains(ends) && notice.contains(erased), "{notice}");
    app.advance(PROVIDER, &clock, "2021-07-01T08:00:00Z").await;
    (customer_id, customer)
}

async fn kept(app: &TestApp<'_>, customer_id: &str, transcript: &Transcript) {
    let staff = app.staff(PROVIDER);
    let path = format!("/v1/customers/{customer_id}");
    assert_eq!(staff.get(&path).await.expect(200)["metadata"], json!({}));
    let kept = staff.get(&format!("{path}/data-retention")).await.expect(200);
    let kept = transcript.note(kept);
    let erasure = &kept["erasures"][0];
    assert_eq!(
        (&erasure["due_on"], &erasure["deadline_on"], &erasure["erased_profile"]),
        (&json!("2021-07-01"), &json!("2021-07-31"), &json!(true))
    );
    let years: Vec<(&Value, &Value)> = kept["retained"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| (&one["class"], &one["last_deletion_on"]))
        .collect();
    assert_eq!(
        years,
        [
            (&json!("invoices"), &json!("2030-01-01")),
            (&json!("letters"), &json!("2028-01-01")),
            (&json!("evidence"), &json!("2028-01-01")),
        ]
    );
}

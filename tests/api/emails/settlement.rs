//! What mails say about money, held against the documents themselves: invoices, corrections, and what withdrawing brings back.

use serde_json::{Value, json};
use vertragswerk::services::emails::deliver_next;

use crate::helpers::http::Caller;
use crate::helpers::mail::MailServer;
use crate::helpers::{TestApp, over_http};
use crate::invoices::story::{conclude, list, on_clock};
use crate::scenarios::story::consents;

over_http!(
    invoices_and_their_corrections_are_told_in_both_languages,
    withdrawing_is_confirmed_with_what_becomes_of_the_money,
    changes_of_quantity_are_told_when_replaced_and_taken_back,
);

const HOSTING: &str = "hafenrechner";
const CRM: &str = "kontaktkiste";

/// The mails of a customer of one kind, the oldest first.
pub async fn told(staff: &Caller, customer_id: &str, kind: &str) -> Vec<Value> {
    let emails = list(staff, &format!("/v1/emails?customer_id={customer_id}&limit=100")).await;
    let of_kind = emails.into_iter().rev().filter(|email| email["kind"] == kind);
    of_kind.collect()
}

pub fn assert_says(email: &Value, parts: &[&str]) {
    let text = email["text"].as_str().expect("a text");
    for part in parts {
        assert!(text.lines().any(|line| line == *part), "{part} is missing in\n{text}");
    }
}

async fn invoices_and_their_corrections_are_told_in_both_languages(app: TestApp<'_>) {
    let staff = app.staff(HOSTING);
    for (locale, first, from_balance, correction) in [
        (
            "de",
            [
                "Rechnungsdatum: 10.01.2026",
                "Nettobetrag: 9,90 EUR",
                "Umsatzsteuer: 1,88 EUR",
                "Rechnungsbetrag: 11,78 EUR",
                "Zu zahlen: 11,78 EUR",
                "Fällig am: 26.01.2026",
            ],
            [
                "Rechnungsdatum: 10.02.2026",
                "Davon aus Ihrem Guthaben bezahlt: 3,22 EUR",
                "Zu zahlen: 8,56 EUR",
                "Fällig am: 24.02.2026",
            ],
            "Berichtigt: {number} vom 10.02.2026",
        ),
        (
            "en",
            [
                "Date of issue: 10 January 2026",
                "Net amount: 9.90 EUR",
                "VAT: 1.88 EUR",
                "Invoice amount: 11.78 EUR",
                "To be paid: 11.78 EUR",
                "Due on: 26 January 2026",
            ],
            [
                "Date of issue: 10 February 2026",
                "Paid from your balance: 3.22 EUR",
                "To be paid: 8.56 EUR",
                "Due on: 24 February 2026",
            ],
            "Corrects: {number} of 10 February 2026",
        ),
    ] {
        let members = json!({ "locale": locale });
        let (clock, id, customer) = on_clock(&app, HOSTING, "2026-01-10T09:00:00Z", members).await;
        let contract = conclude(&customer, "hosting_s").await;
        let paid = json!({ "customer_id": id, "amount": { "amount": "15.00", "currency": "EUR" } });
        staff.post("/v1/payments", paid).await.expect(201);
        app.advance(HOSTING, &clock, "2026-02-10T12:00:00Z").await;
        let invoices = list(&staff, &format!("/v1/invoices?customer_id={id}")).await;
        let mails = told(&staff, &id, "invoice_issued").await;
        assert_eq!((mails.len(), invoices.len()), (2, 2));
        for (mail, (invoice, parts)) in mails
            .iter()
            .zip(invoices.iter().rev().zip([&first[..], &from_balance[..]]))
        {
            let number = invoice["number"].as_str().expect("a number");
            assert!(
                mail["subject"]
                    .as_str()
                    .is_some_and(|subject| subject.ends_with(number)),
                "{mail}"
            );
            assert!(
                mail["text"].as_str().is_some_and(|text| text.contains(number)),
                "{mail}"
            );
            assert_eq!(mail["language"], locale);
            assert_says(mail, parts);
        }

        // Paid, then ended for good cause: what is left of the month is paid out with a correction.
        let rest = json!({ "customer_id": id, "amount": { "amount": "8.56", "currency": "EUR" } });
        staff.post("/v1/payments", rest).await.expect(201);
        let cause = json!({ "kind": "extraordinary", "reason": "Seit Wochen kein Betrieb." });
        let path = format!("/v1/subscriptions/{contract}/cancellations");
        let answer = staff.post(&path, cause).await.expect(201);
        let accept = format!("/v1/cancellations/{}/accept", answer["id"].as_str().expect("an id"));
        staff.post(&accept, json!({})).await.expect(200);
        app.advance(HOSTING, &clock, "2026-02-20T12:00:00Z").await;
        let note = list(&staff, &format!("/v1/credit-notes?customer_id={id}"))
            .await
            .remove(0);
        let mails = told(&staff, &id, "credit_note_issued").await;
        assert_eq!(mails.len(), 1);
        let number = note["number"].as_str().expect("a number");
        assert!(
            mails[0]["subject"]
                .as_str()
                .is_some_and(|subject| subject.ends_with(number)),
            "{}",
            mails[0]
        );
        let corrected = invoices[0]["number"].as_str().expect("a number");
        let refund = note["refund"]["amount"].as_str().expect("an amount");
        let (refund, gross) = if locale == "de" {
            (
                format!("Erstattung: {} EUR", refund.replace('.', ",")),
                format!("Betrag der Korrektur: −{} EUR", refund.replace('.', ",")),
            )
        } else {
            (
                format!("Refund: {refund} EUR"),
                format!("Amount of the correction: -{refund} EUR"),
            )
        };
        assert_says(&mails[0], &[&correction.replace("{number}", corrected), &refund]);
        let text = mails[0]["text"].as_str().expect("a text").replace('−', "-");
        assert!(text.contains(&gross.replace('−', "-")), "{gross} is missing in\n{text}");
    }
}

fn with_button(mut order: Value) -> Value {
    order["consents"] = consents(&["terms", "dpa", "withdrawal_instruction"]);
    order["order_button_text"] = json!("zahlungspflichtig bestellen");
    order
}

/// A customer with a monthly contract since 2 March 2026, paid, and two extra users since the 4th, on a test clock: its id, the
/// clock, the customer, the contract's path and the booking's.
async fn booked(app: &TestApp<'_>, locale: &str) -> (String, String, Caller, String, String) {
    let members = json!({ "customer_type": "consumer", "locale": locale });
    let (clock, id, customer) = on_clock(app, CRM, "2026-03-02T09:00:00Z", members).await;
    let order = with_button(json!({ "plan": "crm_monthly" }));
    let contract = customer.post("/v1/subscriptions", order).await.expect(201);
    let contract = format!("/v1/subscriptions/{}", contract["id"].as_str().expect("an id"));
    let paid = json!({ "customer_id": id, "amount": { "amount": "19.90", "currency": "EUR" } });
    app.staff(CRM).post("/v1/payments", paid).await.expect(201);
    app.advance(CRM, &clock, "2026-03-04T09:00:00Z").await;
    let order = with_button(json!({ "add_on": "extra_users", "quantity": 2 }));
    let booking = customer.post(&format!("{contract}/add-ons"), order).await.expect(201);
    let booking = format!("{contract}/add-ons/{}", booking["id"].as_str().expect("an id"));
    (id, clock, customer, contract, booking)
}

async fn withdrawing_is_confirmed_with_what_becomes_of_the_money(app: TestApp<'_>) {
    let staff = app.staff(CRM);
    let server = MailServer::plain();
    for (locale, of_booking, of_contract) in [
        (
            "de",
            [
                "Zusatzoption: Zusätzliche Benutzer",
                "Eingang: 04.03.2026, 10:00:00 Uhr (UTC+01:00)",
                "Nicht abgerechnet, entfällt: 11,04 EUR",
                "> Doch nicht.",
            ],
            [
                "Widerrufen: CRM Team, monatlich",
                "Eingang: 04.03.2026, 10:00:00 Uhr (UTC+01:00)",
                "Mit Rechnungskorrektur gutgeschrieben: 19,90 EUR",
                "Erstattung: 19,90 EUR bis zum 18.03.2026",
                "> {{ mail.provider }}",
            ],
        ),
        (
            "en",
            [
                "Add-on: Additional users",
                "Received: 4 March 2026, 10:00:00 (UTC+01:00)",
                "Not invoiced, dropped: 11.04 EUR",
                "> Doch nicht.",
            ],
            [
                "Withdrawn from: CRM Team, monthly",
                "Received: 4 March 2026, 10:00:00 (UTC+01:00)",
                "Credited by invoice correction: 19.90 EUR",
                "Refund: 19.90 EUR by 18 March 2026",
                "> {{ mail.provider }}",
            ],
        ),
    ] {
        let (id, _, customer, contract, booking) = booked(&app, locale).await;
        let reason = json!({ "reason": "Doch nicht." });
        customer
            .post(&format!("{booking}/withdrawals"), reason)
            .await
            .expect(201);
        let reason = json!({ "reason": "{{ mail.provider }}" });
        customer
            .post(&format!("{contract}/withdrawals"), reason)
            .await
            .expect(201);
        let state = server.sender(&app.state);
        let work = move || while deliver_next(&state).expect("a database") {};
        actix_web::web::block(work).await.expect("no panic");
        for (kind, parts) in [
            ("add_on_withdrawn", &of_booking[..]),
            ("withdrawal_received", &of_contract[..]),
        ] {
            let mails = told(&staff, &id, kind).await;
            assert_eq!(mails.len(), 1, "{kind}");
            assert_says(&mails[0], parts);
            let own = format!("<{}>", mails[0]["message_id"].as_str().expect("an id"));
            let arrived = server.accepted();
            let arrived = arrived.iter().find(|mail| mail.mime.header("message-id") == own);
            let arrived = arrived.expect("arrived").mime.text();
            assert_eq!(arrived.trim(), mails[0]["text"].as_str().expect("a text").trim());
        }
        let corrected = told(&staff, &id, "credit_note_issued").await;
        let refund = if locale == "de" {
            "Erstattung: 19,90 EUR bis zum 18.03.2026"
        } else {
            "Refund: 19.90 EUR by 18 March 2026"
        };
        assert_eq!(corrected.len(), 1);
        assert_says(&corrected[0], &[refund]);
    }
}

async fn changes_of_quantity_are_told_when_replaced_and_taken_back(app: TestApp<'_>) {
    let staff = app.staff(CRM);
    for (locale, less, replaced, revoked) in [
        (
            "de",
            ["Menge bisher: 2", "Menge künftig: 1", "Wirksam ab: 02.04.2026"],
            "Eine früher vorgemerkte Änderung der Menge ist damit ersetzt.",
            [
                "Es bleibt bei der Menge: 3",
                "Zurückgenommene Menge: 1",
                "Eingang der Rücknahme: 04.03.2026, 10:00:00 Uhr (UTC+01:00)",
            ],
        ),
        (
            "en",
            [
                "Quantity until now: 2",
                "Quantity in future: 1",
                "In effect from: 2 April 2026",
            ],
            "A change of quantity that was pending is replaced by it.",
            [
                "Quantity that stays: 3",
                "Quantity that was revoked: 1",
                "Revocation received: 4 March 2026, 10:00:00 (UTC+01:00)",
            ],
        ),
    ] {
        let (id, _, customer, _, booking) = booked(&app, locale).await;
        let path = format!("{booking}/quantity-changes");
        let first = customer.post(&path, json!({ "quantity": 1 })).await.expect(201);
        // More at once replaces less later; then less once more, taken back.
        let more = json!({
            "quantity": 3, "supersedes": first["id"], "order_button_text": "zahlungspflichtig bestellen",
        });
        customer.post(&path, more).await.expect(201);
        let again = customer.post(&path, json!({ "quantity": 1 })).await.expect(201);
        let revoke = format!("/v1/plan-changes/{}/revoke", again["id"].as_str().expect("an id"));
        customer.post(&revoke, json!({})).await.expect(200);
        let changed = told(&staff, &id, "add_on_quantity_changed").await;
        assert_eq!(changed.len(), 3);
        assert_says(&changed[0], &less);
        assert!(!changed[0].to_string().contains(replaced));
        assert_says(&changed[1], &[replaced]);
        let taken_back = told(&staff, &id, "add_on_quantity_change_revoked").await;
        assert_eq!(taken_back.len(), 1);
        assert_says(&taken_back[0], &revoked);
    }
}

//! Seed 001 with its mails: what the customer of the video consultation service is sent, in order, in both languages.

use serde_json::{Value, json};
use vertragswerk::services::emails::deliver_next;
use vertragswerk::state::AppState;

use super::story::{Transcript, consents, on_both};
use crate::helpers::TestApp;
use crate::helpers::http::Caller;
use crate::helpers::mail::{MailServer, Received};

const PROVIDER: &str = "sprechfenster";

#[test]
fn every_step_is_confirmed_by_mail() {
    on_both(tell);
}

/// What a mail must say, besides its subject.
struct Expected {
    kind: &'static str,
    subject: &'static str,
    parts: &'static [&'static str],
}

const GERMAN: [Expected; 7] = [
    Expected {
        kind: "contract_concluded",
        subject: "Ihr Vertrag Sprechfenster plus (",
        parts: &[
            "Eingang Ihrer Bestellung: 15.03.2021, 10:00:00 Uhr (UTC+01:00)",
            "Vertragsbeginn: 15.03.2021",
            "57,00 EUR zzgl. 10,83 EUR Umsatzsteuer, zusammen 67,83 EUR je Monat",
            "3 Monate",
            "Vertrag zur Auftragsverarbeitung, Fassung 2020-01",
        ],
    },
    Expected {
        kind: "plan_change_received",
        subject: "Ihr Vertragswechsel zum 01.07.2021 (",
        parts: &[
            "Eingang: 15.03.2021, 10:00:00 Uhr (UTC+01:00)",
            "Bisher: Sprechfenster plus (Menge 3)",
            "Künftig: Sprechfenster basis (Menge 1)",
            "läuft bis zum 30.06.2021",
            "Bereits angelegte Konferenztermine nach dem Wechsel sind nicht mehr gültig.",
            "Bis zum Ablauf des 30.06.2021 können Sie den Vertragswechsel zurücknehmen",
        ],
    },
    Expected {
        kind: "plan_change_revoked",
        subject: "Ihr Vertragswechsel ist zurückgenommen (",
        parts: &[
            "Eingang der Rücknahme: 15.03.2021, 10:00:00 Uhr (UTC+01:00)",
            "Es bleibt bei: Sprechfenster plus (Menge 3)",
            "auch die Kündigungsfrist zurückgesetzt",
        ],
    },
    Expected {
        kind: "plan_change_received",
        subject: "Ihr Vertragswechsel zum 01.10.2021 (",
        parts: &[
            "Eingang: 01.04.2021, 10:00:00 Uhr (UTC+02:00)",
            "läuft bis zum 30.09.2021",
        ],
    },
    Expected {
        kind: "plan_change_applied",
        subject: "Ihr Vertragswechsel ist wirksam (",
        parts: &[
            "Seit dem 01.10.2021 gilt Sprechfenster basis (Menge 1).",
            "Eingang Ihrer Erklärung: 01.04.2021, 10:00:00 Uhr (UTC+02:00)",
        ],
    },
    Expected {
        kind: "cancellation_received",
        subject: "Eingang Ihrer Kündigung (",
        parts: &[
            "Eingang: 01.10.2021, 10:00:00 Uhr (UTC+02:00)",
            "Der Vertrag endet mit Ablauf des: 01.10.2021",
            "die Löschung Ihrer Daten verlangt",
        ],
    },
    Expected {
        kind: "cancellation_effective",
        subject: "Ihr Vertrag ist beendet (",
        parts: &[
            "mit Ablauf des 01.10.2021 beendet",
            "Löschung der Daten dieses Vertrags",
        ],
    },
];

const ENGLISH: [Expected; 7] = [
    Expected {
        kind: "contract_concluded",
        subject: "Your contract Sprechfenster plus (",
        parts: &[
            "Your order received: 15 March 2021, 10:00:00 (UTC+01:00)",
            "57.00 EUR plus 10.83 EUR VAT, together 67.83 EUR per month",
        ],
    },
    Expected {
        kind: "plan_change_received",
        subject: "Your plan change as of 1 July 2021 (",
        parts: &[
            "Received: 15 March 2021, 10:00:00 (UTC+01:00)",
            "runs until 30 June 2021",
            "In future: Sprechfenster basis (quantity 1)",
        ],
    },
    Expected {
        kind: "plan_change_revoked",
        subject: "Your plan change has been revoked (",
        parts: &[
            "Still in force: Sprechfenster plus (quantity 3)",
            "the notice period has been reset",
        ],
    },
    Expected {
        kind: "plan_change_received",
        subject: "Your plan change as of 1 October 2021 (",
        parts: &["Received: 1 April 2021, 10:00:00 (UTC+02:00)"],
    },
    Expected {
        kind: "plan_change_applied",
        subject: "Your plan change is in effect (",
        parts: &[
            "since 1 October 2021 Sprechfenster basis (quantity 1) applies.",
            "Your declaration received: 1 April 2021, 10:00:00 (UTC+02:00)",
        ],
    },
    Expected {
        kind: "cancellation_received",
        subject: "Receipt of your cancellation (",
        parts: &[
            "Received: 1 October 2021, 10:00:00 (UTC+02:00)",
            "The contract ends at the end of: 1 October 2021",
        ],
    },
    Expected {
        kind: "cancellation_effective",
        subject: "Your contract has ended (",
        parts: &["ended at the end of 1 October 2021", "erased the data of this contract"],
    },
];

/// The invoices that come between: each month of plus, on the day on which its period begins.
const INVOICED: [(&str, &str); 7] = [
    ("Rechnungsdatum: 15.03.2021", "Date of issue: 15 March 2021"),
    ("Rechnungsdatum: 15.04.2021", "Date of issue: 15 April 2021"),
    ("Rechnungsdatum: 15.05.2021", "Date of issue: 15 May 2021"),
    ("Rechnungsdatum: 15.06.2021", "Date of issue: 15 June 2021"),
    ("Rechnungsdatum: 15.07.2021", "Date of issue: 15 July 2021"),
    ("Rechnungsdatum: 15.08.2021", "Date of issue: 15 August 2021"),
    ("Rechnungsdatum: 15.09.2021", "Date of issue: 15 September 2021"),
];

async fn tell(app: TestApp<'static>, transcript: Transcript) {
    for (locale, expected) in [("de", &GERMAN), ("en", &ENGLISH)] {
        let server = MailServer::plain();
        let state = server.sender(&app.state);
        let customer = live_through_it(&app, &state, locale, &transcript).await;
        deliver(&state).await;
        let history = customer.get("/v1/emails?limit=100").await.expect(200);
        let mut history: Vec<Value> = history["data"].as_array().expect("a list").clone();
        history.reverse();
        assert_in_order(&history);
        let (invoices, others): (Vec<_>, Vec<_>) = history
            .iter()
            .cloned()
            .partition(|email| email["kind"] == "invoice_issued");
        assert_eq!(invoices.len(), INVOICED.len());
        for (email, (german, english)) in invoices.iter().zip(INVOICED) {
            let part = if locale == "de" { german } else { english };
            let text = email["text"].as_str().expect("a text");
            assert!(text.lines().any(|line| line == part), "{part} is missing in\n{text}");
        }
        let accepted = server.accepted();
        assert_eq!(accepted.len(), history.len());
        let is_other = |mail: &Received| {
            others
                .iter()
                .any(|email| mail.mime.header("subject") == email["subject"])
        };
        let accepted: Vec<Received> = accepted.into_iter().filter(is_other).collect();
        assert_as_told(&others, &accepted, expected);
        for email in history {
            transcript.note(
                json!({ "subject": email["subject"], "status": email["status"], "occurred_at": email["occurred_at"] }),
            );
        }
    }
}

/// Delivers what waits. On a thread of its own: it blocks.
async fn deliver(state: &AppState) {
    let state = state.clone();
    let work = move || while deliver_next(&state).expect("a database") {};
    actix_web::web::block(work).await.expect("no panic");
}

async fn live_through_it(app: &TestApp<'_>, state: &AppState, locale: &str, transcript: &Transcript) -> Caller {
    let clock = app.test_clock(PROVIDER, "2021-03-15T09:00:00Z").await;
    let (_, customer) = app
        .customer_with(PROVIDER, json!({ "test_clock_id": clock, "locale": locale }))
        .await;
    let order = json!({ "plan": "plus", "quantity": 3, "consents": consents(&["terms", "dpa"]) });
    let subscription = customer.post("/v1/subscriptions", order).await.expect(201);
    let path = format!("/v1/subscriptions/{}", subscription["id"].as_str().expect("an id"));
    let change = json!({ "plan": "basis", "consents": consents(&["terms"]) });
    let made = customer
        .post(&format!("{path}/plan-changes"), change.clone())
        .await
        .expect(201);
    announced(&customer, &path, locale, transcript).await;
    let revoke = format!("/v1/plan-changes/{}/revoke", made["id"].as_str().expect("an id"));
    customer.post(&revoke, json!({})).await.expect(200);
    assert_eq!(customer.get(&path).await.expect(200)["notices"], json!([]));
    app.advance(PROVIDER, &clock, "2021-04-01T08:00:00Z").await;
    customer.post(&format!("{path}/plan-changes"), change).await.expect(201);
    app.advance(PROVIDER, &clock, "2021-10-01T08:00:00Z").await;
    // Told now: at the end of the contract the notice would no longer hold.
    deliver(state).await;
    let cancellation = json!({ "delete_data": true });
    customer
        .post(&format!("{path}/cancellations"), cancellation)
        .await
        .expect(201);
    app.advance(PROVIDER, &clock, "2021-10-02T08:00:00Z").await;
    customer
}

/// Mails are written in the order in which things happened.
fn assert_in_order(history: &[Value]) {
    let instants: Vec<&str> = history
        .iter()
        .filter_map(|email| email["occurred_at"].as_str())
        .collect();
    assert_eq!(instants.len(), history.len());
    assert!(instants.is_sorted(), "{instants:?}");
}

/// The banner of the seed, ready to show.
async fn announced(customer: &Caller, path: &str, locale: &str, transcript: &Transcript) {
    let request = customer
        .request(reqwest::Method::GET, path)
        .header("Accept-Language", locale);
    let shown = transcript.note(customer.send(request).await.expect(200)["notices"].clone());
    let text = shown[0]["text"].as_str().expect("a text");
    let expected = if locale == "de" {
        "wird zum 30.06.2021 gekündigt. Bis dahin können Sie Ihre bisherigen Funktionen in vollem Umfang nutzen. Ab dem 01.07.2021 \
         verwenden Sie Sprechfenster basis mit nur einem Benutzer."
    } else {
        "ends on 30 June 2021. Until then you can use your functions in full. From 1 July 2021 you use Sprechfenster basis with \
         only one user."
    };
    assert!(text.ends_with(expected), "{text}");
}

fn assert_as_told(history: &[Value], arrived: &[Received], expected: &[Expected]) {
    let kinds: Vec<&str> = history.iter().filter_map(|email| email["kind"].as_str()).collect();
    assert_eq!(kinds, expected.iter().map(|one| one.kind).collect::<Vec<_>>());
    assert_eq!(arrived.len(), expected.len());
    for ((email, mail), one) in history.iter().zip(arrived).zip(expected) {
        assert_eq!(email["status"], "sent", "{email}");
        let (mime, text) = (&mail.mime, mail.mime.text());
        assert_eq!(mail.to, "<erika@example.com>");
        assert_eq!(mime.header("subject"), email["subject"].as_str().expect("a subject"));
        assert!(
            mime.header("subject").starts_with(one.subject),
            "{}",
            mime.header("subject")
        );
        assert!(
            mime.header("from").contains("Sprechfenster") && mime.header("from").contains("vertraege@portal.example"),
            "{}",
            mime.header("from")
        );
        assert_eq!(mime.header("reply-to"), "vertrag@sprechfenster.example");
        assert_eq!(
            text.trim(),
            email["text"].as_str().expect("a text").trim(),
            "the history is what was sent"
        );
        let html = mime.html();
        assert!(html.contains("#1a5f7a") && html.contains("80331 München"), "{html}");
        for part in one.parts {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
    }
    let attached: Vec<String> = arrived[0]
        .mime
        .leaves("text/plain")
        .iter()
        .skip(1)
        .map(|part| part.header("content-disposition"))
        .collect();
    assert_eq!(
        attached.len(),
        2,
        "terms and data-processing agreement, as accepted: {attached:?}"
    );
}

//! Every step of a contract is confirmed in the customer's language: replaced, taken back, decided, in effect; and declarations that
//! are matched to no contract.

use reqwest::Method;
use serde_json::{Value, json};

use super::settlement::{assert_says, told};
use crate::declarations::{CANCELLATIONS, cancellation, mails};
use crate::helpers::{TestApp, over_http};
use crate::scenarios::story::consents;

over_http!(
    what_is_replaced_taken_back_and_decided_is_told,
    a_declaration_without_a_match_is_confirmed_in_both_languages,
);

const PROVIDER: &str = "sprechfenster";

/// Kind of mail, which one of its kind, and lines it has.
type Line = (&'static str, usize, &'static str);

const GERMAN: [Line; 13] = [
    ("plan_change_received", 0, "Wirksam ab: 01.07.2021"),
    (
        "plan_change_received",
        1,
        "Ein früher vorgemerkter Vertragswechsel ist damit ersetzt.",
    ),
    (
        "cancellation_received",
        0,
        "Eingang: 15.03.2021, 10:00:00 Uhr (UTC+01:00)",
    ),
    (
        "cancellation_received",
        0,
        "Der Vertrag endet mit Ablauf des: 30.06.2021",
    ),
    (
        "cancellation_received",
        0,
        "Ein vorgemerkter Vertragswechsel entfällt durch die Kündigung; er lebt auch durch ihre Rücknahme nicht wieder auf.",
    ),
    (
        "cancellation_revoked",
        0,
        "Eingang der Rücknahme: 15.03.2021, 10:00:00 Uhr (UTC+01:00)",
    ),
    ("cancellation_revoked", 0, "Zurückgenommenes Ende: 30.06.2021"),
    (
        "cancellation_received",
        1,
        "Art der Kündigung: außerordentlich (fristlos)",
    ),
    ("cancellation_received", 1, "> Kein Ton seit Wochen."),
    (
        "cancellation_decided",
        0,
        "wir haben den Grund Ihrer außerordentlichen Kündigung geprüft und erkennen ihn nicht an. Es bleibt beim ordentlichen Ende.",
    ),
    (
        "cancellation_decided",
        0,
        "Der Vertrag endet mit Ablauf des: 30.06.2021",
    ),
    ("cancellation_effective", 0, "Vertragsende: 30.06.2021"),
    (
        "cancellation_effective",
        0,
        "Eingang Ihrer Kündigung: 15.03.2021, 10:00:00 Uhr (UTC+01:00)",
    ),
];

const ENGLISH: [Line; 13] = [
    ("plan_change_received", 0, "In effect from: 1 July 2021"),
    (
        "plan_change_received",
        1,
        "It replaces a plan change that was scheduled before.",
    ),
    (
        "cancellation_received",
        0,
        "Received: 15 March 2021, 10:00:00 (UTC+01:00)",
    ),
    (
        "cancellation_received",
        0,
        "The contract ends at the end of: 30 June 2021",
    ),
    (
        "cancellation_received",
        0,
        "A scheduled plan change lapses through the cancellation; revoking the cancellation does not bring it back.",
    ),
    (
        "cancellation_revoked",
        0,
        "Revocation received: 15 March 2021, 10:00:00 (UTC+01:00)",
    ),
    ("cancellation_revoked", 0, "End that was revoked: 30 June 2021"),
    (
        "cancellation_received",
        1,
        "Kind of cancellation: extraordinary (without notice)",
    ),
    ("cancellation_received", 1, "> Kein Ton seit Wochen."),
    (
        "cancellation_decided",
        0,
        "we have examined the reason for your extraordinary cancellation and do not accept it. The ordinary end stays.",
    ),
    (
        "cancellation_decided",
        0,
        "The contract ends at the end of: 30 June 2021",
    ),
    ("cancellation_effective", 0, "End of the contract: 30 June 2021"),
    (
        "cancellation_effective",
        0,
        "Your cancellation received: 15 March 2021, 10:00:00 (UTC+01:00)",
    ),
];

async fn what_is_replaced_taken_back_and_decided_is_told(app: TestApp<'_>) {
    let staff = app.staff(PROVIDER);
    for (locale, lines) in [("de", &GERMAN), ("en", &ENGLISH)] {
        let clock = app.test_clock(PROVIDER, "2021-03-15T09:00:00Z").await;
        let members = json!({ "test_clock_id": clock, "locale": locale });
        let (customer_id, customer) = app.customer_with(PROVIDER, members).await;
        let order = json!({ "plan": "plus", "quantity": 3, "consents": consents(&["terms", "dpa"]) });
        let contract = customer.post("/v1/subscriptions", order).await.expect(201);
        let id = |object: &Value| object["id"].as_str().expect("an id").to_owned();
        let path = format!("/v1/subscriptions/{}", id(&contract));
        let changes = format!("{path}/plan-changes");
        let basis = json!({ "plan": "basis", "consents": consents(&["terms"]) });
        let first = customer.post(&changes, basis).await.expect(201);
        let fewer = json!({ "quantity": 2, "supersedes": first["id"] });
        customer.post(&changes, fewer).await.expect(201);
        let cancellations = format!("{path}/cancellations");
        let cancelled = customer.post(&cancellations, json!({})).await.expect(201);
        let revoke = format!("/v1/cancellations/{}/revoke", id(&cancelled));
        customer.post(&revoke, json!({})).await.expect(200);
        let cause = json!({ "kind": "extraordinary", "reason": "Kein Ton seit Wochen." });
        let declared = customer.post(&cancellations, cause).await.expect(201);
        let reject = format!("/v1/cancellations/{}/reject", id(&declared));
        staff.post(&reject, json!({})).await.expect(200);
        app.advance(PROVIDER, &clock, "2021-07-01T09:00:00Z").await;
        for (kind, place, line) in lines {
            let mails = told(&staff, &customer_id, kind).await;
            let mail = mails
                .get(*place)
                .unwrap_or_else(|| panic!("{kind} {place} was not written"));
            assert_eq!(mail["language"], locale);
            assert_says(mail, &[line]);
        }
    }
}

async fn a_declaration_without_a_match_is_confirmed_in_both_languages(app: TestApp<'_>) {
    for (locale, received, outlook) in [
        ("de", "16.03.2026, 11:00:00 Uhr (UTC+01:00)", "ordentliche Kündigung"),
        ("en", "16 March 2026, 11:00:00 (UTC+01:00)", "ordinary cancellation"),
    ] {
        let request = app
            .anonymous
            .request(Method::POST, CANCELLATIONS)
            .header("Accept-Language", locale)
            .json(&cancellation("mein Vertrag"));
        let receipt = app.anonymous.send(request).await.expect(201);
        let mail = mails(&app, PROVIDER).await.remove(0);
        assert_eq!(
            (&mail["kind"], &mail["language"], &mail["to"]),
            (
                &json!("declaration_received"),
                &json!(locale),
                &json!("erika@example.com")
            )
        );
        let text = mail["text"].as_str().expect("a text");
        let reference = receipt["reference"].as_str().expect("a reference");
        for part in [received, outlook, reference, "mein Vertrag", "jetzt kündigen"] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
    }
}

//! Delivery: what arrives at a real mail server, and what happens when it does not.

use std::collections::HashSet;

use serde_json::{Value, json};
use time::Duration;
use vertragswerk::error::AppError;
use vertragswerk::repositories::emails as rows;
use vertragswerk::services::emails::deliver_next;
use vertragswerk::state::AppState;

use crate::helpers::http::Caller;
use crate::helpers::mail::{Behaviour, MailServer, authority, sender};
use crate::helpers::{TestApp, over_http};
use crate::scenarios::story::consents;

over_http!(
    a_mail_is_tried_again_under_the_same_message_id,
    a_refused_mail_is_given_up_and_can_be_sent_again,
    after_enough_attempts_a_mail_is_given_up_with_the_reason,
    a_mail_in_the_hands_of_a_dead_worker_is_taken_over,
    two_workers_send_each_mail_once,
    a_notice_that_no_longer_holds_is_not_sent,
    nothing_travels_unencrypted_where_encryption_was_asked_for,
    foreign_text_stays_text
);

pub const PROVIDER: &str = "sprechfenster";

pub async fn conclude(customer: &Caller, plan: &str, quantity: u32) -> Value {
    let order = json!({ "plan": plan, "quantity": quantity, "consents": consents(&["terms", "dpa"]) });
    customer.post("/v1/subscriptions", order).await.expect(201)
}

/// Delivers until nothing waits. On a thread of its own: it blocks.
pub async fn deliver(state: &AppState) {
    let state = state.clone();
    let work = move || while deliver_next(&state).expect("a database") {};
    actix_web::web::block(work).await.expect("no panic");
}

/// The newest e-mail, as the provider's program sees it: its key outlives the hours that pass here.
async fn newest(app: &TestApp<'_>) -> Value {
    app.staff(PROVIDER).get("/v1/emails?limit=1").await.expect(200)["data"][0].clone()
}

async fn a_mail_is_tried_again_under_the_same_message_id(app: TestApp<'_>) {
    let server = MailServer::plain();
    let state = server.sender(&app.state);
    let (_, customer) = app.customer(PROVIDER, "business").await;
    server.next(Behaviour::RefuseContent("451 4.3.0 Not now"));
    server.next(Behaviour::HangUpAfterContent);
    server.next(Behaviour::HangUp);
    conclude(&customer, "basis", 1).await;
    deliver(&state).await;
    let email = newest(&app).await;
    assert_eq!(
        (email["status"].as_str(), email["attempts"].as_i64()),
        (Some("queued"), Some(1)),
        "{email}"
    );
    assert!(
        email["last_error"]
            .as_str()
            .is_some_and(|error| error.contains("451") || error.contains("Not now")),
        "{email}"
    );
    deliver(&state).await;
    assert_eq!(newest(&app).await["attempts"], 1, "it waits before the next attempt");

    for attempts in 2..=4 {
        app.state.clock.advance(Duration::hours(1));
        deliver(&state).await;
        assert_eq!(newest(&app).await["attempts"], attempts);
    }
    let email = newest(&app).await;
    assert_eq!(
        (email["status"].as_str(), email["last_error"].clone()),
        (Some("sent"), Value::Null)
    );
    assert_eq!(email["sent_at"], "2026-03-16T13:00:00.000Z");
    let ids: Vec<String> = server
        .refused()
        .iter()
        .chain(&server.accepted())
        .map(|mail| mail.mime.header("message-id"))
        .collect();
    let own = format!("<{}>", email["message_id"].as_str().expect("an id"));
    assert_eq!(ids, [own.clone(), own.clone(), own]);
}

async fn a_refused_mail_is_given_up_and_can_be_sent_again(app: TestApp<'_>) {
    let server = MailServer::plain();
    let state = server.sender(&app.state);
    let (customer_id, customer) = app.customer(PROVIDER, "business").await;
    server.next(Behaviour::RefuseRecipient("550 5.1.1 No such mailbox"));
    conclude(&customer, "basis", 1).await;
    deliver(&state).await;
    let email = newest(&app).await;
    assert_eq!(
        (email["status"].as_str(), email["attempts"].as_i64()),
        (Some("failed"), Some(1)),
        "{email}"
    );
    assert!(
        email["last_error"]
            .as_str()
            .is_some_and(|error| error.contains("No such mailbox")),
        "{email}"
    );

    let staff = app.staff(PROVIDER);
    let path = format!("/v1/customers/{customer_id}");
    staff
        .patch(&path, json!({ "email": "neu@example.com" }))
        .await
        .expect(200);
    let resend = format!("/v1/emails/{}/resend", email["id"].as_str().expect("an id"));
    let again = staff
        .send(
            staff
                .request(reqwest::Method::POST, &resend)
                .header("Idempotency-Key", "once"),
        )
        .await
        .expect(201);
    let repeated = staff
        .send(
            staff
                .request(reqwest::Method::POST, &resend)
                .header("Idempotency-Key", "once"),
        )
        .await
        .expect(201);
    assert_eq!(again["id"], repeated["id"], "a repeated command is one command");
    deliver(&state).await;
    let accepted = server.accepted();
    assert_eq!(accepted.len(), 1);
    assert_eq!(accepted[0].to, "<neu@example.com>");
    assert_eq!(
        accepted[0].mime.header("message-id"),
        format!("<{}>", again["message_id"].as_str().expect("an id"))
    );
    assert_ne!(again["message_id"], email["message_id"]);
    assert_eq!(
        accepted[0].mime.text().trim(),
        email["text"].as_str().expect("a text").trim()
    );
}

async fn after_enough_attempts_a_mail_is_given_up_with_the_reason(app: TestApp<'_>) {
    let server = MailServer::plain();
    let state = server.sender(&app.state);
    let (_, customer) = app.customer(PROVIDER, "business").await;
    conclude(&customer, "basis", 1).await;
    for _ in 0..20 {
        server.next(Behaviour::RefuseContent("452 4.2.2 Mailbox full"));
    }
    for attempts in 1..=14 {
        deliver(&state).await;
        let email = newest(&app).await;
        assert_eq!(email["attempts"], attempts);
        assert_eq!(
            email["status"],
            if attempts < 14 { "queued" } else { "failed" },
            "{email}"
        );
        app.state.clock.advance(Duration::hours(6));
    }
    deliver(&state).await;
    let email = newest(&app).await;
    assert_eq!(
        (email["status"].as_str(), email["attempts"].as_i64()),
        (Some("failed"), Some(14))
    );
    assert!(
        email["last_error"]
            .as_str()
            .is_some_and(|error| error.contains("Mailbox full")),
        "{email}"
    );
    assert_eq!(server.refused().len(), 14);
}

async fn a_mail_in_the_hands_of_a_dead_worker_is_taken_over(app: TestApp<'_>) {
    let server = MailServer::plain();
    let state = server.sender(&app.state);
    let (_, customer) = app.customer(PROVIDER, "business").await;
    conclude(&customer, "basis", 1).await;
    let now = app.state.clock.now();
    let lease = |conn: &mut vertragswerk::db::DbConnection| {
        Ok::<_, AppError>(rows::lease(conn, now.into(), (now + Duration::minutes(4)).into(), 1)?)
    };
    let leased = app.state.db.write(lease).expect("a database");
    assert_eq!(leased.len(), 1, "a worker takes it in hand and dies");
    deliver(&state).await;
    assert!(server.accepted().is_empty(), "nobody else may have it meanwhile");
    app.state.clock.advance(Duration::minutes(4));
    deliver(&state).await;
    assert_eq!(server.accepted().len(), 1);
    let email = newest(&app).await;
    assert_eq!(
        (email["status"].as_str(), email["attempts"].as_i64()),
        (Some("sent"), Some(2))
    );
}

async fn two_workers_send_each_mail_once(app: TestApp<'_>) {
    const MAILS: usize = 24;
    let server = MailServer::plain();
    let state = server.sender(&app.state);
    // Mails to one customer go one after the other.
    for _ in 0..MAILS / 4 {
        let (_, customer) = app.customer(PROVIDER, "business").await;
        for _ in 0..4 {
            conclude(&customer, "basis", 1).await;
        }
    }
    futures_util::future::join_all((0..3).map(|_| deliver(&state))).await;
    let sent: Vec<String> = server
        .accepted()
        .iter()
        .map(|mail| mail.mime.header("message-id"))
        .collect();
    assert_eq!(sent.len(), MAILS);
    assert_eq!(sent.into_iter().collect::<HashSet<_>>().len(), MAILS);
}

async fn a_notice_that_no_longer_holds_is_not_sent(app: TestApp<'_>) {
    let clock = app.test_clock(PROVIDER, "2021-03-15T09:00:00Z").await;
    let (_, customer) = app.customer_with(PROVIDER, json!({ "test_clock_id": clock })).await;
    let subscription = conclude(&customer, "plus", 3).await;
    let id = subscription["id"].as_str().expect("an id");
    let path = format!("/v1/subscriptions/{id}/plan-changes");
    customer
        .post(&path, json!({ "plan": "basis", "consents": consents(&["terms"]) }))
        .await
        .expect(201);
    app.advance(PROVIDER, &clock, "2021-07-01T08:00:00Z").await;
    // The mail server was away until now; meanwhile the customer has gone back to plus.
    customer.post(&path, json!({ "plan": "plus", "consents": consents(&["terms"]), "order_button_text": "zahlungspflichtig bestellen" })).await.expect(201);
    let server = MailServer::plain();
    deliver(&server.sender(&app.state)).await;
    let emails = customer.get("/v1/emails?limit=100").await.expect(200);
    let told: Vec<(String, String, Value)> = emails["data"]
        .as_array()
        .expect("a list")
        .iter()
        .rev()
        .filter(|email| email["kind"] != "invoice_issued")
        .map(|email| {
            (
                email["kind"].as_str().expect("a kind").to_owned(),
                email["status"].as_str().expect("a status").to_owned(),
                email["skipped"]["code"].clone(),
            )
        })
        .collect();
    let expected = [
        ("contract_concluded", "sent", Value::Null),
        ("plan_change_received", "sent", Value::Null),
        ("plan_change_applied", "skipped", json!("plan_change_not_in_force")),
        ("plan_change_received", "sent", Value::Null),
    ];
    assert_eq!(
        told,
        expected.map(|(kind, status, code)| (kind.to_owned(), status.to_owned(), code))
    );
    let invoices = emails.to_string().matches("\"invoice_issued\"").count();
    assert_eq!(server.accepted().len(), 3 + invoices);
}

async fn nothing_travels_unencrypted_where_encryption_was_asked_for(app: TestApp<'_>) {
    let (_, customer) = app.customer(PROVIDER, "business").await;
    conclude(&customer, "basis", 1).await;
    let plain = MailServer::plain();
    deliver(&sender(&app.state, &plain.config("", "?tls=required"))).await;
    let email = newest(&app).await;
    assert_eq!(
        email["status"], "queued",
        "a server without STARTTLS gets nothing: {email}"
    );
    app.state.clock.advance(Duration::hours(1));

    let encrypted = MailServer::encrypted();
    let mut config = encrypted.config("portal:p%40ss@", "?tls=required");
    deliver(&sender(&app.state, &config)).await;
    assert_eq!(
        newest(&app).await["status"],
        "queued",
        "an unknown authority is not trusted"
    );
    assert!(plain.accepted().is_empty() && encrypted.accepted().is_empty());
    app.state.clock.advance(Duration::hours(1));

    config.smtp_ca_file = Some(authority());
    deliver(&sender(&app.state, &config)).await;
    let accepted = encrypted.accepted();
    assert_eq!(accepted.len(), 1, "{}", newest(&app).await);
    assert!(accepted[0].encrypted);
    assert_eq!(accepted[0].login.as_deref(), Some("portal\0p@ss"));
    assert_eq!(accepted[0].from, "<vertraege@portal.example>");

    let wrapped = MailServer::wrapped();
    let mut config = wrapped.config("portal:p%40ss@", "");
    let (_, customer) = app.customer(PROVIDER, "business").await;
    conclude(&customer, "basis", 1).await;
    deliver(&sender(&app.state, &config)).await;
    assert_eq!(
        newest(&app).await["status"],
        "queued",
        "nor is it where TLS comes first"
    );
    app.state.clock.advance(Duration::hours(1));
    config.smtp_ca_file = Some(authority());
    deliver(&sender(&app.state, &config)).await;
    let accepted = wrapped.accepted();
    assert_eq!(accepted.len(), 1, "{}", newest(&app).await);
    assert_eq!(
        (accepted[0].encrypted, accepted[0].login.as_deref()),
        (true, Some("portal\0p@ss"))
    );
}

async fn foreign_text_stays_text(app: TestApp<'_>) {
    let server = MailServer::plain();
    let name = "{{ 7*191 }} <b>Söhne</b> \"&\" Bcc: x@y.example";
    let (_, customer) = app
        .customer_with(PROVIDER, json!({ "name": name, "customer_type": "business" }))
        .await;
    let subscription = conclude(&customer, "basis", 1).await;
    let path = format!(
        "/v1/subscriptions/{}/cancellations",
        subscription["id"].as_str().expect("an id")
    );
    let reason = "{% raw %}\r\n\r\n.\r\nSubject: hijacked\r\n<script>alert(1)</script>";
    customer
        .post(&path, json!({ "kind": "extraordinary", "reason": reason }))
        .await
        .expect(201);
    deliver(&server.sender(&app.state)).await;
    let accepted = server.accepted();
    assert_eq!(accepted.len(), 2);
    for mail in &accepted {
        let headers: Vec<&str> = mail.mime.headers.iter().map(|(name, _)| name.as_str()).collect();
        for only_once in ["subject", "from", "to", "message-id", "date"] {
            assert_eq!(
                headers.iter().filter(|name| **name == only_once).count(),
                1,
                "{only_once}: {headers:?}"
            );
        }
        assert!(!headers.contains(&"bcc"), "{headers:?}");
        assert!(!mail.mime.text().contains("1337") && mail.mime.text().contains("{{ 7*191 }}"));
        let html = mail.mime.html();
        assert!(
            !html.contains("<script") && !html.contains("<b>") && html.contains("&lt;b&gt;S"),
            "{html}"
        );
    }
    let text = accepted[1].mime.text();
    assert!(text.contains("> Subject: hijacked"), "quoted line by line:\n{text}");
}

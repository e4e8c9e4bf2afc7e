//! Mails reach a customer in the order in which things happened, also after an outage of the mail server.

use serde_json::{Value, json};
use time::Duration;

use super::delivery::{PROVIDER, conclude, deliver};
use crate::declarations::{CANCELLATIONS, cancellation};
use crate::helpers::http::Caller;
use crate::helpers::mail::{Behaviour, MailServer};
use crate::helpers::{TestApp, over_http};

over_http!(
    mails_arrive_in_order_after_an_outage,
    a_mail_given_up_lets_the_next_one_go,
    a_mail_waits_only_for_those_to_its_reader
);

/// A customer with this address and a contract.
async fn customer(app: &TestApp<'_>, email: &str) -> (String, Caller, Value) {
    let (id, customer) = app.customer_with(PROVIDER, json!({ "email": email })).await;
    let contract = conclude(&customer, "basis", 1).await;
    (id, customer, contract)
}

/// A second mail to the customer.
async fn cancel(customer: &Caller, contract: &Value) {
    let id = contract["id"].as_str().expect("an id");
    let path = format!("/v1/subscriptions/{id}/cancellations");
    customer.post(&path, json!({})).await.expect(201);
}

/// The customer's mails, oldest first: kind and status.
async fn history(app: &TestApp<'_>, customer_id: &str) -> Vec<(String, String)> {
    let path = format!("/v1/emails?customer_id={customer_id}");
    let listed = app.staff(PROVIDER).get(&path).await.expect(200);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let mails = listed["data"].as_array().expect("a list").iter().rev();
    mails.map(|mail| (text(&mail["kind"]), text(&mail["status"]))).collect()
}

fn told<const N: usize>(mails: [(&str, &str); N]) -> Vec<(String, String)> {
    mails.map(|(kind, status)| (kind.to_owned(), status.to_owned())).into()
}

/// Whom the mails reached, with their subjects.
fn arrived(server: &MailServer) -> Vec<(String, String)> {
    let mails = server.accepted().into_iter();
    mails.map(|mail| (mail.to, mail.mime.header("subject"))).collect()
}

async fn mails_arrive_in_order_after_an_outage(app: TestApp<'_>) {
    let server = MailServer::plain();
    let state = server.sender(&app.state);
    let (id, erika, contract) = customer(&app, "erika@example.com").await;
    server.next(Behaviour::HangUp);
    deliver(&state).await;
    cancel(&erika, &contract).await;
    // The server is back; the second mail was never tried and would be free to go, but the first is read first.
    let (_, jan, other) = customer(&app, "jan@example.com").await;
    deliver(&state).await;
    let reached: Vec<String> = arrived(&server).into_iter().map(|(to, _)| to).collect();
    assert_eq!(reached, ["<jan@example.com>"], "nobody else waits");
    let waiting = [("contract_concluded", "queued"), ("cancellation_received", "queued")];
    assert_eq!(history(&app, &id).await, told(waiting));

    // It fails once more, and what follows waits with it.
    app.state.clock.advance(Duration::minutes(2));
    server.next(Behaviour::RefuseContent("451 4.3.0 Not now"));
    deliver(&state).await;
    let listed = app
        .staff(PROVIDER)
        .get(&format!("/v1/emails?customer_id={id}"))
        .await
        .expect(200);
    assert_eq!(
        listed["data"][0]["next_attempt_at"],
        listed["data"][1]["next_attempt_at"]
    );
    assert_eq!(
        (&listed["data"][0]["attempts"], &listed["data"][1]["attempts"]),
        (&json!(0), &json!(2))
    );
    cancel(&jan, &other).await;
    app.state.clock.advance(Duration::hours(1));
    deliver(&state).await;
    let sent = [("contract_concluded", "sent"), ("cancellation_received", "sent")];
    assert_eq!(history(&app, &id).await, told(sent));
    let subjects: Vec<String> = arrived(&server)
        .into_iter()
        .filter(|(to, _)| to == "<erika@example.com>")
        .map(|(_, subject)| subject)
        .collect();
    let listed = app
        .staff(PROVIDER)
        .get(&format!("/v1/emails?customer_id={id}"))
        .await
        .expect(200);
    let subject = |place: usize| listed["data"][place]["subject"].as_str().expect("a subject").to_owned();
    assert_eq!(subjects, [subject(1), subject(0)]);
}

async fn a_mail_given_up_lets_the_next_one_go(app: TestApp<'_>) {
    let server = MailServer::plain();
    let state = server.sender(&app.state);
    let (id, erika, contract) = customer(&app, "erika@example.com").await;
    server.next(Behaviour::RefuseContent("452 4.2.2 Mailbox full"));
    deliver(&state).await;
    cancel(&erika, &contract).await;
    deliver(&state).await;
    assert!(server.accepted().is_empty());
    app.state.clock.advance(Duration::hours(1));
    server.next(Behaviour::RefuseContent("554 5.6.0 Not this one"));
    deliver(&state).await;
    let expected = [("contract_concluded", "failed"), ("cancellation_received", "sent")];
    assert_eq!(history(&app, &id).await, told(expected));
}

async fn a_mail_waits_only_for_those_to_its_reader(app: TestApp<'_>) {
    let server = MailServer::plain();
    let state = server.sender(&app.state);
    let (id, erika, contract) = customer(&app, "erika@example.com").await;
    server.next(Behaviour::RefuseRecipient("451 4.3.0 Later"));
    deliver(&state).await;
    // Somebody's declaration about a contract nobody has is confirmed at once, whatever address it names.
    app.anonymous
        .post(CANCELLATIONS, cancellation("2222XXXX"))
        .await
        .expect(201);
    deliver(&state).await;
    assert_eq!(arrived(&server).len(), 1);
    // And a receipt that cannot be delivered yet keeps back nothing of the customer's.
    let mut declared = cancellation("2222XXXX");
    declared["confirmation_email"] = json!("anna@example.com");
    server.next(Behaviour::RefuseRecipient("451 4.3.0 Later"));
    app.anonymous.post(CANCELLATIONS, declared).await.expect(201);
    deliver(&state).await;
    customer(&app, "anna@example.com").await;
    deliver(&state).await;
    assert_eq!(arrived(&server).last().expect("a mail").0, "<anna@example.com>");

    // The new address of a customer does not wait for the old one.
    let path = format!("/v1/customers/{id}");
    let changed = app
        .staff(PROVIDER)
        .patch(&path, json!({ "email": "neu@example.com" }))
        .await;
    changed.expect(200);
    cancel(&erika, &contract).await;
    deliver(&state).await;
    assert_eq!(arrived(&server).last().expect("a mail").0, "<neu@example.com>");
}

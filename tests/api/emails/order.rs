//! Mails reach a customer in the order in which things happened, also after an outage of the mail server.

use serde_json::{Value, json};
use time::Duration;

use vertragswerk::db::DbConnection;
use vertragswerk::error::AppError;
use vertragswerk::repositories::emails as rows;

use super::delivery::{PROVIDER, conclude, deliver};
use crate::declarations::{CANCELLATIONS, cancellation};
use crate::helpers::http::Caller;
use crate::helpers::mail::{Behaviour, MailServer};
use crate::helpers::{TestApp, over_http};

over_http!(
    mails_arrive_in_order_after_an_outage,
    a_confirmation_of_receipt_waits_for_no_other_mail,
    a_mail_given_up_lets_the_next_one_go,
    a_mail_waits_only_for_those_to_its_reader
);

/// A customer with this address and a contract.
pub async fn customer(app: &TestApp<'_>, email: &str) -> (String, Caller, Value) {
    let (id, customer) = app.customer_with(PROVIDER, json!({ "email": email })).await;
    let contract = conclude(&customer, "basis", 1).await;
    (id, customer, contract)
}

/// A confirmation of receipt to the customer.
pub async fn cancel(customer: &Caller, contract: &Value) -> Value {
    let id = contract["id"].as_str().expect("an id");
    let path = format!("/v1/subscriptions/{id}/cancellations");
    customer.post(&path, json!({})).await.expect(201)
}

/// A mail to the customer that keeps its place.
pub async fn revoke(customer: &Caller, cancellation: &Value) {
    let id = cancellation["id"].as_str().expect("an id");
    let path = format!("/v1/cancellations/{id}/revoke");
    customer.post(&path, json!({})).await.expect(200);
}

/// The customer's mails, oldest first: kind and status.
pub async fn history(app: &TestApp<'_>, customer_id: &str) -> Vec<(String, String)> {
    let path = format!("/v1/emails?customer_id={customer_id}");
    let listed = app.staff(PROVIDER).get(&path).await.expect(200);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let mails = listed["data"].as_array().expect("a list").iter().rev();
    mails.map(|mail| (text(&mail["kind"]), text(&mail["status"]))).collect()
}

pub fn told<const N: usize>(mails: [(&str, &str); N]) -> Vec<(String, String)> {
    mails.map(|(kind, status)| (kind.to_owned(), status.to_owned())).into()
}

/// Whom the mails reached, with their subjects.
fn arrived(server: &MailServer) -> Vec<(String, String)> {
    let mails = server.accepted().into_iter();
    mails.map(|mail| (mail.to, mail.mime.header("subject"))).collect()
}

/// The customer's mails as staff see them, newest first.
async fn listed(app: &TestApp<'_>, customer_id: &str) -> Value {
    let path = format!("/v1/emails?customer_id={customer_id}");
    app.staff(PROVIDER).get(&path).await.expect(200)["data"].clone()
}

/// The subjects of what reached an address, in order.
fn subjects(server: &MailServer, to: &str) -> Vec<String> {
    let to = format!("<{to}>");
    let mails = arrived(server).into_iter().filter(|(reached, _)| *reached == to);
    mails.map(|(_, subject)| subject).collect()
}

fn subject(listed: &Value, place: usize) -> String {
    listed[place]["subject"].as_str().expect("a subject").to_owned()
}

async fn mails_arrive_in_order_after_an_outage(app: TestApp<'_>) {
    let server = MailServer::plain();
    let state = server.sender(&app.state);
    let (id, erika, contract) = customer(&app, "erika@example.com").await;
    deliver(&state).await;
    let cancellation = cancel(&erika, &contract).await;
    server.next(Behaviour::HangUp);
    deliver(&state).await;
    revoke(&erika, &cancellation).await;
    // The server is back; the second mail was never tried and would be free to go, but the first is read first.
    let (_, jan, other) = customer(&app, "jan@example.com").await;
    deliver(&state).await;
    assert_eq!(subjects(&server, "jan@example.com").len(), 1, "nobody else waits");
    let waiting = [
        ("contract_concluded", "sent"),
        ("cancellation_received", "queued"),
        ("cancellation_revoked", "queued"),
    ];
    assert_eq!(history(&app, &id).await, told(waiting));

    // It fails once more, and what follows waits with it.
    app.state.clock.advance(Duration::minutes(2));
    server.next(Behaviour::RefuseContent("451 4.3.0 Not now"));
    deliver(&state).await;
    let mails = listed(&app, &id).await;
    assert_eq!(mails[0]["next_attempt_at"], mails[1]["next_attempt_at"]);
    assert_eq!((&mails[0]["attempts"], &mails[1]["attempts"]), (&json!(0), &json!(2)));
    cancel(&jan, &other).await;
    app.state.clock.advance(Duration::hours(1));
    deliver(&state).await;
    let sent = [
        ("contract_concluded", "sent"),
        ("cancellation_received", "sent"),
        ("cancellation_revoked", "sent"),
    ];
    assert_eq!(history(&app, &id).await, told(sent));
    let mails = listed(&app, &id).await;
    let in_order = [2, 1, 0].map(|place| subject(&mails, place));
    assert_eq!(subjects(&server, "erika@example.com"), in_order);
}

/// § 312k Abs. 4 BGB: "sofort"; § 356a Abs. 4 BGB: "unverzüglich".
async fn a_confirmation_of_receipt_waits_for_no_other_mail(app: TestApp<'_>) {
    let server = MailServer::plain();
    let state = server.sender(&app.state);
    let (id, erika, contract) = customer(&app, "erika@example.com").await;
    server.next(Behaviour::RefuseContent("452 4.2.2 Mailbox full"));
    deliver(&state).await;
    let cancellation = cancel(&erika, &contract).await;
    deliver(&state).await;
    let expected = [("contract_concluded", "queued"), ("cancellation_received", "sent")];
    assert_eq!(history(&app, &id).await, told(expected), "past a mail in back-off");

    // What was taken back is told in its place, behind everything before it.
    revoke(&erika, &cancellation).await;
    deliver(&state).await;
    // The mail server fails the first one again: what waits behind it waits on, the next confirmation does not.
    app.state.clock.advance(Duration::minutes(2));
    server.next(Behaviour::RefuseContent("452 4.2.2 Mailbox full"));
    let again = cancel(&erika, &contract).await;
    deliver(&state).await;
    let expected = [
        ("contract_concluded", "queued"),
        ("cancellation_received", "sent"),
        ("cancellation_revoked", "queued"),
        ("cancellation_received", "sent"),
    ];
    assert_eq!(history(&app, &id).await, told(expected));

    // A worker has the first one in hand: the notices wait, another confirmation does not.
    app.state.clock.advance(Duration::minutes(5));
    let now = app.state.clock.now();
    let lease = |conn: &mut DbConnection| {
        Ok::<_, AppError>(rows::lease(conn, now.into(), (now + Duration::minutes(4)).into(), 1)?)
    };
    let leased = app.state.db.write(lease).expect("a database");
    assert_eq!(leased[0].kind, "contract_concluded");
    revoke(&erika, &again).await;
    cancel(&erika, &contract).await;
    deliver(&state).await;
    let statuses: Vec<String> = history(&app, &id).await.into_iter().map(|(_, status)| status).collect();
    assert_eq!(statuses, ["sending", "sent", "queued", "sent", "queued", "sent"]);

    // In the end everything arrives, what waited in its order.
    app.state.clock.advance(Duration::minutes(5));
    deliver(&state).await;
    let mails = listed(&app, &id).await;
    let reached = subjects(&server, "erika@example.com");
    assert_eq!(reached[3..], [5, 3, 1].map(|place| subject(&mails, place)));
}

async fn a_mail_given_up_lets_the_next_one_go(app: TestApp<'_>) {
    let server = MailServer::plain();
    let state = server.sender(&app.state);
    let (id, erika, contract) = customer(&app, "erika@example.com").await;
    deliver(&state).await;
    let cancellation = cancel(&erika, &contract).await;
    server.next(Behaviour::RefuseContent("452 4.2.2 Mailbox full"));
    deliver(&state).await;
    revoke(&erika, &cancellation).await;
    deliver(&state).await;
    assert_eq!(server.accepted().len(), 1);
    app.state.clock.advance(Duration::hours(1));
    server.next(Behaviour::RefuseContent("554 5.6.0 Not this one"));
    deliver(&state).await;
    let expected = [
        ("contract_concluded", "sent"),
        ("cancellation_received", "failed"),
        ("cancellation_revoked", "sent"),
    ];
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

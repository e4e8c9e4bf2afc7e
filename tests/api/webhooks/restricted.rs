//! What receivers are told once a customer's data are kept only because the law demands it.

use serde_json::{Value, json};
use time::Duration;

use super::receiver::{Manner, Received, Receiver};
use super::{PROVIDER, Working, deliveries, endpoint, something_happens, until};
use crate::helpers::{TestApp, over_http};
use crate::invoices::story::list;
use crate::scenarios::story::consents;

over_http!(restricted_data_are_not_sent_again);

/// The messages about a customer's events of these types.
fn about<'a>(messages: &'a [Received], customer_id: &str, types: &[&str]) -> Vec<&'a Received> {
    let is_meant = |one: &&Received| {
        let told = one.json["type"].as_str().is_some_and(|told| types.contains(&told));
        told && one.json["customer_id"] == json!(customer_id)
    };
    messages.iter().filter(is_meant).collect()
}

async fn restricted_data_are_not_sent_again(app: TestApp<'_>) {
    let staff = app.staff(PROVIDER);
    let receiver = Receiver::start(Manner::Status(200));
    let (endpoint_id, _) = endpoint(&staff, &receiver.url, &["*"]).await;
    let clock = app.test_clock(PROVIDER, "2021-03-15T09:00:00Z").await;
    let (customer_id, customer) = app.customer_with(PROVIDER, json!({ "test_clock_id": clock })).await;
    let other = something_happens(&staff).await;
    let order = json!({ "plan": "plus", "quantity": 3, "consents": consents(&["terms", "dpa"]) });
    let contract = customer.post("/v1/subscriptions", order).await.expect(201);
    let contract = contract["id"].as_str().expect("an id");
    let cancel = format!("/v1/subscriptions/{contract}/cancellations");
    let wish = json!({ "delete_data": true, "reason": "Praxis aufgegeben" });
    staff.post(&cancel, wish).await.expect(201);
    let _working = Working::one(&app);
    let before = ["customer.created", "subscription.created", "cancellation.created"];
    // Every event that can be told is delivered.
    let settled = async |least: usize| {
        let events = list(&staff, "/v1/events?limit=100").await.len();
        let all = deliveries(&staff, &endpoint_id).await;
        let done = all.len() >= least.max(events) && all.iter().all(|one| one["status"] == "delivered");
        done.then_some(all)
    };
    let first = until(async || settled(4).await).await;
    let told = receiver.received();
    assert_eq!(about(&told, &customer_id, &before).len(), 3);
    assert!(told.iter().all(|one| one.json["data"].get("restricted").is_none()));

    // The end itself is told as it happens.
    app.state.clock.advance(Duration::hours(1));
    app.advance(PROVIDER, &clock, "2021-07-01T12:00:00Z").await;
    let told = until(async || {
        let told = receiver.received();
        (!about(&told, &customer_id, &["customer.data_erased"]).is_empty()).then_some(told)
    })
    .await;
    let ended = about(&told, &customer_id, &["subscription.ended"]);
    assert_eq!(ended[0].json["data"]["subscription"]["id"], contract);
    until(async || settled(first.len() + 3).await).await;

    let restricted = json!({ "restricted": true });
    let seen = receiver.received().len();
    let cancelled = first.iter().find(|one| one["type"] == "cancellation.created");
    let retry = cancelled.expect("its delivery")["id"].as_str().expect("an id");
    receiver.behave(Manner::Script(vec![503]));
    staff
        .post_empty(&format!("/v1/webhook-deliveries/{retry}/retry"))
        .await
        .expect(200);
    receiver.wait_for(seen + 1).await;
    // The next attempt is planned when the failure is written down, on the clock of that moment.
    until(async || {
        let all = deliveries(&staff, &endpoint_id).await;
        let of_retry = all.iter().find(|one| one["id"] == retry)?;
        let attempts = of_retry["attempts"].as_array()?;
        attempts.iter().any(|attempt| attempt["status"] == 503).then_some(())
    })
    .await;
    app.state.clock.advance(Duration::hours(1));
    let again = receiver.wait_for(seen + 2).await;
    for repeated in &again[seen..] {
        assert_eq!(repeated.json["type"], "cancellation.created");
        assert_eq!(
            repeated.json["data"], restricted,
            "by hand, and once more as that failed"
        );
    }

    // A day later what was told at the end is withheld as well.
    app.state.clock.advance(Duration::days(2));
    let all = until(async || settled(first.len() + 3).await).await.len();
    let seen = receiver.received().len();
    let replay = format!("/v1/webhook-endpoints/{endpoint_id}/replay");
    staff.post(&replay, json!({ "after": 0 })).await.expect(200);
    let again = receiver.wait_for(seen + all).await;
    let again = &again[seen..];
    let withheld = about(again, &customer_id, &before);
    assert_eq!(withheld.len(), 3);
    for message in withheld {
        let members: Vec<&Value> = ["customer_id", "sequence", "position"]
            .map(|name| &message.json[name])
            .into();
        assert!(
            members.iter().all(|one| !one.is_null()),
            "it keeps its place: {}",
            message.text
        );
        assert_eq!(message.json["data"], restricted);
    }
    let ended = about(again, &customer_id, &["subscription.ended"]);
    assert_eq!(ended[0].json["data"], restricted);
    let leaks: Vec<&str> = again
        .iter()
        .filter(|one| one.text.contains("Praxis aufgegeben"))
        .map(|one| one.text.as_str())
        .collect();
    assert!(leaks.is_empty(), "{leaks:#?}");
    assert_eq!(
        about(again, &other, &before)[0].json["data"]["customer"]["id"],
        json!(other)
    );
}

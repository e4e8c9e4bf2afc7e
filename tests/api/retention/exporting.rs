//! A customer's own data as an archive (Art. 15, 20 GDPR), with logins and from where the customer itself acted.

use reqwest::Method;
use serde_json::{Value, json};
use vertragswerk::config::Secret;
use vertragswerk::domain::access::Role;
use vertragswerk::error::AppError;
use vertragswerk::repositories::providers::provider_find_by_slug;
use vertragswerk::services::auth::{NewUser, user_create};

use super::{PROVIDER, conclude, events};
use crate::declarations::{CANCELLATIONS, cancellation, text};
use crate::helpers::{TestApp, over_http};
use crate::scenarios::story::consents;

over_http!(
    customers_take_their_own_data_with_them,
    the_archive_tells_logins_and_from_where_the_customer_acted,
);

const LOGIN: &str = "praxis@markt.example";

/// A login of the customer.
fn login(app: &TestApp<'_>, customer_id: &str, username: &str) {
    let provider = app
        .state
        .db
        .read(|conn| Ok::<_, AppError>(provider_find_by_slug(conn, PROVIDER)?));
    let user = NewUser {
        provider_id: provider.expect("a database").expect("a provider").id,
        customer_id: Some(customer_id.to_owned()),
        username: username.to_owned(),
        password: Secret::new("a long enough password"),
        role: Role::Customer,
    };
    user_create(&app.state, &user).expect("a login");
}

async fn the_archive_tells_logins_and_from_where_the_customer_acted(app: TestApp<'_>) {
    let (customer_id, _) = app.customer(PROVIDER, "business").await;
    let (other, _) = app.customer(PROVIDER, "business").await;
    login(&app, &customer_id, LOGIN);
    login(&app, &other, "somebody@else.example");
    let customer = app.login(PROVIDER, LOGIN, "a long enough password").await;
    let staff = app.staff(PROVIDER);
    let order = json!({ "plan": "plus", "quantity": 3, "consents": consents(&["terms", "dpa"]) });
    let ordered = customer
        .request(Method::POST, "/v1/subscriptions")
        .header("User-Agent", "Browser/1.0");
    let contract = customer.send(ordered.json(&order)).await.expect(201);
    let path = format!("/v1/subscriptions/{}/cancellations", text(&contract, "id"));
    let cancelled = staff.request(Method::POST, &path).header("User-Agent", "Staffware/2.0");
    staff.send(cancelled.json(&json!({}))).await.expect(201);
    // Somebody's declaration that staff take for the customer's.
    let declared = app
        .anonymous
        .request(Method::POST, CANCELLATIONS)
        .header("User-Agent", "Fremdbrowser/3.0");
    app.anonymous
        .send(declared.json(&cancellation("das Abo")))
        .await
        .expect(201);
    let listed = staff.get("/v1/declarations").await.expect(200);
    let at = format!("/v1/declarations/{}/match", text(&listed["data"][0], "id"));
    staff
        .post(&at, json!({ "subscription_id": contract["id"] }))
        .await
        .expect(200);

    let answer = customer
        .post_empty(&format!("/v1/customers/{customer_id}/exports"))
        .await;
    let whole = answer.text.clone();
    let archive = answer.expect(200);
    let created_at = archive["logins"][0]["created_at"].clone();
    assert!(created_at.is_string());
    let logins = json!([{ "username": LOGIN, "created_at": created_at, "disabled_at": null }]);
    assert_eq!(archive["logins"], logins);
    assert!(!whole.contains("argon2") && !whole.contains("somebody@else"), "{whole}");
    let events = archive["events"].as_array().expect("a list");
    let actor = |kind: &str| -> &Value {
        let event = events.iter().find(|event| event["type"] == kind);
        &event.unwrap_or_else(|| panic!("no {kind}"))["actor"]
    };
    assert_eq!(actor("subscription.created")["user_agent"], "Browser/1.0");
    let address = text(actor("subscription.created"), "address");
    assert!(address.parse::<std::net::IpAddr>().is_ok(), "{address}");
    for not_own in [
        "customer.created",
        "cancellation.created",
        "declaration.received",
        "declaration.matched",
    ] {
        let mut members: Vec<&String> = actor(not_own).as_object().expect("an actor").keys().collect();
        members.sort();
        assert_eq!(members, ["id", "type"], "{not_own}");
    }
}

async fn customers_take_their_own_data_with_them(app: TestApp<'_>) {
    let (customer_id, customer) = app.customer(PROVIDER, "business").await;
    let contract = conclude(&customer).await;
    let (_, stranger) = app.customer(PROVIDER, "business").await;
    let path = format!("/v1/customers/{customer_id}/exports");
    stranger.post_empty(&path).await.expect_problem(404, "not_found");
    let answer = customer.post_empty(&path).await;
    assert!(
        answer
            .header("content-disposition")
            .starts_with("attachment; filename=\"cus_")
    );
    assert_eq!(answer.header("cache-control"), "no-store");
    let bytes = answer.text.clone();
    let archive = answer.expect(200);
    assert_eq!(archive["customer"]["id"], json!(customer_id));
    assert_eq!(archive["subscriptions"][0]["id"], json!(contract));
    for (part, least) in [("charges", 1), ("events", 2), ("emails", 1)] {
        let items = archive[part].as_array().expect("a list");
        assert!(items.len() >= least, "{part}: {items:?}");
        assert!(
            items.iter().all(|item| item["customer_id"] == json!(customer_id)),
            "{part}"
        );
    }
    let staff = app.staff(PROVIDER);
    let handed_over = events(&staff, &customer_id).await.pop().expect("an event");
    assert_eq!(handed_over["type"], "customer.data_exported");
    use sha2::{Digest, Sha256};
    let sha256: String = Sha256::digest(bytes.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(handed_over["data"]["export"]["sha256"], json!(sha256));
    staff.post_empty(&path).await.expect(200);
}

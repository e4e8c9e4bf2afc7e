//! What strangers found when they tried the server: each finding stays mended.

use serde_json::json;

use crate::helpers::http::Caller;
use crate::helpers::{TestApp, over_http};
use crate::scenarios::story::consents;

over_http!(
    text_with_u0000_is_refused,
    what_is_to_be_kept_must_go_on,
    a_good_cause_needs_words,
    a_preview_is_confirmed_in_any_language,
    a_change_of_quantity_names_the_quantity
);

async fn conclude(customer: &Caller, plan: &str, quantity: u32) -> String {
    let order = json!({ "plan": plan, "quantity": quantity, "consents": consents(&["terms", "dpa"]) });
    let subscription = customer.post("/v1/subscriptions", order).await.expect(201);
    subscription["id"].as_str().expect("an id").to_owned()
}

async fn text_with_u0000_is_refused(app: TestApp<'_>) {
    let form = |body: &'static str| {
        let request = app.anonymous.request(reqwest::Method::POST, "/v1/auth/token");
        let request = request
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(body);
        app.anonymous.send(request)
    };
    for body in [
        "grant_type=password&client_id=textschirm&username=%00&password=%00",
        "grant_type=password&client_id=a%00&username=a&password=b",
    ] {
        form(body).await.expect_problem(400, "invalid_request");
    }
    let staff = app.staff("textschirm");
    for path in [
        "/v1/events?type=%00",
        "/v1/events?customer_id=%00",
        "/v1/subscriptions?customer_id=a%00b",
    ] {
        staff.get(path).await.expect_problem(400, "invalid_parameter");
    }
    let clock = json!({ "now": "2024-01-01T00:00:00Z", "name": "a\u{0}b" });
    let answer = staff.post("/v1/test-clocks", clock).await;
    assert!(matches!(answer.status, 400 | 422), "{}", answer.text);
}

async fn what_is_to_be_kept_must_go_on(app: TestApp<'_>) {
    let (_, customer) = app.customer("kontaktkiste", "business").await;
    let order = json!({ "plan": "crm_basic", "consents": consents(&["terms", "dpa", "withdrawal_instruction"]) });
    let mut ids = Vec::new();
    for _ in 0..3 {
        let subscription = customer.post("/v1/subscriptions", order.clone()).await.expect(201);
        ids.push(subscription["id"].as_str().expect("an id").to_owned());
    }
    customer
        // A wish for a day makes it a cancellation also within the withdrawal period.
        .post(
            &format!("/v1/subscriptions/{}/cancellations", ids[0]),
            json!({ "wish_on": "2026-04-01" }),
        )
        .await
        .expect(201);
    let keep = json!({ "keep_subscription_id": ids[0] });
    let refused = customer.post("/v1/cancellations", keep.clone()).await;
    let problem = refused.expect_problem(409, "cancellation_in_effect");
    assert_eq!(problem["errors"][0]["pointer"], "/keep_subscription_id", "{problem}");
    app.state.clock.advance(time::Duration::days(40));
    let (_, _) = app.customer("kontaktkiste", "business").await;
    let staff = app.staff("kontaktkiste");
    staff
        .post("/v1/cancellations", keep)
        .await
        .expect_problem(409, "subscription_ended");
    for id in &ids[1..] {
        let other = staff.get(&format!("/v1/subscriptions/{id}")).await.expect(200);
        assert!(other["ends_on"].is_null(), "nothing changed");
    }
}

async fn a_good_cause_needs_words(app: TestApp<'_>) {
    let (_, customer) = app.customer("textschirm", "business").await;
    let path = format!(
        "/v1/subscriptions/{}/cancellations",
        conclude(&customer, "single", 1).await
    );
    for reason in ["", " ", "\u{200b}", "...", "\t"] {
        let cause = json!({ "kind": "extraordinary", "reason": reason });
        let answer = customer.post(&path, cause).await;
        assert_eq!(answer.status, 422, "{reason:?}: {}", answer.text);
    }
}

async fn a_preview_is_confirmed_in_any_language(app: TestApp<'_>) {
    let (_, customer) = app.customer("textschirm", "business").await;
    let path = format!(
        "/v1/subscriptions/{}/plan-changes",
        conclude(&customer, "single", 1).await
    );
    let in_language = |path: String, language: &'static str, body: serde_json::Value| {
        let request = customer
            .request(reqwest::Method::POST, &path)
            .header("Accept-Language", language);
        customer.send(request.json(&body))
    };
    let preview = in_language(format!("{path}/preview"), "de", json!({ "plan": "premium" }))
        .await
        .expect(200);
    let given = consents(&["terms", "dpa"]);
    let body = json!({ "plan": "premium", "consents": given, "preview_token": preview["preview_token"] });
    in_language(path, "en", body).await.expect(201);
}

async fn a_change_of_quantity_names_the_quantity(app: TestApp<'_>) {
    let (_, customer) = app.customer("sprechfenster", "business").await;
    let path = format!(
        "/v1/subscriptions/{}/plan-changes/preview",
        conclude(&customer, "plus", 3).await
    );
    for (quantity, code) in [(5, "quantity_applies_now"), (2, "quantity_from_then")] {
        let preview = customer.post(&path, json!({ "quantity": quantity })).await.expect(200);
        assert_eq!(preview["texts"][0]["code"], code);
        let text = preview["texts"][0]["text"].as_str().expect("a text");
        assert!(text.contains(&quantity.to_string()), "{text}");
    }
}

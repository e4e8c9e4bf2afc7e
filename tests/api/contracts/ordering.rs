//! A cart: previewed together, confirmed together, all or nothing; the consumer's button and what must be shown before it.

use serde_json::{Value, json};

use crate::helpers::{TestApp, over_http};
use crate::scenarios::story::consents;

over_http!(
    a_contract_and_its_support_are_ordered_together,
    one_bad_item_refuses_the_whole_cart,
    a_consumer_presses_one_button_for_the_cart
);

const PROVIDER: &str = "rundbriefwerk";

fn cart(agreed: &Value) -> Value {
    json!({
        "items": [
            { "type": "subscription", "plan": "newsletter_s" },
            { "type": "add_on", "item": 0, "add_on": "premium_support" },
        ],
        "consents": agreed,
    })
}

async fn a_contract_and_its_support_are_ordered_together(app: TestApp<'_>) {
    let (_, customer) = app.customer(PROVIDER, "business").await;
    let agreed = consents(&["terms", "dpa"]);
    let mut order = cart(&agreed);
    let preview = customer.post("/v1/orders/preview", order.clone()).await.expect(200);
    // 29.00 + 39.00 net, both for a month from today.
    assert_eq!(preview["due_now"]["net"]["amount"], "68.00");
    assert_eq!(preview["order"]["monthly_total"]["net"]["amount"], "68.00");
    let items = preview["order"]["items"].as_array().expect("a list");
    assert_eq!(items.len(), 2);
    assert!(
        items
            .iter()
            .all(|item| item["terms_text"].is_string() && item["recurring"].is_object())
    );
    order["preview_token"] = preview["preview_token"].clone();
    let placed = customer
        .post_once("/v1/orders", "cart-1", order.clone())
        .await
        .expect(201);
    assert_eq!(placed["monthly_total"], preview["order"]["monthly_total"]);
    let subscription = placed["items"][0]["subscription_id"].as_str().expect("a contract");
    assert_eq!(placed["items"][1]["subscription_id"], subscription);
    let booked = customer
        .get(&format!("/v1/subscriptions/{subscription}/add-ons"))
        .await
        .expect(200);
    assert_eq!(booked["data"][0]["id"], placed["items"][1]["add_on_booking_id"]);
    let again = customer.post_once("/v1/orders", "cart-1", order).await.expect(201);
    assert_eq!(again, placed);
    let events = app
        .staff(PROVIDER)
        .get("/v1/events?type=order.confirmed")
        .await
        .expect(200);
    assert_eq!(events["data"].as_array().expect("a list").len(), 1);
    assert_eq!(events["data"][0]["data"]["order"]["id"], placed["id"]);
}

async fn one_bad_item_refuses_the_whole_cart(app: TestApp<'_>) {
    let (_, customer) = app.customer(PROVIDER, "business").await;
    let agreed = consents(&["terms", "dpa"]);
    let mut twice = cart(&agreed);
    let support = twice["items"][1].clone();
    twice["items"].as_array_mut().expect("a list").push(support);
    let refused = customer
        .post("/v1/orders", twice)
        .await
        .expect_problem(409, "add_on_limit_reached");
    assert_eq!(refused["errors"][0]["pointer"], "/items/2");
    let mut unknown = cart(&agreed);
    unknown["items"][0]["plan"] = json!("nothing");
    let refused = customer
        .post("/v1/orders", unknown)
        .await
        .expect_problem(422, "plan_not_available");
    assert_eq!(refused["errors"][0]["pointer"], "/items/0/plan");
    let mut backwards = cart(&agreed);
    backwards["items"].as_array_mut().expect("a list").reverse();
    let refused = customer
        .post("/v1/orders", backwards)
        .await
        .expect_problem(422, "validation_failed");
    assert_eq!(refused["errors"][0]["pointer"], "/items/0/item");
    let mut wrong = cart(&agreed);
    wrong["items"][0]["add_on"] = json!("premium_support");
    customer
        .post("/v1/orders", wrong)
        .await
        .expect_problem(422, "validation_failed");
    let missing = customer
        .post("/v1/orders", cart(&json!([])))
        .await
        .expect_problem(422, "consent_required");
    assert_eq!(missing["errors"][0]["pointer"], "/consents");
    assert_eq!(customer.get("/v1/subscriptions").await.expect(200)["data"], json!([]));
    let charges = customer.get("/v1/charges").await.expect(200);
    assert_eq!(charges["data"], json!([]));
}

async fn a_consumer_presses_one_button_for_the_cart(app: TestApp<'_>) {
    const CRM: &str = "kontaktkiste";
    let (_, customer) = app.customer(CRM, "consumer").await;
    let order = json!({
        "items": [
            { "type": "subscription", "plan": "crm_monthly" },
            { "type": "add_on", "item": 0, "add_on": "extra_users", "quantity": 2 },
        ],
        "consents": consents(&["terms", "dpa", "withdrawal_instruction"]),
    });
    let preview = customer.post("/v1/orders/preview", order.clone()).await.expect(200);
    assert_eq!(preview["order_button"]["required"], true);
    customer
        .post("/v1/orders", order.clone())
        .await
        .expect_problem(422, "order_button_required");
    let mut pressed = order;
    pressed["order_button_text"] = preview["order_button"]["label"].clone();
    let placed = customer.post("/v1/orders", pressed).await.expect(201);
    assert_eq!(placed["due_now"]["gross"]["amount"], "31.70");
}

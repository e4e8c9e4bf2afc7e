//! A cart: previewed together, confirmed together, all or nothing; the consumer's button and what must be shown before it.

use serde_json::{Value, json};

use crate::helpers::http::Caller;
use crate::helpers::{TestApp, over_http};
use crate::scenarios::story::consents;

over_http!(
    a_contract_and_its_support_are_ordered_together,
    one_bad_item_refuses_the_whole_cart,
    a_consumer_presses_one_button_for_the_cart,
    one_free_slot_is_given_to_the_first_of_two,
    a_package_and_its_presences_are_ordered_together,
    what_changed_meanwhile_is_not_ordered_unseen,
    a_plan_change_in_a_cart_says_what_it_alone_would
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
    let (_, customer) = app
        .customer_with(CRM, json!({ "customer_type": "consumer", "locale": "de" }))
        .await;
    let order = json!({
        "items": [
            { "type": "subscription", "plan": "crm_monthly" },
            { "type": "add_on", "item": 0, "add_on": "extra_users", "quantity": 2 },
        ],
        "consents": consents(&["terms", "dpa", "withdrawal_instruction"]),
    });
    let preview = customer.post("/v1/orders/preview", order.clone()).await.expect(200);
    assert_eq!(
        preview["order_button"],
        json!({ "label": "zahlungspflichtig bestellen", "required": true })
    );
    // § 312j Abs. 2 with Art. 246a § 1 Abs. 1 Satz 1 EGBGB: what it is (Nr. 1), the price with all taxes for each period (Nr. 5, 8), how
    // long it binds and how it ends (Nr. 14, 15).
    let shown: Vec<(&Value, &Value, &Value, &Value)> = preview["order"]["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|item| {
            (
                &item["name"],
                &item["price_label"],
                &item["recurring"]["gross"]["amount"],
                &item["terms_text"],
            )
        })
        .collect();
    let no_term = json!("Keine Mindestlaufzeit. Jederzeit kündbar zum Ende des Abrechnungszeitraums.");
    assert_eq!(
        shown,
        [
            (
                &json!("CRM Team, monatlich"),
                &json!("19,90 € / Monat inkl. MwSt."),
                &json!("19.90"),
                &no_term
            ),
            (
                &json!("Zusätzliche Benutzer"),
                &json!("5,90 € / Nutzer / Monat"),
                &json!("11.80"),
                &no_term
            ),
        ]
    );
    assert_eq!(
        preview["order"]["items"][1]["description"],
        "Weitere Lizenzen für ein wachsendes Team."
    );
    assert_eq!(preview["order"]["monthly_total"]["gross"]["amount"], "31.70");
    customer
        .post("/v1/orders", order.clone())
        .await
        .expect_problem(422, "order_button_required");
    let mut pressed = order;
    pressed["order_button_text"] = json!("jetzt bestellen");
    let refused = customer
        .post("/v1/orders", pressed.clone())
        .await
        .expect_problem(422, "order_button_required");
    assert_eq!(refused["errors"][0]["pointer"], "/order_button_text");
    assert_eq!(customer.get("/v1/subscriptions").await.expect(200)["data"], json!([]));
    pressed["order_button_text"] = preview["order_button"]["label"].clone();
    let placed = customer.post("/v1/orders", pressed).await.expect(201);
    assert_eq!(placed["due_now"]["gross"]["amount"], "31.70");
}

const TEXTS: &str = "textschirm";

fn presence(name: &str) -> Value {
    json!({ "type": "slot", "kind": "presence", "target": "shop_hosted", "name": name, "url": "https://laden.example.com" })
}

/// A customer with a Premium contract, `occupied` slots of which are taken: the customer, its id and the contract's.
async fn with_premium(app: &TestApp<'_>, occupied: usize) -> (Caller, String, String) {
    let (customer_id, customer) = app.customer_with(TEXTS, json!({ "locale": "de" })).await;
    let order = json!({ "plan": "premium", "consents": consents(&["terms"]) });
    let package = customer.post("/v1/subscriptions", order).await.expect(201);
    let package = package["id"].as_str().expect("an id").to_owned();
    for number in 0..occupied {
        let body = json!({ "kind": "presence", "target": "blog", "name": format!("Blog {number}") });
        let at = format!("/v1/subscriptions/{package}/slots");
        customer.post(&at, body).await.expect(201);
    }
    (customer, customer_id, package)
}

/// The sentences of an item of a cart.
fn told(preview: &Value, item: usize) -> Vec<&str> {
    let texts = preview["order"]["items"][item]["texts"].as_array().expect("a list");
    texts.iter().filter_map(|text| text["text"].as_str()).collect()
}

async fn one_free_slot_is_given_to_the_first_of_two(app: TestApp<'_>) {
    let (customer, _, package) = with_premium(&app, 4).await;
    let mut order = json!({ "items": [presence("Laden"), presence("Zweiter Laden")] });
    let preview = customer.post("/v1/orders/preview", order.clone()).await.expect(200);
    assert_eq!(
        told(&preview, 0),
        [
            "„Laden“ (Mietshop)",
            "Wird in bestehendes Premium Paket eingefügt.",
            "Endpreis: 0,00 € mtl."
        ]
    );
    assert_eq!(
        told(&preview, 1),
        [
            "„Zweiter Laden“ (Mietshop)",
            "Kein Paket hat einen freien Platz; es wird ein Vertrag Einzelpräsenz geschlossen.",
            "Endpreis: 5,90 € mtl., zzgl. MwSt."
        ]
    );
    let items = preview["order"]["items"].as_array().expect("a list");
    let prices: Vec<&Value> = items.iter().map(|item| &item["recurring"]["net"]["amount"]).collect();
    assert_eq!(prices, ["0.00", "5.90"]);
    assert_eq!(preview["due_now"]["net"]["amount"], "5.90");
    assert_eq!(preview["order"]["monthly_total"]["net"]["amount"], "5.90");
    assert_eq!(preview["lines"].as_array().map(Vec::len), Some(1));
    assert_eq!(preview["subscription_ids"], json!([package]));
    customer
        .post("/v1/orders", order.clone())
        .await
        .expect_problem(422, "consent_required");
    order["consents"] = consents(&["terms"]);
    order["preview_token"] = preview["preview_token"].clone();
    let placed = customer.post("/v1/orders", order).await.expect(201);
    let homes: Vec<bool> = placed["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|item| item["subscription_id"] == json!(package))
        .collect();
    assert_eq!(homes, [true, false]);
    assert_eq!(placed["monthly_total"], preview["order"]["monthly_total"]);
    for item in placed["items"].as_array().expect("a list") {
        let (contract, slot) = (item["subscription_id"].as_str(), item["slot_id"].as_str());
        let at = format!(
            "/v1/subscriptions/{}/slots/{}",
            contract.expect("a contract"),
            slot.expect("a slot")
        );
        let found = customer.get(&at).await.expect(200);
        assert_eq!((&item["type"], &found["kind"]), (&json!("slot"), &json!("presence")));
    }
    let charges = customer.get("/v1/charges").await.expect(200);
    assert_eq!(
        charges["data"].as_array().map(Vec::len),
        Some(2),
        "the package's and the second presence's: {charges}"
    );
}

async fn a_package_and_its_presences_are_ordered_together(app: TestApp<'_>) {
    let (_, customer) = app.customer(TEXTS, "business").await;
    let mut items = vec![json!({ "type": "subscription", "plan": "premium" })];
    items.extend((1..=5).map(|number| presence(&format!("Laden {number}"))));
    let mut order = json!({ "items": items, "consents": consents(&["terms"]) });
    let preview = customer.post("/v1/orders/preview", order.clone()).await.expect(200);
    assert_eq!(preview["order"]["monthly_total"]["net"]["amount"], "24.90");
    order["preview_token"] = preview["preview_token"].clone();
    let placed = customer.post("/v1/orders", order.clone()).await.expect(201);
    assert_eq!(placed["due_now"]["net"]["amount"], "24.90");
    let package = placed["items"][0]["subscription_id"].as_str().expect("an id");
    let slots = customer
        .get(&format!("/v1/subscriptions/{package}/slots"))
        .await
        .expect(200);
    assert_eq!(slots["data"].as_array().map(Vec::len), Some(5));

    // All or nothing, with the place of what is wrong.
    let charges = customer.get("/v1/charges").await.expect(200);
    for (member, value, pointer, code) in [
        ("target", json!("moon"), "/items/1/target", "slot_target_unknown"),
        ("kind", json!("shelf"), "/items/1/kind", "slot_kind_unknown"),
        ("name", Value::Null, "/items/1/name", "validation_failed"),
        ("name", json!("  "), "/items/1/name", "validation_failed"),
        ("url", json!("javascript:alert(1)"), "/items/1/url", "validation_failed"),
        ("plan", json!("premium"), "/items/1/plan", "validation_failed"),
    ] {
        let mut wrong = json!({ "items": [presence("Gut"), presence("Schlecht")], "consents": consents(&["terms"]) });
        wrong["items"][1][member] = value;
        let refused = customer.post("/v1/orders", wrong).await.expect_problem(422, code);
        assert_eq!(refused["errors"][0]["pointer"], pointer);
    }
    assert_eq!(customer.get("/v1/charges").await.expect(200), charges);
    assert_eq!(
        customer.get("/v1/subscriptions").await.expect(200)["data"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
}

/// Whoever has seen 0.00 does not pay 5.90 because somebody was faster.
async fn what_changed_meanwhile_is_not_ordered_unseen(app: TestApp<'_>) {
    let (customer, customer_id, package) = with_premium(&app, 4).await;
    let mut order = json!({ "items": [presence("Laden")], "consents": consents(&["terms"]) });
    let preview = customer.post("/v1/orders/preview", order.clone()).await.expect(200);
    assert_eq!(preview["order"]["monthly_total"]["net"]["amount"], "0.00");
    assert_eq!(preview["order_button"], Value::Null);
    let other = json!({ "customer_id": customer_id, "kind": "presence", "target": "blog", "name": "Schneller" });
    let faster = app.staff(TEXTS).post("/v1/slots", other).await.expect(201);
    assert_eq!(faster["subscription_id"], json!(package));
    order["preview_token"] = preview["preview_token"].clone();
    let stale = customer
        .post("/v1/orders", order.clone())
        .await
        .expect_problem(409, "preview_stale");
    assert_eq!(stale["preview"]["order"]["monthly_total"]["net"]["amount"], "5.90");
    order["preview_token"] = stale["preview"]["preview_token"].clone();
    let placed = customer.post("/v1/orders", order).await.expect(201);
    assert_eq!(placed["monthly_total"]["net"]["amount"], "5.90");
}

async fn a_plan_change_in_a_cart_says_what_it_alone_would(app: TestApp<'_>) {
    let (_, customer) = app.customer_with(PROVIDER, json!({ "locale": "de" })).await;
    let order = json!({ "plan": "newsletter_m", "consents": consents(&["terms", "dpa"]) });
    let contract = customer.post("/v1/subscriptions", order).await.expect(201);
    let contract = contract["id"].as_str().expect("an id");
    let alone = customer
        .post(
            &format!("/v1/subscriptions/{contract}/plan-changes/preview"),
            json!({ "plan": "newsletter_s" }),
        )
        .await
        .expect(200);
    let cart = json!({
        "items": [
            { "type": "plan_change", "subscription_id": contract, "plan": "newsletter_s" },
            { "type": "add_on", "subscription_id": contract, "add_on": "premium_support" },
        ],
        "consents": consents(&["terms"]),
    });
    let together = customer.post("/v1/orders/preview", cart.clone()).await.expect(200);
    assert_eq!(together["consequences"], alone["consequences"]);
    assert_eq!(together["consequences"][0]["code"], "recipients_lowered");
    assert_eq!(together["order"]["items"][0]["texts"], alone["texts"]);
    assert_eq!(together["order"]["monthly_total"]["net"]["amount"], "68.00");
    let placed = customer.post("/v1/orders", cart).await.expect(201);
    let change = placed["items"][0]["plan_change_id"].as_str().expect("an id");
    let change = customer.get(&format!("/v1/plan-changes/{change}")).await.expect(200);
    assert_eq!(
        (&change["status"], &change["effective_on"]),
        (&json!("scheduled"), &alone["effective_on"])
    );
}

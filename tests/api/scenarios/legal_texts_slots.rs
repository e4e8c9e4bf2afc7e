//! Seed 000, the presences: texts for one into a free slot at 0.00 with the sentence, a contract of its own without one, an
//! upgrade that keeps and takes in, released and booked again.

use serde_json::{Value, json};

use super::story::{Transcript, consents, on_both};
use crate::helpers::TestApp;
use crate::helpers::http::Caller;

const PROVIDER: &str = "textschirm";

#[test]
fn presences_go_into_packages() {
    on_both(tell);
}

async fn tell(app: TestApp<'static>, transcript: Transcript) {
    let clock = app.test_clock(PROVIDER, "2026-03-01T10:00:00Z").await;
    let (customer_id, customer) = app
        .customer_with(PROVIDER, json!({ "test_clock_id": clock, "locale": "de" }))
        .await;
    lists_targets(&customer, &transcript).await;
    shows_what_can_be_extended(&customer, &transcript).await;
    let shop = a_contract_of_its_own(&customer, &transcript).await;
    let blog = text_of(
        &booked(&customer, "blog", "Mein Blog", &transcript).await,
        "subscription_id",
    );
    let video = text_of(
        &booked(&customer, "social_videos", "Mein Kanal", &transcript).await,
        "subscription_id",
    );
    app.advance(PROVIDER, &clock, "2026-03-16T10:00:00Z").await;

    upgrades_and_takes_in(&customer, &shop, &blog, &transcript).await;
    a_free_slot_costs_nothing(&customer, &shop, &transcript).await;
    releases_and_books_again(&customer, &shop, &transcript).await;
    moves_into_the_package(&customer, &shop, &video, &transcript).await;
    a_full_package_means_a_contract(&customer, &shop, &transcript).await;
    staff_book_for_the_customer(&app, &customer_id, &transcript).await;
    unlimited_contains_an_audit(&customer, &shop, &transcript).await;
    fewer_slots_than_are_taken_are_refused(&customer, &transcript).await;
    transcript.note(timeline(&customer, &shop).await);
}

fn presence(target: &str, name: &str) -> Value {
    json!({ "kind": "presence", "target": target, "name": name, "url": "https://praesenz.example.com" })
}

fn text_of(value: &Value, member: &str) -> String {
    value[member].as_str().expect("a text").to_owned()
}

/// The sentences of a preview by their codes.
fn sentence(preview: &Value, code: &str) -> String {
    let texts = preview["texts"].as_array().expect("a list");
    let found = texts.iter().find(|text| text["code"] == code);
    found.map(|text| text_of(text, "text")).unwrap_or_default()
}

fn names(list: &Value) -> Vec<&str> {
    let slots = list["data"].as_array().expect("a list");
    slots
        .iter()
        .map(|slot| slot["name"].as_str().expect("a name"))
        .collect()
}

async fn lists_targets(customer: &Caller, transcript: &Transcript) {
    let kinds = transcript.note(customer.get("/v1/slot-kinds").await.expect(200));
    let kind = &kinds["data"][0];
    assert_eq!(
        (&kind["key"], &kind["from_label"]),
        (&json!("presence"), &json!("ab 5,90 € mtl."))
    );
    let targets = kind["targets"].as_array().expect("a list");
    assert!(targets.len() >= 12);
    for target in targets {
        assert_eq!(target["plan"]["key"], "single");
        assert_eq!(target["from_price"]["net"]["amount"], "5.90");
    }
    let english = customer.request(reqwest::Method::GET, "/v1/slot-kinds");
    let english = customer.send(english.header("Accept-Language", "en")).await.expect(200);
    assert_eq!(english["data"][0]["from_label"], "from €5.90 per month");
}

/// "ERWEITERUNG GEWÜNSCHT?": texts for a presence from 5.90, five for 24.90, seventy for 49.90.
async fn shows_what_can_be_extended(customer: &Caller, transcript: &Transcript) {
    let options = transcript.note(customer.get("/v1/options").await.expect(200));
    let plans = customer.get("/v1/plans").await.expect(200);
    let slots = |key: &Value| {
        let mut plans = plans["data"].as_array().expect("a list").iter();
        let plan = plans.find(|plan| plan["key"] == *key).expect("the plan");
        let mut limits = plan["limits"].as_array().expect("a list").iter();
        limits.find(|limit| limit["key"] == "slots:presence").expect("slots")["maximum"].clone()
    };
    let offered: Vec<(&Value, &Value, Value)> = options["actions"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|option| option["action"] == "conclude")
        .map(|option| {
            let key = &option["plan"]["key"];
            (key, &option["price"]["net"]["amount"], slots(key))
        })
        .collect();
    assert_eq!(
        offered,
        [
            (&json!("single"), &json!("5.90"), json!(1)),
            (&json!("premium"), &json!("24.90"), json!(5)),
            (&json!("unlimited"), &json!("49.90"), json!(70)),
        ]
    );
}

async fn a_contract_of_its_own(customer: &Caller, transcript: &Transcript) -> String {
    let options = transcript.note(customer.get("/v1/options").await.expect(200));
    let option = allocate_slot(&options);
    assert_eq!(
        (&option["allowed"], &option["href"]),
        (&json!(true), &json!("/v1/slots"))
    );
    assert_eq!(option["price"]["net"]["amount"], "5.90");
    let order = presence("shop_hosted", "Mein Laden");
    let preview = transcript.note(customer.post("/v1/slots/preview", order.clone()).await.expect(200));
    assert_eq!(preview["due_now"]["net"]["amount"], "5.90");
    assert_eq!(preview["consents"][0]["document"], "terms");
    assert_eq!(sentence(&preview, "total_price"), "Endpreis: 5,90 € mtl., zzgl. MwSt.");
    customer
        .post("/v1/slots", order.clone())
        .await
        .expect_problem(422, "consent_required");
    let slot = booked(customer, "shop_hosted", "Mein Laden", transcript).await;
    assert_eq!(
        (&slot["target"]["name"], &slot["number"]),
        (&json!("Mietshop"), &json!(1))
    );
    text_of(&slot, "subscription_id")
}

fn allocate_slot(options: &Value) -> Value {
    let actions = options["actions"].as_array().expect("a list");
    let found = actions.iter().find(|option| option["action"] == "allocate_slot");
    found.expect("the option").clone()
}

/// Previews, and books exactly that.
async fn booked(customer: &Caller, target: &str, name: &str, transcript: &Transcript) -> Value {
    let mut order = presence(target, name);
    let preview = transcript.note(customer.post("/v1/slots/preview", order.clone()).await.expect(200));
    let keys: Vec<&str> = preview["consents"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|consent| consent["document"].as_str())
        .collect();
    order["consents"] = consents(&keys);
    order["preview_token"] = preview["preview_token"].clone();
    transcript.note(customer.post("/v1/slots", order).await.expect(201))
}

async fn upgrades_and_takes_in(customer: &Caller, shop: &str, blog: &str, transcript: &Transcript) {
    let path = format!("/v1/subscriptions/{shop}/plan-changes");
    let mut order = json!({ "plan": "premium", "absorb_subscription_ids": [blog], "consents": consents(&["terms"]) });
    let preview = transcript.note(
        customer
            .post(&format!("{path}/preview"), order.clone())
            .await
            .expect(200),
    );
    // 16 of 31 days: twice -3.05 and 12.85.
    assert_eq!(preview["due_now"]["net"]["amount"], "6.75");
    assert_eq!(preview["recurring"]["net"]["amount"], "24.90");
    let consequences = preview["consequences"].to_string();
    assert!(
        consequences.contains("„Mein Blog“ zieht in das Paket um."),
        "{consequences}"
    );
    order["preview_token"] = preview["preview_token"].clone();
    let change = transcript.note(customer.post(&path, order).await.expect(201));
    assert_eq!(change["absorbed_subscription_ids"], json!([blog]));
    let credited: Vec<(&Value, &Value)> = change["charges"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|charge| (&charge["subscription_id"], &charge["amount"]["amount"]))
        .collect();
    assert_eq!(credited.len(), 3);
    assert!(credited.contains(&(&json!(blog), &json!("-3.05"))), "{credited:?}");
    let ended = transcript.note(customer.get(&format!("/v1/subscriptions/{blog}")).await.expect(200));
    assert_eq!(
        (&ended["status"], &ended["ends_on"]),
        (&json!("ended"), &json!("2026-03-15"))
    );
    let slots = transcript.note(
        customer
            .get(&format!("/v1/subscriptions/{shop}/slots"))
            .await
            .expect(200),
    );
    assert_eq!(names(&slots), ["Mein Blog", "Mein Laden"]);
    let read = customer
        .get(&format!("/v1/plan-changes/{}", text_of(&change, "id")))
        .await
        .expect(200);
    assert_eq!(
        read["charges"].as_array().map(Vec::len),
        Some(3),
        "read as it was answered"
    );
}

async fn a_free_slot_costs_nothing(customer: &Caller, shop: &str, transcript: &Transcript) {
    let order = presence("marketplace_general", "Mein Stand");
    let preview = transcript.note(customer.post("/v1/slots/preview", order).await.expect(200));
    assert_eq!(
        sentence(&preview, "goes_into_package"),
        "Wird in bestehendes Premium Paket eingefügt."
    );
    assert_eq!(sentence(&preview, "total_price"), "Endpreis: 0,00 € mtl.");
    assert_eq!(preview["due_now"]["gross"]["amount"], "0.00");
    assert_eq!(
        (&preview["consents"], &preview["order_button"]),
        (&json!([]), &Value::Null)
    );
    assert_eq!(
        allocate_slot(&customer.get("/v1/options").await.expect(200))["price"]["gross"]["amount"],
        "0.00"
    );
    let slot = booked(customer, "marketplace_general", "Mein Stand", transcript).await;
    assert_eq!(slot["subscription_id"], shop);
    let charges = customer.get("/v1/charges").await.expect(200);
    assert_eq!(
        charges["data"].as_array().map(Vec::len),
        Some(6),
        "nothing new is charged: {charges}"
    );
    let found = customer
        .get(&format!("/v1/subscriptions/{shop}/slots/{}", text_of(&slot, "id")))
        .await
        .expect(200);
    assert_eq!(found["name"], "Mein Stand");
}

async fn releases_and_books_again(customer: &Caller, shop: &str, transcript: &Transcript) {
    let at = format!("/v1/subscriptions/{shop}/slots");
    let slots = customer.get(&at).await.expect(200);
    let slot = format!("{at}/{}", text_of(&slots["data"][0], "id"));
    let preview = transcript.note(
        customer
            .post_empty(&format!("{slot}/release/preview"))
            .await
            .expect(200),
    );
    assert_eq!(
        sentence(&preview, "slot_released"),
        "Der Platz von „Mein Stand“ ist sofort wieder frei."
    );
    let token = text_of(&preview, "preview_token");
    let stale = customer.delete(&format!("{slot}?preview_token=v1.0.x.y")).await;
    stale.expect_problem(409, "preview_stale");
    let released = transcript.note(
        customer
            .delete(&format!("{slot}?preview_token={token}"))
            .await
            .expect(200),
    );
    assert_eq!(released["released_on"], "2026-03-16");
    customer.delete(&slot).await.expect_problem(404, "not_found");
    customer.get(&slot).await.expect_problem(404, "not_found");
    let again = json!({ "kind": "presence", "target": "social_photos", "name": "Meine Fotos" });
    let preview = customer.post(&format!("{at}/preview"), again.clone()).await.expect(200);
    assert_eq!(
        sentence(&preview, "goes_into_package"),
        "Wird in bestehendes Premium Paket eingefügt."
    );
    let slot = transcript.note(customer.post(&at, again).await.expect(201));
    assert_eq!(slot["number"], 3, "the one that was released");
}

async fn moves_into_the_package(customer: &Caller, shop: &str, video: &str, transcript: &Transcript) {
    let at = format!("/v1/subscriptions/{video}/slots");
    let slots = customer.get(&at).await.expect(200);
    let path = format!("{at}/{}/move", text_of(&slots["data"][0], "id"));
    let mut into = json!({ "subscription_id": shop });
    let preview = transcript.note(
        customer
            .post(&format!("{path}/preview"), into.clone())
            .await
            .expect(200),
    );
    into["preview_token"] = preview["preview_token"].clone();
    let moved = transcript.note(customer.post(&path, into.clone()).await.expect(200));
    assert_eq!(
        (&moved["subscription_id"], &moved["id"]),
        (&json!(shop), &slots["data"][0]["id"])
    );
    customer.post(&path, into).await.expect_problem(404, "not_found");
    // The single contract is free now, but the package is older: the fifth slot is filled first, then the single one.
    let fifth = booked(customer, "website", "Meine Seite", transcript).await;
    assert_eq!(fifth["subscription_id"], shop);
    let sixth = booked(customer, "social_career", "Meine Karriere", transcript).await;
    assert_eq!(sixth["subscription_id"], video);
}

async fn a_full_package_means_a_contract(customer: &Caller, shop: &str, transcript: &Transcript) {
    let at = format!("/v1/subscriptions/{shop}/slots");
    let order = presence("shop_custom", "Zweiter Laden");
    let problem = customer
        .post(&at, order.clone())
        .await
        .expect_problem(409, "slots_full");
    assert_eq!(problem["capacity"], 5);
    let preview = transcript.note(customer.post("/v1/slots/preview", order).await.expect(200));
    assert_eq!(preview["recurring"]["net"]["amount"], "5.90");
    let slot = booked(customer, "shop_custom", "Zweiter Laden", transcript).await;
    assert_ne!(slot["subscription_id"], shop);
}

async fn staff_book_for_the_customer(app: &TestApp<'_>, customer_id: &str, transcript: &Transcript) {
    let staff = app.staff(PROVIDER);
    let mut order = presence("blog", "Noch ein Blog");
    let problem = staff
        .post("/v1/slots", order.clone())
        .await
        .expect_problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["pointer"], "/customer_id");
    order["customer_id"] = json!(customer_id);
    order["consents"] = consents(&["terms"]);
    let slot = transcript.note(staff.post("/v1/slots", order).await.expect(201));
    assert_eq!(slot["customer_id"], customer_id);
}

async fn unlimited_contains_an_audit(customer: &Caller, shop: &str, transcript: &Transcript) {
    let path = format!("/v1/subscriptions/{shop}/plan-changes");
    let order = json!({ "plan": "unlimited", "consents": consents(&["terms"]) });
    transcript.note(customer.post(&path, order).await.expect(201));
    let slots = customer
        .get(&format!("/v1/subscriptions/{shop}/slots"))
        .await
        .expect(200);
    assert_eq!(names(&slots).len(), 5, "the same contract keeps them");
    let services = transcript.note(
        customer
            .get(&format!("/v1/subscriptions/{shop}/add-ons"))
            .await
            .expect(200),
    );
    let audit = &services["data"][0];
    assert_eq!(
        (&audit["add_on"]["key"], &audit["included"]),
        (&json!("shop_audit"), &json!(true))
    );
    assert_eq!(
        (&audit["one_off_price"]["gross"]["amount"], &audit["price"]),
        (&json!("0.00"), &Value::Null)
    );
    let perform = transcript.note(
        customer
            .get(&format!("/v1/subscriptions/{shop}/add-ons/{}", text_of(audit, "id")))
            .await
            .expect(200),
    );
    assert_eq!(perform["status"], "active");
}

/// "Reducing below what is occupied says which slots must go": six presences do not fit into five slots.
async fn fewer_slots_than_are_taken_are_refused(customer: &Caller, transcript: &Transcript) {
    let order = json!({ "plan": "single", "consents": consents(&["terms"]) });
    let mut singles = Vec::new();
    for number in 1..=6 {
        let single = customer.post("/v1/subscriptions", order.clone()).await.expect(201);
        let id = text_of(&single, "id");
        let body = presence("blog", &format!("Blog {number}"));
        customer
            .post(&format!("/v1/subscriptions/{id}/slots"), body)
            .await
            .expect(201);
        singles.push(id);
    }
    let path = format!("/v1/subscriptions/{}/plan-changes", singles[0]);
    let mut change = json!({
        "plan": "premium", "absorb_subscription_ids": singles[1..], "consents": consents(&["terms"]),
    });
    let refused = transcript.note(
        customer
            .post(&format!("{path}/preview"), change.clone())
            .await
            .expect_problem(409, "slots_occupied"),
    );
    let going: Vec<&Value> = refused["slots"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|slot| &slot["name"])
        .collect();
    assert_eq!(going, ["Blog 6"]);
    let surplus = &refused["slots"][0];
    let slot = format!(
        "/v1/subscriptions/{}/slots/{}",
        text_of(surplus, "subscription_id"),
        text_of(surplus, "id")
    );
    customer.delete(&slot).await.expect(200);
    change["absorb_subscription_ids"] = json!(singles[1..5]);
    customer.post(&path, change).await.expect(201);
    let slots = customer
        .get(&format!("/v1/subscriptions/{}/slots", singles[0]))
        .await
        .expect(200);
    assert_eq!(names(&slots).len(), 5);
}

async fn timeline(customer: &Caller, shop: &str) -> Value {
    let timeline = customer
        .get(&format!("/v1/subscriptions/{shop}/timeline"))
        .await
        .expect(200);
    let told = timeline.to_string();
    for sentence in [
        "„Mein Laden“ belegt einen Platz.",
        "„Mein Blog“ zieht in diesen Vertrag um.",
        "„Mein Stand“ gibt den Platz frei.",
    ] {
        assert!(told.contains(sentence), "{sentence}: {told}");
    }
    timeline
}

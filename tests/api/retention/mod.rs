//! "Cancel and delete data" to its end: what is erased, and what is kept and why.

mod exporting;
mod restriction;
mod withdrawing;

use serde_json::{Value, json};

use crate::declarations::text;
use crate::helpers::http::Caller;
use crate::helpers::{TestApp, over_http};
use crate::scenarios::story::consents;

over_http!(
    the_end_erases_product_data_and_keeps_what_the_law_asks_for,
    an_end_without_the_wish_erases_nothing,
    a_profile_stays_while_another_contract_goes_on,
    what_slots_held_and_usage_named_is_found_nowhere_afterwards,
    reasons_and_declarations_stay_with_the_letters,
);

const PROVIDER: &str = "sprechfenster";

/// A customer of 15 March 2021 with a contract "plus", on a test clock.
async fn customer(app: &TestApp<'_>) -> (String, String, String) {
    let clock = app.test_clock(PROVIDER, "2021-03-15T09:00:00Z").await;
    let members = json!({ "test_clock_id": clock, "metadata": { "nickname": "Praxis am Markt" } });
    let (customer_id, customer) = app.customer_with(PROVIDER, members).await;
    let contract = conclude(&customer).await;
    (clock, customer_id, contract)
}

async fn conclude(customer: &Caller) -> String {
    let order = json!({ "plan": "plus", "quantity": 3, "consents": consents(&["terms", "dpa"]) });
    let contract = customer.post("/v1/subscriptions", order).await.expect(201);
    text(&contract, "id").to_owned()
}

async fn cancel(staff: &Caller, contract: &str, delete_data: bool) {
    let body = json!({ "delete_data": delete_data });
    let path = format!("/v1/subscriptions/{contract}/cancellations");
    let change = staff.post(&path, body).await.expect(201);
    assert_eq!(change["ends_on"], "2021-06-30");
}

async fn events(staff: &Caller, customer_id: &str) -> Vec<Value> {
    let listed = staff
        .get(&format!("/v1/events?customer_id={customer_id}&limit=100"))
        .await
        .expect(200);
    listed["data"].as_array().expect("a list").clone()
}

async fn the_end_erases_product_data_and_keeps_what_the_law_asks_for(app: TestApp<'_>) {
    let (clock, customer_id, contract) = customer(&app).await;
    let staff = app.staff(PROVIDER);
    cancel(&staff, &contract, true).await;
    let retention = format!("/v1/customers/{customer_id}/data-retention");
    let before = staff.get(&retention).await.expect(200);
    assert_eq!((&before["in_use"], &before["erasures"]), (&json!(true), &json!([])));
    assert!(
        before["retained"]
            .as_array()
            .expect("a list")
            .iter()
            .all(|one| { one["restricted"] == false && one["last_deletion_on"].is_null() })
    );

    app.advance(PROVIDER, &clock, "2021-06-30T21:59:59Z").await;
    assert_eq!(
        staff.get(&retention).await.expect(200)["erasures"],
        json!([]),
        "until the end everything stays"
    );
    app.advance(PROVIDER, &clock, "2021-06-30T22:00:00Z").await;
    let after = staff.get(&retention).await.expect(200);
    assert_eq!(after["in_use"], json!(false));
    let erasure = &after["erasures"][0];
    assert_eq!(
        (
            &erasure["due_on"],
            &erasure["deadline_on"],
            &erasure["subscription_id"],
            &erasure["acknowledged_at"]
        ),
        (
            &json!("2021-07-01"),
            &json!("2021-07-31"),
            &json!(contract),
            &json!(null)
        )
    );
    assert_eq!(erasure["erased_profile"], json!(true));
    let kept: Vec<(&str, &str, bool)> = after["retained"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| {
            (
                text(one, "class"),
                text(one, "last_deletion_on"),
                one["restricted"] == true,
            )
        })
        .collect();
    assert_eq!(
        kept,
        [
            ("invoices", "2030-01-01", true),
            ("letters", "2028-01-01", true),
            ("evidence", "2028-01-01", true),
        ]
    );
    let english = app
        .staff(PROVIDER)
        .request(reqwest::Method::GET, &retention)
        .header("Accept-Language", "en");
    let english = staff.send(english).await.expect(200);
    assert!(text(&english["retained"][0], "description").contains("eight years"));

    let happened = events(&staff, &customer_id).await;
    let due = happened
        .iter()
        .find(|event| event["type"] == "customer.data_erasure_due")
        .expect("told");
    assert_eq!(
        (&due["data"]["erasure"]["deadline_on"], &due["occurred_at"]),
        (&json!("2021-07-31"), &json!("2021-06-30T22:00:00.000Z"))
    );
    let erased = json!({ "erased": true });
    for event in &happened {
        let gone = event["data"] == erased;
        let product = ["customer.created", "customer.updated"].contains(&text(event, "type"));
        assert_eq!(gone, product, "{event}");
    }
    let master = staff.get(&format!("/v1/customers/{customer_id}")).await.expect(200);
    assert_eq!(
        (&master["metadata"], &master["name"]),
        (&json!({}), &json!("Erika Mustermann"))
    );
    let evidence = staff
        .get(&format!("/v1/subscriptions/{contract}/evidence"))
        .await
        .expect(200);
    assert!(!evidence.to_string().contains("Praxis am Markt"));
    assert_eq!(
        evidence["chain"]["intact"],
        json!(true),
        "erasing does not break the chain: {}",
        evidence["chain"]
    );
    assert_eq!(evidence["chain"]["erased"], erasure["erased_event_payloads"]);

    let path = format!("/v1/erasures/{}/acknowledge", text(erasure, "id"));
    let note = json!({ "note": "Konten gelöscht." });
    let confirmed = staff.post(&path, note).await.expect(200);
    assert!(confirmed["acknowledged_at"].is_string());
    assert_eq!(staff.post_empty(&path).await.expect(200), confirmed, "once is enough");
    let types: Vec<String> = events(&staff, &customer_id)
        .await
        .iter()
        .map(|event| text(event, "type").to_owned())
        .filter(|name| name.starts_with("customer.data_"))
        .collect();
    assert_eq!(
        types,
        [
            "customer.data_erasure_due",
            "customer.data_erased",
            "customer.data_erasure_acknowledged"
        ]
    );
}

async fn an_end_without_the_wish_erases_nothing(app: TestApp<'_>) {
    let (clock, customer_id, contract) = customer(&app).await;
    let staff = app.staff(PROVIDER);
    cancel(&staff, &contract, false).await;
    app.advance(PROVIDER, &clock, "2021-07-01T10:00:00Z").await;
    let after = staff
        .get(&format!("/v1/customers/{customer_id}/data-retention"))
        .await
        .expect(200);
    assert_eq!((&after["in_use"], &after["erasures"]), (&json!(false), &json!([])));
    let master = staff.get(&format!("/v1/customers/{customer_id}")).await.expect(200);
    assert_eq!(master["metadata"], json!({ "nickname": "Praxis am Markt" }));
}

async fn a_profile_stays_while_another_contract_goes_on(app: TestApp<'_>) {
    let (clock, customer_id, contract) = customer(&app).await;
    let staff = app.staff(PROVIDER);
    let session = staff
        .post_empty(&format!("/v1/customers/{customer_id}/sessions"))
        .await
        .expect(200);
    let other = conclude(&app.anonymous.with_token(text(&session, "access_token"))).await;
    cancel(&staff, &contract, true).await;
    app.advance(PROVIDER, &clock, "2021-07-01T10:00:00Z").await;
    let path = format!("/v1/customers/{customer_id}/data-retention");
    let after = staff.get(&path).await.expect(200);
    assert_eq!(
        (&after["in_use"], &after["erasures"][0]["erased_profile"]),
        (&json!(true), &json!(false))
    );
    let master = staff.get(&format!("/v1/customers/{customer_id}")).await.expect(200);
    assert_eq!(master["metadata"], json!({ "nickname": "Praxis am Markt" }));
    // A revoked wish is none: the cancellation that ended a contract counts.
    let change = staff
        .post(
            &format!("/v1/subscriptions/{other}/cancellations"),
            json!({ "delete_data": true }),
        )
        .await
        .expect(201);
    staff
        .post_empty(&format!("/v1/cancellations/{}/revoke", text(&change, "id")))
        .await
        .expect(200);
    app.advance(PROVIDER, &clock, "2021-10-01T10:00:00Z").await;
    assert_eq!(
        staff.get(&path).await.expect(200)["erasures"].as_array().map(Vec::len),
        Some(1)
    );
}

/// Everything a customer is handed, in one text.
async fn exported(staff: &Caller, customer_id: &str) -> String {
    let answer = staff.post_empty(&format!("/v1/customers/{customer_id}/exports")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.text
}

/// How many rows of a table hold a text in a column, as they lie in the database.
fn stored(app: &TestApp<'_>, table: &str, column: &str, part: &str) -> i64 {
    #[derive(diesel::QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        n: i64,
    }
    let query = format!("SELECT count(*) AS n FROM {table} WHERE {column} LIKE '%{part}%'");
    let count = app.state.db.read(|conn| {
        use diesel::RunQueryDsl;
        let row: Count = diesel::sql_query(&query)
            .get_result(conn)
            .map_err(vertragswerk::db::DbError::from)?;
        Ok::<_, vertragswerk::error::AppError>(row.n)
    });
    count.expect("a database")
}

async fn what_slots_held_and_usage_named_is_found_nowhere_afterwards(app: TestApp<'_>) {
    let clock = app.test_clock("textschirm", "2026-01-01T09:00:00Z").await;
    let (customer_id, customer) = app.customer_with("textschirm", json!({ "test_clock_id": clock })).await;
    let order = json!({ "plan": "single", "consents": consents(&["terms", "dpa"]) });
    let contract = customer.post("/v1/subscriptions", order).await.expect(201);
    let contract = text(&contract, "id").to_owned();
    let presence = json!({
        "kind": "presence", "target": "blog", "name": "Geheimtagebuch", "url": "https://geheimtagebuch.example/",
    });
    let path = format!("/v1/subscriptions/{contract}/slots");
    customer.post(&path, presence).await.expect(201);
    let staff = app.staff("textschirm");
    let path = format!("/v1/subscriptions/{contract}/cancellations");
    staff.post(&path, json!({ "delete_data": true })).await.expect(201);
    let held = |app: &TestApp<'_>| {
        [
            ("slot_allocations", "name"),
            ("slot_allocations", "url"),
            ("events", "data"),
        ]
        .map(|(table, column)| stored(app, table, column, "eheimtagebuch"))
    };
    assert_eq!(held(&app), [1, 1, 1]);
    assert!(exported(&staff, &customer_id).await.contains("Geheimtagebuch"));
    // The slot is given up with the contract, in the very transaction that erases what it held.
    app.advance("textschirm", &clock, "2027-03-01T09:00:00Z").await;
    assert_eq!(held(&app), [0, 0, 0]);
    let after = exported(&staff, &customer_id).await;
    assert!(!after.contains("eheimtagebuch"), "{after}");
    let happened = staff
        .get(&format!("/v1/events?customer_id={customer_id}&limit=100"))
        .await
        .expect(200);
    let erased: Vec<&str> = happened["data"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|event| event["data"] == json!({ "erased": true }))
        .map(|event| text(event, "type"))
        .collect();
    assert_eq!(erased, ["customer.created", "slot.allocated", "slot.released"]);
    let kept = staff
        .get(&format!("/v1/customers/{customer_id}/data-retention"))
        .await
        .expect(200);
    let erasure = &kept["erasures"][0];
    assert_eq!(
        (&erasure["erased_event_payloads"], &erasure["erased_slots"]),
        (&json!(3), &json!(1))
    );
    let path = format!("/v1/subscriptions/{contract}/evidence");
    let evidence = staff.get(&path).await.expect(200);
    assert_eq!(
        (&evidence["chain"]["intact"], &evidence["chain"]["erased"]),
        (&json!(true), &json!(3))
    );

    let (clock, customer_id, contract) = self::customer(&app).await;
    let staff = app.staff(PROVIDER);
    let record = json!({ "subscription_id": contract, "price": "sms", "quantity": 2, "reference": "an-frau-geheim" });
    staff
        .post("/v1/usage", json!({ "records": [record] }))
        .await
        .expect(201);
    cancel(&staff, &contract, true).await;
    assert_eq!(stored(&app, "usage_records", "reference", "geheim"), 1);
    app.advance(PROVIDER, &clock, "2021-08-01T10:00:00Z").await;
    assert_eq!(stored(&app, "usage_records", "reference", "geheim"), 0);
    let archive: Value = serde_json::from_str(&exported(&staff, &customer_id).await).expect("JSON");
    assert_eq!(
        (&archive["usage"][0]["quantity"], &archive["usage"][0]["reference"]),
        (&json!(2), &json!(null)),
        "what stands on the invoice is kept"
    );
}

async fn reasons_and_declarations_stay_with_the_letters(app: TestApp<'_>) {
    let (clock, customer_id, contract) = customer(&app).await;
    let staff = app.staff(PROVIDER);
    let shown = staff.get(&format!("/v1/subscriptions/{contract}")).await.expect(200);
    let mut declared = crate::declarations::cancellation(text(&shown, "contract_number"));
    declared["identity"]["address"] = json!("Am Markt 1");
    declared["reason"] = json!("Praxis geschlossen");
    app.anonymous
        .post(crate::declarations::CANCELLATIONS, declared)
        .await
        .expect(201);
    // Who has cancelled by the button asks for erasure afterwards: the end stays, the wish joins it.
    let path = format!("/v1/subscriptions/{contract}/cancellations");
    let joined = staff.post(&path, json!({ "delete_data": true })).await.expect(201);
    assert_eq!(
        (&joined["delete_data"], &joined["ends_on"]),
        (&json!(true), &json!("2021-06-30"))
    );
    staff.post(&path, json!({ "delete_data": true })).await.expect(200);
    app.advance(PROVIDER, &clock, "2021-07-01T10:00:00Z").await;
    let kept = staff
        .get(&format!("/v1/customers/{customer_id}/data-retention"))
        .await
        .expect(200);
    assert_eq!(kept["erasures"].as_array().map(Vec::len), Some(1), "{kept}");
    let letters = &kept["retained"][1];
    assert_eq!(
        (&letters["class"], &letters["restricted"]),
        (&json!("letters"), &json!(true))
    );
    assert!(text(letters, "description").contains("mit ihren Gründen"), "{letters}");
    let archive = exported(&staff, &customer_id).await;
    assert!(
        archive.contains("Praxis geschlossen") && archive.contains("Am Markt 1"),
        "letters are kept whole: {archive}"
    );
}

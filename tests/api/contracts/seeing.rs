//! Who sees and may do what, and lists.

use serde_json::{Value, json};

use super::{consents, id, order, plus_contract};
use crate::helpers::{TestApp, over_http};

over_http!(
    what_belongs_to_others_is_not_found,
    scopes_are_demanded,
    lists_are_filtered_and_paged,
    texts_follow_the_callers_language,
    what_is_offered_can_be_previewed,
);

async fn what_belongs_to_others_is_not_found(app: TestApp<'_>) {
    let (owner, contract) = plus_contract(&app).await;
    let path = format!("/v1/subscriptions/{}", id(&contract));
    let change = owner
        .post(
            &format!("{path}/plan-changes"),
            json!({ "plan": "basis", "consents": consents(&["terms"]) }),
        )
        .await
        .expect(201);
    let cancelled = owner
        .post(&format!("{path}/cancellations"), json!({}))
        .await
        .expect(201);
    let (other_id, other) = app.customer("sprechfenster", "business").await;
    let (change, cancelled) = (
        format!("/v1/plan-changes/{}", id(&change)),
        format!("/v1/cancellations/{}", id(&cancelled)),
    );
    let before = owner.get(&path).await.expect(200);
    for stranger in [&other, &app.staff("textschirm"), &app.admin("textschirm").await] {
        for read in [&path, &change, &cancelled] {
            stranger.get(read).await.expect_problem(404, "not_found");
        }
        for (command, body) in [
            (format!("{path}/plan-changes"), json!({ "quantity": 9 })),
            (format!("{path}/plan-changes/preview"), json!({ "quantity": 9 })),
            (format!("{path}/cancellations"), json!({})),
            (format!("{path}/cancellations/preview"), json!({})),
            (format!("{change}/revoke"), json!({})),
            (format!("{change}/revoke/preview"), json!({})),
            (format!("{cancelled}/revoke"), json!({})),
            (format!("{cancelled}/revoke/preview"), json!({})),
            (format!("{cancelled}/accept"), json!({})),
            (format!("{cancelled}/reject"), json!({})),
            (
                "/v1/cancellations".to_owned(),
                json!({ "subscription_ids": [contract["id"]] }),
            ),
            (
                "/v1/cancellations".to_owned(),
                json!({ "keep_subscription_id": contract["id"] }),
            ),
        ] {
            stranger.post(&command, body).await.expect_problem(404, "not_found");
        }
        let mut order = order("plus", 1, &["terms", "dpa"]);
        order["customer_id"] = contract["customer_id"].clone();
        stranger
            .post("/v1/subscriptions", order.clone())
            .await
            .expect_problem(404, "not_found");
        stranger
            .post("/v1/subscriptions/preview", order)
            .await
            .expect_problem(404, "not_found");
        for list in ["/v1/subscriptions", "/v1/plan-changes", "/v1/cancellations"] {
            let filtered = format!(
                "{list}?customer_id={}",
                contract["customer_id"].as_str().expect("an id")
            );
            assert_eq!(stranger.get(&filtered).await.expect(200)["data"], json!([]));
            assert_eq!(stranger.get(list).await.expect(200)["data"], json!([]));
        }
    }
    for wrong in ["sub_1", "nonsense", &other_id] {
        owner
            .get(&format!("/v1/subscriptions/{wrong}"))
            .await
            .expect_problem(404, "not_found");
    }
    // A plan change is no cancellation.
    owner
        .get(&change.replace("plan-changes", "cancellations"))
        .await
        .expect_problem(404, "not_found");
    assert_eq!(owner.get(&path).await.expect(200), before);
}

async fn scopes_are_demanded(app: TestApp<'_>) {
    let (owner, contract) = plus_contract(&app).await;
    let path = format!("/v1/subscriptions/{}", id(&contract));
    let cancelled = owner
        .post(&format!("{path}/cancellations"), json!({}))
        .await
        .expect(201);
    let cancelled = format!("/v1/cancellations/{}", id(&cancelled));
    let admin = app.admin("sprechfenster").await;
    let mut keys = Vec::new();
    for scopes in [json!(["subscriptions:read"]), json!(["catalogue:read"])] {
        let key = admin
            .post("/v1/api-keys", json!({ "name": "Leser", "scopes": scopes }))
            .await
            .expect(201);
        keys.push(app.anonymous.with_token(key["secret"].as_str().expect("a secret")));
    }
    let (reader, outsider) = (&keys[0], &keys[1]);
    assert_eq!(reader.get(&path).await.expect(200)["id"], contract["id"]);
    assert_eq!(
        reader.get("/v1/cancellations").await.expect(200)["data"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    let mut ordered = order("plus", 1, &["terms", "dpa"]);
    ordered["customer_id"] = contract["customer_id"].clone();
    for (command, body) in [
        ("/v1/subscriptions".to_owned(), ordered.clone()),
        ("/v1/subscriptions/preview".to_owned(), ordered),
        (format!("{path}/plan-changes"), json!({ "quantity": 5 })),
        (format!("{path}/plan-changes/preview"), json!({ "quantity": 5 })),
        (format!("{path}/cancellations"), json!({})),
        (format!("{cancelled}/revoke"), json!({})),
        (
            "/v1/cancellations/preview".to_owned(),
            json!({ "subscription_ids": [contract["id"]] }),
        ),
    ] {
        let problem = reader
            .post(&command, body)
            .await
            .expect_problem(403, "insufficient_scope");
        assert_eq!(problem["required_scopes"], json!(["subscriptions:write"]), "{command}");
    }
    for read in [
        path.as_str(),
        &cancelled,
        "/v1/subscriptions",
        "/v1/plan-changes",
        "/v1/cancellations",
    ] {
        let problem = outsider.get(read).await.expect_problem(403, "insufficient_scope");
        assert_eq!(problem["required_scopes"], json!(["subscriptions:read"]), "{read}");
    }
    app.anonymous.get(&path).await.expect_problem(401, "unauthenticated");
    app.anonymous
        .post("/v1/subscriptions", json!("?"))
        .await
        .expect_problem(401, "unauthenticated");
}

async fn lists_are_filtered_and_paged(app: TestApp<'_>) {
    let (customer_id, customer) = app.customer("sprechfenster", "business").await;
    let mut contracts: Vec<Value> = Vec::new();
    for starts_on in ["2026-03-16", "2026-04-01", "2026-03-16"] {
        let mut body = order("plus", 1, &["terms", "dpa"]);
        body["starts_on"] = json!(starts_on);
        contracts.push(customer.post("/v1/subscriptions", body).await.expect(201));
    }
    contracts.reverse();
    let listed = customer.get("/v1/subscriptions").await.expect(200);
    assert_eq!(
        listed,
        json!({ "data": contracts, "has_more": false, "next_cursor": null })
    );
    let scheduled = customer.get("/v1/subscriptions?status=scheduled").await.expect(200);
    assert_eq!(scheduled["data"], json!([contracts[1]]));
    let number = contracts[2]["contract_number"].as_str().expect("a number");
    let staff = app.staff("sprechfenster");
    let found = staff
        .get(&format!("/v1/subscriptions?contract_number={number}"))
        .await
        .expect(200);
    assert_eq!(found["data"], json!([contracts[2]]));
    let own = staff
        .get(&format!("/v1/subscriptions?customer_id={customer_id}&status=active"))
        .await
        .expect(200);
    assert_eq!(own["data"], json!([contracts[0], contracts[2]]));
    for nothing in ["contract_number=00000000", "customer_id=x", "status=ended"] {
        let found = staff.get(&format!("/v1/subscriptions?{nothing}")).await.expect(200);
        assert_eq!(found["data"], json!([]), "{nothing}");
    }
    for (wrong, code) in [
        ("status=gone", "invalid_parameter"),
        ("state=active", "unknown_parameter"),
        ("cursor=x", "invalid_cursor"),
    ] {
        customer
            .get(&format!("/v1/subscriptions?{wrong}"))
            .await
            .expect_problem(400, code);
    }
    let mut seen = Vec::new();
    let mut next = "/v1/subscriptions?limit=2".to_owned();
    loop {
        let page = customer.get(&next).await.expect(200);
        seen.extend(page["data"].as_array().expect("a list").clone());
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        next = format!("/v1/subscriptions?limit=2&cursor={cursor}");
    }
    assert_eq!(json!(seen), json!(contracts));
}

async fn texts_follow_the_callers_language(app: TestApp<'_>) {
    let (customer, contract) = plus_contract(&app).await;
    let preview = format!("/v1/subscriptions/{}/cancellations/preview", id(&contract));
    let in_language = async |language: &str| {
        let request = customer
            .request(reqwest::Method::POST, &preview)
            .header("Accept-Language", language)
            .json(&json!({}));
        let answer = customer.send(request).await;
        assert_eq!(answer.header("content-language"), language);
        answer.expect(200)
    };
    let (german, english) = (in_language("de").await, in_language("en").await);
    assert!(
        german["texts"][0]["text"]
            .as_str()
            .is_some_and(|text| text.contains("endet mit Ablauf des 30.06.2026")),
        "{german}"
    );
    assert!(
        english["texts"][0]["text"]
            .as_str()
            .is_some_and(|text| text.contains("ends at the end of")),
        "{english}"
    );
    assert_ne!(german["because"][0]["text"], english["because"][0]["text"]);
    assert_eq!(german["effective_on"], english["effective_on"]);
}

/// Every action that is said to be allowed is, with no more than it needs; and none that a contract can undergo is missing.
async fn what_is_offered_can_be_previewed(app: TestApp<'_>) {
    let (owner, contract) = plus_contract(&app).await;
    let path = format!("/v1/subscriptions/{}", id(&contract));
    let options = owner.get(&format!("{path}/options")).await.expect(200);
    let mut allowed = Vec::new();
    for option in options["actions"].as_array().expect("options") {
        let action = option["action"].as_str().expect("an action");
        assert_eq!(option["allowed"], true, "{option}");
        let body = match action {
            "cancel_extraordinarily" => json!({ "kind": "extraordinary", "reason": "Umzug" }),
            "change_plan" => json!({ "plan": option["plan"]["key"] }),
            "change_quantity" => json!({ "quantity": 4 }),
            _ => json!({}),
        };
        let preview = format!("{}/preview", option["href"].as_str().expect("a path"));
        owner.post(&preview, body).await.expect(200);
        allowed.push(action);
    }
    allowed.dedup();
    assert_eq!(
        allowed,
        ["change_plan", "change_quantity", "cancel", "cancel_extraordinarily"]
    );
}

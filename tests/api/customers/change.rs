//! Changing customers by merge patch.

use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::http::{Answer, Caller};
use crate::helpers::{TestApp, over_http};

over_http!(
    a_patch_changes_what_it_names,
    null_removes_what_can_be_removed,
    number_and_type_never_change,
    a_patch_under_an_old_tag_changes_nothing,
    a_repeated_patch_is_answered_as_before,
    each_change_is_an_event_in_the_customers_chain,
);

async fn customer(staff: &Caller) -> (String, Value) {
    let body = json!({
        "name": "Anna Alt", "email": "anna@example.com", "customer_type": "consumer", "customer_number": "K-1",
        "locale": "en", "holiday_region": "DE-BE", "external_id": "x-1", "metadata": {"a": "1", "b": "2"},
    });
    let created = staff.post("/v1/customers", body).await.expect(201);
    (
        format!("/v1/customers/{}", created["id"].as_str().expect("an id")),
        created,
    )
}

async fn patch_if(staff: &Caller, path: &str, tag: &str, body: &Value) -> Answer {
    let request = staff
        .request(Method::PATCH, path)
        .header("Content-Type", "application/merge-patch+json")
        .header("If-Match", tag)
        .body(body.to_string());
    staff.send(request).await
}

async fn a_patch_changes_what_it_names(app: TestApp<'_>) {
    let staff = app.staff("sprechfenster");
    let (path, before) = customer(&staff).await;
    app.state.clock.advance(time::Duration::hours(1));
    let answer = staff
        .patch(&path, json!({"name": "Anna Neu", "metadata": {"b": null, "c": "3"}}))
        .await;
    assert!(answer.header("etag").starts_with("\"cus-2."), "{:?}", answer.headers);
    let after = answer.expect(200);
    let mut expected = before.clone();
    expected["name"] = json!("Anna Neu");
    expected["metadata"] = json!({"a": "1", "c": "3"});
    expected["updated_at"] = json!("2026-03-16T11:00:00.000Z");
    assert_eq!(after, expected);
    let nothing = staff
        .patch(&path, json!({"name": "Anna Neu", "customer_number": "K-1"}))
        .await;
    assert!(
        nothing.header("etag").starts_with("\"cus-2."),
        "a patch that changes nothing makes no version"
    );
    assert_eq!(nothing.expect(200), after);
    let as_json = staff
        .request(Method::PATCH, &path)
        .json(&json!({"email": "neu@example.com"}));
    assert_eq!(staff.send(as_json).await.expect(200)["email"], "neu@example.com");
    let as_text = staff
        .request(Method::PATCH, &path)
        .header("Content-Type", "text/plain")
        .body("{}");
    let refused = staff.send(as_text).await;
    assert_eq!(refused.header("accept-patch"), "application/merge-patch+json");
    refused.expect_problem(415, "unsupported_media_type");
}

async fn null_removes_what_can_be_removed(app: TestApp<'_>) {
    let staff = app.staff("sprechfenster");
    let (path, _) = customer(&staff).await;
    let removals = json!({"holiday_region": null, "external_id": null, "metadata": null, "locale": null});
    let after = staff.patch(&path, removals).await.expect(200);
    assert_eq!(
        (&after["holiday_region"], &after["external_id"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!((&after["metadata"], &after["locale"]), (&json!({}), &json!("de")));
    for member in ["name", "email"] {
        let problem = staff
            .patch(&path, json!({ member: null }))
            .await
            .expect_problem(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], format!("/{member}"));
    }
    let problem = staff
        .patch(&path, json!({"name": " ", "email": "x", "nickname": "y"}))
        .await;
    problem.expect_problem(422, "validation_failed");
    let list = json!({"customer_number": "K-2", "external_id": "x-2", "name": "B", "email": "b@example.com", "customer_type": "consumer"});
    staff.post("/v1/customers", list).await.expect(201);
    staff
        .patch(&path, json!({"external_id": "x-2"}))
        .await
        .expect_problem(409, "external_id_taken");
    assert_eq!(
        staff.get(&path).await.expect(200),
        after,
        "what was refused changed nothing"
    );
}

async fn number_and_type_never_change(app: TestApp<'_>) {
    let staff = app.staff("sprechfenster");
    let (path, before) = customer(&staff).await;
    for (member, value) in [
        ("customer_number", json!("K-9")),
        ("customer_type", json!("business")),
        ("customer_number", Value::Null),
    ] {
        let problem = staff
            .patch(&path, json!({ member: value }))
            .await
            .expect_problem(422, "validation_failed");
        assert_eq!(
            (&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]),
            (&json!(format!("/{member}")), &json!("immutable"))
        );
    }
    staff
        .patch(&path, json!({"test_clock_id": null}))
        .await
        .expect_problem(422, "validation_failed");
    assert_eq!(staff.get(&path).await.expect(200), before);
}

async fn a_patch_under_an_old_tag_changes_nothing(app: TestApp<'_>) {
    let staff = app.staff("sprechfenster");
    let (path, _) = customer(&staff).await;
    let tag = staff.get(&path).await.header("etag").to_owned();
    let changed = patch_if(&staff, &path, &tag, &json!({"name": "First"})).await;
    let fresh = changed.header("etag").to_owned();
    changed.expect(200);
    let refused = patch_if(&staff, &path, &tag, &json!({"name": "Second"})).await;
    let problem = refused.expect_problem(412, "precondition_failed");
    assert_eq!(problem["current_etag"], "\"cus-2\"");
    assert_eq!(staff.get(&path).await.expect(200)["name"], "First");
    patch_if(&staff, &path, "*", &json!({"name": "Third"}))
        .await
        .expect(200);
    patch_if(&staff, &path, &fresh, &json!({"name": "Fourth"}))
        .await
        .expect_problem(412, "precondition_failed");
    patch_if(&staff, &path, "cus-3", &json!({"name": "Fifth"}))
        .await
        .expect_problem(400, "invalid_header");

    let tag = staff.get(&path).await.header("etag").to_owned();
    let names: Vec<Value> = (0..8).map(|index| json!({"name": format!("Racer {index}")})).collect();
    let racers = names.iter().map(|body| patch_if(&staff, &path, &tag, body));
    let mut statuses: Vec<u16> = futures_util::future::join_all(racers)
        .await
        .iter()
        .map(|answer| answer.status)
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
}

async fn a_repeated_patch_is_answered_as_before(app: TestApp<'_>) {
    let staff = app.staff("sprechfenster");
    let (path, _) = customer(&staff).await;
    let tag = staff.get(&path).await.header("etag").to_owned();
    let request = |name: &str| {
        staff
            .request(Method::PATCH, &path)
            .header("Content-Type", "application/merge-patch+json")
            .header("If-Match", &tag)
            .header("Idempotency-Key", "patch-1")
            .body(json!({ "name": name }).to_string())
    };
    let first = staff.send(request("Anna Neu")).await;
    // The tag is no longer the present one; the answer was lost and the caller asks again.
    let again = staff.send(request("Anna Neu")).await;
    assert_eq!((first.status, &first.text), (again.status, &again.text));
    assert_eq!(
        (first.header("etag"), again.header("idempotent-replayed")),
        (again.header("etag"), "true")
    );
    staff
        .send(request("Else"))
        .await
        .expect_problem(422, "idempotency_key_reused");
}

async fn each_change_is_an_event_in_the_customers_chain(app: TestApp<'_>) {
    let staff = app.staff("sprechfenster");
    let (path, _) = customer(&staff).await;
    staff.patch(&path, json!({"name": "Anna Neu"})).await.expect(200);
    staff.patch(&path, json!({"name": "Anna Neu"})).await.expect(200);
    staff
        .patch(&path, json!({"email": "nope"}))
        .await
        .expect_problem(422, "validation_failed");
    let events = staff.get("/v1/events").await.expect(200);
    let events = events["data"].as_array().expect("events");
    let types: Vec<&str> = events
        .iter()
        .map(|event| event["type"].as_str().expect("a type"))
        .collect();
    assert_eq!(types, ["customer.created", "customer.updated"]);
    assert_eq!(events[1]["data"]["customer"]["name"], "Anna Neu");
    assert_eq!(events[1]["actor"]["type"], "api_key");
}

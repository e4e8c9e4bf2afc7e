//! Creating and listing customers.

use serde_json::{Value, json};
use vertragswerk::domain::access::Scopes;
use vertragswerk::services::auth::{NewApiKey, api_key_issue};
use vertragswerk::services::providers::{self, ProviderMode};

use crate::helpers::http::Caller;
use crate::helpers::{TestApp, over_http};

over_http!(
    a_customer_is_created_and_read_back,
    everything_wrong_is_named_at_once,
    an_address_no_mail_can_go_to_is_refused,
    numbers_and_external_ids_are_unique_per_provider,
    a_repetition_makes_no_second_customer,
    equal_commands_at_once_make_one_customer,
    only_sandboxes_have_test_clocks,
    lists_are_filtered_and_paged_newest_first,
);

fn somebody() -> Value {
    json!({"name": "Praxis Dr. Beispiel", "email": "praxis@beispiel.example", "customer_type": "business"})
}

fn with(mut body: Value, members: Value) -> Value {
    for (name, value) in members.as_object().expect("members") {
        body[name] = value.clone();
    }
    body
}

async fn create(staff: &Caller, members: Value) -> Value {
    staff.post("/v1/customers", with(somebody(), members)).await.expect(201)
}

async fn a_customer_is_created_and_read_back(app: TestApp<'_>) {
    let staff = app.staff("sprechfenster");
    let members = json!({
        "customer_number": "K-1/7", "locale": "en", "holiday_region": "DE-BY-K", "external_id": "crm 4711",
        "metadata": {"branch": "Nörd", "~a/b": ""},
    });
    let answer = staff.post("/v1/customers", with(somebody(), members.clone())).await;
    let (location, tag) = (answer.header("location").to_owned(), answer.header("etag").to_owned());
    let created = answer.expect(201);
    assert_eq!(
        location,
        format!("/v1/customers/{}", created["id"].as_str().expect("an id"))
    );
    assert!(tag.starts_with("\"cus-1."), "{tag}");
    for (name, value) in members.as_object().expect("members") {
        assert_eq!(created[name], *value, "{name}");
    }
    assert_eq!(created["test_clock_id"], Value::Null);
    assert_eq!(
        (&created["created_at"], &created["updated_at"]),
        (&json!("2026-03-16T10:00:00.000Z"), &created["created_at"])
    );
    let read = staff.get(&location).await;
    assert_eq!(read.header("etag"), tag);
    assert_eq!(read.expect(200), created);

    let plain = create(&staff, json!({})).await;
    assert_eq!(plain["locale"], "de", "the provider's own language");
    assert_eq!((&plain["metadata"], &plain["external_id"]), (&json!({}), &Value::Null));
    let number = plain["customer_number"].as_str().expect("a number");
    assert!(
        number.len() == 8 && number.bytes().all(|byte| byte.is_ascii_alphanumeric()),
        "{number}"
    );

    let events = staff.get("/v1/events").await.expect(200);
    let event = &events["data"][0];
    assert_eq!(
        (&event["type"], &event["customer_id"]),
        (&json!("customer.created"), &created["id"])
    );
    assert_eq!(event["data"]["customer"]["external_id"], "crm 4711");
}

async fn everything_wrong_is_named_at_once(app: TestApp<'_>) {
    let staff = app.staff("sprechfenster");
    let pointers = |problem: &Value| -> Vec<String> {
        let errors = problem["errors"].as_array().expect("errors");
        let mut found: Vec<String> = errors
            .iter()
            .map(|error| error["pointer"].as_str().expect("a pointer").to_owned())
            .collect();
        found.sort();
        found
    };
    let body = json!({
        "name": "", "email": "nobody", "customer_type": "business", "customer_number": "a b", "external_id": "\u{1}",
        "metadata": {"k/": "v".repeat(501)},
    });
    let problem = staff
        .post("/v1/customers", body)
        .await
        .expect_problem(422, "validation_failed");
    assert_eq!(
        pointers(&problem),
        ["/customer_number", "/email", "/external_id", "/metadata/k~1", "/name"]
    );
    let body = json!({"name": "N", "customer_type": "robot", "email": 7, "holiday_region": "DE-XX", "surname": "x"});
    let problem = staff
        .post("/v1/customers", body)
        .await
        .expect_problem(422, "validation_failed");
    assert_eq!(
        pointers(&problem),
        ["/customer_type", "/email", "/holiday_region", "/surname"]
    );
    let problem = staff
        .post(
            "/v1/customers",
            with(somebody(), json!({"name": "Erika \u{202e}nnamretsuM"})),
        )
        .await
        .expect_problem(422, "validation_failed");
    assert_eq!(pointers(&problem), ["/name"]);
    let many: serde_json::Map<String, Value> = (0..51).map(|index| (format!("k{index}"), json!("v"))).collect();
    let problem = staff
        .post("/v1/customers", with(somebody(), json!({"metadata": many})))
        .await
        .expect_problem(422, "validation_failed");
    assert_eq!(pointers(&problem), ["/metadata"]);
    assert!(
        staff.get("/v1/customers").await.expect(200)["data"]
            .as_array()
            .is_some_and(Vec::is_empty)
    );
    assert!(
        staff.get("/v1/events").await.expect(200)["data"]
            .as_array()
            .is_some_and(Vec::is_empty)
    );
}

async fn an_address_no_mail_can_go_to_is_refused(app: TestApp<'_>) {
    let staff = app.staff("sprechfenster");
    let customer = create(&staff, json!({})).await;
    let path = format!("/v1/customers/{}", customer["id"].as_str().expect("an id"));
    for never in [
        "<a@b.de>",
        "a@b,de",
        "a..b@c.de",
        "a@b..de",
        "a:b@c.de",
        "a(b)@c.de",
        "a\\b@c.de",
    ] {
        let email = json!({ "email": never });
        for answer in [
            staff.post("/v1/customers", with(somebody(), email.clone())).await,
            staff.patch(&path, email).await,
        ] {
            let refused = answer.expect_problem(422, "validation_failed");
            assert_eq!(refused["errors"][0]["pointer"], "/email", "{never}");
            assert_eq!(refused["errors"][0]["code"], "invalid_format", "{never}");
        }
    }
    for good in ["jürgen@müller.example", "用户@例子.example"] {
        let changed = staff.patch(&path, json!({ "email": good })).await.expect(200);
        assert_eq!(changed["email"], good);
    }
}

async fn numbers_and_external_ids_are_unique_per_provider(app: TestApp<'_>) {
    let staff = app.staff("sprechfenster");
    let taken = json!({"customer_number": "K-1", "external_id": "x-1"});
    create(&staff, taken.clone()).await;
    for (name, code) in [
        ("customer_number", "customer_number_taken"),
        ("external_id", "external_id_taken"),
    ] {
        let body = with(somebody(), json!({ name: taken[name] }));
        let problem = staff.post("/v1/customers", body).await.expect_problem(409, code);
        assert_eq!(problem["errors"][0]["pointer"], format!("/{name}"));
    }
    create(&staff, json!({"customer_number": "k-1", "external_id": "X-1"})).await;
    create(&app.staff("textschirm"), taken).await;
}

async fn a_repetition_makes_no_second_customer(app: TestApp<'_>) {
    let staff = app.staff("sprechfenster");
    let first = staff.post_once("/v1/customers", "key-1", somebody()).await;
    let (tag, location) = (first.header("etag").to_owned(), first.header("location").to_owned());
    assert_eq!(first.header("idempotent-replayed"), "");
    let text = first.text.clone();
    first.expect(201);
    let again = staff.post_once("/v1/customers", "key-1", somebody()).await;
    assert_eq!((again.status, again.text.as_str()), (201, text.as_str()));
    assert_eq!(
        (again.header("etag"), again.header("location")),
        (tag.as_str(), location.as_str())
    );
    assert_eq!(again.header("idempotent-replayed"), "true");
    let other = with(somebody(), json!({"name": "Other"}));
    staff
        .post_once("/v1/customers", "key-1", other)
        .await
        .expect_problem(422, "idempotency_key_reused");
    // What was refused is not remembered: the key can be used again.
    let wrong = with(somebody(), json!({"email": "x"}));
    staff
        .post_once("/v1/customers", "key-2", wrong)
        .await
        .expect_problem(422, "validation_failed");
    staff.post_once("/v1/customers", "key-2", somebody()).await.expect(201);
    // Another principal's key is another key.
    app.admin("sprechfenster")
        .await
        .post_once("/v1/customers", "key-1", somebody())
        .await
        .expect(201);
    assert_eq!(
        staff.get("/v1/customers").await.expect(200)["data"]
            .as_array()
            .map(Vec::len),
        Some(3)
    );
}

async fn equal_commands_at_once_make_one_customer(app: TestApp<'_>) {
    let staff = app.staff("sprechfenster");
    let with_one_key = (0..12).map(|_| staff.post_once("/v1/customers", "once", somebody()));
    let answers = futures_util::future::join_all(with_one_key).await;
    let ids: std::collections::BTreeSet<_> = answers
        .into_iter()
        .map(|answer| answer.expect(201)["id"].as_str().expect("an id").to_owned())
        .collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    let body = with(somebody(), json!({"customer_number": "K-9"}));
    let with_one_number = (0..12).map(|_| staff.post("/v1/customers", body.clone()));
    let answers = futures_util::future::join_all(with_one_number).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses[0], 201, "{statuses:?}");
    assert!(statuses[1..].iter().all(|status| *status == 409), "{statuses:?}");
}

async fn only_sandboxes_have_test_clocks(app: TestApp<'_>) {
    let staff = app.staff("sprechfenster");
    let clock = app.test_clock("sprechfenster", "2021-03-15T09:00:00Z").await;
    let customer = create(&staff, json!({"test_clock_id": clock})).await;
    assert_eq!(customer["test_clock_id"], json!(clock));
    assert_eq!(
        customer["created_at"], "2026-03-16T10:00:00.000Z",
        "records live on the wall clock"
    );
    let events = staff.get("/v1/events").await.expect(200);
    assert_eq!(
        events["data"][0]["occurred_at"], "2021-03-15T09:00:00.000Z",
        "business lives on the test clock"
    );
    assert_eq!(events["data"][0]["recorded_at"], "2026-03-16T10:00:00.000Z");

    let foreign = with(somebody(), json!({"test_clock_id": clock}));
    let problem = app
        .staff("textschirm")
        .post("/v1/customers", foreign.clone())
        .await
        .expect_problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["pointer"], "/test_clock_id");
    let new = |conn: &mut vertragswerk::db::DbConnection| {
        providers::create(conn, "real", "Real", ProviderMode::Live, app.state.clock.now())
    };
    let live = app.state.db.write(new).expect("a provider");
    let key = NewApiKey {
        name: "Portal".to_owned(),
        scopes: Scopes::parse("customers:write").expect("a scope"),
        expires_at: None,
    };
    let secret = api_key_issue(&app.state, &live.id, &key).expect("a key").secret;
    let portal = app.anonymous.with_token(&secret);
    portal
        .post("/v1/customers", foreign)
        .await
        .expect_problem(422, "no_test_mode");
    portal.post("/v1/customers", somebody()).await.expect(201);
}

async fn lists_are_filtered_and_paged_newest_first(app: TestApp<'_>) {
    let staff = app.staff("sprechfenster");
    for index in 1..=5 {
        let customer_type = if index == 3 { "consumer" } else { "business" };
        let members = json!({
            "customer_number": format!("K-{index}"), "email": format!("k{index}@example.com"),
            "external_id": format!("x-{index}"), "customer_type": customer_type,
        });
        create(&staff, members).await;
        app.state.clock.advance(time::Duration::minutes(1));
    }
    create(&app.staff("textschirm"), json!({"customer_number": "K-6"})).await;
    let numbers = |list: &Value| -> Vec<String> {
        let data = list["data"].as_array().expect("a list");
        data.iter()
            .map(|customer| customer["customer_number"].as_str().expect("a number").to_owned())
            .collect()
    };
    let mut all = numbers(&staff.get("/v1/customers").await.expect(200));
    all.sort();
    assert_eq!(all, ["K-1", "K-2", "K-3", "K-4", "K-5"]);
    for (query, expected) in [
        ("customer_number=K-2", vec!["K-2"]),
        ("external_id=x-4", vec!["K-4"]),
        ("email=k5%40example.com", vec!["K-5"]),
        ("customer_type=consumer", vec!["K-3"]),
        ("created_after=2026-03-16T10:03:00Z", vec!["K-5"]),
        ("created_before=2026-03-16T11:01:00%2B01:00", vec!["K-1"]),
        ("email=k1%40example.com&customer_type=consumer", vec![]),
        ("test_clock_id=nonsense", vec![]),
    ] {
        let list = staff.get(&format!("/v1/customers?{query}")).await.expect(200);
        assert_eq!(numbers(&list), expected, "{query}");
    }
    let first = staff.get("/v1/customers?limit=3").await.expect(200);
    let cursor = first["next_cursor"].as_str().expect("a second page");
    let second = staff
        .get(&format!("/v1/customers?limit=3&cursor={cursor}"))
        .await
        .expect(200);
    let mut paged = [numbers(&first), numbers(&second)].concat();
    assert_eq!((paged.len(), &second["has_more"]), (5, &json!(false)));
    paged.sort();
    assert_eq!(paged, all);
    let other_filters = format!("/v1/customers?limit=3&cursor={cursor}&customer_type=consumer");
    staff.get(&other_filters).await.expect_problem(400, "cursor_mismatch");
    staff
        .get("/v1/customers?created_after=yesterday")
        .await
        .expect_problem(400, "invalid_parameter");
}

//! Reading the published catalogue and its documents over HTTP.

use reqwest::Method;
use serde_json::{Value, json};
use vertragswerk::domain::access::Scopes;
use vertragswerk::services::auth::{NewApiKey, api_key_issue};
use vertragswerk::services::providers;

use crate::helpers::http::Caller;
use crate::helpers::{TestApp, over_http};

over_http!(
    plans_tell_everything_a_customer_decides_by,
    texts_come_in_the_callers_language,
    lists_are_filtered_and_paged_in_the_providers_order,
    single_objects_are_revalidated_by_tag,
    another_providers_catalogue_does_not_exist,
    anyone_reads_a_public_price_list,
    documents_are_kept_with_wording_and_hash,
    a_program_needs_the_scope_to_read,
);

async fn plan(caller: &Caller, key: &str) -> Value {
    let list = caller.get("/v1/plans").await.expect(200);
    let mut plans = list["data"].as_array().expect("a list").iter();
    plans.find(|plan| plan["key"] == key).expect("the plan").clone()
}

async fn plans_tell_everything_a_customer_decides_by(app: TestApp<'_>) {
    let staff = app.staff("sprechfenster");
    let plus = plan(&staff, "plus").await;
    assert_eq!(
        plus["price_label"],
        "€ 19,- pro Monat und Benutzer, € 0,10 pro SMS, zzgl. MwSt."
    );
    assert_eq!(
        plus["prices"][0],
        json!({
            "key": "base", "kind": "per_unit", "amount": {"amount": "19.00", "currency": "EUR"}, "price_mode": "net",
            "tax_rate": "19", "interval": "P1M", "unit": "user", "label": "Grundgebühr je Benutzer",
        })
    );
    assert_eq!(plus["prices"][1]["interval"], Value::Null);
    assert_eq!(plus["prices"][1]["unit"], "sms");
    assert_eq!(
        plus["terms"],
        json!({
            "initial_term": null, "renewal": null, "notice": "P3M", "to": "quarter_end",
            "text": "Keine Mindestlaufzeit. Kündigungsfrist: 3 Monate zum Quartalsende.",
        })
    );
    assert_eq!(plus["version"], 1);
    assert_eq!(plus["sold_to"], json!(["business"]));
    assert_eq!(plus["quantity"], json!({"unit": "user", "minimum": 1, "maximum": null}));
    assert_eq!(plus["limits"], json!([{"key": "users", "maximum": null}]));

    let change = &plus["transitions"][0];
    let basis = plan(&staff, "basis").await;
    assert_eq!((&change["plan"], &change["plan_id"]), (&json!("basis"), &basis["id"]));
    assert_eq!(change["timing"], "notice_end");
    let codes: Vec<_> = change["consequences"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| &one["code"])
        .collect();
    assert!(codes.contains(&&json!("extra_users_deleted")), "{codes:?}");

    let consent = &plus["consents"][0];
    assert_eq!((&consent["key"], &consent["language"]), (&json!("terms"), &json!("de")));
    let path = format!(
        "/v1/legal-documents/{}",
        consent["document_id"].as_str().expect("an id")
    );
    let document = staff.get(&path).await.expect(200);
    assert_eq!(
        (&document["version"], &document["sha256"]),
        (&consent["version"], &consent["sha256"])
    );

    let unlimited = plan(&app.staff("textschirm"), "unlimited").await;
    assert_eq!(unlimited["included_add_ons"][0]["add_on"], "shop_audit");
    let add_ons = app.staff("kontaktkiste").get("/v1/add-ons").await.expect(200);
    let users = &add_ons["data"][0];
    assert_eq!(
        (&users["key"], &users["charging"]),
        (&json!("extra_users"), &json!("recurring"))
    );
    assert_eq!(users["prices"][0]["amount"]["amount"], "5.90");
    assert!(
        users["terms"]["text"]
            .as_str()
            .is_some_and(|text| text.contains("kündbar")),
        "{users}"
    );
}

async fn texts_come_in_the_callers_language(app: TestApp<'_>) {
    let staff = app.staff("sprechfenster");
    for (sent, language, name) in [
        ("en-GB, de;q=0.5", "en", "Video consultation"),
        ("fr", "de", "Videosprechstunde"),
    ] {
        let request = staff
            .request(Method::GET, "/v1/products")
            .header("Accept-Language", sent);
        let answer = staff.send(request).await;
        assert_eq!(answer.header("content-language"), language);
        let list = answer.expect(200);
        assert_eq!(list["data"][0]["name"], name);
    }
    let request = staff.request(Method::GET, "/v1/plans").header("Accept-Language", "en");
    let list = staff.send(request).await.expect(200);
    assert_eq!(
        list["data"][1]["terms"]["text"],
        "No minimum term. Notice period: 3 months to the end of a quarter."
    );
    assert_eq!(list["data"][1]["consents"][0]["language"], "en");
}

async fn lists_are_filtered_and_paged_in_the_providers_order(app: TestApp<'_>) {
    let staff = app.staff("rundbriefwerk");
    let keys = |list: &Value| -> Vec<String> {
        let data = list["data"].as_array().expect("a list");
        data.iter()
            .map(|plan| plan["key"].as_str().expect("a key").to_owned())
            .collect()
    };
    let all = keys(&staff.get("/v1/plans").await.expect(200));
    assert!(all.len() > 3, "{all:?}");
    let mut paged = Vec::new();
    let mut path = "/v1/plans?limit=2".to_owned();
    loop {
        let answer = staff.get(&path).await;
        let link = answer.header("link").to_owned();
        let page = answer.expect(200);
        assert!(page["data"].as_array().is_some_and(|data| data.len() <= 2));
        paged.extend(keys(&page));
        match page["next_cursor"].as_str() {
            Some(cursor) => {
                assert!(link.contains(cursor) && page["has_more"] == true);
                path = format!("/v1/plans?limit=2&cursor={cursor}");
            }
            None => break,
        }
    }
    assert_eq!(paged, all);
    let consumers = staff.get("/v1/plans?sold_to=consumer").await.expect(200);
    assert_eq!(keys(&consumers), ["private_flex", "private_term"]);
    assert!(keys(&staff.get("/v1/plans?product=unknown").await.expect(200)).is_empty());
    assert!(keys(&staff.get("/v1/plans?available=false").await.expect(200)).is_empty());
    staff
        .get("/v1/plans?sold_to=nobody")
        .await
        .expect_problem(400, "invalid_parameter");
    staff
        .get("/v1/plans?prodcut=x")
        .await
        .expect_problem(400, "unknown_parameter");
    staff
        .get("/v1/products?limit=0")
        .await
        .expect_problem(400, "invalid_parameter");
    staff
        .get("/v1/add-ons?cursor=abc")
        .await
        .expect_problem(400, "invalid_cursor");
}

async fn single_objects_are_revalidated_by_tag(app: TestApp<'_>) {
    let staff = app.staff("kontaktkiste");
    for list in ["/v1/plans", "/v1/add-ons", "/v1/legal-documents"] {
        let found = staff.get(list).await.expect(200);
        let path = format!("{list}/{}", found["data"][0]["id"].as_str().expect("an id"));
        let answer = staff.get(&path).await;
        let tag = answer.header("etag").to_owned();
        let object = answer.expect(200);
        assert_eq!(object["id"], found["data"][0]["id"]);
        let again = staff
            .send(staff.request(Method::GET, &path).header("If-None-Match", &tag))
            .await;
        assert_eq!((again.status, again.text.as_str()), (304, ""), "{path}");
        let english = staff
            .request(Method::GET, &path)
            .header("If-None-Match", &tag)
            .header("Accept-Language", "en");
        let status = staff.send(english).await.status;
        assert_eq!(status, if list == "/v1/legal-documents" { 304 } else { 200 }, "{path}");
    }
}

async fn another_providers_catalogue_does_not_exist(app: TestApp<'_>) {
    let (one, other) = (app.staff("textschirm"), app.staff("sprechfenster"));
    for list in ["/v1/plans", "/v1/legal-documents"] {
        let found = one.get(list).await.expect(200);
        let path = format!("{list}/{}", found["data"][0]["id"].as_str().expect("an id"));
        one.get(&path).await.expect(200);
        other.get(&path).await.expect_problem(404, "not_found");
    }
    let audit = one.get("/v1/add-ons").await.expect(200)["data"][0]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    other
        .get(&format!("/v1/add-ons/{audit}"))
        .await
        .expect_problem(404, "not_found");
    other
        .get(&format!("/v1/plans/{audit}"))
        .await
        .expect_problem(404, "not_found");
    app.anonymous
        .get("/v1/plans")
        .await
        .expect_problem(401, "unauthenticated");
}

async fn anyone_reads_a_public_price_list(app: TestApp<'_>) {
    let answer = app.anonymous.get("/v1/public/sprechfenster/plans").await;
    assert_eq!(answer.header("cache-control"), "public, max-age=300");
    assert!(
        answer.header("vary").to_lowercase().contains("accept-language"),
        "{:?}",
        answer.headers
    );
    let list = answer.expect(200);
    assert_eq!(
        list["data"],
        app.staff("sprechfenster").get("/v1/plans").await.expect(200)["data"]
    );
    let consumers = app
        .anonymous
        .get("/v1/public/rundbriefwerk/plans?sold_to=consumer&limit=1")
        .await
        .expect(200);
    assert_eq!(
        (&consumers["data"][0]["key"], &consumers["has_more"]),
        (&json!("private_flex"), &json!(true))
    );
    app.anonymous
        .get("/v1/public/nobody/plans")
        .await
        .expect_problem(404, "not_found");
    app.anonymous
        .get("/v1/public/NOBODY!/plans")
        .await
        .expect_problem(404, "not_found");
    app.anonymous
        .get("/v1/public/sprechfenster/plans?available=false")
        .await
        .expect_problem(400, "unknown_parameter");

    let new = |conn: &mut vertragswerk::db::DbConnection| {
        providers::create(
            conn,
            "fresh",
            "Fresh",
            providers::ProviderMode::Live,
            app.state.clock.now(),
        )
    };
    app.state.db.write(new).expect("a provider");
    let none = app.anonymous.get("/v1/public/fresh/plans").await.expect(200);
    assert_eq!(none, json!({"data": [], "has_more": false, "next_cursor": null}));
}

async fn documents_are_kept_with_wording_and_hash(app: TestApp<'_>) {
    let staff = app.staff("sprechfenster");
    let list = staff
        .get("/v1/legal-documents?kind=terms&language=en")
        .await
        .expect(200);
    assert_eq!(list["data"].as_array().map(Vec::len), Some(1));
    let listed = &list["data"][0];
    assert_eq!(
        (&listed["key"], &listed["title"]),
        (&json!("terms"), &json!("Terms and conditions"))
    );
    assert!(listed.get("text").is_none(), "lists do not carry the wording");
    let path = format!("/v1/legal-documents/{}", listed["id"].as_str().expect("an id"));
    let document = staff.get(&path).await.expect(200);
    let text = document["text"].as_str().expect("the wording");
    assert!(text.len() > 100);
    let hash = vertragswerk::domain::digest::hex(&<sha2::Sha256 as sha2::Digest>::digest(text.as_bytes()));
    assert_eq!(document["sha256"], hash);
    assert_eq!(document["valid_from_on"], "2020-01-01");
    let first = staff.get("/v1/legal-documents?limit=4").await.expect(200);
    let cursor = first["next_cursor"].as_str().expect("a second page");
    let second = staff
        .get(&format!("/v1/legal-documents?limit=4&cursor={cursor}"))
        .await
        .expect(200);
    assert_eq!(second["data"].as_array().map(Vec::len), Some(2));
    assert!(
        staff.get("/v1/legal-documents?key=nothing").await.expect(200)["data"]
            .as_array()
            .is_some_and(Vec::is_empty)
    );
    staff
        .get("/v1/legal-documents?kind=poem")
        .await
        .expect_problem(400, "invalid_parameter");
}

async fn a_program_needs_the_scope_to_read(app: TestApp<'_>) {
    let find = |conn: &mut vertragswerk::db::DbConnection| providers::find_by_slug(conn, "textschirm");
    let provider = app.state.db.read(find).expect("the provider");
    let new = NewApiKey {
        name: "Blind".to_owned(),
        scopes: Scopes::parse("customers:read").expect("a scope"),
        expires_at: None,
    };
    let key = api_key_issue(&app.state, &provider.id, &new).expect("a key").secret;
    let blind = app.anonymous.with_token(&key);
    for path in ["/v1/products", "/v1/plans", "/v1/add-ons", "/v1/legal-documents"] {
        let problem = blind.get(path).await.expect_problem(403, "insufficient_scope");
        assert_eq!(problem["required_scopes"], json!(["catalogue:read"]), "{path}");
    }
}

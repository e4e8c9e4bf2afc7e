//! Hostile declarations: what is sent is kept, shown harmlessly, and never becomes anything but text.

use reqwest::Method;
use serde_json::{Value, json};

use super::{CANCELLATIONS, PROVIDER, WITHDRAWALS, cancellation, mails, plus_contract, text};
use crate::helpers::http::Answer;
use crate::helpers::server::serve;
use crate::helpers::{TestApp, TestDatabase, over_http};

over_http!(
    mail_headers_cannot_be_injected,
    templates_and_markup_stay_text,
    oversized_and_unreadable_input_is_refused_and_changes_nothing,
    hidden_characters_are_kept_as_sent_and_never_shown,
    odd_but_possible_declarations_are_received,
    the_pages_answer_the_same_with_and_without_a_match,
);

async fn send(app: &TestApp<'_>, body: Value) -> Answer {
    app.anonymous.post(CANCELLATIONS, body).await
}

async fn mail_headers_cannot_be_injected(app: TestApp<'_>) {
    for address in [
        "erika@example.com\r\nBcc: all@example.com",
        "erika@example.com\nSubject: free",
        "erika@example.com, all@example.com",
        "<erika@example.com>",
        "erika@example.com\u{2028}x",
        "erika @example.com",
        "@example.com",
        "",
    ] {
        let mut body = cancellation("mein Vertrag");
        body["confirmation_email"] = json!(address);
        let problem = send(&app, body).await.expect_problem(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], "/confirmation_email", "{address:?}");
    }
    let mut body = cancellation("mein Vertrag\r\nTo: all@example.com");
    body["identity"]["name"] = json!("Erika\r\nBcc: all@example.com\r\n\r\nFree money");
    let receipt = send(&app, body).await.expect(201);
    assert_eq!(
        receipt["declaration"]["identity"]["name"],
        "Erika Bcc: all@example.com  Free money"
    );
    let mails = mails(&app, PROVIDER).await;
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0]["to"], "erika@example.com");
    assert!(!text(&mails[0], "subject").contains("example") && !text(&mails[0], "subject").contains('\n'));
    for line in text(&mails[0], "text").lines() {
        assert!(!line.starts_with("Bcc:") && !line.starts_with("To:"), "{line}");
    }
}

/// Always received: addresses in every script, wishes of every year, and an address of the person that is none.
async fn odd_but_possible_declarations_are_received(app: TestApp<'_>) {
    let (_, _, contract) = plus_contract(&app).await;
    for (member, value) in [
        ("confirmation_email", json!("jürgen@example.com")),
        ("confirmation_email", json!("erika@müller.example")),
        ("confirmation_email", json!("用户@例え.jp")),
        ("wish_on", json!("9999-12-31")),
        ("wish_on", json!("0001-01-01")),
    ] {
        let mut body = cancellation("mein Vertrag");
        body["identity"]["email"] = json!("unter der alten Adresse");
        body[member] = value.clone();
        let receipt = send(&app, body).await.expect(201);
        assert_eq!(receipt["declaration"][member], value);
    }
    for (member, value) in [
        ("wish_on", "0000-01-01"),
        ("wish_on", "soon"),
        ("contract", "\u{200b}\u{2060}"),
    ] {
        let mut body = cancellation("mein Vertrag");
        body[member] = json!(value);
        let problem = send(&app, body).await.expect_problem(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], format!("/{member}"));
    }
    // With its contract proven it is executed for a day that is reckoned with.
    let mut body = cancellation(text(&contract, "contract_number"));
    body["wish_on"] = json!("9999-12-31");
    let receipt = send(&app, body).await.expect(201);
    assert_eq!(receipt["declaration"]["wish_on"], "9999-12-31");
    let path = format!("/v1/subscriptions/{}", text(&contract, "id"));
    let shown = app.staff(PROVIDER).get(&path).await.expect(200);
    assert!(text(&shown, "ends_on") >= "2199", "{shown}");
}

async fn templates_and_markup_stay_text(app: TestApp<'_>) {
    let hostile = "{{7*7}} {% raw %}{{ mail }}{% endraw %} <script>alert(1)</script> \"><img src=x onerror=alert(1)>";
    let mut body = cancellation(hostile);
    body["identity"]["name"] = json!(hostile);
    body["kind"] = json!("extraordinary");
    body["reason"] = json!(hostile);
    let receipt = send(&app, body).await.expect(201);
    assert_eq!(receipt["declaration"]["contract"], hostile);
    let confirmation = &receipt["confirmation"];
    assert!(text(confirmation, "text").contains(hostile) && !text(confirmation, "text").contains("49"));
    let page = app.anonymous.get(text(confirmation, "page_href")).await;
    assert_eq!((page.status, page.header("cache-control")), (200, "no-store"));
    assert!(
        page.text.contains("{{7*7}}") && page.text.contains("{% raw %}"),
        "{}",
        page.text
    );
    assert!(
        !page.text.contains("<script") && !page.text.contains("<img"),
        "{}",
        page.text
    );
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe") && !policy.contains("script-src"));
    let mails = mails(&app, PROVIDER).await;
    let whole = app
        .staff(PROVIDER)
        .get(&format!("/v1/emails/{}", text(&mails[0], "id")))
        .await
        .expect(200);
    assert!(text(&whole, "html").contains("{{7*7}}") && !text(&whole, "html").contains("<script"));
    assert!(text(&whole, "text").contains("{{7*7}}"));

    let form = app
        .anonymous
        .request(Method::POST, "/p/sprechfenster/kuendigen")
        .form(&[
            ("identity_name", hostile),
            ("contract", hostile),
            ("kind", "ordinary"),
            ("confirmation_email", hostile),
        ]);
    let again = app.anonymous.send(form).await;
    assert_eq!(again.status, 422);
    assert!(again.text.contains("{{7*7}}") && !again.text.contains("<script") && !again.text.contains("<img"));
}

async fn oversized_and_unreadable_input_is_refused_and_changes_nothing(app: TestApp<'_>) {
    let raw = |body: Vec<u8>| {
        app.anonymous
            .request(Method::POST, CANCELLATIONS)
            .header("Content-Type", "application/json")
            .body(body)
    };
    let with_name = |name: &str| {
        format!("{{\"identity\":{{\"name\":\"{name}\"}},\"contract\":\"x\",\"confirmation_email\":\"e@example.com\"}}")
            .into_bytes()
    };
    for (body, status, code) in [
        (with_name("a\\ud800b"), 400, "malformed_json"),
        (with_name("a\\udc00"), 400, "malformed_json"),
        ([with_name("a"), vec![0xff]].concat(), 400, "malformed_json"),
        (with_name(&"x".repeat(1_000_000)), 413, "body_too_large"),
        (with_name(&"x".repeat(201)), 422, "validation_failed"),
        (with_name(" \\n\\t\\u202e"), 422, "validation_failed"),
        (b"[]".to_vec(), 422, "validation_failed"),
    ] {
        let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        let answer = app.anonymous.send(raw(body)).await;
        assert_eq!(answer.status, status, "{shown}");
        answer.expect_problem(status, code);
    }
    for (field, length) in [("contract", 501), ("reason", 2001), ("confirmation_email", 300)] {
        let mut body = cancellation("x");
        body[field] = json!("ä".repeat(length));
        let problem = send(&app, body).await.expect_problem(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], format!("/{field}"));
    }
    let mut unknown = cancellation("x");
    unknown["password"] = json!("x");
    send(&app, unknown).await.expect_problem(422, "validation_failed");
    let form = |body: Vec<u8>| {
        app.anonymous
            .request(Method::POST, "/p/sprechfenster/kuendigen")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(body)
    };
    for body in [
        b"identity_name=x%00&kind=ordinary&contract=x&confirmation_email=x%00@example.com".to_vec(),
        b"identity_name=\0&kind=ordinary&contract=x&confirmation_email=x@example.com".to_vec(),
        b"identity_name=\xff".to_vec(),
        format!("identity_name={}", "x".repeat(1_000_000)).into_bytes(),
    ] {
        let page = app.anonymous.send(form(body)).await;
        assert_eq!(page.status, 422, "{}", page.text);
        assert!(page.header("content-type").starts_with("text/html") && page.text.contains("role=\"alert\""));
    }
    let listed = app.staff(PROVIDER).get("/v1/declarations").await.expect(200);
    assert_eq!(listed["data"], json!([]));
    assert!(mails(&app, PROVIDER).await.is_empty());
}

async fn hidden_characters_are_kept_as_sent_and_never_shown(app: TestApp<'_>) {
    let name = "Erika \u{202e}nnamretsuM\u{2066}\u{7}\u{0}";
    let mut body = cancellation("a\u{2028}b\u{1b}[31m");
    body["identity"]["name"] = json!(name);
    let receipt = send(&app, body.clone()).await.expect(201);
    let shown = receipt["confirmation"].to_string();
    for hidden in ['\u{202e}', '\u{2066}', '\u{7}', '\u{0}', '\u{1b}', '\u{2028}'] {
        assert!(
            !shown.contains(hidden) && !shown.contains(&format!("\\u{:04x}", u32::from(hidden))),
            "{hidden:?}"
        );
    }
    let listed = app.staff(PROVIDER).get("/v1/declarations").await.expect(200);
    assert_eq!(
        text(&listed["data"][0], "raw"),
        body.to_string(),
        "evidence is what arrived"
    );
    assert_eq!(
        receipt["declaration"]["identity"]["name"],
        "Erika nnamretsuM\u{fffd}\u{fffd}"
    );
    let draft =
        json!({ "name": "E\u{0}", "contract": "\u{0}", "part": "\u{0}", "confirmation_email": "e@example.com" });
    let draft = app.anonymous.post(WITHDRAWALS, draft).await.expect(201);
    app.anonymous.post_empty(text(&draft, "confirm_href")).await.expect(201);
    let form = app
        .anonymous
        .request(Method::POST, "/p/sprechfenster/kuendigen")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body("identity_name=E%00&kind=ordinary&contract=%00&confirmation_email=e@example.com");
    let page = app.anonymous.send(form).await;
    assert_eq!(page.status, 303, "{}", page.text);
}

async fn the_pages_answer_the_same_with_and_without_a_match(app: TestApp<'_>) {
    let (_, _, contract) = plus_contract(&app).await;
    let number = text(&contract, "contract_number").to_owned();
    let unknown: String = number.chars().rev().collect();
    let mut pages = Vec::new();
    for contract in [&number, &unknown] {
        let form = app
            .anonymous
            .request(Method::POST, "/p/sprechfenster/kuendigen?lang=de")
            .form(&[
                ("kind", "ordinary"),
                ("identity_name", "Erika Mustermann"),
                ("contract", contract),
                ("confirmation_email", "erika@example.com"),
            ]);
        let moved = app.anonymous.send(form).await;
        assert_eq!(moved.status, 303, "{}", moved.text);
        let location = moved.header("location").to_owned();
        let page = app.anonymous.get(&location).await;
        let token = location
            .rsplit('/')
            .next()
            .expect("a token")
            .split('?')
            .next()
            .expect("a token");
        let text = app
            .anonymous
            .get(&format!("/p/sprechfenster/bestaetigung/{token}.txt"))
            .await;
        assert!(
            text.header("content-disposition")
                .starts_with("attachment; filename=\"kuendigung-")
        );
        pages.push((location.len(), page.status, page.text.len(), text.text.len()));
    }
    assert_eq!(pages[0], pages[1]);
    let listed = app.staff(PROVIDER).get("/v1/declarations").await.expect(200);
    let status = |place: usize| listed["data"][place]["status"].as_str().expect("a status").to_owned();
    assert_eq!((status(0), status(1)), ("received".to_owned(), "executed".to_owned()));
    app.anonymous
        .post(WITHDRAWALS, json!({ "name": "E" }))
        .await
        .expect_problem(422, "validation_failed");
    let foreign = app.anonymous.get("/p/nobody/kuendigen").await;
    assert_eq!(foreign.status, 404);
    assert!(foreign.text.contains("<h1>"));
}

#[test]
fn declarations_are_never_refused_for_their_number() {
    let database = TestDatabase::sqlite_demo();
    let state = crate::manners::state(&database, |config| config.rate_limit_anonymous_per_minute = 2);
    serve(state, async |caller| {
        for _ in 0..2 {
            caller.get("/v1/public/sprechfenster/plans").await.expect(200);
        }
        caller
            .get("/v1/public/sprechfenster/plans")
            .await
            .expect_problem(429, "rate_limited");
        for _ in 0..3 {
            caller.get("/v1/public/sprechfenster/functions").await.expect(200);
            caller.post(CANCELLATIONS, cancellation("x")).await.expect(201);
        }
        let draft = caller.post(WITHDRAWALS, super::withdrawal("x")).await.expect(201);
        caller.post_empty(text(&draft, "confirm_href")).await.expect(201);
    });
}

//! Hostile withdrawals: in what is entered, in the tokens that confirm it, and in the clock that answers.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use super::{WITHDRAWALS, cancellation, consumer_contract, mails, text, withdrawal};
use crate::helpers::{TestApp, over_http};

over_http!(
    what_is_entered_stays_text_in_answers_pages_and_mails,
    what_cannot_be_a_withdrawal_is_refused_before_there_is_a_draft,
    a_token_opens_one_door_only_and_every_time_the_same,
    the_clock_tells_nothing_about_a_match,
);

const PROVIDER: &str = "kontaktkiste";

async fn what_is_entered_stays_text_in_answers_pages_and_mails(app: TestApp<'_>) {
    let hostile = "{{7*191}} {% raw %} <script>alert(1)</script>\r\nBcc: all@example.com\u{202e}\u{7}";
    let mut body = withdrawal(hostile);
    body["name"] = json!(hostile);
    body["part"] = json!(hostile);
    let draft = app.anonymous.post(WITHDRAWALS, body.clone()).await.expect(201);
    let page = app
        .anonymous
        .get(&format!("/p/{PROVIDER}/widerrufen/{}", text(&draft, "token")))
        .await;
    assert_eq!((page.status, page.header("cache-control")), (200, "no-store"));
    let receipt = app.anonymous.post_empty(text(&draft, "confirm_href")).await.expect(201);
    let confirmation = app.anonymous.get(text(&receipt["confirmation"], "page_href")).await;
    for shown in [&page.text, &confirmation.text] {
        assert!(shown.contains("{{7*191}}") && !shown.contains("<script"), "{shown}");
        assert!(!shown.contains('\u{202e}') && !shown.contains('\u{7}'), "{shown}");
    }
    let mails = mails(&app, PROVIDER).await;
    assert_eq!((mails.len(), &mails[0]["to"]), (1, &json!("erika@example.com")));
    let said = text(&mails[0], "text");
    assert!(said.contains("{{7*191}}") && !said.contains("1337"), "{said}");
    assert!(said.lines().all(|line| !line.starts_with("Bcc:")), "{said}");
    assert!(!text(&mails[0], "subject").contains(['\n', '\r', '{']), "{}", mails[0]);
    let staff = app.staff(PROVIDER);
    let listed = staff.get("/v1/declarations").await.expect(200);
    assert_eq!(
        text(&listed["data"][0], "raw"),
        body.to_string(),
        "evidence is what arrived"
    );
    let whole = staff
        .get(&format!("/v1/emails/{}", text(&mails[0], "id")))
        .await
        .expect(200);
    assert!(!text(&whole, "html").contains("<script"));
}

async fn what_cannot_be_a_withdrawal_is_refused_before_there_is_a_draft(app: TestApp<'_>) {
    for (field, value) in [
        ("name", "ä".repeat(201)),
        ("name", " \u{202e}\n".to_owned()),
        ("contract", "ä".repeat(501)),
        ("part", "ä".repeat(501)),
        ("confirmation_email", format!("{}@example.com", "e".repeat(250))),
        (
            "confirmation_email",
            "erika@example.com\r\nBcc: all@example.com".to_owned(),
        ),
        ("confirmation_email", "erika@example.com, all@example.com".to_owned()),
    ] {
        let mut body = withdrawal("x");
        body[field] = json!(value);
        let refused = app.anonymous.post(WITHDRAWALS, body).await;
        let problem = refused.expect_problem(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], format!("/{field}"));
    }
    let mut unknown = withdrawal("x");
    unknown["iban"] = json!("DE02");
    app.anonymous
        .post(WITHDRAWALS, unknown)
        .await
        .expect_problem(422, "validation_failed");
    for (body, status, code) in [
        (b"{\"name\":\"a\\ud800\"}".to_vec(), 400, "malformed_json"),
        (b"{\"name\":\"a\xff\"}".to_vec(), 400, "malformed_json"),
        (
            format!("{{\"name\":\"{}\"}}", "x".repeat(1_000_000)).into_bytes(),
            413,
            "body_too_large",
        ),
    ] {
        let request = app
            .anonymous
            .request(Method::POST, WITHDRAWALS)
            .header("Content-Type", "application/json")
            .body(body);
        app.anonymous.send(request).await.expect_problem(status, code);
    }
    let listed = app.staff(PROVIDER).get("/v1/declarations").await.expect(200);
    assert_eq!(listed["data"], json!([]));
    assert!(mails(&app, PROVIDER).await.is_empty());
}

async fn a_token_opens_one_door_only_and_every_time_the_same(app: TestApp<'_>) {
    let (_, _, contract) = consumer_contract(&app).await;
    let number = text(&contract, "contract_number");
    let draft = app.anonymous.post(WITHDRAWALS, withdrawal(number)).await.expect(201);
    let receipt = app.anonymous.post_empty(text(&draft, "confirm_href")).await;
    let receipt = (receipt.text.clone(), receipt.expect(201));
    let page = text(&receipt.1["confirmation"], "page_href").to_owned();
    let receipt_token = page.rsplit('/').next().expect("a token");
    let draft_token = text(&draft, "token");
    assert_ne!(receipt_token, draft_token);
    // Neither opens what the other does, nor anything at another provider, nor a second declaration.
    for path in [
        format!("{WITHDRAWALS}/{receipt_token}/confirm"),
        format!("/v1/public/sprechfenster/withdrawals/{draft_token}/confirm"),
    ] {
        app.anonymous.post_empty(&path).await.expect_problem(404, "not_found");
    }
    for path in [
        format!("/p/{PROVIDER}/bestaetigung/{draft_token}"),
        format!("/p/sprechfenster/bestaetigung/{receipt_token}"),
        format!("/p/sprechfenster/bestaetigung/{receipt_token}.txt"),
        format!("/p/{PROVIDER}/widerrufen/{receipt_token}"),
    ] {
        assert_eq!(app.anonymous.get(&path).await.status, 404, "{path}");
    }
    for _ in 0..3 {
        let again = app.anonymous.post_empty(text(&draft, "confirm_href")).await;
        assert_eq!(
            (again.status, &again.text),
            (201, &receipt.0),
            "byte for byte the first receipt"
        );
    }
    let staff = app.staff(PROVIDER);
    for list in ["/v1/declarations", "/v1/withdrawals"] {
        let listed = staff.get(list).await.expect(200);
        assert_eq!(listed["data"].as_array().map(Vec::len), Some(1), "{list}");
    }
    // A token is no login.
    for token in [draft_token, receipt_token] {
        let caller = app.anonymous.with_token(token);
        caller.get("/v1/me").await.expect_problem(401, "invalid_token");
    }
}

async fn the_clock_tells_nothing_about_a_match(app: TestApp<'_>) {
    let (_, _, contract) = consumer_contract(&app).await;
    let number = text(&contract, "contract_number");
    let unknown: String = number.chars().rev().collect();
    for number in [&unknown, number] {
        let draft = app.anonymous.post(WITHDRAWALS, withdrawal(number)).await.expect(201);
        let started = Instant::now();
        app.anonymous.post_empty(text(&draft, "confirm_href")).await.expect(201);
        assert!(started.elapsed() >= Duration::from_millis(250), "{number}");
    }
    let started = Instant::now();
    app.anonymous
        .post("/v1/public/sprechfenster/cancellations", cancellation("x"))
        .await
        .expect(201);
    assert!(started.elapsed() >= Duration::from_millis(250));
}

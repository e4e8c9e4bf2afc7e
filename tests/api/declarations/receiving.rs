//! Cancelling without login: what everyone is told, what happens to the contract, and who is mailed what.

use serde_json::{Value, json};
use time::Duration;

use super::{CANCELLATIONS, PROVIDER, cancellation, mails, plus_contract, text, without_what_differs};
use crate::helpers::{TestApp, over_http};

over_http!(
    a_number_with_the_address_on_file_ends_the_contract,
    without_a_match_it_is_received_and_confirmed_all_the_same,
    the_answer_is_the_same_with_and_without_a_match,
    many_declarations_are_received_but_left_to_staff,
    a_repetition_is_the_same_declaration,
    the_functions_are_described_for_front_ends,
    what_the_rules_refuse_is_left_to_staff,
);

async fn a_number_with_the_address_on_file_ends_the_contract(app: TestApp<'_>) {
    let (customer_id, customer, contract) = plus_contract(&app).await;
    let number = text(&contract, "contract_number");
    let mut body = cancellation(&number.to_lowercase());
    body["identity"]["email"] = json!("ERIKA@example.com");
    body["confirmation_email"] = json!("elsewhere@example.org");
    let answer = app.anonymous.post(CANCELLATIONS, body).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let receipt = answer.expect(201);
    assert_eq!(receipt["received_at"], "2026-03-16T10:00:00.000Z");
    let confirmation = text(&receipt["confirmation"], "text");
    for part in [
        text(&receipt, "reference"),
        "16.03.2026 um 11:00:00 Uhr (Europe/Berlin, UTC+01:00)",
        "„jetzt kündigen“",
        "Erika Mustermann",
    ] {
        assert!(confirmation.contains(part), "{part} in\n{confirmation}");
    }
    assert!(
        !receipt.to_string().contains("30.06.2026"),
        "the end is told to the address on file only"
    );

    let path = format!("/v1/subscriptions/{}", text(&contract, "id"));
    let after = customer.get(&path).await.expect(200);
    assert_eq!(after["ends_on"], "2026-06-30");
    assert_eq!(after["pending_change"]["type"], "cancellation");
    let change = customer
        .get(&format!("/v1/cancellations/{}", text(&after["pending_change"], "id")))
        .await
        .expect(200);
    assert_eq!(
        (&change["received_at"], &change["kind"], &change["delete_data"]),
        (&json!("2026-03-16T10:00:00.000Z"), &json!("ordinary"), &json!(false))
    );

    let staff = app.staff(PROVIDER);
    let listed = staff.get("/v1/declarations?status=executed").await.expect(200);
    let declaration = &listed["data"][0];
    assert_eq!(declaration["reference"], receipt["reference"]);
    assert_eq!(
        (
            &declaration["automatic"],
            &declaration["result_id"],
            &declaration["customer_id"]
        ),
        (&json!(true), &change["id"], &json!(customer_id))
    );
    assert_eq!(declaration["origin"], "127.0.0.1");

    let mails = mails(&app, PROVIDER).await;
    let told = |kind: &str| -> Vec<(&str, bool)> {
        let of_kind = mails.iter().filter(|mail| mail["kind"] == kind);
        of_kind
            .map(|mail| (text(mail, "to"), text(mail, "text").contains("30.06.2026")))
            .collect()
    };
    assert_eq!(told("declaration_received"), [("elsewhere@example.org", false)]);
    assert_eq!(told("cancellation_received"), [("erika@example.com", true)]);

    let events = staff
        .get(&format!("/v1/events?customer_id={customer_id}&limit=100"))
        .await
        .expect(200);
    let happened: Vec<(&str, &str)> = events["data"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|event| (text(event, "type"), text(&event["actor"], "type")))
        .skip_while(|(kind, _)| *kind != "declaration.received")
        .collect();
    assert_eq!(
        happened,
        [
            ("declaration.received", "declaration"),
            ("cancellation.created", "declaration"),
            ("declaration.executed", "declaration"),
        ]
    );
}

async fn without_a_match_it_is_received_and_confirmed_all_the_same(app: TestApp<'_>) {
    let (_, customer, contract) = plus_contract(&app).await;
    let number = text(&contract, "contract_number");
    let near = [
        // Someone who knows the number but not the address on file.
        ("max@example.com", number.to_owned()),
        ("erika@example.com", "mein Vertrag".to_owned()),
        ("erika@example.com", format!("alle außer {number}")),
        ("erika@example.com", "ABCD2345".to_owned()),
    ];
    for (email, contract) in near {
        let mut body = cancellation(&contract);
        body["confirmation_email"] = json!(email);
        app.anonymous.post(CANCELLATIONS, body).await.expect(201);
    }
    let after = customer
        .get(&format!("/v1/subscriptions/{}", text(&contract, "id")))
        .await
        .expect(200);
    assert_eq!(
        (&after["ends_on"], &after["pending_change"]),
        (&json!(null), &json!(null))
    );
    let waiting = app
        .staff(PROVIDER)
        .get("/v1/declarations?status=received")
        .await
        .expect(200);
    assert_eq!(waiting["data"].as_array().map(Vec::len), Some(4));
    let mails = mails(&app, PROVIDER).await;
    let receipts = mails.iter().filter(|mail| mail["kind"] == "declaration_received");
    assert_eq!(receipts.count(), 4, "confirmed at once, each of them");
    assert!(mails.iter().all(|mail| mail["kind"] != "cancellation_received"));
}

async fn the_answer_is_the_same_with_and_without_a_match(app: TestApp<'_>) {
    let (_, _, contract) = plus_contract(&app).await;
    let number = text(&contract, "contract_number");
    let unknown: String = number.chars().rev().collect();
    assert_ne!(number, unknown);
    let matched = app.anonymous.post(CANCELLATIONS, cancellation(number)).await;
    let unmatched = app.anonymous.post(CANCELLATIONS, cancellation(&unknown)).await;
    assert_eq!((matched.status, unmatched.status), (201, 201));
    assert_eq!(matched.text.len(), unmatched.text.len(), "the length tells nothing");
    let names = |answer: &crate::helpers::http::Answer| -> Vec<String> {
        let mut names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
        names.sort();
        names
    };
    assert_eq!(names(&matched), names(&unmatched));
    let hash = |receipt: &Value| {
        let text = text(&receipt["confirmation"], "text").to_owned();
        text.split(": ")
            .find(|part| part.len() > 64 && part[..64].bytes().all(|byte| byte.is_ascii_hexdigit()))
            .map(|part| part[..64].to_owned())
            .expect("a hash")
    };
    let plain = |receipt: &Value, contract: &str| {
        without_what_differs(receipt)
            .replace(contract, "CONTRACT")
            .replace(&hash(receipt), "HASH")
    };
    assert_eq!(plain(&matched.json, number), plain(&unmatched.json, &unknown));
}

async fn many_declarations_are_received_but_left_to_staff(app: TestApp<'_>) {
    let (_, customer, contract) = plus_contract(&app).await;
    let number = text(&contract, "contract_number");
    for _ in 0..10 {
        app.anonymous
            .post(CANCELLATIONS, cancellation("unbekannt"))
            .await
            .expect(201);
    }
    app.anonymous
        .post(CANCELLATIONS, cancellation(number))
        .await
        .expect(201);
    let path = format!("/v1/subscriptions/{}", text(&contract, "id"));
    assert_eq!(customer.get(&path).await.expect(200)["ends_on"], json!(null));
    let listed = app.staff(PROVIDER).get("/v1/declarations").await.expect(200);
    assert_eq!(
        (&listed["data"][0]["status"], &listed["data"][0]["over_limit"]),
        (&json!("received"), &json!(true))
    );
    let mails = mails(&app, PROVIDER).await;
    let receipts = mails.iter().filter(|mail| mail["kind"] == "declaration_received");
    assert_eq!(receipts.count(), 11, "over the limit it is confirmed as well");

    app.state.clock.advance(Duration::minutes(61));
    app.anonymous
        .post(CANCELLATIONS, cancellation(number))
        .await
        .expect(201);
    let after = app.staff(PROVIDER).get(&path).await.expect(200);
    assert_eq!(after["ends_on"], "2026-06-30");
}

async fn a_repetition_is_the_same_declaration(app: TestApp<'_>) {
    let body = cancellation("mein Vertrag");
    let first = app
        .anonymous
        .post_once(CANCELLATIONS, "1", body.clone())
        .await
        .expect(201);
    app.state.clock.advance(Duration::hours(1));
    let again = app.anonymous.post_once(CANCELLATIONS, "1", body).await.expect(201);
    assert_eq!(first, again);
    let other = app
        .anonymous
        .post_once(CANCELLATIONS, "1", cancellation("ein anderer"))
        .await;
    assert_ne!(
        other.expect(201)["reference"],
        first["reference"],
        "two people may pick the same key"
    );
    let listed = app.staff(PROVIDER).get("/v1/declarations").await.expect(200);
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(2));
    assert_eq!(mails(&app, PROVIDER).await.len(), 2);
}

async fn the_functions_are_described_for_front_ends(app: TestApp<'_>) {
    let german = app.anonymous.get("/v1/public/sprechfenster/functions").await;
    assert_eq!(german.header("cache-control"), "public, max-age=300");
    let german = german.expect(200);
    let request = app
        .anonymous
        .request(reqwest::Method::GET, "/v1/public/sprechfenster/functions")
        .header("Accept-Language", "en");
    let english = app.anonymous.send(request).await.expect(200);
    for (function, entry, confirm) in [
        ("cancellation", "Verträge hier kündigen", "jetzt kündigen"),
        ("withdrawal", "Vertrag widerrufen", "Widerruf bestätigen"),
    ] {
        for answer in [&german, &english] {
            assert_eq!(answer[function]["entry"]["label"], entry);
            assert_eq!(answer[function]["confirm"]["label"], confirm);
        }
        assert_eq!(german[function]["confirm"]["translation"], json!(null));
        assert!(english[function]["confirm"]["translation"].is_string());
        assert_ne!(
            german[function]["fields"][0]["label"],
            english[function]["fields"][0]["label"]
        );
        let page = app.anonymous.get(text(&german[function], "page_href")).await;
        assert_eq!(page.status, 200);
    }
    app.anonymous
        .get("/v1/public/nobody/functions")
        .await
        .expect_problem(404, "not_found");
}

async fn what_the_rules_refuse_is_left_to_staff(app: TestApp<'_>) {
    // A firm's last contract is not ended by a click at this provider, nor does a click without login get round that.
    let (_, customer) = app.customer("textschirm", "business").await;
    let order = json!({ "plan": "single", "consents": crate::scenarios::story::consents(&["terms", "dpa"]) });
    let contract = customer.post("/v1/subscriptions", order).await.expect(201);
    let path = format!("/v1/subscriptions/{}", text(&contract, "id"));
    customer
        .post(&format!("{path}/cancellations"), json!({}))
        .await
        .expect_problem(409, "last_contract");
    let declared = app
        .anonymous
        .post(
            "/v1/public/textschirm/cancellations",
            cancellation(text(&contract, "contract_number")),
        )
        .await
        .expect(201);
    assert_eq!(customer.get(&path).await.expect(200)["ends_on"], json!(null));
    let listed = app
        .staff("textschirm")
        .get("/v1/declarations?status=received")
        .await
        .expect(200);
    assert_eq!(listed["data"][0]["reference"], declared["reference"]);

    // For good cause everyone may: the earliest ordinary end is scheduled, and staff decide about the cause.
    let mut body = cancellation(text(&contract, "contract_number"));
    body["kind"] = json!("extraordinary");
    app.anonymous
        .post("/v1/public/textschirm/cancellations", body.clone())
        .await
        .expect_problem(422, "reason_required");
    // What is no reason to speak of is received all the same, and left to staff; an address with blanks around it is one.
    body["reason"] = json!("!!!");
    body["confirmation_email"] = json!(" erika@example.com ");
    let received = app
        .anonymous
        .post("/v1/public/textschirm/cancellations", body.clone())
        .await
        .expect(201);
    assert_eq!(
        received["declaration"]["confirmation_email"], "erika@example.com",
        "{received}"
    );
    assert_eq!(customer.get("/v1/cancellations").await.expect(200)["data"], json!([]));
    body["reason"] = json!("Der Shop ist seit Wochen nicht erreichbar.");
    app.anonymous
        .post("/v1/public/textschirm/cancellations", body)
        .await
        .expect(201);
    let pending = &customer.get("/v1/cancellations").await.expect(200)["data"][0];
    assert_eq!(
        (&pending["kind"], &pending["review"]),
        (&json!("extraordinary"), &json!("pending"))
    );
}

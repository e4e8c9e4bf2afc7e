//! Withdrawing without login, with proof: at once, with its refund told to the address on file, and to nobody else.

use serde_json::{Value, json};
use time::Duration;

use super::{WITHDRAWALS, consumer_contract, mails, text, withdrawal, without_what_differs};
use crate::helpers::http::Answer;
use crate::helpers::{TestApp, over_http};
use crate::scenarios::story::consents;

over_http!(
    a_number_with_the_address_on_file_undoes_the_contract,
    late_ones_and_those_without_a_right_wait_for_staff,
    the_receipt_tells_nothing_about_a_match,
    parts_many_and_doubtful_ones_are_left_to_staff,
    confirming_at_the_same_time_declares_once,
);

const PROVIDER: &str = "kontaktkiste";

async fn declare(app: &TestApp<'_>, body: Value) -> Answer {
    let draft = app.anonymous.post(WITHDRAWALS, body).await.expect(201);
    app.anonymous.post_empty(text(&draft, "confirm_href")).await
}

async fn newest(app: &TestApp<'_>) -> Value {
    let listed = app.staff(PROVIDER).get("/v1/declarations").await.expect(200);
    listed["data"][0].clone()
}

async fn a_number_with_the_address_on_file_undoes_the_contract(app: TestApp<'_>) {
    let (customer_id, _, contract) = consumer_contract(&app).await;
    let staff = app.staff(PROVIDER);
    let paid = json!({ "customer_id": customer_id, "amount": { "amount": "19.90", "currency": "EUR" } });
    staff.post("/v1/payments", paid).await.expect(201);
    app.state.clock.advance(Duration::days(2));
    let number = text(&contract, "contract_number");
    let mut body = withdrawal(&number.to_lowercase());
    body["confirmation_email"] = json!("ERIKA@example.com");
    let receipt = declare(&app, body).await.expect(201);
    assert!(
        !receipt.to_string().contains("19,90") && !receipt.to_string().contains("01.04.2026"),
        "what follows is told to the address on file only"
    );

    let path = format!("/v1/subscriptions/{}", text(&contract, "id"));
    let after = staff.get(&path).await.expect(200);
    assert_eq!(
        (&after["status"], &after["withdrawn_on"]),
        (&json!("withdrawn"), &json!("2026-03-18"))
    );
    let declaration = newest(&app).await;
    assert_eq!(
        (
            &declaration["status"],
            &declaration["automatic"],
            &declaration["reference"]
        ),
        (&json!("executed"), &json!(true), &receipt["reference"])
    );
    assert_eq!(
        declaration["timeliness"],
        json!({ "right_exists": true, "last_day_on": "2026-03-30", "timely": true })
    );
    let executed = staff
        .get(&format!("/v1/withdrawals/{}", text(&declaration, "result_id")))
        .await
        .expect(200);
    assert_eq!(
        (
            &executed["kind"],
            &executed["received_at"],
            &executed["refund"]["amount"]["amount"],
            &executed["refund"]["by_on"]
        ),
        (
            &json!("contract"),
            &receipt["received_at"],
            &json!("19.90"),
            &json!("2026-04-01")
        )
    );

    let mails = mails(&app, PROVIDER).await;
    let told = |kind: &str| -> Vec<(&str, &str)> {
        let of_kind = mails.iter().filter(|mail| mail["kind"] == kind);
        of_kind.map(|mail| (text(mail, "to"), text(mail, "text"))).collect()
    };
    let receipts = told("declaration_received");
    assert_eq!((receipts.len(), receipts[0].0), (1, "ERIKA@example.com"));
    assert!(!receipts[0].1.contains("19,90"), "{}", receipts[0].1);
    let confirmed = told("withdrawal_received");
    assert_eq!((confirmed.len(), confirmed[0].0), (1, "erika@example.com"));
    for part in [
        number,
        "Eingang: 18.03.2026, 11:00:00 Uhr (UTC+01:00)",
        "Erstattung: 19,90 EUR bis zum 01.04.2026",
    ] {
        assert!(confirmed[0].1.contains(part), "{part} in\n{}", confirmed[0].1);
    }

    let events = staff
        .get(&format!("/v1/events?customer_id={customer_id}&limit=100"))
        .await
        .expect(200);
    let by_declarant: Vec<&str> = events["data"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|event| event["actor"]["type"] == "declaration")
        .map(|event| text(event, "type"))
        .filter(|name| name.starts_with("declaration.") || name.starts_with("withdrawal."))
        .collect();
    assert_eq!(
        by_declarant,
        ["declaration.received", "withdrawal.created", "declaration.executed"]
    );
}

async fn late_ones_and_those_without_a_right_wait_for_staff(app: TestApp<'_>) {
    let (_, _, contract) = consumer_contract(&app).await;
    let (_, business) = app.customer(PROVIDER, "business").await;
    let order = json!({ "plan": "crm_monthly", "consents": consents(&["terms", "dpa", "withdrawal_instruction"]) });
    let firm = business.post("/v1/subscriptions", order).await.expect(201);
    let in_time = consumer_contract(&app).await.2;
    let staff = app.staff(PROVIDER);

    // Monday 30 March 2026, the last day, ends in Berlin at 22:00 UTC: one millisecond decides.
    let until_midnight = Duration::days(14) + Duration::hours(12);
    app.state.clock.advance(until_midnight - Duration::milliseconds(1));
    let receipt = declare(&app, withdrawal(text(&in_time, "contract_number")))
        .await
        .expect(201);
    assert_eq!(receipt["received_at"], "2026-03-30T21:59:59.999Z");
    assert_eq!(newest(&app).await["status"], "executed");

    app.state.clock.advance(Duration::milliseconds(1));
    let late = declare(&app, withdrawal(text(&contract, "contract_number")))
        .await
        .expect(201);
    let declaration = newest(&app).await;
    assert_eq!(
        (
            &declaration["reference"],
            &declaration["status"],
            &declaration["subscription_id"]
        ),
        (&late["reference"], &json!("matched"), &contract["id"])
    );
    assert_eq!(
        declaration["timeliness"],
        json!({ "right_exists": true, "last_day_on": "2026-03-30", "timely": false })
    );
    declare(&app, withdrawal(text(&firm, "contract_number")))
        .await
        .expect(201);
    let declaration = newest(&app).await;
    assert_eq!(
        (&declaration["status"], &declaration["subscription_id"]),
        (&json!("matched"), &firm["id"])
    );
    for contract in [&contract, &firm] {
        let path = format!("/v1/subscriptions/{}", text(contract, "id"));
        assert_eq!(staff.get(&path).await.expect(200)["status"], "active");
    }
    let mails = mails(&app, PROVIDER).await;
    let count = |kind: &str| mails.iter().filter(|mail| mail["kind"] == kind).count();
    assert_eq!((count("declaration_received"), count("withdrawal_received")), (3, 1));
    // Staff answer what has no effect; that is told.
    let path = format!("/v1/declarations/{}", text(&declaration, "id"));
    let reason = json!({ "reason": "Unternehmen haben kein Widerrufsrecht." });
    let rejected = staff.post(&format!("{path}/reject"), reason).await.expect(200);
    assert_eq!(rejected["status"], "rejected");
}

async fn the_receipt_tells_nothing_about_a_match(app: TestApp<'_>) {
    let (_, _, contract) = consumer_contract(&app).await;
    let late = consumer_contract(&app).await.2;
    let number = text(&contract, "contract_number");
    let unknown: String = number.chars().rev().collect();
    let mut answers = vec![(number, declare(&app, withdrawal(number)).await)];
    answers.push((&unknown, declare(&app, withdrawal(&unknown)).await));
    // A contract that has been withdrawn from already, and one that can no longer be.
    answers.push((number, declare(&app, withdrawal(number)).await));
    let statuses = || async {
        let listed = app.staff(PROVIDER).get("/v1/declarations").await.expect(200);
        let listed = listed["data"].as_array().expect("a list").clone();
        listed
            .iter()
            .map(|one| text(one, "status").to_owned())
            .collect::<Vec<_>>()
    };
    app.state.clock.advance(Duration::days(20));
    let late = text(&late, "contract_number");
    answers.push((late, declare(&app, withdrawal(late)).await));
    assert_eq!(statuses().await, ["matched", "matched", "received", "executed"]);
    let told = |(number, answer): &(&str, Answer)| {
        let receipt = &answer.json;
        let confirmation = text(&receipt["confirmation"], "text");
        let hash = confirmation
            .split(": ")
            .find(|part| part.len() > 64 && part[..64].bytes().all(|byte| byte.is_ascii_hexdigit()))
            .map(|part| part[..64].to_owned())
            .expect("a hash");
        let mut names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
        names.sort();
        let plain = without_what_differs(receipt)
            .replace(*number, "CONTRACT")
            .replace(&hash, "HASH")
            .replace("2026-04-05", "2026-03-16")
            .replace("05.04.2026 um 12:00", "16.03.2026 um 11:00")
            .replace("UTC+02:00", "UTC+01:00");
        (answer.status, answer.text.len(), names, plain)
    };
    let first = told(&answers[0]);
    assert_eq!(first.0, 201);
    for answer in &answers[1..] {
        assert_eq!(told(answer), first);
    }
}

async fn parts_many_and_doubtful_ones_are_left_to_staff(app: TestApp<'_>) {
    let (_, _, contract) = consumer_contract(&app).await;
    let number = text(&contract, "contract_number");
    let path = format!("/v1/subscriptions/{}", text(&contract, "id"));
    let staff = app.staff(PROVIDER);
    let mut part = withdrawal(number);
    part["part"] = json!("nur die Zusatzbenutzer");
    let mut stranger = withdrawal(number);
    stranger["confirmation_email"] = json!("max@example.com");
    let sentence = withdrawal(&format!("alles außer {number}"));
    for body in [part, stranger, sentence] {
        declare(&app, body).await.expect(201);
        assert_eq!(newest(&app).await["status"], "received");
    }
    for _ in 0..7 {
        declare(&app, withdrawal("unbekannt")).await.expect(201);
    }
    declare(&app, withdrawal(number)).await.expect(201);
    let over = newest(&app).await;
    assert_eq!(
        (&over["status"], &over["over_limit"]),
        (&json!("received"), &json!(true))
    );
    assert_eq!(staff.get(&path).await.expect(200)["status"], "active");
    let mails = mails(&app, PROVIDER).await;
    let receipts = mails.iter().filter(|mail| mail["kind"] == "declaration_received");
    assert_eq!(receipts.count(), 11, "over the limit it is confirmed as well");
    // Staff execute it later, from the day of its receipt.
    app.state.clock.advance(Duration::days(30));
    let inbox = format!("/v1/declarations/{}", text(&over, "id"));
    let subscription = json!({ "subscription_id": contract["id"] });
    staff.post(&format!("{inbox}/match"), subscription).await.expect(200);
    let executed = staff.post_empty(&format!("{inbox}/execute")).await.expect(200);
    assert_eq!(
        (&executed["status"], &executed["automatic"]),
        (&json!("executed"), &json!(false))
    );
    assert_eq!(staff.get(&path).await.expect(200)["status"], "withdrawn");
}

async fn confirming_at_the_same_time_declares_once(app: TestApp<'_>) {
    let (customer_id, _, contract) = consumer_contract(&app).await;
    let number = text(&contract, "contract_number");
    let draft = app.anonymous.post(WITHDRAWALS, withdrawal(number)).await.expect(201);
    let confirm = text(&draft, "confirm_href");
    let answers = futures_util::future::join_all((0..6).map(|_| app.anonymous.post_empty(confirm))).await;
    let first = answers[0].text.clone();
    for answer in answers {
        assert_eq!((answer.status, answer.text.as_str()), (201, first.as_str()));
    }
    let staff = app.staff(PROVIDER);
    for path in [
        "/v1/declarations".to_owned(),
        format!("/v1/withdrawals?customer_id={customer_id}"),
    ] {
        let listed = staff.get(&path).await.expect(200);
        assert_eq!(listed["data"].as_array().map(Vec::len), Some(1), "{path}");
    }
    assert_eq!(
        mails(&app, PROVIDER)
            .await
            .iter()
            .filter(|mail| mail["kind"] == "declaration_received")
            .count(),
        1
    );
}

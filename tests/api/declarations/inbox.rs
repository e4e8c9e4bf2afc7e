//! The inbox of staff: matching, executing, rejecting.

use reqwest::Method;
use serde_json::{Value, json};
use time::Duration;

use super::{CANCELLATIONS, PROVIDER, cancellation, mails, plus_contract, text};
use crate::helpers::{TestApp, over_http};

over_http!(
    staff_find_the_contract_and_count_from_the_receipt,
    a_rejection_is_told_and_can_be_taken_back,
    a_wrong_match_leaves_nothing_with_the_wrong_customer,
    nobody_but_staff_sees_declarations,
);

async fn staff_find_the_contract_and_count_from_the_receipt(app: TestApp<'_>) {
    let (customer_id, _, contract) = plus_contract(&app).await;
    // Received on 30 March in Berlin, executed on 20 April: three months to the end of a quarter are counted from March.
    app.state.clock.advance(Duration::days(14));
    let body = cancellation(&format!(
        "Videosprechstunde Nr. {}, danke",
        text(&contract, "contract_number")
    ));
    let request = app
        .anonymous
        .request(Method::POST, CANCELLATIONS)
        .header("User-Agent", "Browser/1.0");
    let receipt = app.anonymous.send(request.json(&body)).await.expect(201);
    app.state.clock.advance(Duration::days(21));

    let staff = app.staff(PROVIDER);
    let listed = staff
        .get("/v1/declarations?status=received&type=cancellation")
        .await
        .expect(200);
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(1));
    let path = format!("/v1/declarations/{}", text(&listed["data"][0], "id"));
    let answer = staff.get(&path).await;
    assert!(
        answer.header("etag").starts_with("\"dcl-1."),
        "{}",
        answer.header("etag")
    );
    let declaration = answer.expect(200);
    assert_eq!(declaration["reference"], receipt["reference"]);
    assert_eq!(
        declaration["candidates"],
        json!([{
            "subscription_id": contract["id"], "contract_number": contract["contract_number"], "customer_id": customer_id,
            "customer_number": declaration["candidates"][0]["customer_number"], "name": "Erika Mustermann",
            "evidence": ["contract_number", "email", "name"],
        }])
    );
    assert!(text(&declaration, "raw").contains("Videosprechstunde Nr."));

    staff
        .post_empty(&format!("{path}/execute"))
        .await
        .expect_problem(409, "declaration_not_matched");
    staff
        .post(
            &format!("{path}/match"),
            json!({ "subscription_id": "sub_00000000000000000000000000" }),
        )
        .await
        .expect_problem(404, "not_found");
    let matched = staff
        .post_once(
            &format!("{path}/match"),
            "m",
            json!({ "subscription_id": contract["id"] }),
        )
        .await
        .expect(200);
    assert_eq!(
        (&matched["status"], &matched["customer_id"], &matched["timeliness"]),
        (&json!("matched"), &json!(customer_id), &json!(null))
    );
    let executed = staff.post_empty(&format!("{path}/execute")).await.expect(200);
    assert_eq!(
        (&executed["status"], &executed["automatic"]),
        (&json!("executed"), &json!(false))
    );
    let change = staff
        .get(&format!("/v1/cancellations/{}", text(&executed, "result_id")))
        .await
        .expect(200);
    assert_eq!(
        (&change["received_at"], &change["received_on"], &change["ends_on"]),
        (&receipt["received_at"], &json!("2026-03-30"), &json!("2026-06-30"))
    );
    for step in ["execute", "match", "reject"] {
        let body = match step {
            "match" => json!({ "subscription_id": contract["id"] }),
            "reject" => json!({ "reason": "x" }),
            _ => json!({}),
        };
        staff
            .post(&format!("{path}/{step}"), body)
            .await
            .expect_problem(409, "declaration_decided");
    }
    let events = staff
        .get(&format!("/v1/events?customer_id={customer_id}&limit=100"))
        .await
        .expect(200);
    let types: Vec<&str> = events["data"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|event| text(event, "type"))
        .filter(|kind| kind.starts_with("declaration.") || *kind == "cancellation.created")
        .collect();
    assert_eq!(
        types,
        [
            "declaration.received",
            "declaration.matched",
            "cancellation.created",
            "declaration.executed"
        ]
    );
    let received = &events["data"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|event| event["type"] == "declaration.received");
    assert_eq!(received.expect("recorded")["occurred_at"], receipt["received_at"]);

    // The receipt stays the declarant's, whoever found the contract; whether that was the customer, nobody has proven.
    let evidence = format!("/v1/subscriptions/{}/evidence", text(&contract, "id"));
    let told = |evidence: &Value| -> Vec<Value> {
        let entries = evidence["data"].as_array().expect("a list").iter();
        let of_declaration = entries.filter(|entry| text(entry, "type").starts_with("declaration."));
        of_declaration.map(|entry| entry["actor"].clone()).collect()
    };
    let for_staff = told(&staff.get(&evidence).await.expect(200));
    let types: Vec<&Value> = for_staff.iter().map(|actor| &actor["type"]).collect();
    assert_eq!(types, ["declaration", "api_key", "api_key"]);
    assert_eq!(
        (&for_staff[0]["id"], &for_staff[0]["user_agent"]),
        (&declaration["id"], &json!("Browser/1.0"))
    );
    assert_eq!(for_staff[0]["address"], declaration["origin"]);
    let session = staff.post_empty(&format!("/v1/customers/{customer_id}/sessions")).await;
    let session = session.expect(200);
    let customer = app.anonymous.with_token(text(&session, "access_token"));
    let for_customer = told(&customer.get(&evidence).await.expect(200));
    assert_eq!(
        (&for_customer[0]["type"], &for_customer[0]["user_agent"]),
        (&json!("declaration"), &Value::Null)
    );
}

async fn a_rejection_is_told_and_can_be_taken_back(app: TestApp<'_>) {
    let (_, _, contract) = plus_contract(&app).await;
    app.anonymous
        .post(CANCELLATIONS, cancellation("das Abo"))
        .await
        .expect(201);
    let staff = app.staff(PROVIDER);
    let listed = staff.get("/v1/declarations").await.expect(200);
    let path = format!("/v1/declarations/{}", text(&listed["data"][0], "id"));
    staff
        .post(&format!("{path}/reject"), json!({}))
        .await
        .expect_problem(422, "validation_failed");
    let reason = "Zu diesen Angaben gibt es keinen Vertrag.";
    let rejected = staff
        .post(&format!("{path}/reject"), json!({ "reason": reason }))
        .await
        .expect(200);
    assert_eq!(
        (&rejected["status"], &rejected["reason"]),
        (&json!("rejected"), &json!(reason))
    );
    let mails = mails(&app, PROVIDER).await;
    let told = mails
        .iter()
        .find(|mail| mail["kind"] == "declaration_rejected")
        .expect("told");
    assert_eq!(told["to"], "erika@example.com");
    assert!(text(told, "text").contains(reason) && text(told, "subject").contains(text(&rejected, "reference")));
    staff
        .post(&format!("{path}/reject"), json!({ "reason": reason }))
        .await
        .expect_problem(409, "declaration_decided");

    let matched = staff
        .post(&format!("{path}/match"), json!({ "subscription_id": contract["id"] }))
        .await
        .expect(200);
    assert_eq!(
        (&matched["status"], &matched["reason"]),
        (&json!("matched"), &json!(null))
    );
    assert_eq!(
        matched["received_at"], rejected["received_at"],
        "what was declared, and when, never changes"
    );
    assert_eq!(matched["raw"], rejected["raw"]);
}

async fn a_wrong_match_leaves_nothing_with_the_wrong_customer(app: TestApp<'_>) {
    let (customer_id, _, contract) = plus_contract(&app).await;
    let mut declared = cancellation("das Abo");
    declared["identity"]["name"] = json!("Frieda Fremd");
    declared["confirmation_email"] = json!("frieda@fremd.example");
    app.anonymous.post(CANCELLATIONS, declared).await.expect(201);
    let staff = app.staff(PROVIDER);
    let listed = staff.get("/v1/declarations").await.expect(200);
    let id = text(&listed["data"][0], "id").to_owned();
    let path = format!("/v1/declarations/{id}");
    let to_contract = json!({ "subscription_id": contract["id"] });
    let own_mails = format!("/v1/emails?customer_id={customer_id}");
    let exports = format!("/v1/customers/{customer_id}/exports");
    let strangers = |told: String| told.contains("Fremd") || told.contains("frieda");

    // Rejected as it was matched, it stays with the customer.
    staff
        .post(&format!("{path}/match"), to_contract.clone())
        .await
        .expect(200);
    // Sent once more, its receipt goes to whom it was confirmed, not to whom it was matched.
    mails(&app, PROVIDER).await;
    let received = staff
        .get(&format!("{own_mails}&kind=declaration_received"))
        .await
        .expect(200);
    let receipt = format!("/v1/emails/{}/resend", text(&received["data"][0], "id"));
    let again = staff.post_empty(&receipt).await.expect(201);
    assert_eq!(again["to"], "frieda@fremd.example");
    let reason = "Frieda Fremd hat hier keinen Vertrag.";
    let kept = staff
        .post(&format!("{path}/reject"), json!({ "reason": reason }))
        .await
        .expect(200);
    assert_eq!(
        (&kept["customer_id"], &kept["subscription_id"]),
        (&json!(customer_id), &contract["id"])
    );
    assert!(strangers(staff.get(&own_mails).await.expect(200).to_string()));

    // It was not the customer's: from now on it is nobody's.
    staff.post(&format!("{path}/match"), to_contract).await.expect(200);
    let wrong = json!({ "reason": reason, "unmatch": true });
    let rejected = staff
        .post_once(&format!("{path}/reject"), "r", wrong.clone())
        .await
        .expect(200);
    assert_eq!(rejected["status"], "rejected");
    assert_eq!(
        (&rejected["customer_id"], &rejected["subscription_id"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(rejected["reason"], reason);
    let repeated = staff.post_once(&format!("{path}/reject"), "r", wrong).await.expect(200);
    assert_eq!(repeated, rejected, "a repeated command is one command");
    let of_customer = format!("/v1/declarations?customer_id={customer_id}");
    assert_eq!(staff.get(&of_customer).await.expect(200)["data"], json!([]));
    assert!(!strangers(staff.get(&own_mails).await.expect(200).to_string()));
    let mails = mails(&app, PROVIDER).await;
    let told: Vec<&Value> = mails
        .iter()
        .filter(|mail| mail["to"] == "frieda@fremd.example")
        .collect();
    assert_eq!(told.len(), 4, "received once and sent again, rejected twice");
    assert!(
        told.iter()
            .all(|mail| mail["customer_id"].is_null() && mail["subscription_id"].is_null())
    );

    // The chain keeps that it was there, by ids and hashes; the first rejection told its reason.
    let events = format!("/v1/events?customer_id={customer_id}&limit=100");
    let events = staff.get(&events).await.expect(200);
    let of_declaration = |event: &&Value| text(event, "type").starts_with("declaration.");
    let events: Vec<&Value> = events["data"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(of_declaration)
        .collect();
    let last = events.last().expect("told");
    assert_eq!(
        (&last["type"], &last["subscription_id"]),
        (&json!("declaration.rejected"), &contract["id"])
    );
    assert_eq!(
        (
            &last["data"]["declaration"]["id"],
            &last["data"]["declaration"]["reason"]
        ),
        (&json!(id), &Value::Null)
    );
    let evidence = format!("/v1/subscriptions/{}/evidence", text(&contract, "id"));
    assert_eq!(staff.get(&evidence).await.expect(200)["chain"]["intact"], true);

    // Another customer, whose it is, gets it whole.
    let (owner, _, other) = plus_contract(&app).await;
    let right = json!({ "subscription_id": other["id"] });
    let mended = staff.post(&format!("{path}/match"), right).await.expect(200);
    assert_eq!(mended["customer_id"], json!(owner));
    let owned = staff.get(&format!("/v1/emails?customer_id={owner}")).await.expect(200);
    assert!(strangers(owned.to_string()));
    let archive = staff.post(&exports, json!({})).await;
    assert_eq!(archive.status, 200);
    assert!(!archive.text.contains("frieda@"), "{}", archive.text);
}

async fn nobody_but_staff_sees_declarations(app: TestApp<'_>) {
    let (_, customer, _) = plus_contract(&app).await;
    app.anonymous
        .post(CANCELLATIONS, cancellation("das Abo"))
        .await
        .expect(201);
    let listed = app.staff(PROVIDER).get("/v1/declarations").await.expect(200);
    let path = format!("/v1/declarations/{}", text(&listed["data"][0], "id"));
    customer
        .get("/v1/declarations")
        .await
        .expect_problem(403, "insufficient_scope");
    customer.get(&path).await.expect_problem(404, "not_found");
    customer
        .post_empty(&format!("{path}/execute"))
        .await
        .expect_problem(404, "not_found");
    let stranger = app.staff("textschirm");
    stranger.get(&path).await.expect_problem(404, "not_found");
    assert_eq!(stranger.get("/v1/declarations").await.expect(200)["data"], json!([]));
    // The database itself keeps what was declared.
    let changed = app.state.db.write(|conn| {
        use diesel::RunQueryDsl;
        diesel::sql_query("UPDATE declarations SET raw = 'nothing'")
            .execute(conn)
            .map(|_| ())
            .map_err(vertragswerk::db::DbError::from)
    });
    assert!(changed.is_err_and(|error| error.to_string().contains("what was declared is final")));
}

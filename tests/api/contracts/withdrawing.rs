//! Withdrawals (§ 355 BGB) and seed 002's promise: within 14 days of booking a cancellation is one.

use serde_json::{Value, json};

use super::{codes, consents, id};
use crate::helpers::http::Caller;
use crate::helpers::{TestApp, over_http};

over_http!(
    within_fourteen_days_the_draft_is_gone_and_afterwards_it_is_a_cancellation,
    a_contract_goes_with_its_add_ons_and_only_once,
    some_units_and_an_upgrade_are_given_back,
    consumers_see_both_choices_and_may_cancel,
    letters_count_when_sent_and_others_see_nothing,
);

const CRM: &str = "kontaktkiste";

/// A customer with a monthly contract since 2 March 2026 and two extra users since the 4th: the customer, its id, the contract's
/// path and the booking's.
async fn booked(app: &TestApp<'_>, clock: &str, customer_type: &str) -> (Caller, String, String, String) {
    let members = json!({ "test_clock_id": clock, "customer_type": customer_type, "locale": "de" });
    let (customer_id, customer) = app.customer_with(CRM, members).await;
    let contract = customer
        .post("/v1/subscriptions", with_button(json!({ "plan": "crm_monthly" })))
        .await
        .expect(201);
    let contract = format!("/v1/subscriptions/{}", id(&contract));
    app.advance(CRM, clock, "2026-03-04T09:00:00Z").await;
    let order = with_button(json!({ "add_on": "extra_users", "quantity": 2 }));
    let booking = customer.post(&format!("{contract}/add-ons"), order).await.expect(201);
    let booking = format!("{contract}/add-ons/{}", id(&booking));
    (customer, customer_id, contract, booking)
}

/// An order with everything a consumer has to agree to.
fn with_button(mut order: Value) -> Value {
    order["consents"] = agreed();
    order["order_button_text"] = json!("zahlungspflichtig bestellen");
    order
}

/// `privacy` is no consent of every offer; naming more than is asked for is no harm.
fn agreed() -> Value {
    consents(&["terms", "dpa", "withdrawal_instruction"])
}

async fn clock(app: &TestApp<'_>) -> String {
    app.test_clock(CRM, "2026-03-02T09:00:00Z").await
}

async fn drafts(customer: &Caller) -> Vec<String> {
    let charges = customer.get("/v1/charges?status=draft").await.expect(200);
    let charges = charges["data"].as_array().expect("a list").clone();
    charges
        .iter()
        .map(|charge| charge["amount"]["amount"].as_str().expect("an amount").to_owned())
        .collect()
}

async fn within_fourteen_days_the_draft_is_gone_and_afterwards_it_is_a_cancellation(app: TestApp<'_>) {
    let clock = clock(&app).await;
    let (customer, _, contract, booking) = booked(&app, &clock, "business").await;
    let order = json!({ "add_on": "extra_storage", "consents": agreed() });
    let storage = customer.post(&format!("{contract}/add-ons"), order).await.expect(201);
    let storage = format!("{contract}/add-ons/{}", id(&storage));
    assert_eq!(drafts(&customer).await.len(), 2);
    app.advance(CRM, &clock, "2026-03-18T09:00:00Z").await;

    let preview = customer
        .post(&format!("{booking}/cancellations/preview"), json!({}))
        .await
        .expect(200);
    assert_eq!(
        codes(&preview["texts"]),
        [
            "treated_as_withdrawal",
            "add_on_withdrawn",
            "draft_dropped",
            "withdrawal_last_day"
        ]
    );
    // 29 of 31 days of 2 × 5.90 will not be charged.
    assert_eq!(preview["due_now"]["gross"]["amount"], "-11.04");
    let yes = json!({ "confirm": true, "preview_token": preview["preview_token"] });
    let cancelled = customer
        .post(&format!("{booking}/cancellations"), yes)
        .await
        .expect(201);
    assert_eq!(
        (&cancelled["treated_as"], &cancelled["status"], &cancelled["ends_on"]),
        (&json!("withdrawal"), &json!("applied"), &json!("2026-03-18"))
    );
    let at = format!(
        "/v1/withdrawals/{}",
        cancelled["withdrawal_id"].as_str().expect("an id")
    );
    let withdrawal = customer.get(&at).await.expect(200);
    assert_eq!(
        (
            &withdrawal["kind"],
            &withdrawal["cancellation_id"],
            &withdrawal["compensation"]
        ),
        (&json!("add_on"), &cancelled["id"], &json!("none"))
    );
    assert_eq!(withdrawal["amounts"]["dropped"]["gross"]["amount"], "11.04");
    assert_eq!(
        (&withdrawal["refund"]["by_on"], &withdrawal["refund"]["payments"]),
        (&json!("2026-04-01"), &json!([]))
    );
    let row = customer.get(&booking).await.expect(200);
    assert_eq!(
        (&row["status"], &row["status_text"]),
        (&json!("withdrawn"), &json!("Widerrufen am 18.03.2026"))
    );
    assert_eq!(drafts(&customer).await.len(), 1);
    assert_eq!(customer.get(&contract).await.expect(200)["status"], "active");

    // A day later the fourteen days are over.
    app.advance(CRM, &clock, "2026-03-19T09:00:00Z").await;
    let yes = json!({ "confirm": true });
    let cancelled = customer
        .post(&format!("{storage}/cancellations"), yes)
        .await
        .expect(201);
    assert_eq!(
        (
            &cancelled["treated_as"],
            &cancelled["withdrawal_id"],
            &cancelled["ends_on"]
        ),
        (&json!("cancellation"), &json!(null), &json!("2026-04-01"))
    );
    let late = customer
        .post(&format!("{storage}/withdrawals"), json!({}))
        .await
        .expect_problem(409, "withdrawal_too_late");
    assert_eq!(late["last_day_on"], "2026-03-18");
}

async fn a_contract_goes_with_its_add_ons_and_only_once(app: TestApp<'_>) {
    let clock = clock(&app).await;
    let (customer, customer_id, contract, booking) = booked(&app, &clock, "business").await;
    let paid = json!({
        "customer_id": customer_id, "amount": { "amount": "19.90", "currency": "EUR" }, "method": "SEPA",
    });
    let payment = app.staff(CRM).post("/v1/payments", paid).await.expect(201);
    let options = customer.get(&format!("{contract}/options")).await.expect(200);
    let options = options["actions"].as_array().expect("a list");
    let withdraw: Vec<(&Value, &Value, &Value)> = options
        .iter()
        .filter(|option| option["action"] == "withdraw")
        .map(|option| (&option["href"], &option["allowed"], &option["latest_receipt_on"]))
        .collect();
    assert_eq!(
        withdraw,
        [
            (
                &json!(format!("{contract}/withdrawals")),
                &json!(true),
                &json!("2026-03-16")
            ),
            (
                &json!(format!("{booking}/withdrawals")),
                &json!(true),
                &json!("2026-03-18")
            ),
        ]
    );
    let path = format!("{contract}/withdrawals");
    let preview = customer.post(&format!("{path}/preview"), json!({})).await.expect(200);
    assert_eq!(codes(&preview["consequences"]), ["add_on_withdrawn_too"]);
    assert_eq!(preview["latest_receipt_on"], "2026-03-16");
    assert_eq!(preview["recurring"], json!(null));
    customer
        .post(&path, json!({ "preview_token": "v1.0.x.y" }))
        .await
        .expect_problem(409, "preview_stale");
    let body = json!({ "reason": "Doch nicht.", "preview_token": preview["preview_token"] });
    let first = customer.post_once(&path, "undo-1", body.clone()).await;
    let again = customer.post_once(&path, "undo-1", body).await;
    assert_eq!((first.status, again.header("idempotent-replayed")), (201, "true"));
    assert_eq!(first.text, again.text);
    let location = first.header("location").to_owned();
    let withdrawal = first.expect(201);
    assert_eq!(customer.get(&location).await.expect(200), withdrawal);
    assert_eq!(
        (&withdrawal["kind"], &withdrawal["reason"], &withdrawal["withdrawn_on"]),
        (&json!("contract"), &json!("Doch nicht."), &json!("2026-03-04"))
    );
    assert_eq!(
        withdrawal["withdrawn_add_on_booking_ids"].as_array().map(Vec::len),
        Some(1)
    );
    // Credited is the month; the add-on had not been invoiced.
    assert_eq!(
        (
            &withdrawal["refund"]["amount"]["amount"],
            &withdrawal["refund"]["by_on"]
        ),
        (&json!("19.90"), &json!("2026-03-18"))
    );
    assert_eq!(
        withdrawal["refund"]["payments"],
        json!([{ "payment_id": payment["id"], "method": "SEPA", "reference": null }])
    );
    let notes = customer.get("/v1/credit-notes").await.expect(200);
    assert_eq!(notes["data"][0]["id"], withdrawal["credit_note_ids"][0]);
    let seen = customer.get(&contract).await.expect(200);
    assert_eq!(
        (&seen["status"], &seen["withdrawn_on"], &seen["recurring"]),
        (&json!("withdrawn"), &json!("2026-03-04"), &json!(null))
    );
    assert_eq!(customer.get(&booking).await.expect(200)["status"], "withdrawn");
    assert_eq!(drafts(&customer).await, [""; 0]);
    for path in [
        path.clone(),
        format!("{path}/preview"),
        format!("{booking}/withdrawals"),
    ] {
        customer
            .post(&path, json!({}))
            .await
            .expect_problem(409, "already_withdrawn");
    }
    // Time brings nothing back.
    app.advance(CRM, &clock, "2026-06-01T09:00:00Z").await;
    assert_eq!(drafts(&customer).await, [""; 0]);
    let timeline = customer.get(&format!("{contract}/timeline")).await.expect(200);
    let told: Vec<&str> = timeline["data"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|entry| entry["text"].as_str())
        .collect();
    for sentence in [
        "Zahlung von 19,90 EUR am 04.03.2026 eingegangen.",
        "Widerruf des Vertrags eingegangen; 19,90 EUR werden bis zum 18.03.2026 zurückgezahlt.",
        "Zusätzliche Benutzer: durch Widerruf aufgehoben.",
        "Der Vertrag ist durch Widerruf vom 04.03.2026 aufgehoben.",
    ] {
        assert!(told.contains(&sentence), "{sentence}: {told:#?}");
    }
    let number = notes["data"][0]["number"].as_str().expect("a number");
    let corrected = format!("Rechnungskorrektur {number} über -19,90 EUR zu TEST-RE-2026-000001; 19,90 EUR werden ");
    assert!(told.iter().any(|text| text.starts_with(&corrected)), "{told:#?}");
}

async fn some_units_and_an_upgrade_are_given_back(app: TestApp<'_>) {
    let clock = clock(&app).await;
    let (customer, _, contract, booking) = booked(&app, &clock, "business").await;
    app.advance(CRM, &clock, "2026-03-10T09:00:00Z").await;
    let more = json!({ "quantity": 5 });
    let change = customer
        .post(&format!("{booking}/quantity-changes"), more)
        .await
        .expect(201);
    app.advance(CRM, &clock, "2026-03-20T09:00:00Z").await;
    let path = format!("{booking}/withdrawals");
    let refused = customer
        .post(&path, json!({ "quantity": 4 }))
        .await
        .expect_problem(422, "quantity_out_of_range");
    assert_eq!(
        (&refused["maximum"], &refused["errors"][0]["pointer"]),
        (&json!(3), &json!("/quantity"))
    );
    let withdrawal = customer.post(&path, json!({ "quantity": 1 })).await.expect(201);
    assert_eq!(
        (&withdrawal["kind"], &withdrawal["quantity"]),
        (&json!("quantity"), &json!(1))
    );
    assert_eq!(customer.get(&booking).await.expect(200)["quantity"], 4);
    let rest = json!({ "plan_change_id": change["id"] });
    let withdrawal = customer.post(&path, rest.clone()).await.expect(201);
    assert_eq!(withdrawal["withdrawn_plan_change_ids"], json!([change["id"]]));
    assert_eq!(customer.get(&booking).await.expect(200)["quantity"], 2);
    customer
        .post(&path, rest)
        .await
        .expect_problem(409, "already_withdrawn");

    let yearly = json!({ "plan": "crm_yearly", "consents": agreed() });
    let upgrade = customer
        .post(&format!("{contract}/plan-changes"), yearly)
        .await
        .expect(201);
    let body = json!({ "plan_change_id": upgrade["id"] });
    let preview = customer
        .post(&format!("{contract}/withdrawals/preview"), body.clone())
        .await
        .expect(200);
    assert_eq!(codes(&preview["texts"])[0], "plan_change_withdrawn");
    let withdrawal = customer
        .post(&format!("{contract}/withdrawals"), body)
        .await
        .expect(201);
    // The yearly price had been invoiced at once.
    assert_eq!(withdrawal["credit_note_ids"].as_array().map(Vec::len), Some(1));
    let seen = customer.get(&contract).await.expect(200);
    assert_eq!(
        (&seen["plan"]["key"], &seen["billed_through_on"]),
        (&json!("crm_monthly"), &json!("2026-04-01"))
    );
    let change = customer
        .get(&format!("/v1/plan-changes/{}", id(&upgrade)))
        .await
        .expect(200);
    assert_eq!(change["status"], "withdrawn");
    let listed = customer.get("/v1/withdrawals?limit=2").await.expect(200);
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(2));
    assert_eq!(listed["data"][0]["kind"], "plan_change");
}

async fn consumers_see_both_choices_and_may_cancel(app: TestApp<'_>) {
    let clock = clock(&app).await;
    let (customer, _, contract, booking) = booked(&app, &clock, "consumer").await;
    let path = format!("{booking}/cancellations");
    let preview = customer.post(&format!("{path}/preview"), json!({})).await.expect(200);
    let told = codes(&preview["texts"]);
    assert!(
        told.contains(&"treated_as_withdrawal") && told.contains(&"cancellation_possible"),
        "{told:?}"
    );
    let stay = json!({ "confirm": true, "as": "cancellation" });
    let preview = customer
        .post(&format!("{path}/preview"), stay.clone())
        .await
        .expect(200);
    assert!(codes(&preview["texts"]).contains(&"withdrawal_possible"));
    assert_eq!(preview["effective_on"], "2026-04-01");
    let cancelled = customer.post(&path, stay.clone()).await.expect(201);
    assert_eq!(
        (&cancelled["treated_as"], &cancelled["status"]),
        (&json!("cancellation"), &json!("scheduled"))
    );
    // What stands is not turned into a withdrawal by saying it again; withdrawing expressly still works.
    let again = customer.post(&path, json!({ "confirm": true })).await.expect(200);
    assert_eq!(again["id"], cancelled["id"]);
    let withdrawal = customer
        .post(&format!("{booking}/withdrawals"), json!({}))
        .await
        .expect(201);
    assert_eq!(withdrawal["superseded_change_ids"], json!([cancelled["id"]]));
    let emails = customer.get("/v1/emails").await.expect(200).to_string();
    assert!(emails.contains("add_on_withdrawn"), "{emails}");

    // The choice is the consumer's alone.
    let (business, _, _, booking) = booked(&app, &self::clock(&app).await, "business").await;
    let refused = business
        .post(&format!("{booking}/cancellations"), stay)
        .await
        .expect_problem(422, "validation_failed");
    assert_eq!(refused["errors"][0]["pointer"], "/as");
    let order = with_button(json!({ "plan": "crm_basic", "early_start_requested": true }));
    let early = customer.post("/v1/subscriptions", order).await.expect(201);
    assert_eq!(early["early_start_requested"], true);
    assert_eq!(
        customer.get(&contract).await.expect(200)["early_start_requested"],
        false
    );
}

async fn letters_count_when_sent_and_others_see_nothing(app: TestApp<'_>) {
    let clock = clock(&app).await;
    let (customer, _, contract, booking) = booked(&app, &clock, "business").await;
    app.advance(CRM, &clock, "2026-03-20T09:00:00Z").await;
    let staff = app.staff(CRM);
    let path = format!("{booking}/withdrawals");
    let letter = json!({ "received_at": "2026-03-20T08:00:00Z", "dispatched_at": "2026-03-18T16:00:00Z" });
    let refused = customer
        .post(&path, letter.clone())
        .await
        .expect_problem(422, "validation_failed");
    assert_eq!(refused["errors"][0]["pointer"], "/received_at");
    let undated = json!({ "received_at": "2026-03-20T08:00:00Z" });
    staff
        .post(&path, undated)
        .await
        .expect_problem(409, "withdrawal_too_late");
    let future = json!({ "received_at": "2026-03-21T08:00:00Z" });
    staff
        .post(&path, future)
        .await
        .expect_problem(422, "instant_out_of_range");
    let withdrawal = staff.post(&path, letter).await.expect(201);
    assert_eq!(
        (&withdrawal["dispatched_at"], &withdrawal["refund"]["by_on"]),
        (&json!("2026-03-18T16:00:00.000Z"), &json!("2026-04-07"))
    );

    let location = format!("/v1/withdrawals/{}", id(&withdrawal));
    let (_, other) = app.customer(CRM, "business").await;
    for stranger in [other, app.staff("textschirm")] {
        stranger.get(&location).await.expect_problem(404, "not_found");
        for path in [
            format!("{contract}/withdrawals"),
            format!("{booking}/withdrawals/preview"),
        ] {
            stranger.post(&path, json!({})).await.expect_problem(404, "not_found");
        }
        assert_eq!(stranger.get("/v1/withdrawals").await.expect(200)["data"], json!([]));
    }
    assert_eq!(customer.get(&location).await.expect(200), withdrawal);
    customer
        .get("/v1/withdrawals/wdr_01k9w3x8kqf0wvm2n6c1c9t7xh")
        .await
        .expect_problem(404, "not_found");
}

//! Hard cases of other systems over HTTP, each named after its id. Where their prices are none of the demo's, the numbers are
//! those of the case in `src/domain`, and here the same steps with the demo's prices.

use serde_json::{Value, json};

use super::{consents, id};
use crate::helpers::http::Caller;
use crate::helpers::{TestApp, over_http};

over_http!(
    h10_thirty_two_days_of_a_quarter,
    h14_paid_units_stay_paid,
    h19_tax_per_line_or_on_the_total_is_the_same,
    h31_a_cancelled_contract_takes_its_add_on_along_and_brings_it_back,
    h32_no_add_on_outlasts_its_contract,
    h33_plans_that_do_not_allow_an_add_on_end_it_with_the_reason,
    h34_h35_access_ends_at_once_drafts_are_void_and_what_is_invoiced_is_corrected,
    h37_on_the_first_day_of_a_period_the_increase_is_charged_whole,
    h42_each_quantity_is_a_stretch_of_its_own,
);

const CRM: &str = "kontaktkiste";

fn agreed() -> Value {
    consents(&["terms", "dpa", "withdrawal_instruction"])
}

/// A customer with a monthly contract from `now` on: the clock, the customer and the contract's path.
async fn monthly(app: &TestApp<'_>, now: &str) -> (String, Caller, String) {
    let clock = app.test_clock(CRM, now).await;
    let (_, customer) = app
        .customer_with(CRM, json!({ "test_clock_id": clock, "locale": "de" }))
        .await;
    let order = json!({ "plan": "crm_monthly", "consents": agreed() });
    let contract = customer.post("/v1/subscriptions", order).await.expect(201);
    (clock, customer, format!("/v1/subscriptions/{}", id(&contract)))
}

async fn book(customer: &Caller, contract: &str, quantity: u32) -> String {
    let order = json!({ "add_on": "extra_users", "quantity": quantity, "consents": agreed() });
    let booking = customer.post(&format!("{contract}/add-ons"), order).await.expect(201);
    format!("{contract}/add-ons/{}", id(&booking))
}

async fn amounts(customer: &Caller, query: &str) -> Vec<String> {
    let charges = customer.get(&format!("/v1/charges{query}")).await.expect(200);
    let charges = charges["data"].as_array().expect("a list").iter();
    let counting = charges.filter(|charge| charge["status"] != "voided");
    counting
        .map(|charge| charge["amount"]["amount"].as_str().expect("an amount").to_owned())
        .collect()
}

/// Lago: 91 000 for the quarter from 15 April to 14 July 2024, used from 20 May to 20 June: 32 000; the same by calendar quarters.
async fn h10_thirty_two_days_of_a_quarter(app: TestApp<'_>) {
    for period in [
        json!({ "from_on": "2024-04-15", "through_on": "2024-07-14" }),
        json!({ "from_on": "2024-04-01", "through_on": "2024-06-30" }),
    ] {
        let question = json!({
            "unit_price": { "amount": "910.00", "currency": "EUR" }, "quantity": 1, "period": period,
            "used": { "from_on": "2024-05-20", "through_on": "2024-06-20" },
        });
        let answer = app
            .anonymous
            .post("/v1/calculators/proration", question)
            .await
            .expect(200);
        assert_eq!(
            (
                &answer["used_days"],
                &answer["period_days"],
                &answer["amount"]["amount"]
            ),
            (&json!(32), &json!(91), &json!("320.00"))
        );
    }
}

/// Lago: 10 → 5 costs and brings nothing; 10 → 5 → 15 within what is paid costs five more.
async fn h14_paid_units_stay_paid(app: TestApp<'_>) {
    let (clock, customer, contract) = monthly(&app, "2026-04-01T09:00:00Z").await;
    let booking = book(&customer, &contract, 10).await;
    let path = format!("{booking}/quantity-changes");
    let less = customer.post(&path, json!({ "quantity": 5 })).await.expect(201);
    assert_eq!(
        (&less["status"], &less["charges"]),
        (&json!("scheduled"), &json!([])),
        "an invoice of 0.00 is none"
    );
    let pending = customer
        .post(&path, json!({ "quantity": 15 }))
        .await
        .expect_problem(409, "plan_change_pending");
    assert_eq!(pending["plan_change_id"], less["id"]);
    let more = json!({ "quantity": 15, "supersedes": less["id"] });
    let more = customer.post(&path, more).await.expect(201);
    // 5 × 5.90.
    assert_eq!(more["charges"][0]["amount"]["amount"], "29.50");
    assert_eq!(more["charges"].as_array().map(Vec::len), Some(1));
    app.advance(CRM, &clock, "2026-05-01T09:00:00Z").await;
    let charged = amounts(&customer, "").await;
    assert_eq!(
        charged.iter().filter(|amount| *amount == "88.50").count(),
        1,
        "{charged:?}"
    );
}

/// Polar: 100 → 200 net at half of the period and 20 %: 60.00 gross, per line or on the total.
async fn h19_tax_per_line_or_on_the_total_is_the_same(app: TestApp<'_>) {
    for lines in [
        json!([
            { "unit_price": "-50.00", "quantity": 1, "tax_rate": "20" },
            { "unit_price": "100.00", "quantity": 1, "tax_rate": "20" },
        ]),
        json!([{ "unit_price": "50.00", "quantity": 1, "tax_rate": "20" }]),
    ] {
        let question = json!({ "prices": "net", "lines": lines, "currency": "EUR" });
        let answer = app.anonymous.post("/v1/calculators/tax", question).await.expect(200);
        assert_eq!(
            (&answer["net"], &answer["tax"], &answer["gross"]),
            (&json!("50.00"), &json!("10.00"), &json!("60.00"))
        );
    }
}

/// Kill Bill: the add-on follows the cancellation of its contract and its revocation; cancelling again works.
async fn h31_a_cancelled_contract_takes_its_add_on_along_and_brings_it_back(app: TestApp<'_>) {
    let (clock, customer, contract) = monthly(&app, "2026-04-01T09:00:00Z").await;
    let booking = book(&customer, &contract, 1).await;
    app.advance(CRM, &clock, "2026-04-20T09:00:00Z").await;
    let path = format!("{contract}/cancellations");
    for _ in 0..2 {
        let cancelled = customer.post(&path, json!({})).await.expect(201);
        let row = customer.get(&booking).await.expect(200);
        assert_eq!(
            (&row["ends_on"], &row["end_reason"], &row["status"]),
            (&json!("2026-04-30"), &json!("contract_ends"), &json!("active"))
        );
        let revoke = format!("/v1/cancellations/{}/revoke", id(&cancelled));
        let preview = customer.post(&format!("{revoke}/preview"), json!({})).await.expect(200);
        assert_eq!(preview["consequences"][0]["code"], "add_on_goes_on");
        customer.post(&revoke, json!({})).await.expect(200);
        let row = customer.get(&booking).await.expect(200);
        assert_eq!((&row["ends_on"], &row["end_reason"]), (&Value::Null, &Value::Null));
    }
    customer.post(&path, json!({})).await.expect(201);
    app.advance(CRM, &clock, "2026-05-01T09:00:00Z").await;
    assert_eq!(customer.get(&contract).await.expect(200)["status"], "ended");
    assert_eq!(customer.get(&booking).await.expect(200)["status"], "ended");
}

/// Kill Bill: what is cancelled before its contract stays cancelled to its own day; everything else ends with the contract.
async fn h32_no_add_on_outlasts_its_contract(app: TestApp<'_>) {
    let (clock, customer, contract) = monthly(&app, "2026-04-01T09:00:00Z").await;
    let (own, endless) = (book(&customer, &contract, 1).await, book(&customer, &contract, 2).await);
    app.advance(CRM, &clock, "2026-04-20T09:00:00Z").await;
    let yes = json!({ "confirm": true });
    let cancelled = customer.post(&format!("{own}/cancellations"), yes).await.expect(201);
    assert_eq!(cancelled["ends_on"], "2026-04-30");
    app.advance(CRM, &clock, "2026-05-10T09:00:00Z").await;
    customer
        .post(&format!("{contract}/cancellations"), json!({}))
        .await
        .expect(201);
    app.advance(CRM, &clock, "2026-06-10T09:00:00Z").await;
    for (booking, ends_on, reason) in [
        (&own, "2026-04-30", "cancelled"),
        (&endless, "2026-05-31", "contract_ends"),
    ] {
        let row = customer.get(booking).await.expect(200);
        assert_eq!(
            (
                &row["status"],
                &row["ends_on"],
                &row["end_reason"],
                &row["billed_through_on"]
            ),
            (&json!("ended"), &json!(ends_on), &json!(reason), &json!(ends_on))
        );
    }
}

/// Kill Bill: a change of plan on 09-06 leaves a booking where the new plan has the add-on and ends it on the eve where not, which
/// the preview says; what may be booked once is not booked twice.
async fn h33_plans_that_do_not_allow_an_add_on_end_it_with_the_reason(app: TestApp<'_>) {
    let (clock, customer, contract) = monthly(&app, "2026-08-06T09:00:00Z").await;
    let users = book(&customer, &contract, 1).await;
    let order = json!({ "add_on": "extra_storage", "consents": agreed() });
    let storage = customer.post(&format!("{contract}/add-ons"), order).await.expect(201);
    let storage = format!("{contract}/add-ons/{}", id(&storage));
    app.advance(CRM, &clock, "2026-08-25T09:00:00Z").await;
    let path = format!("{contract}/plan-changes");
    let change = json!({ "plan": "crm_basic", "consents": agreed() });
    let preview = customer
        .post(&format!("{path}/preview"), change.clone())
        .await
        .expect(200);
    assert_eq!(preview["effective_on"], "2026-09-06");
    let told = preview["consequences"].as_array().expect("a list").iter();
    let told: Vec<&Value> = told
        .filter(|note| note["code"] == "add_on_not_allowed_for_new_plan")
        .map(|note| &note["text"])
        .collect();
    assert_eq!(
        told,
        ["Zusätzliche Benutzer endet am 05.09.2026: Zum neuen Tarif gibt es die Option nicht."]
    );
    customer.post(&path, change).await.expect(201);
    app.advance(CRM, &clock, "2026-09-10T09:00:00Z").await;
    let (gone, kept) = (
        customer.get(&users).await.expect(200),
        customer.get(&storage).await.expect(200),
    );
    assert_eq!(
        (&gone["status"], &gone["ends_on"], &gone["end_reason"]),
        (
            &json!("ended"),
            &json!("2026-09-05"),
            &json!("not_allowed_for_new_plan")
        )
    );
    assert_eq!((&kept["status"], &kept["ends_on"]), (&json!("active"), &Value::Null));
    let (_, reader) = app.customer("rundbriefwerk", "business").await;
    let order = json!({ "plan": "newsletter_s", "consents": consents(&["terms", "dpa"]) });
    let contract = reader.post("/v1/subscriptions", order).await.expect(201);
    let path = format!("/v1/subscriptions/{}/add-ons", id(&contract));
    let order = json!({ "add_on": "premium_support", "consents": consents(&["terms"]) });
    reader.post(&path, order.clone()).await.expect(201);
    let refused = reader
        .post(&path, order)
        .await
        .expect_problem(409, "add_on_limit_reached");
    assert_eq!((&refused["maximum"], &refused["booked"]), (&json!(1), &json!(1)));
}

/// Kill Bill: a year from 1 September, undone on the 6th: access ends that day and nothing stays billed; drafts are void, and
/// what was invoiced is corrected by a document that names the invoice.
async fn h34_h35_access_ends_at_once_drafts_are_void_and_what_is_invoiced_is_corrected(app: TestApp<'_>) {
    let clock = app.test_clock(CRM, "2025-09-01T09:00:00Z").await;
    let (_, customer) = app.customer_with(CRM, json!({ "test_clock_id": clock })).await;
    let order = json!({ "plan": "crm_yearly", "consents": agreed() });
    let contract = customer.post("/v1/subscriptions", order).await.expect(201);
    assert_eq!(contract["billed_through_on"], "2026-08-31");
    let contract = format!("/v1/subscriptions/{}", id(&contract));
    app.advance(CRM, &clock, "2025-09-06T09:00:00Z").await;
    book(&customer, &contract, 1).await;
    assert_eq!(amounts(&customer, "?status=draft").await.len(), 1);
    let withdrawal = customer
        .post(&format!("{contract}/withdrawals"), json!({}))
        .await
        .expect(201);
    let seen = customer.get(&contract).await.expect(200);
    assert_eq!(
        (&seen["status"], &seen["withdrawn_on"], &seen["billed_through_on"]),
        (&json!("withdrawn"), &json!("2025-09-06"), &Value::Null)
    );
    assert_eq!(amounts(&customer, "").await, [""; 0]);
    let note = customer
        .get(&format!(
            "/v1/credit-notes/{}",
            withdrawal["credit_note_ids"][0].as_str().expect("an id")
        ))
        .await
        .expect(200);
    let invoice = customer.get("/v1/invoices").await.expect(200)["data"][0].clone();
    assert_eq!(note["corrected_invoices"][0]["number"], invoice["number"]);
    assert_eq!(
        (&invoice["status"], &note["totals"]["gross"]["amount"]),
        (&json!("cancelled"), &json!("-199.00"))
    );
    app.advance(CRM, &clock, "2026-09-06T09:00:00Z").await;
    assert_eq!(amounts(&customer, "").await, [""; 0]);
}

/// Kill Bill: 7 units for the period before, 10 from its first day on: ten whole periods, no proration.
async fn h37_on_the_first_day_of_a_period_the_increase_is_charged_whole(app: TestApp<'_>) {
    const VIDEO: &str = "sprechfenster";
    let clock = app.test_clock(VIDEO, "2025-11-27T09:00:00Z").await;
    let (_, customer) = app.customer_with(VIDEO, json!({ "test_clock_id": clock })).await;
    let order = json!({ "plan": "plus", "quantity": 7, "consents": consents(&["terms", "dpa"]) });
    let contract = customer.post("/v1/subscriptions", order).await.expect(201);
    app.advance(VIDEO, &clock, "2025-12-27T09:00:00Z").await;
    let path = format!("/v1/subscriptions/{}/plan-changes", id(&contract));
    let change = customer.post(&path, json!({ "quantity": 10 })).await.expect(201);
    // 3 × 19.00, whole.
    assert_eq!(change["charges"][0]["amount"]["amount"], "57.00");
    let charged = amounts(&customer, "").await;
    assert_eq!(charged, ["57.00", "133.00", "133.00"], "133.00 + 57.00 are 10 × 19.00");
}

/// OpenMeter: up, down and up again are three stretches, never an overwrite.
async fn h42_each_quantity_is_a_stretch_of_its_own(app: TestApp<'_>) {
    let (clock, customer, contract) = monthly(&app, "2026-04-01T09:00:00Z").await;
    let booking = book(&customer, &contract, 1).await;
    let path = format!("{booking}/quantity-changes");
    app.advance(CRM, &clock, "2026-04-11T09:00:00Z").await;
    customer.post(&path, json!({ "quantity": 3 })).await.expect(201);
    customer.post(&path, json!({ "quantity": 1 })).await.expect(201);
    app.advance(CRM, &clock, "2026-05-11T09:00:00Z").await;
    customer.post(&path, json!({ "quantity": 3 })).await.expect(201);
    let row = customer.get(&booking).await.expect(200);
    assert_eq!(
        row["phases"],
        json!([
            { "from_on": "2026-04-01", "through_on": "2026-04-10", "quantity": 1 },
            { "from_on": "2026-04-11", "through_on": "2026-04-30", "quantity": 3 },
            { "from_on": "2026-05-01", "through_on": "2026-05-10", "quantity": 1 },
            { "from_on": "2026-05-11", "through_on": null, "quantity": 3 },
        ])
    );
    // An add-on is not booked down to nothing: it is cancelled, and booked again as a line of its own.
    customer
        .post(&path, json!({ "quantity": 0 }))
        .await
        .expect_problem(422, "validation_failed");
}

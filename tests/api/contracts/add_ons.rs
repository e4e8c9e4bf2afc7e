//! Add-ons and the contract under them: they end with it, come back with it, and give way to plans that contain or forbid
//! them.

use serde_json::{Value, json};

use crate::helpers::http::Caller;
use crate::helpers::{TestApp, over_http};
use crate::scenarios::story::consents;

over_http!(
    bookings_end_and_come_back_with_their_contract,
    a_plan_without_the_add_on_ends_the_booking,
    the_audit_of_the_largest_package_costs_nothing_and_is_performed,
    a_service_ordered_once_stays_owed_after_the_contract,
    monthly_support_is_independent_of_the_plan,
    entitlements_are_summed_and_told_to_those_entitled
);

const CRM: &str = "kontaktkiste";

async fn booked(app: &TestApp<'_>, clock: &str, plan: &str, add_on: &str) -> (Caller, String, String) {
    let (_, customer) = app.customer_with(CRM, json!({ "test_clock_id": clock })).await;
    let agreed = consents(&["terms", "dpa", "withdrawal_instruction"]);
    let order = json!({ "plan": plan, "consents": agreed });
    let contract = customer.post("/v1/subscriptions", order).await.expect(201);
    let contract = format!("/v1/subscriptions/{}", id(&contract));
    app.advance(CRM, clock, "2026-01-20T09:00:00Z").await;
    let order = json!({ "add_on": add_on, "quantity": 2, "consents": agreed });
    let booking = customer.post(&format!("{contract}/add-ons"), order).await.expect(201);
    // The withdrawal period is over: what is cancelled now is cancelled.
    app.advance(CRM, clock, "2026-02-10T09:00:00Z").await;
    (
        customer,
        contract.clone(),
        format!("{contract}/add-ons/{}", id(&booking)),
    )
}

fn id(value: &Value) -> &str {
    value["id"].as_str().expect("an id")
}

async fn bookings_end_and_come_back_with_their_contract(app: TestApp<'_>) {
    let clock = app.test_clock(CRM, "2026-01-15T09:00:00Z").await;
    let (customer, contract, booking) = booked(&app, &clock, "crm_monthly", "extra_users").await;
    let preview = customer
        .post(&format!("{contract}/cancellations/preview"), json!({}))
        .await
        .expect(200);
    assert_eq!(preview["consequences"][0]["code"], "add_on_ends_with_contract");
    let cancelled = customer
        .post(&format!("{contract}/cancellations"), json!({}))
        .await
        .expect(201);
    let row = customer.get(&booking).await.expect(200);
    assert_eq!(
        (&row["ends_on"], &row["end_reason"]),
        (&json!("2026-02-14"), &json!("contract_ends"))
    );
    let revoke = format!("/v1/cancellations/{}/revoke", id(&cancelled));
    customer.post(&revoke, json!({})).await.expect(200);
    let row = customer.get(&booking).await.expect(200);
    assert_eq!((&row["ends_on"], &row["end_reason"]), (&Value::Null, &Value::Null));
    // One that was cancelled before keeps its own end through all of it.
    let own = customer
        .post(&format!("{booking}/cancellations"), json!({ "confirm": true }))
        .await
        .expect(201);
    assert_eq!(own["ends_on"], "2026-02-14");
    let cancelled = customer
        .post(&format!("{contract}/cancellations"), json!({}))
        .await
        .expect(201);
    customer
        .post(&format!("/v1/cancellations/{}/revoke", id(&cancelled)), json!({}))
        .await
        .expect(200);
    let row = customer.get(&booking).await.expect(200);
    assert_eq!(
        (&row["ends_on"], &row["end_reason"]),
        (&json!("2026-02-14"), &json!("cancelled"))
    );
    customer
        .post(&format!("{contract}/cancellations"), json!({}))
        .await
        .expect(201);
    app.advance(CRM, &clock, "2026-02-15T09:00:00Z").await;
    assert_eq!(customer.get(&booking).await.expect(200)["status"], "ended");
    let again = json!({ "add_on": "extra_users" });
    customer
        .post(&format!("{contract}/add-ons"), again)
        .await
        .expect_problem(409, "subscription_ended");
}

async fn a_plan_without_the_add_on_ends_the_booking(app: TestApp<'_>) {
    let clock = app.test_clock(CRM, "2026-01-15T09:00:00Z").await;
    let (customer, contract, booking) = booked(&app, &clock, "crm_monthly", "extra_users").await;
    let change = json!({ "plan": "crm_basic", "consents": consents(&["terms", "dpa", "withdrawal_instruction"]) });
    let preview = customer
        .post(&format!("{contract}/plan-changes/preview"), change.clone())
        .await
        .expect(200);
    let codes: Vec<&Value> = preview["consequences"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|note| &note["code"])
        .collect();
    assert!(codes.contains(&&json!("add_on_not_allowed_for_new_plan")), "{codes:?}");
    let change = customer
        .post(&format!("{contract}/plan-changes"), change)
        .await
        .expect(201);
    let row = customer.get(&booking).await.expect(200);
    assert_eq!(row["end_reason"], "not_allowed_for_new_plan");
    let status = change["status"].as_str().expect("a status");
    if status == "scheduled" {
        customer
            .post(&format!("/v1/plan-changes/{}/revoke", id(&change)), json!({}))
            .await
            .expect(200);
        assert_eq!(customer.get(&booking).await.expect(200)["ends_on"], Value::Null);
    } else {
        assert_eq!(row["status"], "ended");
    }
}

async fn the_audit_of_the_largest_package_costs_nothing_and_is_performed(app: TestApp<'_>) {
    let (_, customer) = app.customer("textschirm", "business").await;
    let order = json!({ "plan": "unlimited", "consents": consents(&["terms", "dpa"]) });
    let preview = customer
        .post("/v1/subscriptions/preview", order.clone())
        .await
        .expect(200);
    assert_eq!(preview["consequences"][0]["code"], "service_included");
    let contract = customer.post("/v1/subscriptions", order).await.expect(201);
    let at = format!("/v1/subscriptions/{}/add-ons", id(&contract));
    let audit = &customer.get(&at).await.expect(200)["data"][0];
    assert_eq!(
        (&audit["add_on"]["key"], &audit["included"]),
        (&json!("shop_audit"), &json!(true))
    );
    let charged = customer.get("/v1/charges").await.expect(200);
    assert!(
        charged["data"]
            .as_array()
            .expect("a list")
            .iter()
            .all(|charge| charge["add_on_booking_id"].is_null())
    );
    let perform = format!("{at}/{}/perform", id(audit));
    customer
        .post(&perform, json!({}))
        .await
        .expect_problem(403, "insufficient_scope");
    let performed = app.staff("textschirm").post(&perform, json!({})).await.expect(200);
    assert_eq!(performed["end_reason"], "performed");
}

/// §§ 320, 326 BGB: what was paid for and not performed does not lapse with the contract.
async fn a_service_ordered_once_stays_owed_after_the_contract(app: TestApp<'_>) {
    const PROVIDER: &str = "hafenrechner";
    let clock = app.test_clock(PROVIDER, "2026-01-10T09:00:00Z").await;
    let (_, customer) = app.customer_with(PROVIDER, json!({ "test_clock_id": clock })).await;
    let order = json!({ "plan": "hosting_m", "consents": consents(&["terms", "dpa"]) });
    let contract = customer.post("/v1/subscriptions", order).await.expect(201);
    let at = format!("/v1/subscriptions/{}", id(&contract));
    let order = json!({ "add_on": "migration", "consents": consents(&["terms"]) });
    let booked = customer.post(&format!("{at}/add-ons"), order).await.expect(201);
    let booking = format!("{at}/add-ons/{}", id(&booked));
    let preview = customer
        .post(&format!("{at}/cancellations/preview"), json!({}))
        .await
        .expect(200);
    let told = preview["consequences"].as_array().expect("a list");
    let codes: Vec<&Value> = told.iter().map(|consequence| &consequence["code"]).collect();
    assert_eq!(codes, ["service_stays_owed"], "{preview}");
    let ended = customer
        .post(&format!("{at}/cancellations"), json!({}))
        .await
        .expect(201);
    let end = ended["ends_on"].as_str().expect("a day");
    let after = time::Date::parse(end, &time::format_description::well_known::Iso8601::DATE).expect("a day");
    let after = after + time::Duration::days(5);
    app.advance(PROVIDER, &clock, &format!("{after}T09:00:00Z")).await;
    let over = customer.get(&booking).await.expect(200);
    assert_eq!(
        (&over["status"], &over["performed_on"]),
        (&json!("ended"), &Value::Null)
    );
    let perform = format!("{booking}/perform");
    let performed = app.staff(PROVIDER).post(&perform, json!({})).await.expect(200);
    assert_eq!(performed["performed_on"], json!(after.to_string()));
    assert_eq!(
        (&performed["ends_on"], &performed["end_reason"]),
        (&json!(end), &json!("contract_ends"))
    );
    app.advance(
        PROVIDER,
        &clock,
        &format!("{}T09:00:00Z", after + time::Duration::days(1)),
    )
    .await;
    app.staff(PROVIDER)
        .post(&perform, json!({}))
        .await
        .expect_problem(409, "subscription_ended");
}

/// Seed 003: whatever the plan's term; prorated at first, then billed together with a monthly plan; no pause; an express yes
/// to cancel; booked again afterwards.
async fn monthly_support_is_independent_of_the_plan(app: TestApp<'_>) {
    const PROVIDER: &str = "rundbriefwerk";
    let clock = app.test_clock(PROVIDER, "2026-01-10T09:00:00Z").await;
    for (plan, through) in [("newsletter_s", "2026-02-09"), ("newsletter_m_yearly", "2026-02-19")] {
        let (_, customer) = app.customer_with(PROVIDER, json!({ "test_clock_id": clock })).await;
        let order = json!({ "plan": plan, "starts_on": "2026-01-20", "consents": consents(&["terms", "dpa"]) });
        let order = if plan == "newsletter_s" {
            json!({ "plan": plan, "consents": consents(&["terms", "dpa"]) })
        } else {
            order
        };
        let contract = customer.post("/v1/subscriptions", order).await.expect(201);
        if plan == "newsletter_s" {
            app.advance(PROVIDER, &clock, "2026-01-20T09:00:00Z").await;
        }
        let at = format!("/v1/subscriptions/{}/add-ons", id(&contract));
        let order = json!({ "add_on": "premium_support", "consents": consents(&["terms"]) });
        let booked = customer.post(&at, order.clone()).await.expect(201);
        assert_eq!(booked["billed_through_on"], through, "{plan}");
        let booking = format!("{at}/{}", id(&booked));
        let pause = customer
            .post(&format!("{booking}/pause"), json!({}))
            .await
            .expect_problem(409, "pause_not_offered");
        assert_eq!(pause["rebook"], at);
        customer
            .post(&at, order.clone())
            .await
            .expect_problem(409, "add_on_limit_reached");
        let yes = json!({ "confirm": true });
        let ended = customer
            .post(&format!("{booking}/cancellations"), yes)
            .await
            .expect(201);
        assert_eq!(ended["ends_on"], through, "{plan}");
    }
    app.advance(PROVIDER, &clock, "2026-02-20T09:00:00Z").await;
}

/// What the provider's systems and its support desk ask: limits summed, the service number only for those entitled, and by
/// when a request is answered (seed 003: Friday 11:00 → Monday 11:00).
async fn entitlements_are_summed_and_told_to_those_entitled(app: TestApp<'_>) {
    let clock = app.test_clock(CRM, "2026-01-15T09:00:00Z").await;
    let (customer, contract, _) = booked(&app, &clock, "crm_monthly", "extra_users").await;
    let agreed = consents(&["terms", "dpa", "withdrawal_instruction"]);
    let packs = json!({ "add_on": "extra_storage", "quantity": 3, "consents": agreed });
    customer.post(&format!("{contract}/add-ons"), packs).await.expect(201);
    let customer_id = customer.get("/v1/me").await.expect(200)["customer"]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let found = customer
        .get(&format!("/v1/customers/{customer_id}/entitlements"))
        .await
        .expect(200);
    let limit = |key: &str| {
        let limits = found["limits"].as_array().expect("a list");
        limits.iter().find(|limit| limit["key"] == key).expect("the limit")["maximum"].clone()
    };
    assert_eq!((limit("users"), limit("storage_gb")), (json!(5), json!(40)));

    const PROVIDER: &str = "rundbriefwerk";
    let (customer_id, customer) = app.customer(PROVIDER, "business").await;
    let order = json!({ "plan": "newsletter_s", "consents": consents(&["terms", "dpa"]) });
    let contract = customer.post("/v1/subscriptions", order).await.expect(201);
    let order = json!({ "add_on": "premium_support", "consents": consents(&["terms"]) });
    customer
        .post(&format!("/v1/subscriptions/{}/add-ons", id(&contract)), order)
        .await
        .expect(201);
    let asked = format!("/v1/customers/{customer_id}/entitlements?requested_at=2026-01-09T10:00:00Z");
    let found = customer.get(&asked).await.expect(200);
    let support = &found["add_ons"][0];
    assert_eq!(
        (&support["entitled"], &support["details"][0]["key"]),
        (&json!(true), &json!("service_number"))
    );
    assert_eq!(support["support"]["respond_by"], "2026-01-12T10:00:00.000Z");
    let number = found["customer_number"].as_str().expect("a number");
    let desk = app
        .staff(PROVIDER)
        .get(&format!("/v1/entitlements?customer_number={number}"))
        .await
        .expect(200);
    assert_eq!(desk["add_ons"][0]["key"], "premium_support");
    app.staff(CRM)
        .get(&format!("/v1/entitlements?customer_number={number}"))
        .await
        .expect_problem(404, "not_found");
}

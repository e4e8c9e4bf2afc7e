//! Withdrawing from an upgrade that took in a contract with an add-on: everything is as it was, nobody is paid what was never paid,
//! and no correction asks for money.

use serde_json::{Value, json};

use crate::helpers::http::Caller;
use crate::helpers::{TestApp, over_http};
use crate::invoices::settling::pay;
use crate::invoices::story::{conclude, list, on_clock};
use crate::scenarios::story::{consents, minor};

over_http!(
    unpaid_nothing_is_refunded_however_it_is_undone,
    paid_the_refund_is_what_was_too_much,
    on_the_same_day_it_is_as_if_nothing_had_been,
    what_is_dropped_is_told_as_it_is_in_the_end
);

const CRM: &str = "kontaktkiste";

fn ordered(mut order: Value) -> Value {
    order["consents"] = consents(&["terms", "dpa", "withdrawal_instruction"]);
    order["order_button_text"] = json!("zahlungspflichtig bestellen");
    order
}

/// A contract with ten more users, and another one that takes it in on `day`; the customer with the other one and the change.
async fn taken_in(app: &TestApp<'_>, day: &str) -> (Caller, String, [String; 3]) {
    let members = json!({ "customer_type": "consumer" });
    let (clock, customer_id, customer) = on_clock(app, CRM, "2026-03-01T09:00:00Z", members).await;
    let small = conclude(&customer, "crm_monthly").await;
    let users = ordered(json!({ "add_on": "extra_users", "quantity": 10 }));
    let path = format!("/v1/subscriptions/{small}/add-ons");
    customer.post(&path, users).await.expect(201);
    let large = conclude(&customer, "crm_monthly").await;
    app.advance(CRM, &clock, day).await;
    let change = ordered(json!({ "plan": "crm_yearly", "absorb_subscription_ids": [small] }));
    let path = format!("/v1/subscriptions/{large}/plan-changes");
    let change = customer.post(&path, change).await.expect(201);
    let change = change["id"].as_str().expect("an id").to_owned();
    (customer, customer_id, [small, large, change])
}

/// Withdraws as foretold; answers the refund.
async fn withdraw(customer: &Caller, contract: &str, body: Value) -> i64 {
    let path = format!("/v1/subscriptions/{contract}/withdrawals");
    let preview = customer
        .post(&format!("{path}/preview"), body.clone())
        .await
        .expect(200);
    let withdrawal = customer.post(&path, body).await.expect(201);
    let of = |name: &str| minor(&withdrawal["amounts"][name]["gross"]);
    let difference = of("charged") - of("dropped") - of("credited");
    assert_eq!(minor(&preview["due_now"]["gross"]), difference, "{withdrawal:#?}");
    minor(&withdrawal["refund"]["amount"])
}

async fn no_correction_asks_for_money(staff: &Caller, customer_id: &str) {
    let notes = list(staff, &format!("/v1/credit-notes?customer_id={customer_id}")).await;
    assert!(
        notes.iter().all(|note| minor(&note["totals"]["gross"]) <= 0),
        "{notes:#?}"
    );
    for invoice in list(staff, &format!("/v1/invoices?customer_id={customer_id}")).await {
        let open = minor(&invoice["amount_open"]);
        let gross = minor(&invoice["totals"]["gross"]);
        assert!((0..=gross).contains(&open), "{invoice:#?}");
        assert_eq!(invoice["status"] == "open", open > 0, "{invoice:#?}");
    }
}

async fn unpaid_nothing_is_refunded_however_it_is_undone(app: TestApp<'_>) {
    let (customer, id, [small, large, change]) = taken_in(&app, "2026-03-02T09:00:00Z").await;
    let undone = [
        withdraw(&customer, &large, json!({ "plan_change_id": change })).await,
        withdraw(&customer, &large, json!({})).await,
        withdraw(&customer, &small, json!({})).await,
    ];
    assert_eq!(undone, [0; 3], "nothing was paid");
    let staff = app.staff(CRM);
    no_correction_asks_for_money(&staff, &id).await;
    let open = list(&staff, &format!("/v1/invoices?customer_id={id}")).await;
    assert!(
        open.iter().all(|invoice| minor(&invoice["amount_open"]) == 0),
        "{open:#?}"
    );
}

async fn paid_the_refund_is_what_was_too_much(app: TestApp<'_>) {
    let (customer, id, [_, large, change]) = taken_in(&app, "2026-03-02T09:00:00Z").await;
    let staff = app.staff(CRM);
    let invoices = list(&staff, &format!("/v1/invoices?customer_id={id}")).await;
    let open = |invoice: &Value| minor(&invoice["amount_open"]);
    pay(&staff, &id, invoices.iter().map(open).sum()).await;
    // The invoice of the change: all of it was too much.
    let refund = withdraw(&customer, &large, json!({ "plan_change_id": change })).await;
    assert_eq!(refund, minor(&invoices[0]["totals"]["gross"]));
    no_correction_asks_for_money(&staff, &id).await;
    assert_eq!(list(&customer, "/v1/charges?status=draft").await, Vec::<Value>::new());
}

async fn on_the_same_day_it_is_as_if_nothing_had_been(app: TestApp<'_>) {
    let (customer, id, [small, large, change]) = taken_in(&app, "2026-03-01T09:00:00Z").await;
    withdraw(&customer, &large, json!({ "plan_change_id": change })).await;
    no_correction_asks_for_money(&app.staff(CRM), &id).await;
    let add_ons = list(&customer, &format!("/v1/subscriptions/{small}/add-ons")).await;
    assert_eq!(
        (&add_ons[0]["status"], &add_ons[0]["billed_through_on"]),
        (&json!("active"), &json!("2026-03-31"))
    );
}

async fn what_is_dropped_is_told_as_it_is_in_the_end(app: TestApp<'_>) {
    let members = json!({ "customer_type": "consumer" });
    let (clock, id, customer) = on_clock(&app, CRM, "2026-03-01T09:00:00Z", members).await;
    let contract = conclude(&customer, "crm_basic").await;
    let path = format!("/v1/subscriptions/{contract}/plan-changes");
    let up = customer
        .post(&path, ordered(json!({ "plan": "crm_monthly" })))
        .await
        .expect(201);
    app.advance(CRM, &clock, "2026-03-03T09:00:00Z").await;
    let down = customer
        .post(&path, ordered(json!({ "plan": "crm_basic" })))
        .await
        .expect(201);
    assert_eq!(down["status"], "scheduled", "{down:#?}");
    withdraw(&customer, &contract, json!({ "plan_change_id": up["id"] })).await;
    let events = format!("/v1/events?customer_id={id}&type=plan_change.superseded");
    let told = list(&app.staff(CRM), &events).await;
    let told = &told[0]["data"]["subscription"];
    assert_eq!(told["phases"][0]["plan"], "crm_basic", "{told:#?}");
    assert_eq!(told["phases"].as_array().map(Vec::len), Some(1));
}

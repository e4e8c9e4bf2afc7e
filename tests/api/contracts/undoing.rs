//! Withdrawing from a part: only what goes is paid back, and the preview tells everything that goes with it.

use serde_json::{Value, json};
use vertragswerk::db::DbConnection;
use vertragswerk::demo::CATALOGUES;
use vertragswerk::error::AppError;
use vertragswerk::services::{catalogue::import, providers};

use crate::helpers::demo::START;
use crate::helpers::http::Caller;
use crate::helpers::{TestApp, over_http};
use crate::invoices::settling::{correction, pay};
use crate::invoices::story::{conclude, list, on_clock};
use crate::scenarios::story::{consents, minor};

over_http!(
    one_of_ten_units_is_paid_back_and_nine_stay_invoiced,
    a_withdrawn_upgrade_tells_what_falls_with_it,
    contracts_taken_in_are_told_to_go_on
);

const CRM: &str = "kontaktkiste";
const TEXTS: &str = "textschirm";

fn ordered(mut order: Value) -> Value {
    order["consents"] = consents(&["terms", "dpa", "withdrawal_instruction"]);
    order["order_button_text"] = json!("zahlungspflichtig bestellen");
    order
}

fn codes(sentences: &Value) -> Vec<&str> {
    let sentences = sentences.as_array().expect("a list").iter();
    sentences.filter_map(|sentence| sentence["code"].as_str()).collect()
}

async fn changed(customer: &Caller, contract: &str, change: Value) -> Value {
    let path = format!("/v1/subscriptions/{contract}/plan-changes");
    customer.post(&path, ordered(change)).await.expect(201)
}

/// What a withdrawal charges less what it takes back.
fn difference(withdrawal: &Value) -> i64 {
    let of = |name: &str| minor(&withdrawal["amounts"][name]["gross"]);
    of("charged") - of("dropped") - of("credited")
}

async fn one_of_ten_units_is_paid_back_and_nine_stay_invoiced(app: TestApp<'_>) {
    let members = json!({ "customer_type": "consumer" });
    let (clock, customer_id, customer) = on_clock(&app, CRM, "2026-03-18T09:00:00Z", members).await;
    let contract = conclude(&customer, "crm_monthly").await;
    app.advance(CRM, &clock, "2026-04-15T09:00:00Z").await;
    let path = format!("/v1/subscriptions/{contract}/add-ons");
    let order = ordered(json!({ "add_on": "extra_users", "quantity": 10 }));
    let booking = customer.post(&path, order).await.expect(201);
    let path = format!("{path}/{}/withdrawals", booking["id"].as_str().expect("an id"));
    app.advance(CRM, &clock, "2026-04-20T09:00:00Z").await;
    let staff = app.staff(CRM);
    let of_customer = format!("/v1/invoices?customer_id={customer_id}");
    let open: i64 = list(&staff, &of_customer)
        .await
        .iter()
        .map(|one| minor(&one["amount_open"]))
        .sum();
    pay(&staff, &customer_id, open).await;

    let one = json!({ "quantity": 1 });
    let preview = customer.post(&format!("{path}/preview"), one.clone()).await.expect(200);
    let withdrawal = customer.post(&path, one).await.expect(201);
    let refund = minor(&withdrawal["refund"]["amount"]);
    assert_eq!(refund, 647, "{withdrawal:#?}");
    assert_eq!(minor(&preview["due_now"]["gross"]), -refund);
    assert_eq!(minor(&preview["next_invoice"]["gross"]), -refund);
    assert_eq!(difference(&withdrawal), -refund);
    let note = correction(&staff, &customer_id).await;
    assert_eq!(
        (minor(&note["totals"]["gross"]), minor(&note["refund"])),
        (-refund, refund)
    );
    let invoices = list(&staff, &of_customer).await;
    assert_eq!(
        (&invoices[0]["status"], minor(&invoices[0]["amount_credited"])),
        (&json!("paid"), refund)
    );
    let drafts = list(&customer, "/v1/charges?status=draft").await;
    assert_eq!(drafts, Vec::<Value>::new(), "nothing is billed again");
    // Next month nine of them are billed.
    app.advance(CRM, &clock, "2026-05-18T09:00:00Z").await;
    let next = list(&staff, &of_customer).await.remove(0);
    let units: Vec<&Value> = next["lines"]
        .as_array()
        .expect("lines")
        .iter()
        .map(|line| &line["quantity"])
        .collect();
    assert!(units.contains(&&json!(9)), "{next:#?}");
}

async fn a_withdrawn_upgrade_tells_what_falls_with_it(app: TestApp<'_>) {
    let members = json!({ "customer_type": "consumer" });
    let (_, _, customer) = on_clock(&app, CRM, "2026-03-18T09:00:00Z", members).await;
    let contract = conclude(&customer, "crm_basic").await;
    let first = changed(&customer, &contract, json!({ "plan": "crm_monthly" })).await;
    changed(&customer, &contract, json!({ "plan": "crm_yearly" })).await;
    let path = format!("/v1/subscriptions/{contract}/withdrawals");
    let body = json!({ "plan_change_id": first["id"] });
    let preview = customer
        .post(&format!("{path}/preview"), body.clone())
        .await
        .expect(200);
    assert_eq!(codes(&preview["consequences"]), ["later_change_withdrawn_too"]);
    let withdrawal = customer.post(&path, body).await.expect(201);
    assert_eq!(
        withdrawal["withdrawn_plan_change_ids"].as_array().map(Vec::len),
        Some(2)
    );
    assert_eq!(minor(&preview["due_now"]["gross"]), difference(&withdrawal));
}

/// The provider grants businesses the right to withdraw from all of its plans.
fn grant_businesses(app: &TestApp<'_>) {
    let of_texts = CATALOGUES
        .iter()
        .filter_map(|(_, text)| serde_json::from_str::<Value>(text).ok());
    let mut catalogue = of_texts
        .into_iter()
        .find(|one| one["provider"]["slug"] == TEXTS)
        .expect("a catalogue");
    for plan in catalogue["plans"].as_array_mut().expect("plans") {
        plan["withdrawal"] = json!({ "compensation": "none", "granted_to_business": true });
    }
    let publish = |connection: &mut DbConnection| {
        let provider = providers::find_by_slug(connection, TEXTS)?;
        import(connection, &provider.id, TEXTS, &catalogue.to_string(), START)?;
        Ok::<_, AppError>(())
    };
    app.state.db.write(publish).expect("a published catalogue");
}

async fn contracts_taken_in_are_told_to_go_on(app: TestApp<'_>) {
    grant_businesses(&app);
    let (clock, customer_id, customer) = on_clock(&app, TEXTS, "2026-03-01T10:00:00Z", json!({})).await;
    let own = conclude(&customer, "single").await;
    let other = conclude(&customer, "single").await;
    app.advance(TEXTS, &clock, "2026-03-16T10:00:00Z").await;
    let path = format!("/v1/subscriptions/{own}/plan-changes");
    let change = json!({
        "plan": "premium", "absorb_subscription_ids": [other], "consents": consents(&["terms", "dpa"]),
    });
    let change = customer.post(&path, change).await.expect(201);
    let path = format!("/v1/subscriptions/{own}/slots");
    for name in ["Laden", "Blog"] {
        let presence = json!({ "kind": "presence", "target": "blog", "name": name });
        customer.post(&path, presence).await.expect(201);
    }
    app.advance(TEXTS, &clock, "2026-03-20T10:00:00Z").await;
    let path = format!("/v1/subscriptions/{own}/withdrawals");
    let body = json!({ "plan_change_id": change["id"] });
    let preview = customer
        .post(&format!("{path}/preview"), body.clone())
        .await
        .expect(200);
    // One slot is left: the younger presence has none.
    assert_eq!(codes(&preview["consequences"]), ["goes_on_again", "slot_released"]);
    let text = &preview["consequences"][1]["text"];
    assert!(text.as_str().is_some_and(|text| text.contains("„Blog“")), "{text}");
    let concerned: Vec<&Value> = preview["lines"]
        .as_array()
        .expect("lines")
        .iter()
        .map(|line| &line["subscription_id"])
        .collect();
    assert!(
        concerned.contains(&&json!(own)) && concerned.contains(&&json!(other)),
        "{concerned:?}"
    );
    let withdrawal = customer.post(&path, body).await.expect(201);
    assert_eq!(minor(&preview["due_now"]["gross"]), difference(&withdrawal));
    assert_eq!(withdrawal["restored_ids"], json!([other]));

    let staff = app.staff(TEXTS);
    let events = format!("/v1/events?customer_id={customer_id}&type=subscription.restored");
    let told = list(&staff, &events).await;
    assert_eq!(told.len(), 1);
    let snapshot = &told[0]["data"]["subscription"];
    assert_eq!((&snapshot["id"], &snapshot["ends_on"]), (&json!(other), &Value::Null));
    let timeline = list(&customer, &format!("/v1/subscriptions/{other}/timeline")).await;
    let sentence = "Der Vertrag läuft weiter: was ihn beendet hatte, wurde widerrufen.";
    assert!(timeline.iter().any(|entry| entry["text"] == sentence), "{timeline:#?}");
    // It ends once more: told twice, and rightly.
    let path = format!("/v1/subscriptions/{other}/cancellations");
    let cancelled = customer.post(&path, json!({})).await.expect(201);
    assert_eq!(cancelled["treated_as"], "cancellation");
    app.advance(TEXTS, &clock, "2026-07-01T10:00:00Z").await;
    let contract = customer.get(&format!("/v1/subscriptions/{other}")).await.expect(200);
    assert_eq!(contract["status"], "ended");
}

//! Stories in which every type of event happens.

use serde_json::{Value, json};

use crate::declarations::{CANCELLATIONS, cancellation, plus_contract, text};
use crate::helpers::TestApp;
use crate::helpers::http::Caller;
use crate::scenarios::story::consents;

/// Whose events happen.
pub const PROVIDERS: [&str; 4] = ["sprechfenster", "kontaktkiste", "textschirm", "rundbriefwerk"];

/// Tells all of them.
pub async fn tell(app: &TestApp<'_>) {
    plans_come_and_go(app).await;
    declarations_are_decided(app).await;
    add_ons_come_and_go(app).await;
    a_consumer_withdraws(app).await;
    an_upgrade_is_undone(app).await;
    presences_move(app).await;
    a_cart_is_ordered(app).await;
    data_are_handed_over_and_erased(app).await;
}

fn path_of(kind: &str, object: &Value) -> String {
    format!("/v1/{kind}/{}", text(object, "id"))
}

async fn revoke(customer: &Caller, kind: &str, object: &Value) {
    let path = format!("{}/revoke", path_of(kind, object));
    customer.post(&path, json!({})).await.expect(200);
}

/// A contract is changed, cancelled, used, invoiced, paid late and ended.
async fn plans_come_and_go(app: &TestApp<'_>) {
    const PROVIDER: &str = "sprechfenster";
    let clock = app.test_clock(PROVIDER, "2021-03-15T09:00:00Z").await;
    let (customer_id, customer) = app.customer_with(PROVIDER, json!({ "test_clock_id": clock })).await;
    let staff = app.staff(PROVIDER);
    let change = json!({ "name": "Praxis Neu", "metadata": { "branch": "Nord" } });
    staff
        .patch(&format!("/v1/customers/{customer_id}"), change)
        .await
        .expect(200);
    let order = json!({ "plan": "plus", "quantity": 3, "consents": consents(&["terms", "dpa"]) });
    let contract = customer.post("/v1/subscriptions", order).await.expect(201);
    let at = path_of("subscriptions", &contract);
    let (changes, cancellations) = (format!("{at}/plan-changes"), format!("{at}/cancellations"));
    customer.post(&changes, json!({ "quantity": 5 })).await.expect(201);
    let basis = json!({ "plan": "basis", "consents": consents(&["terms"]) });
    let pending = customer.post(&changes, basis.clone()).await.expect(201);
    revoke(&customer, "plan-changes", &pending).await;
    customer.post(&changes, basis).await.expect(201);
    let cancelled = customer.post(&cancellations, json!({})).await.expect(201);
    revoke(&customer, "cancellations", &cancelled).await;
    let used = json!({ "records": [{ "subscription_id": contract["id"], "price": "sms", "quantity": 7 }] });
    staff.post("/v1/usage", used).await.expect(201);
    app.advance(PROVIDER, &clock, "2021-05-15T09:00:00Z").await;
    let paid = json!({
        "customer_id": customer_id, "amount": { "amount": "500.00", "currency": "EUR" }, "method": "Überweisung",
        "reference": "4711",
    });
    staff.post("/v1/payments", paid).await.expect(201);
    let cause = json!({ "kind": "extraordinary", "reason": "Zwei Wochen nicht erreichbar." });
    for decision in ["reject", "accept"] {
        let cancelled = customer.post(&cancellations, cause.clone()).await.expect(201);
        let path = format!("{}/{decision}", path_of("cancellations", &cancelled));
        staff.post(&path, json!({})).await.expect(200);
        if decision == "reject" {
            revoke(&customer, "cancellations", &cancelled).await;
        }
    }
    app.advance(PROVIDER, &clock, "2021-08-01T09:00:00Z").await;
}

/// One declaration is matched and executed, another one rejected.
async fn declarations_are_decided(app: &TestApp<'_>) {
    let staff = app.staff("sprechfenster");
    for step in ["execute", "reject"] {
        let (_, _, contract) = plus_contract(app).await;
        let unclear = cancellation(&format!("Nr. {}, danke", text(&contract, "contract_number")));
        app.anonymous.post(CANCELLATIONS, unclear).await.expect(201);
        let waiting = staff.get("/v1/declarations?status=received").await.expect(200);
        let path = path_of("declarations", &waiting["data"][0]);
        let found = json!({ "subscription_id": contract["id"] });
        staff.post(&format!("{path}/match"), found).await.expect(200);
        let decision = match step {
            "reject" => json!({ "reason": "Der Vertrag endet schon." }),
            _ => json!({}),
        };
        staff.post(&format!("{path}/{step}"), decision).await.expect(200);
    }
}

/// An add-on is booked, changed, cancelled and ended; its contract's end moves its own.
async fn add_ons_come_and_go(app: &TestApp<'_>) {
    const PROVIDER: &str = "kontaktkiste";
    let clock = app.test_clock(PROVIDER, "2026-01-15T09:00:00Z").await;
    let (_, customer) = app.customer_with(PROVIDER, json!({ "test_clock_id": clock })).await;
    let (contract, booking) = with_extra_users(&customer).await;
    // The withdrawal period is over: what is cancelled now is cancelled.
    app.advance(PROVIDER, &clock, "2026-02-10T09:00:00Z").await;
    let (changes, cancellations) = (
        format!("{booking}/quantity-changes"),
        format!("{booking}/cancellations"),
    );
    customer.post(&changes, json!({ "quantity": 5 })).await.expect(201);
    let fewer = customer.post(&changes, json!({ "quantity": 3 })).await.expect(201);
    revoke(&customer, "plan-changes", &fewer).await;
    customer.post(&changes, json!({ "quantity": 3 })).await.expect(201);
    let yes = json!({ "confirm": true });
    let cancelled = customer.post(&cancellations, yes.clone()).await.expect(201);
    revoke(&customer, "cancellations", &cancelled).await;
    let whole = customer
        .post(&format!("{contract}/cancellations"), json!({}))
        .await
        .expect(201);
    revoke(&customer, "cancellations", &whole).await;
    customer.post(&cancellations, yes).await.expect(201);
    app.advance(PROVIDER, &clock, "2026-03-20T09:00:00Z").await;
}

/// A monthly contract with two extra users: both paths.
async fn with_extra_users(customer: &Caller) -> (String, String) {
    let agreed = json!(consents(&["terms", "dpa", "withdrawal_instruction"]));
    let order = |name: &str, key: &str, quantity: u32| {
        json!({
            name: key, "quantity": quantity, "consents": agreed, "order_button_text": "zahlungspflichtig bestellen",
        })
    };
    let contract = customer
        .post("/v1/subscriptions", order("plan", "crm_monthly", 1))
        .await
        .expect(201);
    let at = path_of("subscriptions", &contract);
    let booking = customer
        .post(&format!("{at}/add-ons"), order("add_on", "extra_users", 2))
        .await
        .expect(201);
    let booking = format!("{at}/add-ons/{}", text(&booking, "id"));
    (at, booking)
}

/// A consumer cancels and then withdraws after all: some units, the add-on, the contract.
async fn a_consumer_withdraws(app: &TestApp<'_>) {
    const PROVIDER: &str = "kontaktkiste";
    let clock = app.test_clock(PROVIDER, "2026-03-02T09:00:00Z").await;
    let members = json!({ "test_clock_id": clock, "customer_type": "consumer" });
    let (customer_id, customer) = app.customer_with(PROVIDER, members).await;
    let (contract, booking) = with_extra_users(&customer).await;
    let paid = json!({ "customer_id": customer_id, "amount": { "amount": "19.90", "currency": "EUR" } });
    app.staff(PROVIDER).post("/v1/payments", paid).await.expect(201);
    let more = customer
        .post(
            &format!("{booking}/quantity-changes"),
            json!({ "quantity": 4, "order_button_text": "zahlungspflichtig bestellen" }),
        )
        .await
        .expect(201);
    let withdrawals = format!("{booking}/withdrawals");
    let named = json!({ "plan_change_id": more["id"], "reason": "Zu viele." });
    customer.post(&withdrawals, named).await.expect(201);
    let stay = json!({ "as": "cancellation" });
    let stay_and_yes = json!({ "as": "cancellation", "confirm": true });
    for (item, stay) in [(&booking, stay_and_yes), (&contract, stay)] {
        customer.post(&format!("{item}/cancellations"), stay).await.expect(201);
        customer
            .post(&format!("{item}/withdrawals"), json!({}))
            .await
            .expect(201);
    }
}

/// A consumer withdraws from an upgrade that had taken in another contract with an add-on on it: both go on.
async fn an_upgrade_is_undone(app: &TestApp<'_>) {
    let (_, customer) = app.customer("kontaktkiste", "consumer").await;
    let ordered = |mut order: Value| {
        order["consents"] = json!(consents(&["terms", "dpa", "withdrawal_instruction"]));
        order["order_button_text"] = json!("zahlungspflichtig bestellen");
        order
    };
    let mut contracts = Vec::new();
    for _ in 0..2 {
        let order = ordered(json!({ "plan": "crm_basic" }));
        contracts.push(customer.post("/v1/subscriptions", order).await.expect(201));
    }
    let other = path_of("subscriptions", &contracts[1]);
    let order = ordered(json!({ "add_on": "extra_storage", "quantity": 1 }));
    customer.post(&format!("{other}/add-ons"), order).await.expect(201);
    let own = path_of("subscriptions", &contracts[0]);
    let taken = [text(&contracts[1], "id")];
    let order = ordered(json!({ "plan": "crm_monthly", "absorb_subscription_ids": taken }));
    let change = customer.post(&format!("{own}/plan-changes"), order).await.expect(201);
    let undone = json!({ "plan_change_id": change["id"] });
    customer.post(&format!("{own}/withdrawals"), undone).await.expect(201);
}

/// Presences are put into a package, taken along and released; the largest package brings a service that is performed.
async fn presences_move(app: &TestApp<'_>) {
    let (_, customer) = app.customer("textschirm", "business").await;
    let mut contracts = Vec::new();
    for (target, name) in [("shop_hosted", "Mein Laden"), ("blog", "Mein Blog")] {
        let order = json!({
            "kind": "presence", "target": target, "name": name, "url": "https://praesenz.example.com",
            "consents": consents(&["terms", "dpa"]),
        });
        contracts.push(customer.post("/v1/slots", order).await.expect(201));
    }
    let at = format!("/v1/subscriptions/{}", text(&contracts[0], "subscription_id"));
    let taken = [text(&contracts[1], "subscription_id")];
    let order = json!({ "plan": "premium", "absorb_subscription_ids": taken, "consents": consents(&["terms"]) });
    customer.post(&format!("{at}/plan-changes"), order).await.expect(201);
    let slot = format!("{at}/slots/{}", text(&contracts[1], "id"));
    customer.delete(&slot).await.expect(200);

    let order = json!({ "plan": "unlimited", "consents": consents(&["terms", "dpa"]) });
    let contract = customer.post("/v1/subscriptions", order).await.expect(201);
    let at = format!("{}/add-ons", path_of("subscriptions", &contract));
    let audit = &customer.get(&at).await.expect(200)["data"][0];
    let perform = format!("{at}/{}/perform", text(audit, "id"));
    app.staff("textschirm").post(&perform, json!({})).await.expect(200);
}

async fn a_cart_is_ordered(app: &TestApp<'_>) {
    let (_, customer) = app.customer("rundbriefwerk", "business").await;
    let order = json!({
        "items": [
            { "type": "subscription", "plan": "newsletter_s" },
            { "type": "add_on", "item": 0, "add_on": "premium_support" },
        ],
        "consents": consents(&["terms", "dpa"]),
    });
    customer.post("/v1/orders", order).await.expect(201);
}

/// A customer takes the data along and leaves; the provider follows in its own systems.
async fn data_are_handed_over_and_erased(app: &TestApp<'_>) {
    const PROVIDER: &str = "sprechfenster";
    let clock = app.test_clock(PROVIDER, "2021-03-15T09:00:00Z").await;
    let (customer_id, customer) = app.customer_with(PROVIDER, json!({ "test_clock_id": clock })).await;
    let staff = app.staff(PROVIDER);
    let order = json!({ "plan": "plus", "consents": consents(&["terms", "dpa"]) });
    let contract = customer.post("/v1/subscriptions", order).await.expect(201);
    let path = format!("{}/cancellations", path_of("subscriptions", &contract));
    customer.post(&path, json!({ "delete_data": true })).await.expect(201);
    let at = format!("/v1/customers/{customer_id}");
    staff.post_empty(&format!("{at}/exports")).await.expect(200);
    app.advance(PROVIDER, &clock, "2021-07-01T09:00:00Z").await;
    let kept = staff.get(&format!("{at}/data-retention")).await.expect(200);
    let path = format!("{}/acknowledge", path_of("erasures", &kept["erasures"][0]));
    staff
        .post(&path, json!({ "note": "Konten gelöscht." }))
        .await
        .expect(200);
}

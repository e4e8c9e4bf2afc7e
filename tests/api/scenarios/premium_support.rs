//! Seed 003: premium support. Booked through the cart, prorated at first and then billed with the monthly plan; told only to those
//! who have paid; answered within 24 hours on working days; no pause, but cancelled with an express yes at any time, used to the
//! end of its month, and booked again.

use serde_json::{Value, json};

use super::story::{Transcript, consents, on_both};
use crate::helpers::TestApp;
use crate::helpers::http::Caller;

const PROVIDER: &str = "rundbriefwerk";

#[test]
fn support_is_booked_used_cancelled_and_booked_again() {
    on_both(tell);
}

/// The customer of the story.
struct Reader {
    id: String,
    caller: Caller,
    contract: String,
    clock: String,
}

impl Reader {
    async fn entitlements(&self, requested_at: &str) -> Value {
        let path = format!("/v1/customers/{}/entitlements?requested_at={requested_at}", self.id);
        self.caller.get(&path).await.expect(200)
    }

    async fn invoices(&self) -> Vec<Value> {
        let invoices = self.caller.get("/v1/invoices").await.expect(200);
        invoices["data"].as_array().expect("a list").clone()
    }

    fn at(&self) -> String {
        format!("/v1/subscriptions/{}/add-ons", self.contract)
    }
}

async fn tell(app: TestApp<'static>, transcript: Transcript) {
    let clock = app.test_clock(PROVIDER, "2026-03-02T09:00:00Z").await;
    let (id, caller) = app
        .customer_with(PROVIDER, json!({ "test_clock_id": clock, "locale": "de" }))
        .await;
    let order = json!({ "plan": "newsletter_m", "consents": consents(&["terms", "dpa"]) });
    let contract = transcript.note(caller.post("/v1/subscriptions", order).await.expect(201));
    let reader = Reader {
        contract: contract["id"].as_str().expect("an id").to_owned(),
        id,
        caller,
        clock,
    };
    app.advance(PROVIDER, &reader.clock, "2026-03-12T09:00:00Z").await;
    let booking = booked_through_the_cart(&reader, &transcript).await;
    told_only_to_those_who_have_paid(&app, &reader, &transcript).await;
    answered_within_a_working_day(&reader).await;
    billed_together(&app, &reader, &transcript).await;
    neither_paused_nor_cancelled_by_accident(&reader, &booking, &transcript).await;
    used_to_the_end_of_its_month(&app, &reader, &booking, &transcript).await;
    booked_again(&reader, &transcript).await;
    independent_of_the_plan(&app, &reader.clock, &transcript).await;
}

/// Every way leads through the cart.
async fn booked_through_the_cart(reader: &Reader, transcript: &Transcript) -> String {
    let nothing = reader.entitlements("2026-03-12T10:00:00Z").await;
    assert_eq!(nothing["add_ons"], json!([]), "no service number without support");
    let path = format!("/v1/subscriptions/{}/options", reader.contract);
    let options = reader.caller.get(&path).await.expect(200);
    let offered = options["actions"].as_array().expect("a list").iter();
    let mut offered = offered.filter(|option| option["action"] == "book_add_on");
    let support = offered.next().expect("the add-on");
    assert_eq!(
        (
            &support["add_on"]["key"],
            &support["allowed"],
            &support["price"]["net"]["amount"]
        ),
        (&json!("premium_support"), &json!(true), &json!("39.00"))
    );
    let mut cart = json!({
        "items": [{ "type": "add_on", "subscription_id": reader.contract, "add_on": "premium_support" }],
        "consents": consents(&["terms"]),
    });
    let preview = transcript.note(reader.caller.post("/v1/orders/preview", cart.clone()).await.expect(200));
    // 21 of the 31 days from 2 March to 1 April.
    assert_eq!(preview["due_now"]["net"]["amount"], "26.42");
    assert_eq!(preview["lines"][0]["arithmetic"], "21/31 Tage von 39,00");
    assert_eq!(preview["order"]["monthly_total"]["net"]["amount"], "39.00");
    assert!(
        preview["texts"]
            .to_string()
            .contains("Der Betrag wird mit Ihrer Rechnung vom 02.04.2026 abgerechnet."),
        "{preview}"
    );
    cart["preview_token"] = preview["preview_token"].clone();
    let placed = transcript.note(reader.caller.post("/v1/orders", cart).await.expect(201));
    assert_eq!(placed["invoiced_on"], "2026-04-02");
    let id = placed["items"][0]["add_on_booking_id"].as_str().expect("an id");
    let booking = format!("{}/{id}", reader.at());
    let row = transcript.note(reader.caller.get(&booking).await.expect(200));
    assert_eq!(
        (
            &row["billed_through_on"],
            &row["draft"]["net"]["amount"],
            &row["draft"]["invoice_on"]
        ),
        (&json!("2026-04-01"), &json!("26.42"), &json!("2026-04-02"))
    );
    booking
}

/// "Nur aktive Accounts mit einem aktuellen Zahlungsstatus haben Anspruch": the invoice of 2 March is due on the 16th.
async fn told_only_to_those_who_have_paid(app: &TestApp<'_>, reader: &Reader, transcript: &Transcript) {
    let open = transcript.note(reader.entitlements("2026-03-12T10:00:00Z").await);
    let support = &open["add_ons"][0];
    assert_eq!(
        (&support["entitled"], &support["details"][0]["value"]),
        (&json!(true), &json!("+49 30 5550 190"))
    );
    app.advance(PROVIDER, &reader.clock, "2026-03-17T09:00:00Z").await;
    let overdue = transcript.note(reader.entitlements("2026-03-17T10:00:00Z").await);
    let refused = &overdue["add_ons"][0];
    assert_eq!(
        (
            &refused["entitled"],
            &refused["reason"],
            &refused["details"],
            &refused["support"]
        ),
        (&json!(false), &json!("payment_overdue"), &json!([]), &Value::Null)
    );
    let paid = json!({ "customer_id": reader.id, "amount": { "amount": "70.21", "currency": "EUR" } });
    app.staff(PROVIDER).post("/v1/payments", paid).await.expect(201);
    // Whoever asks gives the customer number; the support desk looks it up.
    let number = overdue["customer_number"].as_str().expect("a number");
    let desk = app
        .staff(PROVIDER)
        .get(&format!("/v1/entitlements?customer_number={number}"))
        .await
        .expect(200);
    assert_eq!(desk["add_ons"][0]["entitled"], true);
    let (_, stranger) = app.customer(PROVIDER, "business").await;
    let path = format!("/v1/customers/{}/entitlements", reader.id);
    stranger.get(&path).await.expect_problem(404, "not_found");
    stranger
        .get(&format!("/v1/entitlements?customer_number={number}"))
        .await
        .expect_problem(404, "not_found");
}

/// 24 hours that run on working days only, from the next opening on; Good Friday and Easter Monday are none.
async fn answered_within_a_working_day(reader: &Reader) {
    for (asked, answered) in [
        // Friday 11:00 → Monday 11:00.
        ("2026-03-20T10:00:00Z", "2026-03-23T10:00:00.000Z"),
        // Friday 13:00, after closing → Monday 9:00, + 24 h.
        ("2026-03-20T12:00:00Z", "2026-03-24T08:00:00.000Z"),
        // Tuesday 12:30, over lunch → 13:00, + 24 h.
        ("2026-03-24T11:30:00Z", "2026-03-25T12:00:00.000Z"),
        // Thursday before Easter 15:00 → Tuesday after it 15:00, on summer time.
        ("2026-04-02T13:00:00Z", "2026-04-07T13:00:00.000Z"),
        // Easter Sunday → Tuesday 9:00, + 24 h.
        ("2026-04-05T10:00:00Z", "2026-04-08T07:00:00.000Z"),
    ] {
        let found = reader.entitlements(asked).await;
        assert_eq!(found["add_ons"][0]["support"]["respond_by"], answered, "asked {asked}");
    }
}

/// One invoice for both from now on: the prorated rest of the first month comes with it.
async fn billed_together(app: &TestApp<'_>, reader: &Reader, transcript: &Transcript) {
    let next = transcript.note(reader.caller.post("/v1/invoices/preview", json!({})).await.expect(200));
    app.advance(PROVIDER, &reader.clock, "2026-04-02T09:00:00Z").await;
    let invoices = reader.invoices().await;
    let second = invoices[0].clone();
    transcript.note(second["lines"].clone());
    assert_eq!((invoices.len(), &second["issued_on"]), (2, &json!("2026-04-02")));
    let mut amounts: Vec<&str> = second["lines"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|line| line["amount"]["amount"].as_str().expect("an amount"))
        .collect();
    amounts.sort_unstable();
    assert_eq!(amounts, ["26.42", "39.00", "59.00"]);
    // 124.42 and 19 % of it.
    assert_eq!(second["totals"]["gross"]["amount"], "148.06");
    assert_eq!(next["documents"][0]["totals"], second["totals"]);
    let paid = json!({ "invoice_id": second["id"], "amount": { "amount": "148.06", "currency": "EUR" } });
    app.staff(PROVIDER).post("/v1/payments", paid).await.expect(201);
    app.advance(PROVIDER, &reader.clock, "2026-04-20T09:00:00Z").await;
}

async fn neither_paused_nor_cancelled_by_accident(reader: &Reader, booking: &str, transcript: &Transcript) {
    let pause = transcript.note(
        reader
            .caller
            .post(&format!("{booking}/pause"), json!({}))
            .await
            .expect_problem(409, "pause_not_offered"),
    );
    assert_eq!(
        (&pause["cancel"], &pause["rebook"]),
        (&json!(format!("{booking}/cancellations")), &json!(reader.at()))
    );
    let path = format!("{booking}/cancellations");
    for unconfirmed in [
        json!({}),
        json!({ "confirm": false }),
        json!({ "reason": "Brauche ich nicht mehr." }),
    ] {
        let refused = reader
            .caller
            .post(&path, unconfirmed)
            .await
            .expect_problem(422, "validation_failed");
        assert_eq!(refused["errors"][0]["pointer"], "/confirm");
    }
    let yes = json!({ "confirm": true, "reason": "Brauche ich gerade nicht." });
    let preview = transcript.note(
        reader
            .caller
            .post(&format!("{path}/preview"), yes.clone())
            .await
            .expect(200),
    );
    assert_eq!(preview["effective_on"], "2026-05-01");
    let cancelled = transcript.note(reader.caller.post(&path, yes).await.expect(201));
    assert_eq!(
        (&cancelled["ends_on"], &cancelled["reason"]),
        (&json!("2026-05-01"), &json!("Brauche ich gerade nicht."))
    );
    let row = reader.caller.get(booking).await.expect(200);
    assert_eq!(
        (&row["status"], &row["status_text"]),
        (&json!("active"), &json!("Kündigung zum 01.05.2026"))
    );
    let contract = reader
        .caller
        .get(&format!("/v1/subscriptions/{}", reader.contract))
        .await
        .expect(200);
    assert_eq!(contract["ends_on"], Value::Null, "the plan is not concerned");
}

async fn used_to_the_end_of_its_month(app: &TestApp<'_>, reader: &Reader, booking: &str, transcript: &Transcript) {
    app.advance(PROVIDER, &reader.clock, "2026-05-01T20:00:00Z").await;
    let last_day = reader.entitlements("2026-05-01T20:00:00Z").await;
    assert_eq!(last_day["add_ons"][0]["entitled"], true);
    app.advance(PROVIDER, &reader.clock, "2026-05-02T09:00:00Z").await;
    assert_eq!(reader.entitlements("2026-05-02T09:00:00Z").await["add_ons"], json!([]));
    let row = transcript.note(reader.caller.get(booking).await.expect(200));
    assert_eq!(
        (&row["status"], &row["status_text"], &row["billed_through_on"]),
        (&json!("ended"), &json!("Beendet zum 01.05.2026"), &json!("2026-05-01"))
    );
    let third = reader.invoices().await.remove(0);
    assert_eq!(third["lines"].as_array().map(Vec::len), Some(1));
    assert_eq!(third["totals"]["net"]["amount"], "59.00");
}

async fn booked_again(reader: &Reader, transcript: &Transcript) {
    let order = json!({ "add_on": "premium_support", "consents": consents(&["terms"]) });
    let again = transcript.note(reader.caller.post(&reader.at(), order.clone()).await.expect(201));
    // It begins with the plan's month, so that all of it is charged.
    assert_eq!(
        (&again["billed_through_on"], &again["status_text"]),
        (&json!("2026-06-01"), &json!("Aktiv"))
    );
    reader
        .caller
        .post(&reader.at(), order)
        .await
        .expect_problem(409, "add_on_limit_reached");
    let table = transcript.note(reader.caller.get(&reader.at()).await.expect(200));
    let statuses: Vec<&Value> = table["data"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| &row["status"])
        .collect();
    assert_eq!(statuses, ["active", "ended"]);
}

/// Whatever the plan's term and price: on a plan of twelve months with three months' notice it still runs by the month.
async fn independent_of_the_plan(app: &TestApp<'_>, clock: &str, transcript: &Transcript) {
    let (_, customer) = app
        .customer_with(PROVIDER, json!({ "test_clock_id": clock, "locale": "de" }))
        .await;
    let order = json!({ "plan": "newsletter_m_yearly", "consents": consents(&["terms", "dpa"]) });
    let contract = customer.post("/v1/subscriptions", order).await.expect(201);
    app.advance(PROVIDER, clock, "2026-05-12T09:00:00Z").await;
    let at = format!("/v1/subscriptions/{}/add-ons", contract["id"].as_str().expect("an id"));
    let order = json!({ "add_on": "premium_support", "consents": consents(&["terms"]) });
    let booked = transcript.note(customer.post(&at, order).await.expect(201));
    assert_eq!(
        (&booked["billed_through_on"], &booked["price"]["net"]["amount"]),
        (&json!("2026-06-11"), &json!("39.00")),
        "a period of its own"
    );
    app.advance(PROVIDER, clock, "2026-07-20T09:00:00Z").await;
    let booking = format!("{at}/{}", booked["id"].as_str().expect("an id"));
    let renewed = customer.get(&booking).await.expect(200);
    assert_eq!(
        renewed["billed_through_on"], "2026-08-11",
        "renewed by the month, twice"
    );
    let cancelled = customer
        .post(&format!("{booking}/cancellations"), json!({ "confirm": true }))
        .await
        .expect(201);
    assert_eq!(cancelled["ends_on"], "2026-08-11");
    let path = format!(
        "/v1/subscriptions/{}/cancellations/preview",
        contract["id"].as_str().expect("an id")
    );
    let plan = customer.post(&path, json!({})).await.expect(200);
    assert_eq!(
        plan["effective_on"], "2027-05-01",
        "the plan's own term is another matter"
    );
}

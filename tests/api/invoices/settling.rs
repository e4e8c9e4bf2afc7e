//! What credits do to open invoices: nobody is paid back what was never paid.

use serde_json::{Value, json};

use super::story::{conclude, list, on_clock};
use crate::helpers::http::Caller;
use crate::helpers::{TestApp, over_http};
use crate::scenarios::story::minor;

over_http!(
    an_unpaid_contract_that_ends_with_credit_pays_nothing_out,
    a_refund_settles_what_else_is_open_first
);

const PROVIDER: &str = "kontaktkiste";

/// Records a payment of a customer, in minor units.
pub async fn pay(staff: &Caller, customer_id: &str, amount: i64) {
    let amount = format!("{}.{:02}", amount / 100, amount % 100);
    let order = json!({ "customer_id": customer_id, "amount": { "amount": amount, "currency": "EUR" } });
    staff.post("/v1/payments", order).await.expect(201);
}

/// The customer's only correction.
pub async fn correction(staff: &Caller, customer_id: &str) -> Value {
    let mut notes = list(staff, &format!("/v1/credit-notes?customer_id={customer_id}")).await;
    assert_eq!(notes.len(), 1, "{notes:#?}");
    notes.remove(0)
}

fn sums(invoice: &Value) -> [i64; 5] {
    let totals = &invoice["totals"];
    let of = |name: &str| minor(&invoice[name]);
    [
        minor(&totals["gross"]),
        of("amount_paid"),
        of("amount_credited"),
        of("amount_set_off"),
        of("amount_open"),
    ]
}

/// A yearly contract, cancelled in its second year, ends after a month by law; neither year was paid.
async fn an_unpaid_contract_that_ends_with_credit_pays_nothing_out(app: TestApp<'_>) {
    let members = json!({ "customer_type": "consumer" });
    let (clock, customer_id, customer) = on_clock(&app, PROVIDER, "2025-01-15T09:00:00Z", members).await;
    let id = conclude(&customer, "crm_yearly").await;
    app.advance(PROVIDER, &clock, "2026-01-20T09:00:00Z").await;
    let path = format!("/v1/subscriptions/{id}/cancellations");
    customer.post(&path, json!({})).await.expect(201);
    app.advance(PROVIDER, &clock, "2026-03-01T09:00:00Z").await;

    let staff = app.staff(PROVIDER);
    let note = correction(&staff, &customer_id).await;
    let credit = -minor(&note["totals"]["gross"]);
    assert!(credit > 0 && note["reason"] == "final_settlement", "{note}");
    assert_eq!(
        (&note["refund"]["amount"], &note["refund_due_on"], &note["set_off"]),
        (&json!("0.00"), &Value::Null, &json!([]))
    );
    let path = format!("/v1/invoices?customer_id={customer_id}");
    let invoices = list(&staff, &path).await;
    assert_eq!(sums(&invoices[0]), [19_900, 0, credit, 0, 19_900 - credit]);
    assert_eq!(sums(&invoices[1]), [19_900, 0, 0, 0, 19_900]);
    assert_eq!(invoices[0]["id"], note["corrected_invoices"][0]["id"]);
    let mails = list(
        &staff,
        &format!("/v1/emails?customer_id={customer_id}&kind=credit_note_issued"),
    )
    .await;
    let text = mails[0]["text"].as_str().expect("a text");
    assert!(
        !text.contains("Erstattung") && text.contains("mindert, was noch zu zahlen ist"),
        "{text}"
    );

    // What is left is owed, not a cent less or more.
    pay(&staff, &customer_id, 2 * 19_900 - credit).await;
    let invoices = list(&staff, &path).await;
    assert!(
        invoices.iter().all(|invoice| invoice["status"] == "paid"),
        "{invoices:#?}"
    );
    let account = staff.get(&format!("/v1/customers/{customer_id}")).await.expect(200);
    assert_eq!(
        (minor(&account["balance"]), &account["payment_status"]),
        (0, &json!("paid_up"))
    );
}

/// Two contracts, the first paid: withdrawn from, its price first settles the invoice of the second.
async fn a_refund_settles_what_else_is_open_first(app: TestApp<'_>) {
    let members = json!({ "customer_type": "consumer" });
    let (clock, customer_id, customer) = on_clock(&app, PROVIDER, "2026-03-02T09:00:00Z", members).await;
    let staff = app.staff(PROVIDER);
    let paid = conclude(&customer, "crm_yearly").await;
    pay(&staff, &customer_id, 19_900).await;
    app.advance(PROVIDER, &clock, "2026-03-04T09:00:00Z").await;
    conclude(&customer, "crm_monthly").await;
    let path = format!("/v1/subscriptions/{paid}/withdrawals");
    let preview = customer.post(&format!("{path}/preview"), json!({})).await.expect(200);
    let withdrawal = customer.post(&path, json!({})).await.expect(201);
    assert_eq!(withdrawal["refund"]["amount"]["amount"], "179.10");
    assert_eq!(withdrawal["amounts"]["credited"]["gross"]["amount"], "199.00");

    let note = correction(&staff, &customer_id).await;
    let invoices = list(&staff, &format!("/v1/invoices?customer_id={customer_id}")).await;
    assert_eq!(
        note["set_off"],
        json!([{
            "invoice_id": invoices[0]["id"], "number": invoices[0]["number"],
            "amount": { "amount": "19.90", "currency": "EUR" },
        }])
    );
    assert_eq!(
        (&note["refund"]["amount"], &note["refund_due_on"]),
        (&json!("179.10"), &withdrawal["refund"]["by_on"])
    );
    // Set-off is declared (§ 388 BGB): by the preview, the answer and the confirmation.
    assert_eq!(withdrawal["refund"]["set_off"], note["set_off"]);
    let number = invoices[0]["number"].as_str().expect("a number");
    let declared = format!("19,90 EUR mit der Rechnung {number}");
    let mut texts = preview["texts"].as_array().expect("texts").iter();
    let told = texts.find(|text| text["code"] == "set_off").expect("the set-off");
    assert!(
        told["text"].as_str().is_some_and(|text| text.contains(&declared)),
        "{told}"
    );
    let received = format!("/v1/emails?customer_id={customer_id}&kind=withdrawal_received");
    let mails = list(&staff, &received).await;
    let text = mails[0]["text"].as_str().expect("a text");
    assert!(text.contains(&format!("Verrechnet: {declared}")), "{text}");
    assert_eq!(sums(&invoices[0]), [1_990, 0, 0, 1_990, 0]);
    assert_eq!(sums(&invoices[1]), [19_900, 19_900, 19_900, 0, 0]);
    assert_eq!(
        (&invoices[0]["status"], &invoices[1]["status"]),
        (&json!("paid"), &json!("cancelled"))
    );
    let mails = list(
        &staff,
        &format!("/v1/emails?customer_id={customer_id}&kind=credit_note_issued"),
    )
    .await;
    let text = mails[0]["text"].as_str().expect("a text");
    let settled = format!(
        "Verrechnet mit: {} (19,90 EUR)",
        invoices[0]["number"].as_str().expect("a number")
    );
    assert!(
        text.contains(&settled) && text.contains("Erstattung: 179,10 EUR"),
        "{text}"
    );
}

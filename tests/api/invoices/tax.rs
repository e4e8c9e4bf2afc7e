//! Gross lists, reverse charge, exemptions and addresses over HTTP.

use serde_json::{Value, json};

use super::story::{conclude, list, on_clock};
use crate::helpers::http::Caller;
use crate::helpers::{TestApp, over_http};
use crate::scenarios::story::consents;

over_http!(
    a_gross_list_stands_and_a_business_abroad_owes_the_tax,
    charges_agree_with_the_lines_they_become,
    billing_details_are_checked_and_merged
);

async fn a_gross_list_stands_and_a_business_abroad_owes_the_tax(app: TestApp<'_>) {
    let staff = app.staff("kontaktkiste");
    let (_, home, customer) = on_clock(&app, "kontaktkiste", "2026-03-18T09:00:00Z", json!({})).await;
    conclude(&customer, "crm_monthly").await;
    let invoice = list(&staff, &format!("/v1/invoices?customer_id={home}"))
        .await
        .remove(0);
    assert_eq!(invoice["price_mode"], "gross");
    let totals = |invoice: &serde_json::Value| {
        ["net", "tax", "gross"].map(|part| {
            invoice["totals"][part]["amount"]
                .as_str()
                .expect("an amount")
                .to_owned()
        })
    };
    assert_eq!(totals(&invoice), ["16.72", "3.18", "19.90"]);
    let members = json!({ "vat_id": "ATU12345678" });
    let (_, abroad, customer) = on_clock(&app, "kontaktkiste", "2026-03-18T09:00:00Z", members).await;
    // What is shown before is what will be owed.
    let preview = customer
        .post("/v1/subscriptions/preview", json!({ "plan": "crm_monthly" }))
        .await
        .expect(200);
    let order = json!({ "items": [{ "type": "subscription", "plan": "crm_monthly" }] });
    let cart = customer.post("/v1/orders/preview", order).await.expect(200);
    for shown in [
        &preview["due_now"],
        &preview["recurring"],
        &preview["next_invoice"],
        &cart["due_now"],
        &cart["order"]["monthly_total"],
    ] {
        assert_eq!(
            (&shown["net"]["amount"], &shown["tax"]["amount"]),
            (&json!("16.72"), &json!("0.00")),
            "{preview} {cart}"
        );
    }
    conclude(&customer, "crm_monthly").await;
    let invoice = list(&staff, &format!("/v1/invoices?customer_id={abroad}"))
        .await
        .remove(0);
    assert_eq!(totals(&invoice), ["16.72", "0.00", "16.72"]);
    let contract = list(&customer, "/v1/subscriptions").await.remove(0);
    assert_eq!(contract["recurring"]["gross"]["amount"], "16.72", "{contract}");
    assert_eq!(contract["recurring"]["tax"]["amount"], "0.00");
    let mails = list(&staff, &format!("/v1/emails?customer_id={abroad}")).await;
    let texts: Vec<&str> = mails.iter().filter_map(|mail| mail["text"].as_str()).collect();
    let is_told = |text: &&&str| text.contains("16,72 EUR je Monat, ohne Umsatzsteuer");
    assert!(texts.iter().find(is_told).is_some(), "{texts:?}");
    assert_eq!(invoice["notes"][0]["code"], "reverse_charge");
    assert_eq!(invoice["tax_groups"][0]["treatment"], "reverse_charge");
    assert_eq!(invoice["recipient"]["vat_id"], "ATU12345678");
    // § 33 Satz 3 UStDV: small as it is, it needs the recipient's address.
    assert_eq!(invoice["missing"], json!(["/recipient/address"]), "{invoice}");
}

/// The members of a charge that stand on its invoice line too.
fn as_on_a_line(one: &Value) -> [Value; 4] {
    ["amount", "unit_price", "tax_rate", "arithmetic"].map(|member| one[member].clone())
}

/// Each charge that is on an invoice agrees with its line.
async fn assert_as_invoiced(staff: &Caller, customer_id: &str) -> usize {
    let charges = list(staff, &format!("/v1/charges?customer_id={customer_id}")).await;
    let mut compared = 0;
    for invoice in list(staff, &format!("/v1/invoices?customer_id={customer_id}")).await {
        for line in invoice["lines"].as_array().expect("lines") {
            let mut charges = charges.iter();
            let charge = charges
                .find(|charge| charge["id"] == line["charge_id"])
                .expect("a charge");
            assert_eq!(as_on_a_line(charge), as_on_a_line(line), "{charge} {line}");
            compared += 1;
        }
    }
    compared
}

/// What a charge shows is what stands, or will stand, on its invoice: without tax for a business abroad, and as it was for what
/// was invoiced before.
async fn charges_agree_with_the_lines_they_become(app: TestApp<'_>) {
    let staff = app.staff("kontaktkiste");
    let (clock, id, customer) = on_clock(&app, "kontaktkiste", "2026-03-18T09:00:00Z", json!({})).await;
    let contract = conclude(&customer, "crm_monthly").await;
    let charges = list(&staff, &format!("/v1/charges?customer_id={id}")).await;
    assert_eq!(charges[0]["amount"]["amount"], "19.90");
    let abroad = json!({ "vat_id": "ATU12345678" });
    staff.patch(&format!("/v1/customers/{id}"), abroad).await.expect(200);
    app.advance("kontaktkiste", &clock, "2026-03-25T09:00:00Z").await;
    let order = json!({
        "add_on": "extra_users", "quantity": 1,
        "consents": consents(&["terms", "dpa", "withdrawal_instruction"]),
    });
    let add_ons = format!("/v1/subscriptions/{contract}/add-ons");
    customer.post(&add_ons, order).await.expect(201);
    let drafts = list(&staff, &format!("/v1/charges?customer_id={id}&status=draft")).await;
    assert_eq!(drafts.len(), 1, "{drafts:?}");
    let draft = drafts[0].clone();
    assert_eq!(draft["tax_rate"], "0", "{draft}");
    let own = list(&customer, "/v1/charges?status=draft").await;
    assert_eq!(own[0]["amount"], draft["amount"]);
    // A change shows its charges likewise, answered and read.
    let change = json!({ "quantity": 2 });
    let booking = draft["add_on_booking_id"].as_str().expect("a booking");
    let changed = customer
        .post(&format!("{add_ons}/{booking}/quantity-changes"), change)
        .await
        .expect(201);
    let read = customer
        .get(&format!("/v1/plan-changes/{}", changed["id"].as_str().expect("an id")))
        .await
        .expect(200);
    assert_eq!(changed["charges"], read["charges"]);
    assert_eq!(
        (
            changed["charges"].as_array().map(Vec::len),
            &changed["charges"][0]["tax_rate"]
        ),
        (Some(1), &json!("0")),
        "{changed}"
    );
    assert_eq!(assert_as_invoiced(&staff, &id).await, 1, "the first one with tax");
    app.advance("kontaktkiste", &clock, "2026-04-19T09:00:00Z").await;
    assert!(
        assert_as_invoiced(&staff, &id).await >= 4,
        "two base fees, two of the add-on"
    );
    let charges = list(&staff, &format!("/v1/charges?customer_id={id}")).await;
    let mut charges = charges.iter();
    let invoiced = charges.find(|charge| charge["id"] == draft["id"]).expect("the charge");
    assert_eq!(as_on_a_line(invoiced), as_on_a_line(&draft), "as it was foretold");
}

async fn billing_details_are_checked_and_merged(app: TestApp<'_>) {
    let staff = app.staff("kontaktkiste");
    let (id, _) = app.customer("kontaktkiste", "business").await;
    let path = format!("/v1/customers/{id}");
    let incomplete = json!({ "billing_address": { "city": "Wien" }, "vat_id": "at 1" });
    let problem = staff
        .patch(&path, incomplete)
        .await
        .expect_problem(422, "validation_failed");
    let mut pointers: Vec<&str> = problem["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .map(|error| error["pointer"].as_str().expect("a pointer"))
        .collect();
    pointers.sort_unstable();
    assert_eq!(
        pointers,
        [
            "/billing_address/country",
            "/billing_address/postal_code",
            "/billing_address/street",
            "/vat_id"
        ]
    );
    for wrong in ["ATU1", "DE12345678", "GR123456789"] {
        let problem = staff
            .patch(&path, json!({ "vat_id": wrong }))
            .await
            .expect_problem(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], "/vat_id", "{wrong}: {problem}");
        assert_eq!(problem["errors"][0]["code"], "invalid_format");
    }
    let address = json!({ "billing_address": {
        "addition": "Hof 2", "street": "Ring 1", "postal_code": "1010", "city": "Wien", "country": "AT"
    }});
    staff.patch(&path, address).await.expect(200);
    let moved = json!({ "billing_address": { "street": "Ring 3", "addition": null } });
    let customer = staff.patch(&path, moved).await.expect(200);
    let expected = json!({
        "addition": null, "street": "Ring 3", "postal_code": "1010", "city": "Wien", "country": "AT"
    });
    assert_eq!(customer["billing_address"], expected);
    let customer = staff.patch(&path, json!({ "billing_address": null })).await.expect(200);
    assert_eq!(customer["billing_address"], json!(null));
}

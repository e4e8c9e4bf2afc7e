//! Gross lists, reverse charge, exemptions and addresses over HTTP.

use serde_json::json;

use super::story::{conclude, list, on_clock};
use crate::helpers::{TestApp, over_http};

over_http!(
    a_gross_list_stands_and_a_business_abroad_owes_the_tax,
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

//! Who withdraws and wants the data erased is told that it happens at once.

use serde_json::{Value, json};

use crate::contracts::codes;
use crate::declarations::text;
use crate::emails::settlement::told;
use crate::helpers::{TestApp, over_http};
use crate::invoices::story::conclude;

over_http!(
    a_withdrawal_fulfils_a_standing_wish_and_says_so,
    a_cancellation_that_is_a_withdrawal_says_so_too
);

const PROVIDER: &str = "kontaktkiste";

async fn contract(app: &TestApp<'_>, locale: &str, plan: &str) -> (String, crate::helpers::http::Caller, String) {
    let clock = app.test_clock(PROVIDER, "2026-03-02T09:00:00Z").await;
    let members = json!({ "test_clock_id": clock, "customer_type": "consumer", "locale": locale });
    let (customer_id, customer) = app.customer_with(PROVIDER, members).await;
    let contract = conclude(&customer, plan).await;
    (customer_id, customer, contract)
}

fn sentence<'a>(preview: &'a Value, code: &str) -> &'a str {
    let consequences = preview["consequences"].as_array().expect("a list");
    let found = consequences.iter().filter(|one| one["code"] == code);
    let found: Vec<&Value> = found.collect();
    assert_eq!(found.len(), 1, "{code} once in {preview}");
    text(found[0], "text")
}

async fn a_withdrawal_fulfils_a_standing_wish_and_says_so(app: TestApp<'_>) {
    for (locale, words, written) in [
        (
            "de",
            "wird sofort gelöscht",
            "Die Löschung der Daten dieses Vertrags haben wir ausgeführt",
        ),
        ("en", "is erased at once", "We have erased the data of this contract"),
    ] {
        let (customer_id, customer, contract) = contract(&app, locale, "crm_basic").await;
        let path = format!("/v1/subscriptions/{contract}");
        let preview = format!("{path}/withdrawals/preview");
        let before = customer.post(&preview, json!({})).await.expect(200);
        assert!(!codes(&before["consequences"]).contains(&"data_erased"), "{before}");
        let wish = json!({ "as": "cancellation", "delete_data": true });
        customer.post(&format!("{path}/cancellations"), wish).await.expect(201);
        let request = customer
            .request(reqwest::Method::POST, &preview)
            .header("Accept-Language", locale);
        let shown = customer.send(request.json(&json!({}))).await.expect(200);
        assert!(sentence(&shown, "data_erased").contains(words), "{shown}");
        let confirmed = json!({ "preview_token": shown["preview_token"] });
        customer
            .post(&format!("{path}/withdrawals"), confirmed)
            .await
            .expect(201);

        let staff = app.staff(PROVIDER);
        let kept = staff
            .get(&format!("/v1/customers/{customer_id}/data-retention"))
            .await
            .expect(200);
        assert_eq!(kept["erasures"][0]["due_on"], json!("2026-03-02"));
        let mails = told(&staff, &customer_id, "withdrawal_received").await;
        assert_eq!(mails.len(), 1);
        assert!(text(&mails[0], "text").contains(written), "{}", mails[0]);
    }
}

async fn a_cancellation_that_is_a_withdrawal_says_so_too(app: TestApp<'_>) {
    let (customer_id, customer, contract) = contract(&app, "de", "crm_basic").await;
    let path = format!("/v1/subscriptions/{contract}/cancellations");
    let wish = json!({ "delete_data": true });
    let shown = customer
        .post(&format!("{path}/preview"), wish.clone())
        .await
        .expect(200);
    assert!(sentence(&shown, "data_erased").contains("wird sofort gelöscht"));
    assert!(!codes(&shown["consequences"]).contains(&"data_deletion_requested"));
    let later = json!({ "delete_data": true, "as": "cancellation" });
    let later = customer.post(&format!("{path}/preview"), later).await.expect(200);
    assert_eq!(codes(&later["consequences"]), ["data_deletion_requested"]);
    customer.post(&path, wish).await.expect(201);
    let staff = app.staff(PROVIDER);
    let mails = told(&staff, &customer_id, "withdrawal_received").await;
    assert!(
        text(&mails[0], "text").contains("Die Löschung der Daten"),
        "{}",
        mails[0]
    );
}

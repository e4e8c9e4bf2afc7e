//! Consents: what is kept is the very text that was agreed to, asked for or not.

use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::http::Caller;
use crate::helpers::{TestApp, over_http};

over_http!(
    the_text_that_was_shown_is_the_one_that_is_kept,
    what_nobody_asked_for_is_kept_and_what_nobody_published_is_refused
);

const PROVIDER: &str = "sprechfenster";

async fn in_language(caller: &Caller, language: &str, path: &str, body: &Value) -> Value {
    let request = caller
        .request(Method::POST, path)
        .header("Accept-Language", language)
        .json(body);
    let answer = caller.send(request).await;
    assert!(answer.status < 300, "{}\n{}", answer.asked, answer.text);
    answer.json
}

/// Document and language of each consent to the contract's conclusion.
async fn kept(caller: &Caller, contract: &Value) -> Vec<(String, String)> {
    let path = format!("/v1/subscriptions/{}/evidence", contract["id"].as_str().expect("an id"));
    let evidence = caller.get(&path).await.expect(200);
    let consents = evidence["data"][0]["consents"].as_array().expect("consents").iter();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    consents
        .map(|consent| {
            assert_eq!(consent["document_intact"], true, "{consent}");
            (text(&consent["document"]), text(&consent["language"]))
        })
        .collect()
}

/// Someone reads the preview in one language and confirms it with a program that speaks another.
async fn the_text_that_was_shown_is_the_one_that_is_kept(app: TestApp<'_>) {
    let (_, customer) = app.customer(PROVIDER, "business").await;
    let wish = json!({ "plan": "plus" });
    let preview = in_language(&customer, "de", "/v1/subscriptions/preview", &wish).await;
    let shown = preview["consents"].as_array().expect("consents");
    let agreed = |named: &str| -> Value {
        let consent =
            |document: &Value| json!({ "document": document[named], "version": document["version"], "accepted": true });
        let consents: Vec<Value> = shown.iter().map(consent).collect();
        json!({ "plan": "plus", "consents": consents, "preview_token": preview["preview_token"] })
    };
    let contract = in_language(&customer, "en", "/v1/subscriptions", &agreed("document_id")).await;
    let german = [("terms", "de"), ("dpa", "de")].map(|(key, language)| (key.to_owned(), language.to_owned()));
    assert_eq!(kept(&customer, &contract).await, german);
    // By its key a document is the one in the language of the request.
    let mut by_key = agreed("document");
    by_key["preview_token"] = Value::Null;
    let contract = in_language(&customer, "en", "/v1/subscriptions", &by_key).await;
    let english = german.map(|(key, _)| (key, "en".to_owned()));
    assert_eq!(kept(&customer, &contract).await, english);
}

async fn what_nobody_asked_for_is_kept_and_what_nobody_published_is_refused(app: TestApp<'_>) {
    let (_, customer) = app.customer(PROVIDER, "business").await;
    let consent = |document: &str, version: &str, accepted: bool| json!({ "document": document, "version": version, "accepted": accepted });
    let order = |plan: &str, third: Value| {
        let asked = [consent("terms", "2020-01", true), consent("dpa", "2020-01", true)];
        json!({ "plan": plan, "consents": [asked[0].clone(), asked[1].clone(), third] })
    };
    for path in ["/v1/subscriptions", "/v1/subscriptions/preview"] {
        let made_up = order("plus", consent("conditions", "2020-01", true));
        let refused = customer
            .post(path, made_up)
            .await
            .expect_problem(422, "unknown_document");
        assert_eq!(refused["errors"][0]["pointer"], "/consents/2/document");
        let old = order("plus", consent("privacy", "1999", true));
        let refused = customer.post(path, old).await.expect_problem(422, "consent_outdated");
        assert_eq!(refused["errors"][0]["pointer"], "/consents/2/version");
    }
    let cart = json!({
        "items": [{ "type": "subscription", "plan": "plus" }],
        "consents": [consent("conditions", "2020-01", true)],
    });
    let refused = customer
        .post("/v1/orders", cart)
        .await
        .expect_problem(422, "unknown_document");
    assert_eq!(refused["errors"][0]["pointer"], "/consents/0/document");
    for (accepted, count) in [(true, 3), (false, 2)] {
        let order = order("plus", consent("privacy", "2020-01", accepted));
        let contract = customer.post("/v1/subscriptions", order).await.expect(201);
        assert_eq!(kept(&customer, &contract).await.len(), count);
    }
}

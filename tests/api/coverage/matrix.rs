//! Every operation with every kind of login that must not count, and with one that may do everything but this.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use time::Duration;
use vertragswerk::domain::access::Scope;

use super::access::{OWNER, call, parameters, things_of_a_customer};
use super::operations;
use crate::helpers::demo::{ADMIN, PASSWORD};
use crate::helpers::{TestApp, over_http};

over_http!(
    no_operation_takes_a_login_that_does_not_count,
    every_operation_asks_for_its_scope
);

/// Logins that do not count, by what is wrong with them.
async fn worthless(app: &TestApp<'_>) -> Vec<(&'static str, String)> {
    let form = [
        ("grant_type", "password"),
        ("client_id", OWNER),
        ("username", ADMIN),
        ("password", PASSWORD),
    ];
    let log_in = || async {
        let request = app
            .anonymous
            .request(reqwest::Method::POST, "/v1/auth/token")
            .form(&form);
        app.anonymous.send(request).await.expect(200)
    };
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let expired = text(&log_in().await["access_token"]);
    app.state.clock.advance(Duration::hours(25));
    let grant = log_in().await;
    let token = text(&grant["access_token"]);
    let parts: Vec<&str> = token.split('.').collect();
    let changed = |part: &str, name: &str, value: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(part).expect("base64url");
        let mut content: Value = serde_json::from_slice(&bytes).expect("JSON");
        content[name] = json!(value);
        URL_SAFE_NO_PAD.encode(content.to_string())
    };
    let unsigned = format!("{}.{}", changed(parts[0], "alg", "none"), parts[1]);
    let confused = format!("{}.{}", changed(parts[0], "alg", "HS256"), parts[1]);
    let jwks = app.anonymous.get("/.well-known/jwks.json").await.expect(200);
    let public = URL_SAFE_NO_PAD.decode(text(&jwks["keys"][0]["x"])).expect("base64url");
    let key = EncodingKey::from_secret(&public);
    let mac = jsonwebtoken::crypto::sign(confused.as_bytes(), &key, Algorithm::HS256).expect("a MAC");
    let admin = app.anonymous.with_token(&token);
    let revoked = admin
        .post("/v1/api-keys", json!({ "name": "Test", "scopes": ["customers:read"] }))
        .await
        .expect(201);
    let id = revoked["api_key"]["id"]
        .as_str()
        .or(revoked["id"].as_str())
        .expect("an id");
    admin.delete(&format!("/v1/api-keys/{id}")).await.expect(204);
    let secret = revoked.as_object().expect("members").values().find_map(|value| {
        value
            .as_str()
            .filter(|text| text.starts_with("vk_") && !text.contains('…'))
    });
    vec![
        ("expired", expired),
        (
            "tampered",
            format!("{}.{}.{}", parts[0], changed(parts[1], "rol", "customer"), parts[2]),
        ),
        (
            "for others",
            format!("{}.{}.{}", parts[0], changed(parts[1], "aud", "billing"), parts[2]),
        ),
        ("alg none", format!("{unsigned}.")),
        ("key confusion", format!("{confused}.{mac}")),
        ("a refresh token", text(&grant["refresh_token"])),
        ("a revoked API key", secret.expect("the key").to_owned()),
        ("nonsense", "x".to_owned()),
    ]
}

async fn no_operation_takes_a_login_that_does_not_count(app: TestApp<'_>) {
    let ids = things_of_a_customer(&app).await;
    let worthless = worthless(&app).await;
    let mut tried = 0;
    for operation in operations().iter().filter(|operation| !operation.is_open()) {
        for (wrong, token) in &worthless {
            let answer = call(&app.anonymous.with_token(token), operation, &ids).await;
            let name = format!("{} {} with a token that is {wrong}", operation.method, operation.path);
            assert_eq!(answer.status, 401, "{name}: {}", answer.text);
            tried += 1;
        }
    }
    assert!(tried > 500, "{tried} tried");
}

async fn every_operation_asks_for_its_scope(app: TestApp<'_>) {
    let ids = things_of_a_customer(&app).await;
    let admin = app.admin(OWNER).await;
    let mut tried = 0;
    for operation in operations().iter().filter(|operation| !operation.is_open()) {
        let required: Vec<&str> = operation.content["x-required-scopes"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        // This provider grants businesses no withdrawal, so there is none to name.
        if required.is_empty() || operation.path.contains("{withdrawal_id}") {
            continue;
        }
        let others: Vec<&str> = Scope::ALL
            .iter()
            .map(|scope| scope.as_str())
            .filter(|scope| !required.contains(scope) && *scope != "api_keys:write")
            .collect();
        let issued = admin
            .post("/v1/api-keys", json!({ "name": "Test", "scopes": others }))
            .await
            .expect(201);
        let secret = issued.as_object().expect("members").values().find_map(|value| {
            value
                .as_str()
                .filter(|text| text.starts_with("vk_") && !text.contains('…'))
        });
        let answer = call(&app.anonymous.with_token(secret.expect("the key")), operation, &ids).await;
        let name = format!("{} {} without {required:?}", operation.method, operation.path);
        // Where nothing is named in the path, an example that does not fit may be refused first.
        let refused_first = parameters(&operation.path).next().is_none() && [400, 404, 422].contains(&answer.status);
        assert!(
            answer.status == 403 || refused_first,
            "{name}: {} {}",
            answer.status,
            answer.text
        );
        tried += usize::from(answer.status == 403);
    }
    assert!(tried > 60, "{tried} told that a scope is missing");
}

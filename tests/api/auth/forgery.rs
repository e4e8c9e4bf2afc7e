//! Tokens that were not issued by us, or not like this.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde_json::{Value, json};
use time::Duration;

use super::world::{NOW, SIGNING_KEY, World, converse, text};
use crate::helpers::{TestDatabase, on_both_databases};

on_both_databases!(only_our_own_tokens_count, the_published_keys_verify_our_tokens);

/// A token of ours, taken apart.
struct Specimen {
    header: Value,
    claims: Value,
    token: String,
}

impl Specimen {
    async fn of(world: &World) -> Self {
        let token = text(&world.login("anna").await, "access_token").to_owned();
        let part = |index: usize| {
            let encoded = token.split('.').nth(index).expect("three parts");
            let bytes = URL_SAFE_NO_PAD.decode(encoded).expect("base64url");
            serde_json::from_slice::<Value>(&bytes).expect("JSON")
        };
        Self {
            header: part(0),
            claims: part(1),
            token: token.clone(),
        }
    }

    /// Header and claims as given, under our own signature.
    fn signed(&self, header: &[(&str, Value)], claims: &[(&str, Value)]) -> String {
        let key = EncodingKey::from_ed_pem(SIGNING_KEY.as_bytes()).expect("the signing key");
        let header: Header = serde_json::from_value(changed(&self.header, header)).expect("a header");
        encode(&header, &changed(&self.claims, claims), &key).expect("a token")
    }

    /// Header and claims as given, with someone else's idea of a signature.
    fn with_signature(&self, header: &[(&str, Value)], signature: impl Fn(&str) -> String) -> String {
        let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", encoded(&changed(&self.header, header)), encoded(&self.claims));
        let signature = signature(&message);
        format!("{message}.{signature}")
    }
}

/// `null` takes a member away.
fn changed(value: &Value, changes: &[(&str, Value)]) -> Value {
    let mut value = value.clone();
    let members = value.as_object_mut().expect("an object");
    for (name, new) in changes {
        match new {
            Value::Null => members.remove(*name),
            new => members.insert((*name).to_owned(), new.clone()),
        };
    }
    value
}

fn hs256(secret: &[u8], message: &str) -> String {
    jsonwebtoken::crypto::sign(message.as_bytes(), &EncodingKey::from_secret(secret), Algorithm::HS256).expect("a MAC")
}

fn only_our_own_tokens_count(database: &TestDatabase) {
    converse(database, async |world| {
        let specimen = Specimen::of(&world).await;
        let jwks = world.caller.get("/.well-known/jwks.json").await.expect(200);
        let x = text(&jwks["keys"][0], "x").to_owned();
        let public = URL_SAFE_NO_PAD.decode(&x).expect("base64url");
        let far = (NOW + Duration::days(1)).unix_timestamp();
        let before = (NOW - Duration::minutes(1)).unix_timestamp();
        let (head, signature) = specimen.token.rsplit_once('.').expect("a signature");
        let tampered = {
            let payload = changed(&specimen.claims, &[("rol", json!("admin")), ("cus", Value::Null)]);
            let header = head.split('.').next().expect("a header");
            format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(payload.to_string()))
        };
        let own = |header: &[(&str, Value)], claims: &[(&str, Value)]| specimen.signed(header, claims);
        let alg = |name: &str| [("alg", json!(name))];
        let forgeries = [
            ("tampered claims", tampered),
            ("no signature", format!("{head}.")),
            ("two parts", head.to_owned()),
            ("alg none", specimen.with_signature(&alg("none"), |_| String::new())),
            ("alg None", specimen.with_signature(&alg("None"), |_| String::new())),
            (
                "HS256 with the public key",
                specimen.with_signature(&alg("HS256"), |message| hs256(&public, message)),
            ),
            (
                "HS256 with the key's text",
                specimen.with_signature(&alg("HS256"), |message| hs256(x.as_bytes(), message)),
            ),
            (
                "EdDSA on an HMAC",
                specimen.with_signature(&[], |message| hs256(&public, message)),
            ),
            ("unknown kid", own(&[("kid", json!("unknown"))], &[])),
            ("no kid", own(&[("kid", Value::Null)], &[])),
            ("another type", own(&[("typ", json!("JWT"))], &[])),
            ("critical extension", own(&[("crit", json!(["exp"]))], &[])),
            (
                "another issuer",
                own(&[], &[("iss", json!("https://evil.example.com"))]),
            ),
            ("no issuer", own(&[], &[("iss", Value::Null)])),
            ("another audience", own(&[], &[("aud", json!("billing"))])),
            ("no audience", own(&[], &[("aud", Value::Null)])),
            ("no end", own(&[], &[("exp", Value::Null)])),
            ("not yet", own(&[], &[("nbf", json!(far)), ("exp", json!(far + 60))])),
            ("another role", own(&[], &[("rol", json!("root"))])),
        ];
        for (name, token) in forgeries {
            let answer = world.caller.with_token(&token).get("/v1/me").await;
            assert!(
                answer.header("www-authenticate").contains("error=\"invalid_token\""),
                "{name}"
            );
            assert_eq!(
                (answer.status, answer.json["code"].as_str()),
                (401, Some("invalid_token")),
                "{name}"
            );
        }
        let expired = own(&[], &[("exp", json!(before))]);
        world
            .caller
            .with_token(&expired)
            .get("/v1/me")
            .await
            .expect_problem(401, "token_expired");
        // The forger's tools are good: unchanged, the token counts.
        world.caller.with_token(&own(&[], &[])).get("/v1/me").await.expect(200);
    });
}

fn the_published_keys_verify_our_tokens(database: &TestDatabase) {
    converse(database, async |world| {
        let token = Specimen::of(&world).await.token;
        let published = world.caller.get("/.well-known/jwks.json").await.expect(200);
        assert_eq!(published["keys"][0]["use"], "sig");
        assert!(published["keys"][0].get("d").is_none(), "never the private part");
        let keys: JwkSet = serde_json::from_value(published).expect("a key set");
        let kid = decode_header(&token).expect("a header").kid.expect("a kid");
        let key = DecodingKey::from_jwk(keys.find(&kid).expect("the key")).expect("a usable key");
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.validate_exp = false;
        validation.set_audience(&["vertragswerk"]);
        let claims = decode::<Value>(&token, &key, &validation).expect("verified").claims;
        assert_eq!(
            (text(&claims, "iss"), text(&claims, "rol")),
            ("https://api.example.com", "customer")
        );
        assert_eq!(text(&claims, "cus"), world.customers[0]);
    });
}

//! API keys: shown once, listed without the secret, good until they expire or are revoked.

use serde_json::{Value, json};
use time::Duration;

use super::world::{converse, text};
use crate::helpers::{TestDatabase, on_both_databases};

on_both_databases!(
    a_key_lives_from_creation_to_revocation,
    keys_expire,
    only_administrators_manage_keys_and_only_their_own,
    keys_are_listed_page_by_page,
    wrong_keys_are_not_created,
);

fn a_key_lives_from_creation_to_revocation(database: &TestDatabase) {
    converse(database, async |world| {
        let admin = world.logged_in("admin").await;
        let body = json!({"name": " Portal ", "scopes": ["sessions:write", "customers:read"]});
        let answer = admin.post("/v1/api-keys", body).await;
        assert_eq!(answer.header("cache-control"), "no-store");
        let created = answer.expect(201);
        let secret = text(&created, "secret");
        assert!(secret.starts_with("vk_test_") && secret.len() == 51, "{secret}");
        let key = &created["api_key"];
        assert_eq!(
            (text(key, "name"), &key["scopes"]),
            ("Portal", &json!(["customers:read", "sessions:write"]))
        );
        assert_eq!(text(key, "hint"), format!("vk_test_…{}", &secret[47..]));
        assert_eq!(
            (text(key, "created_at"), &key["last_used_at"]),
            ("2026-11-21T10:00:00.000Z", &Value::Null)
        );

        let program = world.caller.with_token(secret);
        let me = program.get("/v1/me").await.expect(200);
        assert_eq!(
            (text(&me["principal"], "type"), &me["principal"]["id"]),
            ("api_key", &key["id"])
        );
        assert_eq!((&me["customer"], &me["scopes"]), (&Value::Null, &key["scopes"]));

        let last_used = async || {
            let answer = admin.get("/v1/api-keys").await;
            assert!(!answer.text.contains(secret), "the secret is shown once");
            answer.expect(200)["data"][0]["last_used_at"].clone()
        };
        assert_eq!(last_used().await, "2026-11-21T10:00:00.000Z");
        world.state.clock.advance(Duration::seconds(59));
        program.get("/v1/me").await.expect(200);
        assert_eq!(
            last_used().await,
            "2026-11-21T10:00:00.000Z",
            "noted at most once a minute"
        );
        world.state.clock.advance(Duration::seconds(1));
        program.get("/v1/me").await.expect(200);
        assert_eq!(last_used().await, "2026-11-21T10:01:00.000Z");

        let path = format!("/v1/api-keys/{}", text(key, "id"));
        admin.delete(&path).await.expect(204);
        admin.delete(&path).await.expect(204);
        program.get("/v1/me").await.expect_problem(401, "invalid_token");
        let listed = admin.get("/v1/api-keys").await.expect(200);
        assert_eq!(text(&listed["data"][0], "revoked_at"), "2026-11-21T10:01:00.000Z");
    });
}

fn keys_expire(database: &TestDatabase) {
    converse(database, async |world| {
        let admin = world.logged_in("admin").await;
        let body = json!({"name": "Short", "scopes": ["customers:read"], "expires_at": "2026-11-21T11:05:00+01:00"});
        let created = admin.post("/v1/api-keys", body).await.expect(201);
        assert_eq!(text(&created["api_key"], "expires_at"), "2026-11-21T10:05:00.000Z");
        let program = world.caller.with_token(text(&created, "secret"));
        program.get("/v1/me").await.expect(200);
        world.state.clock.advance(Duration::minutes(5));
        program.get("/v1/me").await.expect_problem(401, "token_expired");
        world
            .caller
            .with_token("vk_test_unknown")
            .get("/v1/me")
            .await
            .expect_problem(401, "invalid_token");
    });
}

fn only_administrators_manage_keys_and_only_their_own(database: &TestDatabase) {
    converse(database, async |world| {
        let body = json!({"name": "Key", "scopes": ["customers:read"]});
        let admin = world.logged_in("admin").await;
        let created = admin.post("/v1/api-keys", body.clone()).await.expect(201);
        let path = format!("/v1/api-keys/{}", text(&created["api_key"], "id"));
        let program = world.caller.with_token(text(&created, "secret"));
        for caller in [
            world.logged_in("support").await,
            world.logged_in("anna").await,
            program.clone(),
        ] {
            caller
                .get("/v1/api-keys")
                .await
                .expect_problem(403, "insufficient_scope");
            let problem = caller
                .post("/v1/api-keys", body.clone())
                .await
                .expect_problem(403, "insufficient_scope");
            assert_eq!(problem["required_scopes"], json!(["api_keys:write"]));
            caller.delete(&path).await.expect_problem(403, "insufficient_scope");
        }
        let stranger = world.stranger().await;
        stranger.delete(&path).await.expect_problem(404, "not_found");
        assert_eq!(stranger.get("/v1/api-keys").await.expect(200)["data"], json!([]));
        let foreign = stranger.post("/v1/api-keys", body.clone()).await.expect(201);
        assert!(text(&foreign, "secret").starts_with("vk_live_"));
        for caller in [&world.caller, &world.caller.with_token("x")] {
            assert_eq!(
                caller.post("/v1/api-keys", json!({})).await.status,
                401,
                "before the body is looked at"
            );
        }
        program.get("/v1/me").await.expect(200);
    });
}

fn keys_are_listed_page_by_page(database: &TestDatabase) {
    converse(database, async |world| {
        let admin = world.logged_in("admin").await;
        for number in 1..=3 {
            let body = json!({"name": format!("Key {number}"), "scopes": ["customers:read"]});
            admin.post("/v1/api-keys", body).await.expect(201);
        }
        let names = |page: &Value| -> Vec<String> {
            page["data"]
                .as_array()
                .expect("a page")
                .iter()
                .map(|key| text(key, "name").to_owned())
                .collect()
        };
        let first = admin.get("/v1/api-keys?limit=2").await.expect(200);
        assert_eq!(
            (names(&first), &first["has_more"]),
            (vec!["Key 3".to_owned(), "Key 2".to_owned()], &json!(true))
        );
        let second = admin
            .get(&format!("/v1/api-keys?limit=2&cursor={}", text(&first, "next_cursor")))
            .await
            .expect(200);
        assert_eq!(
            (names(&second), &second["next_cursor"]),
            (vec!["Key 1".to_owned()], &Value::Null)
        );
        admin
            .get("/v1/api-keys?name=x")
            .await
            .expect_problem(400, "unknown_parameter");
    });
}

fn wrong_keys_are_not_created(database: &TestDatabase) {
    converse(database, async |world| {
        let admin = world.logged_in("admin").await;
        let cases = [
            (json!({"name": "", "scopes": ["customers:read"]}), "/name"),
            (json!({"name": "  ", "scopes": ["customers:read"]}), "/name"),
            (json!({"name": "Key", "scopes": []}), "/scopes"),
            (json!({"name": "Key", "scopes": ["api_keys:write"]}), "/scopes"),
            (json!({"name": "Key", "scopes": ["customers:read", "all"]}), "/scopes/1"),
            (
                json!({"name": "Key", "scopes": ["customers:read"], "expires_at": "2026-11-21T10:00:00Z"}),
                "/expires_at",
            ),
            (
                json!({"name": "Key", "scopes": ["customers:read"], "expires_at": "tomorrow"}),
                "/expires_at",
            ),
        ];
        for (body, pointer) in cases {
            let problem = admin
                .post("/v1/api-keys", body.clone())
                .await
                .expect_problem(422, "validation_failed");
            assert_eq!(text(&problem["errors"][0], "pointer"), pointer, "{body}");
        }
        let narrow = [
            ("grant_type", "password"),
            ("client_id", "acme"),
            ("username", "admin@example.com"),
            ("password", super::world::PASSWORD),
            ("scope", "api_keys:write"),
        ];
        let grant = world.token(&narrow).await.expect(200);
        let body = json!({"name": "Key", "scopes": ["customers:read"]});
        let caller = world.caller.with_token(text(&grant, "access_token"));
        let problem = caller
            .post("/v1/api-keys", body)
            .await
            .expect_problem(403, "insufficient_scope");
        assert_eq!(
            problem["required_scopes"],
            json!(["customers:read"]),
            "no key may do more than its maker"
        );
        assert_eq!(admin.get("/v1/api-keys").await.expect(200)["data"], json!([]));
    });
}

//! User name and password.

use base64::Engine;
use diesel::prelude::*;
use serde_json::{Value, json};
use time::Duration;
use vertragswerk::db::schema::users;
use vertragswerk::db::{DbError, Utc};

use super::world::{NOW, PASSWORD, World, converse, text};
use crate::helpers::{TestDatabase, on_both_databases};

/// Members of a form.
type Form = [(&'static str, &'static str)];

on_both_databases!(
    a_login_says_who_it_is,
    nobody_learns_which_users_exist,
    scopes_are_narrowed_but_never_invented,
    requests_are_refused_in_the_words_of_oauth,
    the_client_may_come_by_http_basic,
    failures_are_limited_per_account,
);

fn a_login_says_who_it_is(database: &TestDatabase) {
    converse(database, async |world| {
        let answer = world.try_login("anna", PASSWORD).await;
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("pragma"), "no-cache");
        let grant = answer.expect(200);
        assert_eq!(
            (grant["token_type"].as_str(), grant["expires_in"].as_i64()),
            (Some("Bearer"), Some(600))
        );

        let anna = world.caller.with_token(text(&grant, "access_token"));
        let me = anna.get("/v1/me").await.expect(200);
        assert!(text(&me["principal"], "id").starts_with("usr_"));
        assert_eq!(
            (text(&me["principal"], "type"), text(&me["principal"], "role")),
            ("user", "customer")
        );
        assert_eq!(text(&me["provider"], "slug"), "acme");
        assert_eq!(
            (text(&me["provider"], "mode"), text(&me["provider"], "time_zone")),
            ("sandbox", "Europe/Berlin")
        );
        let customer = json!({"id": world.customers[0], "customer_number": "K-1", "name": "Anna Beispiel",
            "customer_type": "consumer", "locale": "de"});
        assert_eq!(me["customer"], customer);
        let scopes: Vec<&str> = me["scopes"]
            .as_array()
            .expect("scopes")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        assert_eq!(scopes.join(" "), text(&grant, "scope"));
        assert!(scopes.contains(&"subscriptions:write") && !scopes.contains(&"api_keys:write"));

        let admin = world.logged_in("admin").await.get("/v1/me").await.expect(200);
        assert_eq!(
            (&admin["customer"], text(&admin["principal"], "role")),
            (&Value::Null, "admin")
        );

        let nobody = world.caller.get("/v1/me").await;
        assert!(nobody.header("www-authenticate").starts_with("Bearer"));
        nobody.expect_problem(401, "unauthenticated");
        world.state.clock.advance(Duration::minutes(11));
        let expired = anna.get("/v1/me").await;
        assert!(expired.header("www-authenticate").contains("error=\"invalid_token\""));
        expired.expect_problem(401, "token_expired");
    });
}

fn nobody_learns_which_users_exist(database: &TestDatabase) {
    converse(database, async |world| {
        world
            .state
            .db
            .write(|connection| {
                let support = users::table.filter(users::username.eq("support@example.com"));
                let disabled = diesel::update(support)
                    .set(users::disabled_at.eq(Utc::from(NOW)))
                    .execute(connection)?;
                assert_eq!(disabled, 1);
                Ok::<_, DbError>(())
            })
            .expect("a disabled user");
        let mut answers = Vec::new();
        for (name, password) in [("anna", "wrong password"), ("nobody", PASSWORD), ("support", PASSWORD)] {
            let before = world.state.auth.passwords.verifications();
            let mut problem = world
                .try_login(name, password)
                .await
                .expect_problem(400, "invalid_grant");
            assert_eq!(
                world.state.auth.passwords.verifications(),
                before + 1,
                "{name} costs one check"
            );
            assert_eq!(text(&problem, "error"), "invalid_grant");
            problem.as_object_mut().expect("a document").remove("request_id");
            answers.push(problem);
        }
        assert_eq!(answers[0], answers[1]);
        assert_eq!(answers[0], answers[2]);
    });
}

fn scopes_are_narrowed_but_never_invented(database: &TestDatabase) {
    converse(database, async |world| {
        let with_scope = async |scope: &str| {
            let form = [
                ("grant_type", "password"),
                ("client_id", "acme"),
                ("username", "ANNA@example.com"),
                ("password", PASSWORD),
                ("scope", scope),
            ];
            world.token(&form).await
        };
        let grant = with_scope("api_keys:write subscriptions:read").await.expect(200);
        assert_eq!(text(&grant, "scope"), "subscriptions:read");
        let me = world
            .caller
            .with_token(text(&grant, "access_token"))
            .get("/v1/me")
            .await
            .expect(200);
        assert_eq!(me["scopes"], json!(["subscriptions:read"]));
        with_scope("api_keys:write").await.expect_problem(400, "invalid_scope");
        with_scope("everything").await.expect_problem(400, "invalid_scope");
        assert!(text(&with_scope("").await.expect(200), "scope").contains("subscriptions:write"));

        let refreshed = world.refresh(text(&grant, "refresh_token")).await.expect(200);
        assert_eq!(
            text(&refreshed, "scope"),
            "subscriptions:read",
            "a refresh does not widen"
        );
        let token = text(&refreshed, "refresh_token");
        let wider = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
            ("scope", "subscriptions:write"),
        ];
        world.token(&wider).await.expect_problem(400, "invalid_scope");
        world.refresh(token).await.expect(200);
    });
}

fn requests_are_refused_in_the_words_of_oauth(database: &TestDatabase) {
    converse(database, async |world| {
        let password = ("grant_type", "password");
        let client = ("client_id", "acme");
        let username = ("username", "anna@example.com");
        let secret = ("password", PASSWORD);
        let cases: [(&Form, u16, &str); 8] = [
            (&[], 400, "invalid_request"),
            (&[password, client, username], 400, "invalid_request"),
            (&[password, client, username, ("password", "")], 400, "invalid_request"),
            (&[password, username, secret], 400, "invalid_request"),
            (&[password, client, username, secret, secret], 400, "invalid_request"),
            (
                &[("grant_type", "client_credentials"), client],
                400,
                "unsupported_grant_type",
            ),
            (
                &[("grant_type", "refresh_token"), ("refresh_token", "vrt_unknown")],
                400,
                "invalid_grant",
            ),
            (
                &[password, ("client_id", "nobody"), username, secret],
                401,
                "invalid_client",
            ),
        ];
        for (form, status, code) in cases {
            let problem = world.token(form).await.expect_problem(status, code);
            assert_eq!(text(&problem, "error"), code, "{form:?}");
            assert!(text(&problem, "error_description").is_ascii(), "{problem}");
        }
        world
            .token(&[password, client, username, secret, ("more", "ignored")])
            .await
            .expect(200);
        let json = json!({"grant_type": "password"});
        world
            .caller
            .post("/v1/auth/token", json)
            .await
            .expect_problem(415, "unsupported_media_type");
    });
}

fn the_client_may_come_by_http_basic(database: &TestDatabase) {
    converse(database, async |world| {
        let with_basic = async |world: &World, credentials: &str, form: &[(&str, &str)]| {
            let encoded = base64::engine::general_purpose::STANDARD.encode(credentials);
            let request = world.caller.request(reqwest::Method::POST, "/v1/auth/token").form(form);
            world
                .caller
                .send(request.header("Authorization", format!("Basic {encoded}")))
                .await
        };
        let form = [
            ("grant_type", "password"),
            ("username", "anna@example.com"),
            ("password", PASSWORD),
        ];
        with_basic(&world, "acme:", &form).await.expect(200);
        with_basic(&world, "nobody:", &form)
            .await
            .expect_problem(401, "invalid_client");
        with_basic(&world, "no colon", &form)
            .await
            .expect_problem(400, "invalid_request");
        let mut named = form.to_vec();
        named.push(("client_id", "other"));
        with_basic(&world, "acme:", &named)
            .await
            .expect_problem(400, "invalid_request");
    });
}

fn failures_are_limited_per_account(database: &TestDatabase) {
    converse(database, async |world| {
        for _ in 0..5 {
            world
                .try_login("anna", "wrong password")
                .await
                .expect_problem(400, "invalid_grant");
        }
        let checks = world.state.auth.passwords.verifications();
        let refused = world.try_login("anna", PASSWORD).await;
        assert_eq!(refused.header("retry-after"), "901");
        refused.expect_problem(429, "rate_limited");
        assert_eq!(
            world.state.auth.passwords.verifications(),
            checks,
            "refused without looking at the password"
        );
        world.login("admin").await;
        world.state.clock.advance(Duration::minutes(15));
        world.login("anna").await;
    });
}

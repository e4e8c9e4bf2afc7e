//! Sessions: a portal's token for one customer.

use serde_json::json;
use time::Duration;
use vertragswerk::domain::ids::IdKind;

use super::world::{converse, text};
use crate::helpers::{TestDatabase, on_both_databases};

on_both_databases!(
    a_session_is_for_one_customer_and_a_quarter_of_an_hour,
    only_those_entitled_open_sessions
);

fn a_session_is_for_one_customer_and_a_quarter_of_an_hour(database: &TestDatabase) {
    converse(database, async |world| {
        let admin = world.logged_in("admin").await;
        let body = json!({"name": "Portal", "scopes": ["sessions:write"]});
        let key = admin.post("/v1/api-keys", body).await.expect(201);
        let portal = world.caller.with_token(text(&key, "secret"));
        let answer = portal
            .post_empty(&format!("/v1/customers/{}/sessions", world.customers[1]))
            .await;
        assert_eq!(answer.header("cache-control"), "no-store");
        let session = answer.expect(200);
        assert_eq!(session["expires_in"], 900);
        assert!(session.get("refresh_token").is_none());

        let customer = world.caller.with_token(text(&session, "access_token"));
        let me = customer.get("/v1/me").await.expect(200);
        assert_eq!(
            (text(&me["principal"], "type"), text(&me["principal"], "role")),
            ("session", "customer")
        );
        assert_eq!(text(&me["customer"], "id"), world.customers[1]);
        // It sees no other customer, and of its own it may not open sessions.
        let own = format!("/v1/customers/{}/sessions", world.customers[1]);
        customer
            .post_empty(&own)
            .await
            .expect_problem(403, "insufficient_scope");
        let other = format!("/v1/customers/{}/sessions", world.customers[0]);
        customer.post_empty(&other).await.expect_problem(404, "not_found");

        let token = world
            .state
            .auth
            .tokens
            .verify(text(&session, "access_token"), world.state.clock.now());
        assert_eq!(
            token.expect("good").opened_by.as_deref(),
            key["api_key"]["id"].as_str(),
            "acting leaves a trace"
        );
        world.state.clock.advance(Duration::minutes(16));
        customer.get("/v1/me").await.expect_problem(401, "token_expired");
    });
}

fn only_those_entitled_open_sessions(database: &TestDatabase) {
    converse(database, async |world| {
        let path = format!("/v1/customers/{}/sessions", world.customers[0]);
        world.logged_in("admin").await.post_empty(&path).await.expect(200);
        world
            .logged_in("support")
            .await
            .post_empty(&path)
            .await
            .expect_problem(403, "insufficient_scope");
        world
            .logged_in("anna")
            .await
            .post_empty(&path)
            .await
            .expect_problem(403, "insufficient_scope");
        world
            .stranger()
            .await
            .post_empty(&path)
            .await
            .expect_problem(404, "not_found");
        world
            .caller
            .post_empty(&path)
            .await
            .expect_problem(401, "unauthenticated");
        let admin = world.logged_in("admin").await;
        for id in [
            &world.customers[2],
            &IdKind::Customer.generate(),
            &IdKind::User.generate(),
            "x",
        ] {
            admin
                .post_empty(&format!("/v1/customers/{id}/sessions"))
                .await
                .expect_problem(404, "not_found");
        }
    });
}

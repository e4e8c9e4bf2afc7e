//! Refresh tokens: one exchange each, reuse ends the login, logout does too.

use futures_util::future::join_all;
use time::Duration;

use super::world::{converse, text};
use crate::helpers::{TestDatabase, on_both_databases};

on_both_databases!(
    a_used_token_ends_the_whole_login,
    of_many_exchanges_at_once_exactly_one_succeeds,
    a_login_ends_after_thirty_days_however_often_it_was_refreshed,
    logout_ends_the_login_and_may_be_repeated,
);

fn a_used_token_ends_the_whole_login(database: &TestDatabase) {
    converse(database, async |world| {
        let first = world.login("anna").await;
        let elsewhere = world.login("anna").await;
        let second = world.refresh(text(&first, "refresh_token")).await.expect(200);
        assert_ne!(first["refresh_token"], second["refresh_token"]);
        world
            .caller
            .with_token(text(&second, "access_token"))
            .get("/v1/me")
            .await
            .expect(200);
        let third = world.refresh(text(&second, "refresh_token")).await.expect(200);

        world
            .refresh(text(&first, "refresh_token"))
            .await
            .expect_problem(400, "invalid_grant");
        world
            .refresh(text(&third, "refresh_token"))
            .await
            .expect_problem(400, "invalid_grant");
        world.refresh(text(&elsewhere, "refresh_token")).await.expect(200);
    });
}

fn of_many_exchanges_at_once_exactly_one_succeeds(database: &TestDatabase) {
    converse(database, async |world| {
        let login = world.login("anna").await;
        let token = text(&login, "refresh_token");
        let answers = join_all((0..8).map(|_| world.refresh(token))).await;
        let (good, bad): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
        assert_eq!(good.len(), 1);
        for answer in bad {
            answer.expect_problem(400, "invalid_grant");
        }
        // Seven of the eight presented a used token, so the successor is gone too.
        for answer in good {
            let grant = answer.expect(200);
            world
                .refresh(text(&grant, "refresh_token"))
                .await
                .expect_problem(400, "invalid_grant");
        }
    });
}

fn a_login_ends_after_thirty_days_however_often_it_was_refreshed(database: &TestDatabase) {
    converse(database, async |world| {
        let mut grant = world.login("anna").await;
        for _ in 0..2 {
            world.state.clock.advance(Duration::days(14));
            grant = world.refresh(text(&grant, "refresh_token")).await.expect(200);
        }
        world.state.clock.advance(Duration::days(2));
        world
            .refresh(text(&grant, "refresh_token"))
            .await
            .expect_problem(400, "invalid_grant");
    });
}

fn logout_ends_the_login_and_may_be_repeated(database: &TestDatabase) {
    converse(database, async |world| {
        let first = world.login("anna").await;
        let second = world.refresh(text(&first, "refresh_token")).await.expect(200);
        for token in [
            text(&second, "refresh_token"),
            text(&second, "refresh_token"),
            "vrt_unknown",
        ] {
            world.form("/v1/auth/logout", &[("token", token)]).await.expect(204);
        }
        world
            .refresh(text(&second, "refresh_token"))
            .await
            .expect_problem(400, "invalid_grant");
        world
            .form("/v1/auth/logout", &[("refresh_token", text(&first, "refresh_token"))])
            .await
            .expect(204);
        world
            .form("/v1/auth/logout", &[])
            .await
            .expect_problem(400, "invalid_request");

        let other = world.login("anna").await;
        let form = |client| {
            let token = text(&other, "refresh_token");
            [
                ("grant_type", "refresh_token"),
                ("refresh_token", token),
                ("client_id", client),
            ]
        };
        world.token(&form("other")).await.expect_problem(400, "invalid_grant");
        world.token(&form("acme")).await.expect(200);
    });
}

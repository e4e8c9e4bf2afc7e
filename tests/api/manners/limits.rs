//! How much and how often one may ask.

use reqwest::Method;

use super::state;
use crate::helpers::TestDatabase;
use crate::helpers::server::serve;

#[test]
fn anonymous_callers_are_counted_by_address_and_health_checks_are_not() {
    let database = TestDatabase::sqlite();
    serve(
        state(&database, |config| config.rate_limit_anonymous_per_minute = 3),
        async |caller| {
            for remaining in [2, 1, 0] {
                let answer = caller.get("/v1/me").await;
                assert_eq!(answer.header("ratelimit-policy"), "\"address\";q=3;w=60");
                assert!(
                    answer
                        .header("ratelimit")
                        .starts_with(&format!("\"address\";r={remaining};t=")),
                    "{answer:?}"
                );
                answer.expect_problem(401, "unauthenticated");
            }
            let answer = caller.get("/v1/me").await;
            let seconds: u64 = answer.header("retry-after").parse().expect("seconds");
            assert!((1..=20).contains(&seconds), "{seconds}");
            assert!(answer.header("ratelimit").starts_with("\"address\";r=0;t="));
            answer.expect_problem(429, "rate_limited");
            caller.get("/livez").await.expect(200);
            caller.get("/openapi.json").await.expect(200);
        },
    );
}

#[test]
fn guessing_tokens_is_counted_by_address() {
    let database = TestDatabase::sqlite();
    serve(
        state(&database, |config| config.rate_limit_anonymous_per_minute = 3),
        async |caller| {
            for guess in 0..3 {
                caller
                    .with_token(&format!("guess{guess}"))
                    .get("/v1/me")
                    .await
                    .expect_problem(401, "invalid_token");
            }
            caller
                .with_token("another")
                .get("/v1/me")
                .await
                .expect_problem(429, "rate_limited");
        },
    );
}

#[test]
fn logging_in_is_counted_by_address_whatever_header_comes_along() {
    let database = TestDatabase::sqlite();
    serve(
        state(&database, |config| config.rate_limit_anonymous_per_minute = 3),
        async |caller| {
            for guess in 0..4 {
                let request = caller
                    .request(Method::POST, "/v1/auth/token")
                    .header("Authorization", format!("Basic guess{guess}"))
                    .form(&[("grant_type", "password")]);
                let status = caller.send(request).await.status;
                assert_eq!(status, if guess < 3 { 400 } else { 429 });
            }
        },
    );
}

#[test]
fn counting_can_be_switched_off() {
    let database = TestDatabase::sqlite();
    let off = |config: &mut vertragswerk::config::Config| {
        config.rate_limit_anonymous_per_minute = 1;
        config.rate_limit = vertragswerk::config::RateLimitMode::Off;
    };
    serve(state(&database, off), async |caller| {
        for _ in 0..5 {
            caller.get("/v1/me").await.expect_problem(401, "unauthenticated");
        }
    });
}

#[test]
fn bodies_are_limited_in_size_form_and_type() {
    let database = TestDatabase::sqlite();
    serve(state(&database, |_| {}), async |caller| {
        let post = |media_type: &'static str, body: String| {
            caller
                .request(Method::POST, "/v1/auth/token")
                .header("Content-Type", media_type)
                .body(body)
        };
        let form = "application/x-www-form-urlencoded";
        caller
            .send(post(form, format!("grant_type={}", "x".repeat(70_000))))
            .await
            .expect_problem(413, "body_too_large");
        caller
            .send(post("text/plain", "x".to_owned()))
            .await
            .expect_problem(415, "unsupported_media_type");
        caller
            .send(post(form, "grant_type=password&grant_type=password".to_owned()))
            .await
            .expect_problem(400, "invalid_request");
        let body = caller
            .send(post(form, String::new()))
            .await
            .expect_problem(400, "invalid_request");
        assert_eq!(body["error"], "invalid_request");
    });
}

#[test]
fn answers_are_compressed_except_those_with_tokens() {
    let database = TestDatabase::sqlite();
    serve(state(&database, |_| {}), async |caller| {
        let document = caller
            .request(Method::GET, "/openapi.json")
            .header("Accept-Encoding", "gzip");
        assert_eq!(caller.send(document).await.header("content-encoding"), "gzip");
        let login = caller
            .request(Method::POST, "/v1/auth/token")
            .header("Accept-Encoding", "gzip");
        let login = login
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body("grant_type=nothing");
        let answer = caller.send(login).await;
        assert_eq!(
            (answer.header("content-encoding"), answer.header("cache-control")),
            ("", "no-store")
        );
        answer.expect_problem(400, "unsupported_grant_type");
    });
}

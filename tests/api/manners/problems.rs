//! Every refusal is a problem document, whoever notices it first.

use reqwest::Method;

use super::state;
use crate::helpers::TestDatabase;
use crate::helpers::server::serve;

#[test]
fn unknown_paths_methods_parameters_and_formats() {
    let database = TestDatabase::sqlite();
    serve(state(&database, |_| {}), async |caller| {
        for path in [
            "/",
            "/v1",
            "/v1/nothing",
            "/v1/me/",
            "/livez/",
            "/v1/me/%2e%2e",
            "/problems/none",
            "/%00",
            "/v1//me",
        ] {
            let body = caller.get(path).await.expect_problem(404, "not_found");
            assert_eq!(body["type"], "/problems/not_found", "{path}");
        }
        let answer = caller.delete("/livez").await;
        assert_eq!(answer.header("allow"), "GET, HEAD, OPTIONS");
        answer.expect_problem(405, "method_not_allowed");
        let answer = caller.send(caller.request(Method::OPTIONS, "/livez")).await;
        assert_eq!((answer.status, answer.header("allow")), (204, "GET, HEAD, OPTIONS"));
        let body = caller
            .get("/livez?pretty=1&x")
            .await
            .expect_problem(400, "unknown_parameter");
        assert_eq!(body["errors"][0]["parameter"], "pretty");
        assert_eq!(body["errors"][1]["parameter"], "x");
        let html = caller.request(Method::GET, "/v1/me").header("Accept", "text/html");
        caller.send(html).await.expect_problem(406, "not_acceptable");
    });
}

#[test]
fn logins_are_asked_for_before_anything_else_is_looked_at() {
    let database = TestDatabase::sqlite();
    serve(state(&database, |_| {}), async |caller| {
        let answer = caller.get("/v1/me").await;
        assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"api\"");
        answer.expect_problem(401, "unauthenticated");
        caller
            .with_token("nonsense")
            .get("/v1/me")
            .await
            .expect_problem(401, "invalid_token");
    });
}

#[test]
fn head_is_get_without_a_body() {
    let database = TestDatabase::sqlite();
    serve(state(&database, |_| {}), async |caller| {
        let get = caller.get("/livez").await;
        let head = caller.send(caller.request(Method::HEAD, "/livez")).await;
        assert_eq!((head.status, head.text.as_str()), (200, ""));
        assert_eq!(head.header("content-length"), get.header("content-length"));
        assert_eq!(head.header("content-type"), "application/json");
        let missing = caller.send(caller.request(Method::HEAD, "/nothing")).await;
        assert_eq!((missing.status, missing.text.as_str()), (404, ""));
    });
}

#[test]
fn problems_speak_the_callers_language_and_carry_the_request_id() {
    let database = TestDatabase::sqlite();
    serve(state(&database, |_| {}), async |caller| {
        let german = caller.get("/nothing").await;
        assert_eq!(german.header("content-language"), "de");
        let english = caller
            .request(Method::GET, "/nothing")
            .header("Accept-Language", "fr, en;q=0.8")
            .header("X-Request-Id", "my-1");
        let english = caller.send(english).await;
        assert_eq!(
            (english.header("content-language"), english.header("x-request-id")),
            ("en", "my-1")
        );
        let (german, english) = (german.expect(404), english.expect(404));
        assert_eq!(
            (german["title"].as_str(), english["title"].as_str()),
            (Some("Nicht gefunden"), Some("Not found"))
        );
        assert_eq!(
            (english["request_id"].as_str(), english["instance"].as_str()),
            (Some("my-1"), Some("/nothing"))
        );
        assert!(german["request_id"].as_str().is_some_and(|id| id.starts_with("req_")));
    });
}

#[test]
fn every_answer_carries_the_security_headers() {
    let database = TestDatabase::sqlite();
    serve(state(&database, |config| config.hsts = true), async |caller| {
        for path in [
            "/livez",
            "/nothing",
            "/v1/me",
            "/docs/",
            "/openapi.json",
            "/problems/not_found",
        ] {
            let answer = caller.get(path).await;
            for name in [
                "x-content-type-options",
                "content-security-policy",
                "referrer-policy",
                "cache-control",
                "x-request-id",
            ] {
                assert!(!answer.header(name).is_empty(), "{path}: {name}");
            }
            assert!(
                answer
                    .header("content-security-policy")
                    .contains("frame-ancestors 'none'"),
                "{path}"
            );
            assert!(
                answer.header("strict-transport-security").starts_with("max-age="),
                "{path}"
            );
        }
    });
}

#[test]
fn only_configured_origins_may_read_answers() {
    let database = TestDatabase::sqlite();
    let allow = |config: &mut vertragswerk::config::Config| {
        config.cors_allowed_origins = vec!["https://portal.example.com".to_owned()]
    };
    serve(state(&database, allow), async |caller| {
        let from = |origin: &str| caller.request(Method::GET, "/v1/me").header("Origin", origin);
        let ours = caller.send(from("https://portal.example.com")).await;
        assert_eq!(
            (ours.status, ours.header("access-control-allow-origin")),
            (401, "https://portal.example.com")
        );
        assert!(
            ours.header("access-control-expose-headers")
                .to_lowercase()
                .contains("x-request-id")
        );
        let foreign = caller.send(from("https://evil.example.com")).await;
        assert_eq!(
            (foreign.status, foreign.header("access-control-allow-origin")),
            (401, "")
        );
        let preflight = caller
            .request(Method::OPTIONS, "/v1/me")
            .header("Origin", "https://portal.example.com")
            .header("Access-Control-Request-Method", "GET")
            .header("Access-Control-Request-Headers", "authorization, idempotency-key");
        let preflight = caller.send(preflight).await;
        assert_eq!(
            (preflight.status, preflight.header("access-control-max-age")),
            (200, "7200")
        );
    });
}

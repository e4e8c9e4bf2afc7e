//! The documents a server brings along, and what it says about itself. All of it without any network.

use reqwest::Method;
use vertragswerk::api::problem::ProblemCode;

use super::state;
use crate::helpers::TestDatabase;
use crate::helpers::server::serve;

#[test]
fn the_document_is_served_and_cached() {
    let database = TestDatabase::sqlite();
    serve(state(&database, |_| {}), async |caller| {
        let answer = caller.get("/openapi.json").await;
        assert_eq!(answer.header("cache-control"), "public, max-age=300");
        let tag = answer.header("etag").to_owned();
        assert_eq!(answer.text, vertragswerk::api::openapi::document_json());
        let again = caller
            .send(
                caller
                    .request(Method::GET, "/openapi.json")
                    .header("If-None-Match", &tag),
            )
            .await;
        assert_eq!(
            (again.status, again.text.as_str(), again.header("etag")),
            (304, "", tag.as_str())
        );
        assert_eq!(answer.expect(200)["openapi"], "3.1.0");
    });
}

#[test]
fn swagger_ui_is_served_from_the_program_itself() {
    let database = TestDatabase::sqlite();
    serve(state(&database, |_| {}), async |caller| {
        let moved = caller.get("/docs").await;
        assert_eq!((moved.status, moved.header("location")), (307, "/docs/"));
        let page = caller.get("/docs/").await;
        assert_eq!(page.status, 200);
        assert!(
            !page.text.contains("http://") && !page.text.contains("https://"),
            "loads something from elsewhere"
        );
        let start = caller.get("/docs/swagger-initializer.js").await.text;
        for setting in ["/openapi.json", "persistAuthorization", "tryItOutEnabled", "textschirm"] {
            assert!(start.contains(setting), "{setting} in {start}");
        }
        assert!(caller.get("/docs/swagger-ui-bundle.js").await.text.len() > 1_000_000);
        caller.get("/docs/nothing.js").await.expect_problem(404, "not_found");
    });
}

#[test]
fn every_code_has_a_page() {
    let database = TestDatabase::sqlite();
    serve(state(&database, |_| {}), async |caller| {
        let list = caller.get("/problems").await;
        assert_eq!(list.status, 200);
        for code in ProblemCode::ALL {
            assert!(
                list.text.contains(&format!("/problems/{}\"", code.as_str())),
                "{}",
                code.as_str()
            );
            let page = caller.get(&code.type_uri()).await;
            assert_eq!(
                (page.status, page.header("content-type")),
                (200, "text/html; charset=utf-8")
            );
        }
    });
}

#[test]
fn a_server_without_its_tables_is_alive_but_not_ready() {
    let database = TestDatabase::sqlite();
    serve(state(&database, |_| {}), async |caller| {
        caller.get("/livez").await.expect(200);
        caller.get("/readyz").await.expect(200);
        let figures = caller.get("/metrics").await;
        let line = "vertragswerk_http_requests_total{method=\"GET\",route=\"/readyz\",status=\"200\"} 1";
        assert!(figures.text.contains(line), "{}", figures.text);
        assert!(
            figures.text.contains("vertragswerk_due_lag_seconds 0"),
            "{}",
            figures.text
        );
    });
    let empty = database.empty();
    serve(state(&empty, |_| {}), async |caller| {
        caller.get("/livez").await.expect(200);
        let answer = caller.get("/readyz").await;
        assert_eq!(answer.header("retry-after"), "1");
        answer.expect_problem(503, "service_unavailable");
        assert_eq!(
            caller.get("/metrics").await.status,
            200,
            "figures are most wanted when something is wrong"
        );
    });
}

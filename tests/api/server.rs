//! The server as a whole: it starts, answers, and survives what its database does.

use std::time::{Duration, Instant};

use serde_json::json;
use vertragswerk::db::{self, Database};

use crate::helpers::postgres::Server;
use crate::helpers::server::serve;
use crate::helpers::{TestApp, demo, over_http};

over_http!(a_fresh_server_is_alive_and_ready);

async fn a_fresh_server_is_alive_and_ready(app: TestApp<'_>) {
    app.anonymous.get("/livez").await.expect(200);
    app.anonymous.get("/readyz").await.expect(200);
}

#[test]
fn an_outage_of_the_database_is_503_and_ends_by_itself() {
    let Some(postgres) = Server::separate() else { return };
    let database = Database::connect(&postgres.url("postgres"), 4).expect("connected");
    db::migrate(&database).expect("migrated");
    let api_keys = demo::fill(database.clone());
    serve(demo::state(database), |anonymous| async move {
        let staff = anonymous.with_token(&api_keys["kontaktkiste"]);
        let clock = json!({ "now_at": "2026-01-01T00:00:00Z" });
        staff.get("/v1/events").await.expect(200);
        postgres.control("stop");
        anonymous.get("/livez").await.expect(200);
        anonymous
            .get("/readyz")
            .await
            .expect_problem(503, "service_unavailable");
        for answer in [
            staff.get("/v1/events").await,
            staff.post("/v1/test-clocks", clock).await,
        ] {
            assert!(!answer.header("retry-after").is_empty(), "{answer:?}");
            answer.expect_problem(503, "service_unavailable");
        }
        postgres.control("start");
        let back = Instant::now();
        while anonymous.get("/readyz").await.status != 200 || staff.get("/v1/events").await.status != 200 {
            assert!(
                back.elapsed() < Duration::from_secs(5),
                "the server did not find its database again"
            );
        }
    });
}

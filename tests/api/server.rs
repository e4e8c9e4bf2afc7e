//! The server as a whole: it starts, answers, and survives what its database does.

use std::time::{Duration, Instant};

use serde_json::json;
use vertragswerk::db::{self, Database};

use crate::helpers::postgres::Server;
use crate::helpers::server::serve;
use crate::helpers::{TestApp, demo, over_http};

over_http!(
    a_fresh_server_is_alive_and_ready,
    staff_read_their_own_providers_catalogue,
    a_portal_serves_a_customer_under_a_test_clock,
);

async fn a_fresh_server_is_alive_and_ready(app: TestApp<'_>) {
    app.anonymous.get("/livez").await.expect(200);
    app.anonymous.get("/readyz").await.expect(200);
}

async fn staff_read_their_own_providers_catalogue(app: TestApp<'_>) {
    let by_key = app.staff("kontaktkiste").get("/v1/plans").await.expect(200);
    let by_login = app.admin("kontaktkiste").await.get("/v1/plans").await.expect(200);
    assert_eq!(by_key, by_login);
    assert!(
        by_key["data"].as_array().is_some_and(|plans| !plans.is_empty()),
        "{by_key}"
    );
    let foreign = app.staff("sprechfenster").get("/v1/plans").await.expect(200);
    assert_ne!(by_key["data"], foreign["data"]);
}

/// The ways of a portal through all parts of the server: programs, customers' sessions, repetition, the two clocks.
async fn a_portal_serves_a_customer_under_a_test_clock(app: TestApp<'_>) {
    let staff = app.staff("kontaktkiste");
    let clock = app.test_clock("kontaktkiste", "2026-01-01T00:00:00Z").await;
    let (customer_id, customer) = app
        .customer_with("kontaktkiste", json!({ "test_clock_id": clock }))
        .await;
    let path = format!("/v1/customers/{customer_id}");
    assert_eq!(customer.get(&path).await.expect(200)["test_clock_id"], clock);
    staff
        .patch(&path, json!({ "name": "Erika Musterfrau" }))
        .await
        .expect(200);
    assert_eq!(customer.get(&path).await.expect(200)["name"], "Erika Musterfrau");

    let new = json!({ "customer_type": "consumer", "name": "Otto", "email": "otto@example.com" });
    let first = staff.post_once("/v1/customers", "otto-1", new.clone()).await;
    let again = staff.post_once("/v1/customers", "otto-1", new).await;
    assert_eq!(again.header("idempotent-replayed"), "true");
    let otto = first.expect(201);
    assert_eq!(otto, again.expect(201));
    let foreign = format!("/v1/customers/{}", otto["id"].as_str().expect("an id"));
    customer.get(&foreign).await.expect_problem(404, "not_found");

    app.advance("kontaktkiste", &clock, "2026-02-01T00:00:00Z").await;
    let moved = staff.get(&format!("/v1/test-clocks/{clock}")).await.expect(200);
    assert_eq!(moved["now"], "2026-02-01T00:00:00.000Z");
    app.state.clock.advance(time::Duration::minutes(16));
    customer.get(&path).await.expect_problem(401, "token_expired");
}

#[test]
fn an_outage_of_the_database_is_503_and_ends_by_itself() {
    let Some(postgres) = Server::separate() else { return };
    let database = Database::connect(&postgres.url("postgres"), 4).expect("connected");
    db::migrate(&database).expect("migrated");
    let api_keys = demo::fill(database.clone());
    serve(demo::state(database), |anonymous| async move {
        let staff = anonymous.with_token(&api_keys["kontaktkiste"]);
        let clock = json!({ "now": "2026-01-01T00:00:00Z" });
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

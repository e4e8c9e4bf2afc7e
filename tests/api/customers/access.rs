//! Who may see and change whom.

use serde_json::json;

use crate::helpers::{TestApp, over_http};

over_http!(
    customers_see_themselves_and_nobody_else,
    providers_do_not_see_each_other
);

async fn customers_see_themselves_and_nobody_else(app: TestApp<'_>) {
    let (anna, as_anna) = app.customer("sprechfenster", "consumer").await;
    let (otto, _) = app.customer("sprechfenster", "business").await;
    let own = as_anna.get(&format!("/v1/customers/{anna}")).await.expect(200);
    assert_eq!(own["id"], json!(anna));
    as_anna
        .get(&format!("/v1/customers/{otto}"))
        .await
        .expect_problem(404, "not_found");
    as_anna
        .get("/v1/customers")
        .await
        .expect_problem(403, "insufficient_scope");
    let body = json!({"name": "X", "email": "x@example.com", "customer_type": "consumer"});
    as_anna
        .post("/v1/customers", body)
        .await
        .expect_problem(403, "insufficient_scope");
    as_anna
        .patch(&format!("/v1/customers/{anna}"), json!({"name": "X"}))
        .await
        .expect_problem(403, "insufficient_scope");
    as_anna
        .patch(&format!("/v1/customers/{otto}"), json!({"name": "X"}))
        .await
        .expect_problem(404, "not_found");
    assert_eq!(
        app.staff("sprechfenster")
            .get(&format!("/v1/customers/{anna}"))
            .await
            .expect(200),
        own
    );
}

async fn providers_do_not_see_each_other(app: TestApp<'_>) {
    let (anna, _) = app.customer("sprechfenster", "consumer").await;
    let stranger = app.staff("textschirm");
    let path = format!("/v1/customers/{anna}");
    stranger.get(&path).await.expect_problem(404, "not_found");
    stranger
        .patch(&path, json!({"name": "X"}))
        .await
        .expect_problem(404, "not_found");
    assert!(
        stranger.get("/v1/customers").await.expect(200)["data"]
            .as_array()
            .is_some_and(Vec::is_empty)
    );
    app.anonymous.get(&path).await.expect_problem(401, "unauthenticated");
    app.staff("sprechfenster")
        .get(&path.replace("cus_", "sub_"))
        .await
        .expect_problem(404, "not_found");
}

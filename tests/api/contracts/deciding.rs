//! Extraordinary cancellations and the provider's decision.

use serde_json::json;
use time::Duration;

use super::{codes, id, let_pass, plus_contract};
use crate::helpers::{TestApp, over_http};

over_http!(
    an_accepted_good_cause_ends_at_once,
    a_rejected_good_cause_leaves_the_notice
);

async fn an_accepted_good_cause_ends_at_once(app: TestApp<'_>) {
    let (customer, contract) = plus_contract(&app).await;
    let staff = app.staff("sprechfenster");
    let path = format!("/v1/subscriptions/{}", id(&contract));
    let problem = customer
        .post(
            &format!("{path}/cancellations"),
            json!({ "kind": "extraordinary", "reason": "  " }),
        )
        .await
        .expect_problem(422, "reason_required");
    assert_eq!(problem["errors"][0]["pointer"], "/reason");
    let body = json!({ "kind": "extraordinary", "reason": "Der Dienst war zwei Wochen nicht erreichbar." });
    let preview = customer
        .post(&format!("{path}/cancellations/preview"), body.clone())
        .await
        .expect(200);
    assert_eq!(codes(&preview["consequences"]), ["review_pending"]);
    let declared = customer.post(&format!("{path}/cancellations"), body).await.expect(201);
    assert_eq!(
        (&declared["review"], &declared["ends_on"]),
        (&json!("pending"), &json!("2026-06-30"))
    );
    let decide = format!("/v1/cancellations/{}", id(&declared));
    for verb in ["accept", "reject"] {
        let problem = customer
            .post_empty(&format!("{decide}/{verb}"))
            .await
            .expect_problem(403, "insufficient_scope");
        assert_eq!(problem["required_scopes"], json!(["cancellations:decide"]));
    }
    staff
        .post(&format!("{decide}/accept"), json!({ "why": "so" }))
        .await
        .expect_problem(422, "validation_failed");
    let accepted = staff.post_empty(&format!("{decide}/accept")).await;
    assert!(accepted.header("etag").starts_with("\"cxl-2."));
    let accepted = accepted.expect(200);
    assert_eq!(
        (&accepted["review"], &accepted["ends_on"]),
        (&json!("accepted"), &json!("2026-03-16"))
    );
    for verb in ["accept", "reject"] {
        staff
            .post_empty(&format!("{decide}/{verb}"))
            .await
            .expect_problem(409, "extraordinary_already_decided");
    }
    let_pass(&app, Duration::days(1));
    assert_eq!(staff.get(&path).await.expect(200)["status"], "ended");
    let settled = staff.get(&decide).await.expect(200);
    assert_eq!(
        (&settled["status"], &settled["charges"][0]["kind"]),
        (&json!("applied"), &json!("credit"))
    );
    // 30 of 31 days of 57.00.
    assert_eq!(settled["charges"][0]["amount"]["amount"], "-55.16");
}

async fn a_rejected_good_cause_leaves_the_notice(app: TestApp<'_>) {
    let (customer, contract) = plus_contract(&app).await;
    let staff = app.staff("sprechfenster");
    let cancellations = format!("/v1/subscriptions/{}/cancellations", id(&contract));
    let body = json!({ "kind": "extraordinary", "reason": "Es gefällt uns nicht mehr." });
    let declared = customer.post(&cancellations, body).await.expect(201);
    let decide = format!("/v1/cancellations/{}", id(&declared));
    let rejected = staff.post_empty(&format!("{decide}/reject")).await.expect(200);
    assert_eq!(
        (&rejected["review"], &rejected["status"], &rejected["ends_on"]),
        (&json!("rejected"), &json!("scheduled"), &json!("2026-06-30"))
    );
    let ordinary = customer.post(&cancellations, json!({})).await.expect(200);
    assert_eq!(ordinary["id"], declared["id"]);
    customer.post_empty(&format!("{decide}/revoke")).await.expect(200);
    staff
        .post_empty(&format!("{decide}/accept"))
        .await
        .expect_problem(409, "extraordinary_already_decided");

    let body = json!({ "kind": "extraordinary", "reason": "Noch ein Ausfall." });
    let declared = customer.post(&cancellations, body).await.expect(201);
    let decide = format!("/v1/cancellations/{}", id(&declared));
    customer.post_empty(&format!("{decide}/revoke")).await.expect(200);
    staff
        .post_empty(&format!("{decide}/accept"))
        .await
        .expect_problem(409, "change_not_pending");
}

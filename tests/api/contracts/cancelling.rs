//! Ordinary cancellations: declared, repeated, taken back.

use serde_json::json;
use time::Duration;

use super::{codes, consents, id, let_pass, plus_contract};
use crate::helpers::{TestApp, over_http};

over_http!(
    a_cancellation_is_repeated_revoked_and_declared_anew,
    a_cancellation_replaces_a_pending_plan_change,
    a_wish_moves_the_end_and_an_end_cannot_be_undone,
    letters_are_entered_by_staff_only,
);

async fn a_cancellation_is_repeated_revoked_and_declared_anew(app: TestApp<'_>) {
    let (customer, contract) = plus_contract(&app).await;
    let path = format!("/v1/subscriptions/{}", id(&contract));
    let cancellations = format!("{path}/cancellations");
    let preview = customer
        .post(&format!("{cancellations}/preview"), json!({}))
        .await
        .expect(200);
    assert_eq!(
        (
            &preview["effective_on"],
            &preview["latest_receipt_on"],
            &preview["recurring"]
        ),
        (&json!("2026-06-30"), &json!("2026-03-31"), &json!(null))
    );
    assert_eq!(codes(&preview["texts"]), ["contract_ends"]);

    let body = json!({ "reason": "Zu teuer", "delete_data": true, "preview_token": preview["preview_token"] });
    // The preview was of another declaration only in what it leads to: reason and erasure change the consequences.
    customer
        .post(&cancellations, body.clone())
        .await
        .expect_problem(409, "preview_stale");
    let preview = customer
        .post(&format!("{cancellations}/preview"), body.clone())
        .await
        .expect(200);
    assert_eq!(codes(&preview["consequences"]), ["data_deletion_requested"]);
    let body = json!({ "reason": "Zu teuer", "delete_data": true, "preview_token": preview["preview_token"] });
    let answer = customer.post(&cancellations, body).await;
    let location = answer.header("location").to_owned();
    assert!(answer.header("etag").starts_with("\"cxl-1."));
    let cancelled = answer.expect(201);
    assert_eq!(location, format!("/v1/cancellations/{}", id(&cancelled)));
    assert_eq!(
        (
            &cancelled["kind"],
            &cancelled["status"],
            &cancelled["review"],
            &cancelled["delete_data"]
        ),
        (&json!("ordinary"), &json!("scheduled"), &json!(null), &json!(true))
    );
    assert_eq!(
        (&cancelled["ends_on"], &cancelled["ends_at"], &cancelled["received_on"]),
        (
            &json!("2026-06-30"),
            &json!("2026-06-30T22:00:00.000Z"),
            &json!("2026-03-16")
        )
    );
    let contract = customer.get(&path).await.expect(200);
    assert_eq!(
        (&contract["status"], &contract["ends_on"]),
        (&json!("active"), &json!("2026-06-30"))
    );
    assert_eq!(
        contract["pending_change"],
        json!({
            "id": cancelled["id"], "type": "cancellation", "effective_on": "2026-06-30", "plan": null, "quantity": null,
        })
    );

    let repeated = customer.post(&cancellations, json!({})).await;
    assert_eq!(repeated.header("location"), "");
    assert_eq!(repeated.expect(200), cancelled);
    let listed = customer.get("/v1/cancellations?status=scheduled").await.expect(200);
    assert_eq!(listed["data"], json!([cancelled]));

    let preview = customer
        .post(&format!("{location}/revoke/preview"), json!({}))
        .await
        .expect(200);
    assert_eq!(
        codes(&preview["texts"]),
        ["cancellation_revocable", "notice_starts_anew"]
    );
    assert_eq!(preview["consequences"], json!([]));
    let revoked = customer.post_empty(&format!("{location}/revoke")).await.expect(200);
    assert_eq!(revoked["status"], "revoked");
    customer
        .post_empty(&format!("{location}/revoke/preview"))
        .await
        .expect_problem(409, "already_revoked");
    assert_eq!(customer.get(&path).await.expect(200)["ends_on"], json!(null));
    let anew = customer.post(&cancellations, json!({})).await.expect(201);
    assert_ne!(anew["id"], cancelled["id"]);
}

async fn a_cancellation_replaces_a_pending_plan_change(app: TestApp<'_>) {
    let (customer, contract) = plus_contract(&app).await;
    let path = format!("/v1/subscriptions/{}", id(&contract));
    let change = customer
        .post(
            &format!("{path}/plan-changes"),
            json!({ "plan": "basis", "consents": consents(&["terms"]) }),
        )
        .await
        .expect(201);
    let preview = customer
        .post(&format!("{path}/cancellations/preview"), json!({}))
        .await
        .expect(200);
    assert_eq!(preview["supersedes"], json!([change["id"]]));
    assert_eq!(codes(&preview["consequences"]), ["plan_change_superseded"]);
    let cancelled = customer
        .post(&format!("{path}/cancellations"), json!({}))
        .await
        .expect(201);
    assert_eq!(cancelled["superseded_plan_change_id"], change["id"]);
    let replaced = customer
        .get(&format!("/v1/plan-changes/{}", id(&change)))
        .await
        .expect(200);
    assert_eq!(
        (&replaced["status"], &replaced["superseded_by_id"]),
        (&json!("superseded"), &cancelled["id"])
    );
    let revoke = format!("/v1/cancellations/{}/revoke", id(&cancelled));
    let preview = customer.post(&format!("{revoke}/preview"), json!({})).await.expect(200);
    assert_eq!(codes(&preview["consequences"]), ["plan_change_not_restored"]);
    customer
        .post(&revoke, json!({ "preview_token": preview["preview_token"] }))
        .await
        .expect(200);
    let contract = customer.get(&path).await.expect(200);
    assert_eq!(
        (&contract["pending_change"], &contract["ends_on"]),
        (&json!(null), &json!(null))
    );
}

async fn a_wish_moves_the_end_and_an_end_cannot_be_undone(app: TestApp<'_>) {
    let (_, contract) = plus_contract(&app).await;
    let staff = app.staff("sprechfenster");
    let path = format!("/v1/subscriptions/{}", id(&contract));
    let wished = staff
        .post(&format!("{path}/cancellations"), json!({ "wish_on": "2026-08-15" }))
        .await
        .expect(201);
    assert_eq!(
        (&wished["wish_on"], &wished["ends_on"]),
        (&json!("2026-08-15"), &json!("2026-09-30"))
    );
    // An earlier end is a declaration of its own.
    let sooner = staff
        .post(&format!("{path}/cancellations"), json!({}))
        .await
        .expect(201);
    assert_eq!(sooner["ends_on"], "2026-06-30");
    let wished_path = format!("/v1/cancellations/{}", id(&wished));
    assert_eq!(
        staff.get(&wished_path).await.expect(200)["superseded_by_id"],
        sooner["id"]
    );
    staff
        .post_empty(&format!("{wished_path}/revoke"))
        .await
        .expect_problem(409, "change_superseded");
    let_pass(&app, Duration::days(107));
    let contract = staff.get(&path).await.expect(200);
    assert_eq!(
        (&contract["status"], &contract["recurring"]),
        (&json!("ended"), &json!(null))
    );
    let sooner_path = format!("/v1/cancellations/{}", id(&sooner));
    assert_eq!(staff.get(&sooner_path).await.expect(200)["status"], "applied");
    staff
        .post_empty(&format!("{sooner_path}/revoke"))
        .await
        .expect_problem(409, "already_applied");
    for path in [format!("{path}/cancellations"), format!("{path}/cancellations/preview")] {
        staff
            .post(&path, json!({}))
            .await
            .expect_problem(409, "subscription_ended");
    }
    let body = json!({ "kind": "extraordinary" });
    let problem = staff
        .post(&format!("{path}/cancellations"), body)
        .await
        .expect_problem(422, "reason_required");
    assert_eq!(problem["errors"][0]["pointer"], "/reason");
}

async fn letters_are_entered_by_staff_only(app: TestApp<'_>) {
    let (customer, contract) = plus_contract(&app).await;
    let staff = app.staff("sprechfenster");
    let cancellations = format!("/v1/subscriptions/{}/cancellations", id(&contract));
    let body = json!({ "received_at": "2026-03-16T09:59:00Z" });
    let problem = customer
        .post(&cancellations, body.clone())
        .await
        .expect_problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["pointer"], "/received_at");
    for (sent, code) in [
        ("2026-03-16T09:59:00Z", "instant_out_of_range"),
        ("2026-03-16T10:00:01Z", "instant_out_of_range"),
        ("0001-01-01T00:00:00Z", "instant_out_of_range"),
        ("9999-12-31T23:59:59Z", "instant_out_of_range"),
        ("2026-03-16", "validation_failed"),
    ] {
        for path in [cancellations.clone(), format!("{cancellations}/preview")] {
            let problem = staff
                .post(&path, json!({ "received_at": sent }))
                .await
                .expect_problem(422, code);
            assert_eq!(problem["errors"][0]["pointer"], "/received_at", "{sent}");
        }
    }
    let_pass(&app, Duration::days(20));
    // The letter came in time for June, though it is entered in April.
    let entered = staff
        .post(&cancellations, json!({ "received_at": "2026-03-31T12:00:00+02:00" }))
        .await
        .expect(201);
    assert_eq!(
        (&entered["received_at"], &entered["received_on"], &entered["ends_on"]),
        (
            &json!("2026-03-31T10:00:00.000Z"),
            &json!("2026-03-31"),
            &json!("2026-06-30")
        )
    );
}

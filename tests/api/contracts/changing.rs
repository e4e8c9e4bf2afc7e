//! Plan changes: previewed, confirmed, superseded, taken back.

use serde_json::json;
use time::Duration;

use super::{codes, consents, id, let_pass, order, plus_contract};
use crate::helpers::{TestApp, over_http};

over_http!(
    a_change_at_the_end_of_the_notice_period_is_revoked,
    an_upgrade_at_once_is_prorated_and_credited,
    a_stale_preview_changes_nothing,
    one_change_is_pending_at_a_time,
    what_has_taken_effect_cannot_be_revoked,
    wrong_changes_are_refused,
);

async fn a_change_at_the_end_of_the_notice_period_is_revoked(app: TestApp<'_>) {
    let (customer, contract) = plus_contract(&app).await;
    let path = format!("/v1/subscriptions/{}", id(&contract));
    let changes = format!("{path}/plan-changes");
    let preview = customer
        .post(&format!("{changes}/preview"), json!({ "plan": "basis" }))
        .await
        .expect(200);
    assert_eq!(
        (&preview["effective_on"], &preview["latest_receipt_on"]),
        (&json!("2026-07-01"), &json!("2026-03-31"))
    );
    assert_eq!(
        codes(&preview["consequences"]),
        [
            "features_until_end",
            "extra_users_deleted",
            "appointments_void",
            "quantity_reduced"
        ]
    );
    assert_eq!(codes(&preview["texts"]), ["until_then", "from_then"]);
    assert!(preview["because"].as_array().is_some_and(|steps| !steps.is_empty()));
    assert_eq!(preview["recurring"]["net"]["amount"], "0.00");
    assert_eq!(preview["consents"][0]["document"], "terms");

    let body = json!({
        "plan": "basis", "consents": consents(&["terms"]), "preview_token": preview["preview_token"],
    });
    let answer = customer.post(&changes, body).await;
    let (location, etag) = (answer.header("location").to_owned(), answer.header("etag").to_owned());
    let change = answer.expect(201);
    assert_eq!(location, format!("/v1/plan-changes/{}", id(&change)));
    assert!(etag.starts_with("\"pch-1."), "{etag}");
    assert_eq!(
        (&change["status"], &change["timing"], &change["effective_at"]),
        (
            &json!("scheduled"),
            &json!("notice_end"),
            &json!("2026-06-30T22:00:00.000Z")
        )
    );
    assert_eq!(
        (&change["from"]["plan"], &change["from"]["quantity"]),
        (&json!("plus"), &json!(3))
    );
    assert_eq!(
        (&change["to"]["plan"], &change["to"]["quantity"]),
        (&json!("basis"), &json!(1))
    );
    assert_eq!(customer.get(&location).await.expect(200), change);
    let contract = customer.get(&path).await.expect(200);
    assert_eq!(
        contract["pending_change"],
        json!({
            "id": change["id"], "type": "plan_change", "effective_on": "2026-07-01", "plan": "basis", "quantity": 1,
        })
    );
    assert_eq!(contract["phases"][0]["through_on"], "2026-06-30");
    assert_eq!(
        (&contract["phases"][1]["plan"], &contract["phases"][1]["from_on"]),
        (&json!("basis"), &json!("2026-07-01"))
    );

    let preview = customer
        .post_empty(&format!("{location}/revoke/preview"))
        .await
        .expect(200);
    assert_eq!(
        codes(&preview["texts"]),
        ["plan_change_revocable", "notice_starts_anew"]
    );
    let body = json!({ "preview_token": preview["preview_token"] });
    let revoked = customer.post(&format!("{location}/revoke"), body).await.expect(200);
    assert_eq!((&revoked["id"], &revoked["status"]), (&change["id"], &json!("revoked")));
    customer
        .post_empty(&format!("{location}/revoke"))
        .await
        .expect_problem(409, "already_revoked");
    let contract = customer.get(&path).await.expect(200);
    assert_eq!(
        (&contract["pending_change"], &contract["phases"][0]["through_on"]),
        (&json!(null), &json!(null))
    );
}

async fn an_upgrade_at_once_is_prorated_and_credited(app: TestApp<'_>) {
    let (_, customer) = app.customer("textschirm", "business").await;
    let contract = customer
        .post("/v1/subscriptions", order("single", 1, &["terms"]))
        .await
        .expect(201);
    let staff = app.staff("textschirm");
    let_pass(&app, Duration::days(15));
    let changes = format!("/v1/subscriptions/{}/plan-changes", id(&contract));
    let body = json!({ "plan": "premium", "consents": consents(&["terms"]) });
    let preview = staff
        .post(&format!("{changes}/preview"), body.clone())
        .await
        .expect(200);
    // On 31 March 16 of the 31 days from 16 March to 15 April are left.
    let amounts: Vec<_> = preview["lines"]
        .as_array()
        .expect("lines")
        .iter()
        .map(|line| &line["amount"]["amount"])
        .collect();
    assert_eq!(amounts.len(), 2, "{preview}");
    assert!(
        amounts.contains(&&json!("-3.05")) && amounts.contains(&&json!("12.85")),
        "{amounts:?}"
    );
    assert_eq!(preview["due_now"]["net"]["amount"], "9.80");
    let change = staff.post(&changes, body).await.expect(201);
    assert_eq!(change["status"], "applied");
    let charges = change["charges"].as_array().expect("charges");
    assert_eq!(charges.len(), 2);
    let credit = charges
        .iter()
        .find(|charge| charge["kind"] == "credit")
        .expect("a credit");
    assert_eq!(
        (&credit["amount"]["amount"], &credit["from_on"]),
        (&json!("-3.05"), &json!("2026-03-31"))
    );
    assert_eq!(
        credit["billing_period"],
        json!({ "from_on": "2026-03-16", "through_on": "2026-04-15" })
    );
    assert_eq!(credit["change_id"], change["id"]);
    assert!(
        credit["original_charge_id"]
            .as_str()
            .is_some_and(|id| id.starts_with("chg_"))
    );
    assert!(
        credit["arithmetic"].as_str().is_some_and(|text| text.contains("16/31")),
        "{credit}"
    );
}

async fn a_stale_preview_changes_nothing(app: TestApp<'_>) {
    let (_, contract) = plus_contract(&app).await;
    let staff = app.staff("sprechfenster");
    let path = format!("/v1/subscriptions/{}", id(&contract));
    let changes = format!("{path}/plan-changes");
    let preview = staff
        .post(&format!("{changes}/preview"), json!({ "quantity": 5 }))
        .await
        .expect(200);
    assert_eq!(preview["due_now"]["net"]["amount"], "38.00");
    staff.post(&changes, json!({ "quantity": 4 })).await.expect(201);
    let before = staff.get(&path).await.expect(200);

    let confirm = |token: &serde_json::Value| json!({ "quantity": 5, "preview_token": token });
    let problem = staff
        .post(&changes, confirm(&preview["preview_token"]))
        .await
        .expect_problem(409, "preview_stale");
    let fresh = &problem["preview"];
    assert_eq!(fresh["due_now"]["net"]["amount"], "19.00");
    assert_eq!(staff.get(&path).await.expect(200), before);
    for token in ["", "v1", "v1.1.1.1", "nonsense"] {
        staff
            .post(&changes, confirm(&json!(token)))
            .await
            .expect_problem(409, "preview_stale");
    }
    // A token fits its own command only, and for a quarter of an hour.
    staff
        .post(
            &format!("{path}/cancellations"),
            json!({ "preview_token": fresh["preview_token"] }),
        )
        .await
        .expect_problem(409, "preview_stale");
    let_pass(&app, Duration::minutes(16));
    let problem = staff
        .post(&changes, confirm(&fresh["preview_token"]))
        .await
        .expect_problem(409, "preview_stale");
    assert_eq!(staff.get(&path).await.expect(200), before);
    staff
        .post(&changes, confirm(&problem["preview"]["preview_token"]))
        .await
        .expect(201);
    assert_eq!(staff.get(&path).await.expect(200)["quantity"], 5);
}

async fn one_change_is_pending_at_a_time(app: TestApp<'_>) {
    let (customer, contract) = plus_contract(&app).await;
    let changes = format!("/v1/subscriptions/{}/plan-changes", id(&contract));
    let to_basis = json!({ "plan": "basis", "consents": consents(&["terms"]) });
    let first = customer.post(&changes, to_basis.clone()).await.expect(201);
    let problem = customer
        .post(&changes, json!({ "quantity": 5 }))
        .await
        .expect_problem(409, "plan_change_pending");
    assert_eq!(problem["plan_change_id"], first["id"]);
    let mut named = json!({ "quantity": 5, "supersedes": "pch_00000000000000000000000000" });
    customer
        .post(&changes, named.clone())
        .await
        .expect_problem(409, "change_not_pending");
    named["supersedes"] = first["id"].clone();
    let preview = customer
        .post(&format!("{changes}/preview"), named.clone())
        .await
        .expect(200);
    assert_eq!(preview["supersedes"], json!([first["id"]]));
    let second = customer.post(&changes, named).await.expect(201);
    assert_eq!(second["status"], "applied");
    let first_path = format!("/v1/plan-changes/{}", id(&first));
    let replaced = customer.get(&first_path).await.expect(200);
    assert_eq!(
        (&replaced["status"], &replaced["superseded_by_id"]),
        (&json!("superseded"), &second["id"])
    );
    customer
        .post(&format!("{first_path}/revoke"), json!({}))
        .await
        .expect_problem(409, "change_superseded");
    let listed = customer.get("/v1/plan-changes?status=superseded").await.expect(200);
    assert_eq!(listed["data"], json!([replaced]));
    let listed = customer
        .get(&format!("/v1/plan-changes?subscription_id={}", id(&contract)))
        .await
        .expect(200);
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(2));
}

async fn what_has_taken_effect_cannot_be_revoked(app: TestApp<'_>) {
    let (_, contract) = plus_contract(&app).await;
    let staff = app.staff("sprechfenster");
    let path = format!("/v1/subscriptions/{}", id(&contract));
    let change = staff
        .post(
            &format!("{path}/plan-changes"),
            json!({ "plan": "basis", "consents": consents(&["terms"]) }),
        )
        .await
        .expect(201);
    let_pass(&app, Duration::days(107));
    let contract = staff.get(&path).await.expect(200);
    assert_eq!(
        (
            &contract["plan"]["key"],
            &contract["quantity"],
            &contract["pending_change"]
        ),
        (&json!("basis"), &json!(1), &json!(null))
    );
    let change_path = format!("/v1/plan-changes/{}", id(&change));
    assert_eq!(staff.get(&change_path).await.expect(200)["status"], "applied");
    for path in [format!("{change_path}/revoke"), format!("{change_path}/revoke/preview")] {
        staff.post_empty(&path).await.expect_problem(409, "already_applied");
    }
    let cancelled = staff
        .post(&format!("{path}/cancellations"), json!({}))
        .await
        .expect(201);
    assert_eq!(cancelled["ends_on"], "2026-07-01");
    staff
        .post(
            &format!("{path}/plan-changes"),
            json!({ "plan": "plus", "consents": consents(&["terms"]) }),
        )
        .await
        .expect_problem(409, "cancellation_in_effect");
    let_pass(&app, Duration::days(1));
    assert_eq!(staff.get(&path).await.expect(200)["status"], "ended");
    staff
        .post(&format!("{path}/plan-changes"), json!({ "plan": "plus" }))
        .await
        .expect_problem(409, "subscription_ended");
}

async fn wrong_changes_are_refused(app: TestApp<'_>) {
    let (customer, contract) = plus_contract(&app).await;
    let changes = format!("/v1/subscriptions/{}/plan-changes", id(&contract));
    let refused = [
        (json!({}), "validation_failed", "/plan"),
        (json!({ "plan": "premium" }), "plan_not_available", "/plan"),
        (
            json!({ "plan": "basis", "quantity": 2 }),
            "quantity_out_of_range",
            "/quantity",
        ),
        (json!({ "quantity": 0 }), "validation_failed", "/quantity"),
        (json!({ "plan": "basis" }), "consent_required", "/consents"),
        (json!({ "plans": "basis" }), "validation_failed", "/plans"),
    ];
    for (body, code, pointer) in refused {
        let problem = customer.post(&changes, body.clone()).await.expect_problem(422, code);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}");
    }
    for body in [json!({ "quantity": 3 }), json!({ "plan": "plus" })] {
        customer
            .post(&changes, body)
            .await
            .expect_problem(422, "nothing_to_change");
    }
    let (_, other) = app.customer("textschirm", "business").await;
    let premium = other
        .post("/v1/subscriptions", order("premium", 1, &["terms"]))
        .await
        .expect(201);
    other
        .post(
            &format!("/v1/subscriptions/{}/plan-changes", id(&premium)),
            json!({ "plan": "single" }),
        )
        .await
        .expect_problem(422, "transition_not_allowed");
    assert_eq!(customer.get("/v1/plan-changes").await.expect(200)["data"], json!([]));
}

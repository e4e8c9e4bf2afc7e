//! Several cancellations at once, and all but one.

use serde_json::{Value, json};

use super::{codes, id, order};
use crate::helpers::http::Caller;
use crate::helpers::{TestApp, over_http};

over_http!(
    all_but_one_and_the_last_by_telephone,
    the_contracts_are_named_in_one_way
);

/// Three single contracts of a new business customer of `textschirm`, which keeps the last contract.
async fn three_contracts(app: &TestApp<'_>) -> (Caller, Vec<String>) {
    let (_, customer) = app.customer("textschirm", "business").await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let contract = customer
            .post("/v1/subscriptions", order("single", 1, &["terms"]))
            .await
            .expect(201);
        ids.push(id(&contract));
    }
    (customer, ids)
}

async fn all_but_one_and_the_last_by_telephone(app: TestApp<'_>) {
    let (customer, ids) = three_contracts(&app).await;
    let all = json!({ "subscription_ids": ids });
    for path in ["/v1/cancellations", "/v1/cancellations/preview"] {
        let problem = customer
            .post(path, all.clone())
            .await
            .expect_problem(409, "last_contract");
        assert_eq!(problem["contact"]["phone"], "+49 30 23125 110");
    }
    assert_eq!(customer.get("/v1/cancellations").await.expect(200)["data"], json!([]));

    let keep = json!({ "keep_subscription_id": ids[2] });
    let preview = customer
        .post("/v1/cancellations/preview", keep.clone())
        .await
        .expect(200);
    assert_eq!(preview["subscription_ids"], json!([ids[0], ids[1]]));
    assert_eq!(codes(&preview["texts"]), ["contract_ends", "contract_ends"]);
    assert_eq!(
        (
            &preview["recurring"],
            &preview["latest_receipt_on"],
            &preview["effective_on"]
        ),
        (&json!(null), &json!(null), &json!("2026-04-30"))
    );
    let body = json!({ "keep_subscription_id": ids[2], "preview_token": preview["preview_token"] });
    let cancelled = customer.post("/v1/cancellations", body).await.expect(201);
    let named: Vec<&Value> = cancelled["data"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|cancellation| &cancellation["subscription_id"])
        .collect();
    assert_eq!(named, [&json!(ids[0]), &json!(ids[1])]);
    let repeated = customer.post("/v1/cancellations", keep).await.expect(200);
    assert_eq!(repeated, cancelled);

    let last = format!("/v1/subscriptions/{}/cancellations", ids[2]);
    let problem = customer
        .post(&last, json!({}))
        .await
        .expect_problem(409, "last_contract");
    assert!(
        problem["detail"]
            .as_str()
            .is_some_and(|text| text.contains("telefonisch")),
        "{problem}"
    );
    assert_eq!(problem["contact"]["email"], "mandanten@textschirm.example");
    app.staff("textschirm").post(&last, json!({})).await.expect(201);
}

async fn the_contracts_are_named_in_one_way(app: TestApp<'_>) {
    let (customer, ids) = three_contracts(&app).await;
    let refused = [
        (json!({}), "/subscription_ids"),
        (json!({ "subscription_ids": [] }), "/subscription_ids"),
        (json!({ "subscription_ids": vec!["sub_x"; 101] }), "/subscription_ids"),
        (
            json!({ "subscription_ids": [ids[0]], "keep_subscription_id": ids[1] }),
            "/keep_subscription_id",
        ),
        (
            json!({ "subscription_ids": [ids[0], ids[1], ids[0]] }),
            "/subscription_ids/2",
        ),
        (json!({ "keep_subscription_id": ids[0], "kind": "later" }), "/kind"),
    ];
    for (body, pointer) in refused {
        for path in ["/v1/cancellations", "/v1/cancellations/preview"] {
            let problem = customer
                .post(path, body.clone())
                .await
                .expect_problem(422, "validation_failed");
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}");
        }
    }
    for unknown in [
        json!({ "subscription_ids": ["sub_00000000000000000000000000"] }),
        json!({ "subscription_ids": [ids[0], "nonsense"] }),
        json!({ "keep_subscription_id": "cus_00000000000000000000000000" }),
    ] {
        customer
            .post("/v1/cancellations", unknown)
            .await
            .expect_problem(404, "not_found");
    }
    assert_eq!(customer.get("/v1/cancellations").await.expect(200)["data"], json!([]));
    let (_, single) = app.customer("textschirm", "business").await;
    let only = single
        .post("/v1/subscriptions", order("single", 1, &["terms"]))
        .await
        .expect(201);
    single
        .post("/v1/cancellations", json!({ "keep_subscription_id": only["id"] }))
        .await
        .expect_problem(409, "nothing_to_cancel");
}

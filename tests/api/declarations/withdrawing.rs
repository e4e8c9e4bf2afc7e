//! Withdrawing without login: two steps, the second is the declaration.

use serde_json::json;
use time::Duration;

use super::{WITHDRAWALS, consumer_contract, mails, text, withdrawal};
use crate::helpers::{TestApp, over_http};

over_http!(
    the_second_step_is_the_declaration_and_is_made_once,
    tokens_of_others_unknown_and_expired_ones_declare_nothing,
    late_ones_are_received_like_any_other,
);

async fn the_second_step_is_the_declaration_and_is_made_once(app: TestApp<'_>) {
    let draft = app.anonymous.post(WITHDRAWALS, withdrawal("mein Abo")).await;
    assert_eq!(draft.header("cache-control"), "no-store");
    let draft = draft.expect(201);
    assert_eq!(draft["confirm_label"], "Widerruf bestätigen");
    assert_eq!(draft["declaration"]["name"], "Erika Mustermann");
    let staff = app.staff("kontaktkiste");
    assert_eq!(
        staff.get("/v1/declarations").await.expect(200)["data"],
        json!([]),
        "a draft is no declaration"
    );
    assert!(mails(&app, "kontaktkiste").await.is_empty());

    app.state.clock.advance(Duration::minutes(5));
    let confirm = text(&draft, "confirm_href").to_owned();
    let first = app.anonymous.post_empty(&confirm).await.expect(201);
    assert_eq!(
        first["received_at"], "2026-03-16T10:05:00.000Z",
        "received when it is confirmed"
    );
    assert!(text(&first["confirmation"], "text").contains("„Widerruf bestätigen“"));
    app.state.clock.advance(Duration::days(30));
    let again = app.anonymous.post_empty(&confirm).await.expect(201);
    assert_eq!(again, first, "the first receipt, byte for byte");
    let listed = staff.get("/v1/declarations?type=withdrawal").await.expect(200);
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(mails(&app, "kontaktkiste").await.len(), 1);
}

async fn tokens_of_others_unknown_and_expired_ones_declare_nothing(app: TestApp<'_>) {
    let draft = app
        .anonymous
        .post(WITHDRAWALS, withdrawal("mein Abo"))
        .await
        .expect(201);
    let token = text(&draft, "token");
    let foreign = format!("/v1/public/sprechfenster/withdrawals/{token}/confirm");
    app.anonymous
        .post_empty(&foreign)
        .await
        .expect_problem(404, "not_found");
    let unknown: String = token.chars().rev().collect();
    for wrong in [unknown.as_str(), "x", "%00", &token[1..]] {
        let path = format!("{WITHDRAWALS}/{wrong}/confirm");
        app.anonymous.post_empty(&path).await.expect_problem(404, "not_found");
    }
    app.state.clock.advance(Duration::days(14));
    let confirm = text(&draft, "confirm_href");
    app.anonymous.post_empty(confirm).await.expect_problem(404, "not_found");
    assert!(vertragswerk::services::declarations::forget_expired_drafts(&app.state).expect("a database") == 1);
    let staff = app.staff("kontaktkiste");
    assert_eq!(staff.get("/v1/declarations").await.expect(200)["data"], json!([]));
}

async fn late_ones_are_received_like_any_other(app: TestApp<'_>) {
    let (_, _, contract) = consumer_contract(&app).await;
    let staff = app.staff("kontaktkiste");
    // Concluded on Monday 16 March: the last day is Monday 30 March 2026 in Berlin.
    let mut answers = Vec::new();
    for (wait, name) in [
        (Duration::days(14) + Duration::hours(11), "in time"),
        (Duration::hours(2), "late"),
    ] {
        app.state.clock.advance(wait);
        let mut body = withdrawal(&format!("Vertrag {}", text(&contract, "contract_number")));
        body["name"] = json!(name);
        let draft = app.anonymous.post(WITHDRAWALS, body).await.expect(201);
        let answer = app.anonymous.post_empty(text(&draft, "confirm_href")).await;
        answers.push((answer.text.len(), answer.expect(201)));
    }
    assert!(
        !answers[1].1.to_string().to_lowercase().contains("frist"),
        "nobody is told by the function whether it was in time"
    );
    let listed = staff.get("/v1/declarations?status=received").await.expect(200);
    for (place, timely) in [(1, true), (0, false)] {
        let path = format!("/v1/declarations/{}", text(&listed["data"][place], "id"));
        let matched = staff
            .post(&format!("{path}/match"), json!({ "subscription_id": contract["id"] }))
            .await
            .expect(200);
        assert_eq!(
            matched["timeliness"],
            json!({ "right_exists": true, "last_day_on": "2026-03-30", "timely": timely }),
            "{place}"
        );
        let execute = format!("{path}/execute");
        if timely {
            continue;
        }
        // The late one is refused; the one in time has its effect from its receipt, though the period is over by now.
        staff
            .post_empty(&execute)
            .await
            .expect_problem(409, "withdrawal_too_late");
    }
    let path = format!("/v1/declarations/{}/execute", text(&listed["data"][1], "id"));
    let executed = staff.post_empty(&path).await.expect(200);
    assert_eq!(executed["status"], "executed");
    let withdrawal = format!("/v1/withdrawals/{}", text(&executed, "result_id"));
    let withdrawal = staff.get(&withdrawal).await.expect(200);
    assert_eq!(
        (
            &withdrawal["kind"],
            &withdrawal["subscription_id"],
            &withdrawal["received_at"]
        ),
        (&json!("contract"), &contract["id"], &executed["received_at"])
    );
}

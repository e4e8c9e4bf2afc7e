//! Receivers that are slow, dead, elsewhere, talkative or gone.

use std::time::Instant;

use serde_json::{Value, json};
use time::Duration;

use super::receiver::{Manner, Receiver};
use super::{
    PROVIDER, Working, after_attempts, deliveries, endpoint, show_real_time, something_happens, until, unused_port,
};
use crate::helpers::http::Caller;
use crate::helpers::{TestApp, over_http};

over_http!(
    failures_are_tried_again_by_the_schedule,
    a_receiver_may_ask_for_peace,
    what_is_asked_for_by_hand_ends_a_pause,
    an_attempt_under_way_is_told_and_not_doubled,
    bad_answers_are_told_and_never_followed,
    slow_and_dead_receivers_hold_up_nobody_else,
    a_receiver_that_is_gone_is_left_alone,
    five_days_of_failures_are_enough
);

async fn failures_are_tried_again_by_the_schedule(app: TestApp<'_>) {
    let staff = app.staff(PROVIDER);
    let receiver = Receiver::start(Manner::Script(vec![500, 404]));
    let (id, _) = endpoint(&staff, &receiver.url, &["customer.created"]).await;
    let _working = Working::one(&app);
    something_happens(&staff).await;
    let failed = after_attempts(&staff, &id, 1).await;
    assert_eq!(
        (&failed["status"], &failed["attempts"][0]["status"]),
        (&json!("pending"), &json!(500))
    );
    let wait = |delivery: &Value| {
        let at = delivery["next_attempt_at"].as_str().expect("an instant");
        let at = time::OffsetDateTime::parse(at, &time::format_description::well_known::Rfc3339).expect("an instant");
        at - app.state.clock.now()
    };
    assert!(
        (Duration::milliseconds(5_000)..=Duration::milliseconds(5_500)).contains(&wait(&failed)),
        "{failed}"
    );
    app.state.clock.advance(Duration::seconds(6));
    let failed = after_attempts(&staff, &id, 2).await;
    assert!(
        (Duration::seconds(300)..=Duration::seconds(330)).contains(&wait(&failed)),
        "{failed}"
    );
    let path = format!("/v1/webhook-endpoints/{id}");
    assert!(staff.get(&path).await.expect(200)["failing_since"].is_string());
    app.state.clock.advance(Duration::seconds(331));
    let delivered = after_attempts(&staff, &id, 3).await;
    assert_eq!(delivered["status"], "delivered");
    assert!(staff.get(&path).await.expect(200)["failing_since"].is_null());
    let messages = receiver.received();
    assert!(
        messages
            .iter()
            .all(|one| one.id == messages[0].id && one.text == messages[0].text)
    );
    let stamps: Vec<&str> = messages.iter().map(|one| one.header("webhook-timestamp")).collect();
    assert!(
        stamps.is_sorted() && stamps[0] != stamps[2],
        "each attempt is signed anew: {stamps:?}"
    );
}

async fn a_receiver_may_ask_for_peace(app: TestApp<'_>) {
    let staff = app.staff(PROVIDER);
    let receiver = Receiver::start(Manner::RetryAfter(503, "600"));
    let (id, _) = endpoint(&staff, &receiver.url, &["customer.created"]).await;
    let _working = Working::one(&app);
    something_happens(&staff).await;
    after_attempts(&staff, &id, 1).await;
    receiver.behave(Manner::Status(200));
    something_happens(&staff).await;
    // Neither the failed message nor a new one is sent before the time is over.
    app.state.clock.advance(Duration::seconds(590));
    actix_web::rt::time::sleep(std::time::Duration::from_millis(800)).await;
    assert_eq!(receiver.received().len(), 1);
    app.state.clock.advance(Duration::seconds(11));
    let messages = receiver.wait_for(3).await;
    assert!(messages[1..].iter().any(|one| one.id == messages[0].id));
}

/// Three messages wait for the end of a pause; a test goes before them, and so does a retry, and each wakes the rest.
async fn what_is_asked_for_by_hand_ends_a_pause(app: TestApp<'_>) {
    let staff = app.staff(PROVIDER);
    let receiver = Receiver::start(Manner::RetryAfter(503, "99999999999999999999999"));
    let (id, _) = endpoint(&staff, &receiver.url, &["customer.created"]).await;
    let path = format!("/v1/webhook-endpoints/{id}");
    assert!(staff.get(&path).await.expect(200)["paused_until"].is_null());
    let _working = Working::one(&app);
    something_happens(&staff).await;
    let failed = after_attempts(&staff, &id, 1).await;
    let paused = staff.get(&path).await.expect(200);
    assert_eq!(paused["paused_until"], failed["next_attempt_at"], "{paused} {failed}");
    let rfc3339 = &time::format_description::well_known::Rfc3339;
    let until_then = time::OffsetDateTime::parse(text(&paused, "paused_until"), rfc3339).expect("an instant");
    assert_eq!(until_then - app.state.clock.now(), Duration::days(1));
    for _ in 0..2 {
        something_happens(&staff).await;
    }
    let waiting = until(async || {
        let told = deliveries(&staff, &id).await;
        (told.len() == 3).then_some(told)
    })
    .await;
    for one in &waiting {
        assert_eq!(
            (&one["next_attempt_at"], &one["attempting"]),
            (&paused["paused_until"], &json!(false)),
            "{one}"
        );
    }

    app.state.clock.advance(Duration::minutes(1));
    let test = staff.post_empty(&format!("{path}/test")).await.expect(201);
    assert!(test["next_attempt_at"].is_string() && test["next_attempt_at"] != paused["paused_until"]);
    let sent = receiver.wait_for(2).await;
    assert_eq!(sent[1].id, text(&test, "id"), "the test goes first");
    let again = until(async || {
        let endpoint = staff.get(&path).await.expect(200);
        endpoint["paused_until"].is_string().then_some(endpoint)
    })
    .await;
    assert_ne!(
        again["paused_until"], paused["paused_until"],
        "it asked for peace again"
    );

    app.state.clock.advance(Duration::minutes(1));
    receiver.behave(Manner::Status(200));
    let retry = format!("/v1/webhook-deliveries/{}/retry", text(&failed, "id"));
    staff.post_empty(&retry).await.expect(200);
    let sent = receiver.wait_for(5).await;
    assert_eq!(sent[2].id, text(&failed, "message_id"), "the retry goes first");
    assert!(staff.get(&path).await.expect(200)["paused_until"].is_null());
}

async fn an_attempt_under_way_is_told_and_not_doubled(app: TestApp<'_>) {
    let staff = app.staff(PROVIDER);
    let receiver = Receiver::start(Manner::Slow(std::time::Duration::from_secs(1)));
    let (id, _) = endpoint(&staff, &receiver.url, &["customer.created"]).await;
    let _working = Working::one(&app);
    let test = staff
        .post_empty(&format!("/v1/webhook-endpoints/{id}/test"))
        .await
        .expect(201);
    receiver.wait_for(1).await;
    let path = format!("/v1/webhook-deliveries/{}", text(&test, "id"));
    let running = staff.get(&path).await.expect(200);
    assert_eq!(
        (&running["status"], &running["attempting"], &running["next_attempt_at"]),
        (&json!("pending"), &json!(true), &Value::Null)
    );
    let retry = format!("{path}/retry");
    staff.post_empty(&retry).await.expect_problem(409, "state_conflict");
    let done = after_attempts(&staff, &id, 1).await;
    assert_eq!(
        (&done["status"], &done["attempting"]),
        (&json!("delivered"), &json!(false))
    );
    receiver.behave(Manner::Status(500));
    staff.post_empty(&retry).await.expect(200);
    let failed = after_attempts(&staff, &id, 2).await;
    assert!(failed["next_attempt_at"].is_string(), "{failed}");
    let off = json!({ "enabled": false });
    let endpoint = format!("/v1/webhook-endpoints/{id}");
    staff.patch(&endpoint, off).await.expect(200);
    let held = staff.get(&path).await.expect(200);
    assert_eq!(
        (&held["status"], &held["next_attempt_at"]),
        (&json!("pending"), &Value::Null)
    );
    staff.patch(&endpoint, json!({ "enabled": true })).await.expect(200);
    assert!(staff.get(&path).await.expect(200)["next_attempt_at"].is_string());
}

async fn bad_answers_are_told_and_never_followed(app: TestApp<'_>) {
    let staff = app.staff(PROVIDER);
    let elsewhere = Receiver::start(Manner::Status(200));
    let redirecting = Receiver::start(Manner::Redirect(elsewhere.url.clone()));
    let endless = Receiver::start(Manner::Endless);
    let slow = Receiver::start(Manner::Slow(std::time::Duration::from_secs(20)));
    let nobody = format!("http://127.0.0.1:{}/", unused_port());
    let mut ids = Vec::new();
    for url in [&redirecting.url, &endless.url, &slow.url, &nobody] {
        ids.push(endpoint(&staff, url, &["customer.created"]).await.0);
    }
    let _working = Working::one(&app);
    something_happens(&staff).await;
    for (id, delivered, status, error) in [
        (&ids[0], false, json!(307), Value::Null),
        (&ids[1], true, json!(200), Value::Null),
        (&ids[2], false, Value::Null, json!("timeout")),
        (&ids[3], false, Value::Null, json!("connection_failed")),
    ] {
        let delivery = after_attempts(&staff, id, 1).await;
        let attempt = &delivery["attempts"][0];
        assert_eq!((&attempt["status"], &attempt["error"]), (&status, &error), "{delivery}");
        assert_eq!(delivery["status"], if delivered { "delivered" } else { "pending" });
        let kept = attempt["answer"].as_str().map_or(0, str::len);
        assert!(kept <= 2048, "{kept} bytes of the answer are kept");
    }
    assert!(elsewhere.received().is_empty(), "a redirect is not followed");
}

async fn slow_and_dead_receivers_hold_up_nobody_else(app: TestApp<'_>) {
    show_real_time(&app);
    let staff = app.staff(PROVIDER);
    let slow = Receiver::start(Manner::Slow(std::time::Duration::from_secs(30)));
    let failing = Receiver::start(Manner::Status(500));
    let good = Receiver::start(Manner::Status(200));
    for receiver in [&slow, &failing, &good] {
        endpoint(&staff, &receiver.url, &["customer.created"]).await;
    }
    let _working = Working::one(&app);
    let (began, count) = (Instant::now(), 40);
    let mut slowest = std::time::Duration::ZERO;
    for _ in 0..count {
        let asked = Instant::now();
        something_happens(&staff).await;
        slowest = slowest.max(asked.elapsed());
    }
    let messages = good.wait_for(count).await;
    let took = began.elapsed();
    // The slow one is given up after two seconds each and would alone need ten; a busy machine gets some air.
    assert!(
        took < std::time::Duration::from_secs(30),
        "the good receiver waited {took:?}"
    );
    assert!(
        slowest < std::time::Duration::from_secs(5),
        "a command took {slowest:?}"
    );
    assert!(
        slow.received().len() < count,
        "the slow one is not done yet, and nobody cares"
    );
    let ids: std::collections::HashSet<&str> = messages.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids.len(), count, "each message once");
}

async fn a_receiver_that_is_gone_is_left_alone(app: TestApp<'_>) {
    let staff = app.staff(PROVIDER);
    let receiver = Receiver::start(Manner::Status(410));
    let (id, _) = endpoint(&staff, &receiver.url, &["customer.created"]).await;
    let _working = Working::one(&app);
    something_happens(&staff).await;
    let path = format!("/v1/webhook-endpoints/{id}");
    let gone = until(async || {
        let endpoint = staff.get(&path).await.expect(200);
        (endpoint["enabled"] == false).then_some(endpoint)
    })
    .await;
    assert_eq!(gone["disabled_reason"], "gone");
    assert_eq!(
        (&gone["last_failure"]["status"], &gone["last_failure"]["error"]),
        (&json!(410), &Value::Null)
    );
    let notice = notices(&staff).await.remove(0);
    assert!(text(&notice, "text").contains("410 (Gone)"), "{notice}");
    assert!(gone["disabled_at"].is_string());
    something_happens(&staff).await;
    app.state.clock.advance(Duration::hours(1));
    actix_web::rt::time::sleep(std::time::Duration::from_millis(800)).await;
    assert_eq!(receiver.received().len(), 1, "nothing more is sent");

    // Mended and enabled again, it hears of everything it has missed.
    receiver.behave(Manner::Status(200));
    let enabled = staff.patch(&path, json!({ "enabled": true })).await.expect(200);
    assert_eq!(
        (&enabled["disabled_reason"], &enabled["failing_since"]),
        (&Value::Null, &Value::Null)
    );
    let mut positions: Vec<i64> = receiver.wait_for(3).await[1..]
        .iter()
        .filter_map(|one| one.json["position"].as_i64())
        .collect();
    positions.sort_unstable();
    assert_eq!(positions, [1, 2]);
}

async fn five_days_of_failures_are_enough(app: TestApp<'_>) {
    let staff = app.staff(PROVIDER);
    let receiver = Receiver::start(Manner::Status(500));
    let (id, _) = endpoint(&staff, &receiver.url, &["customer.created"]).await;
    let path = format!("/v1/webhook-endpoints/{id}");
    let _working = Working::one(&app);
    let customer_id = something_happens(&staff).await;
    // Ten attempts in a good three days, then the message is given up; the endpoint is not, yet.
    for count in 1..=10 {
        let delivery = after_attempts(&staff, &id, count).await;
        assert_eq!(
            delivery["status"],
            if count == 10 { "failed" } else { "pending" },
            "{delivery}"
        );
        if count < 10 {
            let wait = [6, 331, 1_981, 7_921, 19_801, 39_601, 55_441, 79_201, 95_041][count - 1];
            app.state.clock.advance(Duration::seconds(wait));
        }
    }
    assert_eq!(staff.get(&path).await.expect(200)["enabled"], true);
    assert!(notices(&staff).await.is_empty());
    app.state.clock.advance(Duration::days(2));
    something_happens(&staff).await;
    let disabled = until(async || {
        let endpoint = staff.get(&path).await.expect(200);
        (endpoint["enabled"] == false).then_some(endpoint)
    })
    .await;
    assert_eq!(disabled["disabled_reason"], "failing");
    let told = deliveries(&staff, &id).await;
    assert_eq!(
        (&told[0]["status"], &told[1]["status"]),
        (&json!("pending"), &json!("failed"))
    );
    let last = &disabled["last_failure"];
    assert_eq!((&last["status"], &last["error"]), (&json!(500), &Value::Null));
    assert!(text(last, "at") <= text(&disabled, "disabled_at"), "{disabled}");
    told_the_provider(&app, &staff, &customer_id, &disabled).await;

    // Nothing more is sent, until somebody has mended it and enables it again.
    let so_far = receiver.received().len();
    app.state.clock.advance(Duration::days(1));
    something_happens(&staff).await;
    actix_web::rt::time::sleep(std::time::Duration::from_millis(800)).await;
    assert_eq!(receiver.received().len(), so_far);
    receiver.behave(Manner::Status(200));
    let enabled = staff.patch(&path, json!({ "enabled": true })).await.expect(200);
    assert_eq!(
        (&enabled["last_failure"], &enabled["disabled_at"], &enabled["enabled"]),
        (&Value::Null, &Value::Null, &json!(true))
    );
    receiver.wait_for(so_far + 2).await;
    let mended = until(async || {
        let told = deliveries(&staff, &id).await;
        (told[0]["status"] == "delivered" && told[1]["status"] == "delivered").then_some(told)
    })
    .await;
    assert_eq!(
        mended[2]["status"], "failed",
        "what was given up stays so until it is replayed"
    );
    assert_eq!(notices(&staff).await.len(), 1, "one notice");
}

/// The notice reaches the address the provider chose, in its language, with what is needed to mend it; customers do not see it.
async fn told_the_provider(app: &TestApp<'_>, staff: &Caller, customer_id: &str, endpoint: &Value) {
    let notices = notices(staff).await;
    assert_eq!(notices.len(), 1);
    let notice = &notices[0];
    assert_eq!(
        (&notice["to"], &notice["customer_id"], &notice["language"]),
        (&json!("technik@sprechfenster.example"), &Value::Null, &json!("de"))
    );
    for told in [
        text(endpoint, "id"),
        text(endpoint, "url"),
        "Letzter Fehler: Antwort 500",
        "Seit fünf Tagen ist jeder Versuch gescheitert",
    ] {
        assert!(text(notice, "text").contains(told), "{told}: {notice}");
    }
    let session = staff
        .post_empty(&format!("/v1/customers/{customer_id}/sessions"))
        .await
        .expect(200);
    let customer = app.anonymous.with_token(text(&session, "access_token"));
    let own = customer.get(NOTICES).await.expect(200);
    assert_eq!(own["data"], json!([]));
    let path = format!("/v1/emails/{}", text(notice, "id"));
    customer.get(&path).await.expect_problem(404, "not_found");
}

/// Where the provider's own notices are read.
const NOTICES: &str = "/v1/emails?kind=webhook_endpoint_disabled";

async fn notices(staff: &Caller) -> Vec<Value> {
    let list = staff.get(NOTICES).await.expect(200);
    list["data"].as_array().expect("e-mails").clone()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

//! Many at once: equal commands have one effect, and two workers share the due work.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use vertragswerk::clock::Clock;
use vertragswerk::db::Database;
use vertragswerk::services::due;
use vertragswerk::worker::{self, Shutdown};

use crate::helpers::http::{Answer, Caller};
use crate::helpers::{TestApp, TestDatabase, demo, over_http};
use crate::scenarios::story::consents;

over_http!(
    sixty_four_cancellations_are_one,
    sixty_four_plan_changes_are_one,
    sixty_four_conclusions_under_one_key_are_one,
    the_last_slot_is_given_once,
    all_but_one_holds_against_a_crowd,
    a_late_worker_changes_no_answer
);

const PROVIDER: &str = "textschirm";
const CROWD: usize = 64;

async fn conclude(customer: &Caller, plan: &str) -> String {
    let order = json!({ "plan": plan, "consents": consents(&["terms", "dpa"]) });
    let subscription = customer.post("/v1/subscriptions", order).await.expect(201);
    subscription["id"].as_str().expect("an id").to_owned()
}

/// Sends the same command from everyone at once; each with a key of its own, or all with the same.
async fn crowd(customer: &Caller, path: &str, body: &Value, same_key: bool) -> Vec<Answer> {
    let send = |number: usize| {
        let key = if same_key {
            "one".to_owned()
        } else {
            format!("key-{number}")
        };
        async move { customer.post_once(path, &key, body.clone()).await }
    };
    join_all((0..CROWD).map(send)).await
}

fn statuses(answers: &[Answer]) -> Vec<u16> {
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    statuses
}

async fn events_of(app: &TestApp<'_>, customer_id: &str, event_type: &str) -> usize {
    let path = format!("/v1/events?customer_id={customer_id}&type={event_type}&limit=100");
    app.staff(PROVIDER).get(&path).await.expect(200)["data"]
        .as_array()
        .map_or(0, Vec::len)
}

async fn sixty_four_cancellations_are_one(app: TestApp<'_>) {
    for same_key in [true, false] {
        let (customer_id, customer) = app.customer(PROVIDER, "business").await;
        let (id, _kept) = (conclude(&customer, "single").await, conclude(&customer, "single").await);
        let path = format!("/v1/subscriptions/{id}/cancellations");
        let answers = crowd(&customer, &path, &json!({}), same_key).await;
        let made = statuses(&answers).iter().filter(|status| **status == 201).count();
        assert_eq!(made, if same_key { CROWD } else { 1 }, "{:?}", statuses(&answers));
        assert!(
            answers.iter().all(|answer| matches!(answer.status, 200 | 201)),
            "{:?}",
            statuses(&answers)
        );
        let ids: std::collections::HashSet<String> =
            answers.iter().map(|answer| answer.json["id"].to_string()).collect();
        assert_eq!(ids.len(), 1, "everyone is told of the same cancellation");
        if same_key {
            let replayed = answers
                .iter()
                .filter(|answer| answer.header("idempotent-replayed") == "true")
                .count();
            assert_eq!(replayed, CROWD - 1);
            let bodies: std::collections::HashSet<&str> = answers.iter().map(|answer| answer.text.as_str()).collect();
            assert_eq!(bodies.len(), 1, "byte by byte");
        }
        assert_eq!(events_of(&app, &customer_id, "cancellation.created").await, 1);
    }
}

async fn sixty_four_plan_changes_are_one(app: TestApp<'_>) {
    for same_key in [true, false] {
        let (customer_id, customer) = app.customer(PROVIDER, "business").await;
        let id = conclude(&customer, "single").await;
        let path = format!("/v1/subscriptions/{id}/plan-changes");
        let body = json!({ "plan": "premium", "consents": consents(&["terms", "dpa"]) });
        let answers = crowd(&customer, &path, &body, same_key).await;
        let made = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(made, if same_key { CROWD } else { 1 }, "{:?}", statuses(&answers));
        // Without the key the plan is there already, so there is nothing to change.
        assert!(
            answers.iter().all(|answer| matches!(answer.status, 201 | 422)),
            "{:?}",
            statuses(&answers)
        );
        assert_eq!(events_of(&app, &customer_id, "plan_change.applied").await, 1);
        let charges = customer.get("/v1/charges").await.expect(200)["data"]
            .as_array()
            .map_or(0, Vec::len);
        assert_eq!(charges, 3, "one period, one credit, one proration");
    }
}

async fn sixty_four_conclusions_under_one_key_are_one(app: TestApp<'_>) {
    let (_, customer) = app.customer(PROVIDER, "business").await;
    let order = json!({ "plan": "single", "consents": consents(&["terms", "dpa"]) });
    let answers = crowd(&customer, "/v1/subscriptions", &order, true).await;
    assert_eq!(statuses(&answers), vec![201; CROWD]);
    let contracts = customer.get("/v1/subscriptions").await.expect(200)["data"]
        .as_array()
        .map_or(0, Vec::len);
    assert_eq!(contracts, 1);
    let other = json!({ "plan": "premium", "consents": consents(&["terms", "dpa"]) });
    customer
        .post_once("/v1/subscriptions", "one", other)
        .await
        .expect_problem(422, "idempotency_key_reused");
}

/// Seed 000: everyone has seen 0.00; one gets it, nobody else pays without having seen the price.
async fn the_last_slot_is_given_once(app: TestApp<'_>) {
    let (customer_id, customer) = app.customer(PROVIDER, "business").await;
    let package = conclude(&customer, "premium").await;
    let slots = format!("/v1/subscriptions/{package}/slots");
    let presence = json!({ "kind": "presence", "target": "shop_hosted", "name": "Laden" });
    for _ in 0..4 {
        customer.post(&slots, presence.clone()).await.expect(201);
    }
    let preview = customer.post("/v1/slots/preview", presence.clone()).await.expect(200);
    assert_eq!(preview["recurring"]["gross"]["amount"], "0.00");
    assert_eq!(preview["subscription_ids"], json!([package]));
    let mut body = presence;
    body["preview_token"] = preview["preview_token"].clone();
    // With consents, so that nothing but the preview stands between the crowd and 63 paid contracts.
    body["consents"] = consents(&["terms"]);
    let answers = crowd(&customer, "/v1/slots", &body, false).await;
    assert_eq!(statuses(&answers), [vec![201], vec![409; CROWD - 1]].concat());
    for answer in answers {
        if answer.status == 201 {
            assert_eq!(answer.json["subscription_id"], json!(package));
            continue;
        }
        let problem = answer.expect_problem(409, "preview_stale");
        assert_eq!(problem["preview"]["recurring"]["net"]["amount"], "5.90", "{problem}");
        assert_eq!(problem["preview"]["due_now"]["net"]["amount"], "5.90");
    }
    assert_eq!(events_of(&app, &customer_id, "slot.allocated").await, 5);
    assert_eq!(events_of(&app, &customer_id, "subscription.created").await, 1);
    assert_eq!(
        events_of(&app, &customer_id, "charge.created").await,
        1,
        "the package's own"
    );
    let occupied = customer.get(&slots).await.expect(200)["data"]
        .as_array()
        .map_or(0, Vec::len);
    assert_eq!(occupied, 5);
}

async fn all_but_one_holds_against_a_crowd(app: TestApp<'_>) {
    let (_, customer) = app.customer(PROVIDER, "business").await;
    let mut ids = Vec::new();
    for _ in 0..8 {
        ids.push(conclude(&customer, "single").await);
    }
    let cancel = |id: &String| {
        let path = format!("/v1/subscriptions/{id}/cancellations");
        let customer = &customer;
        async move { customer.post(&path, json!({})).await }
    };
    let answers = join_all(ids.iter().map(cancel)).await;
    assert_eq!(statuses(&answers), [vec![201; 7], vec![409]].concat());
}

/// The state a reader sees does not depend on whether a worker has been there.
async fn a_late_worker_changes_no_answer(app: TestApp<'_>) {
    let (customer_id, customer) = app.customer(PROVIDER, "business").await;
    let id = conclude(&customer, "single").await;
    let (_, untouched) = app.customer(PROVIDER, "business").await;
    let other = conclude(&untouched, "single").await;
    app.state.clock.advance(time::Duration::days(100));
    let staff = app.staff(PROVIDER);
    while due::run_batch(&app.state).expect("due work") > 0 {}
    let worked = staff.get(&format!("/v1/subscriptions/{id}")).await.expect(200);
    assert_eq!(worked["billed_through_on"], "2026-07-15");
    let _ = (customer, customer_id, other);
}

#[test]
fn two_workers_on_postgresql_apply_each_due_effect_once() {
    let Some(database) = TestDatabase::postgres_demo() else {
        return;
    };
    let url = database.url().to_owned();
    crate::helpers::app::run(&database, |app| async move {
        let mut customers = Vec::new();
        for _ in 0..40 {
            let (id, customer) = app.customer(PROVIDER, "business").await;
            conclude(&customer, "single").await;
            customers.push(id);
        }
        let Clock::Manual(_) = &app.state.clock else {
            panic!("the wall clock stands still in tests")
        };
        app.state.clock.advance(time::Duration::days(200));
        let shutdown = Shutdown::default();
        let workers: Vec<_> = (0..2)
            .map(|_| {
                let mut state = demo::state(Database::connect(&url, 2).expect("a database"));
                state.clock = app.state.clock.clone();
                let shutdown = shutdown.clone();
                std::thread::spawn(move || worker::run(&state, &shutdown))
            })
            .collect();
        let began = Instant::now();
        loop {
            let due = app
                .state
                .db
                .read(|conn| vertragswerk::repositories::due_customers::waiting(conn, app.state.clock.now().into(), 1));
            if due.expect("a database").is_empty() {
                break;
            }
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "the workers do not come to an end"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        shutdown.stop();
        for worker in workers {
            worker.join().expect("the worker did not panic");
        }
        for id in &customers {
            assert_eq!(
                events_of(&app, id, "charge.created").await,
                7,
                "seven periods in 200 days, each charged once"
            );
        }
    });
}

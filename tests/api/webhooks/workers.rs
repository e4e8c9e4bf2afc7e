//! Several workers, dead workers, and many writers.

use std::collections::{HashMap, HashSet};

use futures_util::future::join_all;
use serde_json::{Value, json};
use time::Duration;
use vertragswerk::db::Database;
use vertragswerk::services::webhooks;

use super::receiver::{Manner, Receiver};
use super::{PROVIDER, Working, after_attempts, deliveries, endpoint, something_happens, until};
use crate::helpers::{TestApp, TestDatabase, app, over_http};

over_http!(a_dead_workers_lease_runs_out);

async fn a_dead_workers_lease_runs_out(app: TestApp<'_>) {
    let staff = app.staff(PROVIDER);
    let receiver = Receiver::start(Manner::Status(200));
    let (id, _) = endpoint(&staff, &receiver.url, &["customer.created"]).await;
    something_happens(&staff).await;
    // A worker leases the message and dies.
    let state = app.state.clone();
    let leased = actix_web::web::block(move || {
        webhooks::fan_out(&state).expect("a database");
        webhooks::claim(&state, 10, |_, _, _| 10).expect("a database")
    })
    .await
    .expect("no panic");
    assert_eq!(leased.len(), 1);
    let working = Working::one(&app);
    actix_web::rt::time::sleep(std::time::Duration::from_millis(800)).await;
    assert!(receiver.received().is_empty(), "the lease holds");
    app.state.clock.advance(Duration::seconds(60));
    let delivery = after_attempts(&staff, &id, 2).await;
    assert_eq!(receiver.received().len(), 1);
    assert_eq!(
        (&delivery["status"], &delivery["attempt_count"]),
        (&json!("delivered"), &json!(2))
    );
    let (lost, made) = (&delivery["attempts"][0], &delivery["attempts"][1]);
    assert_eq!(
        (&lost["error"], &lost["status"], &lost["duration_ms"]),
        (&json!("interrupted"), &Value::Null, &Value::Null)
    );
    assert_eq!((&made["number"], &made["status"]), (&json!(2), &json!(200)));
    drop(working);

    // The dead one comes back to life: its result is void.
    let outcome = webhooks::Outcome::default();
    webhooks::record(&app.state, &leased[0], &outcome).expect("a database");
    assert_eq!(deliveries(&staff, &id).await[0]["status"], "delivered");
}

#[test]
fn two_workers_on_postgresql_share_the_deliveries() {
    let Some(database) = TestDatabase::postgres_demo() else {
        return;
    };
    let url = database.url().to_owned();
    app::run(&database, |app| async move {
        let staff = app.staff(PROVIDER);
        let receivers = [
            Receiver::start(Manner::Status(200)),
            Receiver::start(Manner::Status(200)),
        ];
        let mut ids = Vec::new();
        for receiver in &receivers {
            ids.push(endpoint(&staff, &receiver.url, &["customer.created"]).await.0);
        }
        let states = (0..2).map(|_| {
            let mut state = app.state.clone();
            state.db = Database::connect(&url, 3).expect("a database");
            state
        });
        let _working = Working::start(states);
        let count = 60;
        join_all((0..count).map(|_| something_happens(&staff))).await;
        for (receiver, id) in receivers.iter().zip(&ids) {
            let messages = receiver.wait_for(count).await;
            let told = until(async || {
                let told = deliveries(&staff, id).await;
                told.iter().all(|one| one["status"] == "delivered").then_some(told)
            })
            .await;
            assert_eq!(told.len(), count);
            assert!(
                told.iter().all(|one| one["attempt_count"] == 1),
                "nobody sends what another one has leased"
            );
            assert_eq!(receiver.received().len(), count);
            let positions: HashSet<i64> = messages
                .iter()
                .filter_map(|one| one.json["position"].as_i64())
                .collect();
            assert_eq!(positions.len(), count);
        }
    });
}

/// Eight writers, and a reader who always goes on after the last position it has seen: nothing is skipped, late commits
/// neither, and the numbers have no gaps.
#[test]
fn a_reader_misses_nothing_of_eight_writers_on_postgresql() {
    const WRITERS: usize = 8;
    const EACH: usize = 25;
    let Some(database) = TestDatabase::postgres_demo() else {
        return;
    };
    app::run(&database, |app| async move {
        let staff = app.staff(PROVIDER);
        let write = |_| {
            let staff = staff.clone();
            async move {
                let mut written = Vec::new();
                for number in 0..EACH {
                    let id = something_happens(&staff).await;
                    if number % 2 == 0 {
                        let path = format!("/v1/customers/{id}");
                        staff.patch(&path, json!({ "name": "Praxis Neu" })).await.expect(200);
                    }
                    written.push(id);
                }
                written
            }
        };
        let expected = WRITERS * (EACH + EACH.div_ceil(2));
        let read = async {
            let mut seen: Vec<Value> = Vec::new();
            let mut after = 0;
            while seen.len() < expected {
                let page = staff
                    .get(&format!("/v1/events?after={after}&limit=7"))
                    .await
                    .expect(200);
                let events = page["data"].as_array().expect("events").clone();
                after = page["next_after"].as_i64().expect("a position");
                seen.extend(events);
            }
            seen
        };
        // Another one follows a single type, from the position of the last event it has seen of it.
        let read_updates = async {
            let mut seen: Vec<Value> = Vec::new();
            let mut after = 0;
            while seen.len() < WRITERS * EACH.div_ceil(2) {
                let path = format!("/v1/events?after={after}&type=customer.updated&limit=3");
                let page = staff.get(&path).await.expect(200);
                after = page["next_after"].as_i64().expect("a position");
                seen.extend(page["data"].as_array().expect("events").clone());
            }
            seen
        };
        let (written, seen, updates) = futures_util::join!(join_all((0..WRITERS).map(write)), read, read_updates);
        let expected_updates: Vec<&Value> = seen
            .iter()
            .filter(|event| event["type"] == "customer.updated")
            .collect();
        assert_eq!(
            updates.iter().collect::<Vec<_>>(),
            expected_updates,
            "a filter skips nothing"
        );
        let positions: Vec<i64> = seen.iter().filter_map(|event| event["position"].as_i64()).collect();
        let gapless: Vec<i64> = (1..=i64::try_from(expected).expect("small")).collect();
        assert_eq!(positions, gapless, "in order, without gaps, nothing twice");
        let mut sequences: HashMap<&str, Vec<i64>> = HashMap::new();
        for event in &seen {
            let customer = event["customer_id"].as_str().expect("an id");
            sequences
                .entry(customer)
                .or_default()
                .extend(event["sequence"].as_i64());
        }
        for id in written.iter().flatten() {
            let sequence = &sequences[id.as_str()];
            assert!(sequence == &[1] || sequence == &[1, 2], "{id}: {sequence:?}");
        }
        let rest = staff.get(&format!("/v1/events?after={expected}")).await.expect(200);
        assert_eq!(rest["data"], json!([]));
    });
}

//! The billing run: twice, in parallel, and killed halfway.

use serde_json::Value;
use vertragswerk::db::{Database, DbConnection};
use vertragswerk::error::AppError;
use vertragswerk::repositories::invoices::{self, InvoiceFilter, InvoiceRow};
use vertragswerk::services::due;

use super::story::{conclude, list};
use crate::helpers::{TestApp, TestDatabase, app, demo, over_http};

over_http!(
    running_twice_bills_once_and_numbers_have_no_gaps,
    a_run_that_is_killed_leaves_nothing_and_is_resumed
);

const PROVIDER: &str = "hafenrechner";

async fn customers(app: &TestApp<'_>, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for _ in 0..count {
        let (id, customer) = app.customer(PROVIDER, "business").await;
        conclude(&customer, "hosting_s").await;
        ids.push(id);
    }
    ids
}

fn issued(database: &Database, app: &TestApp<'_>) -> Vec<InvoiceRow> {
    let rows = database.read(|conn: &mut DbConnection| {
        let provider = vertragswerk::repositories::providers::provider_find_by_slug(conn, PROVIDER)?;
        let filter = InvoiceFilter {
            provider_id: provider.map(|row| row.id).unwrap_or_default(),
            ..InvoiceFilter::default()
        };
        Ok::<_, AppError>(invoices::list(conn, &filter, 10_000)?)
    });
    let _ = app;
    rows.expect("invoices")
}

fn assert_gapless(rows: &[InvoiceRow]) {
    let mut places: Vec<(i32, i64)> = rows.iter().map(|row| (row.year, row.sequence)).collect();
    places.sort_unstable();
    let expected: Vec<(i32, i64)> = (1..).take(places.len()).map(|sequence| (2026, sequence)).collect();
    assert_eq!(places, expected);
}

async fn running_twice_bills_once_and_numbers_have_no_gaps(app: TestApp<'_>) {
    let ids = customers(&app, 6).await;
    app.state.clock.advance(time::Duration::days(65));
    while due::run_batch(&app.state).expect("due work") > 0 {}
    let once = issued(&app.state.db, &app);
    assert_eq!(once.len(), 6 * 3);
    assert_gapless(&once);
    assert_eq!(due::run_batch(&app.state).expect("nothing is due"), 0);
    assert_eq!(issued(&app.state.db, &app), once);
    let staff = app.staff(PROVIDER);
    for id in &ids {
        let invoices = list(&staff, &format!("/v1/invoices?customer_id={id}")).await;
        let days: Vec<&Value> = invoices.iter().map(|invoice| &invoice["issued_on"]).collect();
        assert_eq!(days, ["2026-05-16", "2026-04-16", "2026-03-16"]);
    }
}

/// Everything of a batch is one transaction: if its last statement does not happen, nothing has.
async fn a_run_that_is_killed_leaves_nothing_and_is_resumed(app: TestApp<'_>) {
    customers(&app, 4).await;
    let before = issued(&app.state.db, &app);
    app.state.clock.advance(time::Duration::days(40));
    let killed = app.state.db.write(|conn: &mut DbConnection| {
        let done = due::run_in_txn(&app.state, conn)?;
        assert_eq!(done, 4);
        Err::<(), AppError>(AppError::internal("the process is gone"))
    });
    assert!(killed.is_err());
    assert_eq!(issued(&app.state.db, &app), before);
    while due::run_batch(&app.state).expect("due work") > 0 {}
    let after = issued(&app.state.db, &app);
    assert_eq!(after.len(), 8);
    assert_gapless(&after);
}

#[test]
fn two_workers_on_postgresql_share_the_run_and_leave_no_gap() {
    let Some(database) = TestDatabase::postgres_demo() else {
        return;
    };
    let url = database.url().to_owned();
    app::run(&database, |app| async move {
        customers(&app, 24).await;
        app.state.clock.advance(time::Duration::days(95));
        let workers: Vec<_> = (0..2)
            .map(|_| {
                let mut state = demo::state(Database::connect(&url, 2).expect("a database"));
                state.clock = app.state.clock.clone();
                std::thread::spawn(move || {
                    // SKIP LOCKED: the other worker may hold everything for a moment.
                    for _ in 0..20 {
                        due::run_batch(&state).expect("due work");
                        std::thread::sleep(std::time::Duration::from_millis(10));
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.join().expect("the worker did not panic");
        }
        while due::run_batch(&app.state).expect("due work") > 0 {}
        let rows = issued(&app.state.db, &app);
        assert_eq!(rows.len(), 24 * 4);
        assert_gapless(&rows);
    });
}

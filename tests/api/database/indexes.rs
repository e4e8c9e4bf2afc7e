//! Every statement of a hot path finds its rows by an index: asked of `EXPLAIN` on both databases, with 100,000 contracts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use parking_lot::Mutex;
use serde_json::json;
use vertragswerk::db::{Backend, Database};
use vertragswerk::error::AppError;
use vertragswerk::services::{due, emails, events, webhooks};

use crate::helpers::http::Caller;
use crate::helpers::{TestApp, over_http};
use crate::invoices::story::{conclude, list};
use crate::scenarios::story::consents;

over_http!(hot_paths_find_their_rows_by_indexes);

const PROVIDER: &str = "kontaktkiste";
/// Contracts of the one customer whose rows are copied.
const CONTRACTS: usize = 5;
const COPIES: usize = 20_000;
const CALLERS: usize = 2_000;

/// Tables with what tells the rows of one customer from another's: these columns get a suffix in every copy. Tables that are
/// not here stay small.
const COPIED: &[(&str, &[&str])] = &[
    ("customers", &["id", "customer_number"]),
    ("subscriptions", &["id", "customer_id", "contract_number", "parent_id"]),
    ("phases", &["id", "customer_id", "subscription_id"]),
    ("changes", &["id", "customer_id", "subscription_id"]),
    (
        "charges",
        &[
            "id",
            "customer_id",
            "subscription_id",
            "item_id",
            "change_id",
            "invoice_id",
        ],
    ),
    ("invoices", &["id", "customer_id", "number"]),
    ("payments", &["id", "customer_id", "invoice_id"]),
    (
        "usage_records",
        &["id", "customer_id", "subscription_id", "reference", "charge_id"],
    ),
    ("events", &["id", "customer_id", "subscription_id"]),
    (
        "emails",
        &["id", "customer_id", "subscription_id", "event_id", "message_id"],
    ),
];

/// Of these a tenth is enough to make a walk dear.
const TENTH: &[&str] = &["changes", "invoices", "payments", "events", "emails"];

/// What else differs in every copy, or is long and in no index: table (any if empty), column and value.
const REPLACED: &[(&str, &str, &str)] = &[
    ("", "data", "'{}'"),
    ("", "body_text", "''"),
    ("", "body_html", "''"),
    ("", "position", "t.position + 1000 * k.n"),
    ("", "sequence", "t.sequence + 1000 * k.n"),
    // Nearly every mail has been sent long ago.
    ("emails", "status", "'sent'"),
];

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

fn lines(database: &Database, query: &str) -> Vec<String> {
    let read = database.read(|conn| {
        let rows: Vec<Line> = diesel::sql_query(query)
            .load(conn)
            .map_err(vertragswerk::db::DbError::from)?;
        Ok::<_, AppError>(rows.into_iter().map(|row| row.line).collect())
    });
    read.unwrap_or_else(|error| panic!("{error:?}: {query}"))
}

fn run(database: &Database, statements: &str) {
    let ran = database.write(|conn| {
        conn.batch_execute(statements)
            .map_err(vertragswerk::db::DbError::from)?;
        Ok::<_, AppError>(())
    });
    ran.unwrap_or_else(|error| panic!("{error:?}: {statements}"));
}

fn columns(database: &Database, table: &str) -> Vec<String> {
    let query = match database.backend() {
        Backend::Sqlite => format!("SELECT name AS line FROM pragma_table_info('{table}')"),
        Backend::Postgres => format!(
            "SELECT column_name::text AS line FROM information_schema.columns WHERE table_name = '{table}' ORDER BY ordinal_position"
        ),
    };
    lines(database, &query)
}

/// Copies all rows of one customer, many times over.
fn multiply(database: &Database, customer_id: &str, copies: usize) {
    let numbers = match database.backend() {
        Backend::Sqlite => format!(
            "(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {copies}) SELECT n FROM c)"
        ),
        Backend::Postgres => format!("(SELECT n FROM generate_series(1, {copies}) AS g(n))"),
    };
    let mut script = match database.backend() {
        Backend::Sqlite => "PRAGMA defer_foreign_keys = on;".to_owned(),
        // The rows fit together; asking for each reference once more would take most of the time.
        Backend::Postgres => "SET LOCAL session_replication_role = replica;".to_owned(),
    };
    for (table, keys) in COPIED {
        let columns = columns(database, table);
        let replaced = |column: &str| {
            REPLACED
                .iter()
                .find(|(of, name, _)| *name == column && (of.is_empty() || of == table))
        };
        let values: Vec<String> = columns
            .iter()
            .map(|column| match replaced(column) {
                Some((.., value)) => (*value).to_owned(),
                None if keys.contains(&column.as_str()) => format!("t.\"{column}\" || '-' || k.n"),
                None => format!("t.\"{column}\""),
            })
            .collect();
        let copies = if TENTH.contains(table) { copies / 10 } else { copies };
        let owner = if *table == "customers" { "id" } else { "customer_id" };
        script.push_str(&format!(
            "INSERT INTO {table} (\"{}\") SELECT {} FROM {table} AS t CROSS JOIN {numbers} AS k WHERE t.{owner} = '{customer_id}' AND k.n <= {copies};",
            columns.join("\", \""),
            values.join(", ")
        ));
    }
    run(database, &script);
    run(database, "ANALYZE");
}

/// A customer with five contracts and everything that can hang on one.
async fn history(app: &TestApp<'_>) -> (String, Caller, String) {
    app.state.clock.set(time::macros::datetime!(2026-03-02 09:00 UTC));
    let (customer_id, customer) = app.customer(PROVIDER, "business").await;
    let mut contract = String::new();
    for _ in 0..CONTRACTS {
        contract = conclude(&customer, "crm_monthly").await;
    }
    let agreed = consents(&["terms", "dpa", "withdrawal_instruction"]);
    let path = format!("/v1/subscriptions/{contract}");
    let order = json!({ "add_on": "extra_users", "quantity": 2, "consents": agreed });
    customer.post(&format!("{path}/add-ons"), order).await.expect(201);
    customer
        .post(&format!("{path}/cancellations"), json!({}))
        .await
        .expect(201);
    let staff = app.staff(PROVIDER);
    let invoices = list(&customer, "/v1/invoices").await;
    if let Some(invoice) = invoices.first() {
        let payment = json!({ "invoice_id": invoice["id"], "amount": { "amount": "1.00", "currency": "EUR" } });
        staff.post("/v1/payments", payment).await.expect(201);
    }
    // Numbers the events.
    staff.get("/v1/events").await.expect(200);
    (customer_id, customer, contract)
}

/// A customer of another provider who has used something.
async fn caller(app: &TestApp<'_>) -> String {
    let (customer_id, customer) = app.customer("sprechfenster", "business").await;
    let order = json!({ "plan": "plus", "quantity": 3, "consents": consents(&["terms", "dpa"]) });
    let contract = customer.post("/v1/subscriptions", order).await.expect(201);
    let usage = json!({ "subscription_id": contract["id"], "price": "sms", "quantity": 2, "reference": "1" });
    let staff = app.staff("sprechfenster");
    staff.post("/v1/usage", json!({ "records": [usage] })).await.expect(201);
    staff.get("/v1/events").await.expect(200);
    customer_id
}

/// What portals, integrators and the loops do all day.
async fn a_day(app: &TestApp<'_>, customer_id: &str, customer: &Caller, contract: &str) {
    let staff = app.staff(PROVIDER);
    let agreed = consents(&["terms", "dpa", "withdrawal_instruction"]);
    let path = format!("/v1/subscriptions/{contract}");
    let reads = [
        path.clone(),
        format!("{path}/timeline"),
        format!("{path}/evidence"),
        format!("{path}/add-ons"),
        format!("/v1/customers/{customer_id}/entitlements"),
    ];
    for read in &reads {
        customer.get(read).await.expect(200);
    }
    for name in [
        "customers",
        "subscriptions",
        "plan-changes",
        "cancellations",
        "withdrawals",
        "charges",
        "invoices",
        "credit-notes",
        "payments",
        "usage",
        "emails",
        "declarations",
        "events",
    ] {
        staff.get(&format!("/v1/{name}")).await.expect(200);
        staff.get(&format!("/v1/{name}?customer_id={customer_id}")).await;
        if !["customers", "payments", "declarations", "events"].contains(&name) {
            customer.get(&format!("/v1/{name}")).await.expect(200);
        }
    }
    let filters = [
        "customers?customer_number=K-1",
        "customers?external_id=x",
        "customers?email=erika@example.com",
        "subscriptions?contract_number=ABCD2345",
        "invoices?number=R-1",
    ];
    for filter in filters {
        staff.get(&format!("/v1/{filter}")).await.expect(200);
    }
    let order = json!({ "plan": "crm_monthly", "consents": agreed });
    customer
        .post("/v1/subscriptions/preview", json!({ "plan": "crm_monthly" }))
        .await
        .expect(200);
    let concluded = customer.post("/v1/subscriptions", order).await.expect(201);
    let concluded = format!("/v1/subscriptions/{}", concluded["id"].as_str().expect("an id"));
    let change = json!({ "plan": "crm_yearly", "consents": agreed });
    let change = customer.post(&format!("{concluded}/plan-changes"), change).await;
    assert!(change.status < 500, "{}", change.text);
    let order = json!({ "add_on": "extra_users", "quantity": 1, "consents": agreed });
    customer.post(&format!("{concluded}/add-ons"), order).await.expect(201);
    let cancelled = customer.post(&format!("{concluded}/cancellations"), json!({})).await;
    assert!(cancelled.status < 500, "{}", cancelled.text);
    let withdrawn = customer
        .post(
            "/v1/withdrawals",
            json!({ "subscription_id": concluded.rsplit('/').next() }),
        )
        .await;
    assert!(withdrawn.status < 500, "{}", withdrawn.text);
    due::run_batch(&app.state).expect("nothing due");
    events::sequence_all(&app.state).expect("numbered");
    webhooks::fan_out(&app.state).expect("told");
    webhooks::claim(&app.state, 10, |_, _, room| room).expect("nothing to send");
    emails::deliver_next(&app.state).expect("one mail");
}

/// The statement without its values, ready to be explained.
fn statement(text: &str) -> Option<&str> {
    let text = text.split(" -- binds:").next()?.trim();
    let first = text.split_whitespace().next()?;
    // An empty list asks for nothing. Rows joined from arrays are found by their key; their types PostgreSQL cannot guess.
    let is_idle = text.contains("(1=0)") || text.contains("FROM unnest(");
    (["SELECT", "UPDATE", "DELETE"].contains(&first) && !is_idle).then_some(text)
}

/// Where a plan walks through a table that grows with the customers instead of asking an index, or sorts a large part of it.
fn walks(database: &Database, statement: &str) -> Vec<String> {
    let grows = |name: &str| COPIED.iter().any(|(table, _)| *table == name.trim_matches('"'));
    match database.backend() {
        Backend::Sqlite => {
            // An index on a part of a table holds little besides what is asked for: it may be walked.
            let partial = lines(
                database,
                "SELECT name AS line FROM sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %'",
            );
            let scans = |line: &String| {
                let words: Vec<&str> = line.split_whitespace().collect();
                let by_a_part = words.iter().any(|word| partial.iter().any(|name| name == word));
                words[0] == "SCAN" && grows(words[1]) && !by_a_part
            };
            sqlite_plan(database, statement).into_iter().filter(scans).collect()
        }
        Backend::Postgres => {
            let scans = |line: &String| {
                let table = line
                    .split("Seq Scan on ")
                    .nth(1)
                    .and_then(|rest| rest.split_whitespace().next());
                table.is_some_and(grows)
            };
            let sorts =
                |line: &String| line.trim().trim_start_matches("->").trim().starts_with("Sort ") && rows(line) > 5_000;
            postgres_plan(database, statement)
                .into_iter()
                .filter(|line| scans(line) || sorts(line))
                .collect()
        }
    }
}

/// How many rows PostgreSQL expects: `(cost=0.1..2.3 rows=42 width=8)`.
fn rows(line: &str) -> u64 {
    let number = line.split("rows=").nth(1).and_then(|rest| rest.split(' ').next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn sqlite_plan(database: &Database, statement: &str) -> Vec<String> {
    #[derive(diesel::QueryableByName)]
    struct Step {
        #[diesel(sql_type = Text)]
        detail: String,
    }
    let read = database.read(|conn| {
        let steps: Vec<Step> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {statement}"))
            .load(conn)
            .map_err(vertragswerk::db::DbError::from)?;
        Ok::<_, AppError>(steps.into_iter().map(|step| step.detail).collect())
    });
    read.unwrap_or_else(|error| panic!("{error:?}: {statement}"))
}

/// The plan PostgreSQL makes without knowing the values, as it does for a prepared statement that has run a few times.
fn postgres_plan(database: &Database, statement: &str) -> Vec<String> {
    let values = (1..)
        .take_while(|number| statement.contains(&format!("${number}")))
        .map(|_| "NULL");
    let values: Vec<&str> = values.collect();
    let call = if values.is_empty() {
        String::new()
    } else {
        format!("({})", values.join(", "))
    };
    let read = database.read(|conn| {
        let prepared = format!("SET plan_cache_mode = force_generic_plan; PREPARE asked AS {statement}");
        conn.batch_execute(&prepared).map_err(vertragswerk::db::DbError::from)?;
        let plan: Vec<Line> = diesel::sql_query(format!(
            "SELECT line FROM plan_of('EXPLAIN EXECUTE asked{call}') AS t(line)"
        ))
        .load(conn)
        .map_err(vertragswerk::db::DbError::from)?;
        conn.batch_execute("DEALLOCATE asked; RESET plan_cache_mode")
            .map_err(vertragswerk::db::DbError::from)?;
        Ok::<_, AppError>(plan.into_iter().map(|row| row.line).collect())
    });
    read.unwrap_or_else(|error| panic!("{error:?}: {statement}"))
}

async fn hot_paths_find_their_rows_by_indexes(app: TestApp<'_>) {
    // Copies of rows are no history that anybody lived.
    app.leaves_damage();
    let (customer_id, customer, contract) = history(&app).await;
    let database = &app.state.db;
    multiply(database, &customer_id, COPIES);
    multiply(database, &caller(&app).await, CALLERS);
    if database.backend() == Backend::Postgres {
        run(
            database,
            "CREATE FUNCTION plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS 'BEGIN RETURN QUERY EXECUTE query; END'",
        );
    }
    let contracts = lines(
        database,
        "SELECT CAST(COUNT(*) AS TEXT) AS line FROM subscriptions WHERE parent_id IS NULL",
    );
    assert_eq!(contracts, [(CONTRACTS * (COPIES + 1) + CALLERS + 1).to_string()]);

    let told = Arc::new(Mutex::new(BTreeSet::new()));
    let telling = Arc::clone(&told);
    database.tell_statements(Box::new(move |text| {
        if let Some(statement) = statement(text) {
            telling.lock().insert(statement.to_owned());
        }
    }));
    a_day(&app, &customer_id, &customer, &contract).await;
    let told = std::mem::take(&mut *told.lock());
    assert!(told.len() > 60, "only {} statements", told.len());
    let found: BTreeMap<&String, Vec<String>> = told
        .iter()
        .map(|statement| (statement, walks(database, statement)))
        .filter(|(_, walks)| !walks.is_empty())
        .collect();
    assert!(found.is_empty(), "{found:#?}");

    // The question is not idle: without an index the walk is seen.
    let by_name = match database.backend() {
        Backend::Sqlite => "SELECT id FROM customers WHERE name = ?",
        Backend::Postgres => "SELECT id FROM customers WHERE name = $1",
    };
    assert_eq!(walks(database, by_name).len(), 1);
}

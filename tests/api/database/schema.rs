//! The twin migrations make one schema, and `schema.rs` describes it.

use std::collections::BTreeSet;

use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use vertragswerk::db::{self, Backend, Database, DbError};

use crate::helpers::{TestDatabase, on_both_databases};

on_both_databases!(
    the_description_matches_the_migrations,
    migrating_twice_or_at_once_is_harmless,
    every_migration_can_be_taken_back,
);

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

fn lines(database: &Database, query: &str) -> BTreeSet<String> {
    let load = |connection: &mut db::DbConnection| Ok::<_, DbError>(sql_query(query).load::<Line>(connection)?);
    database
        .read(load)
        .expect("the catalogue of the database")
        .into_iter()
        .map(|line| line.line)
        .collect()
}

const SQLITE_TABLES: &str = "(SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' \
     AND name NOT LIKE '\\_\\_%' ESCAPE '\\') AS m";

fn columns(database: &Database) -> BTreeSet<String> {
    match database.backend() {
        Backend::Sqlite => lines(
            database,
            &format!(
                "SELECT m.name || '.' || c.name || ' ' || lower(c.type) || iif(c.\"notnull\", '', ' null') AS line \
                 FROM {SQLITE_TABLES} JOIN pragma_table_info(m.name) AS c"
            ),
        ),
        Backend::Postgres => lines(
            database,
            "SELECT table_name || '.' || column_name || ' ' || replace(data_type, ' without time zone', '') \
                 || CASE WHEN is_nullable = 'YES' THEN ' null' ELSE '' END AS line \
             FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_%'",
        ),
    }
}

/// Unique keys (primary ones included), foreign keys and the other indexes.
fn keys(database: &Database) -> BTreeSet<String> {
    let queries = match database.backend() {
        Backend::Sqlite => [
            format!(
                "SELECT iif(i.\"unique\", 'unique ', 'index ' || i.name || ' on ') || m.name || '(' || \
                     (SELECT group_concat(name, ',') FROM (SELECT k.name FROM pragma_index_info(i.name) AS k ORDER BY k.seqno)) \
                     || ')' || iif(i.partial, ' partial', '') AS line \
                 FROM {SQLITE_TABLES} JOIN pragma_index_list(m.name) AS i"
            ),
            format!(
                "SELECT 'foreign ' || m.name || '.' || f.\"from\" || ' -> ' || f.\"table\" AS line \
                 FROM {SQLITE_TABLES} JOIN pragma_foreign_key_list(m.name) AS f"
            ),
        ],
        Backend::Postgres => [
            "SELECT CASE WHEN i.indisunique THEN 'unique ' ELSE 'index ' || c.relname || ' on ' END || t.relname || '(' \
                 || string_agg(a.attname, ',' ORDER BY k.place) || ')' \
                 || CASE WHEN i.indpred IS NULL THEN '' ELSE ' partial' END AS line \
             FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_class AS t ON t.oid = i.indrelid \
             CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (attribute, place) \
             JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = k.attribute \
             WHERE t.relnamespace = 'public'::regnamespace AND t.relname NOT LIKE '\\_\\_%' \
             GROUP BY i.indexrelid, i.indisunique, c.relname, t.relname, i.indpred IS NULL"
                .to_owned(),
            "SELECT 'foreign ' || t.relname || '.' || a.attname || ' -> ' || other.relname AS line \
             FROM pg_constraint AS f JOIN pg_class AS t ON t.oid = f.conrelid JOIN pg_class AS other ON other.oid = f.confrelid \
             CROSS JOIN LATERAL unnest(f.conkey) AS k (attribute) \
             JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = k.attribute WHERE f.contype = 'f'"
                .to_owned(),
        ],
    };
    queries.iter().flat_map(|query| lines(database, query)).collect()
}

fn assert_same(name: &str, left: &BTreeSet<String>, right: &BTreeSet<String>) {
    let only_left: Vec<_> = left.difference(right).collect();
    let only_right: Vec<_> = right.difference(left).collect();
    assert!(!left.is_empty(), "{name}: nothing was found");
    assert!(
        only_left.is_empty() && only_right.is_empty(),
        "{name} differ: {only_left:#?} against {only_right:#?}"
    );
}

#[test]
fn both_migrations_make_the_same_schema() {
    let Some(postgres) = TestDatabase::postgres() else {
        return;
    };
    let (sqlite, postgres) = (TestDatabase::sqlite().open(1), postgres.open(1));
    assert_same("columns", &columns(&sqlite), &columns(&postgres));
    assert_same("keys", &keys(&sqlite), &keys(&postgres));
}

fn the_description_matches_the_migrations(database: &TestDatabase) {
    assert_same(
        "schema.rs and the database",
        &described_columns(),
        &columns(&database.open(1)),
    );
}

/// The columns `schema.rs` declares, in the words of [`columns`].
fn described_columns() -> BTreeSet<String> {
    let mut described = BTreeSet::new();
    let mut table = String::new();
    let mut sql_name = None;
    for line in include_str!("../../../src/db/schema.rs").lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("#[sql_name = \"") {
            sql_name = Some(name.trim_end_matches("\"]").to_owned());
        } else if let Some((column, kind)) = line.split_once(" -> ") {
            let kind = kind.trim_end_matches(',');
            let (kind, null) = match kind.strip_prefix("Nullable<") {
                Some(kind) => (kind.trim_end_matches('>'), " null"),
                None => (kind, ""),
            };
            let kind = if kind == "Bool" {
                "boolean".to_owned()
            } else {
                kind.to_lowercase()
            };
            let column = sql_name.take().unwrap_or_else(|| column.to_owned());
            described.insert(format!("{table}.{column} {kind}{null}"));
        } else if let Some((name, _)) = line.split_once(" (").filter(|_| line.ends_with('{')) {
            table = name.to_owned();
        }
    }
    described
}

fn migrating_twice_or_at_once_is_harmless(database: &TestDatabase) {
    let empty = database.empty();
    let (first, second) = (empty.open(2), empty.open(2));
    let all = db::pending(&first).expect("the list");
    assert!(!all.is_empty());
    let ran: Vec<usize> = std::thread::scope(|scope| {
        let both = [&first, &second].map(|database| scope.spawn(|| db::migrate(database)));
        both.into_iter()
            .map(|thread| thread.join().expect("no panic").expect("migrated"))
            .collect()
    });
    assert_eq!(ran.iter().sum::<usize>(), all.len(), "each migration ran once");
    assert_eq!(db::pending(&first).expect("the list"), Vec::<String>::new());
    assert_eq!(db::migrate(&first).expect("nothing to do"), 0);
}

/// Runs all `down.sql`, newest first, and then everything up again.
fn every_migration_can_be_taken_back(database: &TestDatabase) {
    let database = database.open(1);
    let before = (columns(&database), keys(&database));
    let folder = match database.backend() {
        Backend::Sqlite => "migrations/sqlite",
        Backend::Postgres => "migrations/postgres",
    };
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut migrations: Vec<_> = std::fs::read_dir(folder)
        .expect("the migrations")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    migrations.sort();
    for migration in migrations.iter().rev() {
        let down = std::fs::read_to_string(migration.join("down.sql")).expect("a way back");
        let take_back = |connection: &mut db::DbConnection| {
            connection.batch_execute(&down)?;
            Ok::<_, DbError>(())
        };
        database
            .write(take_back)
            .unwrap_or_else(|error| panic!("{}: {error}", migration.display()));
    }
    assert_eq!(columns(&database), BTreeSet::new());
    let forget = "DELETE FROM __diesel_schema_migrations";
    database
        .write(|connection| Ok::<_, DbError>(connection.batch_execute(forget)?))
        .expect("forgotten");
    assert_eq!(db::migrate(&database).expect("up again"), migrations.len());
    assert_eq!((columns(&database), keys(&database)), before);
}

//! The macros and transactions on a SQLite file; `tests/api/database` runs the same mechanics on both databases.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::*;

diesel::table! {
    counters (name) {
        name -> Text,
        value -> BigInt,
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = counters)]
struct CounterRow {
    name: String,
    value: i64,
}

fn database() -> (tempfile::TempDir, Database) {
    let folder = tempfile::tempdir().expect("a folder");
    let database = Database::connect(&format!("sqlite:{}/new/t.db", folder.path().display()), 4).expect("a database");
    database
        .write(|connection| {
            connection
                .batch_execute("CREATE TABLE counters (name TEXT PRIMARY KEY NOT NULL, value BIGINT NOT NULL)")?;
            Ok::<_, DbError>(())
        })
        .expect("a table");
    (folder, database)
}

fn rows(count: i64) -> Vec<CounterRow> {
    (0..count)
        .map(|value| CounterRow {
            name: format!("c{value:05}"),
            value,
        })
        .collect()
}

#[test]
fn many_rows_go_in_by_chunks_and_a_duplicate_names_its_key() {
    let (_folder, database) = database();
    let rows = rows(1_201);
    database
        .write(|connection| insert_all!(connection, counters::table, &rows))
        .expect("inserted");
    let stored = database.read(|connection| {
        Ok::<_, DbError>(
            counters::table
                .order(counters::name)
                .select(CounterRow::as_select())
                .load(connection)?,
        )
    });
    assert_eq!(stored.expect("loaded"), rows);
    let again = database.write(|connection| insert_all!(connection, counters::table, &rows[..1]));
    let error = again.expect_err("a duplicate");
    assert!(
        error.unique_key().is_some_and(|key| key.is("counters", &["name"])),
        "{error}"
    );
}

#[test]
fn locked_rows_are_read_like_others() {
    let (_folder, database) = database();
    database
        .write(|connection| insert_all!(connection, counters::table, &rows(3)))
        .expect("inserted");
    let found = database.write(|connection| {
        let row: CounterRow = lock_rows!(
            connection,
            counters::table.find("c00002").select(CounterRow::as_select()),
            first
        )?;
        let free: Vec<CounterRow> = lock_free_rows!(
            connection,
            counters::table.limit(2).select(CounterRow::as_select()),
            load
        )?;
        Ok::<_, DbError>((row.value, free.len()))
    });
    assert_eq!(found.expect("found"), (2, 2));
}

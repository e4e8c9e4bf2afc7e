//! Commit, rollback and contention.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use vertragswerk::db::{Database, DbConnection, DbError};

use crate::helpers::{TestDatabase, on_both_databases};

on_both_databases!(
    an_error_or_a_panic_rolls_back,
    a_swallowed_error_never_commits_half,
    a_unique_violation_names_its_key,
    a_consistent_read_sees_one_state,
    concurrent_read_modify_write_loses_nothing,
    opposite_lock_orders_are_retried,
);

diesel::table! {
    counters (name) {
        name -> Text,
        value -> BigInt,
    }
}

/// What a service's own error looks like to the transaction.
#[derive(Debug, thiserror::Error)]
enum ServiceError {
    #[error("refused")]
    Refused,
    #[error(transparent)]
    Database(#[from] DbError),
}

fn prepared(database: &TestDatabase, pool_size: u32) -> Database {
    let database = database.open(pool_size);
    let create = "CREATE TABLE counters (name TEXT PRIMARY KEY, value BIGINT NOT NULL); \
                  INSERT INTO counters VALUES ('a', 0), ('b', 0)";
    database
        .write(|connection| Ok::<_, DbError>(connection.batch_execute(create)?))
        .expect("a table");
    database
}

fn value(connection: &mut DbConnection, name: &str) -> Result<i64, DbError> {
    Ok(counters::table.find(name).select(counters::value).first(connection)?)
}

fn locked_value(connection: &mut DbConnection, name: &str) -> Result<i64, DbError> {
    let query = counters::table.find(name).select(counters::value);
    Ok(match connection {
        DbConnection::Pg(open) => query.for_no_key_update().first(open)?,
        DbConnection::Sqlite(open) => query.first(open)?,
    })
}

fn set(connection: &mut DbConnection, name: &str, value: i64) -> Result<(), DbError> {
    let updated = diesel::update(counters::table.find(name))
        .set(counters::value.eq(value))
        .execute(connection)?;
    assert_eq!(updated, 1);
    Ok(())
}

fn an_error_or_a_panic_rolls_back(database: &TestDatabase) {
    let database = prepared(database, 2);
    let refused = database.write(|connection| {
        set(connection, "a", 1)?;
        Err::<(), _>(ServiceError::Refused)
    });
    assert!(matches!(refused, Err(ServiceError::Refused)));
    let panicked = std::panic::catch_unwind(AssertUnwindSafe(|| {
        database.write::<(), DbError>(|connection| {
            set(connection, "a", 2)?;
            panic!("as a bug would");
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(database.read(|connection| value(connection, "a")).expect("read"), 0);
    database
        .write(|connection| set(connection, "a", 3))
        .expect("the next writer gets its turn");
    assert_eq!(database.read(|connection| value(connection, "a")).expect("read"), 3);
}

/// PostgreSQL refuses everything after an error within a transaction; a body that hides the error must not look successful.
fn a_swallowed_error_never_commits_half(database: &TestDatabase) {
    let database = prepared(database, 2);
    let outcome = database.write::<_, DbError>(|connection| {
        set(connection, "a", 1)?;
        let duplicate = (counters::name.eq("a"), counters::value.eq(9));
        let _ = diesel::insert_into(counters::table)
            .values(duplicate)
            .execute(connection);
        Ok(())
    });
    let stored = database.read(|connection| value(connection, "a")).expect("read");
    assert_eq!(outcome.is_ok(), stored == 1, "outcome {outcome:?}, stored {stored}");
}

fn a_unique_violation_names_its_key(database: &TestDatabase) {
    let database = prepared(database, 2);
    let duplicate = (counters::name.eq("a"), counters::value.eq(9));
    let outcome = database.write(|connection| {
        diesel::insert_into(counters::table)
            .values(duplicate)
            .execute(connection)?;
        Ok::<_, DbError>(())
    });
    let error = outcome.expect_err("a duplicate");
    assert!(
        error.unique_key().is_some_and(|key| key.is("counters", &["name"])),
        "{error}"
    );
}

fn a_consistent_read_sees_one_state(database: &TestDatabase) {
    let database = prepared(database, 2);
    let seen = database.read_consistent(|connection| {
        let before = value(connection, "a")?;
        database.write(|other| set(other, "a", 7))?;
        Ok::<_, DbError>((before, value(connection, "a")?))
    });
    assert_eq!(seen.expect("read"), (0, 0));
    assert_eq!(database.read(|connection| value(connection, "a")).expect("read"), 7);
    let write = database.read_consistent(|connection| set(connection, "a", 8));
    if database.backend() == vertragswerk::db::Backend::Postgres {
        assert!(write.is_err(), "a consistent read cannot write");
    }
}

fn concurrent_read_modify_write_loses_nothing(database: &TestDatabase) {
    const THREADS: i64 = 8;
    const ROUNDS: i64 = 100;
    let database = prepared(database, 4);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    let increment = |connection: &mut DbConnection| {
                        let current = locked_value(connection, "a")?;
                        set(connection, "a", current + 1)
                    };
                    database.write(increment).expect("no writer is turned away");
                }
            });
        }
    });
    assert_eq!(
        database.read(|connection| value(connection, "a")).expect("read"),
        THREADS * ROUNDS
    );
}

fn opposite_lock_orders_are_retried(database: &TestDatabase) {
    let database = prepared(database, 4);
    std::thread::scope(|scope| {
        for order in [["a", "b"], ["b", "a"]] {
            let database = &database;
            scope.spawn(move || {
                for _ in 0..5 {
                    let both = |connection: &mut DbConnection| {
                        for name in order {
                            let current = locked_value(connection, name)?;
                            std::thread::sleep(Duration::from_millis(5));
                            set(connection, name, current + 1)?;
                        }
                        Ok::<_, DbError>(())
                    };
                    database.write(both).expect("a deadlock is repeated, not reported");
                }
            });
        }
    });
    let values = database.read(|connection| Ok::<_, DbError>((value(connection, "a")?, value(connection, "b")?)));
    assert_eq!(values.expect("read"), (10, 10));
}

//! Transactions. A service passes a closure; its error type is its own, and any error rolls back.

use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::{Connection, QueryResult};
use r2d2::PooledConnection;
use rand::RngExt;

use super::connection::{DbConnection, Manager, PooledLink};
use super::error::{DbError, Failure};
use super::pool::Database;

/// How often a transaction that collided with another one is run in all.
const ATTEMPTS: u32 = 6;

type Transactions = <DbConnection as Connection>::TransactionManager;

/// How a transaction begins on each database.
struct Begin {
    postgres: &'static str,
    sqlite: &'static str,
}

/// READ COMMITTED with row locks ([`lock_rows!`](super::lock_rows)); on SQLite the write lock from the start, because a
/// transaction that reads first and then writes cannot wait for it later.
const WRITE: Begin = Begin {
    postgres: "BEGIN ISOLATION LEVEL READ COMMITTED",
    sqlite: "BEGIN IMMEDIATE",
};
const SNAPSHOT: Begin = Begin {
    postgres: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    sqlite: "BEGIN DEFERRED",
};

impl Database {
    /// Runs `body` in one write transaction: committed if it returns `Ok`, rolled back on `Err` and on a panic. If it
    /// collides with another transaction (deadlock, serialization), it is run again from the start, so it must do nothing
    /// but work on the connection; the same if the connection dates from when the file was read-only. On SQLite one such
    /// transaction runs at a time.
    pub fn write<T, E: From<DbError>>(&self, mut body: impl FnMut(&mut DbConnection) -> Result<T, E>) -> Result<T, E> {
        let mut attempt = 1;
        loop {
            // Declared before the connection: after a panic the connection is closed first, then the turn passes on.
            let turn = self.turn_to_write()?;
            let mut link = self.begin(&WRITE)?;
            let outcome = finish(&mut link, &mut body);
            let once_more = link.seen.collided() || link.seen.read_only();
            drop(link);
            drop(turn);
            if !once_more || attempt == ATTEMPTS || outcome.is_ok() {
                return outcome;
            }
            std::thread::sleep(Duration::from_millis(
                rand::rng().random_range(1..=u64::from(10 * attempt)),
            ));
            attempt += 1;
        }
    }

    /// Runs `body` on a connection without a transaction: each statement sees what is committed when it starts. Must not
    /// write; it is run again if the connection turns out to be dead.
    pub fn read<T, E: From<DbError>>(&self, mut body: impl FnMut(&mut DbConnection) -> Result<T, E>) -> Result<T, E> {
        self.read_with_fresh_connections(|link| body(&mut link.connection))
    }

    /// Runs `body` so that all its statements see the same state of the database. Must not write.
    pub fn read_consistent<T, E: From<DbError>>(
        &self,
        mut body: impl FnMut(&mut DbConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        self.read_with_fresh_connections(|link| {
            start(&mut link.connection, &SNAPSHOT).map_err(DbError::from)?;
            finish(link, &mut body)
        })
    }

    /// A database that was restarted leaves dead connections in the pool. Each attempt retires one; a read has no effects,
    /// so it may simply be repeated.
    fn read_with_fresh_connections<T, E: From<DbError>>(
        &self,
        mut body: impl FnMut(&mut PooledConnection<Manager>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut dead_connections = 0;
        loop {
            let mut link = self.connection()?;
            let outcome = body(&mut link);
            if outcome.is_ok() || !link.seen.lost() || dead_connections == self.pool_size() {
                return outcome;
            }
            dead_connections += 1;
        }
    }

    /// An open transaction. Nothing has run before `BEGIN`, so a dead connection is replaced without notice.
    fn begin(&self, begin: &Begin) -> Result<PooledConnection<Manager>, DbError> {
        let mut dead_connections = 0;
        loop {
            let mut link = self.connection()?;
            match start(&mut link.connection, begin) {
                Ok(()) => return Ok(link),
                Err(error) if Failure::of(&error) == Failure::ConnectionLost && dead_connections < self.pool_size() => {
                    dead_connections += 1;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn start(connection: &mut DbConnection, begin: &Begin) -> QueryResult<()> {
    match connection {
        DbConnection::Pg(open) => AnsiTransactionManager::begin_transaction_sql(open, begin.postgres),
        DbConnection::Sqlite(open) => AnsiTransactionManager::begin_transaction_sql(open, begin.sqlite),
    }
}

fn finish<T, E: From<DbError>>(
    link: &mut PooledLink,
    body: &mut impl FnMut(&mut DbConnection) -> Result<T, E>,
) -> Result<T, E> {
    link.seen.forget_transaction();
    match body(&mut link.connection) {
        Ok(value) => match commit(link) {
            Ok(()) => Ok(value),
            Err(error) => {
                roll_back(&mut link.connection);
                Err(DbError::from(error).into())
            }
        },
        Err(error) => {
            roll_back(&mut link.connection);
            Err(error)
        }
    }
}

/// PostgreSQL answers COMMIT of a transaction in which a statement failed with a silent rollback. A body that hid such a
/// failure must not look successful, so after one the transaction is probed: in an aborted one every statement fails.
fn commit(link: &mut PooledLink) -> QueryResult<()> {
    if link.seen.failed() {
        link.connection.batch_execute("SELECT 1")?;
    }
    Transactions::commit_transaction(&mut link.connection)
}

/// A rollback that fails leaves a broken connection, which the pool closes; the caller hears of the first error.
fn roll_back(connection: &mut DbConnection) {
    if let Err(error) = Transactions::rollback_transaction(connection) {
        tracing::debug!(%error, "rollback failed, closing the connection");
    }
}

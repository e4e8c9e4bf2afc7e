//! The handle every service works with: a pool of connections, and on SQLite the queue of writers.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use r2d2::{HandleError, ManageConnection, Pool, PooledConnection};

use super::connection::{Backend, Manager, Target};
use super::error::DbError;
use super::statements::{StatementListener, Statements};

/// How long a request waits for a free connection before it is answered with "not available". A pool whose database is
/// down retries at least every half of this, so service returns soon after the database does.
const CONNECTION_WAIT: Duration = Duration::from_secs(2);
/// How long a writer waits for its turn on SQLite.
const WRITE_WAIT: Duration = Duration::from_secs(10);

/// The database: cheap to clone, shared by all threads.
#[derive(Clone)]
pub struct Database {
    pool: Pool<Manager>,
    backend: Backend,
    statements: Arc<Statements>,
    /// SQLite has one writer at a time. Writers queue here (first come, first served within half a millisecond) instead
    /// of polling the file lock, where the unlucky ones wait for seconds.
    write_turn: Arc<Mutex<()>>,
}

impl Database {
    /// Opens `sqlite:<path>` (creating file and folder) or `postgres://…` with at most `pool_size` connections.
    /// Fails if the URL is not understood or the database cannot be reached now; runs no migrations.
    pub fn connect(url: &str, pool_size: u32) -> Result<Self, DbError> {
        let target = Target::parse(url)?;
        target.prepare()?;
        let backend = target.backend();
        let statements = Arc::<Statements>::default();
        let manager = Manager {
            target,
            statements: Arc::clone(&statements),
        };
        // The first connection alone: it tells the real reason of a failure, and switches a new SQLite file to WAL.
        drop(manager.connect()?);
        let pool = Pool::builder()
            .max_size(pool_size.max(1))
            .min_idle(Some(1))
            .test_on_check_out(false)
            .connection_timeout(CONNECTION_WAIT)
            .idle_timeout(None)
            .max_lifetime(None)
            .error_handler(Box::new(LogConnectionErrors))
            .build(manager)
            .map_err(|error| DbError::Unavailable(error.to_string()))?;
        Ok(Self {
            pool,
            backend,
            statements,
            write_turn: Arc::new(Mutex::new(())),
        })
    }

    /// Which database this is.
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// How many connections the pool may open: as many blocking threads are useful.
    pub fn pool_size(&self) -> u32 {
        self.pool.max_size()
    }

    /// How many connections are open, and how many of them nobody uses.
    pub fn connections(&self) -> (u32, u32) {
        let state = self.pool.state();
        (state.connections, state.idle_connections)
    }

    /// How many statements have been run so far.
    pub fn statements(&self) -> u64 {
        self.statements.count()
    }

    /// Tells `listener` the text of every statement from now on. There is one listener; the first stays.
    pub fn tell_statements(&self, listener: StatementListener) {
        self.statements.tell(listener);
    }

    /// Whether the database answers now.
    pub fn ping(&self) -> Result<(), DbError> {
        self.read(|connection| Ok(diesel::r2d2::R2D2Connection::ping(connection)?))
    }

    pub(super) fn connection(&self) -> Result<PooledConnection<Manager>, DbError> {
        self.pool.get().map_err(|error| DbError::Unavailable(error.to_string()))
    }

    /// Waits for the turn to write; nothing to wait for on PostgreSQL.
    pub(super) fn turn_to_write(&self) -> Result<Option<MutexGuard<'_, ()>>, DbError> {
        match self.backend {
            Backend::Postgres => Ok(None),
            Backend::Sqlite => self
                .write_turn
                .try_lock_for(WRITE_WAIT)
                .map(Some)
                .ok_or_else(|| DbError::Unavailable("another writer did not finish in time".to_owned())),
        }
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Database")
            .field("backend", &self.backend)
            .finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct LogConnectionErrors;

impl HandleError<DbError> for LogConnectionErrors {
    fn handle_error(&self, error: DbError) {
        tracing::warn!(%error, "cannot open a database connection");
    }
}

//! One connection to either database, and how it is opened.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use diesel::connection::{InstrumentationEvent, SimpleConnection};
use diesel::r2d2::R2D2Connection;
use diesel::{Connection, PgConnection, SqliteConnection};

use super::error::{DbError, Failure};
use super::statements::Statements;

/// Which database is running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// Embedded, one server process.
    Sqlite,
    /// For many server processes.
    Postgres,
}

/// An open connection to one of the two databases; Diesel's query builder runs on it directly.
#[derive(diesel::MultiConnection)]
pub enum DbConnection {
    /// PostgreSQL.
    Pg(PgConnection),
    /// SQLite.
    Sqlite(SqliteConnection),
}

impl DbConnection {
    /// Which database this connection speaks to.
    pub fn backend(&self) -> Backend {
        match self {
            Self::Pg(_) => Backend::Postgres,
            Self::Sqlite(_) => Backend::Sqlite,
        }
    }
}

/// Where the database is, understood from its URL.
#[derive(Debug, Clone)]
pub(super) enum Target {
    Sqlite(PathBuf),
    Postgres(String),
}

impl Target {
    /// `sqlite:<path>` or `postgres://…`; everything else is refused, so that a typing error never opens an empty database.
    pub(super) fn parse(url: &str) -> Result<Self, DbError> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || path == ":memory:" {
                return Err(DbError::Other(
                    "DATABASE_URL: sqlite: needs the path of a file".to_owned(),
                ));
            }
            return Ok(Self::Sqlite(PathBuf::from(path)));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres(with_connection_defaults(url)));
        }
        Err(DbError::Other(
            "DATABASE_URL must start with sqlite: or postgres://".to_owned(),
        ))
    }

    pub(super) fn backend(&self) -> Backend {
        match self {
            Self::Sqlite(_) => Backend::Sqlite,
            Self::Postgres(_) => Backend::Postgres,
        }
    }

    /// Creates the folder of the SQLite file.
    pub(super) fn prepare(&self) -> Result<(), DbError> {
        let Self::Sqlite(path) = self else { return Ok(()) };
        let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else {
            return Ok(());
        };
        std::fs::create_dir_all(folder)
            .map_err(|error| DbError::Unavailable(format!("cannot create {}: {error}", folder.display())))
    }

    fn open(&self) -> Result<DbConnection, DbError> {
        let unavailable = |error: &dyn std::fmt::Display| DbError::Unavailable(error.to_string());
        match self {
            Self::Sqlite(path) => Ok(DbConnection::Sqlite(open_sqlite(path)?)),
            Self::Postgres(url) => {
                let mut connection = PgConnection::establish(url)
                    .map_err(|error| DbError::Unavailable(explained(&error.to_string())))?;
                connection
                    .batch_execute("SET lock_timeout = '10s'")
                    .map_err(|error| unavailable(&error))?;
                Ok(DbConnection::Pg(connection))
            }
        }
    }
}

/// libpq's message on one line, and what to do where only the way this program was built explains it.
fn explained(message: &str) -> String {
    let message = message.trim().replace('\n', "; ");
    if message.contains("SSL support is not compiled in") {
        format!("{message} (build with `--features postgres-tls`)")
    } else {
        message
    }
}

/// Without a limit libpq waits for minutes on a host that does not answer.
fn with_connection_defaults(url: &str) -> String {
    let mut url = url.to_owned();
    for (name, value) in [("connect_timeout", "3"), ("application_name", "vertragswerk")] {
        if !url.contains(&format!("{name}=")) {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(name);
            url.push('=');
            url.push_str(value);
        }
    }
    url
}

/// `busy_timeout` first, because switching to WAL can itself meet a lock. FULL: a confirmed cancellation survives a power cut.
fn open_sqlite(path: &Path) -> Result<SqliteConnection, DbError> {
    let shown = path.display();
    let text = path
        .to_str()
        .ok_or_else(|| DbError::Other(format!("DATABASE_URL: {shown} is not valid UTF-8")))?;
    let mut connection = SqliteConnection::establish(text)
        .map_err(|error| DbError::Unavailable(format!("cannot open {shown}: {error}")))?;
    connection
        .batch_execute(
            "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
             PRAGMA foreign_keys = ON; PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY;",
        )
        .map_err(|error| DbError::Unavailable(format!("cannot open {shown}: {error}")))?;
    Ok(connection)
}

/// A connection in the pool, with what its statements revealed about it.
pub(super) struct PooledLink {
    pub(super) connection: DbConnection,
    pub(super) seen: Arc<Seen>,
}

/// Services return their own error types, so the connection itself remembers what its statements ran into.
#[derive(Default)]
pub(super) struct Seen {
    lost: AtomicBool,
    collided: AtomicBool,
    failed: AtomicBool,
    read_only: AtomicBool,
}

impl Seen {
    /// Whether a statement failed because the connection is dead.
    pub(super) fn lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    /// Whether a statement of this transaction collided with another transaction.
    pub(super) fn collided(&self) -> bool {
        self.collided.load(Ordering::Relaxed)
    }

    /// Whether a statement failed because the file was read-only when this connection was opened; it has written nothing.
    pub(super) fn read_only(&self) -> bool {
        self.read_only.load(Ordering::Relaxed)
    }

    /// Whether any statement of this transaction failed.
    pub(super) fn failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// A new transaction begins.
    pub(super) fn forget_transaction(&self) {
        self.collided.store(false, Ordering::Relaxed);
        self.failed.store(false, Ordering::Relaxed);
    }

    fn note(&self, error: &diesel::result::Error) {
        self.failed.store(true, Ordering::Relaxed);
        match Failure::of(error) {
            Failure::ConnectionLost => self.lost.store(true, Ordering::Relaxed),
            Failure::Collision => self.collided.store(true, Ordering::Relaxed),
            Failure::OpenedReadOnly => self.read_only.store(true, Ordering::Relaxed),
            Failure::Unavailable | Failure::Other => {}
        }
    }
}

/// Opens connections for the pool and sorts out dead ones.
#[derive(Debug)]
pub(super) struct Manager {
    pub(super) target: Target,
    /// What has been run on all connections.
    pub(super) statements: Arc<Statements>,
}

impl r2d2::ManageConnection for Manager {
    type Connection = PooledLink;
    type Error = DbError;

    fn connect(&self) -> Result<PooledLink, DbError> {
        let mut connection = self.target.open()?;
        let seen = Arc::new(Seen::default());
        let noting = Arc::clone(&seen);
        let statements = Arc::clone(&self.statements);
        connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::FinishQuery { query, error, .. } = event {
                statements.note(query);
                if let Some(error) = error {
                    noting.note(error);
                }
            }
        });
        Ok(PooledLink { connection, seen })
    }

    fn is_valid(&self, link: &mut PooledLink) -> Result<(), DbError> {
        Ok(link.connection.ping()?)
    }

    /// Also true for an open transaction, which a panic leaves behind: closing the connection rolls it back.
    fn has_broken(&self, link: &mut PooledLink) -> bool {
        link.seen.lost() || link.seen.read_only() || std::thread::panicking() || link.connection.is_broken()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_of_the_url_chooses_the_database() {
        let sqlite = |url| match Target::parse(url) {
            Ok(Target::Sqlite(path)) => path,
            other => panic!("{url}: {other:?}"),
        };
        assert_eq!(sqlite("sqlite:data/a.db"), PathBuf::from("data/a.db"));
        assert_eq!(sqlite("sqlite:/data/a.db"), PathBuf::from("/data/a.db"));
        assert_eq!(sqlite("sqlite:///data/a.db"), PathBuf::from("/data/a.db"));
        for refused in ["", "sqlite:", "sqlite::memory:", "mysql://localhost/x", "data/a.db"] {
            assert!(Target::parse(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn a_build_without_encryption_says_how_to_get_it() {
        let told = explained("sslmode value \"require\" invalid when SSL support is not compiled in\n");
        assert!(
            told.ends_with("not compiled in (build with `--features postgres-tls`)"),
            "{told}"
        );
        assert_eq!(explained("first\nsecond\n"), "first; second");
    }

    #[test]
    fn a_connect_timeout_is_added_unless_the_operator_chose_one() {
        assert_eq!(
            with_connection_defaults("postgres://h/d"),
            "postgres://h/d?connect_timeout=3&application_name=vertragswerk"
        );
        let chosen = "postgres://h/d?connect_timeout=9&application_name=x";
        assert_eq!(with_connection_defaults(chosen), chosen);
    }
}

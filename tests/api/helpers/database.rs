//! An isolated database per test, copied from a template that was migrated once.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use parking_lot::Mutex;
use tempfile::TempDir;
use vertragswerk::db::{self, Backend, Database, DbError};

use super::postgres;

const TEMPLATE: &str = "vertragswerk_template";

/// A migrated database of one test alone; removed when dropped.
pub struct TestDatabase {
    url: String,
    backend: Backend,
    _remains: Remains,
}

/// What has to be removed.
enum Remains {
    Folder { _folder: TempDir },
    PostgresDatabase(String),
}

impl TestDatabase {
    /// A fresh SQLite file.
    pub fn sqlite() -> Self {
        static TEMPLATE_FILE: LazyLock<Vec<u8>> = LazyLock::new(|| {
            let folder = tempfile::tempdir().expect("a folder");
            let file = folder.path().join("template.db");
            let database = Database::connect(&format!("sqlite:{}", file.display()), 1).expect("the template opens");
            db::migrate(&database).expect("the SQLite migrations run");
            let checkpoint = |connection: &mut db::DbConnection| {
                Ok::<_, DbError>(connection.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")?)
            };
            database.read(checkpoint).expect("the log is written back");
            std::fs::read(file).expect("the template")
        });
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("test.db");
        std::fs::write(&file, &*TEMPLATE_FILE).expect("a copy of the template");
        let url = format!("sqlite:{}", file.display());
        Self {
            url,
            backend: Backend::Sqlite,
            _remains: Remains::Folder { _folder: folder },
        }
    }

    /// A fresh PostgreSQL database; `None` if none is installed (see [`postgres::server`]).
    pub fn postgres() -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let server = postgres::server()?;
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        administer(&format!(
            "CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy"
        ));
        let remains = Remains::PostgresDatabase(name.clone());
        Some(Self {
            url: server.url(&name),
            backend: Backend::Postgres,
            _remains: remains,
        })
    }

    /// An empty database next to this one, on the same engine, where no migration has run.
    pub fn empty(&self) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        match self.backend {
            Backend::Sqlite => {
                let folder = tempfile::tempdir().expect("a folder");
                let url = format!("sqlite:{}/empty.db", folder.path().display());
                Self {
                    url,
                    backend: Backend::Sqlite,
                    _remains: Remains::Folder { _folder: folder },
                }
            }
            Backend::Postgres => {
                let server = postgres::server().expect("this database is on it");
                let name = format!("empty_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
                administer(&format!("CREATE DATABASE {name}"));
                let remains = Remains::PostgresDatabase(name.clone());
                Self {
                    url: server.url(&name),
                    backend: Backend::Postgres,
                    _remains: remains,
                }
            }
        }
    }

    /// Its `DATABASE_URL`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Opens it with a pool of `pool_size` connections.
    pub fn open(&self, pool_size: u32) -> Database {
        Database::connect(&self.url, pool_size).expect("the test database opens")
    }
}

impl Drop for Remains {
    fn drop(&mut self) {
        if let Self::PostgresDatabase(name) = self
            && !std::thread::panicking()
        {
            administer(&format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
}

/// Runs one statement as the administrator, after the template has been made. One at a time: PostgreSQL copies a template
/// only while nobody uses it.
fn administer(statement: &str) {
    static ADMINISTRATOR: LazyLock<Mutex<PgConnection>> = LazyLock::new(|| {
        let server = postgres::server().expect("only called when there is one");
        let mut connection = PgConnection::establish(&server.url("postgres")).expect("the administrator's connection");
        connection
            .batch_execute(&format!("CREATE DATABASE {TEMPLATE}"))
            .expect("the template is created");
        let database = Database::connect(&server.url(TEMPLATE), 1).expect("the template opens");
        db::migrate(&database).expect("the PostgreSQL migrations run");
        drop(database);
        Mutex::new(connection)
    });
    ADMINISTRATOR
        .lock()
        .batch_execute(statement)
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
}

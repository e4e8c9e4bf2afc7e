//! An isolated database per test, copied from a template that was made once.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use parking_lot::Mutex;
use tempfile::TempDir;
use vertragswerk::db::{self, Backend, Database, DbError};

use super::demo::{self, ApiKeys};
use super::postgres;

/// A migrated database of one test alone; removed when dropped.
pub struct TestDatabase {
    url: String,
    backend: Backend,
    api_keys: ApiKeys,
    remains: Remains,
}

/// What has to be removed.
enum Remains {
    Folder(TempDir),
    PostgresDatabase(String),
}

impl TestDatabase {
    /// A fresh SQLite file with the schema and no rows.
    pub fn sqlite() -> Self {
        static TEMPLATE: LazyLock<(Vec<u8>, ApiKeys)> = LazyLock::new(|| sqlite_template(|_| ApiKeys::new()));
        Self::sqlite_copy(&TEMPLATE)
    }

    /// A fresh SQLite file with the demo providers.
    pub fn sqlite_demo() -> Self {
        static TEMPLATE: LazyLock<(Vec<u8>, ApiKeys)> = LazyLock::new(|| sqlite_template(demo::fill));
        Self::sqlite_copy(&TEMPLATE)
    }

    /// A fresh PostgreSQL database with the schema and no rows; `None` if none is installed (see [`postgres::server`]).
    pub fn postgres() -> Option<Self> {
        static TEMPLATE: LazyLock<ApiKeys> = LazyLock::new(|| postgres_template("template_schema", |_| ApiKeys::new()));
        Self::postgres_copy("template_schema", &TEMPLATE)
    }

    /// A fresh PostgreSQL database with the demo providers; `None` if none is installed.
    pub fn postgres_demo() -> Option<Self> {
        static TEMPLATE: LazyLock<ApiKeys> = LazyLock::new(|| postgres_template("template_demo", demo::fill));
        Self::postgres_copy("template_demo", &TEMPLATE)
    }

    fn sqlite_copy((content, api_keys): &(Vec<u8>, ApiKeys)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("test.db");
        std::fs::write(&file, content).expect("a copy of the template");
        Self {
            url: format!("sqlite:{}", file.display()),
            backend: Backend::Sqlite,
            api_keys: api_keys.clone(),
            remains: Remains::Folder(folder),
        }
    }

    fn postgres_copy(template: &str, api_keys: &LazyLock<ApiKeys>) -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let server = postgres::server()?;
        let api_keys = LazyLock::force(api_keys).clone();
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        administer(&format!(
            "CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy"
        ));
        Some(Self {
            url: server.url(&name),
            backend: Backend::Postgres,
            api_keys,
            remains: Remains::PostgresDatabase(name),
        })
    }

    /// The API key of the demo provider with this short name; it holds every scope a key can hold.
    pub fn api_key(&self, provider: &str) -> &str {
        self.api_keys
            .get(provider)
            .unwrap_or_else(|| panic!("{provider}: none of {:?}", self.api_keys.keys()))
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
                    api_keys: ApiKeys::new(),
                    remains: Remains::Folder(folder),
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
                    api_keys: ApiKeys::new(),
                    remains,
                }
            }
        }
    }

    /// All of them.
    pub fn api_keys(&self) -> &ApiKeys {
        &self.api_keys
    }

    /// Another database with the same content. Whoever is connected to this one on PostgreSQL is disconnected.
    pub fn copy(&self) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        match &self.remains {
            Remains::Folder(folder) => {
                let content = sqlite_content(&self.open(1), &folder.path().join("test.db"));
                Self::sqlite_copy(&(content, self.api_keys.clone()))
            }
            Remains::PostgresDatabase(original) => {
                let server = postgres::server().expect("this database is on it");
                let name = format!("copy_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
                administer(&format!(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{original}'"
                ));
                administer(&format!(
                    "CREATE DATABASE {name} TEMPLATE {original} STRATEGY file_copy"
                ));
                Self {
                    url: server.url(&name),
                    backend: Backend::Postgres,
                    api_keys: self.api_keys.clone(),
                    remains: Remains::PostgresDatabase(name),
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

fn sqlite_template(fill: impl FnOnce(Database) -> ApiKeys) -> (Vec<u8>, ApiKeys) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("template.db");
    let database = Database::connect(&format!("sqlite:{}", file.display()), 1).expect("the template opens");
    db::migrate(&database).expect("the SQLite migrations run");
    let api_keys = fill(database.clone());
    (sqlite_content(&database, &file), api_keys)
}

/// The whole content of a SQLite database nobody is writing to.
fn sqlite_content(database: &Database, file: &std::path::Path) -> Vec<u8> {
    let checkpoint = |connection: &mut db::DbConnection| {
        Ok::<_, DbError>(connection.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")?)
    };
    database.read(checkpoint).expect("the log is written back");
    std::fs::read(file).expect("the database")
}

fn postgres_template(name: &str, fill: impl FnOnce(Database) -> ApiKeys) -> ApiKeys {
    let server = postgres::server().expect("only called when there is one");
    administer(&format!("CREATE DATABASE {name}"));
    let database = Database::connect(&server.url(name), 1).expect("the template opens");
    db::migrate(&database).expect("the PostgreSQL migrations run");
    fill(database)
}

/// Runs one statement as the administrator. One at a time: PostgreSQL copies a template only while nobody uses it.
fn administer(statement: &str) {
    static ADMINISTRATOR: LazyLock<Mutex<PgConnection>> = LazyLock::new(|| {
        let server = postgres::server().expect("only called when there is one");
        Mutex::new(PgConnection::establish(&server.url("postgres")).expect("the administrator's connection"))
    });
    let outcome = ADMINISTRATOR.lock().batch_execute(statement);
    outcome.unwrap_or_else(|error| panic!("{statement}: {error}"));
}

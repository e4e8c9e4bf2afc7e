//! Twin migrations, embedded: each database has its own folder with the same names, and both make the same schema.

use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connection::DbConnection;
use super::error::DbError;
use super::pool::Database;

const SQLITE_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Any number that nothing else locks.
const ADVISORY_LOCK: i64 = 7_301_946_205_118;

/// Brings the schema up to date and returns how many migrations ran. All of them run in one transaction, and processes
/// that start at the same time wait for each other.
pub fn migrate(database: &Database) -> Result<usize, DbError> {
    database.write(|connection| {
        if let DbConnection::Pg(open) = connection {
            // The first process may take longer than the usual patience of a lock.
            diesel::connection::SimpleConnection::batch_execute(
                open,
                &format!("SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"),
            )?;
        }
        let done = match connection {
            DbConnection::Pg(open) => open.run_pending_migrations(POSTGRES_MIGRATIONS).map(|done| done.len()),
            DbConnection::Sqlite(open) => open.run_pending_migrations(SQLITE_MIGRATIONS).map(|done| done.len()),
        };
        done.map_err(failed)
    })
}

/// The names of migrations that have not run yet, oldest first.
pub fn pending(database: &Database) -> Result<Vec<String>, DbError> {
    fn names<DB: diesel::backend::Backend>(migrations: &[Box<dyn diesel::migration::Migration<DB>>]) -> Vec<String> {
        migrations
            .iter()
            .map(|migration| migration.name().to_string())
            .collect()
    }
    database.read(|connection| match connection {
        DbConnection::Pg(open) => open
            .pending_migrations(POSTGRES_MIGRATIONS)
            .map(|found| names(&found))
            .map_err(failed),
        DbConnection::Sqlite(open) => open
            .pending_migrations(SQLITE_MIGRATIONS)
            .map(|found| names(&found))
            .map_err(failed),
    })
}

fn failed(error: Box<dyn std::error::Error + Send + Sync>) -> DbError {
    match error.downcast::<diesel::result::Error>() {
        Ok(error) => DbError::from(*error),
        Err(error) => DbError::Other(format!("migration failed: {error}")),
    }
}

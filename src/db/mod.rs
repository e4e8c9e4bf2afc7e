//! The only place that knows which database is running: SQLite (embedded default) or PostgreSQL (many server processes).
//!
//! Repositories take an open `&mut DbConnection` and return `Result<_, DbError>`; services open transactions with
//! [`Database::write`] and [`Database::read`]. What the two databases do not share goes through the macros below.

mod connection;
mod error;
mod migrations;
mod pool;
pub mod schema;
mod statements;
mod transaction;
mod types;

pub use connection::{Backend, DbConnection, MultiBackend};
pub use error::{DbError, UniqueKey};
pub use migrations::{migrate, pending};
pub use pool::Database;
pub use statements::StatementListener;
pub use types::{JsonText, Utc};

/// Rows per statement of [`insert_all!`]: 500 rows of 32 columns stay below SQLite's limit of 32,766 bound values.
pub(crate) const ROWS_PER_INSERT: usize = 500;

/// From how many rows on [`insert_many!`] copies: for fewer, a statement that is prepared already is faster.
pub(crate) const ROWS_TO_COPY: usize = 50;

/// Compiles one Diesel statement once per database, for what the enum cannot do (ON CONFLICT, several rows, UNION):
/// `on_conn!(conn, c => diesel::insert_into(t::table).values(&rows).on_conflict_do_nothing().execute(c))?`.
macro_rules! on_conn {
    ($conn:expr, $open:ident => $body:expr) => {
        match $conn {
            $crate::db::DbConnection::Pg($open) => $body,
            $crate::db::DbConnection::Sqlite($open) => $body,
        }
    };
}

/// Loads rows and keeps them locked until the end of the transaction: `lock_rows!(conn, t::table.find(id).select(Row::as_select()), first)`.
/// SQLite has one writer at a time, so its transaction already holds the lock. Foreign keys to the row stay possible.
/// Write the query out in the call: it is compiled once per database.
macro_rules! lock_rows {
    ($conn:expr, $query:expr, $load:ident) => {
        match $conn {
            $crate::db::DbConnection::Pg(open) => {
                diesel::RunQueryDsl::$load(diesel::QueryDsl::for_no_key_update($query), open)
            }
            $crate::db::DbConnection::Sqlite(open) => diesel::RunQueryDsl::$load($query, open),
        }
    };
}

/// Like [`lock_rows!`], but leaves out rows another worker holds, so that workers share a queue without waiting.
macro_rules! lock_free_rows {
    ($conn:expr, $query:expr, $load:ident) => {
        match $conn {
            $crate::db::DbConnection::Pg(open) => diesel::RunQueryDsl::$load(
                diesel::QueryDsl::skip_locked(diesel::QueryDsl::for_update($query)),
                open,
            ),
            $crate::db::DbConnection::Sqlite(open) => diesel::RunQueryDsl::$load($query, open),
        }
    };
}

/// Inserts a slice of `Insertable` rows in as few statements as the databases allow: `insert_all!(conn, t::table, &rows)?`.
macro_rules! insert_all {
    ($conn:expr, $table:expr, $rows:expr) => {{
        let mut outcome: Result<(), $crate::db::DbError> = Ok(());
        for chunk in $rows.chunks($crate::db::ROWS_PER_INSERT) {
            let inserted = $crate::db::on_conn!(&mut *$conn, open => diesel::RunQueryDsl::execute(
                diesel::insert_into($table).values(chunk),
                open,
            ));
            if let Err(error) = inserted {
                outcome = Err(error.into());
                break;
            }
        }
        outcome
    }};
}

/// Like [`insert_all!`] for tables that batches write many rows to: PostgreSQL takes them as one COPY, which it neither parses
/// nor plans. The rows must be `Insertable` with `treat_none_as_default_value = false`, since COPY knows no defaults.
macro_rules! insert_many {
    ($conn:expr, $table:expr, $rows:expr) => {
        match &mut *$conn {
            $crate::db::DbConnection::Pg(open) if $rows.len() >= $crate::db::ROWS_TO_COPY => {
                diesel::ExecuteCopyFromDsl::execute(diesel::copy_from($table).from_insertable($rows), open)
                    .map(|_| ())
                    .map_err($crate::db::DbError::from)
            }
            _ => $crate::db::insert_all!($conn, $table, $rows),
        }
    };
}

pub(crate) use {insert_all, insert_many, lock_free_rows, lock_rows, on_conn};

#[cfg(test)]
mod tests;

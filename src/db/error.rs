//! What can go wrong in the database, sorted by what the caller should do about it. None of it is ever the client's fault.

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error};

/// A failed database operation.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The database cannot be reached, is full, read-only or overloaded: the same request may succeed later.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// Another transaction was in the way (serialization failure, deadlock) and repeating did not help.
    #[error("the transaction collided with another one: {0}")]
    Collision(String),
    /// A row with the same unique key exists already.
    #[error("a row with the same {0} exists already")]
    UniqueViolation(UniqueKey),
    /// Anything else: a defect of this program or of the schema.
    #[error("database error: {0}")]
    Other(String),
}

/// The unique key that was violated, named alike on both databases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UniqueKey {
    /// Table, empty for an index over expressions on SQLite.
    pub table: String,
    /// Columns in the order of the key; for an index over expressions on SQLite its name.
    pub columns: Vec<String>,
}

impl UniqueKey {
    /// Whether this is the key of `table` over exactly `columns`.
    pub fn is(&self, table: &str, columns: &[&str]) -> bool {
        self.table == table && self.columns.iter().map(String::as_str).eq(columns.iter().copied())
    }
}

impl std::fmt::Display for UniqueKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}({})", self.table, self.columns.join(", "))
    }
}

impl DbError {
    /// The violated key, if that is what happened.
    pub fn unique_key(&self) -> Option<&UniqueKey> {
        match self {
            Self::UniqueViolation(key) => Some(key),
            _ => None,
        }
    }
}

impl From<Error> for DbError {
    fn from(error: Error) -> Self {
        match Failure::of(&error) {
            Failure::ConnectionLost | Failure::Unavailable | Failure::OpenedReadOnly => {
                Self::Unavailable(error.to_string())
            }
            Failure::Collision => Self::Collision(error.to_string()),
            Failure::Other => match &error {
                Error::DatabaseError(DatabaseErrorKind::UniqueViolation, information) => {
                    Self::UniqueViolation(unique_key(information.as_ref()))
                }
                _ => Self::Other(error.to_string()),
            },
        }
    }
}

/// What a failed statement says about the connection and the transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// The connection is dead and must not go back to the pool.
    ConnectionLost,
    /// The database lives but cannot serve now.
    Unavailable,
    /// SQLite opened the file while it was read-only, and this connection stays read-only when the file no longer is.
    OpenedReadOnly,
    /// The transaction may succeed if it is run again from its start.
    Collision,
    /// Says nothing about connection or transaction.
    Other,
}

impl Failure {
    pub(super) fn of(error: &Error) -> Self {
        match error {
            Error::BrokenTransactionManager => Self::ConnectionLost,
            Error::DatabaseError(kind, information) => match kind {
                DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => Self::ConnectionLost,
                DatabaseErrorKind::SerializationFailure => Self::Collision,
                DatabaseErrorKind::ReadOnlyTransaction => Self::Unavailable,
                DatabaseErrorKind::Unknown => Self::from_message(information.message()),
                _ => Self::Other,
            },
            _ => Self::Other,
        }
    }

    /// Diesel passes neither SQLSTATE nor SQLite's result code, so the rest is told apart by the server's words
    /// (SQLite speaks English only; PostgreSQL's German words are listed beside the English ones).
    fn from_message(message: &str) -> Self {
        const COLLISIONS: [&str; 2] = ["deadlock", "could not serialize"];
        const LOST: [&str; 4] = [
            "terminating connection",
            "server closed the connection",
            "connection to server",
            "breche verbindung",
        ];
        const UNAVAILABLE: [&str; 14] = [
            "database is locked",
            "table is locked",
            "disk is full",
            "disk i/o error",
            "unable to open database",
            "no space left",
            "lock timeout",
            "zeitüberschreitung",
            "statement timeout",
            "the database system is",
            "das datenbanksystem",
            "too many clients",
            "connection slots",
            "out of memory",
        ];
        let message = message.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
        if says(&COLLISIONS) {
            Self::Collision
        } else if says(&LOST) {
            Self::ConnectionLost
        } else if says(&["readonly database"]) {
            Self::OpenedReadOnly
        } else if says(&UNAVAILABLE) {
            Self::Unavailable
        } else {
            Self::Other
        }
    }
}

/// SQLite: `UNIQUE constraint failed: t.a, t.b`. PostgreSQL: the table by name, the columns in the detail `Key (a, b)=(…)`.
fn unique_key(information: &(dyn DatabaseErrorInformation + Send + Sync)) -> UniqueKey {
    if let Some(table) = information.table_name() {
        let detail = information.details().unwrap_or_default();
        let columns = detail
            .split_once('(')
            .and_then(|(_, rest)| rest.split_once(")=("))
            .map(|(columns, _)| {
                columns
                    .split(", ")
                    .map(|column| column.trim_matches('"').to_owned())
                    .collect()
            });
        return UniqueKey {
            table: table.to_owned(),
            columns: columns.unwrap_or_default(),
        };
    }
    let mut key = UniqueKey {
        table: String::new(),
        columns: Vec::new(),
    };
    let message = information.message();
    for part in message.rsplit_once(": ").map_or(message, |(_, keys)| keys).split(", ") {
        match part.split_once('.') {
            Some((table, column)) => {
                key.table = table.to_owned();
                key.columns.push(column.to_owned());
            }
            None => key
                .columns
                .push(part.trim_start_matches("index ").trim_matches('\'').to_owned()),
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(kind: DatabaseErrorKind, message: &str) -> DbError {
        Error::DatabaseError(kind, Box::new(message.to_owned())).into()
    }

    #[test]
    fn what_may_pass_is_unavailable_and_a_defect_is_not() {
        for message in [
            "database is locked",
            "database or disk is full",
            "disk I/O error",
            "attempt to write a readonly database",
        ] {
            assert!(
                matches!(failure(DatabaseErrorKind::Unknown, message), DbError::Unavailable(_)),
                "{message}"
            );
        }
        for kind in [
            DatabaseErrorKind::ClosedConnection,
            DatabaseErrorKind::ReadOnlyTransaction,
        ] {
            assert!(matches!(failure(kind, "gone"), DbError::Unavailable(_)));
        }
        assert!(matches!(
            failure(DatabaseErrorKind::SerializationFailure, ""),
            DbError::Collision(_)
        ));
        assert!(matches!(
            failure(DatabaseErrorKind::Unknown, "deadlock detected"),
            DbError::Collision(_)
        ));
        assert!(matches!(
            failure(DatabaseErrorKind::NotNullViolation, "x"),
            DbError::Other(_)
        ));
        assert!(matches!(
            failure(DatabaseErrorKind::Unknown, "no such table: t"),
            DbError::Other(_)
        ));
        assert!(matches!(DbError::from(Error::NotFound), DbError::Other(_)));
    }

    #[test]
    fn a_unique_violation_names_table_and_columns() {
        let error = failure(DatabaseErrorKind::UniqueViolation, "UNIQUE constraint failed: t.a, t.b");
        assert!(
            error.unique_key().is_some_and(|key| key.is("t", &["a", "b"])),
            "{error}"
        );
        let error = failure(
            DatabaseErrorKind::UniqueViolation,
            "UNIQUE constraint failed: index 't_low'",
        );
        assert!(error.unique_key().is_some_and(|key| key.is("", &["t_low"])), "{error}");
    }
}

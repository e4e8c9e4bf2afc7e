//! Why a command failed, in sentences for the person at the terminal.

use vertragswerk::config::ConfigError;
use vertragswerk::db::DbError;
use vertragswerk::error::{AppError, FieldError, FieldPlace};
use vertragswerk::services::auth::AuthSetupError;
use vertragswerk::state::StateError;

/// A failed command.
#[derive(Debug, PartialEq, Eq)]
pub struct Failure {
    /// What to write to standard error, line by line.
    pub lines: Vec<String>,
    /// Exit code.
    pub code: u8,
}

impl Failure {
    /// Refused or failed (exit code 1).
    pub fn new(line: impl Into<String>) -> Self {
        Self {
            lines: vec![line.into()],
            code: 1,
        }
    }

    /// A configuration that a server must not start with (exit code 2).
    pub fn configuration(line: impl Into<String>) -> Self {
        Self {
            lines: vec![line.into()],
            code: 2,
        }
    }

    /// Adds what to do about it.
    pub fn hint(mut self, line: &str) -> Self {
        self.lines.push(line.to_owned());
        self
    }
}

impl From<AppError> for Failure {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Refused(violation) => Self::new(violation.detail.en),
            AppError::Validation(faults) => Self {
                lines: faults.iter().map(line_of).collect(),
                code: 1,
            },
            AppError::NotFound => Self::new("Not found."),
            AppError::Unavailable(source) => Self::new(format!("The database is not available: {source}.")),
            AppError::Internal(source) => Self::new(format!("Internal error: {source}.")),
            other => Self::new(format!("Refused: {other:?}.")),
        }
    }
}

/// One fault: `pointer: code: text`.
pub fn line_of(fault: &FieldError) -> String {
    let place = match &fault.place {
        FieldPlace::Pointer(pointer) if pointer.is_empty() => "(document)",
        FieldPlace::Pointer(name) | FieldPlace::Query(name) | FieldPlace::Path(name) | FieldPlace::Header(name) => name,
    };
    format!("{place}: {}: {}", fault.code, fault.detail.en)
}

impl From<DbError> for Failure {
    fn from(error: DbError) -> Self {
        Self::new(format!("Cannot use the database: {error}."))
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        match error {
            StateError::Database(error) => error.into(),
            StateError::Config(error) | StateError::Auth(AuthSetupError::Config(error)) => error.into(),
            StateError::Auth(error) => Self::configuration(format!("Cannot start: {error}.")),
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::configuration(format!("Cannot start: {error}."))
    }
}

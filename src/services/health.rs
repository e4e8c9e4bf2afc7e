//! Can the server serve?

use crate::db;
use crate::error::AppError;
use crate::repositories::due_customers;
use crate::state::AppState;

/// Asks the database, and whether its schema is the one this program was built for.
///
/// # Errors
/// [`AppError::Unavailable`] when requests should go to another server.
pub fn check(state: &AppState) -> Result<(), AppError> {
    state.db.ping()?;
    let pending = db::pending(&state.db)?;
    match pending.first() {
        None => Ok(()),
        Some(first) => Err(AppError::Unavailable(
            format!("migration {first} has not been applied").into(),
        )),
    }
}

/// Brings the figures up to date that are read rather than counted: the connections, and how long due work has been waiting.
///
/// # Errors
/// Those of the database; the figures of the connections are fresh even then.
pub fn refresh_figures(state: &AppState) -> Result<(), AppError> {
    let (open, idle) = state.db.connections();
    state.metrics.set_database_connections(open, idle);
    let now = state.clock.now();
    let since = state.db.read(|conn| due_customers::waiting_since(conn, now.into()))?;
    let lag = since.map_or(0, |since| (now - since.instant()).whole_seconds().max(0));
    state.metrics.set_due_lag(lag);
    Ok(())
}

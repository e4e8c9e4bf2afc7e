//! Can the server serve?

use crate::db;
use crate::error::AppError;
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

//! How the API behaves whatever is asked of it: problems, headers, limits, documents, and how much it asks of the database.

mod codes;
mod documents;
mod limits;
mod problems;
mod raw;
mod statements;

use vertragswerk::clock::Clock;
use vertragswerk::config::Config;
use vertragswerk::state::AppState;

use crate::helpers::TestDatabase;

/// A server's state in the demo's configuration, changed by `adjust`.
pub fn state(database: &TestDatabase, adjust: impl FnOnce(&mut Config)) -> AppState {
    let mut config = Config {
        workers: Some(1),
        ..Config::default()
    };
    adjust(&mut config);
    AppState::with_database(config, Clock::System, database.open(2)).expect("a good configuration")
}

//! What every request and every worker shares: configuration, clock and the doors to the outside.

use std::sync::Arc;

use crate::clock::Clock;
use crate::config::Config;
use crate::db::Database;
use crate::services::auth::Auth;
use crate::services::catalogue::CatalogueCache;

/// Shared by all workers of one server process; cheap to clone.
#[derive(Debug, Clone)]
pub struct AppState {
    /// The configuration the process was started with.
    pub config: Arc<Config>,
    /// The wall clock: tokens, idempotency, previews and limits live on it.
    pub clock: Clock,
    /// The database.
    pub db: Database,
    /// What logging in needs.
    pub auth: Arc<Auth>,
    /// Published catalogues and plan versions met so far.
    pub catalogues: CatalogueCache,
}

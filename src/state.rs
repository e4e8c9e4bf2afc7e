//! What every request and every worker shares: configuration, clock and the doors to the outside.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::clock::Clock;
use crate::config::{Config, ConfigError, MailConfig};
use crate::db::{Database, DbError};
use crate::mail::smtp::{MailConfigError, Mailer};
use crate::metrics::Metrics;
use crate::services::auth::{Auth, AuthSetupError};
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
    /// What becomes of e-mails.
    pub delivery: Arc<Delivery>,
    /// Figures about this process.
    pub metrics: Arc<Metrics>,
    /// Set when the process is told to stop: answers then say that their connection closes.
    pub stopping: Arc<AtomicBool>,
}

/// What becomes of the e-mails in the outbox.
#[derive(Debug)]
pub enum Delivery {
    /// They are handed to a mail server.
    Send(Box<Mailer>),
    /// They are kept to be read through the API: the demo without a mail server.
    Keep,
    /// They wait in the outbox until a process with a mail server runs.
    Wait,
}

impl Delivery {
    /// What a configuration asks for.
    ///
    /// # Errors
    /// When a setting cannot be used.
    pub fn of(mail: &MailConfig, demo: bool) -> Result<Self, MailConfigError> {
        Ok(match Mailer::new(mail)? {
            Some(mailer) => Self::Send(Box::new(mailer)),
            None if demo => Self::Keep,
            None => Self::Wait,
        })
    }
}

/// Why a process cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// A setting is missing or wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Keys or passwords cannot be set up.
    #[error(transparent)]
    Auth(#[from] AuthSetupError),
    /// The database cannot be opened.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl AppState {
    /// Checks the configuration and opens what it names; runs no migrations.
    ///
    /// # Errors
    /// [`StateError`]: the process must not start.
    pub fn open(config: Config, clock: Clock) -> Result<Self, StateError> {
        config.check()?;
        let db = Database::connect(config.database_url.expose(), config.database_pool_size)?;
        Self::with_database(config, clock, db)
    }

    /// The same on a database that is open already.
    ///
    /// # Errors
    /// [`StateError`]: the process must not start.
    pub fn with_database(config: Config, clock: Clock, db: Database) -> Result<Self, StateError> {
        config.check()?;
        // What speaks TLS (webhooks, mail) uses ring; whoever comes second finds it installed, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let auth = Auth::from_config(&config)?;
        let delivery = Delivery::of(&config.mail, config.demo).map_err(ConfigError::from)?;
        Ok(Self {
            delivery: Arc::new(delivery),
            config: Arc::new(config),
            clock,
            db,
            auth: Arc::new(auth),
            catalogues: CatalogueCache::default(),
            metrics: Arc::default(),
            stopping: Arc::default(),
        })
    }
}

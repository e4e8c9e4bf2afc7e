//! Logging in: passwords, access and refresh tokens, API keys, and sessions for a provider's own portal.
//!
//! Everything here lives on the wall clock, never on a test clock.

mod api_key;
mod attempts;
mod keys;
mod login;
mod me;
mod password;
mod refresh;
pub(in crate::services) mod secret;
mod session;
mod token;
mod user;

use time::Duration;

pub use api_key::{
    ApiKey, IssuedApiKey, NewApiKey, api_key_authenticate, api_key_create, api_key_find, api_key_issue, api_key_list,
    api_key_revoke, is_api_key,
};
pub use attempts::LoginAttempts;
pub use keys::{KeyError, PublicKey, SigningKeys};
pub use login::{PasswordLogin, TokenGrant, login};
pub use me::{CustomerProfile, Me, ProviderProfile, me};
pub use password::Passwords;
pub use refresh::{RefreshRequest, logout, refresh};
pub use session::{CustomerSession, session_open};
pub use token::AccessTokens;
pub use user::{NewUser, User, user_create};

use crate::config::{self, Config, ConfigError};
use crate::domain::access::{MissingScope, Role};
use crate::domain::ids::IdKind;
use crate::error::AppError;

/// How long a refresh token, and with it the whole login, lasts without the password being asked again.
const REFRESH_LIFETIME: Duration = Duration::days(30);

/// What logging in needs besides database and clock; one per process.
#[derive(Debug)]
pub struct Auth {
    /// Issues and verifies access tokens.
    pub tokens: AccessTokens,
    /// Hashes and checks passwords.
    pub passwords: Passwords,
    /// Failed logins of the last minutes.
    pub attempts: LoginAttempts,
    /// How long an access token of a user lasts.
    access_lifetime: Duration,
}

/// Why logging in cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum AuthSetupError {
    /// The configuration names no key, or two.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A configured key cannot be used.
    #[error("SIGNING_KEY: {0}")]
    Key(#[from] KeyError),
    /// The system has no randomness or no memory.
    #[error("passwords cannot be hashed on this system")]
    Passwords,
}

impl Auth {
    /// Reads the keys and prepares the hash that stands in for unknown users.
    ///
    /// # Errors
    /// [`AuthSetupError`]: the server must not start.
    pub fn from_config(config: &Config) -> Result<Self, AuthSetupError> {
        let keys = match config.signing_keys()? {
            config::SigningKeys::Pem(pem) => SigningKeys::from_pem(pem.expose())?,
            config::SigningKeys::DemoSeed(seed) => SigningKeys::from_seed(seed)?,
        };
        Ok(Self {
            tokens: AccessTokens::new(keys, config.public_base()),
            passwords: Passwords::new().map_err(|_| AuthSetupError::Passwords)?,
            attempts: LoginAttempts::new(config.rate_limit_login_failures),
            access_lifetime: Duration::seconds(config.access_token_seconds()),
        })
    }
}

impl From<MissingScope> for AppError {
    fn from(missing: MissingScope) -> Self {
        Self::Forbidden {
            required_scopes: vec![missing.0.as_str().to_owned()],
        }
    }
}

/// A stored role; anything unknown is a fault of the data, never a default.
fn stored_role(text: &str) -> Result<Role, AppError> {
    Role::parse(text).ok_or_else(|| AppError::internal(format!("unknown role {text:?} in the database")))
}

/// Login names are compared without regard to case and surrounding blanks.
fn fold_username(username: &str) -> String {
    username.trim().to_lowercase()
}

/// Whether `id` could be a customer: saves a query for ids of another kind.
fn is_customer_id(id: &str) -> bool {
    IdKind::Customer.matches(id)
}

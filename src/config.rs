//! Everything an operator can set, by flag or environment variable, with the defaults in one place.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::mail::smtp::{MailConfigError, Mailer};

/// Secrets of the demo; published with the source, therefore refused in production.
mod demo_secrets {
    /// Seed of the Ed25519 key that signs demo tokens, hexadecimal.
    pub const SIGNING_SEED: &str = "6f6e6c7920666f72207468652064656d6f2c206e6f7420666f7220796f752121";
    /// Key of previews and cursors in the demo.
    pub const PREVIEW: &str = "only for the demo: previews and cursors";
}

/// A value that must not reach a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[secret]")
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self(value)
    }
}

/// Whether requests are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RateLimitMode {
    /// Counted and refused over the limit.
    On,
    /// Not counted; for load tests and for servers behind a gateway that counts.
    Off,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// How webhooks are delivered; the same for servers and workers.
#[derive(Debug, Clone, Args)]
pub struct WebhookConfig {
    /// Seconds a webhook receiver may take to answer.
    #[arg(long = "webhook-timeout-seconds", env = "WEBHOOK_TIMEOUT_SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=60))]
    pub timeout_seconds: u32,
    /// Lets webhooks of sandbox providers go to this machine, also by http, for trying out; `serve --demo` switches it on.
    #[arg(
        long = "webhook-allow-loopback",
        env = "WEBHOOK_ALLOW_LOOPBACK",
        default_value_t = false
    )]
    pub allow_loopback: bool,
    /// Days a finished webhook delivery and its attempts are kept.
    #[arg(long = "webhook-retention-days", env = "WEBHOOK_RETENTION_DAYS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    pub retention_days: u32,
}

impl Default for WebhookConfig {
    fn default() -> Self {
        Self {
            timeout_seconds: 15,
            allow_loopback: false,
            retention_days: 30,
        }
    }
}

/// Settings of a server process. Flags win over environment variables.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// Demo: sandbox providers with known secrets and tokens that last 12 hours. Never in production.
    #[arg(long, env = "DEMO", default_value_t = false)]
    pub demo: bool,
    /// `sqlite:PATH` or `postgres://…`.
    #[arg(
        long,
        env = "DATABASE_URL",
        default_value = "sqlite:data/vertragswerk.db",
        hide_env_values = true
    )]
    pub database_url: Secret,
    /// Connections of the pool; on SQLite readers, as there is one writer.
    #[arg(long, env = "DATABASE_POOL_SIZE", default_value_t = 8)]
    pub database_pool_size: u32,
    /// Address and port to listen on.
    #[arg(long = "bind", env = "BIND_ADDR", default_value = "127.0.0.1:8080")]
    pub bind_address: SocketAddr,
    /// Address under which clients reach the server (`https://api.example.com`): issuer of tokens, base of links.
    #[arg(long, env = "PUBLIC_URL")]
    pub public_url: Option<String>,
    /// Ed25519 private keys (PKCS#8 PEM) that sign tokens: the first signs, all verify.
    #[arg(long, env = "SIGNING_KEY", hide_env_values = true)]
    pub signing_key: Option<Secret>,
    /// File with the signing keys, instead of SIGNING_KEY.
    #[arg(long, env = "SIGNING_KEY_FILE")]
    pub signing_key_file: Option<PathBuf>,
    /// Key of preview tokens and list cursors, at least 32 characters; the same on all servers.
    #[arg(long, env = "PREVIEW_SECRET", hide_env_values = true)]
    pub preview_secret: Option<Secret>,
    /// Origins whose browsers may call the API, separated by commas; none by default.
    #[arg(long, env = "CORS_ALLOWED_ORIGINS", value_delimiter = ',')]
    pub cors_allowed_origins: Vec<String>,
    /// Addresses of proxies whose X-Forwarded-For is believed, separated by commas.
    #[arg(long, env = "TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<IpAddr>,
    /// Whether requests are counted.
    #[arg(long, env = "RATE_LIMIT", value_enum, default_value_t = RateLimitMode::On)]
    pub rate_limit: RateLimitMode,
    /// Requests per minute of one token or API key.
    #[arg(long, env = "RATE_LIMIT_PER_MINUTE", default_value_t = 600, value_parser = clap::value_parser!(u32).range(1..))]
    pub rate_limit_per_minute: u32,
    /// Requests per minute of one address without login.
    #[arg(long, env = "RATE_LIMIT_ANONYMOUS_PER_MINUTE", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    pub rate_limit_anonymous_per_minute: u32,
    /// Failed logins of one account from one address in 15 minutes.
    #[arg(long, env = "RATE_LIMIT_LOGIN_FAILURES", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub rate_limit_login_failures: u32,
    /// Seconds a request may take before it is answered with 503.
    #[arg(long, env = "REQUEST_TIMEOUT_SECONDS", default_value_t = 30)]
    pub request_timeout_seconds: u64,
    /// Seconds a client may take to send head or body of a request.
    #[arg(long, env = "CLIENT_TIMEOUT_SECONDS", default_value_t = 10)]
    pub client_timeout_seconds: u64,
    /// Seconds within which a server that is told to stop has ended; running requests are given all but two of them.
    #[arg(long, env = "SHUTDOWN_TIMEOUT_SECONDS", default_value_t = 10)]
    pub shutdown_timeout_seconds: u64,
    /// Threads that serve requests; by default one per processor.
    #[arg(long, env = "WORKERS")]
    pub workers: Option<usize>,
    /// Days an idempotency key and its answer are kept.
    #[arg(long, env = "IDEMPOTENCY_RETENTION_DAYS", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..))]
    pub idempotency_retention_days: u32,
    /// How webhooks are delivered.
    #[command(flatten)]
    pub webhooks: WebhookConfig,
    /// Set when clients reach the server by https only: adds Strict-Transport-Security.
    #[arg(long, env = "HSTS", default_value_t = false)]
    pub hsts: bool,
    /// How log lines look.
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
    /// What is logged, as in RUST_LOG.
    #[arg(long, env = "LOG", default_value = "info")]
    pub log: String,
    /// How e-mails leave.
    #[command(flatten)]
    pub mail: MailConfig,
}

/// How e-mails leave the server.
#[derive(Debug, Clone, Args)]
pub struct MailConfig {
    /// Mail server: `smtps://user:password@host` (TLS), `smtp://user:password@host:587` (STARTTLS), `smtp://127.0.0.1:1025`.
    #[arg(long, env = "SMTP_URL", hide_env_values = true)]
    pub smtp_url: Option<Secret>,
    /// Address that e-mails are sent from; the shown name is each provider's.
    #[arg(long, env = "MAIL_FROM")]
    pub mail_from: Option<String>,
    /// File with further certificate authorities (PEM) for the mail server.
    #[arg(long, env = "SMTP_CA_FILE")]
    pub smtp_ca_file: Option<PathBuf>,
    /// How often an e-mail is tried before it is given up: 14 times take about a day and a half.
    #[arg(long, env = "MAIL_ATTEMPTS", default_value_t = MailConfig::ATTEMPTS, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub mail_attempts: u32,
}

impl Default for MailConfig {
    fn default() -> Self {
        Self {
            smtp_url: None,
            mail_from: None,
            smtp_ca_file: None,
            mail_attempts: Self::ATTEMPTS,
        }
    }
}

impl MailConfig {
    /// Attempts unless the operator says otherwise.
    pub const ATTEMPTS: u32 = 14;
}

/// A configuration a server must not start with.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A secret that production needs is not set.
    #[error("{0} is not set; a server without --demo needs it (try `--help`)")]
    MissingSecret(&'static str),
    /// The demo's secret outside the demo.
    #[error("{0} is the demo's published secret; make your own")]
    DemoSecret(&'static str),
    /// Too short to be safe.
    #[error("{0} must have at least 32 characters")]
    ShortSecret(&'static str),
    /// Both forms of the same setting.
    #[error("set SIGNING_KEY or SIGNING_KEY_FILE, not both")]
    TwoSigningKeys,
    /// The key file cannot be read.
    #[error("SIGNING_KEY_FILE {0}: {1}")]
    UnreadableKeyFile(PathBuf, std::io::Error),
    /// An origin that no browser would send.
    #[error("CORS_ALLOWED_ORIGINS: {0:?} is not an origin such as https://portal.example.com")]
    InvalidOrigin(String),
    /// Not an address clients could use.
    #[error("PUBLIC_URL: {0:?} is not an http(s) address")]
    InvalidPublicUrl(String),
    /// A setting about mail.
    #[error(transparent)]
    Mail(#[from] MailConfigError),
}

/// Where the token signing key comes from.
#[derive(Debug, Clone)]
pub enum SigningKeys {
    /// One or more PKCS#8 PEM blocks: the first signs, all verify.
    Pem(Secret),
    /// The demo's published seed (32 bytes, hexadecimal).
    DemoSeed(&'static str),
}

impl Default for Config {
    /// The demo on an ephemeral port and a database in memory's stead to be set by the caller: what tests start from.
    fn default() -> Self {
        Self {
            demo: true,
            database_url: Secret::new("sqlite:data/vertragswerk.db"),
            database_pool_size: 8,
            bind_address: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            public_url: None,
            signing_key: None,
            signing_key_file: None,
            preview_secret: None,
            cors_allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            rate_limit: RateLimitMode::On,
            rate_limit_per_minute: 600,
            rate_limit_anonymous_per_minute: 60,
            rate_limit_login_failures: 5,
            request_timeout_seconds: 30,
            client_timeout_seconds: 10,
            shutdown_timeout_seconds: 10,
            workers: None,
            idempotency_retention_days: 7,
            webhooks: WebhookConfig::default(),
            hsts: false,
            log_format: LogFormat::Text,
            log: "info".to_owned(),
            mail: MailConfig::default(),
        }
    }
}

impl Config {
    /// Refuses what a server must not start with; called once, before anything is opened.
    ///
    /// # Errors
    /// Missing, short or published secrets outside the demo; origins and addresses that are none.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.signing_keys()?;
        self.preview_key()?;
        Mailer::new(&self.mail)?;
        for origin in &self.cors_allowed_origins {
            let parsed = url::Url::parse(origin).ok();
            if parsed.is_none_or(|url| url.origin().ascii_serialization() != *origin) {
                return Err(ConfigError::InvalidOrigin(origin.clone()));
            }
        }
        match &self.public_url {
            Some(address) if !is_http_address(address) => Err(ConfigError::InvalidPublicUrl(address.clone())),
            _ => Ok(()),
        }
    }

    /// The keys that sign tokens.
    ///
    /// # Errors
    /// Outside the demo when none is set, or the file cannot be read.
    pub fn signing_keys(&self) -> Result<SigningKeys, ConfigError> {
        match (&self.signing_key, &self.signing_key_file) {
            (Some(_), Some(_)) => Err(ConfigError::TwoSigningKeys),
            (Some(key), None) => Ok(SigningKeys::Pem(key.clone())),
            (None, Some(path)) => match std::fs::read_to_string(path) {
                Ok(pem) => Ok(SigningKeys::Pem(Secret::new(pem))),
                Err(error) => Err(ConfigError::UnreadableKeyFile(path.clone(), error)),
            },
            (None, None) if self.demo => Ok(SigningKeys::DemoSeed(demo_secrets::SIGNING_SEED)),
            (None, None) => Err(ConfigError::MissingSecret("SIGNING_KEY or SIGNING_KEY_FILE")),
        }
    }

    /// The key of preview tokens and cursors.
    ///
    /// # Errors
    /// Outside the demo when it is missing, short or the demo's.
    pub fn preview_key(&self) -> Result<Secret, ConfigError> {
        const NAME: &str = "PREVIEW_SECRET";
        match &self.preview_secret {
            None if self.demo => Ok(Secret::new(demo_secrets::PREVIEW)),
            None => Err(ConfigError::MissingSecret(NAME)),
            Some(secret) if secret.expose().len() < 32 => Err(ConfigError::ShortSecret(NAME)),
            Some(secret) if !self.demo && secret.expose() == demo_secrets::PREVIEW => {
                Err(ConfigError::DemoSecret(NAME))
            }
            Some(secret) => Ok(secret.clone()),
        }
    }

    /// The address under which clients reach the server, without a trailing slash.
    pub fn public_base(&self) -> String {
        match &self.public_url {
            Some(address) => address.trim_end_matches('/').to_owned(),
            None => format!("http://{}", self.bind_address),
        }
    }

    /// How long an access token lasts: 12 hours in the demo, so that Swagger UI stays logged in; otherwise 10 minutes.
    pub fn access_token_seconds(&self) -> i64 {
        if self.demo { 12 * 60 * 60 } else { 10 * 60 }
    }
}

fn is_http_address(address: &str) -> bool {
    url::Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        config: Config,
    }

    #[test]
    fn the_demo_starts_without_any_setting() {
        assert!(Config::default().check().is_ok());
        let parsed = Cli::parse_from(["vertragswerk", "--demo", "--bind", "127.0.0.1:0"]).config;
        assert!(parsed.check().is_ok());
        assert_eq!(parsed.rate_limit_per_minute, Config::default().rate_limit_per_minute);
    }

    #[test]
    fn production_refuses_missing_short_and_published_secrets() {
        let mut config = Config {
            demo: false,
            ..Config::default()
        };
        assert!(matches!(config.check(), Err(ConfigError::MissingSecret(_))));
        config.signing_key = Some(Secret::new("-----BEGIN PRIVATE KEY-----"));
        assert!(matches!(
            config.check(),
            Err(ConfigError::MissingSecret("PREVIEW_SECRET"))
        ));
        config.preview_secret = Some(Secret::new("short"));
        assert!(matches!(config.check(), Err(ConfigError::ShortSecret(_))));
        config.preview_secret = Some(Secret::new(demo_secrets::PREVIEW));
        assert!(matches!(config.check(), Err(ConfigError::DemoSecret(_))));
        config.preview_secret = Some(Secret::new("0123456789abcdef0123456789abcdef"));
        assert!(config.check().is_ok());
        assert!(
            !format!("{config:?}").contains("0123456789abcdef"),
            "secrets stay out of logs"
        );
    }

    #[test]
    fn origins_and_addresses_are_checked() {
        let wrong = Config {
            cors_allowed_origins: vec!["https://portal.example.com/".to_owned()],
            ..Config::default()
        };
        assert!(matches!(wrong.check(), Err(ConfigError::InvalidOrigin(_))));
        let right = Config {
            cors_allowed_origins: vec!["https://portal.example.com".to_owned()],
            ..Config::default()
        };
        assert!(right.check().is_ok());
        let wrong = Config {
            public_url: Some("api.example.com".to_owned()),
            ..Config::default()
        };
        assert!(matches!(wrong.check(), Err(ConfigError::InvalidPublicUrl(_))));
    }
}

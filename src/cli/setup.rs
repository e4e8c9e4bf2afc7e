//! `provider create`, `user create` and `api-key create`: what makes the first tenant.

use clap::{Args, Subcommand, ValueEnum};
use time::Duration;
use vertragswerk::domain::access::{Role, Scopes};
use vertragswerk::error::AppError;
use vertragswerk::services::auth::{NewApiKey, NewUser, api_key_issue, user_create};
use vertragswerk::services::providers::{self, Provider, ProviderMode};
use vertragswerk::state::AppState;

use super::failure::Failure;
use super::{DatabaseArgs, open_migrated, password, print};

/// What to do with providers.
#[derive(Debug, Subcommand)]
pub enum ProviderCommand {
    /// Create a provider; import its catalogue next.
    Create(CreateProvider),
}

/// A provider to be created.
#[derive(Debug, Args)]
pub struct CreateProvider {
    /// Short name in addresses and at login (client_id): a-z, 0-9 and -; never changes.
    #[arg(long)]
    slug: String,
    /// Name shown to customers.
    #[arg(long)]
    name: String,
    /// Whether it serves real customers (live) or is for trying out, with test clocks (sandbox).
    #[arg(long, value_enum)]
    mode: Mode,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// The twin of [`ProviderMode`] on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// Real customers.
    Live,
    /// For trying out.
    Sandbox,
}

/// What to do with users.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Create a login for a person.
    ///
    /// The password is read from USER_PASSWORD, from a pipe, or typed in; it is never an argument.
    Create(CreateUser),
}

/// A login to be created.
#[derive(Debug, Args)]
pub struct CreateUser {
    /// Slug of the provider.
    #[arg(long)]
    provider: String,
    /// Login name, often the e-mail address.
    #[arg(long)]
    username: String,
    /// What the user may do; `customer` if --customer is given, otherwise `admin`.
    #[arg(long, value_enum)]
    role: Option<UserRole>,
    /// Id of the customer whose login it is (cus_…).
    #[arg(long)]
    customer: Option<String>,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// The twin of [`Role`] on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum UserRole {
    /// Staff with every scope.
    Admin,
    /// Staff who serve customers.
    Support,
    /// One customer.
    Customer,
}

/// What to do with API keys.
#[derive(Debug, Subcommand)]
pub enum ApiKeyCommand {
    /// Create an API key and print it, once.
    Create(CreateApiKey),
}

/// An API key to be created.
#[derive(Debug, Args)]
pub struct CreateApiKey {
    /// Slug of the provider.
    #[arg(long)]
    provider: String,
    /// By which staff will recognise the key.
    #[arg(long)]
    name: String,
    /// What it may do, separated by commas: customers:read,subscriptions:write …
    #[arg(long, value_delimiter = ',', required = true)]
    scopes: Vec<String>,
    /// Days after which it ceases to be good; absent means never.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    expires_in_days: Option<u16>,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Runs `provider create`.
pub fn provider(ProviderCommand::Create(arguments): ProviderCommand) -> Result<(), Failure> {
    let state = open_migrated(&arguments.database)?;
    let mode = match arguments.mode {
        Mode::Live => ProviderMode::Live,
        Mode::Sandbox => ProviderMode::Sandbox,
    };
    let now = state.clock.now();
    let created = state
        .db
        .write(|conn| providers::create(conn, &arguments.slug, &arguments.name, mode, now))?;
    print(&format!("{}\n", created.id))
}

/// Runs `user create`.
pub fn user(UserCommand::Create(arguments): UserCommand) -> Result<(), Failure> {
    let state = open_migrated(&arguments.database)?;
    let provider = find(&state, &arguments.provider)?;
    let role = match (arguments.role, &arguments.customer) {
        (Some(UserRole::Admin), _) | (None, None) => Role::Admin,
        (Some(UserRole::Support), _) => Role::Support,
        (Some(UserRole::Customer), _) | (None, Some(_)) => Role::Customer,
    };
    let new = NewUser {
        provider_id: provider.id,
        customer_id: arguments.customer,
        username: arguments.username,
        password: password::read()?,
        role,
    };
    let user = user_create(&state, &new).map_err(|error| match error {
        AppError::NotFound => Failure::new("There is no such customer."),
        error => error.into(),
    })?;
    print(&format!("{}\n", user.id))
}

/// Runs `api-key create`.
pub fn api_key(ApiKeyCommand::Create(arguments): ApiKeyCommand) -> Result<(), Failure> {
    let state = open_migrated(&arguments.database)?;
    let provider = find(&state, &arguments.provider)?;
    let scopes = Scopes::parse(&arguments.scopes.join(" "))
        .map_err(|unknown| Failure::new(format!("There is no scope {unknown:?}.")))?;
    let new = NewApiKey {
        name: arguments.name,
        scopes,
        expires_at: arguments
            .expires_in_days
            .map(|days| state.clock.now() + Duration::days(i64::from(days))),
    };
    let issued = api_key_issue(&state, &provider.id, &new)?;
    eprintln!("Store the key now; it is not shown again.");
    print(&format!("{}\n", issued.secret))
}

fn find(state: &AppState, slug: &str) -> Result<Provider, Failure> {
    state
        .db
        .read(|conn| providers::find_by_slug(conn, slug))
        .map_err(|error| match error {
            AppError::NotFound => Failure::new(format!("There is no provider {slug}.")),
            error => error.into(),
        })
}

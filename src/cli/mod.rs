//! The command line. Results go to standard output, everything else to standard error.
//!
//! Exit codes: 0 done, 1 refused or failed, 2 wrong arguments or a configuration that a server must not start with.

mod catalogue;
mod failure;
mod password;
mod serve;
mod setup;
mod verify;
mod work;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Parser, Subcommand};
use vertragswerk::api::openapi;
use vertragswerk::clock::Clock;
use vertragswerk::config::{Config, ConfigError, MailConfig, Secret, WebhookConfig};
use vertragswerk::db;
use vertragswerk::services::health;
use vertragswerk::state::{AppState, Delivery};

use failure::Failure;

/// Contract self-service: book, change and cancel with the legally right date and price.
///
/// Without any argument it starts the demo: `vertragswerk serve --demo`.
#[derive(Debug, Parser)]
#[command(name = "vertragswerk", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API, and apply what falls due.
    ///
    /// With --demo: creates and migrates the database, loads five sandbox providers with customers and logins whose
    /// passwords are printed, and keeps all that on the next start. Without --demo: refuses to start unless SIGNING_KEY (or
    /// SIGNING_KEY_FILE) and PREVIEW_SECRET are set and the database is migrated.
    Serve(Box<Config>),
    /// Bring the database to the schema of this program.
    ///
    /// Creates the SQLite file if there is none. Safe to run at any time and from several machines at once; says how many
    /// migrations ran.
    Migrate(DatabaseArgs),
    /// Print the OpenAPI document of the API (JSON).
    ///
    /// The same document is served at /openapi.json and kept in the source as openapi/openapi.json. Needs no database.
    Openapi,
    /// Check or publish a provider's catalogue.
    #[command(subcommand)]
    Catalogue(catalogue::CatalogueCommand),
    /// Create a provider (tenant).
    #[command(subcommand)]
    Provider(setup::ProviderCommand),
    /// Create a login for a person.
    #[command(subcommand)]
    User(setup::UserCommand),
    /// Create a login for a program.
    #[command(subcommand)]
    ApiKey(setup::ApiKeyCommand),
    /// Apply what falls due, without serving the API.
    ///
    /// Any number of these processes may run beside any number of servers on one PostgreSQL; each due effect happens once.
    Work(work::WorkArgs),
    /// Check a live database: that nothing is lost, doubled or leaked.
    ///
    /// Reads only, page by page, while servers go on. Prints each invariant with the number of rows seen and the offenders;
    /// exits with 1 if there are any.
    Verify(verify::VerifyArgs),
}

/// Where the database is.
#[derive(Debug, Clone, Args)]
struct DatabaseArgs {
    /// `sqlite:PATH` or `postgres://…`.
    #[arg(
        long,
        env = "DATABASE_URL",
        default_value = "sqlite:data/vertragswerk.db",
        hide_env_values = true
    )]
    database_url: Secret,
}

/// Runs the program with these arguments, the first being its name.
pub fn run(mut arguments: Vec<OsString>) -> ExitCode {
    if arguments.len() <= 1 {
        arguments = ["vertragswerk", "serve", "--demo"].map(OsString::from).to_vec();
    }
    let command = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli.command,
        Err(error) => {
            // Help and version are answers, not errors.
            let code = if error.use_stderr() { 2 } else { 0 };
            let printed = error.print();
            return ExitCode::from(if printed.is_ok() { code } else { 1 });
        }
    };
    match execute(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            for line in &failure.lines {
                eprintln!("{line}");
            }
            ExitCode::from(failure.code)
        }
    }
}

fn execute(command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve(config) => serve::serve(*config),
        Command::Migrate(database) => migrate(&database),
        Command::Openapi => print(&openapi::document_json()),
        Command::Catalogue(command) => catalogue::run(command),
        Command::Provider(command) => setup::provider(command),
        Command::User(command) => setup::user(command),
        Command::ApiKey(command) => setup::api_key(command),
        Command::Work(arguments) => work::work(arguments),
        Command::Verify(arguments) => verify::verify(&arguments),
    }
}

fn migrate(database: &DatabaseArgs) -> Result<(), Failure> {
    let state = open(database)?;
    let ran = db::migrate(&state.db)?;
    print(&match ran {
        0 => "The database is up to date.\n".to_owned(),
        1 => "1 migration applied.\n".to_owned(),
        _ => format!("{ran} migrations applied.\n"),
    })
}

/// A state for commands that log nobody in: they need no signing keys, so the demo's stand in and are never used.
fn open(database: &DatabaseArgs) -> Result<AppState, Failure> {
    let config = Config {
        demo: true,
        database_url: database.database_url.clone(),
        database_pool_size: 1,
        ..Config::default()
    };
    Ok(AppState::open(config, Clock::System)?)
}

/// The same on a database whose schema is the one of this program.
fn open_migrated(database: &DatabaseArgs) -> Result<AppState, Failure> {
    let state = open(database)?;
    health::check(&state).map_err(|error| Failure::from(error).hint("Run `vertragswerk migrate` first."))?;
    Ok(state)
}

/// The same for a worker: a connection per loop and one for the outcomes of webhooks, and the operator's mail server.
fn open_worker(
    database: &DatabaseArgs,
    mail: MailConfig,
    mut webhooks: WebhookConfig,
    demo: bool,
) -> Result<AppState, Failure> {
    webhooks.allow_loopback |= demo;
    let delivery = Delivery::of(&mail, demo).map_err(ConfigError::from)?;
    let config = Config {
        demo: true,
        database_url: database.database_url.clone(),
        database_pool_size: 4,
        mail,
        webhooks,
        ..Config::default()
    };
    let mut state = AppState::open(config, Clock::System)?;
    state.delivery = Arc::new(delivery);
    health::check(&state).map_err(|error| Failure::from(error).hint("Run `vertragswerk migrate` first."))?;
    Ok(state)
}

/// Writes a result; a reader that has gone away (`| head`) is not worth a message.
fn print(text: &str) -> Result<(), Failure> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("Cannot write the result: {error}.")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent_and_every_argument_explains_itself() {
        let mut command = Cli::command();
        command.build();
        command.clone().debug_assert();
        let mut open = vec![command];
        while let Some(command) = open.pop() {
            assert!(command.get_about().is_some(), "{} has no help", command.get_name());
            for argument in command.get_arguments() {
                assert!(
                    argument.get_help().is_some(),
                    "{} {} has no help",
                    command.get_name(),
                    argument.get_id()
                );
            }
            open.extend(
                command
                    .get_subcommands()
                    .filter(|inner| inner.get_name() != "help")
                    .cloned(),
            );
        }
    }
}

//! `serve`: the API, and the loops beside it.

use std::fmt::Write as _;

use vertragswerk::clock::Clock;
use vertragswerk::config::Config;
use vertragswerk::demo::{self, DemoLogin};
use vertragswerk::services::health;
use vertragswerk::startup;
use vertragswerk::state::AppState;
use vertragswerk::worker::{self, Shutdown};
use vertragswerk::{db, telemetry};

use super::failure::Failure;
use super::print;

/// Runs `serve` until the process is told to stop.
pub fn serve(mut config: Config) -> Result<(), Failure> {
    config.webhooks.allow_loopback |= config.demo;
    config.check()?;
    telemetry::init(&config);
    let state = AppState::open(config, Clock::System)?;
    let logins = prepare(&state)?;
    let shutdown = Shutdown::default();
    let due_loop = std::thread::spawn({
        let (state, shutdown) = (state.clone(), shutdown.clone());
        move || worker::run(&state, &shutdown)
    });
    let served = actix_web::rt::System::new().block_on(async move {
        let address = state.config.bind_address;
        let base = state.config.public_base();
        let chosen = state.config.public_url.is_some();
        let demo = state.config.demo;
        let application = startup::build(state).map_err(|error| {
            Failure::new(format!("Cannot listen on {address}: {error}.")).hint("Choose another address with --bind.")
        })?;
        let base = if chosen {
            base
        } else {
            format!("http://{}:{}", address.ip(), application.port)
        };
        if demo {
            print(&welcome(&base, &logins))?;
        } else {
            print(&format!("Serving {base}\n"))?;
        }
        application
            .server
            .await
            .map_err(|error| Failure::new(format!("The server failed: {error}.")))
    });
    shutdown.stop();
    // What the loop is in the middle of is finished; if it panicked, that was logged.
    let _ = due_loop.join();
    served
}

/// The demo makes its own database; in production a server waits for the operator's `migrate`.
fn prepare(state: &AppState) -> Result<Vec<DemoLogin>, Failure> {
    if state.config.demo {
        db::migrate(&state.db)?;
        return Ok(demo::prepare(state)?);
    }
    health::check(state).map_err(|error| Failure::from(error).hint("Run `vertragswerk migrate` first."))?;
    Ok(Vec::new())
}

/// What a new user needs to know, and one call to copy.
fn welcome(base: &str, logins: &[DemoLogin]) -> String {
    let mut text = format!(
        "\nVertragswerk is running as a demo. Its secrets are published: never use it in production.\n\n  \
         Swagger UI  {base}/docs/  (Authorize: client_id is the provider)\n  OpenAPI     {base}/openapi.json\n\n  \
         {:<14} {:<22} {:<16} who\n",
        "provider", "username", "password"
    );
    for login in logins {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "  {:<14} {:<22} {:<16} {}",
            login.provider, login.username, login.password, login.who
        );
    }
    if let Some(login) = logins.iter().find(|login| login.is_customer) {
        let _ = writeln!(
            text,
            "\nLog in and read, to copy:\n\n  curl -s {base}/v1/subscriptions -H \"Authorization: Bearer $(curl -s \
             {base}/v1/auth/token -d grant_type=password -d client_id={} -d username={} -d password={} | sed \
             's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')\"\n",
            login.provider, login.username, login.password
        );
    }
    text
}

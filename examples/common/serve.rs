//! Being the server: an example starts itself once more with `serve`, so that it needs no other program.

use clap::Parser;
use vertragswerk::clock::Clock;
use vertragswerk::config::Config;
use vertragswerk::state::AppState;
use vertragswerk::worker::{self, Shutdown};
use vertragswerk::{startup, telemetry};

use super::client::Fault;

/// The command line of the program, as far as it serves.
#[derive(Debug, Parser)]
enum Served {
    /// Serve the API, and apply what falls due.
    Serve(Box<Config>),
}

/// Whether this process was started to serve.
pub fn is_asked() -> bool {
    std::env::args().nth(1).as_deref() == Some("serve")
}

/// The API and the loops beside it, as the program runs them, until the process is told to stop.
pub fn serve() -> Result<(), Fault> {
    let Served::Serve(config) = Served::parse();
    telemetry::init(&config);
    let state = AppState::open(*config, Clock::System).map_err(|error| error.to_string())?;
    let shutdown = Shutdown::default();
    let loops = std::thread::spawn({
        let (state, shutdown) = (state.clone(), shutdown.clone());
        move || worker::run(&state, &shutdown)
    });
    actix_web::rt::System::new().block_on(async {
        let application = startup::build(state)?;
        println!("Serving http://127.0.0.1:{}", application.port);
        application.server.await
    })?;
    shutdown.stop();
    let _ = loops.join();
    Ok(())
}

//! `work`: the loops without the API.

use std::sync::mpsc::Sender;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use vertragswerk::config::{Config, LogFormat, MailConfig, WebhookConfig};
use vertragswerk::telemetry;
use vertragswerk::worker::{self, Shutdown};

use super::failure::Failure;
use super::{DatabaseArgs, open_worker, print};

/// Settings of a worker.
#[derive(Debug, Args)]
pub struct WorkArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    /// How e-mails leave.
    #[command(flatten)]
    mail: MailConfig,
    /// How webhooks are delivered.
    #[command(flatten)]
    webhooks: WebhookConfig,
    /// Demo: without SMTP_URL e-mails are kept to be read through the API instead of waiting for a mail server.
    #[arg(long, env = "DEMO", default_value_t = false)]
    demo: bool,
    /// How log lines look.
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
    /// What is logged, as in RUST_LOG.
    #[arg(long, env = "LOG", default_value = "info")]
    log: String,
}

/// Runs `work` until the process is told to stop (SIGTERM, SIGINT); the transaction it is in is finished first.
pub fn work(arguments: WorkArgs) -> Result<(), Failure> {
    telemetry::init(&Config {
        log: arguments.log,
        log_format: arguments.log_format,
        ..Config::default()
    });
    let state = open_worker(&arguments.database, arguments.mail, arguments.webhooks, arguments.demo)?;
    let shutdown = Shutdown::default();
    let stop = shutdown.clone();
    let (listening, wait) = std::sync::mpsc::channel();
    let listener = std::thread::spawn(move || {
        let stopped = actix_web::rt::System::new().block_on(stop_signal(listening));
        stop.stop();
        stopped
    });
    // Fails only if the listener could not listen, which is told below.
    let _ = wait.recv();
    print("Working off what falls due, and delivering webhooks.\n")?;
    worker::run(&state, &shutdown);
    match listener.join() {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(Failure::new(format!("Cannot listen for signals: {error}."))),
        Err(_) => Err(Failure::new("Cannot listen for signals.")),
    }
}

/// Waits until the process is asked to stop; tells `listening` once a signal can no longer be missed.
async fn stop_signal(listening: Sender<()>) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    // Nobody waits for it any more if the process is ending anyway.
    let _ = listening.send(());
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
    }
}

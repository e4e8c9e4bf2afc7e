//! Measures the system against what the hardware allows:
//! `cargo run --release --example load -- --database-url … [--customers N] [--due N]`.
//!
//! Starts the real server as a process of its own on an empty database, copies customers into it, drives it over HTTP on
//! loopback, and in the same run the floor: the same statements in one transaction without server, rules and JSON. Then bills
//! due customers. What counts are the ratios of one run; absolute figures move with the machine.

mod billing;
#[path = "../common/client.rs"]
mod client;
mod floor;
mod measure;
mod operations;
#[path = "../common/process.rs"]
#[expect(dead_code, reason = "how a server is stopped matters to the faults, not to the load")]
mod process;
mod report;
mod seed;
#[path = "../common/serve.rs"]
mod serve;
mod used;

use clap::Parser;
use vertragswerk::clock::Clock;
use vertragswerk::config::Config;
use vertragswerk::db::{self, Backend, Database};
use vertragswerk::state::AppState;

use client::Fault;
use measure::{Timing, measure};

/// Load, and the floor beside it.
#[derive(Debug, Parser)]
struct Arguments {
    /// An empty database: `sqlite:PATH` or `postgres://…`.
    #[arg(long)]
    database_url: String,
    /// Customers with one contract each; six times the commands at least.
    #[arg(long, default_value_t = 4_000)]
    customers: usize,
    /// Reads of each kind, alone and once more as a crowd of eight.
    #[arg(long, default_value_t = 4_000)]
    reads: usize,
    /// Commands of each kind, alone and once more as a crowd of eight.
    #[arg(long, default_value_t = 500)]
    commands: usize,
    /// Customers of the billing run; 0 leaves it out.
    #[arg(long, default_value_t = 1_000)]
    due: usize,
    /// Print JSON instead of tables.
    #[arg(long)]
    json: bool,
}

fn main() -> Result<(), Fault> {
    if serve::is_asked() {
        return serve::serve();
    }
    let arguments = Arguments::parse();
    if arguments.customers < arguments.commands * 6 {
        return Err(
            "--customers must be at least six times --commands: each command needs a contract of its own".into(),
        );
    }
    let database = Database::connect(&arguments.database_url, u32::try_from(measure::CROWD)?)?;
    db::migrate(&database)?;
    let state = AppState::with_database(
        Config {
            demo: true,
            ..Config::default()
        },
        Clock::System,
        database,
    )?;
    let provider_id = seed::provider(&state).map_err(floor::fault)?;
    let program = process::Program {
        executable: std::env::current_exe()?,
        arguments: vec!["--demo".to_owned()],
        environment: Vec::new(),
        survives_file_size_limit: false,
        log: None,
    };
    let server = program.start(&arguments.database_url)?;
    let world = seed::world(&state, server.address, &provider_id, arguments.customers)?;
    let on_postgres = state.db.backend() == Backend::Postgres;
    let used = || {
        (
            used::cpu_ms(server.id()),
            if on_postgres { used::postgres_cpu_ms() } else { 0 },
        )
    };
    let counts = (arguments.reads, arguments.commands);
    let operations = operations::all(&world, server.address, counts, &used)?;
    let memory_mb = used::memory_mb(server.id());
    drop(server);
    let floors = floors(&state, &world, counts)?;
    let billing = match arguments.due {
        0 => None,
        due => Some(billing::run(&arguments.database_url, due)?),
    };
    let report = report::Report {
        operations,
        floors,
        memory_mb,
        billing,
    };
    println!(
        "{}",
        if arguments.json {
            report.as_json()
        } else {
            report.as_table()
        }
    );
    Ok(())
}

/// The same statements without a server.
fn floors(state: &AppState, world: &seed::World, (reads, commands): (usize, usize)) -> Result<Vec<Timing>, Fault> {
    let nothing = || (0, 0);
    let concluded = floor::Concluded::load(state, world).map_err(floor::fault)?;
    Ok(vec![
        measure(
            "floor: read one",
            reads,
            &nothing,
            || Ok(()),
            |(), number| floor::read(state, world, number),
        )?,
        measure(
            "floor: conclude",
            commands,
            &nothing,
            || Ok(()),
            |(), number| concluded.conclude(state, world, number),
        )?,
    ])
}

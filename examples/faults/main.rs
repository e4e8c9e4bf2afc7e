//! Does to the server what happens to servers, and counts what survives:
//! `cargo run --release --example faults -- [--only kill,billing] [--database sqlite] [--rounds N] [--seed N]`.
//!
//! Starts the real server as a process of its own on databases of its own: SQLite files, and a private PostgreSQL in a
//! temporary folder, which it stops, starts and fills up. Whatever is lost, doubled or left hanging ends it with status 1.

mod cases;
#[expect(
    dead_code,
    clippy::expect_used,
    reason = "shared with the tests, which need more of it and fail by panicking"
)]
mod helpers;
#[path = "../common/serve.rs"]
mod serve;

use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};
use vertragswerk::db::Backend;

use cases::client::Fault;
use cases::process::Program;
use cases::{billing, broken, client, clock, crowd, disk, ground, kill, outage, stop};

/// Faults, and what survives them.
#[derive(Debug, Parser)]
struct Arguments {
    /// Cases to run, separated by commas; all by default.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Case>,
    /// Databases to run them on, separated by commas; both by default.
    #[arg(long, value_enum, value_delimiter = ',')]
    database: Vec<Engine>,
    /// Rounds of each case, instead of its full count.
    #[arg(long)]
    rounds: Option<u32>,
    /// What the random moments and commands are drawn from.
    #[arg(long, default_value_t = 20_261_122)]
    seed: u64,
}

/// One of the databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Engine {
    Sqlite,
    Postgres,
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Case {
    /// `kill -9` under mixed writes.
    Kill,
    /// `kill -9` in billing runs.
    Billing,
    /// Two and eight billing runs at once.
    Runs,
    /// 64 equal commands at once, of each command.
    Crowd,
    /// PostgreSQL restarted, its connections terminated, away for ten seconds, read-only.
    Outage,
    /// Disk full, file read-only.
    Disk,
    /// SIGTERM under load.
    Stop,
    /// Clocks that jump, a due loop three months late.
    Clock,
    /// A build without the unique key on item and period, which must be caught.
    Broken,
}

/// Due customers of a billing run: more than the due loop takes into one transaction.
const DUE: usize = 320;

/// How long PostgreSQL is away, and how soon after a trouble the same server must serve again.
const AWAY: Duration = Duration::from_secs(10);
const WITHIN: Duration = Duration::from_secs(5);

/// Lines of the servers' log that are shown after a failure.
const SHOWN: usize = 40;

/// A server under writes is killed after at most so many answers.
const ANSWERS: u64 = 150;

/// A case: name for the table, rounds, what it does.
type Run = fn(&Program, Backend, u32, u64) -> Result<String, Fault>;

impl Case {
    /// What it is called, how many rounds are its full count, and the code.
    fn what(self) -> (&'static str, u32, Run) {
        match self {
            Self::Kill => ("kill -9 under mixed writes", 200, |program, backend, rounds, seed| {
                kill::under_writes(program, backend, rounds, seed, ANSWERS)
            }),
            Self::Billing => ("kill -9 in billing runs", 100, |program, backend, rounds, seed| {
                billing::killed(program, backend, rounds, seed, DUE)
            }),
            Self::Runs => ("2 and 8 billing runs at once", 50, |program, backend, rounds, seed| {
                billing::at_once(program, backend, rounds, seed, DUE)
            }),
            Self::Crowd => (
                "64 equal commands at once, each command",
                3,
                |program, backend, rounds, seed| crowd::of_each_command(program, backend, rounds, seed, usize::MAX),
            ),
            Self::Outage => (
                "PostgreSQL restarted, terminated, away, read-only",
                10,
                |program, _, rounds, seed| outage::of_postgres(program, rounds, seed, (AWAY, WITHIN)),
            ),
            Self::Disk => ("disk full, file read-only", 10, |program, backend, rounds, seed| {
                disk::full_or_read_only(program, backend, rounds, seed, (WITHIN, true))
            }),
            Self::Stop => ("SIGTERM under load", 20, |program, backend, rounds, seed| {
                stop::under_load(program, backend, rounds, seed, true)
            }),
            Self::Clock => (
                "clock jumps, due loop three months late",
                20,
                |program, backend, rounds, seed| clock::late_and_jumping(program, backend, rounds, seed, DUE / 4),
            ),
            Self::Broken => (
                "broken build without the key on item and period",
                10,
                |program, backend, rounds, seed| broken::is_caught(program, backend, rounds, seed, DUE / 4),
            ),
        }
    }

    /// Whether it can happen to this database.
    fn concerns(self, engine: Engine) -> bool {
        self != Self::Outage || engine == Engine::Postgres
    }
}

fn main() -> Result<(), Fault> {
    if serve::is_asked() {
        return serve::serve();
    }
    let arguments = Arguments::parse();
    let folder = tempfile::tempdir()?;
    let program = ground::program(std::env::current_exe()?, folder.path())?;
    let chosen = |case: &Case| arguments.only.is_empty() || arguments.only.contains(case);
    let mut offences = 0;
    println!("| case | database | rounds | seed | result | seconds |\n|---|---|---|---|---|---|");
    for case in Case::value_variants().iter().filter(|case| chosen(case)) {
        for engine in Engine::value_variants() {
            if !case.concerns(*engine) || !(arguments.database.is_empty() || arguments.database.contains(engine)) {
                continue;
            }
            let (name, full, run) = case.what();
            let rounds = arguments.rounds.unwrap_or(full);
            let (backend, shown) = match engine {
                Engine::Sqlite => (Backend::Sqlite, "SQLite"),
                Engine::Postgres => (Backend::Postgres, "PostgreSQL"),
            };
            let began = Instant::now();
            let outcome = run(&program, backend, rounds, arguments.seed);
            let result = outcome.unwrap_or_else(|error| {
                offences += 1;
                format!("**FAILED**: {error}")
            });
            let took = began.elapsed().as_secs();
            println!(
                "| {name} | {shown} | {rounds} | {} | {result} | {took} |",
                arguments.seed
            );
        }
    }
    if offences > 0 {
        let log = std::fs::read_to_string(folder.path().join("servers.log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let last = lines.len().saturating_sub(SHOWN);
        eprintln!("The servers said at last:\n{}", lines[last..].join("\n"));
        return Err(format!("{offences} cases failed").into());
    }
    Ok(())
}

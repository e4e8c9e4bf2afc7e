//! A short, seeded selection of `examples/faults`: the same code, few rounds, on the program itself.

#[path = "../../../examples/faults/cases/mod.rs"]
mod cases;

use std::path::Path;
use std::time::Duration;

use vertragswerk::db::Backend;

use cases::client::Fault;
use cases::process::Program;
use cases::{billing, broken, clock, crowd, disk, ground, kill, outage, stop};

/// Shorter away than in the harness, and more patience: it shares the machine with all other tests.
const AWAY: Duration = Duration::from_secs(1);
const WITHIN: Duration = Duration::from_secs(30);

/// Runs a case on this database; its error is the failure.
#[track_caller]
fn survive(case: impl FnOnce(&Program, Backend) -> Result<String, Fault>, backend: Backend) {
    let folder = tempfile::tempdir().expect("a folder");
    let program = ground::program(Path::new(env!("CARGO_BIN_EXE_vertragswerk")).to_owned(), folder.path());
    let outcome = case(&program.expect("a key"), backend);
    let log = std::fs::read_to_string(folder.path().join("servers.log")).unwrap_or_default();
    match outcome {
        Ok(told) => println!("{told}"),
        Err(error) => panic!("{error}\nThe servers said: {log}"),
    }
}

/// `survives!(name, |program, backend| …);` makes the tests `name::sqlite` and `name::postgres`.
macro_rules! survives {
    ($($name:ident: $case:expr;)+) => {
        $(mod $name {
            use super::*;

            #[test]
            fn sqlite() {
                survive($case, Backend::Sqlite);
            }

            #[test]
            fn postgres() {
                survive($case, Backend::Postgres);
            }
        })+
    };
}

survives! {
    killed_under_writes: |program, backend| kill::under_writes(program, backend, 2, 20, 12);
    killed_in_a_billing_run: |program, backend| billing::killed(program, backend, 1, 21, 4);
    billing_runs_at_once: |program, backend| billing::at_once(program, backend, 1, 22, 4);
    equal_commands_at_once: |program, backend| crowd::of_each_command(program, backend, 1, 24, 2);
    disks_full_and_files_read_only: |program, backend| {
        // On SQLite a limit has the effect of a full disk and asks for no privilege.
        disk::full_or_read_only(program, backend, 1, 26, (WITHIN, backend == Backend::Postgres))
    };
    late_loops_and_jumping_clocks: |program, backend| clock::late_and_jumping(program, backend, 1, 27, 4);
    a_broken_build_is_caught: |program, backend| broken::is_caught(program, backend, 1, 28, 2);
    told_to_stop_under_load: |program, backend| stop::under_load(program, backend, 1, 23, false);
}

#[test]
fn outages_of_postgresql() {
    let case = |program: &Program, _| outage::of_postgres(program, 1, 25, (AWAY, WITHIN));
    survive(case, Backend::Postgres);
}

//! A short, seeded selection of `examples/faults`: the same code, few rounds, on the program itself.

#[path = "../../../examples/faults/cases/mod.rs"]
mod cases;

use std::path::Path;

use vertragswerk::db::Backend;

use cases::client::Fault;
use cases::process::Program;
use cases::{billing, ground, kill, stop};

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
    killed_under_writes: |program, backend| kill::under_writes(program, backend, 2, 20, 20);
    killed_in_a_billing_run: |program, backend| billing::killed(program, backend, 1, 21, 6);
    billing_runs_at_once: |program, backend| billing::at_once(program, backend, 1, 22, 6);
    told_to_stop_under_load: |program, backend| stop::under_load(program, backend, 1, 23);
}

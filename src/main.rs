//! The program `vertragswerk`: the server, and the commands that set it up.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run(std::env::args_os().collect())
}

//! Passwords for new logins: from the environment, from a pipe or typed in, but never as an argument, which every user of
//! the machine could read in the list of processes.

use std::io::{BufRead, IsTerminal, Write};
use std::process::{Command, Stdio};

use vertragswerk::config::Secret;

use super::failure::Failure;

/// The environment variable that is looked at first.
const VARIABLE: &str = "USER_PASSWORD";

/// Reads the password of a new login.
pub fn read() -> Result<Secret, Failure> {
    if let Ok(password) = std::env::var(VARIABLE) {
        return Ok(Secret::new(password));
    }
    if !std::io::stdin().is_terminal() {
        return line().map(Secret::new);
    }
    let first = typed("Password: ")?;
    if typed("Password again: ")? == first {
        Ok(Secret::new(first))
    } else {
        Err(Failure::new("The two passwords differ; nothing was created."))
    }
}

fn typed(question: &str) -> Result<String, Failure> {
    eprint!("{question}");
    // If the question cannot be shown or the echo not be switched off, typing still works.
    let _ = std::io::stderr().flush();
    let _ = echo("-echo");
    let answer = line();
    let _ = echo("echo");
    eprintln!();
    answer
}

fn echo(mode: &str) -> std::io::Result<std::process::ExitStatus> {
    Command::new("stty").arg(mode).stderr(Stdio::null()).status()
}

fn line() -> Result<String, Failure> {
    let mut text = String::new();
    match std::io::stdin().lock().read_line(&mut text) {
        Ok(0) => Err(Failure::new(format!(
            "No password: type one, pipe one in, or set {VARIABLE}."
        ))),
        Ok(_) => Ok(text.trim_end_matches(['\n', '\r']).to_owned()),
        Err(error) => Err(Failure::new(format!("Cannot read the password: {error}."))),
    }
}

//! PostgreSQL restarted, its connections terminated, away, and read-only for a while.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

use super::client::Fault;
use super::ground::Ground;
use super::process::Program;
use super::trouble::{Seen, Trouble, endure};
use crate::helpers::postgres;

/// All of it `rounds` times; `away` is how long PostgreSQL is gone, `within` how soon after each trouble all is well again.
pub fn of_postgres(
    program: &Program,
    rounds: u32,
    seed: u64,
    (away, within): (Duration, Duration),
) -> Result<String, Fault> {
    let Some(postgres) = postgres::Server::separate() else {
        return Ok("no such database on this machine".to_owned());
    };
    let url = postgres.url("postgres");
    let ground = Ground::at(program, &url)?;
    let server = ground.server()?;
    let control = |command: &'static str| {
        let postgres = &postgres;
        move || {
            postgres.control(command);
            Ok(())
        }
    };
    let administer = |statements: &'static str| {
        let url = format!("{url}&application_name=faults");
        move || {
            let mut connection = PgConnection::establish(&url)?;
            for statement in statements.split(';') {
                connection.batch_execute(statement)?;
            }
            Ok(())
        }
    };
    let terminate = administer(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
    );
    let read_only = administer("ALTER SYSTEM SET default_transaction_read_only = on; SELECT pg_reload_conf()");
    let writable = administer(
        "SET transaction_read_only = off; ALTER SYSTEM RESET default_transaction_read_only; SELECT pg_reload_conf()",
    );
    let (restart, stop, start) = (control("restart"), control("stop"), control("start"));
    let nothing = || Ok(());
    let moment = Duration::from_millis(300);
    let trouble = |name, begin, lasts, noticed, end| Trouble {
        name,
        begin,
        lasts,
        noticed,
        end,
        within,
    };
    let troubles: [Trouble<'_>; 4] = [
        trouble("restarted", &restart, Duration::ZERO, false, &nothing),
        trouble("terminated", &terminate, moment, false, &nothing),
        trouble("away", &stop, away, true, &start),
        trouble("read-only", &read_only, moment, true, &writable),
    ];
    let mut seen = Seen::default();
    for round in 0..rounds {
        for (place, trouble) in (0..).zip(&troubles) {
            let seed = seed.wrapping_add(u64::from(round) * 100 + place * 10);
            endure(&ground, &server, seed, trouble, &mut seen).map_err(|error| format!("round {round}: {error}"))?;
        }
    }
    Ok(seen.to_string())
}

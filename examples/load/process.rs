//! The real server as a process of its own, and what processes have used: processor time and memory.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use vertragswerk::clock::Clock;
use vertragswerk::config::{Config, RateLimitMode, Secret};
use vertragswerk::startup;
use vertragswerk::state::AppState;
use vertragswerk::worker::{self, Shutdown};

/// The argument that makes this program the server.
pub const SERVE: &str = "serve-under-load";

/// Kernel clock ticks of a second.
const TICKS: u64 = 100;

/// A running server; it is stopped when this is dropped.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Server {
    /// Starts this program as a server on the database.
    pub fn start(database_url: &str) -> Result<Self, Box<dyn Error>> {
        let mut child = Command::new(std::env::current_exe()?)
            .args([SERVE, database_url])
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().ok_or("the server has no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let address = line
            .trim()
            .parse()
            .map_err(|_| format!("the server did not start: {line}"))?;
        Ok(Self { child, address })
    }

    /// Processor time used so far, in milliseconds.
    pub fn cpu_ms(&self) -> u64 {
        stat(&self.child.id().to_string()).map_or(0, |stat| stat.own_ms)
    }

    /// Memory in use, in megabytes.
    pub fn memory_mb(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok());
        kilobytes.unwrap_or(0) / 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Is the server: the API and the loops beside it, as `serve` runs them.
pub fn serve(database_url: &str) -> Result<(), Box<dyn Error>> {
    let config = Config {
        demo: true,
        database_url: Secret::new(database_url.to_owned()),
        bind_address: "127.0.0.1:0".parse()?,
        rate_limit: RateLimitMode::Off,
        ..Config::default()
    };
    let state = AppState::open(config, Clock::System)?;
    let shutdown = Shutdown::default();
    let loops = std::thread::spawn({
        let (state, shutdown) = (state.clone(), shutdown.clone());
        move || worker::run(&state, &shutdown)
    });
    actix_web::rt::System::new().block_on(async {
        let application = startup::build(state)?;
        println!("127.0.0.1:{}", application.port);
        application.server.await
    })?;
    shutdown.stop();
    let _ = loops.join();
    Ok(())
}

/// Processor time of all PostgreSQL processes so far, those that have ended included, in milliseconds.
pub fn postgres_cpu_ms() -> u64 {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return 0;
    };
    let stats = entries
        .flatten()
        .filter_map(|entry| stat(entry.file_name().to_str()?))
        .filter(|stat| stat.name == "postgres");
    stats.map(|stat| stat.own_ms + stat.children_ms).sum()
}

struct Stat {
    name: String,
    own_ms: u64,
    children_ms: u64,
}

fn stat(pid: &str) -> Option<Stat> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (name, rest) = text.split_once('(')?.1.rsplit_once(')')?;
    // Fields 14 to 17 of proc(5), of which 3 is the first after the name.
    let fields: Vec<u64> = rest
        .split_whitespace()
        .skip(11)
        .take(4)
        .map_while(|field| field.parse().ok())
        .collect();
    let [user, system, child_user, child_system] = fields[..] else {
        return None;
    };
    Some(Stat {
        name: name.to_owned(),
        own_ms: (user + system) * 1_000 / TICKS,
        children_ms: (child_user + child_system) * 1_000 / TICKS,
    })
}

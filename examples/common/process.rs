//! The real server as a process of its own.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::client::Fault;

/// What is started: a program that understands `serve` with the settings of a server.
#[derive(Debug, Clone)]
pub struct Program {
    /// The file.
    pub executable: PathBuf,
    /// Settings that every server gets.
    pub arguments: Vec<String>,
    /// Its environment, which is otherwise empty.
    pub environment: Vec<(String, String)>,
    /// Whether a file that must not grow is an error for it (as a full disk is) and not its end.
    pub survives_file_size_limit: bool,
    /// Where it writes its log; without one, where this process does.
    pub log: Option<PathBuf>,
}

/// A running server; it is killed when this is dropped.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// Kept open, because who writes into a pipe nobody reads is ended.
    _output: Box<dyn Read + Send + Sync>,
}

impl Program {
    /// Starts a server on the database and does not wait until it listens.
    pub fn spawn(&self, database_url: &str) -> Result<Child, Fault> {
        let mut command = if self.survives_file_size_limit {
            let mut shell = Command::new("/bin/sh");
            // What is ignored stays ignored in the program that takes the shell's place.
            shell
                .args(["-c", r#"trap '' XFSZ; exec "$0" "$@""#])
                .arg(&self.executable);
            shell
        } else {
            Command::new(&self.executable)
        };
        command
            .args(["serve", "--bind", "127.0.0.1:0", "--rate-limit", "off"])
            .args(["--database-url", database_url])
            .args(&self.arguments)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        if let Some(log) = &self.log {
            command.stderr(File::options().create(true).append(true).open(log)?);
        }
        Ok(command.spawn()?)
    }

    /// Starts a server on the database and waits until it listens.
    pub fn start(&self, database_url: &str) -> Result<Server, Fault> {
        let mut child = self.spawn(database_url)?;
        let mut output = BufReader::new(child.stdout.take().ok_or("the server has no output")?);
        let mut line = String::new();
        let mut address = None;
        // The demo says more than where it listens.
        while address.is_none() && output.read_line(&mut line)? > 0 {
            let words = line.split(&['/', ' ', '\n'][..]);
            address = words.filter_map(|word| word.parse().ok()).next();
            if address.is_none() {
                line.clear();
            }
        }
        let Some(address) = address else {
            let status = child.wait()?;
            return Err(format!("the server did not start: {status}").into());
        };
        Ok(Server {
            child,
            address,
            _output: Box::new(output),
        })
    }
}

impl Server {
    /// The process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`: the process ends where it is.
    pub fn kill(mut self) -> Result<(), Fault> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// SIGTERM: the server is asked to stop.
    pub fn ask_to_stop(&self) -> Result<(), Fault> {
        let sent = Command::new("kill").args(["-TERM", &self.id().to_string()]).status()?;
        if sent.success() {
            Ok(())
        } else {
            Err("kill -TERM failed".into())
        }
    }

    /// Waits until the process has ended by itself.
    pub fn ended(&mut self, patience: Duration) -> Result<(ExitStatus, Duration), Fault> {
        let began = Instant::now();
        while began.elapsed() < patience {
            if let Some(status) = self.child.try_wait()? {
                return Ok((status, began.elapsed()));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Err(format!("the server still runs after {patience:?}").into())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

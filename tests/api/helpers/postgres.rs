//! A private PostgreSQL server for the tests of this process: no network, its own directory, gone when the process is.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::LazyLock;

use parking_lot::Mutex;

/// The server of this test process, started on first use; `None` (said once on stderr) if no PostgreSQL is installed.
/// With `REQUIRE_POSTGRES=1` that is a failure instead.
pub fn server() -> Option<&'static Server> {
    static SERVER: LazyLock<Option<Server>> = LazyLock::new(|| match binaries() {
        Some(binaries) => Some(Server::start(&binaries, Path::new("/tmp"))),
        None if std::env::var_os("REQUIRE_POSTGRES").is_some_and(|value| value == "1") => None,
        None => {
            eprintln!("SKIPPED: no PostgreSQL binaries found, every `::postgres` test passes without having run");
            None
        }
    });
    let server = SERVER.as_ref();
    assert!(
        server.is_some() || std::env::var_os("REQUIRE_POSTGRES").is_none_or(|value| value != "1"),
        "REQUIRE_POSTGRES=1, but initdb and pg_ctl were not found"
    );
    server
}

/// A running server.
pub struct Server {
    socket_folder: PathBuf,
    /// The guardian's standard input: when this process ends, however it ends, the guardian reads the end of the file,
    /// stops the server and removes the directory.
    guardian: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    _process: Child,
}

/// Runs as an unprivileged user, because PostgreSQL refuses root. Each line it reads is a `pg_ctl` command, answered by `done`.
const GUARDIAN: &str = r#"
    cd / && folder=$(mktemp -d "$PARENT/vertragswerk-test-pg.XXXXXX") || exit 1
    export LC_ALL=C PATH="$BINARIES:$PATH"
    control() { pg_ctl -D "$folder/data" -w -t 60 -m immediate -l "$folder/log" "$1" </dev/null >>"$folder/setup.log" 2>&1; }
    finish() { control stop; rm -rf "$folder"; }
    trap finish EXIT
    trap '' INT HUP TERM
    initdb -D "$folder/data" -U tester -A trust -E UTF8 --no-locale --no-sync </dev/null >"$folder/setup.log" 2>&1
    printf '%s\n' "listen_addresses = ''" "unix_socket_directories = '$folder'" 'fsync = off' 'max_connections = 400' \
        'shared_buffers = 64MB' "deadlock_timeout = '100ms'" >>"$folder/data/postgresql.conf"
    control start || { echo "FAILED"; cat "$folder"/*log; exit 1; }
    echo "$folder"
    while read -r command; do control "$command"; echo "done"; done
"#;

impl Server {
    /// A server of one test alone, which that test may stop and start; `None` like [`server`].
    pub fn separate() -> Option<Self> {
        Self::separate_in(Path::new("/tmp"))
    }

    /// The same with all its files below `parent`, which must be open to everyone.
    pub fn separate_in(parent: &Path) -> Option<Self> {
        server()?;
        binaries().map(|binaries| Self::start(&binaries, parent))
    }

    /// Runs `pg_ctl stop`, `start` or `restart` and waits for it.
    pub fn control(&self, command: &str) {
        let mut guardian = self.guardian.lock();
        writeln!(guardian.0, "{command}").expect("the guardian listens");
        let mut line = String::new();
        guardian.1.read_line(&mut line).expect("the guardian answers");
        assert_eq!(line, "done\n");
    }

    fn start(binaries: &Path, parent: &Path) -> Self {
        let mut guardian = command(binaries)
            .env("PARENT", parent)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // A group of its own, so that Ctrl-C at the terminal ends the tests and not the one who cleans up.
            .process_group(0)
            .spawn()
            .expect("the guardian of the test PostgreSQL starts");
        let mut output = BufReader::new(guardian.stdout.take().expect("its output"));
        let mut line = String::new();
        output.read_line(&mut line).expect("a line from the guardian");
        if !line.starts_with('/') {
            output.read_to_string(&mut line).expect("the log");
            panic!("PostgreSQL did not start: {line}");
        }
        let input = guardian.stdin.take().expect("its input");
        Self {
            socket_folder: PathBuf::from(line.trim()),
            guardian: Mutex::new((input, output)),
            _process: guardian,
        }
    }

    /// URL of a database of this server.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://tester@/{database}?host={}", self.socket_folder.display())
    }
}

fn command(binaries: &Path) -> Command {
    let user = Command::new("id").arg("-u").output().expect("the user id");
    let mut command = if user.stdout == b"0\n" {
        let owner = if succeeds("id", &["postgres"]) {
            "postgres"
        } else {
            "nobody"
        };
        let mut command = Command::new("su");
        command.args(["-s", "/bin/sh", owner, "-c", GUARDIAN]);
        command
    } else {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", GUARDIAN]);
        command
    };
    command.env("BINARIES", binaries);
    command
}

fn succeeds(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .output()
        .is_ok_and(|output| output.status.success())
}

/// Where `initdb` and `pg_ctl` are: the search path, Debian's folders (newest first), or what `pg_config` says.
fn binaries() -> Option<PathBuf> {
    let search_path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&search_path).collect();
    let mut debian: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let version = path.file_name()?.to_str()?.parse().ok()?;
            Some((version, path.join("bin")))
        })
        .collect();
    debian.sort();
    folders.extend(debian.into_iter().rev().map(|(_, path)| path));
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        folders.push(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    }
    folders.into_iter().find(|folder| {
        ["initdb", "pg_ctl", "postgres"]
            .iter()
            .all(|name| folder.join(name).is_file())
    })
}

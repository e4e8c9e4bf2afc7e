//! The disk is full, the file is read-only.
//!
//! Where this user may mount file systems, the database lies on a small one of its own that is filled up. Elsewhere the kernel
//! refuses any growth of the server's files (`RLIMIT_FSIZE`), which meets SQLite in the same place.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;
use vertragswerk::db::Backend;

use super::client::Fault;
use super::ground::Ground;
use super::process::{Program, Server};
use super::trouble::{Seen, Trouble, endure};
use crate::helpers::postgres;

/// A file system of its own, as small as can be, if this user may have one; otherwise a folder.
struct SmallDisk {
    /// Gives the server back its files before they are removed.
    _folder: TempDir,
    path: PathBuf,
    mounted: bool,
}

impl SmallDisk {
    fn new(megabytes: u32, may_mount: bool) -> Result<Self, Fault> {
        let folder = tempfile::Builder::new().prefix("disk").tempdir_in("/tmp")?;
        let path = folder.path().join("small");
        std::fs::create_dir(&path)?;
        let size = format!("size={megabytes}m,mode=1777");
        let mounted = may_mount
            && succeeds(
                Command::new("mount")
                    .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
                    .arg(&path),
            );
        if mounted {
            // The folder above keeps strangers out, and PostgreSQL runs as one.
            std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
        }
        Ok(Self {
            _folder: folder,
            path,
            mounted,
        })
    }

    fn ballast(&self) -> PathBuf {
        self.path.join("ballast")
    }

    /// Fills it to the last byte.
    fn fill(&self) -> Result<(), Fault> {
        let mut file = File::options().create(true).append(true).open(self.ballast())?;
        for block in [vec![0_u8; 1 << 20], vec![0; 4096], vec![0; 1]] {
            while file.write_all(&block).is_ok() {}
        }
        Ok(())
    }

    fn empty(&self) -> Result<(), Fault> {
        Ok(std::fs::remove_file(self.ballast())?)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if self.mounted {
            succeeds(Command::new("umount").arg("--lazy").arg(&self.path));
        }
    }
}

fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// Fills the disk and makes the file read-only `rounds` times each.
pub fn full_or_read_only(
    program: &Program,
    backend: Backend,
    rounds: u32,
    seed: u64,
    (within, may_mount): (Duration, bool),
) -> Result<String, Fault> {
    match backend {
        Backend::Sqlite => sqlite(program, rounds, seed, (within, may_mount)),
        Backend::Postgres => postgres(program, rounds, seed, (within, may_mount)),
    }
}

fn sqlite(program: &Program, rounds: u32, seed: u64, (within, may_mount): (Duration, bool)) -> Result<String, Fault> {
    let disk = SmallDisk::new(64, may_mount)?;
    let file = disk.path.join("contracts.db");
    let ground = Ground::at(program, &format!("sqlite:{}", file.display()))?;
    let server = ground.server()?;
    let limit = |size: &'static str| {
        let server = &server;
        move || file_size_limit(server, size)
    };
    let (fill, empty) = (|| disk.fill(), || disk.empty());
    let (shut, open) = (limit("0"), limit("unlimited"));
    let full = Trouble {
        name: "full",
        begin: if disk.mounted { &fill } else { &shut },
        lasts: Duration::from_millis(300),
        noticed: true,
        end: if disk.mounted { &empty } else { &open },
        within,
    };
    let mut seen = Seen::default();
    for round in 0..rounds {
        let seed = seed.wrapping_add(u64::from(round) * 100);
        endure(&ground, &server, seed, &full, &mut seen).map_err(|error| format!("round {round}: {error}"))?;
    }
    let means = if disk.mounted {
        "a file system of 64 MB filled up"
    } else {
        "RLIMIT_FSIZE"
    };
    let locked = sqlite_read_only(program, rounds, seed, within)?;
    Ok(format!("{means}: {seen}; {locked}"))
}

/// On an ordinary file system, because a small one in memory lets those write on who have the file open.
fn sqlite_read_only(program: &Program, rounds: u32, seed: u64, within: Duration) -> Result<String, Fault> {
    let folder = tempfile::tempdir()?;
    if !may_lock(folder.path())? {
        return Ok("making files immutable is not permitted here".to_owned());
    }
    let file = folder.path().join("contracts.db");
    let ground = Ground::at(program, &format!("sqlite:{}", file.display()))?;
    let server = ground.server()?;
    let log = folder.path().join("contracts.db-wal");
    let read_only = Trouble {
        name: "read-only",
        begin: &|| immutable(&[&file, &log], true),
        lasts: Duration::from_millis(300),
        noticed: true,
        end: &|| immutable(&[&file, &log], false),
        within,
    };
    let mut seen = Seen::default();
    for round in 0..rounds {
        let seed = seed.wrapping_add(u64::from(round) * 100);
        endure(&ground, &server, seed, &read_only, &mut seen).map_err(|error| format!("round {round}: {error}"))?;
    }
    Ok(format!("files made immutable: {seen}"))
}

/// Whether this user may make files immutable, and whether that binds those who have them open.
fn may_lock(folder: &Path) -> Result<bool, Fault> {
    let path = folder.join("probe");
    let mut open = File::create(&path)?;
    if immutable(&[&path], true).is_err() {
        return Ok(false);
    }
    let refused = open.write_all(b"x").is_err();
    immutable(&[&path], false)?;
    Ok(refused)
}

/// A PostgreSQL that has stopped before its file system goes.
struct StoppedFirst(postgres::Server);

impl Drop for StoppedFirst {
    fn drop(&mut self) {
        self.0.control("stop");
    }
}

fn postgres(program: &Program, rounds: u32, seed: u64, (within, may_mount): (Duration, bool)) -> Result<String, Fault> {
    let disk = SmallDisk::new(400, may_mount)?;
    if !disk.mounted {
        return Ok("mounting a small file system is not permitted here".to_owned());
    }
    let Some(postgres) = postgres::Server::separate_in(&disk.path) else {
        return Ok("no such database on this machine".to_owned());
    };
    let postgres = StoppedFirst(postgres);
    let ground = Ground::at(program, &postgres.0.url("postgres"))?;
    let server = ground.server()?;
    let full = Trouble {
        name: "full",
        begin: &|| disk.fill(),
        lasts: Duration::from_millis(300),
        noticed: true,
        end: &|| {
            disk.empty()?;
            // A PostgreSQL that finds the disk full again while it recovers gives up, and whoever runs it starts it.
            postgres.0.control("start");
            Ok(())
        },
        within,
    };
    let mut seen = Seen::default();
    for round in 0..rounds {
        let seed = seed.wrapping_add(u64::from(round) * 100);
        endure(&ground, &server, seed, &full, &mut seen).map_err(|error| format!("round {round}: {error}"))?;
    }
    Ok(format!("a file system of 400 MB filled up; {seen}"))
}

/// Sets how large the server's files may become; the hard limit stays, so that it can be raised again.
fn file_size_limit(server: &Server, size: &str) -> Result<(), Fault> {
    let (pid, size) = (server.id().to_string(), format!("--fsize={size}:"));
    if succeeds(Command::new("prlimit").args(["--pid", &pid, &size])) {
        Ok(())
    } else {
        Err("prlimit failed".into())
    }
}

/// Takes all right to write from files, also from those who have them open, and gives it back.
fn immutable(files: &[&Path], yes: bool) -> Result<(), Fault> {
    let flag = if yes { "+i" } else { "-i" };
    if succeeds(Command::new("chattr").arg(flag).args(files)) {
        Ok(())
    } else {
        Err("chattr failed".into())
    }
}

//! What happens when the database goes away, and when it comes back.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, RunQueryDsl, sql_query};
use vertragswerk::db::{Database, DbConnection, DbError};

use crate::helpers::TestDatabase;
use crate::helpers::postgres::Server;

fn ping(connection: &mut DbConnection) -> Result<(), DbError> {
    sql_query("SELECT 1").execute(connection)?;
    Ok(())
}

type Request = fn(&Database) -> Result<(), DbError>;

/// Opens all connections of the pool by using them at the same time.
fn warm(database: &Database) {
    let size = usize::try_from(database.pool_size()).expect("a small number");
    let all_open = Barrier::new(size);
    std::thread::scope(|scope| {
        for _ in 0..size {
            scope.spawn(|| {
                let hold = |connection: &mut DbConnection| {
                    ping(connection)?;
                    all_open.wait();
                    Ok::<_, DbError>(())
                };
                database.read(hold).expect("a connection");
            });
        }
    });
}

#[test]
fn requests_do_not_notice_connections_the_server_has_cut() {
    let Some(test) = TestDatabase::postgres() else { return };
    let database = test.open(3);
    let mut administrator = PgConnection::establish(test.url()).expect("another connection");
    let read: Request = |database| database.read(ping);
    let write: Request = |database| database.write(ping);
    let read_consistent: Request = |database| database.read_consistent(ping);
    for request in [read, write, read_consistent] {
        warm(&database);
        administrator
            .batch_execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
            )
            .expect("all other connections are cut");
        request(&database).expect("a fresh connection was used");
    }
}

#[test]
fn a_connection_cut_within_a_transaction_is_unavailable_and_retired() {
    let Some(test) = TestDatabase::postgres() else { return };
    let database = test.open(1);
    let outcome = database.write(|connection| {
        sql_query("SELECT pg_terminate_backend(pg_backend_pid())").execute(connection)?;
        Ok::<_, DbError>(())
    });
    assert!(matches!(outcome, Err(DbError::Unavailable(_))), "{outcome:?}");
    database.write(ping).expect("the next request has a live connection");
}

#[test]
fn a_stopped_server_is_reported_soon_and_found_again_soon() {
    let Some(server) = Server::separate() else { return };
    let database = Database::connect(&server.url("postgres"), 3).expect("connected");
    warm(&database);
    server.control("stop");
    let asked = Instant::now();
    for outcome in [database.read(ping), database.write(ping)] {
        assert!(matches!(outcome, Err(DbError::Unavailable(_))), "{outcome:?}");
    }
    assert!(asked.elapsed() < Duration::from_secs(8), "{:?}", asked.elapsed());
    let refused = Database::connect(&server.url("postgres"), 3);
    assert!(matches!(refused, Err(DbError::Unavailable(_))), "{refused:?}");
    server.control("start");
    let back = Instant::now();
    while let Err(error) = database.write(ping) {
        assert!(back.elapsed() < Duration::from_secs(5), "{error}");
    }
}

#[test]
fn a_sqlite_file_is_created_with_its_folder_and_a_hopeless_path_is_unavailable() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("new/deep/test.db");
    let database = Database::connect(&format!("sqlite:{}", file.display()), 2).expect("created");
    database.write(ping).expect("usable");
    assert!(file.is_file());
    let refused = Database::connect(&format!("sqlite:{}/below/x.db", file.display()), 2);
    assert!(matches!(refused, Err(DbError::Unavailable(_))), "{refused:?}");
}

#[test]
fn waiting_sqlite_writers_hold_no_connection_readers_need() {
    let test = TestDatabase::sqlite();
    let database = test.open(2);
    let writing = Barrier::new(2);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let slow = |connection: &mut DbConnection| {
                ping(connection)?;
                writing.wait();
                std::thread::sleep(Duration::from_millis(400));
                Ok::<_, DbError>(())
            };
            database.write(slow).expect("written");
        });
        writing.wait();
        for _ in 0..4 {
            scope.spawn(|| database.write(ping).expect("its turn comes"));
        }
        std::thread::sleep(Duration::from_millis(50));
        let asked = Instant::now();
        database.read(ping).expect("read");
        assert!(asked.elapsed() < Duration::from_millis(200), "{:?}", asked.elapsed());
    });
}

/// Takes the right to write a file from everyone, root included where the file system can; says whether it worked.
fn read_only(file: &Path, yes: bool) -> bool {
    let mode = if yes { 0o444 } else { 0o644 };
    let flag = if yes { "+i" } else { "-i" };
    let chattr = || std::process::Command::new("chattr").arg(flag).arg(file).output();
    if !yes {
        let _ = chattr();
    }
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode)).expect("our file");
    let locked = || std::fs::File::options().write(true).open(file).is_err();
    if yes && !locked() {
        let _ = chattr();
    }
    locked() == yes
}

/// SQLite opens what it may not write for reading only, and such a connection would stay that way in the pool for ever.
#[test]
fn connections_opened_while_the_file_was_read_only_are_replaced() {
    let test = TestDatabase::sqlite();
    let file = Path::new(test.url().trim_start_matches("sqlite:"));
    test.open(1).read(ping).expect("an ordinary file");
    if !read_only(file, true) {
        println!("not run: this user may write everything here");
        return;
    }
    let database = test.open(4);
    warm(&database);
    let write = |connection: &mut DbConnection| {
        sql_query("CREATE TABLE written (id TEXT)").execute(connection)?;
        Ok::<_, DbError>(())
    };
    let refused = database.write(write);
    let readable = database.read(ping);
    assert!(read_only(file, false), "the file is ordinary again");
    assert!(matches!(refused, Err(DbError::Unavailable(_))), "{refused:?}");
    readable.expect("reading goes on");
    database.write(write).expect("written by a new connection");
}

//! The program itself, as an operator runs it.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Output, Stdio};

use vertragswerk::demo::CATALOGUES;

use crate::helpers::http::Caller;
use crate::helpers::{TestDatabase, on_both_databases};

on_both_databases!(
    the_first_tenant_is_made_by_hand,
    a_database_that_is_not_migrated_is_refused,
    workers_stop_when_told_to,
);

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vertragswerk"));
    command
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn run(arguments: &[&str]) -> Output {
    program().args(arguments).output().expect("the program runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// Exit code, standard output, standard error.
fn outcome(output: &Output) -> (Option<i32>, String, String) {
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[track_caller]
fn succeed(arguments: &[&str]) -> String {
    let (code, out, err) = outcome(&run(arguments));
    assert_eq!(code, Some(0), "{arguments:?}\n{out}{err}");
    out
}

/// Kills the process when the test ends, whichever way.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn every_command_explains_itself() {
    for arguments in [
        &["--help"][..],
        &["serve", "--help"],
        &["migrate", "--help"],
        &["openapi", "--help"],
        &["catalogue", "check", "--help"],
        &["catalogue", "import", "--help"],
        &["provider", "create", "--help"],
        &["user", "create", "--help"],
        &["api-key", "create", "--help"],
        &["work", "--help"],
    ] {
        let help = succeed(arguments);
        assert!(help.contains("Usage:") && help.len() > 150, "{arguments:?}: {help}");
    }
    let (code, _, err) = outcome(&run(&["serve", "--prot", "80"]));
    assert_eq!(code, Some(2), "{err}");
    let (code, _, err) = outcome(&run(&["user", "create", "--password", "x"]));
    assert_eq!(code, Some(2), "a password is never an argument: {err}");
}

#[test]
fn the_committed_document_is_what_the_program_prints() {
    let committed = include_str!("../../openapi/openapi.json");
    assert!(
        succeed(&["openapi"]) == committed,
        "run `cargo run -- openapi > openapi/openapi.json`"
    );
}

#[test]
fn a_catalogue_is_checked_without_a_database() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("catalogue.json");
    let path = file.to_str().expect("UTF-8");
    std::fs::write(&file, CATALOGUES[1].1).expect("written");
    assert!(succeed(&["catalogue", "check", path]).contains("no faults"));

    let broken = CATALOGUES[1]
        .1
        .replacen("\"product\": \"video\"", "\"product\": \"radio\"", 1);
    assert_ne!(broken, CATALOGUES[1].1);
    std::fs::write(&file, broken).expect("written");
    let (code, out, err) = outcome(&run(&["catalogue", "check", path]));
    assert_eq!(code, Some(1), "{out}{err}");
    assert!(
        out.lines()
            .any(|line| line.starts_with("/plans/0/product: reference_unknown: ")),
        "{out}"
    );
    assert!(err.contains("1 fault"), "{err}");

    std::fs::write(&file, "{").expect("written");
    let (code, out, _) = outcome(&run(&["catalogue", "check", path]));
    assert_eq!(
        (code, out.starts_with("(document): json_malformed: ")),
        (Some(1), true),
        "{out}"
    );
    let (code, _, err) = outcome(&run(&["catalogue", "check", "no-such-file.json"]));
    assert_eq!(
        (code, err.starts_with("Cannot read no-such-file.json")),
        (Some(1), true),
        "{err}"
    );
}

#[test]
fn production_does_not_start_with_missing_or_published_secrets() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}/x.db", folder.path().display());
    let arguments = ["serve", "--database-url", &url, "--bind", "127.0.0.1:0"];
    let (code, out, err) = outcome(&run(&arguments));
    assert_eq!((code, out.as_str()), (Some(2), ""), "{err}");
    assert!(err.contains("SIGNING_KEY"), "{err}");
    let short = program()
        .args(arguments)
        .envs([
            ("SIGNING_KEY", "-----BEGIN PRIVATE KEY-----"),
            ("PREVIEW_SECRET", "short"),
        ])
        .output()
        .expect("the program runs");
    let (code, _, err) = outcome(&short);
    assert_eq!((code, err.contains("PREVIEW_SECRET")), (Some(2), true), "{err}");
    assert!(!err.contains("BEGIN"), "secrets are not repeated: {err}");
    assert!(
        !folder.path().join("x.db").exists(),
        "refused before anything is opened"
    );
}

/// The whole way from an empty database to an answer over HTTP, with the binary alone.
fn the_first_tenant_is_made_by_hand(database: &TestDatabase) {
    let url = database.url();
    make_provider(url);
    publish_catalogue(url);
    make_users(url);
    let secret = make_api_key(url);
    let (_server, base) = serve(url);
    block_on(async {
        let anonymous = Caller::anonymous(&base);
        let plans = anonymous.with_token(&secret).get("/v1/plans").await.expect(200);
        assert_eq!(plans["data"].as_array().map(Vec::len), Some(2));
        for (username, password) in [("chef", "from the environment"), ("second", "from a pipe")] {
            log_in(&anonymous, ["sprechfenster", username, password]).await;
        }
    });
}

fn block_on<F: Future>(work: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(work)
}

async fn log_in(anonymous: &Caller, [provider, username, password]: [&str; 3]) -> Caller {
    let form = [
        ("grant_type", "password"),
        ("client_id", provider),
        ("username", username),
        ("password", password),
    ];
    let request = anonymous.request(reqwest::Method::POST, "/v1/auth/token").form(&form);
    let grant = anonymous.send(request).await.expect(200);
    anonymous.with_token(grant["access_token"].as_str().expect("a token"))
}

fn make_provider(url: &str) {
    let create = |slug: &str| {
        let names = ["--slug", slug, "--name", "Sprechfenster", "--mode", "sandbox"];
        run(&[&["provider", "create"][..], &names, &["--database-url", url]].concat())
    };
    let (code, out, err) = outcome(&create("sprechfenster"));
    assert_eq!((code, out.starts_with("prv_")), (Some(0), true), "{err}");
    let (code, _, err) = outcome(&create("sprechfenster"));
    assert_eq!(
        (code, err.as_str()),
        (Some(1), "There is already a provider sprechfenster.\n")
    );
    let (code, _, err) = outcome(&create("Nö"));
    assert_eq!(
        (code, err.starts_with("/slug: invalid_format: ")),
        (Some(1), true),
        "{err}"
    );
}

fn publish_catalogue(url: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("catalogue.json");
    std::fs::write(&file, CATALOGUES[1].1).expect("written");
    let path = file.to_str().expect("UTF-8");
    let import = |provider| {
        [
            "catalogue",
            "import",
            "--provider",
            provider,
            path,
            "--database-url",
            url,
        ]
    };
    let (code, _, err) = outcome(&run(&import("nobody")));
    assert_eq!((code, err.as_str()), (Some(1), "There is no provider nobody.\n"));
    assert!(succeed(&import("sprechfenster")).starts_with("Published as version 1 "));
    assert_eq!(
        succeed(&import("sprechfenster")),
        "Nothing changed: version 1 has the same content.\n"
    );
    std::fs::write(&file, CATALOGUES[1].1.replacen("\"video\"", "\"radio\"", 1)).expect("written");
    let (code, _, err) = outcome(&run(&import("sprechfenster")));
    assert_eq!((code, err.contains("reference_unknown")), (Some(1), true), "{err}");
}

fn make_users(url: &str) {
    let user = |name| {
        [
            "user",
            "create",
            "--provider",
            "sprechfenster",
            "--username",
            name,
            "--database-url",
            url,
        ]
    };
    let from_environment = program()
        .args(user("chef"))
        .env("USER_PASSWORD", "from the environment")
        .output();
    let created = from_environment.expect("runs");
    assert!(outcome(&created).1.starts_with("usr_"), "{created:?}");
    let mut piped = program()
        .args(user("second"))
        .stdin(Stdio::piped())
        .spawn()
        .expect("runs");
    piped
        .stdin
        .take()
        .expect("a pipe")
        .write_all(b"from a pipe\n")
        .expect("written");
    let created = piped.wait_with_output().expect("ends");
    assert!(outcome(&created).1.starts_with("usr_"), "{created:?}");
    let (code, _, err) = outcome(&run(&user("third")));
    assert_eq!((code, err.starts_with("No password")), (Some(1), true), "{err}");
}

fn make_api_key(url: &str) -> String {
    let key = |scopes| {
        let names = ["--provider", "sprechfenster", "--name", "Portal", "--scopes", scopes];
        run(&[&["api-key", "create"][..], &names, &["--database-url", url]].concat())
    };
    let (code, _, err) = outcome(&key("catalogue:read,everything"));
    assert_eq!((code, err.as_str()), (Some(1), "There is no scope \"everything\".\n"));
    let (code, out, err) = outcome(&key("catalogue:read"));
    assert_eq!((code, out.starts_with("vk_test_")), (Some(0), true), "{err}");
    out.trim().to_owned()
}

#[test]
fn the_demo_starts_without_any_argument_and_keeps_its_data() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut subscriptions = Vec::new();
    for _ in 0..2 {
        let child = program()
            .current_dir(&folder)
            .envs([("BIND_ADDR", "127.0.0.1:0"), ("LOG", "warn")])
            .spawn()
            .expect("the demo starts");
        let mut demo = Running(child);
        let out = BufReader::new(demo.0.stdout.take().expect("a pipe"));
        let mut lines = out.lines().map(|line| line.expect("UTF-8"));
        let swagger = lines.find(|line| line.contains("Swagger UI")).expect("the address");
        let base = swagger
            .split_whitespace()
            .find_map(|word| word.strip_suffix("/docs/"))
            .expect("an address")
            .to_owned();
        let login = lines.find(|line| line.contains("sommer")).expect("a login");
        let words: Vec<&str> = login.split_whitespace().collect();
        assert!(lines.any(|line| line.contains("curl -s ")), "one call to copy");
        block_on(async {
            let anonymous = Caller::anonymous(&base);
            assert_eq!(anonymous.get("/docs/").await.status, 200);
            let sommer = log_in(&anonymous, [words[0], words[1], words[2]]).await;
            subscriptions.push(sommer.get("/v1/subscriptions").await.expect(200));
        });
    }
    assert_eq!(subscriptions[0]["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(subscriptions[0], subscriptions[1]);
    assert!(folder.path().join("data/vertragswerk.db").exists());
}

/// A production server with secrets of its own on a free port.
fn serve(url: &str) -> (Running, String) {
    let key = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
    let child = program()
        .args(["serve", "--database-url", url, "--bind", "127.0.0.1:0", "--log", "warn"])
        .envs([
            ("SIGNING_KEY", key),
            ("PREVIEW_SECRET", "a secret of this test, long enough"),
        ])
        .spawn()
        .expect("the server starts");
    let mut server = Running(child);
    let mut line = String::new();
    let out = server.0.stdout.take().expect("a pipe");
    BufReader::new(out).read_line(&mut line).expect("a line");
    let base = line
        .strip_prefix("Serving ")
        .unwrap_or_else(|| panic!("{line:?}"))
        .trim()
        .to_owned();
    (server, base)
}

fn a_database_that_is_not_migrated_is_refused(database: &TestDatabase) {
    let empty = database.empty();
    let url = empty.url();
    let key = [
        "api-key",
        "create",
        "--provider",
        "x",
        "--name",
        "x",
        "--scopes",
        "catalogue:read",
        "--database-url",
        url,
    ];
    let (code, _, err) = outcome(&run(&key));
    assert_eq!((code, err.contains("vertragswerk migrate")), (Some(1), true), "{err}");
    let ran = succeed(&["migrate", "--database-url", url]);
    assert!(ran.contains("applied"), "{ran}");
    assert_eq!(
        succeed(&["migrate", "--database-url", url]),
        "The database is up to date.\n"
    );
    let (code, _, err) = outcome(&run(&key));
    assert_eq!((code, err.as_str()), (Some(1), "There is no provider x.\n"));
    let told = succeed(&["verify", "--database-url", url]);
    assert_eq!(
        told.lines().filter(|line| line.ends_with("holds")).count(),
        14,
        "{told}"
    );
    let told = succeed(&["verify", "--json", "--database-url", url]);
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&told).expect("JSON")[0]["invariant"],
        "I1"
    );
}

fn workers_stop_when_told_to(database: &TestDatabase) {
    let child = program()
        .args(["work", "--database-url", database.url()])
        .spawn()
        .expect("the worker starts");
    let mut worker = Running(child);
    let mut line = String::new();
    let out = worker.0.stdout.take().expect("a pipe");
    BufReader::new(out).read_line(&mut line).expect("a line");
    assert_eq!(line, "Working off what falls due, and delivering webhooks.\n");
    let told = Command::new("kill")
        .arg(worker.0.id().to_string())
        .status()
        .expect("kill runs");
    assert!(told.success());
    assert_eq!(worker.0.wait().expect("ends").code(), Some(0), "it ends in order");
}

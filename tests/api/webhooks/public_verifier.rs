//! The receiver of the integrator's guide, as it stands there, verifies real messages with the public Python library
//! `standardwebhooks`. The other tests use the Rust library of the same project.

use std::fs::File;
use std::io::Read;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::json;

use super::{PROVIDER, Working, deliveries, endpoint, show_real_time, something_happens, until, unused_port};
use crate::helpers::{TestApp, over_http};

over_http!(the_guides_python_receiver_accepts_what_is_sent);

/// A Python that has the library: `STANDARDWEBHOOKS_PYTHON`, else `python3`. With `REQUIRE_STANDARDWEBHOOKS=1` it is a failure
/// when there is none; otherwise that is said once on stderr.
fn python() -> Option<String> {
    let python = std::env::var("STANDARDWEBHOOKS_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let found = Command::new(&python)
        .args(["-c", "import standardwebhooks.webhooks"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    let is_required = std::env::var_os("REQUIRE_STANDARDWEBHOOKS").is_some_and(|value| value == "1");
    assert!(
        found || !is_required,
        "REQUIRE_STANDARDWEBHOOKS=1, but {python} has no package standardwebhooks"
    );
    if !found {
        eprintln!("SKIPPED: {python} has no package standardwebhooks, the receiver of the guide was not run");
    }
    found.then_some(python)
}

/// The guide's receiver, on another port.
fn receiver_of_the_guide(port: u16) -> String {
    let guide = include_str!("../../../docs/webhooks.md");
    let code = guide.split("```python\n").nth(1).expect("a receiver in Python");
    let code = code.split("```").next().expect("its end");
    assert!(code.contains("9000"), "the guide's port");
    code.replace("9000", &port.to_string())
}

/// A receiver in Python; stopped when dropped.
struct Receiver {
    process: Child,
}

impl Receiver {
    fn start(python: &str, code: &str, secret: &str, folder: &Path) -> Self {
        let complaints = File::create(folder.join("complaints")).expect("a file");
        let process = Command::new(python)
            .args(["-c", code])
            .env("WEBHOOK_SECRET", secret)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(complaints)
            .spawn()
            .expect("a Python");
        Self { process }
    }

    /// Ends it; what it has printed.
    fn finish(mut self) -> String {
        self.process.kill().expect("it runs");
        let mut printed = String::new();
        let output = self.process.stdout.as_mut().expect("its output");
        output.read_to_string(&mut printed).expect("text");
        printed
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn the_guides_python_receiver_accepts_what_is_sent(app: TestApp<'_>) {
    let Some(python) = python() else { return };
    show_real_time(&app);
    let port = unused_port();
    let url = format!("http://127.0.0.1:{port}/");
    let staff = app.staff(PROVIDER);
    let (id, secret) = endpoint(&staff, &url, &["customer.created"]).await;
    let folder = tempfile::tempdir().expect("a folder");
    let receiver = Receiver::start(&python, &receiver_of_the_guide(port), &secret, folder.path());
    until(async || TcpStream::connect(("127.0.0.1", port)).ok()).await;

    let _working = Working::one(&app);
    let customers = [something_happens(&staff).await, something_happens(&staff).await];
    let all_delivered = async |count: usize| {
        until(async || {
            let told = deliveries(&staff, &id).await;
            (told.len() == count && told.iter().all(|one| one["status"] == "delivered")).then_some(told)
        })
        .await
    };
    let told = all_delivered(2).await;
    assert!(told.iter().all(|one| one["attempts"][0]["status"] == 204), "{told:?}");
    // Sent again with the same id, it is accepted and left alone; with a secret the receiver does not know, it is refused.
    let replay = format!("/v1/webhook-endpoints/{id}/replay");
    staff.post(&replay, json!({ "after": 0 })).await.expect(200);
    all_delivered(4).await;
    let stranger = endpoint(&staff, &url, &["customer.created"]).await.0;
    something_happens(&staff).await;
    let refused = super::after_attempts(&staff, &stranger, 1).await;
    assert_eq!(refused["attempts"][0]["status"], 400, "{refused}");
    all_delivered(5).await;

    let printed = receiver.finish();
    let lines: Vec<&str> = printed.lines().collect();
    let complaints = std::fs::read_to_string(folder.path().join("complaints")).expect("a file");
    assert_eq!(lines.len(), 3, "each event once: {printed}\n{complaints}");
    for customer in customers {
        let told = format!("customer.created {customer} 1");
        assert!(lines.iter().any(|line| line.ends_with(&told)), "{told}: {printed}");
    }
}

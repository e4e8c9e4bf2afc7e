//! A real, headless Chromium, driven over its DevTools protocol through a pipe: nothing listens on a port, and nothing of the
//! page runs that a person's browser would not run.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

/// A browser with one page. Ends with the test.
pub struct Chromium {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    session: Option<String>,
    last_id: u64,
    _profile: tempfile::TempDir,
}

/// The browser of a test; `None` (said once on stderr) if none is installed. With `REQUIRE_CHROMIUM=1` that is a failure.
pub fn chromium() -> Option<Chromium> {
    let found = binary();
    let required = std::env::var_os("REQUIRE_CHROMIUM").is_some_and(|value| value == "1");
    assert!(
        found.is_some() || !required,
        "REQUIRE_CHROMIUM=1, but neither chromium nor google-chrome was found"
    );
    if found.is_none() {
        static SAID: std::sync::Once = std::sync::Once::new();
        SAID.call_once(|| eprintln!("SKIPPED: no Chromium found, every test in a browser passes without having run"));
    }
    found.map(Chromium::start)
}

/// Where the browser is: `CHROMIUM`, or the usual names on the search path.
fn binary() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("CHROMIUM") {
        return Some(PathBuf::from(path)).filter(|path| path.is_file());
    }
    let search_path = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    std::env::split_paths(&search_path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|path| path.is_file())
}

impl Chromium {
    fn start(binary: PathBuf) -> Self {
        let profile = tempfile::tempdir().expect("a folder for the profile");
        // The protocol runs over the descriptors 3 and 4; a shell hands our pipes over under these numbers.
        let script = "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>/dev/null";
        let mut process = Command::new("/bin/sh")
            .args(["-c", script])
            .arg(binary)
            .args([
                "--headless=new",
                "--remote-debugging-pipe",
                // Root may not use the sandbox, and containers often lack a large /dev/shm.
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--disable-gpu",
                "--no-first-run",
                "--no-default-browser-check",
                "--disable-background-networking",
                "--no-proxy-server",
                "--hide-scrollbars",
                "--lang=de",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .env("HOME", profile.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Chromium starts");
        let input = process.stdin.take().expect("its input");
        let output = BufReader::new(process.stdout.take().expect("its output"));
        let mut browser = Self {
            process,
            input,
            output,
            session: None,
            last_id: 0,
            _profile: profile,
        };
        let target = browser.command("Target.createTarget", json!({ "url": "about:blank" }));
        let attached = browser.command(
            "Target.attachToTarget",
            json!({ "targetId": target["targetId"], "flatten": true }),
        );
        browser.session = Some(attached["sessionId"].as_str().expect("a session").to_owned());
        browser.command("Page.enable", json!({}));
        browser.command("Accessibility.enable", json!({}));
        // The pages must work without script. What the test asks of a page is asked from outside and still answered.
        browser.command("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
        browser
    }

    /// Gives a command of the DevTools protocol and waits for its answer.
    pub fn command(&mut self, method: &str, params: Value) -> Value {
        let id = self.send(method, params);
        let answer = self.answer(id);
        assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
        answer["result"].clone()
    }

    /// Gives a command without waiting; its number.
    fn send(&mut self, method: &str, params: Value) -> u64 {
        self.last_id += 1;
        let mut message = json!({ "id": self.last_id, "method": method, "params": params });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.input.write_all(&bytes).expect("Chromium listens");
        self.input.flush().expect("Chromium listens");
        self.last_id
    }

    /// The answer to a command, whatever it is.
    fn answer(&mut self, id: u64) -> Value {
        loop {
            let message = self.message();
            if message["id"] == id {
                return message;
            }
        }
    }

    fn message(&mut self) -> Value {
        let mut bytes = Vec::new();
        self.output.read_until(0, &mut bytes).expect("Chromium answers");
        assert_eq!(bytes.pop(), Some(0), "Chromium has ended");
        serde_json::from_slice(&bytes).expect("JSON")
    }

    fn wait_for(&mut self, event: &str) {
        while self.message()["method"] != event {}
    }

    /// Opens an address and waits until it is loaded.
    pub fn open(&mut self, address: &str) {
        self.command("Page.navigate", json!({ "url": address }));
        self.wait_for("Page.loadEventFired");
    }

    /// The size of the window in CSS pixels.
    pub fn resize(&mut self, width: u32, height: u32) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.command("Emulation.setDeviceMetricsOverride", metrics);
    }

    /// What an expression is in the page; asked from outside, scripts of the page stay off.
    pub fn ask(&mut self, expression: &str) -> Value {
        let answer = self.command(
            "Runtime.evaluate",
            json!({ "expression": expression, "returnByValue": true }),
        );
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Types into what has the focus.
    pub fn write(&mut self, text: &str) {
        self.command("Input.insertText", json!({ "text": text }));
    }

    /// Presses a key.
    pub fn press(&mut self, key: &str) {
        for event in key_events(key) {
            self.command("Input.dispatchKeyEvent", event);
        }
    }

    /// Presses a key and waits for the page it leads to.
    pub fn press_and_load(&mut self, key: &str) {
        assert_eq!(self.ask("document.documentElement.dataset.old = '1'"), "1");
        for event in key_events(key) {
            // Not waited for: the page that should confirm it may be gone before it does.
            self.send("Input.dispatchKeyEvent", event);
        }
        let is_new = "document.readyState === 'complete' && document.documentElement.dataset.old !== '1'";
        for _ in 0..200 {
            let id = self.send(
                "Runtime.evaluate",
                json!({ "expression": is_new, "returnByValue": true }),
            );
            // Between two pages there is nobody to ask; then the answer is an error.
            if self.answer(id)["result"]["result"]["value"] == true {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("no other page came");
    }

    /// What a screen reader is told: role and name of everything on the page, in reading order.
    pub fn spoken(&mut self) -> Vec<(String, String)> {
        let tree = self.command("Accessibility.getFullAXTree", json!({}));
        let nodes = tree["nodes"].as_array().expect("a tree").iter();
        nodes
            .filter(|node| node["ignored"] != true)
            .map(|node| {
                let part = |name: &str| node[name]["value"].as_str().unwrap_or_default().to_owned();
                (part("role"), part("name"))
            })
            .collect()
    }

    /// A picture of the whole page, written to the folder `SCREENSHOTS` names, if it names one.
    pub fn picture(&mut self, name: &str) {
        let Some(folder) = std::env::var_os("SCREENSHOTS") else {
            return;
        };
        let shot = self.command("Page.captureScreenshot", json!({ "format": "png" }));
        use base64::Engine;
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(shot["data"].as_str().expect("a picture"))
            .expect("base64");
        std::fs::write(PathBuf::from(folder).join(format!("{name}.png")), bytes).expect("a folder to write to");
    }
}

fn key_events(key: &str) -> [Value; 2] {
    let (code, number, text) = match key {
        "Tab" => ("Tab", 9, ""),
        "Enter" => ("Enter", 13, "\r"),
        "ArrowDown" => ("ArrowDown", 40, ""),
        other => panic!("no such key here: {other}"),
    };
    [("keyDown", text), ("keyUp", "")].map(
        |(kind, text)| json!({ "type": kind, "key": key, "code": code, "windowsVirtualKeyCode": number, "text": text }),
    )
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // The profile's folder goes with the test, so the browser must be gone before it.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

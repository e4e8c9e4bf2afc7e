//! Webhooks, told to real receivers on this machine.

mod delivering;
mod documents;
mod failing;
mod managing;
mod public_verifier;
mod receiver;
mod restricted;
mod workers;

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use vertragswerk::clock::Clock;
use vertragswerk::state::AppState;
use vertragswerk::worker::{self, Shutdown};

use crate::helpers::TestApp;
use crate::helpers::http::Caller;

const PROVIDER: &str = "sprechfenster";

/// Delivery loops that run until they are dropped.
struct Working {
    shutdown: Shutdown,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Working {
    fn start(states: impl IntoIterator<Item = AppState>) -> Self {
        let shutdown = Shutdown::default();
        let threads = states
            .into_iter()
            .map(|state| {
                let shutdown = shutdown.clone();
                std::thread::spawn(move || worker::deliver(&state, &shutdown))
            })
            .collect();
        Self { shutdown, threads }
    }

    fn one(app: &TestApp<'_>) -> Self {
        Self::start([app.state.clone()])
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.shutdown.stop();
        for thread in self.threads.drain(..) {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "a delivery loop panicked");
        }
    }
}

/// The receivers check how old a message is, so the server shows the real time.
fn show_real_time(app: &TestApp<'_>) {
    app.state.clock.set(Clock::System.now());
}

/// A new endpoint: its id and its secret.
async fn endpoint(staff: &Caller, url: &str, types: &[&str]) -> (String, String) {
    let body = json!({ "url": url, "event_types": types });
    let created = staff.post("/v1/webhook-endpoints", body).await.expect(201);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    (text(&created["webhook_endpoint"]["id"]), text(&created["secret"]))
}

/// Something happens: a customer is created. Its id.
async fn something_happens(staff: &Caller) -> String {
    let customer = json!({ "customer_type": "business", "name": "Praxis", "email": "praxis@example.com" });
    let customer = staff.post("/v1/customers", customer).await.expect(201);
    customer["id"].as_str().expect("an id").to_owned()
}

/// The deliveries to an endpoint, newest first.
async fn deliveries(staff: &Caller, endpoint_id: &str) -> Vec<Value> {
    let path = format!("/v1/webhook-endpoints/{endpoint_id}/deliveries?limit=100");
    let list = staff.get(&path).await.expect(200);
    list["data"].as_array().expect("deliveries").clone()
}

/// Waits until the only delivery to an endpoint has this many ended attempts; the delivery.
async fn after_attempts(staff: &Caller, endpoint_id: &str, count: usize) -> Value {
    until(async || {
        let delivery = deliveries(staff, endpoint_id).await.into_iter().next()?;
        let ended = delivery["attempts"].as_array().map_or(0, Vec::len);
        (ended >= count).then_some(delivery)
    })
    .await
}

/// A port where nobody listens. It is above those the system hands out, so that no other test is given it meanwhile.
fn unused_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let offset = u16::try_from(std::process::id() % 1000).expect("below 1000") * 4;
    (0..u16::MAX)
        .map(|_| 61_000 + (offset + NEXT.fetch_add(1, Ordering::Relaxed)) % 4_000)
        .find(|&port| TcpListener::bind(("127.0.0.1", port)).is_ok())
        .expect("a free port")
}

/// Asks until there is an answer.
async fn until<T>(ask: impl AsyncFn() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "it does not happen");
        actix_web::rt::time::sleep(Duration::from_millis(30)).await;
    }
}

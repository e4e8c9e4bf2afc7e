//! A receiver of webhooks as integrators write them: a real HTTP server in this process, which verifies with the public
//! library of the standard, and behaves as the test wants.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use futures_util::StreamExt;
use parking_lot::Mutex;
use serde_json::Value;
use standardwebhooks::Webhook;

/// How a receiver answers.
#[derive(Debug, Clone)]
pub enum Manner {
    /// With this status.
    Status(u16),
    /// With this status and `Retry-After`.
    RetryAfter(u16, &'static str),
    /// With a redirect to this address.
    Redirect(String),
    /// With 200 after a while.
    Slow(Duration),
    /// With 200 and a body that never ends.
    Endless,
    /// With these statuses, one after the other, then 204.
    Script(Vec<u16>),
}

/// A message as it arrived.
#[derive(Debug, Clone)]
pub struct Received {
    /// `webhook-id`.
    pub id: String,
    /// Every header.
    pub headers: Vec<(String, String)>,
    /// The body as text.
    pub text: String,
    /// The body.
    pub json: Value,
}

impl Received {
    /// Whether the public verifier accepts it. It also wants the message to be no older than five minutes, so the server's
    /// clock has to show the real time.
    pub fn verifies_with(&self, secret: &str) -> bool {
        let webhook = Webhook::new(secret).expect("a secret of the standard");
        let mut headers = reqwest::header::HeaderMap::new();
        for (name, value) in &self.headers {
            let name: reqwest::header::HeaderName = name.parse().expect("a header");
            headers.insert(name, value.parse().expect("a value"));
        }
        webhook.verify(self.text.as_bytes(), &headers).is_ok()
    }

    /// Whether one of its signatures is the one the public library makes with this secret, however old the message is.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let webhook = Webhook::new(secret).expect("a secret of the standard");
        let timestamp = self.header("webhook-timestamp").parse().expect("seconds");
        let expected = webhook
            .sign(&self.id, timestamp, self.text.as_bytes())
            .expect("a signature");
        self.header("webhook-signature").split(' ').any(|one| one == expected)
    }

    /// A header; empty if absent.
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    }
}

struct Shared {
    manner: Mutex<Manner>,
    received: Mutex<Vec<Received>>,
}

/// A running receiver; stops when dropped.
pub struct Receiver {
    shared: Arc<Shared>,
    handle: ServerHandle,
    /// Where it listens.
    pub url: String,
}

impl Receiver {
    /// Starts a receiver on a free port.
    pub fn start(manner: Manner) -> Self {
        let shared = Arc::new(Shared {
            manner: Mutex::new(manner),
            received: Mutex::default(),
        });
        let data = web::Data::from(Arc::clone(&shared));
        let server = HttpServer::new(move || App::new().app_data(data.clone()).default_service(web::to(receive)))
            .workers(1)
            .shutdown_timeout(0)
            .disable_signals()
            .bind("127.0.0.1:0")
            .expect("a free port");
        let url = format!("http://{}/hook", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self { shared, handle, url }
    }

    /// Answers differently from now on.
    pub fn behave(&self, manner: Manner) {
        *self.shared.manner.lock() = manner;
    }

    /// What has arrived so far.
    pub fn received(&self) -> Vec<Received> {
        self.shared.received.lock().clone()
    }

    /// Waits until `count` messages have arrived.
    pub async fn wait_for(&self, count: usize) -> Vec<Received> {
        let began = Instant::now();
        while self.shared.received.lock().len() < count {
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "only {} of {count} messages arrived",
                self.shared.received.lock().len()
            );
            actix_web::rt::time::sleep(Duration::from_millis(20)).await;
        }
        self.received()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // The stop is asked for at once; nobody waits for it.
        drop(self.handle.stop(false));
    }
}

async fn receive(shared: web::Data<Shared>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let headers: Vec<(String, String)> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()))
        .collect();
    let text = String::from_utf8(body.to_vec()).expect("UTF-8");
    let received = Received {
        id: String::new(),
        json: serde_json::from_str(&text).unwrap_or_default(),
        headers,
        text,
    };
    let id = received.header("webhook-id").to_owned();
    shared.received.lock().push(Received { id, ..received });
    let manner = shared.manner.lock().clone();
    answer(&shared, manner).await
}

async fn answer(shared: &Shared, manner: Manner) -> HttpResponse {
    let with = |status: u16| HttpResponse::build(status.try_into().expect("a status"));
    match manner {
        Manner::Status(status) => with(status).body("the answer"),
        Manner::RetryAfter(status, wait) => with(status).insert_header(("retry-after", wait)).finish(),
        Manner::Redirect(to) => with(307).insert_header(("location", to)).finish(),
        Manner::Slow(time) => {
            actix_web::rt::time::sleep(time).await;
            with(200).finish()
        }
        Manner::Endless => {
            let chunk = web::Bytes::from(vec![b'x'; 16 * 1024]);
            with(200).streaming(futures_util::stream::repeat(chunk).map(Ok::<_, actix_web::Error>))
        }
        Manner::Script(mut statuses) => {
            let status = if statuses.is_empty() { 204 } else { statuses.remove(0) };
            *shared.manner.lock() = Manner::Script(statuses);
            with(status).finish()
        }
    }
}

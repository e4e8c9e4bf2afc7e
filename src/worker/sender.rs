//! Sends one message by HTTP: no redirects, no proxies, limited time and size, and never into an internal network.

use std::net::{SocketAddr, ToSocketAddrs};
use std::time::{Duration, Instant};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};

use crate::domain::webhook::destination::{self, Refusal};
use crate::domain::webhook::schedule;
use crate::services::webhooks::{Outcome, Shipment};
use crate::state::AppState;

/// How much of an answer is read; its status is what counts.
const MOST_READ: usize = 64 * 1024;
/// How much of it is kept for people to look at.
const MOST_KEPT: usize = 2 * 1024;
/// Connections to one receiver that are kept for the next message.
const MOST_IDLE: usize = 2;

/// Two HTTP clients: one for the internet, one that may also reach this machine.
pub(super) struct Sender {
    outside: Client,
    with_loopback: Client,
}

impl Sender {
    pub(super) fn new(state: &AppState) -> Result<Self, reqwest::Error> {
        let timeout = Duration::from_secs(u64::from(state.config.webhooks.timeout_seconds));
        Ok(Self {
            outside: client(timeout, false)?,
            with_loopback: client(timeout, true)?,
        })
    }

    /// Sends a message; every failure is an outcome.
    pub(super) async fn send(&self, shipment: &Shipment) -> Outcome {
        let began = Instant::now();
        let mut outcome = match self.attempt(shipment).await {
            Ok(outcome) => outcome,
            Err(error) => Outcome {
                error: Some(error),
                ..Outcome::default()
            },
        };
        outcome.duration_ms = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
        outcome
    }

    async fn attempt(&self, shipment: &Shipment) -> Result<Outcome, &'static str> {
        // Again, as the rules or the switch may have changed since the URL was stored; names are checked when resolved.
        let url = destination::check_url(&shipment.url, shipment.allow_loopback).map_err(Refusal::code)?;
        let client = if shipment.allow_loopback {
            &self.with_loopback
        } else {
            &self.outside
        };
        let request = client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", &shipment.message_id)
            .header("webhook-timestamp", shipment.timestamp.to_string())
            .header("webhook-signature", &shipment.signature)
            .body(shipment.body.clone());
        let response = request.send().await.map_err(|error| reason(&error))?;
        let decisive = schedule::Response {
            status: Some(response.status().as_u16()),
            retry_after: response
                .headers()
                .get(RETRY_AFTER)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned),
        };
        Ok(Outcome {
            response: decisive,
            answer: beginning(response).await,
            ..Outcome::default()
        })
    }
}

fn client(timeout: Duration, allow_loopback: bool) -> Result<Client, reqwest::Error> {
    Client::builder()
        .user_agent(concat!("Vertragswerk/", env!("CARGO_PKG_VERSION"), " (webhooks)"))
        .no_proxy()
        .redirect(Policy::none())
        .timeout(timeout)
        .pool_max_idle_per_host(MOST_IDLE)
        .pool_idle_timeout(Duration::from_secs(30))
        .dns_resolver(Guarded { allow_loopback })
        .build()
}

/// Resolves a name and gives the connection exactly the addresses that were checked: between check and connection nothing is
/// looked up again.
struct Guarded {
    allow_loopback: bool,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let (host, allow_loopback) = (name.as_str().to_owned(), self.allow_loopback);
        Box::pin(async move {
            let asked = host.clone();
            let look_up = move || (asked.as_str(), 0).to_socket_addrs().map(Vec::from_iter);
            let found: Vec<SocketAddr> = tokio::task::spawn_blocking(look_up).await??;
            let addresses: Vec<_> = found.iter().map(SocketAddr::ip).collect();
            destination::check_resolved(&host, &addresses, allow_loopback)?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Why there was no answer, by a stable name.
fn reason(error: &reqwest::Error) -> &'static str {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(refusal) = cause.downcast_ref::<Refusal>() {
            return refusal.code();
        }
        source = cause.source();
    }
    if error.is_timeout() {
        "timeout"
    } else if error.is_connect() {
        "connection_failed"
    } else {
        "invalid_answer"
    }
}

/// The beginning of an answer as text. An answer that never ends, or breaks off, has been an answer all the same.
async fn beginning(mut response: Response) -> Option<String> {
    let mut read = 0;
    let mut kept = Vec::new();
    while read < MOST_READ {
        let Ok(Some(chunk)) = response.chunk().await else { break };
        read += chunk.len();
        let room = MOST_KEPT - kept.len();
        kept.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }
    // PostgreSQL keeps no U+0000 in text.
    let text = String::from_utf8_lossy(&kept).replace('\0', "\u{fffd}");
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    fn run<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(future)
    }

    /// A name that stands for this machine is let through by no rule about names here: the resolver itself must stop it.
    #[test]
    fn a_name_that_resolves_to_this_machine_is_not_connected_to() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a listener");
        let port = listener.local_addr().expect("an address").port();
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://localhost:{port}/");
            let error = run(async {
                let client = client(Duration::from_secs(5), false).expect("a client");
                client.post(url).body("{}").send().await.expect_err("it is internal")
            });
            assert_eq!(reason(&error), "internal_address");
        }
        assert!(listener.accept().is_err(), "nobody has connected");
    }

    #[test]
    fn with_the_switch_the_same_name_is_connected_to_and_a_redirect_is_an_answer() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let receiver = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut request = [0_u8; 1024];
            let read = stream.read(&mut request).expect("a request");
            let answer = "HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(answer.as_bytes()).expect("an answer");
            String::from_utf8_lossy(&request[..read]).into_owned()
        });
        let status = run(async {
            let client = client(Duration::from_secs(5), true).expect("a client");
            let url = format!("http://localhost:{port}/hook");
            client.post(url).body("{}").send().await.expect("an answer").status()
        });
        assert_eq!(status.as_u16(), 302);
        assert!(receiver.join().expect("no panic").starts_with("POST /hook HTTP/1.1"));
    }
}

//! Puts the parts together and runs the server. `main` and the tests start the same one.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_cors::Cors;
use actix_web::dev::Server;
use actix_web::http::{Method, header};
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App, HttpServer, web};
use tokio::signal::unix::{SignalKind, signal};
use utoipa_actix_web::AppExt;

use crate::api;
use crate::api::extract::MAX_BODY_BYTES;
use crate::api::middleware::rate_limit::RateLimits;
use crate::api::middleware::{authentication, envelope, guard, method, rate_limit};
use crate::api::openapi::{self, RouteTable};
use crate::config::Config;
use crate::state::AppState;

/// Provider whose short name "Authorize" is filled in with in the demo.
const DEMO_CLIENT_ID: &str = "textschirm";

/// Headers a browser may send from another origin.
const CORS_REQUEST_HEADERS: [&str; 8] = [
    "authorization",
    "content-type",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "accept-language",
    "x-request-id",
    "traceparent",
];

/// Headers a script from another origin may read.
const CORS_RESPONSE_HEADERS: [&str; 9] = [
    "ETag",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Request-Id",
    "Idempotent-Replayed",
    "WWW-Authenticate",
];

/// How long a server that is told to stop still keeps idle connections. A request that reaches one in the moment it is closed is
/// lost unread, so those in use are closed with an answer first.
const LAST_ANSWERS: Duration = Duration::from_millis(500);

/// A server that is bound but not yet awaited.
pub struct Application {
    /// The port it listens on; chosen by the system when the configured one is 0.
    pub port: u16,
    /// Await it to serve until SIGTERM or SIGINT.
    pub server: Server,
}

/// Binds the configured address and makes the server ready.
///
/// # Errors
/// When the address cannot be bound, or signals cannot be listened for.
pub fn build(state: AppState) -> std::io::Result<Application> {
    let config = state.config.clone();
    let listener = TcpListener::bind(config.bind_address)?;
    let port = listener.local_addr()?.port();
    let workers = config
        .workers
        .or_else(|| std::thread::available_parallelism().ok().map(Into::into))
        .unwrap_or(2)
        .max(1);
    let connections = usize::try_from(state.db.pool_size()).unwrap_or(usize::MAX);
    let told_to_stop = told_to_stop(Arc::clone(&state.stopping))?;
    let state = web::Data::new(state);
    let limits = web::Data::new(RateLimits::new(&config));
    let routes = web::Data::new(RouteTable::new(openapi::document()));
    let settings = config.clone();
    let server = HttpServer::new(move || {
        let (app, _) = App::new()
            .into_utoipa_app()
            .map(|app| {
                app.app_data(state.clone())
                    .app_data(limits.clone())
                    .app_data(routes.clone())
            })
            .map(|app| app.app_data(web::PayloadConfig::new(MAX_BODY_BYTES)))
            .configure(api::configure)
            .split_for_parts();
        app.service(openapi::swagger_ui(settings.demo.then_some(DEMO_CLIENT_ID)))
            .service(web::redirect("/docs", "/docs/"))
            .configure(api::pages::configure)
            .default_service(web::to(guard::not_found))
            .wrap(from_fn(authentication::authenticate))
            .wrap(from_fn(guard::guard))
            .wrap(from_fn(rate_limit::limit))
            .wrap(from_fn(envelope::envelope))
            .wrap(cors(&settings))
            .wrap(Compress::default())
            .wrap(from_fn(method::unify))
    })
    .workers(workers)
    // Longer than proxies keep idle connections (60 s is usual), so that none is closed under a request on its way.
    .keep_alive(Duration::from_secs(75))
    // As many blocking threads as connections: requests queue in order for a thread instead of racing for a connection.
    .worker_max_blocking_threads((connections / workers).max(1))
    .client_request_timeout(Duration::from_secs(config.client_timeout_seconds))
    .client_disconnect_timeout(Duration::from_secs(5))
    // The last answers and the end of the loops beside the server come out of the same time.
    .shutdown_timeout(config.shutdown_timeout_seconds.saturating_sub(2))
    .shutdown_signal(told_to_stop)
    .listen(listener)?
    .run();
    Ok(Application { port, server })
}

/// Completes when the server is to stop taking requests: after SIGTERM when those who are busy have heard of it, at once on Ctrl-C.
fn told_to_stop(stopping: Arc<AtomicBool>) -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => return,
        }
        stopping.store(true, Ordering::Relaxed);
        tokio::time::sleep(LAST_ANSWERS).await;
    })
}

/// No origin unless configured; never with cookies, as there are none.
fn cors(config: &Config) -> Cors {
    let mut cors = Cors::default()
        .allowed_methods([Method::GET, Method::HEAD, Method::POST, Method::PATCH, Method::DELETE])
        .allowed_headers(CORS_REQUEST_HEADERS)
        .expose_headers(CORS_RESPONSE_HEADERS)
        .max_age(7200);
    for origin in &config.cors_allowed_origins {
        cors = cors.allowed_origin(origin);
    }
    // A request from elsewhere is served like one without a browser; the browser keeps the answer from the script.
    cors.block_on_origin_mismatch(false).allowed_header(header::ACCEPT)
}

//! How often one may call: per token for those who log in, per address for those who do not. Counted in this process.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, web};
use governor::clock::{Clock, DefaultClock, QuantaInstant};
use governor::middleware::{StateInformationMiddleware, StateSnapshot};
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{NotUntil, Quota, RateLimiter};
use sha2::{Digest, Sha256};

use crate::api::declarations::is_statutory;
use crate::api::extract::client_ip;
use crate::api::problem::Problem;
use crate::config::{Config, RateLimitMode};
use crate::context::network;
use crate::error::AppError;
use crate::state::AppState;

/// After so many requests, counters nobody has used for a while are thrown away.
const TIDY_EVERY: u64 = 10_000;

type Limiter<K> = RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock, StateInformationMiddleware>;

/// The counters of one process; shared by its threads.
pub struct RateLimits {
    tokens: Limiter<[u8; 16]>,
    per_token: u32,
    addresses: Limiter<IpAddr>,
    per_address: u32,
    served: AtomicU64,
    clock: DefaultClock,
}

/// What the counters say about one request.
struct Verdict {
    policy: &'static str,
    limit: u32,
    remaining: u32,
    /// Seconds until the next request is allowed; `None` when this one is.
    retry_after: Option<u64>,
}

impl RateLimits {
    /// Counters with the configured limits.
    pub fn new(config: &Config) -> Self {
        Self {
            tokens: limiter(config.rate_limit_per_minute),
            per_token: config.rate_limit_per_minute,
            addresses: limiter(config.rate_limit_anonymous_per_minute),
            per_address: config.rate_limit_anonymous_per_minute,
            served: AtomicU64::new(0),
            clock: DefaultClock::default(),
        }
    }

    fn count_token(&self, credentials: &[u8]) -> Verdict {
        self.tidy();
        let mut key = [0u8; 16];
        key.copy_from_slice(&Sha256::digest(credentials)[..16]);
        let outcome = self.tokens.check_key(&key);
        self.verdict("token", self.per_token, outcome)
    }

    fn count_address(&self, address: IpAddr) -> Verdict {
        self.tidy();
        let outcome = self.addresses.check_key(&network(address));
        self.verdict("address", self.per_address, outcome)
    }

    fn verdict(
        &self,
        policy: &'static str,
        limit: u32,
        outcome: Result<StateSnapshot, NotUntil<QuantaInstant>>,
    ) -> Verdict {
        match outcome {
            Ok(snapshot) => Verdict {
                policy,
                limit,
                remaining: snapshot.remaining_burst_capacity(),
                retry_after: None,
            },
            Err(refusal) => {
                let wait = refusal.wait_time_from(self.clock.now());
                let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                Verdict {
                    policy,
                    limit,
                    remaining: 0,
                    retry_after: Some(seconds.max(1)),
                }
            }
        }
    }

    fn tidy(&self) {
        if self.served.fetch_add(1, Ordering::Relaxed) % TIDY_EVERY == TIDY_EVERY - 1 {
            self.tokens.retain_recent();
            self.addresses.retain_recent();
        }
    }
}

fn limiter<K: std::hash::Hash + Eq + Clone>(per_minute: u32) -> Limiter<K> {
    let quota = Quota::per_minute(NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN));
    RateLimiter::keyed(quota).with_middleware()
}

impl Verdict {
    /// The headers of draft-ietf-httpapi-ratelimit-headers.
    fn write(&self, headers: &mut HeaderMap) {
        let (policy, limit, remaining) = (self.policy, self.limit, self.remaining);
        let refill = u64::from(limit - remaining.min(limit)) * 60 / u64::from(limit.max(1));
        let seconds = self.retry_after.unwrap_or(refill.max(1));
        for (name, text) in [
            ("ratelimit-policy", format!("\"{policy}\";q={limit};w=60")),
            ("ratelimit", format!("\"{policy}\";r={remaining};t={seconds}")),
        ] {
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }

    fn refusal(&self) -> Option<Problem> {
        let retry_after_seconds = self.retry_after?;
        Some(AppError::RateLimited { retry_after_seconds }.into())
    }
}

/// Middleware (`actix_web::middleware::from_fn`) for `/v1`; pages, figures and health checks are not counted.
///
/// # Errors
/// Those of the inner services.
pub async fn limit(
    state: web::Data<AppState>,
    limits: web::Data<RateLimits>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if state.config.rate_limit == RateLimitMode::Off || !request.path().starts_with("/v1/") {
        return Ok(next.call(request).await?.map_into_boxed_body());
    }
    let peer = request.peer_addr().map(|address| address.ip());
    let address = client_ip(peer, request.headers(), &state.config.trusted_proxies);
    // Logging in counts for the address whatever stands in the header, or each guess at a password could bring a header of its own.
    let credentials = request
        .headers()
        .get(header::AUTHORIZATION)
        .filter(|_| !request.path().starts_with("/v1/auth/"))
        .map(|value| value.as_bytes().to_vec());
    let verdict = match (&credentials, address) {
        (Some(credentials), _) => Some(limits.count_token(credentials)),
        (None, Some(address)) => Some(limits.count_address(address)),
        (None, None) => None,
    };
    // A declaration takes effect on receipt: it is received however many came before (and executed automatically only within a
    // limit of its own), and how to make it is told at all times.
    let refusal = verdict
        .as_ref()
        .filter(|_| !is_statutory(request.path()))
        .and_then(Verdict::refusal);
    if let Some(problem) = refusal {
        return Ok(refuse(&state, request.error_response(problem), verdict));
    }
    let response = next.call(request).await?.map_into_boxed_body();
    // Guessing tokens gives each guess a counter of its own, so wrong ones are counted for the address as well.
    if let (StatusCode::UNAUTHORIZED, Some(_), Some(address)) = (response.status(), &credentials, address) {
        let guesses = limits.count_address(address);
        if let Some(problem) = guesses.refusal() {
            let (request, _) = response.into_parts();
            return Ok(refuse(
                &state,
                ServiceResponse::from_err(problem, request),
                Some(guesses),
            ));
        }
    }
    Ok(with_headers(response, verdict))
}

fn refuse(state: &AppState, response: ServiceResponse<BoxBody>, verdict: Option<Verdict>) -> ServiceResponse<BoxBody> {
    state.metrics.request_rate_limited();
    with_headers(response, verdict)
}

fn with_headers(mut response: ServiceResponse<BoxBody>, verdict: Option<Verdict>) -> ServiceResponse<BoxBody> {
    if let Some(verdict) = verdict {
        verdict.write(response.headers_mut());
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> RateLimits {
        RateLimits::new(&Config {
            rate_limit_per_minute: 3,
            rate_limit_anonymous_per_minute: 2,
            ..Config::default()
        })
    }

    #[test]
    fn each_token_and_each_network_has_its_own_count() {
        let limits = limits();
        for remaining in [2, 1, 0] {
            let verdict = limits.count_token(b"Bearer a");
            assert_eq!((verdict.remaining, verdict.retry_after), (remaining, None));
        }
        assert!(
            limits
                .count_token(b"Bearer a")
                .retry_after
                .is_some_and(|seconds| (1..=20).contains(&seconds))
        );
        assert!(limits.count_token(b"Bearer b").retry_after.is_none());
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        assert!(limits.count_address(address("2001:db8::1")).retry_after.is_none());
        assert!(limits.count_address(address("2001:db8::2")).retry_after.is_none());
        assert!(
            limits.count_address(address("2001:db8::3")).retry_after.is_some(),
            "one /64, one count"
        );
        assert!(limits.count_address(address("2001:db8:0:1::1")).retry_after.is_none());
    }

    #[test]
    fn the_headers_say_what_is_left() {
        let limits = limits();
        let mut headers = HeaderMap::new();
        limits.count_token(b"x").write(&mut headers);
        assert_eq!(headers.get("ratelimit-policy").expect("set"), "\"token\";q=3;w=60");
        assert_eq!(headers.get("ratelimit").expect("set"), "\"token\";r=2;t=20");
    }
}

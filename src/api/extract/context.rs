//! The request context: who calls from where, in which language, and under which idempotency key.

use std::future::{Ready, ready};
use std::net::IpAddr;

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use sha2::{Digest, Sha256};

use crate::api::locale;
use crate::api::problem::{Problem, ProblemCode};
use crate::context::RequestContext;
use crate::domain::ids::IdKind;
use crate::state::AppState;

/// The request id, kept in the request's extensions by the envelope middleware.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

impl FromRequest for RequestContext {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(build(request))
    }
}

fn build(request: &HttpRequest) -> Result<RequestContext, Problem> {
    let headers = request.headers();
    let request_id = request.extensions().get::<RequestId>().map(|id| id.0.clone());
    let trusted = request
        .app_data::<web::Data<AppState>>()
        .map(|state| state.config.trusted_proxies.clone());
    let ip = client_ip(
        request.peer_addr().map(|address| address.ip()),
        headers,
        &trusted.unwrap_or_default(),
    );
    Ok(RequestContext {
        request_id: request_id.unwrap_or_else(|| IdKind::Request.generate()),
        locale: locale::negotiate(headers),
        ip: ip.map(|address| address.to_string()),
        user_agent: text(headers, header::USER_AGENT).map(|agent| agent.chars().take(256).collect()),
        idempotency_key: idempotency_key(headers)?,
        request_digest: digest(request),
    })
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// The caller's address. `X-Forwarded-For` counts only when it comes from a trusted proxy; then the last address in it that
/// is not a trusted proxy itself.
pub fn client_ip(peer: Option<IpAddr>, headers: &HeaderMap, trusted: &[IpAddr]) -> Option<IpAddr> {
    let peer = peer?;
    if !trusted.contains(&peer) {
        return Some(peer);
    }
    let mut chain = Vec::new();
    for value in headers.get_all("x-forwarded-for") {
        for part in value.to_str().unwrap_or_default().split(',') {
            chain.push(part.trim().parse::<IpAddr>().ok());
        }
    }
    let client = chain
        .into_iter()
        .rev()
        .take_while(Option::is_some)
        .flatten()
        .find(|hop| !trusted.contains(hop));
    Some(client.unwrap_or(peer))
}

/// The caller's request id, when it is one we can safely repeat in logs and headers; otherwise a fresh one.
pub fn request_id(headers: &HeaderMap) -> String {
    let sent = headers.get("x-request-id").and_then(|value| value.to_str().ok());
    let is_safe = |id: &&str| {
        (1..=128).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    sent.filter(is_safe)
        .map_or_else(|| IdKind::Request.generate(), str::to_owned)
}

/// The idempotency key, quoted (a structured-field string) or bare.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all("idempotency-key");
    let Some(value) = values.next() else { return Ok(None) };
    let refusal = || Problem::new(ProblemCode::InvalidIdempotencyKey);
    if values.next().is_some() {
        return Err(refusal());
    }
    let text = value.to_str().map_err(|_| refusal())?;
    let key = match text.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"').ok_or_else(refusal)?,
        None => text,
    };
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
    if (1..=255).contains(&key.len()) && key.bytes().all(allowed) {
        Ok(Some(key.to_owned()))
    } else {
        Err(refusal())
    }
}

/// SHA-256 of method, path, sorted query and media type; each part ends with a zero byte, so that none can run into the next.
fn digest(request: &HttpRequest) -> [u8; 32] {
    let mut query: Vec<&str> = request.query_string().split('&').collect();
    query.sort_unstable();
    let media_type = text(request.headers(), header::CONTENT_TYPE).unwrap_or_default();
    let media_type = media_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let mut hasher = Sha256::new();
    for part in [request.method().as_str(), request.path(), &query.join("&"), &media_type] {
        hasher.update(part.as_bytes());
        hasher.update([0]);
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn context(request: TestRequest) -> Result<RequestContext, Problem> {
        build(&request.to_http_request())
    }

    #[test]
    fn keys_come_quoted_or_bare_and_nothing_else() {
        for (sent, key) in [
            ("\"abc-1\"", Some("abc-1")),
            ("a.B:_-9", Some("a.B:_-9")),
            ("\"abc", None),
            ("", None),
            ("a b", None),
        ] {
            let context = context(TestRequest::post().insert_header(("idempotency-key", sent)));
            assert_eq!(
                context.ok().and_then(|context| context.idempotency_key).as_deref(),
                key,
                "{sent}"
            );
        }
        let long = "x".repeat(256);
        assert!(context(TestRequest::post().insert_header(("idempotency-key", long.as_str()))).is_err());
        assert!(context(TestRequest::post()).is_ok_and(|context| context.idempotency_key.is_none()));
        let twice = TestRequest::post()
            .append_header(("idempotency-key", "a"))
            .append_header(("idempotency-key", "a"));
        assert!(context(twice).is_err());
    }

    #[test]
    fn the_digest_follows_method_path_query_and_type_but_not_the_order_of_parameters() {
        let digest = |request: TestRequest| context(request).expect("fine").request_digest;
        let one = digest(TestRequest::post().uri("/v1/a?x=1&y=2"));
        assert_eq!(one, digest(TestRequest::post().uri("/v1/a?y=2&x=1")));
        assert_ne!(one, digest(TestRequest::post().uri("/v1/b?x=1&y=2")));
        assert_ne!(one, digest(TestRequest::patch().uri("/v1/a?x=1&y=2")));
        let typed = |text: &'static str| {
            digest(
                TestRequest::post()
                    .uri("/v1/a?x=1&y=2")
                    .insert_header(("content-type", text)),
            )
        };
        assert_ne!(one, typed("application/json"));
        assert_eq!(typed("application/json"), typed("Application/JSON; charset=utf-8"));
    }

    #[test]
    fn request_ids_are_taken_over_only_when_they_are_harmless() {
        let id = |sent: &str| {
            request_id(
                TestRequest::default()
                    .insert_header(("x-request-id", sent))
                    .to_http_request()
                    .headers(),
            )
        };
        assert_eq!(id("abc.DEF-1_2"), "abc.DEF-1_2");
        assert!(IdKind::Request.matches(&id("a b")));
        assert!(IdKind::Request.matches(&id(&"x".repeat(129))));
    }

    #[test]
    fn a_forwarded_address_counts_only_from_a_trusted_proxy() {
        let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
        let request = TestRequest::default()
            .insert_header(("x-forwarded-for", "6.6.6.6, 1.2.3.4, 10.0.0.2"))
            .to_http_request();
        let headers = request.headers();
        assert_eq!(client_ip(Some(ip("9.9.9.9")), headers, &[]), Some(ip("9.9.9.9")));
        let trusted = [ip("10.0.0.1"), ip("10.0.0.2")];
        assert_eq!(client_ip(Some(ip("10.0.0.1")), headers, &trusted), Some(ip("1.2.3.4")));
        assert_eq!(
            client_ip(Some(ip("10.0.0.1")), &HeaderMap::new(), &trusted),
            Some(ip("10.0.0.1"))
        );
    }
}

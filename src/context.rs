//! What a use case may know about the request it serves, free of HTTP: for events, logs, texts and repetition.

use std::net::{IpAddr, Ipv6Addr};

use sha2::{Digest, Sha256};

use crate::domain::digest::hex;
use crate::domain::localized::Locale;
use crate::error::AppError;

/// Facts about one request. `api::extract` builds it.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// The id in `X-Request-Id`, in problems, logs and events.
    pub request_id: String,
    /// The language in which the caller is answered.
    pub locale: Locale,
    /// Address of the caller; behind a trusted proxy the one it reports.
    pub ip: Option<String>,
    /// `User-Agent`, cut to 256 characters.
    pub user_agent: Option<String>,
    /// `Idempotency-Key`, if the caller sent one.
    pub idempotency_key: Option<String>,
    /// SHA-256 of method, path, sorted query and content type.
    pub request_digest: [u8; 32],
}

impl RequestContext {
    /// The idempotency of a request whose body hashes to `body_hash` (`Json::body_hash`); `None` without a key.
    pub fn idempotency(&self, body_hash: [u8; 32]) -> Option<IdempotencyRequest> {
        let key = self.idempotency_key.clone()?;
        let digest = Sha256::new()
            .chain_update(self.request_digest)
            .chain_update(body_hash)
            .finalize();
        Some(IdempotencyRequest {
            key,
            fingerprint: hex(&digest),
        })
    }

    /// The idempotency of a request without a body; `None` without a key.
    pub fn idempotency_without_body(&self) -> Option<IdempotencyRequest> {
        self.idempotency(Sha256::digest([]).into())
    }
}

/// A command the caller may repeat without doubling its effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyRequest {
    /// The caller's key, 1 to 255 characters of `[A-Za-z0-9._:-]`.
    pub key: String,
    /// SHA-256 (hex) of method, path, sorted query, content type and body: the same key with another fingerprint is refused.
    pub fingerprint: String,
}

/// The versions under which a caller wants to change an object (`If-Match`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionMatch {
    /// No condition, or `*`.
    Any,
    /// One of these entity tags, unquoted and without the part after the version.
    OneOf(Vec<String>),
}

impl VersionMatch {
    /// Refuses when the object (`kind` is the prefix of its id, `cus`) is no longer at a version the caller named.
    ///
    /// # Errors
    /// [`AppError::PreconditionFailed`] with the present tag.
    pub fn check(&self, kind: &str, version: i64) -> Result<(), AppError> {
        let current = format!("{kind}-{version}");
        match self {
            Self::Any => Ok(()),
            Self::OneOf(tags) if tags.contains(&current) => Ok(()),
            Self::OneOf(_) => Err(AppError::PreconditionFailed {
                current_etag: format!("\"{current}\""),
            }),
        }
    }
}

/// The network that stands for one caller when calls are counted: one IPv6 customer has a whole /64 to call from.
pub fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(key: Option<&str>) -> RequestContext {
        RequestContext {
            request_id: "req_1".to_owned(),
            locale: Locale::De,
            ip: None,
            user_agent: None,
            idempotency_key: key.map(str::to_owned),
            request_digest: [1; 32],
        }
    }

    #[test]
    fn the_fingerprint_follows_the_body() {
        assert_eq!(context(None).idempotency([0; 32]), None);
        let one = context(Some("k")).idempotency([0; 32]).expect("a key was sent");
        let two = context(Some("k")).idempotency([2; 32]).expect("a key was sent");
        assert_eq!(one.fingerprint.len(), 64);
        assert_ne!(one.fingerprint, two.fingerprint);
    }

    #[test]
    fn a_condition_names_the_version_it_wants() {
        assert!(VersionMatch::Any.check("cus", 3).is_ok());
        assert!(VersionMatch::OneOf(vec!["cus-3".to_owned()]).check("cus", 3).is_ok());
        let refused = VersionMatch::OneOf(vec!["cus-2".to_owned()]).check("cus", 3);
        assert!(matches!(refused, Err(AppError::PreconditionFailed { current_etag }) if current_etag == "\"cus-3\""));
    }
}

//! Failed logins, counted per account and address in the memory of this process, on the wall clock.

use std::collections::HashMap;
use std::net::Ipv6Addr;

use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};

use crate::error::AppError;

/// How long a failure counts.
const WINDOW: Duration = Duration::minutes(15);
/// After this many new entries outdated ones are thrown away.
const SWEEP_EVERY: usize = 1_000;

/// Which account was tried from where.
pub(super) type AttemptKey = [u8; 32];

/// The failures of the last 15 minutes.
#[derive(Debug)]
pub struct LoginAttempts {
    limit: usize,
    failures: Mutex<Failures>,
}

#[derive(Debug, Default)]
struct Failures {
    by_key: HashMap<AttemptKey, Vec<OffsetDateTime>>,
    since_sweep: usize,
}

impl LoginAttempts {
    /// Allows `limit` failures per account and address.
    pub fn new(limit: u32) -> Self {
        Self {
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            failures: Mutex::default(),
        }
    }

    /// The key of one account tried from one address. Known and unknown accounts are counted alike.
    pub(super) fn key(provider: &str, username: &str, ip: Option<&str>) -> AttemptKey {
        let network = ip.map(network).unwrap_or_default();
        let mut hasher = Sha256::new();
        for part in [provider, username, &network] {
            hasher.update(part.as_bytes());
            hasher.update([0]);
        }
        hasher.finalize().into()
    }

    /// Refuses without looking at the password while there are too many failures.
    ///
    /// # Errors
    /// [`AppError::RateLimited`].
    pub(super) fn check(&self, key: &AttemptKey, now: OffsetDateTime) -> Result<(), AppError> {
        let mut failures = self.failures.lock();
        self.refuse_if_exhausted(failures.recent(key, now), now)
    }

    /// Records how an attempt ended. Guesses made at the same time are decided here one after the other: those beyond the
    /// limit learn nothing, not even that they were right.
    ///
    /// # Errors
    /// [`AppError::RateLimited`].
    pub(super) fn settle(&self, key: AttemptKey, succeeded: bool, now: OffsetDateTime) -> Result<(), AppError> {
        let mut failures = self.failures.lock();
        self.refuse_if_exhausted(failures.recent(&key, now), now)?;
        if succeeded {
            failures.by_key.remove(&key);
        } else {
            failures.add(key, now);
        }
        Ok(())
    }

    fn refuse_if_exhausted(&self, recent: &[OffsetDateTime], now: OffsetDateTime) -> Result<(), AppError> {
        match recent.first() {
            Some(oldest) if recent.len() >= self.limit => {
                let wait = (*oldest + WINDOW - now).whole_seconds() + 1;
                Err(AppError::RateLimited {
                    retry_after_seconds: u64::try_from(wait).unwrap_or(1),
                })
            }
            _ => Ok(()),
        }
    }
}

/// One IPv6 customer has a whole /64 to call from; an IPv4 address stands for itself.
fn network(ip: &str) -> String {
    match ip.parse::<Ipv6Addr>() {
        Ok(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).to_string(),
        Err(_) => ip.to_owned(),
    }
}

impl Failures {
    /// The failures that still count, oldest first.
    fn recent(&mut self, key: &AttemptKey, now: OffsetDateTime) -> &[OffsetDateTime] {
        match self.by_key.get_mut(key) {
            Some(instants) => {
                instants.retain(|instant| *instant + WINDOW > now);
                instants
            }
            None => &[],
        }
    }

    fn add(&mut self, key: AttemptKey, now: OffsetDateTime) {
        self.since_sweep += 1;
        if self.since_sweep >= SWEEP_EVERY {
            self.since_sweep = 0;
            self.by_key
                .retain(|_, instants| instants.last().is_some_and(|instant| *instant + WINDOW > now));
        }
        self.by_key.entry(key).or_default().push(now);
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-21 10:00 UTC);

    fn refused(outcome: &Result<(), AppError>) -> Option<u64> {
        match outcome {
            Err(AppError::RateLimited { retry_after_seconds }) => Some(*retry_after_seconds),
            _ => None,
        }
    }

    #[test]
    fn the_limit_holds_for_one_account_and_address_until_the_oldest_failure_is_forgotten() {
        let attempts = LoginAttempts::new(2);
        let key = LoginAttempts::key("acme", "anna", Some("192.0.2.1"));
        assert!(attempts.settle(key, false, NOW).is_ok());
        assert!(attempts.settle(key, false, NOW + Duration::minutes(5)).is_ok());
        assert_eq!(refused(&attempts.check(&key, NOW + Duration::minutes(10))), Some(301));
        assert!(
            attempts
                .check(&LoginAttempts::key("acme", "anna", Some("192.0.2.2")), NOW)
                .is_ok()
        );
        assert!(
            attempts
                .check(&LoginAttempts::key("acme", "otto", Some("192.0.2.1")), NOW)
                .is_ok()
        );
        assert!(attempts.check(&key, NOW + Duration::minutes(15)).is_ok());
    }

    #[test]
    fn a_success_forgets_failures_but_guesses_in_flight_cannot_slip_past_the_limit() {
        let attempts = LoginAttempts::new(2);
        let key = LoginAttempts::key("acme", "anna", None);
        assert!(attempts.settle(key, false, NOW).is_ok());
        assert!(attempts.settle(key, true, NOW).is_ok());
        assert!(attempts.settle(key, false, NOW).is_ok());
        assert!(attempts.settle(key, false, NOW).is_ok());
        assert!(refused(&attempts.settle(key, true, NOW)).is_some());
    }

    #[test]
    fn a_whole_ipv6_network_counts_as_one_address() {
        let key = |ip| LoginAttempts::key("acme", "anna", Some(ip));
        assert_eq!(key("2001:db8::1"), key("2001:db8::ffff:2"));
        assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    }

    #[test]
    fn outdated_entries_do_not_pile_up() {
        let attempts = LoginAttempts::new(5);
        for number in 0..SWEEP_EVERY - 1 {
            let key = LoginAttempts::key("acme", &number.to_string(), None);
            assert!(attempts.settle(key, false, NOW).is_ok());
        }
        let later = NOW + Duration::hours(1);
        assert!(
            attempts
                .settle(LoginAttempts::key("acme", "last", None), false, later)
                .is_ok()
        );
        assert_eq!(attempts.failures.lock().by_key.len(), 1);
    }
}

//! The only place that reads the machine's clock, so that a test can move it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use time::{Duration, OffsetDateTime};

/// Wall clock of a server: the machine's, or one a test moves by hand.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that stands still until it is moved; milliseconds since 1970-01-01T00:00:00Z, shared by all clones.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock standing at `start`.
    pub fn manual(start: OffsetDateTime) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(unix_millis(start))))
    }

    /// The present instant in UTC, truncated to milliseconds: what the databases store and the API shows.
    pub fn now(&self) -> OffsetDateTime {
        match self {
            Self::System => system_now(),
            Self::Manual(millis) => instant(millis.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock forward (or back); the machine's clock cannot be moved and stays as it is.
    pub fn advance(&self, by: Duration) {
        if let Self::Manual(millis) = self {
            let step = i64::try_from(by.whole_milliseconds()).unwrap_or(0);
            millis.fetch_add(step, Ordering::SeqCst);
        }
    }

    /// Sets a manual clock; the machine's clock stays as it is.
    pub fn set(&self, to: OffsetDateTime) {
        if let Self::Manual(millis) = self {
            millis.store(unix_millis(to), Ordering::SeqCst);
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the machine's clock"
)]
fn system_now() -> OffsetDateTime {
    instant(unix_millis(OffsetDateTime::now_utc()))
}

/// Milliseconds since 1970-01-01T00:00:00Z, rounded down.
pub fn unix_millis(instant: OffsetDateTime) -> i64 {
    i64::try_from(instant.unix_timestamp_nanos().div_euclid(1_000_000)).unwrap_or(i64::MAX)
}

/// The instant of a number of milliseconds since 1970-01-01T00:00:00Z; outside the calendar's range the epoch itself.
pub fn instant(millis: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_manual_clock_stands_still_until_moved_and_is_shared_by_its_clones() {
        let clock = Clock::manual(datetime!(2021-03-15 10:00:00.123456 UTC));
        let other = clock.clone();
        assert_eq!(clock.now(), datetime!(2021-03-15 10:00:00.123 UTC));
        clock.advance(Duration::days(1));
        assert_eq!(other.now(), datetime!(2021-03-16 10:00:00.123 UTC));
        other.set(datetime!(1969-12-31 23:59:59.999 UTC));
        assert_eq!(clock.now(), datetime!(1969-12-31 23:59:59.999 UTC));
    }

    #[test]
    fn the_system_clock_has_no_more_than_milliseconds() {
        let now = Clock::System.now();
        assert_eq!(now.nanosecond() % 1_000_000, 0);
        assert!(now > datetime!(2026-01-01 00:00 UTC));
    }
}

//! What an answer means and when a message is tried again (Standard Webhooks 1.0, "Deliverability and reliability").

use std::num::IntErrorKind;

use time::{Duration, OffsetDateTime, PrimitiveDateTime, macros::format_description};

use crate::domain::localized::LocalizedText;

/// Waiting times after the first, second … failed attempt. The message is given up when they are used up: ten attempts in
/// a good three days.
const WAITS: [Duration; 9] = [
    Duration::seconds(5),
    Duration::minutes(5),
    Duration::minutes(30),
    Duration::hours(2),
    Duration::hours(5),
    Duration::hours(10),
    Duration::hours(14),
    Duration::hours(20),
    Duration::hours(24),
];

/// The longest wait a receiver can ask for.
const LONGEST_WAIT: Duration = Duration::hours(24);

/// An endpoint that has only failed for this long is disabled.
pub const PATIENCE: Duration = Duration::days(5);

/// Why an endpoint gets no more messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisabledReason {
    /// Its owner switched it off.
    Requested,
    /// Every attempt failed for [`PATIENCE`].
    Failing,
    /// It answered 410 Gone.
    Gone,
}

impl DisabledReason {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::Requested, Self::Failing, Self::Gone];

    /// The name used in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Failing => "failing",
            Self::Gone => "gone",
        }
    }
}

/// What went wrong with an attempt, in words. `error` is the stable name of why there was no answer; one that needs no words is
/// told as it is.
pub fn failure_text(status: Option<i32>, error: Option<&str>) -> LocalizedText {
    match (status, error) {
        (Some(status), _) => LocalizedText::new(format!("Antwort {status}"), format!("answer {status}")),
        (None, Some("timeout")) => LocalizedText::new("keine Antwort in der gesetzten Zeit", "no answer in time"),
        (None, Some("connection_failed")) => LocalizedText::new("keine Verbindung", "no connection"),
        (None, Some("invalid_answer")) => LocalizedText::new("keine lesbare Antwort", "no readable answer"),
        (None, Some("internal_address")) => LocalizedText::new(
            "die Adresse führt in ein internes Netz",
            "the URL leads into an internal network",
        ),
        (None, other) => LocalizedText::new(other.unwrap_or("unbekannt"), other.unwrap_or("unknown")),
    }
}

/// What a receiver answered, or that it did not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Response {
    /// HTTP status; `None` without an answer.
    pub status: Option<u16>,
    /// The header `Retry-After`.
    pub retry_after: Option<String>,
}

impl Response {
    /// Only 2xx is success; a redirect is not followed and therefore a failure.
    pub fn is_success(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }

    /// Whether the receiver does not want to hear from us again.
    pub fn is_gone(&self) -> bool {
        self.status == Some(410)
    }

    /// How long the receiver asks to be left alone, by seconds or date (RFC 9110 section 10.2.3), with the statuses that mean
    /// too much or not now; at most a day.
    pub fn asked_to_wait(&self, now: OffsetDateTime) -> Option<Duration> {
        if !matches!(self.status, Some(429 | 502 | 503 | 504)) {
            return None;
        }
        let text = self.retry_after.as_deref()?.trim();
        let wait = match text.parse::<i64>() {
            Ok(seconds) => Duration::seconds(seconds),
            Err(error) if *error.kind() == IntErrorKind::PosOverflow => LONGEST_WAIT,
            Err(_) => http_date(text)? - now,
        };
        Some(wait.clamp(Duration::ZERO, LONGEST_WAIT))
    }
}

/// How long to wait after the `failures`th failure in a row (from 1); `None` when the message is given up. `spread` from 0 to
/// 1000 lengthens the wait by up to a tenth, so that what failed together does not come back together. Never sooner than the
/// receiver asked.
pub fn wait_after(failures: u32, spread: u32, asked: Option<Duration>) -> Option<Duration> {
    let index = usize::try_from(failures.checked_sub(1)?).ok()?;
    let wait: Duration = *WAITS.get(index)?;
    let jitter: Duration = wait * i32::try_from(spread.min(1000)).unwrap_or(0) / 10_000;
    let wait: Duration = wait + jitter;
    Some(wait.max(asked.unwrap_or_default()))
}

/// An IMF-fixdate: `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(text: &str) -> Option<OffsetDateTime> {
    let format =
        format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
    PrimitiveDateTime::parse(text, format)
        .ok()
        .map(PrimitiveDateTime::assume_utc)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn answered(status: u16, retry_after: Option<&str>) -> Response {
        Response {
            status: Some(status),
            retry_after: retry_after.map(str::to_owned),
        }
    }

    #[test]
    fn only_2xx_is_success_and_only_410_is_goodbye() {
        for status in [200, 201, 204, 299] {
            assert!(answered(status, None).is_success(), "{status}");
        }
        for status in [199, 300, 301, 304, 400, 404, 410, 429, 500] {
            assert!(!answered(status, None).is_success(), "{status}");
        }
        assert!(answered(410, None).is_gone() && !answered(404, None).is_gone());
        assert!(!Response::default().is_success());
    }

    #[test]
    fn failures_are_told_in_words() {
        for (status, error, de, en) in [
            (Some(500), None, "Antwort 500", "answer 500"),
            (
                None,
                Some("timeout"),
                "keine Antwort in der gesetzten Zeit",
                "no answer in time",
            ),
            (None, Some("https_required"), "https_required", "https_required"),
            (None, None, "unbekannt", "unknown"),
        ] {
            let text = failure_text(status, error);
            assert_eq!((text.de.as_str(), text.en.as_str()), (de, en));
        }
    }

    #[test]
    fn ten_attempts_in_a_good_three_days() {
        let waits: Vec<Duration> = (1..).map_while(|failures| wait_after(failures, 0, None)).collect();
        assert_eq!(waits, WAITS);
        let total: Duration = waits.iter().sum();
        assert!(total > Duration::days(3) && total < PATIENCE, "{total}");
        assert_eq!(wait_after(0, 0, None), None);
        assert_eq!(wait_after(10, 0, None), None);
    }

    #[test]
    fn jitter_lengthens_by_up_to_a_tenth_and_never_shortens() {
        assert_eq!(wait_after(2, 1000, None), Some(Duration::seconds(330)));
        assert_eq!(wait_after(2, 500, None), Some(Duration::seconds(315)));
        assert_eq!(wait_after(2, 9000, None), Some(Duration::seconds(330)));
    }

    #[test]
    fn the_receivers_wish_is_honoured_within_a_day() {
        let now = datetime!(1994-11-06 08:49:07 UTC);
        for (status, header, asked) in [
            (503, Some("120"), Some(120)),
            (429, Some(" 7 "), Some(7)),
            (502, Some("Sun, 06 Nov 1994 08:49:37 GMT"), Some(30)),
            (504, Some("Sun, 06 Nov 1994 08:49:00 GMT"), Some(0)),
            (503, Some("999999999999"), Some(86_400)),
            (503, Some("99999999999999999999999999"), Some(86_400)),
            (503, Some("-5"), Some(0)),
            (503, Some("soon"), None),
            (503, None, None),
            (500, Some("120"), None),
            (200, Some("120"), None),
        ] {
            let wait = answered(status, header).asked_to_wait(now);
            assert_eq!(wait, asked.map(Duration::seconds), "{status} {header:?}");
        }
        assert_eq!(wait_after(1, 0, Some(Duration::minutes(2))), Some(Duration::minutes(2)));
        assert_eq!(
            wait_after(3, 0, Some(Duration::minutes(2))),
            Some(Duration::minutes(30))
        );
    }
}

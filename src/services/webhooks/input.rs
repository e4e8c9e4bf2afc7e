//! What is wrong with an endpoint as it was sent.

use crate::domain::event_type::EventType;
use crate::domain::webhook::destination::{self, Refusal};
use crate::domain::webhook::{EVERY_TYPE, unknown_types};
use crate::error::{AppError, FieldError};

/// Collects what is wrong with URL and types; gives back the URL in its normal form.
pub(super) fn check(
    url: Option<&str>,
    event_types: Option<&[String]>,
    allow_loopback: bool,
) -> Result<Option<String>, AppError> {
    let mut errors = Vec::new();
    let url = url.map(|url| destination::check_url(url, allow_loopback)).transpose();
    if let Err(refusal) = &url {
        errors.push(refused(*refusal));
    }
    for index in event_types.map(unknown_types).unwrap_or_default() {
        let known: Vec<&str> = EventType::ALL.iter().map(|known| known.as_str()).collect();
        let error = FieldError::body(
            format!("/event_types/{index}"),
            "invalid_choice",
            "Diesen Ereignistyp gibt es nicht.",
            "There is no such event type.",
        );
        errors.push(error.with("allowed", [&[EVERY_TYPE], known.as_slice()].concat()));
    }
    match url {
        Ok(url) if errors.is_empty() => Ok(url.map(String::from)),
        _ => Err(AppError::Validation(errors)),
    }
}

fn refused(refusal: Refusal) -> FieldError {
    let (de, en) = match refusal {
        Refusal::NotAUrl => (
            "Das ist keine vollständige Internetadresse.",
            "This is not a complete URL.",
        ),
        Refusal::NotPlain => (
            "Die Adresse ist mehrdeutig geschrieben: ohne Rückstrich, „#“, leere Namensteile und Port 0; IPv4 als vier Dezimalzahlen ohne führende Nullen.",
            "The URL is written ambiguously: no backslash, “#”, empty labels or port 0; IPv4 as four decimal numbers without leading zeros.",
        ),
        Refusal::NotHttps => (
            "Die Adresse muss mit https:// beginnen.",
            "The URL must begin with https://.",
        ),
        Refusal::Credentials => (
            "Die Adresse darf weder Benutzernamen noch Passwort enthalten.",
            "The URL must not contain a user name or password.",
        ),
        Refusal::Internal => (
            "Die Adresse führt in ein internes Netz.",
            "The URL leads into an internal network.",
        ),
    };
    FieldError::body("/url", refusal.code(), de, en)
}

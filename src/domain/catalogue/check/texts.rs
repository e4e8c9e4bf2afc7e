//! Texts, keys and lengths. Lengths count characters.

use super::Faults;
use crate::domain::localized::LocalizedText;

/// Longest telephone number, version, button label.
pub const SHORT: usize = 60;
/// Longest name, title or feature.
pub const NAME: usize = 200;
/// Longest description, price label or consequence.
pub const PARAGRAPH: usize = 2_000;
/// Longest legal document.
pub const DOCUMENT: usize = 200_000;

/// Both wordings of a text.
pub fn localized(faults: &mut Faults, pointer: &str, text: &LocalizedText, longest: usize) {
    plain(faults, &format!("{pointer}/de"), &text.de, longest);
    plain(faults, &format!("{pointer}/en"), &text.en, longest);
}

/// A text in one language: not blank, not too long, no control characters but line ends and tabs.
pub fn plain(faults: &mut Faults, pointer: &str, text: &str, longest: usize) {
    if text.trim().is_empty() {
        faults.add(pointer, "text_empty", "Der Text fehlt.", "The text is missing.");
    }
    if text.chars().count() > longest {
        faults.add(
            pointer,
            "text_too_long",
            format!("Der Text ist länger als {longest} Zeichen."),
            format!("The text is longer than {longest} characters."),
        );
    }
    if text
        .chars()
        .any(|character| character.is_control() && !matches!(character, '\n' | '\t'))
    {
        faults.add(
            pointer,
            "text_invalid",
            "Der Text enthält Steuerzeichen.",
            "The text contains control characters.",
        );
    }
}

/// An e-mail address, roughly: something, one `@`, something with a dot, no white space, none of the characters that only a quoted
/// name may have (RFC 5322 section 3.2.3), and no empty part between two dots.
pub fn email(faults: &mut Faults, pointer: &str, address: &str) {
    let plausible = address.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && !domain.contains('@')
            && domain.contains('.')
            && [local, domain]
                .iter()
                .all(|part| part.split('.').all(|word| !word.is_empty()))
    });
    if !plausible
        || address.len() > 254
        || address.chars().any(|character| {
            character.is_whitespace() || character.is_control() || r#"()<>[]:;\,""#.contains(character)
        })
    {
        faults.add(
            pointer,
            "email_invalid",
            "Das ist keine E-Mail-Adresse.",
            "This is not an e-mail address.",
        );
    }
}

/// A key: a lower-case letter, then lower-case letters, digits, `_` and `-`, at most 60 characters.
pub fn key(faults: &mut Faults, pointer: &str, key: &str) {
    if !is_key(key) {
        faults.add(
            pointer,
            "key_invalid",
            "Ein Schlüssel beginnt mit einem Kleinbuchstaben und besteht aus höchstens 60 Zeichen a-z, 0-9, „_“ und „-“.",
            "A key starts with a lower-case letter and has at most 60 characters of a-z, 0-9, `_` and `-`.",
        );
    }
}

/// The key of a limit: a key, or a kind and a key with a colon between them, such as `slots:presence`.
pub fn limit_key(faults: &mut Faults, pointer: &str, limit: &str) {
    match limit.split_once(':') {
        Some((kind, name)) if is_key(kind) && is_key(name) => {}
        _ => key(faults, pointer, limit),
    }
}

/// A slug: like a key, but without `_`, because it stands in addresses, and at least two characters.
pub fn slug(faults: &mut Faults, pointer: &str, slug: &str) {
    if !is_key(slug) || slug.contains('_') || slug.len() < 2 {
        faults.add(
            pointer,
            "slug_invalid",
            "Ein Kurzname beginnt mit einem Kleinbuchstaben und besteht aus 2 bis 60 Zeichen a-z, 0-9 und „-“.",
            "A slug starts with a lower-case letter and has 2 to 60 characters of a-z, 0-9 and `-`.",
        );
    }
}

/// A version name: what fits into addresses and file names.
pub fn version(faults: &mut Faults, pointer: &str, version: &str) {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if version.is_empty() || version.len() > SHORT || !version.bytes().all(allowed) {
        faults.add(
            pointer,
            "version_invalid",
            "Eine Version besteht aus höchstens 60 Buchstaben, Ziffern, „.“, „_“ und „-“, zum Beispiel „2026-01“.",
            "A version has at most 60 letters, digits, `.`, `_` and `-`, for example `2026-01`.",
        );
    }
}

fn is_key(key: &str) -> bool {
    key.starts_with(|first: char| first.is_ascii_lowercase())
        && key.len() <= 60
        && key
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-'))
}

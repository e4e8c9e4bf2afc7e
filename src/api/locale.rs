//! Which language a caller is answered in: `Accept-Language` with its weights, German when nothing fits.

use actix_web::http::header::{self, HeaderMap};

use crate::domain::localized::Locale;

/// The language of the answer. Ties go to the language named first; `*` stands for German.
pub fn negotiate(headers: &HeaderMap) -> Locale {
    let mut best: Option<(Locale, u32)> = None;
    for value in headers.get_all(header::ACCEPT_LANGUAGE) {
        for range in value.to_str().unwrap_or_default().split(',') {
            let Some((locale, weight)) = weigh(range) else { continue };
            if weight > 0 && best.is_none_or(|(_, known)| weight > known) {
                best = Some((locale, weight));
            }
        }
    }
    best.map_or_else(Locale::default, |(locale, _)| locale)
}

fn weigh(range: &str) -> Option<(Locale, u32)> {
    let mut parts = range.split(';');
    let tag = parts.next()?.trim().to_ascii_lowercase();
    let primary = tag.split('-').next()?;
    let locale = if primary == "*" {
        Locale::default()
    } else {
        Locale::parse(primary)?
    };
    let quality = parts.find_map(|part| part.trim().strip_prefix("q=").map(str::to_owned));
    Some((locale, quality.map_or(Some(1000), |text| thousandths(&text))?))
}

/// A weight such as `0.8` in thousandths; `None` when it is no weight.
pub(super) fn thousandths(text: &str) -> Option<u32> {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let whole: u32 = whole.parse().ok()?;
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction: u32 = format!("{fraction:0<3}").parse().ok()?;
    let weight = whole.checked_mul(1000)?.checked_add(fraction)?;
    (weight <= 1000).then_some(weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_language_we_speak_wins() {
        for (sent, locale) in [
            ("", Locale::De),
            ("fr", Locale::De),
            ("en", Locale::En),
            ("en-GB,en;q=0.9", Locale::En),
            ("fr, en;q=0.5, de;q=0.8", Locale::De),
            ("de;q=0.3, en;q=0.301", Locale::En),
            ("de;q=0, en;q=0.1", Locale::En),
            ("*, en;q=0.5", Locale::De),
            ("en;q=9, de;q=0.1", Locale::De),
            ("en;q=x", Locale::De),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(
                header::ACCEPT_LANGUAGE,
                header::HeaderValue::from_str(sent).expect("a header"),
            );
            assert_eq!(negotiate(&headers), locale, "{sent}");
        }
    }
}

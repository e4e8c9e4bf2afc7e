//! Headers with a meaning of their own: `If-Match`.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};

use crate::api::etag;
use crate::api::problem::Problem;
use crate::context::VersionMatch;
use crate::domain::localized::LocalizedText;
use crate::error::{AppError, FieldError, FieldPlace};

/// The versions under which the caller wants a PATCH to happen; none or `*` means any.
#[derive(Debug, Clone)]
pub struct IfMatch(pub VersionMatch);

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request).map(Self))
    }
}

fn read(request: &HttpRequest) -> Result<VersionMatch, Problem> {
    let mut tags = Vec::new();
    for value in request.headers().get_all(header::IF_MATCH) {
        let text = value.to_str().map_err(|_| malformed())?;
        for part in text.split(',') {
            match part.trim() {
                "*" => return Ok(VersionMatch::Any),
                // A weak tag never matches here (RFC 9110 section 13.1.1): it is kept out and cannot agree with anything.
                weak if weak.starts_with("W/\"") => tags.push(String::new()),
                strong => tags.push(etag::version_part(strong).ok_or_else(malformed)?.to_owned()),
            }
        }
    }
    Ok(if tags.is_empty() {
        VersionMatch::Any
    } else {
        VersionMatch::OneOf(tags)
    })
}

fn malformed() -> Problem {
    let text = LocalizedText::new(
        "If-Match verlangt * oder Marken in Anführungszeichen.",
        "If-Match needs * or quoted tags.",
    );
    AppError::field(FieldError::new(
        FieldPlace::Header("If-Match".to_owned()),
        "invalid_format",
        text,
    ))
    .into()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn parse(text: &str) -> Result<VersionMatch, Problem> {
        read(
            &TestRequest::default()
                .insert_header(("if-match", text))
                .to_http_request(),
        )
    }

    #[test]
    fn reads_stars_lists_and_weak_tags() {
        assert_eq!(parse("*").expect("fine"), VersionMatch::Any);
        let two = VersionMatch::OneOf(vec!["cus-7".to_owned(), "cus-8".to_owned()]);
        assert_eq!(parse("\"cus-7.0a1b2c3d\", \"cus-8\"").expect("fine"), two);
        assert!(parse("W/\"cus-7\"").expect("fine").check("cus", 7).is_err());
        assert!(parse("cus-7").is_err());
        assert_eq!(
            read(&TestRequest::default().to_http_request()).expect("fine"),
            VersionMatch::Any
        );
    }
}

//! Entity tags: `"sub-7.0a1b2c3d"` is the object's kind and version and a hash of the body as sent. The version says what
//! `If-Match` guards; the hash makes the tag strong, as the same version reads differently by language and day.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::problem::Problem;
use crate::domain::digest::hex;
use crate::error::AppError;

/// The quoted tag of `body`, which shows `version` of an object whose ids begin with `kind` (`sub`).
pub fn tag(kind: &str, version: i64, body: &[u8]) -> String {
    format!("\"{kind}-{version}.{}\"", hash(body))
}

/// The quoted tag of a body that has no version, such as a document built into the program.
pub fn content_tag(body: &[u8]) -> String {
    format!("\"{}\"", hash(body))
}

fn hash(body: &[u8]) -> String {
    hex(&Sha256::digest(body)[..4])
}

/// Kind and version out of a quoted tag; `None` when it is not a quoted tag.
pub fn version_part(tag: &str) -> Option<&str> {
    let inner = tag.strip_prefix('"')?.strip_suffix('"')?;
    Some(inner.split_once('.').map_or(inner, |(version, _)| version))
}

/// Answers a GET with `dto` and its tag, or 304 when the caller already has it.
///
/// # Errors
/// Internal, when the DTO cannot be written as JSON.
pub fn respond<T: Serialize>(
    request: &HttpRequest,
    kind: &str,
    version: i64,
    dto: &T,
) -> Result<HttpResponse, Problem> {
    let body = serde_json::to_vec(dto).map_err(|error| AppError::Internal(error.into()))?;
    let tag = tag(kind, version, &body);
    Ok(respond_bytes(
        request,
        tag,
        "application/json",
        HttpResponse::Ok(),
        body,
    ))
}

/// Answers with `body` and `tag`, or 304 when the caller already has it; `builder` brings further headers.
pub fn respond_bytes(
    request: &HttpRequest,
    tag: String,
    media_type: &'static str,
    mut builder: HttpResponseBuilder,
    body: Vec<u8>,
) -> HttpResponse {
    builder.insert_header((header::ETAG, tag.clone()));
    if none_match(request, &tag) {
        let mut response = builder.finish();
        *response.status_mut() = actix_web::http::StatusCode::NOT_MODIFIED;
        return response;
    }
    builder.content_type(media_type).body(body)
}

/// Whether `If-None-Match` names the tag (weak comparison, RFC 9110 section 13.1.2).
fn none_match(request: &HttpRequest, tag: &str) -> bool {
    request.headers().get_all(header::IF_NONE_MATCH).any(|value| {
        let text = value.to_str().unwrap_or_default();
        text.split(',')
            .map(str::trim)
            .any(|sent| sent == "*" || sent.strip_prefix("W/").unwrap_or(sent) == tag)
    })
}

#[cfg(test)]
mod tests {
    use actix_web::http::StatusCode;
    use actix_web::test::TestRequest;
    use serde_json::json;

    use super::*;

    #[actix_web::test]
    async fn a_caller_who_has_the_body_gets_304() {
        let dto = json!({"id": "sub_1"});
        let first = respond(&TestRequest::default().to_http_request(), "sub", 7, &dto).expect("fine");
        let tag = first
            .headers()
            .get("etag")
            .expect("set")
            .to_str()
            .expect("text")
            .to_owned();
        assert!(tag.starts_with("\"sub-7."), "{tag}");
        assert_eq!(version_part(&tag), Some("sub-7"));
        for (sent, status) in [
            (tag.clone(), StatusCode::NOT_MODIFIED),
            (format!("\"x\", W/{tag}"), StatusCode::NOT_MODIFIED),
            ("*".to_owned(), StatusCode::NOT_MODIFIED),
            ("\"sub-7\"".to_owned(), StatusCode::OK),
        ] {
            let request = TestRequest::default()
                .insert_header(("if-none-match", sent.as_str()))
                .to_http_request();
            assert_eq!(
                respond(&request, "sub", 7, &dto).expect("fine").status(),
                status,
                "{sent}"
            );
        }
        let other = respond(
            &TestRequest::default().to_http_request(),
            "sub",
            7,
            &json!({"id": "sub_2"}),
        )
        .expect("fine");
        assert_ne!(other.headers().get("etag").expect("set").to_str().expect("text"), tag);
    }
}

//! Request bodies: JSON, merge patches and the form of the token endpoint.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};
use validator::Validate;

use super::{faults, rules, strict_json};
use crate::api::problem::{Problem, ProblemCode};
use crate::domain::localized::LocalizedText;
use crate::error::{AppError, FieldError, FieldPlace, OAuthError};
use crate::state::AppState;

/// Largest request body in bytes.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// Media type of a merge patch (RFC 7396).
pub const MERGE_PATCH_JSON: &str = "application/merge-patch+json";

type Extracted<T> = Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

/// A JSON body, read strictly and checked. `T` denies unknown fields and derives `Validate`.
#[derive(Debug, Clone)]
pub struct Json<T> {
    /// What was sent.
    pub value: T,
    /// SHA-256 of the raw body, for [`crate::context::RequestContext::idempotency`].
    pub body_hash: [u8; 32],
}

/// Like [`Json`], with the body exactly as it arrived, to be kept as evidence. U+0000 in a text is replaced, not refused.
#[derive(Debug, Clone)]
pub struct RawJson<T> {
    /// What was sent.
    pub value: T,
    /// The text of the body.
    pub raw: String,
}

/// Like [`Json`], for operations whose body may be left out: without one, everything has its default.
#[derive(Debug, Clone)]
pub struct OptionalJson<T> {
    /// What was sent.
    pub value: T,
    /// SHA-256 of the raw body, for [`crate::context::RequestContext::idempotency`].
    pub body_hash: [u8; 32],
}

/// A merge patch (RFC 7396): `application/merge-patch+json`, also accepted as `application/json`. In `T` an absent member is
/// `None` and `null` is `Some(None)`.
#[derive(Debug, Clone)]
pub struct MergePatch<T> {
    /// What was sent.
    pub value: T,
    /// SHA-256 of the raw body, for [`crate::context::RequestContext::idempotency`].
    pub body_hash: [u8; 32],
}

/// A form body of the token endpoint; what is wrong with it is answered in the words of RFC 6749.
#[derive(Debug, Clone)]
pub struct Form<T> {
    /// What was sent.
    pub value: T,
}

impl<T: DeserializeOwned + Validate + 'static> FromRequest for Json<T> {
    type Error = Problem;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = read_body(request, payload, &["application/json"]);
        Box::pin(async move {
            let (value, body_hash) = read_json(&body.await?)?;
            Ok(Self { value, body_hash })
        })
    }
}

impl<T: DeserializeOwned + Validate + 'static> FromRequest for RawJson<T> {
    type Error = Problem;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = read_body(request, payload, &["application/json"]);
        Box::pin(async move {
            let body = body.await?;
            let value = typed(strict_json::parse_whatever_is_said(&body))?;
            let raw = String::from_utf8_lossy(&body).into_owned();
            Ok(Self { value, raw })
        })
    }
}

impl<T: DeserializeOwned + Validate + Default + 'static> FromRequest for OptionalJson<T> {
    type Error = Problem;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media_type = media_type(request);
        let bytes = read_bytes(request, payload);
        Box::pin(async move {
            let bytes = bytes.await?;
            if bytes.is_empty() {
                return Ok(Self {
                    value: T::default(),
                    body_hash: Sha256::digest(&bytes).into(),
                });
            }
            check_media_type(media_type.as_deref(), &["application/json"])?;
            let (value, body_hash) = read_json(&bytes)?;
            Ok(Self { value, body_hash })
        })
    }
}

impl<T: DeserializeOwned + Validate + 'static> FromRequest for MergePatch<T> {
    type Error = Problem;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = read_body(request, payload, &[MERGE_PATCH_JSON, "application/json"]);
        Box::pin(async move {
            let body = body.await.map_err(|problem| match problem.code() {
                ProblemCode::UnsupportedMediaType => {
                    problem.header(header::HeaderName::from_static("accept-patch"), MERGE_PATCH_JSON)
                }
                _ => problem,
            })?;
            let (value, body_hash) = read_json(&body)?;
            Ok(Self { value, body_hash })
        })
    }
}

impl<T: DeserializeOwned + Validate + 'static> FromRequest for Form<T> {
    type Error = Problem;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = read_body(request, payload, &["application/x-www-form-urlencoded"]);
        Box::pin(async move {
            let body = body.await?;
            let value = read_form(&body).map_err(|errors| {
                let text = LocalizedText::new(
                    "Ein Parameter fehlt, ist doppelt oder falsch; „errors“ nennt ihn.",
                    "A parameter is missing, repeated or wrong; \"errors\" names it.",
                );
                Problem::from(AppError::OAuth(OAuthError::InvalidRequest, text)).errors(errors)
            })?;
            Ok(Self { value })
        })
    }
}

/// Reads the whole body of an accepted media type, within size and time.
fn read_body(
    request: &HttpRequest,
    payload: &mut Payload,
    accepted: &'static [&'static str],
) -> impl Future<Output = Result<web::Bytes, Problem>> + use<> {
    let media_type = media_type(request);
    let bytes = read_bytes(request, payload);
    async move {
        check_media_type(media_type.as_deref(), accepted)?;
        bytes.await
    }
}

fn check_media_type(sent: Option<&str>, accepted: &[&str]) -> Result<(), Problem> {
    if sent.is_some_and(|sent| accepted.contains(&sent)) {
        return Ok(());
    }
    let list = accepted.join(", ");
    let text = LocalizedText::new(format!("Angenommen wird {list}."), format!("Accepted is {list}."));
    Err(Problem::new(ProblemCode::UnsupportedMediaType)
        .detail(text)
        .header(header::ACCEPT, list))
}

/// Reads the whole body, within size and time.
fn read_bytes(
    request: &HttpRequest,
    payload: &mut Payload,
) -> impl Future<Output = Result<web::Bytes, Problem>> + use<> {
    let patience = request
        .app_data::<web::Data<AppState>>()
        .map_or(Duration::from_secs(10), |state| {
            Duration::from_secs(state.config.client_timeout_seconds)
        });
    let bytes = web::Bytes::from_request(request, payload);
    async move {
        match tokio::time::timeout(patience, bytes).await {
            Err(_) => Err(Problem::new(ProblemCode::RequestTimeout)),
            Ok(Ok(bytes)) => Ok(bytes),
            Ok(Err(error)) => Err(match error.as_error::<PayloadError>() {
                Some(PayloadError::Overflow) => {
                    Problem::new(ProblemCode::BodyTooLarge).member("max_bytes", MAX_BODY_BYTES)
                }
                _ => Problem::new(ProblemCode::MalformedRequest),
            }),
        }
    }
}

/// The media type without parameters; `None` when it is missing, or names a charset other than UTF-8.
fn media_type(request: &HttpRequest) -> Option<String> {
    let text = request.headers().get(header::CONTENT_TYPE)?.to_str().ok()?;
    let mut parts = text.split(';');
    let media_type = parts.next()?.trim().to_ascii_lowercase();
    let foreign_charset = parts
        .filter_map(|parameter| parameter.trim().split_once('='))
        .any(|(name, value)| {
            name.eq_ignore_ascii_case("charset") && !value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        });
    (!foreign_charset).then_some(media_type)
}

fn read_json<T: DeserializeOwned + Validate>(body: &[u8]) -> Result<(T, [u8; 32]), Problem> {
    Ok((typed(strict_json::parse(body))?, Sha256::digest(body).into()))
}

fn typed<T: DeserializeOwned + Validate>(parsed: Result<Value, String>) -> Result<T, Problem> {
    let value = parsed.map_err(|reason| {
        let text = LocalizedText::new(
            format!("Kein gültiges JSON: {reason}"),
            format!("Not valid JSON: {reason}"),
        );
        Problem::new(ProblemCode::MalformedJson).detail(text)
    })?;
    Ok(faults::read(value).map_err(AppError::Validation)?)
}

fn read_form<T: DeserializeOwned + Validate>(body: &[u8]) -> Result<T, Vec<FieldError>> {
    let mut seen = std::collections::HashSet::new();
    for (name, value) in url::form_urlencoded::parse(body) {
        if name.contains('\0') || value.contains('\0') {
            return Err(vec![
                faults::fault("invalid value: U+0000").at(FieldPlace::Pointer(format!("/{name}"))),
            ]);
        }
        if !seen.insert(name.to_string()) {
            return Err(vec![
                faults::fault("duplicate field").at(FieldPlace::Pointer(format!("/{name}"))),
            ]);
        }
    }
    let deserializer = serde_urlencoded::Deserializer::new(url::form_urlencoded::parse(body));
    let value: T = serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let fault = faults::fault(&error.inner().to_string());
        let name = fault.member.clone().unwrap_or_else(|| error.path().to_string());
        vec![fault.at(FieldPlace::Pointer(format!("/{name}")))]
    })?;
    value
        .validate()
        .map(|()| value)
        .map_err(|errors| rules::broken(&errors))
}

#[cfg(test)]
mod tests {
    use actix_web::http::StatusCode;
    use actix_web::test::TestRequest;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, Validate)]
    #[serde(deny_unknown_fields)]
    struct Body {
        #[validate(range(min = 1, max = 9))]
        quantity: u32,
    }

    async fn json(content_type: &str, body: impl Into<web::Bytes>) -> Result<Json<Body>, Problem> {
        let (request, mut payload) = TestRequest::post()
            .insert_header(("content-type", content_type))
            .set_payload(body)
            .to_http_parts();
        Json::from_request(&request, &mut payload).await
    }

    async fn refusal(content_type: &str, body: impl Into<web::Bytes>) -> ProblemCode {
        json(content_type, body).await.expect_err("refused").code()
    }

    #[actix_web::test]
    async fn a_good_body_is_read_and_hashed() {
        let body = json("application/json; charset=UTF-8", "{\"quantity\": 3}")
            .await
            .expect("good");
        assert_eq!(body.value.quantity, 3);
        assert_eq!(body.body_hash, <[u8; 32]>::from(Sha256::digest("{\"quantity\": 3}")));
    }

    #[actix_web::test]
    async fn each_kind_of_bad_body_has_its_own_code() {
        assert_eq!(refusal("text/plain", "{}").await, ProblemCode::UnsupportedMediaType);
        assert_eq!(
            refusal("application/json; charset=latin1", "{}").await,
            ProblemCode::UnsupportedMediaType
        );
        assert_eq!(refusal("application/json", "{").await, ProblemCode::MalformedJson);
        assert_eq!(
            refusal("application/json", "{\"quantity\": 1, \"quantity\": 2}").await,
            ProblemCode::MalformedJson
        );
        assert_eq!(
            refusal("application/json", "{\"quantity\": 10}").await,
            ProblemCode::ValidationFailed
        );
        assert_eq!(
            refusal("application/json", "{\"quantity\": 1.5}").await,
            ProblemCode::ValidationFailed
        );
        assert_eq!(
            refusal("application/json", vec![b' '; 400_000]).await,
            ProblemCode::BodyTooLarge
        );
    }

    #[actix_web::test]
    async fn an_optional_body_may_be_left_out_but_not_be_wrong() {
        #[derive(Debug, Default, Deserialize, Validate)]
        #[serde(deny_unknown_fields, default)]
        struct Note {
            text: Option<String>,
        }
        let read = |content_type: Option<&'static str>, body: &'static str| {
            let request = TestRequest::post().set_payload(body);
            let (request, mut payload) = match content_type {
                Some(content_type) => request.insert_header(("content-type", content_type)),
                None => request,
            }
            .to_http_parts();
            async move { OptionalJson::<Note>::from_request(&request, &mut payload).await }
        };
        let nothing = read(None, "").await.expect("nothing is fine");
        assert_eq!(nothing.value.text, None);
        assert_eq!(nothing.body_hash, <[u8; 32]>::from(Sha256::digest("")));
        assert!(read(Some("application/json"), "").await.is_ok());
        let note = read(Some("application/json"), "{\"text\": \"a\"}").await.expect("good");
        assert_eq!(note.value.text.as_deref(), Some("a"));
        let refused = |outcome: Result<OptionalJson<Note>, Problem>| outcome.expect_err("refused").code();
        assert_eq!(refused(read(None, "{}").await), ProblemCode::UnsupportedMediaType);
        assert_eq!(
            refused(read(Some("application/json"), "{").await),
            ProblemCode::MalformedJson
        );
        assert_eq!(
            refused(read(Some("application/json"), "{\"x\": 1}").await),
            ProblemCode::ValidationFailed
        );
    }

    #[actix_web::test]
    async fn a_patch_says_which_media_type_it_wants() {
        let (request, mut payload) = TestRequest::patch()
            .insert_header(("content-type", "text/plain"))
            .set_payload("{}")
            .to_http_parts();
        let problem = MergePatch::<Body>::from_request(&request, &mut payload)
            .await
            .expect_err("refused");
        let response = actix_web::ResponseError::error_response(&problem);
        assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
        assert_eq!(response.headers().get("accept-patch").expect("set"), MERGE_PATCH_JSON);
    }

    #[actix_web::test]
    async fn a_form_is_refused_in_the_words_of_oauth() {
        for body in [
            "",
            "quantity=0",
            "quantity=1&quantity=1",
            "quantity=x",
            "quantity=1&more=1",
        ] {
            let (request, mut payload) = TestRequest::post()
                .insert_header(("content-type", "application/x-www-form-urlencoded"))
                .set_payload(body)
                .to_http_parts();
            let problem = Form::<Body>::from_request(&request, &mut payload)
                .await
                .expect_err(body);
            assert_eq!(problem.code(), ProblemCode::InvalidRequest, "{body}");
        }
    }
}

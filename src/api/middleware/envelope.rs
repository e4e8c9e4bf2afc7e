//! Around every request: its id, its language, its time limit, its log line and figures. Inside it anything may go wrong; out
//! of it comes an answer, and if that is an error it is a problem document.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::{ConnectionType, StatusCode, header};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse, web};
use futures_util::FutureExt;
use tracing::Instrument;

use super::security_headers;
use crate::api::extract::{RequestId, request_id};
use crate::api::locale;
use crate::api::pages::is_page;
use crate::api::problem::{PROBLEM_JSON, Problem, ProblemCode, ProblemContext};
use crate::error::AppError;
use crate::state::AppState;

/// Characters of a path that a problem repeats.
const MAX_INSTANCE: usize = 2000;

/// What the envelope remembers of a request while it is being served.
struct Envelope {
    state: web::Data<AppState>,
    started: Instant,
    method: String,
    path: String,
    request_id: String,
    context: ProblemContext,
}

/// Middleware (`actix_web::middleware::from_fn`).
///
/// # Errors
/// A finished answer for what could not be answered through the request itself (panic, time-out).
pub async fn envelope(
    state: web::Data<AppState>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let envelope = Envelope::open(state, &request);
    let span = tracing::info_span!("request", request_id = %envelope.request_id);
    let patience = Duration::from_secs(envelope.state.config.request_timeout_seconds);
    let served = tokio::time::timeout(patience, next.call(request));
    let outcome = AssertUnwindSafe(served.instrument(span.clone())).catch_unwind().await;
    let _entered = span.enter();
    match outcome {
        Ok(Ok(Ok(response))) => Ok(envelope.close(response.map_into_boxed_body())),
        Ok(Ok(Err(error))) => {
            let mut response = envelope.render(&error).unwrap_or_else(|| error.error_response());
            Err(envelope.close_without_request(&mut response))
        }
        Ok(Err(_)) => Err(envelope.give_up(AppError::Unavailable("the request took too long".into()))),
        Err(_) => Err(envelope.give_up(AppError::internal("a handler panicked"))),
    }
}

impl Envelope {
    fn open(state: web::Data<AppState>, request: &ServiceRequest) -> Self {
        let request_id = request_id(request.headers());
        request.extensions_mut().insert(RequestId(request_id.clone()));
        state.metrics.request_started();
        let context = ProblemContext {
            locale: locale::negotiate(request.headers()),
            request_id: Some(request_id.clone()),
            instance: Some(request.path().chars().take(MAX_INSTANCE).collect()),
        };
        Self {
            state,
            started: Instant::now(),
            method: request.method().to_string(),
            path: request.path().to_owned(),
            request_id,
            context,
        }
    }

    fn close(&self, response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
        let (request, mut response) = response.into_parts();
        if response.status().as_u16() >= 400 && !is_finished_page(&self.path, &response) {
            response = self.problem_instead_of(response);
        }
        self.complete(&mut response);
        let route = request.match_pattern();
        self.count(route.as_deref().unwrap_or("unmatched"), response.status());
        ServiceResponse::new(request, response)
    }

    /// Renders a refusal in the caller's language; whatever else the framework answers becomes a problem too.
    fn problem_instead_of(&self, response: HttpResponse) -> HttpResponse {
        let rendered = response.error().and_then(|error| self.render(error));
        let is_problem = || {
            let media_type = response
                .headers()
                .get(header::CONTENT_TYPE)
                .and_then(|value| value.to_str().ok());
            media_type.is_some_and(|text| text.starts_with(PROBLEM_JSON))
        };
        let mut fresh = match rendered {
            Some(fresh) => fresh,
            None if is_problem() => return response,
            None => Problem::new(code_of(response.status())).respond(&self.context),
        };
        for (name, value) in response.headers() {
            if !fresh.headers().contains_key(name) && name != header::CONTENT_LENGTH {
                fresh.headers_mut().append(name.clone(), value.clone());
            }
        }
        fresh
    }

    fn render(&self, error: &Error) -> Option<HttpResponse> {
        let problem = error.as_error::<Problem>()?;
        if let Some(cause) = problem.cause() {
            tracing::error!(code = %problem, cause, method = self.method, path = %without_secrets(&self.path), "request failed");
        }
        Some(problem.respond(&self.context))
    }

    fn give_up(&self, error: AppError) -> Error {
        let error = Error::from(Problem::from(error));
        let mut response = self.render(&error).unwrap_or_else(|| error.error_response());
        self.close_without_request(&mut response)
    }

    fn close_without_request(&self, response: &mut HttpResponse) -> Error {
        self.complete(response);
        self.count("unfinished", response.status());
        let finished = std::mem::replace(response, HttpResponse::new(StatusCode::INTERNAL_SERVER_ERROR));
        InternalError::from_response("answered", finished).into()
    }

    fn complete(&self, response: &mut HttpResponse) {
        let (language, hsts) = (self.context.locale.as_str(), self.state.config.hsts);
        security_headers::complete(response.headers_mut(), &self.path, language, &self.request_id, hsts);
        if self.state.stopping.load(Ordering::Relaxed) {
            response.head_mut().set_connection_type(ConnectionType::Close);
        }
        if response.status() == StatusCode::NOT_MODIFIED {
            // The caller has the text already; its metadata does not belong here (RFC 9110 section 15.4.5).
            response.headers_mut().remove(header::CONTENT_LANGUAGE);
        }
    }

    fn count(&self, route: &str, status: StatusCode) {
        let took = self.started.elapsed();
        self.state
            .metrics
            .request_finished(&self.method, route, status.as_u16(), took);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        tracing::info!(
            method = self.method,
            path = %without_secrets(&self.path),
            status = status.as_u16(),
            micros,
            "served"
        );
    }
}

/// Parts of a path that are longer than any id are secrets: whoever knows one may read or confirm a declaration.
const LONGEST_ID: usize = 40;

/// The path as the log may keep it.
fn without_secrets(path: &str) -> String {
    let shown = |part: &str| {
        if part.len() > LONGEST_ID {
            "…".to_owned()
        } else {
            part.to_owned()
        }
    };
    path.split('/').map(shown).collect::<Vec<_>>().join("/")
}

/// Whether the answer is a page for people that says itself what is wrong.
fn is_finished_page(path: &str, response: &HttpResponse) -> bool {
    let media_type = response.headers().get(header::CONTENT_TYPE);
    is_page(path) && media_type.is_some_and(|value| value.as_bytes().starts_with(b"text/html"))
}

/// The problem that says what a status says.
fn code_of(status: StatusCode) -> ProblemCode {
    let by_status = ProblemCode::ALL.iter().copied().find(|code| {
        code.status() == status
            && !matches!(
                status,
                StatusCode::BAD_REQUEST | StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY
            )
    });
    by_status.unwrap_or(match status {
        StatusCode::CONFLICT => ProblemCode::StateConflict,
        StatusCode::UNPROCESSABLE_ENTITY => ProblemCode::ValidationFailed,
        status if status.is_server_error() => ProblemCode::InternalError,
        _ => ProblemCode::MalformedRequest,
    })
}

#[cfg(test)]
mod tests {
    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, init_service, try_call_service};
    use actix_web::{App, ResponseError};
    use serde_json::Value;

    use super::*;
    use crate::clock::Clock;
    use crate::config::{Config, Secret};

    async fn panicking() -> HttpResponse {
        panic!("a defect")
    }

    async fn slow() -> HttpResponse {
        tokio::time::sleep(Duration::from_secs(5)).await;
        HttpResponse::Ok().finish()
    }

    async fn plain() -> HttpResponse {
        HttpResponse::PayloadTooLarge().body("too large")
    }

    #[test]
    fn the_log_keeps_ids_but_no_tokens() {
        let token = "2n8Zt0QmX5cVb7LkPq3RsWy1UaHdJfGeTiOoKlMnBvC";
        for (path, logged) in [
            (format!("/p/demo/bestaetigung/{token}"), "/p/demo/bestaetigung/…"),
            (
                format!("/v1/public/demo/withdrawals/{token}/confirm"),
                "/v1/public/demo/withdrawals/…/confirm",
            ),
            (
                "/v1/subscriptions/sub_01k9w3x8kqf0wvm2n6c1c9t7xh".to_owned(),
                "/v1/subscriptions/sub_01k9w3x8kqf0wvm2n6c1c9t7xh",
            ),
        ] {
            assert_eq!(without_secrets(&path), logged);
        }
    }

    /// Status, headers and body of the answer to `path`.
    async fn answer(path: &str) -> (StatusCode, header::HeaderMap, Value) {
        let folder = tempfile::tempdir().expect("a folder");
        let config = Config {
            database_url: Secret::new(format!("sqlite:{}/a.db", folder.path().display())),
            database_pool_size: 1,
            request_timeout_seconds: 1,
            ..Config::default()
        };
        let state = AppState::open(config, Clock::System).expect("a good configuration");
        let app = App::new()
            .app_data(web::Data::new(state))
            .route("/panic", web::get().to(panicking))
            .route("/slow", web::get().to(slow))
            .route("/plain", web::get().to(plain))
            .wrap(from_fn(envelope));
        let service = init_service(app).await;
        let request = TestRequest::get()
            .uri(path)
            .insert_header(("x-request-id", "r-1"))
            .to_request();
        let response = match try_call_service(&service, request).await {
            Ok(response) => response.into_parts().1.map_into_boxed_body(),
            Err(error) => error.as_response_error().error_response(),
        };
        let (head, body) = response.into_parts();
        let bytes = actix_web::body::to_bytes(body).await.unwrap_or_default();
        (
            head.status(),
            head.headers().clone(),
            serde_json::from_slice(&bytes).unwrap_or_default(),
        )
    }

    #[actix_web::test]
    async fn panics_and_slow_handlers_are_answered_like_any_other_problem() {
        for (path, status, code) in [("/panic", 500, "internal_error"), ("/slow", 503, "service_unavailable")] {
            let (sent, headers, body) = answer(path).await;
            assert_eq!((sent.as_u16(), body["code"].as_str()), (status, Some(code)), "{path}");
            assert_eq!(
                (body["request_id"].as_str(), body["instance"].as_str()),
                (Some("r-1"), Some(path))
            );
            assert_eq!(headers.get("x-request-id").expect("set"), "r-1");
            assert_eq!(headers.get("x-content-type-options").expect("set"), "nosniff");
            assert!(!body.to_string().contains("defect"));
        }
    }

    #[actix_web::test]
    async fn foreign_error_answers_become_problems() {
        let (status, headers, body) = answer("/plain").await;
        assert_eq!((status.as_u16(), body["code"].as_str()), (413, Some("body_too_large")));
        assert_eq!(headers.get("content-type").expect("set"), PROBLEM_JSON);
        let teapot = Problem::new(code_of(StatusCode::IM_A_TEAPOT)).error_response();
        assert_eq!(teapot.status(), StatusCode::BAD_REQUEST);
    }

    #[test]
    fn foreign_statuses_become_the_problem_that_says_the_same() {
        assert_eq!(code_of(StatusCode::NOT_FOUND), ProblemCode::NotFound);
        assert_eq!(code_of(StatusCode::CONFLICT), ProblemCode::StateConflict);
        assert_eq!(code_of(StatusCode::BAD_REQUEST), ProblemCode::MalformedRequest);
        assert_eq!(code_of(StatusCode::BAD_GATEWAY), ProblemCode::InternalError);
    }
}

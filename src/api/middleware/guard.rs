//! Before routing: does the path exist, with this method and these parameters, and can we answer in a format the caller takes?
//! What exists is read from the OpenAPI document, so the document and the server cannot disagree.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, web};

use crate::api::locale::thousandths;
use crate::api::openapi::RouteTable;
use crate::api::problem::{Problem, ProblemCode};
use crate::domain::localized::LocalizedText;
use crate::error::{FieldError, FieldPlace};

/// Middleware (`actix_web::middleware::from_fn`).
///
/// # Errors
/// Those of the inner services.
pub async fn guard(
    routes: web::Data<RouteTable>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match verdict(&routes, &request) {
        Verdict::Pass => Ok(next.call(request).await?.map_into_boxed_body()),
        Verdict::Methods(allow) => {
            Ok(request.into_response(HttpResponse::NoContent().insert_header((header::ALLOW, allow)).finish()))
        }
        Verdict::Refuse(problem) => Ok(request.error_response(problem)),
    }
}

enum Verdict {
    Pass,
    Methods(String),
    Refuse(Problem),
}

fn verdict(routes: &RouteTable, request: &ServiceRequest) -> Verdict {
    let path = request.path();
    let operations = routes.find(path);
    let downloads = operations.iter().flat_map(|operation| operation.downloads.iter());
    if path.starts_with("/v1/") && !accepts(request.headers(), downloads) {
        return Verdict::Refuse(Problem::new(ProblemCode::NotAcceptable));
    }
    if operations.is_empty() {
        return Verdict::Pass;
    }
    let Some(operation) = operations
        .iter()
        .find(|operation| operation.method == *request.method())
    else {
        let mut methods: Vec<&str> = operations.iter().map(|operation| operation.method.as_str()).collect();
        if methods.contains(&"GET") {
            methods.push("HEAD");
        }
        methods.push("OPTIONS");
        methods.sort_unstable();
        methods.dedup();
        let allow = methods.join(", ");
        if *request.method() == Method::OPTIONS {
            return Verdict::Methods(allow);
        }
        return Verdict::Refuse(Problem::new(ProblemCode::MethodNotAllowed).header(header::ALLOW, allow));
    };
    let unknown: Vec<FieldError> = url::form_urlencoded::parse(request.query_string().as_bytes())
        .filter(|(name, _)| !operation.query.contains(name.as_ref()))
        .map(|(name, _)| {
            let text = LocalizedText::new("Dieser Parameter ist nicht vorgesehen.", "This parameter is not known.");
            FieldError::new(
                FieldPlace::Query(name.chars().take(100).collect()),
                "unknown_field",
                text,
            )
        })
        .collect();
    match unknown.is_empty() {
        true => Verdict::Pass,
        false => Verdict::Refuse(Problem::new(ProblemCode::UnknownParameter).errors(unknown)),
    }
}

/// Whether `Accept` leaves room for JSON or for what the operation downloads; without it everything does.
fn accepts<'a>(headers: &HeaderMap, downloads: impl Iterator<Item = &'a String> + Clone) -> bool {
    let mut ranges = headers.get_all(header::ACCEPT).peekable();
    ranges.peek().is_none()
        || ranges.any(|value| {
            value.to_str().unwrap_or_default().split(',').any(|range| {
                let mut parts = range.split(';');
                let media_type = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
                let refused = parts.any(|part| part.trim().strip_prefix("q=").and_then(thousandths) == Some(0));
                let is_json = matches!(
                    media_type.as_str(),
                    "*/*" | "application/*" | "application/json" | "application/problem+json"
                );
                let is_download = downloads.clone().any(|offered| {
                    let group = offered.split('/').next().unwrap_or_default();
                    media_type == *offered || media_type == format!("{group}/*")
                });
                (is_json || is_download) && !refused
            })
        })
}

/// The answer where no route fits.
pub async fn not_found() -> Result<HttpResponse, Problem> {
    Err(Problem::new(ProblemCode::NotFound))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn json_must_be_acceptable() {
        for (accept, good) in [
            ("*/*", true),
            ("application/json", true),
            ("text/html, application/json;q=0.5", true),
            ("application/problem+json", true),
            ("text/html", false),
            ("application/json;q=0", false),
            ("application/json;q=0.0, text/html", false),
        ] {
            let request = TestRequest::default()
                .insert_header(("accept", accept))
                .to_srv_request();
            assert_eq!(accepts(request.headers(), [].iter()), good, "{accept}");
        }
        assert!(accepts(TestRequest::default().to_srv_request().headers(), [].iter()));
        let pdf = ["application/pdf".to_owned(), "text/plain".to_owned()];
        for (accept, good) in [("application/pdf", true), ("text/*;q=0.1", true), ("image/png", false)] {
            let request = TestRequest::default()
                .insert_header(("accept", accept))
                .to_srv_request();
            assert_eq!(accepts(request.headers(), pdf.iter()), good, "{accept}");
        }
    }
}

//! Headers that every answer carries, whatever it is.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// For answers that are data: nothing may be loaded by them.
const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";
/// For the documentation pages: their own scripts and styles, nothing from elsewhere.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Completes the headers of an answer to `path`; what a handler has set stays.
pub fn complete(headers: &mut HeaderMap, path: &str, language: &'static str, request_id: &str, hsts: bool) {
    let is_page = path.starts_with("/docs") || path.starts_with("/problems");
    set(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(headers, header::REFERRER_POLICY, "no-referrer");
    set(
        headers,
        header::CONTENT_SECURITY_POLICY,
        if is_page { PAGE_POLICY } else { DATA_POLICY },
    );
    if hsts {
        set(
            headers,
            header::STRICT_TRANSPORT_SECURITY,
            "max-age=31536000; includeSubDomains",
        );
    }
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
    if path.starts_with("/v1/") {
        set(headers, header::CONTENT_LANGUAGE, language);
        let token = path.starts_with("/v1/auth/") || path.ends_with("/sessions");
        set(
            headers,
            header::CACHE_CONTROL,
            if token { "no-store" } else { "private, no-cache" },
        );
        headers.append(header::VARY, HeaderValue::from_static("Accept-Language, Authorization"));
    } else {
        set(headers, header::CACHE_CONTROL, "no-cache");
    }
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    if !headers.contains_key(&name) {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(path: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        complete(&mut headers, path, "de", "req_1", false);
        headers
    }

    #[test]
    fn tenant_data_is_revalidated_and_tokens_are_never_stored() {
        let cache = |path: &str| {
            completed(path)
                .get("cache-control")
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        assert_eq!(cache("/v1/me").as_deref(), Some("private, no-cache"));
        assert_eq!(cache("/v1/auth/token").as_deref(), Some("no-store"));
        assert_eq!(cache("/v1/customers/cus_1/sessions").as_deref(), Some("no-store"));
        assert_eq!(completed("/v1/me").get("x-request-id").expect("set"), "req_1");
    }

    #[test]
    fn only_pages_may_run_their_own_scripts() {
        assert_eq!(
            completed("/v1/me").get("content-security-policy").expect("set"),
            DATA_POLICY
        );
        assert_eq!(
            completed("/docs/").get("content-security-policy").expect("set"),
            PAGE_POLICY
        );
        let mut headers = HeaderMap::new();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
        complete(&mut headers, "/v1/plans", "de", "req_1", true);
        assert_eq!(headers.get("cache-control").expect("kept"), "public, max-age=300");
        assert!(headers.contains_key("strict-transport-security"));
    }
}

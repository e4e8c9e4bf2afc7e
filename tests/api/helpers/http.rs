//! A caller of the API: sends requests with its token and keeps the whole answer for the failure message.

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

/// Someone who calls the API, logged in or not.
#[derive(Clone)]
pub struct Caller {
    base: String,
    http: reqwest::Client,
    token: Option<String>,
}

impl Caller {
    /// A caller without a token at the server `base` (`http://127.0.0.1:…`).
    pub fn anonymous(base: &str) -> Self {
        // The client wants to know its TLS library even where it speaks plain HTTP; installed once for the process.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none());
        Self {
            base: base.to_owned(),
            http: http.build().expect("an HTTP client"),
            token: None,
        }
    }

    /// The same caller with `token` as bearer token or API key.
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self.clone()
        }
    }

    /// A request to be completed by the test (headers, form …) and sent with [`Caller::send`].
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a completed request.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let request = request.build().expect("a well-formed request");
        let asked = format!("{} {}", request.method(), request.url());
        let response = self
            .http
            .execute(request)
            .await
            .unwrap_or_else(|error| panic!("{asked}: {error:?}"));
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let text = response.text().await.unwrap_or_else(|error| panic!("{asked}: {error}"));
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer {
            asked,
            status,
            headers,
            text,
            json,
        }
    }

    /// `GET path`.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// `POST path` with a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    /// `POST path` with a JSON body under an `Idempotency-Key`.
    pub async fn post_once(&self, path: &str, key: &str, body: Value) -> Answer {
        self.send(
            self.request(Method::POST, path)
                .header("Idempotency-Key", key)
                .json(&body),
        )
        .await
    }

    /// `POST path` without a body.
    pub async fn post_empty(&self, path: &str) -> Answer {
        self.send(self.request(Method::POST, path)).await
    }

    /// `PATCH path` with a JSON merge patch.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        let request = self
            .request(Method::PATCH, path)
            .header("Content-Type", "application/merge-patch+json");
        self.send(request.body(body.to_string())).await
    }

    /// `DELETE path`.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }
}

/// An answer of the API.
#[derive(Debug)]
pub struct Answer {
    /// Method and URL of the request.
    pub asked: String,
    /// HTTP status.
    pub status: u16,
    /// Response headers.
    pub headers: HeaderMap,
    /// The body as text.
    pub text: String,
    /// The body as JSON; `null` if it is none.
    pub json: Value,
}

impl Answer {
    /// The body, after making sure of the status; the failure message shows what came instead.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}\n{}", self.asked, self.text);
        self.json
    }

    /// The body of a problem (RFC 9457), after making sure of status, media type and code.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}\n{}", self.asked, self.text);
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{}\n{}",
            self.asked,
            self.text
        );
        assert_eq!(self.json["code"], code, "{}\n{}", self.asked, self.text);
        self.json
    }

    /// A response header; empty if absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

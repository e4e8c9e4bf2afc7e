//! Which problems follow from the shape of an operation, whoever wrote it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::api::declarations::is_statutory;
use crate::api::problem::ProblemCode;

/// What the rules for codes, headers and parameters need to know about an operation.
pub(super) struct Shape {
    pub path: String,
    pub method: String,
    /// Answered without login.
    pub open: bool,
    pub scopes: Vec<String>,
    pub entity_tag: bool,
    pub idempotent: bool,
    /// What it creates has an address of its own.
    pub location: bool,
    media_types: Vec<String>,
    has_path_parameter: bool,
    query: Vec<String>,
    declared: Vec<ProblemCode>,
}

impl Shape {
    pub fn read(path: &str, method: &str, operation: &Value) -> Self {
        let parameters = |place: &'static str| {
            let all = operation["parameters"].as_array().into_iter().flatten();
            all.filter(move |parameter| parameter["in"] == place)
        };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let list = |name: &str| {
            operation[name]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(text)
                .collect::<Vec<_>>()
        };
        let open = operation["security"].as_array().is_some_and(|security| {
            security
                .iter()
                .all(|one| one.as_object().is_some_and(|one| one.is_empty()))
        });
        Self {
            path: path.to_owned(),
            method: method.to_owned(),
            open,
            scopes: list("x-required-scopes"),
            entity_tag: operation["x-entity-tag"] == true,
            idempotent: is_command(path, method)
                && if open {
                    operation["x-idempotency-key"] == true
                } else {
                    operation["x-idempotency-key"] != false
                },
            location: operation["x-location"] != false,
            media_types: operation["requestBody"]["content"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, _)| name.clone())
                .collect(),
            has_path_parameter: parameters("path").next().is_some(),
            query: parameters("query")
                .filter_map(|parameter| text(&parameter["name"]))
                .collect(),
            declared: list("x-problem-codes")
                .iter()
                .filter_map(|code| ProblemCode::parse(code))
                .collect(),
        }
    }

    /// Whether the operation is part of the versioned API, not of the server around it.
    pub fn is_api(&self) -> bool {
        self.path.starts_with("/v1/")
    }

    /// Whether the answers are written in the caller's language.
    pub fn is_localized(&self) -> bool {
        self.is_api() || self.path.starts_with("/problems")
    }

    /// The codes the operation can answer with, in the order of [`ProblemCode::ALL`].
    pub fn codes(&self) -> BTreeSet<ProblemCode> {
        use ProblemCode as Code;
        let mut codes: BTreeSet<Code> = self.declared.iter().copied().collect();
        codes.extend([Code::UnknownParameter, Code::InternalError, Code::ServiceUnavailable]);
        if self.is_api() {
            codes.insert(Code::NotAcceptable);
        }
        if self.is_api() && !is_statutory(&self.path) {
            codes.insert(Code::RateLimited);
        }
        if !self.open {
            codes.extend([Code::Unauthenticated, Code::InvalidToken, Code::TokenExpired]);
        }
        if !self.scopes.is_empty() {
            codes.insert(Code::InsufficientScope);
        }
        if self.has_path_parameter {
            codes.insert(Code::NotFound);
        }
        if !self.query.is_empty() {
            codes.insert(Code::InvalidParameter);
        }
        if self.query.iter().any(|name| name == "cursor") {
            codes.extend([Code::InvalidCursor, Code::CursorMismatch]);
        }
        if !self.media_types.is_empty() {
            codes.extend([
                Code::UnsupportedMediaType,
                Code::BodyTooLarge,
                Code::RequestTimeout,
                Code::MalformedRequest,
            ]);
        }
        if self.media_types.iter().any(|name| name.ends_with("json")) {
            codes.extend([Code::MalformedJson, Code::ValidationFailed]);
        }
        if self
            .media_types
            .iter()
            .any(|name| name == "application/x-www-form-urlencoded")
        {
            codes.insert(Code::InvalidRequest);
        }
        if self.idempotent {
            codes.insert(Code::InvalidIdempotencyKey);
        }
        if self.idempotent && !self.open {
            codes.insert(Code::IdempotencyKeyReused);
        }
        if self.entity_tag && self.method == "patch" {
            codes.extend([Code::InvalidHeader, Code::PreconditionFailed]);
        }
        codes
    }
}

/// A request that changes something: not a preview, a calculation or a login.
fn is_command(path: &str, method: &str) -> bool {
    let changes = matches!(method, "post" | "patch" | "put" | "delete");
    let stateless = path.ends_with("/preview") || path.starts_with("/v1/calculators/") || path.starts_with("/v1/auth/");
    changes && path.starts_with("/v1/") && !stateless
}

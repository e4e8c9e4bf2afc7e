//! The OpenAPI document: collected from the handlers, completed by rule, served and committed as `openapi/openapi.json`.
//!
//! A handler's annotation says what is its own: parameters, bodies, success answers, one tag, `operation_id`, and by extension
//! - `x-required-scopes`: the scopes of which the caller needs all; `security(())` instead for operations without login;
//! - `x-problem-codes`: the problem codes that follow from its rules;
//! - `x-entity-tag`: true when the answer carries an `ETag` (then GET knows `If-None-Match` and 304, PATCH knows `If-Match`);
//! - `x-idempotency-key`: false where a command may not be repeated under a key;
//! - `x-location`: false where a 201 names no single new object.
//!
//! Everything that follows from the shape of an operation (login, body, parameters, limits) is added by [`document`].

mod codes;
mod complete;
mod components;
mod routes;
mod serve;
mod webhooks;

use std::sync::LazyLock;

use actix_web::App;
use serde_json::{Value, json};
use utoipa::OpenApi;
use utoipa_actix_web::AppExt;

use super::problem::{ProblemDocument, ProblemField};

pub use routes::{Operation, RouteTable};
pub use serve::{get_document, swagger_ui};

/// Tags of the operations, in the order of the document. Each operation has exactly one.
pub const TAGS: &[(&str, &str)] = &[
    (
        "Login",
        "Tokens for users (RFC 6749), sessions for customers of a portal, and who is logged in.",
    ),
    (
        "Catalogue",
        "What a provider sells: products, plans and add-ons of the published catalogue.",
    ),
    ("Customers", "Master data of customers; for staff and API keys."),
    (
        "Options",
        "What can be done now, with prices and dates, and what cannot be done and why.",
    ),
    (
        "Subscriptions",
        "Contracts: conclude, read, and everything that has happened and will happen to them.",
    ),
    ("Slots", "What occupies the slots of packages: book, release and move."),
    (
        "Plan changes",
        "Another plan or another quantity: preview, command, revocation.",
    ),
    (
        "Cancellations",
        "Ordinary and extraordinary cancellations: preview, command, revocation.",
    ),
    (
        "Add-on bookings",
        "What is booked on top of contracts: quantities, cancellations, one-off services.",
    ),
    (
        "Orders",
        "A cart: several bookings previewed and confirmed together, all or nothing.",
    ),
    ("Entitlements", "What a customer may use today."),
    (
        "Withdrawals",
        "Undoing contracts, add-ons, units and upgrades within 14 days (§ 355 BGB): preview, command, refund.",
    ),
    (
        "Charges",
        "What has been charged, with its period and arithmetic, and what was used.",
    ),
    (
        "Invoices",
        "Consolidated invoices, their corrections and what was paid of them.",
    ),
    (
        "Data protection",
        "What is kept of a customer, why and until when; erasure; a customer's own data as an archive.",
    ),
    (
        "Declarations",
        "Cancellations and withdrawals declared without login: the inbox of staff.",
    ),
    (
        "Events",
        "Everything that happened, in order, for audit and integration.",
    ),
    ("E-mails", "What was written to customers, and what became of it."),
    (
        "Webhooks",
        "Everything that happened, sent by HTTP (Standard Webhooks 1.0): endpoints, deliveries, replay.",
    ),
    (
        "Legal documents",
        "Terms, data-processing agreements and withdrawal instructions by version.",
    ),
    (
        "Calculators",
        "The rules as stateless functions: dates, periods, proration and tax. No login.",
    ),
    (
        "Public",
        "The catalogue for everyone, and the statutory functions: cancelling and withdrawing. No login.",
    ),
    ("API keys", "Keys of programs."),
    ("Test clocks", "Move time in a sandbox."),
    ("Operations", "Health and figures for those who run the server."),
    ("Problems", "What each problem code means."),
    ("Keys", "Public keys that verify tokens."),
    ("Documents", "The description of this API."),
];

#[derive(OpenApi)]
#[openapi(components(schemas(ProblemDocument, ProblemField)))]
struct Ground;

static DOCUMENT: LazyLock<Value> = LazyLock::new(build);

/// The complete document, without a running server; made once per process.
pub fn document() -> &'static Value {
    &DOCUMENT
}

/// The document as it is committed and served: two blanks of indentation, a newline at the end.
pub fn document_json() -> String {
    let mut text = serde_json::to_string_pretty(document()).unwrap_or_default();
    text.push('\n');
    text
}

fn build() -> Value {
    let (_, collected) = App::new()
        .into_utoipa_app()
        .openapi(Ground::openapi())
        .configure(super::configure)
        .split_for_parts();
    let mut document = serde_json::to_value(collected).unwrap_or_default();
    document["info"] = info();
    complete::complete(&mut document);
    webhooks::describe(&mut document);
    // Members in the usual order, and no trace of the collector.
    let mut ordered = serde_json::Map::new();
    for name in [
        "openapi",
        "info",
        "externalDocs",
        "servers",
        "security",
        "tags",
        "paths",
        "webhooks",
        "components",
    ] {
        if let Some(member) = document.get_mut(name) {
            ordered.insert(name.to_owned(), member.take());
        }
    }
    Value::Object(ordered)
}

fn info() -> Value {
    json!({
        "title": "Vertragswerk",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "Contract self-service: book, change and cancel with the legally right date and price",
        "description": include_str!("description.md"),
        "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        "contact": {"name": "Vertragswerk"},
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::problem::ProblemCode;

    fn operations() -> Vec<(String, String, &'static Value)> {
        let mut found = Vec::new();
        for (path, item) in document()["paths"].as_object().expect("paths") {
            for (method, operation) in item.as_object().expect("a path item") {
                found.push((path.clone(), method.clone(), operation));
            }
        }
        found
    }

    #[test]
    fn every_operation_has_an_id_one_known_tag_a_summary_and_a_description() {
        let mut ids = std::collections::HashSet::new();
        assert!(!operations().is_empty());
        for (path, method, operation) in operations() {
            let name = format!("{method} {path}");
            let id = operation["operationId"].as_str().unwrap_or_default();
            assert!(ids.insert(id.to_owned()), "{name}: operationId {id} twice");
            assert!(
                id.starts_with(|first: char| first.is_ascii_lowercase()) && !id.contains('_'),
                "{name}: {id} is not camelCase"
            );
            let tags = operation["tags"].as_array().map(Vec::as_slice).unwrap_or_default();
            assert_eq!(tags.len(), 1, "{name}: exactly one tag");
            assert!(
                TAGS.iter().any(|(tag, _)| tags[0] == *tag),
                "{name}: tag {} is unknown",
                tags[0]
            );
            let summary = operation["summary"].as_str().unwrap_or_default();
            assert!((3..=60).contains(&summary.len()), "{name}: summary {summary:?}");
            assert!(
                !summary.ends_with('.'),
                "{name}: summary {summary:?} is a title, not a sentence"
            );
            assert!(
                operation["description"].as_str().is_some_and(|text| text.len() > 10),
                "{name}: description"
            );
        }
    }

    #[test]
    fn every_code_an_operation_names_exists_and_is_documented_with_its_status() {
        for (path, method, operation) in operations() {
            for code in operation["x-problem-codes"].as_array().expect("codes") {
                let text = code.as_str().expect("text");
                let code = ProblemCode::parse(text).unwrap_or_else(|| panic!("{method} {path}: {text} does not exist"));
                let reference = operation["responses"][code.status().as_str()]["$ref"]
                    .as_str()
                    .unwrap_or_default();
                let response = document().pointer(reference.trim_start_matches('#'));
                let examples = response.map(|response| &response["content"]["application/problem+json"]["examples"]);
                assert!(
                    examples.is_some_and(|examples| examples[text]["$ref"].is_string()),
                    "{method} {path}: {text} has no example"
                );
            }
        }
    }

    #[test]
    fn every_template_parameter_is_declared() {
        for (path, method, operation) in operations() {
            for name in path
                .split('/')
                .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            {
                let parameters = operation["parameters"]
                    .as_array()
                    .map(Vec::as_slice)
                    .unwrap_or_default();
                let declared = parameters
                    .iter()
                    .any(|parameter| parameter["name"] == name && parameter["in"] == "path");
                assert!(declared, "{method} {path}: {name} is not declared");
            }
        }
    }

    #[test]
    fn the_committed_document_is_fresh() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/openapi.json");
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        let fresh = document_json();
        let difference = committed.lines().zip(fresh.lines()).position(|(old, new)| old != new);
        assert!(
            committed == fresh,
            "openapi/openapi.json is not what the handlers say (first difference: line {:?}); write it anew:\n    \
             cargo run -- openapi > openapi/openapi.json",
            difference.map(|line| line + 1)
        );
    }

    #[test]
    fn nothing_in_the_document_is_a_float() {
        fn check(value: &Value, at: &str) {
            match value {
                Value::Object(members) => {
                    assert!(
                        !matches!(members.get("format").and_then(Value::as_str), Some("float" | "double")),
                        "{at}"
                    );
                    members
                        .iter()
                        .for_each(|(name, member)| check(member, &format!("{at}/{name}")));
                }
                Value::Array(elements) => elements.iter().for_each(|element| check(element, at)),
                Value::String(text) => assert!(!(at.ends_with("/type") && text == "number"), "{at}"),
                _ => {}
            }
        }
        check(&document()["components"]["schemas"], "");
        check(&document()["paths"], "");
    }
}

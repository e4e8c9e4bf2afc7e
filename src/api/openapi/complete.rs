//! Completes the collected document by rule: what is true of every operation is written once here, not in each annotation.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::TAGS;
use super::codes::Shape;
use super::components;
use crate::api::problem::{PROBLEM_JSON, ProblemCode};

/// Writes servers, security, tags, parameters, headers and problems into the document.
pub(super) fn complete(document: &mut Value) {
    let mut used = Used::default();
    for (path, item) in document["paths"].as_object_mut().into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            let shape = Shape::read(path, method, operation);
            complete_operation(operation, &shape, &mut used);
        }
    }
    document["servers"] = json!([{"url": "/", "description": "The server that serves this document."}]);
    document["externalDocs"] = json!({
        "description": "German Civil Code, whose rules on notice, terms and periods the API applies.",
        "url": "https://www.gesetze-im-internet.de/bgb/",
    });
    document["tags"] = TAGS
        .iter()
        .filter(|(name, _)| used.tags.contains(*name))
        .map(|(name, description)| json!({"name": name, "description": description}))
        .collect();
    let mut schemas = document["components"]["schemas"].take();
    drop_null_defaults(&mut schemas);
    document["components"] = components::components(schemas, used);
}

/// Shared components that some operation refers to; the others are left out.
#[derive(Default)]
pub(super) struct Used {
    pub tags: BTreeSet<String>,
    pub codes: BTreeSet<ProblemCode>,
    pub headers: BTreeSet<&'static str>,
    pub parameters: BTreeSet<&'static str>,
    pub responses: BTreeMap<String, Value>,
}

impl Used {
    fn header(&mut self, name: &'static str) -> Value {
        self.headers.insert(name);
        json!({"$ref": format!("#/components/headers/{name}")})
    }

    fn parameter(&mut self, name: &'static str) -> Value {
        self.parameters.insert(name);
        json!({"$ref": format!("#/components/parameters/{name}")})
    }

    /// The answer with these codes, shared by all operations that can give exactly them: `Problem404-not_found`.
    fn problem(&mut self, status: u16, codes: &[ProblemCode], shape: &Shape) -> Value {
        let api = if shape.is_api() { "" } else { "-unlimited" };
        let codes_text: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
        let name = format!("Problem{status}{api}-{}", codes_text.join("-"));
        if !self.responses.contains_key(&name) {
            let response = problem_response(status, codes, shape, self);
            self.responses.insert(name.clone(), response);
        }
        json!({"$ref": format!("#/components/responses/{name}")})
    }
}

fn complete_operation(operation: &mut Value, shape: &Shape, used: &mut Used) {
    let codes = shape.codes();
    used.codes.extend(&codes);
    used.tags.extend(
        operation["tags"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|tag| tag.as_str().map(str::to_owned)),
    );
    operation["security"] = security(shape);
    add_parameters(operation, shape, used);
    describe_optional_bodies(operation);
    let mut responses = match operation["responses"].take() {
        Value::Object(responses) => responses,
        _ => Map::new(),
    };
    for (status, response) in &mut responses {
        complete_success(status, response, shape, used);
    }
    if shape.entity_tag && shape.method == "get" {
        let headers = success_headers("304", shape, used);
        responses.insert(
            "304".to_owned(),
            json!({"description": "You already have this (`If-None-Match`).", "headers": headers}),
        );
    }
    let mut by_status: BTreeMap<u16, Vec<ProblemCode>> = BTreeMap::new();
    for code in &codes {
        by_status.entry(code.status().as_u16()).or_default().push(*code);
    }
    for (status, codes) in by_status {
        responses.insert(status.to_string(), used.problem(status, &codes, shape));
    }
    responses.sort_keys();
    operation["responses"] = Value::Object(responses);
    let names: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    operation["x-problem-codes"] = json!(names);
    order_members(operation);
}

/// `default: null` says nothing (the member may be absent) and contradicts a type without null.
fn drop_null_defaults(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|name, member| name != "default" || !member.is_null());
            members.values_mut().for_each(drop_null_defaults);
        }
        Value::Array(elements) => elements.iter_mut().for_each(drop_null_defaults),
        _ => {}
    }
}

fn security(shape: &Shape) -> Value {
    if shape.open {
        json!([])
    } else {
        json!([{"bearer": []}, {"login": shape.scopes}])
    }
}

fn add_parameters(operation: &mut Value, shape: &Shape, used: &mut Used) {
    let mut parameters = match operation["parameters"].take() {
        Value::Array(parameters) => parameters,
        _ => Vec::new(),
    };
    if shape.is_api() {
        parameters.push(used.parameter("Accept-Language"));
    }
    if shape.idempotent {
        parameters.push(used.parameter("Idempotency-Key"));
    }
    match shape.method.as_str() {
        "patch" if shape.entity_tag => parameters.push(used.parameter("If-Match")),
        "get" if shape.entity_tag => parameters.push(used.parameter("If-None-Match")),
        _ => {}
    }
    parameters.iter_mut().for_each(components::only_show_example);
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
}

/// A body that may be left out is an object all the same when it is sent: `Option<T>` there does not mean `null`.
fn describe_optional_bodies(operation: &mut Value) {
    let Some(body) = operation.get_mut("requestBody") else {
        return;
    };
    let mut optional = false;
    for (_, media) in body["content"].as_object_mut().into_iter().flatten() {
        let kinds = media["schema"]["oneOf"].as_array().cloned().unwrap_or_default();
        if let [schema, null] = kinds.as_slice()
            && null["type"] == "null"
        {
            media["schema"] = schema.clone();
            optional = true;
        }
    }
    if optional {
        body["required"] = Value::Bool(false);
    }
}

fn complete_success(status: &str, response: &mut Value, shape: &Shape, used: &mut Used) {
    let own = response["headers"].take();
    let mut headers = success_headers(status, shape, used);
    if let (Value::Object(own), Value::Object(headers)) = (own, &mut headers) {
        headers.extend(own);
    }
    response["headers"] = headers;
}

fn success_headers(status: &str, shape: &Shape, used: &mut Used) -> Value {
    let mut headers = common_headers(shape, used);
    if shape.is_localized() && status != "304" {
        headers.insert("Content-Language".to_owned(), used.header("Content-Language"));
    }
    if shape.entity_tag {
        headers.insert("ETag".to_owned(), used.header("ETag"));
    }
    if status == "201" && shape.location {
        headers.insert("Location".to_owned(), used.header("Location"));
    }
    if shape.idempotent && !shape.open {
        headers.insert("Idempotent-Replayed".to_owned(), used.header("Idempotent-Replayed"));
    }
    if shape.method == "get" && status == "200" && shape.codes().contains(&ProblemCode::InvalidCursor) {
        headers.insert("Link".to_owned(), used.header("Link"));
    }
    Value::Object(headers)
}

fn common_headers(shape: &Shape, used: &mut Used) -> Map<String, Value> {
    let mut headers = Map::new();
    headers.insert("X-Request-Id".to_owned(), used.header("X-Request-Id"));
    if shape.is_api() {
        headers.insert("RateLimit".to_owned(), used.header("RateLimit"));
        headers.insert("RateLimit-Policy".to_owned(), used.header("RateLimit-Policy"));
    }
    headers
}

fn problem_response(status: u16, codes: &[ProblemCode], shape: &Shape, used: &mut Used) -> Value {
    let mut headers = common_headers(shape, used);
    headers.insert("Content-Language".to_owned(), used.header("Content-Language"));
    match status {
        401 | 403 => drop(headers.insert("WWW-Authenticate".to_owned(), used.header("WWW-Authenticate"))),
        429 | 503 => drop(headers.insert("Retry-After".to_owned(), used.header("Retry-After"))),
        412 => drop(headers.insert("ETag".to_owned(), used.header("ETag"))),
        _ => {}
    }
    let examples: Map<String, Value> = codes
        .iter()
        .map(|code| {
            (
                code.as_str().to_owned(),
                json!({"$ref": format!("#/components/examples/{}", code.as_str())}),
            )
        })
        .collect();
    let names: Vec<String> = codes.iter().map(|code| format!("`{}`", code.as_str())).collect();
    let reason = codes
        .first()
        .and_then(|code| code.status().canonical_reason())
        .unwrap_or("Problem");
    json!({
        "description": format!("{reason}: {}.", names.join(", ")),
        "headers": headers,
        "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}},
    })
}

/// Members of an operation in the usual order; extensions last, by name.
fn order_members(operation: &mut Value) {
    const ORDER: [&str; 8] = [
        "tags",
        "summary",
        "description",
        "operationId",
        "security",
        "parameters",
        "requestBody",
        "responses",
    ];
    let Value::Object(members) = operation else { return };
    let mut ordered = Map::new();
    for name in ORDER {
        if let Some(member) = members.shift_remove(name).filter(|member| !member.is_null()) {
            ordered.insert(name.to_owned(), member);
        }
    }
    members.sort_keys();
    members.retain(|_, member| !member.is_null());
    ordered.append(members);
    *members = ordered;
}

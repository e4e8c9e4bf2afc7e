//! The shared parts of the document: headers, header parameters, an example per problem code, and how one logs in.

use serde_json::{Map, Value, json};

use super::complete::Used;
use crate::api::problem::ProblemCode;
use crate::domain::access::Scope;
use crate::domain::localized::Locale;

/// `components`, with only those headers, parameters, examples and responses that are referred to.
pub(super) fn components(mut schemas: Value, used: Used) -> Value {
    let examples: Map<String, Value> = used
        .codes
        .iter()
        .map(|code| (code.as_str().to_owned(), example(*code)))
        .collect();
    let headers: Map<String, Value> = used
        .headers
        .iter()
        .map(|name| ((*name).to_owned(), header(name)))
        .collect();
    let parameters: Map<String, Value> = used
        .parameters
        .iter()
        .map(|name| ((*name).to_owned(), parameter(name)))
        .collect();
    open_problem(&mut schemas["Problem"]);
    json!({
        "securitySchemes": security_schemes(),
        "parameters": parameters,
        "headers": headers,
        "responses": used.responses.into_iter().collect::<Map<_, _>>(),
        "examples": examples,
        "schemas": schemas,
    })
}

/// Problems carry members of their code; the ones a client may want to read are named, others may join.
fn open_problem(schema: &mut Value) {
    let members = [
        (
            "required_scopes",
            json!({"type": "array", "items": {"type": "string", "maxLength": 64}, "maxItems": 50,
            "description": "With `insufficient_scope`: what is needed.", "example": ["subscriptions:write"]}),
        ),
        (
            "current_etag",
            json!({"type": "string", "maxLength": 100,
            "description": "With `precondition_failed`: the object's present entity tag.", "example": "\"cus-8\""}),
        ),
        (
            "retry_after_seconds",
            json!({"type": "integer", "format": "int32", "minimum": 1, "maximum": 86400,
            "description": "With `rate_limited`: when the next attempt may succeed.", "example": 12}),
        ),
        (
            "preview",
            json!({"$ref": "#/components/schemas/Preview",
            "description": "With `preview_stale`: the fresh preview, as the preview of the command answers it."}),
        ),
        (
            "slots",
            json!({"type": "array", "maxItems": 10_000, "items": {"type": "object", "additionalProperties": true},
            "description": "With `slots_occupied`: what must be released first, by `id`, `subscription_id`, `kind`, `target`, `name` and `url`.",
            "example": [{"id": "slt_01k9w3x8kqf0wvm2n6c1c9t7xh", "subscription_id": "sub_01k9w3x8kqf0wvm2n6c1c9t7xh", "kind": "presence", "target": "blog", "name": "Mein Blog", "url": null}]}),
        ),
        (
            "error",
            json!({"type": "string", "maxLength": 64,
            "description": "At the token endpoint: the code of RFC 6749.", "example": "invalid_grant"}),
        ),
        (
            "error_description",
            json!({"type": "string", "maxLength": 500,
            "description": "At the token endpoint: what is wrong, in English.", "example": "The refresh token has been used."}),
        ),
    ];
    for (name, member) in members {
        schema["properties"][name] = member;
    }
    schema["additionalProperties"] = json!(true);
}

fn security_schemes() -> Value {
    let scopes: Map<String, Value> = Scope::ALL
        .into_iter()
        .map(|scope| (scope.as_str().to_owned(), scope.description().into()))
        .collect();
    json!({
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "An access token of `POST /v1/auth/token` or `POST /v1/customers/{customer_id}/sessions` (a JWT signed \
                with EdDSA and checked as RFC8725 recommends; keys at `/.well-known/jwks.json`), or an API key.",
        },
        "login": {
            "type": "oauth2",
            "description": "Log in with user name and password; `client_id` is the short name of the provider.",
            "flows": {"password": {"tokenUrl": "/v1/auth/token", "refreshUrl": "/v1/auth/token", "scopes": scopes}},
        },
    })
}

fn header(name: &str) -> Value {
    let (description, schema) = match name {
        "X-Request-Id" => (
            "Id of the request, yours if you sent one; also in problems, events and logs.",
            json!({"type": "string", "maxLength": 128, "example": "req_01k9w3x8kqf0wvm2n6c1c9t7xh"}),
        ),
        "RateLimit" => (
            "What is left of the limit (`r` requests) and in how many seconds (`t`) it is whole again.",
            json!({"type": "string", "maxLength": 100, "example": "\"token\";r=599;t=1"}),
        ),
        "RateLimit-Policy" => (
            "The limit: `q` requests in `w` seconds.",
            json!({"type": "string", "maxLength": 100, "example": "\"token\";q=600;w=60"}),
        ),
        "Retry-After" => (
            "Seconds after which the next attempt may succeed.",
            json!({"type": "integer", "format": "int32", "minimum": 1, "maximum": 86400, "example": 1}),
        ),
        "WWW-Authenticate" => (
            "How to log in (RFC 6750).",
            json!({"type": "string", "maxLength": 500, "example": "Bearer realm=\"api\""}),
        ),
        "ETag" => (
            "Strong entity tag: version and content of the object.",
            json!({"type": "string", "maxLength": 100, "example": "\"sub-7.0a1b2c3d\""}),
        ),
        "Location" => (
            "Path of what was created.",
            json!({"type": "string", "format": "uri-reference", "maxLength": 500, "example": "/v1/subscriptions/sub_01k9w3x8kqf0wvm2n6c1c9t7xh"}),
        ),
        "Link" => (
            "The next page (`rel=\"next\"`), if there is one.",
            json!({"type": "string", "maxLength": 3000, "example": "</v1/subscriptions?limit=20&cursor=eyJ2IjoxfQ>; rel=\"next\""}),
        ),
        "Idempotent-Replayed" => (
            "`true` when this is the answer to an earlier request with the same `Idempotency-Key`.",
            json!({"type": "string", "enum": ["true"], "example": "true"}),
        ),
        _ => (
            "Language of the texts.",
            json!({"type": "string", "enum": ["de", "en"], "example": "de"}),
        ),
    };
    json!({"description": description, "schema": schema})
}

/// Keeps the example of a parameter that may be absent where it is shown but not filled in. Swagger UI fills in `example`:
/// with one for every filter a list would find nothing, and with a key for every command only the first would be new.
pub(super) fn only_show_example(parameter: &mut Value) {
    if parameter["required"] == true {
        return;
    }
    let Value::Object(members) = parameter else { return };
    let own = members.shift_remove("example");
    let Some(Value::Object(schema)) = members.get_mut("schema") else {
        return;
    };
    let example = own.or(schema.shift_remove("example"));
    schema.shift_remove("example");
    if let Some(example) = example {
        schema.insert("examples".to_owned(), json!([example]));
    }
}

fn parameter(name: &str) -> Value {
    let (description, schema) = match name {
        "Accept-Language" => (
            "Language of the texts: `de` (default) or `en`, with weights.",
            json!({"type": "string", "maxLength": 200, "examples": ["de"]}),
        ),
        "Idempotency-Key" => (
            "Any unique text; repeat a command with the same key when its answer was lost. Quoted or bare.",
            json!({"type": "string", "pattern": "^(\"[A-Za-z0-9._:-]{1,255}\"|[A-Za-z0-9._:-]{1,255})$", "maxLength": 257,
                "examples": ["0c8a4c0e-2f4f-4b7e-9f0b-6a5d1c3e7b21"]}),
        ),
        "If-Match" => (
            "Change the object only while it has this `ETag`.",
            json!({"type": "string", "maxLength": 500, "examples": ["\"cus-7.0a1b2c3d\""]}),
        ),
        _ => (
            "Answer with 304 if the object still has this `ETag`.",
            json!({"type": "string", "maxLength": 500, "examples": ["\"sub-7.0a1b2c3d\""]}),
        ),
    };
    json!({"name": name, "in": "header", "required": false, "description": description, "schema": schema})
}

fn example(code: ProblemCode) -> Value {
    let mut value = json!({
        "type": code.type_uri(),
        "title": code.title(Locale::En),
        "status": code.status().as_u16(),
        "detail": code.explanation(Locale::En),
        "instance": "/v1/subscriptions",
        "code": code.as_str(),
        "request_id": "req_01k9w3x8kqf0wvm2n6c1c9t7xh",
    });
    match code {
        ProblemCode::ValidationFailed => {
            value["errors"] = json!([{"pointer": "/quantity", "code": "out_of_range",
                "detail": "The value must be between 1 and 100.", "params": {"min": 1, "max": 100}}]);
        }
        ProblemCode::UnknownParameter => {
            value["errors"] = json!([{"parameter": "stauts", "in": "query", "code": "unknown_field", "detail": "This parameter is not known."}]);
        }
        ProblemCode::InvalidParameter => {
            value["errors"] = json!([{"parameter": "limit", "in": "query", "code": "out_of_range",
                "detail": "The value must be between 1 and 100.", "params": {"min": 1, "max": 100}}]);
        }
        ProblemCode::InsufficientScope => value["required_scopes"] = json!(["subscriptions:write"]),
        ProblemCode::PreconditionFailed => value["current_etag"] = json!("\"cus-8\""),
        ProblemCode::RateLimited => value["retry_after_seconds"] = json!(12),
        ProblemCode::InvalidGrant | ProblemCode::InvalidClient | ProblemCode::InvalidRequest => {
            value["error"] = json!(code.as_str());
            value["error_description"] = json!(code.explanation(Locale::En));
        }
        _ => {}
    }
    json!({"summary": code.title(Locale::En), "value": value})
}

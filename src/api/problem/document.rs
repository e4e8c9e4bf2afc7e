//! The problem document as it goes over the wire.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{Problem, ProblemContext};
use crate::error::{FieldError, FieldPlace};

/// Members of the standard shape; extension members must not overwrite them.
pub(super) const RESERVED_MEMBERS: [&str; 8] = [
    "type",
    "title",
    "status",
    "detail",
    "instance",
    "code",
    "request_id",
    "errors",
];

/// An error as RFC 9457 describes it. Unknown members are to be ignored: some codes add their own
/// (`required_scopes`, `preview`, `current_etag`, `contact` …).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument {
    /// Address of the page that explains this code, relative to the server.
    #[serde(rename = "type")]
    #[schema(format = "uri-reference", max_length = 200, example = "/problems/validation_failed")]
    pub type_uri: String,
    /// Short title of the code in the caller's language.
    #[schema(max_length = 200, example = "Eingabe unvollständig oder falsch")]
    pub title: String,
    /// The HTTP status.
    #[schema(format = "int32", minimum = 400, maximum = 599, example = 422)]
    pub status: u16,
    /// What happened this time, in the caller's language.
    #[schema(
        max_length = 2000,
        example = "Felder fehlen oder sind falsch; „errors“ nennt sie alle."
    )]
    pub detail: String,
    /// Path of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        format = "uri-reference",
        max_length = 2000,
        example = "/v1/subscriptions"
    )]
    pub instance: Option<String>,
    /// Stable name of the problem; new ones may join.
    #[schema(pattern = "^[a-z_]+$", max_length = 64, example = "validation_failed")]
    pub code: String,
    /// Id of the request, as in the header `X-Request-Id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 128, example = "req_01k9w3x8kqf0wvm2n6c1c9t7xh")]
    pub request_id: Option<String>,
    /// The wrong values of the request, all that could be found at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, max_items = 100)]
    pub errors: Vec<ProblemField>,
    /// Members that belong to the code.
    #[serde(flatten)]
    #[schema(ignore)]
    pub members: Map<String, Value>,
}

/// One wrong value of a request: in the body (`pointer`) or elsewhere (`parameter` and `in`).
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemField {
    /// JSON pointer (RFC 6901) into the request body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 500, example = "/quantity")]
    pub pointer: Option<String>,
    /// Name of the query parameter, path parameter or header.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 100, example = "limit")]
    pub parameter: Option<String>,
    /// Where the parameter stands: `query`, `path` or `header`.
    #[serde(rename = "in", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 10, example = "query")]
    pub location: Option<String>,
    /// Stable name of what is wrong; new ones may join.
    #[schema(pattern = "^[a-z0-9_]+$", max_length = 64, example = "out_of_range")]
    pub code: String,
    /// What is wrong, in the caller's language.
    #[schema(max_length = 2000, example = "Der Wert muss zwischen 1 und 100 liegen.")]
    pub detail: String,
    /// What is needed to mend it, by name (`min`, `max`, `allowed` …).
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object, required = false, example = json!({"min": 1, "max": 100}))]
    pub params: Map<String, Value>,
}

impl ProblemDocument {
    pub(super) fn build(problem: &Problem, context: &ProblemContext) -> Self {
        let locale = context.locale;
        let facts = &problem.0;
        let detail = match &facts.detail {
            Some(text) => text.get(locale),
            None => facts.code.explanation(locale),
        };
        Self {
            type_uri: facts.code.type_uri(),
            title: facts.code.title(locale).to_owned(),
            status: facts.code.status().as_u16(),
            detail: detail.to_owned(),
            instance: context.instance.clone(),
            code: facts.code.as_str().to_owned(),
            request_id: context.request_id.clone(),
            errors: facts
                .errors
                .iter()
                .take(100)
                .map(|error| ProblemField::build(error, context))
                .collect(),
            members: facts.members.clone(),
        }
    }
}

impl ProblemField {
    fn build(error: &FieldError, context: &ProblemContext) -> Self {
        let (pointer, parameter, location) = match &error.place {
            FieldPlace::Pointer(pointer) => (Some(pointer.clone()), None, None),
            FieldPlace::Query(name) => (None, Some(name.clone()), Some("query")),
            FieldPlace::Path(name) => (None, Some(name.clone()), Some("path")),
            FieldPlace::Header(name) => (None, Some(name.clone()), Some("header")),
        };
        Self {
            pointer,
            parameter,
            location: location.map(str::to_owned),
            code: error.code.to_owned(),
            detail: error.detail.get(context.locale).to_owned(),
            params: error.params.clone(),
        }
    }
}

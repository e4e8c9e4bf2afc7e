//! Tests driven from the OpenAPI document: what it promises of every operation is tried on every operation.

mod access;
mod codes;
mod hostile;
mod matrix;

pub use codes::api_key;

use serde_json::Value;
use vertragswerk::api::openapi::document;

/// One operation of the document.
pub struct Operation {
    pub method: reqwest::Method,
    pub path: String,
    pub content: &'static Value,
}

/// Every operation of the document.
pub fn operations() -> Vec<Operation> {
    let mut operations = Vec::new();
    for (path, item) in document()["paths"].as_object().expect("paths") {
        for (method, content) in item.as_object().expect("a path item") {
            let method = method.to_uppercase().parse().expect("a method");
            operations.push(Operation {
                method,
                path: path.clone(),
                content,
            });
        }
    }
    operations
}

impl Operation {
    /// Whether it is answered without login.
    pub fn is_open(&self) -> bool {
        let security = self.content["security"].as_array();
        security.is_some_and(|list| {
            list.iter()
                .all(|one| one.as_object().is_some_and(serde_json::Map::is_empty))
        })
    }

    /// A body the document itself gives as an example.
    pub fn example_body(&self) -> Option<(String, Value)> {
        let (media_type, media) = self.content["requestBody"]["content"].as_object()?.iter().next()?;
        let own = media["examples"]
            .as_object()
            .and_then(|examples| examples.values().next())
            .map(|one| one["value"].clone());
        let example = own
            .or_else(|| media.get("example").cloned())
            .unwrap_or_else(|| example_of(&media["schema"]));
        Some((media_type.clone(), example))
    }
}

/// An instance of a schema, put together from the examples in it.
fn example_of(schema: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        return example_of(document().pointer(reference.trim_start_matches('#')).expect("a schema"));
    }
    if let Some(example) = schema.get("example").or_else(|| schema["examples"].get(0)) {
        return example.clone();
    }
    for choice in ["oneOf", "allOf", "anyOf"] {
        let options = schema[choice].as_array().into_iter().flatten();
        if let Some(option) = options.into_iter().find(|option| option["type"] != "null") {
            return example_of(option);
        }
    }
    let members = schema["properties"].as_object().into_iter().flatten();
    let required: Vec<&str> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    members
        .filter(|(name, _)| required.contains(&name.as_str()))
        .map(|(name, member)| (name.clone(), example_of(member)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

//! Which operations exist, read from the document: for 404, 405 with `Allow`, and unknown query parameters.

use std::collections::HashSet;

use actix_web::http::Method;
use serde_json::Value;

/// One operation of the document.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Its method.
    pub method: Method,
    /// The path template.
    pub template: String,
    /// The query parameters it knows.
    pub query: HashSet<String>,
    /// Media types it answers with besides JSON.
    pub downloads: Vec<String>,
}

/// All operations by path template.
#[derive(Debug, Clone, Default)]
pub struct RouteTable {
    routes: Vec<(Vec<String>, Vec<Operation>)>,
}

impl RouteTable {
    /// Reads the operations of a document; what serves the document itself joins them.
    pub fn new(document: &Value) -> Self {
        let mut table = Self::default();
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            let operations = item
                .as_object()
                .into_iter()
                .flatten()
                .filter_map(|(method, operation)| {
                    let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes()).ok()?;
                    Some(Operation {
                        method,
                        template: path.clone(),
                        query: query_names(operation),
                        downloads: downloads(operation),
                    })
                });
            table.routes.push((segments(path), operations.collect()));
        }
        table
    }

    /// The operations whose template fits `path`; empty when the path does not exist.
    pub fn find(&self, path: &str) -> Vec<&Operation> {
        let wanted: Vec<&str> = path.split('/').collect();
        let fits = |template: &[String]| {
            template.len() == wanted.len()
                && template.iter().zip(&wanted).all(|(known, sent)| {
                    if known.starts_with('{') {
                        !sent.is_empty()
                    } else {
                        known == sent
                    }
                })
        };
        self.routes
            .iter()
            .filter(|(template, _)| fits(template))
            .flat_map(|(_, operations)| operations)
            .collect()
    }

    /// Every operation.
    pub fn all(&self) -> impl Iterator<Item = &Operation> {
        self.routes.iter().flat_map(|(_, operations)| operations)
    }
}

fn downloads(operation: &Value) -> Vec<String> {
    let content = operation["responses"]["200"]["content"].as_object();
    let media_types = content.into_iter().flat_map(|content| content.keys());
    media_types
        .filter(|media_type| *media_type != "application/json")
        .cloned()
        .collect()
}

fn segments(path: &str) -> Vec<String> {
    path.split('/').map(str::to_owned).collect()
}

fn query_names(operation: &Value) -> HashSet<String> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let in_query = parameters.filter(|parameter| parameter["in"] == "query");
    in_query
        .filter_map(|parameter| parameter["name"].as_str().map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_fit_their_templates() {
        let table = RouteTable::new(&json!({"paths": {
            "/v1/a": {"get": {"parameters": [{"name": "limit", "in": "query"}, {"name": "X", "in": "header"}]}, "post": {}},
            "/v1/a/{id}": {"get": {}},
            "/v1/a/preview": {"post": {}},
        }}));
        let methods = |path: &str| -> Vec<String> {
            table
                .find(path)
                .iter()
                .map(|operation| operation.method.to_string())
                .collect()
        };
        assert_eq!(methods("/v1/a"), ["GET", "POST"]);
        assert_eq!(methods("/v1/a/1"), ["GET"]);
        assert_eq!(methods("/v1/a/preview"), ["GET", "POST"]);
        for path in ["/v1", "/v1/a/", "/v1/a/1/2", "/v1/b", ""] {
            assert!(methods(path).is_empty(), "{path}");
        }
        assert!(table.find("/v1/a")[0].query.contains("limit") && table.find("/v1/a")[0].query.len() == 1);
        assert_eq!(table.all().count(), 4);
    }
}

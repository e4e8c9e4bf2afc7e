//! Reads `tests/vectors`: requests to the calculators and the exact answers, for the table tests of this floor.

use serde_json::Value;
use time::{Date, OffsetDateTime, format_description::well_known::Rfc3339};

use super::calendar::parse_date;

/// One request and its answer.
pub struct Case {
    /// For example `NP-002`.
    pub id: String,
    /// The request body.
    pub request: Value,
    /// The fields the answer must have at least.
    pub response: Value,
}

/// The cases of one file.
pub fn cases(file: &str) -> Vec<Case> {
    let document: Value = serde_json::from_str(file).expect("a vector file is JSON");
    let cases: Vec<Case> = document["cases"]
        .as_array()
        .expect("cases")
        .iter()
        .map(|case| Case {
            id: case["id"].as_str().expect("id").to_owned(),
            request: case["request"].clone(),
            response: case["response"].clone(),
        })
        .collect();
    assert!(!cases.is_empty());
    cases
}

/// A date member; `None` if it is missing or null.
pub fn date(object: &Value, name: &str) -> Option<Date> {
    object[name].as_str().map(|text| parse_date(text).expect("a date"))
}

/// An instant member; `None` if it is missing or null.
pub fn instant(object: &Value, name: &str) -> Option<OffsetDateTime> {
    object[name]
        .as_str()
        .map(|text| OffsetDateTime::parse(text, &Rfc3339).expect("an instant"))
}

/// A member as the type that reads it in production.
pub fn read<T: serde::de::DeserializeOwned>(object: &Value, name: &str) -> T {
    serde_json::from_value(object[name].clone()).expect("a well-formed member")
}

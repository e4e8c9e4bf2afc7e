//! Content hashes: whether two catalogues, plans or documents say the same, however their files are laid out.

use serde::Serialize;
use serde_json::Value;

use super::{Catalogue, Plan};
use crate::domain::digest::sha256;

/// SHA-256 over the canonical JSON of a catalogue, in lower-case hexadecimal. White space, the order of members and
/// defaults left out do not count; the order of lists does.
pub fn content_hash(catalogue: &Catalogue) -> String {
    hash_of(catalogue)
}

/// SHA-256 over the canonical JSON of a plan: equal hashes mean that no new plan version is needed.
pub fn plan_content_hash(plan: &Plan) -> String {
    hash_of(plan)
}

/// Compact JSON with the members of every object in the byte order of their names.
pub fn canonical_json(value: &Value) -> String {
    sorted(value).to_string()
}

fn hash_of<T: Serialize>(content: &T) -> String {
    // The catalogue's types have string keys and no floats: they always have a JSON form.
    let value = serde_json::to_value(content).unwrap_or_default();
    sha256(canonical_json(&value).as_bytes())
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut names: Vec<&String> = members.keys().collect();
            names.sort();
            names
                .into_iter()
                .map(|name| (name.clone(), sorted(&members[name])))
                .collect()
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::catalogue::parse::example;

    #[test]
    fn canonical_json_sorts_members_at_every_depth_and_keeps_lists() {
        let value = json!({"b": [{"d": 1, "c": "ü"}, 0], "a": null});
        assert_eq!(canonical_json(&value), r#"{"a":null,"b":[{"c":"ü","d":1},0]}"#);
    }

    #[test]
    fn the_hash_changes_with_the_content_only() {
        let catalogue = example();
        let again: Catalogue =
            serde_json::from_value(serde_json::to_value(&catalogue).expect("json")).expect("catalogue");
        assert_eq!(content_hash(&catalogue), content_hash(&again));
        let mut dearer = catalogue.clone();
        dearer.plans[0].prices[0].amount.ten_thousandths += 100;
        assert_ne!(content_hash(&catalogue), content_hash(&dearer));
        assert_ne!(
            plan_content_hash(&catalogue.plans[0]),
            plan_content_hash(&dearer.plans[0])
        );
        assert_eq!(
            plan_content_hash(&catalogue.plans[1]),
            plan_content_hash(&dearer.plans[1])
        );
    }
}

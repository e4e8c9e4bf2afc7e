//! Turns what serde reports into field errors with stable codes and texts in both languages.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use validator::Validate;

use super::rules;
use crate::domain::localized::LocalizedText;
use crate::error::{FieldError, FieldPlace};

/// How many wrong values of one request are looked for.
const MAX_FAULTS: usize = 20;

/// One fault as serde reports it.
pub(super) struct Fault {
    pub code: &'static str,
    pub detail: LocalizedText,
    pub params: Map<String, Value>,
    /// The missing member, which the path does not name.
    pub member: Option<String>,
}

impl Fault {
    pub fn at(self, place: FieldPlace) -> FieldError {
        FieldError {
            place,
            code: self.code,
            detail: self.detail,
            params: self.params,
        }
    }
}

/// Reads serde's message. The values in it are not repeated: they may be secrets.
pub(super) fn fault(message: &str) -> Fault {
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let mut params = Map::new();
    let mut member = None;
    let (code, de, en) = if message.starts_with("unknown field") {
        (
            "unknown_field",
            "Dieses Feld ist nicht vorgesehen.".to_owned(),
            "This field is not known.".to_owned(),
        )
    } else if message.starts_with("missing field") {
        member = quoted.first().map(|name| (*name).to_owned());
        (
            "required",
            "Dieses Feld muss angegeben werden.".to_owned(),
            "This field is required.".to_owned(),
        )
    } else if message.starts_with("duplicate field") {
        (
            "duplicate",
            "Der Wert ist mehrfach angegeben.".to_owned(),
            "The value is given more than once.".to_owned(),
        )
    } else if message.starts_with("unknown variant") {
        let allowed: Vec<&str> = quoted.into_iter().skip(1).collect();
        let list = allowed.join(", ");
        params.insert("allowed".to_owned(), allowed.into());
        (
            "invalid_choice",
            format!("Zulässig sind: {list}."),
            format!("Allowed are: {list}."),
        )
    } else if message.starts_with("invalid type") {
        (
            "invalid_type",
            "Der Wert hat den falschen Typ.".to_owned(),
            "The value has the wrong type.".to_owned(),
        )
    } else {
        (
            "invalid_format",
            "Der Wert hat nicht die verlangte Form.".to_owned(),
            "The value is not well-formed.".to_owned(),
        )
    };
    if let Some(expected) = message
        .rsplit_once(", expected ")
        .and_then(|(_, words)| json_type(words))
    {
        params.entry("expected").or_insert_with(|| expected.into());
    }
    Fault {
        code,
        detail: LocalizedText { de, en },
        params,
        member,
    }
}

/// The JSON type serde's words mean; `None` where they speak of Rust.
fn json_type(words: &str) -> Option<&'static str> {
    match words.split(" at line ").next()? {
        "a string" | "string or map" | "a borrowed string" => Some("string"),
        "a boolean" => Some("boolean"),
        "a sequence" => Some("array"),
        "an object" | "a map" => Some("object"),
        "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" => Some("integer"),
        words if words.starts_with("struct ") => Some("object"),
        _ => None,
    }
}

/// Reads `value` as a `T` and checks it, collecting as many faults as can be found: a wrong member is noted, left out, and
/// the rest is read again. An object that lacks what was left out of it is left out as well.
/// Reads a value that did not arrive as JSON by the rules of a JSON body; the fields of a page's form, for example.
///
/// # Errors
/// Everything that is wrong, by JSON pointer.
pub fn checked<T: DeserializeOwned + Validate>(value: Value) -> Result<T, Vec<FieldError>> {
    read(value)
}

pub(super) fn read<T: DeserializeOwned + Validate>(mut value: Value) -> Result<T, Vec<FieldError>> {
    if !value.is_object() {
        // Serde would read an array as the members of a struct, one after the other.
        return Err(vec![
            fault("invalid type: value, expected an object").at(FieldPlace::Pointer(String::new())),
        ]);
    }
    let mut errors: Vec<FieldError> = Vec::new();
    let mut left_out: Vec<String> = Vec::new();
    loop {
        let error = match serde_path_to_error::deserialize::<_, T>(value.clone()) {
            Ok(read) if errors.is_empty() => {
                return read.validate().map(|()| read).map_err(|faults| rules::broken(&faults));
            }
            Ok(_) => return Err(errors),
            Err(error) => error,
        };
        let mut pointer = pointer(error.path());
        let fault = fault(&error.inner().to_string());
        if let Some(member) = &fault.member {
            push(&mut pointer, member);
        }
        if left_out.contains(&pointer) {
            pointer.truncate(pointer.rfind('/').unwrap_or(0));
        } else {
            errors.push(fault.at(FieldPlace::Pointer(pointer.clone())));
        }
        if errors.len() == MAX_FAULTS || !remove(&mut value, &pointer) {
            return Err(errors);
        }
        left_out.push(pointer);
    }
}

/// Takes the member at `pointer` out of its object; elements of arrays stay, or the later ones would change their index.
fn remove(value: &mut Value, pointer: &str) -> bool {
    let Some((parent, name)) = pointer.rsplit_once('/') else {
        return false;
    };
    let name = name.replace("~1", "/").replace("~0", "~");
    match value.pointer_mut(parent) {
        Some(Value::Object(members)) => members.shift_remove(&name).is_some(),
        _ => false,
    }
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            serde_path_to_error::Segment::Seq { index } => push(&mut pointer, &index.to_string()),
            serde_path_to_error::Segment::Map { key } => push(&mut pointer, key),
            serde_path_to_error::Segment::Enum { .. } | serde_path_to_error::Segment::Unknown => {}
        }
    }
    pointer
}

pub(super) fn push(pointer: &mut String, name: &str) {
    pointer.push('/');
    pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::super::rules::place_text;
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Colour {
        Red,
        Green,
    }

    #[derive(Debug, Deserialize, Validate)]
    #[serde(deny_unknown_fields)]
    struct Item {
        #[validate(length(min = 1, max = 3))]
        name: String,
        #[validate(range(min = 1, max = 5))]
        count: u32,
        colour: Option<Colour>,
    }

    #[derive(Debug, Deserialize, Validate)]
    #[serde(deny_unknown_fields)]
    struct Order {
        #[validate(nested)]
        items: Vec<Item>,
        note: Option<String>,
        total: Option<i64>,
    }

    #[derive(Debug, Deserialize, Validate)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only refused in the test")]
    struct Parcel {
        #[validate(nested)]
        item: Item,
        note: String,
        total: i64,
    }

    fn faults(value: Value) -> Vec<(String, &'static str)> {
        match read::<Order>(value) {
            Ok(order) => panic!("accepted {order:?}"),
            Err(errors) => errors
                .iter()
                .map(|error| (place_text(error).to_owned(), error.code))
                .collect(),
        }
    }

    fn pairs(list: &[(&str, &'static str)]) -> Vec<(String, &'static str)> {
        list.iter()
            .map(|(pointer, code)| ((*pointer).to_owned(), *code))
            .collect()
    }

    #[test]
    fn every_wrong_member_is_named_at_once() {
        let value = json!({"a/b": 1, "items": [], "note": 5, "total": "x", "more": {}});
        assert_eq!(
            faults(value),
            pairs(&[
                ("/a~1b", "unknown_field"),
                ("/note", "invalid_type"),
                ("/total", "invalid_type"),
                ("/more", "unknown_field")
            ])
        );
    }

    #[test]
    fn members_inside_lists_are_named_with_their_index() {
        assert_eq!(
            faults(json!({"items": [{"name": "a", "count": 1}, {"name": "b"}]})),
            pairs(&[("/items/1/count", "required")])
        );
        assert_eq!(
            faults(json!({"items": [{"name": "a", "count": 1, "x": 1}]})),
            pairs(&[("/items/0/x", "unknown_field")])
        );
        assert_eq!(
            faults(json!({"items": [{"name": "a", "count": 1, "colour": "blue"}]})),
            pairs(&[("/items/0/colour", "invalid_choice")])
        );
        assert_eq!(faults(json!([])), pairs(&[("", "invalid_type")]));
        assert_eq!(faults(json!({})), pairs(&[("/items", "required")]));
    }

    #[test]
    fn a_wrong_member_deep_inside_does_not_hide_those_outside() {
        let value = json!({"item": {"name": 1, "count": "x", "colour": 2}, "note": 5, "total": 1.5});
        let found: Vec<_> = match read::<Parcel>(value) {
            Ok(parcel) => panic!("accepted {parcel:?}"),
            Err(errors) => errors.iter().map(|error| place_text(error).to_owned()).collect(),
        };
        assert_eq!(found, ["/item/name", "/item/count", "/item/colour", "/note", "/total"]);
    }

    #[test]
    fn broken_rules_are_named_without_the_rejected_value() {
        let value = json!({"items": [{"name": "secret", "count": 0}, {"name": "", "count": 6}]});
        let errors = read::<Order>(value).expect_err("broken rules");
        let named: Vec<_> = errors.iter().map(|error| (place_text(error), error.code)).collect();
        assert_eq!(
            named,
            [
                ("/items/0/count", "out_of_range"),
                ("/items/0/name", "invalid_length"),
                ("/items/1/count", "out_of_range"),
                ("/items/1/name", "invalid_length")
            ]
        );
        assert!(!format!("{errors:?}").contains("secret"));
        assert_eq!(errors[0].detail.en, "The value must be between 1 and 5.");
    }

    #[test]
    fn a_choice_lists_what_is_allowed() {
        let errors =
            read::<Order>(json!({"items": [{"name": "a", "count": 1, "colour": "blue"}]})).expect_err("no colour");
        assert_eq!(errors[0].params["allowed"], json!(["red", "green"]));
        let errors = read::<Order>(json!({"items": 1})).expect_err("no list");
        assert_eq!(
            errors[0].params["expected"], "array",
            "said in JSON's words, not in Rust's"
        );
        let read =
            read::<Order>(json!({"items": [{"name": "a", "count": 1, "colour": "red"}], "note": "n", "total": 1}));
        let order = read.expect("a good order");
        assert!(matches!(order.items[0].colour, Some(Colour::Red)));
        assert_eq!((order.items[0].name.as_str(), order.items[0].count), ("a", 1));
        assert_eq!((order.note.as_deref(), order.total), (Some("n"), Some(1)));
        assert!(matches!(serde_json::from_str::<Colour>("\"green\""), Ok(Colour::Green)));
    }
}

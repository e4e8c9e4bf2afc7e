//! Turns the rules the validator finds broken into field errors with stable codes and texts in both languages.

use serde_json::{Map, Value};
use validator::{ValidationError, ValidationErrors, ValidationErrorsKind};

use super::faults::push;
use crate::domain::localized::LocalizedText;
use crate::error::{FieldError, FieldPlace};

/// The validator's findings by JSON pointer, in a stable order.
pub(super) fn broken(faults: &ValidationErrors) -> Vec<FieldError> {
    let mut errors = Vec::new();
    collect(faults, "", &mut errors);
    errors.sort_by(|left, right| place_text(left).cmp(place_text(right)).then(left.code.cmp(right.code)));
    errors
}

pub(super) fn place_text(error: &FieldError) -> &str {
    match &error.place {
        FieldPlace::Pointer(text) | FieldPlace::Query(text) | FieldPlace::Path(text) | FieldPlace::Header(text) => text,
    }
}

fn collect(faults: &ValidationErrors, parent: &str, errors: &mut Vec<FieldError>) {
    for (name, kind) in faults.errors() {
        let mut pointer = parent.to_owned();
        if name != "__all__" {
            // A field named by a keyword of Rust.
            push(&mut pointer, name.strip_prefix("r#").unwrap_or(name));
        }
        match kind {
            ValidationErrorsKind::Struct(inner) => collect(inner, &pointer, errors),
            ValidationErrorsKind::List(items) => {
                for (index, inner) in items {
                    collect(inner, &format!("{pointer}/{index}"), errors);
                }
            }
            ValidationErrorsKind::Field(list) => {
                errors.extend(
                    list.iter()
                        .map(|error| rule(error, FieldPlace::Pointer(pointer.clone()))),
                );
            }
        }
    }
}

/// One broken rule. The rejected value itself is dropped: it may be a secret.
fn rule(error: &ValidationError, place: FieldPlace) -> FieldError {
    let params: Map<String, Value> = error
        .params
        .iter()
        .filter(|(name, value)| name.as_ref() != "value" && !value.is_null())
        .map(|(name, value)| (name.to_string(), value.clone()))
        .collect();
    let bound = |name: &str| params.get(name).map(Value::to_string);
    let (code, de, en) = match error.code.as_ref() {
        "length" => {
            let (de, en) = range_text(bound("min"), bound("max"), ("Die Länge muss", "The length must be"));
            ("invalid_length", de, en)
        }
        "range" => {
            let (de, en) = range_text(bound("min"), bound("max"), ("Der Wert muss", "The value must be"));
            ("out_of_range", de, en)
        }
        "email" => (
            "invalid_email",
            "Das ist keine E-Mail-Adresse.".to_owned(),
            "This is not an e-mail address.".to_owned(),
        ),
        "url" => (
            "invalid_url",
            "Das ist keine Internetadresse.".to_owned(),
            "This is not a web address.".to_owned(),
        ),
        "regex" => (
            "invalid_format",
            "Der Wert hat nicht die verlangte Form.".to_owned(),
            "The value is not well-formed.".to_owned(),
        ),
        _ => (
            custom_code(error),
            "Der Wert ist nicht zulässig.".to_owned(),
            "The value is not allowed.".to_owned(),
        ),
    };
    FieldError {
        place,
        code,
        detail: LocalizedText { de, en },
        params,
    }
}

fn custom_code(error: &ValidationError) -> &'static str {
    match error.code {
        std::borrow::Cow::Borrowed(code) => code,
        std::borrow::Cow::Owned(_) => "invalid",
    }
}

fn range_text(min: Option<String>, max: Option<String>, (de, en): (&str, &str)) -> (String, String) {
    match (min, max) {
        (Some(min), Some(max)) => (
            format!("{de} zwischen {min} und {max} liegen."),
            format!("{en} between {min} and {max}."),
        ),
        (Some(min), None) => (format!("{de} mindestens {min} sein."), format!("{en} at least {min}.")),
        (None, Some(max)) => (format!("{de} höchstens {max} sein."), format!("{en} at most {max}.")),
        (None, None) => (format!("{de} anders sein."), format!("{en} different.")),
    }
}

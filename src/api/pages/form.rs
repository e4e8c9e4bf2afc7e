//! From the fields of a form to a declaration, by the same checks as a JSON body.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use validator::Validate;

use super::texts::words;
use crate::api::extract::checked;
use crate::domain::calendar::read_date;
use crate::domain::declaration::{DeclarationContent, DeclarationKind, Field, FieldKind, Function};
use crate::domain::localized::Locale;
use crate::error::{FieldError, FieldPlace};
use crate::mail::is_address;

use crate::api::declarations::{PublicCancellation, PublicWithdrawal};

/// What was entered, by name of the field.
pub(super) type Entered = BTreeMap<String, String>;

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// Pointer of the field; empty for the form as a whole.
    pub pointer: String,
    /// In words.
    pub text: String,
}

impl Fault {
    /// Something that is wrong with the form as a whole.
    pub fn of_the_form(text: &str) -> Self {
        Self {
            pointer: String::new(),
            text: text.to_owned(),
        }
    }
}

/// Name of a field in the form.
pub(super) fn form_name(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', "_")
}

/// Reads a form body; the first value of a name counts. U+0000, which is no text, reads as U+FFFD. `None` when it
/// is not UTF-8, or holds the bare byte, which no browser sends and no database keeps.
pub(super) fn entered(body: &[u8]) -> Option<Entered> {
    let text = std::str::from_utf8(body).ok().filter(|text| !text.contains('\0'))?;
    let mut fields = Entered::new();
    for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
        // Browsers send line breaks as CR LF.
        fields
            .entry(name.into_owned())
            .or_insert_with(|| value.replace("\r\n", "\n").replace('\0', "\u{fffd}"));
    }
    Some(fields)
}

/// The declaration that was entered.
///
/// # Errors
/// Everything that is wrong, in the order of the fields.
pub(super) fn declaration(
    function: &Function,
    entered: &Entered,
    locale: Locale,
) -> Result<DeclarationContent, Vec<Fault>> {
    let mut faults = missing(function, entered, locale);
    let value = nested(function, entered);
    let outcome = match function.kind {
        DeclarationKind::Cancellation => content::<PublicCancellation>(value),
        DeclarationKind::Withdrawal => content::<PublicWithdrawal>(value),
    };
    faults.extend(missing_reason(entered, locale));
    faults.extend(wrong_addresses(function, entered, locale));
    let content = match outcome {
        Ok(content) => Some(content),
        Err(errors) => {
            let known: Vec<String> = faults.iter().map(|fault| fault.pointer.clone()).collect();
            let others = errors.iter().map(|error| in_words(function, error, locale));
            faults.extend(others.filter(|fault| !known.contains(&fault.pointer)));
            None
        }
    };
    if let Some(Err(violation)) = content.as_ref().map(DeclarationContent::check) {
        faults.push(Fault {
            pointer: violation.pointer.unwrap_or_default(),
            text: violation.detail.get(locale).to_owned(),
        });
    }
    match content {
        Some(content) if faults.is_empty() => Ok(content),
        _ => {
            let place = |fault: &Fault| function.fields.iter().position(|field| field.pointer == fault.pointer);
            faults.sort_by_key(place);
            faults.dedup_by(|left, right| left.pointer == right.pointer);
            Err(faults)
        }
    }
}

fn content<T: DeserializeOwned + Validate + Into<DeclarationContent>>(
    value: Value,
) -> Result<DeclarationContent, Vec<FieldError>> {
    checked::<T>(value).map(Into::into)
}

/// The reason is asked for together with everything else, not once the rest is right.
fn missing_reason(entered: &Entered, locale: Locale) -> Option<Fault> {
    let text = |name: &str| entered.get(name).map_or("", |text| text.trim());
    let is_missing = text("kind") == "extraordinary" && text("reason").is_empty();
    is_missing.then(|| Fault {
        pointer: "/reason".to_owned(),
        text: words(locale).please_fill_in.to_owned(),
    })
}

/// Addresses are looked at whatever else is wrong: a body that cannot be read as a whole is not checked any further.
fn wrong_addresses(function: &Function, entered: &Entered, locale: Locale) -> Vec<Fault> {
    let is_wrong = |field: &&Field| {
        let text = entered.get(&form_name(field.pointer)).map_or("", |text| text.trim());
        field.kind == FieldKind::Email && !text.is_empty() && !is_address(text)
    };
    let wrong = function.fields.iter().filter(is_wrong);
    wrong
        .map(|field| Fault {
            pointer: field.pointer.to_owned(),
            text: words(locale).not_an_email.to_owned(),
        })
        .collect()
}

fn missing(function: &Function, entered: &Entered, locale: Locale) -> Vec<Fault> {
    let blank = |field: &&Field| {
        entered
            .get(&form_name(field.pointer))
            .is_none_or(|text| text.trim().is_empty())
    };
    let required = function.fields.iter().filter(|field| field.required);
    let words = words(locale);
    required
        .filter(blank)
        .map(|field| Fault {
            pointer: field.pointer.to_owned(),
            text: match field.kind {
                FieldKind::Choice => words.please_choose,
                _ => words.please_fill_in,
            }
            .to_owned(),
        })
        .collect()
}

/// The fields as the JSON body of the API would hold them; what was left empty is left out.
fn nested(function: &Function, entered: &Entered) -> Value {
    let mut body = Map::new();
    for field in &function.fields {
        let text = entered.get(&form_name(field.pointer)).map_or("", |text| text.trim());
        if text.is_empty() && !field.required {
            continue;
        }
        let text = match field.kind {
            FieldKind::Date => iso_date(text),
            _ => text.to_owned(),
        };
        let parts: Vec<&str> = field.pointer.trim_start_matches('/').split('/').collect();
        match parts.as_slice() {
            [member] => drop(body.insert((*member).to_owned(), text.into())),
            [parent, member] => {
                let parent = body
                    .entry((*parent).to_owned())
                    .or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(members) = parent {
                    members.insert((*member).to_owned(), text.into());
                }
            }
            _ => {}
        }
    }
    Value::Object(body)
}

/// A date as a person may write it where the browser offers no calendar: `31.12.2026`.
fn iso_date(text: &str) -> String {
    let parts: Vec<&str> = text.split('.').map(str::trim).collect();
    if let [day, month, year] = parts.as_slice() {
        let iso = format!("{year:0>4}-{month:0>2}-{day:0>2}");
        if read_date(&iso).is_some() {
            return iso;
        }
    }
    text.to_owned()
}

fn in_words(function: &Function, error: &FieldError, locale: Locale) -> Fault {
    let FieldPlace::Pointer(pointer) = &error.place else {
        return Fault::of_the_form(error.detail.get(locale));
    };
    let words = words(locale);
    let kind = function
        .fields
        .iter()
        .find(|field| field.pointer == pointer)
        .map(|field| field.kind);
    let text = match (kind, error.code) {
        (Some(FieldKind::Date), _) => words.not_a_date,
        (Some(FieldKind::Email), "invalid_email") => words.not_an_email,
        (Some(FieldKind::Choice), _) => words.please_choose,
        (Some(_), "invalid_length") => words.too_long,
        _ => error.detail.get(locale),
    };
    Fault {
        pointer: pointer.clone(),
        text: text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::declaration::function;

    fn cancellation(body: &str) -> Result<DeclarationContent, Vec<Fault>> {
        let entered = entered(body.as_bytes()).expect("a form");
        declaration(&function(DeclarationKind::Cancellation), &entered, Locale::De)
    }

    #[test]
    fn a_filled_form_is_a_declaration() {
        let content = cancellation(
            "kind=ordinary&identity_name=Erika+Mustermann&identity_address=Weg+1%0D%0ABerlin&contract=ABCD2345&wish_on=31.12.2026\
             &confirmation_email=e%40example.com&reason=&unknown=1",
        )
        .expect("complete");
        let DeclarationContent::Cancellation(declared) = content else {
            panic!("a cancellation");
        };
        assert_eq!(declared.identity.address.as_deref(), Some("Weg 1\nBerlin"));
        assert_eq!(declared.wish_on, read_date("2026-12-31"));
        assert_eq!(declared.reason, None);
    }

    #[test]
    fn everything_that_is_wrong_is_said_once_in_the_order_of_the_fields() {
        let pointers = |body: &str| -> Vec<String> {
            let faults = cancellation(body).expect_err("incomplete");
            assert!(faults.iter().all(|fault| !fault.text.is_empty()));
            faults.into_iter().map(|fault| fault.pointer).collect()
        };
        assert_eq!(
            pointers(""),
            ["/kind", "/identity/name", "/contract", "/confirmation_email"]
        );
        assert_eq!(
            pointers("kind=sudden&identity_name=E&contract=x&wish_on=soon&confirmation_email=a"),
            ["/kind", "/wish_on", "/confirmation_email"]
        );
        assert_eq!(
            pointers("kind=extraordinary&identity_name=E&contract=x&confirmation_email=a%40example.com"),
            ["/reason"]
        );
        assert_eq!(
            pointers("kind=extraordinary&identity_name=E&contract=&confirmation_email=a"),
            ["/reason", "/contract", "/confirmation_email"]
        );
        let long = format!(
            "kind=ordinary&identity_name={}&contract=x&confirmation_email=a%40example.com",
            "x".repeat(201)
        );
        assert_eq!(pointers(&long), ["/identity/name"]);
        let read = entered(b"a=%00").expect("text");
        assert_eq!(read["a"], "\u{fffd}");
        assert_eq!(entered(b"a=\0"), None);
        assert_eq!(entered(b"a=\xff"), None);
    }
}

//! Reading a catalogue so that every fault of its structure is named, not only the first.
//!
//! The reader stops at the first fault. So the fault is noted, the spot is repaired with the corresponding part of a
//! complete example, and reading begins again, until nothing is left to repair. The repaired catalogue is never used;
//! it only lets the rest of the document be checked in the same run.

use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use super::{
    Catalogue, Fault, check,
    fault::{Faults, escape},
};

/// A small complete catalogue: every list has an entry and every option a value, so it can stand in for anything.
const EXAMPLE: &str = include_str!("example.json");

/// Documents with more faults than this are not worth reading on; each fault costs one reading.
const MOST_FAULTS: usize = 200;

/// Faults that depend on more than the entry in which they stand.
const RELATIONS: [&str; 6] = [
    "reference_unknown",
    "slots_missing",
    "key_duplicate",
    "add_on_customer_types_disjoint",
    "currency_mixed",
    "withdrawal_instruction_missing",
];

/// Reads and checks a catalogue. On failure every fault is named, by JSON pointer.
pub fn parse(text: &str) -> Result<Catalogue, Vec<Fault>> {
    let mut faults = Faults::default();
    let mut value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => {
            faults.add(
                "",
                "json_malformed",
                format!(
                    "Die Datei ist kein gültiges JSON (Zeile {}, Spalte {}).",
                    error.line(),
                    error.column()
                ),
                format!("The file is not valid JSON: {error}."),
            );
            return Err(faults.into_vec());
        }
    };
    // The text itself is read once, because members that stand twice are no longer visible in `value`.
    let direct = serde_path_to_error::deserialize::<_, Catalogue>(&mut serde_json::Deserializer::from_str(text));
    if let Ok(catalogue) = direct {
        let found = check(&catalogue);
        return if found.is_empty() { Ok(catalogue) } else { Err(found) };
    }
    let mut broken = Vec::new();
    if let Err(error) = direct
        && let Some(name) = name_after(&error.inner().to_string(), "duplicate field `")
    {
        let mut path = segments(error.path());
        path.push(name.to_owned());
        let pointer = pointer_to(&path);
        faults.add(
            pointer.clone(),
            "member_duplicate",
            format!("Das Feld „{name}“ steht doppelt im selben Objekt."),
            format!("The member `{name}` stands twice in the same object."),
        );
        broken.push(pointer);
    }
    let readable = repair(&mut value, &mut faults, &mut broken);
    let mut found = faults.into_vec();
    if found.is_empty() {
        found.push(unreadable());
    }
    if let Some(catalogue) = readable {
        found.extend(
            check(&catalogue)
                .into_iter()
                .filter(|fault| !follows_from(fault, &broken)),
        );
    }
    Err(found)
}

/// Reads `value`, noting and repairing fault after fault; `None` when there are too many.
fn repair(value: &mut Value, faults: &mut Faults, broken: &mut Vec<String>) -> Option<Catalogue> {
    let example: Value = serde_json::from_str(EXAMPLE).ok()?;
    for _ in 0..MOST_FAULTS {
        let error = match serde_path_to_error::deserialize::<_, Catalogue>(&*value) {
            Ok(catalogue) => return Some(catalogue),
            Err(error) => error,
        };
        let mut path = segments(error.path());
        let message = error.inner().to_string();
        let (code, de) = if let Some(name) = name_after(&message, "missing field `") {
            path.push(name.to_owned());
            ("member_missing", format!("Das Feld „{name}“ fehlt."))
        } else if let Some(name) = name_after(&message, "unknown field `") {
            if path.last().is_none_or(|last| last != name) {
                path.push(name.to_owned());
            }
            ("member_unknown", format!("Ein Feld „{name}“ gibt es hier nicht."))
        } else {
            ("value_invalid", "Der Wert ist hier nicht zulässig.".to_owned())
        };
        // A spot that is still wrong after its repair is replaced together with what surrounds it.
        while broken.contains(&pointer_to(&path)) && !path.is_empty() {
            path.pop();
        }
        let pointer = pointer_to(&path);
        if !broken.iter().any(|earlier| within(earlier, &pointer)) {
            faults.add(pointer.clone(), code, de, capitalised(&message));
        }
        broken.push(pointer);
        if code == "member_unknown" {
            remove(value, &path)
        } else {
            replace(value, &path, &example)
        }
    }
    None
}

/// Should the text and its JSON value ever be judged differently, the catalogue is refused all the same.
fn unreadable() -> Fault {
    let mut faults = Faults::default();
    faults.add(
        "",
        "value_invalid",
        "Der Katalog kann nicht gelesen werden.",
        "The catalogue cannot be read.",
    );
    faults.into_vec().remove(0)
}

/// The path as plain member names and indexes.
fn segments(path: &Path) -> Vec<String> {
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(index.to_string()),
            Segment::Map { key } => Some(key.clone()),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

fn pointer_to(path: &[String]) -> String {
    path.iter().map(|segment| format!("/{}", escape(segment))).collect()
}

fn name_after<'a>(message: &'a str, start: &str) -> Option<&'a str> {
    message.strip_prefix(start)?.split('`').next()
}

fn capitalised(message: &str) -> String {
    let mut characters = message.chars();
    characters
        .next()
        .map(|first| first.to_uppercase().chain(characters).collect())
        .unwrap_or_default()
}

fn remove(value: &mut Value, path: &[String]) {
    let Some((name, parents)) = path.split_last() else {
        return;
    };
    if let Some(Value::Object(members)) = value.pointer_mut(&pointer_to(parents)) {
        members.shift_remove(name);
    }
}

/// Puts the corresponding part of the example at `path`; lists in the example correspond by their first entry.
fn replace(value: &mut Value, path: &[String], example: &Value) {
    let mut part = example;
    for segment in path {
        let inner = match part {
            Value::Array(items) => items.first(),
            Value::Object(members) => members.get(segment),
            _ => None,
        };
        let Some(inner) = inner else { break };
        part = inner;
    }
    let Some((name, parents)) = path.split_last() else {
        *value = part.clone();
        return;
    };
    match value.pointer_mut(&pointer_to(parents)) {
        Some(Value::Object(members)) => {
            members.insert(name.clone(), part.clone());
        }
        Some(Value::Array(items)) => {
            if let Some(item) = name.parse().ok().and_then(|index: usize| items.get_mut(index)) {
                *item = part.clone();
            }
        }
        _ => *value = example.clone(),
    }
}

/// Whether `inner` points to `outer` or into it.
fn within(inner: &str, outer: &str) -> bool {
    inner
        .strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a fault of the repaired catalogue may come from the repair: it lies in an entry that could not be read, or is
/// about how entries fit together, one of which could not be read.
fn follows_from(fault: &Fault, broken: &[String]) -> bool {
    let entry = |pointer: &str| pointer.split('/').take(3).collect::<Vec<_>>().join("/");
    let refers = fault.pointer.starts_with("/transitions/") || RELATIONS.contains(&fault.code);
    broken.iter().any(|pointer| within(&fault.pointer, &entry(pointer)))
        || refers
            && broken
                .iter()
                .any(|pointer| !within(pointer, "/provider") && !within(pointer, "/transitions"))
}

/// The example, read; the starting point of many tests.
#[cfg(test)]
pub fn example() -> Catalogue {
    serde_json::from_str(EXAMPLE).expect("the example is a catalogue")
}

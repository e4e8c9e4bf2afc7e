//! Reads JSON more strictly than serde_json: a repeated key is an error (two readers could see two different values), and so
//! is nesting that no request needs.

use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Deepest nesting of objects and arrays in a request.
pub const MAX_DEPTH: usize = 32;

/// Parses one JSON document.
///
/// # Errors
/// What is wrong and where (line and column), without any of the document's content.
pub fn parse(bytes: &[u8]) -> Result<Value, String> {
    read(bytes, false)
}

/// Like [`parse`], but a U+0000 in a text reads as U+FFFD: nothing in a text may keep a declaration from being received.
///
/// # Errors
/// As [`parse`].
pub fn parse_whatever_is_said(bytes: &[u8]) -> Result<Value, String> {
    read(bytes, true)
}

fn read(bytes: &[u8], replaces_nul: bool) -> Result<Value, String> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let top = Level { depth: 0, replaces_nul };
    let value = top.deserialize(&mut deserializer).map_err(|error| describe(&error))?;
    deserializer.end().map_err(|error| describe(&error))?;
    Ok(value)
}

fn describe(error: &serde_json::Error) -> String {
    error.to_string()
}

#[derive(Clone, Copy)]
struct Level {
    depth: usize,
    replaces_nul: bool,
}

impl Level {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth < MAX_DEPTH {
            let depth = self.depth + 1;
            Ok(Self { depth, ..self })
        } else {
            Err(E::custom("nested too deeply"))
        }
    }

    /// U+0000 is no text: PostgreSQL cannot store it, and no reader would see it.
    fn text<E: Error>(self, text: String) -> Result<Value, E> {
        if !text.contains('\0') {
            Ok(Value::String(text))
        } else if self.replaces_nul {
            Ok(Value::String(text.replace('\0', "\u{fffd}")))
        } else {
            Err(E::custom("U+0000 is not text"))
        }
    }
}

impl<'de> DeserializeSeed<'de> for Level {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        self.text(value.to_owned())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        self.text(value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let level = self.deeper()?;
        let mut values = Vec::new();
        while let Some(value) = elements.next_element_seed(level)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let level = self.deeper()?;
        let mut members = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(level)?;
            if members.insert(key, value).is_some() {
                return Err(A::Error::custom("an object repeats a key"));
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_serde_json_reads() {
        let text = r#"{"a": [1, -2, "x", null, true, {"b": {}}], "c": 18446744073709551615}"#;
        let expected: Value = serde_json::from_str(text).expect("valid");
        assert_eq!(parse(text.as_bytes()), Ok(expected));
    }

    #[test]
    fn u0000_is_refused_or_replaced() {
        let text = br#"{"a": ["x\u0000y"]}"#;
        assert!(parse(text).is_err_and(|error| error.contains("U+0000")));
        assert_eq!(
            parse_whatever_is_said(text),
            Ok(serde_json::json!({"a": ["x\u{fffd}y"]}))
        );
        assert!(parse_whatever_is_said(br#"{"a": 1, "a": 1}"#).is_err());
    }

    #[test]
    fn refuses_repeated_keys_depth_and_what_follows_the_document() {
        assert!(parse(br#"{"a": 1, "a": 1}"#).is_err_and(|error| error.contains("repeats a key")));
        assert!(parse(br#"{"a": {"b": 1, "b": 2}}"#).is_err());
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert!(parse(nested(MAX_DEPTH + 1).as_bytes()).is_err_and(|error| error.contains("too deeply")));
        assert!(parse(nested(100_000).as_bytes()).is_err());
        for text in [
            "",
            "{",
            "{} {}",
            "{\"a\":}",
            "\u{feff}{}",
            "NaN",
            "1e999",
            "\"\\ud800\"",
        ] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(parse(b"\"\xff\"").is_err(), "not UTF-8");
    }
}

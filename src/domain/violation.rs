//! What a rule answers when it refuses: a stable code, the reason in words, and what the caller needs to go on.

use serde_json::{Map, Value};

use super::localized::LocalizedText;

/// Whether the present state forbids the command (409) or it would be wrong in any state (422).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ViolationKind {
    /// The present state forbids it; it may be allowed later.
    Conflict,
    /// Wrong in any state.
    Invalid,
}

/// A refused command. Nothing has changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Violation {
    /// Conflict or invalid.
    pub kind: ViolationKind,
    /// Stable snake_case code, one of the problem codes of the API.
    pub code: &'static str,
    /// The reason in words.
    pub detail: LocalizedText,
    /// JSON pointer to the offending field of the request body, if one is to blame.
    pub pointer: Option<String>,
    /// Further members for the problem document (`last_day_on`, `contact`, the id in the way …).
    pub params: Box<Map<String, Value>>,
}

impl Violation {
    /// The present state forbids the command.
    pub fn conflict(code: &'static str, de: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(ViolationKind::Conflict, code, de.into(), en.into())
    }

    /// The command is wrong in any state.
    pub fn invalid(code: &'static str, de: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(ViolationKind::Invalid, code, de.into(), en.into())
    }

    /// Names the field of the request body that is to blame.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = Some(pointer.into());
        self
    }

    /// Puts the field of an item under the item's own pointer; consents and the order button belong to the whole.
    #[must_use]
    pub fn within(mut self, item: &str) -> Self {
        let own = self.pointer.unwrap_or_default();
        let is_of_the_whole = own.starts_with("/consents") || own.starts_with("/order_button_text");
        self.pointer = Some(if is_of_the_whole { own } else { format!("{item}{own}") });
        self
    }

    /// Adds a member to the problem document.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.params.insert(name.to_owned(), value.into());
        self
    }

    fn new(kind: ViolationKind, code: &'static str, de: String, en: String) -> Self {
        Self {
            kind,
            code,
            detail: LocalizedText { de, en },
            pointer: None,
            params: Box::default(),
        }
    }
}

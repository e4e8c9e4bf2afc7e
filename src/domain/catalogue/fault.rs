//! What is wrong with a catalogue, and where.

use serde::Serialize;

use crate::domain::localized::LocalizedText;

/// One fault of a catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// JSON pointer (RFC 6901) to what is wrong, or to where something is missing; empty for the document as a whole.
    pub pointer: String,
    /// Stable snake_case code.
    pub code: &'static str,
    /// The fault in words.
    pub detail: LocalizedText,
}

/// Faults in the order in which they were found.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    /// Notes a fault.
    pub fn add(
        &mut self,
        pointer: impl Into<String>,
        code: &'static str,
        de: impl Into<String>,
        en: impl Into<String>,
    ) {
        self.0.push(Fault {
            pointer: pointer.into(),
            code,
            detail: LocalizedText::new(de, en),
        });
    }

    /// All that was noted.
    pub fn into_vec(self) -> Vec<Fault> {
        self.0
    }
}

/// A member name as a segment of a JSON pointer (RFC 6901 section 3).
pub(super) fn escape(segment: &str) -> String {
    segment.replace('~', "~0").replace('/', "~1")
}

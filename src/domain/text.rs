//! Texts of strangers: what must not be in them.

/// Characters that make a text look other than it is: overrides, embeddings and isolates of the direction of writing, separators
/// nobody sees, and annotations. The marks U+200E and U+200F are none: they override nothing, and names from right to left need
/// them.
pub fn is_deceptive(character: char) -> bool {
    matches!(
        character,
        '\u{200b}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
    )
}

/// Whether a name can be written on one line as it is: no control characters, nothing deceptive.
pub fn is_plain_line(text: &str) -> bool {
    !text
        .chars()
        .any(|character| character.is_control() || is_deceptive(character))
}

//! Telling third-party systems of events: where messages may go, what they contain, how they are signed and when they are
//! tried again. Standard Webhooks 1.0.

pub mod addresses;
pub mod destination;
pub mod message;
pub mod schedule;
pub mod signature;

use super::event_type::EventType;

/// Stands for every type in an endpoint's filter.
pub const EVERY_TYPE: &str = "*";

/// Whether a filter, as stored, lets a type pass. Types it does not know (of a newer version) pass `*` only.
pub fn wants(filter: &[String], event_type: &str) -> bool {
    filter.iter().any(|one| one == EVERY_TYPE || one == event_type)
}

/// A filter in its plain form: `*` stands alone, and no type stands twice.
pub fn normalised(filter: &[String]) -> Vec<String> {
    if filter.iter().any(|one| one == EVERY_TYPE) {
        return vec![EVERY_TYPE.to_owned()];
    }
    let mut plain: Vec<String> = Vec::new();
    for one in filter {
        if !plain.contains(one) {
            plain.push(one.clone());
        }
    }
    plain
}

/// The entries of a filter that are neither `*` nor a type, by index.
pub fn unknown_types(filter: &[String]) -> Vec<usize> {
    let known = |one: &String| one == EVERY_TYPE || EventType::parse(one).is_some();
    filter
        .iter()
        .enumerate()
        .filter(|(_, one)| !known(one))
        .map(|(index, _)| index)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_names_types_or_all() {
        let filter = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        assert!(wants(&filter(&["*"]), "charge.created"));
        assert!(wants(&filter(&["charge.created", "slot.moved"]), "slot.moved"));
        assert!(!wants(&filter(&["charge.created"]), "charge.voided"));
        assert!(!wants(&[], "charge.created"));
        assert_eq!(
            unknown_types(&filter(&["*", "charge", "charge.created", "a.b"])),
            [1, 3]
        );
        for (given, plain) in [
            (&["slot.moved", "*", "charge.created"][..], &["*"][..]),
            (
                &["slot.moved", "charge.created", "slot.moved"],
                &["slot.moved", "charge.created"],
            ),
            (&["*", "*"], &["*"]),
            (&[], &[]),
        ] {
            assert_eq!(normalised(&filter(given)), filter(plain));
        }
    }
}

//! The demo: five providers with invented names, each a different way of selling by contract. Data only, no code of its
//! own for any of them.

mod load;
mod people;

pub use load::prepare;

/// A login of the demo, to be shown to whoever starts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoLogin {
    /// Slug of the provider, the `client_id` at login.
    pub provider: String,
    /// User name.
    pub username: String,
    /// Password, in the clear: it protects nothing.
    pub password: String,
    /// Who it is, in words.
    pub who: String,
    /// Whether it is a customer's login.
    pub is_customer: bool,
}

/// The demo providers' catalogues: file name and content.
pub const CATALOGUES: [(&str, &str); 5] = [
    ("legal_texts.json", include_str!("legal_texts.json")),
    ("video_consultation.json", include_str!("video_consultation.json")),
    ("crm.json", include_str!("crm.json")),
    ("newsletter.json", include_str!("newsletter.json")),
    ("hosting.json", include_str!("hosting.json")),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::catalogue::{content_hash, parse};

    #[test]
    fn every_demo_catalogue_is_faultless() {
        for (file, text) in CATALOGUES {
            if let Err(faults) = parse(text) {
                panic!("{file}: {faults:#?}");
            }
        }
    }

    #[test]
    fn every_demo_provider_is_its_own() {
        let hashes: std::collections::HashSet<_> = CATALOGUES
            .iter()
            .map(|(_, text)| content_hash(&parse(text).expect("a catalogue")))
            .collect();
        assert_eq!(hashes.len(), CATALOGUES.len());
    }
}

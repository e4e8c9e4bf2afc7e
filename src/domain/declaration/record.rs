//! What the chain of events proves about a declaration that is kept beside it.

use time::OffsetDateTime;

use crate::domain::digest::sha256_of_parts;
use crate::domain::event::instant;

/// Everything of a declaration that is final, as it is stored.
#[derive(Debug, Clone, Copy)]
pub struct DeclarationRecord<'a> {
    /// Id (`dcl_`).
    pub id: &'a str,
    /// Reference that was told to the person.
    pub reference: &'a str,
    /// What was declared, as JSON.
    pub content: &'a str,
    /// The request exactly as it arrived.
    pub raw: &'a str,
    /// Language in which it was declared.
    pub locale: &'a str,
    /// Address it came from.
    pub origin: Option<&'a str>,
    /// `User-Agent`.
    pub user_agent: Option<&'a str>,
    /// The request.
    pub request_id: &'a str,
    /// When it was received.
    pub received_at: OffsetDateTime,
}

impl DeclarationRecord<'_> {
    /// SHA-256 (hex) over all of it.
    pub fn sha256(&self) -> String {
        sha256_of_parts(&[
            self.id,
            self.reference,
            self.content,
            self.raw,
            self.locale,
            self.origin.unwrap_or(""),
            self.user_agent.unwrap_or(""),
            self.request_id,
            &instant(self.received_at),
        ])
    }
}

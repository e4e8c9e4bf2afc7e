//! Instants on the wire: `2026-11-21T19:17:54.123Z`, always UTC, always with milliseconds.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::event;

/// An instant as the API writes it; read from any RFC 3339 text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(pub OffsetDateTime);

impl From<OffsetDateTime> for Instant {
    fn from(instant: OffsetDateTime) -> Self {
        Self(instant)
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&event::instant(self.0))
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let instant = OffsetDateTime::parse(&text, &Rfc3339).ok();
        // An offset can carry the first and last hours of the calendar out of it.
        let in_utc = instant.and_then(|instant| instant.checked_to_offset(UtcOffset::UTC));
        in_utc.map(Self).ok_or_else(|| {
            de::Error::custom("invalid value: string, expected an instant such as 2026-11-21T19:17:54.123Z")
        })
    }
}

impl PartialSchema for Instant {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::String))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("An instant in UTC, with milliseconds."))
            .max_length(Some(35))
            .examples(["2026-11-21T19:17:54.123Z"])
            .into()
    }
}

impl ToSchema for Instant {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn instants_are_written_in_utc_with_milliseconds_and_read_with_any_offset() {
        let read: Instant = serde_json::from_value(json!("2026-03-29T03:30:00+02:00")).expect("an instant");
        assert_eq!(
            serde_json::to_value(read).expect("text"),
            json!("2026-03-29T01:30:00.000Z")
        );
        for wrong in [
            json!("2026-03-29"),
            json!("2026-03-29T01:30:00"),
            json!(1),
            json!(""),
            json!("9999-12-31T23:59:59-00:01"),
        ] {
            assert!(serde_json::from_value::<Instant>(wrong.clone()).is_err(), "{wrong}");
        }
    }
}

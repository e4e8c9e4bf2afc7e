//! Civil dates on the wire: `2026-11-21`, a day in the provider's zone.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::Date;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::calendar::parse_date;

/// A day as the API writes it; read only between 1990-01-01 and 2199-12-31.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CivilDate(pub Date);

impl From<Date> for CivilDate {
    fn from(date: Date) -> Self {
        Self(date)
    }
}

impl Serialize for CivilDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for CivilDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        parse_date(&text).map(Self).ok_or_else(|| {
            de::Error::custom(
                "invalid value: string, expected a date such as 2026-11-21 between 1990-01-01 and 2199-12-31",
            )
        })
    }
}

impl PartialSchema for CivilDate {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::String))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
            .description(Some("A day in the provider's time zone, 1990 to 2199."))
            .max_length(Some(10))
            .examples(["2026-11-21"])
            .into()
    }
}

impl ToSchema for CivilDate {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn dates_are_ten_characters_between_1990_and_2199() {
        for good in ["1990-01-01", "2024-02-29", "2199-12-31"] {
            let read: CivilDate = serde_json::from_value(json!(good)).expect("a date");
            assert_eq!(serde_json::to_value(read).expect("text"), json!(good));
        }
        for wrong in [
            "1989-12-31",
            "2200-01-01",
            "2023-02-29",
            "2026-1-1",
            "2026-11-21T00:00:00Z",
            "",
        ] {
            assert!(serde_json::from_value::<CivilDate>(json!(wrong)).is_err(), "{wrong}");
        }
        assert!(serde_json::from_value::<CivilDate>(json!(20261121)).is_err());
    }
}

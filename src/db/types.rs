//! Column types that both databases store alike.

use std::fmt::Debug;
use std::io::Write;

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{Text, Timestamp};
use diesel::sqlite::Sqlite;
use serde::Serialize;
use serde::de::DeserializeOwned;
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};

use super::connection::MultiBackend;

/// An instant in a `Timestamp` column: UTC, whole milliseconds, so that both databases give back exactly what was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Timestamp)]
pub struct Utc(PrimitiveDateTime);

impl Utc {
    /// The instant as the rest of the program knows it.
    pub fn instant(self) -> OffsetDateTime {
        self.0.assume_utc()
    }
}

impl From<OffsetDateTime> for Utc {
    fn from(instant: OffsetDateTime) -> Self {
        let utc = instant.to_offset(UtcOffset::UTC);
        Self(PrimitiveDateTime::new(utc.date(), utc.time().truncate_to_millisecond()))
    }
}

impl From<Utc> for OffsetDateTime {
    fn from(stored: Utc) -> Self {
        stored.instant()
    }
}

impl<DB: Backend> ToSql<Timestamp, DB> for Utc
where
    PrimitiveDateTime: ToSql<Timestamp, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.0.to_sql(out)
    }
}

impl<DB: Backend> FromSql<Timestamp, DB> for Utc
where
    PrimitiveDateTime: FromSql<Timestamp, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        PrimitiveDateTime::from_sql(bytes).map(Self)
    }
}

/// A value kept as JSON in a `Text` column. What cannot be read back is an error, never a default.
#[derive(Debug, Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct JsonText<T: Debug>(pub T);

impl<T: Debug + Serialize> JsonText<T> {
    /// The text as it is stored. Empty for what has no JSON form, which storing refuses.
    pub fn text(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_default()
    }
}

impl<T: Debug + Serialize> ToSql<Text, Pg> for JsonText<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&serde_json::to_vec(&self.0)?)?;
        Ok(IsNull::No)
    }
}

impl<T: Debug + Serialize> ToSql<Text, Sqlite> for JsonText<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(serde_json::to_string(&self.0)?);
        Ok(IsNull::No)
    }
}

impl<T: Debug + Serialize + Send + Sync + 'static> ToSql<Text, MultiBackend> for JsonText<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
        out.set_value((Text, self));
        Ok(IsNull::No)
    }
}

impl<T: Debug + DeserializeOwned, DB: Backend> FromSql<Text, DB> for JsonText<T>
where
    String: FromSql<Text, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let text = String::from_sql(bytes)?;
        Ok(Self(serde_json::from_str(&text)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn instants_are_kept_in_utc_to_the_millisecond() {
        let stored = Utc::from(datetime!(2026-03-29 03:30:00.123_999_9 +02:00));
        assert_eq!(stored.instant(), datetime!(2026-03-29 01:30:00.123 UTC));
    }
}

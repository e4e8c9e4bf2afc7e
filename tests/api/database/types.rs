//! What is stored comes back the same from both databases.

use std::collections::BTreeMap;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use time::macros::{date, datetime};
use vertragswerk::db::{DbError, JsonText, Utc};

use crate::helpers::{TestDatabase, on_both_databases};

on_both_databases!(values_come_back_as_they_were_stored, unreadable_json_is_an_error);

diesel::table! {
    samples (id) {
        id -> Text,
        at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
        on -> Date,
        amount -> BigInt,
        flag -> Bool,
        content -> Text,
    }
}

type Content = JsonText<BTreeMap<String, Option<i64>>>;

#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = samples)]
struct SampleRow {
    id: String,
    at: Utc,
    ended_at: Option<Utc>,
    on: time::Date,
    amount: i64,
    flag: bool,
    content: Content,
}

const CREATE: &str = "CREATE TABLE samples (id TEXT NOT NULL PRIMARY KEY, at TIMESTAMP NOT NULL, ended_at TIMESTAMP, \
     \"on\" DATE NOT NULL, amount BIGINT NOT NULL, flag BOOLEAN NOT NULL, content TEXT NOT NULL)";

fn sample(id: &str, at: time::OffsetDateTime) -> SampleRow {
    let content = BTreeMap::from([("ä \"quoted\"".to_owned(), Some(1)), ("none".to_owned(), None)]);
    SampleRow {
        id: id.to_owned(),
        at: at.into(),
        ended_at: None,
        on: date!(2024 - 02 - 29),
        amount: i64::MAX,
        flag: true,
        content: JsonText(content),
    }
}

fn values_come_back_as_they_were_stored(database: &TestDatabase) {
    let database = database.open(1);
    let rows = [
        sample("1", datetime!(1999-12-31 23:59:59.999 UTC)),
        sample("2", datetime!(2026-03-29 01:00 UTC)),
        SampleRow {
            ended_at: Some(datetime!(2026-03-29 03:00:00.01 +2).into()),
            flag: false,
            ..sample("3", datetime!(2026-03-29 01:00:00.001 UTC))
        },
    ];
    let stored = database.write(|connection| {
        connection.batch_execute(CREATE)?;
        for row in rows.iter().rev() {
            diesel::insert_into(samples::table).values(row).execute(connection)?;
        }
        let at_least = Utc::from(datetime!(2026-03-29 01:00 UTC));
        let later = samples::table
            .filter(samples::at.ge(at_least))
            .count()
            .get_result::<i64>(connection)?;
        let all = samples::table
            .order(samples::at)
            .select(SampleRow::as_select())
            .load(connection)?;
        Ok::<_, DbError>((later, all))
    });
    assert_eq!(stored.expect("stored and loaded"), (2, rows.to_vec()));
}

fn unreadable_json_is_an_error(database: &TestDatabase) {
    let database = database.open(1);
    let outcome = database.write(|connection| {
        connection.batch_execute(CREATE)?;
        diesel::insert_into(samples::table)
            .values(sample("1", datetime!(2026-01-01 0:00 UTC)))
            .execute(connection)?;
        diesel::update(samples::table)
            .set(samples::content.eq("{broken"))
            .execute(connection)?;
        Ok::<_, DbError>(samples::table.select(SampleRow::as_select()).load(connection)?)
    });
    assert!(matches!(outcome, Err(DbError::Other(_))), "{outcome:?}");
}

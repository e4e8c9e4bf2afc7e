//! Hostile values in every field of every request body and in every parameter: the server neither fails nor panics, explains
//! itself as problem+json, and what it refuses changes nothing.

use diesel::prelude::*;
use serde_json::{Value, json};
use vertragswerk::api::openapi::document;
use vertragswerk::db::DbError;
use vertragswerk::db::schema::{customers, events};

use super::access::{OWNER, call, parameters, things_of_a_customer};
use super::{Operation, operations};
use crate::helpers::http::{Answer, Caller};
use crate::helpers::{TestApp, over_http};

over_http!(
    no_value_in_a_body_makes_the_server_fail,
    no_parameter_makes_the_server_fail
);

/// Values as JSON text, so that also numbers are tried that no number type holds.
fn values() -> Vec<String> {
    let mut values: Vec<String> = [
        "null",
        "true",
        "false",
        "0",
        "-0",
        "-1",
        "1",
        "1.5",
        "-0.01",
        "1e2",
        "1e308",
        "-1e308",
        "1e400",
        "2147483647",
        "2147483648",
        "-2147483649",
        "4294967296",
        "9007199254740993",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775809",
        "18446744073709551616",
        "79228162514264337593543950336",
        "{}",
        "[]",
        "[[]]",
        "[null]",
        "{\"\":\"\"}",
        "{\"$ref\":\"#\"}",
        "{\"__proto__\":{\"admin\":true}}",
        "\"\\u0000\"",
        "\"a\\u0000b\"",
        "\"\\ud800\"",
        "\"\\u202eevil\"",
        "\"\\ufeff\"",
    ]
    .map(str::to_owned)
    .to_vec();
    let texts = [
        "",
        " ",
        "\t\r\n",
        "null",
        "undefined",
        "NaN",
        "Infinity",
        "1e999",
        "-1",
        "0x10",
        "٣",
        "🦀",
        "e\u{301}",
        "ﬃ",
        "2026-02-30",
        "2026-13-01",
        "0000-00-00",
        "9999-12-31",
        "10000-01-01",
        "-0001-01-01",
        "2026-01-01T24:00:00Z",
        "2026-06-30T23:59:60Z",
        "9999-12-31T23:59:59Z",
        "1970-01-01T00:00:00+99:00",
        "' OR 1=1 --",
        "\"; DROP TABLE customers; --",
        "<script>alert(1)</script>",
        "{{ 7 * 7 }}",
        "${jndi:ldap://x}",
        "../../etc/passwd",
        "%00",
        "x\r\nBcc: y@example.com",
        "sub_00000000000000000000000000",
        "cus_zzzzzzzzzzzzzzzzzzzzzzzzzz",
        "99999999999999999999.99",
        "0.001",
    ];
    values.extend(texts.map(|text| json!(text).to_string()));
    values.push(json!("x".repeat(20_000)).to_string());
    values.push(format!("{}{}", "[".repeat(200), "]".repeat(200)));
    values.push(format!("[{}null]", "null,".repeat(2_000)));
    values
}

/// The places of a body: the whole, every member and every element.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                places(
                    member,
                    &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")),
                    found,
                );
            }
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                places(element, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// The body with a value, as JSON text, at one of its places.
fn with(body: &Value, place: &str, value: &str) -> String {
    const MARK: &str = "the value comes here";
    let mut body = body.clone();
    *body.pointer_mut(place).expect("a place of the body") = json!(MARK);
    body.to_string().replace(&json!(MARK).to_string(), value)
}

/// What commands leave behind: as long as it stays the same, nothing has happened.
fn footprint(app: &TestApp<'_>) -> (i64, i64) {
    let counted = app.state.db.read(|conn| {
        let events: i64 = events::table.count().get_result(conn)?;
        let customers: i64 = customers::table.count().get_result(conn)?;
        Ok::<_, DbError>((events, customers))
    });
    counted.expect("a database")
}

/// Success or a problem; a refusal changes nothing.
fn check(app: &TestApp<'_>, before: (i64, i64), answer: &Answer, sent: &str) {
    let shown: String = sent.chars().take(300).collect();
    let told = format!("{} {}\n{shown}\n{}", answer.asked, answer.status, answer.text);
    assert!(answer.status < 500, "{told}");
    if answer.status >= 400 {
        assert_eq!(answer.header("content-type"), "application/problem+json", "{told}");
        assert!(
            answer.json["code"].is_string() && answer.json["request_id"].is_string(),
            "{told}"
        );
        assert_eq!(footprint(app), before, "refused, but something happened: {told}");
    }
}

/// Takes turns, so that every value meets every kind of field in the course of all operations, in a fraction of the requests.
const ONE_OF: usize = 11;

async fn no_value_in_a_body_makes_the_server_fail(app: TestApp<'_>) {
    let ids = things_of_a_customer(&app).await;
    let staff = app.admin(OWNER).await;
    let values = values();
    assert!(values.len() >= 60, "{} kinds", values.len());
    let (mut tried, mut turn) = (0, 0);
    for operation in &operations() {
        let Some((media_type, body)) = operation.example_body().filter(|(media, _)| media.contains("json")) else {
            continue;
        };
        let mut found = Vec::new();
        places(&body, "", &mut found);
        for place in found {
            for value in &values {
                turn += 1;
                if turn % ONE_OF != 0 {
                    continue;
                }
                let sent = with(&body, &place, value);
                let before = footprint(&app);
                let answer = send(&staff, operation, &ids, &media_type, &sent).await;
                check(&app, before, &answer, &sent);
                tried += 1;
            }
        }
    }
    assert!(tried > 1_000, "{tried} tried");
}

async fn send(
    caller: &Caller,
    operation: &Operation,
    ids: &std::collections::HashMap<&'static str, String>,
    media_type: &str,
    body: &str,
) -> Answer {
    let mut path = operation.path.clone();
    for name in parameters(&operation.path) {
        let known = ids.get(name).cloned().unwrap_or_else(|| OWNER.to_owned());
        path = path.replace(&format!("{{{name}}}"), &known);
    }
    let request = caller.request(operation.method.clone(), &path);
    caller
        .send(request.header("Content-Type", media_type).body(body.to_owned()))
        .await
}

async fn no_parameter_makes_the_server_fail(app: TestApp<'_>) {
    let ids = things_of_a_customer(&app).await;
    let staff = app.admin(OWNER).await;
    let texts: Vec<String> = values()
        .iter()
        .filter_map(|value| serde_json::from_str::<Value>(value).ok())
        .filter_map(|value| value.as_str().map(str::to_owned).or_else(|| Some(value.to_string())))
        .filter(|text| text.len() < 2_000)
        .collect();
    let (mut tried, mut turn) = (0, 0);
    for operation in &operations() {
        let declared = operation.content["parameters"].as_array().into_iter().flatten();
        for parameter in declared {
            let parameter = match parameter["$ref"].as_str() {
                Some(place) => document().pointer(place.trim_start_matches('#')).expect("a parameter"),
                None => parameter,
            };
            let (name, place) = (parameter["name"].as_str().expect("a name"), parameter["in"].as_str());
            for text in &texts {
                turn += 1;
                if turn % ONE_OF != 0 {
                    continue;
                }
                let before = footprint(&app);
                let answer = match place {
                    Some("query") => queried(&staff, operation, &ids, (name, text)).await,
                    Some("path") => {
                        let mut ids = ids.clone();
                        let encoded: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
                        let encoded = encoded.replace('+', "%20").replace('.', "%2E");
                        let known = ids.keys().find(|known| **known == name).copied();
                        let Some(known) = known.filter(|_| !encoded.is_empty()) else {
                            continue;
                        };
                        ids.insert(known, encoded);
                        call(&staff, operation, &ids).await
                    }
                    _ => continue,
                };
                check(&app, before, &answer, text);
                tried += 1;
            }
        }
    }
    assert!(tried > 300, "{tried} tried");
}

async fn queried(
    caller: &Caller,
    operation: &Operation,
    ids: &std::collections::HashMap<&'static str, String>,
    (name, text): (&str, &str),
) -> Answer {
    let mut path = operation.path.clone();
    for parameter in parameters(&operation.path) {
        let known = ids.get(parameter).cloned().unwrap_or_else(|| OWNER.to_owned());
        path = path.replace(&format!("{{{parameter}}}"), &known);
    }
    let query = serde_urlencoded::to_string([(name, text)]).expect("a query");
    let mut request = caller.request(operation.method.clone(), &format!("{path}?{query}"));
    if let Some((media_type, body)) = operation.example_body() {
        request = request.header("Content-Type", media_type).body(body.to_string());
    }
    caller.send(request).await
}

//! Broken catalogues and the faults that must be named. Each row starts from the faultless example.

mod meaning;

use serde_json::{Value, json};

use super::check;
use crate::domain::catalogue::{Catalogue, Fault, parse, parse::example};

/// A change to the example, at a pointer, and the faults it must cause, as `code pointer`.
struct Row {
    at: &'static str,
    becomes: Value,
    faults: &'static [&'static str],
}

fn row(at: &'static str, becomes: impl Into<Value>, faults: &'static [&'static str]) -> Row {
    Row {
        at,
        becomes: becomes.into(),
        faults,
    }
}

fn changed(changes: &[(&str, Value)]) -> String {
    let mut value = serde_json::to_value(example()).expect("json");
    for (at, becomes) in changes {
        let (parent, name) = at.rsplit_once('/').expect("a pointer");
        let parent = value.pointer_mut(parent).expect("a place in the example");
        match parent {
            Value::Object(members) => drop(members.insert(name.to_owned(), becomes.clone())),
            Value::Array(items) if name == "-" => items.push(becomes.clone()),
            Value::Array(items) => items[name.parse::<usize>().expect("an index")] = becomes.clone(),
            _ => panic!("{at} leads nowhere"),
        }
    }
    value.to_string()
}

fn named(faults: Vec<Fault>) -> Vec<String> {
    faults
        .iter()
        .for_each(|fault| assert!(!fault.detail.de.is_empty() && !fault.detail.en.is_empty()));
    faults
        .into_iter()
        .map(|fault| format!("{} {}", fault.code, fault.pointer))
        .collect()
}

fn assert_rows(rows: Vec<Row>) {
    for Row { at, becomes, faults } in rows {
        let found = parse(&changed(&[(at, becomes.clone())])).map_or_else(named, |_| Vec::new());
        assert_eq!(found, faults, "{at} = {becomes}");
    }
}

#[test]
fn the_example_is_faultless_and_complete() {
    let catalogue = example();
    assert_eq!(check(&catalogue), []);
    // The reader repairs with it: it must have an entry in every list and a value in every option of its first entries.
    let value = serde_json::to_value(&catalogue).expect("json");
    fn complete(value: &Value, at: &str) {
        match value {
            Value::Null => panic!("{at} is null"),
            Value::Array(items) => complete(
                items.first().unwrap_or_else(|| panic!("{at} is empty")),
                &format!("{at}/0"),
            ),
            Value::Object(members) => members
                .iter()
                .for_each(|(name, value)| complete(value, &format!("{at}/{name}"))),
            _ => {}
        }
    }
    complete(&value, "");
}

#[test]
fn structure() {
    assert_rows(vec![
        row(
            "/plans/0/terms/notice",
            "three months",
            &["value_invalid /plans/0/terms/notice"],
        ),
        row("/plans/0/terms/notice", 3, &["value_invalid /plans/0/terms/notice"]),
        row("/plans/0/terms/until", "P1M", &["member_unknown /plans/0/terms/until"]),
        row(
            "/plans/0/name",
            json!({"de": "Groß"}),
            &["member_missing /plans/0/name/en"],
        ),
        row(
            "/plans/0/name",
            json!({"de": "Groß", "en": "Large", "fr": "Grand"}),
            &["member_unknown /plans/0/name/fr"],
        ),
        row(
            "/plans/0/quantity/minimum",
            -1,
            &["value_invalid /plans/0/quantity/minimum"],
        ),
        row(
            "/plans/0/quantity/minimum",
            1.5,
            &["value_invalid /plans/0/quantity/minimum"],
        ),
        row("/plans/0/tax_rate", "nineteen", &["value_invalid /plans/0/tax_rate"]),
        row(
            "/plans/0/billing_interval",
            "P1D",
            &["value_invalid /plans/0/billing_interval"],
        ),
        row(
            "/plans/0/sold_to",
            json!(["business", "everyone"]),
            &["value_invalid /plans/0/sold_to/1"],
        ),
        row("/plans/0/a~b", 1, &["member_unknown /plans/0/a~0b"]),
        row(
            "/legal_documents/0/valid_from",
            "2026-02-30",
            &["value_invalid /legal_documents/0/valid_from"],
        ),
        row("/plans", "none", &["value_invalid /plans"]),
        row("/plans/0", Value::Null, &["value_invalid /plans/0"]),
        row("/provider/currency", "XXX", &["value_invalid /provider/currency"]),
        row(
            "/provider/holiday_regions/0",
            "DE-XX",
            &["value_invalid /provider/holiday_regions/0"],
        ),
    ]);
    assert_eq!(named(parse("{").expect_err("a fault")), ["json_malformed "]);
    assert_eq!(named(parse("[]").expect_err("a fault")), ["value_invalid "]);
    let twice =
        serde_json::to_string(&example())
            .expect("json")
            .replacen("\"slug\":", "\"slug\":\"first\",\"slug\":", 1);
    assert_eq!(
        named(parse(&twice).expect_err("a fault")),
        ["member_duplicate /provider/slug"]
    );
}

#[test]
fn every_fault_is_named_not_only_the_first() {
    let text = changed(&[
        ("/plans/0/terms/notice", json!("soon")),
        ("/plans/0/terms/to", json!("sometime")),
        ("/plans/0/colour", json!("red")),
        ("/plans/0/name", json!({"de": "Groß"})),
        ("/plans/1/name/de", json!("")),
        ("/products/0/description/en", json!("")),
        ("/add_ons/0/tax_rate", json!("31")),
        ("/provider/time_zone", json!("Mars")),
        ("/provider/keep_last_contract", json!("yes")),
    ]);
    let mut found = named(parse(&text).expect_err("faults"));
    found.sort();
    assert_eq!(
        found,
        [
            "member_missing /plans/0/name/en",
            "member_unknown /plans/0/colour",
            "tax_rate_out_of_range /add_ons/0/tax_rate",
            "text_empty /plans/1/name/de",
            "text_empty /products/0/description/en",
            "time_zone_unknown /provider/time_zone",
            "value_invalid /plans/0/terms/notice",
            "value_invalid /plans/0/terms/to",
            "value_invalid /provider/keep_last_contract",
        ]
    );
    let mut empty = json!({});
    for fault in parse(&empty.to_string()).expect_err("faults") {
        empty[fault.pointer.trim_start_matches('/')] = Value::Null;
        assert_eq!(fault.code, "member_missing");
    }
    assert_eq!(empty.as_object().map(|members| members.len()), Some(5));
}

#[test]
fn a_flood_of_faults_ends() {
    let mut catalogue: Catalogue = example();
    catalogue.plans = vec![catalogue.plans[0].clone(); 300];
    let text = serde_json::to_string(&catalogue)
        .expect("json")
        .replace("\"P1M\"", "\"soon\"");
    assert_eq!(parse(&text).expect_err("faults").len(), 200);
}

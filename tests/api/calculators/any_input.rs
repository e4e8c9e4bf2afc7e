//! Requests that nobody thought of: whatever comes, the server answers or refuses, and never fails.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value};

use super::{VECTORS, ask, calculate, cases};
use crate::helpers::{TestDatabase, on_both_databases};

on_both_databases!(no_request_makes_the_server_fail);

const REQUESTS_PER_CALCULATOR: u32 = 250;

/// Values at the edges of what calculators know.
const KNOWN: &str = "2026-02-29 2199-12-31 1990-01-01 2199-12-31T23:59:59Z 1990-01-01T00:00:00Z P0D P1D P600M P18263D P60M \
    P50Y indefinite term_end billing_period_end any_day consumer business -0.0001 99999999999.99 -99999999999.99 100 0.01 \
    Pacific/Apia DE-BY-Augsburg gross GBP";

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0..3000_i64).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        select(KNOWN.split_whitespace().collect::<Vec<_>>()).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let members = proptest::collection::btree_map("[a-z_]{0,8}", inner.clone(), 0..4);
        prop_oneof![
            proptest::collection::vec(inner, 0..4).prop_map(Value::from),
            members.prop_map(|members| Value::Object(Map::from_iter(members))),
        ]
    })
}

/// Pointers to all values inside `value`.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    let mut note = |name: &str, inner: &Value| {
        let place = format!("{at}/{name}");
        places(inner, &place, found);
        found.push(place);
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, inner)| note(name, inner)),
        Value::Array(elements) => {
            let numbered = elements.iter().enumerate();
            numbered.for_each(|(index, inner)| note(&index.to_string(), inner));
        }
        _ => {}
    }
}

fn no_request_makes_the_server_fail(database: &TestDatabase) {
    calculate(database, async |caller| {
        let mut runner = TestRunner::deterministic();
        for (calculator, file) in VECTORS {
            let (cases, mut accepted) = (cases(file), 0);
            // Anything, or what another request has in the same place.
            let new = prop_oneof![any_json().prop_map(Ok), (0..cases.len()).prop_map(Err)];
            let plan = (0..cases.len(), proptest::collection::vec((any::<Index>(), new), 1..4));
            for _ in 0..REQUESTS_PER_CALCULATOR {
                let (case, changes) = plan.new_tree(&mut runner).expect("a plan").current();
                let mut body = cases[case]["request"].clone();
                for (place, new) in changes {
                    let mut found = Vec::new();
                    places(&body, "", &mut found);
                    let place = place.get(found.as_slice()).as_str();
                    let new =
                        new.unwrap_or_else(|case| cases[case]["request"].pointer(place).cloned().unwrap_or_default());
                    *body.pointer_mut(place).expect("a place") = new;
                }
                let answer = ask(&caller, calculator, "de", &body).await;
                match answer.status {
                    200 => accepted += 1,
                    422 => assert_eq!(answer.header("content-type"), "application/problem+json", "{body}"),
                    status => panic!("{status} for {calculator} {body}: {}", answer.text),
                }
            }
            assert!(
                0 < accepted && accepted < REQUESTS_PER_CALCULATOR,
                "{calculator}: {accepted} accepted"
            );
        }
    });
}

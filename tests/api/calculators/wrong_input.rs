//! Wrong requests: each wrong value is named by JSON pointer, and nothing but 4xx comes back.

use reqwest::Method;
use serde_json::{Value, json};

use super::{VECTORS, ask, calculate, example, path};
use crate::helpers::{TestDatabase, on_both_databases};

on_both_databases!(
    every_wrong_value_is_named,
    wrong_values_are_all_named_at_once,
    the_limits_themselves_are_allowed,
    bodies_that_are_no_request_are_refused,
);

/// Calculator, member of its example that is changed, new value (`-` removes it), code, and the member blamed if another.
const WRONG: &str = r#"
termination-date  | /colour             | "red"                             | unknown_field
termination-date  | /terms/colour       | 1                                 | unknown_field
termination-date  | /terms              | -                                 | required
termination-date  | /terms              | "P3M"                             | invalid_type
termination-date  | /terms              | null                              | invalid_type
termination-date  | /terms/notice       | -                                 | required
termination-date  | /terms/notice       | 3                                 | invalid_type
termination-date  | /terms/notice       | "3 months"                        | invalid_format
termination-date  | /terms/notice       | "P1M15D"                          | invalid_format
termination-date  | /terms/notice       | "P99999Y"                         | invalid_format
termination-date  | /terms/notice       | "P-3M"                            | invalid_format
termination-date  | /terms/notice       | "P٣M"                             | invalid_format
termination-date  | /terms/to           | "month end"                       | invalid_choice
termination-date  | /terms/renewal      | "forever"                         | invalid_format
termination-date  | /terms/renewal      | "indefinite"                      | inconsistent_terms
termination-date  | /terms/initial_term | "P0M"                             | inconsistent_terms
termination-date  | /terms/initial_term | "P12M"                            | validation_failed | /started_on
termination-date  | /terms/to           | "term_end"                        | inconsistent_terms
termination-date  | /terms/to           | "billing_period_end"              | validation_failed | /billing
termination-date  | /billing            | {"anchor_on": "2026-01-01"}       | required | /billing/interval
termination-date  | /received_at        | -                                 | required
termination-date  | /received_at        | "2021-03-31"                      | invalid_format
termination-date  | /received_at        | "2021-03-31T08:00:00"             | invalid_format
termination-date  | /received_at        | 1617177600                        | invalid_type
termination-date  | /received_at        | "1989-12-31T23:59:59Z"            | out_of_range
termination-date  | /received_at        | "2200-01-01T00:00:00Z"            | out_of_range
termination-date  | /received_at        | "9999-12-31T23:59:59Z"            | out_of_range
termination-date  | /received_at        | "9999-12-31T23:59:59-23:59"       | invalid_format
termination-date  | /received_at        | "0000-01-01T00:00:00+23:59"       | out_of_range
termination-date  | /received_at        | "2199-12-31T23:30:00Z"            | date_out_of_range
termination-date  | /started_on         | "2021-02-29"                      | invalid_format
termination-date  | /wish_on            | "2200-01-01"                      | invalid_format
termination-date  | /wish_on            | "1989-12-31"                      | invalid_format
termination-date  | /customer_type      | "Consumer"                        | invalid_choice
termination-date  | /time_zone          | "Mars/Olympus"                    | invalid_format
withdrawal-period | /customer_type      | -                                 | required
withdrawal-period | /concluded_at       | "yesterday"                       | invalid_format
withdrawal-period | /concluded_at       | "1900-01-01T00:00:00Z"            | out_of_range
withdrawal-period | /instructed_at      | "2300-01-01T00:00:00Z"            | out_of_range
withdrawal-period | /declared_at        | false                             | invalid_type
withdrawal-period | /holiday_regions    | "DE-NW"                           | invalid_type
withdrawal-period | /holiday_regions/1  | "AT-9"                            | invalid_format
withdrawal-period | /time_zone          | ""                                | invalid_format
billing-period    | /anchor_on          | "2026-1-31"                       | invalid_format
billing-period    | /interval           | "P14D"                            | invalid_format
billing-period    | /interval           | "P0M"                             | invalid_format
billing-period    | /interval           | "P61M"                            | invalid_format
billing-period    | /index              | -1                                | out_of_range
billing-period    | /index              | 2520                              | out_of_range
billing-period    | /index              | 2519                              | date_out_of_range
billing-period    | /index              | 1.5                               | invalid_type
billing-period    | /index              | "1"                               | invalid_type
billing-period    | /index              | 18446744073709551615              | invalid_format
billing-period    | /index              | 99999999999999999999999999        | invalid_type
billing-period    | /index              | -                                 | exactly_one_of
billing-period    | /index              | -                                 | exactly_one_of | /on
billing-period    | /on                 | "2026-02-28"                      | exactly_one_of
proration         | /unit_price         | "5.90"                            | invalid_type
proration         | /unit_price/amount  | 5.9                               | invalid_type
proration         | /unit_price/currency | "EURO"                           | invalid_choice
proration         | /quantity           | -1                                | out_of_range
proration         | /quantity           | 1000001                           | out_of_range
proration         | /used/from_on       | "2026-03-17"                      | validation_failed | /used
proration         | /used/through_on    | "2026-04-18"                      | validation_failed | /used
proration         | /used/through_on    | "2026-04-01"                      | validation_failed | /used
proration         | /period/through_on  | "2026-01-01"                      | validation_failed | /period
proration         | /period/through_on  | -                                 | required
tax               | /prices             | "netto"                           | invalid_choice
tax               | /currency           | "XXX"                             | invalid_choice
tax               | /lines              | []                                | invalid_length
tax               | /lines              | {}                                | invalid_type
tax               | /lines/1/quantity   | -2                                | out_of_range
tax               | /lines/1/note       | "x"                               | unknown_field
tax               | /lines/0/tax_rate   | "-19"                             | invalid_format
tax               | /lines/0/tax_rate   | "100.01"                          | invalid_format
tax               | /lines/0/tax_rate   | 19                                | invalid_type
tax               | /lines/1/unit_price | {"amount": "1", "currency": "EUR"} | invalid_type
"#;

/// Decimal strings that are no price.
const NO_PRICES: [&str; 11] = [
    "", "5,90", "1e3", "+5.90", " 5.90", "5.", ".5", "05.90", "٥.90", "5.90001", "NaN",
];

/// The example of `calculator` with one member set, or removed.
fn changed(calculator: &str, pointer: &str, value: Option<Value>) -> Value {
    let mut body = example(calculator);
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    let parent = body
        .pointer_mut(parent)
        .unwrap_or_else(|| panic!("{calculator} has no {parent}"));
    match (parent, value) {
        (Value::Object(members), Some(value)) => drop(members.insert(name.to_owned(), value)),
        (Value::Object(members), None) => drop(members.remove(name).expect("a member to remove")),
        (Value::Array(elements), Some(value)) => elements[name.parse::<usize>().expect("an index")] = value,
        _ => panic!("{calculator}: nothing to change at {pointer}"),
    }
    body
}

/// Calculator, body, code, and the member that is blamed.
fn wrong_requests() -> Vec<(&'static str, Value, &'static str, &'static str)> {
    let mut requests = Vec::new();
    for line in WRONG.trim().lines() {
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        let value = (columns[2] != "-").then(|| serde_json::from_str(columns[2]).expect("JSON"));
        let blamed = columns.get(4).unwrap_or(&columns[1]);
        requests.push((columns[0], changed(columns[0], columns[1], value), columns[3], *blamed));
    }
    let too_high = ["100000000000.01", "9999999999999999999999999999999999999"].map(|price| (price, "out_of_range"));
    for (price, code) in NO_PRICES
        .map(|price| (price, "invalid_format"))
        .into_iter()
        .chain(too_high)
    {
        for (calculator, member) in [("proration", "/unit_price/amount"), ("tax", "/lines/1/unit_price")] {
            requests.push((
                calculator,
                changed(calculator, member, Some(json!(price))),
                code,
                member,
            ));
        }
    }
    requests.push((
        "tax",
        changed("tax", "/lines", Some(lines(1001))),
        "invalid_length",
        "/lines",
    ));
    let regions = Some(vec!["DE-NW"; 21].into());
    let body = changed("withdrawal-period", "/holiday_regions", regions);
    requests.push(("withdrawal-period", body, "invalid_length", "/holiday_regions"));
    requests
}

fn lines(count: usize) -> Value {
    vec![json!({"unit_price": "24.90", "quantity": 1, "tax_rate": "19"}); count].into()
}

fn every_wrong_value_is_named(database: &TestDatabase) {
    calculate(database, async |caller| {
        for (calculator, body, code, blamed) in wrong_requests() {
            let text = format!("{calculator} {code} {body}");
            let problem_code = if code == "date_out_of_range" {
                code
            } else {
                "validation_failed"
            };
            let answer = ask(&caller, calculator, "en", &body).await;
            assert_eq!(answer.status, 422, "{text:.1000}: {}", answer.text);
            let problem = answer.expect_problem(422, problem_code);
            let errors = problem["errors"].as_array().expect("errors");
            let named = errors.iter().find(|error| error["pointer"] == blamed);
            let named = named.unwrap_or_else(|| panic!("{text:.1000}: {blamed} is not named in {problem}"));
            assert_eq!(named["code"], code, "{text:.1000}: {problem}");
        }
    });
}

fn wrong_values_are_all_named_at_once(database: &TestDatabase) {
    calculate(database, async |caller| {
        let pointers = |problem: &Value| -> Vec<String> {
            let errors = problem["errors"].as_array().expect("errors");
            errors
                .iter()
                .map(|error| error["pointer"].as_str().expect("a pointer").to_owned())
                .collect()
        };
        let body = json!({"terms": {"notice": "?", "to": 1}, "received_at": 2, "wish_on": "x"});
        let problem = ask(&caller, "termination-date", "en", &body)
            .await
            .expect_problem(422, "validation_failed");
        let mut named = pointers(&problem);
        named.sort();
        assert_eq!(named, ["/received_at", "/terms/notice", "/terms/to", "/wish_on"]);
        let body = json!({
            "terms": {"initial_term": null, "renewal": "P0M", "notice": "P1M", "to": "month_end"},
            "received_at": "2026-01-01T00:00:00Z"
        });
        let problem = ask(&caller, "termination-date", "de", &body)
            .await
            .expect_problem(422, "validation_failed");
        assert_eq!(pointers(&problem), ["/terms/renewal", "/terms/renewal", "/terms/to"]);
        assert_eq!(
            problem["errors"][1]["detail"],
            "Eine Verlängerung setzt eine Mindestlaufzeit voraus."
        );
        let line = |price: &str| json!({"unit_price": price, "quantity": 1, "tax_rate": "19"});
        let body = json!({"prices": "net", "currency": "EUR", "lines": [line("a"), line("1.00"), line("1.00000")]});
        let problem = ask(&caller, "tax", "de", &body)
            .await
            .expect_problem(422, "validation_failed");
        assert_eq!(pointers(&problem), ["/lines/0/unit_price", "/lines/2/unit_price"]);
    });
}

fn the_limits_themselves_are_allowed(database: &TestDatabase) {
    calculate(database, async |caller| {
        let body = json!({"prices": "gross", "currency": "CHF", "lines": lines(1000)});
        assert_eq!(ask(&caller, "tax", "de", &body).await.expect(200)["gross"], "24900.00");
        let line = json!({"unit_price": "99999999999.99", "quantity": 1, "tax_rate": "0"});
        let body = json!({"prices": "net", "currency": "EUR", "lines": [line]});
        assert_eq!(
            ask(&caller, "tax", "de", &body).await.expect(200)["gross"],
            "99999999999.99"
        );
        let body = json!({"prices": "net", "currency": "EUR", "lines": [line, line]});
        let problem = ask(&caller, "tax", "de", &body)
            .await
            .expect_problem(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], "/lines");
        assert_eq!(
            problem["errors"][0]["detail"],
            "Der Betrag liegt außerhalb des zulässigen Bereichs."
        );

        let body = json!({"anchor_on": "1990-01-01", "interval": "P1M", "index": 2519});
        assert_eq!(
            ask(&caller, "billing-period", "de", &body).await.expect(200)["through_on"],
            "2199-12-31"
        );
        let early = json!({"anchor_on": "2026-01-31", "interval": "P1M", "on": "2026-01-30"});
        let problem = ask(&caller, "billing-period", "en", &early)
            .await
            .expect_problem(422, "date_out_of_range");
        assert_eq!(problem["errors"][0]["pointer"], "/on");
        assert_eq!(problem["detail"], "The first billing period starts on 31 January 2026.");

        let longest = json!({
            "terms": {"initial_term": "P1D", "renewal": "P1D", "notice": "P50Y", "to": "term_end"},
            "started_on": "1990-01-01", "received_at": "2199-12-31T22:59:59.999Z"
        });
        let answer = ask(&caller, "termination-date", "de", &longest).await;
        assert!([200, 422].contains(&answer.status), "{}", answer.text);
        let ended = json!({
            "terms": {"initial_term": "P1M", "notice": "P0D", "to": "any_day"},
            "started_on": "2026-01-01", "received_at": "2026-02-01T11:00:00Z"
        });
        ask(&caller, "termination-date", "de", &ended)
            .await
            .expect_problem(422, "date_out_of_range");
    });
}

fn bodies_that_are_no_request_are_refused(database: &TestDatabase) {
    calculate(database, async |caller| {
        for (calculator, _) in VECTORS {
            let send = async |body: String| {
                let request = caller.request(Method::POST, &path(calculator));
                caller
                    .send(request.header("Content-Type", "application/json").body(body))
                    .await
            };
            for body in [
                "",
                "{",
                "nul",
                "{} {}",
                "\u{feff}{}",
                r#"{"a":1,"a":1}"#,
                r#"{"quantity":1e999}"#,
            ] {
                send(body.to_owned()).await.expect_problem(400, "malformed_json");
            }
            send("[".repeat(20_000)).await.expect_problem(400, "malformed_json");
            send(" ".repeat(70_000)).await.expect_problem(413, "body_too_large");
            for body in ["null", "[]", "\"text\"", "17", "{}"] {
                let problem = send(body.to_owned()).await.expect_problem(422, "validation_failed");
                assert!(problem["errors"][0]["pointer"].is_string(), "{body}: {problem}");
            }
            let form = caller.request(Method::POST, &path(calculator)).body("a=b");
            caller.send(form).await.expect_problem(415, "unsupported_media_type");
            caller
                .get(&path(calculator))
                .await
                .expect_problem(405, "method_not_allowed");
            let with_query = format!("{}?strict=1", path(calculator));
            caller
                .post(&with_query, example(calculator))
                .await
                .expect_problem(400, "unknown_parameter");
        }
    });
}
